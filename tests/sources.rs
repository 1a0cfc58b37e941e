//! What a source's settings change and how its refused lines are answered, through the shipped
//! binary. All events are invented.

use crate::support::okta_events::{event, lines};
use crate::support::{Scratch, text};
use serde_json::{Value, json};

/// Status, answer and errors of an ingestion.
fn ingest(scratch: &Scratch, content: &str, args: &[&str]) -> (Option<i32>, Value, String) {
    let file = scratch.file("lines", content);
    let out = scratch.run(&[&["--format", "json", "ingest", &file][..], args].concat());
    (out.status.code(), serde_json::from_slice(&out.stdout).unwrap_or_default(), text(&out.stderr))
}

/// The log of the identity provider's org in addition to that of the service provider. The caller
/// names the IdP; otherwise its sessions would be sessions of the service provider.
#[test]
fn the_log_of_an_identity_provider_is_read_as_its_own() {
    let at_idp =
        |uuid: &str, kind: &str, at: &str| event(uuid, kind, at, ("102AtIdp", "T-i", "T-i"));
    let started = lines(&[at_idp("i1", "user.session.start", "08:59:00")]);
    let ended = lines(&[at_idp("i2", "user.session.end", "09:30:00")]);
    let sp = json!({"id": "S1-start", "type": "session.started", "session": "S1",
        "occurred_at": "2026-03-10T09:00:00Z", "subject": {"id": "u-alice"},
        "data": {"idp": "idp-x", "idp_session": "102AtIdp"}});
    let as_idp = ["--as", "okta-system-log", "--source", "globex", "--idp", "idp-x"];

    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let (status, _, words) = ingest(&scratch, &sp.to_string(), &[]);
    assert_eq!(status, Some(0), "{words}");
    let (status, report, words) = ingest(&scratch, &started, &as_idp);
    assert_eq!((status, &report["stored"]), (Some(0), &json!(1)), "{words}");

    // The same by HTTP, where the query names the IdP.
    let token = scratch.json(&["token", "--role", "ingest", "--source", "globex"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let server = scratch.serve();
    let post = |query: &str, body: &str| {
        let address = format!("/v1/facts?{query}");
        server.post(&address, Some(&token), "application/x-ndjson", body.as_bytes())
    };
    let (status, body) = post("as=native&idp=idp-x", "{}");
    assert_eq!(status, 422, "{body}");
    assert!(body.to_string().contains("names the IdP in each fact"), "{body}");
    let (status, body) = post("as=okta-system-log&idp=idp-x", &ended);
    assert_eq!(status, 200, "{body}");
    drop(server);

    let sessions = scratch.json(&["sessions"]);
    assert_eq!(sessions["edges"].as_array().expect("a list").len(), 1, "{sessions:#}");
    let timeline = scratch.ok(&["timeline", "S1"]);
    for words in ["session 102AtIdp began at idp-x", "session 102AtIdp ended at idp-x: logout"] {
        assert!(timeline.contains(words), "{timeline}");
    }
    let chain = scratch.json(&["chain", "102AtIdp"]).to_string();
    assert!(chain.contains("S1") && chain.contains("IDP_SESSION"), "{chain}");

    let (status, _, words) =
        ingest(&scratch, &sp.to_string(), &["--as", "native", "--idp", "idp-x"]);
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("native names the IdP in each fact"), "{words}");
}

#[test]
fn an_unknown_value_is_answered_with_the_valid_ones() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let line = json!({"id": "p", "type": "claims.received", "session": "S1",
        "occurred_at": "2026-03-10T10:00:00Z", "subject": {"id": "u"},
        "data": {"idp": "x", "protocol": "saml"}})
    .to_string();
    let (status, answer, words) = ingest(&scratch, &line, &[]);
    let message = "unknown protocol `saml`: use `oidc` or `saml2`";
    assert_eq!((status, &answer["error"]["message"]), (Some(3), &json!(message)), "{words}");
    assert!(words.contains(message), "{words}");
    // Only once, also when refused lines are listed.
    let file = scratch.file("f", &line);
    let out = scratch.run(&["ingest", &file, "--keep-going"]);
    let listed = text(&out.stdout);
    assert!(listed.contains(message) && !listed.contains("expected one of"), "{listed}");
}

/// Okta's API does not say what an identity provider is: the caller does.
#[test]
fn a_configuration_is_read_with_what_the_api_does_not_say() {
    let idp = |id: &str| {
        json!({"id": id, "type": "OIDC", "name": "Globex", "status": "ACTIVE",
            "lastUpdated": "2026-03-10T09:00:00.000Z", "policy": {"trustClaims": true},
            "protocol": {"type": "OIDC", "issuer": {"url": "https://login.globex.example"}}})
        .to_string()
    };
    let as_config = |setting: &'static str| {
        ["--as", "okta-config", "--source", "okta-config", "--okta-idp", setting]
    };
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let (status, _, words) = ingest(&scratch, &idp("0oa1"), &as_config("0oa1=modern"));
    assert_eq!(status, Some(2), "{words}");
    assert!(words.contains("--okta-idp 0oa1=modern") && words.contains("`classic`"), "{words}");
    let (status, report, words) = ingest(&scratch, &idp("0oa1"), &as_config("0oa1=classic"));
    assert_eq!((status, &report["stored"]), (Some(0), &json!(1)), "{words}");

    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta-config"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let server = scratch.serve();
    let post = |query: &str, body: &str| -> (u16, Value) {
        let address = format!("/v1/facts?{query}");
        let (status, body) =
            server.post(&address, Some(&token), "application/json", body.as_bytes());
        (status, serde_json::from_str(&body).expect("a JSON document"))
    };
    let (status, body) = post("as=okta-system-log&oktaIdp=0oa2", "{}");
    assert_eq!((status, &body["error"]["field"]), (422, &json!("okta_idp")), "{body}");
    let (status, body) = post("as=okta-config&oktaIdp=0oa9,0oa2=factor-only", &idp("0oa2"));
    assert_eq!(status, 200, "{body}");
    let (status, body) = post("as=okta-config", r#"{"errorCode": "E0000011"}"#);
    assert_eq!((status, &body["error"]["field"]), (400, &json!("errorCode")), "{body}");
    drop(server);

    let versions = scratch.json(&["trust"])["versions"].clone();
    let of = |id: &str| {
        let all = versions.as_array().expect("a list").iter();
        all.filter(|version| version["idp"] == id).map(Value::to_string).collect::<String>()
    };
    assert!(of("0oa1").contains("okta_classic"), "{versions:#}");
    assert!(
        of("0oa2").contains("third_party") && of("0oa2").contains("factor_only"),
        "{versions:#}"
    );
}

//! Real shapes of Okta's System Log, through the shipped binary: one Classic sign-in is one
//! session, a refused sign-in is a fact with its reason, the envelopes of Okta's transports are
//! taken off, and what is sealed can be seen and found by those who may. All events are invented.

use crate::support::okta_events::{
    classic, ended, envelopes, event, gzip, labelled, lines, refusals, with,
};
use crate::support::{Scratch, Server, text};
use serde_json::{Value, json};

const OKTA: [&str; 4] = ["--as", "okta-system-log", "--source", "okta"];

/// A ledger with these events, and what `ingest --report` said.
fn ledger(events: &[Value]) -> (Scratch, Value) {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let report = ingest(&scratch, "okta.jsonl", lines(events));
    (scratch, report)
}

fn ingest(scratch: &Scratch, name: &str, content: impl AsRef<[u8]>) -> Value {
    let file = scratch.file(name, content);
    scratch.json(&[&["ingest", &file, "--report"][..], &OKTA].concat())
}

/// Status and answer of an ingestion that may be refused.
fn try_ingest(
    scratch: &Scratch,
    name: &str,
    content: impl AsRef<[u8]>,
    args: &[&str],
) -> (Option<i32>, Value, String) {
    let file = scratch.file(name, content);
    let out = scratch.run(&[&["--format", "json", "ingest", &file][..], args].concat());
    (out.status.code(), serde_json::from_slice(&out.stdout).unwrap_or_default(), text(&out.stderr))
}

#[test]
fn a_classic_sign_in_is_one_session_whichever_id_it_is_asked_by() {
    let mut events: Vec<Value> = (1..=3).flat_map(classic).collect();
    events.push(ended(1));
    // Whatever the order of arrival.
    for turned in [false, true] {
        if turned {
            events.reverse();
        }
        let (scratch, _) = ledger(&events);
        let list = scratch.json(&["sessions"]);
        let sessions = list["edges"].as_array().expect("a list");
        assert_eq!(sessions.len(), 3, "{list:#}");
        for id in ["102Start1", "102Mfa1", "102Admin1", "102End1"] {
            let answer = scratch.json(&["session", id]);
            let session = &answer["session"];
            assert_eq!(
                (&session["state"], &session["endReason"]),
                (&json!("ENDED"), &json!("expired")),
                "{id}: {answer:#}"
            );
            let mut ids: Vec<&str> = session["aliases"]
                .as_array()
                .expect("aliases")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            ids.push(session["id"].as_str().expect("a name"));
            for member in ["102Start1", "102Mfa1", "102Admin1", "102End1"] {
                assert!(ids.contains(&member), "{member} of {ids:?}");
            }
            assert!(
                ids.iter().all(|id| !id.starts_with("T-")),
                "a transaction is no session: {ids:?}"
            );
            assert_eq!(session["factors"][0]["method"], "push", "{answer:#}");
        }
        assert_eq!(scratch.json(&["session", "102Start2"])["session"]["endedAt"], Value::Null);
        // The links are evidence, and say by what they link.
        let timeline = scratch.ok(&["timeline", "102Mfa1"]);
        assert!(timeline.contains("authn_request"), "{timeline}");
    }
}

#[test]
fn an_unlinked_session_stays_alone() {
    let mut one = event("one", "user.session.start", "09:00:00", ("102One", "T-one", "T-one"));
    let mut two =
        event("two", "user.authentication.sso", "09:05:00", ("102Two", "T-two", "T-nowhere"));
    two["target"] = json!([{"type": "AppInstance", "id": "0oaWiki"}]);
    let other = event("three", "user.session.start", "09:06:00", ("102Three", "unknown", "null"));
    one["debugContext"]["debugData"].as_object_mut().expect("an object").remove("authnRequestId");
    let (scratch, _) = ledger(&[one, two, other]);
    assert_eq!(scratch.json(&["sessions"])["edges"].as_array().expect("a list").len(), 3);
}

#[test]
fn the_root_session_is_read_from_every_event_and_is_a_relation() {
    let app = json!({"target": [{"type": "AppInstance", "id": "0oaWiki"}]});
    let root = json!({"authenticationContext": {"rootSessionId": "idxRoot"}});
    let one = with(
        with(
            event("r1", "user.authentication.sso", "09:00:00", ("idxOne", "T-1", "T-1")),
            app.clone(),
        ),
        root.clone(),
    );
    let two = with(
        with(event("r2", "user.authentication.sso", "09:01:00", ("idxTwo", "T-2", "T-2")), app),
        root,
    );
    let (scratch, _) = ledger(&[one, two]);
    for id in ["idxOne", "idxTwo"] {
        let answer = scratch.json(&["session", id]);
        assert_eq!(
            (&answer["session"]["rootSession"], &answer["session"]["id"]),
            (&json!("idxRoot"), &json!(id)),
            "{answer:#}"
        );
    }
    let chain = scratch.json(&["chain", "idxRoot"]).to_string();
    assert!(chain.contains("idxOne") && chain.contains("idxTwo"), "{chain}");
}

fn found(answer: &Value, kind: &str) -> Vec<Value> {
    answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["kind"] == kind)
        .cloned()
        .collect()
}

#[test]
fn transactions_and_requests_are_found() {
    let (scratch, _) = ledger(&classic(1));
    let transaction = scratch.json(&["find", "T-1"]);
    let items = found(&transaction, "TRANSACTION");
    assert_eq!((items.len(), items[0]["count"].as_u64()), (1, Some(4)), "{transaction:#}");
    assert_eq!(items[0]["sessions"].as_array().expect("sessions").len(), 1, "{transaction:#}");
    let request = scratch.json(&["find", "rq-mfa-1"]);
    assert_eq!(found(&request, "REQUEST").len(), 1, "{request:#}");
}

#[test]
fn a_refused_sign_in_is_a_fact_of_the_session_with_its_reason() {
    let events = refusals();
    let (scratch, report) = ledger(&events);
    for row in report["types"].as_array().expect("types") {
        assert_eq!(row["understood"], row["events"], "{row}");
    }
    let answer = scratch.json(&["session", "idxRefused"]);
    let session = &answer["session"];
    assert_eq!(session["factors"], json!([]), "a refused factor is none: {answer:#}");
    assert_eq!(session["state"], "ACTIVE");
    let refused =
        session["refused"].as_array().unwrap_or_else(|| panic!("no refusals: {answer:#}"));
    assert_eq!(refused.len(), 10, "{answer:#}");
    assert_eq!(
        (&refused[0]["reason"], &refused[0]["result"], &refused[0]["method"]),
        (&json!("push_rejected"), &json!("failure"), &json!("push"))
    );
    assert!(
        refused.iter().any(|one| one["reason"] == "invalid_credentials" && one["method"].is_null()),
        "{answer:#}"
    );
    let words = scratch.ok(&["session", "idxRefused"]);
    assert!(words.contains("push_rejected") && words.contains("invalid_credentials"), "{words}");
    let timeline = scratch.ok(&["timeline", "idxRefused"]);
    assert!(
        timeline.contains("push refused: push rejected") && !timeline.contains("not understood"),
        "{timeline}"
    );
    assert!(!words.contains("Bob") && !timeline.contains("Bob"), "prose is sealed");

    let (read, investigate) =
        (scratch.token("acme", "read"), scratch.token("acme", "read,investigate"));
    let server = scratch.serve();
    let page = page(&server, &read, "/session?id=idxRefused");
    assert!(
        page.contains("Refused sign-ins")
            && page.contains("push rejected")
            && !page.contains("Bob"),
        "{page}"
    );
    let sources = page_of_sources(&server, &read);
    assert!(!sources.contains("Not understood: "), "{sources}");
    // Prose is sealed under the person's key, and shown to those who may see it.
    let record = server.graphql(
        &investigate,
        "{ find(text: \"prose\") { items { kind records { position } } } }",
        json!({}),
    );
    let position = record["find"]["items"][0]["records"][0]["position"].clone();
    let opened = server.graphql(
        &investigate,
        "query($p: Position!) { record(position: $p) { facts personal understood } }",
        json!({"p": position}),
    );
    assert!(opened["record"]["personal"].to_string().contains("Bob <b>said</b> no"), "{opened}");
    assert_eq!(opened["record"]["facts"][0]["data"]["reason"], "free_text");
}

fn page(server: &Server, token: &str, path: &str) -> String {
    let bearer = format!("Bearer {token}");
    let (mut status, mut headers, mut body) = server.get(path, &[("authorization", &bearer)]);
    if status == 303 {
        let to = headers.iter().find(|(name, _)| name == "location").expect("a place").1.clone();
        (status, headers, body) = server.get(&to, &[("authorization", &bearer)]);
    }
    assert_eq!(status, 200, "{path}: {headers:?} {body}");
    body
}

fn page_of_sources(server: &Server, token: &str) -> String {
    page(server, token, "/sources")
}

/// One predicate: the report, the HTTP answer, the record, the timeline and the sources' page say
/// the same of each record.
#[test]
fn a_record_is_understood_or_not_everywhere_alike() {
    let ids = ("idxSame", "T-5", "T-5");
    let mut events = refusals();
    events.push(event("same", "user.session.start", "09:30:00", ids));
    events.push(event("locked", "user.account.lock", "09:31:00", ids));
    events.push(with(
        event("locked-classic", "user.account.lock", "09:32:00", ("102Same", "T-6", "T-5")),
        json!({}),
    ));
    events.push(with(
        event("enrolled", "user.authentication.auth_via_mfa", "09:33:00", ids),
        json!({"debugContext": {"debugData": {"factorIntent": "CREDENTIAL_ENROLLMENT",
            "factor": "OKTA_VERIFY_PUSH"}}}),
    ));
    events.push(with(
        event("unnamed", "user.authentication.auth_via_mfa", "09:34:00", ids),
        json!({"debugContext": {"debugData": {"factor": "SOMETHING_NEW"}}}),
    ));
    events.push(with(
        event("no-app", "user.authentication.sso", "09:35:00", ids),
        json!({"target": null}),
    ));
    events.push(with(
        event("no-outcome", "user.session.start", "09:36:00", ids),
        json!({"outcome": null}),
    ));

    let (scratch, report) = ledger(&events);
    let other = Scratch::new();
    other.ok(&["init", "--tenant", "acme"]);
    let ingests = other.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let elsewhere = other.serve();
    let (status, body) = elsewhere.post(
        "/v1/facts?as=okta-system-log",
        Some(&ingests),
        "application/json",
        lines(&events).as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let by_http: Vec<bool> = answer["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|one| one["understood"] != false)
        .collect();

    let read = scratch.token("acme", "read");
    let server = scratch.serve();
    let mut by_record = Vec::new();
    let mut on_timeline = Vec::new();
    for (n, event) in events.iter().enumerate() {
        let record = server.graphql(
            &read,
            "query($p: Position!) \
             { record(position: $p) { understood session sourceId } }",
            json!({"p": n + 1}),
        )["record"]
            .clone();
        assert_eq!(record["sourceId"], event["uuid"]);
        by_record.push(record["understood"] == true);
        let Some(session) = record["session"].as_str() else { continue };
        let query = "query($s: ID!) \
                     { timeline(session: $s, first: 200) { edges { node { category record { position } } } } }";
        let rows = server.graphql(&read, query, json!({"s": session}));
        let row = rows["timeline"]["edges"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|row| row["node"]["record"]["position"] == n + 1);
        if let Some(row) = row {
            on_timeline.push((n, row["node"]["category"] != "NOT_UNDERSTOOD"));
        }
    }
    assert_eq!(by_http, by_record);
    for (n, understood) in &on_timeline {
        assert_eq!(*understood, by_record[*n], "{}", events[*n]);
    }
    assert!(on_timeline.len() > 15, "{on_timeline:?}");
    let counted = report["types"]
        .as_array()
        .expect("types")
        .iter()
        .filter_map(|row| row["understood"].as_u64())
        .sum::<u64>();
    let understood = by_record.iter().filter(|one| **one).count();
    assert_eq!(counted, understood as u64, "{report:#}");
    assert!(by_record.iter().any(|one| !one));
    let sources = page_of_sources(&server, &read);
    let not_understood = events.len() - understood;
    assert!(sources.contains(&format!("<td>{not_understood}</td>")), "{not_understood}: {sources}");
}

#[test]
fn one_event_in_any_envelope_is_one_record() {
    let one = event("enveloped", "user.session.start", "10:00:00", ("idxEnv", "T-7", "T-7"));
    let (scratch, _) = ledger(std::slice::from_ref(&one));
    for (name, content) in envelopes(&one) {
        let (status, answer, words) = try_ingest(&scratch, "envelope.json", &content, &OKTA);
        assert_eq!(
            (status, answer["repeated"].as_u64()),
            (Some(0), Some(1)),
            "{name}: {answer} {words}"
        );
    }
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let server = scratch.serve();
    for (name, content) in envelopes(&one) {
        let (status, body) =
            server.post("/v1/facts?as=okta-system-log", Some(&token), "application/json", &content);
        assert_eq!(status, 200, "{name}: {body}");
        assert!(body.contains("\"repeated\""), "{name}: {body}");
    }
}

#[test]
fn an_envelope_with_several_events_is_as_many_records() {
    let events: Vec<Value> = (0..3)
        .map(|n| {
            event(
                &format!("several-{n}"),
                "user.session.start",
                &format!("10:0{n}:00"),
                ("idxSeveral", "T-8", "T-8"),
            )
        })
        .collect();
    let (scratch, _) = ledger(&events[..1]);
    let hook = json!({"eventType": "com.okta.event_hook", "data": {"events": events}});
    let report = ingest(&scratch, "hook.json", hook.to_string());
    assert_eq!(
        (report["stored"].as_u64(), report["repeated"].as_u64()),
        (Some(2), Some(1)),
        "{report}"
    );
}

#[test]
fn what_is_not_unwrapped_is_named() {
    let whole = event("named", "user.session.start", "10:00:00", ("idxNamed", "T-7", "T-7"));
    let cases: Vec<(&str, Vec<u8>)> =
        vec![
        (
            "EventBridge",
            json!({"version": "0", "detail-type": "SystemLog", "source": "aws.partner/okta.com/x",
                "detail": "gone"}).to_string().into_bytes(),
        ),
        ("event hook", json!({"eventType": "com.okta.event_hook",
            "data": {"events": "none"}}).to_string().into_bytes()),
        ("Splunk", json!({"time": 1, "sourcetype": "OktaIM2:log",
            "event": 7}).to_string().into_bytes()),
        (
            "Elastic",
            json!({"@timestamp": "2026-03-10T10:00:00Z", "event": {"action": "user.session.start"},
                "okta": {"uuid": "x"}}).to_string().into_bytes(),
        ),
        ("CSV",
            b"published,eventType,uuid\n2026-03-10T10:00:00Z,user.session.start,u-1\n".to_vec()),
        ("gzip", gzip(&whole.to_string().into_bytes())[..40].to_vec()),
    ];
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let mut answers = Vec::new();
    for (name, content) in &cases {
        let (status, answer, words) = try_ingest(&scratch, "named", content, &OKTA);
        assert_eq!(status, Some(3), "{name}: {answer} {words}");
        answers.push((*name, words));
    }
    let server = scratch.serve();
    for (name, content) in &cases {
        let (status, body) =
            server.post("/v1/facts?as=okta-system-log", Some(&token), "application/json", content);
        assert!((400..500).contains(&status), "{name}: {status} {body}");
        answers.push((*name, body));
    }
    for (name, words) in answers {
        assert!(words.contains("looks like") && words.contains(name), "{name}: {words}");
        assert!(!words.contains("field published"), "{name}: {words}");
    }
}

#[test]
fn a_gzip_bomb_is_bounded() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let bomb = gzip(&[&b"{\"uuid\":\""[..], &vec![b'x'; 64 << 20]].concat());
    let (status, _, words) = try_ingest(&scratch, "bomb.gz", &bomb, &OKTA);
    assert_eq!(status, Some(3), "{words}");
    let server = scratch.serve();
    let (status, body) =
        server.post("/v1/facts?as=okta-system-log", Some(&token), "application/json", &bomb);
    assert_eq!(status, 413, "{body}");
}

const SEALED: &str = "{ record(position: 1) { sourceId original personal sealed } }";

#[test]
fn what_is_sealed_is_seen_by_investigate_and_by_nobody_else() {
    let (scratch, _) = ledger(&labelled());
    let (read, investigate) =
        (scratch.token("acme", "read"), scratch.token("acme", "read,investigate"));
    // The command line of the owner.
    for by in ["#1", "1", "began"] {
        let record = scratch.json(&["record", by]);
        assert!(
            record["original"].as_str().expect("text").contains("Mozilla/5.0 (X11)"),
            "{record:#}"
        );
        assert_eq!(record["sourceId"], "began");
    }
    let id = scratch.json(&["record", "#1"])["id"].as_str().expect("an id").to_owned();
    assert_eq!(scratch.json(&["record", &id])["sourceId"], "began");
    let words = scratch.ok(&["record", "#1"]);
    assert!(words.contains("203.0.113.7") && words.contains("alice@acme.example"), "{words}");
    assert_eq!(scratch.run(&["record", "#99"]).status.code(), Some(1));

    let server = scratch.serve();
    let seen = server.graphql(&investigate, SEALED, json!({}))["record"].clone();
    assert!(seen["original"].as_str().expect("text").contains("203.0.113.7"), "{seen}");
    assert!(
        seen["personal"].to_string().contains("203.0.113.7")
            && seen["personal"].to_string().contains("alice@acme.example"),
        "{seen}"
    );
    assert_eq!(seen["sealed"], Value::Null);
    let hidden = server.graphql(&read, SEALED, json!({}))["record"].clone();
    assert_eq!((&hidden["original"], &hidden["personal"]), (&Value::Null, &Value::Null));
    assert!(hidden["sealed"].as_str().expect("a reason").contains("investigate"), "{hidden}");

    let path = "/session?id=idxLab&open=2";
    let drawer = page(&server, &investigate, path);
    assert!(drawer.contains("203.0.113.7") && drawer.contains("Workday"), "{drawer}");
    assert!(!drawer.contains("<script>alert(1)"), "markup is text");
    let hidden = page(&server, &read, path);
    assert!(
        !hidden.contains("203.0.113.7")
            && !hidden.contains("Workday")
            && !hidden.contains("alice@"),
        "{hidden}"
    );
    assert!(hidden.contains("needs the role investigate"), "{hidden}");
}

#[test]
fn display_names_and_addresses_are_found_by_investigate() {
    let (scratch, _) = ledger(&labelled());
    let (read, investigate) =
        (scratch.token("acme", "read"), scratch.token("acme", "read,investigate"));
    for text in ["Workday", "workday"] {
        let answer = scratch.json(&["find", text]);
        let items = found(&answer, "APP");
        assert_eq!(
            (items.len(), &items[0]["name"], items[0]["count"].as_u64()),
            (1, &json!("0oaHr"), Some(3)),
            "{text}: {answer:#}"
        );
    }
    let policy = scratch.json(&["find", "Payroll people"]);
    assert_eq!(found(&policy, "POLICY")[0]["name"], "rstPay", "{policy:#}");
    let address = scratch.json(&["find", "203.0.113.7"]);
    let items = found(&address, "ADDRESS");
    assert_eq!((items.len(), items[0]["count"].as_u64()), (1, Some(3)), "{address:#}");
    assert_eq!(
        found(&scratch.json(&["find", "198.51.100.9"]), "ADDRESS")[0]["sessions"],
        json!(["idxOther"])
    );

    let server = scratch.serve();
    let query =
        "query($t: String!) { find(text: $t) { items { kind name } searched notSearched } }";
    for text in ["Workday", "203.0.113.7"] {
        let seen = server.graphql(&investigate, query, json!({"t": text}))["find"].clone();
        assert!(!seen["items"].as_array().expect("items").is_empty(), "{seen}");
        let hidden = server.graphql(&read, query, json!({"t": text}))["find"].clone();
        assert_eq!(hidden["items"], json!([]), "{hidden}");
        assert!(hidden["notSearched"].to_string().contains("address"), "{hidden}");
    }
    // Nothing of it stands in the clear.
    let clear =
        server.graphql(&read, "{ record(position: 2) { facts header } }", json!({})).to_string();
    assert!(!clear.contains("Workday"), "{clear}");
}

#[test]
fn a_display_name_of_two_kinds_is_found_in_the_records_of_each() {
    let target =
        |kind: &str| json!({"target": [{"type": kind, "id": "0oaTwin", "displayName": "Twin"}]});
    let named = |id: &str, at: &str, kind: &str| {
        with(event(id, "system.unknown.happened", at, ("idxTwin", id, id)), target(kind))
    };
    let events = [
        named("as-idp", "10:00:00", "IdentityProvider"),
        named("as-app", "10:01:00", "AppInstance"),
        named("as-app-too", "10:02:00", "AppInstance"),
    ];
    let (scratch, _) = ledger(&events);
    let answer = scratch.json(&["find", "Twin"]);
    let counts = |kind: &str| {
        found(&answer, kind).iter().map(|item| item["count"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((counts("IDP"), counts("APP")), (vec![json!(1)], vec![json!(2)]), "{answer:#}");
}

fn native(id: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"claims.received","session":"S1","subject":{{"id":"u"}},{rest}}}"#
    )
}

#[test]
fn keep_going_says_that_something_was_refused() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let good = native("good", r#""occurred_at":"2026-03-10T10:00:00Z","data":{"idp":"x"}"#);
    let bad = native("bad", r#""occurred_at":"2026-03-10T10:00:00Z","data":{}"#);
    let (status, answer, words) =
        try_ingest(&scratch, "f", format!("{bad}\n{good}\n"), &["--keep-going"]);
    assert_eq!(
        (status, answer["stored"].as_u64(), answer["refused"].as_array().map(Vec::len)),
        (Some(3), Some(1), Some(1)),
        "{answer} {words}"
    );
    let (status, ..) = try_ingest(&scratch, "f", format!("{good}\n"), &["--keep-going"]);
    assert_eq!(status, Some(0));
}

#[test]
fn numbers_past_64_bits_under_one_id_are_told_apart() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let line = |number: &str| {
        native(
            "big",
            &format!(
                r#""occurred_at":"2026-03-10T10:00:00Z","data":{{"idp":"x","more":{number}}}"#
            ),
        )
    };
    let (status, ..) = try_ingest(&scratch, "f", line("123456789012345678901234567890"), &[]);
    assert_eq!(status, Some(0));
    for same in [
        "123456789012345678901234567890",
        "123456789012345678901234567890.0",
        "12345678901234567890123456789e1",
    ] {
        let (status, answer, _) = try_ingest(&scratch, "f", line(same), &[]);
        assert_eq!((status, answer["repeated"].as_u64()), (Some(0), Some(1)), "{same}: {answer}");
    }
    for other in [
        "123456789012345678901234567891",
        "123456789012345678901234567890.1",
        "1e30",
        "1e400",
        "-123456789012345678901234567890",
    ] {
        let (status, answer, _) = try_ingest(&scratch, "f", line(other), &[]);
        assert_eq!(
            (status, &answer["error"]["code"]),
            (Some(3), &json!("conflict")),
            "{other}: {answer}"
        );
    }
    // An Okta event likewise: other content is a variant.
    let okta = |number: &str| {
        event("big", "user.session.start", "10:00:00", ("idxBig", "T-1", "T-1"))
            .to_string()
            .replace("\"authenticationStep\":0", &format!("\"authenticationStep\":{number}"))
    };
    let (first, again, other) =
        ("18446744073709551616", "18446744073709551616", "18446744073709551617");
    assert_eq!(ingest(&scratch, "o", okta(first))["stored"], 1);
    assert_eq!(ingest(&scratch, "o", okta(again))["repeated"], 1);
    assert_eq!(ingest(&scratch, "o", okta(other))["variants"], 1);
}

#[test]
fn times_past_the_years_0000_to_9999_in_utc_are_refused() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "acme"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let outside =
        ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01", "10000-01-01T00:00:00Z"];
    let at = |time: &str, auth: &str| {
        native("t", &format!(r#""occurred_at":"{time}","data":{{"idp":"x","auth_time":"{auth}"}}"#))
    };
    let good = "2026-03-10T10:00:00Z";
    let mut cases: Vec<(String, &str, &str)> = Vec::new();
    for time in outside {
        cases.push((at(time, good), "native", "occurred_at"));
        cases.push((at(good, time), "native", "data.auth_time"));
        let cloud = json!({"specversion": "1.0", "id": "t", "source": "acme",
            "type": "claimledger.claims.received", "time": time, "session": "S1", "subject": "u",
            "data": {"idp": "x"}});
        cases.push((cloud.to_string(), "cloudevents", "time"));
        let okta = with(
            event("t", "user.session.start", "10:00:00", ("idxT", "T", "T")),
            json!({"published": time}),
        );
        // A text that is no time at all is masked by some collectors, and kept; one that is a time
        // outside of what can be written is refused.
        if !time.starts_with("10000") {
            cases.push((okta.to_string(), "okta-system-log", "published"));
        }
    }
    for (line, dialect, field) in &cases {
        let (status, answer, words) = try_ingest(&scratch, "f", line, &["--as", dialect]);
        assert_eq!(status, Some(3), "{line}: {answer} {words}");
        assert_eq!(answer["error"]["field"], *field, "{answer}");
        // It is RFC 3339, so saying that it is not would send the reader the wrong way.
        let message = answer["error"]["message"].as_str().expect("a message");
        let is_written = !line.contains("10000-");
        assert_eq!(message.contains("out of range"), is_written, "{message}");
    }
    for edge in ["9999-12-31T23:59:59.999999Z", "0000-01-01T00:00:00Z"] {
        let (status, answer, words) =
            try_ingest(&scratch, "f", at(edge, good).replace("\"t\"", &format!("\"{edge}\"")), &[]);
        assert_eq!(status, Some(0), "{edge}: {answer} {words}");
    }
    let server = scratch.serve();
    for (line, dialect, _) in &cases {
        let (status, body) = server.post(
            &format!("/v1/facts?as={dialect}"),
            Some(&token),
            "application/json",
            line.as_bytes(),
        );
        assert!((400..500).contains(&status), "{line}: {status} {body}");
    }
}

#[test]
fn every_text_of_the_native_contract_is_bounded() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let long = "x".repeat(600);
    let many: Vec<String> = (0..600).map(|n| format!("v{n}")).collect();
    let at = "\"occurred_at\":\"2026-03-10T10:00:00Z\"";
    let cases = [
        ("data.acr", native("a", &format!(r#"{at},"data":{{"idp":"x","acr":"{long}"}}"#))),
        ("data.acr", native("a", &format!(r#"{at},"data":{{"idp":"x","acr":"a\nb"}}"#))),
        ("data.amr[0]", native("b", &format!(r#"{at},"data":{{"idp":"x","amr":["{long}"]}}"#))),
        ("data.amr", native("c", &format!(r#"{at},"data":{{"idp":"x","amr":{}}}"#, json!(many)))),
    ];
    for (field, line) in cases {
        let (status, answer, words) = try_ingest(&scratch, "f", &line, &[]);
        assert_eq!(
            (status, &answer["error"]["field"]),
            (Some(3), &json!(field)),
            "{answer} {words}"
        );
    }
}

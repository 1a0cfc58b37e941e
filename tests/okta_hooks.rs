//! Okta's event hooks beside a poller and files, through the shipped binary. All events are
//! invented.

use crate::support::{
    Scratch, Server,
    browser::Browser,
    okta_events::{envelopes, event, with},
};
use serde_json::{Value, json};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

const HOOK: &str = "/v1/hooks/okta";

fn ledger() -> (Scratch, String) {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"].clone();
    (scratch, token.as_str().expect("a token").to_owned())
}

fn hook(events: &[Value]) -> Vec<u8> {
    json!({"eventType": "com.okta.event_hook", "eventId": "hook-1", "data": {"events": events}})
        .to_string()
        .into_bytes()
}

fn delivered(server: &Server, token: &str, events: &[Value]) {
    let (status, body) = server.post(HOOK, Some(token), "application/json", &hook(events));
    assert_eq!((status, body.as_str()), (200, ""));
}

/// How a text is found: kinds, and the number of records of each.
fn found(server: &Server, token: &str, text: &str) -> Vec<(String, usize)> {
    let query = "query($t: String!) { find(text: $t) { items { kind records { position } } } }";
    let answer = server.graphql(token, query, json!({"t": text}));
    let items = answer["find"]["items"].as_array().cloned().unwrap_or_default();
    let count = |item: &Value| item["records"].as_array().map_or(0, Vec::len);
    items.iter().map(|item| (item["kind"].as_str().unwrap().to_owned(), count(item))).collect()
}

#[test]
fn one_event_by_hook_and_in_any_envelope_is_one_record() {
    let one = event("hooked", "user.session.start", "10:00:00", ("idxHooked", "T-7", "T-7"));
    let (scratch, token) = ledger();
    let reader = scratch.token("acme", "read");
    {
        let server = scratch.serve();
        let headers = [("authorization", token.as_str()), ("x-okta-verification-challenge", "v-1")];
        let (status, _, body) = server.get(HOOK, &headers);
        assert_eq!((status, body.as_str()), (200, "{\"verification\":\"v-1\"}"));
        delivered(&server, &token, std::slice::from_ref(&one));
        // As Okta sends it: the secret alone.
        let (status, _, body) = server.post_with(
            HOOK,
            None,
            &[("authorization", &token)],
            &hook(std::slice::from_ref(&one)),
        );
        assert_eq!((status, body.as_str()), (200, ""));
        let facts = "/v1/facts?as=okta-system-log";
        for (name, content) in envelopes(&one) {
            let (status, body) = server.post(facts, Some(&token), "application/json", &content);
            assert!(status == 200 && body.contains("\"repeated\""), "{name}: {status} {body}");
        }
        assert_eq!(found(&server, &reader, "hooked"), [("RECORD".to_owned(), 1)]);
    }
    for (name, content) in envelopes(&one) {
        let file = scratch.file("again", content);
        let args = ["ingest", &file, "--as", "okta-system-log", "--source", "okta"];
        assert_eq!(scratch.json(&args)["repeated"], 1, "{name}");
    }
    // Of something else under the same id, the text of a record says so.
    let first = scratch.json(&["record", "hooked"])["position"].to_string();
    let says = "a variant: the source said something else under the same id too";
    let is_said = || scratch.ok(&["record", &first]).contains(says);
    assert!(!is_said());
    let other = with(one, json!({"outcome": {"result": "FAILURE"}}));
    let file = scratch.file("other", other.to_string());
    let ingested = scratch.json(&["ingest", &file, "--as", "okta-system-log", "--source", "okta"]);
    assert_eq!(ingested["variants"], 1, "{ingested:#}");
    // The read models may be a moment behind.
    let said_by = Instant::now() + Duration::from_secs(20);
    while !is_said() {
        assert!(Instant::now() < said_by, "nothing says that it is a variant");
        sleep(Duration::from_millis(100));
    }
}

/// What an administrator changes is on the timeline of their session, and is found by the ids that
/// it names; what is done to a user is on the timeline of the user's session.
#[test]
fn changes_are_on_timelines_and_are_found_by_the_ids_they_name() {
    let (scratch, token) = ledger();
    let reader = scratch.token("acme", "read");
    let admin = |uuid: &str, kind: &str, at: &str, changes: Value| {
        let actor = json!({"actor": {"id": "00uAdmin", "alternateId": "admin@acme.example"}});
        with(with(event(uuid, kind, at, ("idxAdmin", "T-1", "T-1")), actor), changes)
    };
    let alice = json!({"type": "User", "id": "00uAlice", "alternateId": "alice@acme.example"});
    let events = [
        event("a1", "user.session.start", "10:00:00", ("idxAlice", "T-2", "T-2")),
        admin("a2", "user.session.start", "10:01:00", json!({})),
        admin(
            "a3",
            "policy.rule.update",
            "10:02:00",
            json!({
            "transaction": {"detail": {"requestApiTokenId": "00TokenX"}}, "target": [
                {"type": "PolicyEntity", "id": "rstPay",
                    "detailEntry": {"policyType": "Okta:SignOn"}},
                {"type": "PolicyRule", "id": "rulPay", "changeDetails": {
                    "from": {"ruleAction": "ALLOW"}, "to": {"ruleAction": "DENY"}}}]}),
        ),
        admin("a4", "user.lifecycle.suspend", "10:03:00", json!({"target": [alice]})),
        event("a5", "user.session.end", "10:04:00", ("idxAlice", "T-2", "T-2")),
    ];
    let server = scratch.serve();
    delivered(&server, &token, &events);
    let timeline = |session: &str| {
        let query =
            "query($s: ID!) { timeline(session: $s, first: 50) { edges { node { words } } } }";
        server.graphql(&reader, query, json!({"s": session}))["timeline"].to_string()
    };
    let (admins, alices) = (timeline("idxAdmin"), timeline("idxAlice"));
    let change = "rule rulPay of rstPay updated with API token 00TokenX: ruleAction";
    assert!(admins.contains(change) && !admins.contains("suspended"), "{admins}");
    assert!(
        alices.contains("account suspended (00uAdmin)") && !alices.contains("rulPay"),
        "{alices}"
    );
    let session = server.graphql(
        &reader,
        "{ session(id: \"idxAdmin\") { session { lastSeen state } } }",
        json!({}),
    );
    assert_eq!(session["session"]["session"]["lastSeen"], "2026-03-10T10:02:00Z");
    for (text, kind) in [("rulPay", "OBJECT"), ("00TokenX", "OBJECT"), ("rstPay", "POLICY")] {
        let one = [(kind.to_owned(), 1)];
        assert_eq!(found(&server, &reader, text), one, "{text}");
    }
}

/// A log stream that was switched off leaves open what it did not send, until that was polled.
#[test]
fn a_stopped_log_stream_is_a_silence_until_the_source_was_polled() {
    let stream = |uuid: &str, verb: &str, at: &str| {
        let kind = format!("system.log_stream.lifecycle.{verb}");
        let target = json!({"target": [{"type": "LogStream", "id": "0oaStream"}]});
        with(event(uuid, &kind, at, ("idxAdmin", uuid, uuid)), target)
    };
    let (scratch, token) = ledger();
    let heard = |id: &str, until: &str, basis: &str| {
        let line = json!({"id": id, "type": "source.heard", "occurred_at": "2026-03-10T12:00:00Z",
            "source": "okta", "data": {"until": format!("2026-03-10T{until}Z"), "basis": basis}});
        let file = scratch.file(id, line.to_string());
        scratch.ok(&["ingest", &file]);
    };
    heard("assumed", "12:00:00", "assumed");
    let asked = |args: &[&str]| scratch.json(&[&["--at", "2026-03-10T12:00:00Z"], args].concat());
    assert_eq!(asked(&["completeness"])["answered"]["complete"], true);
    {
        let server = scratch.serve();
        delivered(&server, &token, &[stream("off", "deactivate", "10:00:00")]);
    }
    let answer = asked(&["completeness"]);
    let words = "incomplete, okta log stream switched off since 10:00:00Z (#";
    let summary = answer["answered"]["completenessSummary"].as_str().expect("a sentence");
    assert!(summary.starts_with(words), "{summary}");
    let gap = &answer["items"][0]["gaps"][0];
    assert_eq!((&gap["until"], &gap["cause"]), (&Value::Null, &json!("log stream switched off")));
    let record = asked(&["record", &gap["position"].to_string()]);
    assert!(record.to_string().contains("source.delivery_changed"), "{record:#}");
    {
        let server = scratch.serve();
        let browser = Browser::start(1280, 1400);
        browser.open(server.sign_in["acme"].as_str().expect("a sign-in link"));
        browser.open(&format!("{}/sources?at=2026-03-10T12:00:00Z", server.url));
        assert!(browser.text().contains("okta log stream switched off"), "{}", browser.text());
        delivered(&server, &token, &[stream("on", "activate", "11:00:00")]);
    }
    let gap = &asked(&["completeness"])["items"][0]["gaps"][0];
    assert_eq!(gap["until"], "2026-03-10T11:00:00Z", "{gap}");
    heard("polled", "12:00:00", "polled");
    let answer = asked(&["completeness"]);
    assert_eq!(answer["answered"]["completenessSummary"], "complete", "{answer:#}");
    assert_eq!(answer["items"][0]["gaps"], json!([]));
}

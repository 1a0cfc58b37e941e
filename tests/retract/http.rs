//! Trust is retracted over HTTP.

use super::{FROM, day_before_it, head};
use crate::support::{Scratch, Server, claimledger, text};
use serde_json::{Value, json};

const PATH: &str = "/v1/retractions";

fn wanted() -> Value {
    json!({"id": "leak-1", "idp": "idp-x", "key": "X1", "from": FROM, "reason": "leaked",
        "ticket": "T-3"})
}

fn with(name: &str, value: Value) -> Value {
    let mut wanted = wanted();
    wanted[name] = value;
    wanted
}

fn post(server: &Server, token: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let (status, answer) = server.post(PATH, Some(token), "application/json", body.as_bytes());
    (status, serde_json::from_str(&answer).unwrap_or_default())
}

fn post_path(server: &Server, path: &str, token: &str) -> u16 {
    server.post(path, Some(token), "application/json", b"{}").0
}

#[test]
fn over_http_it_needs_the_role_govern_and_a_sound_request() {
    let scratch = day_before_it();
    let govern = scratch.token("acme", "govern");
    let others = scratch.token("acme", "ingest,read,investigate,export,operate");
    let both = scratch.file("both", scratch.token("acme", "govern,read"));
    let before = head(&scratch);
    let server = scratch.serve();
    let (status, said) = post(&server, &others, &wanted());
    assert_eq!((status, &said["error"]["needs"]), (403, &json!("govern")), "{said}");
    assert_eq!(post(&server, "nobody", &wanted()).0, 401);
    for (body, field, says) in [
        (with("key", json!("X9")), "key", "no key X9 of idp-x is known; known: X1, X2"),
        (with("key", Value::Null), "key", "the field is missing"),
        (with("wholeIdp", json!(true)), "wholeIdp", "both named"),
        (with("idp", json!("idp-q")), "idp", "no identity provider idp-q is known; known: idp-x"),
        (with("from", json!("2026-03-10T23:00:01Z")), "from", "later than 2026-03-10T23:00:00Z"),
        (with("from", json!("2026-03-10T13:40:00")), "from", "2026-03-10T13:40:00 is"),
        (with("id", json!("")), "id", "missing"),
        (with("id", json!("x".repeat(600))), "id", "too long"),
        (with("reason", json!("")), "reason", "missing"),
        (with("reason", json!("x".repeat(9000))), "reason", "too long"),
        (with("ticket", json!("a\u{7}b")), "ticket", "control characters"),
    ] {
        let (status, said) = post(&server, &govern, &body);
        assert_eq!((status, &said["error"]["field"]), (422, &json!(field)), "{body}: {said}");
        let message = said["error"]["message"].as_str().expect("a message");
        assert!(message.contains(says), "{body}: {message}");
    }
    for body in [json!([]), json!({}), with("tenant", json!("globex")), with("whole_idp", json!(1))]
    {
        let (status, said) = post(&server, &govern, &body);
        assert_eq!((status, &said["error"]["code"]), (422, &json!("invalid_field")), "{said}");
    }
    let of = |path: &str, token| post_path(&server, path, token);
    assert_eq!(of("/v1/retractions/", &govern), 404);

    let (status, made) = post(&server, &govern, &wanted());
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["position"], &made["outcome"]), (&json!(before), &json!("stored")), "{made}");
    assert_eq!(made["sourceId"], "retract/leak-1");
    let actor = made["fact"]["actor"].as_str().expect("an actor").to_owned();
    assert!(actor.starts_with("c-"), "{made}");
    let (status, again) = post(&server, &govern, &wanted());
    assert_eq!((status, &again["outcome"]), (200, &json!("repeated")), "{again}");
    assert_eq!(
        (&again["position"], &again["recordedAt"]),
        (&made["position"], &made["recordedAt"])
    );
    let (status, said) = post(&server, &govern, &with("ticket", json!("T-4")));
    assert_eq!((status, &said["error"]["position"]), (409, &json!(before)), "{said}");

    // The command against a server: a key that is named by another retraction already.
    let mut command = claimledger();
    command.args(["--url", &server.url, "--token-file", &both, "--format", "json", "retract"]);
    command.args(["--idp", "idp-x", "--key", "X1", "--from", FROM, "--reason", "leaked"]);
    let out = command.output().expect("the program runs");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let done: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(done["already"][0]["position"], made["position"], "{done}");
    assert_eq!(done["already"][0]["fact"]["from"], FROM, "{done}");
    assert_eq!((made["already"].clone(), again["already"].clone()), (json!([]), json!([])));
    let rested = |certain: u64| json!({"certain": certain, "possible": 0});
    // What the first one let fall rested on it, and is not implied after the second either.
    assert_eq!(done["rested"], json!({"sessions": rested(1), "falls": rested(1)}));
    // Killed: what was acknowledged is there, and the same again is the same record.
    server.kill();
    let server = scratch.serve();
    let (status, again) = post(&server, &govern, &wanted());
    assert_eq!((status, &again["position"]), (200, &made["position"]), "{again}");
}

#[test]
fn on_a_live_ledger_it_is_dated_by_the_clock_and_the_time_of_asking_is_no_content() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let key = json!({"id": "k", "type": "idp.key_added", "occurred_at": "2026-03-10T09:00:00Z",
        "data": {"idp": "idp-x", "key": "X1"}});
    let file = scratch.file("key.jsonl", key.to_string());
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    let govern = scratch.token("acme", "govern");
    let server = scratch.serve();
    let (status, said) = post(&server, &govern, &with("from", json!("2999-01-01T00:00:00Z")));
    assert_eq!((status, &said["error"]["field"]), (422, &json!("from")), "{said}");
    let (status, made) = post(&server, &govern, &wanted());
    assert_eq!(status, 201, "{made}");
    // Recorded times have microseconds: the second request comes later than the first.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let (status, again) = post(&server, &govern, &wanted());
    assert_eq!((status, &again["position"]), (200, &made["position"]), "{again}");
    drop(server);
    let position = made["position"].to_string();
    let record = scratch.json(&["--tenant", "acme", "record", &position]);
    let (occurred, recorded) = (&record["occurredAt"], &made["recordedAt"]);
    assert!(occurred.as_str() <= recorded.as_str(), "{occurred} {recorded}");
    let date = |of: &Value| of.as_str().map(|text| text.chars().take(10).collect::<String>());
    assert_eq!(date(occurred), date(recorded), "{record}");
    // Of the key that was added no source but the tenant's is known: the ledger is none.
    let heard = scratch.json(&["--tenant", "acme", "completeness"]);
    let sources: Vec<&str> = heard["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|item| item["source"].as_str())
        .collect();
    assert_eq!(sources, ["acme"], "{heard}");
}

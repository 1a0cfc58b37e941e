//! Looks at a configuration: each is compared with the one before it, however it comes in, and
//! whatever happens to the process in between.

use crate::support::{Scratch, text};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    thread,
    time::Instant,
};

const LOOKS: u64 = 60;
const KILLS: u64 = 40;
const DIALECT: [&str; 2] = ["--as", "okta-config"];

fn at(minute: u64) -> String {
    format!("2026-03-10T{:02}:{:02}:00Z", 9 + minute / 60, minute % 60)
}

/// An identity provider as the API shows it. Its trust is on in every second state.
fn idp(id: &str, minute: u64) -> Value {
    json!({
        "id": id, "type": "SAML2", "name": format!("Workforce {id}"), "status": "ACTIVE",
        "created": at(0), "lastUpdated": at(minute),
        "protocol": {"type": "SAML2", "credentials": {"trust": {"issuer": "https://idp.example"}}},
        "policy": {"trustClaims": minute.is_multiple_of(2)},
    })
}

fn look(minute: u64, idps: &[Value]) -> String {
    json!({"looked_at": at(minute), "path": "/api/v1/idps", "body": idps}).to_string()
}

fn ledger() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    scratch
}

fn ingest(scratch: &Scratch, content: &str) -> (u64, u64) {
    let file = scratch.file("looks.jsonl", content);
    let report = scratch.json(&[&["ingest", &file], DIALECT.as_slice()].concat());
    let count = |name: &str| report[name].as_u64().expect("a count");
    assert_eq!(count("variants"), 0, "{report}");
    (count("stored"), count("repeated"))
}

fn head(scratch: &Scratch) -> u64 {
    scratch.json(&["status"])["head"].as_u64().expect("a size")
}

#[test]
fn two_commands_after_each_other_compare_their_looks() {
    let scratch = ledger();
    let (first, _) = ingest(&scratch, &look(10, &[idp("0oa1", 0)]));
    assert!(first > 0);
    assert_eq!(ingest(&scratch, &look(20, &[idp("0oa1", 0)])), (0, 0), "nothing changed");
    let both = look(22, &[idp("0oa1", 0), idp("0oa2", 0)]);
    let file = scratch.file("both.json", &both);
    let report = scratch.json(&[&["ingest", &file], DIALECT.as_slice()].concat());
    assert_eq!((&report["unchanged"], &report["stored"]), (&json!(1), &json!(1)), "{report}");
    let again = scratch.ok(&[&["ingest", &file], DIALECT.as_slice()].concat());
    assert!(again.contains("0 stored, 0 repeated, 0 variants, 2 unchanged."), "{again}");
    scratch.ok(&[
        &["ingest", &scratch.file("one.json", look(24, &[idp("0oa1", 0)]))],
        DIALECT.as_slice(),
    ]
    .concat());
    let (changed, _) = ingest(&scratch, &look(40, &[idp("0oa1", 31)]));
    assert!(changed > 0);
    let trust = scratch.json(&["trust"]).to_string();
    for bound in [at(24), at(31)] {
        assert!(trust.contains(&bound), "it changed between 09:24 and 09:31: {trust}");
    }
    let file = scratch.file("look.json", look(41, &[]));
    let refused =
        scratch.run(&[&["ingest", &file, "--expect", "S1=0"], DIALECT.as_slice()].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
}

/// No fact names such an object: its record does.
#[test]
fn an_object_that_is_not_understood_is_found_by_its_id() {
    let scratch = ledger();
    let stream = json!({"id": "0oastream", "type": "aws_eventbridge", "name": "Bus",
        "status": "ACTIVE", "created": at(0), "lastUpdated": at(0)});
    let policy = json!({"id": "00ppassword", "type": "PASSWORD", "name": "Passwords",
        "status": "ACTIVE", "lastUpdated": at(0)});
    let body = json!({"looked_at": at(1), "body": [stream, policy, {"id": "another"}]});
    assert_eq!(ingest(&scratch, &body.to_string()).0, 3);
    for id in ["0oastream", "00ppassword", "another"] {
        let found = scratch.ok(&["find", id]);
        assert!(found.contains("configured object"), "{found}");
    }
}

#[test]
fn a_killed_ingest_doubles_no_record() {
    let looks: Vec<String> = (1..=LOOKS).map(|n| look(n, &[idp("0oa1", n)])).collect();
    let content = looks.join("\n");
    let (clean, scratch) = (ledger(), ledger());
    let file = scratch.file("looks.jsonl", &content);
    let command = [&["ingest", &file, "--ack"], DIALECT.as_slice()].concat();
    let began = Instant::now();
    clean.ok(&command);
    let of_one = began.elapsed() / LOOKS as u32;
    for kill in 0..KILLS {
        let mut child =
            scratch.command(&command).stdout(Stdio::piped()).spawn().expect("the binary runs");
        let acks = BufReader::new(child.stdout.take().expect("piped")).lines();
        // Behind what the run before got to, at a moment between two acknowledgements.
        acks.take(2 + kill as usize).for_each(drop);
        thread::sleep(of_one * (kill * 7 % 10) as u32 / 10);
        child.kill().expect("it is killed");
        child.wait().expect("it ended");
    }
    ingest(&scratch, &content);
    assert_eq!(head(&scratch), head(&clean), "each state once");
    let more = [look(70, &[idp("0oa1", LOOKS)]), look(71, &[])].join("\n");
    let (deleted, repeated) = ingest(&scratch, &more);
    assert!(deleted > 0 && repeated == 0, "{deleted} stored, {repeated} repeated");
}

#[test]
fn requests_at_the_same_time_lose_no_look() {
    const CLIENTS: u64 = 4;
    const OBJECTS: u64 = 15;
    let scratch = ledger();
    let token = scratch.token("acme", "ingest,read");
    let server = scratch.serve();
    let post = |query: &str, body: &str| {
        let path = format!("/v1/facts?as=okta-config{query}");
        let (status, body) = server.post(&path, Some(&token), "application/json", body.as_bytes());
        (status, serde_json::from_str::<Value>(&body).expect("JSON"))
    };
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let post = &post;
            scope.spawn(move || {
                for n in 0..OBJECTS {
                    let object = idp(&format!("0oa-{client}-{n}."), 1).to_string();
                    let (status, body) = post("", &object);
                    assert_eq!(status, 200, "{body}");
                    let results = body["results"].as_array().expect("results");
                    assert!(!results.is_empty(), "each object is new");
                    assert!(results.iter().all(|result| result["outcome"] == "stored"), "{body}");
                }
            });
        }
    });
    let (status, body) = post("&session=S1&expectedRevision=0", &look(20, &[]));
    assert_eq!(status, 400, "{body}");
    let (status, body) = post("", "[]");
    assert_eq!((status, &body["error"]["code"]), (400, &json!("malformed")), "{body}");
    // The whole list is empty now: each of the identity providers was known, and is gone.
    let (status, body) = post("", &look(20, &[]));
    assert_eq!(status, 200, "{body}");
    let gone = body["results"].as_array().expect("results");
    for n in 0..CLIENTS * OBJECTS {
        let id = format!("0oa-{}-{}.", n % CLIENTS, n / CLIENTS);
        let named = |result: &Value| result["id"].as_str().is_some_and(|text| text.contains(&id));
        assert!(gone.iter().any(named), "{id} was forgotten: {body}");
    }
    server.kill();
    assert_eq!(ingest(&scratch, &look(21, &[])), (0, 0), "a command sees the look of a request");
}

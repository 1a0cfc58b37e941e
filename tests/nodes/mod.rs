//! Several nodes of one ledger, on a real PostgreSQL server.

mod copies;
mod faults;
mod fresh;
mod restored;
mod settings;
mod views;

use crate::support::{Scratch, postgres, shared_ledger::SharedLedger};
use serde_json::{Value, json};

/// What of an answer depends neither on pseudonyms and keys, which are random, nor on the time.
fn comparable(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for name in ["subject", "recordedAt", "status", "label", "cursor", "endCursor"] {
                    fields.remove(name);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}

#[test]
fn a_second_node_answers_what_the_first_one_took_in() {
    let questions: &[&[&str]] = &[
        &["why", "S1", "--app", "payroll"],
        &["session", "S7"],
        &["sessions"],
        &["decisions"],
        &["outlived"],
        &["completeness"],
    ];
    answers_of_two_nodes(&SharedLedger::new(postgres::shared()), questions);
}

#[test]
fn a_second_node_answers_what_the_first_one_took_in_on_the_double_of_kurrentdb() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let double = runtime.block_on(claimledger_kurrentdb_double::Double::start());
    let ledger = SharedLedger::new(postgres::shared()).with_log_on_double(&double.url());
    // Few questions: a command makes dozens of calls, and each goes over gRPC.
    answers_of_two_nodes(&ledger, &[&["why", "S1", "--app", "payroll"], &["sessions"]]);
    assert!(double.events("ledger-acme").len() > 80, "{:?}", double.streams());
    let database = postgres::shared();
    assert_eq!(database.psql(&ledger.database, "SELECT count(*) FROM claimledger.log_head"), "0");
}

fn answers_of_two_nodes(ledger: &SharedLedger, questions: &[&[&str]]) {
    let (first, second) = (ledger.node(), ledger.node());
    ledger.ingest_fixture(&first);
    let embedded = Scratch::fixture();
    for question in questions {
        let all = [&["--tenant", "acme"], *question].concat();
        let expected = comparable(embedded.json(&all));
        assert_eq!(comparable(first.json(&all)), expected, "{question:?}");
        assert_eq!(comparable(second.json(&all)), expected, "{question:?}");
    }
    assert!(comparable(second.json(&["--tenant", "acme", "sessions"])).to_string().len() > 500);
    for node in [&first, &second] {
        let verified = node.ok(&["--tenant", "acme", "verify"]);
        assert!(verified.contains("everything holds"), "{verified}");
    }
}

#[test]
fn what_one_server_acknowledged_another_one_knows() {
    let ledger = SharedLedger::new(postgres::shared());
    let (first, second) = (ledger.node(), ledger.node());
    first.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    let token = first.token("acme", "ingest,govern,read");
    let (first, second) = (first.serve(), second.serve());
    for number in 0..20 {
        let fact = json!({"id": format!("s{number}"), "type": "session.started",
            "occurred_at": "2026-03-02T08:00:00Z", "recorded_at": "2026-03-02T08:00:01Z",
            "session": format!("S{number}"), "subject": {"id": format!("p{number}")}, "data": {}});
        let writer = if number % 2 == 0 { &first } else { &second };
        let reader = if number % 2 == 0 { &second } else { &first };
        let (status, body) =
            writer.post("/v1/facts", Some(&token), "application/json", fact.to_string().as_bytes());
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let position = &answer["results"][0]["position"];
        let (status, _, body) = reader.post_with(
            &format!("/graphql?after={}", position.as_str().unwrap_or(&position.to_string())),
            Some(&token),
            &[("content-type", "application/json")],
            json!({"query": format!("{{ session(id: \"S{number}\") {{ session {{ id }} }} }}")})
                .to_string()
                .as_bytes(),
        );
        assert_eq!(status, 200, "{body}");
        assert!(body.contains(&format!("\"id\":\"S{number}\"")), "{number}: {body}");
    }
}

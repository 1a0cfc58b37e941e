//! A ledger in which a person's key was destroyed, through the shipped binary: its records are
//! folded, rebuilt and shown, and an event that names the same id later is about a new person.

use crate::support::{Scratch, text};
use claimledger_facts::ids::{Pseudonym, TenantId};
use claimledger_ledger::keys::KeyStore;
use claimledger_store::sqlite::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use std::path::Path;

/// What a text about a session says below it.
const ERASED: &str = "was destroyed: login, name, clients and all else that was sealed about this \
                      person was erased.";

const QUESTIONS: [&[&str]; 5] = [
    &["why", "S2", "--at", "2026-03-10T23:00:00Z", "--known-at", "80"],
    &["session", "S2", "--at", "2026-03-10T23:00:00Z", "--known-at", "80"],
    &["sessions", "--at", "2026-03-10T15:00:00Z", "--known-at", "80"],
    &["timeline", "S2", "--known-at", "80"],
    &["status", "--rows"],
];

const SESSION: &str = "query($id: ID!) { session(id: $id) { session {
    subject label { login name keyDestroyed } records { position } } } }";
const RECORD: &str = "query($position: Position!) {
    record(position: $position) { original personal sealed } }";

/// As an erasure will do it.
pub(crate) fn destroy(data: &Path, tenant: &str, pseudonym: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let store = SqliteStore::open(data, SqliteOptions::default()).await.expect("the ledger");
        let pseudonym = Pseudonym::new(pseudonym);
        store.keys().destroy(&TenantId::from(tenant), &pseudonym).await.expect("it is destroyed");
    });
}

#[test]
fn records_whose_key_was_destroyed_are_folded_rebuilt_and_shown() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let demo = crate::support::fixture::dir().join("acme.jsonl");
    scratch.ok(&["ingest", demo.to_str().expect("UTF-8")]);
    let token = scratch.token("acme", "read,investigate");
    let answers = || {
        QUESTIONS.map(|question| {
            let text = scratch.ok(question);
            let is_of_answer = |line: &&str| !line.is_empty() && !line.contains(ERASED);
            text.lines().filter(is_of_answer).collect::<Vec<_>>().join("\n")
        })
    };
    let says_erased = || {
        let texts = QUESTIONS.map(|question| scratch.ok(question).contains(ERASED));
        assert!(!scratch.ok(&["session", "S1"]).contains(ERASED), "of another person");
        texts
    };
    let before = answers();
    assert_eq!(says_erased(), [false; 5]);
    let found = scratch.ok(&["find", "S2"]);
    assert!(!found.contains("destroyed"), "{found}");
    let session_of = |id: &str| -> Value {
        let server = scratch.serve();
        server.graphql(&token, SESSION, json!({"id": id}))["session"]["session"].clone()
    };
    let session = session_of("S2");
    let bob = session["subject"].as_str().expect("a pseudonym").to_owned();
    assert_eq!(
        session["label"],
        json!({"login": "bob@acme.example", "name": "Bob", "keyDestroyed": false})
    );

    destroy(&scratch.data(), "acme", &bob);
    assert_eq!(answers(), before, "the facts stand in the clear");
    assert_eq!(says_erased(), [false, true, false, true, false], "of the session and its timeline");
    let json = scratch.json(&["session", "S2"]);
    assert!(json.get("erased").is_none(), "{json}");
    let found = scratch.ok(&["find", "S2"]);
    assert!(found.contains("; people whose key was destroyed: their login, name"), "{found}");
    // Nobody can say any more that there was no such login.
    let nothing = text(&scratch.run(&["find", "bob@acme.example"]).stdout);
    let words = "None seen, because people and clients of people whose key was destroyed cannot be";
    assert!(nothing.contains(words), "{nothing}");
    let position = session["records"][0]["position"].as_u64().expect("a position");
    let shown = scratch.ok(&["record", &format!("#{position}")]);
    assert!(
        shown.contains(&format!("{bob}: key destroyed"))
            && shown.contains("was destroyed")
            && !shown.contains("bob@acme.example"),
        "{shown}"
    );
    assert!(scratch.ok(&["rebuild"]).contains("equal"));
    for name in ["views", "views-wal", "views-shm"] {
        let _ = std::fs::remove_file(scratch.data().join(name));
    }
    assert_eq!(answers()[..4], before[..4], "folded from nothing");
    assert_eq!(
        session_of("S2")["label"],
        json!({"login": null, "name": null, "keyDestroyed": true})
    );
    {
        let server = scratch.serve();
        let answer = server.graphql(&token, RECORD, json!({"position": position}));
        let record = &answer["record"];
        assert_eq!(record["original"], Value::Null);
        assert_eq!(record["personal"][&bob], Value::Null);
        assert!(record["sealed"].as_str().expect("a reason").contains("destroyed"), "{record}");
    }

    let line = json!({"id": "late", "type": "app.accessed", "session": "S-late",
        "occurred_at": "2026-03-12T08:00:00Z", "recorded_at": "2026-03-12T08:00:00Z",
        "subject": {"id": "u-bob", "login": "bob@acme.example"}, "data": {"app": "wiki"}});
    scratch.ok(&["ingest", &scratch.file("late.jsonl", line.to_string())]);
    let late = session_of("S-late");
    assert_ne!(late["subject"], json!(bob), "another person, with a key of their own");
    assert_eq!(late["label"]["login"], "bob@acme.example");
    assert_eq!(session_of("S2")["label"]["keyDestroyed"], true);
}

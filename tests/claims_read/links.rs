//! Linked identities and linked sessions.

use super::{END, about, configured, decided, fact, ledger, rows, text, time, with};
use serde_json::json;

#[test]
fn linked_identities_are_one_person_for_losses_and_lists_from_when_that_is_known() {
    let mut facts = configured();
    let claim = |id: &str| {
        fact(
            id,
            "claims.received",
            "10:00:00",
            json!({"idp": "x", "assertion": id, "amr": ["pwd", "otp"], "key": "K"}),
        )
    };
    facts.push(claim("c-1"));
    facts.push(decided("decided", "11:30:00", "two"));
    let bob = json!({"id": "u-bob", "login": "bob@acme.example"});
    facts.push(with(with(claim("c-2"), "session", json!("B")), "subject", bob.clone()));
    // Named by login before they are seen: Carol's account comes up only later.
    facts.push(about(
        "link-c",
        "subject.linked",
        "09:00:00",
        json!({"id": "u-alice"}),
        json!({"other": "carol@acme.example", "same": true}),
    ));
    let carol = json!({"id": "u-carol", "login": "carol@acme.example"});
    facts.push(with(
        with(with(claim("c-3"), "session", json!("C")), "subject", carol),
        "recorded_at",
        json!(time("10:30:00")),
    ));
    facts.push(about(
        "lost",
        "authenticator.lost",
        "12:00:00",
        bob,
        json!({"methods": ["otp"], "from": time("11:00:00"), "actor": "help"}),
    ));
    facts.push(about(
        "link-b",
        "subject.linked",
        "13:00:00",
        json!({"id": "u-alice"}),
        json!({"other": "bob@acme.example", "same": true}),
    ));
    facts.push(about(
        "part-b",
        "subject.linked",
        "15:00:00",
        json!({"id": "u-bob"}),
        json!({"other": "u-alice", "same": false}),
    ));
    let scratch = ledger(facts);
    let ask = |known_at: &str, args: &[&str]| {
        let mut all = vec!["--tenant", "acme", "--at", END, "--known-at", known_at];
        all.extend(args);
        scratch.json(&all)
    };
    let (before, linked, parted) =
        ("2026-03-10T12:30:00Z", "2026-03-10T14:00:00Z", "2026-03-10T16:00:00Z");
    let of_alice = |known_at| {
        rows(&ask(known_at, &["sessions", "--subject", "u-alice"])["edges"], &["/node/id"])
    };
    assert_eq!(of_alice(before), ["S", "C"]);
    assert_eq!(of_alice(linked), ["S", "B", "C"]);
    assert_eq!(of_alice(parted), ["S", "C"]);
    assert_eq!(
        rows(&ask(linked, &["sessions", "--subject", "bob@acme.example"])["edges"], &["/node/id"]),
        ["S", "B", "C"]
    );
    let session = |known_at| ask(known_at, &["session", "S"])["session"].clone();
    let otp = |known_at| text(&session(known_at)["factors"][1]["until"]);
    assert_eq!(
        (otp(before), otp(linked), otp(parted)),
        ("null".to_owned(), time("11:00:00"), "null".to_owned())
    );
    assert_eq!(
        rows(&session(linked)["decisions"], &["/falsifiedLater/code", "/later/0/code"]),
        ["authenticator_lost authenticator_lost"]
    );
    let ended = |known_at| {
        rows(
            &ask(known_at, &["dependants", "--actor", "help"])["items"][0]["sessions"],
            &["/session"],
        )
    };
    assert_eq!(
        (ended(before), ended(linked)),
        (vec!["B".to_owned()], ["B", "C", "S"].map(str::to_owned).to_vec())
    );
}

#[test]
fn a_link_names_a_session_and_else_a_record_of_its_own_source() {
    let opened = |id: &str, source: &str, session: &str, at: &str| {
        with(
            with(fact(id, "app.accessed", at, json!({"app": "wiki"})), "source", json!(source)),
            "session",
            json!(session),
        )
    };
    let link = |id: &str, session: &str, to: &str| {
        with(
            fact(id, "session.linked", "11:00:00", json!({"to": to, "by": "root"})),
            "session",
            json!(session),
        )
    };
    let scratch = ledger(vec![
        opened("ev-1", "other", "A", "10:00:00"),
        opened("ev-1", "sp", "B", "10:00:01"),
        link("l-1", "C", "ev-1"),
        opened("D", "sp", "E", "10:00:02"),
        opened("d", "sp", "D", "10:00:03"),
        link("l-2", "F", "D"),
    ]);
    let aliases = |id: &str| {
        scratch.json(&["--tenant", "acme", "--at", END, "session", id])["session"]["aliases"]
            .clone()
    };
    assert_eq!(
        aliases("C"),
        json!(["C"]),
        "of two records of that id, the one of its own source: B"
    );
    assert_eq!(aliases("A"), json!([]));
    assert_eq!(
        aliases("D"),
        json!(["F"]),
        "a session of that name is meant, not the record that is named as it is"
    );
    assert_eq!(aliases("E"), json!([]));
}

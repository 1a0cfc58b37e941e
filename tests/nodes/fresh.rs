//! What one node acknowledged is what the other one answers with, at once.

use crate::support::{Server, postgres, shared_ledger::SharedLedger};
use serde_json::{Value, json};
use std::{collections::BTreeSet, thread};

/// Changes of trust that are asked for on the other node.
const CHANGES: usize = 1_000;
/// Administrators that make them at the same time, each of a provider of its own at a time.
const WRITERS: usize = 4;
/// Identity providers of each.
const PROVIDERS: usize = 5;
/// Persons that both nodes see for the first time, at the same time.
const PERSONS: usize = 100;

/// Appends one fact and returns its position.
fn append(server: &Server, token: &str, fact: &Value) -> u64 {
    let body = fact.to_string();
    let (status, body) = server.post("/v1/facts", Some(token), "application/json", body.as_bytes());
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    answer["results"][0]["position"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

/// Asks what is known once the read models have this position.
fn ask(server: &Server, token: &str, after: u64, query: &str) -> Value {
    let (status, _, body) = server.post_with(
        &format!("/graphql?after={after}"),
        Some(token),
        &[("content-type", "application/json")],
        json!({"query": query}).to_string().as_bytes(),
    );
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status}: {body}"));
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].clone()
}

#[test]
fn trust_that_is_changed_on_one_node_is_changed_on_the_other() {
    let ledger = SharedLedger::new(postgres::shared());
    let (first, second) = (ledger.node(), ledger.node());
    first.ok(&["init", "--tenant", "acme"]);
    let token = first.token("acme", "ingest,govern,read");
    let (first, second) = (first.serve(), second.serve());
    let nodes = [&first, &second];
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let token = &token;
            scope.spawn(move || {
                for n in 0..CHANGES / WRITERS {
                    // Each of the two nodes writes in turn, and the other one is asked.
                    let (written, asked) = (nodes[(writer + n) % 2], nodes[(writer + n + 1) % 2]);
                    change_and_ask(written, asked, token, writer, n);
                }
            });
        }
    });
}

/// Switches trust in an identity provider on or off on one node, and asks another one.
fn change_and_ask(written: &Server, asked: &Server, token: &str, writer: usize, n: usize) {
    let idp = format!("idp-{writer}-{}", n % PROVIDERS);
    let (label, trusted) = (format!("v{n}"), (n / PROVIDERS).is_multiple_of(2));
    let fact = json!({"id": format!("trust-{writer}-{n}"), "type": "idp.configured",
        "occurred_at": format!("2026-03-02T08:{:02}:{:02}Z", n / 60, n % 60),
        "data": {"idp": idp, "version": label, "kind": "okta_identity_engine",
            "status": "active", "trust_claims": trusted}});
    let position = append(written, token, &fact);
    let query = format!("{{ trust(idp: \"{idp}\") {{ versions {{ label inForce data }} }} }}");
    let answer = ask(asked, token, position, &query);
    let versions = answer["trust"]["versions"].as_array().unwrap();
    let in_force: Vec<_> =
        versions.iter().filter(|version| !version["inForce"].is_null()).collect();
    let [version] = in_force[..] else { panic!("{idp} {label}: {answer}") };
    assert_eq!(version["label"], label, "{idp}");
    let data = &version["data"];
    let stated = match data.as_str() {
        Some(text) => serde_json::from_str::<Value>(text).unwrap(),
        None => data.clone(),
    };
    assert_eq!(stated["trust_claims"], trusted, "{idp} {label}: {version}");
}

#[test]
fn a_person_that_two_nodes_see_first_has_one_key() {
    let ledger = SharedLedger::new(postgres::shared());
    let (first, second) = (ledger.node(), ledger.node());
    first.ok(&["init", "--tenant", "acme"]);
    let token = first.token("acme", "ingest,govern,read");
    let servers = [first.serve(), second.serve()];
    let both = std::sync::Barrier::new(2);
    let last = thread::scope(|scope| {
        let workers = [0, 1].map(|node| {
            let (server, token, both) = (&servers[node], &token, &both);
            scope.spawn(move || {
                let mut last = 0;
                for n in 0..PERSONS {
                    let fact = json!({"id": format!("s-{node}-{n}"), "type": "session.started",
                        "occurred_at": "2026-03-02T08:00:00Z", "session": format!("S-{node}-{n}"),
                        "subject": {"id": format!("person-{n}"), "login": format!("p{n}")},
                        "data": {}});
                    both.wait();
                    last = append(server, token, &fact);
                }
                last
            })
        });
        workers.map(|worker| worker.join().unwrap()).into_iter().max().unwrap()
    });
    let mut subjects = BTreeSet::new();
    for n in 0..PERSONS {
        let query = format!(
            "{{ a: session(id: \"S-0-{n}\") {{ session {{ subject }} }} b: session(id: \
             \"S-1-{n}\") {{ session {{ subject }} }} }}"
        );
        let answer = ask(&servers[n % 2], &token, last, &query);
        let of = |name: &str| answer[name]["session"]["subject"].as_str().unwrap().to_owned();
        assert_eq!(of("a"), of("b"), "person {n}");
        subjects.insert(of("a"));
    }
    assert_eq!(subjects.len(), PERSONS);
    let persons = "SELECT count(*) FROM claimledger.person";
    assert_eq!(postgres::shared().psql(&ledger.database, persons), PERSONS.to_string());
}

//! Sealed values: who may see and find them.

use super::{found, ledger, page};
use crate::support::okta_events::{event, labelled, with};
use serde_json::{Value, json};

const SEALED: &str = "{ record(position: 1) { sourceId original personal sealed } }";

#[test]
fn only_investigate_sees_sealed_values() {
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
    // None of it is stored in the clear.
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

//! Sealed values: who may see and find them.

use super::{found, ledger, page};
use crate::support::{
    Server, claimledger,
    okta_events::{event, labelled, with},
    text,
};
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

/// Two sessions: one from Berlin by a managed device, one from another address of its network.
fn clients() -> [Value; 3] {
    let from = |uuid: &str, at: &str, session: &str, client: Value| {
        with(event(uuid, "user.session.start", at, (session, uuid, uuid)), client)
    };
    [
        from(
            "berlin",
            "10:00:00",
            "idxBerlin",
            json!({"client": {"ipAddress": "203.0.113.7",
                    "geographicalContext": {"city": "Berlin", "country": "Germany"}},
                "securityContext": {"asNumber": 64496}, "device": {"id": "guoManaged"}}),
        ),
        from(
            "near",
            "11:00:00",
            "idxNear",
            json!({"client": {"ipAddress": "203.0.113.200",
                "userAgent": {"rawUserAgent": "curl/8.5"}}}),
        ),
        from("away", "12:00:00", "idxAway", json!({"client": {"ipAddress": "198.51.100.9"}})),
    ]
}

#[test]
fn sessions_are_listed_by_the_client_of_their_records() {
    let (scratch, _) = ledger(&clients());
    let sessions = |indicator: &str| -> Vec<String> {
        let answer = scratch.json(&["sessions", "--indicator", indicator]);
        let edges = answer["edges"].as_array().expect("edges").clone();
        edges.iter().map(|edge| edge["node"]["id"].as_str().expect("an id").to_owned()).collect()
    };
    for (indicator, expect) in [
        ("ip=203.0.113.7", &["idxBerlin"][..]),
        ("ip=203.0.113.0/24", &["idxBerlin", "idxNear"]),
        ("asn=64496", &["idxBerlin"]),
        ("device=guoManaged", &["idxBerlin"]),
        ("country=Germany", &["idxBerlin"]),
        ("city=berlin", &["idxBerlin"]),
        ("user_agent=curl/8.5", &["idxNear"]),
        ("city=Paris", &[]),
    ] {
        assert_eq!(sessions(indicator), expect, "{indicator}");
    }
    let found = scratch.json(&["find", "203.0.113.0/24"]);
    assert_eq!(found["items"][0]["sessions"], json!(["idxBerlin", "idxNear"]), "{found:#}");

    let refused = scratch.run(&["sessions", "--indicator", "ip=198.51.100.0/8"]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(text(&refused.stderr).contains("networks of /24 to /32"), "{refused:?}");
}

#[test]
fn an_indicator_is_neither_logged_nor_shown_to_another_role() {
    let (scratch, _) = ledger(&clients());
    let (read, investigate) =
        (scratch.token("acme", "read"), scratch.token("acme", "read,investigate"));
    let log = scratch.file("log", "");
    let mut shell = std::process::Command::new("sh");
    let serve = format!("exec \"$0\" \"$@\" 2>{log}");
    shell.arg("-c").arg(serve).arg(claimledger().get_program()).env("CLAIMLEDGER_LOG", "trace");
    let server = Server::start_by(shell, &scratch.data(), &[]);
    let query = "query($f: SessionFilter) { sessions(filter: $f) { \
        edges { cursor because { conclusion } node { id } } absence { code words } } }";
    let ask = |token: &str| {
        let filter = json!({"f": {"indicator": "ip=203.0.113.7"}});
        server.graphql(token, query, filter)["sessions"].clone()
    };
    let (seen, hidden) = (ask(&investigate), ask(&read));
    assert_eq!(seen["edges"][0]["node"]["id"], "idxBerlin", "{seen}");
    assert_eq!(
        (&hidden["edges"], &hidden["absence"]["code"]),
        (&json!([]), &json!("NOT_FOR_ROLE"))
    );
    assert!(!seen.to_string().contains("203.0.113.7"), "the answer repeats no address: {seen}");
    let (status, body) = server.graphql_raw(&read, query, json!({"f": {"indicator": "ip=7.7.7"}}));
    assert!(status == 200 && body.contains("an IP address, or a network"), "{status} {body}");
    let log = std::fs::read_to_string(log).expect("the log");
    assert!(log.contains("sessions") || log.contains("Sessions"), "questions are logged: {log}");
    for value in ["203.0.113", "7.7.7"] {
        assert!(!log.contains(value), "{log}");
    }
}

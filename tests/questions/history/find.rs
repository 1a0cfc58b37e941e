//! Where a text appears.

use super::{Asked, position, rows};
use crate::support;
use serde_json::json;

#[test]
fn find_shows_where_a_text_appears_and_nothing_of_another_tenant() {
    let asked = Asked::new();
    let find = |text: &str| {
        let query = format!(
            "{{ find(text: \"{text}\") {{ items {{ kind name matched count sessions records \
             {{ sourceId }} }} searched notSearched }} }}"
        );
        asked.graphql(&query)["find"].clone()
    };
    let hit = |text: &str, kind: &str| {
        let found = find(text);
        rows(&found, "items")
            .iter()
            .find(|hit| hit["kind"] == kind)
            .cloned()
            .unwrap_or_else(|| panic!("{text} as {kind}: {found}"))
    };
    for (text, kind, name, sessions) in [
        ("as-S2", "ASSERTION", "idp-x/as-S2", vec!["S2"]),
        ("is-S5", "IDP_SESSION", "idp-x/is-S5", vec!["S5"]),
        ("X1", "KEY", "idp-x/X1", vec!["S7", "S1", "S2", "S5"]),
        ("S3", "SESSION", "S3", vec!["S3"]),
        ("app-S5-payroll-1", "APP_SESSION", "app-S5-payroll-1", vec!["S5"]),
        ("S5-claims", "RECORD", "#46", vec!["S5"]),
        ("#46", "RECORD", "#46", vec!["S5"]),
        ("policy-payroll-v2", "RECORD", "#29", vec![]),
        ("idp-y", "IDP", "idp-y", vec!["S4"]),
        ("wiki", "APP", "wiki", vec!["S7", "S6", "S4"]),
    ] {
        let hit = hit(text, kind);
        let name = if name.starts_with('#') {
            format!("#{}", position(if text.starts_with('#') { "S5-claims" } else { text }))
        } else {
            name.to_owned()
        };
        assert_eq!(hit["name"], name);
        assert_eq!(hit["sessions"], json!(sessions), "{hit}");
    }
    let root = asked.graphql(
        "{ session(id: \"S3\") { session { rootSession subject } } }",
    )["session"]["session"]
        .clone();
    assert_eq!(
        hit(root["rootSession"].as_str().expect("a root"), "ROOT_SESSION")["sessions"],
        json!(["S3"])
    );
    assert_eq!(
        hit(root["subject"].as_str().expect("a pseudonym"), "PERSON")["sessions"],
        json!(["S3"])
    );
    let record = asked.graphql("{ record(position: 46) { id sourceId } }")["record"].clone();
    assert_eq!(
        hit(record["id"].as_str().expect("an id"), "RECORD")["records"],
        json!([{"sourceId": record["sourceId"]}])
    );

    // Investigators find people by name. For readers the answer says that names were not searched,
    // whether or not there is such a person.
    let carol = hit("carol@acme.example", "PERSON");
    assert_eq!([&carol["name"], &carol["sessions"]], [&root["subject"], &json!(["S3"])]);
    let ask = |text: &str| {
        asked.server.graphql(
            &asked.reader,
            &format!("{{ find(text: \"{text}\") {{ items {{ name }} searched notSearched }} }}"),
            json!({}),
        )["find"]
            .clone()
    };
    let of_carol = ask("carol@acme.example");
    assert_eq!(of_carol, ask("nobody@acme.example"));
    assert!(
        of_carol["notSearched"].to_string().contains("needs the role investigate"),
        "{of_carol}"
    );

    // Another tenant's data gets the same answer as data that does not exist; so does data that was
    // not known yet.
    let nothing = find("no-such-thing");
    for text in ["GX1", ""] {
        assert_eq!(rows(&find(text), "items").len(), 0, "{text}");
    }
    assert_eq!(find("GX1"), nothing);
    let before = (position("S5-claims") - 1).to_string();
    let args = ["find", "as-S5", "--known-at", &before];
    let token = asked.scratch.file("token", &asked.token);
    let out = support::claimledger()
        .args(["--url", &asked.server.url, "--token-file", &token])
        .args(args)
        .output()
        .expect("the binary runs");
    assert_eq!(out.status.code(), Some(1), "nothing is found: {}", support::text(&out.stdout));
    let cli = asked.cli(&["find", "X1"]);
    assert_eq!(
        rows(&cli, "items").iter().map(|hit| hit["name"].clone()).collect::<Vec<_>>(),
        ["idp-x/X1"]
    );
    assert!(asked.text(&["find", "carol@acme.example"]).contains("login, name or id"));
}

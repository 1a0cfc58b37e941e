//! Changes of trust.

use super::{Asked, position, rows};
use crate::support::{self, questions::asks};
use serde_json::{Value, json};

const ITEMS: &str = "kind of name words changes { field before after } actor ticket occurredAt \
                     recordedAt effectiveFrom late certainty record { position sourceId }";

#[test]
fn c3_who_changed_what_is_trusted_and_when() {
    let _question = asks(&["C3"]);
    let asked = Asked::new();
    let trust = asked.graphql(&format!(
        "{{ trust {{ items {{ {ITEMS} }} keys {{ key idp valid span {{ from \
            until }} }} answered {{ position }} }} }}"
    ))["trust"]
        .clone();
    let items = rows(&trust, "items");
    let row = |source_id: &str| {
        items
            .iter()
            .find(|row| row["record"]["sourceId"] == source_id)
            .unwrap_or_else(|| panic!("{source_id}: {items:#?}"))
    };
    let check = |row: &Value, by: [&str; 2], at: [&str; 2], change: [Option<&str>; 3]| {
        assert_eq!([&row["actor"], &row["ticket"]], by.map(|word| json!(word)).each_ref(), "{row}");
        assert_eq!(
            [&row["occurredAt"], &row["recordedAt"]],
            at.map(|time| json!(format!("2026-03-10T{time}Z"))).each_ref(),
            "{row}"
        );
        let of = |change: &Value| {
            [change["field"].clone(), change["before"].clone(), change["after"].clone()]
        };
        assert_eq!(
            rows(row, "changes").iter().map(of).collect::<Vec<_>>(),
            [change.map(|word| json!(word))],
            "{row}"
        );
    };
    let on = [Some("trust_claims"), Some("false"), Some("true")];
    check(row("idp-tx1"), ["admin-2", "T-1"], ["09:00:00", "09:00:00"], on);
    check(row("idp-ty1"), ["admin-1", "T-4"], ["09:00:00", "09:00:00"], on);
    let validity = |before, after| [Some("validity"), Some(before), Some(after)];
    check(
        row("key-X1-added"),
        ["admin-1", "T-5"],
        ["09:00:00", "09:00:00"],
        validity("never added", "valid"),
    );
    check(
        row("key-X2-added"),
        ["admin-1", "T-6"],
        ["13:00:00", "13:00:00"],
        validity("never added", "valid"),
    );
    check(
        row("key-X1-retired"),
        ["admin-1", "T-6"],
        ["13:30:00", "13:30:00"],
        validity("valid", "retired"),
    );
    check(
        row("retract-X1"),
        ["admin-1", "T-3"],
        ["15:10:00", "15:10:00"],
        validity("retired 13:30:00Z", "void from 13:40:00Z"),
    );
    assert_eq!(row("retract-X1")["effectiveFrom"], "2026-03-10T13:40:00Z");
    assert_eq!(row("retract-X1")["late"], true);
    assert_eq!(items.iter().filter(|row| row["late"] == true).count(), 1);

    let policies = asked.graphql(&format!(
        "{{ policies(policy: \"payroll\") {{ items {{ {ITEMS} }} versions {{ label inForce \
         replaces rules {{ rule asks }} }} }} }}"
    ))["policies"]
        .clone();
    let row = rows(&policies, "items")
        .iter()
        .find(|row| row["record"]["sourceId"] == "policy-payroll-v2")
        .expect("v2")
        .clone();
    assert_eq!([&row["actor"], &row["ticket"]], [&json!("admin-1"), &json!("T-2")]);
    assert_eq!([&row["occurredAt"], &row["recordedAt"]], [&json!("2026-03-10T12:00:00Z"); 2]);
    let asks = "two factor types, one of them possession that is phishing-resistant";
    assert_eq!(
        row["changes"],
        json!([{"field": "rules.payroll-1", "before": "any two factor types", "after": null},
            {"field": "rules.payroll-2", "before": null, "after": asks}])
    );
    assert_eq!(
        policies["versions"],
        json!([
            {"label": "v1", "inForce": null, "replaces": null,
                "rules": [{"rule": "payroll-1", "asks": "any two factor types"}]},
            {"label": "v2", "inForce": "CERTAIN", "replaces": "v1",
                "rules": [{"rule": "payroll-2", "asks": asks}]},
        ])
    );

    // The command line gives the same answer as text.
    let cli = asked.cli(&["trust"]);
    let words = |items: &[Value]| {
        items
            .iter()
            .map(|row| {
                [row["words"].clone(), row["changes"].clone(), row["record"]["position"].clone()]
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(words(rows(&cli, "items")), words(items));
    assert_eq!(
        words(rows(&asked.cli(&["policies", "--policy", "payroll"]), "items")),
        words(rows(&policies, "items"))
    );
    let text = asked.text(&["trust", "--idp", "idp-x"]);
    for part in [
        "idp-x tx0 → tx1: not trusted → trusted",
        "trust_claims false → true",
        "admin-2",
        "T-1",
        "X1 of idp-x retracted",
        "2026-03-10T15:10:00Z late",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("idp-y ty0"), "{text}");
    // As known before its record, nothing was retracted.
    let before = (position("retract-X1") - 1).to_string();
    assert!(!asked.text(&["trust", "--idp", "idp-x", "--known-at", &before]).contains("retracted"));
    let nobody = asked.run(&["trust", "--idp", "nobody"]);
    let said = (
        nobody.status.code(),
        support::text(&nobody.stderr).contains("No identity provider nobody is known."),
    );
    assert_eq!(said, (Some(1), true));
}

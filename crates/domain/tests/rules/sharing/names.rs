//! Display names beside ids, where a name is known.

use super::*;

fn named(kind: &str, object: &str, name: &str) -> Said {
    fact("09:00:00", "object.named", json!({"kind": kind, "object": object, "name": name}))
}

#[test]
fn trees_and_answers_name_what_they_show_an_id_of() {
    let ids = || {
        vec![
            org(),
            okta(),
            policy(json!({})),
            claims(NOON, &["pwd", "otp"]),
            decided(THEN, "allow"),
        ]
    };
    let names = [
        named("app", "a", "Payroll"),
        named("idp", "x", "Partner"),
        named("policy", "p", "Strict"),
        named("rule", "r", "Staff"),
    ];
    let g = given(ids().into_iter().chain(names));
    let tree = g.tree();
    for says in [
        "was let into Payroll (a) at",
        "Staff (r) of Strict (p) v1, in force",
        "Partner (x), in assertion a, received",
        "Partner (x) was trusted",
    ] {
        assert!(tree.contains(says), "{says}: {tree}");
    }
    let state = g.end();
    let of = &state.decisions[0];
    assert_eq!(of.recorded.app_name.as_deref(), Some("Payroll"));
    assert_eq!(of.under.policy_name.as_deref(), Some("Strict"));
    assert_eq!(of.under.rule_name.as_deref(), Some("Staff"));
    assert_eq!(state.origin.idp_name.as_deref(), Some("Partner"));
    // Without names, and where a name says no more than the id: as before.
    let bare = given(ids()).tree();
    assert!(bare.contains("was let into a at") && bare.contains("r of p v1, in force"), "{bare}");
    let same = given(ids().into_iter().chain([named("app", "a", "a")]));
    assert_eq!(same.tree(), bare);
    // As known at K: the names are records 6 to 9.
    let then = g.known_at("23:59:59", 5).unwrap();
    assert_eq!(then.decisions[0].recorded.app_name, None);
}

//! Rules that are not active (18, 19).

use super::*;

fn rules(rules: &[(&str, &str, &str)]) -> Said {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(rule, status, mode)| {
            json!({"rule": rule, "priority": 1, "access": "allow", "factor_mode": mode,
                "status": status})
        })
        .collect();
    fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": "p", "version": "v1", "kind": "app_sign_in", "rules": rules}),
    )
}

#[test]
fn a_rule_that_is_not_active_is_not_the_one_that_was_used_18() {
    let unnamed =
        || fact(THEN, "policy.decided", json!({"app": "a", "policy": "p", "outcome": "allow"}));
    let named = || decided(THEN, "allow");
    let open = "allow Undetermined missing rule";
    let cases: [(&str, Said, Said, &str); 5] = [
        (
            "the only active one",
            rules(&[("q", "inactive", "1fa"), ("r", "active", "1fa")]),
            unnamed(),
            "allow Allow",
        ),
        (
            "two active ones",
            rules(&[("q", "active", "1fa"), ("r", "active", "1fa")]),
            unnamed(),
            open,
        ),
        ("none is active", rules(&[("r", "inactive", "1fa")]), unnamed(), open),
        (
            "named and active",
            rules(&[("q", "active", "2fa"), ("r", "active", "1fa")]),
            named(),
            "allow Allow",
        ),
        ("named and inactive", rules(&[("r", "inactive", "1fa")]), named(), open),
    ];
    for (case, rules, decision, expected) in cases {
        row(case, [org(), third_party(), rules, claims(NOON, &["pwd"]), decision], expected);
    }
}

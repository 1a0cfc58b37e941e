//! Routing rules say which users go to which IdP, and nothing of what its claims are worth.

use super::*;

#[test]
fn a_routing_rule_changes_nothing_of_what_a_claim_is_worth() {
    let route = |idp: &str, status: &str| {
        fact(
            "08:30:00",
            "routing_rule.configured",
            json!({"rule": "route", "idp": idp, "status": status, "priority": 1}),
        )
    };
    let base = || {
        [
            org(),
            okta(),
            policy(json!({})),
            by_methods(NOON, &["password", "push"]),
            decided(THEN, "allow"),
        ]
    };
    let alone = given(base()).end();
    let routes = [("x", "active"), ("x", "inactive"), ("x", "deleted"), ("y", "active")];
    for (idp, status) in routes {
        let routed = given(base().into_iter().chain([route(idp, status)])).end();
        assert_eq!(routed.decisions, alone.decisions, "{idp} {status}");
        assert_eq!(routed.factors, alone.factors, "{idp} {status}");
    }
    assert_eq!(decisions(&alone), ["allow Allow"]);
}

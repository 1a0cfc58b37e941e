//! Which version of a policy was in force (17, 37).

use crate::given::*;
use serde_json::json;

#[test]
fn a_policy_that_was_inactive_is_not_the_one_that_was_used() {
    let off = fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": "p", "version": "v1", "kind": "app_sign_in", "status": "inactive",
        "rules": [{"rule": "r", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}),
    );
    given([org(), third_party(), off, claims("12:00:00", &["pwd"]), decided("12:00:01", "allow")])
        .decisions(&["allow Undetermined missing policy"]);
}

#[test]
fn the_version_in_force_is_meant_and_the_label_is_shown_17() {
    let later = fact(
        "12:00:00",
        "policy.configured",
        json!({"policy": "p", "version": "v2", "kind": "app_sign_in",
            "rules": [{"rule": "r", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}),
    );
    let named = fact(
        "12:00:01",
        "policy.decided",
        json!({"app": "a", "policy": "p", "outcome": "allow", "rule": "r", "version": "v1"}),
    );
    let state = given([
        org(),
        third_party(),
        policy(json!({})),
        later,
        claims("12:00:00", &["pwd"]),
        named,
    ])
    .end();
    assert_eq!(decisions(&state), ["allow Allow"]);
    let d = &state.decisions[0];
    assert_eq!(
        (
            d.under.version_label.as_ref().unwrap().as_str(),
            d.under.version_in_force.as_ref().unwrap().as_str()
        ),
        ("v1", "v2")
    );
}

#[test]
fn a_policy_change_between_two_polls_leaves_it_open_37() {
    let strict = policy_at(
        "11:00:00",
        json!({"alternatives": [{"possession": {"phishing_resistant": true}}]}),
    )
    .until("13:00:00");
    given([
        org(),
        third_party(),
        policy(json!({})),
        strict.clone(),
        claims("12:00:00", &["pwd", "otp"]),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Undetermined missing exact_time"]);
    // Both versions let it in: certain.
    given([
        org(),
        third_party(),
        policy(json!({})),
        strict,
        claims("12:00:00", &["pwd", "phr"]),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Allow"]);
}

#[test]
fn a_claim_and_a_decision_that_may_have_come_in_either_order_37() {
    let within = decided("11:59:00", "allow").until("12:01:00");
    given([org(), third_party(), policy(json!({})), claims("12:00:00", &["pwd", "otp"]), within])
        .decisions(&["allow Undetermined missing exact_time"]);
}

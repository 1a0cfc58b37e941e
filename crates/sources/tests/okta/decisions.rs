//! Decisions of policies, and applications that are accessed.

use super::{event, not_understood, only, read, with};
use claimledger_facts::{
    fact::FactData,
    types::factor::PolicyDecided,
    vocabulary::{Note, Outcome},
};
use serde_json::{Value, json};

#[test]
fn a_decision_names_the_rule_of_the_application_first() {
    let app = json!({"type": "AppInstance", "id": "0oaApp"});
    let rule = |name: &str, id: &str, policy: Value| {
        json!({"type": "Rule", "id": id,
        "alternateId": name, "detailEntry": {"policyId": policy, "policyName": "Any two"}})
    };
    let decide = |result: &str, targets: Value| {
        read(&with(
            "policy.evaluate_sign_on",
            json!({"outcome": {"result": result}, "target": targets}),
        ))
    };
    let decided = |result: &str, targets: Value| match &decide(result, targets).facts[0].data {
        FactData::PolicyDecided(PolicyDecided { app, policy, outcome, rule, .. }) => (
            app.as_str().to_owned(),
            policy.as_str().to_owned(),
            *outcome,
            rule.as_ref().map(|r| r.as_str().to_owned()),
        ),
        other => panic!("{other:?}"),
    };
    let expected = |app: &str, policy: &str, outcome, rule: &str| {
        (app.to_owned(), policy.to_owned(), outcome, Some(rule.to_owned()))
    };
    let global = rule("Global session policy", "0pr1", json!("00p1"));
    let both = json!([
        global,
        app,
        rule("Authenticator Enrollment Policy", "rulE", json!("e")),
        rule("Authentication policy", "rul1", json!("rst1"))
    ]);
    assert_eq!(decided("ALLOW", both), expected("0oaApp", "rst1", Outcome::Allow, "rul1"));
    assert_eq!(
        decided("CHALLENGE", json!([app, global])),
        expected("0oaApp", "00p1", Outcome::Challenge, "0pr1")
    );
    assert_eq!(
        decided("DENY", json!([app, rule("Authentication policy", "rul1", json!(null))])),
        expected("0oaApp", "rule:rul1", Outcome::Deny, "rul1")
    );
    let classic = json!([{"type": "PolicyRule", "id": "0pr2"},
        {"type": "PolicyEntity", "id": "00p2", "detailEntry": {"policyType": "OktaSignOn"}}]);
    assert_eq!(
        decided("ALLOW", classic),
        expected("okta_dashboard", "00p2", Outcome::Allow, "0pr2")
    );

    for lacking in [
        json!([app]),
        json!(null),
        json!([rule("Authenticator Enrollment Policy", "r", json!("p"))]),
        json!([{"type": "AppInstance"}, global]),
    ] {
        assert_eq!(decide("ALLOW", lacking).notes, [Note::NotUnderstood]);
    }
    assert_eq!(decide("SUCCESS", json!([app, global])).notes, [Note::NotUnderstood]);
}

#[test]
fn applications_are_accessed_by_users_and_administrators() {
    let app =
        |kind: &str, targets: Value| match only(&read(&with(kind, json!({"target": targets})))) {
            FactData::AppAccessed(accessed) => accessed.app.as_str().to_owned(),
            other => panic!("{other:?}"),
        };
    assert_eq!(
        app(
            "user.authentication.sso",
            json!([{"type": "AppUser", "id": "0ua"}, {"type": "AppInstance", "id": "0oaApp"}])
        ),
        "0oaApp"
    );
    assert_eq!(
        app("user.session.access_admin_app", json!([{"type": "AppInstance", "id": "0oaAdm"}])),
        "0oaAdm"
    );
    assert_eq!(app("user.session.access_admin_app", json!(null)), "okta_admin_console");
    not_understood(&event("user.authentication.sso"));
}

//! The global session policy: what a claim meets of it, and the guard on a rule that requires MFA.

use super::*;
use claimledger_domain::{
    history::{History, is_config},
    mfa_rule_guard,
};
use claimledger_facts::{ids::LogPosition, time::Occurred};

fn global(rule: Value) -> Said {
    let mut whole = json!({"rule": "r", "priority": 1, "access": "allow", "factor_mode": "1fa"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    fact(
        "08:00:00",
        "policy.configured",
        json!({"policy": "p", "version": "v1", "kind": "global_session", "rules": [whole]}),
    )
}

#[test]
fn a_claim_meets_the_mfa_requirement_of_the_global_session_policy() {
    let few = "allow Deny not_enough_factors differs not_enough_factors";
    let any = || json!({"require_mfa": true, "primary_factor": "password_idp_any_factor"});
    let first = || json!({"require_mfa": true, "primary_factor": "password_idp"});
    let cases: [(&str, &str, Value, &[&str], &str); 8] = [
        ("no MFA asked", "third_party", json!({"require_mfa": false}), &["pwd"], "allow Allow"),
        ("two types", "third_party", any(), &["pwd", "sms"], "allow Allow"),
        ("bare mfa", "third_party", any(), &["mfa"], "allow Allow"),
        ("one type", "third_party", any(), &["pwd"], few),
        ("the IdP is the first factor", "third_party", first(), &["otp", "pwd"], "allow Allow"),
        ("an Okta IdP", "okta_identity_engine", any(), &["pwd", "sms"], "allow Allow"),
        // A Classic IdP meets only "any factor used to meet the app sign-in policy".
        ("a Classic IdP, any factor", "okta_classic", any(), &["pwd", "sms"], "allow Allow"),
        ("a Classic IdP, password or IdP", "okta_classic", first(), &["pwd", "sms"], few),
    ];
    for (case, kind, rule, amr, expected) in cases {
        let idp = idp_at("08:00:00", kind, "active", true);
        let facts = [org(), idp, global(rule), claims(NOON, amr), decided(THEN, "allow")];
        row(case, facts, expected);
    }
}

#[test]
fn the_first_factor_is_the_password_or_an_idp() {
    let facts = |method: &str, primary: &str| {
        let rule = global(json!({"primary_factor": primary}));
        [org(), rule, verified(NOON, method), decided(THEN, "allow")]
    };
    row("a password", facts("password", "password_idp"), "allow Allow");
    row("a code", facts("otp", "password_idp"), "allow Deny knowledge differs knowledge");
    row("a code, any factor", facts("otp", "password_idp_any_factor"), "allow Allow");
    let tree = given(facts("password", "password_idp")).tree();
    assert!(tree.contains("any one factor or IdP; the password or an IdP first"), "{tree}");
}

#[test]
fn a_rule_that_requires_mfa_cannot_be_saved_without_trust_or_another_authenticator() {
    let off = |okta: bool, third: bool| {
        fact(
            "08:00:00",
            "org.configured",
            json!({"engine": "identity_engine", "claims_sharing": okta,
                "third_party_claims_sharing": third}),
        )
    };
    let closed = fact(
        "08:00:00",
        "authenticator.configured",
        json!({"method": "otp", "status": "inactive"}),
    );
    let idp = |kind, status, trust| idp_at("08:00:00", kind, status, trust);
    let cases: [(&str, Vec<Said>, bool); 8] = [
        ("nothing but the password", vec![org(), local("password")], false),
        ("another authenticator", vec![org(), local("password"), local("otp")], true),
        ("one that is inactive", vec![org(), local("password"), closed], false),
        ("trusted claims", vec![org(), local("password"), okta()], true),
        ("trust off", vec![org(), idp("okta_identity_engine", "active", false)], false),
        ("an inactive IdP", vec![org(), idp("okta_identity_engine", "inactive", true)], false),
        ("its feature off", vec![off(false, true), okta()], false),
        ("the feature of a third party", vec![off(false, true), third_party()], true),
    ];
    for (case, facts, allowed) in cases {
        let history: History =
            given(facts).0.into_iter().filter(|k| is_config(&k.fact.data)).collect();
        let guard = mfa_rule_guard(history.at(LogPosition(u64::MAX)), Occurred::at(time(NOON)));
        assert_eq!(guard.can_be_saved(), allowed, "{case}: {guard:?}");
    }
}

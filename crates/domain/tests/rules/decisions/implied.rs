//! Which decision the rules imply, and whether the logged one differs (18, 19).

use super::check;
use crate::given::*;
use claimledger_domain::model::{Agreement, Implied};
use claimledger_facts::vocabulary::Outcome;
use serde_json::{Value, json};

#[test]
fn a_deny_rule_denies_whatever_it_asks_for() {
    check(
        json!({"access": "deny", "factor_mode": "1fa"}),
        &["pwd"],
        "allow Deny rule_denies differs rule_denies",
    );
}

#[test]
fn challenge_where_local_authenticators_could_fill_the_gap_18() {
    let g = |methods: &[&str], asks: Value| {
        let rule = json!({"alternatives": [{"possession": asks}]});
        let base = [
            org(),
            third_party(),
            policy(rule),
            claims("12:00:00", &["pwd"]),
            decided("12:00:01", "deny"),
        ];
        given(base.into_iter().chain(methods.iter().map(|m| local(m))))
    };
    g(&["otp"], json!({})).decisions(&["deny Challenge not_enough_factors"]);
    g(&["otp"], json!({"phishing_resistant": true})).decisions(&["deny Deny not_enough_factors"]);
    g(&["webauthn"], json!({"phishing_resistant": true}))
        .decisions(&["deny Challenge not_enough_factors"]);
    g(&["password"], json!({})).decisions(&["deny Deny not_enough_factors"]);
    g(&[], json!({})).decisions(&["deny Deny not_enough_factors"]);
    assert!(
        g(&[], json!({})).tree().contains("Why not a challenge?  No local authenticator is known")
    );
    assert!(g(&["otp"], json!({})).tree().contains(
        "Why a challenge?  The local authenticator, otp, is active and open to enrolment"
    ));
}

#[test]
fn an_authenticator_that_is_inactive_or_closed_fills_no_gap_18() {
    for (status, enrollment) in [("inactive", "allowed"), ("active", "disabled")] {
        let closed = fact(
            "08:00:00",
            "authenticator.configured",
            json!({"method": "otp", "status": status, "enrollment": enrollment}),
        );
        given([
            org(),
            third_party(),
            closed,
            policy(json!({})),
            claims("12:00:00", &["pwd"]),
            decided("12:00:01", "deny"),
        ])
        .decisions(&["deny Deny not_enough_factors"]);
    }
}

#[test]
fn challenge_and_deny_are_alike_and_a_refusal_can_differ_19() {
    let g = |outcome, amr: &[&str]| {
        given([
            org(),
            third_party(),
            local("otp"),
            policy(json!({})),
            claims("12:00:00", amr),
            decided("12:00:01", outcome),
        ])
    };
    g("challenge", &["pwd"]).decisions(&["challenge Challenge not_enough_factors"]);
    g("deny", &["pwd"]).decisions(&["deny Challenge not_enough_factors"]);
    g("allow", &["pwd"])
        .decisions(&["allow Challenge not_enough_factors differs not_enough_factors"]);
    g("deny", &["pwd", "otp"]).decisions(&["deny Allow differs refused_though_met"]);
}

#[test]
fn nothing_stated_about_policy_or_rule_is_undetermined_13_18() {
    let base = || [org(), third_party(), claims("12:00:00", &["pwd", "otp"])];
    given(base().into_iter().chain([decided("12:00:01", "allow")]))
        .decisions(&["allow Undetermined missing policy"]);
    let unnamed = || {
        fact("12:00:01", "policy.decided", json!({"app": "a", "policy": "p", "outcome": "allow"}))
    };
    // Names none: the only rule.
    given(base().into_iter().chain([policy(json!({})), unnamed()])).decisions(&["allow Allow"]);
    let rule =
        |name: &str| json!({"rule": name, "priority": 1, "access": "allow", "factor_mode": "2fa"});
    let two = || {
        fact(
            "08:00:00",
            "policy.configured",
            json!({"policy": "p", "version": "v1", "kind": "app_sign_in",
                "rules": [rule("r1"), rule("r2")]}),
        )
    };
    given(base().into_iter().chain([two(), unnamed()]))
        .decisions(&["allow Undetermined missing rule"]);
    given(base().into_iter().chain([two(), decided("12:00:01", "allow")]))
        .decisions(&["allow Undetermined missing rule"]);
}

#[test]
fn neither_letting_in_is_no_difference_and_undetermined_never_is_one_19() {
    assert_eq!(Agreement::of(Outcome::Challenge, Implied::Deny), Agreement::Alike);
    assert_eq!(Agreement::of(Outcome::Deny, Implied::Allow), Agreement::Differs);
    assert_eq!(Agreement::of(Outcome::Allow, Implied::Challenge), Agreement::Differs);
    assert_eq!(Agreement::of(Outcome::Allow, Implied::Undetermined), Agreement::Undetermined);
    assert_eq!(Agreement::of(Outcome::Deny, Implied::Deny), Agreement::Same);
}

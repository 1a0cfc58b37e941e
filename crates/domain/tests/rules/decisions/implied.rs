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

/// A password was claimed where two factors are asked for.
fn with_password(more: impl IntoIterator<Item = Said>) -> Given {
    let base = [
        org(),
        third_party(),
        local("password"),
        policy(json!({})),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "challenge"),
    ];
    given(base.into_iter().chain(more))
}

#[test]
fn what_is_kept_for_recovery_fills_no_gap_and_is_said_to_be_kept_18() {
    let email = |allowed_for: &str| {
        let data = json!({"method": "email", "status": "active", "allowed_for": allowed_for});
        with_password([fact("08:00:00", "authenticator.configured", data)])
    };
    for (allowed_for, expected) in [
        ("any", "challenge Challenge not_enough_factors"),
        ("sso", "challenge Challenge not_enough_factors"),
        ("recovery", "challenge Deny not_enough_factors"),
        ("none", "challenge Deny not_enough_factors"),
    ] {
        email(allowed_for).decisions(&[expected]);
    }
    assert!(email("recovery").tree().contains("Email is kept for recovery."));
    assert!(email("none").tree().contains("Email is allowed for nothing."));
}

/// What perhaps fills the gap leaves it open, and the answer says what would tell.
#[test]
fn an_authenticator_of_which_not_everything_is_known_may_fill_the_gap_18() {
    let unread = |more: Value| {
        let mut data = json!({"authenticator": "aut-1", "key": "okta_verify", "status": "active"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fact("08:00:00", "authenticator.listed", data)
    };
    let state = |g: &Given| {
        let state = g.at("23:00:00");
        let decision = &state.decisions[0];
        (decision.made.implied, decision.made.missing.clone())
    };
    let methods = vec!["authenticator_methods"];
    for (listed, expected) in [
        (json!({}), (Implied::Undetermined, methods.clone())),
        (json!({"may_give": ["push"]}), (Implied::Undetermined, methods)),
        (json!({"may_give": []}), (Implied::Deny, vec![])),
        (json!({"status": "inactive"}), (Implied::Deny, vec![])),
    ] {
        assert_eq!(state(&with_password([unread(listed.clone())])), expected, "{listed}");
    }
    let tree = with_password([unread(json!({}))]).tree();
    for line in [
        "Okta_verify (aut-1) is active, and its methods are not stated.",
        "Which methods an active authenticator gives would settle it.",
    ] {
        assert!(tree.contains(line), "{line}\nin\n{tree}");
    }
    // Whether it was off by then is known as an interval only.
    let off = fact(
        "11:00:00",
        "authenticator.configured",
        json!({"method": "webauthn", "status": "inactive"}),
    );
    let perhaps = with_password([local("webauthn"), off.until("13:00:00")]);
    assert_eq!(state(&perhaps), (Implied::Undetermined, vec!["exact_time"]));
}

/// The rule that a decision names was there, so a version without it was not in force.
#[test]
fn a_version_without_the_rule_that_is_named_was_not_in_force_19() {
    let one = || policy(json!({"factor_mode": "1fa"}));
    let replaced = || policy_at("09:00:00", json!({"rule": "other"})).until("13:00:00");
    let inactive = |factor_mode: &str| {
        let rule = json!({"status": "inactive", "factor_mode": factor_mode});
        policy_at("09:00:00", rule).until("13:00:00")
    };
    let by_then = |version: Said, decision: Said| {
        let base = [org(), third_party(), one(), version, claims("12:00:00", &["pwd"])];
        given(base.into_iter().chain([decision]))
    };
    by_then(replaced(), decided("12:00:01", "allow")).decisions(&["allow Allow"]);
    by_then(inactive("1fa"), decided("12:00:01", "allow")).decisions(&["allow Allow"]);
    // What else changed of the rule may have changed before it was switched off.
    by_then(inactive("2fa"), decided("12:00:01", "allow"))
        .decisions(&["allow Undetermined missing exact_time"]);
    // One that names no rule leaves it open.
    let unnamed =
        fact("12:00:01", "policy.decided", json!({"app": "a", "policy": "p", "outcome": "allow"}));
    by_then(replaced(), unnamed).decisions(&["allow Undetermined missing exact_time"]);
    // Another rule of this name asks for more: that is open still.
    let stricter = policy_at("09:00:00", json!({})).until("13:00:00");
    by_then(stricter, decided("12:00:01", "allow"))
        .decisions(&["allow Undetermined missing exact_time"]);
}

//! What a rule of an app sign-in policy asks for.

use super::{Org, facts, rule, two_factors};
use claimledger_facts::{
    fact::FactData,
    types::policy::{Alternative, Possession, Rule},
    vocabulary::{Access, FactorMode, Method},
};
use serde_json::{Value, json};

fn read_object(object: &Value) -> Rule {
    let found = facts(&Org::new().see(object), |data| match data {
        FactData::PolicyConfigured(data) => Some(data.rules.clone()),
        _ => None,
    });
    let [(_, rules)] = &found[..] else { panic!("{object}") };
    rules[0].clone()
}

fn read(method: Value) -> Rule {
    read_object(&rule("p1", "r1", "09:00", method))
}

fn two(constraints: Value) -> Rule {
    read(json!({"type": "ASSURANCE", "factorMode": "2FA", "constraints": constraints}))
}

fn present() -> Possession {
    Possession { user_presence: Some(true), ..Possession::default() }
}

/// A knowledge factor, which is the password.
fn password() -> Alternative {
    Alternative {
        knowledge: Some(true),
        knowledge_methods: vec![Method::Password],
        ..Alternative::default()
    }
}

fn any_possession() -> Vec<Method> {
    let knowledge = [Method::Password, Method::SecurityQuestion];
    Method::ALL.iter().copied().filter(|method| !knowledge.contains(method)).collect()
}

#[test]
fn a_rule_without_constraint_is_any_factors() {
    let none: &[Alternative] = &[];
    for constraints in [json!([]), json!([{}]), json!(null), json!([{}, {"knowledge": {}}])] {
        let rule = two(constraints.clone());
        assert_eq!(
            (rule.factor_mode, &rule.alternatives[..]),
            (FactorMode::TwoFactor, none),
            "{constraints}"
        );
        assert_eq!(rule.other_verification, None);
    }
    let rule = read(two_factors());
    assert_eq!((rule.reauthenticate_in_secs, rule.status, rule.priority), (Some(43_200), None, 1));
    let one = json!({"type": "ASSURANCE", "factorMode": "1FA", "reauthenticateIn": "PT43800H"});
    let rule = read(one);
    assert_eq!(rule.factor_mode, FactorMode::OneFactor);
    assert_eq!(rule.reauthenticate_in_secs, Some(157_680_000));
}

#[test]
fn constraints_are_alternatives_and_their_classes_hold_together() {
    let rule = two(json!([
        {"knowledge": {"types": ["password"], "reauthenticateIn": "PT2H"},
         "possession": {"required": true, "deviceBound": "REQUIRED", "reauthenticateIn": "PT0S",
            "hardwareProtection": "OPTIONAL", "phishingResistant": "REQUIRED",
            "userPresence": "OPTIONAL", "userVerification": "REQUIRED"}},
        {"possession": {}}
    ]));
    let first = Alternative {
        knowledge: Some(true),
        knowledge_methods: vec![Method::Password],
        knowledge_reauthenticate_in_secs: Some(7_200),
        possession: Some(Possession {
            device_bound: Some(true),
            phishing_resistant: Some(true),
            user_verification: Some(true),
            reauthenticate_in_secs: Some(0),
            ..Possession::default()
        }),
        ..Alternative::default()
    };
    let second = Alternative { possession: Some(present()), ..Alternative::default() };
    assert_eq!(rule.alternatives, [first, second]);
}

/// Okta's documentation has one alternative without the list around it.
#[test]
fn one_constraint_may_stand_alone() {
    let rule = two(json!({"knowledge": {"required": true, "types": ["password"]}}));
    assert_eq!(rule.alternatives, [password()]);
}

#[test]
fn a_password_is_the_form_of_a_rule_and_no_list_of_methods() {
    for types in [json!(["password"]), json!(["PASSWORD"])] {
        let rule = two(json!([{"knowledge": {"types": types}}]));
        assert_eq!(rule.alternatives, [password()]);
    }
    // The class does not ask for it, and says what counts.
    let limits = two(json!([{"knowledge": {"required": false, "types": ["password"]}}]));
    assert_eq!(limits.alternatives, [Alternative { knowledge: None, ..password() }]);
    // Other types, and methods, are lists.
    for list in [json!({"types": ["security_question"]}), json!({"methods": ["PASSWORD"]})] {
        let rule = two(json!([{"knowledge": list}]));
        let [alternative] = &rule.alternatives[..] else { panic!("{rule:?}") };
        assert!(alternative.knowledge_methods.is_empty() && !alternative.allow_methods.is_empty());
    }
    // With a list beside it, both hold; of two that exclude each other nothing can be met.
    let both = json!({"types": ["password"], "methods": ["PASSWORD", "SECURITY_QUESTION"]});
    let rule = two(json!([{"knowledge": both}]));
    assert!(!rule.alternatives[0].allow_methods.contains(&Method::SecurityQuestion));
    let neither = json!({"types": ["password"], "methods": ["SECURITY_QUESTION"]});
    let rule = two(json!([{"knowledge": neither}]));
    assert_eq!(rule.other_verification.as_deref(), Some("unknown_method"));
}

#[test]
fn a_class_with_excluded_methods_only_limits() {
    let excluded = json!([{"key": "okta_email", "method": "email"},
        {"key": "phone_number", "method": "sms"}, {"key": "phone_number", "method": "voice"}]);
    let rule = two(json!([{"knowledge": {"required": true, "types": ["password"]},
        "possession": {"required": false, "userPresence": "REQUIRED",
            "excludedAuthenticationMethods": excluded}}]));
    let expected = Alternative {
        exclude_methods: vec![Method::Email, Method::Sms, Method::Voice],
        ..password()
    };
    assert_eq!(rule.alternatives, [expected]);
    // Without `required`, excluded methods say the same.
    let implied = two(json!([{"possession": {"excludedAuthenticationMethods": excluded}}]));
    assert_eq!((implied.alternatives[0].possession.clone(), implied.alternatives.len()), (None, 1));
}

/// Limits on characteristics are the second factor's where two types are asked for; where one
/// suffices, a knowledge factor does without.
#[test]
fn limits_of_a_class_that_is_not_required_are_kept() {
    let bound = Possession { device_bound: Some(true), ..present() };
    let limits = json!([{"possession": {"required": false, "deviceBound": "REQUIRED"}}]);
    let rule = two(limits.clone());
    assert_eq!(rule.alternatives.len(), 1);
    assert_eq!(rule.alternatives[0].possession, Some(bound.clone()));
    let one = json!({"type": "ASSURANCE", "factorMode": "1FA", "constraints": limits});
    let rule = read(one);
    let knowledge = Alternative { knowledge: Some(true), ..Alternative::default() };
    let possession = Alternative { possession: Some(bound), ..Alternative::default() };
    assert_eq!(rule.alternatives, [knowledge, possession]);
}

#[test]
fn a_list_of_one_class_leaves_the_other_free() {
    let allowed = |constraint: Value| {
        let rule = two(json!([constraint]));
        assert_eq!(rule.other_verification, None);
        let [alternative] = &rule.alternatives[..] else { panic!("{rule:?}") };
        alternative.allow_methods.clone()
    };
    let idp = json!({"authenticationMethods": [{"id": "aut1", "key": "external_idp",
        "method": "idp"}]});
    assert_eq!(
        allowed(json!({"possession": idp})),
        [Method::Password, Method::SecurityQuestion, Method::ExternalIdp]
    );
    assert_eq!(
        allowed(json!({"possession": idp, "knowledge": {"types": ["password"]}})),
        [Method::Password, Method::ExternalIdp]
    );
    let password = json!({"authenticationMethods": [{"key": "okta_password",
        "method": "password"}]});
    let mut expected = vec![Method::Password];
    expected.extend(any_possession());
    assert_eq!(allowed(json!({"knowledge": password})), expected);
    // Words of the older fields; of several lists of one class, what is in all of them.
    assert_eq!(
        allowed(json!({"knowledge": {"methods": ["PASSWORD"]},
            "possession": {"types": ["PHONE", "EMAIL"], "methods": ["SMS", "EMAIL", "TOTP"]}})),
        [Method::Password, Method::Email, Method::Sms]
    );
    assert_eq!(
        allowed(json!({"possession": {"authenticationMethods": [{"key": "okta_verify"}]},
            "knowledge": {"types": ["SECURITY_QUESTION"]}})),
        [Method::SecurityQuestion, Method::Totp, Method::Push, Method::SignedNonce]
    );
}

#[test]
fn a_rule_that_denies_asks_for_nothing() {
    let mut object = rule("p1", "r1", "09:00", two_factors());
    object["actions"]["appSignOn"]["access"] = json!("DENY");
    let rule = read_object(&object);
    assert_eq!((rule.access, rule.factor_mode), (Access::Deny, FactorMode::OneFactor));
    assert_eq!(rule.reauthenticate_in_secs, None);
}

/// A rule that gives no priority does not come before those that do.
#[test]
fn a_rule_without_priority_comes_last() {
    let mut object = rule("p1", "r1", "09:00", two_factors());
    object.as_object_mut().unwrap().remove("priority");
    assert_eq!(read_object(&object).priority, 99);
}

#[test]
fn chains_are_sequences_of_which_one_suffices() {
    let entry = |key: &str, method: &str| json!({"key": key, "method": method});
    let rule = read(json!({"type": "AUTH_METHOD_CHAIN", "chains": [
        {"authenticationMethods": [entry("okta_password", "password")], "next": [
            {"authenticationMethods": [entry("webauthn", "webauthn"), entry("google_otp", "otp")],
             "reauthenticateIn": "PT2H"}]},
        {"authenticationMethods": [entry("okta_verify", "signed_nonce")], "next": [],
         "reauthenticateIn": "PT12H"}]}));
    let expected = vec![
        vec![vec![Method::Password], vec![Method::Otp, Method::Webauthn]],
        vec![vec![Method::SignedNonce]],
    ];
    assert_eq!((rule.chains, rule.factor_mode), (expected, FactorMode::OneFactor));
    assert_eq!((rule.reauthenticate_in_secs, rule.other_verification), (Some(7_200), None));
    let branched =
        read(json!({"type": "AUTH_METHOD_CHAIN", "reauthenticateIn": "PT0S", "chains": [
        {"authenticationMethods": [entry("okta_password", "password")], "next": [
            {"authenticationMethods": [entry("phone_number", "sms")]},
            {"authenticationMethods": [entry("duo", "duo")]}]}]}));
    let expected = vec![
        vec![vec![Method::Password], vec![Method::Sms]],
        vec![vec![Method::Password], vec![Method::Duo]],
    ];
    assert_eq!((branched.chains, branched.reauthenticate_in_secs), (expected, Some(0)));
}

/// A rule that seems to ask for less than it does would let in: what cannot be expressed makes it
/// undetermined.
#[test]
fn what_a_fact_cannot_express_is_another_verification() {
    let entry = json!([{"key": "okta_verify", "method": "push", "userVerification": "REQUIRED"}]);
    let branches: Vec<Value> = (0..65)
        .map(|_| json!({"authenticationMethods": [{"key": "okta_email", "method": "email"}]}))
        .collect();
    let assurance = |constraint: Value| {
        let list = json!([constraint]);
        json!({"type": "ASSURANCE", "factorMode": "2FA", "constraints": list})
    };
    for (method, expected) in [
        (json!({"type": "AUTO_LOGIN"}), "auto_login"),
        (json!({"type": "Something new!"}), "unknown"),
        (json!({"type": "ASSURANCE", "factorMode": "3FA"}), "unknown_factor_mode"),
        (
            json!({"type": "ASSURANCE", "factorMode": "2FA", "reauthenticateIn": "P1Y"}),
            "unread_duration",
        ),
        (assurance(json!({"possession": {"methods": ["TELEPATHY"]}})), "unknown_method"),
        (
            assurance(json!({"possession": {"authenticationMethods": [{"key": "made_up"}]}})),
            "unknown_method",
        ),
        (
            assurance(json!({"possession": {"authenticationMethods": entry}})),
            "method_characteristics",
        ),
        (
            assurance(json!({"possession": {"userVerification": "REQUIRED",
            "userVerificationMethods": ["BIOMETRICS"]}})),
            "user_verification_methods",
        ),
        (assurance(json!({"knowledge": {"reauthenticateIn": "soon"}})), "unread_duration"),
        (assurance(json!({"possession": {"phishingResistant": true}})), "unknown_characteristic"),
        (assurance(json!({"possession": {"deviceBound": "required"}})), "unknown_characteristic"),
        (assurance(json!({"biometrics": {"required": true}})), "unknown_constraint"),
        (assurance(json!(null)), "unknown_constraint"),
        (assurance(json!([{}])), "unknown_constraint"),
        (json!({"type": "AUTH_METHOD_CHAIN", "chains": []}), "empty_chain"),
        (
            json!({"type": "AUTH_METHOD_CHAIN", "chains": [{"authenticationMethods": entry}]}),
            "method_characteristics",
        ),
        (json!({"type": "AUTH_METHOD_CHAIN", "chains": branches}), "too_many_chains"),
    ] {
        let rule = read(method.clone());
        assert_eq!(rule.other_verification.as_deref(), Some(expected), "{method}");
        assert!(rule.alternatives.is_empty() && rule.chains.is_empty(), "{method}");
    }
}

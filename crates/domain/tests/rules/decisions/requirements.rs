//! What a rule requires, and what the characteristics of methods meet (14, 40).

use super::check;
use crate::given::*;
use serde_json::{Value, json};

#[test]
fn number_of_factor_types() {
    check(json!({}), &["pwd", "otp"], "allow Allow");
    check(json!({}), &["pwd", "kba"], "allow Deny not_enough_factors differs not_enough_factors");
    check(json!({}), &["pwd"], "allow Deny not_enough_factors differs not_enough_factors");
    check(json!({"factor_mode": "1fa"}), &["pwd"], "allow Allow");
}

#[test]
fn no_constraint_in_three_spellings_40() {
    for rule in [json!({}), json!({"alternatives": []}), json!({"alternatives": [{}]})] {
        check(rule, &["mfa"], "allow Allow");
    }
}

#[test]
fn bare_mfa_meets_no_constraint_14() {
    check(
        json!({"alternatives": [{"possession": {}}]}),
        &["mfa", "pwd"],
        "allow Deny not_enough_factors differs not_enough_factors",
    );
    check(
        json!({"alternatives": [{"knowledge": true}]}),
        &["mfa"],
        "allow Deny not_enough_factors differs not_enough_factors",
    );
}

#[test]
fn inherence_counts_only_without_constraints() {
    check(json!({}), &["pwd", "fpt"], "allow Allow");
    check(
        json!({"alternatives": [{"knowledge": true}]}),
        &["pwd", "fpt"],
        "allow Deny not_enough_factors differs not_enough_factors",
    );
}

#[test]
fn possession_with_characteristics() {
    let rule = |asks: Value| json!({"alternatives": [{"possession": asks}]});
    check(rule(json!({})), &["pwd", "sms"], "allow Allow");
    check(
        rule(json!({"device_bound": true})),
        &["pwd", "sms"],
        "allow Deny device_bound differs device_bound",
    );
    check(rule(json!({"device_bound": true})), &["pwd", "otp"], "allow Allow");
    check(
        rule(json!({"phishing_resistant": true})),
        &["pwd", "pop"],
        "allow Deny phishing_resistant differs phishing_resistant",
    );
    check(rule(json!({"user_presence": true})), &["pwd", "sms"], "allow Allow");
    check(
        rule(json!({"user_verification": true})),
        &["pwd", "hwk"],
        "allow Deny user_verification differs user_verification",
    );
    check(rule(json!({"user_verification": true})), &["hwk", "fpt", "pwd"], "allow Allow");
    check(
        rule(json!({"hardware_protected": true, "phishing_resistant": true})),
        &["pwd", "hwk", "phr"],
        "allow Allow",
    );
    check(
        json!({"factor_mode": "1fa", "alternatives": [{"possession": {}}]}),
        &["pwd"],
        "allow Deny possession differs possession",
    );
    // A field that says false asks for nothing.
    check(rule(json!({"phishing_resistant": false})), &["pwd", "sms"], "allow Allow");
}

#[test]
fn characteristics_of_different_standalone_values_do_not_add_up_14() {
    check(
        json!({"alternatives": [{"possession": {"hardware_protected": true}}]}),
        &["otp", "sms", "pwd"],
        "allow Deny hardware_protected differs hardware_protected",
    );
}

#[test]
fn knowledge() {
    check(
        json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]}),
        &["pwd"],
        "allow Allow",
    );
    check(
        json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]}),
        &["otp"],
        "allow Deny knowledge differs knowledge",
    );
}

#[test]
fn order_of_unmet_18() {
    // Types, then knowledge, then possession, then characteristics.
    check(
        json!({"alternatives": [{"knowledge": true, "possession": {"phishing_resistant": true}}]}),
        &["sms"],
        "allow Deny not_enough_factors differs not_enough_factors",
    );
    check(
        json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true, "possession": {}}]}),
        &["sms"],
        "allow Deny knowledge differs knowledge",
    );
}

#[test]
fn any_alternative_suffices_and_the_one_that_lacks_least_is_told_40() {
    let rule = json!({"alternatives": [{"possession": {"phishing_resistant": true,
        "hardware_protected": true}}, {"possession": {"device_bound": true}}]});
    check(rule.clone(), &["pwd", "otp"], "allow Allow");
    check(rule, &["pwd", "sms"], "allow Deny device_bound differs device_bound");
    // The first on a tie.
    let tie = json!({"alternatives": [{"possession": {"hardware_protected": true}},
        {"possession": {"phishing_resistant": true}}]});
    check(tie, &["pwd", "sms"], "allow Deny hardware_protected differs hardware_protected");
}

#[test]
fn third_party_values_cannot_meet_a_list_of_methods() {
    check(
        json!({"alternatives": [{"allow_methods": ["password", "sms"]}]}),
        &["pwd", "sms"],
        "allow Deny not_enough_factors differs not_enough_factors",
    );
    check(
        json!({"alternatives": [{"exclude_methods": ["email"]}]}),
        &["pwd", "sms"],
        "allow Deny not_enough_factors differs not_enough_factors",
    );
}

#[test]
fn lists_of_methods_for_okta_claims() {
    let g = |rule: Value| {
        let methods = json!([{"method": "password", "properties": ["user_presence"]},
            {"method": "sms", "properties": ["user_presence"]}]);
        given([
            org(),
            okta(),
            policy(rule),
            claim("12:00:00", json!({"methods": methods})),
            decided("12:00:01", "allow"),
        ])
    };
    g(json!({"alternatives": [{"allow_methods": ["password", "sms"]}]}))
        .decisions(&["allow Allow"]);
    g(json!({"alternatives": [{"allow_methods": ["password"]}]}))
        .decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
    g(json!({"alternatives": [{"exclude_methods": ["sms"]}]}))
        .decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
    // An amr value that may stand for several methods leaves a list open.
    let amr = |values: &[&str]| {
        let rule = json!({"alternatives": [{"exclude_methods": ["webauthn"]}]});
        given([
            org(),
            okta(),
            policy(rule),
            claims("12:00:00", values),
            decided("12:00:01", "allow"),
        ])
    };
    amr(&["pwd", "pop"]).decisions(&["allow Undetermined missing method"]);
    amr(&["pwd", "sms"]).decisions(&["allow Allow"]);
}

/// A security question is knowledge, and no password (`types` of a knowledge class).
#[test]
fn a_password_that_is_asked_for_is_no_security_question() {
    let asked = json!({"alternatives": [{"knowledge": true, "knowledge_methods": ["password"],
        "possession": {}}]});
    let any = json!({"alternatives": [{"knowledge": true, "possession": {}}]});
    let day = |rule: &Value, factors: Vec<Said>| {
        let base = [org(), third_party(), policy(rule.clone())];
        given(base.into_iter().chain(factors).chain([decided("12:00:05", "deny")]))
    };
    let local = |knows: &str| vec![verified("12:00:00", knows), verified("12:00:00", "webauthn")];
    let lacks = "deny Deny not_enough_factors";
    let allows = "deny Allow differs refused_though_met";
    for (rule, factors, expected) in [
        (&asked, local("security_question"), lacks),
        (&asked, local("password"), allows),
        (&any, local("security_question"), allows),
        // `pwd` of a third-party IdP is the password, `kba` the security question; it is no list
        // of methods, which would keep both out.
        (&asked, vec![claims("12:00:00", &["kba", "hwk"])], lacks),
        (&asked, vec![claims("12:00:00", &["pwd", "hwk"])], allows),
        (&any, vec![claims("12:00:00", &["kba", "hwk"])], allows),
    ] {
        day(rule, factors).decisions(&[expected]);
    }
    let tree = day(&asked, local("security_question")).tree();
    assert!(tree.contains("knowledge by password and possession"), "{tree}");
    assert!(tree.contains("security_question counted, but not for this rule"), "{tree}");
    // Where no knowledge is required, what counts as such is limited all the same.
    let limits = json!({"alternatives": [{"knowledge_methods": ["password"]}]});
    day(&limits, local("security_question")).decisions(&[lacks]);
    day(&limits, local("password")).decisions(&[allows]);
}

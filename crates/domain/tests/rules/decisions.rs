//! Implied decisions (18, 40), differences (19), what they rested on (20, 41), reauthentication
//! (36).

use crate::given::*;
use claimledger_domain::model::{Agreement, FactorType, Implied, SessionState};
use claimledger_facts::vocabulary::FactorMode;
use claimledger_facts::vocabulary::Outcome;
use serde_json::{Value, json};

/// A third-party claim, then a decision to allow.
fn asserted(rule: Value, amr: &[&str]) -> Given {
    given([
        org(),
        third_party(),
        policy(rule),
        claims("12:00:00", amr),
        decided("12:00:01", "allow"),
    ])
}

#[track_caller]
fn check(rule: Value, amr: &[&str], expected: &str) {
    asserted(rule, amr).decisions(&[expected]);
}

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

#[test]
fn a_deny_rule_denies_whatever_it_asks_for() {
    check(
        json!({"access": "deny", "factor_mode": "1fa"}),
        &["pwd"],
        "allow Deny rule_denies differs rule_denies",
    );
}

#[test]
fn a_chain_is_not_read_yet() {
    check(
        json!({"chain": ["password", "otp"]}),
        &["pwd", "otp"],
        "allow Undetermined missing method_chain",
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

#[test]
fn local_factors_count_beside_claimed_ones() {
    given([
        org(),
        third_party(),
        policy(json!({})),
        claims("12:00:00", &["pwd"]),
        verified("12:00:01", "otp"),
        decided("12:00:02", "allow"),
    ])
    .decisions(&["allow Allow"]);
    // They may meet a rule that lists methods.
    let rule = policy(json!({"factor_mode": "1fa", "alternatives": [{"allow_methods": ["otp"]}]}));
    given([
        org(),
        third_party(),
        rule,
        claims("12:00:00", &["pwd"]),
        verified("12:00:01", "otp"),
        decided("12:00:02", "allow"),
    ])
    .decisions(&["allow Allow"]);
}

#[test]
fn the_logged_characteristics_are_preferred_and_the_table_fills_in() {
    let rule = || {
        policy(json!({"factor_mode": "1fa",
                "alternatives": [{"possession": {"hardware_protected": true}}]}))
    };
    let g = |fact| given([org(), rule(), fact, decided("12:00:01", "allow")]);
    // Not logged: it depends on the key.
    g(verified("12:00:00", "webauthn")).decisions(&["allow Undetermined missing properties"]);
    let logged = |properties: Value| {
        fact("12:00:00", "factor.verified", json!({"method": "webauthn", "properties": properties}))
    };
    g(logged(json!(["device_bound", "hardware_protected"]))).decisions(&["allow Allow"]);
    g(logged(json!(["device_bound"])))
        .decisions(&["allow Deny hardware_protected differs hardware_protected"]);
    let state = given([verified("12:00:00", "totp")]).end();
    assert_eq!(
        state.factors[0].characteristics.iter().map(|p| p.as_str()).collect::<Vec<_>>(),
        ["device_bound", "user_presence"]
    );
}

#[test]
fn reauthentication_bounds_local_factors_half_open_36() {
    let g = |at: &str| {
        let rule = policy(json!({"factor_mode": "1fa", "alternatives": [{"possession": {}}],
                "reauthenticate_in_secs": 3600}));
        given([org(), rule, verified("12:00:00", "otp"), decided(at, "allow")])
    };
    g("12:59:59").decisions(&["allow Allow"]);
    g("13:00:00").decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
    assert!(
        g("13:00:00")
            .tree()
            .contains("otp was verified at 12:00:00Z, too long before this decision."),
        "{}",
        g("13:00:00").tree()
    );
    // It does not end the factor's interval.
    assert_eq!(g("13:00:00").end().factors[0].until, None);
}

#[test]
fn reauthenticate_every_time_means_since_the_previous_decision_36() {
    let rule = policy(json!({"factor_mode": "1fa", "alternatives": [{"possession": {}}],
            "reauthenticate_in_secs": 0}));
    given([
        org(),
        rule,
        verified("12:00:00", "otp"),
        decided("12:00:01", "allow"),
        decided("12:10:00", "allow"),
    ])
    .decisions(&["allow Allow", "allow Deny not_enough_factors differs not_enough_factors"]);
}

#[test]
fn reauthentication_does_not_bound_claims_unless_sourcing_is_fixed_9() {
    let g = |sourcing: Option<Value>| {
        let rule = policy(json!({"reauthenticate_in_secs": 60}));
        let base = [
            org(),
            third_party(),
            rule,
            claims("12:00:00", &["pwd", "otp"]),
            decided("18:00:00", "allow"),
        ];
        given(
            base.into_iter()
                .chain(sourcing.map(|s| fact("08:00:00", "claim_sourcing.configured", s))),
        )
    };
    g(None).decisions(&["allow Allow"]);
    g(Some(json!({"redirect": "none"}))).decisions(&["allow Allow"]);
    g(Some(json!({"redirect": "fixed"}))).decisions(&["allow Undetermined missing claim_sourcing"]);
    // Included: absent is every IdP, empty is none (44).
    g(Some(json!({"redirect": "fixed", "include": []}))).decisions(&["allow Allow"]);
    g(Some(json!({"redirect": "fixed", "include": ["x"]})))
        .decisions(&["allow Undetermined missing claim_sourcing"]);
}

#[test]
fn the_federation_itself_meets_any_one_factor_or_idp_38() {
    let one = || policy(json!({"factor_mode": "1fa"}));
    let started = |data| fact("12:00:00", "session.started", data);
    given([
        org(),
        third_party(),
        one(),
        started(json!({"idp": "x"})),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Allow"]);
    given([org(), one(), started(json!({})), decided("12:00:01", "allow")])
        .decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
    // An alternative that asks for something is not met by it.
    let constrained = policy(json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]}));
    given([
        org(),
        third_party(),
        constrained,
        started(json!({"idp": "x"})),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
}

#[test]
fn a_decision_counts_only_what_came_before_it() {
    given([
        org(),
        third_party(),
        policy(json!({})),
        decided("11:59:59", "allow"),
        claims("12:00:00", &["pwd", "otp"]),
        decided("12:00:00", "allow"),
    ])
    .decisions(&["allow Deny not_enough_factors differs not_enough_factors", "allow Allow"]);
}

#[test]
fn nothing_counts_after_the_end() {
    let end = fact("13:00:00", "session.ended", json!({"reason": "logout"}));
    given([
        org(),
        third_party(),
        policy(json!({})),
        claims("12:00:00", &["pwd", "otp"]),
        end,
        decided("13:00:00", "allow"),
    ])
    .decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
}

fn relied(state: &SessionState, decision: usize) -> Vec<(&str, bool)> {
    state.decisions[decision]
        .relied_on
        .iter()
        .map(|r| (state.factors[r.factor].name.as_str(), r.needed))
        .collect()
}

#[test]
fn rested_on_everything_earlier_by_record_and_says_what_was_needed_20() {
    let rule = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let state = asserted(rule, &["pwd", "hwk", "phr", "kba"]).end();
    // Without pwd there is kba, and the other way round; without hwk, phr has it itself.
    assert_eq!(relied(&state, 0), [("pwd", false), ("hwk", false), ("phr", true), ("kba", false)]);
    // Two of a pool are needed together.
    let both = json!({"alternatives": [{"possession": {"phishing_resistant": true,
        "hardware_protected": true}}]});
    let state = asserted(both, &["pwd", "hwk", "phr"]).end();
    assert_eq!(relied(&state, 0), [("pwd", true), ("hwk", true), ("phr", true)]);
}

#[test]
fn nothing_was_needed_for_a_rule_that_did_not_hold_20() {
    assert_eq!(relied(&asserted(json!({}), &["pwd"]).end(), 0), [("pwd", false)]);
}

#[test]
fn rested_on_what_the_decision_names_41() {
    let named = fact(
        "12:00:02",
        "policy.decided",
        json!({"app": "a", "policy": "p", "outcome": "allow", "rule": "r", "relied_on": ["otp-1"]}),
    );
    let state = given([
        org(),
        third_party(),
        policy(json!({"factor_mode": "1fa"})),
        claims("12:00:00", &["pwd"]),
        verified("12:00:01", "otp").id("otp-1"),
        named,
    ])
    .end();
    assert_eq!(relied(&state, 0), [("otp", false)]);
}

#[test]
fn a_void_claim_is_rested_on_by_record_8() {
    let g = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        key_retired("09:00:00", "K"),
        policy(json!({})),
        claim("12:00:00", json!({"amr": ["pwd", "otp"], "key": "K"})),
        decided("12:00:01", "allow"),
    ]);
    assert_eq!(relied(&g.end(), 0), [("pwd", true), ("otp", true)]);
    assert!(g.end().decisions[0].made.met.factor_types.is_empty());
}

#[test]
fn what_was_met_at_the_decision_by_the_rules() {
    let state = asserted(json!({}), &["pwd", "otp"]).end();
    let met = &state.decisions[0].made.met;
    assert_eq!(met.factor_types, [FactorType::Knowledge, FactorType::Possession]);
    assert_eq!(
        met.characteristics.iter().map(|p| p.as_str()).collect::<Vec<_>>(),
        ["device_bound", "user_presence"]
    );
    assert_eq!((met.counted.join(" "), met.perhaps.len()), ("pwd otp".to_owned(), 0));
    assert_eq!(state.decisions[0].under.factor_mode, Some(FactorMode::TwoFactor));
}

#[test]
fn what_perhaps_counts_is_named_apart_and_no_rule_has_no_mode_13() {
    let state =
        given([org(), claims("12:00:00", &["pwd", "otp"]), decided("12:00:01", "allow")]).end();
    let decision = &state.decisions[0];
    assert_eq!(
        (decision.made.met.counted.len(), decision.made.met.perhaps.join(" ")),
        (0, "pwd otp".to_owned())
    );
    assert_eq!(
        (decision.under.factor_mode, decision.made.missing.as_slice()),
        (None, ["policy"].as_slice())
    );
    assert_eq!(decision.at_k.met, decision.made.met);
}

#[test]
fn whatever_may_be_missing_has_somebody_who_could_supply_it_or_says_that_the_rules_do_not_read_it()
{
    use claimledger_domain::codes::{self, Supplier, supplier};
    assert_eq!(supplier(codes::MISSING_POLICY), Supplier::ServiceProvider("policy.configured"));
    assert_eq!(supplier(codes::MISSING_KEY), Supplier::EitherProvider("claims.received"));
    assert_eq!(supplier(codes::MISSING_EXACT_TIME), Supplier::WhoToldAnInterval);
    for unread in
        [codes::MISSING_ENGINE_MIX, codes::MISSING_METHOD_CHAIN, codes::MISSING_CLAIM_SOURCING]
    {
        assert_eq!(supplier(unread), Supplier::Rules, "{unread}");
    }
}

#[test]
fn characteristics_that_the_rule_does_not_ask_for_are_not_missing() {
    let later = Said {
        id: Some("t2"),
        ..idp_at("11:50:00", "okta_identity_engine", "active", false).until("12:10:00")
    };
    let g = |rule: Value| {
        let push =
            claim("12:00:00", json!({"methods": [{"method": "push"}, {"method": "password"}]}));
        given([org(), okta(), later.clone(), policy(rule), push, decided("12:00:01", "allow")])
    };
    g(json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]}))
        .decisions(&["allow Undetermined missing exact_time"]);
    g(json!({"factor_mode": "1fa", "alternatives": [{"possession": {"device_bound": true}}]}))
        .decisions(&["allow Undetermined missing exact_time"]);
    g(json!({"factor_mode": "1fa", "alternatives": [{"possession": {"hardware_protected": true}}]}))
        .decisions(&["allow Undetermined missing exact_time properties"]);
}

#[test]
fn neither_letting_in_is_no_difference_and_undetermined_never_is_one_19() {
    assert_eq!(Agreement::of(Outcome::Challenge, Implied::Deny), Agreement::Alike);
    assert_eq!(Agreement::of(Outcome::Deny, Implied::Allow), Agreement::Differs);
    assert_eq!(Agreement::of(Outcome::Allow, Implied::Challenge), Agreement::Differs);
    assert_eq!(Agreement::of(Outcome::Allow, Implied::Undetermined), Agreement::Undetermined);
    assert_eq!(Agreement::of(Outcome::Deny, Implied::Deny), Agreement::Same);
}

//! Three fates of a claim: void, ignored, counted (7), and what the values mean (14, 15, 39).

use crate::given::*;
use claimledger_domain::model::{Certainty, FactorType};
use claimledger_facts::vocabulary::Property;
use serde_json::json;

const NOON: &str = "12:00:00";

#[test]
fn third_party_values_count_as_the_table_says() {
    given([org(), third_party(), claims(NOON, &["pwd", "otp"])]).fates(&["pwd", "otp"]);
}

#[test]
fn an_unknown_value_is_ignored_and_no_error() {
    given([org(), third_party(), claims(NOON, &["pwd", "geo", "email"])]).fates(&[
        "pwd",
        "geo ignored unknown_value",
        "email ignored unknown_value",
    ]);
}

#[test]
fn trust_off_ignores_and_the_sign_in_stands_7() {
    let g = given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        policy(json!({"factor_mode": "1fa"})),
        claims(NOON, &["pwd"]),
        decided("12:00:01", "allow"),
    ]);
    g.fates(&["pwd ignored trust_off"]);
    g.decisions(&["allow Allow"]);
}

#[test]
fn all_reasons_are_listed_7() {
    let off = fact(
        "08:00:00",
        "org.configured",
        json!({"engine": "identity_engine", "claims_sharing": true,
            "third_party_claims_sharing": false}),
    );
    let g = given([
        off,
        idp_at("08:00:00", "third_party", "inactive", false),
        key_added("08:00:00", "K"),
        key_retired("09:00:00", "K"),
        claim(NOON, json!({"amr": ["pwd", "geo"], "key": "K"})),
    ]);
    g.fates(&[
        "pwd ignored trust_off feature_off idp_inactive key_retired",
        "geo ignored trust_off feature_off unknown_value idp_inactive key_retired",
    ]);
}

#[test]
fn the_feature_is_the_one_for_that_kind_of_idp() {
    let org = |okta: bool, third: bool| {
        fact(
            "08:00:00",
            "org.configured",
            json!({"engine": "identity_engine", "claims_sharing": okta,
                "third_party_claims_sharing": third}),
        )
    };
    given([org(false, true), third_party(), claims(NOON, &["pwd"])]).fates(&["pwd"]);
    given([org(true, false), third_party(), claims(NOON, &["pwd"])])
        .fates(&["pwd ignored feature_off"]);
    given([org(false, true), okta(), claims(NOON, &["pwd"])]).fates(&["pwd ignored feature_off"]);
    given([org(true, false), okta(), claims(NOON, &["pwd"])]).fates(&["pwd"]);
}

#[test]
fn an_organisation_never_stated_has_its_features_on_38() {
    let g = given([
        third_party(),
        policy(json!({})),
        claims(NOON, &["pwd", "otp"]),
        decided("12:00:01", "allow"),
    ]);
    g.decisions(&["allow Allow"]);
    assert!(g.tree().contains("as nothing is stated about the organisation"), "{}", g.tree());
}

#[test]
fn an_inactive_or_deleted_idp_voids_and_the_federation_falls_38() {
    for (status, code) in [("inactive", "idp_inactive"), ("deleted", "idp_deleted")] {
        let g = given([
            org(),
            idp_at("08:00:00", "third_party", status, true),
            policy(json!({"factor_mode": "1fa"})),
            claims(NOON, &["pwd"]),
            decided("12:00:01", "allow"),
        ]);
        g.fates(&[&format!("pwd by_record void {code}")]);
        g.decisions(&[&format!("allow Deny not_enough_factors differs {code}")]);
    }
}

#[test]
fn a_third_party_idp_that_sends_no_amr_is_void() {
    let one = || policy(json!({"factor_mode": "1fa"}));
    let g = given([org(), third_party(), one(), claims(NOON, &[]), decided("12:00:01", "allow")]);
    g.fates(&["no amr ignored no_amr"]);
    g.decisions(&["allow Deny not_enough_factors differs no_amr"]);
    // Without shared claims it is an ordinary federation.
    given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        one(),
        claims(NOON, &[]),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Allow"]);
    let off = fact(
        "08:00:00",
        "org.configured",
        json!({"engine": "identity_engine", "claims_sharing": true,
            "third_party_claims_sharing": false}),
    );
    given([off, third_party(), one(), claims(NOON, &[]), decided("12:00:01", "allow")])
        .decisions(&["allow Allow"]);
    // An Okta IdP that says nothing has nothing to honor.
    given([org(), okta(), one(), claims(NOON, &[]), decided("12:00:01", "allow")])
        .decisions(&["allow Allow"]);
}

#[test]
fn trust_is_judged_at_receipt_9() {
    let off_later = idp_at("13:00:00", "third_party", "active", false);
    let g = given([
        org(),
        third_party(),
        off_later,
        policy(json!({})),
        claims(NOON, &["pwd", "otp"]),
        decided("14:00:00", "allow"),
    ]);
    g.fates(&["pwd", "otp"]);
    g.decisions(&["allow Allow"]);
    // On from later on does not help.
    let on_later = idp_at("13:00:00", "third_party", "active", true);
    given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        on_later,
        claims(NOON, &["pwd"]),
    ])
    .fates(&["pwd ignored trust_off"]);
}

#[test]
fn a_change_counts_from_its_own_instant_1() {
    given([
        org(),
        third_party(),
        idp_at(NOON, "third_party", "active", false),
        claims(NOON, &["pwd"]),
    ])
    .fates(&["pwd ignored trust_off"]);
}

#[test]
fn the_last_snapshot_in_the_total_order_wins_17() {
    // Same instant, same source: the source's id decides, whatever was recorded first.
    let off = idp_at("08:00:00", "third_party", "active", false).id("b");
    let on = idp_at("08:00:00", "third_party", "active", true).id("a");
    given([off.clone(), on.clone(), claims(NOON, &["pwd"])]).fates(&["pwd ignored trust_off"]);
    given([on, off, claims(NOON, &["pwd"])]).fates(&["pwd ignored trust_off"]);
}

#[test]
fn a_factor_only_idp_does_not_vouch_for_knowledge() {
    let factor_only = fact(
        "08:00:00",
        "idp.configured",
        json!({"idp": "x", "version": "t1", "kind": "third_party", "status": "active",
            "trust_claims": true, "usage": "factor_only"}),
    );
    given([org(), factor_only, claims(NOON, &["pwd", "kba", "hwk"])]).fates(&[
        "hwk",
        "pwd ignored factor_only_idp",
        "kba ignored factor_only_idp",
    ]);
}

#[test]
fn values_that_describe_a_key_pool_14() {
    let state = given([org(), third_party(), claims(NOON, &["hwk", "phr", "otp", "pwd"])]).end();
    let of = |name: &str| state.factors.iter().find(|f| f.name == name).unwrap();
    assert_eq!(
        of("hwk").characteristics,
        [Property::DeviceBound, Property::HardwareProtected, Property::UserPresence]
    );
    assert_eq!(
        of("hwk").pool,
        [
            Property::DeviceBound,
            Property::HardwareProtected,
            Property::PhishingResistant,
            Property::UserPresence
        ]
    );
    assert_eq!(of("phr").pool, of("hwk").pool);
    assert_eq!(of("otp").pool, []);
    assert_eq!(of("pwd").characteristics, []);
}

#[test]
fn a_biometric_needs_a_key_beside_it_14() {
    let alone = given([org(), third_party(), claims(NOON, &["fpt", "otp"])]).end();
    assert_eq!(
        (alone.factors[0].factor_type, alone.factors[0].characteristics.len()),
        (FactorType::Inherence, 0)
    );
    let with_key = given([org(), third_party(), claims(NOON, &["fpt", "hwk"])]).end();
    assert!(with_key.factors[0].characteristics.contains(&Property::UserVerifying));
    assert!(with_key.factors[1].pool.contains(&Property::UserVerifying));
}

#[test]
fn webauthn_of_an_okta_idp_says_pop_and_is_not_phishing_resistant_39() {
    let g = |claimed| {
        given([
            org(),
            okta(),
            policy(json!({"alternatives": [{"possession": {"phishing_resistant": true}}]})),
            claim(NOON, claimed),
            decided("12:00:01", "allow"),
        ])
    };
    g(json!({"amr": ["pwd", "pop"]}))
        .decisions(&["allow Deny phishing_resistant differs phishing_resistant"]);
    // Methods with properties outrank amr (15).
    let methods = json!([{"method": "password"}, {"method": "webauthn",
        "properties": ["device_bound", "phishing_resistant", "user_presence"]}]);
    let g = g(json!({"amr": ["pwd", "pop"], "methods": methods}));
    g.fates(&["password", "webauthn"]);
    g.decisions(&["allow Allow"]);
}

#[test]
fn okta_does_not_accept_custom_authenticators_39() {
    for method in ["external_idp", "smart_card", "custom_app", "custom_otp"] {
        let claimed = json!({"methods": [{"method": "password", "properties": ["user_presence"]},
            {"method": method, "properties": ["device_bound"]}]});
        given([org(), okta(), claim(NOON, claimed)])
            .fates(&["password", &format!("{method} ignored custom_authenticator")]);
    }
    given([org(), okta(), claims(NOON, &["pwd", "fed", "sc"])]).fates(&[
        "pwd",
        "fed ignored custom_authenticator",
        "sc ignored custom_authenticator",
    ]);
    // A third-party IdP's smart card counts: the two rule sets differ.
    given([org(), third_party(), claims(NOON, &["pwd", "sc"])]).fates(&["pwd", "sc"]);
}

#[test]
fn other_amr_of_an_okta_idp_is_plain_possession_39() {
    let state = given([org(), okta(), claims(NOON, &["pwd", "okta_verify"])]).end();
    let factor = &state.factors[1];
    assert_eq!(
        (factor.name.as_str(), factor.factor_type, factor.characteristics.len()),
        ("okta_verify", FactorType::Possession, 0)
    );
}

#[test]
fn nothing_stated_about_the_idp_is_possible_13() {
    let g = given([
        org(),
        policy(json!({})),
        claims(NOON, &["pwd", "otp"]),
        decided("12:00:01", "allow"),
    ]);
    g.fates(&["pwd possible idp", "otp possible idp"]);
    g.decisions(&["allow Undetermined missing idp"]);
    // The federation stands (38).
    let one = policy(json!({"factor_mode": "1fa"}));
    given([org(), one, claims(NOON, &["pwd"]), decided("12:00:01", "allow")])
        .decisions(&["allow Allow"]);
}

#[test]
fn what_was_not_seen_could_fill_the_gap_13() {
    let two = || policy(json!({}));
    given([
        org(),
        third_party(),
        two(),
        claim(NOON, json!({"readable": false})),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Undetermined missing unreadable"]);
    given([org(), okta(), two(), claim(NOON, json!({})), decided("12:00:01", "allow")])
        .decisions(&["allow Undetermined missing claim_content"]);
    // Not where the claim is ignored anyway.
    given([
        org(),
        idp_at("08:00:00", "okta_identity_engine", "active", false),
        two(),
        claim(NOON, json!({})),
        decided("12:00:01", "allow"),
    ])
    .decisions(&["allow Deny not_enough_factors differs not_enough_factors"]);
    given([org(), third_party(), claim(NOON, json!({"readable": false}))])
        .fates(&["unreadable claim ignored unreadable"]);
}

#[test]
fn a_trust_change_between_two_polls_leaves_it_open_6_37() {
    let off = || idp_at("11:00:00", "third_party", "active", false).until("13:00:00");
    let g = given([
        org(),
        third_party(),
        off(),
        policy(json!({})),
        claims(NOON, &["pwd", "otp"]),
        decided("12:00:01", "allow"),
    ]);
    g.fates(&["pwd possible exact_time", "otp possible exact_time"]);
    g.decisions(&["allow Undetermined missing exact_time"]);
    // Outside the interval it is certain.
    given([org(), third_party(), off(), claims("10:59:59", &["pwd"])]).fates(&["pwd"]);
    given([org(), third_party(), off(), claims("13:00:00", &["pwd"])])
        .fates(&["pwd ignored trust_off"]);
}

#[test]
fn a_feature_switched_between_two_polls_leaves_it_open_6() {
    let off = json!({"engine": "identity_engine", "claims_sharing": true,
        "third_party_claims_sharing": false});
    given([
        org(),
        fact("11:00:00", "org.configured", off).until("13:00:00"),
        third_party(),
        claims(NOON, &["pwd"]),
    ])
    .fates(&["pwd possible exact_time"]);
}

#[test]
fn two_entries_of_one_method_are_two_factors_15() {
    let keys = json!([
        {"method": "webauthn", "properties": ["device_bound", "user_presence"],
            "authenticator": "old"},
        {"method": "password"},
        {"method": "webauthn", "properties": ["device_bound", "phishing_resistant",
            "user_presence"], "authenticator": "new"},
    ]);
    let rule = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    let g = |more: Vec<Said>| {
        let facts = [
            org(),
            okta(),
            policy(rule.clone()),
            claim(NOON, json!({"methods": keys.clone()})),
            decided("12:00:01", "allow"),
        ];
        given(facts.into_iter().chain(more))
    };
    g(vec![]).fates(&["webauthn", "password", "webauthn"]);
    g(vec![]).decisions(&["allow Allow"]);
    let state = g(vec![]).end();
    let of = |state: &claimledger_domain::model::SessionState| -> Vec<String> {
        let id = |f: &claimledger_domain::model::HonoredFactor| {
            f.authenticator.as_ref().map_or("-".to_owned(), ToString::to_string)
        };
        state
            .factors
            .iter()
            .map(|f| format!("{} {:?}", id(f), f.until.map(|until| until.to_string())))
            .collect()
    };
    assert_eq!(of(&state), ["old None", "- None", "new None"]);
    // Each goes its own way: the loss of one leaves the other.
    let lost = fact(
        "13:00:00",
        "authenticator.lost",
        json!({"methods": ["webauthn"], "authenticator": "new"}),
    );
    let ends = of(&g(vec![lost]).end());
    assert_eq!(ends, ["old None", "- None", "new Some(\"2026-03-10T13:00:00Z\")"]);
    // Alike in everything they are still two.
    given([
        org(),
        okta(),
        claim(NOON, json!({"methods": [{"method": "totp"}, {"method": "totp"}]})),
    ])
    .fates(&["totp", "totp"]);
}

#[test]
fn two_local_verifications_of_one_method_are_two_factors() {
    let state = given([
        org(),
        verified("10:00:00", "totp"),
        verified("11:00:00", "totp"),
        decided("12:00:00", "allow"),
    ])
    .end();
    assert_eq!(state.factors.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["totp", "totp"]);
    assert_eq!(
        state.decisions[0].relied_on.iter().map(|relied| relied.factor).collect::<Vec<_>>(),
        [0, 1]
    );
}

#[test]
fn methods_without_properties_outrank_amr_too_15() {
    let g = |claimed: serde_json::Value, more: Vec<Said>| {
        given([org(), okta(), claim(NOON, claimed)].into_iter().chain(more))
    };
    let both = json!({"amr": ["pwd", "hwk", "sc"], "methods": [{"method": "password"},
        {"method": "webauthn", "authenticator": "key-1"}]});
    g(both.clone(), vec![]).fates(&["password", "webauthn"]);
    // It alone names the words that the service provider accepts by (8), and authenticators (11).
    let accepted = |word: serde_json::Value| fact("12:00:01", "claim.accepted", word);
    let grades =
        |g: &Given| g.end().factors.iter().map(|f| format!("{:?}", f.grade)).collect::<Vec<_>>();
    assert_eq!(
        grades(&g(both.clone(), vec![accepted(json!({"assertion": "a", "amr": "hwk"}))])),
        ["Replayed", "Replayed"]
    );
    assert_eq!(
        grades(&g(both.clone(), vec![accepted(json!({"assertion": "a", "method": "webauthn"}))])),
        ["Replayed", "Stated"]
    );
    let lost = |methods: serde_json::Value| {
        fact("13:00:00", "authenticator.lost", json!({"methods": methods}))
    };
    let ends = |g: &Given| g.end().factors.iter().map(|f| f.until.is_some()).collect::<Vec<_>>();
    assert_eq!(ends(&g(both.clone(), vec![lost(json!(["hwk"]))])), [false, false]);
    assert_eq!(ends(&g(both, vec![lost(json!(["webauthn"]))])), [false, true]);
}

#[test]
fn of_a_third_party_idp_only_amr_says_anything_7_15() {
    let methods = json!([{"method": "password"}, {"method": "totp"}]);
    let g = |claimed: serde_json::Value| {
        given([
            org(),
            third_party(),
            policy(json!({})),
            claim(NOON, claimed),
            decided("12:00:01", "allow"),
        ])
    };
    let empty = g(json!({"amr": [], "methods": methods.clone()}));
    empty.fates(&["no amr ignored no_amr"]);
    // Absent is not seen: undetermined (13).
    g(json!({"methods": methods})).decisions(&["allow Undetermined missing claim_content"]);
}

#[test]
fn a_claim_inside_its_own_interval_is_possible_3_6_37() {
    let facts = || {
        [
            org(),
            third_party(),
            policy(json!({"factor_mode": "1fa"})),
            claims("12:00:00", &["pwd"]).until("13:00:00"),
        ]
    };
    let g = given(
        facts().into_iter().chain([decided("12:30:00", "allow"), decided("13:00:00", "allow")]),
    );
    assert_eq!(fates(&g.at("12:59:59")), ["pwd possible exact_time"]);
    assert_eq!(fates(&g.at("13:00:00")), ["pwd"]);
    let relied = |n: usize| {
        g.end().decisions[n].relied_on.iter().map(|relied| relied.certainty).collect::<Vec<_>>()
    };
    assert_eq!((relied(0), relied(1)), (vec![Certainty::Possible], vec![Certainty::Certain]));
    assert_eq!(decisions(&g.end()), ["allow Undetermined missing exact_time", "allow Allow"]);
    // So is a local verification.
    let local = given([org(), verified("12:00:00", "totp").until("13:00:00")]);
    assert_eq!(fates(&local.at("12:30:00")), ["totp possible exact_time"]);
}

//! Which factors count for a decision (9, 36, 38).

use crate::given::*;
use serde_json::{Value, json};

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

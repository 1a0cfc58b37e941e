//! What a decision rested on, and what it lacked (8, 20, 41).

use super::asserted;
use crate::given::*;
use claimledger_domain::model::{FactorType, SessionState};
use claimledger_facts::vocabulary::FactorMode;
use serde_json::{Value, json};

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

/// `x Certain seen` of each sign-in that the first decision rested on.
fn signed_in(more: Vec<Said>) -> Vec<String> {
    let facts = [org(), third_party(), policy(json!({"factor_mode": "1fa"}))];
    let state = given(facts.into_iter().chain(more)).end();
    let sign_ins = state.decisions[0].signed_in.iter().map(|sign_in| {
        let seen = if sign_in.is_seen { "seen" } else { "unseen" };
        format!("{} {:?} {seen}", sign_in.idp, sign_in.certainty)
    });
    sign_ins.collect()
}

fn relying_on(at: &str, ids: &[&str]) -> Said {
    let data =
        json!({"app": "a", "policy": "p", "outcome": "allow", "rule": "r", "relied_on": ids});
    fact(at, "policy.decided", data)
}

fn started(at: &str) -> Said {
    fact(at, "session.started", json!({"idp": "x"})).id("start")
}

#[test]
fn a_sign_in_of_no_seen_assertion_is_rested_on_where_the_decision_names_it_20_38() {
    let named = |ids: &[&str]| {
        let local = verified("12:00:00", "otp").id("otp-1");
        signed_in(vec![started("12:00:00"), local, relying_on("12:00:02", ids)])
    };
    assert_eq!(named(&["otp-1", "start"]), ["x Certain unseen"]);
    // It relied on the local factor alone, or on nothing.
    assert_eq!(named(&["otp-1"]), [""; 0]);
    assert_eq!(named(&[]), [""; 0]);
    // What it names and nobody has seen may be the assertion.
    assert_eq!(named(&["otp-1", "assertion-1"]), ["x Possible unseen"]);
}

#[test]
fn no_decision_rests_on_a_sign_in_that_came_after_it_38() {
    let decided = || decided("12:00:02", "allow");
    assert_eq!(signed_in(vec![started("12:00:02"), decided()]), ["x Certain unseen"]);
    assert_eq!(signed_in(vec![started("12:00:03"), decided()]), [""; 0]);
    let perhaps = started("12:00:01").until("12:00:03");
    assert_eq!(signed_in(vec![perhaps, decided()]), ["x Possible unseen"]);
}

#[test]
fn what_was_seen_after_a_decision_leaves_it_the_start_that_names_the_idp_38() {
    let later = claims("12:00:03", &["pwd"]);
    let facts = vec![started("12:00:00"), decided("12:00:02", "allow"), later.clone()];
    assert_eq!(signed_in(facts), ["x Certain unseen"]);
    let facts = vec![started("12:00:00"), decided("12:00:04", "allow"), later];
    assert_eq!(signed_in(facts), ["x Certain seen"]);
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
        [codes::MISSING_ENGINE_MIX, codes::MISSING_LEGACY_MAPPING, codes::MISSING_CLAIM_SOURCING]
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

//! What a lost authenticator ends (1, 11, 14, 22, 37).

use super::{both, lost, possession};
use crate::given::*;
use claimledger_domain::{
    explain::text,
    model::{Implied, SessionState},
};
use serde_json::{Value, json};

#[test]
fn a_loss_ends_running_factors_at_its_from_half_open_1_11() {
    let g = |decision: &str, more: Value| {
        given([
            org(),
            third_party(),
            possession(),
            claims("12:00:00", &["pwd", "hwk"]),
            lost("15:00:00", more),
            decided(decision, "allow"),
        ])
        .end()
    };
    let from = |t: &str| json!({"methods": ["hwk"], "from": format!("2026-03-10T{t}Z")});
    assert_eq!(both(&g("13:00:00", from("13:00:01"))), ["allow Allow > Allow"]);
    assert_eq!(
        both(&g("13:00:00", from("13:00:00"))),
        ["allow Deny > Deny differs authenticator_lost"]
    );
    // Without a `from`, when it was said.
    assert_eq!(
        both(&g("15:00:00", json!({"methods": ["hwk"]}))),
        ["allow Deny > Deny differs authenticator_lost"]
    );
    assert_eq!(both(&g("14:59:59", json!({"methods": ["hwk"]}))), ["allow Allow > Allow"]);
    let state = g("13:00:00", from("13:00:00"));
    let ends: Vec<_> =
        state.factors.iter().map(|f| (f.name.as_str(), f.until, f.end_reason)).collect();
    assert_eq!(
        ends,
        [("pwd", None, None), ("hwk", Some(time("13:00:00")), Some("authenticator_lost"))]
    );
    assert_eq!(state.factors[1].end_record.as_ref().map(|r| r.position.0), Some(5));
}

#[test]
fn by_id_where_both_name_one_else_by_method_11() {
    let hit = |claimed: Option<&str>, data: Value| {
        let verified = fact(
            "12:00:00",
            "factor.verified",
            json!({"method": "webauthn", "authenticator": claimed}),
        );
        let g = given([org(), verified, lost("13:00:00", data)]).end();
        (g.factors[0].until.is_some(), g.falsifiers.len())
    };
    assert_eq!(hit(Some("k1"), json!({"methods": ["otp"], "authenticator": "k1"})), (true, 1));
    assert_eq!(
        hit(Some("k2"), json!({"methods": ["webauthn"], "authenticator": "k1"})),
        (false, 0)
    );
    assert_eq!(hit(None, json!({"methods": ["webauthn"], "authenticator": "k1"})), (true, 1));
    assert_eq!(hit(None, json!({"methods": [], "authenticator": "k1"})), (false, 0));
    assert_eq!(hit(Some("k2"), json!({"methods": ["webauthn"]})), (true, 1));
    assert_eq!(hit(Some("k2"), json!({"methods": ["otp"]})), (false, 0));
}

#[test]
fn a_method_and_the_value_that_stands_for_it_are_one_11() {
    let ends = |data: Value| -> Vec<String> {
        let g = given([
            org(),
            third_party(),
            claims("12:00:00", &["pwd", "sms", "otp"]),
            lost("13:00:00", data),
        ])
        .end();
        g.factors.iter().filter(|f| f.until.is_some()).map(|f| f.name.clone()).collect()
    };
    assert_eq!(ends(json!({"methods": ["password"]})), ["pwd"]);
    assert_eq!(ends(json!({"methods": ["pwd", "otp"]})), ["pwd", "otp"]);
    assert_eq!(ends(json!({"methods": ["hwk"]})), [""; 0]);
    let local = given([
        org(),
        verified("12:00:00", "password"),
        lost("13:00:00", json!({"methods": ["pwd"]})),
    ])
    .end();
    assert!(local.factors[0].until.is_some());
}

#[test]
fn a_loss_is_of_its_owner_in_all_sessions_11() {
    let g = |subject| {
        let facts = [
            org(),
            third_party(),
            claims("12:00:00", &["hwk"]),
            claims("12:05:00", &["hwk"]).session("S2"),
        ];
        given(
            facts
                .into_iter()
                .chain([lost("13:00:00", json!({"methods": ["hwk"]})).subject(subject)]),
        )
    };
    assert!(g("u").end().factors.iter().all(|f| f.until.is_some()));
    assert!(g("another person").end().factors.iter().all(|f| f.until.is_none()));
}

#[test]
fn what_came_after_the_loss_stands_and_is_marked_11() {
    let g =
        |received: &str| {
            let facts = [
                org(),
                third_party(),
                possession(),
                claims(received, &["pwd", "hwk"]),
                decided("14:00:00", "allow"),
            ];
            given(facts.into_iter().chain([lost(
                "15:00:00",
                json!({"methods": ["hwk"], "from": "2026-03-10T13:00:00Z"}),
            )]))
        };
    for received in ["13:00:00", "13:30:00"] {
        let state = g(received).end();
        assert_eq!(both(&state), ["allow Allow > Allow"]);
        assert_eq!((state.factors[1].until, state.factors[1].lost_before.len()), (None, 1));
        assert!(state.factors[0].lost_before.is_empty() && state.falsifiers.is_empty());
        let tree = text(&g(received).why().factors[1]);
        assert!(
            tree.contains(
                "~ Hwk was lost 13:00:00Z, before this came. It stands: a \
                               replacement looks the same."
            ),
            "{tree}"
        );
    }
    let before = g("12:59:59").end();
    assert!(before.factors[1].lost_before.is_empty());
    assert_eq!(before.decisions[0].at_k.implied, Implied::Deny);
}

#[test]
fn a_loss_after_the_session_ended_or_after_t_ends_nothing_22() {
    let data = json!({"methods": ["hwk"], "from": "2026-03-10T13:00:00Z"});
    let ended = |at: &str| {
        let end = fact(at, "session.ended", json!({"reason": "logout"}));
        given([
            org(),
            third_party(),
            claims("12:00:00", &["hwk"]),
            end,
            lost("15:00:00", data.clone()),
        ])
    };
    let of = |state: SessionState| (state.factors[0].until, state.factors[0].end_reason);
    assert_eq!(of(ended("13:00:00").end()), (Some(time("13:00:00")), Some("logout")));
    assert_eq!(of(ended("13:00:01").end()), (Some(time("13:00:00")), Some("authenticator_lost")));
    assert_eq!(of(ended("20:00:00").at("12:59:59")), (None, None));
    // At T it has effect, though it was said later.
    assert_eq!(
        of(ended("20:00:00").at("13:00:00")),
        (Some(time("13:00:00")), Some("authenticator_lost"))
    );
}

#[test]
fn an_interval_of_a_loss_leaves_decisions_inside_it_open_6_37() {
    let g = |decision: &str| {
        let loss = lost("13:00:00", json!({"methods": ["hwk"]})).until("13:30:00");
        given([
            org(),
            third_party(),
            possession(),
            claims("12:00:00", &["pwd", "hwk"]),
            loss,
            decided(decision, "allow"),
        ])
        .end()
    };
    assert_eq!(decisions(&g("12:59:59")), ["allow Allow"]);
    assert_eq!(decisions(&g("13:10:00")), ["allow Undetermined missing exact_time"]);
    assert_eq!(
        decisions(&g("13:30:00")),
        ["allow Deny not_enough_factors differs authenticator_lost"]
    );
    let hwk = &g("13:10:00").factors[1];
    let bounds = hwk.until_bounds.map(|b| (b.from, b.to));
    assert_eq!(
        (hwk.until, hwk.end_reason, bounds),
        (None, Some("authenticator_lost"), Some((time("13:00:00"), Some(time("13:30:00")))))
    );
}

#[test]
fn what_was_lost_no_longer_pools_with_the_rest_of_its_assertion_14() {
    let hardware = policy(json!({"factor_mode": "1fa",
            "alternatives": [{"possession": {"hardware_protected": true}}]}));
    let facts = [
        org(),
        third_party(),
        hardware,
        claims("12:00:00", &["hwk", "phr"]),
        decided("12:30:00", "allow"),
        decided("13:30:00", "allow"),
    ];
    let g = given(facts.into_iter().chain([lost("13:00:00", json!({"methods": ["hwk"]}))])).end();
    assert_eq!(g.decisions[0].at_k.implied, Implied::Allow);
    assert_eq!(g.decisions[1].at_k.implied, Implied::Deny);
    assert_eq!(g.decisions[1].at_k.first_unmet, Some("hardware_protected"));
}

#[test]
fn a_loss_that_may_have_come_first_is_told_apart_from_a_session_that_is_not_heard_of_11() {
    let accessed = fact("12:05:00", "app.accessed", json!({"app": "a"}));
    let of = |more: Option<Said>| {
        let perhaps_later = verified("12:00:00", "webauthn").until("12:10:00");
        let facts = [org(), perhaps_later, accessed.clone()].into_iter().chain(more);
        let state = given(facts).end();
        let [factor] = state.factors.as_slice() else { panic!("one factor") };
        (factor.until_bounds.map(|bounds| bounds.from), factor.may_be_lost)
    };
    // The bounds alone do not tell: the session was last seen when the authenticator was lost.
    let seen = Some(time("12:05:00"));
    assert_eq!(of(None), (seen, false));
    assert_eq!(of(Some(lost("12:05:00", json!({"methods": ["webauthn"]})))), (seen, true));
}

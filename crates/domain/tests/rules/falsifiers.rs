//! Retractions and losses: they count for every T once known, with effect from their `from` (3, 10,
//! 11); a decision is judged on those that were recorded by it, and again on all (4, 19).

use crate::given::*;
use claimledger_domain::{
    explain::text,
    falls::falls,
    history::{History, Supposed, is_config},
    model::{Certainty, Cut, Implied, Known, SessionState},
};
use claimledger_facts::{fact::FactData, ids::LogPosition};
use serde_json::{Value, json};

fn retracted(at: &str, from: &str, key: Option<&str>) -> Said {
    fact(
        at,
        "trust.retracted",
        json!({"idp": "x", "from": format!("2026-03-10T{from}Z"), "reason": "leaked", "key": key}),
    )
}

fn lost(at: &str, data: Value) -> Said {
    fact(at, "authenticator.lost", data)
}

fn signed(at: &str, key: Option<&str>, amr: &[&str]) -> Said {
    claim(at, json!({"amr": amr, "key": key}))
}

fn one_factor() -> Said {
    policy(json!({"factor_mode": "1fa"}))
}

/// A possession factor is asked.
fn possession() -> Said {
    policy(json!({"alternatives": [{"possession": {}}]}))
}

/// `allow Allow > Deny falsified authenticator_lost: authenticator lost 12:10:00Z, recorded
/// 14:40:00Z`
fn both(state: &SessionState) -> Vec<String> {
    let of = |d: &claimledger_domain::model::Decision| {
        let falsified = d
            .falsified_later
            .as_ref()
            .map(|f| format!(" falsified {}: {}", f.code, f.words))
            .unwrap_or_default();
        let differs =
            d.differs.as_ref().map(|d| format!(" differs {}", d.code)).unwrap_or_default();
        format!(
            "{} {:?} > {:?}{differs}{falsified}",
            d.recorded.outcome, d.made.implied, d.at_k.implied
        )
    };
    state.decisions.iter().map(of).collect()
}

#[test]
fn a_retraction_voids_what_was_received_at_or_after_its_from_10() {
    let fate = |received: &str, from: &str, expected: &str| {
        given([
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            signed(received, Some("K"), &["pwd"]),
            retracted("15:00:00", from, Some("K")),
        ])
        .fates(&[expected]);
    };
    fate("12:00:00", "12:00:00", "pwd by_record void key_retracted");
    fate("12:00:00", "11:59:59", "pwd by_record void key_retracted");
    fate("11:59:59", "12:00:00", "pwd");
}

#[test]
fn a_retraction_counts_for_every_t_once_it_is_known_3() {
    let g = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        signed("12:00:00", Some("K"), &["pwd"]),
        retracted("15:00:00", "11:00:00", Some("K")),
    ]);
    // Said after T, and known.
    assert_eq!(fates(&g.at("12:30:00")), ["pwd by_record void key_retracted"]);
    assert_eq!(g.at("12:30:00").falsifiers.len(), 1);
    assert_eq!(fates(&g.known_at("23:00:00", 4).unwrap()), ["pwd"]);
    assert!(g.known_at("23:00:00", 4).unwrap().falsifiers.is_empty());
}

#[test]
fn several_retractions_unite_and_all_reasons_are_listed_7_10() {
    let facts = [
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        key_retired("11:00:00", "K"),
        retracted("13:00:00", "12:00:00", Some("K")),
        retracted("14:00:00", "09:00:00", Some("K")),
        retracted("15:00:00", "12:00:00", None),
        retracted("15:00:00", "09:00:00", Some("L")),
        signed("11:30:00", Some("K"), &["pwd"]),
    ];
    let g = given(facts);
    g.fates(&["pwd by_record void key_retired key_retracted"]);
    let mut facts = g.0;
    let late = given([signed("12:00:00", Some("K"), &["otp"]).session("S2")]).0.remove(0);
    facts.push(Known {
        record: claimledger_domain::model::RecordRef { position: LogPosition(99), ..late.record },
        ..late
    });
    let of = |session: &str| {
        let history: History = facts.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
        let own: Vec<Known> = facts
            .iter()
            .filter(|k| k.fact.session.as_ref().is_some_and(|s| s.as_str() == session))
            .cloned()
            .collect();
        claimledger_domain::assess(
            &own,
            &history,
            Cut { at: time("23:00:00"), known_at: LogPosition(u64::MAX) },
        )
        .unwrap()
    };
    assert_eq!(fates(&of("S2")), ["otp by_record void key_retired key_retracted idp_retracted"]);
}

#[test]
fn a_retracted_idp_takes_the_sign_in_along_38() {
    let g = |from: &str, claims: Option<Said>| {
        let start = fact("12:00:00", "session.started", json!({"idp": "x"}));
        let facts = [org(), third_party(), one_factor(), start].into_iter().chain(claims);
        given(facts.chain([decided("12:00:01", "allow"), retracted("15:00:00", from, None)])).end()
    };
    let words = "trust in x retracted from 11:00:00Z, recorded 15:00:00Z";
    let ignored = || Some(claims("12:00:00", &["zzz"]));
    assert_eq!(
        both(&g("11:00:00", ignored())),
        [format!("allow Allow > Deny falsified idp_retracted: {words}")]
    );
    assert_eq!(both(&g("12:00:01", ignored())), ["allow Allow > Allow"]);
    // No assertion was seen: it rests on the IdP that the session names.
    assert_eq!(g("11:00:00", None).decisions[0].at_k.implied, Implied::Deny);
    assert_eq!(g("12:00:01", None).decisions[0].at_k.implied, Implied::Allow);
}

#[test]
fn a_claim_without_a_key_is_hit_possibly_42() {
    let g = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        one_factor(),
        signed("12:00:00", None, &["pwd"]),
        retracted("12:30:00", "11:00:00", Some("K")),
        decided("13:00:00", "allow"),
    ]);
    // It was not checked (12), so what it implies stays as it is.
    g.fates(&["pwd"]);
    g.decisions(&["allow Allow"]);
    let falsifier = &g.end().falsifiers[0];
    assert_eq!(falsifier.certainty, Certainty::Possible);
    assert_eq!(
        falsifier.words,
        "key K retracted from 11:00:00Z, recorded 12:30:00Z; that it signed the claim is possible"
    );
    assert!(
        g.tree().contains(
            "~ Key K was retracted from 11:00:00Z; that it signed this assertion is possible."
        ),
        "{}",
        g.tree()
    );
    // Of the IdP as a whole it is certain, whatever signed it.
    let whole = given([
        org(),
        third_party(),
        signed("12:00:00", None, &["pwd"]),
        retracted("12:30:00", "11:00:00", None),
    ]);
    whole.fates(&["pwd by_record void idp_retracted"]);
}

#[test]
fn an_interval_around_the_from_of_a_retraction_leaves_it_open_6() {
    let received = signed("11:50:00", Some("K"), &["pwd"]).until("12:10:00");
    let g = |from: &str| {
        given([
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            received.clone(),
            retracted("15:00:00", from, Some("K")),
        ])
    };
    // A possible retraction is no plain void (3); its reason says why it is possible.
    g("12:00:00").fates(&["pwd possible exact_time"]);
    let state = g("12:00:00").end();
    assert_eq!(state.falsifiers[0].certainty, Certainty::Possible);
    let words = "key K retracted from 12:00:00Z, recorded 15:00:00Z; whether the claim came before \
                 that is not known";
    assert_eq!(state.falsifiers[0].words, words);
    g("11:50:00").fates(&["pwd by_record void key_retracted"]);
    g("12:10:01").fates(&["pwd"]);
}

#[test]
fn a_decision_is_judged_on_falsifiers_recorded_by_it_4_19() {
    let g = |order: [Said; 2]| {
        let facts = [
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            one_factor(),
            signed("12:00:00", Some("K"), &["pwd"]),
        ];
        given(facts.into_iter().chain(order)).end()
    };
    let (decision, retraction) =
        (decided("12:00:01", "allow"), retracted("12:00:00", "11:00:00", Some("K")));
    // Recorded before it: it differs. Recorded after it: it was right, and falsified later;
    // whatever occurred first.
    assert_eq!(
        both(&g([retraction.clone(), decision.clone()])),
        ["allow Deny > Deny differs key_retracted"]
    );
    let words = "key K retracted from 11:00:00Z, recorded 12:00:00Z";
    assert_eq!(
        both(&g([decision, retraction.clone()])),
        [format!("allow Allow > Deny falsified key_retracted: {words}")]
    );
    // A refusal is not falsified: nothing was let in.
    assert_eq!(
        both(&g([decided("12:00:01", "deny"), retraction])),
        ["deny Allow > Deny differs refused_though_met"]
    );
}

#[test]
fn what_was_recorded_by_a_decision_is_not_told_as_later_4() {
    let state = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        one_factor(),
        signed("12:00:00", Some("K"), &["pwd"]),
        retracted("12:00:00", "11:00:00", Some("K")),
        decided("12:00:01", "allow"),
        retracted("15:00:00", "11:30:00", Some("K")),
    ])
    .end();
    assert_eq!(both(&state), ["allow Deny > Deny differs key_retracted"]);
    assert_eq!(
        state.decisions[0].later.iter().map(|f| f.record.position.0).collect::<Vec<_>>(),
        [8]
    );
    assert_eq!(state.falsifiers.len(), 2);
}

#[test]
fn what_differed_when_made_is_not_falsified_later_and_is_told_4() {
    let g = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        key_retired("11:00:00", "K"),
        one_factor(),
        signed("12:00:00", Some("K"), &["pwd"]),
        decided("12:00:01", "allow"),
        retracted("15:00:00", "11:30:00", Some("K")),
    ]);
    assert_eq!(both(&g.end()), ["allow Deny > Deny differs key_retired"]);
    assert_eq!(g.end().decisions[0].later[0].code, "key_retracted");
    for part in [
        "which is void: retired key.",
        "What came later: key K of x was retracted from 11:30:00Z, recorded 15:00:00Z (+3 h 30 \
         min). The rules say the same without it: deny.",
        "Assertion a, received 12:00:00Z, is void: retracted key. pwd counted by record, not by \
         the rules.",
    ] {
        assert!(g.tree().contains(part), "{part}\n{}", g.tree());
    }
}

#[test]
fn a_retraction_of_another_key_is_not_the_reason() {
    let g = |key, from| {
        let facts = [
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            one_factor(),
            signed("12:00:00", Some("K"), &["pwd"]),
        ];
        given(
            facts
                .into_iter()
                .chain([decided("12:00:01", "allow"), retracted("15:00:00", from, Some(key))]),
        )
    };
    assert!(g("L", "11:00:00").end().falsifiers.is_empty());
    let tree = g("L", "11:00:00").tree();
    assert!(
        tree.contains(
            "Not the reason: the retraction of L (#7). This assertion was signed with K."
        ),
        "{tree}"
    );
    let tree = g("K", "13:00:00").tree();
    assert!(
        tree.contains(
            "Not the reason: K was retracted from 13:00:00Z (#7), after this \
                           assertion was received."
        ),
        "{tree}"
    );
}

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

/// Another day's names, falsified by a retraction of the whole IdP: the form holds.
#[test]
fn falsified_by_a_retraction_in_words() {
    let g = given([
        org(),
        third_party(),
        one_factor(),
        claims("12:00:00", &["pwd"]),
        decided("12:00:01", "allow"),
        fact(
            "16:00:01",
            "trust.retracted",
            json!({"idp": "x", "from": "2026-03-10T11:00:00Z", "reason": "leaked", "actor": "ops"}),
        ),
    ]);
    let tree = include_str!("../expected/falsifiers_1.txt");
    assert_eq!(g.tree(), tree);
}

#[test]
fn two_losses_falsify_and_the_smart_card_is_named() {
    let g = given([
        org(),
        third_party(),
        possession(),
        claims("12:00:00", &["pwd", "sc", "sms"]),
        decided("13:00:00", "allow"),
        lost("14:00:00", json!({"methods": ["sc"], "from": "2026-03-10T12:30:00Z"})),
        lost(
            "15:00:00",
            json!({"methods": ["sms"], "from": "2026-03-10T12:40:00Z", "authenticator": "phone-1"}),
        ),
    ]);
    assert!(
        g.tree().contains("falsified later, by 2 facts, the first recorded 1 h after it."),
        "{}",
        g.tree()
    );
    assert!(
        g.tree().contains(
            "What came later: the smart card was lost 12:30:00Z, recorded 14:00:00Z (+1 h 30 min)."
        ),
        "{}",
        g.tree()
    );
    assert!(
        g.tree().contains("Matched by method, as the loss names no authenticator."),
        "{}",
        g.tree()
    );
    // As known between the two it still stood.
    assert_eq!(both(&g.known_at("23:00:00", 6).unwrap()), ["allow Allow > Allow"]);
    assert_eq!(g.known_at("23:00:00", 6).unwrap().decisions[0].later.len(), 1);
}

fn fallen(g: &Given, supposed: &Supposed) -> Vec<String> {
    let history: History = g.0.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
    let facts: Vec<Known> = g.0.iter().filter(|k| !is_config(&k.fact.data)).cloned().collect();
    let cut = Cut { at: time("23:00:00"), known_at: LogPosition(u64::MAX - 1) };
    let Some(fallen) = falls(&facts, &history, cut, supposed) else {
        return vec!["none".to_owned()];
    };
    let one = |f: &claimledger_domain::falls::Fall| {
        format!(
            "{} {:?} {:?} {:?} {}",
            f.outcome,
            f.rested,
            f.before.implied,
            f.after.implied,
            if f.falls { "falls" } else { "stays" }
        )
    };
    fallen.decisions.iter().map(one).collect()
}

fn supposed_key(from: &str, key: Option<&str>) -> Supposed {
    let FactData::TrustRetracted(data) = retracted("00:00:00", from, key).data else {
        unreachable!()
    };
    Supposed::default().retraction(data)
}

#[test]
fn what_falls_rested_on_what_is_hit_and_is_not_implied_allow_20_21() {
    let g = |more: Vec<Said>| {
        let facts = [
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            one_factor(),
            signed("12:00:00", Some("K"), &["pwd"]),
        ];
        given(facts.into_iter().chain(more))
    };
    let allowed = || g(vec![decided("12:00:01", "allow")]);
    assert_eq!(
        fallen(&allowed(), &supposed_key("12:00:00", Some("K"))),
        ["allow Certain Allow Deny falls"]
    );
    assert_eq!(fallen(&allowed(), &supposed_key("12:00:01", Some("K"))), ["none"]);
    assert_eq!(fallen(&allowed(), &supposed_key("11:00:00", Some("L"))), ["none"]);
    // Already implied deny: it can fall and not flip.
    let denied = g(vec![key_retired("11:00:00", "K"), decided("12:00:01", "allow")]);
    assert_eq!(
        fallen(&denied, &supposed_key("11:00:00", Some("K"))),
        ["allow Certain Deny Deny falls"]
    );
    // Refused: nothing falls. Another factor holds it: it stays.
    assert_eq!(
        fallen(&g(vec![decided("12:00:01", "deny")]), &supposed_key("11:00:00", Some("K"))),
        ["deny Certain Allow Deny stays"]
    );
    let held = g(vec![verified("12:00:00", "otp"), decided("12:00:01", "allow")]);
    assert_eq!(
        fallen(&held, &supposed_key("11:00:00", Some("K"))),
        ["allow Certain Allow Allow stays"]
    );
    // It says that it rested on something else.
    let named = fact(
        "12:00:01",
        "policy.decided",
        json!({"app": "a", "policy": "p", "outcome": "allow", "rule": "r", "relied_on": ["otp-1"]}),
    );
    let other = g(vec![verified("12:00:00", "otp").id("otp-1"), named]);
    assert_eq!(fallen(&other, &supposed_key("11:00:00", Some("K"))), [""; 0]);
    // It was retracted already: the same falls, and before has it too.
    let again = g(vec![decided("12:00:01", "allow"), retracted("15:00:00", "11:00:00", Some("K"))]);
    assert_eq!(
        fallen(&again, &supposed_key("11:00:00", Some("K"))),
        ["allow Certain Deny Deny falls"]
    );
}

#[test]
fn a_sign_in_falls_where_only_it_was_rested_on_38() {
    let ignored = || {
        given([
            org(),
            third_party(),
            one_factor(),
            claims("12:00:00", &["zzz"]),
            decided("12:00:01", "allow"),
        ])
    };
    assert_eq!(
        fallen(&ignored(), &supposed_key("11:00:00", None)),
        ["allow Certain Allow Deny falls"]
    );
    let start = fact("12:00:00", "session.started", json!({"idp": "x"}));
    let unseen = given([org(), third_party(), one_factor(), start, decided("12:00:01", "allow")]);
    assert_eq!(
        fallen(&unseen, &supposed_key("12:00:00", None)),
        ["allow Certain Allow Deny falls"]
    );
    assert_eq!(fallen(&unseen, &supposed_key("12:00:01", None)), ["none"]);
    // Where two factors are asked, what was ignored was not rested on.
    let two = given([
        org(),
        third_party(),
        policy(json!({})),
        claims("12:00:00", &["zzz"]),
        decided("12:00:01", "allow"),
    ]);
    assert_eq!(fallen(&two, &supposed_key("11:00:00", None)), [""; 0]);
    // A claim that names no key may be hit: it falls possibly, and what it implies stays as it is
    // (42).
    assert_eq!(
        fallen(&ignored(), &supposed_key("11:00:00", Some("K"))),
        ["allow Possible Allow Allow falls"]
    );
}

#[test]
fn what_rested_on_a_lost_authenticator_falls_from_the_loss_on_11() {
    let g = given([
        org(),
        third_party(),
        possession(),
        claims("12:00:00", &["pwd", "hwk"]),
        decided("12:00:01", "allow"),
        decided("13:00:00", "allow"),
    ]);
    let FactData::AuthenticatorLost(data) = lost("00:00:00", json!({"methods": ["hwk"]})).data
    else {
        unreachable!()
    };
    let supposed =
        |subject: &str| Supposed::default().loss(subject.into(), time("13:00:00"), data.clone());
    assert_eq!(fallen(&g, &supposed("u")), ["allow Certain Allow Deny falls"]);
    assert_eq!(fallen(&g, &supposed("another person")), ["none"]);
}

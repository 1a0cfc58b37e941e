//! What a retraction of trust voids (3, 6, 7, 10, 38, 42).

use super::{both, one_factor, retracted, signed};
use crate::given::*;
use claimledger_domain::{
    history::{History, is_config},
    model::{Certainty, Cut, Implied, Known},
};
use claimledger_facts::ids::LogPosition;
use serde_json::json;

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

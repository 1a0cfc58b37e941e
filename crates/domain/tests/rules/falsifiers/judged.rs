//! Decisions, judged on what was recorded by them and on all (4, 19).

use super::{both, lost, one_factor, possession, retracted, signed};
use crate::given::*;
use claimledger_domain::model::{Decision, Standing};
use claimledger_facts::fact::FactData;
use serde_json::json;

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
    let tree = include_str!("../../expected/falsifiers_1.txt");
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

#[test]
fn a_decision_agrees_with_the_rules_where_they_imply_it_when_made_and_at_k_19() {
    let standing = |key: Option<&str>, more: &[Said]| {
        let facts = [org(), third_party(), one_factor(), signed("12:00:00", key, &["pwd"])];
        let state = given(facts.into_iter().chain(more.iter().cloned())).end();
        state.decisions.iter().map(Decision::standing).collect::<Vec<_>>()
    };
    let allowed = || decided("12:00:01", "allow");
    let later = |key: Option<&str>| retracted("15:00:00", "11:00:00", key);
    assert_eq!(standing(Some("K"), &[allowed()]), [Standing::Agrees]);
    assert_eq!(standing(Some("K"), &[decided("12:00:01", "deny")]), [Standing::Differs]);
    assert_eq!(standing(Some("K"), &[allowed(), later(None)]), [Standing::FalsifiedLater]);
    // Neither when made.
    let mut unknown = allowed();
    let FactData::PolicyDecided(data) = &mut unknown.data else { unreachable!() };
    data.policy = "unknown".into();
    assert_eq!(standing(Some("K"), &[unknown]), [Standing::Undetermined]);
    // Nor as known at K, where it is open whether a retraction reaches what let it in.
    let facts = [
        org(),
        third_party(),
        one_factor(),
        signed("12:00:00", Some("K"), &["pwd"]).until("12:30:00"),
        decided("12:40:00", "allow"),
        retracted("15:00:00", "12:10:00", None),
    ];
    let state = given(facts).end();
    assert_eq!(both(&state), ["allow Allow > Undetermined"]);
    assert_eq!(state.decisions[0].standing(), Standing::Undetermined);
}

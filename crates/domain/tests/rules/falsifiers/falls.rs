//! What would fall if trust had been retracted or an authenticator lost (11, 20, 21, 38).

use super::{lost, one_factor, possession, retracted, signed};
use crate::given::*;
use claimledger_domain::{
    falls::{Fallen, falls},
    history::{History, Supposed, is_config},
    model::{Certainty, Cut, Implied, Known},
};
use claimledger_facts::{fact::FactData, ids::LogPosition};
use serde_json::json;

fn all_fallen(g: &Given, supposed: &Supposed) -> Option<Fallen> {
    let history: History = g.0.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
    let facts: Vec<Known> = g.0.iter().filter(|k| !is_config(&k.fact.data)).cloned().collect();
    let cut = Cut { at: time("23:00:00"), known_at: LogPosition(u64::MAX - 1) };
    falls(&facts, &history, cut, supposed)
}

fn fallen(g: &Given, supposed: &Supposed) -> Vec<String> {
    let Some(fallen) = all_fallen(g, supposed) else {
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
fn what_fell_already_fell_by_a_retraction_that_is_known_20_21() {
    let fell = |key: Option<&str>, more: Vec<Said>, supposed: &Supposed| {
        let facts = [
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            one_factor(),
            signed("12:00:00", key, &["pwd"]),
        ];
        let fallen = all_fallen(&given(facts.into_iter().chain(more)), supposed);
        let decisions = fallen.into_iter().flat_map(|fallen| fallen.decisions);
        decisions.map(|fall| (fall.falls, fall.fell)).collect::<Vec<_>>()
    };
    let allow = || decided("12:00:01", "allow");
    let known = |from, key| retracted("15:00:00", from, key);
    let (certain, possible) = (Some(Certainty::Certain), Some(Certainty::Possible));
    let whole = supposed_key("11:00:00", None);
    let cases = [
        (Some("K"), vec![allow()], (true, None)),
        // Whichever retraction it is that is known, and from when.
        (Some("K"), vec![allow(), known("11:30:00", Some("K"))], (true, certain)),
        (Some("K"), vec![allow(), known("12:00:00", None)], (true, certain)),
        (Some("K"), vec![allow(), known("12:00:01", Some("K"))], (true, None)),
        (Some("K"), vec![allow(), known("11:00:00", Some("L"))], (true, None)),
        // Of a claim that names no key it is possible; two retractions are one if one is certain.
        (None, vec![allow(), known("11:00:00", Some("K"))], (true, possible)),
        (
            None,
            vec![allow(), known("11:00:00", None), known("11:00:00", Some("K"))],
            (true, certain),
        ),
        // The rules refused it, and a loss took it away: that is no retraction, and said beside it.
        (Some("K"), vec![key_retired("11:00:00", "K"), allow()], (true, None)),
        (
            Some("K"),
            vec![allow(), lost("11:00:00", json!({"methods": ["password"]}))],
            (true, None),
        ),
        // What does not fall did not.
        (Some("K"), vec![decided("12:00:01", "deny"), known("11:00:00", None)], (false, None)),
    ];
    for (nth, (key, more, expect)) in cases.into_iter().enumerate() {
        assert_eq!(fell(key, more, &whole), [expect], "case {nth}");
    }
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
    // An assertion that came after the decision is not what let it in.
    let start = fact("12:00:00", "session.started", json!({"idp": "x"}));
    let later = claims("12:00:02", &["pwd"]);
    let facts = [org(), third_party(), one_factor(), start, decided("12:00:01", "allow"), later];
    assert_eq!(
        fallen(&given(facts), &supposed_key("12:00:00", None)),
        ["allow Certain Allow Deny falls"]
    );
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
fn what_is_undetermined_is_so_either_way_only_whichever_key_signed_it_21_42() {
    let open = |key: Option<&str>, more: Option<Said>| {
        let facts = [org(), policy(json!({})), signed("12:00:00", key, &["pwd", "otp"])];
        let g = given(facts.into_iter().chain(more).chain([decided("12:00:01", "allow")]));
        let fallen = all_fallen(&g, &supposed_key("11:00:00", Some("K"))).unwrap();
        let fall = &fallen.decisions[0];
        (fall.before.implied, fall.after.implied, fall.worst, fall.is_open_either_way())
    };
    // Nothing is known of the IdP. Had the retracted key signed it, nothing would count.
    let undetermined = Implied::Undetermined;
    assert_eq!(open(None, None), (undetermined, undetermined, Implied::Deny, false));
    assert_eq!(open(Some("K"), None), (undetermined, Implied::Deny, Implied::Deny, false));
    // Something else that is not known could let it in or not, whichever key signed this.
    let unread = claim("12:00:00", json!({"idp": "y", "readable": false}));
    let either = (undetermined, undetermined, undetermined, true);
    assert_eq!(open(None, Some(unread.clone())), either);
    assert_eq!(open(Some("K"), Some(unread)), either);
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

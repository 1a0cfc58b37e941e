//! What appeared for the first time, and what was used twice (26, 27).

use crate::given::*;
use claimledger_domain::{
    claims_seen::{SessionSeen, seen},
    first_seen::{FirstSeen, Shown, Window, first_seen, in_window},
    history::{History, is_config},
    model::{Certainty, Cut, Known},
    reused::{Used, reused},
};
use claimledger_facts::{ids::LogPosition, time::Time};
use serde_json::json;

impl Given {
    /// What each session shows, session by session, at the end of the day.
    fn shows(&self) -> Vec<SessionSeen> {
        self.shows_at("23:59:59", u64::MAX)
    }

    fn shows_at(&self, at: &str, position: u64) -> Vec<SessionSeen> {
        let history: History = self.0.iter().filter(|k| is_config(&k.fact.data)).cloned().collect();
        let mut names: Vec<_> = self.0.iter().filter_map(|k| k.fact.session.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let of = |name| {
            self.0
                .iter()
                .filter(|k| k.fact.session.as_ref() == Some(name))
                .cloned()
                .collect::<Vec<Known>>()
        };
        names
            .iter()
            .map(|name| {
                seen(&of(name), &history, Cut { at: time(at), known_at: LogPosition(position) })
            })
            .collect()
    }

    fn first(&self, shown: &Shown) -> Option<FirstSeen> {
        let claims: Vec<_> = self.shows().into_iter().flat_map(|session| session.claims).collect();
        first_seen(shown, &claims)
    }
}

fn key() -> Shown {
    Shown::Key("x".into(), "K".into())
}

fn signed(at: &str, session: &'static str) -> Said {
    claim(at, json!({"amr": ["pwd"], "key": "K"})).session(session)
}

fn set(amr: &[&str]) -> Shown {
    Shown::AmrSet(amr.iter().map(|value| (*value).to_owned()).collect())
}

/// `T1 09:00:00`, as `T1 09:00:00 to 10:00:00 possible` where it is not exact.
#[track_caller]
fn check(
    first: Option<FirstSeen>,
    session: &str,
    from: &str,
    to: Option<&str>,
    certainty: Certainty,
) {
    let first = first.expect("it appeared");
    let bounds = (first.bounds.from, first.bounds.to);
    assert_eq!(
        (first.claim.session.as_str(), bounds, first.certainty),
        (session, (time(from), to.map(time)), certainty)
    );
}

#[test]
fn the_first_in_the_total_order_is_first_whenever_it_was_recorded() {
    let g = given([
        third_party(),
        signed("11:00:00", "B"),
        signed("10:00:00", "A"),
        signed("12:00:00", "C"),
    ]);
    check(g.first(&key()), "A", "10:00:00", Some("10:00:00"), Certainty::Certain);
    let known = |position| {
        g.shows_at("23:59:59", position)
            .into_iter()
            .flat_map(|session| session.claims)
            .collect::<Vec<_>>()
    };
    check(first_seen(&key(), &known(2)), "B", "11:00:00", Some("11:00:00"), Certainty::Certain);
    assert_eq!(first_seen(&key(), &known(1)), None);
    let by =
        |at: &str| g.shows_at(at, u64::MAX).into_iter().flat_map(|session| session.claims).count();
    assert_eq!((by("10:00:00"), by("09:59:59")), (1, 0), "a claim counts from its own instant");
}

#[test]
fn keys_are_of_an_issuer_and_sets_of_none() {
    let other = fact(
        "09:00:00",
        "claims.received",
        json!({"idp": "y", "amr": ["otp", "pwd", "otp"], "key": "K"}),
    )
    .session("A");
    let g =
        given([other, claim("10:00:00", json!({"amr": ["pwd", "otp"], "key": "K"})).session("B")]);
    check(g.first(&key()), "B", "10:00:00", Some("10:00:00"), Certainty::Certain);
    check(g.first(&set(&["pwd", "otp"])), "A", "09:00:00", Some("09:00:00"), Certainty::Certain);
    assert_eq!(g.first(&set(&["pwd"])), None);
    assert_eq!(g.first(&set(&[])), None, "what was not seen is no set");
    let sent_none = given([claims("10:00:00", &[])]);
    check(sent_none.first(&set(&[])), "S", "10:00:00", Some("10:00:00"), Certainty::Certain);
}

#[test]
fn a_claim_that_names_no_key_makes_it_possible_that_the_key_came_earlier() {
    let unnamed = |at| claim(at, json!({"amr": ["pwd"]})).session("A");
    check(
        given([unnamed("09:00:00"), signed("10:00:00", "B")]).first(&key()),
        "B",
        "09:00:00",
        Some("10:00:00"),
        Certainty::Possible,
    );
    check(
        given([unnamed("11:00:00"), signed("10:00:00", "B")]).first(&key()),
        "B",
        "10:00:00",
        Some("10:00:00"),
        Certainty::Certain,
    );
    check(given([unnamed("11:00:00")]).first(&key()), "A", "11:00:00", None, Certainty::Possible);
}

#[test]
fn a_claim_in_an_interval_is_first_within_bounds() {
    let g = given([signed("09:00:00", "A").until("12:00:00"), signed("10:00:00", "B")]);
    check(g.first(&key()), "A", "09:00:00", Some("10:00:00"), Certainty::Certain);
    let window = |from: &str, to: &str| {
        let window = Window { from: Some(time(from)), to: Some(time(to)) };
        in_window(g.first(&key()).into_iter().collect(), window)
            .first()
            .map(|first| first.certainty)
    };
    assert_eq!(window("09:00:00", "10:00:01"), Some(Certainty::Certain));
    assert_eq!(window("09:00:00", "10:00:00"), Some(Certainty::Possible));
    assert_eq!(window("09:00:01", "11:00:00"), Some(Certainty::Possible));
    assert_eq!((window("10:00:01", "11:00:00"), window("08:00:00", "09:00:00")), (None, None));
}

#[test]
fn a_window_is_half_open_and_compares_with_everything() {
    let g = given([signed("10:00:00", "A"), signed("12:00:00", "B")]);
    let shown = |from: Option<&str>, to: Option<&str>| {
        in_window(
            g.first(&key()).into_iter().collect(),
            Window { from: from.map(time), to: to.map(time) },
        )
        .len()
    };
    assert_eq!(
        (shown(Some("10:00:00"), None), shown(None, Some("10:00:01")), shown(None, None)),
        (1, 1, 1)
    );
    assert_eq!((shown(None, Some("10:00:00")), shown(Some("11:00:00"), Some("13:00:00"))), (0, 0));
}

#[test]
fn honored_goes_by_record_and_says_why_not() {
    let of = |facts: Vec<Said>| {
        let first = given(facts).first(&key()).unwrap().claim;
        (first.honored, first.by_rules, first.reasons)
    };
    let off = || idp_at("08:00:00", "third_party", "active", false);
    assert_eq!(of(vec![org(), third_party(), signed("10:00:00", "A")]), (Some(true), true, vec![]));
    assert_eq!(
        of(vec![org(), off(), signed("10:00:00", "A")]),
        (Some(false), false, vec!["trust_off"])
    );
    let accepted = fact("10:00:01", "claim.accepted", json!({"assertion": "a"})).session("A");
    assert_eq!(
        of(vec![org(), off(), signed("10:00:00", "A"), accepted]),
        (Some(true), false, vec!["trust_off"]),
        "the record says so"
    );
    let retired = [key_added("08:00:00", "K"), key_retired("09:00:00", "K")];
    let facts =
        retired.into_iter().chain([org(), third_party(), signed("10:00:00", "A")]).collect();
    assert_eq!(
        of(facts),
        (Some(true), false, vec!["key_retired"]),
        "void does not stop one that did not check"
    );
    let unread = claim("10:00:00", json!({"key": "K", "readable": false})).session("A");
    assert_eq!(of(vec![org(), third_party(), unread]).0, None);
}

fn reuses(g: &Given) -> Vec<(Used, Vec<String>)> {
    let shows = g.shows();
    reused(&shows)
        .into_iter()
        .map(|reuse| (reuse.used, reuse.uses.iter().map(|one| one.session.to_string()).collect()))
        .collect()
}

#[test]
fn an_assertion_in_two_claims_of_different_ids_is_reuse() {
    let twice = given([
        claims("11:00:00", &["pwd"]).session("B"),
        claims("10:00:00", &["pwd"]).session("A"),
    ]);
    assert_eq!(
        reuses(&twice),
        [(Used::Assertion("x".into(), "a".into()), vec!["A".to_owned(), "B".to_owned()])]
    );
    let in_one = given([claims("10:00:00", &["pwd"]), claims("11:00:00", &["pwd"])]);
    assert_eq!(reuses(&in_one).len(), 1, "one session may present it twice");
    let of_two =
        fact("10:00:00", "claims.received", json!({"idp": "y", "assertion": "a"})).session("B");
    assert_eq!(reuses(&given([claims("10:00:00", &["pwd"]).session("A"), of_two])), []);
    let variants = [
        claims("10:00:00", &["pwd"]).id("e").variant("a"),
        claims("10:00:00", &["otp"]).id("e").variant("b"),
    ];
    assert_eq!(reuses(&given(variants)), [], "variants of one id are one claim");
}

#[test]
fn an_idp_session_behind_two_sessions_is_told_and_ids_of_one_session_are_not_two() {
    let start = |at: &str, session| {
        fact(at, "session.started", json!({"idp": "x", "idp_session": "i"})).session(session)
    };
    let g = given([start("10:00:00", "A"), start("11:00:00", "B"), start("12:00:00", "B")]);
    let uses = vec!["A".to_owned(), "B".to_owned(), "B".to_owned()];
    assert_eq!(reuses(&g), [(Used::IdpSession("x".into(), "i".into()), uses)]);
    assert_eq!(reuses(&given([start("10:00:00", "A"), start("11:00:00", "A")])), []);
}

/// A day like no other: every value in every session, each once, in a scrambled order of arrival.
#[test]
fn in_a_generated_world_each_value_is_first_where_a_plain_search_finds_it() {
    for seed in [3_u64, 17] {
        let mut state = seed;
        let mut next = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let names = ["N0", "N1", "N2", "N3", "N4", "N5", "N6"];
        let facts: Vec<Said> = (0..60)
            .map(|_| {
                let at = format!("{:02}:{:02}:{:02}", next(20), next(60), next(60));
                let data = json!({"idp": format!("i{}", next(3)), "key": format!("k{}", next(3)),
                    "amr": [format!("m{}", next(3)), format!("m{}", next(3))]});
                fact(&at, "claims.received", data).session(names[next(7) as usize])
            })
            .collect();
        let g = given(facts);
        let claims: Vec<_> = g.shows().into_iter().flat_map(|session| session.claims).collect();
        assert_eq!(claims.len(), 60);
        for (i, k) in (0..3).flat_map(|i| (0..3).map(move |k| (i, k))) {
            let (idp, key) = (format!("i{i}"), format!("k{k}"));
            let plain: Option<Time> = claims
                .iter()
                .filter(|c| c.idp.as_str() == idp && c.key.as_ref().unwrap().as_str() == key)
                .map(|c| c.occurred.from)
                .min();
            let first = first_seen(&Shown::Key(idp.as_str().into(), key.as_str().into()), &claims);
            assert_eq!(first.map(|first| first.claim.occurred.from), plain, "{idp} {key}");
        }
    }
}

#[test]
fn at_a_t_inside_its_interval_a_claim_is_possibly_first_and_possibly_a_second_use_3_6() {
    let g = given([signed("09:00:00", "A").until("12:00:00")]);
    let at = |g: &Given, t: &str| {
        let claims: Vec<_> =
            g.shows_at(t, u64::MAX).into_iter().flat_map(|session| session.claims).collect();
        first_seen(&key(), &claims)
    };
    check(at(&g, "11:59:59"), "A", "09:00:00", None, Certainty::Possible);
    check(at(&g, "12:00:00"), "A", "09:00:00", Some("12:00:00"), Certainty::Certain);
    let twice = given([signed("09:00:00", "A").until("12:00:00"), signed("08:00:00", "B")]);
    let sure = |t: &str| reused(&twice.shows_at(t, u64::MAX)).first().map(|reuse| reuse.certainty);
    assert_eq!(
        (sure("08:59:59"), sure("10:00:00"), sure("12:00:00")),
        (None, Some(Certainty::Possible), Some(Certainty::Certain))
    );
}

#[test]
fn a_possible_retraction_is_no_reason_of_a_claim_3() {
    let retracted = |from: &str| {
        fact(
            "20:00:00",
            "trust.retracted",
            json!({"idp": "x", "from": time(from).to_string(), "reason": "leaked"}),
        )
    };
    let reasons = |from: &str| {
        let claim = signed("10:00:00", "A").until("11:00:00");
        let shown =
            given([org(), third_party(), claim, retracted(from)]).first(&key()).unwrap().claim;
        (shown.reasons, shown.by_rules)
    };
    assert_eq!(reasons("10:00:00"), (vec!["idp_retracted"], false));
    assert_eq!(reasons("10:30:00"), (vec![], true));
}

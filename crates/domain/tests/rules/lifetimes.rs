//! How long a session certainly lived, and from when on that is only possible (6, 22, 23, 24, 44):
//! one table of cases, and random sessions against an independent oracle.

use crate::given::*;
use claimledger_domain::{
    model::{Certainty, Phase, SessionState},
    outlived::outlived,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn started(at: &str, data: Value) -> Said {
    fact(at, "session.started", data)
}

fn accessed(at: &str) -> Said {
    fact(at, "app.accessed", json!({"app": "a"}))
}

fn ended(at: &str, reason: &str) -> Said {
    fact(at, "session.ended", json!({"reason": reason}))
}

fn cleared(at: &str) -> Said {
    fact(at, "subject.sessions_ended", json!({"reason": "revoked", "actor": "admin-1"}))
}

/// One global session policy in force since the morning.
fn policy_limits(lifetime: u64, idle: u64) -> Said {
    let data = json!({"policy": "g", "version": "g1", "kind": "global_session", "rules": [],
        "max_lifetime_secs": lifetime, "max_idle_secs": idle});
    fact("01:00:00", "policy.configured", data)
}

/// `active certain`, `active possible lifetime_limit idle_limit`, `ended expired_by_limit`,
/// `not_started`.
fn stands(state: &SessionState) -> String {
    let certainty = match state.life.certainty {
        Certainty::Certain => "certain",
        Certainty::Possible => "possible",
    };
    let mut words = match state.life.phase {
        Phase::NotStarted => vec!["not_started"],
        Phase::Active => vec!["active", certainty],
        Phase::Ended => vec!["ended", state.life.end.reason.unwrap_or("?")],
    };
    words.extend(&state.life.missing);
    words.join(" ")
}

const NO_LIMITS_KNOWN: &str = "active possible lifetime_limit idle_limit";

#[track_caller]
fn check(facts: impl IntoIterator<Item = Said>, expected: &[(&str, &str)]) {
    let g = given(facts);
    for (at, stands_so) in expected {
        assert_eq!(stands(&g.at(at)), *stands_so, "at {at}");
    }
}

#[test]
fn limits_that_no_source_states_are_unknown_22() {
    let life =
        |start: Option<Said>| start.into_iter().chain([accessed("10:00:00"), accessed("12:00:00")]);
    let unknown = [
        ("11:00:00", "active certain"),
        ("12:00:00", "active certain"),
        ("12:00:01", NO_LIMITS_KNOWN),
        ("23:00:00", NO_LIMITS_KNOWN),
    ];
    // No start was seen; the log does not carry limits; a native start that states none has none.
    check(life(None), &unknown);
    check(life(Some(started("09:00:00", json!({})).limits_not_logged())), &unknown);
    check(life(Some(started("09:00:00", json!({})))), &[("23:00:00", "active certain")]);
    // A rule that was known gives them, and what it does not state is none; of two rules none was
    // known.
    let okta = || life(Some(started("09:00:00", json!({})).limits_not_logged()));
    let by_policy = [
        ("12:59:59", "active certain"),
        ("13:00:00", "active possible"),
        ("15:00:00", "ended expired_by_limit"),
    ];
    check([policy_limits(6 * 3600, 3600)].into_iter().chain(okta()), &by_policy);
    check([policy_limits(0, 0)].into_iter().chain(okta()), &[("23:00:00", "active certain")]);
    check([policy_limits(0, 0)].into_iter().chain(life(None)), &[("23:00:00", "active certain")]);
    let other = fact(
        "01:00:00",
        "policy.configured",
        json!({"policy": "h", "version": "h1", "kind": "global_session", "rules": []}),
    );
    check([policy_limits(60, 60), other].into_iter().chain(okta()), &unknown);
    // A rule that came in force after its start says nothing of it.
    let later = fact(
        "09:30:00",
        "policy.configured",
        json!({"policy": "g", "version": "g1", "kind": "global_session", "rules": []}),
    );
    check([later].into_iter().chain(okta()), &unknown);
}

#[test]
fn bounds_reach_from_the_last_sign_of_life_to_a_time_not_known_23() {
    let state =
        given([started("09:00:00", json!({})).limits_not_logged(), accessed("12:00:00")]).end();
    let bounds = state.life.end.bounds.unwrap();
    assert_eq!(
        (bounds.from, bounds.to, state.life.end.at, state.life.end.reason),
        (time("12:00:00"), None, None, None)
    );
}

#[test]
fn the_tree_names_the_limits_that_are_missing_22() {
    let text =
        |g: &Given, at: &str| claimledger_domain::explain::text(&g.explained(at).reasons.session);
    let okta = given([started("09:00:00", json!({})).limits_not_logged(), accessed("12:00:00")]);
    let says = text(&okta, "13:00:00");
    assert!(
        says.contains("the log of its source does not carry limits")
            && says.contains("Missing: its lifetime limit and its idle limit."),
        "{says}"
    );
    assert!(text(&given([accessed("12:00:00")]), "13:00:00").contains("no start was seen by then"));
    let says = text(&okta, "11:00:00");
    assert!(says.contains("A sign of life at 12:00:00Z proves that it lived at T."), "{says}");
    // A native start: as before.
    assert!(
        text(&given([started("09:00:00", json!({}))]), "13:00:00")
            .contains("No lifetime limit is known.")
    );
}

#[test]
fn a_sign_of_life_after_t_proves_that_it_lived_at_t_22() {
    let idle = || started("09:00:00", json!({"idle_secs": 3600}));
    check(
        [idle(), accessed("12:00:00")],
        &[
            ("09:59:59", "active certain"),
            ("10:00:00", "active certain"),
            ("13:00:00", "active possible"),
        ],
    );
    // Only what is known by K.
    let g = given([idle(), accessed("12:00:00")]);
    assert_eq!(stands(&g.known_at("10:30:00", 1).unwrap()), "active possible");
    assert_eq!(stands(&g.known_at("10:30:00", 2).unwrap()), "active certain");
    assert_eq!(g.at("10:30:00").life.proven_alive.map(|proven| proven.by.position.0), Some(2));
    // Not what another person did, and not what others noticed later; a logout is the user's own.
    check([idle(), accessed("12:00:00").subject("v")], &[("10:30:00", "active possible")]);
    check(
        [idle(), ended("12:00:00", "expired")],
        &[("10:30:00", "active possible"), ("12:00:00", "ended expired")],
    );
    check([idle(), ended("12:00:00", "revoked")], &[("10:30:00", "active possible")]);
    check(
        [idle(), ended("12:00:00", "logout")],
        &[("10:30:00", "active certain"), ("12:00:00", "ended logout")],
    );
    // Past a stated end or the limit it has ended, whatever came later.
    check(
        [idle(), ended("10:10:00", "revoked"), accessed("12:00:00")],
        &[("10:30:00", "ended revoked")],
    );
    let limit = started("09:00:00", json!({"lifetime_ends_at": "2026-03-10T10:00:00Z"}));
    check(
        [limit, accessed("12:00:00")],
        &[("09:59:59", "active certain"), ("10:30:00", "ended expired_by_limit")],
    );
    // Where an interval leaves the end open, it tells too; and it may itself be known by an
    // interval only.
    let vague = || ended("10:00:00", "expired").until("11:00:00");
    check(
        [idle(), vague(), accessed("10:40:00")],
        &[("10:30:00", "active certain"), ("10:40:00", "active possible exact_time")],
    );
    let sometime = || accessed("12:00:00").until("14:00:00");
    check(
        [idle(), sometime()],
        &[
            ("11:59:59", "active certain"),
            ("12:59:59", "active certain"),
            ("13:00:00", "active possible"),
        ],
    );
}

#[test]
fn facts_before_the_stated_start_belong_to_the_session_22() {
    let facts = || {
        [
            claims("08:00:00", &["pwd"]),
            started("08:30:00", json!({"lifetime_ends_at": "2026-03-10T20:00:00Z"})),
        ]
    };
    check(
        facts(),
        &[
            ("07:59:59", "not_started"),
            ("08:00:00", "active certain"),
            ("08:15:00", "active certain"),
            ("20:00:00", "ended expired_by_limit"),
        ],
    );
    let g = given(facts());
    let (before, from_then_on) = (g.at("08:15:00"), g.at("08:30:00"));
    assert_eq!(
        (before.life.started_at, from_then_on.life.started_at),
        (Some(time("08:00:00")), Some(time("08:30:00")))
    );
    assert_eq!(
        (before.life.lifetime_ends_at, from_then_on.life.lifetime_ends_at),
        (None, Some(time("20:00:00")))
    );
    assert_eq!(g.at("07:00:00").life.started_at, Some(time("08:00:00")));
    // While its start is not known, its limits are not.
    assert_eq!(stands(&g.known_at("08:15:00", 1).unwrap()), NO_LIMITS_KNOWN);
    // The limit of a policy counts from the start: none has passed before it.
    let short = || {
        [policy_limits(600, 0)]
            .into_iter()
            .chain([claims("08:00:00", &["pwd"]), started("08:30:00", json!({}))])
    };
    check(
        short(),
        &[
            ("08:20:00", "active certain"),
            ("08:39:59", "active certain"),
            ("08:40:00", "ended expired_by_limit"),
        ],
    );
}

#[test]
fn a_start_in_an_interval_is_possible_inside_it_6() {
    let start = || started("10:00:00", json!({})).until("10:20:00");
    check(
        [start()],
        &[
            ("09:59:59", "not_started"),
            ("10:10:00", "active possible exact_time"),
            ("10:20:00", "active certain"),
        ],
    );
    // What it did by then certainly occurred.
    check([start(), accessed("10:05:00")], &[("10:10:00", "active certain")]);
    // A later sign of life does not say that it had begun.
    check([start(), accessed("11:00:00")], &[("10:10:00", "active possible exact_time")]);
}

#[test]
fn an_end_of_all_sessions_of_a_person_ends_those_that_had_begun() {
    let okta = |at: &str| started(at, json!({})).limits_not_logged();
    check(
        [okta("09:00:00"), cleared("12:00:00")],
        &[
            ("11:59:59", NO_LIMITS_KNOWN),
            ("12:00:00", "ended revoked"),
            ("23:00:00", "ended revoked"),
        ],
    );
    check([accessed("09:00:00"), cleared("12:00:00")], &[("12:00:00", "ended revoked")]);
    // Another's, one that came after it, or at that very instant.
    check([okta("09:00:00"), cleared("12:00:00").subject("v")], &[("12:00:00", NO_LIMITS_KNOWN)]);
    check([cleared("08:00:00"), okta("09:00:00")], &[("09:00:00", "active certain")]);
    check([cleared("09:00:00"), okta("09:00:00")], &[("09:00:00", "active certain")]);
    // A sign-in under way whose session began only afterwards.
    let under_way = || [claims("08:00:00", &["pwd"]), cleared("08:15:00"), okta("08:30:00")];
    check(under_way(), &[("08:20:00", "active certain"), ("08:30:00", "active certain")]);
    // Of several stated ends the earliest.
    check(
        [okta("09:00:00"), ended("11:00:00", "logout"), cleared("12:00:00")],
        &[("13:00:00", "ended logout")],
    );
    check(
        [okta("09:00:00"), cleared("12:00:00"), ended("13:00:00", "logout")],
        &[("14:00:00", "ended revoked")],
    );
    check(
        [okta("09:00:00"), cleared("12:00:00"), cleared("10:00:00")],
        &[("11:00:00", "ended revoked")],
    );
    let state = given([okta("09:00:00"), cleared("12:00:00"), cleared("10:00:00")]).end();
    assert_eq!(
        (state.life.end.at, state.life.end.record.unwrap().position.0, state.life.end.of_all),
        (Some(time("10:00:00")), 3, true)
    );
    // By whichever of the person's identities it was said (11).
    let linked = fact("13:00:00", "subject.linked", json!({"other": "v", "same": true}));
    check(
        [okta("09:00:00"), cleared("12:00:00").subject("v"), linked],
        &[("12:30:00", "ended revoked")],
    );
    // Only where it is known.
    let g = given([okta("09:00:00"), cleared("12:00:00")]);
    assert_eq!(stands(&g.known_at("13:00:00", 1).unwrap()), NO_LIMITS_KNOWN);
    // Intervals: possible inside; whether it had begun by then may be open too.
    let vague = || cleared("12:00:00").until("13:00:00");
    check(
        [okta("09:00:00"), vague()],
        &[("12:30:00", "active possible exact_time"), ("13:00:00", "ended revoked")],
    );
    check(
        [okta("12:30:00"), vague()],
        &[
            ("12:30:00", "active possible exact_time"),
            ("13:00:00", "active possible exact_time lifetime_limit idle_limit"),
        ],
    );
    check([okta("12:30:00"), vague(), accessed("14:00:00")], &[("13:00:00", "active certain")]);
    // It ends what counted in the session, and says by whom.
    let g = given([okta("09:00:00"), claims("09:00:00", &["pwd"]), cleared("12:00:00")]);
    let state = g.end();
    assert_eq!(
        (state.factors[0].until, state.factors[0].end_reason),
        (Some(time("12:00:00")), Some("revoked"))
    );
    let says = claimledger_domain::explain::text(&g.why().session);
    assert!(
        says.contains(
            "All sessions of its subject that had begun were ended 12:00:00Z (admin-1): revoked."
        ),
        "{says}"
    );
}

#[test]
fn what_lived_after_its_idp_session_had_ended_outlived_it_24() {
    let start = || started("09:00:00", json!({"idp": "x", "idp_session": "i"})).limits_not_logged();
    let upstream =
        || fact("10:00:00", "idp_session.ended", json!({"idp": "x", "idp_session": "i"}));
    let at = |g: &Given, at: &str| {
        outlived(&g.at(at)).map(|o| (o.certainty, o.sign_of_life.map(|r| r.position.0)))
    };
    let g = given([start(), upstream(), accessed("12:00:00")]);
    assert_eq!(at(&g, "09:59:59"), None);
    assert_eq!(
        at(&g, "10:00:00"),
        Some((Certainty::Possible, None)),
        "at that instant it is not known yet to go on"
    );
    assert_eq!(at(&g, "11:00:00"), Some((Certainty::Certain, Some(3))));
    assert_eq!(at(&g, "12:00:00"), Some((Certainty::Certain, Some(3))));
    assert_eq!(at(&given([start(), upstream()]), "11:00:00"), Some((Certainty::Possible, None)));
    // That all sessions were ended does not say that this one still lived.
    assert_eq!(
        at(&given([start(), upstream(), cleared("11:00:00")]), "12:00:00"),
        Some((Certainty::Possible, None))
    );
}

/// A random session, in minutes of the day.
#[derive(Clone, Debug)]
struct Life {
    /// When a start is stated, whether its log carries limits, and the limits it states: lifetime,
    /// idle.
    start: Option<(u32, bool, Option<u32>, Option<u32>)>,
    /// Signs of life; each known by the later K, or by the earlier too.
    signs: Vec<(u32, bool)>,
    /// A stated end, and whether its user logged out.
    end: Option<(u32, bool)>,
    cleared: Option<u32>,
    /// The limits of a global session policy, in force all day: 0 is none.
    policy: Option<(u32, u32)>,
}

fn lives() -> impl Strategy<Value = Life> {
    let minute = || 60..300_u32;
    let start = proptest::option::of((
        minute(),
        any::<bool>(),
        proptest::option::of(0..200_u32),
        proptest::option::of(0..60_u32),
    ));
    let signs = proptest::collection::vec((minute(), any::<bool>()), 1..5);
    let policy =
        proptest::option::of((prop_oneof![Just(0), 1..200_u32], prop_oneof![Just(0), 1..60_u32]));
    (
        start,
        signs,
        proptest::option::of((minute(), any::<bool>())),
        proptest::option::of(minute()),
        policy,
    )
        .prop_map(|(start, signs, end, cleared, policy)| Life {
            start,
            signs,
            end,
            cleared,
            policy,
        })
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}:00", minute / 60, minute % 60)
}

impl Life {
    /// What is known by the earlier K comes first.
    fn facts(&self) -> (Vec<Said>, usize) {
        let mut early: Vec<Said> = Vec::new();
        early.extend(
            self.policy.map(|(lifetime, idle)| {
                policy_limits(u64::from(lifetime) * 60, u64::from(idle) * 60)
            }),
        );
        if let Some((at, carries, lifetime, idle)) = self.start {
            let mut data = json!({});
            if let Some(lifetime) = lifetime.filter(|_| carries) {
                data["lifetime_ends_at"] = format!("2026-03-10T{}Z", clock(at + lifetime)).into();
            }
            if let Some(idle) = idle.filter(|_| carries) {
                data["idle_secs"] = (u64::from(idle) * 60).into();
            }
            let start = started(&clock(at), data);
            early.push(if carries { start } else { start.limits_not_logged() });
        }
        early.extend(self.cleared.map(|at| cleared(&clock(at))));
        early.extend(
            self.end
                .map(|(at, logout)| ended(&clock(at), if logout { "logout" } else { "expired" })),
        );
        early.extend(
            self.signs.iter().filter(|(_, early)| *early).map(|(at, _)| accessed(&clock(*at))),
        );
        let known = early.len();
        let late =
            self.signs.iter().filter(|(_, early)| !early).map(|(at, _)| accessed(&clock(*at)));
        (early.into_iter().chain(late).collect(), known)
    }

    /// How it stands by the settled readings, written down apart from the rules: minute by minute.
    fn oracle(&self, at: u32, late: bool) -> Option<String> {
        let signs = || self.signs.iter().filter(|(_, early)| late || *early).map(|(at, _)| *at);
        let starts = self.start.map(|(at, ..)| at);
        let facts: Vec<u32> = signs().chain(starts).chain(self.end.map(|(at, _)| at)).collect();
        let first = *facts.iter().min()?;
        if first > at {
            return Some("not_started".to_owned());
        }
        let began = starts.unwrap_or(first);
        let mut ends: Vec<(u32, &str)> = Vec::new();
        ends.extend(self.end.map(|(at, logout)| (at, if logout { "logout" } else { "expired" })));
        ends.extend(self.cleared.filter(|cleared| began < *cleared).map(|at| (at, "revoked")));
        // In one minute the record that came first has the first id: the clear.
        ends.sort_by_key(|(at, reason)| (*at, *reason != "revoked"));
        if let Some((_, reason)) = ends.iter().find(|(end, _)| *end <= at) {
            return Some(format!("ended {reason}"));
        }
        let by_t = self.start.filter(|(start, ..)| *start <= at);
        let begin = by_t.map_or(first, |(start, ..)| start);
        let stated = by_t.filter(|(_, carries, ..)| *carries);
        let of_policy = |limit: u32| (limit > 0).then_some(limit);
        let lifetime =
            match (stated.and_then(|(start, _, lifetime, _)| Some(start + lifetime?)), self.policy)
            {
                (Some(end), _) => Some(end),
                (None, Some((lifetime, _))) => of_policy(lifetime).map(|lifetime| begin + lifetime),
                (None, None) => None,
            };
        let idle = match (stated.and_then(|(.., idle)| idle), self.policy) {
            (Some(idle), _) => of_policy(idle),
            (None, Some((_, idle))) => of_policy(idle),
            (None, None) => None,
        };
        if lifetime.is_some_and(|end| at >= end) && !(by_t.is_none() && starts.is_some()) {
            return Some("ended expired_by_limit".to_owned());
        }
        let unknown = stated.is_none() && self.policy.is_none();
        let of_its_subject = || signs().chain(starts);
        let later = of_its_subject()
            .chain(self.end.filter(|(_, logout)| *logout).map(|(at, _)| at))
            .any(|sign| sign > at);
        let last = of_its_subject().filter(|sign| *sign <= at).max().unwrap_or(begin);
        let silent =
            idle.is_some_and(|idle| at >= lifetime.map_or(last, |end| last.min(end)) + idle);
        Some(match (later, unknown && at > last, silent) {
            (true, ..) | (_, false, false) => "active certain".to_owned(),
            (_, true, _) => NO_LIMITS_KNOWN.to_owned(),
            (_, _, true) => "active possible".to_owned(),
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// At every T, and at both K, a session stands as the readings say.
    #[test]
    fn every_session_stands_as_the_readings_say_22(life in lives()) {
        let (facts, known) = life.facts();
        let g = given(facts);
        for at in (50..400).step_by(5).chain(life.signs.iter().map(|(at, _)| *at)) {
            for (late, position) in [(false, known as u64), (true, u64::MAX)] {
                let state = g.known_at(&clock(at), position);
                prop_assert_eq!(state.as_ref().map(stands), life.oracle(at, late), "at {}, all \
                    known {}: {:?}", clock(at), late, life);
            }
        }
    }
}

#[test]
fn an_end_in_an_interval_that_reaches_past_the_limit_is_the_limits_22() {
    let g = given([
        started("09:00:00", json!({"lifetime_ends_at": "2026-03-10T11:05:00Z"})),
        fact("11:00:00", "session.ended", json!({"reason": "revoked"})).until("11:20:00"),
    ]);
    let stands = |at: &str| {
        let state = g.at(at);
        (state.life.phase, state.life.certainty, state.life.end.reason)
    };
    assert_eq!(stands("11:04:59"), (Phase::Active, Certainty::Possible, Some("revoked")));
    assert_eq!(stands("11:05:00"), (Phase::Ended, Certainty::Certain, Some("expired_by_limit")));
    assert_eq!(stands("11:20:00"), (Phase::Ended, Certainty::Certain, Some("revoked")));
}

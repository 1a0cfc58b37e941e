//! When a session is active, and when it ended (22, 23, 44).

use crate::given::*;
use claimledger_domain::{
    model::{Certainty, Phase, SessionState},
    session_list::active_at,
};
use claimledger_facts::time::Occurred;
use serde_json::{Value, json};

fn started(data: Value) -> Said {
    fact("10:00:00", "session.started", data)
}

fn ended(at: &str, reason: &str) -> Said {
    fact(at, "session.ended", json!({"reason": reason}))
}

fn accessed(at: &str) -> Said {
    fact(at, "app.accessed", json!({"app": "a"}))
}

/// `14:20:00Z..21:30:00Z`, `14:20:00Z..`.
fn bounds(state: &SessionState) -> String {
    let b = state.life.end.bounds.expect("bounds");
    let clock = |t: claimledger_facts::time::Time| t.to_string().split_off(11);
    format!("{}..{}", clock(b.from), b.to.map(clock).unwrap_or_default())
}

#[test]
fn active_from_its_start_until_its_end_half_open_1_22() {
    let g = given([started(json!({})), ended("15:00:00", "logout")]);
    assert_eq!(g.at("09:59:59").life.phase, Phase::NotStarted);
    let began = |at: &str| g.explained(at).reasons.session.because[0].conclusion.clone();
    assert!(began("09:59:59").starts_with("It begins at 10:00:00Z"), "{}", began("09:59:59"));
    assert!(began("10:00:00").starts_with("It began at 10:00:00Z"), "{}", began("10:00:00"));
    assert_eq!(active_at(&g.at("10:00:00")), Some(Certainty::Certain));
    assert_eq!(active_at(&g.at("14:59:59")), Some(Certainty::Certain));
    let end = g.at("15:00:00");
    assert_eq!(
        (end.life.phase, end.life.end.at, end.life.end.reason),
        (Phase::Ended, Some(time("15:00:00")), Some("logout"))
    );
}

#[test]
fn nothing_known_is_no_session() {
    let g = given([started(json!({})), ended("15:00:00", "logout")]);
    assert!(g.known_at("12:00:00", 0).is_none());
    // Known, and the end not yet: active at T as known then.
    assert_eq!(g.known_at("16:00:00", 1).unwrap().life.phase, Phase::Active);
}

#[test]
fn before_its_start_it_says_when_it_starts() {
    let explained = given([started(json!({}))]).explained("09:00:00");
    let state = explained.state;
    assert_eq!(
        (state.life.phase, state.life.started_at),
        (Phase::NotStarted, Some(time("10:00:00")))
    );
    assert!(state.factors.is_empty() && state.decisions.is_empty());
    assert_eq!(explained.context.after_t, 1);
}

#[test]
fn past_the_lifetime_limit_only_bounds_are_known_23() {
    let g = given([
        started(json!({"lifetime_ends_at": "2026-03-10T21:30:00Z"})),
        claims("10:00:00", &["pwd"]),
        accessed("14:20:00"),
    ]);
    let before = g.at("21:29:59");
    assert_eq!(
        (before.life.phase, bounds(&before)),
        (Phase::Active, "14:20:00Z..21:30:00Z".to_owned())
    );
    let past = g.at("21:30:00");
    assert_eq!(
        (past.life.phase, past.life.certainty, past.life.end.at, past.life.end.reason),
        (Phase::Ended, Certainty::Certain, None, Some("expired_by_limit"))
    );
    assert_eq!(bounds(&past), "14:20:00Z..21:30:00Z");
    let factor = &past.factors[0];
    assert_eq!(
        (factor.until, factor.until_bounds, factor.end_reason),
        (None, past.life.end.bounds, Some("expired_by_limit"))
    );
}

#[test]
fn without_a_limit_the_end_is_unknown() {
    assert_eq!(bounds(&given([started(json!({})), accessed("14:20:00")]).end()), "14:20:00Z..");
}

#[test]
fn past_the_idle_limit_it_is_only_possible_22() {
    let g = given([started(json!({"idle_secs": 3600})), accessed("12:00:00")]);
    assert_eq!(active_at(&g.at("12:59:59")), Some(Certainty::Certain));
    assert_eq!(active_at(&g.at("13:00:00")), Some(Certainty::Possible));
    // A limit of 0 is none (44).
    assert_eq!(
        active_at(&given([started(json!({"idle_secs": 0}))]).end()),
        Some(Certainty::Certain)
    );
}

#[test]
fn only_what_its_subject_did_is_a_sign_of_life_22() {
    let g = given([started(json!({})), accessed("12:00:00").subject("another person")]);
    assert_eq!(g.end().life.last_seen, Some(time("10:00:00")));
}

#[test]
fn of_several_stated_ends_the_earliest_22() {
    let state = given([
        started(json!({})),
        ended("16:00:00", "expired"),
        ended("15:00:00", "revoked").from("other"),
    ])
    .end();
    assert_eq!(
        (state.life.end.at, state.life.end.reason),
        (Some(time("15:00:00")), Some("revoked"))
    );
}

#[test]
fn without_a_stated_start_it_begins_at_its_first_fact_22() {
    let state = given([accessed("12:00:00"), claims("11:00:00", &["pwd"])]).end();
    assert_eq!(state.life.started_at, Some(time("11:00:00")));
}

#[test]
fn the_first_start_gives_the_limits_44() {
    let second =
        fact("11:00:00", "session.started", json!({"lifetime_ends_at": "2026-03-10T12:00:00Z"}));
    let state = given([second, started(json!({"lifetime_ends_at": "2026-03-10T20:00:00Z"}))])
        .at("13:00:00");
    assert_eq!(
        (state.life.phase, state.life.lifetime_ends_at),
        (Phase::Active, Some(time("20:00:00")))
    );
}

fn global(id: &'static str, lifetime: u64, idle: u64) -> Said {
    let data = json!({"policy": id, "version": "g1", "kind": "global_session", "rules": [],
        "max_lifetime_secs": lifetime, "max_idle_secs": idle});
    fact("08:00:00", "policy.configured", data)
}

#[test]
fn missing_limits_come_from_the_global_session_policy_22() {
    let g = given([global("g", 7200, 1800), started(json!({}))]);
    assert_eq!(active_at(&g.at("10:29:59")), Some(Certainty::Certain));
    assert_eq!(active_at(&g.at("10:30:00")), Some(Certainty::Possible));
    assert_eq!(g.at("12:00:00").life.end.reason, Some("expired_by_limit"));
    // What the session states goes first; 0 is no limit; of two policies none is guessed.
    let own = given([
        global("g", 7200, 1800),
        started(json!({"lifetime_ends_at": "2026-03-10T20:00:00Z"})),
    ])
    .at("13:00:00");
    assert_eq!(own.life.lifetime_ends_at, Some(time("20:00:00")));
    assert_eq!(given([global("g", 0, 0), started(json!({}))]).end().life.lifetime_ends_at, None);
    assert_eq!(
        given([global("g", 7200, 0), global("h", 60, 0), started(json!({}))])
            .end()
            .life
            .lifetime_ends_at,
        None
    );
}

#[test]
fn an_end_in_an_interval_is_possible_inside_it_6() {
    let g = given([
        started(json!({})),
        claims("10:00:00", &["pwd"]),
        ended("14:00:00", "expired").until("15:00:00"),
    ]);
    assert_eq!(active_at(&g.at("13:59:59")), Some(Certainty::Certain));
    assert_eq!(active_at(&g.at("14:30:00")), Some(Certainty::Possible));
    let after = g.at("15:00:00");
    assert_eq!(
        (after.life.phase, after.life.end.at, bounds(&after)),
        (Phase::Ended, None, "14:00:00Z..15:00:00Z".to_owned())
    );
}

#[test]
fn the_idp_session_behind_it() {
    let upstream =
        |at: &str, kind: &str| fact(at, kind, json!({"idp": "x", "idp_session": "is"})).from("x");
    let g = given([
        started(json!({"idp": "x", "idp_session": "is"})),
        upstream("10:00:00", "idp_session.started"),
        upstream("13:00:00", "idp_session.ended"),
        accessed("14:00:00"),
    ]);
    let behind = |at: &str| g.at(at).origin.idp_session_interval.unwrap();
    assert_eq!((behind("12:00:00").from, behind("12:00:00").until), (Some(time("10:00:00")), None));
    assert_eq!(behind("15:00:00").until, Some(time("13:00:00")));
    // It ends no session at the service provider.
    assert_eq!(g.at("15:00:00").life.phase, Phase::Active);
}

#[test]
fn the_context_is_cut_at_t() {
    let off = idp_at("13:00:00", "third_party", "active", false);
    let g = given([
        third_party(),
        off,
        key_added("09:00:00", "K"),
        key_retired("14:00:00", "K"),
        started(json!({"idp": "x"})),
        claim("10:00:00", json!({"amr": ["pwd"], "key": "K"})),
    ]);
    let noon = g.explained("12:00:00").context;
    assert_eq!(
        (noon.trust.len(), noon.trust[0].span.until, noon.keys[0].span.until, noon.after_t),
        (1, None, None, 2)
    );
    let late = g.explained("23:59:59").context;
    assert_eq!(
        late.trust.iter().map(|v| v.gist.as_str()).collect::<Vec<_>>(),
        ["trusted", "not trusted"]
    );
    assert_eq!(
        (late.trust[0].span.until, late.keys[0].span.until, late.after_t),
        (Some(Occurred::at(time("13:00:00"))), Some(Occurred::at(time("14:00:00"))), 0)
    );
}

#[test]
fn the_context_keeps_both_bounds_of_what_was_found_between_two_looks_6() {
    let between = |from, to| Occurred { from: time(from), to: Some(time(to)) };
    let g = given([
        third_party(),
        idp_at("13:00:00", "third_party", "active", false).until("14:00:00"),
        key_added("09:00:00", "K").until("09:30:00"),
        key_retired("14:00:00", "K").until("15:00:00"),
        started(json!({"idp": "x"})),
        claim("10:00:00", json!({"amr": ["pwd"], "key": "K"})),
    ]);
    let context = g.explained("23:59:59").context;
    let (key, trust) = (context.keys[0].span, context.trust[0].span);
    assert_eq!(trust.until, Some(between("13:00:00", "14:00:00")));
    assert_eq!(context.trust[1].span.from, between("13:00:00", "14:00:00"));
    assert_eq!(key.from, between("09:00:00", "09:30:00"));
    assert_eq!(key.until, Some(between("14:00:00", "15:00:00")));
    let at = |clock| key.holds_at(time(clock));
    assert_eq!(
        ["08:59:59", "09:29:59", "09:30:00", "14:00:00", "15:00:00"].map(at),
        [
            None,
            Some(Certainty::Possible),
            Some(Certainty::Certain),
            Some(Certainty::Possible),
            None
        ]
    );
}

#[test]
fn links_alone_make_no_session_22() {
    let linked = |session| {
        fact("09:00:00", "session.linked", json!({"to": "T-1", "by": "authn_request"}))
            .session(session)
    };
    assert_eq!(given([linked("A"), linked("B")]).known_at("12:00:00", 9), None);
    let g = given([linked("S"), started(json!({}))]);
    assert_eq!(
        (g.at("09:30:00").life.phase, g.at("10:30:00").life.started_at),
        (Phase::NotStarted, Some(time("10:00:00")))
    );
}

fn refused(at: &str) -> Said {
    fact(
        at,
        "sign_in.refused",
        json!({"result": "failure", "reason": "push_rejected", "method": "push"}),
    )
}

#[test]
fn refused_sign_ins_alone_begin_no_session_and_are_signs_of_life_of_one_22() {
    let tried = given([refused("09:00:00"), refused("09:01:00")]).at("12:00:00");
    assert_eq!(
        (
            tried.life.phase,
            tried.life.started_at,
            tried.life.certainty,
            tried.activity.refused.len()
        ),
        (Phase::NotStarted, None, Certainty::Certain, 2)
    );
    assert_eq!(active_at(&tried), None);
    let why = given([refused("09:00:00"), refused("09:01:00")]).why().session;
    assert!(why.conclusion.contains("every attempt was refused"), "{why:?}");

    let g = given([refused("09:00:00"), started(json!({"idle_secs": 600})), refused("11:00:00")]);
    let state = g.at("11:05:00");
    assert_eq!(
        (state.life.phase, state.life.certainty, state.life.last_seen),
        (Phase::Active, Certainty::Certain, Some(time("11:00:00")))
    );
    assert_eq!(state.factors, [], "a refused factor is none");
    assert_eq!(state.activity.refused[0].words, "push refused: push rejected");
}

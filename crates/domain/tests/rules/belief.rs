//! What was believed, and which facts changed it (`semantics.md` 28).

use crate::{
    given::{
        Given, Said, claim, claims, decided, fact, given, idp_at, key_added, key_retired, local,
        org, policy, third_party, time, verified,
    },
    saves::{heard, span},
};
use claimledger_domain::{
    belief::{AspectKind, BeliefDiff, Beliefs, MAX_TRIED, belief_diff},
    history::{History, is_config},
    model::Known,
};
use claimledger_facts::ids::{LogPosition, SessionId};
use proptest::prelude::*;
use serde_json::json;

fn diff(given: &Given, at: &str, before: u64, after: u64) -> BeliefDiff {
    let (history, facts) = apart(&given.0);
    belief_diff(beliefs(&SessionId::from("S"), &facts, &history, at, before, after)).unwrap()
}

fn apart(facts: &[Known]) -> (History, Vec<Known>) {
    let history = facts.iter().filter(|known| is_config(&known.fact.data)).cloned().collect();
    (history, facts.iter().filter(|known| !is_config(&known.fact.data)).cloned().collect())
}

fn beliefs<'a>(
    session: &'a SessionId,
    facts: &'a [Known],
    history: &'a History,
    at: &str,
    before: u64,
    after: u64,
) -> Beliefs<'a> {
    Beliefs {
        session,
        facts,
        history,
        at: time(at),
        before: LogPosition(before),
        after: LogPosition(after),
    }
}

/// `5 alone`, `5 with 6`, in order.
fn causes(diff: &BeliefDiff) -> Vec<String> {
    let of = |cause: &claimledger_domain::belief::Cause| {
        let position = cause.record.position.0;
        let with: Vec<String> =
            cause.with.iter().map(|record| record.position.0.to_string()).collect();
        let mut text = position.to_string();
        if !cause.alone.is_empty() {
            text.push_str(" alone");
        }
        if !with.is_empty() {
            text.push_str(&format!(" with {}", with.join(" ")));
        }
        text
    };
    diff.causes.iter().map(of).collect()
}

fn kinds(diff: &BeliefDiff) -> Vec<AspectKind> {
    let mut kinds: Vec<AspectKind> = diff.changes.iter().map(|change| change.aspect.kind).collect();
    kinds.dedup();
    kinds
}

/// 1 to 6: a sign-in with a key, and a decision on it.
fn signed_in() -> Vec<Said> {
    vec![
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        policy(json!({})),
        claim("10:00:00", json!({"amr": ["pwd", "otp"], "key": "K"})),
        decided("10:00:03", "allow"),
    ]
}

fn ended(at: &str) -> Said {
    fact(at, "session.ended", json!({"reason": "upstream_revoked"}))
}

#[test]
fn a_sign_of_life_after_t_makes_certain_what_was_possible_22() {
    let given = given(signed_in().into_iter().chain([fact(
        "13:00:00",
        "app.accessed",
        json!({"app": "a"}),
    )]));
    let diff = diff(&given, "12:00:00", 6, 7);
    assert_eq!(
        (causes(&diff), kinds(&diff)),
        (vec!["7 alone".to_owned()], vec![AspectKind::Phase])
    );
    let change = (diff.changes[0].before.as_deref(), diff.changes[0].after.as_deref());
    assert_eq!(change, (Some("active, possible"), Some("active, certain")));
}

#[test]
fn a_late_end_is_the_one_fact_that_changed_the_state() {
    let given = given(signed_in().into_iter().chain([ended("11:00:00"), ended("13:00:00")]));
    let diff = diff(&given, "12:00:00", 6, 8);
    assert_eq!(causes(&diff), ["7 alone"], "what occurred after T changes nothing at T");
    assert_eq!(kinds(&diff), [AspectKind::Phase, AspectKind::End, AspectKind::Factor]);
    assert_eq!(
        diff.then,
        "At 2026-03-10T12:00:00Z, as known at #6, S was possibly active; pwd and otp counted."
    );
    assert_eq!(
        diff.later,
        "At 2026-03-10T12:00:00Z, as known at #8, S had ended at 11:00:00Z, upstream revoked; pwd \
         and otp counted."
    );
    let phase = &diff.changes[0];
    assert_eq!(
        (phase.before.as_deref(), phase.after.as_deref()),
        (Some("active, possible"), Some("ended, certain"))
    );
}

#[test]
fn two_ends_that_stand_in_for_each_other_are_named_together() {
    let given = given(signed_in().into_iter().chain([ended("11:00:00"), ended("11:00:00")]));
    let diff = diff(&given, "12:00:00", 6, 8);
    assert_eq!(causes(&diff), ["7 with 8", "8 with 7"]);
    assert!(diff.causes.iter().all(|cause| cause.together.len() == diff.changes.len()));
}

#[test]
fn a_late_claim_brings_its_factors_by_itself_however_they_are_void() {
    // The retirement alone says nothing of this session, and without it the factors would still be
    // new.
    let retired_and_claimed = [
        key_retired("09:00:00", "K"),
        claim("10:00:00", json!({"amr": ["pwd", "otp"], "key": "K", "assertion": "b"})),
    ];
    let given = given(
        [
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            policy(json!({})),
            verified("10:00:00", "otp"),
        ]
        .into_iter()
        .chain(retired_and_claimed),
    );
    let diff = diff(&given, "12:00:00", 5, 7);
    assert_eq!(causes(&diff), ["7 alone"]);
    assert!(
        diff.changes
            .iter()
            .any(|change| change.after.as_deref().is_some_and(|text| text.contains("retired key")))
    );
}

#[test]
fn configuration_that_came_late_is_named_and_that_of_others_is_not() {
    let other = fact(
        "09:00:00",
        "idp.configured",
        json!({"idp": "z", "version": "z1", "kind": "third_party", "status": "active",
            "trust_claims": false}),
    );
    let given = given(signed_in().into_iter().chain([
        other,
        key_retired("09:30:00", "K"),
        fact(
            "09:00:00",
            "source.heard",
            json!({"until": "2026-03-10T09:00:00Z", "basis": "stated"}),
        ),
    ]));
    let diff = diff(&given, "12:00:00", 6, 9);
    assert_eq!(causes(&diff), ["8 alone"]);
    assert_eq!(kinds(&diff), [AspectKind::Factor, AspectKind::Decision]);
    assert!(diff.later.contains("a at 10:00:03Z differs: retired key accepted"), "{}", diff.later);
}

#[test]
fn changes_that_undo_each_other_are_no_change() {
    let off_and_on = [
        idp_at("09:00:00", "third_party", "active", false).id("off"),
        idp_at("09:30:00", "third_party", "active", true).id("on"),
    ];
    let given = given(signed_in().into_iter().chain(off_and_on));
    assert!(diff(&given, "12:00:00", 6, 8).changes.is_empty());
    // In between it was another state, by one fact.
    assert_eq!(causes(&diff(&given, "12:00:00", 6, 7)), ["7 alone"]);
    assert_eq!(causes(&diff(&given, "12:00:00", 7, 8)), ["8 alone"]);
}

#[test]
fn a_link_that_came_late_joined_two_sessions() {
    let other = || fact("10:30:00", "factor.verified", json!({"method": "otp"})).session("R");
    let given =
        given(signed_in().into_iter().chain([
            other(),
            fact("10:40:00", "session.linked", json!({"to": "R", "by": "root"})),
        ]));
    let diff = diff(&given, "12:00:00", 7, 8);
    assert_eq!(causes(&diff), ["8 alone"]);
    assert_eq!(diff.before.unwrap().state.aliases, []);
    assert_eq!(diff.after.unwrap().state.aliases, [SessionId::from("R")]);
}

#[test]
fn nothing_was_known_before() {
    let diff = diff(&given(signed_in()), "12:00:00", 4, 6);
    assert_eq!(diff.before, None);
    assert_eq!(diff.then, "At 2026-03-10T12:00:00Z, as known at #4, nothing was known of S.");
    // The decision's reading takes its claim; the session began with the claim, so that fact brings
    // all but the decision.
    assert_eq!(causes(&diff), ["5 alone with 6", "6 alone with 5"]);
}

#[test]
fn of_many_the_two_that_matter_are_found() {
    let seen = (0..60).map(|n| fact(&format!("10:30:{n:02}"), "app.accessed", json!({"app": "a"})));
    let late: Vec<Said> = [ended("11:00:00")]
        .into_iter()
        .chain((0..120).map(|_| key_added("07:00:00", "L")))
        .chain([ended("11:00:00")])
        .collect();
    let given = given(signed_in().into_iter().chain(seen).chain(late));
    assert_eq!(causes(&diff(&given, "12:00:00", 66, u64::MAX)), ["67 with 188", "188 with 67"]);
}

#[test]
fn too_many_to_try_is_said_with_the_number() {
    let many = (0..=MAX_TRIED).map(|_| key_retired("09:00:00", "K"));
    let given = given(signed_in().into_iter().chain(many));
    let (history, facts) = apart(&given.0);
    let session = SessionId::from("S");
    let refused =
        belief_diff(beliefs(&session, &facts, &history, "12:00:00", 6, u64::MAX)).unwrap_err();
    assert_eq!(refused.records, MAX_TRIED + 1);
}

/// Facts that act on each other, to be learned in any order.
fn pool() -> Vec<Said> {
    vec![
        org(),
        third_party(),
        idp_at("09:00:00", "third_party", "active", false),
        idp_at("09:30:00", "third_party", "inactive", true),
        idp_at("09:45:00", "third_party", "active", true).until("10:15:00"),
        key_added("08:00:00", "K"),
        key_retired("09:59:00", "K"),
        key_added("09:59:30", "K"),
        policy(json!({})),
        policy(json!({"alternatives": [{"possession": {"phishing_resistant": true}}]})).id("p2"),
        local("password"),
        local("otp"),
        claim("10:00:00", json!({"amr": ["pwd", "hwk", "phr"], "key": "K"})),
        claims("10:01:00", &["pwd", "otp"]).id("c"),
        claims("10:01:00", &["sms"]).id("c").variant("v"),
        verified("10:02:00", "otp"),
        decided("10:03:00", "allow"),
        decided("10:20:00", "deny"),
        fact(
            "10:00:00",
            "session.started",
            json!({"idp": "x", "idp_session": "i", "idle_secs": 600}),
        ),
        fact("10:10:00", "app.accessed", json!({"app": "a"})),
        ended("10:30:00"),
        ended("10:25:00"),
        fact("10:12:00", "factor.verified", json!({"method": "push"})).session("R"),
        fact("10:40:00", "session.linked", json!({"to": "R", "by": "root"})),
        fact("10:02:00", "claim.ignored", json!({"amr": "otp"})),
        fact(
            "09:00:00",
            "trust.retracted",
            json!({"idp": "x", "from": "2026-03-10T09:00:00Z", "reason": "leaked", "key": "K"}),
        ),
        fact("10:05:00", "authenticator.lost", json!({"methods": ["hwk", "otp"]})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever came in whatever order: nothing changes between a position and itself; and without
    /// the named facts the state is what it was.
    #[test]
    fn without_the_named_facts_the_state_is_the_earlier_one(
        order in Just((0..pool().len()).collect::<Vec<_>>()).prop_shuffle(),
        count in 1..=pool().len(),
        before in 0..27_u64,
        minute in 0..60_u64,
    ) {
        let pool = pool();
        let given = given(order.into_iter().take(count).map(|at| pool[at].clone()));
        let at = format!("10:{minute:02}:00");
        let (history, facts) = apart(&given.0);
        let session = SessionId::from("S");
        prop_assert_eq!(belief_diff(beliefs(&session, &facts, &history, &at, before,
            before)).unwrap().changes, vec![]);

        let diff = belief_diff(beliefs(&session, &facts, &history, &at, before, u64::MAX)).unwrap();
        let named = |known: &&Known| diff.causes.iter().any(|cause|
            cause.record.position == known.record.position);
        prop_assert!(given.0.iter().filter(named).all(|known| known.record.position.0 > before));
        prop_assert_eq!(diff.changes.is_empty(), diff.causes.is_empty());
        for (at, change) in diff.changes.iter().enumerate() {
            let accounted = diff.causes.iter().any(|cause| cause.alone.contains(&at) ||
                cause.together.contains(&at));
            prop_assert!(accounted, "{change:?} has no cause");
        }
        let rest: Vec<Known> = given.0.iter().filter(|known| !named(known)).cloned().collect();
        let (history, facts) = apart(&rest);
        let again = belief_diff(beliefs(&session, &facts, &history, &at, before,
            u64::MAX)).unwrap();
        prop_assert_eq!(again.changes, vec![], "named: {:?}", causes(&diff));
    }
}

#[test]
fn where_nothing_was_known_all_that_makes_the_session_known_is_listed_28() {
    let start = || fact("09:00:00", "session.started", json!({"idp": "x"}));
    let opened = |at: &str| fact(at, "app.accessed", json!({"app": "a"}));
    // 4, 5 and 6 each make it known by themselves, 6 although it is later than T: only without all
    // of them is nothing known.
    let g = given([
        org(),
        third_party(),
        policy(json!({})),
        start(),
        claims("10:00:00", &["pwd"]),
        opened("20:00:00"),
    ]);
    let diff = diff(&g, "12:00:00", 3, 6);
    assert!(diff.before.is_none() && diff.after.is_some());
    let listed: Vec<u64> = diff.causes.iter().map(|cause| cause.record.position.0).collect();
    assert_eq!(listed, [4, 5, 6]);
    // As one session with another id: what that one says is listed where it makes a difference.
    let link = fact("10:00:01", "session.linked", json!({"to": "B", "by": "authn_request"}));
    let linked =
        given([org(), third_party(), start(), claims("10:00:00", &["pwd"]).session("B"), link]);
    let diff = self::diff(&linked, "12:00:00", 2, 5);
    assert_eq!(
        diff.causes.iter().map(|cause| cause.record.position.0).collect::<Vec<_>>(),
        [3, 4, 5]
    );
}

#[test]
fn two_factors_of_one_name_are_two_aspects() {
    let okta = idp_at("08:00:00", "okta_identity_engine", "active", true);
    let keys = json!([{"method": "webauthn", "authenticator": "old"},
        {"method": "webauthn", "authenticator": "new"}]);
    let lost = fact(
        "13:00:00",
        "authenticator.lost",
        json!({"methods": ["webauthn"], "authenticator": "new"}),
    );
    let g = given([org(), okta, claim("10:00:00", json!({"methods": keys})), lost]);
    let diff = diff(&g, "14:00:00", 3, 4);
    assert_eq!(kinds(&diff), [AspectKind::Factor]);
    assert_eq!(diff.changes.len(), 1, "the other one reads as it did");
    assert!(
        diff.changes[0].after.as_ref().unwrap().contains("until 2026-03-10T13:00:00Z"),
        "{:?}",
        diff.changes
    );
    assert_eq!(causes(&diff), ["4 alone"]);
}

#[test]
fn a_link_between_identities_is_a_cause_11_28() {
    let lost = fact("12:00:00", "authenticator.lost", json!({"methods": ["otp"]})).subject("v");
    let link = fact("12:30:00", "subject.linked", json!({"other": "u", "same": true})).subject("v");
    let g = given([org(), third_party(), claims("10:00:00", &["pwd", "otp"]), lost, link]);
    assert_eq!(causes(&diff(&g, "14:00:00", 4, 5)), ["5 alone"]);
    assert_eq!(causes(&diff(&g, "14:00:00", 3, 5)), ["4 alone", "5 alone"]);
    assert_eq!(causes(&diff(&g, "14:00:00", 3, 4)), [""; 0]);
}

/// One factor of two, and what is said of the source; from position 7 on.
fn refused(of_source: impl IntoIterator<Item = Said>) -> Given {
    let start = fact("10:00:00", "session.started", json!({}));
    let claims = claims("10:00:00", &["pwd"]);
    let base = [org(), third_party(), policy(json!({})), claims, start];
    given(base.into_iter().chain([decided("10:30:00", "allow")]).chain(of_source))
}

#[test]
fn a_silence_and_what_ends_it_are_causes_28_48() {
    let g = refused([
        span("source.silent", "07:00:00", "08:00:00"),
        span("source.silent", "10:10:00", "10:20:00"),
        heard("20:00:00", "polled"),
        span("source.backfilled", "10:00:00", "10:15:00"),
        span("source.backfilled", "10:15:00", "10:30:00"),
    ]);
    let opened = diff(&g, "12:00:00", 6, 9);
    assert_eq!(causes(&opened), ["8 alone"]);
    assert_eq!(kinds(&opened), [AspectKind::Decision]);
    assert_eq!(causes(&diff(&g, "12:00:00", 9, 10)), [""; 0]);
    assert_eq!(causes(&diff(&g, "12:00:00", 9, 11)), ["10 alone", "11 alone"]);
    // A stream that was off, and polling that says that nothing is missing.
    let stopped = json!({"kind": "log_stream", "change": "stopped"});
    let g = refused([
        fact("10:10:00", "source.delivery_changed", stopped),
        heard("10:00:00", "polled"),
        heard("11:00:00", "polled"),
        heard("12:00:00", "polled"),
    ]);
    assert_eq!(causes(&diff(&g, "12:00:00", 6, 8)), ["7 alone"]);
    assert_eq!(causes(&diff(&g, "12:00:00", 7, 10)), ["9 alone"]);
    assert_eq!(causes(&diff(&g, "12:00:00", 6, 10)), [""; 0]);
}

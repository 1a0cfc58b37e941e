//! What a source did not send while it was silent could be any factor (48).

use crate::{
    given::*,
    saves::{heard, span},
};
use claimledger_domain::{
    completeness::completeness,
    history::{History, is_held},
    model::Known,
    scope::Scope,
};
use claimledger_facts::{ids::LogPosition, time::Time};
use serde_json::{Value, json};

const SHORT: &str = "allow Deny not_enough_factors differs not_enough_factors";
const OPEN: &str = "allow Undetermined missing source_silent";

fn silent(from: &str, until: &str) -> Said {
    span("source.silent", from, until)
}

fn filled(from: &str, until: &str) -> Said {
    span("source.backfilled", from, until)
}

fn delivery(at: &str, change: &str) -> Said {
    let data = json!({"kind": "log_stream", "object": "s", "change": change});
    fact(at, "source.delivery_changed", data)
}

fn started() -> Said {
    fact("12:00:00", "session.started", json!({"idp": "x"}))
}

/// One factor of two by a claim at 12:00, a start at 12:00, and a decision at 12:30.
fn day(rule: Value, said: impl IntoIterator<Item = Said>) -> Given {
    let base = [org(), third_party(), policy(rule), claims("12:00:00", &["pwd"]), started()];
    given(base.into_iter().chain(said).chain([decided("12:30:00", "allow")]))
}

#[track_caller]
fn with(said: impl IntoIterator<Item = Said>, expected: &str) {
    day(json!({}), said).decisions(&[expected]);
}

#[test]
fn a_factor_may_have_been_verified_in_a_gap_between_sign_in_and_decision() {
    with([], SHORT);
    with([silent("12:05:00", "12:10:00")], OPEN);
    with([silent("12:30:00", "12:40:00")], OPEN);
    with([silent("12:30:01", "12:40:00")], SHORT);
    // The user may have begun to sign in a little before the first fact.
    with([silent("11:00:00", "11:59:01")], OPEN);
    with([silent("11:00:00", "11:59:00")], SHORT);
}

#[test]
fn what_it_could_not_change_stays() {
    let gap = || silent("12:05:00", "12:10:00");
    day(json!({"access": "deny"}), [gap()])
        .decisions(&["allow Deny rule_denies differs rule_denies"]);
    with([gap(), verified("12:20:00", "push")], "allow Allow");
    let strict = json!({"alternatives": [{"possession": {"phishing_resistant": true}}]});
    day(strict, [gap(), verified("12:20:00", "push")]).decisions(&[OPEN]);
    // With a local authenticator the rules would challenge.
    let refused = "allow Challenge not_enough_factors differs not_enough_factors";
    with([local("otp")], refused);
    with([local("otp"), gap()], OPEN);
    // What came after the session had ended was not of it.
    let ended = || fact("12:04:00", "session.ended", json!({"reason": "logout"}));
    with([ended(), gap()], SHORT);
}

#[test]
fn a_back_fill_closes_just_what_it_covers() {
    let gap = || silent("12:05:00", "12:10:00");
    with([gap(), filled("12:00:00", "12:10:00")], SHORT);
    with([gap(), filled("12:00:00", "12:09:00")], OPEN);
    with([gap(), filled("12:00:00", "12:10:00").from("other")], OPEN);
}

#[test]
fn what_is_heard_of_another_source_or_not_yet_leaves_nothing_open() {
    with([silent("12:05:00", "12:10:00").from("idp")], SHORT);
    with([heard("12:10:00", "polled")], SHORT);
    // A source that told of a factor would tell of more.
    let of_idp = || verified("12:10:00", "password").from("idp");
    with([of_idp(), silent("12:15:00", "12:20:00").from("idp")], OPEN);
}

#[test]
fn a_stream_that_was_off_leaves_it_open_unless_it_was_polled() {
    let off = || [delivery("12:05:00", "stopped"), delivery("12:10:00", "started")];
    with(off(), OPEN);
    with(off().into_iter().chain([heard("13:00:00", "polled")]), SHORT);
    with(off().into_iter().chain([heard("13:00:00", "assumed")]), OPEN);
}

#[test]
fn a_session_whose_start_was_not_heard_began_before_what_was() {
    let of = |limit: Option<u64>, said: Said| {
        let rules = json!([{"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa"}]);
        let global = limit.map(|secs| {
            fact(
                "08:00:00",
                "policy.configured",
                json!({"policy": "g", "version": "1", "kind": "global_session", "rules": rules,
                    "max_lifetime_secs": secs}),
            )
        });
        let base = [org(), third_party(), policy(json!({})), said, decided("12:30:00", "allow")];
        decisions(&given(base.into_iter().chain(global)).end()).join(" ")
    };
    let gap = || silent("09:00:00", "10:00:00");
    assert_eq!(of(None, heard("20:00:00", "polled")), SHORT);
    assert_eq!(of(None, gap()), OPEN);
    // It cannot be older than its lifetime limit, if that is known.
    assert_eq!(of(Some(9_000), gap()), SHORT);
    assert_eq!(of(Some(9_001), gap()), OPEN);
    // A start that comes to be known says when it was.
    let late = || fact("12:29:00", "session.started", json!({}));
    let base = [org(), third_party(), policy(json!({})), gap(), decided("12:28:30", "allow")];
    given(base.into_iter().chain([late()])).decisions(&[SHORT]);
}

#[test]
fn it_counts_once_it_is_known() {
    let facts = [silent("12:05:00", "12:10:00"), filled("12:05:00", "12:10:00")];
    let base = [org(), third_party(), policy(json!({})), claims("12:00:00", &["pwd"]), started()];
    let given = given(base.into_iter().chain([decided("12:30:00", "allow")]).chain(facts));
    let told = |position| decisions(&given.known_at("23:59:59", position).unwrap()).join(" ");
    assert_eq!([6, 7, 8].map(told), [SHORT, OPEN, SHORT]);
}

#[test]
fn the_tree_names_the_source_and_the_gap() {
    let day = day(json!({}), [silent("12:05:00", "12:10:00"), silent("12:40:00", "12:50:00")]);
    let tree = day.tree();
    for line in [
        "Missing: what a source did not send while it was silent.",
        "sp silent 12:05:00Z to 12:10:00Z: any factor that it did not send may be missing.",
        "[silence · sem 48]",
    ] {
        assert!(tree.contains(line), "{line}\nin\n{tree}");
    }
    assert!(!tree.contains("12:40:00Z"), "{tree}");
    // Where it changes nothing, nothing is said of it.
    let allowed = [silent("12:05:00", "12:10:00"), verified("12:20:00", "push")];
    let tree = self::day(json!({}), allowed).tree();
    assert!(!tree.contains("silent"), "{tree}");
}

/// From when on a record of a source's completeness can change sessions.
fn concerned(facts: Vec<Said>) -> Vec<Option<Time>> {
    let all = given(facts).0;
    let history: History = all.iter().filter(|k| is_held(&k.fact.data)).cloned().collect();
    let from = |known: &Known| {
        let cut = history.at(LogPosition(99));
        let scopes = Scope::of_log(cut, &known.record, &known.fact);
        let mut of_all = scopes.iter().filter(|(scope, _)| *scope == Scope::Everything);
        of_all.next().map(|(_, from)| *from)
    };
    assert!(!completeness(history.at(LogPosition(99))).is_empty());
    all.iter().map(from).collect()
}

/// What is assessed again when such a record comes: every session that lived since, where it opens
/// or closes a gap, and none where it does neither.
#[test]
fn a_record_that_opens_or_closes_a_gap_concerns_the_sessions_that_lived_since() {
    let facts = vec![
        silent("10:00:00", "11:00:00"),
        silent("10:00:00", "11:00:00"),
        filled("10:30:00", "12:00:00"),
        filled("13:00:00", "14:00:00"),
        heard("15:00:00", "polled"),
        delivery("16:00:00", "stopped"),
        heard("15:30:00", "polled"),
        heard("16:30:00", "assumed"),
        heard("16:10:00", "polled"),
        heard("17:00:00", "polled"),
        silent("18:00:00", "19:00:00"),
        filled("18:00:00", "19:00:00"),
    ];
    let expected = [
        Some("10:00:00"),
        None,
        Some("10:00:00"),
        None,
        None,
        Some("16:00:00"),
        None,
        None,
        Some("16:00:00"),
        Some("16:10:00.000001"),
        Some("18:00:00"),
        Some("18:00:00"),
    ];
    let said: Vec<_> =
        concerned(facts).into_iter().map(|from| from.map(|t| t.to_string())).collect();
    let expected = expected.map(|from| from.map(|from| format!("2026-03-10T{from}Z")));
    assert_eq!(said, expected);
}

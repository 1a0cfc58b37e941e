//! How often something was saved between two looks, where the log was heard over that time: what is
//! open without it is certain then, as far as the events tell.
//!
//! As in `saved.rs` the looks were at 09:00 and at 13:00, and the last save was at 12:30.

use crate::{
    given::*,
    saved::{NOON, saved, signed_in, told, two_rules},
};
use claimledger_domain::{
    history::{History, is_held},
    model::Known,
    scope::Scope,
};
use claimledger_facts::{fact::FactData, ids::LogPosition};
use serde_json::json;

fn event(at: &str, kind: &str, object: &str, change: &str) -> Said {
    let data = json!({"kind": kind, "object": object, "change": change});
    fact(at, "configuration.changed", data).of_no_session()
}

fn update(at: &str) -> Said {
    event(at, "rule", "r", "updated")
}

pub(crate) fn heard(until: &str, basis: &str) -> Said {
    let data = json!({"until": format!("2026-03-10T{until}Z"), "basis": basis});
    fact("20:00:00", "source.heard", data)
}

pub(crate) fn span(kind: &str, from: &str, until: &str) -> Said {
    let time = |of_day: &str| format!("2026-03-10T{of_day}Z");
    fact("20:00:00", kind, json!({"from": time(from), "until": time(until)}))
}

/// The rule denies since the last save.
fn denies() -> Said {
    let mut said = saved(&two_rules(), &["r"]);
    let FactData::PolicyConfigured(data) = &mut said.data else { panic!() };
    data.rules[0].access = claimledger_facts::vocabulary::Access::Deny;
    said
}

const BEFORE: &str = "pwd | allow Allow";
const AFTER: &str = "pwd | allow Deny rule_denies differs rule_denies";
/// The two versions do not agree either.
const OPEN: &str = "pwd | allow Undetermined missing exact_time unseen_state";

/// A decision at noon, with what the log says.
fn at_noon(log: &[Said]) -> String {
    told(signed_in(&[&[denies()][..], log].concat()))
}

#[test]
fn one_save_changed_the_rule_then_and_at_no_other_time() {
    let all = || heard("13:00:00", "polled");
    assert_eq!(at_noon(&[update("12:30:00"), all()]), BEFORE);
    assert_eq!(at_noon(&[update("12:30:00"), heard("12:30:00", "stated")]), BEFORE);
    // The two clocks of one save.
    assert_eq!(at_noon(&[update("12:30:03"), all()]), BEFORE);
    assert_eq!(at_noon(&[update("12:29:58"), all()]), BEFORE);
    // Reading a secret of it is no save.
    let read = event("11:00:00", "rule", "r", "secret_read");
    assert_eq!(at_noon(&[read, update("12:30:00"), all()]), BEFORE);
    // What was saved before the earlier look, it saw.
    assert_eq!(at_noon(&[update("09:00:00"), update("12:30:00"), all()]), BEFORE);
    // A save since the last one is another version's.
    assert_eq!(at_noon(&[update("12:30:00"), update("12:40:00"), all()]), BEFORE);
}

#[test]
fn of_several_saves_what_lies_between_is_open() {
    let two =
        |first: &str| at_noon(&[update(first), update("12:30:00"), heard("13:00:00", "polled")]);
    assert_eq!(two("12:10:00"), BEFORE);
    assert_eq!(two("11:50:00"), OPEN);
    // Since the last event of several it is as the later look saw it.
    let decided = |at: &str| {
        let mut facts = signed_in(&[
            denies(),
            update("12:10:00"),
            update("12:30:00"),
            heard("13:00:00", "polled"),
        ]);
        facts[4] = decided(at, "allow");
        told(facts)
    };
    // The first one may have been as long before its event as the clocks of one save may differ.
    assert_eq!(
        [decided("12:09:49"), decided("12:09:50"), decided("12:29:59"), decided("12:30:00")],
        [BEFORE, OPEN, OPEN, AFTER]
    );
}

/// The event of a save is published near it: of what is not dated by `lastUpdated` as well, both
/// sides of the event are open.
#[test]
fn what_an_event_alone_dates_is_open_for_the_tolerance() {
    let decided_at = |at: &str, facts: &[Said]| {
        let mut facts = signed_in(facts);
        facts[4] = decided(at, "allow");
        told(facts)
    };
    let all = || heard("13:00:00", "polled");
    // The event of the last save comes before it.
    let log = [denies(), update("12:10:00"), update("12:29:55"), all()];
    assert_eq!(decided_at("12:29:58", &log), OPEN);
    assert_eq!(decided_at("12:30:00", &log), AFTER);
    // One save each of two objects: `lastUpdated` dates the later one alone.
    let mut both = saved(&two_rules(), &["policy", "r"]);
    let FactData::PolicyConfigured(data) = &mut both.data else { panic!() };
    data.rules[0].access = claimledger_facts::vocabulary::Access::Deny;
    let own = || event("12:10:00", "policy", "p", "updated");
    let log = [both, own(), update("12:30:00"), all()];
    assert_eq!(decided_at("12:09:49", &log), BEFORE);
    let open = decided_at("12:09:50", &log);
    assert!(open.contains("Undetermined missing exact_time"), "{open}");
    assert_eq!(decided_at("12:30:00", &log), AFTER);
    // The only save of the only object is dated by it.
    let log = [denies(), update("12:30:05"), all()];
    assert_eq!(decided_at("12:29:59", &log), BEFORE);
}

#[test]
fn what_the_log_does_not_say_stays_open() {
    let save = || update("12:30:00");
    let all = || heard("13:00:00", "polled");
    let cases: [(&str, Vec<Said>); 11] = [
        ("nothing is said", vec![]),
        ("how much was heard is not said", vec![save()]),
        ("not all of it was heard", vec![save(), heard("12:29:59", "polled")]),
        ("it is only assumed to be heard", vec![save(), heard("13:00:00", "assumed")]),
        ("a gap", vec![save(), all(), span("source.silent", "11:00:00", "11:10:00")]),
        ("another source was heard", vec![save(), all().from("other")]),
        ("an event of another source", vec![save().from("other"), all()]),
        ("no event, though it was saved", vec![all()]),
        ("none of the last save", vec![update("12:10:00"), all()]),
        ("another rule", vec![event("12:30:00", "rule", "o", "updated"), all()]),
        ("an event of no exact time", vec![update("12:29:55").until("12:30:00"), all()]),
    ];
    for (case, log) in cases {
        assert_eq!(at_noon(&log), OPEN, "{case}");
    }
    let filled = [
        span("source.silent", "11:00:00", "11:10:00"),
        span("source.backfilled", "10:00:00", "12:00:00"),
    ];
    assert_eq!(at_noon(&[&[save(), all()][..], &filled].concat()), BEFORE);
    let outside = span("source.silent", "07:00:00", "08:00:00");
    assert_eq!(at_noon(&[save(), all(), outside]), BEFORE);
}

#[test]
fn it_counts_once_it_is_known() {
    let (save, all) = (|| update("12:30:00"), || heard("13:00:00", "polled"));
    let open = "allow Undetermined missing exact_time unseen_state";
    // The version is at 6; at 7 and 8 the event and that all was heard, or the event comes late.
    for log in [[save(), all()], [all(), save()]] {
        let given = given(signed_in(&[&[denies()][..], &log].concat()));
        let told = |position| decisions(&given.known_at("23:59:59", position).unwrap()).join(" ");
        assert_eq!([5, 6, 7, 8].map(told), ["allow Allow", open, open, "allow Allow"]);
    }
}

#[test]
fn an_idp_a_policy_and_an_authenticator_are_told_alike() {
    let all = || heard("13:00:00", "polled");
    // The IdP was untrusted by its last save.
    let rest = |log: &[Said]| {
        let rule = json!({"factor_mode": "1fa", "alternatives": [{"knowledge": true}]});
        let untrusted = saved(&idp_at("08:00:00", "third_party", "active", false), &[]);
        let rest = [org(), third_party(), policy(rule), claims(NOON, &["pwd"])];
        let rest = rest.into_iter().chain([decided(NOON, "allow"), untrusted]);
        told(rest.chain(log.iter().cloned()))
    };
    let idp = |at: &str| event(at, "idp", "x", "updated");
    let open = "pwd possible exact_time | allow Undetermined missing exact_time";
    assert_eq!(rest(&[idp("12:30:00")]), open);
    assert_eq!(rest(&[idp("12:30:00"), all()]), "pwd | allow Allow");
    assert_eq!(rest(&[idp("11:00:00"), idp("12:30:00"), all()]), open);
    // The policy itself, beside a rule.
    let both = || saved(&two_rules(), &["policy", "r"]);
    let own = |at: &str| event(at, "policy", "p", "deactivated");
    let with = |log: &[Said]| told(signed_in(&[&[both()][..], log].concat()));
    let open = "pwd | allow Undetermined missing unseen_state";
    assert_eq!(with(&[update("12:30:00"), all()]), open, "of the policy nothing is said");
    assert_eq!(with(&[update("12:30:00"), own("11:00:00"), all()]), BEFORE);
    assert_eq!(with(&[update("12:30:00"), own("11:00:00"), own("12:20:00"), all()]), open);
    // An authenticator.
    let off = || {
        fact("08:00:00", "authenticator.configured", json!({"method": "otp", "status": "inactive"}))
    };
    let with = |log: &[Said]| {
        let rest = [org(), third_party(), policy(json!({})), claims(NOON, &["pwd"])];
        let rest = rest.into_iter().chain([decided(NOON, "challenge")]);
        told(rest.chain([off(), saved(&off(), &["aut-1"])]).chain(log.iter().cloned()))
    };
    let own = |at: &str| event(at, "authenticator", "aut-1", "deactivated");
    let open = "pwd | challenge Undetermined missing exact_time";
    assert_eq!(with(&[own("11:30:00"), own("12:30:00"), all()]), open);
    assert_eq!(with(&[own("12:30:00"), all()]), "pwd | challenge Deny not_enough_factors");
}

/// What is assessed again when such a record comes: sessions that the version concerns, and none
/// where it tells nothing.
#[test]
fn a_record_concerns_the_sessions_of_the_interval_that_it_tells_of() {
    let facts = [
        saved(&two_rules(), &["r"]),
        update("12:30:00"),
        heard("12:20:00", "polled"),
        heard("12:30:00", "assumed"),
        heard("13:00:00", "polled"),
        heard("14:00:00", "polled"),
        event("12:30:00", "rule", "o", "updated"),
        update("13:30:00"),
        span("source.silent", "11:00:00", "11:10:00"),
        span("source.silent", "07:00:00", "08:00:00"),
        heard("15:00:00", "polled").from("other"),
    ];
    let all = given(facts).0;
    let history: History = all.iter().filter(|k| is_held(&k.fact.data)).cloned().collect();
    let concerned = |known: &Known| {
        let mut scopes = Scope::of_log(history.at(LogPosition(99)), &known.record, &known.fact);
        // A gap concerns others too (48).
        scopes.retain(|(scope, _)| *scope != Scope::Everything);
        assert!(scopes.iter().all(|(_, from)| *from == time("09:00:00")), "{scopes:?}");
        scopes.iter().any(|(scope, _)| *scope == Scope::Policy("p".into()))
    };
    let concerned: Vec<usize> = (0..all.len()).filter(|n| concerned(&all[*n])).collect();
    assert_eq!(concerned, [1, 4, 8], "the event, the first that heard it all, the gap in it");
}

//! How complete each source is, as known at K (3).

use crate::given::*;
use claimledger_domain::{
    completeness::{Completeness, completeness},
    history::History,
};
use claimledger_facts::{ids::LogPosition, vocabulary::HeardBasis};
use serde_json::{Value, json};

fn span(kind: &str, from: &str, until: &str) -> Said {
    let at = |t: &str| format!("2026-03-10T{t}Z");
    fact(until, kind, json!({"from": at(from), "until": at(until)})).from("feed")
}

fn heard(until: &str, basis: &str) -> Said {
    let data: Value = json!({"until": format!("2026-03-10T{until}Z"), "basis": basis});
    fact(until, "source.heard", data).from("feed")
}

fn feed(facts: impl IntoIterator<Item = Said>, known_at: u64) -> Option<Completeness> {
    let history: History = given(facts).0.into_iter().collect();
    completeness(history.at(LogPosition(known_at))).into_iter().find(|c| c.source.as_str() == "feed")
}

#[test]
fn heard_until_the_latest_and_on_the_better_basis() {
    let facts = || [heard("10:00:00", "stated"), heard("12:00:00", "assumed"), heard("12:00:00", "polled")];
    let all = feed(facts(), 3).unwrap();
    assert_eq!((all.heard_until, all.basis), (Some(time("12:00:00")), Some(HeardBasis::Polled)));
    let first = feed(facts(), 1).unwrap();
    assert_eq!((first.heard_until, first.basis), (Some(time("10:00:00")), Some(HeardBasis::Stated)));
    assert_eq!(feed(facts(), 0), None);
}

#[test]
fn a_gap_is_open_until_all_of_it_is_filled() {
    let silent = || span("source.silent", "10:00:00", "11:00:00");
    let fill = |from: &str, until: &str| span("source.backfilled", from, until);
    let filled = |fills: &[(&str, &str)]| {
        let facts = [silent()].into_iter().chain(fills.iter().map(|(from, until)| fill(from, until)));
        feed(facts, 9).unwrap().gaps[0].backfilled
    };
    assert!(!filled(&[]));
    assert!(!filled(&[("10:00:00", "10:30:00")]));
    assert!(!filled(&[("10:00:00", "10:30:00"), ("10:31:00", "11:00:00")]));
    assert!(filled(&[("10:30:00", "11:30:00"), ("09:00:00", "10:30:00")]));
    assert!(filled(&[("10:00:00", "11:00:00")]));
}

#[test]
fn what_another_source_filled_fills_nothing() {
    let other = span("source.backfilled", "10:00:00", "11:00:00").from("other");
    assert!(!feed([span("source.silent", "10:00:00", "11:00:00"), other], 9).unwrap().gaps[0].backfilled);
}

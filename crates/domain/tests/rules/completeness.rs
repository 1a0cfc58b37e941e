//! How complete each source is, as known at K (3).

use crate::given::*;
use claimledger_domain::{
    completeness::{
        self, Completeness, Timeliness, completeness, completeness_of, statements_of, summary,
    },
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
    completeness(history.at(LogPosition(known_at)))
        .into_iter()
        .find(|c| c.source.as_str() == "feed")
}

#[test]
fn heard_until_the_latest_and_on_the_better_basis() {
    let facts =
        || [heard("10:00:00", "stated"), heard("12:00:00", "assumed"), heard("12:00:00", "polled")];
    let all = feed(facts(), 3).unwrap();
    assert_eq!((all.heard_until, all.basis), (Some(time("12:00:00")), Some(HeardBasis::Polled)));
    let first = feed(facts(), 1).unwrap();
    assert_eq!(
        (first.heard_until, first.basis),
        (Some(time("10:00:00")), Some(HeardBasis::Stated))
    );
    assert_eq!(feed(facts(), 0), None);
}

/// `10:00 10:30 filled`, in order.
fn parts(facts: impl IntoIterator<Item = Said>) -> Vec<String> {
    let hour = |time: claimledger_facts::time::Time| time.to_string()[11..16].to_owned();
    let one = |gap: &completeness::Gap| {
        format!(
            "{} {} {}",
            hour(gap.from),
            gap.until.map_or("on".to_owned(), hour),
            if gap.backfilled { "filled" } else { "open" }
        )
    };
    feed(facts, 99).unwrap().gaps.iter().map(one).collect()
}

#[test]
fn a_back_fill_closes_just_the_part_of_a_gap_that_it_covers_3() {
    let fills = |fills: &[(&str, &str)]| {
        let fills = fills.iter().map(|(from, until)| span("source.backfilled", from, until));
        parts([span("source.silent", "10:00:00", "11:00:00")].into_iter().chain(fills))
    };
    assert_eq!(fills(&[]), ["10:00 11:00 open"]);
    assert_eq!(fills(&[("10:00:00", "10:30:00")]), ["10:00 10:30 filled", "10:30 11:00 open"]);
    assert_eq!(
        fills(&[("10:20:00", "10:40:00")]),
        ["10:00 10:20 open", "10:20 10:40 filled", "10:40 11:00 open"]
    );
    assert_eq!(
        fills(&[("10:30:00", "12:00:00")]),
        ["10:00 10:30 open", "10:30 11:00 filled"],
        "what reaches past it closes nothing else"
    );
    assert_eq!(
        fills(&[("10:31:00", "11:00:00"), ("10:00:00", "10:30:00")]),
        ["10:00 10:30 filled", "10:30 10:31 open", "10:31 11:00 filled"]
    );
    assert_eq!(
        fills(&[("10:30:00", "11:30:00"), ("09:00:00", "10:30:00")]),
        ["10:00 11:00 filled"],
        "half-open ones that touch leave nothing"
    );
    assert_eq!(
        fills(&[("10:00:00", "10:40:00"), ("10:20:00", "11:00:00")]),
        ["10:00 11:00 filled"]
    );
    assert_eq!(
        fills(&[("09:00:00", "10:00:00"), ("11:00:00", "12:00:00")]),
        ["10:00 11:00 open"],
        "what ends where it begins fills nothing"
    );
    let two = [
        span("source.silent", "10:00:00", "11:00:00"),
        span("source.silent", "12:00:00", "13:00:00"),
        span("source.backfilled", "10:30:00", "12:30:00"),
    ];
    assert_eq!(
        parts(two),
        ["10:00 10:30 open", "10:30 11:00 filled", "12:00 12:30 filled", "12:30 13:00 open"]
    );
}

#[test]
fn whether_none_may_be_said_depends_on_the_part_that_is_open_3() {
    let facts = || {
        [
            span("source.silent", "10:00:00", "11:00:00"),
            heard("12:00:00", "stated"),
            span("source.backfilled", "10:00:00", "10:30:00"),
        ]
    };
    let open = "incomplete, feed silent 10:30:00Z to 11:00:00Z";
    assert_eq!(
        said(facts(), "12:00:00", 9),
        (false, open.to_owned(), Some("2026-03-10T10:30:00Z".to_owned()))
    );
    assert!(said(facts(), "10:29:59", 9).0, "up to there all has come");
    assert!(!said(facts(), "10:30:00", 9).0);
}

#[test]
fn what_another_source_filled_fills_nothing() {
    let other = span("source.backfilled", "10:00:00", "11:00:00").from("other");
    assert!(
        !feed([span("source.silent", "10:00:00", "11:00:00"), other], 9).unwrap().gaps[0]
            .backfilled
    );
}

fn said(
    facts: impl IntoIterator<Item = Said>,
    at: &str,
    known_at: u64,
) -> (bool, String, Option<String>) {
    let history: History = given(facts).0.into_iter().collect();
    let known = ["feed".into()];
    let found = summary(&completeness_of(history.at(LogPosition(known_at)), &known), time(at));
    (found.complete, found.words, found.complete_to.map(|time| time.to_string()))
}

#[test]
fn none_may_be_said_only_where_every_source_was_heard_to_t_without_a_gap() {
    let facts = || {
        [
            span("source.silent", "10:00:00", "11:00:00"),
            heard("12:00:00", "stated"),
            span("source.backfilled", "10:00:00", "11:00:00"),
        ]
    };
    let expect = |complete, words: &str, to: Option<&str>| {
        (complete, words.to_owned(), to.map(|t| format!("2026-03-10T{t}Z")))
    };
    assert_eq!(said(facts(), "12:00:00", 3), expect(true, "complete", Some("12:00:00")));
    assert_eq!(
        said(facts(), "12:00:01", 3),
        expect(false, "incomplete, feed heard to 12:00:00Z only", Some("12:00:00"))
    );
    assert_eq!(
        said(facts(), "12:00:00", 2),
        expect(false, "incomplete, feed silent 10:00:00Z to 11:00:00Z", Some("10:00:00"))
    );
    assert_eq!(
        said(facts(), "09:59:59", 2),
        expect(true, "complete", Some("10:00:00")),
        "the gap begins after T"
    );
    assert!(!said(facts(), "10:00:00", 2).0);
    let silent =
        "incomplete, feed silent 10:00:00Z to 11:00:00Z and does not say how complete it is";
    assert_eq!(said(facts(), "12:00:00", 1), expect(false, silent, None));
    assert_eq!(
        said([], "12:00:00", 9),
        expect(false, "incomplete, feed does not say how complete it is", None)
    );
    assert!(!summary(&[], time("12:00:00")).complete);
}

fn told(facts: impl IntoIterator<Item = Said>, known_at: u64) -> completeness::Statements {
    let history: History = given(facts).0.into_iter().collect();
    statements_of(&"feed".into(), history.at(LogPosition(known_at)))
}

#[test]
fn what_a_source_says_of_itself_names_its_records() {
    let facts = || {
        [
            heard("10:00:00", "stated"),
            heard("12:00:00", "assumed"),
            heard("11:00:00", "stated"),
            heard("11:30:00", "polled"),
            heard("10:30:00", "assumed"),
            heard("13:00:00", "stated").from("another"),
        ]
    };
    let heard = |known_at: u64| -> Vec<(u64, HeardBasis)> {
        told(facts(), known_at)
            .heard
            .iter()
            .map(|said| (said.record.position.0, said.basis))
            .collect()
    };
    assert_eq!(
        heard(9),
        [(3, HeardBasis::Stated), (4, HeardBasis::Polled), (2, HeardBasis::Assumed)]
    );
    assert_eq!(heard(2), [(1, HeardBasis::Stated), (2, HeardBasis::Assumed)]);
    assert_eq!(heard(0), []);
    // What a better basis reaches too, the worse one adds nothing to.
    let covered = told([self::heard("12:00:00", "assumed"), self::heard("12:00:00", "stated")], 9);
    assert_eq!(covered.heard.iter().map(|said| said.record.position.0).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_silence_names_who_said_so_and_who_filled_it_in() {
    let facts = || {
        [
            span("source.silent", "10:00:00", "11:00:00"),
            span("source.silent", "10:00:00", "11:00:00"),
            span("source.backfilled", "09:00:00", "10:00:00"),
            span("source.backfilled", "10:00:00", "10:30:00"),
            span("source.backfilled", "10:30:00", "12:00:00"),
        ]
    };
    let gaps = |known_at: u64| -> Vec<(u64, Vec<u64>, bool)> {
        let of = |said: &completeness::GapStatement| {
            said.backfilled.iter().map(|record| record.position.0).collect()
        };
        told(facts(), known_at)
            .gaps
            .iter()
            .map(|said| (said.silent.position.0, of(said), said.gap.backfilled))
            .collect()
    };
    assert_eq!(gaps(0), []);
    assert_eq!(gaps(3), [(1, vec![], false)], "what ends where it begins fills nothing of it");
    assert_eq!(gaps(4), [(1, vec![4], true), (1, vec![], false)]);
    assert_eq!(gaps(5), [(1, vec![4, 5], true)]);
    let known = told(facts(), 5).gaps.iter().map(|said| said.gap).collect::<Vec<_>>();
    assert_eq!(
        Some(known),
        feed(facts(), 5).map(|feed| feed.gaps),
        "the same silences as everywhere"
    );
}

#[test]
fn late_is_over_a_minute_and_ahead_is_a_second_or_more() {
    let of = |occurred: &str, to: Option<&str>, recorded: &str| {
        let access = fact(occurred, "app.accessed", json!({"app": "a"}));
        let access = match to {
            Some(to) => access.until(to),
            None => access,
        };
        Timeliness::of(access.occurred, time(recorded))
    };
    let secs = std::time::Duration::from_secs;
    assert_eq!(of("10:00:00", None, "10:01:00"), Timeliness::InTime);
    assert_eq!(of("10:00:00", None, "10:01:01"), Timeliness::Late(secs(61)));
    assert_eq!(
        of("10:00:00", Some("10:30:00"), "10:31:00"),
        Timeliness::InTime,
        "it may have occurred just before"
    );
    assert_eq!(of("10:00:01", None, "10:00:00"), Timeliness::Ahead(secs(1)));
    assert_eq!(of("10:00:00", None, "10:00:00"), Timeliness::InTime);
}

/// What happened to a log stream (`str1`) or an event hook (`who1`).
fn delivery(at: &str, object: &str, change: &str) -> Said {
    let kind = if object.starts_with("str") { "log_stream" } else { "event_hook" };
    let data = json!({"kind": kind, "object": object, "change": change});
    fact(at, "source.delivery_changed", data).from("feed")
}

#[test]
fn what_a_stopped_stream_did_not_send_is_missing_unless_it_was_heard_otherwise_3() {
    let off = || delivery("10:00:00", "str1", "stopped");
    let on = || delivery("11:00:00", "str1", "started");
    let filled = || span("source.backfilled", "10:00:00", "10:30:00");
    let cases: &[(&str, Vec<Said>, &[&str])] = &[
        ("nothing else brings it", vec![off()], &["10:00 on open"]),
        ("until it is on again", vec![on(), off()], &["10:00 11:00 open"]),
        (
            "stopped twice",
            vec![off(), delivery("10:30:00", "str1", "stopped"), on()],
            &["10:00 11:00 open"],
        ),
        (
            "another one is on",
            vec![off(), delivery("11:00:00", "str2", "started")],
            &["10:00 on open"],
        ),
        ("another source's is on", vec![off(), on().from("other")], &["10:00 on open"]),
        ("on without having been off", vec![on()], &[]),
        ("filled", vec![off(), on(), filled()], &["10:00 10:30 filled", "10:30 11:00 open"]),
        ("filled, and still off", vec![off(), filled()], &["10:00 10:30 filled", "10:30 on open"]),
        ("polled over it", vec![off(), on(), heard("11:00:00", "polled")], &[]),
        ("polled past its begin", vec![off(), heard("10:00:00", "polled")], &[]),
        ("stated past its begin", vec![off(), heard("10:30:00", "stated")], &[]),
        ("polled up to before", vec![off(), heard("09:59:59", "polled")], &["10:00 on open"]),
        ("only assumed", vec![off(), on(), heard("12:00:00", "assumed")], &["10:00 11:00 open"]),
        (
            "polled, the rest assumed",
            vec![off(), on(), heard("10:30:00", "polled"), heard("12:00:00", "assumed")],
            &["10:30 11:00 open"],
        ),
        (
            "another source was polled",
            vec![off(), heard("12:00:00", "polled").from("other")],
            &["10:00 on open"],
        ),
        ("not delivered", vec![delivery("10:00:00", "who1", "failed")], &["09:00 10:00 open"]),
        (
            "not delivered, several",
            vec![
                delivery("10:00:00", "who1", "failed"),
                delivery("10:40:00", "who1", "failed"),
                delivery("12:00:00", "who1", "failed"),
            ],
            &["09:00 10:40 open", "11:00 12:00 open"],
        ),
        (
            "not delivered, polled",
            vec![delivery("10:00:00", "who1", "failed"), heard("10:00:00", "polled")],
            &[],
        ),
    ];
    for (case, facts, expected) in cases {
        let gaps = feed(facts.clone(), 99).map(|_| parts(facts.clone())).unwrap_or_default();
        assert_eq!(gaps, *expected, "{case}");
    }
}

#[test]
fn a_polled_source_is_complete_to_its_polling_whatever_is_off_3() {
    let facts = || [delivery("10:00:00", "str1", "stopped"), heard("12:00:00", "polled")];
    let complete = (true, "complete".to_owned(), Some("2026-03-10T12:00:00Z".to_owned()));
    assert_eq!(said(facts(), "12:00:00", 9), complete);
    // As known before the polling.
    assert_eq!(
        said(facts(), "12:00:00", 1).1,
        "incomplete, feed log stream switched off since 10:00:00Z (#1) and does not say how \
         complete it is"
    );
    let assumed = || [delivery("10:00:00", "who1", "stopped"), heard("12:00:00", "assumed")];
    assert_eq!(
        said(assumed(), "12:00:00", 9),
        (
            false,
            "incomplete, feed event hook switched off since 10:00:00Z (#1)".to_owned(),
            Some("2026-03-10T10:00:00Z".to_owned())
        )
    );
    assert!(said(assumed(), "09:59:59", 9).0, "before it was switched off all was sent");
    let history: History = given(assumed()).0.into_iter().collect();
    let told = statements_of(&"feed".into(), history.at(LogPosition(9)));
    assert_eq!(told.gaps.iter().map(|gap| gap.silent.position.0).collect::<Vec<_>>(), [1]);
}

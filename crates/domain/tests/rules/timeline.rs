//! One timeline: what concerns a session and what does not, in either order (1, 2, 3, 42).

use crate::given::*;
use claimledger_domain::{
    assess,
    history::{History, is_config},
    model::{Certainty, Cut, Known},
    timeline::{Category, ClockOrder, Material, Row, timeline},
};
use claimledger_facts::ids::LogPosition;
use serde_json::json;

/// The rows at a cut. Facts that no session names and that are no configuration are about its
/// person.
fn rows_at(
    facts: impl IntoIterator<Item = Said>,
    at: &str,
    known_at: u64,
    order: ClockOrder,
) -> Vec<Row> {
    let (config, facts): (Vec<Known>, Vec<Known>) =
        given(facts).0.into_iter().partition(|k| is_config(&k.fact.data));
    let (about, facts): (Vec<Known>, Vec<Known>) =
        facts.into_iter().partition(|k| k.record.kind.starts_with("hold."));
    let history: History = config.into_iter().collect();
    let cut = Cut { at: time(at), known_at: LogPosition(known_at) };
    let state = assess(&facts, &history, cut).expect("something is known");
    timeline(
        Material {
            state: &state,
            facts: &facts,
            not_understood: &[],
            silent: &[],
            about: &about,
            history: &history,
        },
        cut,
        order,
    )
}

fn ids(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.record.source_id.to_string()).collect()
}

fn timeline_of(facts: impl IntoIterator<Item = Said>) -> Vec<String> {
    ids(&rows_at(facts, "23:00:00", 99, ClockOrder::Occurred))
}

fn start(at: &str) -> Said {
    fact(at, "session.started", json!({"idp": "x", "idp_session": "i"})).id("start")
}

fn end(at: &str) -> Said {
    fact(at, "session.ended", json!({"reason": "logout"})).id("end")
}

fn signed(key: &str) -> Said {
    claim("10:00:00", json!({"amr": ["pwd"], "key": key})).id("claim")
}

fn trusted(at: &str, id: &'static str) -> Said {
    idp_at(at, "third_party", "active", true).id(id)
}

fn retracted(id: &'static str, key: Option<&str>) -> Said {
    fact(
        "20:00:00",
        "trust.retracted",
        json!({"idp": "x", "from": "2026-03-10T09:00:00Z", "reason": "leaked", "key": key}),
    )
    .id(id)
}

#[test]
fn versions_show_as_far_as_they_were_in_force_while_it_lasted() {
    let facts = [
        trusted("08:00:00", "old"),
        trusted("09:00:00", "in-force"),
        start("10:00:00"),
        signed("K"),
        trusted("11:00:00", "during"),
        end("12:00:00"),
        trusted("13:00:00", "after"),
    ];
    assert_eq!(timeline_of(facts), ["in-force", "claim", "start", "during", "end"]);
    // One that was replaced at the very instant at which the session began was not in force in it.
    assert_eq!(
        timeline_of([trusted("08:00:00", "old"), trusted("10:00:00", "new"), start("10:00:00")]),
        ["new", "start"]
    );
    let polled = trusted("09:00:00", "polled").until("10:30:00");
    assert_eq!(
        timeline_of([trusted("08:00:00", "old"), polled, start("10:00:00")]),
        ["old", "polled", "start"],
        "either may have been in force"
    );
}

#[test]
fn keys_show_that_its_claims_name_or_may_name() {
    let keys = || {
        [
            key_added("09:00:00", "K").id("k"),
            key_added("09:00:00", "L").id("l"),
            key_retired("09:30:00", "K").id("k-retired"),
        ]
    };
    assert_eq!(timeline_of(keys().into_iter().chain([signed("K")])), ["k", "k-retired", "claim"]);
    let keyless = rows_at(
        keys().into_iter().chain([claim("10:00:00", json!({"amr": ["pwd"]})).id("claim")]),
        "23:00:00",
        99,
        ClockOrder::Occurred,
    );
    assert_eq!(ids(&keyless), ["k", "l", "k-retired", "claim"]);
    assert_eq!(keyless[0].certainty, Certainty::Possible);
    assert_eq!(keyless[3].certainty, Certainty::Certain);
}

#[test]
fn falsifiers_show_for_every_t_once_known() {
    let facts = || {
        [
            start("10:00:00"),
            signed("K"),
            retracted("of-k", Some("K")),
            retracted("of-l", Some("L")),
            retracted("of-x", None),
        ]
    };
    let at = |at: &str, known_at| ids(&rows_at(facts(), at, known_at, ClockOrder::Occurred));
    assert_eq!(at("10:30:00", 99), ["claim", "start", "of-k", "of-x"]);
    assert_eq!(at("10:30:00", 3), ["claim", "start", "of-k"]);
    assert_eq!(at("10:30:00", 2), ["claim", "start"]);
    let row = &rows_at(facts(), "10:30:00", 99, ClockOrder::Occurred)[2];
    assert_eq!(
        (row.category, row.effective_from, row.late),
        (Category::Falsifier, Some(time("09:00:00")), true)
    );
    let lost = |id: &'static str, who: &'static str| {
        fact("20:00:00", "authenticator.lost", json!({"methods": ["hwk"]})).id(id).subject(who)
    };
    assert_eq!(
        timeline_of([signed("K"), lost("hers", "u"), lost("another's", "v")]),
        ["claim", "hers"]
    );
}

#[test]
fn a_cut_leaves_out_what_occurred_later_or_was_not_known() {
    let facts = || {
        [start("10:00:00"), signed("K"), decided("10:00:05", "allow").id("allow"), end("12:00:00")]
    };
    let at = |at: &str, known_at| ids(&rows_at(facts(), at, known_at, ClockOrder::Occurred));
    assert_eq!(at("12:00:00", 99), ["claim", "start", "allow", "end"]);
    assert_eq!(at("11:59:59", 99), ["claim", "start", "allow"]);
    assert_eq!(at("12:00:00", 2), ["claim", "start"]);
    assert!(
        at("09:59:59", 99).is_empty(),
        "not even configuration: nothing of the session had occurred"
    );
}

#[test]
fn both_orders_have_the_same_rows_and_what_came_late_says_so() {
    let facts = || {
        [
            start("10:00:00"),
            decided("10:02:00", "allow").id("later"),
            signed("K").until("10:02:30"),
            end("10:01:00").until("10:01:30"),
        ]
    };
    let occurred = rows_at(facts(), "23:00:00", 99, ClockOrder::Occurred);
    let recorded = rows_at(facts(), "23:00:00", 99, ClockOrder::Recorded);
    assert_eq!(ids(&occurred), ["claim", "start", "end", "later"]);
    assert_eq!(ids(&recorded), ["start", "later", "claim", "end"]);
    let mut late = given([start("10:00:00"), end("10:01:00")]).0;
    for (known, seconds) in late.iter_mut().zip([60, 61]) {
        known.record.recorded_at = known.fact.occurred.from.plus_secs(seconds);
    }
    let history = History::default();
    let cut = Cut { at: time("23:00:00"), known_at: LogPosition(99) };
    let state = assess(&late, &history, cut).unwrap();
    let rows = timeline(
        Material {
            state: &state,
            facts: &late,
            not_understood: &[],
            silent: &[],
            about: &[],
            history: &history,
        },
        cut,
        ClockOrder::Occurred,
    );
    assert_eq!(rows.iter().map(|row| row.late).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn silences_of_its_sources_and_holds_on_its_person_show() {
    let silent = |id: &'static str, from: &str, until: &str, source: &'static str| {
        let at = |t: &str| format!("2026-03-10T{t}Z");
        fact("20:00:00", "source.silent", json!({"from": at(from), "until": at(until)}))
            .id(id)
            .from(source)
    };
    let facts = [
        start("10:00:00"),
        end("12:00:00"),
        silent("during", "11:00:00", "11:10:00", "sp"),
        silent("before", "09:00:00", "10:00:00", "sp"),
        silent("another's", "11:00:00", "11:10:00", "other"),
        fact("18:00:00", "hold.placed", json!({"hold": "H"})).id("hold"),
    ];
    assert_eq!(timeline_of(facts), ["start", "end", "hold", "during"]);
}

/// What sends the events of a source was off for a part of the session, and nothing polled it.
#[test]
fn gaps_of_what_sends_its_events_show() {
    let changed = |id: &'static str, at: &str, change: &str, source: &'static str| {
        let data = json!({"kind": "log_stream", "object": "str1", "change": change});
        fact(at, "source.delivery_changed", data).id(id).from(source)
    };
    let heard = |until: &str| {
        let until = format!("2026-03-10T{until}Z");
        fact("20:00:00", "source.heard", json!({"until": until, "basis": "polled"})).id("heard")
    };
    let facts = || {
        vec![
            start("10:00:00"),
            end("12:00:00"),
            changed("before", "08:00:00", "stopped", "sp"),
            changed("on", "09:00:00", "started", "sp"),
            changed("off", "11:00:00", "stopped", "sp"),
            changed("another's", "11:00:00", "stopped", "other"),
        ]
    };
    let rows = |facts: Vec<Said>| rows_at(facts, "23:00:00", 99, ClockOrder::Occurred);
    let open = rows(facts());
    assert_eq!(ids(&open), ["start", "off", "end"]);
    assert_eq!(open[1].words, "sp log stream switched off since 11:00:00Z");
    let ended =
        rows(facts().into_iter().chain([changed("again", "11:30:00", "started", "sp")]).collect());
    assert_eq!(ended[1].words, "sp log stream switched off 11:00:00Z to 11:30:00Z");
    let polled = rows(facts().into_iter().chain([heard("19:00:00").from("sp")]).collect());
    assert_eq!(ids(&polled), ["start", "end"], "a polled source misses nothing");
}

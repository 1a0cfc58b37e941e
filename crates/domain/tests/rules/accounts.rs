//! What is said of accounts and configuration: it changes no assessment, except where the subject
//! of the session acted.

use crate::given::*;
use claimledger_domain::{
    assess,
    history::History,
    model::{Certainty, Cut, Known, Phase},
    timeline::{Category, ClockOrder, Material, timeline},
};
use claimledger_facts::{ids::LogPosition, time::Time};
use serde_json::{Value, json};

fn flagged(at: &str) -> Said {
    fact(at, "activity.flagged", json!({"flag": "risk_changed", "level": "high"}))
}

/// Certainty and last sign of life at 11:05 of a session that may be idle for ten minutes.
fn life(more: Said) -> (Certainty, Option<Time>) {
    let state = given([started(json!({"idle_secs": 600})), more]).at("11:05:00");
    assert_eq!((state.life.phase, state.factors.len()), (Phase::Active, 0));
    (state.life.certainty, state.life.last_seen)
}

fn started(data: Value) -> Said {
    fact("10:00:00", "session.started", data)
}

#[test]
fn what_is_said_of_an_account_is_no_sign_of_life_22() {
    let began = (Certainty::Possible, Some(time("10:00:00")));
    for (name, data) in [
        ("activity.flagged", json!({"flag": "impersonation_began"})),
        ("account.changed", json!({"change": "locked"})),
        ("privilege.changed", json!({"change": "granted"})),
        ("authenticator.changed", json!({"change": "removed", "actor": "admin-2"})),
        ("session.context_changed", json!({"causes": ["address"]})),
        ("session.governed", json!({"rule": "session-1"})),
    ] {
        assert_eq!(life(fact("11:00:00", name, data)), began, "{name}");
    }
    let acted = (Certainty::Certain, Some(time("11:00:00")));
    let own = fact("11:00:00", "authenticator.changed", json!({"change": "enrolled"}));
    assert_eq!(life(own), acted);
    let change = json!({"kind": "policy", "object": "p", "change": "updated"});
    assert_eq!(life(fact("11:00:00", "configuration.changed", change.clone())), acted);
    let others = fact("11:00:00", "configuration.changed", change).subject("admin");
    assert_eq!(life(others), began);
}

#[test]
fn what_is_said_of_an_account_begins_no_session_22() {
    assert_eq!(given([flagged("09:00:00")]).known_at("12:00:00", 9), None);
    let g = given([flagged("09:00:00"), started(json!({}))]);
    let state = g.at("10:30:00");
    assert_eq!((state.life.phase, state.life.started_at), (Phase::Active, Some(time("10:00:00"))));
}

/// A row each for the session's own, and for what is said of its person while it lasts.
#[test]
fn the_timeline_names_what_changed_and_what_was_flagged() {
    let said = [
        started(json!({})),
        flagged("10:10:00"),
        fact(
            "10:20:00",
            "configuration.changed",
            json!({"kind": "routing_rule", "object": "r-1",
            "of": "p-1", "change": "updated", "fields": ["a", "b"], "token": "t-1"}),
        ),
        fact(
            "10:30:00",
            "session.context_changed",
            json!({"causes": ["address", "device"],
            "reevaluated": false}),
        ),
        fact("11:30:00", "session.ended", json!({"reason": "logout"})),
    ];
    let about = |position: u64, at: &str, session: Option<&'static str>| {
        let change = if session.is_some() { "locked" } else { "suspended" };
        let said = fact(at, "account.changed", json!({"change": change, "actor": "admin-2"}));
        let mut known = given([said]).0.remove(0);
        known.fact.session = session.map(Into::into);
        known.record.position = LogPosition(position);
        known
    };
    let facts: Vec<Known> = given(said).0;
    let about = [
        about(50, "09:59:00", None),
        about(51, "11:00:00", None),
        about(52, "12:00:00", None),
        about(53, "11:00:00", Some("another")),
    ];
    let (history, cut) =
        (History::default(), Cut { at: time("23:00:00"), known_at: LogPosition(99) });
    let state = assess(&facts, &history, cut).unwrap();
    let material = Material {
        state: &state,
        facts: &facts,
        not_understood: &[],
        silent: &[],
        about: &about,
        history: &history,
    };
    let rows = timeline(material, cut, ClockOrder::Occurred);
    let words: Vec<(Category, &str)> =
        rows.iter().map(|row| (row.category, row.words.as_str())).collect();
    assert_eq!(
        words,
        [
            (Category::Session, "session began"),
            (Category::Session, "flagged: risk changed, high"),
            (Category::Admin, "routing rule r-1 of p-1 updated with API token t-1: a and b"),
            (
                Category::Session,
                "used with another address and device; policies were not evaluated again"
            ),
            (Category::Admin, "account suspended (admin-2)"),
            (Category::Session, "session ended: logout"),
        ]
    );
}

//! The feed of changes: compared with an independent implementation, resumed at any position, and
//! for any order of recording.

use crate::common::*;
use claimledger_app::{
    app::App,
    feed::Changed,
    model::{
        answer::SessionChange,
        question::{AskError, Asking},
    },
};
use claimledger_domain::model::{Explained, Phase};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The session whose start is the last record of a test, where reading stops.
const LAST: &str = "the last one";

fn last(recorded_at: &str) -> Value {
    json!({"id": "the-last", "type": "session.started", "session": LAST,
        "subject": {"id": "u-last"}, "occurred_at": "2026-03-10T23:30:00Z",
        "recorded_at": recorded_at, "data": {}})
}

async fn read(app: &App, tenant: &str, after: Option<&str>) -> Vec<SessionChange> {
    let mut feed = app.session_changes(&owner(tenant), after).await.unwrap();
    let mut all = Vec::new();
    loop {
        let change = feed.next().await.unwrap().value;
        let done = change.session.as_str() == LAST;
        all.push(change);
        if done {
            return all;
        }
    }
}

async fn read_some(app: &App, after: &str, many: usize) -> Vec<SessionChange> {
    let mut feed = app.session_changes(&owner("acme"), Some(after)).await.unwrap();
    let mut some = Vec::new();
    while some.len() < many {
        some.push(feed.next().await.unwrap().value);
    }
    some
}

/// The cursor after the first record.
async fn start(app: &App, tenant: &str) -> String {
    app.changes_cursor(&owner(tenant), &known_at(0)).await.unwrap().value
}

/// The parts that do not depend on the time of reading.
fn content(changes: &[SessionChange]) -> Vec<SessionChange> {
    changes.iter().cloned().map(|change| SessionChange { replayed: false, ..change }).collect()
}

/// The properties of a session that this test compares, computed independently of the feed.
fn reading(session: Option<&Explained>) -> String {
    let Some(Explained { state, .. }) = session else { return "-".to_owned() };
    let mut text = format!(
        "{} {:?} {:?} {:?} {:?}",
        state.id,
        state.aliases,
        state.life.end.at,
        state.life.end.reason,
        state.life.lifetime_ends_at
    );
    for f in &state.factors {
        text += &format!(
            "\n{} {:?} {:?} {:?} {} {} {:?} {:?}",
            f.name, f.from, f.until, f.end_reason, f.by_record, f.by_rules, f.void, f.grade
        );
    }
    for d in &state.decisions {
        text += &format!(
            "\n{} {:?} {:?} {:?} {:?}",
            d.recorded.record.position,
            d.under.rule,
            d.under.version_in_force,
            d.made.missing,
            d.made.met
        );
        text += &format!(
            "\n{:?} {:?} {:?} {:?} {:?}",
            d.made.implied, d.made.first_unmet, d.differs, d.falsified_later, d.relied_on
        );
    }
    for i in &state.ignored {
        text += &format!("\n{} {:?}", i.name, i.reasons);
    }
    text
}

/// Asks for every session at every K, and compares consecutive states.
async fn independent(app: &App, ids: &BTreeSet<String>, size: u64) -> BTreeSet<(u64, String)> {
    let mut hits = BTreeSet::new();
    for id in ids {
        let mut before = "-".to_owned();
        for position in 0..size {
            let asking = Asking { at: Some(Time::MAX), ..known_at(position) };
            let state = app
                .session(&owner("acme"), &SessionId::new(id.as_str()), &asking)
                .await
                .unwrap()
                .value;
            let now = reading(state.as_ref());
            if now != before {
                hits.insert((
                    position,
                    state.map_or_else(|| id.clone(), |state| state.state.id.as_str().to_owned()),
                ));
            }
            before = now;
        }
    }
    hits
}

/// The day of acme, with links and late configuration.
fn lines() -> Vec<Value> {
    let mut lines: Vec<Value> =
        demo("acme").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let started = |id: &str, session: &str, at: &str| {
        json!({"id": id, "type": "session.started",
        "session": session, "subject": {"id": "u-new"}, "occurred_at": format!("2026-03-10T{at}Z"),
        "data": {}})
    };
    lines.extend([
        started("t1", "T1", "11:00:00"),
        started("t2", "T2", "12:00:00"),
        json!({"id": "link", "type": "session.linked", "session": "T2",
            "occurred_at": "2026-03-10T12:30:00Z", "data": {"to": "t1", "by": "transaction"}}),
        json!({"id": "off", "type": "org.configured", "occurred_at": "2026-03-10T11:15:00Z",
            "data": {"engine": "identity_engine", "claims_sharing": false,
                "third_party_claims_sharing": false}}),
        json!({"id": "idp-x-off", "type": "idp.configured", "occurred_at": "2026-03-10T11:20:00Z",
            "data": {"idp": "idp-x", "version": "tx9", "kind": "third_party", "status": "active",
                "trust_claims": false}}),
        json!({"id": "t3", "type": "claims.received", "session": "T3", "subject": {"id": "u-loses"},
            "occurred_at": "2026-03-10T11:05:00Z",
            "data": {"idp": "idp-y", "amr": ["pwd", "hwk"], "assertion": "as-T3", "key": "Y1"}}),
        // After all facts of the session, which is still active.
        json!({"id": "loss", "type": "authenticator.lost", "subject": {"id": "u-loses"},
            "occurred_at": "2026-03-10T22:00:00Z",
            "data": {"methods": ["hwk"], "from": "2026-03-10T21:00:00Z"}}),
        json!({"id": "cleared", "type": "subject.sessions_ended", "subject": {"id": "u-new"},
            "occurred_at": "2026-03-10T22:30:00Z",
            "data": {"reason": "revoked"}}),
    ]);
    lines
}

/// A shuffle that is the same in every run.
fn shuffled(mut lines: Vec<Value>, seed: u64) -> Vec<Value> {
    let mut state = seed;
    for at in (1..lines.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(at, (state >> 33) as usize % (at + 1));
    }
    lines
}

async fn recorded(lines: Vec<Value>) -> (World, App, BTreeSet<String>, u64) {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let mut ids = BTreeSet::new();
    let mut text = Vec::new();
    for (n, mut line) in (0u32..).zip(lines) {
        line["recorded_at"] =
            json!(format!("2026-03-11T{:02}:{:02}:{:02}Z", n / 3600, n / 60 % 60, n % 60));
        ids.extend(line["session"].as_str().map(str::to_owned));
        text.push(line.to_string());
    }
    text.push(last("2026-03-11T23:59:59Z").to_string());
    ids.insert(LAST.to_owned());
    for some in text.chunks(400) {
        ingest(&app, "acme", drafts(some)).await.unwrap();
    }
    let size = app.settled_status(&owner("acme")).await.unwrap().head;
    (world, app, ids, size)
}

#[tokio::test]
async fn in_any_order_of_recording_it_equals_an_independent_computation() {
    for seed in 0..6 {
        let all = if seed == 0 { lines() } else { shuffled(lines(), seed) };
        let (_world, app, ids, size) = recorded(all).await;
        let feed = read(&app, "acme", Some(&start(&app, "acme").await)).await;
        let given: Vec<_> = feed
            .iter()
            .map(|change| (change.record.position.0, change.session.as_str().to_owned()))
            .collect();
        let set: BTreeSet<_> = given.iter().cloned().collect();
        assert_eq!(set.len(), given.len(), "seed {seed}: a change is repeated");
        let expected = independent(&app, &ids, size).await;
        let missing: Vec<_> = expected.difference(&set).collect();
        assert!(missing.is_empty(), "seed {seed}: missing {missing:?}");
        // The other changes are about properties that this test does not compare.
        for change in feed.iter().filter(|change| {
            !expected.contains(&(change.record.position.0, change.session.as_str().to_owned()))
        }) {
            let other = |code: &Changed| {
                !matches!(
                    code,
                    Changed::State
                        | Changed::Origin
                        | Changed::Bounds
                        | Changed::IdpSession
                        | Changed::Accesses
                        | Changed::Records
                )
            };
            assert!(!change.changed.iter().any(other), "seed {seed}: {change:?}");
        }
        assert!(feed.windows(2).all(|two| two[0].record.position <= two[1].record.position));
    }
}

#[tokio::test]
async fn any_cursor_resumes_with_the_remaining_changes() {
    for seed in [0, 3] {
        let (_world, app, _, _) =
            recorded(if seed == 0 { lines() } else { shuffled(lines(), seed) }).await;
        let whole = read(&app, "acme", Some(&start(&app, "acme").await)).await;
        assert!(
            whole.iter().any(|change| &*change.record.kind == "org.configured") || seed != 0,
            "late configuration changes sessions"
        );
        for (at, change) in whole.iter().enumerate().rev().skip(1) {
            let rest = &whole[at + 1..];
            if at % 20 == 0 {
                assert_eq!(read(&app, "acme", Some(&change.cursor)).await, rest, "after {at}");
            } else {
                // The position of each change is tested on its own, so a few further changes
                // suffice here.
                assert_eq!(
                    read_some(&app, &change.cursor, rest.len().min(5)).await,
                    rest[..rest.len().min(5)],
                    "after {at}"
                );
            }
        }
        for position in 0..whole.last().unwrap().record.position.0 {
            let cursor =
                app.changes_cursor(&owner("acme"), &known_at(position)).await.unwrap().value;
            let first = whole.iter().find(|change| change.record.position.0 > position).cloned();
            assert_eq!(read_some(&app, &cursor, 1).await.pop(), first, "after position {position}");
        }
    }
}

#[tokio::test]
async fn a_late_end_has_both_times() {
    let (_world, app) = acme().await;
    ingest_line(&app, "acme", &last("2026-03-10T23:59:00Z")).await.unwrap();
    let feed = read(&app, "acme", Some(&start(&app, "acme").await)).await;
    let end = feed
        .iter()
        .find(|change| change.session.as_str() == "S5" && change.changed.contains(&Changed::End))
        .unwrap();
    assert_eq!(
        (&*end.record.kind, end.record.occurred.from, end.record.recorded_at),
        ("session.ended", at("14:30:00"), at("14:52:00"))
    );
    assert!(end.changed.contains(&Changed::State));
    let state = end.state.as_ref().unwrap();
    assert_eq!(
        (state.state.life.phase, state.state.life.end.at, state.state.life.end.reason),
        (Phase::Ended, Some(at("14:30:00")), Some("upstream_revoked"))
    );
    let idp_session =
        feed.iter().find(|change| &*change.record.kind == "idp_session.ended").unwrap();
    assert_eq!(
        (idp_session.session.as_str(), idp_session.changed.contains(&Changed::IdpSession)),
        ("S7", true)
    );
}

#[tokio::test]
async fn a_new_subscription_starts_now_and_marks_replayed_changes() {
    let (_world, app) = acme().await;
    let mut live = app.session_changes(&owner("acme"), None).await.unwrap();
    let mut replay =
        app.session_changes(&owner("acme"), Some(&start(&app, "acme").await)).await.unwrap();
    ingest_line(&app, "acme", &last("2026-03-10T23:59:00Z")).await.unwrap();
    let first = live.next().await.unwrap().value;
    assert_eq!((first.session.as_str(), first.replayed), (LAST, false));
    loop {
        let change = replay.next().await.unwrap().value;
        assert_eq!(change.replayed, change.session.as_str() != LAST);
        if !change.replayed {
            assert_eq!(change, first);
            break;
        }
    }
}

#[tokio::test]
async fn an_invalid_cursor_is_rejected() {
    let (world, app) = acme().await;
    app.init_tenant(&tenant("globex"), true, None).await.unwrap();
    let cursor = app.changes_cursor(&owner("acme"), &Asking::default()).await.unwrap().value;
    assert!(app.session_changes(&owner("acme"), Some(&cursor)).await.is_ok());
    let page = app
        .sessions(&owner("acme"), &Default::default(), &Asking::default(), 1, None)
        .await
        .unwrap()
        .value;
    for (who, cursor) in [
        ("globex", cursor.as_str()),
        ("acme", &cursor[1..]),
        ("acme", ""),
        ("acme", &page.cursors[0]),
    ] {
        let refused = app.session_changes(&owner(who), Some(cursor)).await;
        assert!(matches!(refused, Err(AskError::Restart)), "{who} {cursor}");
    }
    // The same keys with a log that was restored to an earlier state.
    app.close().await;
    let earlier = World { keys: world.keys.clone(), ..World::new() };
    let app = earlier.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    assert!(matches!(
        app.session_changes(&owner("acme"), Some(&cursor)).await,
        Err(AskError::Restart)
    ));
    let cursor = app.changes_cursor(&owner("acme"), &Asking::default()).await.unwrap().value;
    assert!(app.session_changes(&owner("acme"), Some(&cursor)).await.is_ok());
}

#[tokio::test]
async fn no_tenant_sees_changes_of_another() {
    let (_world, app) = acme().await;
    app.init_tenant(&tenant("globex"), true, None).await.unwrap();
    let mut feed = app.session_changes(&owner("globex"), None).await.unwrap();
    let of_acme = json!({"id": "of-acme", "type": "session.started", "session": "OF-ACME",
        "subject": {"id": "u-acme"},
        "occurred_at": "2026-03-10T23:58:00Z", "recorded_at": "2026-03-10T23:58:00Z", "data": {}});
    ingest_line(&app, "acme", &of_acme).await.unwrap();
    ingest(&app, "globex", drafts(&demo("globex"))).await.unwrap();
    ingest_line(&app, "globex", &last("2026-03-10T23:59:00Z")).await.unwrap();
    loop {
        let change = feed.next().await.unwrap();
        assert!(["GX1", LAST].contains(&change.value.session.as_str()), "{change:?}");
        if change.value.session.as_str() == LAST {
            break;
        }
    }
}

/// A falsifier that affects sessions in many ranges of the log: each session once, wherever reading
/// is interrupted.
#[tokio::test]
async fn late_configuration_changes_many_sessions_each_once() {
    const SESSIONS: usize = 700;
    let mut all = Vec::new();
    for n in 0..SESSIONS {
        let idp = if n % 2 == 0 { "idp-x" } else { "idp-y" };
        all.push(json!({"id": format!("c{n}"), "type": "claims.received",
            "session": format!("N{n}"), "subject": {"id": format!("u{n}")},
            "occurred_at": format!("2026-03-10T10:{:02}:{:02}Z", n / 60, n % 60),
                "data": {"idp": idp, "amr": ["pwd"], "assertion": format!("a{n}")}}));
        all.push(
            json!({"id": format!("d{n}"), "type": "policy.decided", "session": format!("N{n}"),
            "subject": {"id": format!("u{n}")},
            "occurred_at": format!("2026-03-10T10:{:02}:{:02}Z", n / 60, n % 60),
                "data": {"app": "wiki", "policy": "wiki", "outcome": "allow"}}),
        );
    }
    // It occurred after the first 120 sessions of either IdP.
    all.push(json!({"id": "tx", "type": "idp.configured", "occurred_at": "2026-03-10T10:02:00Z",
        "data": {"idp": "idp-x", "version": "tx", "kind": "third_party", "status": "active",
            "trust_claims": false}}));
    let (_world, app, _, size) = recorded(all).await;
    let before = app.changes_cursor(&owner("acme"), &known_at(size - 3)).await.unwrap().value;
    let whole = read(&app, "acme", Some(&before)).await;
    let names: Vec<_> = whole.iter().map(|change| change.session.as_str().to_owned()).collect();
    let expected: Vec<_> =
        (120..SESSIONS).step_by(2).map(|n| format!("N{n}")).chain([LAST.to_owned()]).collect();
    assert_eq!(names, expected);
    assert_eq!(whole[0].record.position, LogPosition(size - 2));
    for at in [0, 1, 100, 200, whole.len() - 2] {
        assert_eq!(read(&app, "acme", Some(&whole[at].cursor)).await, whole[at + 1..]);
    }
}

#[tokio::test]
async fn rebuilds_and_appends_neither_lose_nor_repeat_changes() {
    let (_world, app, _, _) = recorded(shuffled(lines(), 4)).await;
    let from = start(&app, "acme").await;
    let whole = read(&app, "acme", Some(&from)).await;
    let (mut given, mut cursor) = (Vec::new(), from.clone());
    for turn in 0.. {
        let mut feed = app.session_changes(&owner("acme"), Some(&cursor)).await.unwrap();
        let rebuild = async {
            if turn % 3 == 0 {
                assert!(app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap().equal)
            }
        };
        let some = async {
            let mut some = Vec::new();
            while some.len() <= turn % 4
                && given.last().map(|c: &SessionChange| c.session.as_str()) != Some(LAST)
            {
                let change = feed.next().await.unwrap().value;
                let done = change.session.as_str() == LAST;
                some.push(change);
                if done {
                    break;
                }
            }
            some
        };
        let (some, ()) = tokio::join!(some, rebuild);
        given.extend(some);
        cursor.clone_from(&given.last().unwrap().cursor);
        if given.last().unwrap().session.as_str() == LAST {
            break;
        }
    }
    assert_eq!(content(&given), content(&whole));
}

//! The order of recording does not change what is known at the end, and an answer at a cut stays
//! the same.

mod answers;
mod days;
mod flags;
mod windows;

use crate::common::*;
use claimledger_app::{
    app::{App, Options},
    model::question::{Asking, SessionFilter},
};
use claimledger_facts::ids::{IdpId, LogPosition};
use claimledger_sources::{Dialect, translate};
use days::{Day, Line, arriving, days};
use proptest::{prelude::*, test_runner::TestCaseError};

/// Records per request.
const BATCH: usize = 5;

/// An empty ledger whose read models apply at most this number of records per transaction.
async fn empty_ledger(batch_records: usize) -> App {
    let app = World::new().open_with(Options { batch_records, ..Options::default() }).await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    app
}

async fn record(app: &App, lines: &[Line]) {
    let draft = |line: &Line| {
        let mut draft = translate(&Dialect::Native.into(), None, line.json.to_string().as_bytes())
            .unwrap()
            .drafts
            .remove(0);
        draft.variants_allowed = line.has_variant;
        draft
    };
    ingest(app, "acme", (1..).zip(lines.iter().map(draft)).collect()).await.unwrap();
}

/// Fails at the first difference of two long texts, and shows only that place.
fn same(what: &str, a: &str, b: &str) -> Result<(), TestCaseError> {
    let Some(at) = a.lines().zip(b.lines()).position(|(a, b)| a != b) else {
        return if a.len() == b.len() {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!("{what}: one is longer")))
        };
    };
    let around = |text: &str| {
        text.lines().skip(at.saturating_sub(25)).take(40).collect::<Vec<_>>().join("\n")
    };
    Err(TestCaseError::fail(format!("{what}\n{}\n--- and ---\n{}", around(a), around(b))))
}

async fn two_orders(day: &Day, orders: [u64; 2], at: usize) -> Result<(), TestCaseError> {
    let mut texts = Vec::new();
    for order in orders {
        let app = empty_ledger(BATCH).await;
        for lines in arriving(&day.lines(), order).chunks(BATCH) {
            record(&app, lines).await;
        }
        app.settled_status(&owner("acme")).await.unwrap();
        texts.push(answers::at_the_head(&app, day, at).await);
        app.close().await;
    }
    same("two orders", &texts[0], &texts[1])
}

/// Asks between requests, after all of them, and after a rebuild.
async fn answers_stay(day: &Day, order: u64, at: usize) -> Result<(), TestCaseError> {
    // Some rebuilds use a single batch, some use dozens.
    let app = empty_ledger(1 + order as usize % 60).await;
    let lines = arriving(&day.lines(), order);
    let mut given: Vec<(LogPosition, String)> = Vec::new();
    for part in lines.chunks(lines.len().div_ceil(3)) {
        for lines in part.chunks(BATCH) {
            record(&app, lines).await;
        }
        let head = LogPosition(app.settled_status(&owner("acme")).await.unwrap().head - 1);
        given.push((head, answers::pinned(&app, day, at, head).await));
    }
    for (known_at, answer) in &given {
        same("later", answer, &answers::pinned(&app, day, at, *known_at).await)?;
    }
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    prop_assert!(report.equal && report.switched, "{report}");
    for (known_at, answer) in &given {
        same("rebuilt", answer, &answers::pinned(&app, day, at, *known_at).await)?;
    }
    app.close().await;
    Ok(())
}

fn run<F: Future<Output = Result<(), TestCaseError>>>(test: F) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// Number of cases that fits a test run; `PROPTEST_CASES` overrides it.
pub(crate) fn cases(default: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { default };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn final_knowledge_does_not_depend_on_the_order(day in days(5usize..=20),
        orders in any::<[u64; 2]>(), at in 300usize..=720) {
        run(two_orders(&day, orders, at))?;
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn nor_does_it_on_a_busy_day(day in days(Just(60)), orders in any::<[u64; 2]>(),
        at in 300usize..=720) {
        run(two_orders(&day, orders, at))?;
    }
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn answers_at_a_cut_do_not_change(day in days(5usize..=20), order in any::<u64>(),
        at in 300usize..=720) {
        run(answers_stay(&day, order, at))?;
    }
}

/// Of two equivalent claims at the same time, the first in the total order is the reason why a
/// session is in a list (`semantics.md` 2).
#[tokio::test]
async fn the_reason_of_a_list_is_the_first_claim_of_its_instant() {
    let claim = |id: &str| {
        let json = serde_json::json!({"id": id, "type": "claims.received", "source": "sp",
            "session": "S", "subject": {"id": "u"},
            "occurred_at": "2026-03-10T10:00:00Z", "data": {"idp": "idp-a", "assertion": id,
                "amr": ["pwd"]}});
        Line { json, has_variant: false }
    };
    for order in [["a", "b"], ["b", "a"]] {
        let app = empty_ledger(BATCH).await;
        record(&app, &order.map(claim)).await;
        let filter = SessionFilter { idp: Some(IdpId::new("idp-a")), ..SessionFilter::default() };
        let hits = app
            .sessions(&owner("acme"), &filter, &Asking::default(), 5, None)
            .await
            .unwrap()
            .value
            .items;
        assert_eq!(hits[0].because[0].facts[0].source_id.as_str(), "a");
        app.close().await;
    }
}

fn lines(all: &[serde_json::Value]) -> Vec<Line> {
    all.iter().map(|json| Line { json: json.clone(), has_variant: false }).collect()
}

/// The ids of a person's sessions, and of those whose rows have a decision that was falsified
/// later.
async fn of_person(app: &App, subject: &str) -> [Vec<String>; 2] {
    let mut found = Vec::new();
    for falsified_later in [None, Some(true)] {
        let filter = SessionFilter {
            subject: Some(subject.to_owned()),
            falsified_later,
            ..SessionFilter::default()
        };
        let hits = app
            .sessions(&owner("acme"), &filter, &Asking::default(), 50, None)
            .await
            .unwrap()
            .value
            .items;
        found.push(hits.into_iter().map(|hit| hit.session.state.id.to_string()).collect());
    }
    found.try_into().unwrap()
}

/// Links between identities affect sessions that no record of the link names, whatever the order of
/// recording (`semantics.md` 11).
#[tokio::test]
async fn late_links_between_identities_update_sessions() {
    use serde_json::json;
    let at = |time: &str| format!("2026-03-10T{time}:00Z");
    let person = |id: &str| json!({"id": id, "login": format!("{id}@acme.example")});
    let session = |session: &str, subject: &str| {
        let line = |id: &str, kind: &str, time: &str, data: serde_json::Value| {
            json!({"id": format!("{session}-{id}"), "type": kind, "source": "sp",
                "session": session, "subject": person(subject),
                "occurred_at": at(time), "data": data})
        };
        [
            line(
                "claim",
                "claims.received",
                "10:00",
                json!({"idp": "idp-a", "assertion": session, "amr": ["pwd", "otp"]}),
            ),
            line(
                "decided",
                "policy.decided",
                "10:20",
                json!({"app": "wiki", "policy": "two", "outcome": "allow"}),
            ),
        ]
    };
    let loss = json!({"id": "lost", "type": "authenticator.lost", "source": "sp",
        "subject": person("u-b"), "occurred_at": at("11:00"),
        "data": {"methods": ["otp"], "from": at("10:10"), "actor": "help"}});
    let link = |id: &str, one: &str, other: &str, time: &str, same: bool| {
        json!({"id": id, "type": "subject.linked", "source": "sp", "subject": {"id": one},
            "occurred_at": at(time),
            "data": {"other": other, "same": same}})
    };
    let app = empty_ledger(BATCH).await;
    record(&app, &lines(&session("A", "u-a"))).await;
    record(&app, &lines(&session("B", "u-b"))).await;
    record(&app, &lines(&[loss])).await;
    app.settled_status(&owner("acme")).await.unwrap();
    let a_and_b = || ["A".to_owned(), "B".to_owned()].to_vec();
    assert_eq!(of_person(&app, "u-a").await[0], ["A"]);
    // By a login, and through a person without sessions.
    record(&app, &lines(&[link("l1", "u-c", "u-b@acme.example", "12:00", true)])).await;
    record(&app, &lines(&[link("l2", "u-c", "u-a", "12:00", true)])).await;
    app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!(of_person(&app, "u-a").await[0], a_and_b());
    assert_eq!(of_person(&app, "u-b@acme.example").await[0], a_and_b());
    let dependants = app
        .dependants(&owner("acme"), Some(&"help".into()), None, &Asking::default())
        .await
        .unwrap()
        .value;
    let ended: Vec<_> = dependants[0].dependants.iter().map(|d| d.session.to_string()).collect();
    assert_eq!(ended, a_and_b());
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert!(report.equal, "{report}");
    // As known before, they are two people.
    let before = Asking { known_at_position: Some(LogPosition(5)), ..Asking::default() };
    let filter = SessionFilter { subject: Some("u-a".to_owned()), ..SessionFilter::default() };
    assert_eq!(
        app.sessions(&owner("acme"), &filter, &before, 50, None).await.unwrap().value.items.len(),
        1
    );
    record(&app, &lines(&[link("l3", "u-a", "u-c", "13:00", false)])).await;
    app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!(of_person(&app, "u-a").await[0], ["A"]);
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert!(report.equal, "{report}");
    app.close().await;
}

/// The `to` of a link names a session, or a record of its own source if there is no session with
/// this id (`semantics.md` 25).
#[tokio::test]
async fn a_late_session_takes_over_links_that_named_a_record() {
    use serde_json::json;
    let fact = |id: &str, source: &str, session: &str, kind: &str, data: serde_json::Value| {
        json!({"id": id, "type": kind, "source": source, "session": session, "subject": {"id": "u"},
        "occurred_at": "2026-03-10T10:00:00Z", "data": data})
    };
    let opened = |id: &str, source: &str, session: &str| {
        fact(id, source, session, "app.accessed", json!({"app": "wiki"}))
    };
    let app = empty_ledger(BATCH).await;
    let names = async |app: &App| -> Vec<String> {
        app.settled_status(&owner("acme")).await.unwrap();
        let hits = app
            .sessions(&owner("acme"), &SessionFilter::default(), &Asking::default(), 50, None)
            .await
            .unwrap()
            .value
            .items;
        hits.iter()
            .map(|hit| {
                format!(
                    "{} {:?}",
                    hit.session.state.id,
                    hit.session.state.aliases.iter().map(|id| id.as_str()).collect::<Vec<_>>()
                )
            })
            .collect()
    };
    record(&app, &lines(&[opened("x", "other", "C"), opened("x", "sp", "B")])).await;
    record(
        &app,
        &lines(&[fact("l", "sp", "A", "session.linked", json!({"to": "x", "by": "root"}))]),
    )
    .await;
    assert_eq!(names(&app).await, ["C []", "A [\"B\"]"], "the record of the same source");
    record(&app, &lines(&[opened("y", "sp", "x")])).await;
    assert_eq!(
        names(&app).await,
        ["C []", "A [\"x\"]", "B []"],
        "now there is a session with this id"
    );
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert!(report.equal, "{report}");
    app.close().await;
}

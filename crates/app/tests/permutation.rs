//! The order in which records come in does not matter to what is known once they are in, and what
//! was answered for a cut stays the answer.

mod common;
#[path = "permutation/days.rs"]
mod days;
#[path = "permutation/told.rs"]
mod told;

use claimledger_app::{
    app::{App, Options},
    model::question::{Asking, SessionFilter},
};
use claimledger_facts::ids::{IdpId, LogPosition};
use claimledger_sources::{Dialect, translate};
use common::*;
use days::{Day, Line, arriving, days};
use proptest::{prelude::*, test_runner::TestCaseError};

/// So many records come in at once.
const BATCH: usize = 5;

/// A ledger that is open and empty, and takes so many records into its read models at once when
/// those are behind.
async fn empty(batch_records: usize) -> App {
    let app = World::new().open_with(Options { batch_records, ..Options::default() }).await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    app
}

async fn record(app: &App, lines: &[Line]) {
    let draft = |line: &Line| {
        let mut draft =
            translate(Dialect::Native, line.json.to_string().as_bytes()).unwrap().remove(0);
        draft.variants_allowed = line.twofold;
        draft
    };
    ingest(app, "acme", (1..).zip(lines.iter().map(draft)).collect()).await.unwrap();
}

/// Fails where two texts do, and shows that place only: the whole of them is long.
fn same(what: &str, a: &str, b: &str) -> Result<(), TestCaseError> {
    let Some(at) = a.lines().zip(b.lines()).position(|(a, b)| a != b) else {
        return if a.len() == b.len() {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!("{what}: one goes on")))
        };
    };
    let around = |text: &str| {
        text.lines().skip(at.saturating_sub(25)).take(40).collect::<Vec<_>>().join("\n")
    };
    Err(TestCaseError::fail(format!("{what}\n{}\n--- and ---\n{}", around(a), around(b))))
}

async fn two_orders(day: &Day, orders: [u64; 2], at: usize) -> Result<(), TestCaseError> {
    let mut told = Vec::new();
    for order in orders {
        let app = empty(BATCH).await;
        for lines in arriving(&day.lines(), order).chunks(BATCH) {
            record(&app, lines).await;
        }
        app.settled_status(&owner("acme")).await.unwrap();
        told.push(told::at_the_head(&app, day, at).await);
        app.close().await;
    }
    same("two orders", &told[0], &told[1])
}

/// Asks while records come in, when all are in, and of rows that are made anew.
async fn answers_stay(day: &Day, order: u64, at: usize) -> Result<(), TestCaseError> {
    // Some of what is made anew is one batch, some is dozens.
    let app = empty(1 + order as usize % 60).await;
    let lines = arriving(&day.lines(), order);
    let mut given: Vec<(LogPosition, String)> = Vec::new();
    for part in lines.chunks(lines.len().div_ceil(3)) {
        for lines in part.chunks(BATCH) {
            record(&app, lines).await;
        }
        let head = LogPosition(app.settled_status(&owner("acme")).await.unwrap().head - 1);
        given.push((head, told::pinned(&app, day, at, head).await));
    }
    for (known_at, answer) in &given {
        same("later", answer, &told::pinned(&app, day, at, *known_at).await)?;
    }
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    prop_assert!(report.equal && report.switched, "{report}");
    for (known_at, answer) in &given {
        same("made anew", answer, &told::pinned(&app, day, at, *known_at).await)?;
    }
    app.close().await;
    Ok(())
}

fn run<F: Future<Output = Result<(), TestCaseError>>>(test: F) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// As many as fit a test run; `PROPTEST_CASES` asks for others.
fn cases(default: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { default };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn what_is_known_does_not_depend_on_the_order(day in days(5usize..=20),
        orders in any::<[u64; 2]>(), at in 300usize..=720) {
        run(two_orders(&day, orders, at))?;
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn nor_on_a_busy_day(day in days(Just(60)), orders in any::<[u64; 2]>(), at in 300usize..=720) {
        run(two_orders(&day, orders, at))?;
    }
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn what_was_answered_stays_the_answer(day in days(5usize..=20), order in any::<u64>(),
        at in 300usize..=720) {
        run(answers_stay(&day, order, at))?;
    }
}

/// Of two claims of one instant that are as good, the first in the total order tells why a session
/// is in a list (`semantics.md` 2).
#[tokio::test]
async fn the_claim_that_a_list_names_is_the_first_of_its_instant() {
    let claim = |id: &str| {
        let json = serde_json::json!({"id": id, "type": "claims.received", "source": "sp",
            "session": "S", "subject": {"id": "u"},
            "occurred_at": "2026-03-10T10:00:00Z", "data": {"idp": "idp-a", "assertion": id,
                "amr": ["pwd"]}});
        Line { json, twofold: false }
    };
    for order in [["a", "b"], ["b", "a"]] {
        let app = empty(BATCH).await;
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
    all.iter().map(|json| Line { json: json.clone(), twofold: false }).collect()
}

/// The ids of a person's sessions, and of those whose rows say that a decision of theirs was
/// falsified later.
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

/// Links between identities reach sessions that no record of theirs names, whatever comes last
/// (`semantics.md` 11).
#[tokio::test]
async fn sessions_follow_links_between_identities_that_come_late() {
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
    let app = empty(BATCH).await;
    record(&app, &lines(&session("A", "u-a"))).await;
    record(&app, &lines(&session("B", "u-b"))).await;
    record(&app, &lines(&[loss])).await;
    app.settled_status(&owner("acme")).await.unwrap();
    let a_and_b = || ["A".to_owned(), "B".to_owned()].to_vec();
    assert_eq!(of_person(&app, "u-a").await[0], ["A"]);
    // By a login, and through somebody who has no session.
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
    // As it was known before, they are two.
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

/// A link's `to` names a session, and a record of its own source only where there is no session of
/// that name (`semantics.md` 25).
#[tokio::test]
async fn a_session_that_comes_late_takes_over_the_links_that_named_a_record() {
    use serde_json::json;
    let fact = |id: &str, source: &str, session: &str, kind: &str, data: serde_json::Value| {
        json!({"id": id, "type": kind, "source": source, "session": session, "subject": {"id": "u"},
        "occurred_at": "2026-03-10T10:00:00Z", "data": data})
    };
    let opened = |id: &str, source: &str, session: &str| {
        fact(id, source, session, "app.accessed", json!({"app": "wiki"}))
    };
    let app = empty(BATCH).await;
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
    assert_eq!(names(&app).await, ["C []", "A [\"B\"]"], "the record of its own source");
    record(&app, &lines(&[opened("y", "sp", "x")])).await;
    assert_eq!(
        names(&app).await,
        ["C []", "A [\"x\"]", "B []"],
        "now there is a session of that name"
    );
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert!(report.equal, "{report}");
    app.close().await;
}

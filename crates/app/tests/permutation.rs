//! The order in which records come in does not matter to what is known once they are in, and what was answered for a cut stays the answer.

mod common;
#[path = "permutation/days.rs"]
mod days;
#[path = "permutation/told.rs"]
mod told;

use claimledger_app::{
    app::{App, Options},
    ask::{Asking, SessionFilter},
};
use claimledger_facts::ids::{IdpId, LogPosition};
use claimledger_sources::{Dialect, translate};
use common::*;
use days::{Day, Line, arriving, days};
use proptest::{prelude::*, test_runner::TestCaseError};

/// So many records come in at once.
const BATCH: usize = 5;

/// A ledger that is open and empty, and takes so many records into its read models at once when those are behind.
async fn empty(batch_records: usize) -> App {
    let app = World::new().open_with(Options { batch_records, ..Options::default() }).await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    app
}

async fn record(app: &App, lines: &[Line]) {
    let draft = |line: &Line| {
        let mut draft = translate(Dialect::Native, line.json.to_string().as_bytes()).unwrap().remove(0);
        draft.variants_allowed = line.twofold;
        draft
    };
    ingest(app, "acme", (1..).zip(lines.iter().map(draft)).collect()).await.unwrap();
}

/// Fails where two texts do, and shows that place only: the whole of them is long.
fn same(what: &str, a: &str, b: &str) -> Result<(), TestCaseError> {
    let Some(at) = a.lines().zip(b.lines()).position(|(a, b)| a != b) else {
        return if a.len() == b.len() { Ok(()) } else { Err(TestCaseError::fail(format!("{what}: one goes on"))) };
    };
    let around = |text: &str| text.lines().skip(at.saturating_sub(25)).take(40).collect::<Vec<_>>().join("\n");
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
    fn what_is_known_does_not_depend_on_the_order(day in days(5usize..=20), orders in any::<[u64; 2]>(), at in 300usize..=720) {
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
    fn what_was_answered_stays_the_answer(day in days(5usize..=20), order in any::<u64>(), at in 300usize..=720) {
        run(answers_stay(&day, order, at))?;
    }
}

/// Of two claims of one instant that are as good, the first in the total order tells why a session is in a list (`semantics.md` 2).
#[tokio::test]
async fn the_claim_that_a_list_names_is_the_first_of_its_instant() {
    let claim = |id: &str| {
        let json = serde_json::json!({"id": id, "type": "claims.received", "source": "sp", "session": "S", "subject": {"id": "u"},
            "occurred_at": "2026-03-10T10:00:00Z", "data": {"idp": "idp-a", "assertion": id, "amr": ["pwd"]}});
        Line { json, twofold: false }
    };
    for order in [["a", "b"], ["b", "a"]] {
        let app = empty(BATCH).await;
        record(&app, &order.map(claim)).await;
        let filter = SessionFilter { idp: Some(IdpId::new("idp-a")), ..SessionFilter::default() };
        let hits = app.sessions(&owner("acme"), &filter, &Asking::default(), 5, None).await.unwrap().value.items;
        assert_eq!(hits[0].because[0].facts[0].source_id.as_str(), "a");
        app.close().await;
    }
}

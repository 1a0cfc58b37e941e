//! A list has the same rows with any page size, at any K, for any order of recording and any
//! batches, on every engine.

use crate::common::*;
use claimledger_app::{
    app::{AccessParts, App, Options, Parts, ProofParts},
    model::question::{Asking, DecisionFilter, SessionFilter},
};
use claimledger_domain::model::SessionState;
use claimledger_domain::timeline::ClockOrder;
use claimledger_facts::{
    ids::{AppId, IdpId, LogPosition, SessionId},
    random::SystemRandom,
    seal::MasterKey,
};
use claimledger_ledger::clock::FixedClock;
use claimledger_store::sqlite::{OpenError, SqliteOptions, SqliteStore, Synchronous};
use proptest::{collection, prelude::*, test_runner::TestCaseError};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const SESSIONS: usize = 6;

/// A fact of a session: kind, session, minute. Few distinct minutes, so that sessions change order
/// and some facts occur at the same time.
type Event = (u8, usize, usize);

/// How the facts are appended and applied.
#[derive(Clone, Debug)]
struct Way {
    /// Facts per request.
    request: usize,
    /// Maximum records per transaction of the read models.
    batch: usize,
    /// Number of requests after which the program is restarted.
    restart: usize,
    sqlite: bool,
}

fn ways() -> impl Strategy<Value = Way> {
    (
        1..=9usize,
        prop::sample::select(vec![1, 2, 3, 7, 10_000]),
        0..8usize,
        prop::bool::weighted(0.3),
    )
        .prop_map(|(request, batch, restart, sqlite)| Way { request, batch, restart, sqlite })
}

fn line(n: usize, (kind, session, minute): Event) -> Value {
    let (kind, data) = match kind {
        0..=2 => ("app.accessed", json!({"app": if n.is_multiple_of(2) { "wiki" } else { "pay" }})),
        3..=5 => ("policy.decided", json!({"app": "pay", "policy": "p", "outcome": "allow"})),
        6 => ("session.started", json!({})),
        7 | 8 => (
            "claims.received",
            json!({"idp": "idp-a", "assertion": format!("as-{n}"), "amr": ["pwd"]}),
        ),
        9 => ("session.ended", json!({"reason": "logout"})),
        10 | 11 => (
            "session.linked",
            json!({"to": format!("S{}", (session + 1 + n % 3) % SESSIONS), "by": "test"}),
        ),
        // These name no session, but affect some.
        12 => ("subject.sessions_ended", json!({"reason": "revoked"})),
        _ => (
            "subject.linked",
            json!({"other": format!("u{}", (session + 1) % 3), "same": !n.is_multiple_of(3)}),
        ),
    };
    let mut line = json!({"id": format!("e{n}"), "type": kind,
        "subject": {"id": format!("u{}", session % 3)}, "data": data,
        "occurred_at": format!("2026-03-10T09:{minute:02}:00Z"),
            "recorded_at": format!("2026-03-10T12:{:02}:00Z", n / 2)});
    if !kind.starts_with("subject.") {
        line["session"] = format!("S{session}").into();
    }
    line
}

/// The engines of a ledger, which are kept over restarts.
enum Engines {
    Memory(World),
    Sqlite(tempfile::TempDir),
}

impl Engines {
    fn new(sqlite: bool) -> Self {
        if sqlite { Self::Sqlite(tempfile::tempdir().unwrap()) } else { Self::Memory(World::new()) }
    }

    async fn open(&self, options: Options) -> App {
        let dir = match self {
            Self::Memory(world) => return world.open_with(options).await,
            Self::Sqlite(dir) => dir,
        };
        let options_of_store =
            SqliteOptions { synchronous: Synchronous::Normal, ..SqliteOptions::default() };
        // The directory has one owner, and connections of the previous one may still be closing.
        let store = loop {
            match SqliteStore::open(dir.path(), options_of_store).await {
                Err(OpenError::Owned { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
                opened => break opened.unwrap(),
            }
        };
        let parts = Parts {
            log: store.log(),
            keys: store.keys(),
            state: store.state(),
            proofs: ProofParts { tiles: store.tiles(), checkpoints: store.checkpoints() },
            access: AccessParts { log: store.access().unwrap(), index: store.access_index() },
            views: store.views(),
            clock: Arc::new(FixedClock::new(time("2026-03-11T08:00:00Z"))),
            random: Arc::new(SystemRandom),
            master: MasterKey::from_bytes([7; 32]),
            options,
            engine: Box::new(store),
        };
        App::open(parts).await.unwrap()
    }
}

/// A list that can be paged.
#[derive(Clone, Copy, Debug)]
enum List {
    Sessions,
    SessionsOf(&'static str),
    SessionsWith(&'static str),
    ActiveAt(&'static str),
    Ended,
    Decisions,
    DecisionsFor(&'static str),
    Timeline(usize, ClockOrder),
}

fn lists() -> Vec<List> {
    let mut lists = vec![
        List::Sessions,
        List::SessionsOf("pay"),
        List::SessionsWith("idp-a"),
        List::ActiveAt("09:20:00"),
        List::Ended,
        List::Decisions,
        List::DecisionsFor("pay"),
    ];
    lists.extend(
        (0..SESSIONS)
            .map(|n| List::Timeline(n, [ClockOrder::Occurred, ClockOrder::Recorded][n % 2])),
    );
    lists
}

/// The rows of a page, and the cursor after them.
async fn page(
    app: &App,
    list: List,
    asking: &Asking,
    first: u32,
    after: Option<&str>,
) -> (Vec<String>, Option<String>) {
    let caller = owner("acme");
    let next = |cursors: &[String], has_next: bool| cursors.last().filter(|_| has_next).cloned();
    let filter = match list {
        List::SessionsOf(of) => {
            SessionFilter { app: Some(AppId::new(of)), ..SessionFilter::default() }
        }
        List::SessionsWith(idp) => {
            SessionFilter { idp: Some(IdpId::new(idp)), ..SessionFilter::default() }
        }
        List::ActiveAt(time) => {
            SessionFilter { active_at: Some(at(time)), ..SessionFilter::default() }
        }
        List::Ended => SessionFilter { ended: Some(true), ..SessionFilter::default() },
        _ => SessionFilter::default(),
    };
    match list {
        List::Decisions | List::DecisionsFor(_) => {
            let for_app =
                if let List::DecisionsFor(of) = list { Some(AppId::new(of)) } else { None };
            let filter = DecisionFilter { app: for_app, ..DecisionFilter::default() };
            let page = app.decisions(&caller, &filter, asking, first, after).await.unwrap().value;
            (
                page.items
                    .iter()
                    .map(|hit| {
                        format!(
                            "#{} {}",
                            hit.decision.recorded.record.position, hit.decision.recorded.session
                        )
                    })
                    .collect(),
                next(&page.cursors, page.has_next),
            )
        }
        List::Timeline(session, order) => {
            let id = SessionId::new(format!("S{session}"));
            let page =
                app.timeline(&caller, &id, order, asking, first, after).await.unwrap().value.page;
            (
                page.items
                    .iter()
                    .map(|row| {
                        format!("{} {:?} {:?}", row.record.position, row.category, row.certainty)
                    })
                    .collect(),
                next(&page.cursors, page.has_next),
            )
        }
        _ => {
            let page = app
                .sessions_state_only(&caller, &filter, asking, first, after)
                .await
                .unwrap()
                .value;
            let row = |hit: &claimledger_app::model::answer::SessionHit<SessionState>| {
                let state = &hit.session;
                format!(
                    "{} {:?} {:?} {:?} {:?}",
                    state.id, state.aliases, state.life.started_at, state.life.phase, hit.certainty
                )
            };
            (page.items.iter().map(row).collect(), next(&page.cursors, page.has_next))
        }
    }
}

fn asking(known_at: u64) -> Asking {
    Asking {
        at: Some(at("09:40:00")),
        known_at_position: Some(LogPosition(known_at)),
        ..Asking::default()
    }
}

/// All rows of a list, read in pages of a size.
async fn whole(app: &App, list: List, known_at: u64, size: u32) -> Vec<String> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let (more, next) = page(app, list, &asking(known_at), size, after.as_deref()).await;
        rows.extend(more);
        // The length detects a list that does not end.
        if next.is_none() || rows.len() > 200 {
            return rows;
        }
        after = next;
    }
}

/// Every list at every K, each asked while K was the head: records arrive one by one, so nothing
/// has moved yet.
async fn at_each_head(lines: &[String]) -> Vec<Vec<Vec<String>>> {
    let app = World::new().open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let mut told = Vec::new();
    for line in lines {
        ingest(&app, "acme", drafts(std::slice::from_ref(line))).await.unwrap();
        let known_at = app.settled_status(&owner("acme")).await.unwrap().head - 1;
        let mut of_k = Vec::new();
        for list in lists() {
            of_k.push(page(&app, list, &asking(known_at), 500, None).await.0);
        }
        told.push(of_k);
    }
    app.close().await;
    told
}

async fn same_in_pages(
    app: &App,
    expected: &[Vec<Vec<String>>],
    sizes: &[u32],
    when: &str,
) -> Result<(), TestCaseError> {
    for (known_at, of_k) in (1u64..).zip(expected) {
        for (list, expected) in lists().into_iter().zip(of_k) {
            for size in sizes {
                let found = whole(app, list, known_at, *size).await;
                prop_assert_eq!(
                    &found,
                    expected,
                    "{:?} at #{} in pages of {}, {}",
                    list,
                    known_at,
                    size,
                    when
                );
            }
        }
    }
    Ok(())
}

async fn check_way(events: &[Event], way: &Way, sizes: [u32; 2]) -> Result<(), TestCaseError> {
    let lines: Vec<String> =
        events.iter().enumerate().map(|(n, event)| line(n, *event).to_string()).collect();
    let expected = at_each_head(&lines).await;
    let engines = Engines::new(way.sqlite);
    let options = Options { batch_records: way.batch, ..Options::default() };
    let mut app = engines.open(options.clone()).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    for (n, some) in lines.chunks(way.request).enumerate() {
        if n > 0 && n == way.restart {
            app.settled_status(&owner("acme")).await.unwrap();
            app.close().await;
            app = engines.open(options.clone()).await;
        }
        ingest(&app, "acme", drafts(some)).await.unwrap();
    }
    app.settled_status(&owner("acme")).await.unwrap();
    same_in_pages(&app, &expected, &sizes, "in order of arrival").await?;
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    prop_assert!(report.equal && report.switched, "{report}");
    same_in_pages(&app, &expected, &sizes[..1], "rebuilt").await?;
    app.close().await;
    Ok(())
}

fn run<F: Future<Output = Result<(), TestCaseError>>>(test: F) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// Number of cases that fits a test run; `PROPTEST_CASES` overrides it.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { 12 };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_page_size_returns_the_list_as_known_at_k(
        events in collection::vec((0u8..14, 0..SESSIONS, 0..30usize), 3..=18), way in ways(),
            sizes in [1u32..=3, 1..=5])
    {
        run(check_way(&events, &way, sizes))?;
    }
}

/// Sessions S0 to S3 at 09:00 to 09:03, then S2 at 08:00: one request. At a K before the last of
/// them, S2 is the third.
#[tokio::test]
async fn a_session_that_moved_within_a_batch_is_in_pages_of_an_earlier_k() {
    let app = World::new().open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let fact = |session: usize, occurred: &str, recorded: &str| {
        json!({"id": format!("S{session}-{occurred}"), "type": "app.accessed",
            "session": format!("S{session}"), "subject": {"id": "u"}, "data": {"app": "wiki"},
            "occurred_at": format!("2026-03-10T{occurred}:00Z"),
                "recorded_at": format!("2026-03-10T{recorded}:00Z")})
        .to_string()
    };
    let mut lines: Vec<String> = (0..4).map(|n| fact(n, &format!("09:0{n}"), "12:00")).collect();
    lines.push(fact(2, "08:00", "13:00"));
    ingest(&app, "acme", drafts(&lines)).await.unwrap();
    app.settled_status(&owner("acme")).await.unwrap();
    for size in [1, 2, 3, 4] {
        let rows = whole(&app, List::Sessions, 4, size).await;
        let names: Vec<_> = rows.iter().map(|row| &row[..2]).collect();
        assert_eq!(names, ["S0", "S1", "S2", "S3"], "pages of {size}");
    }
    app.close().await;
}

//! `bench query`: lines B3 to B6.

use super::{
    load::{Load, further, micros, millis, some_session},
    report::{Measure, print},
};
use crate::{
    bench::{
        bare_sqlite,
        fixture::{Corpus, Fixture, caller},
        process::{Server, client_of},
        product, quantile,
        sessions::{HOT, HOT_IDP, Sessions},
    },
    cli::BenchSizesArgs,
    settings::Settings,
    terminal::print_note,
};
use anyhow::Result;
use claimledger_app::{
    app::{App, Options},
    model::question::{Asking, SessionFilter, WhyFilter},
};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, SessionId},
    time::Time,
};
use claimledger_server::{Rate, ServerOptions, serve};
use claimledger_sources::Dialect;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

const ABOUT: &str = "Questions at the head and at a past K. Times are medians or p99 of many \
                     questions. The targets of B5 and B6 are for 1,000,000 sessions, \
                     100,000 of them hit: met at a smaller size says less.";
/// How often a question is asked.
const QUESTIONS: usize = 2_000;
/// Turns with and without the access log, and questions of each.
const TURNS: usize = 5;
const QUESTIONS_A_TURN: usize = 500;
const PAGE: u32 = 50;
/// Maximum time spent on asking over GraphQL.
const MAX_ASKING_TIME: Duration = Duration::from_secs(60);
/// Minimum number of listings of all sessions of a key, and minimum time spent on them.
const MIN_LISTINGS: usize = 5;
const MIN_LISTING_TIME: Duration = Duration::from_secs(2);
const WHY: &str = concat!(
    include_str!("../../queries/why.graphql"),
    include_str!("../../queries/common.graphql")
);

/// One session explained, sets, and what a retraction reaches.
pub(crate) async fn query(settings: &Settings, args: &BenchSizesArgs) -> Result<()> {
    let mut sizes: Vec<(String, Vec<Measure>)> = Vec::new();
    for events in &args.events {
        let sessions = Sessions { count: (events / args.each).max(1), each: args.each.max(4) };
        let fixture = Fixture::make(&args.root(), Corpus::Sessions(sessions)).await?;
        let mut measures = Vec::new();
        measures.extend(one(&fixture, sessions).await?);
        measures.extend(beside_appends(&fixture, sessions)?);
        if args.compare_access_log {
            measures.extend(access_log(&fixture, sessions).await?);
        }
        measures.extend(sets(&fixture, sessions).await?);
        sizes.push((format!("{} events, {} sessions", sessions.facts(), sessions.count), measures));
        // What was measured has left its marks: the next run wants a new one.
        std::fs::remove_dir_all(&fixture.dir)?;
    }
    growth(&mut sizes);
    print(settings.format, ABOUT, &sizes);
    Ok(())
}

/// B3: one session explained in process, and a point read of its lines.
async fn one(fixture: &Fixture, sessions: Sessions) -> Result<Vec<Measure>> {
    let began = Instant::now();
    let app = fixture.open().await?;
    print_note(&format!(
        "read models are at the head after {:.0} s",
        began.elapsed().as_secs_f64()
    ));
    let caller = caller();
    let mut bare = bare_sqlite::Store::open(&fixture.yardstick()).await?;
    let (mut reads, mut whys) = (Vec::new(), Vec::new());
    for n in 0..QUESTIONS + QUESTIONS / 10 {
        let session = Sessions::id(some_session(sessions, n));
        let began = Instant::now();
        let lines = bare.lines(&session).await?;
        let read = began.elapsed();
        anyhow::ensure!(lines == sessions.each, "{session} has {lines} lines");
        let session = SessionId::new(session);
        let began = Instant::now();
        let why = app.why(&caller, &session, &WhyFilter::default(), &Asking::default()).await?;
        let took = began.elapsed();
        anyhow::ensure!(!why.value.because.is_empty(), "{session} is not explained");
        // The first tenth warms up.
        if n >= QUESTIONS / 10 {
            reads.push(micros(read));
            whys.push(micros(took));
        }
    }
    fixture.close(app).await?;
    bare.close().await?;
    Ok(vec![
        Measure::new("B3", "bare SQLite: a session's lines, p50", quantile(&reads, 0.5), "µs"),
        Measure::new("B3", "bare SQLite: a session's lines, p99", quantile(&reads, 0.99), "µs"),
        Measure::new("B3", "why in process, p50", quantile(&whys, 0.5), "µs"),
        Measure::new("B3", "why in process, p99", quantile(&whys, 0.99), "µs"),
        Measure::new(
            "B3",
            "ratio of the medians",
            quantile(&whys, 0.5) / quantile(&reads, 0.5),
            "",
        )
        .at_most(5.0),
    ])
}

/// B4: over GraphQL, while others append.
fn beside_appends(fixture: &Fixture, sessions: Sessions) -> Result<Vec<Measure>> {
    let server = Server::start(&fixture.ledger(), &fixture.token()?)?;
    let client = server.client_of(&fixture.reader()?);
    let load = Load::begin(server.client(), sessions);
    let mut took = Vec::new();
    let all = Instant::now();
    for n in 0..QUESTIONS + QUESTIONS / 10 {
        if all.elapsed() > MAX_ASKING_TIME {
            print_note(&format!(
                "B4: {} questions in {} s; no more are asked",
                took.len(),
                MAX_ASKING_TIME.as_secs()
            ));
            break;
        }
        let session = Sessions::id(some_session(sessions, n));
        let began = Instant::now();
        let answer = client.ask(WHY, &json!({"session": session}))?;
        if n >= QUESTIONS / 10 {
            took.push(millis(began.elapsed()));
        }
        anyhow::ensure!(answer["data"]["why"]["because"].get(0).is_some(), "{session}: {answer}");
    }
    let load = load.end()?;
    print_note("B4 is done");
    Ok(vec![
        Measure::new("B4", "why over GraphQL, p50", quantile(&took, 0.5), "ms"),
        Measure::new("B4", "why over GraphQL, p99", quantile(&took, 0.99), "ms").at_most(20.0),
        Measure::new("B4", "facts a second appended meanwhile", load.rate, "events/s"),
    ])
}

/// What the access log costs: the questions of B4 without appends beside them, of a server in this
/// process, with and without it in turns.
async fn access_log(fixture: &Fixture, sessions: Sessions) -> Result<Vec<Measure>> {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for turn in 0..2 * TURNS {
        let access_log = turn % 2 == 0;
        let app = fixture.open_with(Options { access_log, ..Options::default() }).await?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let client = client_of(format!("http://{}", listener.local_addr()?), fixture.reader()?);
        let unlimited = Rate { per_second: 1_000_000, burst: 1_000_000 };
        let options = ServerOptions { rate: unlimited, ..ServerOptions::default() };
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(app.clone(), options, listener, shutdown.clone()));
        let asked = tokio::task::spawn_blocking(move || {
            let mut took = Vec::new();
            for n in 0..QUESTIONS_A_TURN {
                let session = Sessions::id(some_session(sessions, n));
                let began = Instant::now();
                let answer = client.ask(WHY, &json!({"session": session}))?;
                took.push(millis(began.elapsed()));
                anyhow::ensure!(answer["data"]["why"]["because"].get(0).is_some(), "{answer}");
            }
            Ok(took)
        });
        let took = asked.await??;
        shutdown.cancel();
        served.await??;
        fixture.close(app).await?;
        let of = if access_log { &mut with } else { &mut without };
        // The first tenth warms up.
        of.extend_from_slice(&took[QUESTIONS_A_TURN / 10..]);
    }
    let measure = |what, took: &[f64], q| Measure::new("B4", what, quantile(took, q), "ms");
    Ok(vec![
        measure("why over GraphQL, with the access log, p50", &with, 0.5),
        measure("why over GraphQL, without it, p50", &without, 0.5),
        measure("why over GraphQL, with the access log, p99", &with, 0.99),
        measure("why over GraphQL, without it, p99", &without, 0.99),
    ])
}

/// B5 and B6: lists at the head; a key is retracted; lists at the K before it.
async fn sets(fixture: &Fixture, sessions: Sessions) -> Result<Vec<Measure>> {
    let app = fixture.open().await?;
    let caller = caller();
    let of_key = SessionFilter {
        idp: Some(IdpId::new(HOT_IDP)),
        key: Some(KeyId::new(HOT)),
        ..SessionFilter::default()
    };
    let mut took = Vec::new();
    let mut rows = 0;
    for n in 0..QUESTIONS / 5 {
        let fact = n.wrapping_mul(2_654_435_761) % sessions.facts();
        let filter =
            SessionFilter { active_at: Some(time(&Sessions::time(fact))?), ..of_key.clone() };
        let began = Instant::now();
        let page =
            app.sessions_state_only(&caller, &filter, &Asking::default(), PAGE, None).await?;
        took.push(millis(began.elapsed()));
        rows += page.value.items.len();
    }
    let mut measures = vec![
        Measure::new(
            "B5",
            "sessions(activeAt, key), first page at the head, p50",
            quantile(&took, 0.5),
            "ms",
        ),
        Measure::new(
            "B5",
            "sessions(activeAt, key), first page at the head, p99",
            quantile(&took, 0.99),
            "ms",
        )
        .at_most(50.0),
        Measure::new("B5", "rows of such a page", rows as f64 / took.len() as f64, "rows"),
    ];
    let before = LogPosition(app.status(&caller).await?.head - 1);
    measures.extend(retract(&app, sessions).await?);

    // Nothing was falsified as known then: every session of the key is assessed, and none is shown.
    let past = Asking { known_at_position: Some(before), ..Asking::default() };
    let filter = SessionFilter { falsified_later: Some(true), ..of_key.clone() };
    let candidates = sessions.count.div_ceil(10);
    let (mut rates, all) = (Vec::new(), Instant::now());
    while rates.len() < MIN_LISTINGS || all.elapsed() < MIN_LISTING_TIME {
        let began = Instant::now();
        let page = app.sessions_state_only(&caller, &filter, &past, PAGE, None).await?;
        anyhow::ensure!(page.value.items.is_empty(), "nothing was falsified yet");
        rates.push(candidates as f64 / began.elapsed().as_secs_f64());
    }
    let rate = quantile(&rates, 0.5);
    measures.push(
        Measure::new(
            "B5",
            "the same key at a past K: candidates assessed a second",
            rate,
            "sessions/s",
        )
        .at_least(100_000.0),
    );
    fixture.close(app).await?;
    Ok(measures)
}

/// B6: a tenth of all sessions rests on the key.
async fn retract(app: &App, sessions: Sessions) -> Result<Vec<Measure>> {
    let caller = caller();
    let stop = Arc::new(AtomicBool::new(false));
    let calm = append_until(app.clone(), sessions, 1, Arc::clone(&stop));
    tokio::time::sleep(Duration::from_secs(5)).await;
    stop.store(true, Ordering::Relaxed);
    let calm = calm.await??;

    stop.store(false, Ordering::Relaxed);
    let meanwhile = append_until(app.clone(), sessions, 2, Arc::clone(&stop));
    let fact = json!({"id": "retract-hot", "type": "trust.retracted",
        "occurred_at": "2026-10-01T00:00:00Z",
        "data": {"idp": HOT_IDP, "key": HOT, "from": "2026-01-01T00:00:00Z", "reason": "leaked",
            "actor": "admin-1"}});
    let began = Instant::now();
    product::send(app, &caller, Dialect::Native, &[fact.to_string().into_bytes()]).await?;
    let position = app.status(&caller).await?.head;
    while app.status(&caller).await?.assessed_to < position {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refreshed = began.elapsed().as_secs_f64();
    let filter = SessionFilter {
        idp: Some(IdpId::new(HOT_IDP)),
        key: Some(KeyId::new(HOT)),
        retracted: Some(true),
        ..SessionFilter::default()
    };
    let listing = Instant::now();
    let (mut after, mut hit) = (None, 0);
    loop {
        let page = app
            .sessions_state_only(&caller, &filter, &Asking::default(), 500, after.as_deref())
            .await?;
        hit += page.value.items.len();
        if !page.value.has_next {
            break;
        }
        after = page.value.cursors.last().cloned();
    }
    let listed = listing.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let meanwhile = meanwhile.await??;
    anyhow::ensure!(hit >= sessions.count.div_ceil(10), "{hit} sessions are listed");
    Ok(vec![
        Measure::new("B6", "sessions hit", hit as f64, "sessions"),
        Measure::new("B6", "until all of them are assessed again", refreshed, "s").at_most(10.0),
        Measure::new("B6", "listing them, 500 a page", listed, "s"),
        Measure::new("B6", "append p99 before", quantile(&calm, 0.99), "ms"),
        Measure::new("B6", "append p99 meanwhile", quantile(&meanwhile, 0.99), "ms"),
        Measure::new(
            "B6",
            "ratio of the two",
            quantile(&meanwhile, 0.99) / quantile(&calm, 0.99),
            "",
        )
        .at_most(2.0),
    ])
}

/// Appends one fact at a time, a hundred a second, and returns how long each took in milliseconds.
fn append_until(
    app: App,
    sessions: Sessions,
    round: usize,
    stop: Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Result<Vec<f64>>> {
    tokio::spawn(async move {
        let caller = caller();
        let mut took = Vec::new();
        let mut every = tokio::time::interval(Duration::from_millis(10));
        for n in 0.. {
            every.tick().await;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let fact = further(sessions, round, n);
            let began = Instant::now();
            product::send(&app, &caller, Dialect::Native, &[fact.to_string().into_bytes()]).await?;
            took.push(millis(began.elapsed()));
        }
        Ok(took)
    })
}

/// What the last size takes of the first.
fn growth(sizes: &mut [(String, Vec<Measure>)]) {
    const WHAT: &str = "growth of why's median from the first size";
    let median = |measures: &[Measure]| {
        measures.iter().find(|m| m.what == "why in process, p50").map(|m| m.value)
    };
    let [(_, first), .., (_, last)] = sizes else { return };
    let (Some(small), Some(large)) = (median(first), median(last)) else { return };
    first.push(Measure::new("B3", WHAT, 1.0, "times").at_most(1.3));
    last.push(Measure::new("B3", WHAT, large / small, "times").at_most(1.3));
}

fn time(text: &str) -> Result<Time> {
    Time::parse(text).map_err(|error| anyhow::anyhow!("{text}: {error:?}"))
}

//! `bench rebuild`: lines B1, B2, F1 and F2.

use super::report::{Measure, print};
use crate::{
    bench::{
        bare_sqlite, corpus,
        fixture::{Corpus, Fixture},
        process::{self, Server},
        spread,
    },
    cli::BenchSizesArgs,
    settings::Settings,
    terminal::print_note,
};
use anyhow::{Context, Result};
use serde_json::json;
use std::time::{Duration, Instant};

const ABOUT: &str = "Read models made from the log, and starts; bare SQLite scans, parses and \
                     folds the same lines. Medians. The targets of B2 and F1 are \
                     for 10,000,000 events, that of F2 for 1,000,000 sessions: met at a smaller \
                     size says less.";
const MIB: f64 = 1024.0 * 1024.0;

/// Read models made from nothing and beside those that are asked; the start after a kill; memory.
pub(crate) async fn rebuild(settings: &Settings, args: &BenchSizesArgs) -> Result<()> {
    let mut sizes: Vec<(String, Vec<Measure>)> = Vec::new();
    for events in &args.events {
        let fixture = Fixture::make(&args.root(), Corpus::Okta(*events)).await?;
        let measures = measure(&fixture, *events, args.runs).await?;
        sizes.push((format!("{events} events"), measures));
        if !args.keep {
            std::fs::remove_dir_all(&fixture.dir)?;
        }
    }
    growth(&mut sizes);
    print(settings.format, ABOUT, &sizes);
    Ok(())
}

async fn measure(fixture: &Fixture, events: usize, runs: usize) -> Result<Vec<Measure>> {
    let (mut bare, mut fresh, mut beside, mut peaks) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs.max(1) {
        let mut store = bare_sqlite::Store::open(&fixture.yardstick()).await?;
        let began = Instant::now();
        let (sessions, folded) = store.fold().await?;
        bare.push(events as f64 / began.elapsed().as_secs_f64());
        store.close().await?;
        print_note(&format!(
            "run {}: bare SQLite folds {folded} events of {sessions} sessions, {:.0}/s",
            run + 1,
            bare[run]
        ));
        fixture.without_views()?;
        let made = process::run(&fixture.ledger(), &["status"])?;
        fresh.push(events as f64 / made.secs);
        print_note(&format!(
            "run {}: read models from nothing, {:.0}/s, {:.0} MiB at most",
            run + 1,
            fresh[run],
            made.peak as f64 / MIB
        ));
        let again = process::run(&fixture.ledger(), &["rebuild"])?;
        beside.push(events as f64 / again.secs);
        print_note(&format!(
            "run {}: beside, compared and switched, {:.0}/s, {:.0} MiB at most",
            run + 1,
            beside[run],
            again.peak as f64 / MIB
        ));
        peaks.push(made.peak.max(again.peak) as f64 / MIB);
    }
    let (bare, fresh, beside) = (spread(&bare).0, spread(&fresh).0, spread(&beside).0);
    let mut measures = vec![
        Measure::new("B1", "bare SQLite: scan, parse, fold", bare, "events/s"),
        Measure::new("B1", "read models from nothing", fresh, "events/s"),
        Measure::new("B1", "ratio of the two", fresh / bare, "").at_least(0.5),
        Measure::new("B1", "beside, compared row by row, switched", beside, "events/s"),
        Measure::new("B2", "peak memory", spread(&peaks).0, "MiB").at_most(1024.0),
    ];
    measures.extend(starts(fixture, events, runs)?);
    measures.push(Measure::new(
        "",
        "log and keys",
        fixture.bytes(&["log", "keys"]) as f64 / events as f64,
        "bytes/event",
    ));
    measures.push(Measure::new(
        "",
        "read models",
        fixture.bytes(&["views"]) as f64 / events as f64,
        "bytes/event",
    ));
    Ok(measures)
}

/// Kills a server while it appends, and starts it again.
fn starts(fixture: &Fixture, events: usize, runs: usize) -> Result<Vec<Measure>> {
    let token = fixture.token()?;
    let (mut ready, mut resident) = (Vec::new(), Vec::new());
    for run in 0..runs.max(1) {
        let server = Server::start(&fixture.ledger(), &token)?;
        let client = server.client();
        let appending = std::thread::spawn(move || {
            // Lines that are in the log already would not be written.
            for n in 0.. {
                let facts: Vec<_> = (0..20)
                    .map(|k| {
                        json!({"id": format!("{events}-{run}-{n}-{k}"), "type": "session.started",
                    "occurred_at": "2026-06-01T00:00:00Z", "subject": {"id": "u-1"},
                        "session": corpus::session(n * 20 + k), "data": {}})
                    })
                    .collect();
                if let Err(error) = client.append(&facts) {
                    return (n, error);
                }
            }
            (0, anyhow::anyhow!("it never ended"))
        });
        std::thread::sleep(Duration::from_secs(1));
        server.kill()?;
        let (requests, error) = appending.join().ok().context("the appending thread panicked")?;
        anyhow::ensure!(requests > 0, "nothing could be appended: {error}");
        let server = Server::start(&fixture.ledger(), &token)?;
        ready.push(server.ready_secs);
        std::thread::sleep(Duration::from_secs(5));
        resident.push(server.resident() as f64 / MIB);
        print_note(&format!(
            "run {}: killed after {requests} requests, ready again in {:.2} s, {:.0} MiB when idle",
            run + 1,
            ready[run],
            resident[run]
        ));
    }
    Ok(vec![
        Measure::new("F1", "start to ready after kill -9", spread(&ready).0, "s").at_most(5.0),
        Measure::new("F2", "memory of an idle server", spread(&resident).0, "MiB").at_most(300.0),
    ])
}

/// What the last size takes of the first.
fn growth(sizes: &mut [(String, Vec<Measure>)]) {
    let peak = |measures: &[Measure]| measures.iter().find(|m| m.line == "B2").map(|m| m.value);
    let [(_, first), .., (_, last)] = sizes else { return };
    let (Some(small), Some(large)) = (peak(first), peak(last)) else { return };
    first.push(
        Measure::new("B2", "growth of peak memory from the first size", 1.0, "times").at_most(1.5),
    );
    last.push(
        Measure::new("B2", "growth of peak memory from the first size", large / small, "times")
            .at_most(1.5),
    );
}

//! `bench export`, `bench prove` and `bench verify`: lines D1 to D4.

use super::{
    load::{Load, millis, some_session},
    report::{Measure, print},
};
use crate::{
    bench::{
        fixture::{Corpus, Fixture, caller},
        process::{self, Ended, Server},
        quantile,
        sessions::Sessions,
        spread,
    },
    cli::{BenchExportArgs, BenchSizesArgs},
    settings::Settings,
    terminal::print_note,
};
use anyhow::{Context, Result, bail};
use claimledger_app::model::question::RecordBy;
use claimledger_facts::ids::LogPosition;
use serde_json::json;
use std::{
    collections::VecDeque,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const EXPORT: &str = "Lists of one ledger as files, with manifests and signatures; each row is \
                      assessed. DuckDB copies the same rows, which it has in memory. Medians.";
const PROVE: &str = "Inclusion proofs, each with its entry in the access log, and how long the \
                     signed checkpoint is behind the head. The target of D2 is for 10,000,000 \
                     records: met at a smaller size says less.";
const VERIFY: &str = "`verify` of a whole ledger: every record, commitment, leaf, key and row.";
const MIB: f64 = 1024.0 * 1024.0;
/// Proofs that are made.
const PROOFS: usize = 2_000;
/// How long appends run beside the signing of checkpoints, and how often both are looked at.
const APPEND_TIME: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
const HEADS: &str = "{ checkpoint { size } status { head } }";

/// Makes the ledger of each size, measures, and removes it.
async fn each_size(
    settings: &Settings,
    args: &BenchSizesArgs,
    about: &str,
    measure: impl AsyncFn(&Fixture, Sessions) -> Result<Vec<Measure>>,
) -> Result<()> {
    let mut sizes: Vec<(String, Vec<Measure>)> = Vec::new();
    for events in &args.events {
        let each = args.each.max(4);
        let sessions = Sessions { count: (events / each).max(1), each };
        let fixture = Fixture::make(&args.root(), Corpus::Sessions(sessions)).await?;
        let measures = measure(&fixture, sessions).await?;
        sizes.push((format!("{} events, {} sessions", sessions.facts(), sessions.count), measures));
        if !args.keep {
            std::fs::remove_dir_all(&fixture.dir)?;
        }
    }
    print(settings.format, about, &sizes);
    Ok(())
}

/// D1: sessions as JSON lines and Parquet, beside DuckDB.
pub(crate) async fn export(settings: &Settings, args: &BenchExportArgs) -> Result<()> {
    let sizes = &args.sizes;
    each_size(settings, sizes, EXPORT, async |fixture: &Fixture, sessions: Sessions| {
        measure_export(fixture, sessions, sizes.runs, &args.duckdb)
    })
    .await
}

/// D2 and D4: inclusion proofs, and the checkpoint behind the head.
pub(crate) async fn prove(settings: &Settings, args: &BenchSizesArgs) -> Result<()> {
    each_size(settings, args, PROVE, async |fixture: &Fixture, sessions: Sessions| {
        let mut measures = proofs(fixture, sessions).await?;
        measures.extend(signing(fixture, sessions)?);
        Ok(measures)
    })
    .await
}

/// D3: the whole log verified.
pub(crate) async fn verify(settings: &Settings, args: &BenchSizesArgs) -> Result<()> {
    each_size(settings, args, VERIFY, async |fixture: &Fixture, sessions: Sessions| {
        let (mut rates, mut peaks) = (Vec::new(), Vec::new());
        for run in 0..args.runs.max(1) {
            let Ended { secs, peak } = process::run(&fixture.ledger(), &["verify"])?;
            rates.push(sessions.facts() as f64 / secs);
            peaks.push(peak as f64 / MIB);
            print_note(&format!("run {}: {:.0} leaves/s", run + 1, rates[run]));
        }
        Ok(vec![
            Measure::new("D3", "verify", spread(&rates).0, "leaves/s").at_least(300_000.0),
            Measure::new("D3", "peak memory", spread(&peaks).0, "MiB"),
        ])
    })
    .await
}

/// The rates of one format in one run: rows a second.
#[derive(Default)]
struct Format {
    ours: Vec<f64>,
    duckdb: Vec<f64>,
}

fn measure_export(
    fixture: &Fixture,
    sessions: Sessions,
    runs: usize,
    python: &Path,
) -> Result<Vec<Measure>> {
    let rows = sessions.count as f64;
    let (mut jsonl, mut parquet) = (Format::default(), Format::default());
    let mut peaks = Vec::new();
    for run in 0..runs.max(1) {
        let dir = fixture.dir.join("export");
        std::fs::create_dir_all(&dir)?;
        for (format, name, as_) in
            [(&mut jsonl, "sessions.jsonl", "jsonl"), (&mut parquet, "sessions.parquet", "parquet")]
        {
            let file = dir.join(name);
            let file = file.to_str().context("the directory's name is no UTF-8")?;
            let arguments = ["export", "sessions", "--as", as_, "--output", file];
            let Ended { secs, peak } = process::run(&fixture.ledger(), &arguments)?;
            format.ours.push(rows / secs);
            peaks.push(peak as f64 / MIB);
        }
        let [to_jsonl, to_parquet] = duckdb(python, &dir.join("sessions.parquet"), &dir)?;
        jsonl.duckdb.push(rows / to_jsonl);
        parquet.duckdb.push(rows / to_parquet);
        print_note(&format!(
            "run {}: JSON lines {:.0} rows/s, DuckDB {:.0}; Parquet {:.0}, DuckDB {:.0}",
            run + 1,
            jsonl.ours[run],
            jsonl.duckdb[run],
            parquet.ours[run],
            parquet.duckdb[run]
        ));
        std::fs::remove_dir_all(&dir)?;
    }
    let mut measures = Vec::new();
    for (name, format) in [("JSON lines", &jsonl), ("Parquet", &parquet)] {
        let (ours, duckdb) = (spread(&format.ours).0, spread(&format.duckdb).0);
        measures.extend([
            Measure::new("D1", format!("{name}: sessions exported"), ours, "rows/s"),
            Measure::new("D1", format!("{name}: DuckDB COPY of the rows"), duckdb, "rows/s"),
            Measure::new("D1", format!("{name}: ratio of the two"), ours / duckdb, "")
                .at_least(0.5),
        ]);
    }
    measures.push(Measure::new("D1", "peak memory of an export", spread(&peaks).0, "MiB"));
    Ok(measures)
}

/// The seconds that DuckDB takes to write rows as JSON lines and as Parquet.
fn duckdb(python: &Path, rows: &Path, dir: &Path) -> Result<[f64; 2]> {
    let out = Command::new(python)
        .args(["-c", include_str!("../../bench/duckdb_copy.py")])
        .args([rows, dir])
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{}: a Python with the package duckdb", python.display()))?;
    if !out.status.success() {
        bail!("{}: ended with {}", python.display(), out.status);
    }
    let text = String::from_utf8(out.stdout)?;
    let secs = text.lines().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    secs.try_into().map_err(|_| anyhow::anyhow!("two times were expected, not {text:?}"))
}

async fn proofs(fixture: &Fixture, sessions: Sessions) -> Result<Vec<Measure>> {
    let app = fixture.open().await?;
    let caller = caller();
    // The tree follows: the proof of the last record waits for its checkpoint.
    let last = LogPosition(app.status(&caller).await?.head - 1);
    let began = Instant::now();
    while app.prove(&caller, RecordBy::Position(last)).await.is_err() {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(600), "the tree does not follow");
    }
    print_note(&format!("the tree is at the head after {:.0} s", began.elapsed().as_secs_f64()));
    let mut took = Vec::new();
    for n in 0..PROOFS + PROOFS / 10 {
        let position = LogPosition(some_session(sessions, n) as u64 * sessions.each as u64);
        let began = Instant::now();
        let proof = app.prove(&caller, RecordBy::Position(position)).await?;
        // The first tenth warms up.
        if n >= PROOFS / 10 {
            took.push(millis(began.elapsed()));
        }
        anyhow::ensure!(proof.is_some(), "no proof of record {position}");
    }
    fixture.close(app).await?;
    Ok(vec![
        Measure::new("D2", "inclusion proof, p50", quantile(&took, 0.5), "ms"),
        Measure::new("D2", "inclusion proof, p99", quantile(&took, 0.99), "ms").at_most(20.0),
    ])
}

/// Compares the signed checkpoint with the head while others append.
fn signing(fixture: &Fixture, sessions: Sessions) -> Result<Vec<Measure>> {
    let server = Server::start(&fixture.ledger(), &fixture.token()?)?;
    let client = server.client();
    let load = Load::begin(server.client(), sessions);
    let began = Instant::now();
    // When the log had which size, as far as the checkpoint does not cover it.
    let mut heads: VecDeque<(Instant, u64)> = VecDeque::new();
    let mut behind = Vec::new();
    while began.elapsed() < APPEND_TIME {
        let answer = client.ask(HEADS, &json!({}))?;
        let number = |field: &str| answer["data"].pointer(field)?.as_u64();
        let head = number("/status/head").with_context(|| format!("the head: {answer}"))?;
        let signed = number("/checkpoint/size").unwrap_or_default();
        let now = Instant::now();
        if heads.back().is_none_or(|(_, last)| *last < head) {
            heads.push_back((now, head));
        }
        while heads.front().is_some_and(|(_, size)| *size <= signed) {
            heads.pop_front();
        }
        behind.push(heads.front().map_or(0.0, |(since, _)| (now - *since).as_secs_f64()));
        std::thread::sleep(LOOK_INTERVAL);
    }
    let load = load.end()?;
    Ok(vec![
        Measure::new("D4", "checkpoint behind the head, p50", quantile(&behind, 0.5), "s"),
        Measure::new("D4", "checkpoint behind the head, at most", quantile(&behind, 1.0), "s")
            .at_most(2.0),
        Measure::new("D4", "facts a second appended meanwhile", load.rate, "events/s"),
    ])
}

//! `bench copy`: line E2.

use super::{
    append::{BATCH, IN_FLIGHT},
    lines::{self, DEBUG_BUILD, show, table_of},
    postgres::server,
};
use crate::{
    bench::{
        Line, product,
        scratch_databases::{About, ScratchDatabases},
        scratch_dir::ScratchDir,
    },
    cli::{BenchPostgresArgs, Format},
    engine::{Location, SharedEngines, StoredLedger},
    settings::Settings,
    terminal::{print_json, print_note, print_text},
};
use anyhow::Result;
use serde_json::json;
use std::{path::Path, time::Instant};

const ABOUT: &str = "Whole ledgers copied and compared, as ratios to what the slower engine \
                     appends in requests of 500, 4 in flight.";

/// What the runs gave.
struct Measured {
    lines: [Line; 2],
    /// Appends of requests of 500, events a second.
    sqlite: Vec<f64>,
    postgres: Vec<f64>,
}

/// Copies between engines, as ratios to appends of the slower one.
pub(crate) async fn copy(settings: &Settings, args: &BenchPostgresArgs) -> Result<()> {
    let mut databases = ScratchDatabases::connect(&settings.shared()?.database).await?;
    let about = databases.about().await?;
    let root = ScratchDir::new(args.dir.as_deref())?;
    let measured = measure(args, &mut databases, root.path()).await;
    databases.drop_all().await?;
    let measured = measured?;
    match settings.format {
        Format::Json => print_json(&json!({
            "about": ABOUT, "debug": cfg!(debug_assertions), "runs": args.runs,
            "events": args.events, "server": about.version, "settings": about.settings,
            "lines": lines::document(&measured.lines),
            "appended": {"sqlite": measured.sqlite, "postgres": measured.postgres}
        })),
        Format::Text => text(args, &about, &measured),
    }
    Ok(())
}

async fn measure(
    args: &BenchPostgresArgs,
    databases: &mut ScratchDatabases,
    root: &Path,
) -> Result<Measured> {
    let lines = [
        Line::new("E2", "SQLite to PostgreSQL", 0.5),
        Line::new("E2", "PostgreSQL to SQLite", 0.5),
    ];
    let mut measured = Measured { lines, sqlite: vec![], postgres: vec![] };
    for run in 0..args.runs.max(1) {
        let root = root.join(format!("run-{run}"));
        let node = |name: &str, database| {
            Location::node(&root.join(name), SharedEngines::postgres(database))
        };
        let sqlite = Location::directory(&root.join("sqlite"));
        let postgres = node("postgres", databases.migrated().await?);
        let to_postgres = node("copy-on-postgres", databases.migrated().await?);
        let to_sqlite = Location::directory(&root.join("copy-on-sqlite"));
        let appended = |location| product::append(location, args.events, IN_FLIGHT, BATCH);
        let of_sqlite = appended(&sqlite).await?.rate;
        let of_postgres = appended(&postgres).await?.rate;
        let slower = of_sqlite.min(of_postgres);
        measured.sqlite.push(of_sqlite);
        measured.postgres.push(of_postgres);
        let copies = [(&sqlite, &to_postgres), (&postgres, &to_sqlite)];
        for (line, (source, target)) in measured.lines.iter_mut().zip(copies) {
            let began = Instant::now();
            copy_ledger(source, target).await?;
            let rate = args.events as f64 / began.elapsed().as_secs_f64();
            print_note(&format!(
                "run {}, {}: {rate:.0}/s; appended {of_sqlite:.0}/s on SQLite, {of_postgres:.0}/s \
                 on PostgreSQL",
                run + 1,
                line.what
            ));
            line.yardstick.push(slower);
            line.product.push(rate);
        }
        databases.drop_all().await?;
        std::fs::remove_dir_all(&root)?;
    }
    Ok(measured)
}

/// Copies a closed ledger to an empty place, and compares both.
async fn copy_ledger(source: &Location, target: &Location) -> Result<()> {
    let (source, target) = (StoredLedger::open(source).await?, StoredLedger::open(target).await?);
    claimledger_app::copy::copy(&source.parts, &target.parts, &mut |_, _, _| {}).await?;
    Ok(())
}

fn text(args: &BenchPostgresArgs, about: &About, measured: &Measured) {
    if cfg!(debug_assertions) {
        print_text(DEBUG_BUILD);
    }
    print_text(&format!(
        "{ABOUT} {} events, {} runs; median (least to greatest).\n",
        args.events, args.runs
    ));
    print_text(&table_of(&measured.lines, "slower append, events/s", "copied, events/s"));
    print_text(&format!(
        "Appended, events/s: {} on SQLite, {} on PostgreSQL.",
        show(&measured.sqlite, 0),
        show(&measured.postgres, 0)
    ));
    print_text(&server(about));
}

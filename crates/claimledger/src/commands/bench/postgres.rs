//! `bench postgres`: line E1.

use super::{
    append::{CLIENTS, ON},
    lines::{self, DEBUG_BUILD, show, table_of},
};
use crate::{
    bench::{
        Line, bare_postgres, product,
        scratch_databases::{About, ScratchDatabases},
        scratch_dir::ScratchDir,
        storage::{self, Part},
    },
    cli::{BenchPostgresArgs, Format},
    engine::{Location, SharedEngines},
    settings::Settings,
    terminal::{print_json, print_note, print_text},
};
use anyhow::Result;
use serde_json::json;
use std::path::Path;

/// What the runs gave.
struct Measured {
    line: Line,
    /// Bytes on disk an event of each run: the log's tables, and the yardstick's table.
    log_bytes: Vec<f64>,
    yardstick_bytes: Vec<f64>,
    notes: Vec<String>,
}

/// Durable appends by many clients, as a ratio to single `INSERT`s of the same lines.
pub(crate) async fn postgres(settings: &Settings, args: &BenchPostgresArgs) -> Result<()> {
    let mut databases = ScratchDatabases::connect(&settings.shared()?.database).await?;
    let about = databases.about().await?;
    let root = ScratchDir::new(args.dir.as_deref())?;
    let measured = measure(args, &mut databases, root.path()).await;
    databases.drop_all().await?;
    let measured = measured?;
    match settings.format {
        Format::Json => print_json(&json!({
            "on": ON, "debug": cfg!(debug_assertions), "runs": args.runs, "events": args.events,
            "server": about.version, "settings": about.settings,
            "lines": lines::document(std::slice::from_ref(&measured.line)),
            "bytesAnEvent": {"product": measured.log_bytes, "yardstick": measured.yardstick_bytes},
            "notes": measured.notes
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
    let line = Line::new("E1", "64 clients, one event a request", 1.5);
    let mut measured = Measured { line, log_bytes: vec![], yardstick_bytes: vec![], notes: vec![] };
    for run in 0..args.runs.max(1) {
        let bare = bare_postgres::clients(&databases.empty().await?, args.events, CLIENTS).await?;
        databases.drop_all().await?;
        let database = databases.migrated().await?;
        let dir = root.join(format!("node-{run}"));
        let location = Location::node(&dir, SharedEngines::postgres(database.clone()));
        let ours = product::append(&location, args.events, CLIENTS, 1).await?;
        let log = storage::of_database(&database).await?.get(&Part::Log).copied();
        databases.drop_all().await?;
        std::fs::remove_dir_all(&dir)?;
        print_note(&format!("run {}: bare {:.0}/s, ours {:.0}/s", run + 1, bare.rate, ours.rate));
        measured.line.yardstick.push(bare.rate);
        measured.line.product.push(ours.rate);
        measured.yardstick_bytes.push(bare.bytes);
        measured.log_bytes.push(log.unwrap_or_default() as f64 / args.events as f64);
        measured.notes.push(format!(
            "run {}: read models {} records behind at the end, caught up in {:.2} s",
            run + 1,
            ours.lag,
            ours.catch_up_secs
        ));
    }
    Ok(measured)
}

fn text(args: &BenchPostgresArgs, about: &About, measured: &Measured) {
    if cfg!(debug_assertions) {
        print_text(DEBUG_BUILD);
    }
    print_text(&format!(
        "Durable appends of {} events, {} runs; median (least to greatest). On: {ON}, in process; \
         each run in a database and a directory of its own.\n",
        args.events, args.runs
    ));
    print_text(&table_of(
        std::slice::from_ref(&measured.line),
        "single INSERTs, events/s",
        "claimledger, events/s",
    ));
    print_text(&format!(
        "The yardstick: {CLIENTS} connections, one table, one index, the same lines as text, one \
         INSERT a transaction.\n\
         Bytes on disk an event, without the server's write-ahead log: {} of the log's tables, {} \
         of the yardstick's.",
        show(&measured.log_bytes, 0),
        show(&measured.yardstick_bytes, 0)
    ));
    print_text(&server(about));
    for note in &measured.notes {
        print_text(note);
    }
}

/// The server that figures are from.
pub(super) fn server(about: &About) -> String {
    let settings: Vec<_> =
        about.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("PostgreSQL {}: {}", about.version, settings.join(", "))
}

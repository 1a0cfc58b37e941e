//! `bench append`.

use super::lines::{self, DEBUG_BUILD, show, table_of};
use crate::{
    bench::{
        Line, bare_sqlite, product,
        scratch_dir::ScratchDir,
        storage::{self, Part},
    },
    cli::{BenchAppendArgs, Format},
    engine::Location,
    settings::Settings,
    terminal::{print_json, print_note, print_text},
};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::Path;

pub(super) const CLIENTS: usize = 64;
pub(super) const BATCH: usize = 500;
/// A reader of a large file has the next requests ready while one is written.
pub(super) const IN_FLIGHT: usize = 4;

/// Lines A1 to A4: durable appends and bytes on disk, as ratios to bare SQLite in the same run.
pub(crate) async fn append(settings: &Settings, args: &BenchAppendArgs) -> Result<()> {
    let root = ScratchDir::new(args.dir.as_deref())?;
    let (lines, bytes, notes) = measure(args, root.path()).await?;
    match settings.format {
        Format::Json => {
            let document = json!({"on": ON, "debug": cfg!(debug_assertions), "runs": args.runs,
                "events": args.events, "lines": lines::document(&lines),
                "bytesAnEvent": {"product": bytes.0, "yardstick": bytes.1}, "notes": notes});
            print_json(&document);
        }
        Format::Text => text(args, &lines, bytes, &notes),
    }
    Ok(())
}

pub(super) const ON: &str =
    "translation, sealing, commitments, leaf hash, deduplication, read models following";

async fn measure(
    args: &BenchAppendArgs,
    root: &Path,
) -> Result<(Vec<Line>, (f64, f64), Vec<String>)> {
    let mut lines = vec![
        Line::new("A1", "1 client, one event a request", 0.7),
        Line::new("A2", "64 clients, one event a request", 1.0),
        Line::new("A3", "requests of 500, 4 in flight", 1.2),
    ];
    let mut bytes = (0.0, 0.0);
    let mut notes = Vec::new();
    for run in 0..args.runs.max(1) {
        for (n, line) in lines
            .iter_mut()
            .enumerate()
            .filter(|(_, line)| args.only.is_empty() || args.only.iter().any(|id| id == line.id))
        {
            // One at a time is slow: a tenth of the events says as much.
            let events = if n == 0 { args.events.div_ceil(10) } else { args.events };
            let (bare, ours) =
                (root.join(format!("bare-{run}-{n}")), root.join(format!("ours-{run}-{n}")));
            std::fs::create_dir_all(&bare)?;
            line.yardstick.push(match n {
                0 => bare_sqlite::one_at_a_time(&bare, events).await?,
                1 => bare_sqlite::clients(&bare, events, CLIENTS).await?,
                _ => bare_sqlite::batches(&bare, events, BATCH).await?,
            });
            if n == 2 {
                let loops = root.join(format!("loop-{run}"));
                std::fs::create_dir_all(&loops)?;
                line.plain
                    .push(bare_sqlite::batches_in_a_loop(&loops, events.div_ceil(4), BATCH).await?);
                std::fs::remove_dir_all(&loops)?;
            }
            let location = Location::directory(&ours);
            let done = match n {
                0 => product::append(&location, events, 1, 1).await?,
                1 => product::append(&location, events, CLIENTS, 1).await?,
                _ => product::append(&location, events, IN_FLIGHT, BATCH).await?,
            };
            line.product.push(done.rate);
            print_note(&format!(
                "run {} {}: bare {:.0}/s, ours {:.0}/s",
                run + 1,
                line.id,
                line.yardstick[run],
                done.rate
            ));
            notes.push(format!(
                "{} run {}: read models {} records behind at the end, caught up in {:.2} s",
                line.id,
                run + 1,
                done.lag,
                done.catch_up_secs
            ));
            if n == 2 {
                let ours = storage::of_closed(&ours).await?;
                let ours: u64 =
                    [Part::Log, Part::Keys].iter().filter_map(|part| ours.get(part)).sum();
                let bare = std::fs::metadata(bare.join("yardstick")).context("yardstick")?.len();
                bytes = (ours as f64 / events as f64, bare as f64 / events as f64);
            }
            std::fs::remove_dir_all(&bare)?;
            std::fs::remove_dir_all(&ours)?;
        }
    }
    Ok((lines, bytes, notes))
}

fn text(args: &BenchAppendArgs, lines: &[Line], bytes: (f64, f64), notes: &[String]) {
    if cfg!(debug_assertions) {
        print_text(DEBUG_BUILD);
    }
    print_text(&format!(
        "Durable appends, {} runs; median (least to greatest). On: {ON}.\n",
        args.runs
    ));
    print_text(&table_of(lines, "bare SQLite, events/s", "claimledger, events/s"));
    for line in lines.iter().filter(|line| !line.plain.is_empty()) {
        print_text(&format!(
            "{}: bare SQLite with a loop of single inserts in each transaction, as most would \
             write it: {}",
            line.id,
            show(&line.plain, 0)
        ));
    }
    if bytes.1 > 0.0 {
        print_text(&format!(
            "\nA4 bytes on disk an event (log and keys, no views): {:.0} against {:.0}, ratio \
             {:.2} (target ≤ 0.7)",
            bytes.0,
            bytes.1,
            bytes.0 / bytes.1
        ));
    }
    for note in notes.iter().rev().take(3).rev() {
        print_text(note);
    }
}

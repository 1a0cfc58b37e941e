//! `copy`.

use crate::{
    cli::{CopyArgs, Format},
    engine::{self, Location, StoredLedger},
    exit_status::usage,
    settings::{self, Settings},
    terminal::{LongWork, print_json, print_text},
};
use anyhow::{Context, Result};
use claimledger_app::copy::{CopiedLog, CopiedTenant, CopyReport, CopyStep};
use serde_json::{Value, json};

/// Copies a ledger to other engines, and compares the two.
pub(crate) async fn copy(settings: &Settings, args: &CopyArgs) -> Result<()> {
    let source = settings::place("--from", &args.from)?;
    let target = settings::place("--to", &args.to)?;
    if source.shared.is_none() && !engine::is_ledger(&source.dir)? {
        return Err(usage(format!("--from {}: it holds no ledger", source.dir.display())));
    }
    let from = StoredLedger::open(&source).await.context("the source")?;
    let to = StoredLedger::open(&target).await.context("the target")?;
    let mut copying = LongWork::new("log entries copied and read back");
    let mut comparing = LongWork::new("log entries compared with their roots");
    let mut moved = |step, done, of| match step {
        CopyStep::Copying => copying.moved(done, of),
        CopyStep::Comparing => comparing.moved(done, of),
    };
    let report = claimledger_app::copy::copy(&from.parts, &to.parts, &mut moved).await?;
    match settings.format {
        Format::Json => print_json(&document(&report)),
        Format::Text => print_text(&text(&report, &target)),
    }
    Ok(())
}

fn document(report: &CopyReport) -> Value {
    let log = |log: &CopiedLog| json!({"records": log.size.0, "root": log.root.to_string()});
    let tenant = |it: &CopiedTenant| {
        json!({"tenant": it.tenant.as_str(), "log": log(&it.records), "access": log(&it.access),
            "persons": it.persons, "destroyed": it.destroyed, "credentials": it.credentials,
            "states": it.states, "checkpoints": it.checkpoints})
    };
    let tenants: Vec<_> = report.tenants.iter().map(tenant).collect();
    json!({"rounds": report.rounds, "tenants": tenants})
}

fn text(report: &CopyReport, target: &Location) -> String {
    let mut lines = Vec::new();
    for it in &report.tenants {
        lines.push(format!(
            "{}: {} records, root {}; {} entries of the access log, root {}; {} persons ({} \
             destroyed), {} credentials, {} states",
            it.tenant,
            it.records.size.0,
            it.records.root,
            it.access.size.0,
            it.access.root,
            it.persons,
            it.destroyed,
            it.credentials,
            it.states
        ));
    }
    lines.push(match report.rounds {
        0 => "The target was a whole copy already: it was compared, and is equal.".to_owned(),
        _ => "Copied; everything was compared, and is equal.".to_owned(),
    });
    lines.push(match &target.shared {
        None => format!(
            "The target needs the same master key: copy it to {}, with mode 0600.",
            target.dir.join("master.key").display()
        ),
        Some(_) => "Each node needs the same master key (--master-key-file).".to_owned(),
    });
    lines.join("\n")
}

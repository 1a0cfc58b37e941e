//! `verify`, `checkpoint`, `prove`.

use super::question::ask;
use crate::{
    cli::{CheckpointArgs, Format, ProveArgs},
    engine,
    exit_status::{No, usage},
    output::field,
    settings::Settings,
    terminal::{escape, print_json, print_line, print_note, print_text, progress},
};
use anyhow::{Context, Result};
use claimledger_app::{
    VerifiedLog, VerifyReport,
    app::Options,
    model::{proof::LogKind, question::Caller},
};
use serde_json::{Value, json};

const CHECKPOINT: &str = include_str!("../queries/checkpoint.graphql");
const CONSISTENCY: &str = include_str!("../queries/consistency.graphql");
const PROVE: &str = include_str!("../queries/prove.graphql");
const PROVE_ACCESS: &str = include_str!("../queries/prove_access.graphql");

/// Reads everything that is stored. Status 1 if something does not hold.
pub(crate) async fn verify(settings: &Settings) -> Result<()> {
    if settings.url.is_some() {
        return Err(usage("`verify` is for the owner of the directory: give --data DIR"));
    }
    // A log that is not the one that was signed is opened all the same, to say where.
    let options = Options { keep_tree: false, follow: false, ..settings.options() };
    let app = engine::open(&settings.location()?, options).await?;
    let tenants = match &settings.tenant {
        Some(_) => vec![engine::tenant(&app, settings.tenant.as_deref()).await?],
        None => app.tenants().await?,
    };
    let mut reports = Vec::new();
    for tenant in tenants {
        let bar = progress("records");
        let moved = |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        };
        let caller = Caller::owner(tenant.clone());
        let report = app.verify(&caller, moved).await;
        bar.finish_and_clear();
        reports.push((tenant, report?));
    }
    app.close().await;
    let holds = reports.iter().all(|(_, report)| report.holds());
    match settings.format {
        Format::Json => print_json(&json!({
            "holds": holds,
            "tenants": reports.iter().map(|(tenant, report)| to_json(tenant.as_str(), report))
                .collect::<Vec<_>>(),
        })),
        Format::Text => {
            reports.iter().for_each(|(tenant, report)| print_report(tenant.as_str(), report));
        }
    }
    if holds {
        return Ok(());
    }
    Err(No("something that is stored does not hold: do not rely on this ledger; restore it from \
            a backup of the whole directory, and compare that with the anchors"
        .to_owned())
    .into())
}

fn to_json(tenant: &str, report: &VerifyReport) -> Value {
    let log = |log: &VerifiedLog| {
        json!({
            "records": log.records,
            "root": log.root.map(|root| root.to_string()),
            "checkpoint": log.checkpoint,
            "anchored": log.anchored,
            "compared": log.compared,
            "removed": log.removed,
        })
    };
    let findings = report.findings.iter().map(|finding| {
        json!({
            "log": if finding.log == LogKind::Access { "access" } else { "records" },
            "kind": finding.kind.as_str(),
            "position": finding.position.map(|at| at.0),
            "what": finding.what,
        })
    });
    json!({
        "tenant": tenant,
        "records": report.log.records,
        "root": report.log.root.map(|root| root.to_string()),
        "checkpoint": report.log.checkpoint,
        "anchored": report.log.anchored,
        "compared": report.log.compared,
        "removed": report.log.removed,
        "access": log(&report.access),
        "findings": findings.collect::<Vec<_>>(),
        "unlisted": report.unlisted,
    })
}

fn print_report(tenant: &str, report: &VerifyReport) {
    let signed = |log: &VerifiedLog| match log.checkpoint {
        Some(size) => format!("the last checkpoint covers {size} of them"),
        None => "nothing was signed yet".to_owned(),
    };
    let log = &report.log;
    print_text(&format!("{}: {} records read; {}.", escape(tenant), log.records, signed(log)));
    if let Some(root) = log.root {
        print_text(&format!("  root {root}"));
    }
    let anchored = |log: &VerifiedLog, of: &str| {
        let Some(largest) = log.anchored.iter().max() else { return };
        let compared = log.compared;
        print_text(&format!(
            "  compared with {compared} anchored checkpoints, the largest of {largest} {of}"
        ));
    };
    anchored(log, "records");
    let access = &report.access;
    if access.records > 0 || access.checkpoint.is_some() {
        let signed = signed(access);
        print_text(&format!("  {} entries of the access log read; {signed}", access.records));
    }
    anchored(access, "entries");
    let removed = log.removed + access.removed;
    if removed > 0 {
        print_text(&format!("  {removed} sealed bodies are removed without a record of why"));
    }
    for finding in &report.findings {
        let at = finding.position.map_or_else(String::new, |at| format!("{at}: "));
        let at = match finding.log {
            LogKind::Records => at,
            LogKind::Access => format!("access log {at}"),
        };
        print_text(&format!("  ✗ {at}{}", escape(&finding.what)));
    }
    if report.unlisted > 0 {
        print_text(&format!("  ✗ and {} more", report.unlisted));
    }
    if report.holds() {
        print_text("  ✓ everything holds");
    }
}

/// Prints the last checkpoint, or whether the log was only appended to since a saved one.
pub(crate) async fn checkpoint(settings: &Settings, args: &CheckpointArgs) -> Result<()> {
    let Some(path) = &args.since else {
        let log = if args.access { "ACCESS" } else { "RECORDS" };
        let checkpoint = ask(settings, CHECKPOINT, "checkpoint", json!({"log": log})).await?;
        if checkpoint.is_null() {
            return Err(No("nothing was signed yet".to_owned()).into());
        }
        match settings.format {
            Format::Json => print_json(&checkpoint),
            Format::Text => {
                print_signed(&checkpoint);
                print_note(&format!("key: {}", field(&checkpoint, "verifierKey")));
            }
        }
        return Ok(());
    };
    let since = std::fs::read_to_string(path)
        .with_context(|| format!("the saved checkpoint {}", path.display()))?;
    let shown = ask(settings, CONSISTENCY, "consistency", json!({"since": since})).await?;
    let sizes = (field(&shown["old"], "size"), field(&shown["new"], "size"));
    match settings.format {
        Format::Json => print_json(&shown),
        Format::Text if shown["holds"] == true => print_text(&format!(
            "The log was only appended to: the {} records of the saved checkpoint are the first of \
             the {} records of the last one.",
            sizes.0, sizes.1
        )),
        Format::Text => {}
    }
    if shown["holds"] == true {
        return Ok(());
    }
    Err(No(format!(
        "the log was rewritten: the {} records of the saved checkpoint are not the first of the {} \
         records of the last one: {}",
        sizes.0,
        sizes.1,
        field(&shown, "broken")
    ))
    .into())
}

/// The note as it was signed, so that it can be saved.
fn print_signed(checkpoint: &Value) {
    let note = checkpoint["note"].as_str().unwrap_or_default();
    print_line(note.strip_suffix('\n').unwrap_or(note));
}

/// Prints the proof of a record; status 1 if there is no such record.
pub(crate) async fn prove(settings: &Settings, args: &ProveArgs) -> Result<()> {
    let which = args.record.as_str();
    let position: Option<u64> = which.strip_prefix('#').unwrap_or(which).parse().ok();
    if args.access {
        return prove_access(settings, position).await;
    }
    let variables = match position {
        Some(position) => json!({"position": position}),
        None => json!({"id": which}),
    };
    let answer = ask(settings, PROVE, "recordAnswer", variables).await?;
    let record = &answer["record"];
    if record.is_null() {
        return Err(No(field(&answer["absence"], "words")).into());
    }
    match settings.format {
        Format::Json => print_json(record),
        Format::Text => print_proof(&record["proof"]),
    }
    Ok(())
}

fn print_proof(proof: &Value) {
    let file = proof["file"].as_str().unwrap_or_default();
    print_line(file.strip_suffix('\n').unwrap_or(file));
    print_note(&format!("key: {}", field(&proof["checkpoint"], "verifierKey")));
}

async fn prove_access(settings: &Settings, position: Option<u64>) -> Result<()> {
    let position = position.ok_or_else(|| usage("--access needs a position of the access log"))?;
    let variables = json!({"after": position.saturating_add(1)});
    let list = ask(settings, PROVE_ACCESS, "accesses", variables).await?;
    let entry = &list["items"][0];
    if entry["position"] != position {
        return Err(No(format!("the access log has no entry {position} that you may see")).into());
    }
    match settings.format {
        Format::Json => print_json(entry),
        Format::Text => print_proof(&entry["proof"]),
    }
    Ok(())
}

//! `pack`, `receipt check`, and the receipts that `--receipt` writes.

use crate::{
    cli::{Format, Opening, PackArgs},
    exit_status::{Lagging, No, Refused, usage},
    ledger_client::{LedgerClient, refusal},
    settings::Settings,
    terminal::{escape, print_json, print_note, print_text},
};
use anyhow::{Context, Result};
use claimledger_app::Opened;
use claimledger_facts::ids::SessionId;
use claimledger_proof::evidence::{EvidencePack, to_html, to_json};
use serde_json::{Value, json};
use std::{fs::OpenOptions, io::Write, path::Path};

/// Writes the evidence pack of a session.
pub(crate) async fn pack(settings: &Settings, args: &PackArgs) -> Result<()> {
    check_absent(&args.out)?;
    let opened = Opened {
        personal: args.open.contains(&Opening::Personal),
        originals: args.open.contains(&Opening::Originals),
    };
    let ledger = LedgerClient::open(settings).await?;
    let session = SessionId::from(args.session.as_str());
    let answer = ledger.evidence_pack(settings, &session, opened).await;
    ledger.close().await;
    let pack: EvidencePack =
        serde_json::from_value(accepted(answer?)?).context("the ledger answered no pack")?;
    let is_json = args.out.extension().is_some_and(|extension| extension == "json");
    write_new(&args.out, &if is_json { to_json(&pack)? } else { to_html(&pack)? })?;
    let name = args.out.display().to_string();
    match settings.format {
        Format::Json => print_json(&json!({
            "file": name, "records": pack.records.len(), "verifierKey": pack.verifier_key
        })),
        Format::Text => {
            print_text(&format!("{}: {} records", escape(&name), pack.records.len()));
            print_note(&format!(
                "check it with: claimledger-verify pack {} --key '{}'",
                escape(&name),
                pack.verifier_key
            ));
        }
    }
    Ok(())
}

/// Checks a receipt: its signature, and that the same question gets the same bytes.
pub(crate) async fn check(settings: &Settings, path: &Path) -> Result<()> {
    let name = path.display().to_string();
    let file = std::fs::read(path).map_err(|error| usage(format!("{name}: {error}")))?;
    let ledger = LedgerClient::open(settings).await?;
    let checked = ledger.check_receipt(&file).await;
    ledger.close().await;
    let checked = accepted(checked?)?;
    let words = checked["words"].as_str().unwrap_or_default().to_owned();
    if settings.format == Format::Json {
        print_json(&checked);
    }
    match checked["same"].as_bool() {
        Some(true) if settings.format == Format::Text => {
            print_text(&words);
            Ok(())
        }
        Some(true) => Ok(()),
        Some(false) => Err(No(words).into()),
        None => Err(Lagging(words).into()),
    }
}

/// Writes the receipt of an answer that was just given.
pub(crate) async fn write_receipt(
    ledger: &LedgerClient,
    path: &Path,
    document: &str,
    mut variables: Value,
    answer: &Value,
) -> Result<()> {
    let answered = &answer["answered"];
    let (Some(at), Some(position)) = (answered["at"].as_str(), answered["position"].as_u64())
    else {
        return Err(usage("--receipt: this answer is of no T and K"));
    };
    // The receipt is of the answer that was printed, even if records were appended since.
    variables["asking"] = json!({"at": at, "knownAtPosition": position});
    let file = accepted(ledger.receipt(document, variables).await?)?;
    write_new(path, &format!("{file:#}\n"))?;
    print_note(&format!("receipt: {}", escape(&path.display().to_string())));
    Ok(())
}

/// Refuses to replace a file, before anything is asked.
pub(crate) fn check_absent(path: &Path) -> Result<()> {
    if path.exists() {
        return Err(Refused(format!("{} exists already", path.display())).into());
    }
    Ok(())
}

/// What was made, if it was not refused.
fn accepted(answer: Value) -> Result<Value> {
    if let Some(error) = answer["errors"].get(0) {
        return Err(refusal(error));
    }
    // Refused before it was asked.
    if let Some(message) = answer["error"]["message"].as_str() {
        return Err(Refused(message.to_owned()).into());
    }
    Ok(answer)
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let name = || path.display().to_string();
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.with_context(name)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // A part of it would be taken for all of it.
        let _ = std::fs::remove_file(path);
    }
    written.with_context(name)
}

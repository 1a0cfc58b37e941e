//! `export verify`: whether a file is what its manifest says, and whether the manifest is signed.

use super::signature::Signature;
use crate::{
    cli::{Format, VerifyArgs},
    exit_status::{No, Refused, usage},
    terminal::{escape, print_json, print_text},
};
use anyhow::{Context, Result};
use claimledger_export::{
    digest::sha256,
    manifest::Manifest,
    verify::{Difference, verify as compare},
};
use claimledger_proof::note::VerifierKey;
use serde_json::{Value, json};
use std::{fs::File, io::BufReader, path::Path};

/// Maximum differences that are printed as text.
const MAX_PRINTED: usize = 20;

/// Checks a file without a ledger.
pub(crate) fn verify(format: Format, args: &VerifyArgs) -> Result<()> {
    let key = args.key.as_deref().map(str::parse::<VerifierKey>).transpose();
    let key = key.map_err(|error| usage(format!("--key: {error}")))?;
    let name = args.file.display().to_string();
    let beside = Manifest::name_for(&name);
    let path = args.manifest.as_deref().unwrap_or(Path::new(&beside));
    let file = File::open(&args.file).map_err(|error| usage(format!("{name}: {error}")))?;
    let text = std::fs::read(path)
        .map_err(|error| usage(format!("manifest {}: {error}", path.display())))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| Refused(format!("manifest {}: {error}", path.display())))?;
    let found = compare(&manifest, BufReader::new(file)).with_context(|| name.clone())?;
    let signature = Signature::of(&text, &manifest, key.as_ref());
    match format {
        Format::Json => {
            let mut shown = json!({
                "file": name,
                "verified": found.is_empty() && signature.refused().is_none(),
                "differences": found.iter().map(Difference::to_string).collect::<Vec<_>>(),
                "rows": manifest.rows,
                "manifestSha256": sha256(&text),
                "signature": signature.word(),
                "verifierKey": signature.key(),
            });
            if let Some(why) = signature.refused() {
                shown["signatureRefused"] = Value::from(why);
            }
            print_json(&shown);
        }
        Format::Text => print_text(&told(&name, &manifest, &found, &signature, &sha256(&text))),
    }
    if let Some(why) = signature.refused() {
        return Err(No(format!("the manifest of {name} is not to be believed: {why}")).into());
    }
    match found.len() {
        0 => Ok(()),
        1 => Err(No(format!("{name} is not what its manifest says: 1 difference")).into()),
        count => {
            Err(No(format!("{name} is not what its manifest says: {count} differences")).into())
        }
    }
}

fn told(
    name: &str,
    manifest: &Manifest,
    found: &[Difference],
    signature: &Signature,
    digest: &str,
) -> String {
    let mut lines: Vec<String> =
        found.iter().take(MAX_PRINTED).map(|one| escape(&one.to_string())).collect();
    match found.len().checked_sub(MAX_PRINTED) {
        Some(more @ 1..) => lines.push(format!("and {more} more")),
        _ if found.is_empty() => lines.push(format!(
            "{} is what its manifest says: {}",
            escape(name),
            super::summary(manifest)
        )),
        _ => {}
    }
    lines.push(escape(&signature.words()));
    lines.push(format!("SHA-256 of the manifest: {digest}"));
    lines.join("\n")
}

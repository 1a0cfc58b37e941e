//! `export verify`: whether a file is what its manifest says.

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
use serde_json::json;
use std::{fs::File, io::BufReader, path::Path};

/// Maximum differences that are printed as text.
const MAX_PRINTED: usize = 20;

/// Checks a file without a ledger.
pub(crate) fn verify(format: Format, args: &VerifyArgs) -> Result<()> {
    let name = args.file.display().to_string();
    let beside = Manifest::name_for(&name);
    let path = args.manifest.as_deref().unwrap_or(Path::new(&beside));
    let file = File::open(&args.file).map_err(|error| usage(format!("{name}: {error}")))?;
    let text = std::fs::read(path)
        .map_err(|error| usage(format!("manifest {}: {error}", path.display())))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| Refused(format!("manifest {}: {error}", path.display())))?;
    let found = compare(&manifest, BufReader::new(file)).with_context(|| name.clone())?;
    match format {
        Format::Json => print_json(&json!({
            "file": name,
            "verified": found.is_empty(),
            "differences": found.iter().map(Difference::to_string).collect::<Vec<_>>(),
            "rows": manifest.rows,
            "manifestSha256": sha256(&text),
        })),
        Format::Text => print_text(&told(&name, &manifest, &sha256(&text), &found)),
    }
    match found.len() {
        0 => Ok(()),
        1 => Err(No(format!("{name} is not what its manifest says: 1 difference")).into()),
        count => {
            Err(No(format!("{name} is not what its manifest says: {count} differences")).into())
        }
    }
}

fn told(name: &str, manifest: &Manifest, digest: &str, found: &[Difference]) -> String {
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
    lines.push(format!("SHA-256 of the manifest: {digest}"));
    lines.join("\n")
}

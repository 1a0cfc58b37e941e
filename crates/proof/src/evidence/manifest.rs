//! Manifests of exports: what of them a receipt signs.

use super::{
    EvidenceError,
    verify::{check_key, malformed, signed},
};
use crate::{
    checkpoint::TrustedLog,
    receipt::{Receipt, ReceiptKind},
};
use claimledger_facts::canonical;
use serde_json::{Map, Value};

/// What a receipt of a manifest signs. How a file is called, and how to check it, is not of its
/// content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedManifest {
    /// The question: the list and its filter, as canonical JSON.
    pub query: String,
    /// The answer: the rest of the manifest, with the digests of the file, as canonical JSON.
    pub answer: String,
}

/// What a manifest shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestReport {
    /// The receipt.
    pub receipt: Receipt,
    /// The list and its filter, as canonical JSON.
    pub query: String,
    /// The name of the file. Nothing signs it.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// The number of rows.
    pub rows: u64,
}

/// The members that a receipt does not sign.
const UNSIGNED: [&str; 4] = ["receipt", "verifierKey", "verify", "program"];

impl SignedManifest {
    /// Of a manifest.
    #[must_use]
    pub fn of(manifest: &Map<String, Value>) -> Self {
        let mut signed = manifest.clone();
        for name in UNSIGNED {
            signed.remove(name);
        }
        if let Some(file) = signed.get_mut("file").and_then(Value::as_object_mut) {
            file.remove("name");
        }
        let query = signed.get("query").unwrap_or(&Value::Null);
        Self { query: text(query), answer: text(&Value::Object(signed)) }
    }
}

/// Verifies that the log's owner signed what a manifest says.
///
/// # Errors
/// If not.
pub fn verify_manifest(bytes: &[u8], log: &TrustedLog) -> Result<ManifestReport, EvidenceError> {
    let manifest: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let text = |name: &str| manifest.get(name).and_then(Value::as_str);
    let (Some(receipt), Some(key)) = (text("receipt"), text("verifierKey")) else {
        return Err(malformed("the manifest is not signed"));
    };
    check_key(key, log)?;
    let SignedManifest { query, answer } = SignedManifest::of(&manifest);
    let receipt = signed(receipt, (&query, &answer), ReceiptKind::Manifest, log)?;
    let file = |name: &str| Some(manifest.get("file")?.get(name)?.as_str()?.to_owned());
    let rows = manifest.get("rows").and_then(Value::as_u64);
    match (file("name"), file("sha256"), rows) {
        (Some(file), Some(sha256), Some(rows)) => {
            Ok(ManifestReport { receipt, query, file, sha256, rows })
        }
        _ => Err(malformed("the manifest names no file, digest or number of rows")),
    }
}

fn text(value: &Value) -> String {
    // Canonical JSON of text is text.
    String::from_utf8(canonical::to_vec(value)).unwrap_or_default()
}

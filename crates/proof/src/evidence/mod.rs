//! Evidence packs: one session's story with the records that it rests on, as one file that can be
//! checked without the ledger, its keys or a network.
//!
//! A pack is JSON, or a page of HTML with that JSON in it ([`to_html`]). What it says is signed or
//! follows from what is signed: the receipt commits to question, answer and the list of records,
//! and says that they are a pack; the question is the one that every pack asks ([`pack_question`]);
//! each record's header is a leaf of the tree of the checkpoint; what a record says opens a
//! commitment of its header. Nothing else is believed. The format is in `docs/evidence.md`.

mod html;
mod manifest;
mod question;
mod references;
mod verify;

pub use html::{embedded_pack, to_html};
pub use manifest::{ManifestReport, SignedManifest, verify_manifest};
pub use question::{MAX_TIMELINE, PACK_DOCUMENT, pack_question};
pub use verify::{EvidenceError, EvidenceReport};

use serde::{Deserialize, Serialize};

/// The format of [`EvidencePack`].
pub const PACK_FORMAT: &str = "claimledger evidence pack v1";
/// The format of [`ReceiptFile`].
pub const RECEIPT_FORMAT: &str = "claimledger receipt file v1";

/// A pack. Hashes, salts and headers are in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidencePack {
    /// [`PACK_FORMAT`].
    pub format: String,
    /// The public key of the log (C2SP signed-note, vkey). A verifier has it from elsewhere.
    pub verifier_key: String,
    /// The receipt of the answer: a signed note.
    pub receipt: String,
    /// The question: see [`pack_question`].
    pub query: String,
    /// The answer: canonical JSON, `data` of GraphQL.
    pub answer: String,
    /// A checkpoint of the log: a signed note.
    pub checkpoint: String,
    /// The proof that the tree of the receipt is the beginning of that of the checkpoint.
    pub consistency: Vec<String>,
    /// The records that the receipt names, by position.
    pub records: Vec<PackRecord>,
}

/// A record of a pack: its header, that it is in the log, and what was opened of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackRecord {
    /// Its position.
    pub position: u64,
    /// The bytes of its header.
    pub header: String,
    /// The inclusion proof in the tree of the checkpoint.
    pub proof: Vec<String>,
    /// The statement: what it says in the clear.
    pub facts: OpenedText,
    /// The personal blocks, in the order of the header.
    pub personal: Vec<PersonalPart>,
    /// The bytes as they were received.
    pub original: OriginalPart,
}

/// What opens a commitment to text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedText {
    /// The salt.
    pub salt: String,
    /// The text.
    pub text: String,
}

/// What opens a commitment to bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedBytes {
    /// The salt.
    pub salt: String,
    /// The bytes.
    pub base64: String,
}

/// Why something stays committed. It is what the maker of the pack says: nothing proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// It was not asked for.
    NotAsked,
    /// The key of a person is destroyed.
    Erased,
    /// The body was removed.
    Removed,
}

impl Closed {
    /// The reason in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not opened",
            Self::Erased => "erased: the key is destroyed",
            Self::Removed => "removed from the ledger",
        }
    }
}

/// A personal block, opened or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PersonalPart {
    /// Opened.
    Opened(OpenedText),
    /// Not opened.
    Closed(Closed),
}

/// An original, opened or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OriginalPart {
    /// Opened.
    Opened(OpenedBytes),
    /// Not opened.
    Closed(Closed),
}

/// A receipt with what it is of, so that the question can be asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptFile {
    /// [`RECEIPT_FORMAT`].
    pub format: String,
    /// The public key of the log (C2SP signed-note, vkey). A verifier has it from elsewhere.
    pub verifier_key: String,
    /// The signed note.
    pub receipt: String,
    /// The question: canonical JSON, `document` and `variables` of GraphQL.
    pub query: String,
    /// The answer: canonical JSON, `data` of GraphQL.
    pub answer: String,
}

/// The JSON of a file, indented.
///
/// # Errors
/// Never for the types of this module.
pub fn to_json(file: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(file)? + "\n")
}

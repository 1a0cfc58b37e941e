//! What a file of rows is: the question, the cut, what was heard of each source, and digests.

use crate::{
    Format,
    digest::{Chunk, FileDigest, RowDigests},
    sample::{METHOD, Sample},
    table::Column,
    text::TextWriter,
    zone::Zone,
};
use claimledger_facts::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of manifests that this build writes.
pub const VERSION: u32 = 1;

/// What rows were read from: known with the first page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// The list and its filter.
    pub query: Query,
    /// T, K and R.
    pub cut: Cut,
    /// Which ledger: the leaf hash of its first record, which names no tenant.
    pub origin: String,
    /// How complete each source was, as known at K.
    pub completeness: Completeness,
    /// What follows from the absence of a row.
    pub absence: Absence,
    /// The columns.
    pub columns: Vec<Column>,
}

/// The list and its filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Query {
    /// The list: `sessions`, `decisions`.
    pub list: String,
    /// The conditions, of which all hold.
    pub filter: Value,
    /// Whether logins and names of people are among the columns.
    pub labels: bool,
    /// The sample; none: every row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
}

/// T, K and R.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cut {
    /// T.
    pub at: Time,
    /// K, as a position.
    pub known_at: u64,
    /// When K was recorded.
    pub recorded_at: Time,
    /// R.
    pub rules: String,
    /// Whether the answer may still change.
    pub provisional: bool,
    /// Whether recorded times were asserted by the input.
    pub rehearsal: bool,
}

/// How complete the sources were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Completeness {
    /// Whether every source was heard up to T, with no gap open.
    pub complete: bool,
    /// The same as a sentence.
    pub words: String,
    /// By source.
    pub sources: Vec<Source>,
}

/// How complete a source was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The source.
    pub source: String,
    /// Everything up to this time was heard.
    pub heard_until: Option<Time>,
    /// On what that rests.
    pub basis: Option<String>,
    /// Times in which it was silent.
    pub gaps: Vec<Gap>,
}

/// A time in which a source was silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gap {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Option<Time>,
    /// Whether what was missing has come.
    pub backfilled: bool,
    /// Why something may be missing.
    pub cause: String,
}

/// What follows from the absence of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Absence {
    /// In a word.
    pub code: String,
    /// In a sentence.
    pub words: String,
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format.
    pub manifest: u32,
    /// The file.
    pub file: File,
    /// The list and its filter.
    pub query: Query,
    /// T, K and R.
    pub cut: Cut,
    /// Which ledger: the leaf hash of its first record, which names no tenant.
    pub origin: String,
    /// The receipt of the ledger: a signed note with T, K, R, the root of the log up to K, and the
    /// digest of this manifest without what is not signed; none: it could not be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// The public key of the log. A verifier has it from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier_key: Option<String>,
    /// How complete each source was, as known at K.
    pub completeness: Completeness,
    /// What follows from the absence of a row.
    pub absence: Absence,
    /// The number of rows.
    pub rows: u64,
    /// The limit that ended the list although there are more rows; none: the list is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at_limit: Option<u64>,
    /// How the sample was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_method: Option<String>,
    /// The time zone of times in the file.
    pub time_zone: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// What a reader of the file has to know.
    pub notes: Vec<String>,
    /// Digests of each 10,000 rows.
    pub chunks: Vec<Chunk>,
    /// The program that wrote it.
    pub program: String,
    /// How to check the file, without a ledger.
    pub verify: Vec<String>,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of it.
    pub sha256: String,
}

/// How rows are written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writing {
    /// The name of the file, without a folder.
    pub name: String,
    /// The format.
    pub format: Format,
    /// The time zone of times.
    pub zone: Zone,
}

impl Manifest {
    /// The manifest of rows that were written.
    #[must_use]
    pub fn new(
        read: Read,
        writing: &Writing,
        (file, rows): (&FileDigest, RowDigests),
        stopped_at_limit: Option<u64>,
    ) -> Self {
        Self {
            manifest: VERSION,
            file: File {
                name: writing.name.clone(),
                format: writing.format,
                bytes: file.bytes(),
                sha256: file.sha256(),
            },
            sample_method: read.query.sample.is_some().then(|| METHOD.to_owned()),
            query: read.query,
            cut: read.cut,
            origin: read.origin,
            receipt: None,
            verifier_key: None,
            completeness: read.completeness,
            absence: read.absence,
            rows: rows.rows(),
            stopped_at_limit,
            time_zone: writing.zone.to_string(),
            columns: read.columns,
            notes: writing.format.notes(),
            chunks: rows.finish(),
            program: concat!("claimledger ", env!("CARGO_PKG_VERSION")).to_owned(),
            verify: Self::commands(&writing.name),
        }
    }

    /// The writer of its rows.
    pub(crate) fn writer(&self) -> TextWriter {
        let zone = Zone::parse(&self.time_zone).unwrap_or_default();
        TextWriter::new(self.file.format, self.columns.clone(), zone)
    }

    /// As the bytes of its file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and lists: writing them into memory does not fail.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The name of the manifest of a file.
    #[must_use]
    pub fn name_for(file: &str) -> String {
        format!("{file}.manifest.json")
    }

    /// How to check a file of this name.
    #[must_use]
    pub fn commands(name: &str) -> Vec<String> {
        let manifest = Self::name_for(name);
        vec![
            format!("claimledger export verify {name}"),
            format!("jq -r '.file | \"\\(.sha256)  \\(.name)\"' {manifest} | sha256sum -c"),
        ]
    }
}

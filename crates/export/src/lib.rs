//! Rows as a file that can be checked without a ledger: formats, manifest, verifier.
//!
//! **What it is.** [`table`] names columns and holds typed rows; [`writer`] writes them as CSV,
//! JSON lines or Parquet; [`manifest`] says what the file is, with a digest of it, of each chunk
//! and of each row, and [`manifest_writer`] makes it without the file; [`verify`] compares a file
//! with its manifest and names the rows that differ; [`part`] writes a file so that it can be
//! continued after a kill, and is never found half written.
//!
//! **What it is not.** It asks no question and knows no session: rows come from `claimledger_app`,
//! over a stream or over HTTP, with the cut that they were read at.
//!
//! # How to add a format
//! A word in [`Format`], its bytes in a module of its own, how its rows are found again in
//! [`verify`], and a section in `docs/exports.md`.

pub mod digest;
mod formula;
pub mod manifest;
pub mod manifest_writer;
pub mod page;
#[cfg(feature = "parquet")]
mod parquet;
pub mod part;
pub mod sample;
pub mod table;
pub mod text;
pub mod verify;
pub mod writer;
pub mod zone;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values, made safe for spreadsheets: cells may be altered.
    Csv,
    /// One JSON object a line, with every value as it is.
    Jsonl,
    /// One event of the Open Cybersecurity Schema Framework a line.
    Ocsf,
    /// Typed columns, for databases and data frames.
    Parquet,
}

impl Format {
    /// Those that this build writes.
    pub const ALL: &'static [Self] = &[
        Self::Csv,
        Self::Jsonl,
        Self::Ocsf,
        #[cfg(feature = "parquet")]
        Self::Parquet,
    ];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Ocsf => "ocsf",
            Self::Parquet => "parquet",
        }
    }

    /// What the names of its files end with.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ocsf => "ocsf.jsonl",
            Self::Csv | Self::Jsonl | Self::Parquet => self.as_str(),
        }
    }

    /// Whether a file can be continued where a page of its rows ended.
    pub(crate) const fn has_marks(self) -> bool {
        !matches!(self, Self::Parquet)
    }

    /// Whether times are written in a zone that may be chosen.
    #[must_use]
    pub const fn has_zone(self) -> bool {
        matches!(self, Self::Csv | Self::Jsonl)
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == word)
    }

    /// The media type of its files.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl | Self::Ocsf => "application/jsonl; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// What a reader of the file has to know, for the manifest.
    #[must_use]
    pub fn notes(self) -> Vec<String> {
        let notes: &[&str] = match self {
            Self::Csv => &[
                "UTF-8, comma, one header row, rows end with LF, RFC 4180 quotes",
                "altered: where a spreadsheet would read a cell as a formula, an apostrophe stands \
                 before it; the faithful form is jsonl",
                "a list is its values with spaces between",
            ],
            Self::Ocsf => &[
                "UTF-8, one event of OCSF 1.8.0 a line; times are milliseconds of UTC",
                "what OCSF has no place for stands under unmapped",
            ],
            Self::Parquet => &[
                "times are microseconds of UTC, lists are lists",
                "digests of rows and chunks are those of the same rows as JSON lines in UTC",
            ],
            Self::Jsonl => &["UTF-8, one JSON object a line, members in the order of the columns"],
        };
        notes.iter().map(|&note| note.to_owned()).collect()
    }
}

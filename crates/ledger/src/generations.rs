//! Generations of the read models: each is a fold of a tenant's log with rows of its own. The
//! *live* one follows the log and answers queries. A *shadow* may be built beside it; once both
//! cover the same records they are compared, and one transaction switches from the live one to the
//! shadow.

use crate::log::LogError;
use async_trait::async_trait;
use claimledger_facts::{ids::LogSize, record::Digest32};
use std::fmt;

/// The name of these read models.
pub const VIEWS_NAME: &str = "sessions";

/// Version of the rows, the only one that this code writes and reads. Rows of another version are
/// deleted at startup and rebuilt; until then reads report that the read models lag. Raise it with
/// every change that gives other rows for the same log.
pub const VIEWS_VERSION: &str = "3";

/// The code that made the rows: rows depend on nothing but the log and these two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBy {
    /// The version of the rows.
    pub views: String,
    /// The version of the rules that assessed the session rows; all versions, where several did.
    pub rules: String,
}

impl MadeBy {
    /// By this code and these rules.
    #[must_use]
    pub fn now(rules: &str) -> Self {
        Self { views: VIEWS_VERSION.to_owned(), rules: rules.to_owned() }
    }
}

impl fmt::Display for MadeBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{VIEWS_NAME} {}, rules {}",
            self.views,
            if self.rules.is_empty() { "unknown" } else { &self.rules }
        )
    }
}

/// The role of a generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It answers queries.
    #[default]
    Live,
    /// It is being built.
    Shadow,
}

/// One generation of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number: higher than that of every one before.
    pub number: u64,
    /// The code that made it.
    pub made_by: MadeBy,
    /// Records below this size are in it.
    pub covered: LogSize,
    /// The leaf of the last of them; none: there is none, or an older version of the program wrote
    /// it.
    pub last_leaf: Option<Digest32>,
    /// The report of the switch that made it live, verbatim; none: it is the first.
    pub report: Option<String>,
}

/// A tenant's generations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// The one that answers queries; none: nothing was indexed yet.
    pub live: Option<Generation>,
    /// The one that is being built, or that an earlier rebuild abandoned.
    pub shadow: Option<Generation>,
}

/// The table of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A record id and its position.
    Record,
    /// A term and the position of a record that carries it.
    Posting,
    /// A term and a session that a record with the term names.
    Session,
    /// A session with its sort key and its state.
    SessionRow,
    /// A part of the summaries of a session's records.
    RecordSummary,
}

impl RowKind {
    /// Every kind, in the order of a dump.
    pub const ALL: [Self; 5] =
        [Self::Record, Self::Posting, Self::Session, Self::SessionRow, Self::RecordSummary];

    /// The word that begins its rows in a dump.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Posting => "posting",
            Self::Session => "session",
            Self::SessionRow => "session_row",
            Self::RecordSummary => "record_summary",
        }
    }
}

/// A row that only one of two generations has. A changed row counts once for each generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The generation that has it.
    pub only_in: Place,
    /// The table.
    pub kind: RowKind,
    /// The row, formatted as in a dump.
    pub row: String,
}

/// Row counts of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The kind.
    pub kind: RowKind,
    /// Rows of the live generation.
    pub live: u64,
    /// Rows of the shadow.
    pub shadow: u64,
    /// Rows that only the live generation has.
    pub only_live: u64,
    /// Rows that only the shadow has.
    pub only_shadow: u64,
}

/// The differences between the live generation and the shadow, at the same log size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    /// The log size of both.
    pub at: LogSize,
    /// Counts of each kind, in the order of [`RowKind::ALL`].
    pub counts: Vec<Counted>,
    /// The first differences of each kind.
    pub first: Vec<Difference>,
}

impl Differences {
    /// Whether both have the same rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|counted| counted.only_live == 0 && counted.only_shadow == 0)
    }
}

/// A snapshot of two generations: both may advance while they are compared.
#[async_trait]
pub trait Comparison: Send {
    /// Compares every stored row, because counts made during the writes would not show later
    /// damage. Names at most `most` rows of each kind and side.
    async fn differences(self: Box<Self>, most: usize) -> Result<Differences, LogError>;
}

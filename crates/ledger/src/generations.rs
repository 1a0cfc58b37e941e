//! Generations of the read models: one fold of a tenant's log each, with rows of its own. One is
//! *live*: it follows the log and is asked. Beside it a *shadow* may be built; once both are at one
//! position they are compared there, and in one transaction the shadow takes the live one's place.

use crate::log::LogError;
use async_trait::async_trait;
use claimledger_facts::ids::LogSize;
use std::fmt;

/// What these read models are called.
pub const VIEWS_NAME: &str = "sessions";

/// The version of the rows that this code writes, and the only one that it reads: rows of another
/// version are deleted at the start and folded again, and until then reads say that the read models
/// lag. Raise it whenever the same log would give other rows.
pub const VIEWS_VERSION: &str = "1";

/// By what code rows were made: the same log, and the same of these two, give the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeBy {
    /// The version of the rows.
    pub views: String,
    /// The version of the rules that session rows were assessed by; where code of several moved them,
    /// all of them.
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

/// Where a generation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It is asked.
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
    /// By what code it was made.
    pub made_by: MadeBy,
    /// Records below this size are in it.
    pub covered: LogSize,
    /// What the switch said that brought it in place, as it was given; none: it is the first.
    pub report: Option<String>,
}

/// A tenant's generations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// The one that is asked; none: nothing was taken in yet.
    pub live: Option<Generation>,
    /// The one that is being built, or was left by whoever built it.
    pub shadow: Option<Generation>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// An id, and its position.
    Record,
    /// A term, and the position of a record that carries it.
    Posting,
    /// A term, and a session that a record with it names.
    Session,
    /// A session with its sort key and its state.
    SessionRow,
    /// What is kept of a session's records: a part of it.
    RecordSummary,
}

impl RowKind {
    /// Every kind, in the order of a dump.
    pub const ALL: [Self; 5] =
        [Self::Record, Self::Posting, Self::Session, Self::SessionRow, Self::RecordSummary];

    /// The word that its rows begin with in a dump.
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

/// A row that only one of two generations has. A row that differs is in both lists, once each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which of them has it.
    pub only_in: Place,
    /// What it is about.
    pub kind: RowKind,
    /// The row, as a dump gives it.
    pub row: String,
}

/// How many rows of a kind there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The kind.
    pub kind: RowKind,
    /// Rows of the live generation.
    pub live: u64,
    /// Rows of the shadow.
    pub shadow: u64,
    /// Rows that only the live one has.
    pub only_live: u64,
    /// Rows that only the shadow has.
    pub only_shadow: u64,
}

/// What differs between the live generation and the shadow, both at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    /// Both are here.
    pub at: LogSize,
    /// One of each kind, in the order of [`RowKind::ALL`].
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

/// Two generations as they were at one moment: both may be moved on while they are compared.
#[async_trait]
pub trait Comparison: Send {
    /// Compares every row as it is stored: what was counted while it was written would not see what
    /// became of it since. Names at most `most` rows of each kind and side.
    async fn differences(self: Box<Self>, most: usize) -> Result<Differences, LogError>;
}

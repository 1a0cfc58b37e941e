//! The seam: what an engine must do, and no more. Cut for KurrentDB, where a tenant's log is one
//! stream.

use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use std::time::Duration;
use tokio::sync::watch;

/// One append is at most this many entries.
pub const MAX_APPEND_ENTRIES: usize = 500;
/// One append is at most this many bytes.
pub const MAX_APPEND_BYTES: usize = 768 * 1024;

/// A log engine.
///
/// Invariant: an acknowledged append is durable, in order, and never altered, but for sealed bodies
/// that are removed. Invariant: positions are dense from 0.
#[async_trait]
pub trait Log: Send + Sync {
    /// Appends all entries or none, if the log has exactly `expected` records. Entries carry their
    /// positions in their headers: the first is `expected`. Returns the new size, once durable.
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure>;

    /// Up to `max` entries from a position on, in order; empty past the end. An answer may be
    /// shorter than `max` (a byte bound), but is empty only past the end.
    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError>;

    /// Entries at these positions, in the order asked; an engine may read them one by one.
    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError>;

    /// Like [`Self::read`], headers alone. An engine does not read bodies for it where it can.
    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError>;

    /// Like [`Self::read_at`], headers alone. An engine does not read bodies for it where it can.
    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError>;

    /// Removes sealed bodies of these records for good, all of them or none, and states why.
    /// Headers, leaves and facts stay. A body that is gone already keeps its first reason. At most
    /// [`MAX_APPEND_ENTRIES`] positions.
    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError>;

    /// The size of the log; 0 for a tenant that was never opened.
    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError>;

    /// The tenants that have a log, bytewise.
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError>;

    /// Wakes up after appends of any tenant. Best effort: the value counts, and says nothing else.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Why nothing is appended now; none: appends are taken, as far as is known.
    fn stopped(&self) -> Option<Stopped> {
        None
    }
}

/// Why an engine writes nothing now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// What happened, in words that may be shown to everybody: no tenant, no path.
    pub why: String,
    /// How long ago it began.
    pub lasted: Duration,
    /// Whether it ends by itself, once its cause is gone.
    pub recovers: bool,
}

/// Why an append did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppendFailure {
    /// The log has another size. Definitely not written.
    #[error("the log has {} records", size.0)]
    Conflict {
        /// Its size.
        size: LogSize,
    },
    /// See [`LogError`]. The outcome may be unknown.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What a caller can act on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Not now; the same request may succeed later.
    #[error("the log is unavailable: {reason}")]
    Unavailable {
        /// What an operator should know.
        reason: String,
        /// The engine's error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Nothing is written now, and why may be told to everybody: the disk is full, or may not be
    /// written. Reads go on.
    #[error("{why}")]
    Stopped {
        /// What happened, and what ends it: no tenant, no path.
        why: String,
        /// The engine's error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A record of the log does not hold together, or is not where it was acknowledged to be.
    #[error("the file `log` is damaged at record {position}: {what}")]
    Corrupt {
        /// Where.
        position: LogPosition,
        /// What was found.
        what: String,
    },
    /// Another stored thing does not hold together: the same request will fail again.
    #[error("the file `{file}` is damaged: {place}: {what}{}", remedy(file))]
    Damaged {
        /// The file.
        file: String,
        /// Where in it: a table and a key, or a page.
        place: String,
        /// What was found.
        what: String,
    },
    /// More than one append may carry.
    #[error("an append carries at most {MAX_APPEND_ENTRIES} entries and {MAX_APPEND_BYTES} bytes")]
    TooLarge,
}

/// What an operator can do about a damaged file, as the end of a message.
#[must_use]
pub fn remedy(file: &str) -> &'static str {
    match file {
        "views" => "; it is derived from the log: `claimledger rebuild` makes it anew",
        _ => "; restore it from a backup of the whole directory",
    }
}

impl LogError {
    /// Whether something that is stored is damaged: no repetition helps.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Damaged { .. })
    }

    /// The same damage, for another caller. Of any other error only its words are kept.
    #[must_use]
    pub fn again(&self) -> Self {
        match self {
            Self::Corrupt { position, what } => {
                Self::Corrupt { position: *position, what: what.clone() }
            }
            Self::Damaged { file, place, what } => {
                Self::Damaged { file: file.clone(), place: place.clone(), what: what.clone() }
            }
            Self::Stopped { why, .. } => Self::stopped(why.clone()),
            other @ (Self::Unavailable { .. } | Self::TooLarge) => {
                Self::unavailable(other.to_string())
            }
        }
    }

    /// Damage of a file beside the log.
    #[must_use]
    pub fn damaged(file: &str, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), place: place.into(), what: what.into() }
    }

    /// Not now, for a reason that has no error of its own.
    #[must_use]
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    /// Nothing is written now, for a reason that has no error of its own.
    #[must_use]
    pub fn stopped(why: impl Into<String>) -> Self {
        Self::Stopped { why: why.into(), source: None }
    }
}

/// What every engine says of a position that its log does not have.
#[must_use]
pub fn no_record(position: LogPosition) -> LogError {
    LogError::Corrupt { position, what: "no record is there".to_owned() }
}

/// What every engine refuses before it looks at its own state.
///
/// # Errors
/// [`LogError::TooLarge`].
pub fn check_append(entries: &[Entry]) -> Result<(), LogError> {
    let bytes: usize = entries.iter().map(Entry::size).sum();
    if entries.len() > MAX_APPEND_ENTRIES || bytes > MAX_APPEND_BYTES {
        return Err(LogError::TooLarge);
    }
    Ok(())
}

//! The log interface: the minimum that an engine must implement. Designed so that KurrentDB can
//! implement it with one stream per tenant.

use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use std::time::Duration;
use tokio::sync::watch;

/// Maximum entries of one append.
pub const MAX_APPEND_ENTRIES: usize = 500;
/// Maximum bytes of one append.
pub const MAX_APPEND_BYTES: usize = 768 * 1024;

/// A log engine.
///
/// Invariant: an acknowledged append is durable, in order, and never altered, but for sealed bodies
/// that are removed. Invariant: positions are dense from 0.
#[async_trait]
pub trait Log: Send + Sync {
    /// Appends all entries or none, if the log has exactly `expected` records. The headers carry
    /// the positions: the first is `expected`. Returns the new size once the entries are durable.
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

    /// Entries at these positions, in the order of `positions`; an engine may read them one by one.
    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError>;

    /// Like [`Self::read`], headers only. An engine should avoid reading bodies for it.
    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError>;

    /// Like [`Self::read_at`], headers only. An engine should avoid reading bodies for it.
    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError>;

    /// Removes sealed bodies of these records permanently, all or none, and stores the reason.
    /// Headers, leaves and facts stay. A body that was removed before keeps its first reason. At
    /// most [`MAX_APPEND_ENTRIES`] positions.
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

    /// Changes after appends of any tenant. Best effort: the value is a counter without a meaning.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Why appends are refused; none: appends are accepted, as far as is known.
    fn stopped(&self) -> Option<Stopped> {
        None
    }
}

/// Why an engine refuses writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The cause, safe to show to every caller: no tenant, no path.
    pub why: String,
    /// How long ago it began.
    pub lasted: Duration,
    /// Whether the engine recovers without a restart once the cause is gone.
    pub recovers: bool,
}

/// Why an append failed.
#[derive(Debug, thiserror::Error)]
pub enum AppendFailure {
    /// The log has another size. Nothing was written.
    #[error("the log has {} records", size.0)]
    Conflict {
        /// The size of the log.
        size: LogSize,
    },
    /// See [`LogError`]. The outcome may be unknown.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Storage errors, by what a caller can do about them.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Temporary: the same request may succeed later.
    #[error("the log is unavailable: {reason}")]
    Unavailable {
        /// The reason, for an operator.
        reason: String,
        /// The engine's error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Writes are refused, because the disk is full or not writable. Reads continue.
    #[error("{why}")]
    Stopped {
        /// The cause and its remedy, safe to show to every caller: no tenant, no path.
        why: String,
        /// The engine's error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A record of the log is inconsistent, or is not at its acknowledged position.
    #[error("the log is damaged at record {position}: {what}")]
    Corrupt {
        /// The position.
        position: LogPosition,
        /// What was found.
        what: String,
    },
    /// Other stored data is inconsistent: the same request will fail again.
    #[error("`{file}` is damaged: {place}: {what}{}", remedy(file))]
    Damaged {
        /// What holds it: a file of the embedded engine, or the tables of that name in a database.
        file: String,
        /// Where in it: a table and a key, or a page.
        place: String,
        /// What was found.
        what: String,
    },
    /// Over the limits of one append.
    #[error("an append carries at most {MAX_APPEND_ENTRIES} entries and {MAX_APPEND_BYTES} bytes")]
    TooLarge,
}

/// The remedy for damaged data, to end an error message with.
#[must_use]
pub fn remedy(file: &str) -> &'static str {
    match file {
        "views" => "; it is derived from the log: rebuild it with `claimledger rebuild`",
        "anchor" => "; `claimledger --anchor PLACE verify` lists what does not agree",
        "tree" | "access_index" => "; it is derived from the log: it is built again by itself",
        // It holds no record: deleting it is safe, and what it says of sources is set up again.
        "state" => {
            "; restore it from a backup of the whole ledger, or delete it and add the sources \
             again: no record is lost"
        }
        _ => "; restore it from a backup of the whole ledger",
    }
}

impl LogError {
    /// Whether stored data is damaged: a retry cannot succeed.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Damaged { .. })
    }

    /// A copy for another caller. Damage keeps its type; other errors keep only their text.
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
            Self::Unavailable { reason, source } => {
                let causes = std::iter::successors(
                    source.as_deref().map(|source| source as &dyn std::error::Error),
                    |cause| cause.source(),
                );
                let whole = causes.fold(reason.clone(), |whole, cause| format!("{whole}: {cause}"));
                Self::unavailable(whole)
            }
            Self::TooLarge => Self::TooLarge,
        }
    }

    /// Damage of a file other than the log.
    #[must_use]
    pub fn damaged(file: &str, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), place: place.into(), what: what.into() }
    }

    /// A temporary failure without an underlying error.
    #[must_use]
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    /// Refused writes without an underlying error.
    #[must_use]
    pub fn stopped(why: impl Into<String>) -> Self {
        Self::Stopped { why: why.into(), source: None }
    }
}

/// What is said of a record whose leaf is not the one that this process read there before.
pub const ANOTHER_LOG: &str = "it is another record than the one that was read here before: the \
                               log was replaced while this process ran; restart it, and it derives \
                               everything again";

/// The error of every engine for a position past the end of the log.
#[must_use]
pub fn no_record(position: LogPosition) -> LogError {
    LogError::Corrupt { position, what: "no record is there".to_owned() }
}

/// Validates an append independently of the engine's state.
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

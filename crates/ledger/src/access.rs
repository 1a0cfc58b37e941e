//! The index of an access log: which entries name a session, a person or a record. Derived from the
//! log, so it can be deleted and is filled again; the log itself is a [`crate::log::Log`].

use crate::log::LogError;
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, SessionId, TenantId},
    time::Time,
};

/// Records in a row that have one key. A key leads to entries that may name a record; the entry
/// says whether it does.
pub const RECORDS_PER_KEY: u64 = 256;

/// What entries are found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessKey {
    /// A session that was shown.
    Session(SessionId),
    /// A person whose sessions or records were shown.
    Subject(Pseudonym),
    /// A record that was shown, by its position divided by [`RECORDS_PER_KEY`].
    Records(u64),
    /// Everything was shown.
    WholeLog,
}

impl AccessKey {
    /// As an engine stores it: a number for the kind, and a text.
    #[must_use]
    pub fn stored(&self) -> (i64, String) {
        match self {
            Self::Session(id) => (1, id.as_str().to_owned()),
            Self::Subject(id) => (2, id.as_str().to_owned()),
            Self::Records(number) => (3, number.to_string()),
            Self::WholeLog => (4, String::new()),
        }
    }
}

/// What the index keeps of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// When it was written.
    pub recorded_at: Time,
    /// The credential that asked.
    pub credential: String,
    /// What it is found by.
    pub keys: Vec<AccessKey>,
}

/// Which entries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessQuery {
    /// Entries with one of these keys; empty: all entries.
    pub keys: Vec<AccessKey>,
    /// Only those of this credential.
    pub credential: Option<String>,
    /// Only those written at or after this time.
    pub from: Option<Time>,
    /// Only those written before this time.
    pub to: Option<Time>,
    /// Only those before this position.
    pub before: Option<LogPosition>,
    /// Maximum entries.
    pub max: usize,
}

/// The indexes of all tenants. A write may be lost in a power cut, but only with all later ones.
#[async_trait]
pub trait AccessIndex: Send + Sync + 'static {
    /// Entries below this size are in the index.
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError>;

    /// Adds the entries from `expected` on, all or nothing, if the index covers exactly that many.
    /// Returns whether it did.
    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        rows: &[AccessRow],
    ) -> Result<bool, LogError>;

    /// The positions of entries, the last first.
    async fn find(
        &self,
        tenant: &TenantId,
        query: &AccessQuery,
    ) -> Result<Vec<LogPosition>, LogError>;

    /// Deletes the index of a tenant, so that it is filled again.
    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError>;

    /// Reads and validates every page.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }
}

//! What the sequencer looks up: which ids are in the log, and how many records name a session. Derived from the log; may lag behind it.

use crate::log::LogError;
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, RecordId, SessionId, TenantId};

/// Ids and session revisions of the records below [`RecordIndex::covered`]. The sequencer itself holds those above it.
#[async_trait]
pub trait RecordIndex: Send + Sync {
    /// Records below this size are in the index.
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError>;

    /// The position of each id, where it is in the index.
    async fn positions(&self, tenant: &TenantId, ids: &[RecordId]) -> Result<Vec<Option<LogPosition>>, LogError>;

    /// How many records of the index name each session id (the id itself, not its aliases).
    async fn revisions(&self, tenant: &TenantId, sessions: &[SessionId]) -> Result<Vec<u64>, LogError>;
}

//! The index that the sequencer queries: positions of record ids, and revisions of sessions.
//! Derived from the log; may lag behind it.

use crate::log::LogError;
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, RecordId, SessionId, TenantId};

/// A consistent snapshot of some entries of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Records below this size were in the index.
    pub covered: LogSize,
    /// The position of each requested id that the index has.
    pub positions: Vec<Option<LogPosition>>,
    /// The revision of each requested session id.
    pub revisions: Vec<u64>,
}

/// Ids and session revisions of the records below [`RecordIndex::covered`]. The sequencer itself
/// holds those above it.
#[async_trait]
pub trait RecordIndex: Send + Sync {
    /// Records below this size are in the index.
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError>;

    /// Size, positions of ids, and for each session id how many records of the index name it (the
    /// id itself, not its aliases): all from one snapshot, since the input of the sequencer's
    /// decision must not change between two queries (a rebuild deletes rows).
    async fn look_up(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
        sessions: &[SessionId],
    ) -> Result<Looked, LogError>;

    /// The position of each id that the index has.
    async fn positions(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
    ) -> Result<Vec<Option<LogPosition>>, LogError> {
        Ok(self.look_up(tenant, ids, &[]).await?.positions)
    }

    /// Up to `max` ids of the index after this one, ascending; none: the engine cannot list them,
    /// and the sequencer queries the index for each new id instead of keeping a filter.
    async fn ids_after(
        &self,
        _tenant: &TenantId,
        _after: Option<RecordId>,
        _max: usize,
    ) -> Result<Option<Vec<RecordId>>, LogError> {
        Ok(None)
    }
}

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

    /// The position of each id that the index has.
    async fn positions(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
    ) -> Result<Vec<Option<LogPosition>>, LogError>;

    /// How many records of the index name each session id (the id itself, not its aliases).
    async fn revisions(
        &self,
        tenant: &TenantId,
        sessions: &[SessionId],
    ) -> Result<Vec<u64>, LogError>;

    /// All three from one snapshot: the input of the sequencer's decision must not change between
    /// two queries (a rebuild deletes rows).
    ///
    /// An engine with snapshots should override this; the default repeats the queries until the
    /// checkpoint did not change between them.
    async fn look_up(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
        sessions: &[SessionId],
    ) -> Result<Looked, LogError> {
        loop {
            let covered = self.covered(tenant).await?;
            let positions = self.positions(tenant, ids).await?;
            let revisions = self.revisions(tenant, sessions).await?;
            if self.covered(tenant).await? == covered {
                return Ok(Looked { covered, positions, revisions });
            }
        }
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

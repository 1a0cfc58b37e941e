//! What the sequencer looks up: which ids are in the log, and how many records name a session.
//! Derived from the log; may lag behind it.

use crate::log::LogError;
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, RecordId, SessionId, TenantId};

/// One look into the index, of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Records below this size were in the index at that moment.
    pub covered: LogSize,
    /// The position of each id that was asked, where it was in the index.
    pub positions: Vec<Option<LogPosition>>,
    /// The revision of each session id that was asked.
    pub revisions: Vec<u64>,
}

/// Ids and session revisions of the records below [`RecordIndex::covered`]. The sequencer itself
/// holds those above it.
#[async_trait]
pub trait RecordIndex: Send + Sync {
    /// Records below this size are in the index.
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError>;

    /// The position of each id, where it is in the index.
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

    /// All three of one moment: what the sequencer decides by must not change between two looks (a
    /// rebuild throws rows away).
    ///
    /// An engine with snapshots should override this; here the looks are repeated until nothing
    /// moved between them.
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
    /// and the sequencer asks for each new id instead of keeping a filter.
    async fn ids_after(
        &self,
        _tenant: &TenantId,
        _after: Option<RecordId>,
        _max: usize,
    ) -> Result<Option<Vec<RecordId>>, LogError> {
        Ok(None)
    }
}

//! One sequencer per tenant, for every engine: it makes all decisions that depend on the head.
//!
//! It removes duplicates by record id, checks the expected revision of a session, and stamps
//! `recorded_at`. Waiting requests go into one append of the log (group commit); while that is
//! being written the next group is decided on top of it. Each request succeeds or fails
//! alone, and is atomic.
//!
//! Invariant: a request is answered only when every record that its answer names is durable.
//! Invariant: an append carries the log size that it was decided at, so that of two sequencers on
//! one log one loses, catches up, and decides again. `turns` keeps either from losing always.

mod decide;
mod filter;
mod overlay;
mod run;
mod state;
mod turns;

use crate::{
    append::{AppendRequest, Receipt, SequencerError},
    clock::ClockGuard,
    index::RecordIndex,
    log::{Log, LogError, MAX_APPEND_BYTES, MAX_APPEND_ENTRIES},
    nodes::Nodes,
};
use claimledger_facts::{
    ids::TenantId,
    record::{MAX_RECORD_BYTES, Prepared},
    types::ledger::FactConflicted,
};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Maximum requests that wait for one sequencer.
pub const MAX_WAITING_REQUESTS: usize = 8192;
/// Maximum bytes that wait for one sequencer.
pub const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Maximum lag of the read models, in records. Past it appends are refused, because the sequencer
/// holds the ids of these records in memory, some 120 bytes each.
pub const MAX_LAG: usize = 1_000_000;

/// The source of `recorded_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerKind {
    /// The ledger's clock. Records that assert a time are refused.
    Live,
    /// The input. A record that asserts no time gets the time at which it occurred, or that of the
    /// last record if it is later.
    Rehearsal,
    /// As a rehearsal: a migration into an empty ledger.
    AsRecorded,
}

/// Seals the records that the ledger itself writes.
pub trait LedgerFacts: Send + Sync {
    /// Seals a `fact.conflicted`. Its source's id must follow from the fact's source, id and digest
    /// alone, so that a conflict is recorded once however often it is sent.
    fn conflicted(&self, tenant: &TenantId, fact: FactConflicted) -> Prepared;
}

/// What a sequencer works with.
pub struct SequencerConfig {
    /// The tenant.
    pub tenant: TenantId,
    /// The log that it appends to.
    pub log: Arc<dyn Log>,
    /// The index of ids and revisions. May lag behind the log by [`MAX_LAG`] records.
    pub index: Arc<dyn RecordIndex>,
    /// Seals the ledger's own records.
    pub facts: Arc<dyn LedgerFacts>,
    /// The clock, guarded.
    pub clock: Arc<ClockGuard>,
    /// The source of `recorded_at`.
    pub kind: LedgerKind,
    /// Whether sequencers of other processes append to the log too.
    pub nodes: Nodes,
}

/// The sequencer of one tenant. Cheap to clone. When the last clone is dropped, it completes the
/// waiting requests and stops.
#[derive(Clone, Debug)]
pub struct Sequencer {
    jobs: mpsc::Sender<Job>,
    bytes: Arc<Semaphore>,
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request: AppendRequest,
    pub(crate) reply: oneshot::Sender<Result<Vec<Receipt>, SequencerError>>,
    /// How often another writer appended first.
    pub(crate) lost: u32,
    pub(crate) _permit: OwnedSemaphorePermit,
}

impl Sequencer {
    /// Starts a sequencer that is caught up with the log.
    ///
    /// # Errors
    /// If the log or the index cannot be read, or the index knows more records than the log has.
    pub async fn open(config: SequencerConfig) -> Result<Self, LogError> {
        let state = state::State::open(config).await?;
        let (jobs, waiting) = mpsc::channel(MAX_WAITING_REQUESTS);
        tokio::spawn(run::run(state, waiting));
        Ok(Self { jobs, bytes: Arc::new(Semaphore::new(MAX_WAITING_BYTES)) })
    }

    /// Appends the records of a request, all or none, and returns once they are durable: one
    /// receipt a record, in their order. A request whose records are all there already is answered
    /// as repeated whatever revision it expects, so that it can be sent again after an unknown
    /// outcome.
    ///
    /// Dropping the future does not cancel the request.
    ///
    /// # Errors
    /// See [`SequencerError`]. A full queue is `Unavailable`, and nothing of the request was
    /// written.
    pub async fn append(&self, request: AppendRequest) -> Result<Vec<Receipt>, SequencerError> {
        let bytes = bytes_of(&request)?;
        let full = || SequencerError::Log(LogError::unavailable("too many appends wait already"));
        let permit = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| full())?;
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Job { request, reply, lost: 0, _permit: permit }).map_err(|_| full())?;
        answer
            .await
            .map_err(|_| SequencerError::Log(LogError::unavailable("the sequencer has ended")))?
    }
}

/// Maximum memory of a request; the limits of an append apply too.
fn bytes_of(request: &AppendRequest) -> Result<u32, LogError> {
    let mut sum = 0;
    for record in &request.records {
        let bytes = body_bytes(record);
        if bytes > MAX_RECORD_BYTES {
            return Err(LogError::TooLarge);
        }
        sum += bytes + size_of::<Prepared>();
    }
    if request.records.len() > MAX_APPEND_ENTRIES
        || sum > MAX_APPEND_BYTES + MAX_APPEND_ENTRIES * size_of::<Prepared>()
    {
        return Err(LogError::TooLarge);
    }
    u32::try_from(sum).map_err(|_| LogError::TooLarge)
}

pub(crate) fn body_bytes(record: &Prepared) -> usize {
    record.facts.len() + record.personal.len() + record.original.len()
}

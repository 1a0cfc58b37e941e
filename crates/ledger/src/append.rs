//! Requests to the sequencer, and their receipts and errors.

use crate::log::LogError;
use claimledger_facts::{
    ids::{LogPosition, SessionId, SourceEventId, SourceId},
    record::{Digest32, Prepared},
    time::Time,
};

/// Records to append: all or none.
#[derive(Debug)]
pub struct AppendRequest {
    /// At most [`crate::log::MAX_APPEND_ENTRIES`] and [`crate::log::MAX_APPEND_BYTES`].
    pub records: Vec<Prepared>,
    /// Optimistic concurrency: write only if exactly this number of records names the session id.
    pub expected_revision: Option<(SessionId, u64)>,
}

/// The receipt of one record of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The source's own id.
    pub source_id: SourceEventId,
    /// Its position; of a repeated record, that of the first.
    pub position: LogPosition,
    /// Its recorded time; of a repeated record, that of the first.
    pub recorded_at: Time,
    /// The outcome of the record.
    pub outcome: AppendOutcome,
}

/// The outcome of an appended record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Appended.
    Stored,
    /// A duplicate: the log had the same content under this id. Nothing was written.
    Repeated,
    /// The log had other content under this id of a pulled source. Appended as a variant.
    Variant,
}

/// Why the sequencer refused or failed a request.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// The log has other content under the same id. Recorded as `fact.conflicted`; nothing else of
    /// the request was written.
    #[error(
        "record {index} of the request: other content is stored under {source_name}/{source_id} at \
         {position}"
    )]
    Conflict {
        /// Index of the record in the request, from 0.
        index: usize,
        /// The source.
        source_name: SourceId,
        /// The source's own id.
        source_id: SourceEventId,
        /// Position of the stored record.
        position: LogPosition,
        /// Content digest of the refused record.
        digest: Digest32,
        /// Content digest of the stored record.
        stored_digest: Digest32,
    },
    /// The session has another revision. Nothing was written.
    #[error("session {session} has revision {current}, not {expected}")]
    StaleRevision {
        /// The session id.
        session: SessionId,
        /// The expected revision.
        expected: u64,
        /// The current revision.
        current: u64,
    },
    /// The record asserts a recorded time in a live ledger, or one before that of the last record.
    /// Nothing was written.
    #[error("record {index} of the request: {reason}")]
    RecordedAt {
        /// Index of the record in the request, from 0.
        index: usize,
        /// The reason.
        reason: String,
    },
    /// See [`LogError`]. After `Unavailable` the outcome may be unknown: send the same again.
    #[error(transparent)]
    Log(#[from] LogError),
}

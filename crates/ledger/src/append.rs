//! What a caller of the sequencer asks and gets.

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
    /// Write only if this session id is named by exactly so many records.
    pub expected_revision: Option<(SessionId, u64)>,
}

/// What became of one record of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The source's own id.
    pub source_id: SourceEventId,
    /// Where the record is; of a repeated one, where the first is.
    pub position: LogPosition,
    /// When it was recorded; of a repeated one, when the first was.
    pub recorded_at: Time,
    /// What became of it.
    pub outcome: AppendOutcome,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is in the log.
    Stored,
    /// The same content was there already; nothing was written.
    Repeated,
    /// Other content was there under the same id of a pulled source; this one is kept beside it.
    Variant,
}

/// Why a request was not written.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// Other content is in the log under the same id. Recorded as `fact.conflicted`; nothing else
    /// of the request was written.
    #[error(
        "record {index} of the request: other content is stored under {source_name}/{source_id} at \
         {position}"
    )]
    Conflict {
        /// Which record of the request, from 0.
        index: usize,
        /// The source.
        source_name: SourceId,
        /// The source's own id.
        source_id: SourceEventId,
        /// Where the stored one is.
        position: LogPosition,
        /// The content digest of the refused one.
        digest: Digest32,
        /// The content digest of the stored one.
        stored_digest: Digest32,
    },
    /// The session has another revision. Nothing was written.
    #[error("session {session} has revision {current}, not {expected}")]
    StaleRevision {
        /// The session id.
        session: SessionId,
        /// What was asked.
        expected: u64,
        /// What it is.
        current: u64,
    },
    /// A recorded time was asserted where it may not be, or is lower than the last. Nothing was
    /// written.
    #[error("record {index} of the request: {reason}")]
    RecordedAt {
        /// Which record of the request, from 0.
        index: usize,
        /// Why.
        reason: String,
    },
    /// See [`LogError`]. After `Unavailable` the outcome may be unknown: send the same again.
    #[error(transparent)]
    Log(#[from] LogError),
}

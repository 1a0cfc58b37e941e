//! A batch of drafts to be recorded, and what became of each.

use claimledger_facts::{
    draft::Draft,
    ids::{LogPosition, SessionId, SourceEventId, SourceId},
    refusal::Refusal,
    time::Time,
    vocabulary::Channel,
};
use claimledger_ledger::append::{AppendOutcome, SequencerError};

/// Drafts of one atomic batch.
#[derive(Debug)]
pub struct Batch {
    /// Each with its line, from 1.
    pub drafts: Vec<(u64, Draft)>,
    /// How they came in.
    pub channel: Channel,
    /// The source of drafts that name none; else the credential's, else the tenant's name.
    pub source: Option<SourceId>,
    /// Write only if this session id is named by exactly so many records.
    pub expected_revision: Option<(SessionId, u64)>,
    /// Now, as a request to a rehearsal asserts it for drafts that do not say when they were
    /// recorded.
    /// Ignored elsewhere.
    pub rehearsal_now: Option<Time>,
}

/// What became of one draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// Its line.
    pub line: u64,
    /// The source's own id.
    pub id: SourceEventId,
    /// What the source calls this kind of event.
    pub kind: String,
    /// Where it is.
    pub position: LogPosition,
    /// When it was recorded.
    pub recorded_at: Time,
    /// What became of it.
    pub outcome: AppendOutcome,
    /// Whether its translator understood it.
    pub understood: bool,
    /// Whether its time had no zone.
    pub time_assumed_utc: bool,
    /// Fields that the contract does not know.
    pub unknown_fields: Vec<String>,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A draft was refused: line, field, expectation.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The credential does not allow it.
    #[error("this needs the role {needs}, which your credential does not have")]
    Forbidden {
        /// The role.
        needs: claimledger_facts::vocabulary::Role,
    },
    /// The sequencer did not write it; with the line, where one draft is the cause.
    #[error("{}", not_written(*line, error))]
    Sequencer {
        /// The line of the draft that is the cause.
        line: Option<u64>,
        /// Why.
        #[source]
        error: SequencerError,
    },
}

/// Where the line is known it says which record is meant, and the request's own count would only
/// confuse.
fn not_written(line: Option<u64>, error: &SequencerError) -> String {
    let Some(line) = line else { return error.to_string() };
    match error {
        SequencerError::Conflict { source_name, source_id, position, .. } => {
            format!(
                "line {line}: other content is stored under {source_name}/{source_id} at {position}"
            )
        }
        SequencerError::RecordedAt { reason, .. } => format!("line {line}: {reason}"),
        SequencerError::StaleRevision { .. } | SequencerError::Log(_) => {
            format!("line {line}: {error}")
        }
    }
}

//! A batch of drafts to be recorded, and the outcome of each.

use claimledger_facts::{
    draft::Draft,
    ids::{LogPosition, SessionId, SourceEventId, SourceId},
    refusal::{Refusal, place},
    time::Time,
    vocabulary::Channel,
};
use claimledger_ledger::{
    append::{AppendOutcome, SequencerError},
    log::MAX_APPEND_ENTRIES,
};

/// The drafts of one atomic batch.
#[derive(Debug)]
pub struct Batch {
    /// Each with its line number, from 1.
    pub drafts: Vec<(u64, Draft)>,
    /// The channel through which the drafts arrived.
    pub channel: Channel,
    /// The source of drafts that name none. The default is the source of the credential, or the
    /// name of the tenant.
    pub source: Option<SourceId>,
    /// Append only if exactly this number of records names the session id.
    pub expected_revision: Option<(SessionId, u64)>,
    /// The time at which drafts without a recorded time are recorded, in a rehearsal. Ignored
    /// elsewhere.
    pub rehearsal_now: Option<Time>,
}

/// Maximum bytes of the originals of one append: below what an append carries, with room for
/// headers and sealed blocks.
pub const BATCH_BYTES: usize = 512 * 1024;
/// Bytes of a record beside its original: an upper estimate.
pub const RECORD_OVERHEAD_BYTES: usize = 1024;

/// Cuts drafts into portions that one append each carries, in their order. One that is too large
/// for any append is alone in its portion.
#[must_use]
pub fn portions(drafts: Vec<(u64, Draft)>) -> Vec<Vec<(u64, Draft)>> {
    let mut portions: Vec<Vec<(u64, Draft)>> = Vec::new();
    let mut bytes = 0;
    for (line, draft) in drafts {
        let size = draft.original.len() + RECORD_OVERHEAD_BYTES;
        match portions.last_mut() {
            Some(last) if last.len() < MAX_APPEND_ENTRIES && bytes + size <= BATCH_BYTES => {
                bytes += size;
                last.push((line, draft));
            }
            _ => {
                bytes = size;
                portions.push(vec![(line, draft)]);
            }
        }
    }
    portions
}

/// The outcome of one draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// Its line number.
    pub line: u64,
    /// The source's own id.
    pub id: SourceEventId,
    /// The source's name for this kind of event.
    pub kind: String,
    /// Its position in the log.
    pub position: LogPosition,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Whether it was appended.
    pub outcome: AppendOutcome,
    /// Whether the translator understood it.
    pub understood: bool,
    /// The number of facts that it states.
    pub facts: usize,
    /// Whether its time had no time zone and was read as UTC.
    pub time_assumed_utc: bool,
    /// Fields that the fact type does not have.
    pub unknown_fields: Vec<String>,
}

/// Why a batch was rejected.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A draft is invalid: line, field, expectation.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The credential lacks a role.
    #[error("this needs the role {needs}, which your credential does not have")]
    Forbidden {
        /// The required role.
        needs: claimledger_facts::vocabulary::Role,
    },
    /// The sequencer rejected it.
    #[error("{}", not_written(*line, *item, error))]
    Sequencer {
        /// The line of the draft that is the cause, if there is one.
        line: Option<u64>,
        /// The number of its value in its input, where the caller knows it.
        item: Option<u64>,
        /// The reason.
        #[source]
        error: SequencerError,
    },
}

impl IngestError {
    /// The line of the draft that is refused; none: the cause is not one draft.
    #[must_use]
    pub fn refused_line(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.line,
            Self::Sequencer {
                line,
                error: SequencerError::Conflict { .. } | SequencerError::RecordedAt { .. },
                ..
            } => *line,
            Self::Sequencer { .. } | Self::Forbidden { .. } => None,
        }
    }
}

/// Where the values of an input are. Several drafts may be of one line: each gets a number of its
/// own, which stands for its line until it is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<(u64, u64)>);

impl Places {
    /// The number of a draft, from 1. `line`, `item`: of its value.
    pub fn add(&mut self, line: u64, item: u64) -> u64 {
        self.0.push((line, item));
        self.0.len() as u64
    }

    /// The error with the place of the draft in its input, instead of the number.
    #[must_use]
    pub fn of(&self, error: IngestError) -> IngestError {
        let place = |number: Option<u64>| {
            let index = usize::try_from(number?).ok()?.checked_sub(1)?;
            self.0.get(index).map(|(line, item)| (Some(*line), Some(*item)))
        };
        match error {
            IngestError::Refused(mut refusal) => {
                if let Some(found) = place(refusal.line) {
                    (refusal.line, refusal.item) = found;
                }
                refusal.into()
            }
            IngestError::Sequencer { line, item, error } => {
                let (line, item) = place(line).unwrap_or((line, item));
                IngestError::Sequencer { line, item, error }
            }
            IngestError::Forbidden { .. } => error,
        }
    }
}

/// If the line is known it identifies the record, so the index that the sequencer reports is left
/// out: two numbers would only confuse.
fn not_written(line: Option<u64>, item: Option<u64>, error: &SequencerError) -> String {
    let place = place(line, item, None);
    match error {
        SequencerError::Conflict { source_name, source_id, position, .. } if line.is_some() => {
            format!("{place}other content is stored under {source_name}/{source_id} at {position}")
        }
        SequencerError::RecordedAt { reason, .. } if line.is_some() => format!("{place}{reason}"),
        _ => format!("{place}{error}"),
    }
}

//! What every answer carries: its cut, how complete the sources were, and the status of the system,
//! which is not part of the pinned answer. Values of answers are in a file for each subject.

mod changes;
mod choices;
mod decisions;
mod first_seen;
mod record;
mod rehearsal;
mod sessions;

pub use changes::{ChangeCount, ChangeHit, HeldAnswer, RestedOn};
pub use choices::{Choices, FilterChoices, NamedIssuers};
pub use claimledger_domain::completeness::{
    Absence, AbsenceCode, Completeness as SourceCompleteness, Gap, Summary,
};
pub use decisions::{DecisionAt, DecisionFound, DecisionHit, DecisionOf, FallsHit, KnownLoss};
pub use first_seen::{Compared, FirstSeenAnswer, FirstSeenCounts};
pub use record::{Delivery, RecordView};
pub use rehearsal::{
    FallenHit, Guarded, LiveSession, LockedOut, RedecidedHit, Rehearsable, RehearsablePolicy,
    Rehearsed, UnchangedHit,
};
pub use sessions::{Beliefs, OutlivedHit, SessionChange, SessionChangePoints, SessionHit, Why};

use crate::model::health::{Cause, Part};
use claimledger_facts::{ids::LogPosition, record::Digest32, time::Time};

/// The cut of an answer, and the rules that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// T.
    pub at: Time,
    /// K, as a position.
    pub position: LogPosition,
    /// When that position was recorded.
    pub recorded_at: Time,
    /// R, the version of the rules.
    pub rules: &'static str,
    /// Whether the answer may still change: a later append can get a time up to K, or no K was
    /// given and the read models are behind the log.
    pub provisional: bool,
    /// Whether recorded times were asserted by the input (rehearsal) and not taken from the clock.
    pub rehearsal: bool,
    /// How complete the sources were up to T: a code and a sentence.
    pub completeness: Summary,
}

/// Status of the system when the question was answered. It is not pinned: the same question at the
/// same cut may return another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Number of records that the read models contain.
    pub assessed_to: u64,
    /// Number of records in the log.
    pub head: u64,
    /// Name and version of the live read models.
    pub views: String,
    /// Problems that affect the caller's tenant; empty: none.
    pub problems: Vec<Problem>,
    /// Size and root of the last signed checkpoint; none: nothing was signed yet.
    pub signed: Option<(u64, Digest32)>,
}

/// A part of the system that does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The part.
    pub part: Part,
    /// The reason, and since when.
    pub cause: Cause,
}

/// A value with its cut, completeness and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The value.
    pub value: T,
    /// The cut.
    pub answered: Answered,
    /// Completeness of every source that is known at K.
    pub completeness: Vec<SourceCompleteness>,
    /// What follows from the absence of something in the answer.
    pub absence: Absence,
    /// Status of the system; not pinned.
    pub status: Status,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// One cursor per row, in the same order. A cursor is opaque, contains K and R, and continues
    /// the list after its row.
    pub cursors: Vec<String>,
    /// Whether there are more.
    pub has_next: bool,
}

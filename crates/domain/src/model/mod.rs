//! What goes into an assessment and what comes out. No serde here: the wire does not dictate these
//! types.

mod context;
mod decision;
mod factor;
mod reason;
mod session;

pub use context::{Context, KeyInterval, Span, Version};
pub use decision::{
    Agreement, AsKnown, Decision, DecisionRule, Difference, Falsifier, Implied, MetAtDecision,
    RecordedDecision, Relied, SignedIn, Standing,
};
pub use factor::{CameUnder, FactorType, Grade, HonoredFactor, IgnoredClaim, Origin};
pub use reason::{Mark, Reason, end_code};
pub use session::{
    Activity, AppAccess, Explained, IdpSessionInterval, ProvenAlive, Reasons, RefusedSignIn,
    SessionEnd, SessionLife, SessionOrigin, SessionState,
};

use claimledger_facts::{
    fact::Fact,
    ids::{LogPosition, RecordId, RootSessionId, SourceEventId, SourceId},
    time::{Occurred, Time},
    vocabulary::Note,
};
use std::sync::Arc;

/// A reference to a record, as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordRef {
    /// Its id.
    pub id: RecordId,
    /// The source that sent it.
    pub source: SourceId,
    /// The source's own id of it.
    pub source_id: SourceEventId,
    /// What the source calls this kind of event.
    pub kind: Arc<str>,
    /// Its position in the log.
    pub position: LogPosition,
    /// When it occurred, as the source claims.
    pub occurred: Occurred,
    /// When it was recorded.
    pub recorded_at: Time,
}

/// A fact and the record that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The record.
    pub record: RecordRef,
    /// Whether the source said something else under the same id too (`semantics.md` 32).
    pub variant: bool,
    /// How the record was read.
    pub notes: Vec<Note>,
    /// The root session that the record names beside its own (`semantics.md` 25: a relation, not a
    /// link).
    pub root_session: Option<RootSessionId>,
    /// The fact.
    pub fact: Fact,
}

/// The cut of an answer: true at T, known at K. Both inclusive (`semantics.md` 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// T.
    pub at: Time,
    /// K, as the position of the last record that counts.
    pub known_at: LogPosition,
}

/// Whether an answer is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// By what is known.
    Certain,
    /// Something that would settle it is missing.
    Possible,
}

impl Certainty {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Possible => "possible",
        }
    }
}

/// The phase of a session at T.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It begins after T.
    NotStarted,
    /// It has begun and has not ended.
    Active,
    /// It has ended.
    Ended,
}

impl Phase {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// An interval of time that contains an instant; no `to`: unknown how late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The earliest.
    pub from: Time,
    /// The latest.
    pub to: Option<Time>,
}

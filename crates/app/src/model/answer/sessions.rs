//! Answers about sessions.

use super::Answered;
use claimledger_domain::{
    belief::{BeliefDiff, ChangePoints},
    changed::Changed,
    model::{Certainty, Explained, Reason, RecordRef, SessionState},
    outlived::Outlived,
};
use claimledger_facts::ids::SessionId;
use std::sync::Arc;

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionHit<S = Explained> {
    /// The session, with reasons or without.
    pub session: S,
    /// Whether the session certainly or only possibly matches the filter.
    pub certainty: Certainty,
    /// Why it matches.
    pub because: Vec<Reason>,
}

/// A session that a record changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionChange {
    /// Cursor that continues the feed after this change. Opaque.
    pub cursor: String,
    /// The session's name, as known at the record.
    pub session: SessionId,
    /// The record, with the time it occurred and the time it was recorded.
    pub record: RecordRef,
    /// What it changed; never empty.
    pub changed: Vec<Changed>,
    /// The session as known at the record, at the time it was recorded; none: no record of the
    /// session was understood.
    pub state: Option<Arc<Explained>>,
    /// Whether the record was in the log already when the subscription began.
    pub replayed: bool,
}

/// The explanation of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The session's name; none: the id is unknown.
    pub session: Option<SessionId>,
    /// One tree per decision, or per factor if a factor was requested.
    pub because: Vec<Reason>,
}

/// A session as known at two positions, with both cuts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beliefs {
    /// The cut of the earlier state; the cut of the later one is that of the answer.
    pub from: Answered,
    /// Both states, and the differences.
    pub diff: BeliefDiff,
}

/// The records that changed the answer about a session at one T.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionChangePoints {
    /// The session, by the id that was asked.
    pub session: SessionId,
    /// Those up to K. This list is final.
    pub until: ChangePoints,
    /// Those after K, as known when the question is answered.
    pub later: ChangePoints,
}

/// A session that outlived its IdP session, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlivedHit {
    /// The session.
    pub session: SessionState,
    /// How the session outlived it.
    pub outlived: Outlived,
}

//! Answers about decisions.

use claimledger_domain::{
    falls::Fall,
    model::{Certainty, Decision, Explained, HonoredFactor, Reason, RecordRef},
};
use claimledger_facts::{
    ids::{AppId, AuthenticatorId, LogPosition, Pseudonym, SessionId},
    time::{Occurred, Time},
    types::factor::PolicyDecided,
};

/// A decision in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionHit {
    /// The decision.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// The person of the session.
    pub subject: Option<Pseudonym>,
    /// The factors that it relied on, in the order of `decision.relied_on`.
    pub factors: Vec<HonoredFactor>,
    /// Whether the decision certainly or only possibly matches the filter: it may rely on a claim
    /// that was received later, or that was signed by another key.
    pub certainty: Certainty,
}

/// A decision of a session that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionOf {
    /// The decision.
    pub decision: Decision,
    /// Whether it certainly or only possibly matches the filter.
    pub certainty: Certainty,
}

/// The result of looking up a decision by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionAt {
    /// The decision.
    Found(Box<DecisionFound>),
    /// The record is not a decision, or it names no session that was understood.
    NoDecision {
        /// The record.
        record: RecordRef,
    },
    /// The source recorded another variant under the same id, and that variant counts
    /// (`semantics.md` 32).
    Variant {
        /// The requested record.
        record: RecordRef,
        /// The position of the decision that counts; none: the variant that counts is no decision
        /// up to T.
        counts: Option<LogPosition>,
    },
    /// Known at K, but it occurred after T.
    NotYet {
        /// When it occurred.
        at: Occurred,
        /// The application.
        app: AppId,
        /// The session.
        session: SessionId,
    },
    /// Recorded later than K.
    NotYetKnown {
        /// Its position: the smallest K at which it is known.
        from: LogPosition,
        /// When it was recorded.
        recorded_at: Time,
    },
    /// The caller's tenant has no such position.
    Unknown,
}

/// A decision with its session and the recorded fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionFound {
    /// The session that contains it.
    pub session: Explained,
    /// Its index in the session's decisions.
    pub index: usize,
    /// What the service provider recorded.
    pub recorded: PolicyDecided,
}

impl DecisionFound {
    /// The decision.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.session.state.decisions[self.index]
    }

    /// Why it is implied or not.
    #[must_use]
    pub fn because(&self) -> &Reason {
        &self.session.reasons.decisions[self.index]
    }
}

/// A loss of an authenticator that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLoss {
    /// The record that states it.
    pub record: LogPosition,
    /// The authenticator, where the loss names it and not its methods alone.
    pub authenticator: Option<AuthenticatorId>,
}

/// A decision that rested on what is falsified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallsHit {
    /// The session, by the id that was asked for.
    pub session: SessionId,
    /// Its application.
    pub app: Option<AppId>,
    /// What becomes of the decision.
    pub fall: Fall,
}

impl FallsHit {
    /// The position of the decision.
    #[must_use]
    pub const fn position(&self) -> LogPosition {
        self.fall.record.position
    }
}

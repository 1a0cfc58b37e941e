//! What every answer carries: the cut it holds for, how complete the sources were, and beside it
//! what may change from call to call.

pub use claimledger_domain::completeness::{Absence, AbsenceCode, Summary};

use crate::model::health::{Cause, Part};
use claimledger_domain::{
    belief::{BeliefDiff, Stops},
    changed::Changed,
    dependants::{Change, Dependant},
    first_seen::{FirstSeen, Window},
    held_under::{Held, Replaced},
    model::{Certainty, Decision, Explained, Implied, Reason, RecordRef, SessionState},
    outlived::Outlived,
    rehearse::{Unchanged, UnmetPolicy},
};
use claimledger_facts::{
    ids::{AppId, LogPosition, Pseudonym, SessionId, SourceId},
    record::Digest32,
    statement::Statement,
    time::{Occurred, Time},
    types::factor::PolicyDecided,
    vocabulary::HeardBasis,
};
use std::sync::Arc;

/// What an answer holds for.
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
    /// Whether a later append could still be recorded by K; or no K was asked, and the read models
    /// are behind the log.
    pub provisional: bool,
    /// Whether recorded times were asserted.
    pub rehearsal: bool,
    /// How complete the sources were up to T, in a word and a sentence.
    pub completeness: Summary,
}

/// What is known of one source's completeness at K.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCompleteness {
    /// The source.
    pub source: SourceId,
    /// Everything up to this time was heard; none: nothing is stated.
    pub heard_until: Option<Time>,
    /// On what that rests.
    pub basis: Option<HeardBasis>,
    /// Gaps that are known.
    pub gaps: Vec<Gap>,
}

/// A time in which a source was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
    /// Whether what was missing has come.
    pub backfilled: bool,
}

/// Beside the answer: what may change from call to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Records below this size are in the read models.
    pub assessed_to: u64,
    /// The size of the log.
    pub head: u64,
    /// Name and version of the read models that are asked.
    pub views: String,
    /// What does not work, of the caller's tenant; empty: everything does.
    pub problems: Vec<Problem>,
}

/// Something that does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub part: Part,
    /// Why, and since when.
    pub cause: Cause,
}

/// A value with what every answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer itself.
    pub value: T,
    /// What it holds for.
    pub answered: Answered,
    /// How complete the sources were: every source of which anything is known at K.
    pub completeness: Vec<SourceCompleteness>,
    /// What it means that something is not in the answer.
    pub absence: Absence,
    /// Beside it.
    pub status: Status,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// One a row, in the same order: where the list goes on after it. Opaque; holds K and R.
    pub cursors: Vec<String>,
    /// Whether there are more.
    pub has_next: bool,
}

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionHit<S = Explained> {
    /// The session, with reasons or without.
    pub session: S,
    /// Whether it certainly belongs to the set, or only possibly.
    pub certainty: Certainty,
    /// Why it belongs.
    pub because: Vec<Reason>,
}

/// A decision in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionHit {
    /// The decision.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// Whether it certainly belongs to the set, or only possibly: it may rest on a claim that came
    /// later, or that another key signed.
    pub certainty: Certainty,
}

/// What stands at a position where a decision was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionAt {
    /// The decision.
    Found(Box<DecisionFound>),
    /// The record is no decision, or one that names no session that is understood.
    NoDecision {
        /// The record.
        record: RecordRef,
    },
    /// The source said something else under the same id, and of the two the other one counts
    /// (`semantics.md` 32).
    Variant {
        /// The record asked for.
        record: RecordRef,
        /// Where the decision stands that counts; none: what counts is no decision up to T.
        counts: Option<LogPosition>,
    },
    /// Known at K, and later than T.
    NotYet {
        /// When.
        at: Occurred,
        /// For which application.
        app: AppId,
        /// In which session.
        session: SessionId,
    },
    /// Recorded later than K.
    NotYetKnown {
        /// Its position: from there on it is known.
        from: LogPosition,
        /// When it was recorded.
        recorded_at: Time,
    },
    /// The caller's tenant has no such position.
    Unknown,
}

/// A decision, in its session, with what its record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionFound {
    /// The session it was in.
    pub session: Explained,
    /// Which of the session's decisions.
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

/// A session that a record changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionChange {
    /// Where the feed goes on after it. Opaque.
    pub cursor: String,
    /// The session's name, as known at the record.
    pub session: SessionId,
    /// The record, with both its times.
    pub record: RecordRef,
    /// What it changed: at least one thing.
    pub changed: Vec<Changed>,
    /// The session as known at the record, at the time when it was recorded; none: nothing of it
    /// was understood.
    pub state: Option<Arc<Explained>>,
    /// Whether the record was in the log already when the subscription began.
    pub replayed: bool,
}

/// Why, for one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The session's name; none: no such id.
    pub session: Option<SessionId>,
    /// One tree a decision, or one a factor where a factor was asked.
    pub because: Vec<Reason>,
}

/// What was believed of a session and what is, with the cut of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beliefs {
    /// What the earlier state holds for; the later one is the answer's own cut.
    pub from: Answered,
    /// Both states, and what changed.
    pub diff: BeliefDiff,
}

/// The records that changed what is said of a session at one T.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionStops {
    /// Those up to K: the same for ever.
    pub until: Stops,
    /// Those after K, as far as is known when it is asked.
    pub later: Stops,
}

/// What appeared for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSeenAnswer {
    /// In the order they appeared.
    pub items: Vec<FirstSeen>,
    /// What they were compared with.
    pub compared: Compared,
    /// What is shown of it.
    pub window: Window,
}

/// A session that outlived its IdP session, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlivedHit {
    /// The session.
    pub session: SessionState,
    /// How it outlived it.
    pub outlived: Outlived,
}

/// Who kept access under replaced versions of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAnswer {
    /// The versions that were replaced by T, in the total order.
    pub replaced: Vec<Replaced>,
    /// The access that was kept, in the order of the allows.
    pub items: Vec<Held>,
}

/// A change, and what rested on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHit {
    /// The change.
    pub change: Change,
    /// One a session, in the order they began.
    pub dependants: Vec<Dependant>,
}

/// What a first is compared with: the whole log by K.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The first position.
    pub from: LogPosition,
    /// The last position: K.
    pub to: LogPosition,
    /// When the first position was recorded.
    pub recorded_from: Time,
    /// When the last position was recorded.
    pub recorded_to: Time,
    /// When the first claim that shows any such value was received.
    pub since: Option<Time>,
    /// How many values there are, in the window or not.
    pub values: usize,
}

/// What would change if trust had been otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// Decisions that would be implied otherwise (`semantics.md` 21).
    pub flips: Vec<RedecidedHit>,
    /// Recorded allows that rested on what a retraction hits, and would not be implied as known at
    /// K.
    pub falls: Vec<FallenHit>,
    /// Decisions that neither flip nor fall.
    pub unchanged: Vec<UnchangedHit>,
    /// Sessions that are active at T and rest on what is hit.
    pub live: Vec<LiveSession>,
    /// Whom the rules would not have let in.
    pub locked_out: Vec<LockedOut>,
    /// Policies that could then only be met through others, who gave nothing of the kind.
    pub unmet: Vec<UnmetPolicy>,
    /// How many sessions were looked at.
    pub sessions: u64,
}

/// A decision that would be implied otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedecidedHit {
    /// The decision, as it is.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// Whose session it was in.
    pub subject: Option<Pseudonym>,
    /// What the rules implied.
    pub before: Implied,
    /// What they would.
    pub after: Implied,
    /// What would be unmet first: a code.
    pub first_unmet: Option<&'static str>,
    /// In words.
    pub words: String,
}

/// A decision that a retraction lets fall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallenHit {
    /// The decision, as it is.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// Whose session it was in.
    pub subject: Option<Pseudonym>,
    /// How sure it is that it rested on what is hit.
    pub certainty: Certainty,
    /// What the rules imply as known at K, without the retraction.
    pub before: Implied,
    /// And with it.
    pub after: Implied,
    /// What would be unmet first: a code.
    pub first_unmet: Option<&'static str>,
}

/// A decision that stays what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnchangedHit {
    /// The decision.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// Why.
    pub why: Unchanged,
    /// In words.
    pub words: String,
}

/// A session that is active at T and rests on what is hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub subject: Option<Pseudonym>,
    /// How sure it is that it does, and that it is active.
    pub certainty: Certainty,
    /// The factors that came by what is hit.
    pub factors: Vec<String>,
}

/// Somebody whom the rules would not have let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedOut {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub subject: Option<Pseudonym>,
    /// The application.
    pub app: AppId,
    /// Deny: out. Challenge: asked for a local authenticator.
    pub implied: Implied,
}

/// A record, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Which.
    pub reference: RecordRef,
    /// The leaf hash.
    pub leaf: Digest32,
    /// The header's bytes.
    pub header: Vec<u8>,
    /// What it says in the clear.
    pub statement: Statement,
    /// The original, where the caller may see it and its keys are there.
    pub original: Option<Vec<u8>>,
    /// Labels and indicators of the people it is about, likewise; canonical JSON.
    pub personal: Option<serde_json::Value>,
    /// Which translator read it.
    pub translator: String,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
}

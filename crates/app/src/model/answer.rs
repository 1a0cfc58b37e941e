//! What every answer carries: its cut, how complete the sources were, and the status of the system,
//! which is not part of the pinned answer.

pub use claimledger_domain::completeness::{
    Absence, AbsenceCode, Completeness as SourceCompleteness, Gap, Summary,
};

use crate::model::health::{Cause, Part};
use claimledger_domain::{
    belief::{BeliefDiff, ChangePoints},
    changed::Changed,
    dependants::{Change, Dependant},
    falls::Fall,
    first_seen::{FirstSeen, Window},
    guard::Guard,
    held_under::{Held, Replaced},
    model::{
        Certainty, Decision, Explained, HonoredFactor, Implied, Reason, RecordRef, SessionState,
    },
    outlived::Outlived,
    rehearse::{Unchanged, UnmetPolicy},
};
use claimledger_facts::{
    ids::{AppId, AuthenticatorId, IdpId, KeyId, LogPosition, PolicyId, Pseudonym, SessionId},
    record::{BodyKind, Digest32, Removal},
    statement::Statement,
    time::{Occurred, Time},
    types::{factor::PolicyDecided, policy::PolicyConfigured},
    vocabulary::Channel,
};
use std::{collections::BTreeSet, sync::Arc};

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

/// Values that appeared for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSeenAnswer {
    /// In the order of first appearance.
    pub items: Vec<FirstSeen>,
    /// What they were compared with.
    pub compared: Compared,
    /// The window that is shown.
    pub window: Window,
}

/// How many values of each kind appeared in a window, in the order of
/// [`FirstSeenKind::ALL`](claimledger_domain::first_seen::FirstSeenKind::ALL); none: more sessions
/// would have had to be evaluated than a question may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstSeenCounts(pub [Option<usize>; 3]);

/// A session that outlived its IdP session, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlivedHit {
    /// The session.
    pub session: SessionState,
    /// How the session outlived it.
    pub outlived: Outlived,
}

/// Access that continued under replaced versions of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAnswer {
    /// The versions replaced by T, in the total order.
    pub replaced: Vec<Replaced>,
    /// The continued access, in the order of the decisions that allowed it.
    pub items: Vec<Held>,
}

/// A change, and the sessions that depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHit {
    /// The change.
    pub change: Change,
    /// One per session, in the order in which the sessions began.
    pub dependants: Vec<Dependant>,
}

/// A change, and how much rested on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeCount {
    /// The change.
    pub change: Change,
    /// How much rested on it; none: more sessions would have had to be evaluated than are for a
    /// list.
    pub rested: Option<RestedOn>,
}

/// How much rested on a change, or was hit by it: decisions under a version of a policy, sessions
/// otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestedOn {
    /// Number that is certain.
    pub certain: usize,
    /// Number that is possible.
    pub possible: usize,
}

impl RestedOn {
    /// Of a change with everything that depends on it.
    #[must_use]
    pub fn of(hit: &ChangeHit) -> Self {
        let mut count = Self::default();
        for certainty in hit.dependants.iter().flat_map(|of| {
            let decisions = of.decisions.iter().map(|decision| decision.certainty);
            decisions.chain(of.decisions.is_empty().then_some(of.certainty))
        }) {
            match certainty {
                Certainty::Certain => count.certain += 1,
                Certainty::Possible => count.possible += 1,
            }
        }
        count
    }

    /// Both together.
    #[must_use]
    pub const fn total(self) -> usize {
        self.certain + self.possible
    }
}

/// The records that a first appearance is compared with: the whole log up to K.
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
    /// When the first claim that has a value of this kind was received.
    pub since: Option<Time>,
    /// The number of distinct values, inside and outside the window.
    pub values: usize,
}

/// What there is to rehearse a change of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsable {
    /// Identity providers, each with its display name.
    pub idps: Vec<(IdpId, Option<String>)>,
    /// Policies.
    pub policies: Vec<RehearsablePolicy>,
}

/// A policy of which another version can be rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RehearsablePolicy {
    /// The policy.
    pub policy: PolicyId,
    /// Its display name.
    pub name: Option<String>,
    /// The last version that may have been in force at T.
    pub in_force: Option<PolicyConfigured>,
}

/// The effect of a hypothetical change of trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// Decisions for which the rules would imply another outcome (`semantics.md` 21).
    pub flips: Vec<RedecidedHit>,
    /// Recorded allows that rest on what is retracted and are then not implied, as known at K.
    pub falls: Vec<FallenHit>,
    /// Decisions that neither flip nor fall.
    pub unchanged: Vec<UnchangedHit>,
    /// Sessions that are active at T and rely on something retracted.
    pub live: Vec<LiveSession>,
    /// Accesses that the rules would not have allowed.
    pub locked_out: Vec<LockedOut>,
    /// Policies that only other IdPs could satisfy, and none of those provided such a factor.
    pub unmet: Vec<UnmetPolicy>,
    /// Number of sessions evaluated.
    pub sessions: u64,
    /// The policies that decisions of the window name.
    pub policies: BTreeSet<PolicyId>,
}

impl Rehearsed {
    /// Accesses after which a local authenticator would have been asked for, although the IdP had
    /// verified the person.
    pub fn double_prompts(&self) -> impl Iterator<Item = &LockedOut> {
        self.locked_out.iter().filter(|out| out.implied == Implied::Challenge)
    }
}

/// The guard on a change, and what the same change would have done over a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Whether it is allowed at T, and why.
    pub guard: Guard,
    /// The window: from, inclusive, until, exclusive.
    pub window: (Time, Time),
    /// The change, as if it had been made for the window; or why that was not evaluated.
    pub rehearsed: Result<Rehearsed, String>,
}

/// A decision for which the rules would imply another outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedecidedHit {
    /// The decision as it is now.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// The person of the session.
    pub subject: Option<Pseudonym>,
    /// The outcome implied without the change.
    pub before: Implied,
    /// The outcome implied with the change.
    pub after: Implied,
    /// Code of the first requirement that would not be met.
    pub first_unmet: Option<&'static str>,
    /// The same as text.
    pub words: String,
}

/// A decision that falls because of a retraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallenHit {
    /// The decision as it is now.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// The person of the session.
    pub subject: Option<Pseudonym>,
    /// Whether it certainly or possibly relied on something retracted.
    pub certainty: Certainty,
    /// The outcome implied as known at K, without the retraction.
    pub before: Implied,
    /// The outcome implied with the retraction.
    pub after: Implied,
    /// Code of the first requirement that would not be met.
    pub first_unmet: Option<&'static str>,
    /// How surely it fell already, by retractions that are known; none: it did not.
    pub fell: Option<Certainty>,
    /// What the rules imply without and with it, in words.
    pub words: String,
}

/// What a list of sessions can be filtered by, as known at K.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterChoices {
    /// Identity providers.
    pub idps: Choices,
    /// Signing keys.
    pub keys: Choices,
    /// Applications.
    pub apps: Choices,
    /// `amr` values.
    pub amr: Choices,
}

/// IdPs and keys that records up to K name, whatever the records say of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedIssuers {
    /// Identity providers, in alphabetical order.
    pub idps: Vec<IdpId>,
    /// Signing keys, each with its IdP, in alphabetical order.
    pub keys: Vec<(IdpId, KeyId)>,
    /// Whether there are more of either.
    pub has_more: bool,
}

/// Values of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The first ones, in alphabetical order.
    pub values: Vec<String>,
    /// Whether there are more.
    pub has_more: bool,
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

/// A decision that would not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnchangedHit {
    /// The decision.
    pub decision: Decision,
    /// Why it is implied or not.
    pub because: Reason,
    /// The reason.
    pub why: Unchanged,
    /// The same as text.
    pub words: String,
}

/// A session that is active at T and relies on something retracted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// The session.
    pub session: SessionId,
    /// The person of the session.
    pub subject: Option<Pseudonym>,
    /// Whether it certainly or possibly is active and relies on it.
    pub certainty: Certainty,
    /// The factors that rely on something retracted.
    pub factors: Vec<String>,
}

/// An access that the rules would not have allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedOut {
    /// The session.
    pub session: SessionId,
    /// The person of the session.
    pub subject: Option<Pseudonym>,
    /// The application.
    pub app: AppId,
    /// `Deny`: no access. `Challenge`: a local authenticator would be required.
    pub implied: Implied,
}

/// A record, with the parts that the caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView {
    /// Its reference.
    pub reference: RecordRef,
    /// The leaf hash.
    pub leaf: Digest32,
    /// The header's bytes.
    pub header: Vec<u8>,
    /// The clear body.
    pub statement: Statement,
    /// The sealed original; none if the caller may not open it or its keys are destroyed.
    pub original: Option<Vec<u8>>,
    /// Labels and indicators of the people in the record, under the same conditions; canonical
    /// JSON.
    pub personal: Option<serde_json::Value>,
    /// Sealed bodies that were removed.
    pub removed: Vec<(BodyKind, Removal)>,
    /// The channel through which it arrived.
    pub channel: Channel,
    /// The translator that read the original.
    pub translator: String,
    /// Whether another record of the source has the same id and other content.
    pub variant: bool,
    /// How often it was received, by channel, the first first. Not evidence, and it may change from
    /// call to call; none: the counts cannot be read.
    pub deliveries: Option<Vec<Delivery>>,
}

/// How often a record was received through a channel, with the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The channel.
    pub channel: Channel,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first_at: Time,
    /// The last time.
    pub last_at: Time,
}

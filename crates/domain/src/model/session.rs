//! A session at a cut.

use super::{
    Bounds, Certainty, Context, Decision, Falsifier, HonoredFactor, IgnoredClaim, Phase, Reason,
    RecordRef,
};
use claimledger_facts::{
    ids::{AppId, AppSessionId, IdpId, IdpSessionId, Pseudonym, RootSessionId, SessionId},
    time::Time,
    vocabulary::{Method, SignInResult},
};

/// A session at a cut: what the rules make of its facts, without reasons. With them it is an
/// [`Explained`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// Its name: the alias that is first in the total order (`semantics.md` 25).
    pub id: SessionId,
    /// Its other ids, bytewise.
    pub aliases: Vec<SessionId>,
    /// Its user, and the sessions that it comes from.
    pub origin: SessionOrigin,
    /// When it began and ended, and whether that is certain.
    pub life: SessionLife,
    /// Factors that counted, by record or by rules; in the order they began, then as asserted.
    pub factors: Vec<HonoredFactor>,
    /// Claims that did not count.
    pub ignored: Vec<IgnoredClaim>,
    /// Decisions, in the total order.
    pub decisions: Vec<Decision>,
    /// What was opened, and what was refused.
    pub activity: Activity,
    /// Falsifiers that hit something of it, or may; as recorded.
    pub falsifiers: Vec<Falsifier>,
    /// Every record of the session up to the cut, in the total order.
    pub records: Vec<RecordRef>,
}

/// Where a session comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOrigin {
    /// Its user.
    pub subject: Option<Pseudonym>,
    /// The IdP it came from.
    pub idp: Option<IdpId>,
    /// Its display name, where one is known.
    pub idp_name: Option<String>,
    /// The IdP's session.
    pub idp_session: Option<IdpSessionId>,
    /// What is known of the IdP's session.
    pub idp_session_interval: Option<IdpSessionInterval>,
    /// The root session.
    pub root_session: Option<RootSessionId>,
}

/// When a session began and ended, as true at T.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLife {
    /// Its phase at T.
    pub phase: Phase,
    /// How sure the phase is (`semantics.md` 22).
    pub certainty: Certainty,
    /// What is missing to be certain, where it is only possible: codes. A limit that is not known
    /// is named.
    pub missing: Vec<&'static str>,
    /// When it began.
    pub started_at: Option<Time>,
    /// Its end, or what is known of it.
    pub end: SessionEnd,
    /// When it ends at the latest, where a limit is known.
    pub lifetime_ends_at: Option<Time>,
    /// The last sign of life up to T.
    pub last_seen: Option<Time>,
    /// The record of it.
    pub last_seen_record: Option<RecordRef>,
    /// That a sign of life after T shows that it lived at T.
    pub proven_alive: Option<ProvenAlive>,
}

/// The end of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionEnd {
    /// When, where an end is stated.
    pub at: Option<Time>,
    /// Why: a code of `semantics.md` 45.
    pub reason: Option<&'static str>,
    /// Where no end is stated: between which instants it lies (`semantics.md` 23).
    pub bounds: Option<Bounds>,
    /// The record that states the end: its own, or one that ended all sessions of its subject.
    pub record: Option<RecordRef>,
    /// Whether that ended all sessions of its subject, and does not name this one.
    pub of_all: bool,
}

/// What was done in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Application accesses, in the total order.
    pub accesses: Vec<AppAccess>,
    /// Sign-ins, factors and accesses that did not succeed, in the total order.
    pub refused: Vec<RefusedSignIn>,
}

/// A session at a cut, with reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The session.
    pub state: SessionState,
    /// Why.
    pub reasons: Reasons,
    /// What the timeline draws around the session.
    pub context: Context,
}

/// Why a state is what it is. Each list has a tree for each item of the state's list, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// Why the session is active, or not.
    pub session: Reason,
    /// Why each factor counted.
    pub factors: Vec<Reason>,
    /// Why each claimed value did not count.
    pub ignored: Vec<Reason>,
    /// Why each decision is implied or not: the trace of the assessment itself.
    pub decisions: Vec<Reason>,
}

impl Explained {
    /// The factors, each with why it counted.
    pub fn factors(&self) -> impl Iterator<Item = (&HonoredFactor, &Reason)> {
        self.state.factors.iter().zip(&self.reasons.factors)
    }

    /// The claimed values that did not count, each with why.
    pub fn ignored(&self) -> impl Iterator<Item = (&IgnoredClaim, &Reason)> {
        self.state.ignored.iter().zip(&self.reasons.ignored)
    }

    /// The decisions, each explained.
    pub fn decisions(&self) -> impl Iterator<Item = (&Decision, &Reason)> {
        self.state.decisions.iter().zip(&self.reasons.decisions)
    }
}

/// A sign of life after T that is known proves that the session lived at T (`semantics.md` 22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenAlive {
    /// T.
    pub at: Time,
    /// The first such fact.
    pub by: RecordRef,
}

/// An application was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAccess {
    /// The application.
    pub app: AppId,
    /// Its display name, as known at K.
    pub app_name: Option<String>,
    /// Its own session.
    pub app_session: Option<AppSessionId>,
    /// When.
    pub at: Time,
    /// The record.
    pub record: RecordRef,
}

/// A sign-in, a factor or an access that did not succeed. It never counts as a factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedSignIn {
    /// Its result.
    pub result: SignInResult,
    /// Why: a code; `free_text`: in words, which are sealed.
    pub reason: Option<String>,
    /// The method that was tried.
    pub method: Option<Method>,
    /// The IdP that it went through.
    pub idp: Option<IdpId>,
    /// The application that it was for.
    pub app: Option<AppId>,
    /// In one line.
    pub words: String,
    /// When.
    pub at: Time,
    /// The record.
    pub record: RecordRef,
}

/// The IdP's session behind this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpSessionInterval {
    /// The IdP.
    pub idp: Option<IdpId>,
    /// The session.
    pub idp_session: IdpSessionId,
    /// When it began, where stated.
    pub from: Option<Time>,
    /// When it ended, where stated.
    pub until: Option<Time>,
    /// The record that says that it ended: the earliest.
    pub ended: Option<RecordRef>,
    /// The records that say so.
    pub records: Vec<RecordRef>,
}

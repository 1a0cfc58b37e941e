//! Answers about what a change of trust would do.

use claimledger_domain::{
    guard::Guard,
    model::{Certainty, Decision, Implied, Reason},
    rehearse::{Unchanged, UnmetPolicy},
};
use claimledger_facts::{
    ids::{AppId, IdpId, PolicyId, Pseudonym, SessionId},
    time::Time,
    types::policy::PolicyConfigured,
};
use std::collections::BTreeSet;

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

//! Decisions of policies, recorded and implied.

use super::{Certainty, FactorType, RecordRef};
use claimledger_facts::{
    ids::{ActorId, AppId, IdpId, KeyId, PolicyId, RuleId, SessionId, VersionLabel},
    time::{Occurred, Time},
    vocabulary::{FactorMode, Outcome, Property},
};

/// What the rules imply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Implied {
    /// The rule holds for these factors.
    Allow,
    /// It does not, but local authenticators could fill the gap.
    Challenge,
    /// It does not.
    Deny,
    /// Something is missing.
    Undetermined,
}

impl Implied {
    /// As sentences have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
            Self::Undetermined => "undetermined",
        }
    }
}

/// How what was recorded compares with what the rules imply (`semantics.md` 19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They are the same.
    Same,
    /// Neither lets in, one with a challenge and the other without.
    Alike,
    /// One lets in, the other does not.
    Differs,
    /// The rules imply nothing: something is missing.
    Undetermined,
}

impl Agreement {
    /// Compares the two.
    #[must_use]
    pub const fn of(recorded: Outcome, implied: Implied) -> Self {
        match (recorded, implied) {
            (_, Implied::Undetermined) => Self::Undetermined,
            (Outcome::Allow, Implied::Allow)
            | (Outcome::Challenge, Implied::Challenge)
            | (Outcome::Deny, Implied::Deny) => Self::Same,
            (Outcome::Challenge, Implied::Deny) | (Outcome::Deny, Implied::Challenge) => {
                Self::Alike
            }
            (Outcome::Allow, Implied::Challenge | Implied::Deny)
            | (Outcome::Challenge | Outcome::Deny, Implied::Allow) => Self::Differs,
        }
    }
}

/// How a decision agrees with the rules, when it was made and with what was learnt later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Both when it was made and as known at K.
    Agrees,
    /// The rules imply nothing of it, when it was made or as known at K, and it neither differs nor
    /// was falsified: they do not agree with it (`semantics.md` 19).
    Undetermined,
    /// It differed when it was made.
    Differs,
    /// It did not, and a later falsifier takes it away.
    FalsifiedLater,
}

/// A decision, recorded and implied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What the service provider recorded.
    pub recorded: RecordedDecision,
    /// The policy and the rule that it is judged by.
    pub under: DecisionRule,
    /// What the rules imply, as known when decided (`semantics.md` 4, 18).
    pub made: AsKnown,
    /// Set if recorded and implied differ (`semantics.md` 19).
    pub differs: Option<Difference>,
    /// Set if a later falsifier takes away what did not differ when made.
    pub falsified_later: Option<Difference>,
    /// What the rules imply as known at K, on every falsifier that is known then.
    pub at_k: AsKnown,
    /// Falsifiers that were recorded after it and hit what it rested on, or may; whether or not
    /// anything turns on them.
    pub later: Vec<Falsifier>,
    /// What it rested on: indices into [`SessionState::factors`], each with whether it was needed.
    ///
    /// [`SessionState::factors`]: super::SessionState::factors
    pub relied_on: Vec<Relied>,
    /// The sign-ins that it rested on, where its rule asks for no more than one (`semantics.md`
    /// 38).
    pub signed_in: Vec<SignedIn>,
}

impl DecisionRule {
    /// The labels of all versions that may have been in force at its time, the latest first.
    pub fn versions(&self) -> impl Iterator<Item = &VersionLabel> {
        self.version_in_force.iter().chain(&self.other_versions)
    }
}

impl Decision {
    /// How it agrees with the rules.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let is_open = |judged: &AsKnown| judged.implied == Implied::Undetermined;
        if self.differs.is_some() {
            Standing::Differs
        } else if self.falsified_later.is_some() {
            Standing::FalsifiedLater
        } else if is_open(&self.made) || is_open(&self.at_k) {
            Standing::Undetermined
        } else {
            Standing::Agrees
        }
    }
}

/// A sign-in that a decision rested on, by record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The IdP.
    pub idp: IdpId,
    /// The key that its assertion names.
    pub key: Option<KeyId>,
    /// Whether its assertion was seen: else the session's start names the IdP.
    pub is_seen: bool,
    /// How sure it is that it came by the decision.
    pub certainty: Certainty,
}

/// A decision as its record states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDecision {
    /// The record.
    pub record: RecordRef,
    /// The name of its session, as known at K (`semantics.md` 25).
    pub session: SessionId,
    /// The session id that its record names.
    pub session_recorded: SessionId,
    /// The application.
    pub app: AppId,
    /// Its display name, where one is known.
    pub app_name: Option<String>,
    /// When.
    pub at: Occurred,
    /// What the service provider recorded.
    pub outcome: Outcome,
    /// Whether something it rests on is a variant.
    pub variant: bool,
}

/// The policy and the rule that a decision is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRule {
    /// The policy: where its record names a rule only, the policy that has it, as known at K.
    pub policy: PolicyId,
    /// Its display name, where one is known.
    pub policy_name: Option<String>,
    /// The label that the decision gives to the version.
    pub version_label: Option<VersionLabel>,
    /// The label of the version in force at its time; of several that may have been, the latest.
    pub version_in_force: Option<VersionLabel>,
    /// The labels of the others that may have been in force at its time, the latest first
    /// (`semantics.md` 6).
    pub other_versions: Vec<VersionLabel>,
    /// The rule: the one named, or the only one.
    pub rule: Option<RuleId>,
    /// Its display name, where one is known.
    pub rule_name: Option<String>,
    /// How many factors that rule asks for; none: the version in force has no such rule, or nothing
    /// is stated about the policy.
    pub factor_mode: Option<FactorMode>,
}

/// A reading of a decision by the rules, as known at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsKnown {
    /// What the rules imply.
    pub implied: Implied,
    /// The first unmet requirement: a code of `semantics.md` 45.
    pub first_unmet: Option<&'static str>,
    /// What is missing where implied is undetermined: codes.
    pub missing: Vec<&'static str>,
    /// How many factor types counted by the rules, and which characteristics; for control reports.
    pub met: MetAtDecision,
}

/// A retraction of trust or a lost authenticator that hits something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Falsifier {
    /// The record that says so.
    pub record: RecordRef,
    /// What it makes of what it hits: a void reason, or `authenticator_lost`.
    pub code: &'static str,
    /// From when it has effect.
    pub from: Time,
    /// Of a retraction: of which IdP, and of which key where it names one.
    pub retracts: Option<(IdpId, Option<KeyId>)>,
    /// How sure it is that it hits.
    pub certainty: Certainty,
    /// Who said so.
    pub actor: Option<ActorId>,
    /// In words: `authenticator lost 12:10:00Z, recorded 14:40:00Z`.
    pub words: String,
}

impl Falsifier {
    /// Whether it is a retraction of trust, and no loss.
    #[must_use]
    pub const fn is_retraction(&self) -> bool {
        self.retracts.is_some()
    }
}

/// What a decision rested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relied {
    /// Index into [`super::SessionState::factors`].
    pub factor: usize,
    /// Whether the rule would not hold without it.
    pub needed: bool,
    /// Possible where an interval leaves open whether it came before the decision (`semantics.md`
    /// 3, 37), or whether it counted by record.
    pub certainty: Certainty,
    /// It may have come only after the decision.
    pub may_be_later: bool,
}

/// What counted by the rules when a decision fell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetAtDecision {
    /// Distinct factor types.
    pub factor_types: Vec<FactorType>,
    /// The characteristics that one possession factor, with its pool, had; the union over all.
    pub characteristics: Vec<Property>,
    /// The factors that counted, by name, in the order they began.
    pub counted: Vec<String>,
    /// Those that perhaps counted.
    pub perhaps: Vec<String>,
}

/// Two readings that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was recorded.
    pub recorded: Outcome,
    /// What is implied.
    pub implied: Implied,
    /// The cause as a code: a void reason, or the first unmet requirement.
    pub code: &'static str,
    /// In words.
    pub words: String,
}

//! What goes into an assessment and what comes out. No serde here: the wire does not dictate these
//! types.

use claimledger_facts::{
    fact::Fact,
    ids::{
        ActorId, AppId, AppSessionId, AssertionId, AuthenticatorId, IdpId, IdpSessionId, KeyId,
        LogPosition, PolicyId, Pseudonym, RecordId, RootSessionId, RuleId, SessionId,
        SourceEventId, SourceId, TicketId, VersionLabel,
    },
    time::{Occurred, Time},
    vocabulary::{Amr, EndReason, FactorMode, Method, Note, Outcome, Property, SignInResult},
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

/// An interval of time that contains an instant; no `to`: unknown how late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The earliest.
    pub from: Time,
    /// The latest.
    pub to: Option<Time>,
}

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

/// A knowledge, possession or inherence factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactorType {
    /// The user knows it.
    Knowledge,
    /// The user has it.
    Possession,
    /// It is part of the user.
    Inherence,
    /// Bare `mfa`: two factor types where no constraint is asked, and none by itself.
    Unspecified,
}

/// Who verified the factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The identity provider, by its claim.
    Claimed,
    /// The service provider itself.
    Local,
}

/// How good the evidence is that a factor was honored (`semantics.md` 16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// The service provider says so.
    Stated,
    /// An allow followed, and no local factor came before it.
    Joined,
    /// The rules honor it; nothing recorded says that it was.
    Replayed,
    /// Nothing is known of the IdP.
    Assumed,
}

/// A factor that counted in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HonoredFactor {
    /// What it is called in an answer: the `amr` value where there is one, else the method.
    pub name: String,
    /// The method, where one is stated.
    pub method: Option<Method>,
    /// The `amr` value, where one was asserted.
    pub amr: Option<Amr>,
    /// Its type.
    pub factor_type: FactorType,
    /// Its own characteristics (`semantics.md` 43), in the vocabulary's order.
    pub characteristics: Vec<Property>,
    /// The characteristics that its assertion pools (`semantics.md` 14).
    pub pool: Vec<Property>,
    /// Who verified it.
    pub origin: Origin,
    /// Who asserted it.
    pub idp: Option<IdpId>,
    /// The key that signed the assertion.
    pub key: Option<KeyId>,
    /// The assertion.
    pub assertion: Option<AssertionId>,
    /// The authenticator.
    pub authenticator: Option<AuthenticatorId>,
    /// When it reached the service provider.
    pub accepted_at: Time,
    /// From when it counts; inclusive.
    pub from: Time,
    /// Until when it counts; exclusive.
    pub until: Option<Time>,
    /// Where no end is known: between which instants it lies.
    pub until_bounds: Option<Bounds>,
    /// Why it ended.
    pub end_reason: Option<&'static str>,
    /// The record that ended it: of the session's end, or of the loss of its authenticator.
    pub end_record: Option<RecordRef>,
    /// Losses of such an authenticator that came before it: it stands, as a replacement looks the
    /// same (`semantics.md` 11).
    pub lost_before: Vec<RecordRef>,
    /// How good the evidence is.
    pub grade: Grade,
    /// How sure it is that it counts.
    pub certainty: Certainty,
    /// What is missing to be certain, where it is only possible: codes.
    pub missing: Vec<&'static str>,
    /// It counts by record (`semantics.md` 8).
    pub by_record: bool,
    /// It counts by the rules.
    pub by_rules: bool,
    /// Why its assertion is void, all reasons (`semantics.md` 7, 45). Empty where it only may be
    /// (`semantics.md` 3).
    pub void: Vec<&'static str>,
    /// The label of the trust version it came under.
    pub trust_version: Option<VersionLabel>,
    /// The records that show it: the claim or verification, the key, the trust version, the org.
    pub evidence: Vec<RecordRef>,
    /// Whether something it rests on is a variant.
    pub variant: bool,
}

impl HonoredFactor {
    /// Whether a name means it: what it is called, its `amr` value, or its method.
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        goes_by(name, (&self.name, self.amr.as_ref(), self.method))
    }
}

/// A claimed value that did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredClaim {
    /// The value.
    pub name: String,
    /// The `amr` value, where one was asserted.
    pub amr: Option<Amr>,
    /// The method, where one is stated or the `amr` value can stand for one only.
    pub method: Option<Method>,
    /// Who asserted it.
    pub idp: IdpId,
    /// The assertion.
    pub assertion: Option<AssertionId>,
    /// When it reached the service provider.
    pub received_at: Time,
    /// Every reason, as codes (`semantics.md` 45), ignored ones and void ones.
    pub reasons: Vec<&'static str>,
    /// How sure it is that it did not count. Possible inside the interval of its own time
    /// (`semantics.md` 3), and where what is not known could have made it count.
    pub certainty: Certainty,
    /// The record.
    pub record: RecordRef,
}

impl IgnoredClaim {
    /// Whether a name means it: what it is called, its `amr` value, or its method.
    #[must_use]
    pub fn goes_by(&self, name: &str) -> bool {
        goes_by(name, (&self.name, self.amr.as_ref(), self.method))
    }
}

fn goes_by(name: &str, (own, amr, method): (&str, Option<&Amr>, Option<Method>)) -> bool {
    own == name
        || amr.is_some_and(|amr| amr.as_str() == name)
        || method.is_some_and(|method| method.as_str() == name)
}

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

/// A decision, recorded and implied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The record.
    pub record: RecordRef,
    /// The name of its session, as known at K (`semantics.md` 25).
    pub session: SessionId,
    /// The session id that its record names.
    pub session_recorded: SessionId,
    /// The application.
    pub app: AppId,
    /// When.
    pub at: Occurred,
    /// What the service provider recorded.
    pub outcome: Outcome,
    /// The policy.
    pub policy: PolicyId,
    /// The label that the decision gives to the version.
    pub version_label: Option<VersionLabel>,
    /// The label of the version in force at its time.
    pub version_in_force: Option<VersionLabel>,
    /// The rule: the one named, or the only one.
    pub rule: Option<RuleId>,
    /// How many factors that rule asks for; none: the version in force has no such rule, or nothing
    /// is stated about the policy.
    pub factor_mode: Option<FactorMode>,
    /// What the rules imply, as known when decided (`semantics.md` 4, 18).
    pub implied: Implied,
    /// The first unmet requirement: a code of `semantics.md` 45.
    pub first_unmet: Option<&'static str>,
    /// What is missing where implied is undetermined: codes.
    pub missing: Vec<&'static str>,
    /// How many factor types counted by the rules at that time, and which characteristics; for
    /// control reports.
    pub met: MetAtDecision,
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
    pub relied_on: Vec<Relied>,
    /// Whether something it rests on is a variant.
    pub variant: bool,
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
    /// What counted by the rules.
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
    /// Index into [`SessionState::factors`].
    pub factor: usize,
    /// Whether the rule would not hold without it.
    pub needed: bool,
    /// Possible where an interval leaves open whether it came before the decision (`semantics.md`
    /// 3, 37).
    pub certainty: Certainty,
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

/// An application was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAccess {
    /// The application.
    pub app: AppId,
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

/// What the timeline draws around a session, cut to what concerns it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Versions of the IdPs it came from.
    pub trust: Vec<Version>,
    /// Versions of the policies its decisions used.
    pub policies: Vec<Version>,
    /// Keys its assertions were signed with.
    pub keys: Vec<KeyInterval>,
    /// Facts of the session or its configuration that are known, but later than T.
    pub after_t: usize,
}

/// A version of an IdP or a policy, in force over an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// `idp-x` or `payroll`.
    pub of: String,
    /// Its label.
    pub label: VersionLabel,
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive; none: still in force.
    pub until: Option<Time>,
    /// Who set it.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// In a few words: `trusted`, `not trusted`, `2 factor types, phishing-resistant`.
    pub gist: String,
    /// The record.
    pub record: RecordRef,
}

/// A key's validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInterval {
    /// The IdP.
    pub idp: IdpId,
    /// The key.
    pub key: KeyId,
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Option<Time>,
    /// The record that added it.
    pub added: RecordRef,
    /// The record that retired it.
    pub retired: Option<RecordRef>,
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

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// ✓
    Met,
    /// ✗
    NotMet,
    /// ~
    Possible,
    /// ?
    Undetermined,
}

/// One thought of an explanation: a conclusion, the rule it comes from, the facts it rests on, and
/// what it follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// ✓ ✗ ~ ? where a requirement is judged.
    pub mark: Option<Mark>,
    /// One of the five questions, where this answers one: `Which rule?`
    pub question: Option<&'static str>,
    /// The conclusion, one sentence or two, without mark and question.
    pub conclusion: String,
    /// A code of `semantics.md` 45, where there is one.
    pub code: Option<&'static str>,
    /// The rule's id: the name of its file.
    pub rule: Option<&'static str>,
    /// The document it comes from, in words: `Okta, Configure claims sharing, AMR values`.
    pub source: Option<&'static str>,
    /// The settled reading: the number in `semantics.md`.
    pub semantics: Option<u32>,
    /// The records it rests on.
    pub facts: Vec<RecordRef>,
    /// Whether the delay of the first record is shown (`+0 s`).
    pub show_delay: bool,
    /// What it follows from.
    pub because: Vec<Reason>,
}

/// Why a session ended, as an answer's code.
#[must_use]
pub const fn end_code(reason: EndReason) -> &'static str {
    reason.as_str()
}

//! What the timeline draws around a session.

use super::{Certainty, RecordRef};
use claimledger_facts::{
    ids::{ActorId, IdpId, KeyId, TicketId, VersionLabel},
    time::{Occurred, Time},
};

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

/// When something held. Either end is an interval where it was found between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From, inclusive.
    pub from: Occurred,
    /// Until, exclusive; none: no end is known by T.
    pub until: Option<Occurred>,
}

impl Span {
    /// Whether it holds at a time; none: it does not.
    #[must_use]
    pub fn holds_at(&self, at: Time) -> Option<Certainty> {
        let ended = |by: &dyn Fn(Occurred) -> Time| self.until.is_some_and(|until| by(until) <= at);
        if self.from.from > at || ended(&|until| until.latest()) {
            None
        } else if self.from.latest() <= at && !ended(&|until| until.from) {
            Some(Certainty::Certain)
        } else {
            Some(Certainty::Possible)
        }
    }
}

/// A version of an IdP or a policy, in force over an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// `idp-x` or `payroll`.
    pub of: String,
    /// Its display name, as known at K.
    pub of_name: Option<String>,
    /// Its label.
    pub label: VersionLabel,
    /// When it was in force.
    pub span: Span,
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
    /// When it was valid, retractions aside.
    pub span: Span,
    /// The record that added it.
    pub added: RecordRef,
    /// The record that retired it.
    pub retired: Option<RecordRef>,
}

//! What the timeline draws around a session.

use super::RecordRef;
use claimledger_facts::{
    ids::{ActorId, IdpId, KeyId, TicketId, VersionLabel},
    time::Time,
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

/// A version of an IdP or a policy, in force over an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// `idp-x` or `payroll`.
    pub of: String,
    /// Its display name, as known at K.
    pub of_name: Option<String>,
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

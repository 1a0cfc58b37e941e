//! The kinds of questions, and the role that each needs.

use claimledger_domain::model::Cut;
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    vocabulary::Role,
};
use std::collections::BTreeSet;

/// A kind of question. The access log names reads by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    Session,
    Sessions,
    Decision,
    Decisions,
    Why,
    Chain,
    Timeline,
    BeliefDiff,
    ChangePoints,
    FirstSeen,
    Reused,
    Outlived,
    HeldUnder,
    Dependants,
    Rehearse,
    Trust,
    Policies,
    Find,
    Sources,
    Completeness,
    Record,
    SessionChanges,
    /// Every row of the read models.
    Dump,
    /// What is sealed: originals, display names, addresses.
    Sealed,
    /// Names of people.
    Labels,
}

impl Query {
    /// The role that is needed, of a caller who lacks it; none: the caller may ask. The same for a
    /// thing that exists and one that does not.
    pub(crate) fn missing_role(self, has: impl Fn(Role) -> bool) -> Option<Role> {
        match self {
            Self::Sealed | Self::Labels => (!has(Role::Investigate)).then_some(Role::Investigate),
            Self::Session
            | Self::Sessions
            | Self::Decision
            | Self::Decisions
            | Self::Why
            | Self::Chain
            | Self::Timeline
            | Self::BeliefDiff
            | Self::ChangePoints
            | Self::FirstSeen
            | Self::Reused
            | Self::Outlived
            | Self::HeldUnder
            | Self::Dependants
            | Self::Rehearse
            | Self::Trust
            | Self::Policies
            | Self::Find
            | Self::Sources
            | Self::Completeness
            | Self::Record
            | Self::SessionChanges
            | Self::Dump => (!has(Role::Read) && !has(Role::Investigate)).then_some(Role::Read),
        }
    }
}

/// What one answer disclosed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Disclosed {
    /// The cut that it holds for; none: it is of one record, or of names.
    pub(crate) cut: Option<Cut>,
    /// Sessions in it.
    pub(crate) sessions: BTreeSet<SessionId>,
    /// Records of which it gives more than a reference.
    pub(crate) positions: BTreeSet<LogPosition>,
}

/// A value that says what it discloses.
pub(crate) trait Discloses {
    /// Adds the sessions and the records that this value is about.
    fn add_to(&self, disclosed: &mut Disclosed);
}

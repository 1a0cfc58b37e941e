//! The kinds of questions, and the role that each requires.

use claimledger_domain::model::Cut;
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    vocabulary::Role,
};
use std::collections::BTreeSet;

/// A kind of question, as named by the access log.
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
    Guard,
    Trust,
    Policies,
    Find,
    Sources,
    Completeness,
    Record,
    SessionChanges,
    /// A proof that a record is in the log, or headers of records.
    Proof,
    /// Hashes and signatures of the log: no record.
    Checkpoint,
    /// A list as a file. Asked beside the question of the list itself.
    Export,
    /// A signature over an answer that was given.
    Receipt,
    /// An answer as a file, with the records that it rests on.
    Evidence,
    /// Every row of the read models.
    Dump,
    /// Sealed data: originals, display names, addresses.
    Sealed,
    /// Names of people.
    Labels,
}

impl Query {
    /// The required role, if the caller lacks it. The result does not depend on whether the
    /// requested thing exists.
    pub(crate) fn missing_role(self, has: impl Fn(Role) -> bool) -> Option<Role> {
        match self {
            Self::Sealed | Self::Labels => (!has(Role::Investigate)).then_some(Role::Investigate),
            Self::Export | Self::Evidence => (!has(Role::Export)).then_some(Role::Export),
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
            | Self::Guard
            | Self::Trust
            | Self::Policies
            | Self::Find
            | Self::Sources
            | Self::Completeness
            | Self::Record
            | Self::SessionChanges
            | Self::Proof
            | Self::Checkpoint
            | Self::Receipt
            | Self::Dump => (!has(Role::Read) && !has(Role::Investigate)).then_some(Role::Read),
        }
    }
}

/// What one answer disclosed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Disclosed {
    /// The cut; none: the answer is one record, or labels.
    pub(crate) cut: Option<Cut>,
    /// Sessions in the answer.
    pub(crate) sessions: BTreeSet<SessionId>,
    /// Records whose content is in the answer, not only their reference.
    pub(crate) positions: BTreeSet<LogPosition>,
}

/// A value that can list what it discloses.
pub(crate) trait Discloses {
    /// Adds the sessions and records that this value discloses.
    fn add_to(&self, disclosed: &mut Disclosed);
}

//! The kinds of questions, and the role that each requires.

use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    types::access::AskedQuestion,
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
    /// What trust can be retracted of, before it is.
    Retraction,
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
    /// Entries of the access log.
    Accesses,
}

impl Query {
    /// Its word in the access log. Never changed.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Sessions => "sessions",
            Self::Decision => "decision",
            Self::Decisions => "decisions",
            Self::Why => "why",
            Self::Chain => "chain",
            Self::Timeline => "timeline",
            Self::BeliefDiff => "belief_diff",
            Self::ChangePoints => "change_points",
            Self::FirstSeen => "first_seen",
            Self::Reused => "reused",
            Self::Outlived => "outlived",
            Self::HeldUnder => "held_under",
            Self::Dependants => "dependants",
            Self::Rehearse => "rehearse",
            Self::Guard => "guard",
            Self::Retraction => "retraction",
            Self::Trust => "trust",
            Self::Policies => "policies",
            Self::Find => "find",
            Self::Sources => "sources",
            Self::Completeness => "completeness",
            Self::Record => "record",
            Self::SessionChanges => "session_changes",
            Self::Proof => "proof",
            Self::Checkpoint => "checkpoint",
            Self::Export => "export",
            Self::Receipt => "receipt",
            Self::Evidence => "evidence",
            Self::Dump => "dump",
            Self::Sealed => "sealed",
            Self::Labels => "labels",
            Self::Accesses => "accesses",
        }
    }

    /// Whether its answers are entries of the access log. Hashes and signatures of a log tell
    /// nothing of a record; of a receipt the answer is recorded where it is made.
    pub(crate) const fn discloses_records(self) -> bool {
        !matches!(self, Self::Checkpoint | Self::Receipt)
    }

    /// The required role, if the caller lacks it. The result does not depend on whether the
    /// requested thing exists.
    pub(crate) fn missing_role(self, has: impl Fn(Role) -> bool) -> Option<Role> {
        match self {
            Self::Sealed | Self::Labels => (!has(Role::Investigate)).then_some(Role::Investigate),
            Self::Export | Self::Evidence => (!has(Role::Export)).then_some(Role::Export),
            Self::Retraction => (!has(Role::Govern)).then_some(Role::Govern),
            // Everybody sees their own entries.
            Self::Accesses => None,
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

/// What one answer disclosed, or all answers of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disclosed {
    /// What was asked.
    pub(crate) questions: Vec<AskedQuestion>,
    /// Sessions in the answer.
    pub(crate) sessions: BTreeSet<SessionId>,
    /// The users of these sessions, and people of these records.
    pub(crate) subjects: BTreeSet<Pseudonym>,
    /// Records whose content is in the answer, not only their reference.
    pub(crate) positions: BTreeSet<LogPosition>,
    /// Whether everything that is stored is in the answer.
    pub(crate) whole_log: bool,
    /// Whether names of people, or what is sealed, are in the answer.
    pub(crate) names: bool,
    /// The role for whose lack it was refused.
    pub(crate) refused: Option<Role>,
}

/// Everything that is stored.
pub(crate) struct WholeLog;

impl Discloses for WholeLog {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.whole_log = true;
    }
}

/// A value that can list what it discloses.
pub(crate) trait Discloses {
    /// Adds the sessions and records that this value discloses.
    fn add_to(&self, disclosed: &mut Disclosed);
}

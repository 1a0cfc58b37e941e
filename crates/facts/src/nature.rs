//! What kind of statement a fact type makes. Everything that treats several fact types alike asks
//! the nature, which is in one table ([`crate::fact::FACT_TYPES`]), so a new type behaves like
//! its siblings without a line anywhere else.

/// The nature of a fact type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nature {
    /// What is trusted, asked for or available. The last version in the total order is in force.
    Configuration,
    /// What was believed must not be believed any more, from a time on.
    Falsifier,
    /// About a person, and through them about all of their sessions.
    Person,
    /// How complete a source is.
    Completeness,
    /// An act of the subject inside a session: proves that the session lived (`semantics.md` 22).
    SignOfLife,
    /// About one session, without proof that it lived.
    Session,
    /// About a person's account, and no proof that any session of theirs lived. No rule reads it.
    Account,
    /// What the operator of the ledger ordered: holds and erasures.
    Governance,
    /// Written by the ledger itself, refused from outside.
    Ledger,
}

impl Nature {
    /// Whether facts of this nature may concern sessions that they do not name. They are loaded
    /// once for the tenant, because every assessment may need them.
    #[must_use]
    pub const fn is_tenant_wide(self) -> bool {
        match self {
            Self::Configuration | Self::Falsifier | Self::Person | Self::Completeness => true,
            Self::SignOfLife | Self::Session | Self::Account | Self::Governance | Self::Ledger => {
                false
            }
        }
    }

    /// Whether facts of this nature are found by the person they are about, not by a session.
    #[must_use]
    pub const fn is_found_by_person(self) -> bool {
        match self {
            Self::Falsifier | Self::Person | Self::Account | Self::Governance => true,
            Self::Configuration
            | Self::Completeness
            | Self::SignOfLife
            | Self::Session
            | Self::Ledger => false,
        }
    }
}

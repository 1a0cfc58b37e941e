//! What can be asked, and by whom.

use claimledger_facts::{
    ids::{AppId, IdpId, KeyId, LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    time::Time,
    vocabulary::Role,
};
use claimledger_ledger::log::LogError;

pub use claimledger_domain::{decision_list::DecisionFilter, session_list::SessionFilter};

/// Who asks. The tenant comes from the credential only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant.
    pub tenant: TenantId,
    /// The credential's public id; `owner` for the process that owns the directory.
    pub credential: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// The source it may append as.
    pub source: Option<SourceId>,
}

impl Caller {
    /// Whoever owns the directory: every role, in one tenant.
    #[must_use]
    pub fn owner(tenant: TenantId) -> Self {
        Self { tenant, credential: "owner".to_owned(), roles: Role::ALL.to_vec(), source: None }
    }

    /// Whether the caller has a role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// True at T, known at K. Absent: now, head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// T.
    pub at: Option<Time>,
    /// K as a time: the last position recorded by then.
    pub known_at: Option<Time>,
    /// K as a position; beats the time.
    pub known_at_position: Option<LogPosition>,
    /// Wait, at most some seconds, until this position is in the read models.
    pub after: Option<LogPosition>,
}

/// Which explanation of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhyFilter {
    /// Decisions of this application only.
    pub app: Option<AppId>,
    /// This decision only: record id, source id or position (`#43`).
    pub decision: Option<String>,
    /// This factor only: an `amr` value or a method.
    pub factor: Option<String>,
}

/// What is supposed to have been otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChange {
    /// Trust in an IdP's claims had been off over the window.
    TrustOff {
        /// The IdP.
        idp: IdpId,
    },
    /// Trust in an IdP or one of its keys is retracted.
    Retraction {
        /// The IdP.
        idp: IdpId,
        /// The key; none: the whole IdP.
        key: Option<KeyId>,
        /// Claims received at or after this time are hit; none: from the start of the window on.
        from: Option<Time>,
    },
}

/// Which record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordBy {
    /// By id.
    Id(RecordId),
    /// By position.
    Position(LogPosition),
    /// By the source's own id; where several sources use it, the first record.
    SourceId(SourceEventId),
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The caller's roles do not allow it. Said alike whether or not the thing exists.
    #[error("this needs the role {needs}, which your credential does not have")]
    Forbidden {
        /// The role.
        needs: Role,
    },
    /// More rows than a page may have.
    #[error("{asked} rows asked, {limit} is the limit: narrow it or page it")]
    PageTooLarge {
        /// What was asked.
        asked: u64,
        /// The limit.
        limit: u64,
    },
    /// The cursor is of another question, another tenant, or damaged.
    #[error("this cursor does not fit the question: start again without it")]
    BadCursor,
    /// The feed cannot go on after this cursor: it is of another tenant, of other rules, past the
    /// head, or damaged. Said alike.
    #[error(
        "the feed cannot go on after this cursor: start again, and compare what you have with the \
         sessions as they stand"
    )]
    Restart,
    /// The list that the cursor goes on with was made by rules that this build does not have, or in
    /// another order.
    #[error(
        "rules {pinned_rules}, or their order of lists, are not in this build: this cursor is \
         pinned to {pinned}, {pinned_rules}: restart at {at}, {rules}"
    )]
    StaleCursor {
        /// K of the cursor.
        pinned: LogPosition,
        /// R of the cursor.
        pinned_rules: String,
        /// Where a new list would be pinned now.
        at: LogPosition,
        /// By these rules.
        rules: String,
    },
    /// K lies past the head.
    #[error("position {asked} is past the head: the log has {size} records")]
    PastHead {
        /// What was asked.
        asked: u64,
        /// The size.
        size: u64,
    },
    /// The read models did not reach the position in time.
    #[error("the read models are at {assessed_to}, and did not reach {wanted} in time")]
    Lagging {
        /// Where they are.
        assessed_to: u64,
        /// What was wanted.
        wanted: u64,
    },
    /// What was asked does not fit together.
    #[error("{what}")]
    BadInput {
        /// Why, as a sentence without its end.
        what: String,
    },
    /// More than one answer goes through.
    #[error("{found} {what}, {limit} is the limit: narrow the question")]
    TooMany {
        /// Of what: a plural, with what they do.
        what: &'static str,
        /// How many there are, or how many were seen when it stopped.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
}

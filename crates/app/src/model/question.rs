//! Questions, and who asks them.

use crate::model::access::{Request, Requested};
use claimledger_facts::{
    ids::{AppId, LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    time::Time,
    vocabulary::Role,
};
use claimledger_ledger::log::LogError;
use std::sync::Arc;

pub use claimledger_domain::{decision_list::DecisionFilter, session_list::SessionFilter};

/// The client that asks a question. Its tenant comes from the credential only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant.
    pub tenant: TenantId,
    /// The public id of the credential; `owner` for the process that owns the directory.
    pub credential: String,
    /// Its roles.
    pub roles: Vec<Role>,
    /// The source that it may append as.
    pub source: Option<SourceId>,
    /// The request that it makes, for the access log.
    pub request: Requested,
}

/// The credential of the process that owns the directory: it has no row in the key store.
pub const OWNER: &str = "owner";

impl Caller {
    /// The process that owns the directory: every role, in one tenant.
    #[must_use]
    pub fn owner(tenant: TenantId) -> Self {
        Self {
            tenant,
            credential: OWNER.to_owned(),
            roles: Role::ALL.to_vec(),
            source: None,
            request: Requested::default(),
        }
    }

    /// The same caller with this request.
    #[must_use]
    pub fn with_request(self, request: Arc<Request>) -> Self {
        Self { request: Requested(Some(request)), ..self }
    }

    /// The request; none: each question is a request of its own.
    #[must_use]
    pub fn request(&self) -> Option<&Arc<Request>> {
        self.request.0.as_ref()
    }

    /// Whether the caller has a role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// The cut of a question: true at T, known at K. The default is now, and the head of the read
/// models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// T.
    pub at: Option<Time>,
    /// K as a time: the last position recorded by then.
    pub known_at: Option<Time>,
    /// K as a position; takes precedence over the time.
    pub known_at_position: Option<LogPosition>,
    /// Wait for the read models to contain this position; fails after a timeout.
    pub after: Option<LogPosition>,
}

/// Which parts of a session to explain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhyFilter {
    /// Only decisions of this application.
    pub app: Option<AppId>,
    /// Only this decision: record id, source id or position (`#43`).
    pub decision: Option<String>,
    /// Only this factor: an `amr` value or a method.
    pub factor: Option<String>,
}

/// Length of the window of a rehearsal, in seconds, where no start is named: 7 days.
const DEFAULT_WINDOW_SECS: i64 = 7 * 24 * 3_600;

/// The window of a rehearsal: it ends at T where no end is named, and begins 7 days before its end
/// where no start is.
#[must_use]
pub fn window_until((from, to): (Option<Time>, Option<Time>), at: Time) -> (Time, Time) {
    let to = to.unwrap_or(at);
    let before = || Time::from_micros(to.micros() - DEFAULT_WINDOW_SECS * 1_000_000);
    (from.unwrap_or_else(before), to)
}

/// How a record is identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordBy {
    /// By id.
    Id(RecordId),
    /// By the source's id; if several sources use it, the first record.
    Position(LogPosition),
    /// By the source's own id; where several sources use it, the first record.
    SourceId(SourceEventId),
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The caller lacks a role. The same error whether or not the requested thing exists.
    #[error("this needs the role {needs}, which your credential does not have")]
    Forbidden {
        /// The required role.
        needs: Role,
    },
    /// The page is larger than allowed.
    #[error("{asked} rows asked, {limit} is the limit: narrow it or page it")]
    PageTooLarge {
        /// The requested size.
        asked: u64,
        /// The limit.
        limit: u64,
    },
    /// The cursor belongs to another question or tenant, or was altered.
    #[error("this cursor does not belong to this question: start again without it")]
    BadCursor,
    /// The feed cannot continue after this cursor: it belongs to another tenant or other rules, is
    /// past the head, or was altered. One error for all causes.
    #[error(
        "the feed cannot continue after this cursor: start again, and compare your copy with the \
         current sessions"
    )]
    Restart,
    /// The list of the cursor was made by rules that this build does not have, or in another order.
    #[error(
        "this build does not have the rules {pinned_rules}, or orders lists otherwise: this \
         cursor is pinned to {pinned}, {pinned_rules}: restart at {at}, {rules}"
    )]
    StaleCursor {
        /// K of the cursor.
        pinned: LogPosition,
        /// R of the cursor.
        pinned_rules: String,
        /// Where a new list would be pinned.
        at: LogPosition,
        /// R of a new list.
        rules: String,
    },
    /// K is past the head.
    #[error("position {asked} is past the head: the log has {size} records")]
    PastHead {
        /// The requested position.
        asked: u64,
        /// The number of records.
        size: u64,
    },
    /// The read models did not reach the position before the timeout.
    #[error("the read models are at {assessed_to} and did not reach {wanted} before the timeout")]
    Lagging {
        /// The number of records that they contain.
        assessed_to: u64,
        /// The number of records needed.
        wanted: u64,
    },
    /// The parameters contradict each other.
    #[error("{what}")]
    BadInput {
        /// The reason, as a sentence without its full stop.
        what: String,
    },
    /// The answer exceeds a limit.
    #[error("{found} {what}, {limit} is the limit: narrow the question")]
    TooMany {
        /// What was counted: a plural noun phrase.
        what: &'static str,
        /// The number found, or the number counted when the limit was reached.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
}

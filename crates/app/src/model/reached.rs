//! What is reached from an id: where a text appears, what hangs together, and everything around a
//! session in one order.

pub use claimledger_domain::chain::{AppHop, ChainKind, ChainLink, Hop};

use crate::model::answer::Page;
use claimledger_domain::{model::RecordRef, timeline::Row};
use claimledger_facts::ids::{AppId, SessionId};

/// A page of a session's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelinePage {
    /// The session's name; none: no such id.
    pub session: Option<SessionId>,
    /// The rows.
    pub page: Page<Row>,
}

/// What a text was found as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundKind {
    /// A record: by its position, its id or the source's own id.
    Record,
    /// A session.
    Session,
    /// An application's session.
    AppSession,
    /// An IdP's session.
    IdpSession,
    /// A root session.
    RootSession,
    /// An assertion.
    Assertion,
    /// A key.
    Key,
    /// An IdP.
    Idp,
    /// An application.
    App,
    /// A policy.
    Policy,
    /// A person.
    Person,
    /// A transaction of a vendor's log, or the authentication request that began with it.
    Transaction,
    /// A request of a vendor's log.
    Request,
    /// The address of a client.
    Address,
}

/// One thing that a text is found as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Its name: with its IdP where it is one's, as `idp-x/as-S2`.
    pub name: String,
    /// What matched, in words: `position`, `source's own id`, `login, name or id`.
    pub matched: &'static str,
    /// How many records name it.
    pub count: usize,
    /// Whether counting stopped: there are at least so many.
    pub at_least: bool,
    /// The first of them, in the order of the log.
    pub records: Vec<RecordRef>,
    /// The sessions that these records name.
    pub sessions: Vec<SessionId>,
}

/// Where a text appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundList {
    /// What it was found as.
    pub items: Vec<Found>,
    /// What was searched, in words.
    pub searched: Vec<&'static str>,
    /// What was not, or cannot be, and why.
    pub not_searched: Vec<&'static str>,
}

/// Everything that hangs together with an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What the id is an id of; empty: nothing by it is known.
    pub kinds: Vec<ChainKind>,
    /// The sessions behind it.
    pub links: Vec<ChainLink>,
    /// The applications that they reached.
    pub apps: Vec<AppId>,
}

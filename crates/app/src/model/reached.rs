//! Answers of lookups by id: occurrences of a text, sessions that are linked, and the timeline of a
//! session.

pub use claimledger_domain::chain::{AppHop, ChainKind, ChainLink, Hop};

use crate::model::answer::Page;
use claimledger_domain::{model::RecordRef, timeline::Row};
use claimledger_facts::{
    ids::{AppId, SessionId},
    time::Time,
};

/// A page of a session's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelinePage {
    /// The session's name; none: no such id.
    pub session: Option<SessionId>,
    /// The rows.
    pub page: Page<Row>,
}

/// What kind of thing a text identifies.
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
    /// Who made changes of configuration.
    Actor,
    /// An authenticator whose loss was stated.
    Authenticator,
    /// A source.
    Source,
    /// A person.
    Person,
    /// A transaction of a vendor's log, or the authentication request that started it.
    Transaction,
    /// A request of a vendor's log.
    Request,
    /// A configured object, such as a rule, a zone or a log stream; or an API token.
    Object,
    /// The address of a client.
    Address,
    /// Another indicator of a client.
    Client,
}

/// One thing that a text identifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its kind.
    pub kind: FoundKind,
    /// Its name; qualified by the IdP if it belongs to one, as in `idp-x/as-S2`.
    pub name: String,
    /// The property that matched: `position`, `source's own id`, `login, name or id`.
    pub matched: &'static str,
    /// Number of records that name it.
    pub count: usize,
    /// Whether counting stopped at a limit: `count` is a lower bound.
    pub at_least: bool,
    /// The first of these records, in log order.
    pub records: Vec<RecordRef>,
    /// The sessions that these records name.
    pub sessions: Vec<SessionId>,
}

/// Where a text occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundList {
    /// The things it identifies.
    pub items: Vec<Found>,
    /// What was searched.
    pub searched: Vec<&'static str>,
    /// What was not or cannot be searched, and why.
    pub not_searched: Vec<&'static str>,
}

/// The sessions that are linked to an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The kinds of thing that the id identifies; empty: it is unknown at K.
    pub kinds: Vec<ChainKind>,
    /// Where nothing that is linked with the id had begun by T: when the first of it begins.
    pub begins: Option<Time>,
    /// Sessions that the id leads to and that had not begun by T.
    pub not_begun: Vec<SessionId>,
    /// The linked sessions.
    pub links: Vec<ChainLink>,
    /// The applications they accessed.
    pub apps: Vec<AppId>,
}

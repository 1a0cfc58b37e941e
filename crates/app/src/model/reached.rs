//! Answers of lookups by id: occurrences of a text, sessions that are linked, and the timeline of a
//! session.

use crate::model::answer::Page;
use claimledger_domain::{model::RecordRef, timeline::Row};
use claimledger_facts::ids::{AppId, IdpId, IdpSessionId, Pseudonym, SessionId};

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
    /// A person.
    Person,
    /// A transaction of a vendor's log, or the authentication request that started it.
    Transaction,
    /// A request of a vendor's log.
    Request,
    /// The address of a client.
    Address,
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

/// The kind of an id in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChainKind {
    /// An application's session.
    AppSession,
    /// A session at the service provider.
    Session,
    /// An IdP's session.
    IdpSession,
    /// A root session.
    RootSession,
}

/// One element of a chain: an id, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop<T> {
    /// The id.
    pub id: Option<T>,
    /// Code of the reason why there is none.
    pub reason: Option<&'static str>,
    /// The records that state it.
    pub records: Vec<RecordRef>,
}

/// An application that a session accessed, and the application's own session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppHop {
    /// The application; none: no access is stated.
    pub app: Option<AppId>,
    /// Its session.
    pub hop: Hop<String>,
}

/// One session at the service provider, with its IdP session and its applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// The session; none: it is unknown.
    pub session: Hop<SessionId>,
    /// Its other ids.
    pub aliases: Vec<SessionId>,
    /// Its person.
    pub subject: Option<Pseudonym>,
    /// The applications it accessed.
    pub apps: Vec<AppHop>,
    /// The IdP it came from.
    pub idp: Hop<IdpId>,
    /// The IdP's session.
    pub idp_session: Hop<IdpSessionId>,
    /// The root session.
    pub root_session: Hop<String>,
    /// Other sessions of the same IdP session.
    pub siblings: Vec<SessionId>,
    /// Other sessions of the same root session.
    pub root_siblings: Vec<SessionId>,
}

/// The sessions that are linked to an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The kinds of thing that the id identifies; empty: it is unknown.
    pub kinds: Vec<ChainKind>,
    /// The linked sessions.
    pub links: Vec<ChainLink>,
    /// The applications they accessed.
    pub apps: Vec<AppId>,
}

//! Timelines, finds and chains, row by row.

use super::{RecordRef, enums::Certainty, id, vec};
use crate::graphql::{limits::list_cost, scalars::DateTime};
use async_graphql::{Enum, ID, SimpleObject};
use claimledger_app::model::reached;
use claimledger_domain::timeline;

/// What a row of a timeline is about.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "TimelineCategory", remote = "timeline::Category")]
pub(crate) enum Category {
    /// The session's own life.
    Session,
    /// A claim, and what the service provider says it did with it.
    Claim,
    /// A factor that the service provider verified.
    Factor,
    /// A decision.
    Decision,
    /// An application was opened.
    Access,
    /// The identity provider's session.
    IdpSession,
    /// A version of an identity provider, or the rules that route users to it.
    Trust,
    /// A key.
    Key,
    /// A version of a policy.
    Policy,
    /// The organisation, claim sourcing, local authenticators.
    Organisation,
    /// Trust was retracted, or an authenticator lost.
    Falsifier,
    /// What administrators did about the person.
    Admin,
    /// What was not heard of a source.
    Source,
    /// A sign-in, a factor or an access that did not succeed.
    SignIn,
    /// Stored, and not understood.
    NotUnderstood,
}

/// By which clock rows are ordered.
#[derive(Enum, Copy, Clone, Default, Eq, PartialEq)]
#[graphql(name = "ClockOrder", remote = "timeline::ClockOrder")]
pub(crate) enum ClockOrder {
    /// In the total order of what occurred.
    #[default]
    Occurred,
    /// As they were recorded.
    Recorded,
}

/// One record on a timeline.
#[derive(SimpleObject)]
#[graphql(name = "TimelineRow")]
pub(crate) struct TimelineRow {
    /// The record: `record(position:)` opens it.
    record: RecordRef,
    /// What the row is about.
    category: Category,
    /// A summary in one line.
    words: String,
    /// When it occurred, as the source states it; of an interval, its start.
    occurred_at: DateTime,
    /// The end of the interval, if the time is one.
    occurred_to: Option<DateTime>,
    /// When it was recorded.
    recorded_at: DateTime,
    /// From when a falsifier has effect.
    effective_from: Option<DateTime>,
    /// Whether it was recorded more than 60 s after it occurred, or after it has effect.
    late: bool,
    /// Whether it certainly concerns the session.
    certainty: Certainty,
    /// Whether the source also gave other content under the same id.
    variant: bool,
}

impl From<&timeline::Row> for TimelineRow {
    fn from(row: &timeline::Row) -> Self {
        Self {
            record: (&row.record).into(),
            category: row.category.into(),
            words: row.words.clone(),
            occurred_at: row.occurred.from.into(),
            occurred_to: row.occurred.to.map(DateTime),
            recorded_at: row.record.recorded_at.into(),
            effective_from: row.effective_from.map(DateTime),
            late: row.late,
            certainty: row.certainty.into(),
            variant: row.variant,
        }
    }
}

/// What a text was found as.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "FoundKind", remote = "reached::FoundKind")]
pub(crate) enum FoundKind {
    /// A record.
    Record,
    /// A session.
    Session,
    /// An application's session.
    AppSession,
    /// An identity provider's session.
    IdpSession,
    /// A root session.
    RootSession,
    /// An assertion.
    Assertion,
    /// A key.
    Key,
    /// An identity provider.
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
    /// A configured object, such as a rule, a zone or a log stream; or an API token.
    Object,
    /// The address of a client, or a network of addresses.
    Address,
    /// Another indicator of a client: its autonomous system, user agent, device, country or city.
    Client,
}

/// One thing that a text is found as.
#[derive(SimpleObject)]
#[graphql(name = "FindHit")]
pub(crate) struct FindHit {
    /// What kind of thing it is.
    kind: FoundKind,
    /// Its name; with its identity provider where it is one's, as `idp-x/as-S2`.
    name: String,
    /// What matched, in words.
    matched: &'static str,
    /// How many records name it.
    count: usize,
    /// Whether counting stopped: `count` is a lower bound.
    at_least: bool,
    /// The first hundred of them, in the order of the log.
    #[graphql(complexity = "list_cost(child_complexity)")]
    records: Vec<RecordRef>,
    /// The sessions that these records name.
    sessions: Vec<ID>,
}

impl From<&reached::Found> for FindHit {
    fn from(found: &reached::Found) -> Self {
        Self {
            kind: found.kind.into(),
            name: found.name.clone(),
            matched: found.matched,
            count: found.count,
            at_least: found.at_least,
            records: vec(&found.records),
            sessions: found.sessions.iter().map(id).collect(),
        }
    }
}

/// What an id of a chain is an id of.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(name = "ChainKind", remote = "reached::ChainKind")]
pub(crate) enum ChainKind {
    /// An application's session.
    AppSession,
    /// A session at the service provider.
    Session,
    /// An identity provider's session.
    IdpSession,
    /// A root session.
    RootSession,
}

/// One step of a chain: an id, or why there is none.
#[derive(SimpleObject)]
#[graphql(name = "Hop")]
pub(crate) struct Hop {
    /// The id; null: unknown.
    id: Option<ID>,
    /// Why it is unknown: a code.
    reason: Option<&'static str>,
    /// The records that say so.
    #[graphql(complexity = "list_cost(child_complexity)")]
    records: Vec<RecordRef>,
}

impl<T: std::fmt::Display> From<&reached::Hop<T>> for Hop {
    fn from(hop: &reached::Hop<T>) -> Self {
        Self { id: hop.id.as_ref().map(id), reason: hop.reason, records: vec(&hop.records) }
    }
}

/// An application that a session reached, and the application's own session.
#[derive(SimpleObject)]
#[graphql(name = "AppHop")]
pub(crate) struct AppHop {
    /// The application; null: no access is stated at all.
    app: Option<ID>,
    /// Its session; null: unknown.
    id: Option<ID>,
    /// Why it is unknown: a code.
    reason: Option<&'static str>,
    /// The records that say so.
    #[graphql(complexity = "list_cost(child_complexity)")]
    records: Vec<RecordRef>,
}

impl From<&reached::AppHop> for AppHop {
    fn from(hop: &reached::AppHop) -> Self {
        Self {
            app: hop.app.as_ref().map(id),
            id: hop.hop.id.as_ref().map(id),
            reason: hop.hop.reason,
            records: vec(&hop.hop.records),
        }
    }
}

/// One session at the service provider, with what it is connected with.
#[derive(SimpleObject)]
#[graphql(name = "ChainLink")]
pub(crate) struct ChainLink {
    /// The applications that it reached, and their sessions.
    #[graphql(complexity = "list_cost(child_complexity)")]
    app_sessions: Vec<AppHop>,
    /// The session.
    session: Hop,
    /// Its aliases.
    aliases: Vec<ID>,
    /// The user, as a pseudonym.
    subject: Option<ID>,
    /// The identity provider it came from.
    idp: Hop,
    /// The identity provider's session.
    idp_session: Hop,
    /// The root session.
    root_session: Hop,
    /// Other sessions of the same session at the identity provider.
    siblings: Vec<ID>,
    /// Other sessions of the same root session.
    root_siblings: Vec<ID>,
}

impl From<&reached::ChainLink> for ChainLink {
    fn from(link: &reached::ChainLink) -> Self {
        Self {
            app_sessions: vec(&link.apps),
            session: (&link.session).into(),
            aliases: link.aliases.iter().map(id).collect(),
            subject: link.subject.as_ref().map(id),
            idp: (&link.idp).into(),
            idp_session: (&link.idp_session).into(),
            root_session: (&link.root_session).into(),
            siblings: link.siblings.iter().map(id).collect(),
            root_siblings: link.root_siblings.iter().map(id).collect(),
        }
    }
}

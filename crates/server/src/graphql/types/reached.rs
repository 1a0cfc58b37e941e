//! Timelines, finds and chains, row by row.

use super::{RecordRef, enums::Certainty};
use crate::graphql::{
    limits::list_cost,
    mirror::{Show, mirror},
    scalars::DateTime,
};
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
#[graphql(remote = "timeline::ClockOrder")]
pub(crate) enum ClockOrder {
    /// In the total order of what occurred.
    #[default]
    Occurred,
    /// As they were recorded.
    Recorded,
}

mirror! {
    /// One record on a timeline.
    #[derive(SimpleObject)]
    pub(crate) struct TimelineRow of timeline::Row as row;
    /// The record: `record(position:)` opens it.
    record: RecordRef,
    /// What the row is about.
    category: Category,
    /// A summary in one line.
    words: String,
    /// When it occurred, as the source states it; of an interval, its start.
    occurred_at: DateTime = row.occurred.from,
    /// The end of the interval, if the time is one.
    occurred_to: Option<DateTime> = row.occurred.to,
    /// When it was recorded.
    recorded_at: DateTime = row.record.recorded_at,
    /// From when a falsifier has effect.
    effective_from: Option<DateTime>,
    /// Whether it was recorded more than 60 s after it occurred, or after it has effect.
    late: bool,
    /// Whether it certainly concerns the session.
    certainty: Certainty,
    /// Whether the source also gave other content under the same id.
    variant: bool,
}

/// What a text was found as.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "reached::FoundKind")]
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
    /// Who made changes of configuration, retractions or statements of a loss.
    Actor,
    /// An authenticator whose loss was stated.
    Authenticator,
    /// A source of records.
    Source,
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

mirror! {
    /// One thing that a text is found as.
    #[derive(SimpleObject)]
    pub(crate) struct FindHit of reached::Found as found;
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

/// What an id of a chain is an id of.
#[derive(Enum, Copy, Clone, Eq, PartialEq)]
#[graphql(remote = "reached::ChainKind")]
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
pub(crate) struct Hop {
    /// The id; null: unknown.
    id: Option<ID>,
    /// Why it is unknown: a code.
    reason: Option<&'static str>,
    /// The records that say so.
    #[graphql(complexity = "list_cost(child_complexity)")]
    records: Vec<RecordRef>,
}

impl<T: std::fmt::Display> Show<Hop> for reached::Hop<T> {
    fn show(&self) -> Hop {
        Hop { id: self.id.show(), reason: self.reason, records: self.records.show() }
    }
}

mirror! {
    /// An application that a session reached, and the application's own session.
    #[derive(SimpleObject)]
    pub(crate) struct AppHop of reached::AppHop as hop;
    /// The application; null: no access is stated at all.
    app: Option<ID>,
    /// Its session; null: unknown.
    id: Option<ID> = hop.hop.id,
    /// Why it is unknown: a code.
    reason: Option<&'static str> = hop.hop.reason,
    /// The records that say so.
    #[graphql(complexity = "list_cost(child_complexity)")]
    records: Vec<RecordRef> = hop.hop.records,
}

mirror! {
    /// One session at the service provider, with what it is connected with.
    #[derive(SimpleObject)]
    pub(crate) struct ChainLink of reached::ChainLink as link;
    /// The applications that it reached, and their sessions.
    #[graphql(complexity = "list_cost(child_complexity)")]
    app_sessions: Vec<AppHop> = link.apps,
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

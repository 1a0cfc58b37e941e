//! The questions.

use super::{
    Asker,
    answers::{DecisionConnection, DecisionEdge, Explanation, SessionAnswer, SessionConnection, SessionEdge, carried, page_info},
    errors,
    limits::{DEFAULT_FIRST, connection_cost},
    loaders::Sessions,
    scalars::{DateTime, Position},
    types::{Decision, Of, Outcome, Record, Session, vec},
};
use crate::ask::K;
use async_graphql::{Context, ID, InputObject, Object, Result};
use claimledger_app::ask::{self, RecordBy, WhyFilter};
use claimledger_facts::ids::{RecordId, SessionId};
use std::sync::Arc;

/// The questions.
pub(crate) struct Query;

/// True at T, known at K. Absent: now, head.
#[derive(InputObject, Default, Clone, Copy)]
#[graphql(name = "Asking")]
pub(crate) struct Asking {
    /// T.
    at: Option<DateTime>,
    /// K as a time: the last position recorded by then.
    known_at: Option<DateTime>,
    /// K as a position; beats the time.
    known_at_position: Option<Position>,
}

impl Asking {
    fn into_app(this: Option<Self>, asker: &Asker) -> ask::Asking {
        let this = this.unwrap_or_default();
        let mut asking = ask::Asking { at: this.at.map(|at| at.0), after: asker.after, ..ask::Asking::default() };
        match (this.known_at_position, this.known_at) {
            (Some(position), _) => K::Position(position.0).put(&mut asking),
            (None, Some(time)) => K::Time(time.0).put(&mut asking),
            (None, None) => {}
        }
        asking
    }
}

/// Which sessions.
#[derive(InputObject, Default)]
#[graphql(name = "SessionFilter")]
pub(crate) struct SessionFilter {
    /// Active at this time.
    active_at: Option<DateTime>,
    /// Pseudonym; with the role investigate also an id or a login.
    subject: Option<String>,
    /// With a claim of this identity provider.
    idp: Option<ID>,
    /// With a claim signed by this key.
    key: Option<ID>,
    /// With this `amr` value among its factors.
    amr: Option<String>,
    /// With a decision or an access of this application.
    app: Option<ID>,
    /// With a claim that was received at or after this time.
    relied_from: Option<DateTime>,
    /// With a claim that was received before this time.
    relied_to: Option<DateTime>,
    /// Ended, or not.
    ended: Option<bool>,
    /// With a decision that differs from what the rules imply, or without.
    differs: Option<bool>,
}

impl From<SessionFilter> for ask::SessionFilter {
    fn from(filter: SessionFilter) -> Self {
        Self {
            active_at: filter.active_at.map(|time| time.0),
            subject: filter.subject,
            idp: filter.idp.map(|id| id.as_str().into()),
            key: filter.key.map(|id| id.as_str().into()),
            amr: filter.amr,
            app: filter.app.map(|id| id.as_str().into()),
            relied_from: filter.relied_from.map(|time| time.0),
            relied_to: filter.relied_to.map(|time| time.0),
            ended: filter.ended,
            differs: filter.differs,
        }
    }
}

/// Which decisions.
#[derive(InputObject, Default)]
#[graphql(name = "DecisionFilter")]
pub(crate) struct DecisionFilter {
    /// Of this session, by any alias.
    session: Option<ID>,
    /// Of this application.
    app: Option<ID>,
    /// Resting on a claim of this identity provider.
    idp: Option<ID>,
    /// Resting on a claim signed by this key.
    key: Option<ID>,
    /// With this recorded outcome.
    outcome: Option<Outcome>,
    /// At or after this time.
    from: Option<DateTime>,
    /// Before this time.
    to: Option<DateTime>,
    /// Differing from what the rules imply, or not.
    differs: Option<bool>,
}

impl From<DecisionFilter> for ask::DecisionFilter {
    fn from(filter: DecisionFilter) -> Self {
        Self {
            session: filter.session.map(|id| id.as_str().into()),
            app: filter.app.map(|id| id.as_str().into()),
            idp: filter.idp.map(|id| id.as_str().into()),
            key: filter.key.map(|id| id.as_str().into()),
            outcome: filter.outcome.map(Into::into),
            from: filter.from.map(|time| time.0),
            to: filter.to.map(|time| time.0),
            differs: filter.differs,
        }
    }
}

/// Questions to the ledger of the credential's tenant.
#[Object(name = "Query")]
impl Query {
    /// One session, by any alias.
    async fn session(&self, ctx: &Context<'_>, id: ID, asking: Option<Asking>) -> Result<SessionAnswer> {
        let asker = ctx.data::<Asker>()?;
        let id = SessionId::new(id.as_str());
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.session(&asker.caller, &id, &asking).await.map_err(|error| errors::asked(&error))?;
        let (answered, completeness, status) = carried(&answer);
        Ok(SessionAnswer { session: answer.value.map(|session| Session(Arc::new(session))), answered, completeness, status })
    }

    /// Sessions, in the order they began.
    #[graphql(complexity = "connection_cost(first, child_complexity)")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SessionFilter>,
        asking: Option<Asking>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<SessionConnection> {
        let asker = ctx.data::<Asker>()?;
        let filter = filter.unwrap_or_default().into();
        let asking = Asking::into_app(asking, asker);
        let answer =
            asker.app.sessions(&asker.caller, &filter, &asking, rows(first)?, after.as_deref()).await.map_err(|error| errors::asked(&error))?;
        let (answered, completeness, status) = carried(&answer);
        let page_info = page_info(&answer.value);
        let edges = answer.value.items.into_iter().zip(answer.value.cursors).map(|(hit, cursor)| SessionEdge {
            cursor,
            certainty: hit.certainty.into(),
            because: vec(&hit.because),
            node: Session(Arc::new(hit.session)),
        });
        Ok(SessionConnection { edges: edges.collect(), page_info, answered, completeness, status })
    }

    /// Why: one tree a decision, in order, or one a factor.
    async fn why(
        &self,
        ctx: &Context<'_>,
        session: ID,
        app: Option<ID>,
        decision: Option<ID>,
        factor: Option<String>,
        asking: Option<Asking>,
    ) -> Result<Explanation> {
        let asker = ctx.data::<Asker>()?;
        let session = SessionId::new(session.as_str());
        let filter = WhyFilter { app: app.map(|id| id.as_str().into()), decision: decision.map(|id| id.to_string()), factor };
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.why(&asker.caller, &session, &filter, &asking).await.map_err(|error| errors::asked(&error))?;
        let (answered, completeness, status) = carried(&answer);
        let session = answer.value.session.as_ref().map(|id| ID(id.to_string()));
        let text = answer.value.because.iter().map(claimledger_domain::explain::text).collect::<Vec<_>>().join("\n\n");
        Ok(Explanation { session, because: vec(&answer.value.because), text, answered, completeness, status })
    }

    /// Decisions, in the total order of their sessions.
    #[graphql(complexity = "connection_cost(first, child_complexity)")]
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        filter: Option<DecisionFilter>,
        asking: Option<Asking>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<DecisionConnection> {
        let asker = ctx.data::<Asker>()?;
        let filter = filter.unwrap_or_default().into();
        let asking = Asking::into_app(asking, asker);
        let answer =
            asker.app.decisions(&asker.caller, &filter, &asking, rows(first)?, after.as_deref()).await.map_err(|error| errors::asked(&error))?;
        let (answered, completeness, status) = carried(&answer);
        let page_info = page_info(&answer.value);
        // The sessions are asked for at the cut of this very answer.
        let pinned = ask::Asking { at: Some(answer.answered.at), known_at_position: Some(answer.answered.position), ..ask::Asking::default() };
        let loader = Arc::new(Sessions::of(asker.app.clone(), asker.caller.clone(), pinned));
        let edges = answer
            .value
            .items
            .into_iter()
            .zip(answer.value.cursors)
            .map(|(decision, cursor)| DecisionEdge { cursor, node: Decision { decision, session: Of::Loaded(loader.clone()) } });
        Ok(DecisionConnection { edges: edges.collect(), page_info, answered, completeness, status })
    }

    /// One record, by id or by position.
    async fn record(&self, ctx: &Context<'_>, id: Option<ID>, position: Option<Position>) -> Result<Option<Record>> {
        let asker = ctx.data::<Asker>()?;
        let by = match (id, position) {
            (Some(id), None) => match id.parse() {
                Ok(id) => RecordBy::Id(RecordId(id)),
                // No record has such an id.
                Err(_) => return Ok(None),
            },
            (None, Some(position)) => RecordBy::Position(position.0),
            (Some(_), Some(_)) | (None, None) => return Err(errors::input("name one of id and position")),
        };
        let record = asker.app.record(&asker.caller, by, false).await.map_err(|error| errors::asked(&error))?;
        Ok(record.map(Record))
    }
}

fn rows(first: Option<i32>) -> Result<u32> {
    u32::try_from(first.unwrap_or(DEFAULT_FIRST)).map_err(|_| errors::input("first is negative"))
}

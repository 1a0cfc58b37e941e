//! `session`, `sessions`.

use super::{Asking, rows};
use crate::graphql::{
    Asker,
    answers::{SessionAnswer, SessionConnection, SessionEdge, carried, page_info},
    errors::{self, Result},
    limits::connection_cost,
    scalars::DateTime,
    types::{Session, vec},
};
use async_graphql::{Context, ID, InputObject, Object, SelectionField};
use claimledger_app::model::{
    answer::{Answer, Page, SessionHit},
    question,
};
use claimledger_facts::{ids::SessionId, indicator::Indicator};

/// Which sessions.
#[derive(InputObject, Default)]
pub(crate) struct SessionFilter {
    /// Active at this time.
    active_at: Option<DateTime>,
    /// Pseudonym; with the role investigate also an id or a login.
    subject: Option<String>,
    /// With a claim of this identity provider.
    idp: Option<ID>,
    /// With a claim signed by this key.
    key: Option<ID>,
    /// The key counts as one of its identity provider, as its retraction would make it: a claim
    /// that names no key possibly rests on it, whether or not the key is stated. False if absent.
    supposes_key: Option<bool>,
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
    /// With a claim that a known retraction hits, or without.
    retracted: Option<bool>,
    /// Gone on after the identity provider's session behind it had ended, or not.
    outlived: Option<bool>,
    /// With a decision that was falsified later, or without.
    falsified_later: Option<bool>,
    /// With a record of a client that has this indicator, as KIND=VALUE: `ip` (an address, or a
    /// network such as `203.0.113.0/24`), `asn`, `user_agent`, `device`, `country` or `city`; with
    /// the role investigate.
    indicator: Option<String>,
}

impl SessionFilter {
    fn into_app(self) -> Result<question::SessionFilter> {
        let indicator = self.indicator.as_deref().map(Indicator::parse).transpose();
        let indicator = indicator.map_err(|error| errors::input(&error))?;
        let filter = self;
        Ok(question::SessionFilter {
            active_at: filter.active_at.map(|time| time.0),
            subject: filter.subject,
            idp: filter.idp.map(|id| id.as_str().into()),
            key: filter.key.map(|id| id.as_str().into()),
            supposes_key: filter.supposes_key.unwrap_or(false),
            amr: filter.amr,
            app: filter.app.map(|id| id.as_str().into()),
            relied_from: filter.relied_from.map(|time| time.0),
            relied_to: filter.relied_to.map(|time| time.0),
            ended: filter.ended,
            differs: filter.differs,
            retracted: filter.retracted,
            outlived: filter.outlived,
            falsified_later: filter.falsified_later,
            indicator,
        })
    }
}

/// Whether the selection needs the sessions' own trees of reasons. Why a session is in the list is
/// known without them.
fn shows_reasons(list: SelectionField<'_>) -> bool {
    fn anywhere(field: SelectionField<'_>) -> bool {
        field.selection_set().any(|inner| inner.name() == "because" || anywhere(inner))
    }
    let edges = list.selection_set().filter(|field| field.name() == "edges");
    edges
        .flat_map(|edges| {
            edges.selection_set().filter(|field| field.name() == "node").collect::<Vec<_>>()
        })
        .any(anywhere)
}

/// Sessions.
#[derive(Default)]
pub(crate) struct SessionQuestions;

#[Object]
impl SessionQuestions {
    /// One session, by any alias.
    async fn session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id of the session.")] id: ID,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<SessionAnswer> {
        let asker = ctx.data::<Asker>()?;
        let id = SessionId::new(id.as_str());
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.session(&asker.caller, &id, &asking).await?;
        let carried = carried(&answer);
        Ok(SessionAnswer { session: answer.value.map(Session::from), carried })
    }

    /// Sessions, in the order they began.
    #[graphql(complexity = "connection_cost(first, child_complexity)")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions; absent: all.")] filter: Option<SessionFilter>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
        #[graphql(desc = "Maximum rows of the page, 0 to 500; absent: 50.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row that the page follows; absent: the first page.")]
        after: Option<String>,
    ) -> Result<SessionConnection> {
        let asker = ctx.data::<Asker>()?;
        let filter = filter.unwrap_or_default().into_app()?;
        let asking = Asking::into_app(asking, asker);
        let (first, after) = (rows(first)?, after.as_deref());
        if shows_reasons(ctx.field()) {
            let answer = asker.app.sessions(&asker.caller, &filter, &asking, first, after);
            Ok(connection(answer.await?, after))
        } else {
            let answer =
                asker.app.sessions_state_only(&asker.caller, &filter, &asking, first, after);
            Ok(connection(answer.await?, after))
        }
    }
}

fn connection<S: Into<Session>>(
    answer: Answer<Page<SessionHit<S>>>,
    after: Option<&str>,
) -> SessionConnection {
    let carried = carried(&answer);
    let page_info = page_info(&answer.value, after);
    let edges =
        answer.value.items.into_iter().zip(answer.value.cursors).map(|(hit, cursor)| SessionEdge {
            cursor,
            certainty: hit.certainty.into(),
            because: vec(&hit.because),
            node: hit.session.into(),
        });
    SessionConnection { edges: edges.collect(), page_info, carried }
}

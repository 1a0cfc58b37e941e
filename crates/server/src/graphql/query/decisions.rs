//! `decisions`.

use super::{Asking, rows};
use crate::graphql::{
    Asker,
    answers::{DecisionConnection, DecisionEdge, carried, page_info},
    errors::Result,
    limits::connection_cost,
    loaders::Sessions,
    scalars::DateTime,
    types::{Decision, DecisionSession, Outcome},
};
use async_graphql::{Context, ID, InputObject, Object};
use claimledger_app::model::question;
use std::sync::Arc;

/// Which decisions.
#[derive(InputObject, Default)]
pub(crate) struct DecisionFilter {
    /// DecisionSession this session, by any alias.
    session: Option<ID>,
    /// DecisionSession this application.
    app: Option<ID>,
    /// Resting on a claim of this identity provider.
    idp: Option<ID>,
    /// Resting on a claim signed by this key; possibly so, where the claim names none.
    key: Option<ID>,
    /// With this recorded outcome.
    outcome: Option<Outcome>,
    /// At or after this time.
    from: Option<DateTime>,
    /// Before this time.
    to: Option<DateTime>,
    /// Differing from what the rules imply, or not.
    differs: Option<bool>,
    /// Falsified later, or not.
    falsified_later: Option<bool>,
}

impl From<DecisionFilter> for question::DecisionFilter {
    fn from(filter: DecisionFilter) -> Self {
        Self {
            session: filter.session.map(|id| id.as_str().into()),
            app: filter.app.map(|id| id.as_str().into()),
            idp: filter.idp.map(|id| id.as_str().into()),
            key: filter.key.map(|id| id.as_str().into()),
            supposes_key: false,
            outcome: filter.outcome.map(Into::into),
            from: filter.from.map(|time| time.0),
            to: filter.to.map(|time| time.0),
            differs: filter.differs,
            falsified_later: filter.falsified_later,
        }
    }
}

/// Decisions.
#[derive(Default)]
pub(crate) struct DecisionQuestions;

#[Object]
impl DecisionQuestions {
    /// Decisions, in the total order of their sessions.
    #[graphql(complexity = "connection_cost(first, child_complexity)")]
    async fn decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which decisions; absent: all.")] filter: Option<DecisionFilter>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
        #[graphql(desc = "Maximum rows of the page, 0 to 500; absent: 50.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row that the page follows; absent: the first page.")]
        after: Option<String>,
    ) -> Result<DecisionConnection> {
        let asker = ctx.data::<Asker>()?;
        let filter = filter.unwrap_or_default().into();
        let asking = Asking::into_app(asking, asker);
        let answer = asker
            .app
            .decisions(&asker.caller, &filter, &asking, rows(first)?, after.as_deref())
            .await?;
        let carried = carried(&answer);
        let page_info = page_info(&answer.value, after.as_deref());
        // The sessions are asked for at the cut of this very answer.
        let pinned = question::Asking {
            at: Some(answer.answered.at),
            known_at_position: Some(answer.answered.position),
            ..question::Asking::default()
        };
        let loader = Arc::new(Sessions::of(asker.app.clone(), asker.caller.clone(), pinned));
        let edges =
            answer.value.items.into_iter().zip(answer.value.cursors).map(|(hit, cursor)| {
                let node = Decision {
                    decision: hit.decision,
                    because: Some(hit.because),
                    session: DecisionSession::Loaded(loader.clone()),
                };
                DecisionEdge { cursor, node, certainty: hit.certainty.into() }
            });
        Ok(DecisionConnection { edges: edges.collect(), page_info, carried })
    }
}

//! `why`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Explanation, carried},
    errors::Result,
    types::vec,
};
use async_graphql::{Context, ID, Object};
use claimledger_app::model::question::WhyFilter;
use claimledger_facts::ids::SessionId;

/// The reasons.
#[derive(Default)]
pub(crate) struct WhyQuestion;

#[Object]
impl WhyQuestion {
    /// Why decisions of a session came out as they did: a tree of reasons for each decision, or for
    /// the given factor.
    async fn why(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any id of the session.")] session: ID,
        #[graphql(desc = "Only decisions for this application.")] app: Option<ID>,
        #[graphql(desc = "Only this decision: a record's id, its source's id, or its position.")]
        decision: Option<ID>,
        #[graphql(desc = "This factor instead of decisions: its `amr` value or its method.")]
        factor: Option<String>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<Explanation> {
        let asker = ctx.data::<Asker>()?;
        let session = SessionId::new(session.as_str());
        let filter = WhyFilter {
            app: app.map(|id| id.as_str().into()),
            decision: decision.map(|id| id.to_string()),
            factor,
        };
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.why(&asker.caller, &session, &filter, &asking).await?;
        let session = answer.value.session.as_ref().map(|id| ID(id.to_string()));
        let text = answer
            .value
            .because
            .iter()
            .map(claimledger_domain::explain::text)
            .collect::<Vec<_>>()
            .join("\n\n");
        Ok(Explanation {
            session,
            because: vec(&answer.value.because),
            text,
            carried: carried(&answer),
        })
    }
}

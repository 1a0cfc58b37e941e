//! `completeness`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Absence, Answered, Carried, SourceCompleteness, Status, carried},
    errors::Result,
    limits::list_cost,
};
use async_graphql::{Context, Object, SimpleObject};

/// Up to when each source was heard, and its gaps.
#[derive(SimpleObject)]
pub(crate) struct CompletenessList {
    /// Every source of which anything is known at K.
    #[graphql(complexity = "list_cost(child_complexity)")]
    items: Vec<SourceCompleteness>,
    /// What the answer holds for, and whether it is complete.
    answered: Answered,
    /// The same as `items`, as every answer carries it.
    completeness: Vec<SourceCompleteness>,
    /// The state of the ledger, which may change from call to call.
    status: Status,
    /// Why something may be absent from the answer.
    absence: Absence,
}

/// Completeness.
#[derive(Default)]
pub(crate) struct CompletenessQuestion;

#[Object]
impl CompletenessQuestion {
    /// Up to when each source was heard, and its gaps.
    async fn completeness(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<CompletenessList> {
        let asker = ctx.data::<Asker>()?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.completeness(&asker.caller, &asking).await?;
        let Carried { answered, completeness, status, absence } = carried(&answer);
        Ok(CompletenessList {
            items: completeness.clone(),
            answered,
            completeness,
            status,
            absence,
        })
    }
}

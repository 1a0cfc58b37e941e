//! `changesCursor`.

use super::Asking;
use crate::graphql::{
    Asker,
    answers::{Carried, ChangesCursor, carried},
    errors::Result,
};
use async_graphql::{Context, Object};

/// Where a feed of changes begins.
#[derive(Default)]
pub(crate) struct ChangesQuestion;

#[Object]
impl ChangesQuestion {
    /// The cursor after which `sessionChanged` gives what was recorded after K. With the first
    /// position: everything.
    async fn changes_cursor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "T and K; absent: now, and the head of the log.")] asking: Option<Asking>,
    ) -> Result<ChangesCursor> {
        let asker = ctx.data::<Asker>()?;
        let asking = Asking::into_app(asking, asker);
        let answer = asker.app.changes_cursor(&asker.caller, &asking).await?;
        let Carried { answered, completeness, status, .. } = carried(&answer);
        Ok(ChangesCursor { cursor: answer.value, answered, completeness, status })
    }
}

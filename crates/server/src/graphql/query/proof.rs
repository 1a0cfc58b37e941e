//! `checkpoint` and `consistency`.

use crate::graphql::{
    Asker,
    errors::Result,
    types::{Checkpoint, Consistency},
};
use async_graphql::{Context, Object};

/// The log itself.
#[derive(Default)]
pub(crate) struct ProofQuestions;

#[Object]
impl ProofQuestions {
    /// The last signed checkpoint of the log; null: nothing was signed yet.
    async fn checkpoint(&self, ctx: &Context<'_>) -> Result<Option<Checkpoint>> {
        let asker = ctx.data::<Asker>()?;
        let checkpoint = asker.app.checkpoint(&asker.caller).await?;
        Ok(checkpoint.as_ref().map(Checkpoint::from))
    }

    /// Whether the log was only appended to since a checkpoint that was saved earlier.
    async fn consistency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The saved checkpoint: the whole signed note.")] since: String,
    ) -> Result<Consistency> {
        let asker = ctx.data::<Asker>()?;
        let shown = asker.app.consistency(&asker.caller, &since).await?;
        Ok((&shown).into())
    }
}

//! `status`.

use crate::graphql::{Asker, answers::Status, errors::Result};
use async_graphql::{Context, Object};

/// The state of the ledger.
#[derive(Default)]
pub(crate) struct StatusQuestion;

#[Object]
impl StatusQuestion {
    /// Where log and read models of the tenant stand, and what of them does not work. It waits for
    /// nothing.
    async fn status(&self, ctx: &Context<'_>) -> Result<Status> {
        let asker = ctx.data::<Asker>()?;
        let status = asker.app.status(&asker.caller).await?;
        Ok((&status).into())
    }
}

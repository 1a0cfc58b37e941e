//! `checkpoint` and `consistency`.

use crate::graphql::{
    Asker,
    errors::Result,
    types::{Checkpoint, Consistency},
};
use async_graphql::{Context, Enum, Object};
use claimledger_app::model::proof;

/// One of the logs.
#[derive(Enum, Clone, Copy, Default, PartialEq, Eq)]
#[graphql(name = "Log")]
pub(crate) enum LogKind {
    /// The records.
    #[default]
    Records,
    /// Who was shown which of them.
    Access,
}

impl From<LogKind> for proof::LogKind {
    fn from(kind: LogKind) -> Self {
        match kind {
            LogKind::Records => Self::Records,
            LogKind::Access => Self::Access,
        }
    }
}

/// The log itself.
#[derive(Default)]
pub(crate) struct ProofQuestions;

#[Object]
impl ProofQuestions {
    /// The last signed checkpoint of the log, or of the access log; null: nothing was signed yet.
    async fn checkpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which log.", default)] log: LogKind,
    ) -> Result<Option<Checkpoint>> {
        let asker = ctx.data::<Asker>()?;
        let checkpoint = asker.app.checkpoint(&asker.caller, log.into()).await?;
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

//! What trust can be retracted of. It is retracted in `intake/retraction.rs`.

use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::changes::{TrustChanges, trust_changes};
use claimledger_facts::ids::{IdpId, KeyId};

impl App {
    /// What trust can be retracted of: IdPs, their keys, and what was retracted already.
    ///
    /// # Errors
    /// See [`AskError`]. The caller needs the role govern, and no other.
    pub async fn retractable(
        &self,
        caller: &Caller,
        (idp, key): (Option<&IdpId>, Option<&KeyId>),
        asking: &Asking,
    ) -> Result<Answer<TrustChanges>, AskError> {
        let view = self.ask(caller, Query::Retraction, asking).await?;
        let barrier = view.reliance(None, idp, key).await?;
        let changes = trust_changes(&view.history, view.cut, idp);
        view.answer_with(changes, barrier).await
    }
}

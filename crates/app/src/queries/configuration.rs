//! Configuration of trust and policies, and who changed it.

use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::changes::{PolicyChanges, TrustChanges, policy_changes, trust_changes};
use claimledger_facts::ids::{IdpId, PolicyId};

impl App {
    /// Versions, keys, retractions and routing of one IdP, or of all.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn trust(
        &self,
        caller: &Caller,
        idp: Option<&IdpId>,
        asking: &Asking,
    ) -> Result<Answer<TrustChanges>, AskError> {
        let view = self.ask(caller, Query::Trust, asking).await?;
        let barrier = match idp {
            Some(idp) => view.idp(idp).await?,
            None => None,
        };
        let changes = trust_changes(&view.history, view.cut, idp);
        view.answer_with(changes, barrier).await
    }

    /// Versions of one policy, or of all.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn policies(
        &self,
        caller: &Caller,
        policy: Option<&PolicyId>,
        asking: &Asking,
    ) -> Result<Answer<PolicyChanges>, AskError> {
        let view = self.ask(caller, Query::Policies, asking).await?;
        let barrier = match policy {
            Some(policy) => view.policy(policy).await?,
            None => None,
        };
        let changes = policy_changes(&view.history, view.cut, policy);
        view.answer_with(changes, barrier).await
    }
}

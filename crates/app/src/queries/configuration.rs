//! What was trusted and asked for, and who changed it.

use super::View;
use crate::{
    app::{App, Disclosure},
    model::{
        answer::Answer,
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
        self.disclose(caller, Disclosure::Configuration)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        let view = View::new(&self.0, &tenant, pinned.cut);
        let barrier = match idp {
            Some(idp) => view.idp(idp).await?,
            None => None,
        };
        let changes = trust_changes(&view.history, pinned.cut, idp);
        self.0.answer_with(&tenant, &pinned, changes, barrier).await
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
        self.disclose(caller, Disclosure::Configuration)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        let view = View::new(&self.0, &tenant, pinned.cut);
        let barrier = match policy {
            Some(policy) => view.policy(policy).await?,
            None => None,
        };
        let changes = policy_changes(&view.history, pinned.cut, policy);
        self.0.answer_with(&tenant, &pinned, changes, barrier).await
    }
}

//! One session.

use super::{View, barrier};
use crate::{
    app::{App, Disclosure},
    model::{
        answer::Answer,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::model::SessionState;
use claimledger_facts::ids::SessionId;

impl App {
    /// One session by any alias; none: nothing by this id is known at K in the caller's tenant,
    /// whether or not it is known elsewhere.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn session(
        &self,
        caller: &Caller,
        id: &SessionId,
        asking: &Asking,
    ) -> Result<Answer<Option<SessionState>>, AskError> {
        self.disclose(caller, Disclosure::Sessions)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        let view = View::new(&self.0, &tenant, pinned.cut);
        let state = view.session(id).await?.map(|assessed| assessed.state);
        let barrier = barrier::of_session(state.is_some(), id);
        self.0.answer_with(&tenant, &pinned, state, barrier).await
    }
}

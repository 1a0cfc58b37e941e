//! One session.

use super::barrier;
use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::model::Explained;
use claimledger_facts::ids::SessionId;

impl App {
    /// One session by any of its ids; none: the id is unknown at K in the caller's tenant, whether
    /// or not another tenant has it.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn session(
        &self,
        caller: &Caller,
        id: &SessionId,
        asking: &Asking,
    ) -> Result<Answer<Option<Explained>>, AskError> {
        let view = self.ask(caller, Query::Session, asking).await?;
        let state = view.explained(id).await?;
        let barrier = barrier::of_session(state.is_some(), id);
        view.answer_with(state, barrier).await
    }
}

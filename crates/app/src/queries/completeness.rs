//! How complete each source is known to be.

use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
    },
};

impl App {
    /// The completeness of each source: the same rows that are part of every answer.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn completeness(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<()>, AskError> {
        self.ask(caller, Query::Completeness, asking).await?.answer(()).await
    }
}

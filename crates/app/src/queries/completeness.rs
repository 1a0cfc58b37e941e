//! What has been heard of each source, and what has not.

use crate::{
    app::App,
    model::{
        answer::Answer,
        query::Query,
        question::{AskError, Asking, Caller},
    },
};

impl App {
    /// How complete each source is known to be. The rows are what rides with every answer.
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

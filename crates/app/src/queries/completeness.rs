//! What has been heard of each source, and what has not.

use crate::{
    app::{App, Disclosure},
    model::{
        answer::Answer,
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
        self.disclose(caller, Disclosure::Completeness)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        self.0.answer(&tenant, &pinned, ()).await
    }
}

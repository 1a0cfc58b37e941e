//! Where things stand: beside the answers, and of no record.

use crate::{
    answer::Status,
    app::App,
    ask::{AskError, Caller},
    health::Health,
};

impl App {
    /// Where log and read models of the caller's tenant stand. Every role may know.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn status(&self, caller: &Caller) -> Result<Status, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        if let Some(error) = tenant.stopped() {
            return Err(error.into());
        }
        Ok(self.0.status_of(&tenant).await?)
    }

    /// Whether recorded times are asserted by the input in the caller's tenant. Every role may know.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn is_rehearsal(&self, caller: &Caller) -> Result<bool, AskError> {
        Ok(self.0.tenant(&caller.tenant).await?.rehearsal)
    }

    /// What does not work of any tenant: for a readiness probe, which names none.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.opened().iter().map(|tenant| tenant.health.health()).fold(Health::default(), Health::or)
    }
}

//! Where things stand: beside the answers, and of no record.

use crate::{
    app::App,
    model::{
        answer::Status,
        health::Health,
        question::{AskError, Caller},
    },
    projection::scrub,
};
use claimledger_facts::ids::{LogPosition, TenantId};
use claimledger_ledger::log::LogError;

impl App {
    /// Where log and read models of the caller's tenant stand, and what of them does not work.
    /// Every role may know.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn status(&self, caller: &Caller) -> Result<Status, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        Ok(self.0.status_of(&tenant).await?)
    }

    /// Whether recorded times are asserted by the input in the caller's tenant. Every role may
    /// know.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn is_rehearsal(&self, caller: &Caller) -> Result<bool, AskError> {
        Ok(self.0.tenant(&caller.tenant).await?.identity.rehearsal)
    }

    /// What does not work of any tenant: for a readiness probe, which names none.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0
            .opened()
            .iter()
            .map(|tenant| self.0.health_of(tenant))
            .fold(Health::default(), Health::or)
    }

    /// Reads the last records of the caller's tenant, as many as this at most, and compares each
    /// with what it commits to. Returns how many there were. Every role may know.
    ///
    /// # Errors
    /// If one is damaged: it is named.
    pub async fn check_records(&self, caller: &Caller, most: u64) -> Result<u64, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let from = LogPosition(self.0.log.head(&tenant.id).await?.0.saturating_sub(most));
        let checked = scrub::records(&*self.0.log, &tenant, from, 0).await;
        checked.inspect_err(|error| tenant.noticed(&*self.0.views, error)).map_err(Into::into)
    }

    /// An answer could not be given because of damage: from here on `status` and `/readyz` say so.
    pub async fn damage_seen(&self, tenant: &TenantId, damage: &LogError) {
        if let Ok(tenant) = self.0.tenant(tenant).await {
            tenant.noticed(&*self.0.views, damage);
        }
    }
}

//! Status and health; not part of answers.

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
    /// The progress of log and read models of the caller's tenant, and its problems. Any role may
    /// ask.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn status(&self, caller: &Caller) -> Result<Status, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        Ok(self.0.status_of(&tenant).await?)
    }

    /// Whether the caller's tenant is a rehearsal, where the input asserts recorded times. Any role
    /// may ask.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn is_rehearsal(&self, caller: &Caller) -> Result<bool, AskError> {
        Ok(self.0.tenant(&caller.tenant).await?.identity.rehearsal)
    }

    /// The health of all tenants together: for a readiness probe, which names no tenant.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0
            .opened()
            .iter()
            .map(|tenant| self.0.health_of(tenant))
            .fold(Health::default(), Health::or)
    }

    /// Reads up to `most` records at the end of the log of the caller's tenant, and checks each
    /// against its commitments. Returns the number of records. Any role may ask.
    ///
    /// # Errors
    /// If one is damaged; the error contains its position.
    pub async fn check_records(&self, caller: &Caller, most: u64) -> Result<u64, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let from = LogPosition(self.0.log.head(&tenant.id).await?.0.saturating_sub(most));
        let checked = scrub::check_records(&*self.0.log, &tenant, from, 0).await;
        checked.inspect_err(|error| tenant.report_damage(&*self.0.views, error)).map_err(Into::into)
    }

    /// Reports damage that prevented an answer, for `status` and `/readyz`.
    pub async fn damage_seen(&self, tenant: &TenantId, damage: &LogError) {
        if let Ok(tenant) = self.0.tenant(tenant).await {
            tenant.report_damage(&*self.0.views, damage);
        }
    }
}

//! Which org the configuration of a tenant is of.
//!
//! A tenant holds one service provider: its engine, features and local authenticators are stated
//! without an id, so those of two orgs would be read as one (`docs/decisions/0049`). The first look
//! that names an org decides; one that names another is refused before anything of it is recorded.

use super::{IngestError, SourceStates, looks::state_failed};
use crate::{
    app::{App, credentials::log},
    model::question::Caller,
};
use claimledger_facts::{
    ids::SourceId,
    refusal::{Refusal, RefusalCode},
};
use claimledger_ledger::state::StateError;
use serde::{Deserialize, Serialize};

/// The key of the state.
const KEY: &str = "service_provider";

/// The org whose configuration a tenant has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceProvider {
    /// Its id at Okta.
    pub org: String,
    /// The source whose look named it first.
    pub source: SourceId,
}

/// Why no look was taken of an org.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotHeld {
    #[error(transparent)]
    Other(#[from] Refusal),
    #[error(transparent)]
    State(#[from] StateError),
}

impl App {
    /// The org whose configuration the caller's tenant has; none: no look named one yet.
    ///
    /// # Errors
    /// As [`App::source_states`].
    pub async fn service_provider(
        &self,
        caller: &Caller,
    ) -> Result<Option<ServiceProvider>, IngestError> {
        let states = self.source_states(caller).await?;
        let tenant = self.0.tenant(&caller.tenant).await.map_err(log)?;
        states.service_provider().await.map_err(|error| state_failed(self, &tenant, error))
    }
}

impl ServiceProvider {
    /// Why another org is refused; none: it is the same one.
    #[must_use]
    pub fn refuses(&self, org: &str) -> Option<String> {
        (self.org != org).then(|| {
            format!(
                "this is the configuration of org {org}, and the tenant has that of org {}, by \
                 source {}: a tenant holds one service provider, as features and authenticators \
                 do not name their org; make another tenant for {org} (init --tenant NAME)",
                self.org, self.source
            )
        })
    }
}

impl SourceStates {
    async fn service_provider(&self) -> Result<Option<ServiceProvider>, StateError> {
        let Some(found) = self.load_key(KEY).await? else { return Ok(None) };
        let known = serde_json::from_slice(&found.value);
        Ok(Some(known.map_err(|error| self.damaged(KEY, error))?))
    }

    /// Holds the tenant to the orgs that values name, each with its line: the first one, if none is
    /// known. Durable on return, so that no other source can name another one meanwhile.
    pub(super) async fn hold_to(
        &self,
        named: &[(u64, String)],
        source: &SourceId,
    ) -> Result<(), NotHeld> {
        let Some((_, first)) = named.first() else { return Ok(()) };
        loop {
            let known = self.service_provider().await?;
            let is_known = known.is_some();
            let held = known
                .unwrap_or_else(|| ServiceProvider { org: first.clone(), source: source.clone() });
            let other = named.iter().find_map(|(line, org)| Some((*line, held.refuses(org)?)));
            if let Some((line, why)) = other {
                let expected = format!("org {}", held.org);
                let refusal = Refusal::field(RefusalCode::InvalidField, "id", expected, why);
                return Err(refusal.on_line(line).into());
            }
            if is_known {
                return Ok(());
            }
            let value = serde_json::to_vec(&held).unwrap_or_default();
            match self.store_key(KEY, 0, &value).await {
                Ok(_) => return Ok(()),
                // Another process named one: it decides.
                Err(StateError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

//! What the sources of a tenant keep between two runs: settings, cursors and looks. Sealed under
//! the tenant's key, because a configuration may name people.

use crate::{
    app::{
        App,
        credentials::{lacks, log},
    },
    intake::IngestError,
    model::question::Caller,
    tenant::Tenant,
};
use claimledger_facts::{ids::SourceId, random::Random, time::Time, vocabulary::Role};
use claimledger_ledger::{
    log::LogError,
    state::{StateError, StateStore, Versioned, check_state},
};
use claimledger_sources::Look;
use std::sync::Arc;

/// What is kept of a source. One value each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceValue {
    /// How it was set up.
    Settings,
    /// How far it was read, and how that went.
    Cursor,
    /// The configuration as it was looked at last.
    Look,
}

impl SourceValue {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Settings, Self::Cursor, Self::Look];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Settings => "source/",
            Self::Cursor => "cursor/",
            Self::Look => "look/",
        }
    }

    fn key(self, source: &SourceId) -> String {
        format!("{}{source}", self.prefix())
    }
}

/// The values of one tenant's sources.
pub struct SourceStates {
    tenant: Arc<Tenant>,
    state: Arc<dyn StateStore>,
    random: Arc<dyn Random>,
}

impl App {
    /// What the sources of the caller's tenant keep between two runs.
    ///
    /// # Errors
    /// If the caller lacks the role operate, or the tenant cannot be opened.
    pub async fn source_states(&self, caller: &Caller) -> Result<SourceStates, IngestError> {
        if let Some(forbidden) = lacks(caller, Role::Operate) {
            return Err(forbidden);
        }
        Ok(self.states_of(&self.0.tenant(&caller.tenant).await.map_err(log)?))
    }

    pub(super) fn states_of(&self, tenant: &Arc<Tenant>) -> SourceStates {
        SourceStates {
            tenant: Arc::clone(tenant),
            state: Arc::clone(&self.0.state),
            random: Arc::clone(&self.0.random),
        }
    }
}

impl SourceStates {
    /// A value, and the version that the next write must expect; none: it is absent.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn load(
        &self,
        value: SourceValue,
        source: &SourceId,
    ) -> Result<Option<Versioned>, StateError> {
        self.load_key(&value.key(source)).await
    }

    pub(super) async fn load_key(&self, key: &str) -> Result<Option<Versioned>, StateError> {
        check_state(key, &[])?;
        let Some(found) = self.state.load(&self.tenant.id, key).await? else { return Ok(None) };
        let keys = &self.tenant.identity.keys;
        let opened = keys.open_state(&self.tenant.id, key, &found.value);
        let plain = opened.map_err(|error| self.damaged(key, error))?;
        Ok(Some(Versioned { version: found.version, value: plain.to_vec() }))
    }

    /// Replaces a value if it has the version `expected`; 0: it is absent. Durable on return, with
    /// the new version.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn store(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
        plain: &[u8],
    ) -> Result<u64, StateError> {
        self.store_key(&value.key(source), expected, plain).await
    }

    pub(super) async fn store_key(
        &self,
        key: &str,
        expected: u64,
        plain: &[u8],
    ) -> Result<u64, StateError> {
        let keys = &self.tenant.identity.keys;
        let sealed = keys.seal_state(&self.tenant.id, key, plain, &*self.random);
        self.state.store(&self.tenant.id, key, expected, &sealed).await
    }

    /// Removes a value if it has the version `expected`.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn remove(
        &self,
        value: SourceValue,
        source: &SourceId,
        expected: u64,
    ) -> Result<(), StateError> {
        self.state.remove(&self.tenant.id, &value.key(source), expected).await
    }

    /// The sources that have such a value, bytewise.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn sources(&self, value: SourceValue) -> Result<Vec<SourceId>, StateError> {
        let keys = self.state.keys(&self.tenant.id, value.prefix()).await?;
        Ok(keys.iter().filter_map(|key| Some(key.strip_prefix(value.prefix())?.into())).collect())
    }

    /// The last look at the configuration of a source, with its version; none: it is absent.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn look(&self, source: &SourceId) -> Result<Option<(u64, Look)>, StateError> {
        let Some(found) = self.load(SourceValue::Look, source).await? else { return Ok(None) };
        let look = decode(&found.value).ok_or_else(|| {
            self.damaged(&SourceValue::Look.key(source), "it has no time".to_owned())
        })?;
        Ok(Some((found.version, look)))
    }

    /// Replaces the last look at the configuration of a source, as [`Self::store`] does.
    ///
    /// # Errors
    /// See [`StateError`].
    pub async fn store_look(
        &self,
        source: &SourceId,
        expected: u64,
        look: &Look,
    ) -> Result<u64, StateError> {
        self.store(SourceValue::Look, source, expected, &encode(look)).await
    }

    pub(super) fn damaged(&self, key: &str, what: impl ToString) -> LogError {
        LogError::damaged("state", format!("state, {}, {key}", self.tenant.id), what.to_string())
    }
}

/// Microseconds of the time, big endian; then the content.
fn encode(look: &Look) -> Vec<u8> {
    [&look.at.micros().to_be_bytes(), look.content.as_slice()].concat()
}

fn decode(bytes: &[u8]) -> Option<Look> {
    let (at, content) = bytes.split_first_chunk()?;
    Some(Look { at: Time::from_micros(i64::from_be_bytes(*at)), content: content.to_vec() })
}

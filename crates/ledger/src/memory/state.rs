//! A state store in memory.

use crate::state::{StateError, StateStore, Versioned, check_state, check_version};
use async_trait::async_trait;
use claimledger_facts::ids::TenantId;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// A state store in memory.
#[derive(Debug, Default)]
pub struct MemoryState(Mutex<BTreeMap<(TenantId, String), Row>>);

/// A removed key keeps its last version, so that none is used twice.
#[derive(Debug, Default)]
struct Row {
    version: u64,
    value: Option<Vec<u8>>,
}

impl Row {
    fn current(&self) -> u64 {
        if self.value.is_some() { self.version } else { 0 }
    }
}

#[async_trait]
impl StateStore for MemoryState {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        let rows = self.0.lock();
        let row = rows.get(&(tenant.clone(), key.to_owned()));
        Ok(row.and_then(|row| Some(Versioned { version: row.version, value: row.value.clone()? })))
    }

    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        check_state(key, value)?;
        let mut rows = self.0.lock();
        let row = rows.entry((tenant.clone(), key.to_owned())).or_default();
        check_version(key, row.current(), expected)?;
        *row = Row { version: row.version + 1, value: Some(value.to_vec()) };
        Ok(row.version)
    }

    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        let mut rows = self.0.lock();
        let row = rows.get_mut(&(tenant.clone(), key.to_owned()));
        check_version(key, row.as_ref().map_or(0, |row| row.current()), expected)?;
        if let Some(row) = row {
            row.value = None;
        }
        Ok(())
    }

    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        let rows = self.0.lock();
        let live = rows.iter().filter(|(_, row)| row.value.is_some());
        let of_tenant = live.filter(|((of, key), _)| of == tenant && key.starts_with(prefix));
        Ok(of_tenant.map(|((_, key), _)| key.clone()).collect())
    }
}

//! The index of an access log in memory.

use crate::{
    access::{AccessIndex, AccessQuery, AccessRow},
    log::LogError,
};
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, TenantId};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Indexes in memory.
#[derive(Debug, Default)]
pub struct MemoryAccessIndex(Mutex<BTreeMap<TenantId, Vec<AccessRow>>>);

#[async_trait]
impl AccessIndex for MemoryAccessIndex {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(self.0.lock().get(tenant).map_or(0, Vec::len) as u64))
    }

    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        rows: &[AccessRow],
    ) -> Result<bool, LogError> {
        let mut tenants = self.0.lock();
        let stored = tenants.entry(tenant.clone()).or_default();
        if stored.len() as u64 != expected.0 {
            return Ok(false);
        }
        stored.extend_from_slice(rows);
        Ok(true)
    }

    async fn find(
        &self,
        tenant: &TenantId,
        query: &AccessQuery,
    ) -> Result<Vec<LogPosition>, LogError> {
        let tenants = self.0.lock();
        let rows = tenants.get(tenant).map_or(&[][..], Vec::as_slice);
        let is_asked = |(position, row): &(u64, &AccessRow)| {
            (query.keys.is_empty() || row.keys.iter().any(|key| query.keys.contains(key)))
                && query.credential.as_ref().is_none_or(|credential| *credential == row.credential)
                && query.from.is_none_or(|from| row.recorded_at >= from)
                && query.to.is_none_or(|to| row.recorded_at < to)
                && query.before.is_none_or(|before| *position < before.0)
        };
        let numbered = (0..).zip(rows).collect::<Vec<_>>();
        let found = numbered.into_iter().rev().filter(is_asked).take(query.max);
        Ok(found.map(|(position, _)| LogPosition(position)).collect())
    }

    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.0.lock().remove(tenant);
        Ok(())
    }
}

//! A log in memory.

use crate::log::{AppendFailure, Log, LogError, MAX_APPEND_ENTRIES, check_append, no_record};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use tokio::sync::watch;

/// A log in memory.
#[derive(Debug)]
pub struct MemoryLog {
    tenants: Mutex<BTreeMap<TenantId, Vec<Entry>>>,
    changes: watch::Sender<u64>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self { tenants: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

fn index(position: LogPosition) -> Option<usize> {
    usize::try_from(position.0).ok()
}

impl MemoryLog {
    fn range<T>(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
        part: impl Fn(&Entry) -> T,
    ) -> Vec<T> {
        let tenants = self.tenants.lock();
        let log = tenants.get(tenant).map_or(&[][..], Vec::as_slice);
        log.iter().skip(index(from).unwrap_or(usize::MAX)).take(max).map(part).collect()
    }

    fn at<T>(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        part: impl Fn(&Entry) -> T,
    ) -> Result<Vec<T>, LogError> {
        let tenants = self.tenants.lock();
        let log = tenants.get(tenant).map_or(&[][..], Vec::as_slice);
        let found = |position: &LogPosition| {
            let entry = index(*position).and_then(|index| log.get(index));
            entry.map(&part).ok_or_else(|| no_record(*position))
        };
        positions.iter().map(found).collect()
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        check_append(entries)?;
        let size = {
            let mut tenants = self.tenants.lock();
            let size = LogSize(tenants.get(tenant).map_or(0, |entries| entries.len() as u64));
            if size != expected {
                return Err(AppendFailure::Conflict { size });
            }
            if entries.is_empty() {
                return Ok(size);
            }
            let log = tenants.entry(tenant.clone()).or_default();
            log.extend_from_slice(entries);
            LogSize(log.len() as u64)
        };
        self.changes.send_modify(|count| *count += 1);
        Ok(size)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        Ok(self.range(tenant, from, max, Entry::clone))
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.at(tenant, positions, Entry::clone)
    }

    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        Ok(self.range(tenant, from, max, |entry| entry.header.clone()))
    }

    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.at(tenant, positions, |entry| entry.header.clone())
    }

    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        if positions.len() > MAX_APPEND_ENTRIES {
            return Err(LogError::TooLarge);
        }
        let mut tenants = self.tenants.lock();
        let log = tenants.get_mut(tenant).map_or(&mut [][..], Vec::as_mut_slice);
        let missing = positions.iter().find(|position| position.0 >= log.len() as u64);
        if let Some(position) = missing {
            return Err(no_record(*position));
        }
        for position in positions {
            if let Some(entry) = index(*position).and_then(|index| log.get_mut(index)) {
                entry.remove(bodies, removal);
            }
        }
        Ok(())
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(self.tenants.lock().get(tenant).map_or(0, |entries| entries.len() as u64)))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(self.tenants.lock().keys().cloned().collect())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

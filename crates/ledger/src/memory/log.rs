//! A log in memory.

use super::hold;
use crate::log::{AppendFailure, Log, LogError, check_append};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Entry,
};
use std::{collections::BTreeMap, sync::Mutex};
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
            let mut tenants = hold(&self.tenants);
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
        let tenants = hold(&self.tenants);
        let log = tenants.get(tenant).map_or(&[][..], Vec::as_slice);
        Ok(log
            .iter()
            .skip(usize::try_from(from.0).unwrap_or(usize::MAX))
            .take(max)
            .cloned()
            .collect())
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        let tenants = hold(&self.tenants);
        let log = tenants.get(tenant).map_or(&[][..], Vec::as_slice);
        positions
            .iter()
            .map(|position| {
                let entry = usize::try_from(position.0).ok().and_then(|index| log.get(index));
                entry.cloned().ok_or_else(|| LogError::Corrupt {
                    position: *position,
                    what: "no record is there".to_owned(),
                })
            })
            .collect()
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(hold(&self.tenants).get(tenant).map_or(0, |entries| entries.len() as u64)))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(hold(&self.tenants).keys().cloned().collect())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

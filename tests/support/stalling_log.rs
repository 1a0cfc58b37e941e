//! A log in memory whose appends stall, or fail.

use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use claimledger_ledger::{
    log::{AppendFailure, Log, LogError},
    memory::MemoryLog,
};
use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};
use tokio::sync::watch;

/// What an append does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Appends {
    Work,
    Stall,
    Fail,
}

/// See above.
#[derive(Debug, Default)]
pub(crate) struct StallingLog {
    log: MemoryLog,
    appends: AtomicU8,
}

impl StallingLog {
    pub(crate) fn set(&self, appends: Appends) {
        self.appends.store(appends as u8, Ordering::SeqCst);
    }
}

#[async_trait]
impl Log for StallingLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        while self.appends.load(Ordering::SeqCst) == Appends::Stall as u8 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if self.appends.load(Ordering::SeqCst) == Appends::Fail as u8 {
            return Err(AppendFailure::Log(LogError::unavailable("the disk does not answer")));
        }
        self.log.append(tenant, expected, entries).await
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.log.read(tenant, from, max).await
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.log.read_at(tenant, positions).await
    }

    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.log.headers(tenant, from, max).await
    }

    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.log.headers_at(tenant, positions).await
    }

    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        self.log.remove_bodies(tenant, positions, bodies, removal).await
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.log.head(tenant).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.log.tenants().await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.log.changes()
    }
}

//! A tenant with memory engines, and logs that are slow or fail.

use async_trait::async_trait;
use claimledger_facts::{
    ids::*,
    record::{BodyKind, Entry, Prepared, Record, Removal, StoredHeader},
    time::Time,
};
use claimledger_ledger::{
    clock::{ClockGuard, ClockSettings, FixedClock, OnJump},
    conformance::Records,
    log::{AppendFailure, Log, LogError},
    memory::{MemoryIndex, MemoryLog},
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
    views::{IndexRow, Term, TermKind, Views},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::sync::watch;

pub(crate) struct World {
    pub(crate) tenant: TenantId,
    pub(crate) records: Arc<Records>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) index: Arc<MemoryIndex>,
    pub(crate) clock: Arc<FixedClock>,
    kind: LedgerKind,
}

impl World {
    pub(crate) fn new(kind: LedgerKind) -> Self {
        let tenant = TenantId::from("acme");
        let clock = Arc::new(FixedClock::new(Time::EPOCH.plus_secs(1000)));
        Self {
            records: Arc::new(Records::new(&tenant)),
            tenant,
            log: Arc::default(),
            index: Arc::default(),
            clock,
            kind,
        }
    }

    /// Occurred at second 10, in no session.
    pub(crate) fn record(&self, id: &str, content: &str) -> Prepared {
        self.records.record(id, None, content, 10)
    }

    pub(crate) fn in_session(&self, id: &str, session: &str) -> Prepared {
        self.records.record(id, Some(session), id, 10)
    }

    pub(crate) fn config(&self, log: Arc<dyn Log>) -> SequencerConfig {
        SequencerConfig {
            tenant: self.tenant.clone(),
            log,
            index: self.index.clone(),
            facts: self.records.clone(),
            clock: Arc::new(ClockGuard::new(
                self.clock.clone(),
                ClockSettings { on_jump: OnJump::Accept, ..ClockSettings::default() },
            )),
            kind: self.kind,
        }
    }

    pub(crate) async fn open(&self) -> Sequencer {
        self.open_on(self.log.clone()).await
    }

    pub(crate) async fn open_on(&self, log: Arc<dyn Log>) -> Sequencer {
        Sequencer::open(self.config(log)).await.unwrap()
    }

    pub(crate) fn slow_log(&self) -> Arc<Faulty> {
        Arc::new(Faulty {
            log: self.log.clone(),
            fault: Fault::None,
            left: AtomicU32::new(0),
            appends: AtomicU32::new(0),
            reads: AtomicU32::new(0),
        })
    }

    pub(crate) fn faulty_log(&self, fault: Fault, times: u32) -> Arc<Faulty> {
        Arc::new(Faulty {
            log: self.log.clone(),
            fault,
            left: AtomicU32::new(times),
            appends: AtomicU32::new(0),
            reads: AtomicU32::new(0),
        })
    }

    pub(crate) async fn size(&self) -> u64 {
        self.log.head(&self.tenant).await.unwrap().0
    }

    pub(crate) async fn records(&self) -> Vec<Record> {
        self.log
            .read(&self.tenant, LogPosition(0), usize::MAX)
            .await
            .unwrap()
            .iter()
            .map(|entry| entry.decode().unwrap())
            .collect()
    }

    pub(crate) async fn kinds(&self) -> Vec<String> {
        self.records().await.into_iter().map(|record| record.statement.kind).collect()
    }

    /// Indexes records up to the head.
    pub(crate) async fn follow(&self) {
        self.follow_to(usize::MAX).await;
    }

    /// Indexes records up to a log size.
    pub(crate) async fn follow_to(&self, size: usize) {
        let covered = claimledger_ledger::index::RecordIndex::covered(&*self.index, &self.tenant)
            .await
            .unwrap();
        let rows: Vec<_> = self
            .records()
            .await
            .iter()
            .take(size)
            .skip(covered.0 as usize)
            .map(|record| IndexRow {
                position: record.header.position,
                id: record.header.id,
                leaf: claimledger_facts::record::Digest32([0; 32]),
                terms: record
                    .statement
                    .sessions()
                    .map(|id| Term { kind: TermKind::Session, value: id.as_str().to_owned() })
                    .collect(),
                summary: Vec::new(),
            })
            .collect();
        self.index.apply(&self.tenant, covered, &rows, &[]).await.unwrap();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    BeforeWriting,
    AfterWriting,
}

/// A log that wraps another one: each append is delayed, and some fail with an unknown outcome.
pub(crate) struct Faulty {
    log: Arc<MemoryLog>,
    fault: Fault,
    left: AtomicU32,
    appends: AtomicU32,
    reads: AtomicU32,
}

impl Faulty {
    pub(crate) fn appends(&self) -> u32 {
        self.appends.load(SeqCst)
    }

    /// The number of range reads.
    pub(crate) fn reads(&self) -> u32 {
        self.reads.load(SeqCst)
    }

    pub(crate) fn heal(&self) {
        self.left.store(0, SeqCst);
    }
}

#[async_trait]
impl Log for Faulty {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        self.appends.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        let fails = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails && self.fault == Fault::BeforeWriting {
            return Err(LogError::unavailable("the wire was cut").into());
        }
        let size = self.log.append(tenant, expected, entries).await?;
        if fails && self.fault == Fault::AfterWriting {
            return Err(LogError::unavailable("the wire was cut").into());
        }
        Ok(size)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.reads.fetch_add(1, SeqCst);
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
        self.reads.fetch_add(1, SeqCst);
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

//! Logs on a double, and a sequencer over them.

use claimledger_facts::{ids::*, record::Prepared, time::Time};
use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::Double;
use claimledger_ledger::{
    append::{AppendRequest, Receipt, SequencerError},
    clock::{ClockGuard, ClockSettings, FixedClock, OnJump},
    conformance::Records,
    log::Log,
    memory::MemoryIndex,
    nodes::Nodes,
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
};
use std::{sync::Arc, time::Duration};

/// Options with short timeouts.
pub(crate) fn options(double: &Double) -> KurrentOptions {
    KurrentOptions {
        deadline: Duration::from_secs(8),
        attempt_timeout: Duration::from_millis(400),
        poll_interval: Duration::from_millis(50),
        ..KurrentOptions::new(double.url(), "ledger")
    }
}

pub(crate) async fn connect(double: &Double) -> Arc<KurrentLog> {
    Arc::new(KurrentLog::connect(options(double)).await.unwrap())
}

pub(crate) fn acme() -> TenantId {
    TenantId::from("acme")
}

/// A tenant, its log on a double, and what a sequencer needs beside it.
pub(crate) struct World {
    pub(crate) double: Double,
    pub(crate) records: Arc<Records>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self { double: Double::start().await, records: Arc::new(Records::new(&acme())) }
    }

    /// A sequencer over this log, as in a process of its own.
    pub(crate) async fn sequencer(&self, log: Arc<dyn Log>) -> Sequencer {
        let clock = Arc::new(FixedClock::new(Time::EPOCH.plus_secs(1000)));
        let settings = ClockSettings { on_jump: OnJump::Accept, ..ClockSettings::default() };
        let config = SequencerConfig {
            tenant: acme(),
            log,
            index: Arc::new(MemoryIndex::default()),
            facts: self.records.clone(),
            clock: Arc::new(ClockGuard::new(clock, settings)),
            kind: LedgerKind::Live,
            nodes: Nodes::Many,
        };
        Sequencer::open(config).await.unwrap()
    }

    pub(crate) fn record(&self, id: &str) -> Prepared {
        self.records.record(id, Some("S1"), id, 10)
    }

    /// The source ids in the log, in order, read by another process.
    pub(crate) async fn source_ids(&self) -> Vec<String> {
        let log = connect(&self.double).await;
        let mut ids = Vec::new();
        loop {
            let page = log.read(&acme(), LogPosition(ids.len() as u64), 500).await.unwrap();
            if page.is_empty() {
                return ids;
            }
            for entry in page {
                let header = entry.decode().unwrap().header;
                assert_eq!(header.position, LogPosition(ids.len() as u64));
                ids.push(header.source_id.as_str().to_owned());
            }
        }
    }
}

pub(crate) async fn append(
    sequencer: &Sequencer,
    records: Vec<Prepared>,
) -> Result<Vec<Receipt>, SequencerError> {
    sequencer.append(AppendRequest { records, expected_revision: None }).await
}

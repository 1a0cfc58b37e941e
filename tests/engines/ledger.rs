//! Ledgers that differ in their engines alone.

use super::{database, rng::Rng, server};
use claimledger_app::{
    app::{AccessParts, App, Options, Parts, ProofParts},
    copy::CopyParts,
};
use claimledger_facts::{random::Random, seal::MasterKey, time::Time};
use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::Double;
use claimledger_ledger::{
    clock::FixedClock,
    log::LogError,
    memory::{MemoryCheckpoints, MemoryKeys, MemoryLog, MemoryState},
};
use claimledger_store::sqlite::{SqliteOptions, SqliteStore};
use std::sync::{Arc, Mutex};

/// The engines of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engines {
    /// In memory.
    Memory,
    /// One directory.
    Sqlite,
    /// Shared parts in PostgreSQL.
    Postgres,
    /// Both logs on a double of KurrentDB, the other shared parts in PostgreSQL.
    Kurrent,
}

impl Engines {
    /// Those that are shipped, or a double of one.
    pub(super) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Kurrent];
}

/// Randomness of a seed: the same bytes in the same order.
pub(super) struct Seeded(Mutex<Rng>);

impl Seeded {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Rng::new(seed))))
    }
}

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) {
        let mut rng = self.0.lock().unwrap();
        out.iter_mut().for_each(|byte| *byte = rng.between(0, 255) as u8);
    }
}

/// Engines without a ledger over them. What a node derives is in a directory of its own.
pub(super) struct Stored {
    pub(super) parts: CopyParts,
    pub(super) clock: Arc<FixedClock>,
    own: SqliteStore,
    _dir: tempfile::TempDir,
    _double: Option<Double>,
}

impl Stored {
    /// An empty place.
    pub(super) async fn new(engines: Engines) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("ledger");
        let own = SqliteStore::create(&place, SqliteOptions::default()).await.unwrap();
        let mut double = None;
        let parts = match engines {
            Engines::Memory => CopyParts {
                log: Arc::new(MemoryLog::default()),
                access: Arc::new(MemoryLog::default()),
                keys: Arc::new(MemoryKeys::default()),
                state: Arc::new(MemoryState::default()),
                checkpoints: Arc::new(MemoryCheckpoints::default()),
            },
            Engines::Sqlite => CopyParts {
                log: own.log(),
                access: own.access().unwrap(),
                keys: own.keys(),
                state: own.state(),
                checkpoints: own.checkpoints(),
            },
            Engines::Postgres | Engines::Kurrent => {
                let name = database::database(server::shared()).await;
                let store = database::node(server::shared(), &name).await;
                let mut parts = CopyParts {
                    log: store.log(),
                    access: store.access(),
                    keys: store.keys(),
                    state: store.state(),
                    checkpoints: store.checkpoints(),
                };
                if engines == Engines::Kurrent {
                    let url = double.insert(Double::start().await).url();
                    let log = async |prefix: &str| {
                        let options = KurrentOptions::new(url.as_str(), prefix);
                        Arc::new(KurrentLog::connect(options).await.unwrap())
                    };
                    (parts.log, parts.access) = (log("ledger").await, log("access").await);
                }
                parts
            }
        };
        let clock = Arc::new(FixedClock::new(Time::parse("2026-05-01T08:00:00Z").unwrap()));
        Self { parts, clock, own, _dir: dir, _double: double }
    }

    /// A ledger on them.
    pub(super) async fn open(&self, random: Arc<dyn Random>) -> App {
        self.try_open(random).await.unwrap()
    }

    /// The same, or why it is refused.
    pub(super) async fn try_open(&self, random: Arc<dyn Random>) -> Result<App, LogError> {
        let parts = Parts {
            log: self.parts.log.clone(),
            keys: self.parts.keys.clone(),
            state: self.parts.state.clone(),
            proofs: ProofParts {
                tiles: self.own.tiles(),
                checkpoints: self.parts.checkpoints.clone(),
            },
            access: AccessParts { log: self.parts.access.clone(), index: self.own.access_index() },
            views: self.own.views(),
            clock: self.clock.clone(),
            random,
            master: MasterKey::from_bytes([7; 32]),
            options: Options::default(),
            engine: Box::new(()),
        };
        App::open(parts).await
    }
}

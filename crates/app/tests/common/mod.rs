//! A ledger on in-memory engines, and the demo's day as test data.
#![allow(dead_code, reason = "each test file uses some of it")]

use claimledger_app::{
    app::{AccessParts, App, Options, Parts, ProofParts},
    intake::{Batch, IngestError, Ingested},
    model::question::{Asking, Caller},
};
use claimledger_facts::{
    draft::Draft,
    ids::{LogPosition, SourceId, TenantId},
    random::SystemRandom,
    seal::MasterKey,
    time::Time,
    vocabulary::Channel,
};
use claimledger_ledger::{
    clock::FixedClock,
    memory::{
        MemoryAccessIndex, MemoryCheckpoints, MemoryIndex, MemoryKeys, MemoryLog, MemoryState,
        MemoryTiles,
    },
    state::StateStore,
};
use claimledger_sources::{Dialect, translate};
use std::sync::Arc;

/// In-memory engines, on which several apps can be opened one after the other.
pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) keys: Arc<MemoryKeys>,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) proofs: ProofParts,
    pub(crate) access: AccessParts,
    pub(crate) views: Arc<MemoryIndex>,
    pub(crate) clock: Arc<FixedClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            log: Arc::default(),
            keys: Arc::default(),
            state: Arc::new(MemoryState::default()),
            proofs: proofs(),
            access: access(),
            views: Arc::default(),
            clock: Arc::new(FixedClock::new(time("2026-03-11T08:00:00Z"))),
        }
    }

    pub(crate) async fn open(&self) -> App {
        self.open_with(Options::default()).await
    }

    pub(crate) async fn open_with(&self, options: Options) -> App {
        App::open(self.parts(options)).await.unwrap()
    }

    /// Another node of the same ledger: what nodes share, and read models, tiles and an index of
    /// its own.
    pub(crate) fn node(&self) -> Self {
        Self {
            log: self.log.clone(),
            keys: self.keys.clone(),
            state: self.state.clone(),
            proofs: ProofParts { checkpoints: self.proofs.checkpoints.clone(), ..proofs() },
            access: AccessParts { log: self.access.log.clone(), ..access() },
            clock: self.clock.clone(),
            ..Self::new()
        }
    }

    pub(crate) fn parts(&self, options: Options) -> Parts {
        Parts {
            log: self.log.clone(),
            keys: self.keys.clone(),
            state: self.state.clone(),
            proofs: self.proofs.clone(),
            access: self.access.clone(),
            views: self.views.clone(),
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
            master: MasterKey::from_bytes([7; 32]),
            options,
            engine: Box::new(()),
        }
    }
}

/// Trees and checkpoints in memory, without anchors.
pub(crate) fn proofs() -> ProofParts {
    ProofParts {
        tiles: Arc::new(MemoryTiles::default()),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
    }
}

/// Access logs and their index in memory.
pub(crate) fn access() -> AccessParts {
    AccessParts {
        log: Arc::new(MemoryLog::default()),
        index: Arc::new(MemoryAccessIndex::default()),
    }
}

/// A rehearsal of acme's day, completely recorded.
pub(crate) async fn acme() -> (World, App) {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    ingest(&app, "acme", drafts(&demo("acme"))).await.unwrap();
    (world, app)
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::new(name)
}

pub(crate) fn owner(name: &str) -> Caller {
    Caller::owner(tenant(name))
}

pub(crate) fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

/// A time on the day of the demo.
pub(crate) fn at(text: &str) -> Time {
    time(&format!("2026-03-10T{text}Z"))
}

pub(crate) fn known_at(position: u64) -> Asking {
    Asking { known_at_position: Some(LogPosition(position)), ..Asking::default() }
}

/// The fixture's day of an organisation, as lines.
pub(crate) fn demo(name: &str) -> Vec<String> {
    let path = format!("{}/../../tests/fixture/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

pub(crate) fn drafts<S: AsRef<str>>(lines: &[S]) -> Vec<(u64, Draft)> {
    let numbered = (1..).zip(lines);
    numbered
        .flat_map(|(n, line)| {
            translate(&Dialect::Native.into(), None, line.as_ref().as_bytes())
                .unwrap()
                .drafts
                .into_iter()
                .map(move |d| (n, d))
        })
        .collect()
}

pub(crate) fn batch(drafts: Vec<(u64, Draft)>) -> Batch {
    Batch {
        drafts,
        channel: Channel::File,
        source: None,
        expected_revision: None,
        rehearsal_now: None,
    }
}

pub(crate) async fn ingest(
    app: &App,
    tenant: &str,
    drafts: Vec<(u64, Draft)>,
) -> Result<Vec<Ingested>, IngestError> {
    app.ingest(&owner(tenant), batch(drafts)).await
}

pub(crate) async fn ingest_line(
    app: &App,
    tenant: &str,
    line: &serde_json::Value,
) -> Result<Ingested, IngestError> {
    Ok(ingest(app, tenant, drafts(&[line.to_string()])).await?.remove(0))
}

pub(crate) fn source(name: &str) -> Option<SourceId> {
    Some(SourceId::new(name))
}

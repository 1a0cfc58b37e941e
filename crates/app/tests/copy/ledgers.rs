//! Ledgers to copy, and what they hold.

use crate::{
    common::{World, demo, drafts, ingest, owner, tenant, time},
    ledger_dump,
};
use async_trait::async_trait;
use claimledger_app::{
    app::App,
    copy::{CopyParts, PER_NODE_STATES},
    model::{
        proof::LogKind,
        question::{Asking, Caller},
    },
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, SessionId, TenantId},
    record::{BodyKind, Entry, Removal, SealedBody, StoredHeader},
    vocabulary::{RemovalReason, Role},
};
use claimledger_ledger::{
    keys::KeyStore,
    log::{AppendFailure, Log, LogError},
    memory::MemoryLog,
};
use claimledger_store::sqlite::{SqliteOptions, SqliteStore};
use std::{path::Path, sync::Arc};
use tokio::sync::watch;

/// The engines of a ledger in memory.
pub(super) fn parts(world: &World) -> CopyParts {
    CopyParts {
        log: world.log.clone(),
        access: world.access.log.clone(),
        keys: world.keys.clone(),
        state: world.state.clone(),
        checkpoints: world.proofs.checkpoints.clone(),
    }
}

/// The engines of an empty ledger in a directory.
pub(super) async fn sqlite(dir: &Path) -> CopyParts {
    let store = SqliteStore::create(&dir.join("ledger"), SqliteOptions::default()).await.unwrap();
    CopyParts {
        log: store.log(),
        access: store.access().unwrap(),
        keys: store.keys(),
        state: store.state(),
        checkpoints: store.checkpoints(),
    }
}

/// Two tenants' days, with everything that a ledger can have: removed bodies, a destroyed key, a
/// revoked credential, states, signed checkpoints and accesses.
pub(super) async fn full() -> World {
    let world = World::new();
    let app = world.open().await;
    for name in ["acme", "globex"] {
        app.init_tenant(&tenant(name), true, None).await.unwrap();
        ingest(&app, name, drafts(&demo(name))).await.unwrap();
    }
    lived(&world, &app).await;
    for kind in LogKind::ALL {
        while app.checkpoint(&owner("acme"), kind).await.unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    app.close().await;
    let acme = tenant("acme");
    let removal = Removal { reason: RemovalReason::Retention, at: time("2026-03-11T08:30:00Z") };
    for (position, bodies) in [(10, &BodyKind::ALL[..]), (11, &BodyKind::ALL[1..])] {
        let position = [LogPosition(position)];
        world.log.remove_bodies(&acme, &position, bodies, &removal).await.unwrap();
    }
    for (key, value) in [("cursor/okta", "17"), ("look/okta", "{}"), ("duty/poll/okta", "node-1")] {
        world.state.store(&acme, key, 0, value.as_bytes()).await.unwrap();
    }
    world
}

/// Part of a life of `acme`: two grants, one of them revoked, a person whose key is destroyed, and
/// a question.
pub(super) async fn lived(world: &World, app: &App) {
    let govern = owner("acme");
    let (kept, _) = app.grant(&govern, &[Role::Read], None).await.unwrap();
    let (revoked, _) = app.grant(&govern, &[Role::Ingest], None).await.unwrap();
    assert!(app.revoke(&govern, &revoked).await.unwrap());
    let reader = Caller { credential: kept, ..govern.clone() };
    let live = world.keys.persons(&tenant("acme"), None, 1).await.unwrap().remove(0);
    app.destroy_key(&govern, &live.pseudonym).await.unwrap();
    let _ = app.session(&reader, &SessionId::new("S2"), &Asking::default()).await.unwrap();
}

/// Everything that a copy must have, as text.
pub(super) async fn dump(parts: &CopyParts) -> Vec<String> {
    ledger_dump::dump(parts, &["acme", "globex"]).await
}

/// Equal to the byte, but for states of a node, which only the source has.
pub(super) async fn assert_equal(source: &CopyParts, target: &CopyParts) {
    let mut ours = dump(source).await;
    let is_of_node = |line: &String| {
        PER_NODE_STATES.iter().any(|prefix| line.starts_with(&format!("acme state {prefix}")))
    };
    assert_eq!(ours.iter().filter(|line| is_of_node(line)).count(), 1);
    ours.retain(|line| !is_of_node(line));
    assert_eq!(ledger_dump::differs(&ours, &dump(target).await), None);
}

/// All records of `acme`.
pub(super) async fn entries(world: &World) -> Vec<Entry> {
    world.log.read(&tenant("acme"), LogPosition(0), 500).await.unwrap()
}

/// A log with the first records of `acme` alone.
pub(super) async fn first(world: &World, records: usize) -> MemoryLog {
    let log = MemoryLog::default();
    let some = &entries(world).await[..records];
    log.append(&tenant("acme"), LogSize(0), some).await.unwrap();
    log
}

/// A log that stores another body than it was given.
pub(super) struct Forging(pub(super) Arc<MemoryLog>);

#[async_trait]
impl Log for Forging {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        let mut entries = entries.to_vec();
        if let Some(SealedBody::Present(bytes)) =
            entries.get_mut(40).map(|entry| &mut entry.original)
        {
            bytes[0] ^= 1;
        }
        self.0.append(tenant, expected, &entries).await
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.0.read(tenant, from, max).await
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.0.read_at(tenant, positions).await
    }

    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.0.headers(tenant, from, max).await
    }

    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.0.headers_at(tenant, positions).await
    }

    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        self.0.remove_bodies(tenant, positions, bodies, removal).await
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.0.head(tenant).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.0.tenants().await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes()
    }
}

//! The engines pass the suites of the traits.

use super::{
    common::{database, fresh, node},
    server,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, TenantId},
    record::{BodyKind, Digest32, Entry, Removal, StoredHeader},
    time::Time,
};
use claimledger_ledger::{
    conformance,
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::{AppendFailure, Log, LogError},
    state::{StateError, StateStore, Versioned},
    tree::{CheckpointRow, CheckpointStore, PublishError},
};
use claimledger_store::postgres::{PostgresLog, PostgresStore};
use std::sync::Arc;
use tokio::sync::watch;

/// One of the logs of a store, with the store for as long as it lives.
struct OneLog(
    Arc<PostgresLog>,
    #[allow(dead_code, reason = "its tasks end with it")] PostgresStore,
);

#[async_trait]
impl Log for OneLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        self.0.append(tenant, expected, entries).await
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

/// Two nodes on one new database: keys are destroyed through the second, everything else is done
/// through the first.
struct Fresh(PostgresStore, PostgresStore);

impl Fresh {
    async fn new() -> Self {
        let server = server::shared();
        let database = database(server).await;
        Self(node(server, &database).await, node(server, &database).await)
    }
}

#[async_trait]
impl KeyStore for Fresh {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        self.0.keys().add_tenant(row).await
    }
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        self.0.keys().tenant(tenant).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.0.keys().tenants().await
    }
    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        self.0.keys().add_persons(tenant, rows).await
    }
    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        self.0.keys().person(tenant, pseudonym).await
    }
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        self.1.keys().destroy(tenant, pseudonym).await
    }
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError> {
        self.0.keys().destructions(tenant).await
    }
    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        self.0.keys().destroyed(tenant, after, max).await
    }
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        self.0.keys().person_by_id(tenant, index).await
    }
    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.0.keys().persons(tenant, after, max).await
    }
    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.0.keys().persons_by_alias(tenant, index).await
    }
    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        self.0.keys().add_credential(row).await
    }
    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        self.0.keys().credential(token_hash).await
    }
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        self.0.keys().credentials(tenant).await
    }
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError> {
        self.0.keys().revoke_credential(tenant, credential, at, mac).await
    }
}

#[async_trait]
impl StateStore for Fresh {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.0.state().load(tenant, key).await
    }
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        self.0.state().store(tenant, key, expected, value).await
    }
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.0.state().remove(tenant, key, expected).await
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.0.state().keys(tenant, prefix).await
    }
}

#[async_trait]
impl CheckpointStore for Fresh {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        self.0.checkpoints().checkpoint(tenant).await
    }
    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        self.0.checkpoints().publish(tenant, expected, next).await
    }
    async fn check(&self) -> Result<(), LogError> {
        self.0.checkpoints().check().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log() {
    conformance::log(|| async {
        let store = fresh().await;
        OneLog(store.log(), store)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_log() {
    conformance::log(|| async {
        let store = fresh().await;
        OneLog(store.access(), store)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys() {
    conformance::keys(Fresh::new).await;
    let fresh = Arc::new(Fresh::new().await);
    conformance::races_of_destroyed_keys(Arc::clone(&fresh), 300).await;
    fresh.0.keys().check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state() {
    conformance::state(Fresh::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints() {
    conformance::checkpoints(Fresh::new).await;
}

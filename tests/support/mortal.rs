//! Engines that die at a write: it is done or not, and nothing works afterwards.

use async_trait::async_trait;
use claimledger_app::copy::CopyParts;
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, TenantId},
    record::{BodyKind, Digest32, Entry, Removal, StoredHeader},
    time::Time,
};
use claimledger_ledger::{
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::{AppendFailure, Log, LogError},
    state::{StateError, StateStore, Versioned},
    tree::{CheckpointRow, CheckpointStore, PublishError},
};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What is left of a life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// Writes before the one that it dies at.
    pub(crate) writes: u64,
    /// Whether the last write is done before it dies.
    pub(crate) last_is_done: bool,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<(Life, bool)>>);

impl Shared {
    fn is_dead(&self) -> bool {
        self.0.lock().unwrap().1
    }

    fn alive(&self) -> Result<(), LogError> {
        if self.is_dead() { Err(LogError::unavailable("killed")) } else { Ok(()) }
    }

    /// Whether a write is done.
    fn write(&self) -> Result<(), LogError> {
        self.alive()?;
        let mut shared = self.0.lock().unwrap();
        let (life, is_dead) = &mut *shared;
        if life.writes > 0 {
            life.writes -= 1;
            return Ok(());
        }
        *is_dead = true;
        if life.last_is_done { Ok(()) } else { Err(LogError::unavailable("killed")) }
    }
}

struct Mortal<E: ?Sized> {
    shared: Shared,
    engine: Arc<E>,
}

impl<E: ?Sized> Mortal<E> {
    fn reads(&self) -> Result<&E, LogError> {
        self.shared.alive()?;
        Ok(&self.engine)
    }

    fn writes(&self) -> Result<&E, LogError> {
        self.shared.write()?;
        Ok(&self.engine)
    }

    /// The result of a write: lost, if it was the last.
    fn done<T, F: From<LogError>>(&self, result: Result<T, F>) -> Result<T, F> {
        self.shared.alive()?;
        result
    }
}

/// These engines with one life. Returns whether they have died, too.
pub(crate) fn mortal(parts: &CopyParts, life: Life) -> (CopyParts, impl Fn() -> bool + use<>) {
    let shared = Shared(Arc::new(Mutex::new((life, false))));
    let log = |log: &Arc<dyn Log>| -> Arc<dyn Log> {
        Arc::new(Mortal { shared: shared.clone(), engine: Arc::clone(log) })
    };
    let mortal = CopyParts {
        log: log(&parts.log),
        access: log(&parts.access),
        keys: Arc::new(Mortal { shared: shared.clone(), engine: Arc::clone(&parts.keys) }),
        state: Arc::new(Mortal { shared: shared.clone(), engine: Arc::clone(&parts.state) }),
        checkpoints: Arc::new(Mortal {
            shared: shared.clone(),
            engine: Arc::clone(&parts.checkpoints),
        }),
    };
    (mortal, move || shared.is_dead())
}

#[async_trait]
impl Log for Mortal<dyn Log> {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        self.done(self.writes()?.append(tenant, expected, entries).await)
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.reads()?.read(tenant, from, max).await
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.reads()?.read_at(tenant, positions).await
    }

    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.reads()?.headers(tenant, from, max).await
    }

    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.reads()?.headers_at(tenant, positions).await
    }

    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        self.done(self.writes()?.remove_bodies(tenant, positions, bodies, removal).await)
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.reads()?.head(tenant).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.reads()?.tenants().await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.engine.changes()
    }
}

#[async_trait]
impl KeyStore for Mortal<dyn KeyStore> {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        self.done(self.writes()?.add_tenant(row).await)
    }
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        self.reads()?.tenant(tenant).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.reads()?.tenants().await
    }
    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        self.done(self.writes()?.add_persons(tenant, rows).await)
    }
    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        self.reads()?.person(tenant, pseudonym).await
    }
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        self.done(self.writes()?.destroy(tenant, pseudonym).await)
    }
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError> {
        self.reads()?.destructions(tenant).await
    }
    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        self.reads()?.destroyed(tenant, after, max).await
    }
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        self.reads()?.person_by_id(tenant, index).await
    }
    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.reads()?.persons(tenant, after, max).await
    }
    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.reads()?.persons_by_alias(tenant, index).await
    }
    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        self.done(self.writes()?.add_credential(row).await)
    }
    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        self.reads()?.credential(token_hash).await
    }
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        self.reads()?.credentials(tenant).await
    }
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError> {
        self.done(self.writes()?.revoke_credential(tenant, credential, at, mac).await)
    }
}

#[async_trait]
impl StateStore for Mortal<dyn StateStore> {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.reads()?.load(tenant, key).await
    }
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        self.done(self.writes()?.store(tenant, key, expected, value).await)
    }
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.done(self.writes()?.remove(tenant, key, expected).await)
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.reads()?.keys(tenant, prefix).await
    }
}

#[async_trait]
impl CheckpointStore for Mortal<dyn CheckpointStore> {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        self.reads()?.checkpoint(tenant).await
    }
    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        self.done(self.writes()?.publish(tenant, expected, next).await)
    }
}

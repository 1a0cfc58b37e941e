//! Name spaces in a database that is shared: each engine of a suite sees tenants of its own.

use crate::{
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::{AppendFailure, Log, LogError},
    state::{StateError, StateStore, Versioned},
    tree::{CheckpointRow, CheckpointStore, PublishError},
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, TenantId},
    random::Random,
    record::{BodyKind, Digest32, Entry, Removal, StoredHeader},
    time::Time,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::watch;

/// What the name of every scratch tenant begins with.
const SCRATCH: &str = "conformance_";

/// A name space. Tenants get a prefix; hashes of tokens, which are unique over all tenants, are
/// combined with random bytes.
#[derive(Clone, Debug)]
pub struct Scratch {
    prefix: String,
    mask: [u8; 32],
    parts: Arc<AtomicU32>,
}

impl Scratch {
    /// A new name space: `conformance_`, 16 random hexadecimal digits, and `_`.
    #[must_use]
    pub fn new(random: &dyn Random) -> Self {
        let (mut name, mut mask) = ([0; 8], [0; 32]);
        random.fill(&mut name);
        random.fill(&mut mask);
        let prefix = format!("{SCRATCH}{:016x}_", u64::from_be_bytes(name));
        Self { prefix, mask, parts: Arc::default() }
    }

    /// A name space within this one, for one engine: no other part sees what is in it.
    #[must_use]
    pub fn part(&self) -> Self {
        let number = self.parts.fetch_add(1, Ordering::Relaxed);
        let mut mask = self.mask;
        mask.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
        Self { prefix: format!("{}{number}_", self.prefix), mask, parts: Arc::default() }
    }

    /// What the names of its tenants begin with: letters, digits and underscores.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a tenant is one of a scratch name space, of this run or of another.
    #[must_use]
    pub fn is_scratch(tenant: &TenantId) -> bool {
        tenant.as_str().starts_with(SCRATCH)
    }

    fn inside(&self, tenant: &TenantId) -> TenantId {
        TenantId::new(format!("{}{}", self.prefix, tenant.as_str()))
    }

    fn outside(&self, tenant: &TenantId) -> Option<TenantId> {
        tenant.as_str().strip_prefix(&self.prefix).map(TenantId::new)
    }

    fn own(&self, tenants: &[TenantId]) -> Vec<TenantId> {
        tenants.iter().filter_map(|tenant| self.outside(tenant)).collect()
    }

    fn masked(&self, hash: &Digest32) -> Digest32 {
        let mut masked = hash.0;
        masked.iter_mut().zip(self.mask).for_each(|(byte, mask)| *byte ^= mask);
        Digest32(masked)
    }

    fn credential_inside(&self, row: &CredentialRow) -> CredentialRow {
        CredentialRow {
            tenant: self.inside(&row.tenant),
            token_hash: self.masked(&row.token_hash),
            ..row.clone()
        }
    }

    fn credential_outside(&self, row: CredentialRow) -> CredentialRow {
        let tenant = self.outside(&row.tenant).unwrap_or_else(|| row.tenant.clone());
        CredentialRow { tenant, token_hash: self.masked(&row.token_hash), ..row }
    }
}

/// A log in a name space.
pub struct ScratchLog(pub Scratch, pub Arc<dyn Log>);

#[async_trait]
impl Log for ScratchLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        self.1.append(&self.0.inside(tenant), expected, entries).await
    }
    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.1.read(&self.0.inside(tenant), from, max).await
    }
    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.1.read_at(&self.0.inside(tenant), positions).await
    }
    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.1.headers(&self.0.inside(tenant), from, max).await
    }
    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.1.headers_at(&self.0.inside(tenant), positions).await
    }
    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        self.1.remove_bodies(&self.0.inside(tenant), positions, bodies, removal).await
    }
    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        self.1.head(&self.0.inside(tenant)).await
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(self.0.own(&self.1.tenants().await?))
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.1.changes()
    }
}

/// A key store in a name space. Keys are destroyed through the second, which may be another node's.
pub struct ScratchKeys(pub Scratch, pub Arc<dyn KeyStore>, pub Arc<dyn KeyStore>);

#[async_trait]
impl KeyStore for ScratchKeys {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        let row = TenantKeysRow { tenant: self.0.inside(&row.tenant), ..row.clone() };
        self.1.add_tenant(&row).await
    }
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        let row = self.1.tenant(&self.0.inside(tenant)).await?;
        Ok(row.map(|row| TenantKeysRow { tenant: tenant.clone(), ..row }))
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(self.0.own(&self.1.tenants().await?))
    }
    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        self.1.add_persons(&self.0.inside(tenant), rows).await
    }
    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        self.1.person(&self.0.inside(tenant), pseudonym).await
    }
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        self.2.destroy(&self.0.inside(tenant), pseudonym).await
    }
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError> {
        self.1.destructions(&self.0.inside(tenant)).await
    }
    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        self.1.destroyed(&self.0.inside(tenant), after, max).await
    }
    async fn has_destroyed(&self, tenant: &TenantId) -> Result<bool, LogError> {
        self.1.has_destroyed(&self.0.inside(tenant)).await
    }
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        self.1.person_by_id(&self.0.inside(tenant), index).await
    }
    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.1.persons(&self.0.inside(tenant), after, max).await
    }
    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.1.persons_by_alias(&self.0.inside(tenant), index).await
    }
    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        self.1.add_credential(&self.0.credential_inside(row)).await
    }
    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        let row = self.1.credential(&self.0.masked(token_hash)).await?;
        Ok(row.map(|row| self.0.credential_outside(row)))
    }
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        let rows = self.1.credentials(&self.0.inside(tenant)).await?;
        Ok(rows.into_iter().map(|row| self.0.credential_outside(row)).collect())
    }
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError> {
        self.1.revoke_credential(&self.0.inside(tenant), credential, at, mac).await
    }
}

/// A state store in a name space.
pub struct ScratchState(pub Scratch, pub Arc<dyn StateStore>);

#[async_trait]
impl StateStore for ScratchState {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.1.load(&self.0.inside(tenant), key).await
    }
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        self.1.store(&self.0.inside(tenant), key, expected, value).await
    }
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.1.remove(&self.0.inside(tenant), key, expected).await
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.1.keys(&self.0.inside(tenant), prefix).await
    }
}

/// A store of checkpoints in a name space.
pub struct ScratchCheckpoints(pub Scratch, pub Arc<dyn CheckpointStore>);

#[async_trait]
impl CheckpointStore for ScratchCheckpoints {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        self.1.checkpoint(&self.0.inside(tenant)).await
    }
    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        self.1.publish(&self.0.inside(tenant), expected, next).await
    }
    async fn check(&self) -> Result<(), LogError> {
        self.1.check().await
    }
}

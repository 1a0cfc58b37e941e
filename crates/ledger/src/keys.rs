//! The key store interface: rows of wrapped keys. It never sees a key in the clear.

use crate::log::{LogError, Stopped};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};

/// A tenant's keys, wrapped by the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantKeysRow {
    /// The tenant.
    pub tenant: TenantId,
    /// Wrapped: the tenant key (wraps data keys; seals bodies that belong to no person), the index
    /// key, the digest key.
    pub wrapped: Vec<u8>,
}

/// A person's data key, wrapped by the tenant key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// The random pseudonym.
    pub pseudonym: Pseudonym,
    /// The wrapped data key.
    pub wrapped: Vec<u8>,
    /// Blind index of the subject's id: HMAC under the index key. Unique in the tenant.
    pub id_index: Digest32,
    /// Blind index of other identifiers. Not unique.
    pub alias_index: Vec<Digest32>,
}

/// The stored state of a pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredPerson {
    /// The person, with the wrapped key.
    Live(PersonRow),
    /// The key was destroyed permanently, with every blind index of the person.
    Destroyed,
}

/// A credential: the stored form of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its public id.
    pub credential: String,
    /// SHA-256 of the token.
    pub token_hash: Digest32,
    /// Words of the vocabulary `Role`.
    pub roles: Vec<String>,
    /// The source it may append as.
    pub source: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// The MAC of everything above, under a key of the tenant. Engines store it and never verify
    /// it.
    pub mac: Digest32,
}

/// The key store of one engine. Writes are durable when they return.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Adds a tenant's keys. `Unavailable` if it has some already.
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError>;
    /// A tenant's keys.
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError>;
    /// The tenants that have keys, bytewise.
    async fn tenants(&self) -> Result<Vec<TenantId>, LogError>;
    /// Adds persons in one durable transaction, and returns the stored state of each in the order
    /// of `rows`. A row whose `id_index` exists only adds its aliases: the stored row is returned,
    /// and records must be sealed under its key. For a pseudonym whose key is destroyed nothing is
    /// added, not even an alias.
    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError>;
    /// The person with this pseudonym; none: it is unknown.
    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError>;
    /// Destroys a person's key and every blind index of the person, permanently: once it returns,
    /// the key is deleted from the files (an engine that cannot overwrite its bytes documents where
    /// they remain), and no later call restores it, not even one that carries the old row. A
    /// pseudonym that was never added cannot be added afterwards. After an error the key may or may
    /// not be destroyed, or its bytes may be left in a file: call it again.
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError>;
    /// A counter that changes before [`Self::destroy`] returns: caches of keys must then be
    /// dropped. Read for each batch of records, so it must be cheap.
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError>;
    /// At most `max` pseudonyms whose keys are destroyed, after this one, bytewise; none: from the
    /// first.
    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError>;
    /// Whether a key of the tenant was ever destroyed.
    async fn has_destroyed(&self, tenant: &TenantId) -> Result<bool, LogError> {
        Ok(!self.destroyed(tenant, None, 1).await?.is_empty())
    }
    /// The person with this blind index of the id.
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError>;
    /// At most `max` persons after this pseudonym, in the order of pseudonyms; none: from the
    /// first.
    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError>;
    /// Persons with an alias of this blind index.
    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError>;
    /// Adds a credential.
    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError>;
    /// The credential with this token hash, of any tenant.
    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError>;
    /// A tenant's credentials, by their ids.
    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError>;
    /// Reads and validates every row, as far as that is possible without keys.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }
    /// Marks a credential as revoked, with the MAC of the row as it is then. A revoked one keeps
    /// its first time, and the MAC that fits. False if there is none.
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError>;

    /// Why writes are refused; none: writes are accepted, as far as is known.
    fn stopped(&self) -> Option<Stopped> {
        None
    }
}

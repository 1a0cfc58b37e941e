//! The seam of the key store: rows of wrapped keys. It never sees a key in the clear.

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
    /// Wrapped: the tenant key (wraps data keys; seals what belongs to nobody), the index key, the
    /// digest key.
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

/// What a key store has of a pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredPerson {
    /// The person, with the wrapped key.
    Live(PersonRow),
    /// The key was destroyed, with every index that found the person. It never comes back.
    Destroyed,
}

/// A credential: what is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// The tenant it is for.
    pub tenant: TenantId,
    /// Its public id.
    pub credential: String,
    /// SHA-256 of the token.
    pub token_hash: Digest32,
    /// Words of the vocabulary `Role`.
    pub roles: Vec<String>,
    /// The source it may append as.
    pub source: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
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
    /// Adds persons, all in one durable transaction, and says in the order of `rows` what the store
    /// has of each. One whose `id_index` is there already only gets the new aliases: the answer is
    /// the row that was first, and records must be sealed under its key. Of a pseudonym whose key
    /// is destroyed nothing is added, no alias either.
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
    /// Destroys a person's key, and every index that finds the person. Final: once it returned,
    /// the key is gone from the files, and no later call brings it back, not even one that carries
    /// the old row. A pseudonym that was never added cannot be added afterwards. After an error
    /// the key may be destroyed or not, or its bytes may be left in a file: call it again.
    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError>;
    /// A number that is another one once a [`Self::destroy`] returned: keys that are held in memory
    /// must then be dropped. Asked for each batch of records, so it must be cheap.
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError>;
    /// The person whose id has this blind index.
    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError>;
    /// Persons after one, in the order of their pseudonyms, at most `max`; none: from the first.
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
    /// Reads everything and checks that it holds together, as far as that can be told without keys.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }
    /// Marks a credential as taken back. False if there is none.
    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
    ) -> Result<bool, LogError>;

    /// Why nothing is written now; none: writes are taken, as far as is known.
    fn stopped(&self) -> Option<Stopped> {
        None
    }
}

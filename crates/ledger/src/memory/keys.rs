//! A key store in memory.

use crate::{
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::LogError,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};

/// A key store in memory.
#[derive(Debug, Default)]
pub struct MemoryKeys(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    tenants: BTreeMap<TenantId, TenantKeysRow>,
    persons: BTreeMap<TenantId, Vec<PersonRow>>,
    destroyed: BTreeSet<(TenantId, Pseudonym)>,
    credentials: BTreeMap<(TenantId, String), CredentialRow>,
}

impl Rows {
    fn persons(&self, tenant: &TenantId) -> impl Iterator<Item = &PersonRow> {
        self.persons.get(tenant).into_iter().flatten()
    }
}

#[async_trait]
impl KeyStore for MemoryKeys {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        let mut rows = self.0.lock();
        if rows.tenants.contains_key(&row.tenant) {
            return Err(LogError::unavailable(format!("tenant {} has keys already", row.tenant)));
        }
        rows.tenants.insert(row.tenant.clone(), row.clone());
        Ok(())
    }

    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        Ok(self.0.lock().tenants.get(tenant).cloned())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(self.0.lock().tenants.keys().cloned().collect())
    }

    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        let mut held = self.0.lock();
        let Rows { persons, destroyed, .. } = &mut *held;
        let persons = persons.entry(tenant.clone()).or_default();
        let add = |row: &PersonRow| {
            if destroyed.contains(&(tenant.clone(), row.pseudonym.clone())) {
                return StoredPerson::Destroyed;
            }
            let there = persons.iter().position(|person| person.id_index == row.id_index);
            let at = there.unwrap_or(persons.len());
            if there.is_none() {
                persons.push(PersonRow { alias_index: Vec::new(), ..row.clone() });
            }
            let person = &mut persons[at];
            person.alias_index.extend(row.alias_index.iter().copied());
            person.alias_index.sort_unstable();
            person.alias_index.dedup();
            StoredPerson::Live(person.clone())
        };
        Ok(rows.iter().map(add).collect())
    }

    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        let rows = self.0.lock();
        if rows.destroyed.contains(&(tenant.clone(), pseudonym.clone())) {
            return Ok(Some(StoredPerson::Destroyed));
        }
        let found = rows.persons(tenant).find(|person| person.pseudonym == *pseudonym);
        Ok(found.cloned().map(StoredPerson::Live))
    }

    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        let mut rows = self.0.lock();
        rows.destroyed.insert((tenant.clone(), pseudonym.clone()));
        if let Some(persons) = rows.persons.get_mut(tenant) {
            persons.retain(|person| person.pseudonym != *pseudonym);
        }
        Ok(())
    }

    async fn destructions(&self, _: &TenantId) -> Result<u64, LogError> {
        Ok(self.0.lock().destroyed.len() as u64)
    }

    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        let rows = self.0.lock();
        let of_tenant = rows.destroyed.iter().filter(|(of, _)| of == tenant);
        let found = of_tenant
            .map(|(_, pseudonym)| pseudonym)
            .filter(|pseudonym| after.is_none_or(|after| *pseudonym > after));
        Ok(found.take(max).cloned().collect())
    }

    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        Ok(self.0.lock().persons(tenant).find(|person| person.id_index == *index).cloned())
    }

    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        let mut found: Vec<_> = self
            .0
            .lock()
            .persons(tenant)
            .filter(|person| after.is_none_or(|after| person.pseudonym > *after))
            .cloned()
            .collect();
        found.sort_by(|a, b| a.pseudonym.cmp(&b.pseudonym));
        found.truncate(max);
        Ok(found)
    }

    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        let mut found: Vec<_> = self
            .0
            .lock()
            .persons(tenant)
            .filter(|person| person.alias_index.contains(index))
            .cloned()
            .collect();
        found.sort_by(|a, b| a.pseudonym.cmp(&b.pseudonym));
        Ok(found)
    }

    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        let mut rows = self.0.lock();
        let key = (row.tenant.clone(), row.credential.clone());
        if rows.credentials.contains_key(&key)
            || rows.credentials.values().any(|other| other.token_hash == row.token_hash)
        {
            return Err(LogError::unavailable(format!(
                "credential {} exists already",
                row.credential
            )));
        }
        rows.credentials.insert(key, row.clone());
        Ok(())
    }

    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        Ok(self.0.lock().credentials.values().find(|row| row.token_hash == *token_hash).cloned())
    }

    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        Ok(self
            .0
            .lock()
            .credentials
            .values()
            .filter(|row| row.tenant == *tenant)
            .cloned()
            .collect())
    }

    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError> {
        let mut rows = self.0.lock();
        let Some(row) = rows.credentials.get_mut(&(tenant.clone(), credential.to_owned())) else {
            return Ok(false);
        };
        // The first revocation counts: a second one does not change its time.
        if row.revoked_at.is_none() {
            (row.revoked_at, row.mac) = (Some(at), *mac);
        }
        Ok(true)
    }
}

//! A key store in memory, and the absence of one.

use super::hold;
use crate::{
    keys::{CredentialRow, KeyStore, KeysFirst, PersonRow, TenantKeysRow},
    log::LogError,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};
use std::{collections::BTreeMap, sync::Mutex};

/// A key store in memory.
#[derive(Debug, Default)]
pub struct MemoryKeys(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    tenants: BTreeMap<TenantId, TenantKeysRow>,
    persons: BTreeMap<TenantId, Vec<PersonRow>>,
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
        let mut rows = hold(&self.0);
        if rows.tenants.contains_key(&row.tenant) {
            return Err(LogError::unavailable(format!("tenant {} has keys already", row.tenant)));
        }
        rows.tenants.insert(row.tenant.clone(), row.clone());
        Ok(())
    }

    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        Ok(hold(&self.0).tenants.get(tenant).cloned())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(hold(&self.0).tenants.keys().cloned().collect())
    }

    async fn add_persons(&self, tenant: &TenantId, rows: &[PersonRow]) -> Result<(), LogError> {
        let mut held = hold(&self.0);
        let persons = held.persons.entry(tenant.clone()).or_default();
        for row in rows {
            match persons.iter_mut().find(|person| person.id_index == row.id_index) {
                Some(person) => person.alias_index.extend(row.alias_index.iter().copied()),
                None => persons.push(row.clone()),
            }
        }
        for person in persons {
            person.alias_index.sort_unstable();
            person.alias_index.dedup();
        }
        Ok(())
    }

    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<PersonRow>, LogError> {
        Ok(hold(&self.0).persons(tenant).find(|person| person.pseudonym == *pseudonym).cloned())
    }

    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        Ok(hold(&self.0).persons(tenant).find(|person| person.id_index == *index).cloned())
    }

    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        let mut found: Vec<_> = hold(&self.0)
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
        let mut found: Vec<_> = hold(&self.0)
            .persons(tenant)
            .filter(|person| person.alias_index.contains(index))
            .cloned()
            .collect();
        found.sort_by(|a, b| a.pseudonym.cmp(&b.pseudonym));
        Ok(found)
    }

    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        let mut rows = hold(&self.0);
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
        Ok(hold(&self.0).credentials.values().find(|row| row.token_hash == *token_hash).cloned())
    }

    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        Ok(hold(&self.0)
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
    ) -> Result<bool, LogError> {
        let mut rows = hold(&self.0);
        let Some(row) = rows.credentials.get_mut(&(tenant.clone(), credential.to_owned())) else {
            return Ok(false);
        };
        // The first time counts: taking back twice does not move it.
        row.revoked_at.get_or_insert(at);
        Ok(true)
    }
}

/// For logs whose records need no keys: nothing has to be durable first.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

#[async_trait]
impl KeysFirst for NoKeys {
    async fn flush(&self, _: &TenantId) -> Result<(), LogError> {
        Ok(())
    }
}

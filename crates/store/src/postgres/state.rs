//! Small values of a tenant, replaced by compare-and-set.

use super::{
    connect::{Database, read, transact},
    failure::DamagedRow,
    text,
};
use crate::checksum;
use async_trait::async_trait;
use claimledger_facts::ids::TenantId;
use claimledger_ledger::{
    log::{LogError, Stopped},
    state::{StateError, StateStore, Versioned, check_state, check_version},
};
use sqlx::{Connection, PgConnection, Row};

const STORE: &str = "state";
const ROW: &str = "SELECT version, value, sum FROM state WHERE tenant = $1 AND key = $2";
const LOCKED_ROW: &str =
    "SELECT version, value, sum FROM state WHERE tenant = $1 AND key = $2 FOR UPDATE";

/// The states of all tenants.
pub struct PostgresState {
    database: Database,
}

impl PostgresState {
    pub(super) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    fn failed(&self, error: sqlx::Error) -> LogError {
        self.database.failed(STORE, error)
    }

    /// Replaces the value, if the key has the version `expected`. Returns the new version.
    async fn replace(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: Option<&[u8]>,
    ) -> Result<u64, StateError> {
        let written = transact!(self.database, async |connection| {
            // Dropped before its commit, the transaction is rolled back.
            let mut transaction = connection.begin().await?;
            let mut found = stored(&mut transaction, LOCKED_ROW, tenant, key).await?;
            let current = found.as_ref().map_or(0, Stored::current);
            if current != expected || (value.is_none() && current == 0) {
                let last = found.map_or(0, |found| found.version);
                return Ok(check_version(key, current, expected).map(|()| last));
            }
            // A removal keeps the version, so that the next value gets another one.
            let last = found.as_ref().map_or(0, |found| found.version);
            let version = if value.is_some() { last + 1 } else { last };
            if !put(&mut transaction, tenant, key, last, version, value).await? {
                // Another writer added the key since.
                found = stored(&mut transaction, ROW, tenant, key).await?;
                let current = found.as_ref().map_or(0, Stored::current);
                return Ok(Err(StateError::Conflict { key: key.to_owned(), current }));
            }
            transaction.commit().await?;
            Ok(Ok(version))
        });
        let version = written.map_err(|error| self.failed(error))??;
        self.database.written();
        Ok(version)
    }
}

/// A row. A removed key has no value.
struct Stored {
    version: u64,
    value: Option<Vec<u8>>,
}

impl Stored {
    fn current(&self) -> u64 {
        if self.value.is_some() { self.version } else { 0 }
    }
}

#[async_trait]
impl StateStore for PostgresState {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        let found =
            read!(self.database, async |connection| stored(connection, ROW, tenant, key).await);
        let found = found.map_err(|error| self.failed(error))?;
        Ok(found.and_then(|found| Some(Versioned { version: found.version, value: found.value? })))
    }

    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        check_state(key, value)?;
        self.replace(tenant, key, expected, Some(value)).await
    }

    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.replace(tenant, key, expected, None).await.map(drop)
    }

    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        let sql = "SELECT key FROM state WHERE tenant = $1 AND key >= $2 AND value IS NOT NULL AND \
                   substring(key FROM 1 FOR octet_length($2)) = $2 ORDER BY key";
        let keys = read!(self.database, async |connection| {
            let query = sqlx::query(sql).bind(tenant.as_str().as_bytes()).bind(prefix.as_bytes());
            query.fetch_all(connection).await?.iter().map(|row| text(row, 0)).collect()
        });
        Ok(keys.map_err(|error| self.failed(error))?)
    }

    async fn check(&self) -> Result<(), LogError> {
        let keys = read!(self.database, async |connection| {
            let query = sqlx::query("SELECT tenant, key FROM state ORDER BY tenant, key");
            let rows = query.fetch_all(connection).await?;
            let key = |row| Ok((TenantId::new(text(row, 0)?), text(row, 1)?));
            rows.iter().map(key).collect::<Result<Vec<_>, sqlx::Error>>()
        });
        for (tenant, key) in keys.map_err(|error| self.failed(error))? {
            let row =
                read!(self.database, async |connection| stored(connection, ROW, &tenant, &key)
                    .await);
            row.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn stopped(&self) -> Option<Stopped> {
        self.database.stopped()
    }
}

/// A row, compared with its checksum.
async fn stored(
    connection: &mut PgConnection,
    sql: &'static str,
    tenant: &TenantId,
    key: &str,
) -> Result<Option<Stored>, sqlx::Error> {
    let query = sqlx::query(sql).bind(tenant.as_str().as_bytes()).bind(key.as_bytes());
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    let (version, value): (i64, Option<Vec<u8>>) = (row.try_get(0)?, row.try_get(1)?);
    let version = version as u64;
    if row.try_get::<i64, _>(2)?
        != i64::from(checksum::state(tenant, key, version, value.as_deref()))
    {
        let what = "it does not match its checksum".to_owned();
        return Err(DamagedRow { place: format!("state, {tenant}, {key}"), what }.into());
    }
    Ok(Some(Stored { version, value }))
}

/// Writes a row that has the version `last`; 0: there is none. False: it has another one.
async fn put(
    connection: &mut PgConnection,
    tenant: &TenantId,
    key: &str,
    last: u64,
    version: u64,
    value: Option<&[u8]>,
) -> Result<bool, sqlx::Error> {
    let number =
        |version: u64| i64::try_from(version).map_err(|error| sqlx::Error::Encode(error.into()));
    let sql = "INSERT INTO state (tenant, key, version, value, sum) VALUES ($1, $2, $3, $4, $5) ON \
               CONFLICT (tenant, key) DO UPDATE SET version = excluded.version, value = \
               excluded.value, sum = excluded.sum WHERE state.version = $6";
    let done = sqlx::query(sql)
        .bind(tenant.as_str().as_bytes())
        .bind(key.as_bytes())
        .bind(number(version)?)
        .bind(value)
        .bind(i64::from(checksum::state(tenant, key, version, value)))
        .bind(number(last)?)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

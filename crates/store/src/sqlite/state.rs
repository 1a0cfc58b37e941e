//! The state store: small values that are replaced by compare-and-set.

use super::{
    OpenError, connect::Files, failure::DamagedRow, owner::Owner, side_file::SideFile,
    writer::Migrations,
};
use crate::checksum;
use async_trait::async_trait;
use claimledger_facts::ids::TenantId;
use claimledger_ledger::{
    log::{LogError, Stopped},
    state::{StateError, StateStore, Versioned, check_state, check_version},
};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};
use std::sync::Arc;

const MIGRATIONS: Migrations =
    &[(1, "state", include_str!("../../../../migrations/sqlite/state/0001_state.sql"))];

const FILE: &str = "state";
const BEGIN: &str = "BEGIN IMMEDIATE";
const ROW: &str = "SELECT version, value, sum FROM state WHERE tenant = ? AND key = ?";

/// The states of all tenants, in the file `state`.
pub struct SqliteState(SideFile);

impl SqliteState {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        SideFile::open(FILE, files.state(), MIGRATIONS, owner).await.map(Self)
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(files: &Files, owner: &Arc<Owner>, why: &str) -> Self {
        Self(SideFile::open_for_reading(FILE, files.state(), MIGRATIONS, owner, why).await)
    }

    /// Replaces the value, if the key has the version `expected`. The inner error is a conflict.
    async fn replace(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: Option<&[u8]>,
    ) -> Result<u64, StateError> {
        let written = self.0.write(async |writer| {
            // Dropped before its commit, the transaction is rolled back by the driver.
            let mut transaction = writer.begin_with(BEGIN).await?;
            let found = stored(&mut transaction, tenant, key).await?;
            let current = found.as_ref().map_or(0, Stored::current);
            if let Err(conflict) = check_version(key, current, expected) {
                return Ok(Err(conflict));
            }
            let last = found.map_or(0, |found| found.version);
            if value.is_none() && current == 0 {
                return Ok(Ok(last));
            }
            // A removal keeps the version, so that the next value gets another one.
            let version = if value.is_some() { last + 1 } else { last };
            put(&mut transaction, tenant, key, version, value).await?;
            transaction.commit().await?;
            Ok(Ok(version))
        });
        written.await?
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
impl StateStore for SqliteState {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        let Some(mut connection) = self.0.reader().await? else { return Ok(None) };
        let found = stored(&mut connection, tenant, key).await;
        let found = found.map_err(|error| self.0.read_failed(error))?;
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
        let Some(readers) = self.0.readers()? else { return Ok(Vec::new()) };
        let read = |error| self.0.read_failed(error);
        // Lengths in bytes: `substr` of a text counts characters.
        let sql = "SELECT key FROM state WHERE tenant = ?1 AND key >= ?2 AND value IS NOT NULL \
                   AND substr(CAST(key AS BLOB), 1, length(CAST(?2 AS BLOB))) = CAST(?2 AS BLOB) \
                   ORDER BY key";
        let query = sqlx::query(sql).bind(tenant.as_str()).bind(prefix);
        let rows = query.fetch_all(readers).await.map_err(read)?;
        rows.iter().map(|row| Ok(row.try_get(0).map_err(read)?)).collect()
    }

    async fn check(&self) -> Result<(), LogError> {
        let Some(mut connection) = self.0.checked().await? else { return Ok(()) };
        let read = |error| self.0.read_failed(error);
        let keys = sqlx::query("SELECT tenant, key FROM state ORDER BY tenant, key")
            .fetch_all(&mut *connection)
            .await
            .map_err(read)?;
        for row in keys {
            let tenant = TenantId::new(row.try_get::<String, _>(0).map_err(read)?);
            let key: String = row.try_get(1).map_err(read)?;
            stored(&mut connection, &tenant, &key).await.map_err(read)?;
        }
        Ok(())
    }

    fn stopped(&self) -> Option<Stopped> {
        self.0.stopped()
    }
}

async fn stored(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    key: &str,
) -> Result<Option<Stored>, sqlx::Error> {
    let query = sqlx::query(ROW).bind(tenant.as_str()).bind(key);
    let row = query.fetch_optional(connection).await?;
    row.map(|row| verified(&row, tenant, key)).transpose()
}

/// Compares a row with its checksum.
fn verified(row: &SqliteRow, tenant: &TenantId, key: &str) -> Result<Stored, sqlx::Error> {
    let (version, value): (i64, Option<Vec<u8>>) = (row.try_get(0)?, row.try_get(1)?);
    let damaged = || {
        let what = "it does not match its checksum".to_owned();
        sqlx::Error::from(DamagedRow { place: format!("state, {tenant}, {key}"), what })
    };
    let version = u64::try_from(version).map_err(|_| damaged())?;
    if row.try_get::<i64, _>(2)?
        != i64::from(checksum::state(tenant, key, version, value.as_deref()))
    {
        return Err(damaged());
    }
    Ok(Stored { version, value })
}

async fn put(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    key: &str,
    version: u64,
    value: Option<&[u8]>,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO state (tenant, key, version, value, sum) VALUES (?, ?, ?, ?, ?) ON \
               CONFLICT (tenant, key) DO UPDATE SET version = excluded.version, value = \
               excluded.value, sum = excluded.sum";
    let stored_version =
        i64::try_from(version).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(sql)
        .bind(tenant.as_str())
        .bind(key)
        .bind(stored_version)
        .bind(value)
        .bind(i64::from(checksum::state(tenant, key, version, value)))
        .execute(connection)
        .await
        .map(drop)
}

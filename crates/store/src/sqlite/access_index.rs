//! The index of the access logs, in the file `access_index`.

use super::{OpenError, connect::Files, owner::Owner, side_file::SideFile, writer::Migrations};
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, TenantId};
use claimledger_ledger::{
    access::{AccessIndex, AccessQuery, AccessRow},
    log::LogError,
};
use sqlx::{Connection, Row, SqliteConnection};
use std::{collections::BTreeSet, sync::Arc};

const MIGRATIONS: Migrations = &[(
    1,
    "access_index",
    include_str!("../../../../migrations/sqlite/access_index/0001_access_index.sql"),
)];

const FILE: &str = "access_index";
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The indexes of all tenants.
pub struct SqliteAccessIndex(SideFile);

impl SqliteAccessIndex {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        SideFile::open(FILE, files.access_index(), MIGRATIONS, owner).await.map(Self)
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(files: &Files, owner: &Arc<Owner>, why: &str) -> Self {
        Self(SideFile::open_for_reading(FILE, files.access_index(), MIGRATIONS, owner, why).await)
    }
}

#[async_trait]
impl AccessIndex for SqliteAccessIndex {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        let Some(mut connection) = self.0.reader().await? else { return Ok(LogSize(0)) };
        covered(&mut connection, tenant).await.map_err(|error| self.0.read_failed(error))
    }

    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        rows: &[AccessRow],
    ) -> Result<bool, LogError> {
        let written = self.0.write(async |writer| {
            let mut transaction = writer.begin_with(BEGIN).await?;
            if covered(&mut transaction, tenant).await? != expected {
                return Ok(false);
            }
            for (position, row) in (expected.0..).zip(rows) {
                put(&mut transaction, tenant, signed(position), row).await?;
            }
            let sql = "INSERT INTO covered (tenant, size) VALUES (?, ?) ON CONFLICT (tenant) DO \
                       UPDATE SET size = excluded.size";
            let size = signed(expected.0 + rows.len() as u64);
            let query = sqlx::query(sql).bind(tenant.as_str()).bind(size);
            query.execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(true)
        });
        written.await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        query: &AccessQuery,
    ) -> Result<Vec<LogPosition>, LogError> {
        let Some(mut connection) = self.0.reader().await? else { return Ok(Vec::new()) };
        let failed = |error| self.0.read_failed(error);
        let mut found: BTreeSet<i64> = BTreeSet::new();
        if query.keys.is_empty() {
            found.extend(positions(&mut connection, tenant, query, None).await.map_err(failed)?);
        }
        for key in &query.keys {
            let of_key = positions(&mut connection, tenant, query, Some(key.stored())).await;
            found.extend(of_key.map_err(failed)?);
            // Only the last ones are answered.
            while found.len() > query.max {
                found.pop_first();
            }
        }
        // Positions that this index stored are not negative.
        Ok(found.into_iter().rev().map(|position| LogPosition(position as u64)).collect())
    }

    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError> {
        let written = self.0.write(async |writer| {
            let mut transaction = writer.begin_with(BEGIN).await?;
            for sql in [
                "DELETE FROM covered WHERE tenant = ?",
                "DELETE FROM access WHERE tenant = ?",
                "DELETE FROM named WHERE tenant = ?",
            ] {
                sqlx::query(sql).bind(tenant.as_str()).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        });
        written.await
    }

    async fn check(&self) -> Result<(), LogError> {
        self.0.checked().await.map(drop)
    }
}

async fn covered(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<LogSize, sqlx::Error> {
    let query = sqlx::query("SELECT size FROM covered WHERE tenant = ?").bind(tenant.as_str());
    let row = query.fetch_optional(connection).await?;
    let size: i64 = row.map_or(Ok(0), |row| row.try_get(0))?;
    // The table checks that it is not negative.
    Ok(LogSize(size as u64))
}

async fn put(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    position: i64,
    row: &AccessRow,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO access (tenant, position, recorded_at, credential) VALUES (?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(tenant.as_str())
        .bind(position)
        .bind(row.recorded_at.micros())
        .bind(row.credential.as_str())
        .execute(&mut *connection)
        .await?;
    for key in &row.keys {
        let (kind, value) = key.stored();
        let sql = "INSERT OR IGNORE INTO named (tenant, kind, value, position) VALUES (?, ?, ?, ?)";
        sqlx::query(sql)
            .bind(tenant.as_str())
            .bind(kind)
            .bind(value)
            .bind(position)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The positions of entries, the last first: those with a key, or all.
async fn positions(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    query: &AccessQuery,
    key: Option<(i64, String)>,
) -> Result<Vec<i64>, sqlx::Error> {
    // Two statements for the entries of one credential and of all, so that the first uses its
    // index.
    const OF_ONE: &str = "SELECT position FROM access WHERE tenant = ?1 AND recorded_at >= ?2 AND \
                          recorded_at < ?3 AND position < ?4 AND credential = ?6 ORDER BY \
                          position DESC LIMIT ?5";
    const OF_ALL: &str = "SELECT position FROM access WHERE tenant = ?1 AND recorded_at >= ?2 AND \
                          recorded_at < ?3 AND position < ?4 AND ?6 IS NULL ORDER BY position \
                          DESC LIMIT ?5";
    const BY_KEY: &str = "SELECT named.position FROM named JOIN access USING (tenant, position) \
                          WHERE named.tenant = ?1 AND kind = ?7 AND value = ?8 AND recorded_at >= \
                          ?2 AND recorded_at < ?3 AND named.position < ?4 AND (?6 IS NULL OR \
                          credential = ?6) ORDER BY named.position DESC LIMIT ?5";
    let sql = match (&key, &query.credential) {
        (Some(_), _) => BY_KEY,
        (None, Some(_)) => OF_ONE,
        (None, None) => OF_ALL,
    };
    let bound = sqlx::query(sql)
        .bind(tenant.as_str())
        .bind(query.from.map_or(i64::MIN, |from| from.micros()))
        .bind(query.to.map_or(i64::MAX, |to| to.micros()))
        .bind(query.before.map_or(i64::MAX, |before| signed(before.0)))
        .bind(i64::try_from(query.max).unwrap_or(i64::MAX))
        .bind(query.credential.as_deref());
    let bound = match key {
        Some((kind, value)) => bound.bind(kind).bind(value),
        None => bound,
    };
    let rows = bound.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// As SQLite stores it. Logs have fewer than 2^63 entries.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

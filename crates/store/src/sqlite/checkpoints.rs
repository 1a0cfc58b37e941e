//! The last signed checkpoint of each log, in the file `checkpoints`.

use super::{
    OpenError, connect::Files, failure::DamagedRow, owner::Owner, side_file::SideFile,
    writer::Migrations,
};
use crate::checksum;
use async_trait::async_trait;
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{
    log::{LogError, Stopped},
    tree::{CheckpointRow, CheckpointStore, PublishError, check_publish},
};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};
use std::sync::Arc;

const MIGRATIONS: Migrations = &[(
    1,
    "checkpoints",
    include_str!("../../../../migrations/sqlite/checkpoints/0001_checkpoints.sql"),
)];

const FILE: &str = "checkpoints";
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The last checkpoint of each log.
pub struct SqliteCheckpoints(SideFile);

impl SqliteCheckpoints {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        SideFile::open(FILE, files.checkpoints(), MIGRATIONS, owner).await.map(Self)
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(files: &Files, owner: &Arc<Owner>, why: &str) -> Self {
        Self(SideFile::open_for_reading(FILE, files.checkpoints(), MIGRATIONS, owner, why).await)
    }
}

#[async_trait]
impl CheckpointStore for SqliteCheckpoints {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        let Some(mut connection) = self.0.reader().await? else { return Ok(None) };
        stored(&mut connection, tenant).await.map_err(|error| self.0.read_failed(error))
    }

    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        let written = self.0.write(async |writer| {
            // Dropped before its commit, the transaction is rolled back by the driver.
            let mut transaction = writer.begin_with(BEGIN).await?;
            let current = stored(&mut transaction, tenant).await?.map(|row| row.size);
            if let Err(refused) = check_publish(current, expected, next.size) {
                return Ok(Err(refused));
            }
            put(&mut transaction, tenant, next).await?;
            transaction.commit().await?;
            Ok(Ok(()))
        });
        written.await?
    }

    async fn check(&self) -> Result<(), LogError> {
        let Some(mut connection) = self.0.checked().await? else { return Ok(()) };
        let read = |error| self.0.read_failed(error);
        let sql = "SELECT tenant, size, note, sum FROM checkpoint ORDER BY tenant";
        for row in sqlx::query(sql).fetch_all(&mut *connection).await.map_err(read)? {
            let tenant = TenantId::new(row.try_get::<String, _>(0).map_err(read)?);
            verified(&row, &tenant).map_err(read)?;
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
) -> Result<Option<CheckpointRow>, sqlx::Error> {
    let query = sqlx::query("SELECT tenant, size, note, sum FROM checkpoint WHERE tenant = ?");
    let row = query.bind(tenant.as_str()).fetch_optional(connection).await?;
    row.map(|row| verified(&row, tenant)).transpose()
}

/// Compares a row with its checksum.
fn verified(row: &SqliteRow, tenant: &TenantId) -> Result<CheckpointRow, sqlx::Error> {
    let (size, note): (i64, String) = (row.try_get(1)?, row.try_get(2)?);
    let damaged = || {
        let what = "it does not match its checksum".to_owned();
        sqlx::Error::from(DamagedRow { place: format!("checkpoint, {tenant}"), what })
    };
    let size = LogSize(u64::try_from(size).map_err(|_| damaged())?);
    let checkpoint = CheckpointRow { size, note };
    if row.try_get::<i64, _>(3)? != i64::from(checksum::checkpoint(tenant, &checkpoint)) {
        return Err(damaged());
    }
    Ok(checkpoint)
}

async fn put(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    checkpoint: &CheckpointRow,
) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO checkpoint (tenant, size, note, sum) VALUES (?, ?, ?, ?) ON CONFLICT \
               (tenant) DO UPDATE SET size = excluded.size, note = excluded.note, sum = \
               excluded.sum";
    let size =
        i64::try_from(checkpoint.size.0).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(sql)
        .bind(tenant.as_str())
        .bind(size)
        .bind(&checkpoint.note)
        .bind(i64::from(checksum::checkpoint(tenant, checkpoint)))
        .execute(connection)
        .await
        .map(drop)
}

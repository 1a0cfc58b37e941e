//! The last signed checkpoint of each log.

use super::{
    connect::{Database, read, transact},
    failure::DamagedRow,
    text,
};
use crate::checksum;
use async_trait::async_trait;
use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{
    log::{LogError, Stopped},
    tree::{CheckpointRow, CheckpointStore, PublishError, check_publish},
};
use sqlx::{Connection, PgConnection, Row, postgres::PgRow};

const STORE: &str = "checkpoints";
const ROW: &str = "SELECT tenant, size, note, sum FROM checkpoint WHERE tenant = $1";
const LOCKED_ROW: &str =
    "SELECT tenant, size, note, sum FROM checkpoint WHERE tenant = $1 FOR UPDATE";

/// The last checkpoint of each log.
pub struct PostgresCheckpoints {
    database: Database,
}

impl PostgresCheckpoints {
    pub(super) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    fn failed(&self, error: sqlx::Error) -> LogError {
        self.database.failed(STORE, error)
    }
}

#[async_trait]
impl CheckpointStore for PostgresCheckpoints {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        let row = read!(self.database, async |connection| stored(connection, ROW, tenant).await);
        row.map_err(|error| self.failed(error))
    }

    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        let written = transact!(self.database, async |connection| {
            // Dropped before its commit, the transaction is rolled back.
            let mut transaction = connection.begin().await?;
            let current = stored(&mut transaction, LOCKED_ROW, tenant).await?.map(|row| row.size);
            if let Err(refused) = check_publish(current, expected, next.size) {
                return Ok(Err(refused));
            }
            if !put(&mut transaction, tenant, current, next).await? {
                // Another writer added the first one since.
                let current = stored(&mut transaction, ROW, tenant).await?.map(|row| row.size);
                return Ok(Err(PublishError::Conflict { current }));
            }
            transaction.commit().await?;
            Ok(Ok(()))
        });
        written.map_err(|error| self.failed(error))??;
        self.database.written();
        Ok(())
    }

    async fn check(&self) -> Result<(), LogError> {
        let checked = read!(self.database, async |connection| {
            let query = sqlx::query("SELECT tenant, size, note, sum FROM checkpoint");
            query.fetch_all(connection).await?.iter().try_for_each(|row| verified(row).map(drop))
        });
        checked.map_err(|error| self.failed(error))
    }

    fn stopped(&self) -> Option<Stopped> {
        self.database.stopped()
    }
}

async fn stored(
    connection: &mut PgConnection,
    sql: &'static str,
    tenant: &TenantId,
) -> Result<Option<CheckpointRow>, sqlx::Error> {
    let query = sqlx::query(sql).bind(tenant.as_str().as_bytes());
    query.fetch_optional(connection).await?.as_ref().map(verified).transpose()
}

/// Compares a row with its checksum.
fn verified(row: &PgRow) -> Result<CheckpointRow, sqlx::Error> {
    let tenant = TenantId::new(text(row, 0)?);
    let (size, note): (i64, String) = (row.try_get(1)?, row.try_get(2)?);
    let checkpoint = CheckpointRow { size: LogSize(size as u64), note };
    if row.try_get::<i64, _>(3)? != i64::from(checksum::checkpoint(&tenant, &checkpoint)) {
        let what = "it does not match its checksum".to_owned();
        return Err(DamagedRow { place: format!("checkpoint, {tenant}"), what }.into());
    }
    Ok(checkpoint)
}

/// Writes the row if it has the size `current`; none: if there is none. False: it has another one.
async fn put(
    connection: &mut PgConnection,
    tenant: &TenantId,
    current: Option<LogSize>,
    checkpoint: &CheckpointRow,
) -> Result<bool, sqlx::Error> {
    let number =
        |size: LogSize| i64::try_from(size.0).map_err(|error| sqlx::Error::Encode(error.into()));
    let sql = "INSERT INTO checkpoint (tenant, size, note, sum) VALUES ($1, $2, $3, $4) ON \
               CONFLICT (tenant) DO UPDATE SET size = excluded.size, note = excluded.note, sum = \
               excluded.sum WHERE checkpoint.size = $5";
    let done = sqlx::query(sql)
        .bind(tenant.as_str().as_bytes())
        .bind(number(checkpoint.size)?)
        .bind(&checkpoint.note)
        .bind(i64::from(checksum::checkpoint(tenant, checkpoint)))
        .bind(current.map(number).transpose()?)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

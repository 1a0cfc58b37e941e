//! The one connection that writes a file which is durable at each commit: `keys` and `state`.

use super::{
    OpenError,
    connect::Database,
    failure::Poison,
    recover::{Recover, check_free_space, keep_trying, reopen},
};
use async_trait::async_trait;
use claimledger_ledger::log::{LogError, Stopped};
use sqlx::{Connection, SqliteConnection};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Version, name and SQL of each step that makes a file's tables.
pub(super) type Migrations = &'static [(i64, &'static str, &'static str)];

/// Writes one file; after a failure of the storage it reopens it.
pub(super) struct Writer {
    file: &'static str,
    migrations: Migrations,
    /// None while the file is reopened: it is poisoned then, so that writes are refused earlier.
    connection: Mutex<Option<SqliteConnection>>,
    database: Database,
    poison: Poison,
}

#[async_trait]
impl Recover for Writer {
    fn poison(&self) -> &Poison {
        &self.poison
    }

    async fn recover(&self) -> Result<(), LogError> {
        check_free_space(self.file, &self.database.path).await?;
        let mut writer = self.connection.lock().await;
        if let Some(connection) = writer.take() {
            let _ = connection.close().await;
        }
        let (database, migrations) = (self.database.clone(), self.migrations);
        *writer = Some(
            reopen(self.file, move || async move { database.writer(migrations).await }).await?,
        );
        self.poison.recovered(self.file);
        Ok(())
    }
}

impl Writer {
    /// Opens the file, and makes its tables if it is new.
    pub(super) async fn open(
        file: &'static str,
        database: Database,
        migrations: Migrations,
    ) -> Result<Arc<Self>, OpenError> {
        let connection = Mutex::new(Some(database.writer(migrations).await?));
        let poison = Poison::default();
        Ok(Arc::new(Self { file, migrations, connection, database, poison }))
    }

    /// Refuses every write of a file that was opened for reading only, with the reason.
    pub(super) fn refusing(
        file: &'static str,
        database: Database,
        migrations: Migrations,
        why: &str,
    ) -> Arc<Self> {
        let (connection, poison) = (Mutex::new(None), Poison::read_only(file, why));
        Arc::new(Self { file, migrations, connection, database, poison })
    }

    /// Runs a write.
    pub(super) async fn write<T>(
        &self,
        run: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<Result<T, sqlx::Error>, LogError> {
        self.poison.check()?;
        let mut writer = self.connection.lock().await;
        // Check again: the storage may have failed while this waited for the lock.
        self.poison.check()?;
        let connection = writer.as_mut().ok_or_else(|| {
            LogError::unavailable(format!("the file `{}` is being reopened", self.file))
        })?;
        Ok(run(connection).await)
    }

    /// The error for a failed write. Starts reopening the file if the storage has failed.
    pub(super) fn failed(self: &Arc<Self>, error: sqlx::Error) -> LogError {
        let error = self.poison.failed(self.file, error);
        keep_trying(self);
        error
    }

    /// Why writes are refused.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.poison.stopped()
    }
}

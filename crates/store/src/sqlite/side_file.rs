//! A database file beside the log, with one writer: `state`, `checkpoints` and `tree`. In a
//! directory that can only be read it may be missing or damaged, because records can be read
//! without it.

use super::{
    OpenError,
    connect::Database,
    failure::read_failed,
    integrity::check_pages,
    owner::Owner,
    writer::{Migrations, Writer},
};
use claimledger_ledger::log::{LogError, Stopped};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};
use std::sync::Arc;

/// An open file.
pub(super) struct SideFile {
    name: &'static str,
    writer: Arc<Writer>,
    readers: Readers,
    _owner: Arc<Owner>,
}

/// How the file is read.
enum Readers {
    Pool(SqlitePool),
    /// In a directory that can only be read: there is no file, so nothing is stored.
    Missing,
    /// In a directory that can only be read: the file cannot be, and why.
    Unreadable(LogError),
}

impl SideFile {
    pub(super) async fn open(
        name: &'static str,
        database: Database,
        migrations: Migrations,
        owner: &Arc<Owner>,
    ) -> Result<Self, OpenError> {
        let readers = Readers::Pool(database.readers());
        let writer = Writer::open(name, database, migrations).await?;
        Ok(Self { name, writer, readers, _owner: Arc::clone(owner) })
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(
        name: &'static str,
        database: Database,
        migrations: Migrations,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Self {
        let (database, readers) = if database.path.exists() {
            match database.clone().for_reading(migrations).await {
                Ok((database, _)) => {
                    let readers = Readers::Pool(database.readers());
                    (database, readers)
                }
                Err(error) => (database, Readers::Unreadable(unreadable(name, error))),
            }
        } else {
            (database, Readers::Missing)
        };
        let writer = Writer::refusing(name, database, migrations, why);
        Self { name, writer, readers, _owner: Arc::clone(owner) }
    }

    /// The connections to read with; none: there is no file.
    pub(super) fn readers(&self) -> Result<Option<&SqlitePool>, LogError> {
        match &self.readers {
            Readers::Pool(pool) => Ok(Some(pool)),
            Readers::Missing => Ok(None),
            Readers::Unreadable(error) => Err(error.again()),
        }
    }

    /// A connection to read with; none: there is no file.
    pub(super) async fn reader(&self) -> Result<Option<PoolConnection<Sqlite>>, LogError> {
        let Some(readers) = self.readers()? else { return Ok(None) };
        readers.acquire().await.map(Some).map_err(|error| self.read_failed(error))
    }

    /// Runs a write.
    pub(super) async fn write<T>(
        &self,
        run: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, LogError> {
        self.writer.write(run).await?.map_err(|error| self.writer.failed(error))
    }

    /// The error for a failed read.
    pub(super) fn read_failed(&self, error: sqlx::Error) -> LogError {
        read_failed(self.name, error)
    }

    /// Reads every page. Returns a connection to read the rows with; none: there is no file.
    pub(super) async fn checked(&self) -> Result<Option<PoolConnection<Sqlite>>, LogError> {
        let Some(mut connection) = self.reader().await? else { return Ok(None) };
        check_pages(&mut connection).await.map_err(|error| self.read_failed(error))?;
        Ok(Some(connection))
    }

    /// Why writes are refused.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.writer.stopped()
    }
}

/// The error of every read, where the file could not be opened for reading.
fn unreadable(name: &str, error: OpenError) -> LogError {
    match error {
        OpenError::Corrupt { what, .. } => LogError::damaged(name, "the file", what),
        other => LogError::Unavailable {
            reason: format!("the file `{name}` cannot be read"),
            source: Some(Box::new(other)),
        },
    }
}

//! Connections: the settings that durability depends on, and their verification; migrations; the
//! checkpoint at startup.

mod files;
mod settings;

pub(super) use files::{ACCESS, BESIDE_THE_LOG, Files, LOG, LOG_PAGE_BYTES};

use super::{
    OpenError,
    failure::{Failure, classify, place_and_what},
    integrity::{check_pages, schema},
    page_one, wal,
};
use sqlx::{
    Connection, Row, SqlSafeStr, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    borrow::Cow,
    cmp::Ordering,
    path::{Path, PathBuf},
};

/// Maximum size of a file that is checked in full at each opening, in bytes: it takes some 50 ms.
/// Larger files are checked row by row as they are read, and by a server in the background.
const MAX_CHECKED_AT_OPENING_BYTES: u64 = 8 * 1024 * 1024;
/// Maximum read connections per file.
const MAX_READERS: u32 = 4;

/// One database file: its path and connection settings.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    synchronous: SqliteSynchronous,
    /// Pages of the write-ahead log after which a commit also runs a checkpoint; 0: never, because
    /// checkpoints run in the background.
    autocheckpoint: u32,
    /// Page size in bytes; fixed when the file is created.
    page_size: u32,
    /// Whether deleted content is overwritten. Only the read models do without: their rows can be
    /// rebuilt and hold no secret.
    secure_delete: bool,
    /// Page cache of a connection, in KiB.
    cache_kib: u32,
    /// Checksum of the SQL of all tables, indexes and triggers.
    schema: u32,
    /// None: it is opened for reading and writing.
    reading: Option<Reading>,
}

/// How to open a file that cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The write-ahead log is empty, so the file is complete. It cannot change meanwhile: a writer
    /// needs the directory's lock exclusively, and this process holds it shared.
    Immutable,
    /// Together with the write-ahead log.
    WithLog,
    /// Together with a write-ahead log whose index was deleted before it: a process that was killed
    /// while it closed the file leaves that. Each connection makes an index in its own memory,
    /// which SQLite does for a connection that has the file to itself, and without locks, because
    /// those cannot be taken where nothing can be written. It cannot change meanwhile, as above.
    WithIndexOfItsOwn,
}

impl Database {
    /// The error of a failed opening.
    pub(super) fn failed(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> OpenError {
        OpenError::Database { file: self.path.clone(), source: source.into() }
    }

    /// The same for an error of the driver. During opening, a statement that does not fit the
    /// tables means that these are damaged.
    pub(super) fn refused(&self, error: sqlx::Error) -> OpenError {
        const SQLITE_ERROR: &str = "1";
        let misfit = error
            .as_database_error()
            .is_some_and(|error| error.code().as_deref() == Some(SQLITE_ERROR));
        if misfit || classify(&error) == Failure::Corrupt {
            let (place, what) = place_and_what(&error);
            return self.corrupt(format!("{place}: {what}"));
        }
        self.failed(error)
    }

    pub(super) fn corrupt(&self, what: impl Into<String>) -> OpenError {
        OpenError::Corrupt { file: self.path.clone(), what: what.into() }
    }

    /// The same file, for reading only.
    ///
    /// # Errors
    /// If it was written by another version.
    pub(super) async fn for_reading(
        self,
        migrations: &[(i64, &'static str, &'static str)],
    ) -> Result<(Self, SqliteConnection), OpenError> {
        let reading = match wal::has_frames(&self.path) {
            false => Reading::Immutable,
            true if wal::beside(&self.path, "-shm").exists() => Reading::WithLog,
            true => Reading::WithIndexOfItsOwn,
        };
        self.read_as(reading, migrations).await
    }

    /// The same file, for reading while another process writes it.
    ///
    /// # Errors
    /// If it was written by another version.
    pub(super) async fn beside_its_owner(
        self,
        migrations: &[(i64, &'static str, &'static str)],
    ) -> Result<(Self, SqliteConnection), OpenError> {
        self.read_as(Reading::WithLog, migrations).await
    }

    /// A file with the same settings.
    pub(super) fn at(&self, path: &Path) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    async fn read_as(
        mut self,
        reading: Reading,
        migrations: &[(i64, &'static str, &'static str)],
    ) -> Result<(Self, SqliteConnection), OpenError> {
        self.reading = Some(reading);
        self.check_page_one()?;
        let mut connection = SqliteConnection::connect_with(&self.options())
            .await
            .map_err(|error| self.refused(error))?;
        let version = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
        let row = sqlx::query(version)
            .fetch_one(&mut connection)
            .await
            .map_err(|error| self.refused(error))?;
        let found: i64 = row.try_get(0).map_err(|error| self.refused(error))?;
        let ordering = found.cmp(&migrations.last().map_or(0, |(version, ..)| *version));
        match ordering {
            Ordering::Equal => {
                self.check_schema(&mut connection).await?;
                self.check_whole(&mut connection).await?;
                Ok((self, connection))
            }
            Ordering::Greater => Err(OpenError::Newer { file: self.path }),
            Ordering::Less => Err(OpenError::Older { file: self.path }),
        }
    }

    /// Connects, migrates the tables to this version, and checkpoints what a crash left in the
    /// write-ahead log.
    pub(super) async fn writer(
        &self,
        migrations: &[(i64, &'static str, &'static str)],
    ) -> Result<SqliteConnection, OpenError> {
        self.check_page_one()?;
        let mut connection = self.connect().await?;
        self.check_steps(&mut connection, migrations.len()).await?;
        let migrations = migrations
            .iter()
            .map(|(version, name, sql)| {
                Migration::new(
                    *version,
                    Cow::Borrowed(*name),
                    MigrationType::Simple,
                    sql.into_sql_str(),
                    false,
                )
            })
            .collect();
        Migrator::with_migrations(migrations).run(&mut connection).await.map_err(|error| {
            match error {
                MigrateError::VersionMissing(_) => OpenError::Newer { file: self.path.clone() },
                MigrateError::VersionMismatch(version) => self
                    .corrupt(format!("its tables were not made by step {version} of this program")),
                MigrateError::Dirty(version) => {
                    self.corrupt(format!("step {version} of making its tables was not finished"))
                }
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                    self.refused(error)
                }
                other => self.failed(other),
            }
        })?;
        self.check_schema(&mut connection).await?;
        self.checkpoint_all(&mut connection).await?;
        self.check_whole(&mut connection).await?;
        Ok(connection)
    }

    fn check_page_one(&self) -> Result<(), OpenError> {
        match page_one::check(&self.path, self.page_size) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(what)) => Err(self.corrupt(what)),
            Err(source) => Err(OpenError::io(&self.path, source)),
        }
    }

    async fn check_schema(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        let schema = schema(connection).await.map_err(|error| self.refused(error))?;
        if schema == self.schema {
            return Ok(());
        }
        Err(self.corrupt(format!(
            "the texts of its tables are not those of this program (checksum {schema:#010x})"
        )))
    }

    /// Reads every page of a small file.
    async fn check_whole(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        if self.is_small() {
            check_pages(connection).await.map_err(|error| self.refused(error))?;
        }
        Ok(())
    }

    /// Whether the file is small enough to be read as a whole at each opening.
    pub(super) fn is_small(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|file| file.len() <= MAX_CHECKED_AT_OPENING_BYTES)
    }

    /// Checks that the applied migrations are dense: if one of this program's is missing and a
    /// later one is there, a version number was damaged.
    async fn check_steps(
        &self,
        connection: &mut SqliteConnection,
        steps: usize,
    ) -> Result<(), OpenError> {
        let table = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
        let count = async |connection: &mut SqliteConnection, sql: &'static str| {
            sqlx::query(sql)
                .fetch_one(connection)
                .await
                .and_then(|row| row.try_get::<i64, _>(0))
                .map_err(|error| self.refused(error))
        };
        if count(connection, table).await? == 0 {
            return match count(connection, "SELECT count(*) FROM sqlite_schema").await? {
                0 => Ok(()),
                _ => Err(self.corrupt("it does not say which steps made its tables")),
            };
        }
        let rows = sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await
            .map_err(|error| self.refused(error))?;
        let found = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<Vec<i64>, _>>()
            .map_err(|error| self.refused(error))?;
        let expected = 1..=steps as i64;
        let dense = found.iter().zip(1..).all(|(found, expected)| *found == expected);
        if dense || expected.clone().all(|step| found.contains(&step)) {
            Ok(())
        } else {
            Err(self.corrupt(format!("its tables were made by steps {found:?}")))
        }
    }

    /// Checkpoints the write-ahead log into the file, and truncates it.
    pub(super) async fn checkpoint_all(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<(), OpenError> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(connection)
            .await
            .map_err(|error| self.refused(error))?;
        if row.try_get::<i64, _>(0).map_err(|error| self.refused(error))? != 0 {
            return Err(self.failed(
                "the write-ahead log could not be brought into the file: \
                                    another connection is busy",
            ));
        }
        Ok(())
    }

    /// One more connection with the same settings.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, OpenError> {
        let mut connection = SqliteConnection::connect_with(&self.options())
            .await
            .map_err(|error| self.refused(error))?;
        self.check(&mut connection).await?;
        Ok(connection)
    }

    /// A pool of read-only connections, opened on demand.
    pub(super) fn readers(&self) -> SqlitePool {
        SqlitePoolOptions::new()
            .max_connections(MAX_READERS)
            .min_connections(0)
            .test_before_acquire(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(self.options().create_if_missing(false).pragma("query_only", "ON"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::SqliteOptions;

    #[tokio::test]
    async fn readers_do_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let database = Files::new(dir.path(), SqliteOptions::default()).log();
        let mut writer = database.connect().await.unwrap();
        sqlx::query("CREATE TABLE t (x)").execute(&mut writer).await.unwrap();
        let refused = sqlx::query("INSERT INTO t VALUES (1)").execute(&database.readers()).await;
        assert!(refused.unwrap_err().to_string().contains("readonly"));
    }
}

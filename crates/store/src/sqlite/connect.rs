//! Connections: the settings that durability depends on, and their verification; migrations; the
//! checkpoint at startup.

use super::{
    OpenError, SqliteOptions, Synchronous,
    failure::{Failure, classify, place_and_what},
    integrity::{
        ACCESS_INDEX_SCHEMA, CHECKPOINTS_SCHEMA, KEYS_SCHEMA, LOG_SCHEMA, STATE_SCHEMA,
        TREE_SCHEMA, VIEWS_SCHEMA, check_pages, schema,
    },
    page_one, wal,
};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};
use std::{
    borrow::Cow,
    cmp::Ordering,
    path::{Path, PathBuf},
    time::Duration,
};

pub(super) const LOG: &str = "log";
const KEYS: &str = "keys";
const STATE: &str = "state";
const VIEWS: &str = "views";
const CHECKPOINTS: &str = "checkpoints";
const TREE: &str = "tree";
pub(super) const ACCESS: &str = "access";
const ACCESS_INDEX: &str = "access_index";
/// The files that prove that there was a log.
pub(super) const BESIDE_THE_LOG: [&str; 7] =
    [KEYS, STATE, CHECKPOINTS, TREE, VIEWS, ACCESS, ACCESS_INDEX];
const VIEWS_DAMAGED: &str = "views.damaged";

/// Maximum size of a file that is checked in full at each opening, in bytes: it takes some 50 ms.
/// Larger files are checked row by row as they are read, and by a server in the background.
const MAX_CHECKED_AT_OPENING_BYTES: u64 = 8 * 1024 * 1024;
/// Maximum wait of a statement for a lock of another connection of this process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum read connections per file.
const MAX_READERS: u32 = 4;
/// Page size of the log. A record has about a thousand bytes and a page holds whole records only:
/// at 4 KiB up to a third of the file would stay empty.
pub(super) const LOG_PAGE_BYTES: u32 = 8192;
/// Maximum prepared statements that a connection caches.
const MAX_CACHED_STATEMENTS: usize = 256;
/// Maximum rows that the driver's thread buffers: with few, the two threads wake each other up for
/// nearly every row.
const MAX_BUFFERED_ROWS: usize = 1024;

/// Page cache of a connection: SQLite's default, in KiB.
const DEFAULT_CACHE_KIB: u32 = 2_000;
/// Page cache of a connection to the read models, in KiB. Larger, because writes touch pages all
/// over the indexes: pages that do not fit are written and read again within one transaction.
const VIEWS_CACHE_KIB: u32 = 16 * 1024;

/// The files of a directory.
pub(super) struct Files {
    dir: PathBuf,
    options: SqliteOptions,
}

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
    /// while it closed the file leaves that. Each connection makes an index in its own memory, which
    /// SQLite does for a connection that has the file to itself, and without locks, because those
    /// cannot be taken where nothing can be written. It cannot change meanwhile, as above.
    WithIndexOfItsOwn,
}

impl Files {
    pub(super) fn new(dir: &Path, options: SqliteOptions) -> Self {
        Self { dir: dir.to_owned(), options }
    }

    /// Removes the file of the read models, and the note of its damage.
    pub(super) fn remove_views(&self) -> Result<(), OpenError> {
        self.remove(&[VIEWS, "views-wal", "views-shm", VIEWS_DAMAGED])
    }

    /// Removes the file of the trees.
    pub(super) fn remove_tree(&self) -> Result<(), OpenError> {
        self.remove(&[TREE, "tree-wal", "tree-shm"])
    }

    pub(super) fn remove(&self, names: &[&str]) -> Result<(), OpenError> {
        for name in names {
            let path = self.dir.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(OpenError::io(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The file that notes damage of the read models, so that the next process need not detect it
    /// again.
    pub(super) fn views_damaged(&self) -> PathBuf {
        self.dir.join(VIEWS_DAMAGED)
    }

    /// Refuses a log without keys, because no sealed body in it could be opened. An empty log is
    /// accepted: a crash during creation may leave no more than that.
    pub(super) fn check_keys_are_not_missing(&self, log_is_empty: bool) -> Result<(), OpenError> {
        let (missing, present) = (self.dir.join(KEYS), self.dir.join(LOG));
        if !missing.exists() && !log_is_empty {
            return Err(OpenError::Incomplete { missing, present });
        }
        Ok(())
    }

    pub(super) fn log(&self) -> Database {
        Database {
            path: self.dir.join(LOG),
            synchronous: self.durable(),
            autocheckpoint: 0,
            page_size: LOG_PAGE_BYTES,
            secure_delete: true,
            cache_kib: DEFAULT_CACHE_KIB,
            schema: LOG_SCHEMA,
            reading: None,
        }
    }

    /// The access log: a log like that of the records.
    pub(super) fn access(&self) -> Database {
        Database { path: self.dir.join(ACCESS), ..self.log() }
    }

    pub(super) fn access_index(&self) -> Database {
        let path = self.dir.join(ACCESS_INDEX);
        Database { path, schema: ACCESS_INDEX_SCHEMA, ..self.tree() }
    }

    pub(super) fn keys(&self) -> Database {
        Database {
            path: self.dir.join(KEYS),
            synchronous: self.durable(),
            autocheckpoint: 1000,
            page_size: 4096,
            secure_delete: true,
            cache_kib: DEFAULT_CACHE_KIB,
            schema: KEYS_SCHEMA,
            reading: None,
        }
    }

    pub(super) fn state(&self) -> Database {
        Database { path: self.dir.join(STATE), schema: STATE_SCHEMA, ..self.keys() }
    }

    pub(super) fn checkpoints(&self) -> Database {
        let path = self.dir.join(CHECKPOINTS);
        Database { path, schema: CHECKPOINTS_SCHEMA, ..self.keys() }
    }

    pub(super) fn tree(&self) -> Database {
        Database {
            path: self.dir.join(TREE),
            synchronous: SqliteSynchronous::Normal,
            secure_delete: false,
            schema: TREE_SCHEMA,
            ..self.keys()
        }
    }

    pub(super) fn views(&self) -> Database {
        Database {
            path: self.dir.join(VIEWS),
            synchronous: SqliteSynchronous::Normal,
            autocheckpoint: 1000,
            page_size: 4096,
            secure_delete: false,
            cache_kib: VIEWS_CACHE_KIB,
            schema: VIEWS_SCHEMA,
            reading: None,
        }
    }

    fn durable(&self) -> SqliteSynchronous {
        match self.options.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        }
    }
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

    /// Verifies the settings: a different build of SQLite, or a file in another mode, must not pass
    /// for durable.
    async fn check(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        for (setting, expected) in self.settings() {
            let row = sqlx::query(AssertSqlSafe(format!("PRAGMA {setting}")))
                .fetch_one(&mut *connection)
                .await
                .map_err(|error| self.refused(error))?;
            let found = row
                .try_get::<i64, _>(0)
                .map(|n| n.to_string())
                .or_else(|_| row.try_get::<String, _>(0))
                .map_err(|error| self.refused(error))?;
            if found != expected {
                return Err(OpenError::Setting {
                    file: self.path.clone(),
                    setting,
                    expected,
                    found,
                });
            }
        }
        Ok(())
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

    fn options(&self) -> SqliteConnectOptions {
        if let Some(reading) = self.reading {
            let mut options = SqliteConnectOptions::new();
            if reading == Reading::WithIndexOfItsOwn {
                options = options.vfs("unix-none").locking_mode(SqliteLockingMode::Exclusive);
            }
            return options
                .filename(&self.path)
                .read_only(true)
                .immutable(reading == Reading::Immutable)
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("trusted_schema", "OFF")
                .pragma("cell_size_check", "ON")
                .pragma("cache_size", format!("-{}", self.cache_kib))
                .statement_cache_capacity(MAX_CACHED_STATEMENTS)
                .row_buffer_size(MAX_BUFFERED_ROWS)
                .disable_statement_logging();
        }
        // The driver sets the busy timeout before any pragma, so that entering WAL mode waits too.
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .busy_timeout(BUSY_TIMEOUT)
            .page_size(self.page_size)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(self.synchronous)
            .foreign_keys(true)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("secure_delete", if self.secure_delete { "ON" } else { "OFF" })
            .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
            .pragma("cache_size", format!("-{}", self.cache_kib))
            .pragma("wal_autocheckpoint", self.autocheckpoint.to_string())
            .statement_cache_capacity(MAX_CACHED_STATEMENTS)
            .row_buffer_size(MAX_BUFFERED_ROWS)
            .disable_statement_logging()
    }

    /// The settings of [`Self::options`], as SQLite reports them.
    fn settings(&self) -> [(&'static str, String); 9] {
        let synchronous =
            if matches!(self.synchronous, SqliteSynchronous::Full) { "2" } else { "1" };
        [
            ("journal_mode", "wal".to_owned()),
            ("synchronous", synchronous.to_owned()),
            ("busy_timeout", BUSY_TIMEOUT.as_millis().to_string()),
            ("foreign_keys", "1".to_owned()),
            ("trusted_schema", "0".to_owned()),
            ("cell_size_check", "1".to_owned()),
            ("secure_delete", u8::from(self.secure_delete).to_string()),
            ("journal_size_limit", JOURNAL_SIZE_LIMIT.to_owned()),
            ("wal_autocheckpoint", self.autocheckpoint.to_string()),
        ]
    }
}

/// 64 MiB: a larger write-ahead log is truncated to this size after a checkpoint. A smaller one is
/// overwritten in place, which is faster than growing.
const JOURNAL_SIZE_LIMIT: &str = "67108864";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_setting_is_read_back_and_any_other_value_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path(), SqliteOptions::default());
        assert!(
            matches!(files.log().synchronous, SqliteSynchronous::Full)
                && matches!(files.keys().synchronous, SqliteSynchronous::Full)
                && matches!(files.state().synchronous, SqliteSynchronous::Full)
        );
        let others = [
            ("journal_mode", "DELETE"),
            ("synchronous", "NORMAL"),
            ("busy_timeout", "0"),
            ("foreign_keys", "OFF"),
            ("trusted_schema", "ON"),
            ("cell_size_check", "OFF"),
            ("secure_delete", "OFF"),
            ("journal_size_limit", "-1"),
            ("wal_autocheckpoint", "7"),
        ];
        assert_eq!(
            files.log().settings().map(|(setting, _)| setting),
            others.map(|(setting, _)| setting),
            "one of each"
        );
        for database in [files.log(), files.keys(), files.state()] {
            for (setting, other) in others {
                let mut connection = database.connect().await.unwrap();
                sqlx::query(AssertSqlSafe(format!("PRAGMA {setting} = {other}")))
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                let refused = database.check(&mut connection).await;
                assert!(
                    matches!(&refused, Err(OpenError::Setting { setting: named,
                        .. }) if *named == setting),
                    "{setting}: {refused:?}"
                );
                connection.close().await.unwrap();
            }
        }
    }

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

//! The settings of a connection, and their verification.

use super::{Database, Reading};
use crate::sqlite::OpenError;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};
use std::time::Duration;

/// Maximum wait of a statement for a lock of another connection of this process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum prepared statements that a connection caches.
const MAX_CACHED_STATEMENTS: usize = 256;
/// Maximum rows that the driver's thread buffers: with few, the two threads wake each other up for
/// nearly every row.
const MAX_BUFFERED_ROWS: usize = 1024;
/// 64 MiB: a larger write-ahead log is truncated to this size after a checkpoint. A smaller one is
/// overwritten in place, which is faster than growing.
const JOURNAL_SIZE_LIMIT: &str = "67108864";

impl Database {
    /// Verifies the settings: a different build of SQLite, or a file in another mode, must not pass
    /// for durable.
    pub(super) async fn check(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
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

    pub(super) fn options(&self) -> SqliteConnectOptions {
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

#[cfg(test)]
mod tests {
    use super::{super::Files, *};
    use crate::sqlite::SqliteOptions;
    use sqlx::Connection;

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
}

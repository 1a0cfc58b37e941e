//! Bytes on disk of a ledger, by what they hold.

use anyhow::{Context, Result, bail};
use claimledger_store::postgres::PostgresOptions;
use sqlx::{Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::Path,
    time::{Duration, Instant},
};

/// What bytes hold, in the order of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Records with their ids, leaves and index.
    Log,
    /// Wrapped keys, with the index of persons; credentials.
    Keys,
    /// States and signed checkpoints.
    States,
    /// Tiles of the Merkle tree: derived.
    Tree,
    /// Read models: derived.
    Views,
    /// The access log and its index.
    Access,
    /// The lock and whatever else is there.
    Other,
}

/// Bytes by what they hold.
pub(crate) type Storage = BTreeMap<Part, u64>;

impl Part {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 7] =
        [Self::Log, Self::Keys, Self::States, Self::Tree, Self::Views, Self::Access, Self::Other];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "log with its index",
            Self::Keys => "keys",
            Self::States => "states, checkpoints",
            Self::Tree => "tree (derived)",
            Self::Views => "read models (derived)",
            Self::Access => "access log",
            Self::Other => "other",
        }
    }

    fn of_file(name: &str) -> Self {
        match name {
            "log" => Self::Log,
            "keys" => Self::Keys,
            "state" | "checkpoints" => Self::States,
            "tree" => Self::Tree,
            "views" => Self::Views,
            "access" | "access_index" => Self::Access,
            _ => Self::Other,
        }
    }

    fn of_table(name: &str) -> Self {
        match name {
            "log_entry" | "log_head" => Self::Log,
            "access_entry" | "access_head" => Self::Access,
            "tenant_key" | "person" | "person_alias" | "person_destroyed" | "key_destruction"
            | "credential" => Self::Keys,
            "state" | "checkpoint" => Self::States,
            _ => Self::Other,
        }
    }
}

/// Maximum time until the write-ahead logs of a closed ledger are part of their files.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);

/// The files of the directory of a ledger that was closed, by their lengths, as the next start
/// makes them. Connections that close at the same time may each leave the write-ahead log to the
/// other: it is checkpointed here then.
///
/// # Errors
/// If a file is still open after a minute.
pub(crate) async fn of_closed(dir: &Path) -> Result<Storage> {
    let what = || format!("{}", dir.display());
    let began = Instant::now();
    loop {
        match of_directory(dir) {
            Ok(Ok(storage)) => return Ok(storage),
            Ok(Err(file)) if began.elapsed() < CLOSE_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                checkpoint(&dir.join(file)).await?;
            }
            Ok(Err(file)) => bail!("{file} in {} is still open", dir.display()),
            // A file was deleted meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(what),
        }
    }
}

/// Moves a write-ahead log into its file, unless another connection uses it.
async fn checkpoint(file: &Path) -> Result<()> {
    let mut connection =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// The files of a directory; or one that has a write-ahead log.
fn of_directory(dir: &Path) -> std::io::Result<Result<Storage, String>> {
    let mut storage = Storage::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if let Some(file) = name.strip_suffix("-wal").or_else(|| name.strip_suffix("-shm")) {
            return Ok(Err(file.to_owned()));
        }
        *storage.entry(Part::of_file(&name)).or_default() += entry.metadata()?.len();
    }
    Ok(Ok(storage))
}

/// The tables of a ledger with their indexes (`pg_total_relation_size`), without the write-ahead
/// log of the server.
pub(crate) async fn of_database(database: &PostgresOptions) -> Result<Storage> {
    const TABLES: &str = "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class \
                          WHERE relnamespace = 'claimledger'::regnamespace AND relkind = 'r'";
    let mut connection = PgConnection::connect_with(&database.plain_connection()).await?;
    let tables: Vec<(String, i64)> = sqlx::query_as(TABLES).fetch_all(&mut connection).await?;
    connection.close().await?;
    let mut storage = Storage::new();
    for (name, bytes) in tables {
        *storage.entry(Part::of_table(&name)).or_default() += bytes.unsigned_abs();
    }
    Ok(storage)
}

/// Bytes of all parts.
pub(crate) fn total(storage: &Storage) -> u64 {
    storage.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_counted_with_what_their_write_ahead_logs_hold() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let options = SqliteConnectOptions::new().filename(&log).create_if_missing(true);
        let options = options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("create table a(b); insert into a values (zeroblob(100000))")
            .execute(&mut connection)
            .await
            .unwrap();
        std::fs::write(dir.path().join("access"), "1234").unwrap();
        std::fs::write(dir.path().join("access_index"), "12").unwrap();
        std::fs::write(dir.path().join("owner.lock"), "1").unwrap();
        assert_eq!(of_directory(dir.path()).unwrap(), Err("log".to_owned()));
        assert!(std::fs::metadata(&log).unwrap().len() < 100_000);
        // The counting begins while the file is open.
        let (storage, closed) = tokio::join!(of_closed(dir.path()), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            connection.close().await
        });
        closed.unwrap();
        let storage = storage.unwrap();
        assert!(storage[&Part::Log] > 100_000, "{storage:?}");
        assert_eq!((storage[&Part::Access], storage[&Part::Other]), (6, 1));
        assert_eq!(total(&storage), storage[&Part::Log] + 7);
    }
}

//! Bytes on disk of a ledger, by what they hold.

use anyhow::{Context, Result};
use claimledger_store::postgres::PostgresOptions;
use sqlx::{Connection, PgConnection};
use std::{
    collections::BTreeMap,
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
        // A write-ahead log of SQLite belongs to its file.
        let name = name.strip_suffix("-wal").or_else(|| name.strip_suffix("-shm")).unwrap_or(name);
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
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The files of the directory of a ledger that was closed. The last connections end a moment later,
/// and move their write-ahead logs into the files; one that remains is counted as it is.
pub(crate) async fn of_closed(dir: &Path) -> Result<Storage> {
    let began = Instant::now();
    while has_write_ahead_log(dir)? && began.elapsed() < CLOSE_TIMEOUT {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    of_directory(dir)
}

fn has_write_ahead_log(dir: &Path) -> Result<bool> {
    let mut names = std::fs::read_dir(dir).with_context(|| format!("{}", dir.display()))?;
    Ok(names.any(|entry| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with("-wal"))
    }))
}

/// The files of a directory, by their lengths.
fn of_directory(dir: &Path) -> Result<Storage> {
    let mut storage = Storage::new();
    let what = || format!("{}", dir.display());
    for entry in std::fs::read_dir(dir).with_context(what)? {
        let entry = entry.with_context(what)?;
        let part = Part::of_file(&entry.file_name().to_string_lossy());
        *storage.entry(part).or_default() += entry.metadata().with_context(what)?.len();
    }
    Ok(storage)
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

    #[test]
    fn a_write_ahead_log_belongs_to_its_file() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [("log", 5), ("log-wal", 3), ("views", 2), ("owner.lock", 1)] {
            std::fs::write(dir.path().join(name), vec![0; bytes]).unwrap();
        }
        let storage = of_directory(dir.path()).unwrap();
        let expected = [(Part::Log, 8), (Part::Views, 2), (Part::Other, 1)];
        assert_eq!(storage, Storage::from(expected));
        assert_eq!(total(&storage), 11);
    }
}

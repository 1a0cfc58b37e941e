//! The files of a directory, and the settings of each.

use super::Database;
use crate::sqlite::{
    OpenError, SqliteOptions, Synchronous,
    integrity::{
        ACCESS_INDEX_SCHEMA, CHECKPOINTS_SCHEMA, KEYS_SCHEMA, LOG_SCHEMA, STATE_SCHEMA,
        TREE_SCHEMA, VIEWS_SCHEMA,
    },
};
use sqlx::sqlite::SqliteSynchronous;
use std::path::{Path, PathBuf};

pub(in crate::sqlite) const LOG: &str = "log";
const KEYS: &str = "keys";
const STATE: &str = "state";
const VIEWS: &str = "views";
const CHECKPOINTS: &str = "checkpoints";
const TREE: &str = "tree";
pub(in crate::sqlite) const ACCESS: &str = "access";
const ACCESS_INDEX: &str = "access_index";
/// The files that prove that there was a log.
pub(in crate::sqlite) const BESIDE_THE_LOG: [&str; 7] =
    [KEYS, STATE, CHECKPOINTS, TREE, VIEWS, ACCESS, ACCESS_INDEX];
const VIEWS_DAMAGED: &str = "views.damaged";

/// Page size of the log. A record has about a thousand bytes and a page holds whole records only:
/// at 4 KiB up to a third of the file would stay empty.
pub(in crate::sqlite) const LOG_PAGE_BYTES: u32 = 8192;
/// Page cache of a connection: SQLite's default, in KiB.
const DEFAULT_CACHE_KIB: u32 = 2_000;
/// Page cache of a connection to the read models, in KiB. Larger, because writes touch pages all
/// over the indexes: pages that do not fit are written and read again within one transaction.
const VIEWS_CACHE_KIB: u32 = 16 * 1024;

/// The files of a directory.
pub(in crate::sqlite) struct Files {
    dir: PathBuf,
    options: SqliteOptions,
}

impl Files {
    pub(in crate::sqlite) fn new(dir: &Path, options: SqliteOptions) -> Self {
        Self { dir: dir.to_owned(), options }
    }

    /// Removes the file of the read models, and the note of its damage.
    pub(in crate::sqlite) fn remove_views(&self) -> Result<(), OpenError> {
        self.remove(&[VIEWS, "views-wal", "views-shm", VIEWS_DAMAGED])
    }

    /// Removes the file of the trees.
    pub(in crate::sqlite) fn remove_tree(&self) -> Result<(), OpenError> {
        self.remove(&[TREE, "tree-wal", "tree-shm"])
    }

    pub(in crate::sqlite) fn remove(&self, names: &[&str]) -> Result<(), OpenError> {
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
    pub(in crate::sqlite) fn views_damaged(&self) -> PathBuf {
        self.dir.join(VIEWS_DAMAGED)
    }

    /// Refuses a log without keys, because no sealed body in it could be opened. An empty log is
    /// accepted: a crash during creation may leave no more than that.
    pub(in crate::sqlite) fn check_keys_are_not_missing(
        &self,
        log_is_empty: bool,
    ) -> Result<(), OpenError> {
        let (missing, present) = (self.dir.join(KEYS), self.dir.join(LOG));
        if !missing.exists() && !log_is_empty {
            return Err(OpenError::Incomplete { missing, present });
        }
        Ok(())
    }

    pub(in crate::sqlite) fn log(&self) -> Database {
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
    pub(in crate::sqlite) fn access(&self) -> Database {
        Database { path: self.dir.join(ACCESS), ..self.log() }
    }

    pub(in crate::sqlite) fn access_index(&self) -> Database {
        let path = self.dir.join(ACCESS_INDEX);
        Database { path, schema: ACCESS_INDEX_SCHEMA, ..self.tree() }
    }

    pub(in crate::sqlite) fn keys(&self) -> Database {
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

    pub(in crate::sqlite) fn state(&self) -> Database {
        Database { path: self.dir.join(STATE), schema: STATE_SCHEMA, ..self.keys() }
    }

    pub(in crate::sqlite) fn checkpoints(&self) -> Database {
        let path = self.dir.join(CHECKPOINTS);
        Database { path, schema: CHECKPOINTS_SCHEMA, ..self.keys() }
    }

    pub(in crate::sqlite) fn tree(&self) -> Database {
        Database {
            path: self.dir.join(TREE),
            synchronous: SqliteSynchronous::Normal,
            secure_delete: false,
            schema: TREE_SCHEMA,
            ..self.keys()
        }
    }

    pub(in crate::sqlite) fn views(&self) -> Database {
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

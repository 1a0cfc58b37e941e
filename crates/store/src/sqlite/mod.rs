//! The embedded engine: one directory with the files `log`, `views` and `keys`, and one process that owns it.
//!
//! `log` and `keys` are durable when a write returns: WAL, `synchronous=FULL`. `views` may lose its last transactions in a power cut: it is rebuilt from
//! the log. Nobody but SQLite may open these files while the process runs: closing another handle would drop the locks of this one.

mod connect;
mod failure;
mod keys;
mod log;
mod owner;
mod views;

pub use keys::SqliteKeys;
pub use log::SqliteLog;
pub use views::SqliteViews;

use connect::Files;
use owner::Owner;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How an open store behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqliteOptions {
    /// When a write of `log` and `keys` counts as durable.
    pub synchronous: Synchronous,
}

/// When a write counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once it is on the disk.
    #[default]
    Full,
    /// Not before the next checkpoint: a power cut loses acknowledged records. It exists only so that a power-cut test can be shown to see what it looks
    /// for; no setting of the program may lead here.
    Normal,
}

/// An open ledger directory. Dropping it closes the files and gives the directory up.
pub struct SqliteStore {
    log: Arc<SqliteLog>,
    keys: Arc<SqliteKeys>,
    views: Arc<SqliteViews>,
    dir: PathBuf,
}

/// Why a directory was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process: use that one over HTTP, or end it first", dir.display())]
    Owned {
        /// The directory.
        dir: PathBuf,
    },
    /// There is a ledger already.
    #[error("{} holds a ledger already", dir.display())]
    Exists {
        /// The directory.
        dir: PathBuf,
    },
    /// A file that belongs to the ledger is gone.
    #[error("{} is missing, but {} is there: restore it from where it went, or from a backup of the whole directory", missing.display(), present.display())]
    Incomplete {
        /// What is missing.
        missing: PathBuf,
        /// What says that it should be there.
        present: PathBuf,
    },
    /// SQLite did not take a setting that durability rests on.
    #[error("{}: SQLite has {setting} = {found}, and {expected} is needed", file.display())]
    Setting {
        /// The file.
        file: PathBuf,
        /// The setting.
        setting: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// What is stored does not hold together.
    #[error("{} is corrupt: {what}", file.display())]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What was found.
        what: String,
    },
    /// Written by a newer version of the program.
    #[error("{} was written by a newer version of this program: open it with that one", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
    },
    /// The file system refused.
    #[error("{} could not be opened", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Its error.
        #[source]
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{} could not be opened", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// Its error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SqliteStore {
    /// Makes a ledger in a directory that has none; the directory is made if it is not there.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn create(dir: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        if dir.join(connect::LOG).exists() {
            return Err(OpenError::Exists { dir: dir.to_owned() });
        }
        std::fs::create_dir_all(dir).map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
        Self::open(dir, options).await
    }

    /// Opens the ledger of a directory, or makes an empty one where the directory holds nothing of one.
    ///
    /// Before it returns, what a crash left in the write-ahead logs is on the disk: a later acknowledgement must not rest on pages that a failed fsync left
    /// in memory only.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(dir: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        // Each file's engine holds the lock: whoever still has one of them still owns the directory.
        let owner = Arc::new(Owner::take(dir)?);
        let files = Files::new(dir, options);
        files.check_log_is_not_missing()?;
        let log = SqliteLog::open(&files, &owner).await?;
        files.check_keys_are_not_missing(log.is_empty())?;
        // The names of new files are durable only with their directory; the log's comes first, so that keys without a log are never a crash's doing.
        owner::sync_dir(dir)?;
        let keys = SqliteKeys::open(&files, &owner).await?;
        let views = SqliteViews::open(&files, &owner).await?;
        owner::sync_dir(dir)?;
        Ok(Self { log: Arc::new(log), keys: Arc::new(keys), views: Arc::new(views), dir: dir.to_owned() })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The logs of all tenants.
    #[must_use]
    pub fn log(&self) -> Arc<SqliteLog> {
        Arc::clone(&self.log)
    }

    /// The keys of all tenants.
    #[must_use]
    pub fn keys(&self) -> Arc<SqliteKeys> {
        Arc::clone(&self.keys)
    }

    /// The read models of all tenants.
    #[must_use]
    pub fn views(&self) -> Arc<SqliteViews> {
        Arc::clone(&self.views)
    }
}

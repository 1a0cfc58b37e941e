//! The embedded engine: one directory with the files `log`, `keys`, `checkpoints`, `state`,
//! `access`, `tree`, `access_index` and `views`, and one process that owns it.
//!
//! `log`, `keys`, `checkpoints`, `state` and `access` are durable when a write returns: WAL,
//! `synchronous=FULL`. `tree`, `access_index` and `views` may lose their last transactions in a
//! power cut: they are built again from the logs. Only SQLite may open these files while the
//! process runs: closing another handle would release the locks of this one.
//!
//! A node of a ledger in a database has a directory with `tree`, `access_index` and `views` only
//! ([`SqliteNode`]).

mod access_index;
mod checkpoints;
mod connect;
mod failure;
mod heads;
mod integrity;
mod keys;
mod log;
mod log_rows;
mod node;
mod owner;
mod page_one;
mod recover;
mod side_file;
mod state;
mod tiles;
mod views;
mod wal;
mod writer;

pub use access_index::SqliteAccessIndex;
pub use checkpoints::SqliteCheckpoints;
pub use keys::SqliteKeys;
pub use log::SqliteLog;
pub use node::SqliteNode;
pub use state::SqliteState;
pub use tiles::SqliteTiles;
pub use views::{SqliteViews, load_views, save_views};

use claimledger_ledger::log::remedy;
use connect::Files;
use node::Derived;
use owner::Owner;
use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Options of an open store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqliteOptions {
    /// When a write of `log`, `keys` and `state` counts as durable.
    pub synchronous: Synchronous,
    /// Whether damaged read models are deleted and rebuilt from the log, instead of refused.
    pub heal_views: bool,
}

/// The durability of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once it is on the disk.
    #[default]
    Full,
    /// Only with the next checkpoint: a power cut loses acknowledged records. Exists to show that
    /// the power-cut test detects such losses; no setting of the program may select it.
    Normal,
}

/// An open ledger directory. Dropping it closes the files and releases the directory.
pub struct SqliteStore {
    log: Arc<SqliteLog>,
    keys: Arc<SqliteKeys>,
    state: Arc<SqliteState>,
    checkpoints: Arc<SqliteCheckpoints>,
    tiles: Arc<SqliteTiles>,
    /// None: the directory can only be read, and has none.
    access: Option<Arc<SqliteLog>>,
    access_index: Arc<SqliteAccessIndex>,
    views: Arc<SqliteViews>,
    dir: PathBuf,
    healed: Option<String>,
    read_only: Option<&'static str>,
}

/// Why a directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns it.
    #[error("{} is in use by another process: use that one over HTTP, or end it first",
        dir.display())]
    Owned {
        /// The directory.
        dir: PathBuf,
    },
    /// It holds a ledger already.
    #[error("{} holds a ledger already", dir.display())]
    Exists {
        /// The directory.
        dir: PathBuf,
    },
    /// A file of the ledger is missing.
    #[error("{} is missing, but {} is there: restore it from where it went, or from a backup of \
             the whole directory", missing.display(), present.display())]
    Incomplete {
        /// The missing file.
        missing: PathBuf,
        /// The file that proves that it should exist.
        present: PathBuf,
    },
    /// It belongs to a node, whose ledger is in a database.
    #[error("{} is the directory of a node: its ledger is in a database, which the setting \
             `database` names (CLAIMLEDGER_DATABASE_URL_FILE, or [database] in claimledger.toml)",
        dir.display())]
    Node {
        /// The directory.
        dir: PathBuf,
    },
    /// SQLite did not apply a setting that durability depends on.
    #[error("{}: SQLite has {setting} = {found}, and {expected} is needed", file.display())]
    Setting {
        /// The file.
        file: PathBuf,
        /// The setting.
        setting: &'static str,
        /// Its required value.
        expected: String,
        /// Its actual value.
        found: String,
    },
    /// Stored data is damaged.
    #[error("{} is damaged: {what}{}", file.display(), remedy(&name_of(file)))]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What was found.
        what: String,
    },
    /// Written by a newer version of the program.
    #[error("{} was written by a newer version of this program: open it with that one",
        file.display())]
    Newer {
        /// The file.
        file: PathBuf,
    },
    /// The file system grants access to another user, but not to this one.
    #[error("{} belongs to user {owner}, and this process runs as user {user}: permission denied",
        path.display())]
    NotYours {
        /// The path.
        path: PathBuf,
        /// The user id of its owner, as far as known.
        owner: String,
        /// The user id of the process.
        user: String,
    },
    /// Written by an older version of the program, and the migration is impossible because nothing
    /// can be written.
    #[error("{} was written by an older version of this program: open it once where it can be \
             written", file.display())]
    Older {
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

impl OpenError {
    /// An error of the file system; a refusal names both users.
    #[must_use]
    pub fn io(path: &Path, source: io::Error) -> Self {
        if source.kind() != io::ErrorKind::PermissionDenied {
            return Self::Io { path: path.to_owned(), source };
        }
        let uid = |path: &Path| {
            std::fs::metadata(path).map_or_else(|_| "?".to_owned(), |found| found.uid().to_string())
        };
        // A file in an inaccessible directory has no readable owner: then the directory is named.
        let seen = path.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(path);
        Self::NotYours {
            path: seen.to_owned(),
            owner: uid(seen),
            user: uid(Path::new("/proc/self")),
        }
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl SqliteStore {
    /// Whether a directory holds a ledger. A ledger whose log is missing or was emptied is an
    /// error.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn is_in(dir: &Path) -> Result<bool, OpenError> {
        match std::fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(OpenError::io(dir, error)),
            Ok(_) if SqliteNode::is_in(dir) => return Err(OpenError::Node { dir: dir.to_owned() }),
            Ok(_) => {}
        }
        let bytes = |name: &str| match std::fs::metadata(dir.join(name)) {
            Ok(file) => Ok(Some(file.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OpenError::io(&dir.join(name), error)),
        };
        let (log, wal) = (bytes(connect::LOG)?, bytes("log-wal")?.unwrap_or(0));
        let mut beside = None;
        for name in connect::BESIDE_THE_LOG {
            // The log is created and synced first: after a crash no other file exists without it.
            if beside.is_none() && bytes(name)?.is_some_and(|bytes| bytes > 0) {
                beside = Some(dir.join(name));
            }
        }
        match (log, beside) {
            (None, None) => Ok(false),
            (None, Some(present)) => {
                Err(OpenError::Incomplete { missing: dir.join(connect::LOG), present })
            }
            (Some(0), Some(present)) if wal == 0 => Err(OpenError::Corrupt {
                file: dir.join(connect::LOG),
                what: format!("it is empty, but {} is not", present.display()),
            }),
            (Some(_), _) => Ok(true),
        }
    }

    /// Why opening deleted the read models, if it did.
    #[must_use]
    pub fn healed(&self) -> Option<&str> {
        self.healed.as_deref()
    }

    /// Creates a ledger in a directory that has none; creates the directory if it is missing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn create(dir: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        if dir.join(connect::LOG).exists() {
            return Err(OpenError::Exists { dir: dir.to_owned() });
        }
        std::fs::create_dir_all(dir).map_err(|source| OpenError::io(dir, source))?;
        Self::open(dir, options).await
    }

    /// Opens the ledger of a directory, or creates an empty one if the directory has no file of a
    /// ledger.
    ///
    /// Where the directory cannot be written (a read-only file system, a full disk, another user's
    /// files), it is opened for reading only: [`Self::read_only`] says why.
    ///
    /// Before it returns, everything that a crash left in the write-ahead logs is on the disk: a
    /// later acknowledgement must not depend on pages that a failed fsync left in memory only.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(dir: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        // Each file's engine holds the lock, so that the directory stays owned until the last is
        // dropped.
        Self::is_in(dir)?;
        let owner = Arc::new(Owner::take(dir)?);
        let files = Files::new(dir, options);
        if let Some(why) = owner.read_only() {
            return Self::open_for_reading(dir, &files, &owner, why).await;
        }
        match Self::open_for_writing(dir, &files, &owner, options.heal_views).await {
            Err(error @ OpenError::Database { .. }) if dir.join(connect::LOG).exists() => {
                match owner::why_not_writable(dir) {
                    Some(why) => Self::open_for_reading(dir, &files, &owner, why).await,
                    None => Err(error),
                }
            }
            other => other,
        }
    }

    async fn open_for_writing(
        dir: &Path,
        files: &Files,
        owner: &Arc<Owner>,
        heal_views: bool,
    ) -> Result<Self, OpenError> {
        let log = SqliteLog::open(connect::LOG, files.log(), owner).await?;
        files.check_keys_are_not_missing(log.is_empty())?;
        // The names of new files are durable only once their directory is synced; the log's comes
        // first, so that a crash never leaves keys without a log.
        owner::sync_dir(dir)?;
        let keys = SqliteKeys::open(files, owner).await?;
        if !log.is_empty() && !files.state().path.exists() {
            // No record depends on it, and deleting it is the remedy for its damage.
            tracing::warn!(
                "the file `state` is missing: an empty one is created, and sources \
                must be added again"
            );
        }
        let state = SqliteState::open(files, owner).await?;
        let checkpoints = SqliteCheckpoints::open(files, owner).await?;
        let access = SqliteLog::open(connect::ACCESS, files.access(), owner).await?;
        let Derived { tiles, access_index, views, healed } =
            Derived::open(files, owner, heal_views).await?;
        owner::sync_dir(dir)?;
        Ok(Self {
            log: Arc::new(log),
            keys: Arc::new(keys),
            state: Arc::new(state),
            checkpoints: Arc::new(checkpoints),
            tiles,
            access: Some(Arc::new(access)),
            access_index,
            views,
            dir: dir.to_owned(),
            healed,
            read_only: None,
        })
    }

    async fn open_for_reading(
        dir: &Path,
        files: &Files,
        owner: &Arc<Owner>,
        why: &'static str,
    ) -> Result<Self, OpenError> {
        let log = SqliteLog::open_for_reading(connect::LOG, files.log(), owner, why).await?;
        files.check_keys_are_not_missing(log.is_empty())?;
        let keys = SqliteKeys::open_for_reading(files, owner, why).await?;
        let state = SqliteState::open_for_reading(files, owner, why).await;
        let checkpoints = SqliteCheckpoints::open_for_reading(files, owner, why).await;
        let tiles = SqliteTiles::open_for_reading(files, owner, why).await;
        let access = if files.access().path.exists() {
            let opened = SqliteLog::open_for_reading(connect::ACCESS, files.access(), owner, why);
            Some(Arc::new(opened.await?))
        } else {
            None
        };
        let access_index = SqliteAccessIndex::open_for_reading(files, owner, why).await;
        // Read models are optional: no damage of them may prevent reads of the log.
        let views = match SqliteViews::open_for_reading(files, owner, why).await {
            Ok(views) => views,
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the read models are not read"
                );
                SqliteViews::unreadable(files, owner, why).await?
            }
        };
        Ok(Self {
            log: Arc::new(log),
            keys: Arc::new(keys),
            state: Arc::new(state),
            checkpoints: Arc::new(checkpoints),
            tiles: Arc::new(tiles),
            access,
            access_index: Arc::new(access_index),
            views: Arc::new(views),
            dir: dir.to_owned(),
            healed: None,
            read_only: Some(why),
        })
    }

    /// Why the directory was opened for reading only, if it was.
    #[must_use]
    pub const fn read_only(&self) -> Option<&'static str> {
        self.read_only
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

    /// The states of all tenants.
    #[must_use]
    pub fn state(&self) -> Arc<SqliteState> {
        Arc::clone(&self.state)
    }

    /// The last signed checkpoint of each log.
    #[must_use]
    pub fn checkpoints(&self) -> Arc<SqliteCheckpoints> {
        Arc::clone(&self.checkpoints)
    }

    /// The Merkle tree of each log.
    #[must_use]
    pub fn tiles(&self) -> Arc<SqliteTiles> {
        Arc::clone(&self.tiles)
    }

    /// The access logs of all tenants; none: the directory can only be read, and has none.
    #[must_use]
    pub fn access(&self) -> Option<Arc<SqliteLog>> {
        self.access.clone()
    }

    /// The index of the access logs.
    #[must_use]
    pub fn access_index(&self) -> Arc<SqliteAccessIndex> {
        Arc::clone(&self.access_index)
    }

    /// The read models of all tenants. In a read-only directory they may lag behind the log, or be
    /// unavailable.
    #[must_use]
    pub fn views(&self) -> Arc<SqliteViews> {
        Arc::clone(&self.views)
    }
}

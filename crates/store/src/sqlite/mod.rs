//! The embedded engine: one directory with the files `log`, `views` and `keys`, and one process
//! that owns it.
//!
//! `log` and `keys` are durable when a write returns: WAL, `synchronous=FULL`. `views` may lose its
//! last transactions in a power cut: it is rebuilt from the log. Nobody but SQLite may open these
//! files while the process runs: closing another handle would drop the locks of this one.

mod connect;
mod failure;
mod heads;
mod keys;
mod log;
mod log_rows;
mod owner;
mod page_one;
mod recover;
mod views;

pub use keys::SqliteKeys;
pub use log::SqliteLog;
pub use views::SqliteViews;

use claimledger_ledger::log::remedy;
use connect::Files;
use owner::Owner;
use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How an open store behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqliteOptions {
    /// When a write of `log` and `keys` counts as durable.
    pub synchronous: Synchronous,
    /// Whether damaged read models are thrown away instead of refused: they are folded from the log
    /// again.
    pub heal_views: bool,
}

/// When a write counts as durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once it is on the disk.
    #[default]
    Full,
    /// Not before the next checkpoint: a power cut loses acknowledged records. It exists only so
    /// that a power-cut test can be shown to see what it looks for; no setting of the program may
    /// lead here.
    Normal,
}

/// An open ledger directory. Dropping it closes the files and gives the directory up.
pub struct SqliteStore {
    log: Arc<SqliteLog>,
    keys: Arc<SqliteKeys>,
    views: Arc<SqliteViews>,
    dir: PathBuf,
    healed: Option<String>,
    read_only: Option<&'static str>,
}

/// Why a directory was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process: use that one over HTTP, or end it first",
        dir.display())]
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
    #[error("{} is missing, but {} is there: restore it from where it went, or from a backup of \
             the whole directory", missing.display(), present.display())]
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
    /// The file system lets another user in, and not this one.
    #[error("{} belongs to user {owner}, and this process runs as user {user}: permission denied",
        path.display())]
    NotYours {
        /// The path.
        path: PathBuf,
        /// The user id of its owner, or what is known of it.
        owner: String,
        /// The user id of the process.
        user: String,
    },
    /// Written by an older version of the program, and not to be brought to this one: nothing can
    /// be written.
    #[error("{} was written by an older version of this program: open it once where it can be \
             written", file.display())]
    Older {
        /// The file.
        file: PathBuf,
    },
    /// A write-ahead log that cannot be brought in: nothing can be written.
    #[error("{} has a write-ahead log that is not in it yet: open it once where it can be written, \
             or copy the directory there", file.display())]
    WriteAheadLog {
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
        // Of a file in a directory that is closed nothing can be told: then the directory is named.
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
    /// Whether a directory holds a ledger. A ledger of which the log is gone, or was emptied, is
    /// not taken for none.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn is_in(dir: &Path) -> Result<bool, OpenError> {
        match std::fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(OpenError::io(dir, error)),
            Ok(_) => {}
        }
        let bytes = |name: &str| match std::fs::metadata(dir.join(name)) {
            Ok(file) => Ok(Some(file.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OpenError::io(&dir.join(name), error)),
        };
        let (log, wal) = (bytes(connect::LOG)?, bytes("log-wal")?.unwrap_or(0));
        let mut beside = None;
        for name in [connect::KEYS, connect::VIEWS] {
            // The log is made first and made durable: a file beside it never outlives a crash
            // without it.
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

    /// Why the read models were thrown away when this was opened, if they were.
    #[must_use]
    pub fn healed(&self) -> Option<&str> {
        self.healed.as_deref()
    }

    /// Makes a ledger in a directory that has none; the directory is made if it is not there.
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

    /// Opens the ledger of a directory, or makes an empty one where the directory holds nothing of
    /// one.
    ///
    /// Where the directory cannot be written (a read-only file system, a full disk, another user's
    /// files), it is opened for reading only: [`Self::read_only`] says why.
    ///
    /// Before it returns, what a crash left in the write-ahead logs is on the disk: a later
    /// acknowledgement must not rest on pages that a failed fsync left in memory only.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(dir: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        // Each file's engine holds the lock: whoever still has one of them still owns the
        // directory.
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
        let log = SqliteLog::open(files, owner).await?;
        files.check_keys_are_not_missing(log.is_empty())?;
        // The names of new files are durable only with their directory; the log's comes first, so
        // that keys without a log are never a crash's doing.
        owner::sync_dir(dir)?;
        let keys = SqliteKeys::open(files, owner).await?;
        let (views, healed) = match SqliteViews::open(files, owner).await {
            Err(OpenError::Corrupt { what, .. }) if heal_views => {
                tracing::warn!(
                    what,
                    "the read models are damaged: they are thrown away, and folded from the log \
                     again"
                );
                files.remove_views()?;
                (SqliteViews::open(files, owner).await?, Some(what))
            }
            opened => (opened?, None),
        };
        owner::sync_dir(dir)?;
        Ok(Self {
            log: Arc::new(log),
            keys: Arc::new(keys),
            views: Arc::new(views),
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
        let log = SqliteLog::open_for_reading(files, owner, why).await?;
        files.check_keys_are_not_missing(log.is_empty())?;
        let keys = SqliteKeys::open_for_reading(files, owner, why).await?;
        // They can be made again, from the log and elsewhere: whatever is wrong with them keeps
        // nobody from reading it.
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
            views: Arc::new(views),
            dir: dir.to_owned(),
            healed: None,
            read_only: Some(why),
        })
    }

    /// Why nothing is written, if the directory was opened for reading only.
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

    /// The read models of all tenants. Of a directory that is read only, they may be behind the
    /// log, or not answer at all.
    #[must_use]
    pub fn views(&self) -> Arc<SqliteViews> {
        Arc::clone(&self.views)
    }
}

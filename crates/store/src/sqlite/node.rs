//! The directory of a node: what it derives from logs that are stored elsewhere.

use super::{
    OpenError, SqliteAccessIndex, SqliteOptions, SqliteTiles, SqliteViews,
    connect::{self, Files},
    owner::{self, Owner},
};
use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file that marks such a directory: it has files that belong beside a log, and no log.
const MARK: &str = "node";
const MARK_TEXT: &str = "The ledger of this node is in a database. Everything here is derived from \
                         it and can be deleted, but for a master key.\n";

/// An open directory of a node. Dropping it closes the files and releases the directory.
///
/// Every file of it can be deleted while no process owns it: it is made again from the logs.
pub struct SqliteNode {
    derived: Derived,
    dir: PathBuf,
}

/// The files that are built again from the logs.
pub(super) struct Derived {
    pub(super) tiles: Arc<SqliteTiles>,
    pub(super) access_index: Arc<SqliteAccessIndex>,
    pub(super) views: Arc<SqliteViews>,
    /// Why the read models were deleted, if they were.
    pub(super) healed: Option<String>,
}

impl Derived {
    pub(super) async fn open(
        files: &Files,
        owner: &Arc<Owner>,
        heal_views: bool,
    ) -> Result<Self, OpenError> {
        let tiles = match SqliteTiles::open(files, owner).await {
            Err(OpenError::Corrupt { what, .. }) => {
                tracing::warn!(what, "the file `tree` is damaged: it is built again from the log");
                files.remove_tree()?;
                SqliteTiles::open(files, owner).await?
            }
            opened => opened?,
        };
        let access_index = match SqliteAccessIndex::open(files, owner).await {
            Err(OpenError::Corrupt { what, .. }) => {
                tracing::warn!(what, "the file `access_index` is damaged: it is filled again");
                files.remove(&["access_index", "access_index-wal", "access_index-shm"])?;
                SqliteAccessIndex::open(files, owner).await?
            }
            opened => opened?,
        };
        let (views, healed) = match SqliteViews::open(files, owner).await {
            Err(OpenError::Corrupt { what, .. }) if heal_views => {
                tracing::warn!(
                    what,
                    "the read models are damaged: they are deleted, and rebuilt from the log"
                );
                files.remove_views()?;
                (SqliteViews::open(files, owner).await?, Some(what))
            }
            opened => (opened?, None),
        };
        Ok(Self {
            tiles: Arc::new(tiles),
            access_index: Arc::new(access_index),
            views: Arc::new(views),
            healed,
        })
    }
}

impl SqliteNode {
    /// Whether a directory is that of a node.
    #[must_use]
    pub fn is_in(dir: &Path) -> bool {
        dir.join(MARK).is_file()
    }

    /// Refuses a directory that holds a log of its own.
    ///
    /// # Errors
    /// [`OpenError::Exists`].
    pub fn check(dir: &Path) -> Result<(), OpenError> {
        match dir.join(connect::LOG).exists() {
            true => Err(OpenError::Exists { dir: dir.to_owned() }),
            false => Ok(()),
        }
    }

    /// Makes the directory if it is missing; only its owner may read it.
    pub(super) fn make(dir: &Path) -> Result<(), OpenError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| OpenError::io(dir, error))
    }

    pub(super) fn mark(dir: &Path) -> Result<(), OpenError> {
        let mark = dir.join(MARK);
        std::fs::write(&mark, MARK_TEXT).map_err(|error| OpenError::io(&mark, error))
    }

    /// Opens the directory of a node; creates it and its files if they are missing.
    ///
    /// # Errors
    /// See [`OpenError`]: among others [`OpenError::Exists`], if the directory holds a log of its
    /// own.
    pub async fn open(dir: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        Self::make(dir)?;
        Self::check(dir)?;
        let owner = Arc::new(Owner::take(dir)?);
        if let Some(why) = owner.read_only() {
            let refused = io::Error::new(io::ErrorKind::ReadOnlyFilesystem, why);
            return Err(OpenError::io(dir, refused));
        }
        Self::mark(dir)?;
        let derived = Derived::open(&Files::new(dir, options), &owner, options.heal_views).await?;
        owner::sync_dir(dir)?;
        Ok(Self { derived, dir: dir.to_owned() })
    }

    /// Why opening deleted the read models, if it did.
    #[must_use]
    pub fn healed(&self) -> Option<&str> {
        self.derived.healed.as_deref()
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The Merkle tree of each log.
    #[must_use]
    pub fn tiles(&self) -> Arc<SqliteTiles> {
        Arc::clone(&self.derived.tiles)
    }

    /// The index of the access logs.
    #[must_use]
    pub fn access_index(&self) -> Arc<SqliteAccessIndex> {
        Arc::clone(&self.derived.access_index)
    }

    /// The read models of all tenants.
    #[must_use]
    pub fn views(&self) -> Arc<SqliteViews> {
        Arc::clone(&self.derived.views)
    }
}

//! One process owns a ledger directory.

use super::OpenError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

/// Holds the directory's lock. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Owner {
    _file: File,
}

impl Owner {
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("owner.lock");
        let io = |source| OpenError::io(&path, source);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Owned { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::io(dir, source);
    File::open(dir).map_err(io)?.sync_all().map_err(io)
}

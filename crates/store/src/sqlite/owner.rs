//! The lock of a ledger directory: one process owns it, or several share it for reading.

use super::OpenError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    path::Path,
};

/// Holds the directory's lock. The system releases it when the process ends, even after a crash.
#[derive(Debug)]
pub(super) struct Owner {
    /// None: a directory that cannot be written, and has no lock file.
    _file: Option<File>,
    /// Why nothing can be written; none: this process holds the lock exclusively.
    read_only: Option<&'static str>,
}

impl Owner {
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("owner.lock");
        let io = |source| OpenError::io(&path, source);
        match OpenOptions::new().create(true).truncate(false).write(true).open(&path) {
            Ok(file) => match file.try_lock() {
                Ok(()) => Ok(Self { _file: Some(file), read_only: None }),
                Err(TryLockError::WouldBlock) => Err(OpenError::Owned { dir: dir.to_owned() }),
                Err(TryLockError::Error(source)) => Err(io(source)),
            },
            Err(error) => {
                let Some(why) = only_read(&error) else { return Err(io(error)) };
                Self::share(dir, why)
            }
        }
    }

    /// Shares the lock with other readers. A process that can write, through another mount for
    /// example, needs it exclusively.
    fn share(dir: &Path, why: &'static str) -> Result<Self, OpenError> {
        let path = dir.join("owner.lock");
        let io = |source| OpenError::io(&path, source);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { _file: None, read_only: Some(why) });
            }
            Err(error) => return Err(io(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _file: Some(file), read_only: Some(why) }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Owned { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Why nothing can be written; none: the lock is exclusive.
    pub(super) const fn read_only(&self) -> Option<&'static str> {
        self.read_only
    }
}

/// Why a directory cannot be written; none: it can, so opening failed for another reason.
pub(super) fn why_not_writable(dir: &Path) -> Option<&'static str> {
    let probe = dir.join(".open.room");
    // As many bytes as SQLite writes when it opens a file: shared memory and write-ahead log.
    let tried = File::create(&probe).and_then(|mut file| file.write_all(&[7; 128 * 1024]));
    let _ = std::fs::remove_file(&probe);
    tried.err().as_ref().and_then(only_read)
}

/// The reason why a directory is read-only, for errors that still allow reads.
fn only_read(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem => Some("its file system is mounted read-only"),
        ErrorKind::PermissionDenied => Some("this user may not write it"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("the disk is full"),
        _ => None,
    }
}

/// Syncs a directory: makes the names of its files durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::io(dir, source);
    File::open(dir).map_err(io)?.sync_all().map_err(io)
}

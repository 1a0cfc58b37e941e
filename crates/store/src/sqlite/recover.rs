//! Writing again after the storage has failed, without a restart.
//!
//! A failed write poisons its file ([`super::failure::Poison`]): nothing is acknowledged on top of
//! it, because after a failed fsync the system may hold pages in its cache that are not on the disk
//! and are called clean (`reliability.md`, finding 2). Recovery takes the same steps as a startup:
//! it reopens the connection, a truncating checkpoint writes and syncs every committed page again,
//! and the heads are read from the file before the next acknowledgement. On a full disk all that
//! would succeed and the next write fail again, so recovery first checks for free space.

use super::{OpenError, failure::Poison};
use async_trait::async_trait;
use claimledger_ledger::log::LogError;
use std::{
    fs::File,
    future::Future,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::runtime::Handle;

/// Backoff before the first attempt; it doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
/// Maximum backoff.
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// Minimum free space before writes resume: about the size of the largest append in the write-ahead
/// log.
const MIN_FREE_BYTES: usize = 1024 * 1024;

/// An engine of one file that can reopen it.
#[async_trait]
pub(super) trait Recover: Send + Sync + 'static {
    /// Its poisoned state.
    fn poison(&self) -> &Poison;
    /// Reopens the write connection, and reads the state of the file.
    async fn recover(&self) -> Result<(), LogError>;
}

/// Starts a task that tries to reopen a poisoned file until that succeeds.
pub(super) fn keep_trying<T: Recover>(engine: &Arc<T>) {
    if !engine.poison().recovers() || engine.poison().trying.swap(true, Ordering::SeqCst) {
        return;
    }
    let engine = Arc::downgrade(engine);
    tokio::spawn(async move {
        let mut wait = FIRST_BACKOFF;
        loop {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(MAX_BACKOFF);
            // The store was closed.
            let Some(engine) = engine.upgrade() else { return };
            if engine.poison().recovers()
                && let Err(error) = engine.recover().await
            {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the file is not written again yet"
                );
            }
            if !engine.poison().recovers() {
                engine.poison().trying.store(false, Ordering::SeqCst);
                // A failure in between saw that this task was still trying, and started none.
                if engine.poison().recovers()
                    && !engine.poison().trying.swap(true, Ordering::SeqCst)
                {
                    continue;
                }
                return;
            }
        }
    });
}

/// Opens a file on a thread of its own, because the future of the driver's migrations is not
/// `Send`.
pub(super) async fn reopen<T, F>(
    file: &'static str,
    open: impl FnOnce() -> F + Send + 'static,
) -> Result<T, LogError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, OpenError>>,
{
    let opened = tokio::task::spawn_blocking(move || Handle::current().block_on(open())).await;
    opened.map_err(|error| not_yet(file, error))?.map_err(|error| not_yet(file, error))
}

/// The error while the file is not reopened yet.
fn not_yet(file: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LogError {
    LogError::Unavailable {
        reason: format!("the file `{file}` is not reopened yet"),
        source: Some(source.into()),
    }
}

/// Checks for free space next to a file: writes a temporary file, syncs and deletes it.
pub(super) async fn check_free_space(name: &'static str, path: &Path) -> Result<(), LogError> {
    let path = path.to_owned();
    let tried = tokio::task::spawn_blocking(move || {
        // SQLite follows symbolic links, so this must test the same file system.
        let probe = path.canonicalize()?.with_file_name(format!(".{name}.room"));
        let tried = write_room(&probe);
        let removed = std::fs::remove_file(&probe);
        tried.and(removed)
    });
    tried.await.map_err(|error| not_yet(name, error))?.map_err(|error| not_yet(name, error))
}

fn write_room(probe: &PathBuf) -> io::Result<()> {
    let mut file = File::create(probe)?;
    // Every block differs, so that a compressing file system cannot store them in less space.
    let mut x: u32 = 1;
    let block: Vec<u8> = std::iter::repeat_with(|| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    })
    .take(64 * 1024)
    .collect();
    for _ in 0..MIN_FREE_BYTES / block.len() {
        file.write_all(&block)?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_tried_beside_the_file_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("other")).unwrap();
        std::fs::write(dir.path().join("other/log"), b"x").unwrap();
        std::os::unix::fs::symlink(dir.path().join("other/log"), dir.path().join("log")).unwrap();
        check_free_space("log", &dir.path().join("log")).await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path().join("other")).unwrap().count(), 1);
        assert!(check_free_space("log", &dir.path().join("missing")).await.is_err());
    }
}

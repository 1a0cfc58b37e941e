//! Writing again after the storage has failed, without a restart.
//!
//! A failed write poisons its file ([`super::failure::Poison`]): nothing is acknowledged on top of
//! it, because after a failed fsync the system may hold pages in its cache that are not on the disk
//! and are called clean (`reliability.md`, finding 2). What ends it is what begins a process: the
//! connection is opened anew, a truncating checkpoint writes every committed page once more and
//! syncs it, and what the file holds is read from it before the next acknowledgement. A file on a
//! disk without room would pass all that and fail again, so room is tried first.

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

/// The wait before the first attempt; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Bytes that must fit before a file is written again: about what the largest append takes in the
/// write-ahead log.
const ROOM: usize = 1024 * 1024;

/// An engine of one file that can open it anew.
#[async_trait]
pub(super) trait Recover: Send + Sync + 'static {
    /// Its state.
    fn poison(&self) -> &Poison;
    /// Opens the connection that writes anew, and reads what the file holds.
    async fn recover(&self) -> Result<(), LogError>;
}

/// Tries to open a poisoned file anew until that succeeds, in a task of its own.
pub(super) fn keep_trying<T: Recover>(engine: &Arc<T>) {
    if !engine.poison().recovers() || engine.poison().trying.swap(true, Ordering::SeqCst) {
        return;
    }
    let engine = Arc::downgrade(engine);
    tokio::spawn(async move {
        let mut wait = FIRST_WAIT;
        loop {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            // Nobody has the file any more when it is gone.
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
                // It may have failed again in between, and found somebody trying.
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

/// Opens a file on a thread of its own: the driver's migrations give no future that may move
/// between threads.
pub(super) async fn open_anew<T, F>(
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

/// The file is not opened anew yet.
fn not_yet(file: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LogError {
    LogError::Unavailable {
        reason: format!("the file `{file}` is not opened anew yet"),
        source: Some(source.into()),
    }
}

/// Whether there is room beside a file: written, synced, and thrown away.
pub(super) async fn try_room(name: &'static str, path: &Path) -> Result<(), LogError> {
    let path = path.to_owned();
    let tried = tokio::task::spawn_blocking(move || {
        // Where a link leads is where SQLite writes.
        let probe = path.canonicalize()?.with_file_name(format!(".{name}.room"));
        let tried = write_room(&probe);
        let removed = std::fs::remove_file(&probe);
        tried.and(removed)
    });
    tried.await.map_err(|error| not_yet(name, error))?.map_err(|error| not_yet(name, error))
}

fn write_room(probe: &PathBuf) -> io::Result<()> {
    let mut file = File::create(probe)?;
    // No two blocks alike: a file system that compresses must not make room of them.
    let mut x: u32 = 1;
    let block: Vec<u8> = std::iter::repeat_with(|| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    })
    .take(64 * 1024)
    .collect();
    for _ in 0..ROOM / block.len() {
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
        try_room("log", &dir.path().join("log")).await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path().join("other")).unwrap().count(), 1);
        assert!(try_room("log", &dir.path().join("missing")).await.is_err());
    }
}

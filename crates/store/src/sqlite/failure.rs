//! Classification of SQLite's errors, and the poisoned state of a file after a failed write.

use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::{LogError, Stopped};
use parking_lot::Mutex;
use std::sync::atomic::AtomicBool;
use tokio::time::Instant;

/// Kinds of failure that need different handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The row is there already, or a CHECK or trigger refused it.
    Constraint,
    /// No room on the disk.
    Full,
    /// Disk, file system or file: memory and disk may differ from now on.
    Storage,
    /// The file is damaged.
    Corrupt,
    /// Anything else; mostly busy.
    Other,
}

/// A damaged row. Wrapped in an error of the driver, so that functions that only run statements
/// need no other error type.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub(super) struct DamagedRow {
    /// The table, and the key where there is one.
    pub(super) place: String,
    /// What was found.
    pub(super) what: String,
}

impl From<DamagedRow> for sqlx::Error {
    fn from(row: DamagedRow) -> Self {
        Self::Decode(Box::new(row))
    }
}

/// The damaged place, and the damage, of an error that [`classify`] calls corrupt.
pub(super) fn place_and_what(error: &sqlx::Error) -> (String, String) {
    match error {
        sqlx::Error::Decode(inner) => match inner.downcast_ref::<DamagedRow>() {
            Some(row) => (row.place.clone(), row.what.clone()),
            None => ("a row".to_owned(), inner.to_string()),
        },
        sqlx::Error::ColumnDecode { index, source } => {
            (format!("column {index} of a row"), source.to_string())
        }
        other => (
            "SQLite".to_owned(),
            other
                .as_database_error()
                .map_or_else(|| other.to_string(), |error| error.message().to_owned()),
        ),
    }
}

/// The error for a damaged file.
fn damaged(file: &str, error: &sqlx::Error) -> LogError {
    let (place, what) = place_and_what(error);
    LogError::Damaged { file: file.to_owned(), place, what }
}

/// Primary result codes: <https://www.sqlite.org/rescode.html>. An extended code holds its primary
/// one in the low byte.
pub(super) fn classify(error: &sqlx::Error) -> Failure {
    const SQLITE_READONLY: i32 = 8;
    const SQLITE_IOERR: i32 = 10;
    const SQLITE_CORRUPT: i32 = 11;
    const SQLITE_FULL: i32 = 13;
    const SQLITE_CANTOPEN: i32 = 14;
    const SQLITE_CONSTRAINT: i32 = 19;
    const SQLITE_NOTADB: i32 = 26;
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        Some(SQLITE_CONSTRAINT) => Failure::Constraint,
        Some(SQLITE_FULL) => Failure::Full,
        Some(SQLITE_IOERR | SQLITE_READONLY | SQLITE_CANTOPEN) => Failure::Storage,
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Failure::Corrupt,
        _ if matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) => Failure::Storage,
        // Tables are STRICT: a column with another type than the statement expects was altered.
        _ if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => {
            Failure::Corrupt
        }
        _ => Failure::Other,
    }
}

/// Why a file refuses writes.
#[derive(Clone, Debug)]
struct Failed {
    why: String,
    since: Instant,
    /// Whether the file may be reopened while the process runs.
    recovers: bool,
}

/// Set by the first failure of the storage: after a failed fsync the system may call pages clean
/// that never reached the disk, so that nothing may be acknowledged on top of them. Only reopening
/// the file clears it, which begins with a full checkpoint (`recover.rs`).
#[derive(Debug, Default)]
pub(super) struct Poison {
    failed: Mutex<Option<Failed>>,
    /// A task is trying to reopen the file.
    pub(super) trying: AtomicBool,
}

impl Poison {
    /// For a file that was opened for reading only.
    pub(super) fn read_only(file: &str, why: &str) -> Self {
        let poison = Self::default();
        poison.set(format!("the file `{file}` was opened for reading only: {why}"), false);
        poison
    }

    /// # Errors
    /// If the storage has failed, and the file was not reopened since.
    pub(super) fn check(&self) -> Result<(), LogError> {
        match &*self.failed.lock() {
            Some(failed) => Err(LogError::Stopped { why: failed.why.clone(), source: None }),
            None => Ok(()),
        }
    }

    /// Why writes are refused, and since when.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.failed.lock().as_ref().map(|failed| Stopped {
            why: failed.why.clone(),
            lasted: failed.since.elapsed(),
            recovers: failed.recovers,
        })
    }

    /// Whether reopening the file may end the failure.
    pub(super) fn recovers(&self) -> bool {
        self.failed.lock().as_ref().is_some_and(|failed| failed.recovers)
    }

    /// Clears the state after the file was reopened.
    pub(super) fn recovered(&self, file: &str) {
        if let Some(failed) = self.failed.lock().take() {
            tracing::warn!(
                file,
                after_ms = failed.since.elapsed().as_millis() as u64,
                "the file is written again"
            );
        }
    }

    /// Refuses writes until a restart, for a reason that reopening does not end.
    pub(super) fn poison(&self, file: &str, why: &str) {
        tracing::error!(file, why, "nothing more is written before a restart");
        self.set(format!("the file `{file}` takes nothing more before a restart: {why}"), false);
    }

    /// The error for a failed statement; poisons if the storage has failed.
    pub(super) fn failed(&self, file: &str, error: sqlx::Error) -> LogError {
        let (reason, recovers) = match classify(&error) {
            Failure::Full => {
                ("the disk is full; it is tried again by itself once there is room", true)
            }
            Failure::Storage => {
                ("the disk or file system failed; it is reopened automatically", true)
            }
            Failure::Corrupt => {
                self.poison(file, "it is damaged");
                return damaged(file, &error);
            }
            Failure::Constraint | Failure::Other => return unavailable(file, error),
        };
        tracing::error!(file, %error, recovers, "the storage has failed: writes are refused until \
            the file is reopened");
        let why = format!("the file `{file}` cannot be written: {reason}");
        self.set(why.clone(), recovers);
        LogError::Stopped { why, source: Some(Box::new(error)) }
    }

    /// Keeps the time of the first failure and the reason of the last. A reason that reopening does
    /// not end is permanent.
    fn set(&self, why: String, recovers: bool) {
        let mut failed = self.failed.lock();
        match &mut *failed {
            Some(failed) if failed.recovers => (failed.why, failed.recovers) = (why, recovers),
            Some(_) => {}
            None => *failed = Some(Failed { why, since: Instant::now(), recovers }),
        }
    }
}

/// The error for a failed read.
pub(super) fn read_failed(file: &str, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => damaged(file, &error),
        Failure::Constraint | Failure::Full | Failure::Storage | Failure::Other => {
            unavailable(file, error)
        }
    }
}

/// The error for a failed read of records, of which `position` is the first.
pub(super) fn records_failed(file: &str, position: LogPosition, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => LogError::Corrupt { position, what: place_and_what(&error).1 },
        Failure::Constraint | Failure::Full | Failure::Storage | Failure::Other => {
            unavailable(file, error)
        }
    }
}

fn unavailable(file: &str, error: sqlx::Error) -> LogError {
    LogError::Unavailable {
        reason: format!("the file `{file}` did not answer"),
        source: Some(Box::new(error)),
    }
}

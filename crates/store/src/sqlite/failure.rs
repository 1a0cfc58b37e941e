//! What SQLite's errors mean to a caller.

use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::{LogError, Stopped};
use std::sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicBool};
use tokio::time::Instant;

/// The kinds of failure that differ in what must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The row is there already, or a CHECK or trigger refused it.
    Constraint,
    /// No room on the disk.
    Full,
    /// Disk, file system or file: what is in memory and what is on the disk may differ from now on.
    Storage,
    /// The file does not hold together.
    Corrupt,
    /// Anything else; busy, mostly.
    Other,
}

/// A row that does not hold together. It travels as an error of the driver, so that functions which
/// only run statements need no other error.
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

/// What is damaged, of an error that [`classify`] calls corrupt.
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

/// What a caller gets where the file does not hold together.
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
        // Tables are STRICT: a column of another type than the statement reads is not what was
        // written.
        _ if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => {
            Failure::Corrupt
        }
        _ => Failure::Other,
    }
}

/// What is known of a file that takes nothing more.
#[derive(Clone, Debug)]
struct Failed {
    why: String,
    since: Instant,
    /// Whether the file may be opened anew while the process runs.
    recovers: bool,
}

/// Set by the first failure of the storage: after a failed fsync the system may believe clean what
/// never reached the disk, so that nothing may be acknowledged on top of it. Only opening the file
/// anew ends it, which begins with a whole checkpoint (`recover.rs`).
#[derive(Debug, Default)]
pub(super) struct Poison {
    failed: Mutex<Option<Failed>>,
    /// Somebody tries to open the file anew from time to time.
    pub(super) trying: AtomicBool,
}

impl Poison {
    /// Of a file that was opened for reading only.
    pub(super) fn read_only(file: &str, why: &str) -> Self {
        let poison = Self::default();
        poison.set(format!("the file `{file}` was opened for reading only: {why}"), false);
        poison
    }

    /// # Errors
    /// If the storage has failed, and the file was not opened anew since.
    pub(super) fn check(&self) -> Result<(), LogError> {
        match &*self.lock() {
            Some(failed) => Err(LogError::Stopped { why: failed.why.clone(), source: None }),
            None => Ok(()),
        }
    }

    /// Why nothing is written, and since when.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.lock().as_ref().map(|failed| Stopped {
            why: failed.why.clone(),
            lasted: failed.since.elapsed(),
            recovers: failed.recovers,
        })
    }

    /// Whether the file is to be opened anew.
    pub(super) fn recovers(&self) -> bool {
        self.lock().as_ref().is_some_and(|failed| failed.recovers)
    }

    /// The file was opened anew.
    pub(super) fn recovered(&self, file: &str) {
        if let Some(failed) = self.lock().take() {
            tracing::warn!(
                file,
                after_ms = failed.since.elapsed().as_millis() as u64,
                "the file is written again"
            );
        }
    }

    /// Takes nothing more, for a reason that opening anew does not end.
    pub(super) fn poison(&self, file: &str, why: &str) {
        tracing::error!(file, why, "nothing more is written before a restart");
        self.set(format!("the file `{file}` takes nothing more before a restart: {why}"), false);
    }

    /// What a caller gets for a failed statement; poisons if the storage has failed.
    pub(super) fn failed(&self, file: &str, error: sqlx::Error) -> LogError {
        let (reason, recovers) = match classify(&error) {
            Failure::Full => {
                ("the disk is full; it is tried again by itself once there is room", true)
            }
            Failure::Storage => {
                ("the disk or file system failed; it is opened anew by itself", true)
            }
            Failure::Corrupt => {
                self.poison(file, "it is damaged");
                return damaged(file, &error);
            }
            Failure::Constraint | Failure::Other => return unavailable(file, error),
        };
        tracing::error!(file, %error, recovers, "the storage has failed: nothing is written before \
            the file is opened anew");
        let why = format!("the file `{file}` cannot be written: {reason}");
        self.set(why.clone(), recovers);
        LogError::Stopped { why, source: Some(Box::new(error)) }
    }

    /// What happened last is told; it began with the first failure. A reason that opening anew does
    /// not end stays.
    fn set(&self, why: String, recovers: bool) {
        let mut failed = self.lock();
        match &mut *failed {
            Some(failed) if failed.recovers => (failed.why, failed.recovers) = (why, recovers),
            Some(_) => {}
            None => *failed = Some(Failed { why, since: Instant::now(), recovers }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read that failed.
pub(super) fn read_failed(file: &str, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => damaged(file, &error),
        Failure::Constraint | Failure::Full | Failure::Storage | Failure::Other => {
            unavailable(file, error)
        }
    }
}

/// A read of records that failed: the first of them.
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

//! What SQLite's errors mean to a caller.

use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::LogError;
use std::sync::atomic::{AtomicBool, Ordering};

/// The kinds of failure that differ in what must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The row is there already, or a CHECK or trigger refused it.
    Constraint,
    /// Disk, file system or file: what is in memory and what is on the disk may differ from now on.
    Storage,
    /// The file does not hold together.
    Corrupt,
    /// Anything else; busy, mostly.
    Other,
}

/// A row that does not hold together. It travels as an error of the driver, so that functions which only run statements need no other error.
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
        sqlx::Error::ColumnDecode { index, source } => (format!("column {index} of a row"), source.to_string()),
        other => ("SQLite".to_owned(), other.as_database_error().map_or_else(|| other.to_string(), |error| error.message().to_owned())),
    }
}

/// What a caller gets where the file does not hold together.
fn damaged(file: &str, error: &sqlx::Error) -> LogError {
    let (place, what) = place_and_what(error);
    LogError::Damaged { file: file.to_owned(), place, what }
}

/// Primary result codes: <https://www.sqlite.org/rescode.html>. An extended code holds its primary one in the low byte.
pub(super) fn classify(error: &sqlx::Error) -> Failure {
    const SQLITE_IOERR: i32 = 10;
    const SQLITE_CORRUPT: i32 = 11;
    const SQLITE_FULL: i32 = 13;
    const SQLITE_CONSTRAINT: i32 = 19;
    const SQLITE_NOTADB: i32 = 26;
    let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
    match code.map(|code| code & 0xff) {
        Some(SQLITE_CONSTRAINT) => Failure::Constraint,
        Some(SQLITE_IOERR | SQLITE_FULL) => Failure::Storage,
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Failure::Corrupt,
        _ if matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) => Failure::Storage,
        // Tables are STRICT: a column of another type than the statement reads is not what was written.
        _ if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => Failure::Corrupt,
        _ => Failure::Other,
    }
}

/// Set by the first failure of the storage: after a failed fsync the system may believe clean what never reached the disk, so that nothing may be
/// acknowledged on top of it. Only opening the file anew, which begins with a whole checkpoint, ends it.
#[derive(Debug, Default)]
pub(super) struct Poison(AtomicBool);

impl Poison {
    /// # Errors
    /// If the storage has failed before.
    pub(super) fn check(&self, file: &str) -> Result<(), LogError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(LogError::unavailable(format!(
                "the file `{file}` could not be written and takes nothing more: restart once the disk is well"
            )));
        }
        Ok(())
    }

    /// Takes nothing more, for a reason that is no error of SQLite.
    pub(super) fn poison(&self, file: &str, why: &str) {
        tracing::error!(file, why, "nothing more is written before a restart");
        self.0.store(true, Ordering::SeqCst);
    }

    /// What a caller gets for a failed statement; poisons if the storage has failed.
    pub(super) fn failed(&self, file: &str, error: sqlx::Error) -> LogError {
        match classify(&error) {
            Failure::Corrupt => {
                tracing::error!(file, %error, "the file is damaged: nothing more is written before a restart");
                self.0.store(true, Ordering::SeqCst);
                damaged(file, &error)
            }
            Failure::Storage => {
                tracing::error!(file, %error, "the storage has failed: nothing more is written before a restart");
                self.0.store(true, Ordering::SeqCst);
                LogError::Unavailable { reason: format!("the file `{file}` could not be written"), source: Some(Box::new(error)) }
            }
            Failure::Constraint | Failure::Other => unavailable(file, error),
        }
    }
}

/// A read that failed.
pub(super) fn read_failed(file: &str, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => damaged(file, &error),
        Failure::Constraint | Failure::Storage | Failure::Other => unavailable(file, error),
    }
}

/// A read of records that failed: the first of them.
pub(super) fn records_failed(file: &str, position: LogPosition, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => LogError::Corrupt { position, what: place_and_what(&error).1 },
        Failure::Constraint | Failure::Storage | Failure::Other => unavailable(file, error),
    }
}

fn unavailable(file: &str, error: sqlx::Error) -> LogError {
    LogError::Unavailable { reason: format!("the file `{file}` did not answer"), source: Some(Box::new(error)) }
}

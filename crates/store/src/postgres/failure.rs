//! Classification of PostgreSQL's errors.

use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::LogError;

/// Kinds of failure that need different handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The row is there already, or a CHECK or trigger refused it.
    Constraint,
    /// No room on the server's disk.
    Full,
    /// The server takes no writes: a standby, or set to read only.
    ReadOnly,
    /// Stored data is damaged.
    Corrupt,
    /// Rolled back because of another transaction: it may run again.
    Rollback,
    /// The connection or the server ended: a statement may or may not have run.
    Connection,
    /// Anything else.
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

/// By SQLSTATE: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
pub(super) fn classify(error: &sqlx::Error) -> Failure {
    if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) {
        return Failure::Corrupt;
    }
    let Some(error) = error.as_database_error() else {
        return match error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => {
                Failure::Connection
            }
            _ => Failure::Other,
        };
    };
    match error.code().as_deref().unwrap_or_default() {
        "53100" => Failure::Full,
        "25006" => Failure::ReadOnly,
        "XX001" | "XX002" => Failure::Corrupt,
        "40001" | "40P01" => Failure::Rollback,
        "57P01" | "57P02" | "57P03" => Failure::Connection,
        code if code.starts_with("23") => Failure::Constraint,
        code if code.starts_with("08") => Failure::Connection,
        _ => Failure::Other,
    }
}

/// The error for a failed statement on the tables of this name.
pub(super) fn failed(store: &str, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => {
            let (place, what) = place_and_what(&error);
            LogError::Damaged { file: store.to_owned(), place, what }
        }
        Failure::Full => stopped(store, "the disk of the database is full", error),
        Failure::ReadOnly => stopped(store, "the database takes no writes", error),
        Failure::Constraint | Failure::Rollback | Failure::Connection | Failure::Other => {
            LogError::Unavailable {
                reason: format!("the database did not answer for `{store}`"),
                source: Some(Box::new(error)),
            }
        }
    }
}

/// The error for a failed statement on records, of which `position` is the first.
pub(super) fn records_failed(store: &str, position: LogPosition, error: sqlx::Error) -> LogError {
    match classify(&error) {
        Failure::Corrupt => LogError::Corrupt { position, what: place_and_what(&error).1 },
        _ => failed(store, error),
    }
}

fn stopped(store: &str, why: &str, error: sqlx::Error) -> LogError {
    let why = format!("`{store}` cannot be written: {why}; it is tried again with each write");
    LogError::Stopped { why, source: Some(Box::new(error)) }
}

fn place_and_what(error: &sqlx::Error) -> (String, String) {
    match error {
        sqlx::Error::Decode(inner) => match inner.downcast_ref::<DamagedRow>() {
            Some(row) => (row.place.clone(), row.what.clone()),
            None => ("a row".to_owned(), inner.to_string()),
        },
        sqlx::Error::ColumnDecode { index, source } => {
            (format!("column {index} of a row"), source.to_string())
        }
        other => (
            "PostgreSQL".to_owned(),
            other
                .as_database_error()
                .map_or_else(|| other.to_string(), |error| error.message().to_owned()),
        ),
    }
}

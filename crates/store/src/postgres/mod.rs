//! What the nodes of one ledger share: the log, the access log, the keys and credentials, the
//! states and the signed checkpoints, in one database. Each node folds the log into read models of
//! its own ([`crate::sqlite`]), which can be deleted.
//!
//! Invariant: a write that returned is on the disk of the server (and, where standbys are
//! configured, of one of them): settings under which it might not be are refused.
//! Invariant: positions of a log are dense and in the order of the commits.
//!
//! # To set up a database
//! 1. `CREATE DATABASE ledger`, and a login that may create roles and schemas (or is a member of
//!    `claimledger_owner` once they are there).
//! 2. [`migrate`] as that login, before the first start and before the start of a new version.
//! 3. `CREATE ROLE node LOGIN PASSWORD '…' IN ROLE claimledger_writer`, and
//!    [`PostgresStore::connect`] as that login: it owns nothing, so it can neither alter a record
//!    nor drop the trigger that refuses to.
//!
//! A pooler between them must keep sessions (PgBouncer's `pool_mode = session`): statements are
//! prepared, and settings are those of the session. None was tested.
//!
//! # To add a table
//! 1. A numbered file in `migrations/postgres/`, with its triggers and its `GRANT`s to the group
//!    roles; raise `VERSION` in `migrate.rs`. Released files are fixed.
//! 2. Its statements in a file beside this one, through `Database::read` (runs again on another
//!    connection) and `Database::write` (a transaction that may run again), or `Database::run`.

mod changes;
mod checkpoints;
mod connect;
mod error;
mod failure;
mod inspect;
mod keys;
mod log;
mod migrate;
mod options;
mod settings;
mod state;

pub use checkpoints::PostgresCheckpoints;
pub use error::PostgresError;
pub use inspect::{Inspection, Login, Skew, inspect};
pub use keys::PostgresKeys;
pub use log::PostgresLog;
pub use migrate::migrate;
pub use options::{
    DEFAULT_CONNECT_TIMEOUT, DEFAULT_POLL_INTERVAL, DEFAULT_POOL_SIZE, DEFAULT_STATEMENT_TIMEOUT,
    PostgresOptions, Tls,
};
pub use settings::Setting;
pub use state::PostgresState;

use changes::Watcher;
use connect::Database;
use failure::DamagedRow;
use sqlx::{Row, postgres::PgRow};
use std::sync::Arc;

/// A connected database. Its parts may outlive it; the connections and tasks end with the last.
pub struct PostgresStore {
    log: Arc<PostgresLog>,
    access: Arc<PostgresLog>,
    keys: Arc<PostgresKeys>,
    state: Arc<PostgresState>,
    checkpoints: Arc<PostgresCheckpoints>,
}

impl PostgresStore {
    /// Connects to a database that [`migrate`] has prepared. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`PostgresError`]: among others, if the tables have another version, or a setting of
    /// the server would lose acknowledged records.
    pub async fn connect(options: &PostgresOptions) -> Result<Self, PostgresError> {
        let database = Database::connect(options).await?;
        let watcher = Arc::new(Watcher::start(options));
        Ok(Self {
            log: Arc::new(PostgresLog::records(&database, &watcher)),
            access: Arc::new(PostgresLog::access(&database, &watcher)),
            keys: Arc::new(PostgresKeys::new(&database)),
            state: Arc::new(PostgresState::new(&database)),
            checkpoints: Arc::new(PostgresCheckpoints::new(&database)),
        })
    }

    /// The logs of all tenants.
    #[must_use]
    pub fn log(&self) -> Arc<PostgresLog> {
        Arc::clone(&self.log)
    }

    /// The access logs of all tenants.
    #[must_use]
    pub fn access(&self) -> Arc<PostgresLog> {
        Arc::clone(&self.access)
    }

    /// The keys of all tenants.
    #[must_use]
    pub fn keys(&self) -> Arc<PostgresKeys> {
        Arc::clone(&self.keys)
    }

    /// The states of all tenants.
    #[must_use]
    pub fn state(&self) -> Arc<PostgresState> {
        Arc::clone(&self.state)
    }

    /// The last signed checkpoint of each log.
    #[must_use]
    pub fn checkpoints(&self) -> Arc<PostgresCheckpoints> {
        Arc::clone(&self.checkpoints)
    }
}

fn bytes(row: &PgRow, at: usize) -> Result<&[u8], sqlx::Error> {
    row.try_get(at)
}

/// A text that is stored as bytes.
fn text(row: &PgRow, at: usize) -> Result<String, sqlx::Error> {
    let text = std::str::from_utf8(bytes(row, at)?).map_err(|error| {
        sqlx::Error::from(DamagedRow {
            place: format!("column {at} of a row"),
            what: error.to_string(),
        })
    })?;
    Ok(text.to_owned())
}

//! Opening the file, and taking up writing after a failure.

use super::{FILE, Shared, SqliteViews, Writer, check};
use crate::sqlite::{
    OpenError,
    connect::{Database, Files},
    failure::Poison,
    owner::Owner,
    recover::{Recover, check_free_space, keep_trying, reopen},
};
use async_trait::async_trait;
use claimledger_ledger::{generations::Place, log::LogError};
use sqlx::{Connection, SqliteConnection};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{Mutex, RwLock};

pub(super) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "views", include_str!("../../../../../migrations/sqlite/views/0001_views.sql")),
    (2, "last leaf", include_str!("../../../../../migrations/sqlite/views/0002_last_leaf.sql")),
    (3, "flags", include_str!("../../../../../migrations/sqlite/views/0003_flags.sql")),
    (
        4,
        "last occurred",
        include_str!("../../../../../migrations/sqlite/views/0004_last_occurred.sql"),
    ),
];

#[async_trait]
impl Recover for Shared {
    fn poison(&self) -> &Poison {
        &self.poison
    }

    async fn recover(&self) -> Result<(), LogError> {
        check_free_space(FILE, &self.database.path).await?;
        let mut writer = self.writer.lock().await;
        // A failed transaction is rolled back, so the cache of the dictionary is dropped with the
        // connection.
        let database = self.database.clone();
        *writer = Writer::new(
            reopen(FILE, move || async move { database.writer(MIGRATIONS).await }).await?,
        );
        self.poison.recovered(FILE);
        Ok(())
    }
}

impl Shared {
    pub(super) fn failed(self: &Arc<Self>, error: sqlx::Error) -> LogError {
        let error = self.poison.failed(FILE, error);
        keep_trying(self);
        error
    }
}

impl SqliteViews {
    pub(in crate::sqlite) async fn open(
        files: &Files,
        owner: &Arc<Owner>,
    ) -> Result<Self, OpenError> {
        let database = files.views();
        let condemned = files.views_damaged();
        if let Ok(what) = std::fs::read_to_string(&condemned) {
            return Err(database.corrupt(what.trim_end().to_owned()));
        }
        let mut connection = database.writer(MIGRATIONS).await?;
        if database.is_small() {
            check::all(&mut connection).await.map_err(|error| database.refused(error))?;
        }
        Ok(Self::of(database, condemned, connection, Poison::default(), owner))
    }

    /// Opens the file for reading only, with the reason.
    pub(in crate::sqlite) async fn open_for_reading(
        files: &Files,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Result<Self, OpenError> {
        let condemned = files.views_damaged();
        if let Ok(what) = std::fs::read_to_string(&condemned) {
            return Err(files.views().corrupt(what.trim_end().to_owned()));
        }
        let (database, mut connection) = files.views().for_reading(MIGRATIONS).await?;
        if database.is_small() {
            check::all(&mut connection).await.map_err(|error| database.refused(error))?;
        }
        Ok(Self::of(database, condemned, connection, Poison::read_only(FILE, why), owner))
    }

    /// For a read-only directory with unreadable read models: every query fails.
    pub(in crate::sqlite) async fn unreadable(
        files: &Files,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Result<Self, OpenError> {
        let database = files.views();
        let nothing = SqliteConnection::connect("sqlite::memory:")
            .await
            .map_err(|error| database.failed(error))?;
        Ok(Self::of(database, files.views_damaged(), nothing, Poison::read_only(FILE, why), owner))
    }

    fn of(
        database: Database,
        condemned: PathBuf,
        connection: SqliteConnection,
        poison: Poison,
        owner: &Arc<Owner>,
    ) -> Self {
        let (writer, readers) = (Mutex::new(Writer::new(connection)), database.readers());
        let shared = Shared {
            writer,
            readers,
            reading: RwLock::default(),
            database,
            poison,
            condemned,
            _owner: Arc::clone(owner),
        };
        Self { shared: Arc::new(shared), place: Place::Live }
    }
}

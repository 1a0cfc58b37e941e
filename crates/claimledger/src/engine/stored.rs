//! What of a ledger is stored, without what is derived from it: the two sides of a copy. Needs no
//! master key.

use super::{Location, embedded::synchronous};
use crate::exit_status::Refused;
use anyhow::{Context, Result};
use claimledger_app::copy::CopyParts;
use claimledger_store::sqlite::{SqliteOptions, SqliteStore};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt};

/// The stored engines of a ledger, as long as they are open.
pub(crate) struct StoredLedger {
    pub(crate) parts: CopyParts,
    /// Owner of a directory.
    _store: Option<SqliteStore>,
}

impl StoredLedger {
    /// Opens what a location names; a directory is made if it is missing.
    pub(crate) async fn open(location: &Location) -> Result<Self> {
        let Some(shared) = &location.shared else { return Self::of_directory(location).await };
        let connected = shared.connect().await?;
        let parts = CopyParts {
            log: connected.log,
            access: connected.access,
            keys: connected.database.keys(),
            state: connected.database.state(),
            checkpoints: connected.database.checkpoints(),
        };
        Ok(Self { parts, _store: None })
    }

    async fn of_directory(location: &Location) -> Result<Self> {
        let dir = &location.dir;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.with_context(|| format!("directory {}", dir.display()))?;
        let options = SqliteOptions { synchronous: synchronous(), heal_views: true };
        let store = SqliteStore::open(dir, options)
            .await
            .with_context(|| format!("ledger {}", dir.display()))?;
        let Some(access) = store.access() else {
            let text = format!("{} can only be read, and has no access log", dir.display());
            return Err(Refused(text).into());
        };
        let parts = CopyParts {
            log: store.log(),
            access,
            keys: store.keys(),
            state: store.state(),
            checkpoints: store.checkpoints(),
        };
        Ok(Self { parts, _store: Some(store) })
    }
}

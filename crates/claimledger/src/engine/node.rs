//! A node: what the nodes of a ledger share is in PostgreSQL (the log may be on KurrentDB), and the
//! read models are in a directory of the node's own.

use super::embedded::synchronous;
use crate::ledger_clock::LedgerClock;
use anyhow::{Context, Result};
use claimledger_app::app::{AccessParts, Options, Parts, ProofParts};
use claimledger_facts::{random::SystemRandom, seal::MasterKey};
use claimledger_ledger::{keys::KeyStore as _, log::Log, nodes::Nodes};
use claimledger_store::{
    postgres::{PostgresOptions, PostgresStore},
    sqlite::{SqliteNode, SqliteOptions},
};
use std::{path::Path, sync::Arc};

/// The engines that the nodes of a ledger share.
#[derive(Clone, Debug)]
pub(crate) struct SharedEngines {
    /// Keys, credentials, states and checkpoints; and the logs, unless they are on KurrentDB.
    pub(crate) database: PostgresOptions,
    /// The logs on KurrentDB: of the records, and of who was shown what.
    #[cfg(feature = "kurrentdb")]
    pub(crate) kurrentdb: Option<KurrentLogs>,
}

/// The logs on KurrentDB.
#[cfg(feature = "kurrentdb")]
#[derive(Clone, Debug)]
pub(crate) struct KurrentLogs {
    pub(crate) records: claimledger_kurrentdb::KurrentOptions,
    pub(crate) access: claimledger_kurrentdb::KurrentOptions,
}

/// Connected engines.
pub(crate) struct Connected {
    pub(crate) database: PostgresStore,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) access: Arc<dyn Log>,
}

impl SharedEngines {
    /// All of it in PostgreSQL.
    pub(crate) fn postgres(database: PostgresOptions) -> Self {
        Self {
            database,
            #[cfg(feature = "kurrentdb")]
            kurrentdb: None,
        }
    }

    /// Connects to all of them.
    pub(crate) async fn connect(&self) -> Result<Connected> {
        let database = PostgresStore::connect(&self.database).await?;
        let (log, access): (Arc<dyn Log>, Arc<dyn Log>) = (database.log(), database.access());
        let connected = Connected { database, log, access };
        #[cfg(feature = "kurrentdb")]
        if let Some(logs) = &self.kurrentdb {
            use claimledger_kurrentdb::KurrentLog;
            let log = KurrentLog::connect(logs.records.clone()).await?;
            let access = KurrentLog::connect(logs.access.clone()).await?;
            return Ok(Connected { log: Arc::new(log), access: Arc::new(access), ..connected });
        }
        Ok(connected)
    }

    /// Whether the database holds a ledger.
    pub(super) async fn has_tenants(&self) -> Result<bool> {
        let database = PostgresStore::connect(&self.database).await?;
        Ok(!database.keys().tenants().await?.is_empty())
    }
}

/// The engines of a node; and why its read models were deleted, if they were.
pub(super) async fn parts(
    dir: &Path,
    shared: &SharedEngines,
    master: MasterKey,
    options: Options,
    heal_views: bool,
) -> Result<(Parts, Option<String>)> {
    // The directory first: where another process owns it, nothing else is needed to say so.
    let options_of_store = SqliteOptions { synchronous: synchronous(), heal_views };
    let node = SqliteNode::open(dir, options_of_store)
        .await
        .with_context(|| format!("directory {} of this node", dir.display()))?;
    let Connected { database, log, access } = shared.connect().await?;
    let healed = node.healed().map(str::to_owned);
    let parts = Parts {
        log,
        keys: database.keys(),
        state: database.state(),
        proofs: ProofParts { tiles: node.tiles(), checkpoints: database.checkpoints() },
        access: AccessParts { log: access, index: node.access_index() },
        views: node.views(),
        clock: Arc::new(LedgerClock::of(dir)),
        random: Arc::new(SystemRandom),
        master,
        options: Options { nodes: Nodes::Many, ..options },
        engine: Box::new((node, database)),
    };
    Ok((parts, healed))
}

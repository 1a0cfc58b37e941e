//! SQLite in one directory.

use crate::{ledger_clock::LedgerClock, terminal::print_note};
use anyhow::{Context, Result};
use claimledger_app::app::{AccessParts, Options, Parts, ProofParts};
use claimledger_domain::RULES;
use claimledger_facts::{random::SystemRandom, seal::MasterKey};
use claimledger_ledger::{
    access::AccessIndex,
    generations::MadeBy,
    index::RecordIndex as _,
    log::{Log, LogError},
    memory::{MemoryAccessIndex, MemoryIndex, MemoryLog},
    views::Views,
};
use claimledger_store::sqlite::{SqliteOptions, SqliteStore, Synchronous};
use std::{path::Path, sync::Arc};

/// The engines of a directory; and why its read models were deleted, if they were.
pub(super) async fn parts(
    dir: &Path,
    master: MasterKey,
    options: Options,
    heal_views: bool,
) -> Result<(Parts, Option<String>)> {
    let options_of_store = SqliteOptions { synchronous: synchronous(), heal_views };
    let store = SqliteStore::open(dir, options_of_store)
        .await
        .with_context(|| format!("ledger {}", dir.display()))?;
    let healed = store.healed().map(str::to_owned);
    let (views, options) = match store.read_only() {
        None => (Some(store.views() as Arc<dyn Views>), options),
        Some(why) => (
            read_models_to_read(&store).await?,
            Options { read_only: Some(format!("the ledger can only be read: {why}")), ..options },
        ),
    };
    let access: (Arc<dyn Log>, Arc<dyn AccessIndex>) = match (store.access(), store.read_only()) {
        (Some(log), None) => (log, store.access_index()),
        // Filled in memory, for as long as this process runs.
        (Some(log), Some(_)) => (log, Arc::new(MemoryAccessIndex::default())),
        (None, _) => (Arc::new(MemoryLog::default()), Arc::new(MemoryAccessIndex::default())),
    };
    // Made again in memory, for as long as this process runs.
    let views = views.unwrap_or_else(|| Arc::new(MemoryIndex::default()));
    let parts = Parts {
        log: store.log(),
        keys: store.keys(),
        state: store.state(),
        proofs: ProofParts { tiles: store.tiles(), checkpoints: store.checkpoints() },
        access: AccessParts { log: access.0, index: access.1 },
        views,
        clock: Arc::new(LedgerClock::of(dir)),
        random: Arc::new(SystemRandom),
        master,
        options,
        engine: Box::new(store),
    };
    Ok((parts, healed))
}

/// The read models of a directory that cannot be written; none: they are behind the log, or were
/// made by other rules, and cannot be moved.
async fn read_models_to_read(store: &SqliteStore) -> Result<Option<Arc<dyn Views>>> {
    let (log, views) = (store.log(), store.views());
    for tenant in log.tenants().await? {
        let found = async {
            Ok::<_, LogError>((views.covered(&tenant).await?, views.generations(&tenant).await?))
        };
        let Ok((covered, generations)) = found.await else { return Ok(None) };
        let current = generations.live.is_some_and(|live| live.made_by == MadeBy::now(RULES))
            && generations.shadow.is_none();
        if !current || covered != log.head(&tenant).await? {
            return Ok(None);
        }
    }
    Ok(Some(views))
}

/// Durable, always; but for the run that shows that the power-cut test can fail.
pub(super) fn synchronous() -> Synchronous {
    match std::env::var("CLAIMLEDGER_UNSAFE_SYNCHRONOUS").as_deref() {
        Ok("normal") => {
            print_note(
                "warning: CLAIMLEDGER_UNSAFE_SYNCHRONOUS=normal: a power cut will lose \
                 acknowledged records",
            );
            Synchronous::Normal
        }
        _ => Synchronous::Full,
    }
}

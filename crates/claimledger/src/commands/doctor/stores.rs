//! What is in the stores: the end of each log, its read models, and its last checkpoint. They are
//! opened without the master key, and nothing runs on them.

use super::{Finding, anchors};
use crate::{engine, ledger_clock::LedgerClock, settings::Settings};
use anyhow::Result;
use claimledger_facts::{
    ids::{LogPosition, TenantId},
    time::Time,
};
use claimledger_ledger::{
    clock::{Clock, ClockGuard},
    keys::KeyStore,
    log::Log,
    tree::{CheckpointRow, CheckpointStore},
    views::Views,
};
use claimledger_store::sqlite::{OpenError, SqliteNode, SqliteOptions, SqliteStore};
use std::{collections::BTreeSet, sync::Arc};

/// Opened stores.
struct Stores {
    log: Arc<dyn Log>,
    keys: Arc<dyn KeyStore>,
    views: Arc<dyn Views>,
    checkpoints: Arc<dyn CheckpointStore>,
    _engine: Box<dyn std::any::Any + Send>,
}

pub(super) async fn look(settings: &Settings, is_node: bool) -> Vec<Finding> {
    let location = match settings.location() {
        Ok(location) => location,
        Err(error) => return vec![Finding::error("settings", &error)],
    };
    let exists = match is_node {
        true => SqliteNode::is_in(&location.dir),
        false => SqliteStore::is_in(&location.dir).unwrap_or_default(),
    };
    let mut findings = Vec::new();
    if exists || settings.master_key_file().is_some() {
        findings.push(match engine::check_master_key(&location) {
            Ok(path) => Finding::ok(
                "master key",
                format!("{} has 32 bytes, and only its owner reads it", path.display()),
            ),
            Err(error) => Finding::error("master key", &error),
        });
    }
    if !exists {
        // A node that is about to be added: does it have the key of the ledger?
        if let Some(shared) =
            location.shared.as_ref().filter(|_| findings.iter().all(Finding::is_ok))
            && let Ok(connected) = shared.connect().await
        {
            findings.extend(key_of(&location, &*connected.database.keys()).await);
        }
        return findings;
    }
    match open(&location).await {
        Ok(stores) => {
            findings.extend(key_of(&location, &*stores.keys).await);
            let found = of(&stores, settings, LedgerClock::of(&location.dir)).await;
            findings.extend(found.unwrap_or_else(|error| vec![Finding::error("ledger", &error)]));
        }
        Err(error) if matches!(error.downcast_ref(), Some(OpenError::Owned { .. })) => {
            findings.push(Finding::ok(
                "ledger",
                "a server owns the directory, so what is inside was not looked at: ask the server \
                 with --url",
            ));
        }
        Err(error) => findings.push(Finding::error("ledger", &error)),
    }
    findings
}

/// Whether the master key is that of the ledger; nothing to say: it is, or it cannot be read, which
/// another line says.
async fn key_of(location: &engine::Location, keys: &dyn KeyStore) -> Option<Finding> {
    let others = engine::tenants_of_another_key(location, keys).await.ok()?;
    (!others.is_empty()).then(|| {
        let names: Vec<_> = others.iter().map(TenantId::as_str).collect();
        Finding::problem(
            "master key",
            format!("it does not unwrap the keys of {}", names.join(", ")),
            "give the one that the ledger was made with, the same on every node",
        )
    })
}

async fn open(location: &engine::Location) -> Result<Stores> {
    let options = SqliteOptions::default();
    match &location.shared {
        None => {
            let store = SqliteStore::open(&location.dir, options).await?;
            Ok(Stores {
                log: store.log(),
                keys: store.keys(),
                views: store.views(),
                checkpoints: store.checkpoints(),
                _engine: Box::new(store),
            })
        }
        Some(shared) => {
            let node = SqliteNode::open(&location.dir, options).await?;
            let connected = shared.connect().await?;
            Ok(Stores {
                log: connected.log,
                keys: connected.database.keys(),
                views: node.views(),
                checkpoints: connected.database.checkpoints(),
                _engine: Box::new((node, connected.database)),
            })
        }
    }
}

async fn of(stores: &Stores, settings: &Settings, clock: LedgerClock) -> Result<Vec<Finding>> {
    let (clock, options): (Arc<dyn Clock>, _) = (Arc::new(clock), settings.options());
    // Of both: a log that lost all of its records has none.
    let mut tenants = BTreeSet::from_iter(stores.log.tenants().await?);
    tenants.extend(stores.keys.tenants().await?);
    let mut findings = Vec::new();
    if tenants.is_empty() {
        findings.push(Finding::warning(
            "ledger",
            "it has no tenant yet",
            "`claimledger init --tenant NAME`",
        ));
    }
    let guard = ClockGuard::new(Arc::clone(&clock), options.clock);
    for tenant in tenants {
        let head = stores.log.head(&tenant).await?.0;
        let covered = stores.views.covered(&tenant).await?.0;
        findings.push(read_models(&tenant, head, covered));
        let last = stores.checkpoints.checkpoint(&tenant).await?;
        findings.push(signed(&tenant, head, last.as_ref()));
        findings.extend(clock_of(stores, &tenant, head, &guard).await?);
        for anchor in &options.anchors.0 {
            if let Some(last) = &last {
                findings.push(anchors::look(&**anchor, last, clock.now()).await);
            }
        }
    }
    Ok(findings)
}

fn read_models(tenant: &TenantId, head: u64, covered: u64) -> Finding {
    let part = "read models";
    let what = format!("{tenant}: {covered} of {head} records");
    if covered > head {
        return Finding::problem(
            part,
            format!("{what}: the log is shorter than what was read from it"),
            "restore the log from where its records went, and do not append; where an older copy \
             was restored on purpose, a node folds its read models again when it starts",
        );
    }
    if covered < head {
        return Finding::warning(part, what, "`claimledger serve` brings them there");
    }
    Finding::ok(part, what)
}

fn signed(tenant: &TenantId, head: u64, last: Option<&CheckpointRow>) -> Finding {
    let part = "checkpoint";
    match last.map(|last| last.size.0) {
        Some(size) if size > head => Finding::problem(
            part,
            format!("{tenant}: {size} records were signed, and the log has {head}"),
            "restore the log from where its records went; do not append",
        ),
        Some(size) if size == head => {
            Finding::ok(part, format!("{tenant}: the last one covers all {head} records"))
        }
        None if head == 0 => Finding::ok(part, format!("{tenant}: nothing to sign yet")),
        size => Finding::warning(
            part,
            format!("{tenant}: the last one covers {} of {head} records", size.unwrap_or_default()),
            "`claimledger serve` signs the others within a second",
        ),
    }
}

/// Whether this machine's clock may stamp the next record. The input of a rehearsal has its own.
async fn clock_of(
    stores: &Stores,
    tenant: &TenantId,
    head: u64,
    guard: &ClockGuard,
) -> Result<Option<Finding>> {
    let last = match head.checked_sub(1) {
        Some(last) => stores.log.headers(tenant, LogPosition(last), 1).await?,
        None => Vec::new(),
    };
    let last = last.first().map(|header| header.decode()).transpose()?;
    let recorded = last.map_or(Time::EPOCH, |header| header.recorded_at);
    let Some(trouble) = guard.troubles(recorded).into_iter().next() else { return Ok(None) };
    Ok(Some(Finding::warning(
        "clock",
        format!("{tenant}: {}", trouble.why()),
        "set it right; a rehearsal takes its times from its input, and needs nothing",
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Level;
    use claimledger_facts::ids::LogSize;

    #[test]
    fn read_models_and_checkpoints_are_compared_with_the_log() {
        let acme = TenantId::from("acme");
        for (head, covered, level) in
            [(7, 7, Level::Ok), (7, 6, Level::Warning), (7, 8, Level::Problem)]
        {
            assert_eq!(read_models(&acme, head, covered).level, level);
            let last = CheckpointRow { size: LogSize(covered), note: String::new() };
            assert_eq!(signed(&acme, head, Some(&last)).level, level);
        }
        assert_eq!(signed(&acme, 7, None).level, Level::Warning);
        assert_eq!(signed(&acme, 0, None).level, Level::Ok);
    }
}

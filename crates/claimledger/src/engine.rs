//! The one place that picks engines: today the embedded ones, SQLite in one directory.

use crate::{
    exit_status::{Damaged, usage},
    ledger_clock::LedgerClock,
    terminal::print_note,
};
use anyhow::{Context, Result, anyhow, bail};
use claimledger_app::app::{AccessParts, App, Options, Parts, ProofParts};
use claimledger_domain::RULES;
use claimledger_facts::{ids::TenantId, random::SystemRandom, seal::MasterKey};
use claimledger_ledger::{
    access::AccessIndex,
    generations::MadeBy,
    index::RecordIndex as _,
    log::{Log, LogError},
    memory::{MemoryAccessIndex, MemoryIndex, MemoryLog},
    views::Views,
};
use claimledger_store::sqlite::{OpenError, SqliteOptions, SqliteStore, Synchronous};
use std::{
    fs::{OpenOptions, Permissions},
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

const MASTER_KEY: &str = "master.key";
const MASTER_KEY_POINTER: &str = "master.key.path";

/// Opens a ledger that `init` has made.
pub(crate) async fn open(dir: &Path, options: Options) -> Result<App> {
    Ok(open_app(dir, master_key_of(dir)?, options, false).await?.0)
}

/// The same, with damaged read models deleted instead of refused: they are folded again from
/// the log. And why they were, if they were.
pub(crate) async fn open_and_heal(dir: &Path, options: Options) -> Result<(App, Option<String>)> {
    open_app(dir, master_key_of(dir)?, options, true).await
}

/// Checks that there is a ledger, and reads its master key.
fn master_key_of(dir: &Path) -> Result<MasterKey> {
    if !is_ledger(dir)? {
        return Err(usage(format!(
            "{} holds no ledger: make one with `claimledger --data {} init --tenant NAME`",
            dir.display(),
            dir.display()
        )));
    }
    read_master_key(&master_key_path(dir)?)
}

/// Whether a directory holds a ledger.
pub(crate) fn is_ledger(dir: &Path) -> Result<bool> {
    Ok(SqliteStore::is_in(dir)?)
}

/// Opens a ledger, or makes the directory and its master key first.
pub(crate) async fn create_or_open(
    dir: &Path,
    master_key_file: Option<&Path>,
    options: Options,
) -> Result<App> {
    if is_ledger(dir)? {
        if master_key_file.is_some() {
            bail!(
                "{} has a master key already: --master-key-file is for a new ledger",
                dir.display()
            );
        }
        return open(dir, options).await;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("directory {}", dir.display()))?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
        .with_context(|| format!("directory {}", dir.display()))?;
    let path = match master_key_file {
        Some(file) => {
            let file = file
                .canonicalize()
                .with_context(|| format!("master key file {}", file.display()))?;
            let name = file.to_str().ok_or_else(|| anyhow!("{} is not UTF-8", file.display()))?;
            write_private(&dir.join(MASTER_KEY_POINTER), name.as_bytes())?;
            file
        }
        None => {
            let path = dir.join(MASTER_KEY);
            if !path.exists() {
                write_private(&path, MasterKey::generate(&SystemRandom).expose())?;
            }
            path
        }
    };
    // The key must outlive a power cut before the first thing is sealed under it.
    std::fs::File::open(dir)?.sync_all()?;
    Ok(open_app(dir, read_master_key(&path)?, options, false).await?.0)
}

async fn open_app(
    dir: &Path,
    master: MasterKey,
    options: Options,
    heal_views: bool,
) -> Result<(App, Option<String>)> {
    let copy = MasterKey::from_bytes(*master.expose());
    match open_once(dir, copy, options.clone(), heal_views).await {
        // What was opened has written down that they are damaged: the second opening throws them
        // away.
        Err(error) if heal_views && is_damage_of_views(&error) => {
            let mut tries = 0;
            loop {
                let copy = MasterKey::from_bytes(*master.expose());
                match open_once(dir, copy, options.clone(), heal_views).await {
                    // Tasks of the first one end a moment later.
                    Err(error)
                        if tries < 100
                            && matches!(error.downcast_ref(), Some(OpenError::Owned { .. })) =>
                    {
                        tries += 1
                    }
                    opened => return opened,
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        opened => opened,
    }
}

fn is_damage_of_views(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(LogError::Damaged { file, .. }) if file == "views")
}

async fn open_once(
    dir: &Path,
    master: MasterKey,
    options: Options,
    heal_views: bool,
) -> Result<(App, Option<String>)> {
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
        views: Arc::clone(&views),
        clock: Arc::new(LedgerClock::of(dir)),
        random: Arc::new(SystemRandom),
        master,
        options,
        engine: Box::new(store),
    };
    match App::open(parts).await {
        Ok(app) => Ok((app, healed)),
        Err(error) => {
            if let LogError::Damaged { file, place, what } = &error
                && file == "views"
            {
                views.condemn(Some(&format!("{place}: {what}")));
            }
            Err(error.into())
        }
    }
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
fn synchronous() -> Synchronous {
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

/// The tenant a command is about: the one named, or the only one.
pub(crate) async fn tenant(app: &App, named: Option<&str>) -> Result<TenantId> {
    let tenants = app.tenants().await?;
    match (named, tenants.as_slice()) {
        (Some(name), _) if tenants.iter().any(|tenant| tenant.as_str() == name) => {
            Ok(TenantId::new(name))
        }
        (Some(name), _) => Err(usage(format!("this ledger has no tenant {name}"))),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(usage("this ledger has no tenant yet: claimledger init --tenant NAME")),
        (None, _) => Err(usage("this ledger has several tenants: give --tenant NAME")),
    }
}

fn master_key_path(dir: &Path) -> Result<PathBuf> {
    let pointer = dir.join(MASTER_KEY_POINTER);
    if pointer.exists() {
        let path =
            std::fs::read_to_string(&pointer).with_context(|| format!("{}", pointer.display()))?;
        return Ok(PathBuf::from(path.trim_end_matches('\n')));
    }
    Ok(dir.join(MASTER_KEY))
}

fn read_master_key(path: &Path) -> Result<MasterKey> {
    let what = || format!("master key {}: without it nothing sealed can be opened", path.display());
    let mut file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Damaged(format!(
                "the {} is missing; restore it from where it went, or from \
                                        a backup of the whole directory",
                what()
            ))
            .into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(OpenError::io(path, error)).with_context(what);
        }
        opened => opened.with_context(what)?,
    };
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "master key {} is readable by others (mode {:o}): chmod 600 it",
            path.display(),
            mode & 0o777
        );
    }
    let mut bytes = Vec::new();
    Read::take(&mut file, 33).read_to_end(&mut bytes)?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
        let length = file.metadata().map_or(0, |file| file.len());
        Damaged(format!(
            "the master key {} is damaged: it has {length} bytes, and exactly 32 are expected",
            path.display()
        ))
    })?;
    Ok(MasterKey::from_bytes(key))
}

/// Writes a new file that only its owner can read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::demo;
    use claimledger_app::model::question::Caller;
    use std::time::Duration;

    /// Every row of the read models, rebuilt from the log in batches of this size.
    async fn rows(dir: &Path, batch_records: usize) -> Vec<String> {
        for name in ["views", "views-wal", "views-shm"] {
            let _ = std::fs::remove_file(dir.join(name));
        }
        let app = loop {
            match open(dir, Options { batch_records, ..Options::default() }).await {
                Ok(app) => break app,
                // Tasks of the one before end a moment after it was closed.
                Err(error)
                    if error.chain().any(|cause| cause.to_string().contains("is in use")) =>
                {
                    tokio::time::sleep(Duration::from_millis(5)).await
                }
                Err(error) => panic!("{error:?}"),
            }
        };
        let owner = Caller::owner(TenantId::new("acme"));
        app.settled_status(&owner).await.unwrap();
        let rows = app.dump_views(&owner).await.unwrap();
        let report = app.rebuild(&owner, false, |_, _| {}).await.unwrap();
        assert!(report.equal && report.switched, "{batch_records} at a time: {report}");
        assert_eq!(app.dump_views(&owner).await.unwrap(), rows, "{batch_records} at a time");
        app.close().await;
        rows
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn batches_that_are_on_their_way_together_give_the_same_rows() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("ledger");
        let app = create_or_open(&dir, None, Options::default()).await.unwrap();
        app.init_tenant(&TenantId::new("acme"), true, None).await.unwrap();
        for (tenant, dialect, source, text) in demo::FILES {
            if tenant == "acme" {
                demo::fill(&app, tenant, dialect, source, text).await.unwrap();
            }
        }
        app.close().await;
        let whole = rows(&dir, 1_000).await;
        assert!(whole.len() > 500, "{} rows", whole.len());
        for batch_records in [1, 2, 3, 5, 8, 13, 21, 34] {
            assert_eq!(rows(&dir, batch_records).await, whole, "{batch_records} at a time");
        }
    }
}

//! The one place that picks engines: SQLite in one directory; or PostgreSQL, with or without
//! KurrentDB, for what the nodes of a ledger share, beside read models in a directory of the node.

mod embedded;
mod master_key;
mod node;
mod stored;

pub(crate) use master_key::write_private;
#[cfg(feature = "kurrentdb")]
pub(crate) use node::KurrentLogs;
pub(crate) use node::SharedEngines;
pub(crate) use stored::StoredLedger;

use crate::exit_status::usage;
use anyhow::{Context, Result};
use claimledger_app::app::{App, Options};
use claimledger_facts::{
    ids::TenantId,
    seal::{MasterKey, TenantKeys},
};
use claimledger_ledger::{keys::KeyStore, log::LogError, views::Views};
use claimledger_store::sqlite::{OpenError, SqliteNode, SqliteStore};
use master_key::MasterKeyFile;
use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where a ledger is.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// The directory: of the whole ledger, or of what this node derives.
    pub(crate) dir: PathBuf,
    /// The master key, where it is not in the directory.
    pub(crate) master_key_file: Option<PathBuf>,
    /// What the nodes share; none: the ledger is in the directory.
    pub(crate) shared: Option<SharedEngines>,
}

impl Location {
    /// A ledger in one directory, with its master key.
    pub(crate) fn directory(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), master_key_file: None, shared: None }
    }

    /// A node with its directory, and the master key in it.
    pub(crate) fn node(dir: &Path, shared: SharedEngines) -> Self {
        Self { shared: Some(shared), ..Self::directory(dir) }
    }
}

/// Opens a ledger that `init` has made.
pub(crate) async fn open(location: &Location, options: Options) -> Result<App> {
    Ok(open_app(location, &existing_master_key(location).await?, options, false).await?.0)
}

/// The same, with damaged read models deleted instead of refused: they are folded again from
/// the log. And why they were, if they were.
pub(crate) async fn open_and_heal(
    location: &Location,
    options: Options,
) -> Result<(App, Option<String>)> {
    open_app(location, &existing_master_key(location).await?, options, true).await
}

/// Whether a directory holds a ledger.
pub(crate) fn is_ledger(dir: &Path) -> Result<bool> {
    Ok(SqliteStore::is_in(dir)?)
}

/// Opens a ledger, or makes the directory and the master key first.
pub(crate) async fn create_or_open(location: &Location, options: Options) -> Result<App> {
    let dir = &location.dir;
    let file = MasterKeyFile::of(location);
    let exists = match &location.shared {
        None => is_ledger(dir)?,
        Some(shared) => {
            // Before a key is noted in it.
            SqliteNode::check(dir)?;
            shared.has_tenants().await?
        }
    };
    file.refuse_another(dir)?;
    if exists {
        return open(location, options).await;
    }
    std::fs::create_dir_all(dir).with_context(|| format!("directory {}", dir.display()))?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
        .with_context(|| format!("directory {}", dir.display()))?;
    let master = file.create(dir)?;
    Ok(open_app(location, &master, options, false).await?.0)
}

/// Checks that there is a ledger, and reads its master key.
async fn existing_master_key(location: &Location) -> Result<MasterKey> {
    let dir = location.dir.display();
    if location.shared.is_none() && !is_ledger(&location.dir)? {
        return Err(usage(format!(
            "{dir} holds no ledger: make one with `claimledger --data {dir} init --tenant NAME`",
        )));
    }
    MasterKeyFile::of(location).read(location)
}

/// Reads the master key of a ledger that exists, and says where it is.
pub(crate) fn check_master_key(location: &Location) -> Result<PathBuf> {
    let file = MasterKeyFile::of(location);
    file.read(location)?;
    file.path(location)
}

/// The tenants whose keys the master key of a location does not unwrap: it is that of another
/// ledger.
pub(crate) async fn tenants_of_another_key(
    location: &Location,
    keys: &dyn KeyStore,
) -> Result<Vec<TenantId>> {
    let master = MasterKeyFile::of(location).read(location)?;
    let mut others = Vec::new();
    for tenant in keys.tenants().await? {
        let row = keys.tenant(&tenant).await?;
        if row.is_some_and(|row| TenantKeys::unwrap(&master, &tenant, &row.wrapped).is_err()) {
            others.push(tenant);
        }
    }
    Ok(others)
}

async fn open_app(
    location: &Location,
    master: &MasterKey,
    options: Options,
    heal_views: bool,
) -> Result<(App, Option<String>)> {
    match open_once(location, master, options.clone(), heal_views).await {
        // What was opened has written down that they are damaged: the second opening deletes them.
        Err(error) if heal_views && is_damage_of_views(&error) => {
            let mut tries = 0;
            loop {
                match open_once(location, master, options.clone(), heal_views).await {
                    // Tasks of the first one end a moment later.
                    Err(error)
                        if tries < 100
                            && matches!(error.downcast_ref(), Some(OpenError::Owned { .. })) =>
                    {
                        tries += 1
                    }
                    opened => return opened,
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        opened => opened,
    }
}

fn is_damage_of_views(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(LogError::Damaged { file, .. }) if file == "views")
}

async fn open_once(
    location: &Location,
    master: &MasterKey,
    options: Options,
    heal_views: bool,
) -> Result<(App, Option<String>)> {
    let master = MasterKey::from_bytes(*master.expose());
    let (parts, healed) = match &location.shared {
        None => embedded::parts(&location.dir, master, options, heal_views).await?,
        Some(shared) => node::parts(&location.dir, shared, master, options, heal_views).await?,
    };
    let views = std::sync::Arc::clone(&parts.views);
    match App::open(parts).await {
        Ok(app) => Ok((app, healed)),
        Err(error) => {
            condemn(&*views, &error);
            Err(error.into())
        }
    }
}

/// Notes damage of the read models for the next opening.
fn condemn(views: &dyn Views, error: &LogError) {
    if let LogError::Damaged { file, place, what } = error
        && file == "views"
    {
        views.condemn(Some(&format!("{place}: {what}")));
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
            match open(&Location::directory(dir), Options { batch_records, ..Options::default() })
                .await
            {
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
        let app = create_or_open(&Location::directory(&dir), Options::default()).await.unwrap();
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

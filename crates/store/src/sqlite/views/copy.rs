//! A copy of the read models as one file: another node starts from it, instead of from nothing.

use super::{check, generations, open::MIGRATIONS};
use crate::sqlite::{
    OpenError, SqliteNode, SqliteOptions,
    connect::Files,
    owner::{self, Owner},
};
use claimledger_facts::ids::TenantId;
use claimledger_ledger::generations::Generations;
use sqlx::{Row, SqliteConnection};
use std::{fs::File, path::Path};

/// The copy in the node's directory, until it is complete and checked.
const LOADING: &str = "views.loading";

/// Writes the read models of a directory to a new file, as they are at one moment. The process that
/// owns the directory may go on. When it returns, the file is on the disk.
///
/// # Errors
/// See [`OpenError`]: among others, if the file exists, or the read models are damaged or were made
/// by another version of the program.
pub async fn save_views(dir: &Path, to: &Path) -> Result<Vec<(TenantId, Generations)>, OpenError> {
    let files = Files::new(dir, SqliteOptions::default());
    let database = files.views();
    if let Ok(what) = std::fs::read_to_string(files.views_damaged()) {
        return Err(database.corrupt(what.trim_end().to_owned()));
    }
    let taken = |error| OpenError::io(to, error);
    // SQLite writes into an existing file only if that is empty, so nothing is ever overwritten.
    File::create_new(to).map_err(taken)?;
    let written = async {
        let (_, mut connection) = database.clone().beside_its_owner(MIGRATIONS).await?;
        let refused = |error| database.refused(error);
        let path = to.to_str().ok_or_else(|| {
            OpenError::io(to, std::io::Error::other("a path that SQLite writes is UTF-8"))
        })?;
        sqlx::query("VACUUM INTO ?").bind(path).execute(&mut connection).await.map_err(refused)?;
        // SQLite does not sync what it writes there.
        File::open(to).and_then(|file| file.sync_all()).map_err(taken)?;
        let (_, mut copy) = database.at(to).for_reading(MIGRATIONS).await?;
        tenants(&mut copy).await.map_err(refused)
    };
    let written = written.await;
    if written.is_err() {
        let _ = std::fs::remove_file(to);
    }
    written
}

/// Copies read models that [`save_views`] wrote into the directory of a node, and checks every row.
/// Nothing is changed unless `accept`, which is given what they hold, says so. No process may own
/// the directory.
///
/// # Errors
/// See [`OpenError`]: among others, if the directory has read models already, or a row of the file
/// is damaged.
pub async fn load_views<E: From<OpenError>>(
    from: &Path,
    dir: &Path,
    accept: impl AsyncFnOnce(&[(TenantId, Generations)]) -> Result<(), E>,
) -> Result<Vec<(TenantId, Generations)>, E> {
    SqliteNode::check(dir)?;
    SqliteNode::make(dir)?;
    let owner = Owner::take(dir)?;
    if let Some(why) = owner.read_only() {
        let refused = std::io::Error::new(std::io::ErrorKind::ReadOnlyFilesystem, why);
        return Err(OpenError::io(dir, refused).into());
    }
    let files = Files::new(dir, SqliteOptions::default());
    let (database, place) = (files.views(), dir.join(LOADING));
    if database.path.exists() {
        let exists = std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            "this node has read models: delete the file first",
        );
        return Err(OpenError::io(&database.path, exists).into());
    }
    let _ = std::fs::remove_file(&place);
    let loaded = async {
        std::fs::copy(from, &place).map_err(|error| OpenError::io(from, error))?;
        let loading = database.at(&place);
        let mut connection = loading.writer(MIGRATIONS).await?;
        let refused = |error| loading.refused(error);
        check::all(&mut connection).await.map_err(refused)?;
        let tenants = tenants(&mut connection).await.map_err(refused)?;
        if tenants.is_empty() {
            return Err(loading.corrupt("it has the read models of no tenant"));
        }
        // Into the file itself: it is renamed without a write-ahead log beside it.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut connection)
            .await
            .map_err(refused)?;
        sqlx::Connection::close(connection).await.map_err(refused)?;
        Ok::<_, OpenError>(tenants)
    };
    let tenants = match loaded.await {
        Ok(tenants) => tenants,
        Err(error) => {
            let _ = files.remove(&[LOADING, "views.loading-wal", "views.loading-shm"]);
            return Err(error.into());
        }
    };
    if let Err(error) = accept(&tenants).await {
        let _ = files.remove(&[LOADING, "views.loading-wal", "views.loading-shm"]);
        return Err(error);
    }
    let moved = File::open(&place)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&place, &database.path));
    moved.map_err(|error| OpenError::io(&place, error))?;
    SqliteNode::mark(dir)?;
    owner::sync_dir(dir)?;
    Ok(tenants)
}

/// Each tenant with its generations.
async fn tenants(
    connection: &mut SqliteConnection,
) -> Result<Vec<(TenantId, Generations)>, sqlx::Error> {
    let sql = "SELECT DISTINCT tenant FROM generation WHERE place IS NOT NULL ORDER BY tenant";
    let mut tenants = Vec::new();
    for row in sqlx::query(sql).fetch_all(&mut *connection).await? {
        let tenant = TenantId::new(row.try_get::<String, _>(0)?);
        let generations = generations::all(connection, &tenant).await?;
        tenants.push((tenant, generations));
    }
    Ok(tenants)
}

//! Reads of stored tiles.

use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{log::LogError, tree::TileStore};
use claimledger_proof::{
    tiles::{Tile, TileError, TileSet, TreeQuery},
    tree::TreeHead,
};

/// The tiles that these questions need.
pub(crate) async fn load(
    store: &dyn TileStore,
    tenant: &TenantId,
    queries: &[TreeQuery],
) -> Result<TileSet, LogError> {
    let mut set = TileSet::default();
    for query in queries {
        for tile in query.tiles().map_err(|error| unusable(tenant, &error))? {
            let hashes = hashes(store, tenant, tile).await?;
            set.insert(tile, &hashes).map_err(|error| unusable(tenant, &error))?;
        }
    }
    Ok(set)
}

/// The hashes of a tile: as many as it is wide, or more.
pub(crate) async fn hashes(
    store: &dyn TileStore,
    tenant: &TenantId,
    tile: Tile,
) -> Result<Vec<u8>, LogError> {
    let found = store.tile(tenant, tile.level, tile.index).await?;
    found.ok_or_else(|| unusable(tenant, &TileError::Missing(tile)))
}

/// The head that the stored tree had at a size.
pub(crate) async fn head_at(
    store: &dyn TileStore,
    tenant: &TenantId,
    size: LogSize,
) -> Result<TreeHead, LogError> {
    let set = load(store, tenant, &[TreeQuery::Root { size }]).await?;
    set.head(size).map_err(|error| unusable(tenant, &error))
}

/// The error of tiles that do not give an answer.
pub(crate) fn unusable(tenant: &TenantId, error: &TileError) -> LogError {
    LogError::damaged("tree", format!("tile, {tenant}"), error.to_string())
}

//! A tree that a node built of another log than the one that is there: see
//! [`crate::tenant::another_log`].

use super::tiles;
use crate::{
    model::proof::LogKind,
    tenant::{Tenant, another_log::difference, parts::Parts},
};
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::{log::LogError, tree::TileStore};
use claimledger_proof::tiles::{HASH_BYTES, TILE_WIDTH, Tile};

/// Deletes the tree of one log of a tenant if it is of another log, and with it what else the node
/// derived from that.
pub(crate) async fn discard_tree(
    parts: &Parts,
    tenant: &Tenant,
    kind: LogKind,
) -> Result<(), LogError> {
    if !parts.options.nodes.are_many() {
        return Ok(());
    }
    let (id, log) = (tenant.identity.signed(kind).stored_as(), parts.log_of(kind));
    let tiles = &*parts.proofs.tiles;
    // A damaged tree is built again by the follower.
    let Ok(Some(row)) = tiles.tree(id).await else { return Ok(()) };
    let leaf = last_leaf(tiles, id, row.size).await;
    let Ok(leaf) = leaf else { return Ok(()) };
    let found = difference(&**log, &tenant.id, row.size, leaf).await;
    let found = found.map_err(|error| tenant.identity.signed(kind).error(error))?;
    let Some(difference) = found else { return Ok(()) };
    tracing::warn!(tenant = %tenant.id, ?kind, difference, "the tree is of another log: it is \
        deleted and built again");
    tiles.clear(id).await?;
    match kind {
        LogKind::Records => Ok(()),
        LogKind::Access => parts.access.index.clear(&tenant.id).await,
    }
}

/// The last leaf of a stored tree.
pub(super) async fn last_leaf(
    store: &dyn TileStore,
    id: &TenantId,
    size: LogSize,
) -> Result<Option<Digest32>, LogError> {
    let Some(last) = size.0.checked_sub(1) else { return Ok(None) };
    let index = last / u64::from(TILE_WIDTH);
    let width = (size.0 - index * u64::from(TILE_WIDTH)) as u16;
    let tile = Tile { level: 0, index, width };
    let hashes = tiles::hashes(store, id, tile).await?;
    let leaf = hashes.chunks_exact(HASH_BYTES).nth(usize::from(width) - 1);
    Ok(leaf.and_then(|leaf| leaf.try_into().ok()).map(Digest32))
}

//! The tree of a log as a verification builds it, apart from what is stored as tree: any head that
//! the log had can be computed again.

use crate::tree::{follower::leaves, tiles};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Digest32,
};
use claimledger_ledger::log::{Log, LogError};
use claimledger_proof::{
    tiles::{StoredTile, TILE_WIDTH, TileSet, TreeBuilder, TreeQuery},
    tree::TreeHead,
};
use std::collections::HashMap;

/// The tree. It keeps 32 bytes for 256 records; leaves are read from the log again.
pub(super) struct LogTree<'a> {
    log: &'a dyn Log,
    tenant: &'a TenantId,
    builder: TreeBuilder,
    /// Tiles above the leaves, by level and number.
    upper: HashMap<(u8, u64), Vec<u8>>,
    /// The tile of leaves that was read last.
    leaves: Option<(u64, Vec<u8>)>,
}

impl<'a> LogTree<'a> {
    pub(super) fn new(log: &'a dyn Log, tenant: &'a TenantId) -> Self {
        let (builder, upper) = (TreeBuilder::new(), HashMap::new());
        Self { log, tenant, builder, upper, leaves: None }
    }

    pub(super) fn size(&self) -> LogSize {
        self.builder.size()
    }

    pub(super) fn root(&self) -> Digest32 {
        self.builder.head().root
    }

    pub(super) fn append(&mut self, leaves: &[Digest32]) -> Result<(), LogError> {
        let full = self.builder.append(leaves);
        let full = full.map_err(|error| tiles::unusable(self.tenant, &error))?;
        self.keep(full);
        Ok(())
    }

    fn keep(&mut self, stored: impl IntoIterator<Item = StoredTile>) {
        for StoredTile { tile, bytes } in stored {
            if tile.level > 0 {
                self.upper.insert((tile.level, tile.index), bytes);
            }
        }
    }

    /// The head at a size that the log has reached. Nothing is appended afterwards.
    pub(super) async fn head_at(&mut self, size: LogSize) -> Result<TreeHead, LogError> {
        let failed = |error| tiles::unusable(self.tenant, &error);
        if size == self.size() {
            return Ok(self.builder.head());
        }
        let partial = self.builder.partial_tiles();
        let mut set = TileSet::default();
        let needed = TreeQuery::Root { size }.tiles();
        for tile in needed.map_err(failed)? {
            let hashes = if tile.level == 0 {
                self.leaves_of(tile.index).await?
            } else {
                let ends = partial.iter().find(|stored| {
                    (stored.tile.level, stored.tile.index) == (tile.level, tile.index)
                });
                let full = self.upper.get(&(tile.level, tile.index));
                full.or(ends.map(|stored| &stored.bytes)).cloned().unwrap_or_default()
            };
            set.insert(tile, &hashes).map_err(failed)?;
        }
        set.head(size).map_err(failed)
    }

    /// The leaves of a tile, as far as the log has them.
    async fn leaves_of(&mut self, index: u64) -> Result<Vec<u8>, LogError> {
        if let Some((read, hashes)) = &self.leaves
            && *read == index
        {
            return Ok(hashes.clone());
        }
        let from = LogPosition(index * u64::from(TILE_WIDTH));
        let headers = self.log.headers(self.tenant, from, usize::from(TILE_WIDTH)).await?;
        let of_headers = leaves(&headers, LogSize(from.0));
        // As the records were read: a header that does not fit its leaf is found there.
        let leaves =
            of_headers.unwrap_or_else(|_| headers.iter().map(|header| header.leaf).collect());
        let hashes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
        self.leaves = Some((index, hashes.clone()));
        Ok(hashes)
    }
}

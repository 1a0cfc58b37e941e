//! Trees and checkpoints in memory.

use crate::{
    log::LogError,
    tree::{
        CheckpointRow, CheckpointStore, PublishError, TileRow, TileStore, TreeRow, check_publish,
    },
};
use async_trait::async_trait;
use claimledger_facts::ids::{LogSize, TenantId};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Trees in memory.
#[derive(Debug, Default)]
pub struct MemoryTiles(Mutex<BTreeMap<TenantId, Stored>>);

#[derive(Debug, Default)]
struct Stored {
    tree: Option<TreeRow>,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

#[async_trait]
impl TileStore for MemoryTiles {
    async fn tree(&self, tenant: &TenantId) -> Result<Option<TreeRow>, LogError> {
        Ok(self.0.lock().get(tenant).and_then(|stored| stored.tree))
    }

    async fn tile(
        &self,
        tenant: &TenantId,
        level: u8,
        number: u64,
    ) -> Result<Option<Vec<u8>>, LogError> {
        let trees = self.0.lock();
        Ok(trees.get(tenant).and_then(|stored| stored.tiles.get(&(level, number)).cloned()))
    }

    async fn extend(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        tiles: &[TileRow],
        tree: TreeRow,
    ) -> Result<bool, LogError> {
        let mut trees = self.0.lock();
        let stored = trees.entry(tenant.clone()).or_default();
        if stored.tree.map_or(LogSize(0), |tree| tree.size) != expected {
            return Ok(false);
        }
        for TileRow { level, number, hashes } in tiles {
            stored.tiles.insert((*level, *number), hashes.clone());
        }
        stored.tree = Some(tree);
        Ok(true)
    }

    async fn clear(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.0.lock().remove(tenant);
        Ok(())
    }
}

/// Checkpoints in memory.
#[derive(Debug, Default)]
pub struct MemoryCheckpoints(Mutex<BTreeMap<TenantId, CheckpointRow>>);

#[async_trait]
impl CheckpointStore for MemoryCheckpoints {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        Ok(self.0.lock().get(tenant).cloned())
    }

    async fn publish(
        &self,
        tenant: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        let mut checkpoints = self.0.lock();
        let current = checkpoints.get(tenant).map(|row| row.size);
        check_publish(current, expected, next.size)?;
        checkpoints.insert(tenant.clone(), next.clone());
        Ok(())
    }
}

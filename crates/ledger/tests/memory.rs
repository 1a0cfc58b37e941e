//! The memory engines pass the suites that every engine passes.

use claimledger_ledger::{
    conformance,
    memory::{
        MemoryAccessIndex, MemoryCheckpoints, MemoryIndex, MemoryKeys, MemoryLog, MemoryState,
        MemoryTiles,
    },
};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log() {
    conformance::log(|| async { MemoryLog::default() }).await;
}

#[tokio::test]
async fn keys() {
    conformance::keys(|| async { MemoryKeys::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destroyed_key_stays_destroyed() {
    conformance::races_of_destroyed_keys(Arc::new(MemoryKeys::default()), 1_000).await;
}

#[tokio::test]
async fn views() {
    conformance::views(|| async { MemoryIndex::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state() {
    conformance::state(|| async { MemoryState::default() }).await;
}

#[tokio::test]
async fn access_index() {
    conformance::access_index(|| async { MemoryAccessIndex::default() }).await;
}

#[tokio::test]
async fn tiles() {
    conformance::tiles(|| async { MemoryTiles::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints() {
    conformance::checkpoints(|| async { MemoryCheckpoints::default() }).await;
}

//! The memory engines pass the suites that every engine passes.

use claimledger_facts::{ids::TenantId, random::SystemRandom};
use claimledger_ledger::{
    conformance::{self, Scratch, ScratchCheckpoints, ScratchKeys, ScratchLog, ScratchState},
    keys::KeyStore,
    log::Log,
    memory::{
        MemoryAccessIndex, MemoryCheckpoints, MemoryIndex, MemoryKeys, MemoryLog, MemoryState,
        MemoryTiles,
    },
    state::StateStore,
    tree::CheckpointStore,
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

/// Parts of a name space are engines of their own, as the suites see them; and a second run does
/// not meet what the first one left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn name_spaces_of_one_engine_conform() {
    let (log, keys): (Arc<dyn Log>, Arc<dyn KeyStore>) =
        (Arc::new(MemoryLog::default()), Arc::new(MemoryKeys::default()));
    let (state, checkpoints): (Arc<dyn StateStore>, Arc<dyn CheckpointStore>) =
        (Arc::new(MemoryState::default()), Arc::new(MemoryCheckpoints::default()));
    for _ in 0..2 {
        let scratch = Scratch::new(&SystemRandom);
        let scratch = || scratch.part();
        let make = || async { ScratchLog(scratch(), Arc::clone(&log)) };
        conformance::log(make).await;
        let make = || async { ScratchKeys(scratch(), Arc::clone(&keys), Arc::clone(&keys)) };
        conformance::keys(make).await;
        conformance::keys(make).await;
        conformance::races_of_destroyed_keys(Arc::new(make().await), 300).await;
        conformance::state(|| async { ScratchState(scratch(), Arc::clone(&state)) }).await;
        let make = || async { ScratchCheckpoints(scratch(), Arc::clone(&checkpoints)) };
        conformance::checkpoints(make).await;
    }
    let left = log.tenants().await.unwrap();
    assert!(left.len() > 20 && left.iter().all(Scratch::is_scratch), "{left:?}");
    assert!(!Scratch::is_scratch(&TenantId::from("acme")));
}

//! The memory engines pass the suites that every engine passes.

use claimledger_ledger::{
    conformance,
    memory::{MemoryIndex, MemoryKeys, MemoryLog},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log() {
    conformance::log(|| async { MemoryLog::default() }).await;
}

#[tokio::test]
async fn keys() {
    conformance::keys(|| async { MemoryKeys::default() }).await;
}

#[tokio::test]
async fn views() {
    conformance::views(|| async { MemoryIndex::default() }).await;
}

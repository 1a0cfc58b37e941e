//! The conformance suite against a server of KurrentDB, which CLAIMLEDGER_TEST_KURRENTDB_URL names.

use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_ledger::conformance;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Streams of a run have a prefix of their own, because a server does not forget them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_conforms() {
    let url = std::env::var("CLAIMLEDGER_TEST_KURRENTDB_URL");
    let url = url.expect("CLAIMLEDGER_TEST_KURRENTDB_URL names a server");
    let run = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_nanos();
    let logs = AtomicU32::new(0);
    conformance::log(|| async {
        let prefix = format!("test_{run}_{}", logs.fetch_add(1, Relaxed));
        KurrentLog::connect(KurrentOptions::new(url.as_str(), prefix)).await.unwrap()
    })
    .await;
}

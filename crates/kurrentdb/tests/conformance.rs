//! The conformance suite of logs, for both kinds of streams; and against a server where one is
//! named.

use crate::support::options;
use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::Double;
use claimledger_ledger::conformance;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

async fn fresh(prefix: &str) -> KurrentLog {
    let double = Double::start().await;
    let options = KurrentOptions { prefix: prefix.to_owned(), ..options(&double) };
    let log = KurrentLog::connect(options).await.unwrap();
    // It runs until the test ends.
    std::mem::forget(double);
    log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_records_conforms() {
    conformance::log(|| fresh("ledger")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_access_log_conforms() {
    conformance::log(|| fresh("access")).await;
}

/// Streams of a run have a prefix of their own, because a server does not forget them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_conforms_where_one_is_named() {
    let Ok(url) = std::env::var("CLAIMLEDGER_TEST_KURRENTDB_URL") else {
        println!("not run: CLAIMLEDGER_TEST_KURRENTDB_URL names no server");
        return;
    };
    let run = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let logs = AtomicU32::new(0);
    conformance::log(|| async {
        let prefix = format!("test_{run}_{}", logs.fetch_add(1, Relaxed));
        KurrentLog::connect(KurrentOptions::new(url.as_str(), prefix)).await.unwrap()
    })
    .await;
}

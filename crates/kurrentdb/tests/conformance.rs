//! The conformance suite of logs, for both kinds of streams.

use crate::support::options;
use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::Double;
use claimledger_ledger::conformance;

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

//! Faults of the server and the network, through a sequencer: nothing is lost or doubled, every
//! request ends by its deadline, and appends succeed again within ten seconds.

use crate::support::{World, acme, append, connect, options};
use claimledger_facts::ids::{LogPosition, LogSize};
use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::{Call, Double, Fault};
use claimledger_ledger::{
    append::{AppendOutcome, SequencerError},
    log::{AppendFailure, Log, LogError},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// Maximum time until appends succeed again.
const RECOVERY: Duration = Duration::from_secs(10);

/// Appends while faults happen, then checks that the log has each record once, in order.
async fn survives(call: Call, fault: Fault, times: u32) {
    let world = World::new().await;
    let sequencer = world.sequencer(connect(&world.double).await).await;
    append(&sequencer, vec![world.record("r0")]).await.unwrap();
    world.double.inject(call, fault, times);
    let began = Instant::now();
    for n in 1..6 {
        let receipts = append(&sequencer, vec![world.record(&format!("r{n}"))]).await;
        let receipts = receipts.unwrap_or_else(|error| panic!("{fault:?} at r{n}: {error}"));
        assert_eq!(receipts[0].position, LogPosition(n), "{fault:?}");
        assert_eq!(receipts[0].outcome, AppendOutcome::Stored, "{fault:?}");
    }
    assert!(began.elapsed() < RECOVERY, "{fault:?}: {:?}", began.elapsed());
    world.double.heal();
    let expected: Vec<_> = (0..6).map(|n| format!("r{n}")).collect();
    assert_eq!(world.source_ids().await, expected, "{fault:?}");
    println!("{call:?} {fault:?} x{times}: recovered in {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_survive_faults_of_appends() {
    for fault in [
        Fault::AbortAfter,
        Fault::Busy,
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::Impossible,
        Fault::NoLeader,
        Fault::Silent,
        Fault::SilentAfter,
    ] {
        for times in [1, 3] {
            survives(Call::Append, fault, times).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_survive_faults_of_reads_after_an_unknown_outcome() {
    for fault in [
        Fault::Busy,
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::EndsEarly,
        Fault::Impossible,
        Fault::Silent,
    ] {
        let world = World::new().await;
        let sequencer = world.sequencer(connect(&world.double).await).await;
        append(&sequencer, vec![world.record("r0")]).await.unwrap();
        world.double.inject(Call::Append, Fault::DropAfter, 1);
        world.double.inject(Call::Read, fault, 3);
        let receipts = append(&sequencer, vec![world.record("r1"), world.record("r2")]).await;
        assert_eq!(receipts.unwrap()[1].position, LogPosition(2), "{fault:?}");
        world.double.heal();
        assert_eq!(world.source_ids().await, ["r0", "r1", "r2"], "{fault:?}");
    }
}

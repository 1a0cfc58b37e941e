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

/// Without a sequencer, which would determine the outcome too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_determines_unknown_outcomes_by_itself() {
    let world = World::new().await;
    let log = connect(&world.double).await;
    let entry = |n| world.records.entry(&format!("r{n}"), None, "", n);
    log.append(&acme(), LogSize(0), &[entry(0)]).await.unwrap();
    let faults = [
        Fault::AbortAfter,
        Fault::DropAfter,
        Fault::DropBefore,
        Fault::Impossible,
        Fault::Silent,
        Fault::SilentAfter,
    ];
    for (fault, n) in faults.into_iter().zip(1..) {
        world.double.inject(Call::Append, fault, 1);
        let appended = log.append(&acme(), LogSize(n), &[entry(n)]).await;
        assert_eq!(appended.unwrap(), LogSize(n + 1), "{fault:?}");
    }
    // Another node is first, and the answer to this one is lost.
    let other = connect(&world.double).await;
    let size = LogSize(faults.len() as u64 + 1);
    other.append(&acme(), size, &[entry(size.0)]).await.unwrap();
    world.double.inject(Call::Append, Fault::DropAfter, 1);
    let lost = log.append(&acme(), size, &[entry(size.0)]).await;
    let after = LogSize(size.0 + 1);
    assert!(matches!(lost, Err(AppendFailure::Conflict { size }) if size == after), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_connections_are_made_again() {
    let world = World::new().await;
    let log = connect(&world.double).await;
    let sequencer = world.sequencer(log).await;
    let began = Instant::now();
    let mut sent = Vec::new();
    for n in 0..10 {
        sent.push(format!("r{n}"));
        // Between two appends, and during one.
        if n % 2 == 0 {
            world.double.close_connections();
        }
        let (written, ()) = tokio::join!(append(&sequencer, vec![world.record(&sent[n])]), async {
            sleep(Duration::from_millis(60)).await;
            world.double.close_connections();
        });
        written.unwrap();
    }
    assert!(began.elapsed() < RECOVERY, "{:?}", began.elapsed());
    assert_eq!(world.source_ids().await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_follow_the_leader() {
    let world = World::new().await;
    let other = world.double.join().await;
    let sequencer = world.sequencer(connect(&world.double).await).await;
    append(&sequencer, vec![world.record("r0")]).await.unwrap();
    other.lead();
    let began = Instant::now();
    append(&sequencer, vec![world.record("r1")]).await.unwrap();
    // The client is connected to the other node now, which dies; the first one leads again.
    world.double.lead();
    other.stop();
    append(&sequencer, vec![world.record("r2")]).await.unwrap();
    // A node names a leader that cannot be reached: the client ends permanently.
    world.double.inject(Call::Append, Fault::NotLeader(other.port()), 1);
    append(&sequencer, vec![world.record("r3")]).await.unwrap();
    assert!(began.elapsed() < RECOVERY, "{:?}", began.elapsed());
    assert_eq!(world.source_ids().await, ["r0", "r1", "r2", "r3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_asked_for_its_leader() {
    let world = World::new().await;
    let (second, third) = (world.double.join().await, world.double.join().await);
    third.lead();
    let ports = [world.double.port(), second.port(), third.port()];
    let hosts = ports.map(|port| format!("127.0.0.1:{port}")).join(",");
    let url = format!("kurrentdb://{hosts}?tls=false");
    let options = KurrentOptions { url, ..options(&world.double) };
    let log = Arc::new(KurrentLog::connect(options).await.unwrap());
    let sequencer = world.sequencer(log).await;
    append(&sequencer, vec![world.record("r0")]).await.unwrap();
    let began = Instant::now();
    third.stop();
    let elected = tokio::spawn(async move {
        sleep(Duration::from_secs(1)).await;
        second.lead();
        second
    });
    let receipts = append(&sequencer, vec![world.record("r1")]).await.unwrap();
    assert_eq!(receipts[0].position, LogPosition(1));
    assert!(began.elapsed() < RECOVERY, "{:?}", began.elapsed());
    let second = elected.await.unwrap();
    world.double.lead();
    drop(second);
    assert_eq!(world.source_ids().await, ["r0", "r1"]);
}

/// Sends records one after the other, each until it is acknowledged. Returns how often one failed,
/// and the longest time between two acknowledged ones.
async fn send_all(world: &World, log: Arc<KurrentLog>, ids: Vec<String>) -> (u32, Duration) {
    let sequencer = world.sequencer(log).await;
    let (mut failed, mut longest) = (0, Duration::ZERO);
    for id in ids {
        let began = Instant::now();
        loop {
            match append(&sequencer, vec![world.record(&id)]).await {
                Ok(_) => break,
                Err(SequencerError::Log(LogError::Unavailable { .. })) => failed += 1,
                Err(other) => panic!("{id}: {other}"),
            }
        }
        longest = longest.max(began.elapsed());
    }
    (failed, longest)
}

fn ids(of: &str, count: u32) -> Vec<String> {
    (0..count).map(|n| format!("{of}{n}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_survive_a_restart_of_the_server() {
    let mut world = World::new().await;
    let log = connect(&world.double).await;
    let sequencer = world.sequencer(log.clone()).await;
    append(&sequencer, vec![world.record("before")]).await.unwrap();
    world.double.restart().await;
    append(&sequencer, vec![world.record("after")]).await.unwrap();
    world.double.stop();
    let began = Instant::now();
    let waiting = tokio::spawn({
        let (sequencer, records) = (sequencer.clone(), vec![world.record("while it is down")]);
        async move { append(&sequencer, records).await }
    });
    sleep(Duration::from_secs(2)).await;
    world.double.restart().await;
    waiting.await.unwrap().unwrap();
    assert!(began.elapsed() < RECOVERY, "{:?}", began.elapsed());
    assert_eq!(world.source_ids().await, ["before", "after", "while it is down"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_survive_two_hundred_cuts() {
    const CUTS: u32 = 200;
    let world = World::new().await;
    let (one, two) = (connect(&world.double).await, connect(&world.double).await);
    world.double.cut_at_random(20_261_129, CUTS);
    let (mut sent, mut rounds, mut longest) = (Vec::new(), 0, Duration::ZERO);
    while world.double.cuts_left() > 0 {
        let round = [ids(&format!("a{rounds}-"), 10), ids(&format!("b{rounds}-"), 10)];
        let (a, b) = tokio::join!(
            send_all(&world, one.clone(), round[0].clone()),
            send_all(&world, two.clone(), round[1].clone())
        );
        longest = longest.max(a.1).max(b.1);
        sent.extend(round.concat());
        rounds += 1;
    }
    println!("{CUTS} cuts, {} records, longest append {longest:?}", sent.len());
    assert!(longest < RECOVERY, "{longest:?}");
    let mut found = world.source_ids().await;
    found.sort();
    sent.sort();
    assert_eq!(found, sent, "each record once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_receive_the_same_records_write_each_once() {
    let world = World::new().await;
    let logs = [connect(&world.double).await, connect(&world.double).await];
    let sequencers =
        [world.sequencer(logs[0].clone()).await, world.sequencer(logs[1].clone()).await];
    let writers: Vec<_> = (0..60)
        .map(|n| {
            let records = vec![world.record(&format!("r{}", n / 2))];
            let sequencer = sequencers[n % 2].clone();
            tokio::spawn(async move { append(&sequencer, records).await.unwrap()[0].clone() })
        })
        .collect();
    let mut receipts = Vec::new();
    for writer in writers {
        receipts.push(writer.await.unwrap());
    }
    for pair in receipts.chunks(2) {
        assert_eq!(pair[0].position, pair[1].position);
        assert_eq!(pair[0].recorded_at, pair[1].recorded_at);
        let stored = pair.iter().filter(|receipt| receipt.outcome == AppendOutcome::Stored);
        assert_eq!(stored.count(), 1, "{pair:?}");
    }
    let mut found = world.source_ids().await;
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 30);
    assert_eq!(world.double.events("ledger-acme").len(), 30);
}

/// KurrentDB compares nothing but event ids: with record ids as event ids both would succeed, and
/// the contents of one would be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_contents_under_one_record_id_one_loses() {
    let world = World::new().await;
    let logs = [connect(&world.double).await, connect(&world.double).await];
    let (one, other) = (
        world.records.entry("same", None, "one", 1),
        world.records.entry("same", None, "other", 1),
    );
    assert_eq!(one.header.id, other.header.id);
    let first = world.records.entry("first", None, "", 0);
    logs[0].append(&acme(), LogSize(0), std::slice::from_ref(&first)).await.unwrap();
    logs[0].append(&acme(), LogSize(1), std::slice::from_ref(&one)).await.unwrap();
    let lost = logs[1].append(&acme(), LogSize(1), &[other]).await;
    assert!(matches!(lost, Err(AppendFailure::Conflict { size: LogSize(2) })), "{lost:?}");
    // The same record is a repeated append, whichever node sends it.
    let next = world.records.entry("next", None, "", 2);
    for log in &logs {
        let appended = log.append(&acme(), LogSize(2), std::slice::from_ref(&next)).await;
        assert_eq!(appended.unwrap(), LogSize(3));
    }
    assert_eq!(logs[1].read(&acme(), LogPosition(0), 9).await.unwrap(), [first, one, next]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_by_its_deadline() {
    let world = World::new().await;
    let deadline = Duration::from_secs(1);
    let short = KurrentOptions { deadline, ..options(&world.double) };
    let log = KurrentLog::connect(short.clone()).await.unwrap();
    let entry = world.records.entry("a", None, "", 0);
    log.append(&acme(), LogSize(0), &[entry]).await.unwrap();
    let next = [world.records.entry("b", None, "", 1)];
    world.double.inject(Call::Append, Fault::Silent, 1000);
    world.double.inject(Call::Read, Fault::Silent, 1000);
    for down in [false, true] {
        if down {
            world.double.stop();
        }
        let began = Instant::now();
        let results = tokio::join!(
            async { log.append(&acme(), LogSize(1), &next).await.unwrap_err().to_string() },
            async { log.head(&acme()).await.unwrap_err().to_string() },
            async { log.read(&acme(), LogPosition(0), 1).await.unwrap_err().to_string() },
            async { log.read_at(&acme(), &[LogPosition(0)]).await.unwrap_err().to_string() },
            async { log.tenants().await.unwrap_err().to_string() },
        );
        let elapsed = began.elapsed();
        assert!(elapsed < deadline + Duration::from_millis(300), "{elapsed:?} {results:?}");
        let all = [results.0, results.1, results.2, results.3, results.4];
        assert!(all.iter().all(|error| error.contains("unavailable")), "{all:?}");
    }
    let began = Instant::now();
    assert!(KurrentLog::connect(short).await.is_err());
    assert!(began.elapsed() < deadline + Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_restored_to_an_earlier_state_is_corrupt() {
    let world = World::new().await;
    let log = connect(&world.double).await;
    let sequencer = world.sequencer(log.clone()).await;
    append(&sequencer, vec![world.record("a")]).await.unwrap();
    let earlier = world.double.snapshot();
    append(&sequencer, vec![world.record("b")]).await.unwrap();
    world.double.restore(&earlier);
    let found = log.head(&acme()).await;
    assert!(matches!(found, Err(LogError::Corrupt { position: LogPosition(1), .. })), "{found:?}");
    let refused = append(&sequencer, vec![world.record("c")]).await;
    assert!(matches!(refused, Err(SequencerError::Log(LogError::Corrupt { .. }))), "{refused:?}");
    assert_eq!(world.source_ids().await, ["a"], "nothing is written on top");
    // Another writer fills it up to the same size, with another record.
    let other = world.sequencer(connect(&world.double).await).await;
    append(&other, vec![world.record("d")]).await.unwrap();
    let found = log.head(&acme()).await;
    assert!(matches!(found, Err(LogError::Corrupt { .. })), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_behind_for_a_moment_is_no_damage() {
    let world = World::new().await;
    let log = connect(&world.double).await;
    let entry = |n| world.records.entry(&format!("r{n}"), None, "", n);
    log.append(&acme(), LogSize(0), &[entry(0)]).await.unwrap();
    let earlier = world.double.snapshot();
    log.append(&acme(), LogSize(1), &[entry(1)]).await.unwrap();
    let now = world.double.snapshot();
    world.double.restore(&earlier);
    let head = tokio::spawn({
        let log = log.clone();
        async move { log.head(&acme()).await }
    });
    sleep(Duration::from_millis(700)).await;
    world.double.restore(&now);
    assert_eq!(timeout(RECOVERY, head).await.unwrap().unwrap().unwrap(), LogSize(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_down_at_first_is_reached_later() {
    let mut double = Double::start().await;
    double.stop();
    let connecting = tokio::spawn(KurrentLog::connect(options(&double)));
    sleep(Duration::from_millis(700)).await;
    double.restart().await;
    connecting.await.unwrap().unwrap();
}

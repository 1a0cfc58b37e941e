//! What a log writes to the server, and which streams it refuses.

use crate::support::{World, acme, connect, options};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Removal},
    time::Time,
    vocabulary::RemovalReason,
};
use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::{Call, Fault};
use claimledger_ledger::log::{Log, LogError};
use std::time::Duration;
use tokio::time::timeout;

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[tokio::test]
async fn a_record_is_an_event_that_names_its_session() {
    let world = World::new().await;
    let log = connect(&world.double).await;
    let entries =
        [world.records.entry("a", Some("S1"), "x", 0), world.records.entry("b", None, "y", 1)];
    log.append(&acme(), LogSize(0), &entries).await.unwrap();
    let events = world.double.events("ledger-acme");
    assert!(events.iter().all(|event| event.kind == "claimledger.record.v1"));
    let metadata = json(&events[0].metadata);
    assert_eq!(metadata["$correlationId"], "S1");
    assert_eq!(metadata["record"], entries[0].header.id.0.to_string());
    assert!(json(&events[1].metadata)["$correlationId"].is_null());
    let extra = events[0].data.len() - entries[0].size();
    assert!(extra < 64, "{extra} bytes beside the record");
}

#[tokio::test]
async fn only_administrators_may_delete_a_stream_or_change_its_metadata() {
    let world = World::new().await;
    let log = connect(&world.double).await;
    log.append(&acme(), LogSize(0), &[world.records.entry("a", None, "", 0)]).await.unwrap();
    let removal = Removal { reason: RemovalReason::Retention, at: Time::EPOCH };
    log.remove_bodies(&acme(), &[LogPosition(0)], &BodyKind::ALL, &removal).await.unwrap();
    for stream in ["ledger-acme", "ledger_removed-acme", "ledger_tenants"] {
        let metadata = world.double.events(&format!("$${stream}"));
        assert_eq!(metadata.len(), 1, "{stream}");
        let expected = serde_json::json!({"$acl": {"$d": "$admins", "$mw": "$admins"}});
        assert_eq!(json(&metadata[0].data), expected, "{stream}");
    }
    assert_eq!(world.double.streams().len(), 6, "{:?}", world.double.streams());
}

async fn refused(world: &World) {
    // Another process: what this one checked is checked again after a minute only.
    let log = connect(&world.double).await;
    let (size, next) = (LogSize(3), [world.records.entry("d", None, "", 3)]);
    let results = [
        log.head(&acme()).await.map(drop),
        log.read(&acme(), LogPosition(0), 9).await.map(drop),
        log.headers_at(&acme(), &[LogPosition(2)]).await.map(drop),
        log.append(&acme(), size, &next).await.map(drop).map_err(|error| match error {
            claimledger_ledger::log::AppendFailure::Log(error) => error,
            other => panic!("{other:?}"),
        }),
    ];
    for result in results {
        assert!(matches!(result, Err(LogError::Corrupt { .. })), "{result:?}");
    }
}

async fn three_records() -> World {
    let world = World::new().await;
    let log = connect(&world.double).await;
    let entries: Vec<_> =
        (0..3).map(|n| world.records.entry(&format!("r{n}"), None, "", n)).collect();
    log.append(&acme(), LogSize(0), &entries).await.unwrap();
    world
}

#[tokio::test]
async fn a_stream_that_the_server_removes_events_from_is_refused() {
    for metadata in
        [r#"{"$maxCount":2}"#, r#"{"$maxAge":1}"#, r#"{"$tb":1}"#, r#"{"$tb":9223372036854775807}"#]
    {
        let world = three_records().await;
        world.double.set_metadata("ledger-acme", metadata);
        refused(&world).await;
        assert_eq!(world.double.events("ledger-acme").len(), 3, "{metadata}");
    }
    let world = three_records().await;
    world.double.tombstone("ledger-acme");
    refused(&world).await;
}

#[tokio::test]
async fn events_that_disappear_are_found_by_a_process_that_knew_them() {
    let world = three_records().await;
    let log = connect(&world.double).await;
    assert_eq!(log.head(&acme()).await.unwrap(), LogSize(3));
    world.double.set_metadata("ledger-acme", r#"{"$tb":2}"#);
    let read = log.read(&acme(), LogPosition(0), 9).await;
    assert!(matches!(read, Err(LogError::Corrupt { position: LogPosition(0), .. })), "{read:?}");
}

/// A server may end an answer with status OK before its end.
#[tokio::test]
async fn an_answer_that_ends_early_is_not_the_end_of_a_log() {
    let world = three_records().await;
    let all = connect(&world.double).await.read(&acme(), LogPosition(0), 9).await.unwrap();
    let quiet = KurrentOptions { poll_interval: Duration::from_secs(60), ..options(&world.double) };
    for answered in 0..5 {
        // Processes that know nothing of the log yet.
        let cut = || world.double.inject_after(answered, Call::Read, Fault::EndsEarly, 2);
        let log = KurrentLog::connect(quiet.clone()).await.unwrap();
        cut();
        assert_eq!(log.head(&acme()).await.unwrap(), LogSize(3), "after {answered} answers");
        world.double.heal();
        let log = KurrentLog::connect(quiet.clone()).await.unwrap();
        cut();
        let last = log.headers(&acme(), LogPosition(2), 9).await.unwrap();
        assert_eq!(last, [all[2].header.clone()], "after {answered} answers");
        world.double.heal();
        let log = KurrentLog::connect(quiet.clone()).await.unwrap();
        cut();
        assert_eq!(log.tenants().await.unwrap(), [acme()], "after {answered} answers");
        world.double.heal();
    }
}

#[tokio::test]
async fn a_removal_is_seen_by_every_node_and_the_first_reason_stays() {
    let world = three_records().await;
    let (one, two) = (connect(&world.double).await, connect(&world.double).await);
    let removal = |reason| Removal { reason, at: Time::EPOCH.plus_secs(9) };
    let all = two.read(&acme(), LogPosition(0), 9).await.unwrap();
    let first = removal(RemovalReason::Erasure);
    one.remove_bodies(&acme(), &[LogPosition(1)], &[BodyKind::Original], &first).await.unwrap();
    let mut expected = all.clone();
    expected[1].remove(&[BodyKind::Original], &first);
    assert_eq!(two.read(&acme(), LogPosition(0), 9).await.unwrap(), expected);
    assert_eq!(two.read_at(&acme(), &[LogPosition(1)]).await.unwrap(), expected[1..2]);
    let second = removal(RemovalReason::Retention);
    two.remove_bodies(&acme(), &[LogPosition(1)], &BodyKind::ALL, &second).await.unwrap();
    expected[1].remove(&BodyKind::ALL, &second);
    for log in [&one, &two, &connect(&world.double).await] {
        assert_eq!(log.read(&acme(), LogPosition(0), 9).await.unwrap(), expected);
    }
    // A cut answer to the read of removals hides none.
    let third = removal(RemovalReason::Retention);
    one.remove_bodies(&acme(), &[LogPosition(0)], &BodyKind::ALL, &third).await.unwrap();
    expected[0].remove(&BodyKind::ALL, &third);
    world.double.inject(Call::Read, Fault::EndsEarly, 4);
    assert_eq!(two.read(&acme(), LogPosition(0), 9).await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removals_of_two_nodes_at_once_are_all_kept() {
    let world = three_records().await;
    let (one, two) = (connect(&world.double).await, connect(&world.double).await);
    let removal = Removal { reason: RemovalReason::Retention, at: Time::EPOCH };
    let tenant = acme();
    for position in 0..3 {
        let at = [LogPosition(position)];
        let (a, b) = tokio::join!(
            one.remove_bodies(&tenant, &at, &[BodyKind::Original], &removal),
            two.remove_bodies(&tenant, &at, &[BodyKind::Personal], &removal)
        );
        a.and(b).unwrap();
    }
    for entry in connect(&world.double).await.read(&tenant, LogPosition(0), 9).await.unwrap() {
        for body in BodyKind::ALL {
            assert_eq!(entry.sealed(body).removal(), Some(&removal));
        }
    }
}

#[tokio::test]
async fn tenants_are_right_after_a_crash_at_any_write_of_the_first_append() {
    const WRITES: u32 = 4;
    for writes in 0..=WRITES {
        let world = World::new().await;
        let short = KurrentOptions {
            deadline: Duration::from_millis(700),
            attempt_timeout: Duration::from_millis(500),
            ..options(&world.double)
        };
        let log = KurrentLog::connect(short).await.unwrap();
        let first = [world.records.entry("a", None, "", 0)];
        world.double.inject_after(writes, Call::Append, Fault::Busy, 1000);
        let appended = log.append(&acme(), LogSize(0), &first).await;
        assert_eq!(appended.is_ok(), writes == WRITES, "{writes}: {appended:?}");
        world.double.heal();
        let log = connect(&world.double).await;
        let there = if writes == WRITES { vec![acme()] } else { Vec::new() };
        assert_eq!(log.tenants().await.unwrap(), there, "after {writes} writes");
        if writes < WRITES {
            log.append(&acme(), LogSize(0), &first).await.unwrap();
        }
        assert_eq!(log.tenants().await.unwrap(), [acme()]);
        assert_eq!(world.double.events("ledger_tenants").len(), 1, "registered once");
    }
}

#[tokio::test]
async fn a_node_notices_appends_and_tenants_of_another_one() {
    let world = three_records().await;
    let (one, two) = (connect(&world.double).await, connect(&world.double).await);
    let mut changes = two.changes();
    assert_eq!(two.head(&acme()).await.unwrap(), LogSize(3));
    let noticed = async |changes: &mut tokio::sync::watch::Receiver<u64>| {
        timeout(Duration::from_secs(5), changes.changed()).await.unwrap().unwrap();
    };
    noticed(&mut changes).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    changes.mark_unchanged();
    assert!(timeout(Duration::from_millis(300), changes.changed()).await.is_err(), "no change");
    one.append(&acme(), LogSize(3), &[world.records.entry("d", None, "", 3)]).await.unwrap();
    noticed(&mut changes).await;
    let globex = TenantId::from("globex");
    let entry = claimledger_ledger::conformance::Records::new(&globex).entry("a", None, "", 0);
    one.append(&globex, LogSize(0), &[entry]).await.unwrap();
    noticed(&mut changes).await;
    assert_eq!(two.tenants().await.unwrap(), [acme(), globex]);
}

#[tokio::test]
async fn what_another_program_wrote_is_corrupt() {
    let world = three_records().await;
    let other = KurrentOptions { prefix: "ledger_removed".to_owned(), ..options(&world.double) };
    let other = KurrentLog::connect(other).await.unwrap();
    // Records in the place of removals.
    let entry = world.records.entry("a", None, "", 0);
    other.append(&acme(), LogSize(0), &[entry]).await.unwrap();
    let log = connect(&world.double).await;
    let read = log.read(&acme(), LogPosition(0), 9).await;
    let Err(LogError::Corrupt { what, .. }) = read else { panic!("{read:?}") };
    assert!(what.contains("ledger_removed-acme") && what.contains("claimledger.record.v1"));
}

//! The sequencer over the memory engines: every decision that depends on the head.

use crate::support::*;
use claimledger_facts::{ids::*, record::Prepared, time::Time};
use claimledger_ledger::{
    append::{AppendOutcome::*, AppendRequest, Receipt, SequencerError},
    clock::{ClockGuard, ClockSettings},
    log::{Log, LogError},
    sequencer::{LedgerKind, Sequencer, SequencerConfig},
    views::{IndexRow, Term, TermKind, Views},
};
use std::sync::Arc;

async fn append(
    sequencer: &Sequencer,
    records: Vec<Prepared>,
) -> Result<Vec<Receipt>, SequencerError> {
    sequencer.append(AppendRequest { records, expected_revision: None }).await
}

fn outcomes(receipts: &[Receipt]) -> Vec<(u64, claimledger_ledger::append::AppendOutcome)> {
    receipts.iter().map(|receipt| (receipt.position.0, receipt.outcome)).collect()
}

#[tokio::test]
async fn a_duplicate_gets_the_first_receipt() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let first =
        append(&sequencer, vec![world.record("a", "x"), world.record("b", "y")]).await.unwrap();
    assert_eq!(outcomes(&first), [(0, Stored), (1, Stored)]);
    world.clock.set(Time::EPOCH.plus_secs(5000));
    let again = append(
        &sequencer,
        vec![world.record("b", "y"), world.record("c", "z"), world.record("c", "z")],
    )
    .await
    .unwrap();
    assert_eq!(outcomes(&again), [(1, Repeated), (2, Stored), (2, Repeated)]);
    assert_eq!(again[0].recorded_at, first[1].recorded_at, "the time of the first");
    assert_eq!(world.size().await, 3);
    // A sequencer that starts after the append gives the same answer.
    let later = world.open().await;
    assert_eq!(append(&later, vec![world.record("b", "y")]).await.unwrap(), again[..1]);
    // So does one that finds the record in the read models only.
    world.follow().await;
    let later = world.open().await;
    assert_eq!(append(&later, vec![world.record("b", "y")]).await.unwrap(), again[..1]);
    assert_eq!(
        outcomes(&append(&later, vec![world.record("d", "")]).await.unwrap()),
        [(3, Stored)]
    );
}

#[tokio::test]
async fn other_content_is_a_conflict_and_recorded_once() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    append(&sequencer, vec![world.record("a", "x")]).await.unwrap();
    for _ in 0..3 {
        let refused =
            append(&sequencer, vec![world.record("b", ""), world.record("a", "other")]).await;
        let Err(SequencerError::Conflict {
            index: 1,
            position: LogPosition(0),
            digest,
            stored_digest,
            ..
        }) = refused
        else {
            panic!("{refused:?}")
        };
        assert_ne!(digest, stored_digest);
        assert_eq!(
            world.kinds().await,
            ["session.ended", "fact.conflicted"],
            "nothing else of the request, and the conflict once"
        );
    }
    append(&sequencer, vec![world.record("a", "third")]).await.unwrap_err();
    assert_eq!(world.size().await, 3, "another conflict is another record");
    assert_eq!(
        outcomes(&append(&sequencer, vec![world.record("b", "")]).await.unwrap()),
        [(3, Stored)],
        "the id was not taken by the refused request"
    );
}

#[tokio::test]
async fn other_content_of_a_pulled_source_is_a_variant() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let pulled = |content| Prepared { variants_allowed: true, ..world.record("a", content) };
    let receipts =
        append(&sequencer, vec![pulled("x"), pulled("y"), pulled("y"), pulled("x")]).await.unwrap();
    assert_eq!(outcomes(&receipts), [(0, Stored), (1, Variant), (1, Repeated), (0, Repeated)]);
    assert_eq!(
        outcomes(&append(&sequencer, vec![pulled("y"), pulled("z")]).await.unwrap()),
        [(1, Repeated), (2, Variant)]
    );
    let variants: Vec<_> =
        world.records().await.iter().map(|record| record.header.variant).collect();
    assert_eq!(variants, [false, true, true]);
}

#[tokio::test]
async fn a_conflict_within_a_request_writes_nothing_of_it() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let refused = append(&sequencer, vec![world.record("a", "x"), world.record("a", "y")]).await;
    assert!(matches!(refused, Err(SequencerError::Conflict { index: 1, .. })), "{refused:?}");
    assert_eq!(world.kinds().await, ["fact.conflicted"]);
    assert_eq!(
        outcomes(&append(&sequencer, vec![world.record("a", "y")]).await.unwrap()),
        [(1, Stored)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_the_writers_racing_for_a_revision_wins() {
    let world = World::new(LedgerKind::Live);
    for two_sequencers in [false, true] {
        let (first, second) = (world.open().await, world.open().await);
        let session = format!("S{two_sequencers}");
        let racers: Vec<_> = (0..40)
            .map(|n| {
                let sequencer =
                    if two_sequencers && n % 2 == 1 { second.clone() } else { first.clone() };
                let request = AppendRequest {
                    records: vec![world.in_session(&format!("{session}{n}"), &session)],
                    expected_revision: Some((SessionId::from(session.as_str()), 0)),
                };
                tokio::spawn(async move { sequencer.append(request).await })
            })
            .collect();
        let (mut won, mut stale) = (0, 0);
        for racer in racers {
            match racer.await.unwrap() {
                Ok(_) => won += 1,
                Err(SequencerError::StaleRevision { expected: 0, current: 1, .. }) => stale += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((won, stale), (1, 39));
        world.follow().await;
    }
}

#[tokio::test]
async fn a_revision_counts_index_log_and_pending_records() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let expecting = |id: &str, revision| AppendRequest {
        records: vec![world.in_session(id, "S1")],
        expected_revision: Some((SessionId::from("S1"), revision)),
    };
    for n in 0..6 {
        // The read models catch up from time to time, and are deleted once.
        match n {
            2 | 5 => world.follow().await,
            4 => world.index.reset(&world.tenant).await.unwrap(),
            _ => {}
        }
        let refused = sequencer.append(expecting("no", n + 1)).await;
        assert!(
            matches!(&refused, Err(SequencerError::StaleRevision { current, .. }) if *current == n),
            "{n}: {refused:?}"
        );
        sequencer.append(expecting(&format!("r{n}"), n)).await.unwrap();
    }
    let again = sequencer.append(expecting("r3", 3)).await.unwrap();
    assert_eq!(
        outcomes(&again),
        [(3, Repeated)],
        "sent again after an unknown outcome it is not stale"
    );
    let empty =
        AppendRequest { records: vec![], expected_revision: Some((SessionId::from("S1"), 5)) };
    assert!(matches!(
        sequencer.append(empty).await,
        Err(SequencerError::StaleRevision { current: 6, .. })
    ));
}

#[tokio::test]
async fn records_deleted_from_the_read_models_are_still_known() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    append(&sequencer, (0..20).map(|n| world.record(&format!("r{n}"), "")).collect())
        .await
        .unwrap();
    world.follow().await;
    let later = world.open().await;
    append(&later, vec![world.record("new", "")]).await.unwrap();
    world.index.reset(&world.tenant).await.unwrap();
    let again = append(&later, (0..20).map(|n| world.record(&format!("r{n}"), "")).collect())
        .await
        .unwrap();
    assert!(
        again
            .iter()
            .enumerate()
            .all(|(n, receipt)| (receipt.position.0, receipt.outcome) == (n as u64, Repeated)),
        "{again:?}"
    );
    assert_eq!(world.size().await, 21);
}

#[tokio::test]
async fn opening_far_behind_defers_reading_to_the_first_append() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let named = |n: usize| world.in_session(&format!("r{n}"), &format!("S{}", n % 2));
    for first in (0..20_000).step_by(500) {
        append(&sequencer, (first..first + 500).map(named).collect()).await.unwrap();
    }
    let log = world.slow_log();
    let still = world.open_on(log.clone()).await;
    assert_eq!(log.reads(), 0, "a start does not wait for it");
    let moved = world.open_on(log.clone()).await;
    for (sequencer, covered, reads) in [(still, 0, 40), (moved, 12_000, 16)] {
        world.follow_to(covered).await;
        let before = (world.size().await, log.reads());
        let request = |id: &str, revision| AppendRequest {
            records: vec![named(5), named(15_000), world.in_session(id, "S1")],
            expected_revision: Some((SessionId::from("S1"), revision)),
        };
        let new = format!("new beside {covered}");
        let revision = 10_000 + before.0 - 20_000;
        let stale = sequencer.append(request(&new, revision - 1)).await;
        assert!(
            matches!(&stale, Err(SequencerError::StaleRevision { current,
                .. }) if *current == revision),
            "{stale:?}"
        );
        let receipts = sequencer.append(request(&new, revision)).await.unwrap();
        assert_eq!(outcomes(&receipts), [(5, Repeated), (15_000, Repeated), (before.0, Stored)]);
        assert!(
            (log.reads() - before.1).abs_diff(reads) <= 2,
            "only what the read models lack: {} for {covered}",
            log.reads() - before.1
        );
    }
}

#[tokio::test]
async fn recorded_at_is_from_the_ledgers_clock_and_never_decreases() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let mut times = Vec::new();
    for (n, secs) in [100, 90, 95, 120].into_iter().enumerate() {
        world.clock.set(Time::EPOCH.plus_secs(secs));
        times.push(
            append(&sequencer, vec![world.record(&format!("r{n}"), "")]).await.unwrap()[0]
                .recorded_at,
        );
    }
    assert_eq!(times, [100, 100, 100, 120].map(|secs| Time::EPOCH.plus_secs(secs)));
    let asserted = Prepared { recorded_at: Some(Time::EPOCH), ..world.record("no", "") };
    let refused = append(&sequencer, vec![world.record("with it", ""), asserted]).await;
    assert!(matches!(refused, Err(SequencerError::RecordedAt { index: 1, .. })), "{refused:?}");
    assert_eq!(world.size().await, 4);
    world.clock.set(Time::EPOCH);
    let later = world.open().await;
    assert_eq!(
        append(&later, vec![world.record("later", "")]).await.unwrap()[0].recorded_at,
        Time::EPOCH.plus_secs(120)
    );
    assert!(world.records().await.iter().all(|record| !record.header.recorded_asserted));
}

#[tokio::test]
async fn a_clock_behind_the_last_record_stamps_nothing_unless_accepted() {
    let world = World::new(LedgerKind::Live);
    let guard = Arc::new(ClockGuard::new(world.clock.clone(), ClockSettings::default()));
    let sequencer =
        Sequencer::open(SequencerConfig { clock: guard, ..world.config(world.log.clone()) })
            .await
            .unwrap();
    let first = append(&sequencer, vec![world.record("a", "x")]).await.unwrap();
    world.clock.set(Time::EPOCH.plus_secs(50));
    for _ in 0..2 {
        let refused = append(&sequencer, vec![world.record("b", "y")]).await;
        assert!(
            matches!(&refused, Err(SequencerError::Log(LogError::Stopped { why,
                .. })) if why.contains("--clock-jump accept")),
            "{refused:?}"
        );
    }
    assert_eq!(
        outcomes(&append(&sequencer, vec![world.record("a", "x")]).await.unwrap()),
        [(0, Repeated)],
        "it needs no stamp"
    );
    assert_eq!(world.size().await, 1);
    let accepting = world.open().await;
    let second = append(&accepting, vec![world.record("b", "y")]).await.unwrap();
    assert_eq!(
        second[0].recorded_at, first[0].recorded_at,
        "stamps stand still, and never decrease"
    );
    world.clock.set(Time::EPOCH.plus_secs(2000));
    let third = append(&sequencer, vec![world.record("c", "z")]).await.unwrap();
    assert_eq!(
        (third[0].position, third[0].recorded_at),
        (LogPosition(2), Time::EPOCH.plus_secs(2000)),
        "it goes on by itself"
    );
}

#[tokio::test]
async fn a_rehearsal_takes_its_time_from_the_input() {
    let world = World::new(LedgerKind::Rehearsal);
    let sequencer = world.open().await;
    let at = |id: &str, secs| Prepared {
        recorded_at: Some(Time::EPOCH.plus_secs(secs)),
        ..world.record(id, "")
    };
    let receipts =
        append(&sequencer, vec![at("a", 100), world.record("b", ""), at("c", 100), at("d", 300)])
            .await
            .unwrap();
    let times: Vec<_> =
        receipts.iter().map(|receipt| receipt.recorded_at.micros() / 1_000_000).collect();
    assert_eq!(
        times,
        [100, 100, 100, 300],
        "none asserted: when it occurred, but not before the last"
    );
    let refused = append(&sequencer, vec![at("e", 400), at("f", 399)]).await;
    assert!(matches!(refused, Err(SequencerError::RecordedAt { index: 1, .. })), "{refused:?}");
    assert_eq!(
        outcomes(&append(&sequencer, vec![at("a", 1)]).await.unwrap()),
        [(0, Repeated)],
        "a duplicate is not recorded again"
    );
    assert_eq!(
        append(&sequencer, vec![at("g", 301)]).await.unwrap()[0].position,
        LogPosition(4),
        "the refused request moved no time"
    );
    assert!(world.records().await.iter().all(|record| record.header.recorded_asserted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_requests_share_an_append_and_fail_alone() {
    let world = World::new(LedgerKind::Live);
    let log = world.slow_log();
    let sequencer = world.open_on(log.clone()).await;
    let requests: Vec<_> = (0..200)
        .map(|n| {
            let (sequencer, id) =
                (sequencer.clone(), if n % 20 == 7 { "same".to_owned() } else { format!("r{n}") });
            let records = vec![world.record(&id, &format!("{n}"))];
            tokio::spawn(async move { append(&sequencer, records).await })
        })
        .collect();
    let (mut stored, mut conflicts) = (0, 0);
    for request in requests {
        match request.await.unwrap() {
            Ok(_) => stored += 1,
            Err(SequencerError::Conflict { .. }) => conflicts += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((stored, conflicts), (191, 9));
    assert!(log.appends() < 30, "{} appends for 200 requests", log.appends());
    assert_eq!(world.size().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sequencers_on_one_log_lose_nothing_and_double_nothing() {
    let world = World::new(LedgerKind::Live);
    let sequencers = [world.open().await, world.open().await, world.open().await];
    let writers: Vec<_> = (0..90)
        .map(|n| {
            // Each record is sent by two of them.
            let (sequencer, records) =
                (sequencers[n % 3].clone(), vec![world.record(&format!("r{}", n / 2), "same")]);
            tokio::spawn(async move { append(&sequencer, records).await.unwrap()[0].clone() })
        })
        .collect();
    let mut receipts = Vec::new();
    for writer in writers {
        receipts.push(writer.await.unwrap());
    }
    assert_eq!(world.size().await, 45);
    for pair in receipts.chunks(2) {
        assert_eq!(
            (pair[0].position, pair[0].recorded_at),
            (pair[1].position, pair[1].recorded_at)
        );
        assert_eq!(pair.iter().filter(|receipt| receipt.outcome == Stored).count(), 1, "{pair:?}");
    }
    let records = world.records().await;
    assert!(records.windows(2).all(|two| two[0].header.recorded_at <= two[1].header.recorded_at));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_determined() {
    let world = World::new(LedgerKind::Live);
    for (id, fault) in [("written", Fault::AfterWriting), ("not written", Fault::BeforeWriting)] {
        let log = world.faulty_log(fault, 2);
        let sequencer = world.open_on(log).await;
        let receipts = append(&sequencer, vec![world.record(id, "")]).await.unwrap();
        assert_eq!(receipts[0].outcome, Stored, "{id}");
    }
    assert_eq!(world.size().await, 2, "once each");
    let log = world.faulty_log(Fault::AfterWriting, u32::MAX);
    let sequencer = world.open_on(log.clone()).await;
    assert_eq!(
        append(&sequencer, vec![world.record("third", "")]).await.unwrap()[0].position,
        LogPosition(2)
    );
    let log = world.faulty_log(Fault::BeforeWriting, u32::MAX);
    let sequencer = world.open_on(log.clone()).await;
    let refused = append(&sequencer, vec![world.record("fourth", "")]).await;
    assert!(
        matches!(refused, Err(SequencerError::Log(LogError::Unavailable { .. }))),
        "{refused:?}"
    );
    log.heal();
    assert_eq!(
        outcomes(&append(&sequencer, vec![world.record("fourth", "")]).await.unwrap()),
        [(3, Stored)],
        "and goes on"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_decided_on_top_of_a_failed_append_are_decided_again() {
    let world = World::new(LedgerKind::Live);
    // All attempts of the first append fail. The second request has the same record: a duplicate of
    // a record that is never written.
    let sequencer = world.open_on(world.faulty_log(Fault::BeforeWriting, 4)).await;
    let first = tokio::spawn({
        let (sequencer, records) = (sequencer.clone(), vec![world.record("a", "x")]);
        async move { append(&sequencer, records).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    let second =
        append(&sequencer, vec![world.record("a", "x"), world.record("b", "")]).await.unwrap();
    assert!(matches!(first.await.unwrap(), Err(SequencerError::Log(LogError::Unavailable { .. }))));
    assert_eq!(outcomes(&second), [(0, Stored), (1, Stored)]);
    assert_eq!(world.size().await, 2);
}

#[tokio::test]
async fn a_request_beyond_the_limits_is_refused_and_one_at_them_is_not() {
    let world = World::new(LedgerKind::Live);
    let sequencer = world.open().await;
    let many = |count| (0..count).map(|n| world.record(&format!("m{n}"), "")).collect::<Vec<_>>();
    assert!(matches!(
        append(&sequencer, many(501)).await,
        Err(SequencerError::Log(LogError::TooLarge))
    ));
    let large =
        |bytes, n: u32| Prepared { facts: vec![0; bytes], ..world.record(&format!("l{n}"), "") };
    assert!(matches!(
        append(&sequencer, vec![large(257 * 1024, 0)]).await,
        Err(SequencerError::Log(LogError::TooLarge))
    ));
    assert!(matches!(
        append(&sequencer, (0..4).map(|n| large(200 * 1024, n)).collect()).await,
        Err(SequencerError::Log(LogError::TooLarge))
    ));
    assert_eq!(world.size().await, 0);
    assert_eq!(append(&sequencer, many(500)).await.unwrap().len(), 500);
    assert_eq!(
        append(&sequencer, (0..3).map(|n| large(200 * 1024, n)).collect()).await.unwrap().len(),
        3
    );
}

#[tokio::test]
async fn read_models_of_another_log_are_refused() {
    let world = World::new(LedgerKind::Live);
    let row = IndexRow {
        position: LogPosition(0),
        id: world.record("a", "").header.id,
        leaf: claimledger_facts::record::Digest32([0; 32]),
        terms: vec![Term { kind: TermKind::Session, value: "S".to_owned() }],
        summary: Vec::new(),
    };
    world.index.apply(&world.tenant, LogSize(0), &[row], &[]).await.unwrap();
    let refused = Sequencer::open(world.config(world.log.clone())).await;
    assert!(
        matches!(refused, Err(LogError::Corrupt { position: LogPosition(0), .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_inconsistent_record_stops_the_sequencer() {
    let world = World::new(LedgerKind::Live);
    let mut entry = world.records.entry("a", None, "x", 0);
    let last = entry.facts.len() - 1;
    entry.facts[last] ^= 1;
    world.log.append(&world.tenant, LogSize(0), &[entry]).await.unwrap();
    let refused = Sequencer::open(world.config(world.log.clone())).await;
    assert!(
        matches!(refused, Err(LogError::Corrupt { position: LogPosition(0), .. })),
        "{refused:?}"
    );
}

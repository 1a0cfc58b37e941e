//! Intake: repetitions, conflicts, revisions and limits, and their effect on the read models.

use crate::common::*;
use claimledger_app::{
    app::{App, Options},
    intake::{Batch, IngestError},
    model::{
        answer::Answer,
        health::Part,
        question::{AskError, Asking, RecordBy},
    },
};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    vocabulary::Channel,
};
use claimledger_ledger::{
    append::{AppendOutcome, SequencerError},
    log::LogError,
    views::Views,
};
use serde_json::json;

#[tokio::test]
async fn repetitions_are_ignored_and_other_content_conflicts() {
    let (_world, app) = acme().await;
    let line = demo("acme").into_iter().find(|line| line.contains("claims.received")).unwrap();
    let first =
        app.record(&owner("acme"), RecordBy::Position(LogPosition(14)), false).await.unwrap();
    assert!(first.is_some());
    let mut positions = Vec::new();
    for _ in 0..3 {
        let done =
            ingest(&app, "acme", drafts(std::slice::from_ref(&line))).await.unwrap().remove(0);
        assert_eq!(done.outcome, AppendOutcome::Repeated);
        positions.push((done.position, done.recorded_at));
    }
    positions.dedup();
    assert_eq!(positions.len(), 1);
    assert_eq!(app.status(&owner("acme")).await.unwrap().head, 83, "nothing was appended");

    let other = line.replace("\"pwd\"", "\"pwd\",\"swk\"");
    assert_ne!(other, line);
    for _ in 0..2 {
        let refused = ingest(&app, "acme", drafts(std::slice::from_ref(&other))).await;
        let Err(IngestError::Sequencer {
            line: Some(1),
            item: None,
            error: SequencerError::Conflict { position, digest, stored_digest, .. },
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(position, positions[0].0);
        assert_ne!(digest, stored_digest);
    }
    let status = app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!(status.head, 84, "the conflict is recorded, once");
    let record = app
        .record(&owner("acme"), RecordBy::Position(LogPosition(83)), false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&*record.reference.kind, "fact.conflicted");
    assert_eq!(
        record.reference.recorded_at,
        at("23:00:00"),
        "the rehearsal's clock is the input's"
    );
}

#[tokio::test]
async fn a_stale_revision_is_rejected_and_one_of_two_concurrent_appends_wins() {
    let (_world, app) = acme().await;
    let write = |id: String, revision: u64| {
        let line = json!({"id": id, "type": "app.accessed", "session": "S1",
            "subject": {"id": "u-alice"},
            "occurred_at": "2026-03-10T23:30:00Z", "data": {"app": "wiki"}});
        let batch = Batch {
            expected_revision: Some((SessionId::new("S1"), revision)),
            ..batch(drafts(&[line.to_string()]))
        };
        let app = app.clone();
        async move { app.ingest(&owner("acme"), batch).await }
    };
    let refused = write("stale".into(), 3).await;
    let Err(IngestError::Sequencer {
        error: SequencerError::StaleRevision { current, expected: 3, .. },
        ..
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(app.status(&owner("acme")).await.unwrap().head, 83);
    let done = futures(vec![write("a".into(), current), write("b".into(), current)]).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
}

#[tokio::test]
async fn batches_over_the_limits_are_rejected() {
    let (_world, app) = acme().await;
    let line = |n: usize, text: &str| {
        json!({"id": format!("n{n}"), "type": "app.accessed", "session": "S1",
            "subject": {"id": "u-alice"}, "client": {"text": text},
            "occurred_at": "2026-03-10T23:30:00Z", "data": {"app": "wiki"}})
        .to_string()
    };
    let too_large = |done| {
        matches!(
            done,
            Err(IngestError::Sequencer { error: SequencerError::Log(LogError::TooLarge), .. })
        )
    };
    let many: Vec<_> = (0..501).map(|n| line(n, "")).collect();
    assert!(too_large(ingest(&app, "acme", drafts(&many)).await));
    assert_eq!(ingest(&app, "acme", drafts(&many[..500])).await.unwrap().len(), 500);
}

#[tokio::test]
async fn rebuilding_gives_the_same_rows() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    // One record per batch, so that every late fact finds existing rows.
    for draft in drafts(&demo("acme")) {
        ingest(&app, "acme", vec![draft]).await.unwrap();
        app.settled_status(&owner("acme")).await.unwrap();
    }
    let before = app.dump_views(&owner("acme")).await.unwrap();
    let mut seen = Vec::new();
    let report =
        app.rebuild(&owner("acme"), false, |done, of| seen.push((done, of))).await.unwrap();
    assert!(report.equal && report.switched && report.at == 83, "{report}");
    assert!(seen.is_sorted() && seen.last() == Some(&(83, 83)), "{seen:?}");
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), before);
    assert_eq!(before.iter().filter(|row| row.starts_with("session_row ")).count(), 8);
}

#[tokio::test]
async fn late_configuration_updates_the_rows() {
    let (_world, app) = acme().await;
    app.settled_status(&owner("acme")).await.unwrap();
    let row = |app: &claimledger_app::app::App| {
        let app = app.clone();
        async move {
            app.dump_views(&owner("acme"))
                .await
                .unwrap()
                .into_iter()
                .find(|row| row.starts_with("session_row S1 "))
                .unwrap()
        }
    };
    assert!(row(&app).await.contains("\"differs\":0"));
    // Trust in idp-x was off when S1 began; recorded only now.
    let line = json!({"id": "late", "type": "idp.configured", "source": "acme-sp",
        "occurred_at": "2026-03-10T09:59:00Z", "recorded_at": "2026-03-10T23:05:00Z",
        "data": {"idp": "idp-x", "version": "tx-late", "kind": "third_party", "status": "active",
            "trust_claims": false}});
    let position = ingest_line(&app, "acme", &line).await.unwrap().position;
    app.settled_status(&owner("acme")).await.unwrap();
    let after = row(&app).await;
    assert!(after.contains("\"differs\":1"), "{after}");
    assert!(after.contains(&format!(" {} {{", position.0 + 1)), "{after}");
    let before = app.dump_views(&owner("acme")).await.unwrap();
    app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), before);
}

/// With one exception: whether a falsifier was recorded before or after a decision determines
/// whether the decision differs or was falsified later (`semantics.md` 4).
#[tokio::test]
async fn the_order_of_arrival_does_not_matter() {
    let mut states = Vec::new();
    for seed in 0..4_u64 {
        let world = World::new();
        let app = world.open().await;
        app.init_tenant(&tenant("acme"), true, None).await.unwrap();
        let mut drafts = drafts(&demo("acme"));
        for (_, draft) in &mut drafts {
            // All with the same recorded time, so that any order is valid.
            draft.recorded_at = Some(time("2026-03-12T00:00:00Z"));
        }
        shuffle(&mut drafts, seed);
        for chunk in drafts.chunks(7) {
            ingest(&app, "acme", chunk.to_vec()).await.unwrap();
            app.settled_status(&owner("acme")).await.unwrap();
        }
        let rows = app.dump_views(&owner("acme")).await.unwrap();
        states.push(
            rows.into_iter()
                .filter(|row| row.starts_with("session_row "))
                .map(|row| without_arrival(&row))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(states[0].len(), 8);
    assert!(states.iter().all(|state| *state == states[0]), "{states:#?}");
}

#[tokio::test]
async fn a_read_waits_for_a_position_and_fails_past_the_head() {
    let (world, app) = acme().await;
    let s1 = SessionId::new("S1");
    let past = app.session(&owner("acme"), &s1, &known_at(83)).await;
    assert!(matches!(past, Err(AskError::PastHead { asked: 83, size: 83 })), "{past:?}");
    let past = app
        .session(&owner("acme"), &s1, &Asking { after: Some(LogPosition(83)), ..Asking::default() })
        .await;
    assert!(matches!(past, Err(AskError::PastHead { .. })), "{past:?}");
    let done = ingest_line(&app, "acme", &access("new")).await.unwrap();
    let answer = app
        .session(&owner("acme"), &s1, &Asking { after: Some(done.position), ..Asking::default() })
        .await
        .unwrap();
    assert!(
        answer.answered.position >= done.position && answer.status.assessed_to > done.position.0
    );
    app.close().await;

    let still = world.open_with(Options { follow: false, ..Options::default() }).await;
    let done = ingest_line(&still, "acme", &access("newer")).await.unwrap();
    tokio::time::pause();
    let lagging = still.session(&owner("acme"), &s1, &known_at(done.position.0)).await;
    assert!(matches!(lagging, Err(AskError::Lagging { .. })), "{lagging:?}");
    let behind = still.session(&owner("acme"), &s1, &Asking::default()).await.unwrap();
    assert_eq!(
        (behind.answered.position.0, behind.status.head),
        (done.position.0 - 1, done.position.0 + 1)
    );
}

#[tokio::test]
async fn two_concurrent_first_uses_create_one_person() {
    let (_world, app) = acme().await;
    let write = |n: usize| {
        let line = json!({"id": format!("n{n}"), "type": "session.started",
            "session": format!("T{n}"), "subject": {"id": "u-zoe",
            "login": format!("zoe{}@x.example", n % 3)},
            "occurred_at": "2026-03-10T23:30:00Z", "data": {}});
        let app = app.clone();
        async move { ingest_line(&app, "acme", &line).await.map(|_| ()) }
    };
    for done in futures((0..40).map(write).collect()).await {
        done.unwrap();
    }
    let mut people = Vec::new();
    for n in 0..40 {
        people.push(
            app.session(&owner("acme"), &SessionId::new(format!("T{n}")), &Asking::default())
                .await
                .unwrap()
                .value
                .unwrap()
                .state
                .origin
                .subject
                .unwrap(),
        );
    }
    people.dedup();
    assert_eq!(people.len(), 1);
    // Every login finds them.
    for login in ["zoe0@x.example", "ZOE1@x.example ", "zoe2@x.example", "u-zoe"] {
        let filter = claimledger_app::model::question::SessionFilter {
            subject: Some(login.into()),
            ..Default::default()
        };
        let page = app
            .sessions(&owner("acme"), &filter, &Asking::default(), 500, None)
            .await
            .unwrap()
            .value;
        assert_eq!(page.items.len(), 40, "{login}");
    }
}

#[tokio::test]
async fn keys_survive_a_restart() {
    let (world, app) = acme().await;
    let s1 = SessionId::new("S1");
    let before = app.session(&owner("acme"), &s1, &Asking::default()).await.unwrap();
    app.close().await;
    let app = world.open().await;
    let again = app.session(&owner("acme"), &s1, &Asking::default()).await.unwrap();
    // The status names the last checkpoint, and a later one may have been signed.
    assert_eq!(Answer { status: before.status.clone(), ..again }, before);
    ingest_line(&app, "acme", &access("again")).await.unwrap();
    let after = app.session(&owner("acme"), &s1, &Asking::default()).await.unwrap().value.unwrap();
    assert_eq!(after.state.origin.subject, before.value.unwrap().state.origin.subject);
}

#[tokio::test]
async fn a_link_accepts_the_pseudonym_from_an_answer() {
    let (_world, app) = acme().await;
    let subject = app
        .session(&owner("acme"), &SessionId::new("S1"), &Asking::default())
        .await
        .unwrap()
        .value
        .unwrap()
        .state
        .origin
        .subject
        .unwrap();
    let line = |other: &str| {
        json!({"id": "join", "type": "subject.linked", "subject": {"id": "u-alice-2"},
            "occurred_at": "2026-03-10T23:30:00Z",
            "data": {"other": other, "same": true}})
    };
    let unknown = ingest_line(&app, "acme", &line("p-0000000000000000")).await;
    assert!(
        matches!(&unknown, Err(IngestError::Refused(refusal)) if refusal.field.as_deref() ==
            Some("data.other")),
        "{unknown:?}"
    );
    let done = ingest_line(&app, "acme", &line(subject.as_str())).await.unwrap();
    let record =
        app.record(&owner("acme"), RecordBy::Position(done.position), true).await.unwrap().unwrap();
    assert!(record.original.is_some());
}

#[tokio::test]
async fn a_corrupt_record_stops_the_projection() {
    let (world, app) = acme().await;
    app.settled_status(&owner("acme")).await.unwrap();
    let mut entry =
        claimledger_ledger::log::Log::read(&*world.log, &tenant("acme"), LogPosition(20), 1)
            .await
            .unwrap()
            .remove(0);
    entry.header.id = claimledger_facts::ids::RecordId(Default::default());
    claimledger_ledger::log::Log::append(
        &*world.log,
        &tenant("acme"),
        claimledger_facts::ids::LogSize(83),
        &[entry],
    )
    .await
    .unwrap();
    let stopped = tokio::time::timeout(
        std::time::Duration::from_secs(20),
        app.settled_status(&owner("acme")),
    )
    .await
    .expect("it does not wait permanently");
    assert!(
        matches!(&stopped, Err(AskError::Log(LogError::Corrupt { position: LogPosition(83), .. }))),
        "{stopped:?}"
    );
    let problems = app.status(&owner("acme")).await.unwrap().problems;
    assert!(problems.iter().any(|problem| problem.part == Part::Damage), "{problems:?}");
    assert!(
        app.session(&owner("acme"), &SessionId::new("S1"), &known_at(82)).await.is_ok(),
        "records before it are intact"
    );
    assert_eq!(world.views.session_count(&tenant("acme")).await.unwrap(), 8);
}

fn access(id: &str) -> serde_json::Value {
    json!({"id": id, "type": "app.accessed", "session": "S1", "subject": {"id": "u-alice"},
        "occurred_at": "2026-03-10T23:30:00Z", "data": {"app": "wiki"}})
}

/// The parts of a row that do not depend on the order of recording: all except how far it was
/// assessed, which of differs and falsified later it is, and the random pseudonym.
fn without_arrival(row: &str) -> String {
    let (head, state) = row.split_once('{').unwrap();
    let head: Vec<_> = head.split(' ').filter(|word| !word.is_empty()).collect();
    let [head @ .., flags, _assessed_to] = head.as_slice() else { panic!("{row}") };
    let mut flags: Vec<_> = flags.split('+').collect();
    for flag in flags.iter_mut().filter(|flag| **flag == "falsified_later") {
        *flag = "differs";
    }
    flags.dedup();
    let mut state: serde_json::Value = serde_json::from_str(&format!("{{{state}")).unwrap();
    state["subject"].take();
    let falsified = state["falsified"].take().as_u64().unwrap();
    state["differs"] = json!(state["differs"].as_u64().unwrap() + falsified);
    format!("{head:?} {flags:?} {state}")
}

fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    for at in (1..items.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
}

/// Runs all concurrently.
async fn futures<T: Send + 'static>(all: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

#[tokio::test]
async fn repeats_are_counted_by_channel_and_survive_a_restart() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    let line = json!({"id": "e-1", "type": "app.accessed", "session": "S1",
        "subject": {"id": "u-alice"}, "occurred_at": "2026-03-10T10:00:00Z",
        "data": {"app": "wiki"}});
    let other = json!({"id": "e-2", "type": "app.accessed", "session": "S1",
        "subject": {"id": "u-alice"}, "occurred_at": "2026-03-10T10:01:00Z",
        "data": {"app": "wiki"}});
    let minute = |text: &str| time(&format!("2026-03-11T{text}Z"));
    let receive = async |app: &App, channel: Channel, at: &str, lines: &[String]| {
        world.clock.set(minute(at));
        let batch = Batch { channel, ..batch(drafts(lines)) };
        app.ingest(&owner("acme"), batch).await.unwrap();
    };
    let deliveries = async |app: &App, position: u64| {
        let by = RecordBy::Position(LogPosition(position));
        let record = app.record(&owner("acme"), by, false).await.unwrap().unwrap();
        let counted = record.deliveries.unwrap().into_iter().map(|delivery| {
            (delivery.channel, delivery.count, delivery.first_at, delivery.last_at)
        });
        counted.collect::<Vec<_>>()
    };
    let (line, both) = ([line.to_string()], [line.to_string(), other.to_string()]);
    receive(&app, Channel::Hook, "08:00:00", &line).await;
    receive(&app, Channel::Poller, "08:01:00", &both).await;
    receive(&app, Channel::Poller, "08:02:00", &line).await;
    let expect = [
        (Channel::Hook, 1, minute("08:00:00"), minute("08:00:00")),
        (Channel::Poller, 2, minute("08:01:00"), minute("08:02:00")),
    ];
    assert_eq!(deliveries(&app, 1).await, expect);
    assert_eq!(deliveries(&app, 2).await.len(), 1);
    assert_eq!(app.status(&owner("acme")).await.unwrap().head, 3, "a repeat writes no record");
    app.close().await;

    let app = world.open().await;
    assert_eq!(deliveries(&app, 1).await, expect);
    receive(&app, Channel::Hook, "08:03:00", &line).await;
    assert_eq!(
        deliveries(&app, 1).await[0],
        (Channel::Hook, 2, minute("08:00:00"), minute("08:03:00"))
    );
}

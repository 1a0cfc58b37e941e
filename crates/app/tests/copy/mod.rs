//! Copies of a ledger: what is equal afterwards, what a kill leaves, and what is refused.

mod ledgers;

use crate::{
    common::{World, acme, owner, tenant, time},
    mortal::{Life, mortal},
};
use claimledger_app::{
    app::{App, Options},
    copy::{CopiedTenant, CopyError, CopyParts, CopyReport, CopyStep, Side, copy},
    model::{proof::LogKind, question::Asking},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, Pseudonym, SessionId},
    record::{BodyKind, Digest32, Removal},
    vocabulary::{RemovalReason, Role},
};
use claimledger_ledger::{
    keys::{CredentialRow, KeyStore, PersonRow, TenantKeysRow},
    log::Log,
};
use ledgers::{assert_equal, dump, full, lived, parts, sqlite};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// More than any of these copies makes.
const MAX_WRITES: u64 = 100;

async fn copied(source: &CopyParts, target: &CopyParts) -> Result<CopyReport, CopyError> {
    copy(source, target, &mut |_, _, _| {}).await
}

/// The result of a future that waits for nothing, such as a call of an engine in memory.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}

async fn session(app: &App) -> String {
    let asking = Asking { at: Some(time("2026-03-10T23:00:00Z")), ..crate::common::known_at(80) };
    let answer = app.session(&owner("acme"), &SessionId::new("S2"), &asking).await.unwrap();
    format!("{:?}", answer.value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_equal_to_the_byte_on_every_engine_and_answers_the_same() {
    let world = full().await;
    let source = parts(&world);
    let dir = tempfile::tempdir().unwrap();
    let on_disk = sqlite(dir.path()).await;
    let report = copied(&source, &on_disk).await.unwrap();
    assert_equal(&source, &on_disk).await;
    let back = World::new();
    assert_eq!(copied(&on_disk, &parts(&back)).await.unwrap(), report);
    assert_equal(&source, &parts(&back)).await;

    let [acme, globex] = &report.tenants[..] else { panic!("{report:?}") };
    assert_eq!((acme.tenant.as_str(), globex.tenant.as_str()), ("acme", "globex"));
    let CopiedTenant { records, access, persons, destroyed, credentials, states, .. } = acme;
    assert_eq!(records.size, world.log.head(&tenant("acme")).await.unwrap());
    assert!(access.size > LogSize(0) && access.root != records.root, "{acme:?}");
    assert_eq!((*persons > 3, *destroyed, *credentials, *states), (true, 1, 3, 2), "{acme:?}");
    assert_eq!((acme.checkpoints, report.rounds), (2, 1));

    let (ours, theirs) = (world.open().await, back.open().await);
    assert_eq!(session(&ours).await, session(&theirs).await);
    let checkpoint = theirs.checkpoint(&owner("acme"), LogKind::Records).await.unwrap().unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (records.size.0, records.root));
    theirs.close().await;
    ours.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_killed_at_any_write_is_no_ledger_and_is_continued() {
    let world = full().await;
    let source = parts(&world);
    let mut whole = 0;
    for last_is_done in [false, true] {
        for writes in 0..MAX_WRITES {
            let target = World::new();
            let (dying, is_dead) = mortal(&parts(&target), Life { writes, last_is_done });
            let killed = copied(&source, &dying).await;
            if !is_dead() {
                killed.unwrap();
                assert!(writes > 15, "{writes} writes in all");
                break;
            }
            let killed = killed.unwrap_err();
            assert!(
                matches!(killed, CopyError::Engine { side: Side::Target, .. }),
                "{writes}: {killed:?}"
            );
            let has_log = !target.log.tenants().await.unwrap().is_empty();
            let opened = App::open(target.parts(Options::default())).await;
            match opened {
                // Killed after the last of all writes: nothing is missing.
                Ok(app) if has_log => {
                    app.close().await;
                    assert_equal(&source, &parts(&target)).await;
                    whole += 1;
                }
                Ok(app) => app.close().await,
                Err(error) => assert!(error.to_string().contains("its keys are missing")),
            }
            let report = copied(&source, &parts(&target)).await.unwrap();
            assert!(report.rounds <= 1, "{writes}");
            assert_equal(&source, &parts(&target)).await;
        }
    }
    assert_eq!(whole, 1, "the last write alone makes it a ledger");
}

#[tokio::test]
async fn another_ledger_is_refused_and_not_written() {
    let (source, other) = (full().await, full().await);
    let (ours, theirs) = (parts(&source), parts(&other));
    let leaf = |world: &World| now(world.log.headers(&tenant("acme"), LogPosition(0), 1));
    let (our_leaf, their_leaf) = (leaf(&source).unwrap()[0].leaf, leaf(&other).unwrap()[0].leaf);
    let before = dump(&theirs).await;
    let refused = copied(&ours, &theirs).await.unwrap_err();
    assert!(
        matches!(&refused, CopyError::OtherRecord { tenant, log: LogKind::Records,
            position: LogPosition(0), source_leaf, target_leaf } if tenant.as_str() == "acme"
            && (*source_leaf, *target_leaf) == (our_leaf, their_leaf)),
        "{refused:?}"
    );
    assert_eq!(dump(&theirs).await, before);
    let message = refused.to_string();
    for part in [our_leaf.to_string(), their_leaf.to_string(), "record #0".to_owned()] {
        assert!(message.contains(&part), "{part}: {message}");
    }
}

/// What a target has beside an unfinished copy, and a part of the refusal.
type Foreign = (&'static str, fn(&World, &World));

#[tokio::test]
async fn a_target_with_anything_that_the_source_does_not_have_is_refused() {
    let source = full().await;
    let cases: [Foreign; 6] = [
        ("a tenant that the source does not have", |_, target| {
            let row = TenantKeysRow { tenant: tenant("initech"), wrapped: vec![1] };
            now(target.keys.add_tenant(&row)).unwrap();
        }),
        ("other keys than the source", |_, target| {
            let row = TenantKeysRow { tenant: tenant("acme"), wrapped: vec![1] };
            now(target.keys.add_tenant(&row)).unwrap();
        }),
        ("a person that the source does not have", |_, target| {
            let person = PersonRow {
                pseudonym: Pseudonym::from("p-other"),
                wrapped: vec![1],
                id_index: Digest32([1; 32]),
                alias_index: vec![],
            };
            now(target.keys.add_persons(&tenant("acme"), &[person])).unwrap();
        }),
        ("a person that the source does not have", |source, target| {
            let mut person = now(source.keys.persons(&tenant("acme"), None, 1)).unwrap().remove(0);
            person.wrapped = vec![1];
            now(target.keys.add_persons(&tenant("acme"), &[person])).unwrap();
        }),
        ("the credential c-other", |source, target| {
            let mut row = now(source.keys.credentials(&tenant("acme"))).unwrap().remove(0);
            (row.credential, row.token_hash) = ("c-other".to_owned(), Digest32([9; 32]));
            now(target.keys.add_credential(&row)).unwrap();
        }),
        ("record #80 and later", |source, target| {
            let acme = tenant("acme");
            let all = now(source.log.read(&acme, LogPosition(0), 500)).unwrap();
            now(target.log.append(&acme, LogSize(0), &all)).unwrap();
        }),
    ];
    for (n, (part, add)) in cases.into_iter().enumerate() {
        let target = World::new();
        add(&source, &target);
        let mut ours = parts(&source);
        if part.starts_with("record") {
            ours.log = Arc::new(ledgers::first(&source, 80).await);
        }
        let before = dump(&parts(&target)).await;
        let refused = copied(&ours, &parts(&target)).await.unwrap_err();
        assert!(matches!(refused, CopyError::Foreign { .. }), "{n}: {refused:?}");
        assert!(refused.to_string().contains(part), "{n}: {refused}");
        assert_eq!(dump(&parts(&target)).await, before, "{n}");
    }
}

#[tokio::test]
async fn a_source_that_was_written_since_is_caught_up_with() {
    let (source, mut target) = (full().await, World::new());
    let before = source.log.head(&tenant("acme")).await.unwrap();
    // All but the keys of the second tenant.
    for writes in 0..MAX_WRITES {
        target = World::new();
        let (dying, _) = mortal(&parts(&target), Life { writes, last_is_done: false });
        let killed = copied(&parts(&source), &dying).await;
        if target.keys.tenant(&tenant("acme")).await.unwrap().is_some() {
            killed.unwrap_err();
            break;
        }
    }
    let acme = tenant("acme");
    let app = source.open().await;
    let credentials = source.keys.credentials(&acme).await.unwrap();
    let in_use = |row: &&CredentialRow| row.revoked_at.is_none() && row.source.is_none();
    let revoked = credentials.iter().rfind(in_use).unwrap();
    assert!(app.revoke(&owner("acme"), &revoked.credential).await.unwrap());
    lived(&source, &app).await;
    app.close().await;
    let removal = Removal { reason: RemovalReason::Erasure, at: time("2026-03-11T09:00:00Z") };
    let positions = [LogPosition(30), LogPosition(31)];
    source.log.remove_bodies(&acme, &positions, &BodyKind::ALL, &removal).await.unwrap();
    source.state.remove(&acme, "cursor/okta", 1).await.unwrap();
    source.state.store(&acme, "look/okta", 1, b"another").await.unwrap();
    let report = copied(&parts(&source), &parts(&target)).await.unwrap();
    assert_equal(&parts(&source), &parts(&target)).await;
    assert_eq!(report.rounds, 1);
    assert!(report.tenants[0].records.size > before);
    assert_eq!((report.tenants[0].destroyed, report.tenants[0].states), (2, 1));
}

#[tokio::test]
async fn a_source_that_is_written_meanwhile_is_copied_in_further_rounds_or_refused() {
    let source = full().await;
    let all = ledgers::entries(&source).await;
    for (growths, expected) in [(3, Some(4)), (u64::MAX, None)] {
        let log = Arc::new(ledgers::first(&source, 20).await);
        let ours = CopyParts { log: log.clone(), ..parts(&source) };
        let (target, mut grown, mut last) = (World::new(), 0, CopyStep::Copying);
        let mut grow = |step, _, _| {
            // Once in each round.
            if step == CopyStep::Comparing && last == CopyStep::Copying && grown < growths {
                let size = now(log.head(&tenant("acme"))).unwrap();
                let next = std::slice::from_ref(&all[size.0 as usize]);
                now(log.append(&tenant("acme"), size, next)).unwrap();
                grown += 1;
            }
            last = step;
        };
        let done = copy(&ours, &parts(&target), &mut grow).await;
        match expected {
            Some(rounds) => {
                assert_eq!(done.unwrap().rounds, rounds);
                assert_equal(&ours, &parts(&target)).await;
            }
            None => {
                assert!(matches!(done, Err(CopyError::Written { .. })), "{done:?}");
                assert_eq!(target.keys.tenants().await.unwrap(), [], "it is no ledger");
            }
        }
    }
}

#[tokio::test]
async fn a_whole_copy_is_compared_and_never_written() {
    let (source, target) = (full().await, World::new());
    let first = copied(&parts(&source), &parts(&target)).await.unwrap();
    let (dying, is_dead) = mortal(&parts(&target), Life { writes: 0, last_is_done: false });
    let again = copied(&parts(&source), &dying).await.unwrap();
    assert_eq!(again, CopyReport { rounds: 0, ..first });
    assert!(!is_dead(), "it was written");
    let removal = Removal { reason: RemovalReason::Erasure, at: time("2026-03-11T09:00:00Z") };
    let position = [LogPosition(30)];
    source.log.remove_bodies(&tenant("acme"), &position, &BodyKind::ALL, &removal).await.unwrap();
    let refused = copied(&parts(&source), &dying).await.unwrap_err();
    assert!(refused.to_string().contains("record #30 has other bytes"), "{refused}");
    assert!(!is_dead(), "it was written");

    let app = source.open().await;
    lived(&source, &app).await;
    app.close().await;
    let refused = copied(&parts(&source), &dying).await.unwrap_err();
    assert!(matches!(refused, CopyError::Outgrown { .. }), "{refused:?}");
    assert!(refused.to_string().contains("record #86"), "{refused}");
    assert!(!is_dead(), "it was written");
}

#[tokio::test]
async fn a_whole_copy_of_fewer_tenants_is_never_written() {
    let (source, target) = (full().await, World::new());
    copied(&parts(&source), &parts(&target)).await.unwrap();
    let row = TenantKeysRow { tenant: tenant("initech"), wrapped: vec![1] };
    source.keys.add_tenant(&row).await.unwrap();
    let (dying, is_dead) = mortal(&parts(&target), Life { writes: 0, last_is_done: false });
    let refused = copied(&parts(&source), &dying).await.unwrap_err();
    assert!(matches!(&refused, CopyError::Outgrown { tenant, .. } if tenant.as_str() == "initech"));
    assert!(!is_dead(), "it was written");
}

#[tokio::test]
async fn a_source_without_keys_and_a_target_that_changes_bytes_are_refused() {
    let source = full().await;
    let half = CopyParts { keys: World::new().keys, ..parts(&source) };
    let refused = copied(&half, &parts(&World::new())).await.unwrap_err();
    assert!(matches!(refused, CopyError::NoKeys { .. }), "{refused:?}");

    let target = World::new();
    let forging =
        CopyParts { log: Arc::new(ledgers::Forging(target.log.clone())), ..parts(&target) };
    let refused = copied(&parts(&source), &forging).await.unwrap_err();
    assert!(matches!(refused, CopyError::Differs { .. }), "{refused:?}");
    assert!(refused.to_string().contains("record #40 has other bytes"), "{refused}");
    assert_eq!(target.keys.tenants().await.unwrap(), [], "it is no ledger");
}

/// A server may run it as a task.
fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn progress_counts_the_entries_of_all_logs_in_both_steps() {
    let (world, app) = acme().await;
    app.grant(&owner("acme"), &[Role::Read], None).await.unwrap();
    app.close().await;
    let mut steps = Vec::new();
    let (source, target) = (parts(&world), parts(&World::new()));
    let mut note = |step, done, of| steps.push((step, done, of));
    is_send(copy(&source, &target, &mut note)).await.unwrap();
    let entries = world.log.head(&tenant("acme")).await.unwrap().0;
    let last = |step| steps.iter().rev().find(|seen| seen.0 == step).map(|seen| (seen.1, seen.2));
    assert_eq!(last(CopyStep::Copying), Some((entries, entries)), "{steps:?}");
    assert_eq!(last(CopyStep::Comparing), Some((entries, entries)), "{steps:?}");
}

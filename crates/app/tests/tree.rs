//! The tree, checkpoints and proofs of a log on engines in memory.

use crate::{
    anchors::{MemoryAnchor, anchored_by},
    common::{World, acme, at, demo, drafts, ingest, owner, proofs, tenant},
};
use claimledger_app::{
    app::{App, Options},
    model::{
        proof::{CheckpointView, LogKind},
        question::{AskError, RecordBy},
    },
};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::leaf_hash,
};
use claimledger_ledger::{
    log::{Log, LogError},
    memory::MemoryLog,
    tree::{Anchor, Anchored, CheckpointRow},
};
use claimledger_proof::{
    checkpoint::TrustedLog,
    tlog_proof::TlogProof,
    tree::{ConsistencyProof, TreeHead},
};
use std::sync::Arc;

/// The last checkpoint, once it covers the whole log.
pub(crate) async fn signed(app: &App, world: &World) -> CheckpointView {
    let head = world.log.head(&tenant("acme")).await.unwrap();
    let last = LogPosition(head.0 - 1);
    let proof = app.prove(&owner("acme"), RecordBy::Position(last)).await.unwrap().unwrap();
    proof.checkpoint
}

fn trusted(checkpoint: &CheckpointView) -> TrustedLog {
    let key = checkpoint.verifier_key.parse().unwrap();
    TrustedLog::new(&checkpoint.origin, vec![key]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_is_proved_by_its_header_alone() {
    let (world, app) = acme().await;
    let checkpoint = signed(&app, &world).await;
    let log = trusted(&checkpoint);
    for position in 0..checkpoint.size {
        let by = RecordBy::Position(LogPosition(position));
        let proved = app.prove(&owner("acme"), by).await.unwrap().unwrap();
        let file = TlogProof::parse(proved.file.as_bytes()).unwrap();
        assert_eq!(file.extra(), proved.header, "the file has the header with it");
        let shown = file.verify(&leaf_hash(file.extra()), &log).unwrap();
        assert_eq!((shown.head().size.0, file.position().0), (checkpoint.size, position));
        assert!(file.verify(&leaf_hash(b"other"), &log).is_err());
    }
    let by = RecordBy::Position(LogPosition(checkpoint.size));
    assert_eq!(app.prove(&owner("acme"), by).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_checkpoint_is_the_beginning_of_a_longer_log() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    let lines = demo("acme");
    ingest(&app, "acme", drafts(&lines[..20])).await.unwrap();
    let old = signed(&app, &world).await;
    ingest(&app, "acme", drafts(&lines[20..])).await.unwrap();
    let new = signed(&app, &world).await;
    assert!(new.size > old.size && new.origin == old.origin);
    let shown = app.consistency(&owner("acme"), &old.note).await.unwrap();
    assert_eq!((shown.broken, &shown.old, &shown.new), (None, &old, &new));
    let head = |view: &CheckpointView| TreeHead { size: LogSize(view.size), root: view.root };
    ConsistencyProof(shown.proof).verify(&head(&old), &head(&new)).unwrap();
    let altered = old.note.replace(&format!("\n{}\n", old.size), "\n3\n");
    let refused = app.consistency(&owner("acme"), &altered).await;
    assert!(matches!(refused, Err(AskError::BadInput { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_continues_after_a_restart_and_is_built_again_where_it_is_gone() {
    let (mut world, app) = acme().await;
    let before = signed(&app, &world).await;
    app.close().await;
    let app = world.open().await;
    assert_eq!(
        app.checkpoint(&owner("acme"), LogKind::Records).await.unwrap(),
        Some(before.clone())
    );
    app.close().await;
    world.proofs.tiles = proofs().tiles;
    let app = world.open().await;
    assert_eq!(signed(&app, &world).await, before);
    let stored = world.proofs.tiles.tree(&tenant("acme")).await.unwrap().unwrap();
    assert_eq!((stored.size.0, stored.root), (before.size, before.root));
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    assert!(report.holds(), "{report:?}");
    assert_eq!((report.log.records, report.log.checkpoint), (before.size, Some(before.size)));
    assert_eq!(report.log.root, Some(before.root));
}

/// A log of other records, with the same keys.
async fn other_log(world: &World, lines: usize) -> Arc<MemoryLog> {
    let other =
        World { log: Arc::default(), views: Arc::default(), proofs: proofs(), ..World::new() };
    let other = World { keys: world.keys.clone(), ..other };
    let app = other.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    ingest(&app, "acme", drafts(&demo("acme")[..lines])).await.unwrap();
    app.close().await;
    other.log
}

async fn refused(world: &World) -> LogError {
    refused_with(world, Options::default()).await
}

pub(crate) async fn refused_with(world: &World, options: Options) -> LogError {
    match App::open(world.parts(options)).await {
        Err(error) => error,
        Ok(_) => panic!("opened"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_shorter_or_another_than_its_checkpoint_is_not_opened() {
    let (mut world, app) = acme().await;
    let signed = signed(&app, &world).await;
    app.close().await;
    world.views = Arc::default();

    // An older copy.
    let older = other_log(&world, 10).await;
    let log = std::mem::replace(&mut world.log, older);
    let head = world.log.head(&tenant("acme")).await.unwrap();
    let error = refused(&world).await;
    assert!(
        matches!(&error, LogError::Corrupt { position, what }
            if position.0 == head.0 && what.contains(&signed.size.to_string())),
        "{error}"
    );

    // As many records, and others: salts differ.
    world.log = other_log(&world, demo("acme").len()).await;
    assert!(world.log.head(&tenant("acme")).await.unwrap().0 >= signed.size);
    let error = refused(&world).await;
    assert!(
        matches!(&error, LogError::Corrupt { what, .. } if what.contains("replaced")),
        "{error}"
    );

    // The tree was deleted with it: the checkpoint remains.
    let tiles = std::mem::replace(&mut world.proofs.tiles, proofs().tiles);
    let error = refused(&world).await;
    assert!(
        matches!(&error, LogError::Corrupt { position, .. } if position.0 == signed.size - 1),
        "{error}"
    );
    (world.log, world.proofs.tiles) = (log, tiles);
    assert!(
        world.open().await.checkpoint(&owner("acme"), LogKind::Records).await.unwrap().is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_rewritten_and_signed_again_is_caught_by_its_anchor() {
    let anchor = Arc::new(MemoryAnchor::default());
    let world = World::new();
    let app = world.open_with(anchored_by(&anchor)).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    ingest(&app, "acme", drafts(&demo("acme"))).await.unwrap();
    let honest = signed(&app, &world).await;
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    assert!(report.holds() && report.log.anchored == [honest.size], "{report:?}");
    app.close().await;
    let anchored = anchor.of(&honest.origin);
    assert_eq!(anchored.last().unwrap().checkpoint.note, honest.note);
    let first = anchored[0].checkpoint.size;

    // The owner of the keys writes another log and signs it.
    let forged = World {
        log: other_log(&world, demo("acme").len()).await,
        keys: world.keys.clone(),
        access: world.access.clone(),
        views: Arc::default(),
        ..World::new()
    };
    let app = forged.open().await;
    let other = signed(&app, &forged).await;
    assert!(other.origin == honest.origin && other.root != honest.root);
    app.close().await;
    let options = Options { keep_tree: false, ..anchored_by(&anchor) };
    let app = forged.open_with(options).await;
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert!(report.findings[0].what.contains("the anchor in memory"), "{report:?}");
    assert_eq!(report.findings[0].position, first.last(), "the first that does not fit");
    app.close().await;

    let error = refused_with(&forged, anchored_by(&anchor)).await;
    assert!(matches!(&error, LogError::Corrupt { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_that_holds_something_else_prevents_the_start() {
    let (world, app) = acme().await;
    let honest = signed(&app, &world).await;
    app.close().await;
    for (note, size) in [
        (honest.note.replacen(char::is_uppercase, "", 1), honest.size),
        (honest.note.clone(), honest.size - 1),
        ("nothing\n".to_owned(), honest.size),
    ] {
        let anchor = MemoryAnchor::default();
        let checkpoint = CheckpointRow { size: LogSize(size), note: note.clone() };
        let anchored = Anchored { at: at("10:00:00"), origin: honest.origin.clone(), checkpoint };
        anchor.write(&anchored).await.unwrap();
        let error = refused_with(&world, anchored_by(&Arc::new(anchor))).await;
        assert!(
            matches!(&error, LogError::Damaged { file, .. } if file == "anchor"),
            "{note}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_names_the_record_that_was_altered() {
    let (world, app) = acme().await;
    let checkpoint = signed(&app, &world).await;
    app.close().await;
    let forged = other_log(&world, demo("acme").len()).await;
    let original = world.log.read(&tenant("acme"), LogPosition(0), 500).await.unwrap();
    let other = forged.read(&tenant("acme"), LogPosition(7), 1).await.unwrap();
    let altered = MemoryLog::default();
    for (n, entry) in original.iter().enumerate() {
        let entry = if n == 7 { &other[0] } else { entry };
        altered
            .append(&tenant("acme"), LogSize(n as u64), std::slice::from_ref(entry))
            .await
            .unwrap();
    }
    let world = World { log: Arc::new(altered), ..world };
    assert!(matches!(refused(&world).await, LogError::Corrupt { position: LogPosition(7), .. }));
    let app = world.open_with(Options { keep_tree: false, ..Options::default() }).await;
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    let at: Vec<_> = report.findings.iter().map(|finding| finding.position).collect();
    let last = Some(LogPosition(checkpoint.size - 1));
    assert_eq!(at, [Some(LogPosition(7)), last], "{report:?}");
    // A proof of it is not served either.
    let refused = app.prove(&owner("acme"), RecordBy::Position(LogPosition(7))).await;
    assert!(matches!(&refused, Err(AskError::Log(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_never_sign_two_checkpoints_of_one_size() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    signed(&app, &world).await;
    let second = world.open().await;
    for lines in demo("acme").chunks(20) {
        ingest(&app, "acme", drafts(lines)).await.unwrap();
        let (one, two) = (signed(&app, &world).await, signed(&second, &world).await);
        let stored = world.proofs.checkpoints.checkpoint(&tenant("acme")).await.unwrap().unwrap();
        for view in [&one, &two] {
            assert!(view.size <= stored.size.0);
            assert!(view.size < stored.size.0 || view.note == stored.note);
        }
    }
}

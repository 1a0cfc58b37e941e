//! What anchors show that the directory alone does not: forks, older copies, and that they do not
//! work.

use crate::{
    common::{World, demo, drafts, ingest, owner, tenant},
    tree::{refused_with, signed},
};
use async_trait::async_trait;
use claimledger_app::{
    FindingKind, VerifyReport,
    app::{Anchors, App, Options},
    model::{answer::Problem, health::Part},
};
use claimledger_facts::ids::{LogPosition, LogSize};
use claimledger_ledger::{
    log::{Log, LogError},
    memory::MemoryLog,
    tree::{Anchor, AnchorCursor, AnchorError, AnchorPage, Anchored},
};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// An anchor in memory.
#[derive(Default)]
pub(crate) struct MemoryAnchor(Mutex<Vec<Anchored>>);

#[async_trait]
impl Anchor for MemoryAnchor {
    fn name(&self) -> &str {
        "in memory"
    }
    async fn write(&self, anchored: &Anchored) -> Result<(), AnchorError> {
        self.0.lock().push(anchored.clone());
        Ok(())
    }
    /// Two lines a page, so that readers have to go on.
    async fn read(&self, origin: &str, from: AnchorCursor) -> Result<AnchorPage, AnchorError> {
        let written = self.0.lock();
        let line = (from.line + 2).min(written.len() as u64);
        let mut page = AnchorPage { is_end: line == written.len() as u64, ..AnchorPage::default() };
        page.next = AnchorCursor { offset: line, line };
        page.checkpoints = (1..)
            .zip(written.iter().cloned())
            .filter(|(n, anchored)| (from.line + 1..=line).contains(n) && anchored.origin == origin)
            .collect();
        Ok(page)
    }
}

impl MemoryAnchor {
    pub(crate) fn of(&self, origin: &str) -> Vec<Anchored> {
        self.0.lock().iter().filter(|anchored| anchored.origin == origin).cloned().collect()
    }
}

pub(crate) fn anchored_by(anchor: &Arc<MemoryAnchor>) -> Options {
    Options { anchors: Anchors(vec![anchor.clone()]), ..Options::default() }
}

/// A copy of a ledger's log, with the same keys.
async fn copy(world: &World) -> World {
    let log = MemoryLog::default();
    let entries = world.log.read(&tenant("acme"), LogPosition(0), 500).await.unwrap();
    log.append(&tenant("acme"), LogSize(0), &entries).await.unwrap();
    World {
        log: Arc::new(log),
        keys: world.keys.clone(),
        access: world.access.clone(),
        ..World::new()
    }
}

/// A ledger with the first 20 lines of the day.
async fn begun(options: Options) -> (World, App) {
    let world = World::new();
    let app = world.open_with(options).await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    ingest(&app, "acme", drafts(&demo("acme")[..20])).await.unwrap();
    (world, app)
}

/// Two copies of one ledger that went on in different ways, of one size, both signed and anchored.
async fn forked(anchor: &Arc<MemoryAnchor>) -> (World, World) {
    let (one, app) = begun(anchored_by(anchor)).await;
    signed(&app, &one).await;
    app.close().await;
    let two = copy(&one).await;
    for (world, line) in [(&one, 30), (&two, 31)] {
        let other = Arc::new(MemoryAnchor::default());
        let app = world.open_with(anchored_by(&other)).await;
        ingest(&app, "acme", drafts(&demo("acme")[line..=line])).await.unwrap();
        signed(&app, world).await;
        app.close().await;
        let last = other.0.lock().iter().rfind(|it| it.origin.contains("/t/")).cloned().unwrap();
        assert_eq!(last.checkpoint.size, LogSize(22));
        anchor.write(&last).await.unwrap();
    }
    (one, two)
}

async fn verify(world: &World, anchor: &Arc<MemoryAnchor>) -> VerifyReport {
    let app = world.open_with(Options { keep_tree: false, ..anchored_by(anchor) }).await;
    let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
    app.close().await;
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_checkpoints_of_one_size_are_a_fork_and_neither_copy_is_opened() {
    let anchor = Arc::new(MemoryAnchor::default());
    let (one, two) = forked(&anchor).await;
    let lines = anchor.0.lock().len();
    for world in [&one, &two] {
        let error = refused_with(world, anchored_by(&anchor)).await;
        let named = format!("lines {} and {lines} of the anchor in memory", lines - 1);
        assert!(
            matches!(&error, LogError::Corrupt { position: LogPosition(21), what }
                if what.contains(&named) && what.contains("does not say which is the genuine")),
            "{error}"
        );
        let report = verify(world, &anchor).await;
        let [finding] = &report.findings[..] else { panic!("{report:?}") };
        assert_eq!(finding.kind, FindingKind::Checkpoint);
        assert!(finding.what.contains(&named), "{finding:?}");
        assert_eq!(report.log.anchored, [22], "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_checkpoint_after_a_larger_one_does_not_hide_it() {
    let anchor = Arc::new(MemoryAnchor::default());
    let (world, app) = begun(anchored_by(&anchor)).await;
    let before = signed(&app, &world).await;
    let older = copy(&world).await;
    ingest(&app, "acme", drafts(&demo("acme")[20..30])).await.unwrap();
    let after = signed(&app, &world).await;
    app.close().await;
    assert!(after.size > before.size);
    let line = anchor.of(&before.origin).into_iter().find(|it| it.checkpoint.size.0 == before.size);
    anchor.write(&line.expect("it was anchored")).await.unwrap();
    let behind = format!("a checkpoint of {} records, after one of {}", before.size, after.size);

    let error = refused_with(&older, anchored_by(&anchor)).await;
    assert!(
        matches!(&error, LogError::Corrupt { what, .. } if what.contains("older copy")),
        "{error}"
    );
    let report = verify(&older, &anchor).await;
    let found: Vec<_> = report.findings.iter().map(|it| (it.position, &*it.what)).collect();
    assert!(found.iter().any(|(_, what)| what.contains(&behind)), "{report:?}");
    let end = Some(LogPosition(before.size));
    assert!(found.iter().any(|(at, what)| *at == end && what.contains("ends here")), "{report:?}");

    // The genuine one is opened, and says what it saw.
    let report = verify(&world, &anchor).await;
    let [finding] = &report.findings[..] else { panic!("{report:?}") };
    assert!(finding.what.contains(&behind), "{finding:?}");
    let app = world.open_with(anchored_by(&anchor)).await;
    assert!(app.health().is_ready());
    let problems = app.status(&owner("acme")).await.unwrap().problems;
    assert!(
        matches!(&problems[..], [Problem { part: Part::Anchor, cause }]
        if cause.why.contains(&behind)),
        "{problems:?}"
    );
    app.close().await;
}

/// Waits until a condition holds.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_another_copy_ends_signing() {
    let forks = Arc::new(MemoryAnchor::default());
    let (one, two) = forked(&forks).await;
    let fork = forks.0.lock().last().cloned().unwrap();
    // Both run at once, with one anchor.
    let anchor = Arc::new(MemoryAnchor::default());
    let app = one.open_with(anchored_by(&anchor)).await;
    until("it is anchored", || async { !anchor.of(&fork.origin).is_empty() }).await;
    anchor.write(&fork).await.unwrap();
    drop(two);
    let written = anchor.of(&fork.origin).len();
    ingest(&app, "acme", drafts(&demo("acme")[40..41])).await.unwrap();
    until("it is noticed", || async { !app.health().is_ready() }).await;
    let problems = app.status(&owner("acme")).await.unwrap().problems;
    assert!(
        matches!(&problems[..], [Problem { part: Part::Damage, cause }]
        if cause.why.contains("nothing is signed any more")
            && cause.why.contains("two signed checkpoints of 22 records")),
        "{problems:?}"
    );
    ingest(&app, "acme", drafts(&demo("acme")[41..42])).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(anchor.of(&fork.origin).len(), written, "nothing is signed");
    app.close().await;
    assert_eq!(anchor.of(&fork.origin).len(), written, "nor at the end");
}

/// Fails until it works.
#[derive(Default)]
struct Failing(Mutex<bool>);

#[async_trait]
impl Anchor for Failing {
    fn name(&self) -> &str {
        "/mnt/secret"
    }
    async fn write(&self, _: &Anchored) -> Result<(), AnchorError> {
        match *self.0.lock() {
            true => Ok(()),
            false => Err(AnchorError { anchor: "/mnt/secret".into(), what: "no room".into() }),
        }
    }
    async fn read(&self, _: &str, _: AnchorCursor) -> Result<AnchorPage, AnchorError> {
        Ok(AnchorPage { is_end: true, ..AnchorPage::default() })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_that_cannot_be_written_is_a_problem_until_it_can() {
    let anchor = Arc::new(Failing::default());
    let options = Options { anchors: Anchors(vec![anchor.clone()]), ..Options::default() };
    let (_world, app) = begun(options).await;
    until("it is a problem", || async { !app.health().warnings().is_empty() }).await;
    let health = app.health();
    assert!(health.is_ready(), "{health:?}");
    let public = &health.warnings()[0].1.why;
    assert!(!public.contains("/mnt/secret"), "{public}");
    let problems = app.status(&owner("acme")).await.unwrap().problems;
    assert!(
        matches!(&problems[..], [Problem { part: Part::Anchor, cause }]
        if cause.why.contains("/mnt/secret: no room")),
        "{problems:?}"
    );
    *anchor.0.lock() = true;
    ingest(&app, "acme", drafts(&demo("acme")[20..21])).await.unwrap();
    until("it works again", || async { app.health().warnings().is_empty() }).await;
    app.close().await;
}

//! One node signs; the others prove the same, and take over.

use super::{many, two_nodes, until};
use crate::{
    anchors::MemoryAnchor,
    common::{World, demo, drafts, ingest, owner, tenant},
    tree::signed,
};
use async_trait::async_trait;
use claimledger_app::{
    app::{Anchors, App, Options},
    model::{proof::LogKind, question::RecordBy},
};
use claimledger_facts::ids::{LogPosition, LogSize, TenantId};
use claimledger_ledger::{
    log::{Log, LogError},
    state::{StateError, StateStore, Versioned},
    tree::{Anchor, CheckpointRow, CheckpointStore, PublishError},
};
use claimledger_proof::{checkpoint::TrustedLog, tlog_proof::TlogProof};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// What one node shares with others, as it reaches it.
struct Reach {
    checkpoints: Arc<dyn CheckpointStore>,
    state: Arc<dyn StateStore>,
    /// Nothing is answered any more: what a killed node does to others.
    cut: AtomicBool,
    /// A checkpoint waits while this is set.
    paused: AtomicBool,
    /// Checkpoints of the records that this node published, and those that came too late.
    published: AtomicU64,
    late: AtomicU64,
}

impl Reach {
    async fn answers(&self) {
        if self.cut.load(SeqCst) {
            std::future::pending().await
        }
    }
}

#[async_trait]
impl CheckpointStore for Reach {
    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<CheckpointRow>, LogError> {
        self.checkpoints.checkpoint(tenant).await
    }
    async fn publish(
        &self,
        of: &TenantId,
        expected: Option<LogSize>,
        next: &CheckpointRow,
    ) -> Result<(), PublishError> {
        self.answers().await;
        while of == &tenant("acme") && self.paused.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let done = self.checkpoints.publish(of, expected, next).await;
        if of == &tenant("acme") {
            let count = if done.is_ok() { &self.published } else { &self.late };
            count.fetch_add(1, SeqCst);
        }
        done
    }
}

#[async_trait]
impl StateStore for Reach {
    async fn load(&self, tenant: &TenantId, key: &str) -> Result<Option<Versioned>, StateError> {
        self.answers().await;
        self.state.load(tenant, key).await
    }
    async fn store(
        &self,
        tenant: &TenantId,
        key: &str,
        expected: u64,
        value: &[u8],
    ) -> Result<u64, StateError> {
        self.answers().await;
        self.state.store(tenant, key, expected, value).await
    }
    async fn remove(&self, tenant: &TenantId, key: &str, expected: u64) -> Result<(), StateError> {
        self.answers().await;
        self.state.remove(tenant, key, expected).await
    }
    async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
        self.state.keys(tenant, prefix).await
    }
}

/// A node whose reach can be cut, with an anchor of its own, so that it shows who signs.
struct Node {
    world: World,
    reach: Arc<Reach>,
    anchor: Arc<MemoryAnchor>,
    app: App,
}

impl Node {
    /// Opens a node. The tenant is created by the first one.
    async fn open(shared: &World, is_first: bool) -> Self {
        let mut world = shared.node();
        let reach = Arc::new(Reach {
            checkpoints: shared.proofs.checkpoints.clone(),
            state: shared.state.clone(),
            cut: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            published: AtomicU64::new(0),
            late: AtomicU64::new(0),
        });
        (world.proofs.checkpoints, world.state) = (reach.clone(), reach.clone());
        let anchor = Arc::new(MemoryAnchor::default());
        let anchors = Anchors(vec![anchor.clone() as Arc<dyn Anchor>]);
        let app = world.open_with(Options { anchors, ..many() }).await;
        if is_first {
            app.init_tenant(&tenant("acme"), true, None).await.unwrap();
        }
        Self { world, reach, anchor, app }
    }

    /// Two nodes, of which the first one signs.
    async fn two() -> (Self, Self) {
        let shared = World::new();
        let one = Self::open(&shared, true).await;
        signed(&one.app, &one.world).await;
        let two = Self::open(&shared, false).await;
        (one, two)
    }

    async fn append(&self, line: usize) {
        ingest(&self.app, "acme", drafts(&demo("acme")[line..=line])).await.unwrap();
    }

    fn published(&self) -> u64 {
        self.reach.published.load(SeqCst)
    }

    /// The size of the last checkpoint that this node shows.
    async fn shows(&self) -> u64 {
        let last = self.app.checkpoint(&owner("acme"), LogKind::Records).await.unwrap();
        last.map_or(0, |last| last.size)
    }

    fn anchored(&self, origin: &str) -> Vec<u64> {
        self.anchor.of(origin).iter().map(|line| line.checkpoint.size.0).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn one_node_signs_and_every_node_proves() {
    let (one, two) = Node::two().await;
    for line in 0..12 {
        // Appended by both in turn.
        [&one, &two][line % 2].append(line).await;
        let (first, second) =
            (signed(&one.app, &one.world).await, signed(&two.app, &two.world).await);
        assert_eq!(first.note, second.note, "the same checkpoint");
    }
    assert!(one.published() >= 12 && two.published() == 0, "{} published", two.published());
    let checkpoint = signed(&two.app, &two.world).await;
    assert_eq!(two.anchored(&checkpoint.origin), [] as [u64; 0]);
    assert!(one.anchored(&checkpoint.origin).contains(&checkpoint.size));

    let trusted =
        TrustedLog::new(&checkpoint.origin, vec![checkpoint.verifier_key.parse().unwrap()]);
    let trusted = trusted.unwrap();
    for position in 0..checkpoint.size {
        let by = RecordBy::Position(LogPosition(position));
        let proved = two.app.prove(&owner("acme"), by).await.unwrap().unwrap();
        let file = TlogProof::parse(proved.file.as_bytes()).unwrap();
        file.verify(&proved.leaf, &trusted).unwrap();
    }
    let entries = two.world.access.log.head(&tenant("acme")).await.unwrap();
    let last = LogPosition(entries.0 - 1);
    assert!(two.app.prove_access(&owner("acme"), last).await.unwrap().is_some());
    for node in [&one, &two] {
        let status = node.app.status(&owner("acme")).await.unwrap();
        assert!(status.problems.is_empty() && node.app.health().is_ready(), "{status:?}");
        assert_eq!(status.signed.unwrap().0, checkpoint.size);
        let report = node.app.verify(&owner("acme"), |_, _| {}).await.unwrap();
        let is_own = |what: &str| what.contains("has no checkpoint of this log");
        assert!(report.findings.iter().all(|finding| is_own(&finding.what)), "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_node_is_replaced_within_fifteen_seconds() {
    let (one, two) = Node::two().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    one.reach.cut.store(true, SeqCst);
    two.append(0).await;
    let size = two.world.log.head(&tenant("acme")).await.unwrap().0;
    let most = Duration::from_secs(15);
    let took = until("signed", most, async || two.shows().await == size).await;
    assert!(two.published() == 1 && took > Duration::from_secs(5), "{took:?}");
    assert!(two.app.health().is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_ends_gives_its_duties_back() {
    let (one, two) = Node::two().await;
    one.append(0).await;
    let head = async || two.world.log.head(&tenant("acme")).await.unwrap().0;
    let size = head().await;
    one.app.close().await;
    let stored = two.world.proofs.checkpoints.checkpoint(&tenant("acme")).await.unwrap();
    assert_eq!(stored.unwrap().size.0, size, "it signs what is left first");
    two.append(1).await;
    let size = head().await;
    until("signed", Duration::from_secs(3), async || two.shows().await == size).await;
    two.app.close().await;
    let left = two.world.state.keys(&tenant("acme"), "duty/").await.unwrap();
    assert_eq!(left, [""; 0], "no lease is left");
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_comes_after_the_duty_was_lost_is_refused() {
    let (one, two) = Node::two().await;
    let origin = signed(&one.app, &one.world).await.origin;
    // The first node is suspended while it publishes, and loses its duty.
    one.reach.paused.store(true, SeqCst);
    one.append(0).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    one.reach.cut.store(true, SeqCst);
    two.append(1).await;
    let size = two.world.log.head(&tenant("acme")).await.unwrap().0;
    until("signed", Duration::from_secs(15), async || two.shows().await == size).await;
    let (stored, anchored) = (
        two.world.proofs.checkpoints.checkpoint(&tenant("acme")).await.unwrap(),
        one.anchored(&origin),
    );
    // It goes on where it was.
    one.reach.paused.store(false, SeqCst);
    one.reach.cut.store(false, SeqCst);
    until("too late", Duration::from_secs(3), async || one.reach.late.load(SeqCst) == 1).await;
    let now = two.world.proofs.checkpoints.checkpoint(&tenant("acme")).await.unwrap();
    assert_eq!(now, stored);
    until("taken over", Duration::from_secs(3), async || one.shows().await == size).await;
    assert_eq!(one.anchored(&origin), anchored, "it does not write to anchors any more");
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(one.anchored(&origin), anchored, "and does not repeat its last checkpoint there");
    assert!(two.anchored(&origin).contains(&size));
    assert!(one.app.health().is_ready() && one.app.health().anchors.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_node_without_tiles_takes_part() {
    let (one, two) = Node::two().await;
    for line in 0..5 {
        one.append(line).await;
    }
    let checkpoint = signed(&two.app, &two.world).await;
    let world = World { proofs: two.world.node().proofs, ..two.world.node() };
    let third = world.open_with(many()).await;
    assert_eq!(signed(&third, &world).await.note, checkpoint.note);
}

#[tokio::test(start_paused = true)]
async fn a_single_node_writes_no_lease() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    signed(&app, &world).await;
    let held = app.duty_of_polling(&owner("acme"), &"okta".into());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(held.is_held());
    assert_eq!(world.state.keys(&tenant("acme"), "").await.unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn each_source_is_polled_by_one_node() {
    let ((_, one), (_, two)) = two_nodes().await;
    let duties = ["a", "b", "c"]
        .map(|source| [&one, &two].map(|app| app.duty_of_polling(&owner("acme"), &source.into())));
    tokio::time::sleep(Duration::from_secs(1)).await;
    for [first, second] in &duties {
        assert!(first.is_held() != second.is_held(), "{first:?} {second:?}");
    }
    let [[first, second], ..] = duties;
    let (winner, mut other) = if first.is_held() { (first, second) } else { (second, first) };
    drop(winner);
    tokio::time::timeout(Duration::from_secs(2), other.gained()).await.unwrap();
}

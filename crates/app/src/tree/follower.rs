//! The follower: builds a tenant's tree from the log, signs checkpoints and writes them to anchors.
//!
//! Of several nodes each keeps its own tree, and one has the duty of signing. The others take its
//! checkpoints over once their trees have the records. A node that lost the duty may still try to
//! publish: that is compared and set, so it fails, or adds a checkpoint of the same log.

mod anchors;

use self::anchors::Moment;
use super::{anchored::AnchorReader, another_log, tiles};
use crate::model::proof::LogKind;
use crate::tenant::{
    Tenant,
    another_log::difference,
    parts::{Parts, ProofParts},
    signed_log::{Signed, SignedLog, tree_row},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::{Digest32, StoredHeader, leaf_hash},
};
use claimledger_ledger::{
    duty::Held,
    log::{ANOTHER_LOG, Log, LogError},
    nodes::Nodes,
    tree::{PublishError, TileRow},
    views::Views,
};
use claimledger_proof::{
    tiles::{HASH_BYTES, StoredTile, TILE_WIDTH, Tile, TreeBuilder, TreeQuery},
    tree::TreeHead,
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Interval of checkpoints while the log grows. What is appended meanwhile is in the next one.
const SIGN_INTERVAL: Duration = Duration::from_secs(1);
/// Interval at which a checkpoint is written to the anchors again while the log does not grow, so
/// that silence is noticed there.
const ANCHOR_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum records per read of the log.
const BATCH_RECORDS: usize = 4096;
/// Maximum records that are added to the tree when the process stops. More wait for the next one.
const MAX_RECORDS_AT_STOP: u64 = 50_000;

/// What is said of a record whose leaf is not that of the tree.
pub(super) const ANOTHER_RECORD: &str =
    "the record is another one than when the tree was built: the log was altered or replaced";

/// Keeps the tree of one log of a tenant.
pub(crate) struct Follower {
    kind: LogKind,
    log: Arc<dyn Log>,
    proofs: ProofParts,
    anchors: Vec<AnchorReader>,
    tenant: Arc<Tenant>,
    views: Arc<dyn Views>,
    /// The tree that is stored; none: it is to be loaded.
    tree: Option<TreeBuilder>,
    /// When the anchors were written.
    anchored: Option<Instant>,
    /// The duty of signing; none: what an anchor or another node has is not of this log, so this
    /// node signs nothing any more.
    duty: Option<Held>,
    nodes: Nodes,
}

/// Runs until cancelled. Then signs what is not signed yet, unless it is too much.
pub(crate) async fn run(mut follower: Follower, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(SIGN_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => break,
        }
        // Never dropped in the middle: a write that is under way would go on behind the next one.
        let advanced = follower.advance(&|| stop.is_cancelled()).await;
        follower.report(advanced);
    }
    if follower.lag().await.is_ok_and(|lag| lag <= MAX_RECORDS_AT_STOP) {
        let advanced = follower.advance(&|| false).await;
        follower.report(advanced);
    }
}

impl Follower {
    /// Loads the tree of a tenant and compares it with the log, the last checkpoint and the
    /// anchors.
    ///
    /// # Errors
    /// If the log is not the one that a checkpoint was signed of, or an engine fails.
    pub(crate) async fn open(
        parts: &Parts,
        tenant: &Arc<Tenant>,
        kind: LogKind,
        duty: impl FnOnce() -> Held,
    ) -> Result<Self, LogError> {
        let opened = Self::open_log(parts, tenant, kind).await;
        let mut follower = opened.map_err(|error| tenant.identity.signed(kind).error(error))?;
        // Not before: a node that does not open a log does not sign it.
        follower.duty = (parts.options.read_only.is_none() && parts.options.follow).then(duty);
        Ok(follower)
    }

    async fn open_log(
        parts: &Parts,
        tenant: &Arc<Tenant>,
        kind: LogKind,
    ) -> Result<Self, LogError> {
        let mut follower = Self {
            kind,
            log: Arc::clone(parts.log_of(kind)),
            proofs: parts.proofs.clone(),
            anchors: AnchorReader::all(&parts.options.anchors.0),
            tenant: Arc::clone(tenant),
            views: Arc::clone(&parts.views),
            tree: None,
            anchored: None,
            duty: None,
            nodes: parts.options.nodes,
        };
        let signed = follower.published().await?;
        if let Some(signed) = &signed {
            follower.signed().set_last(signed.clone());
        }
        follower.check_size(signed.as_ref()).await?;
        if parts.options.read_only.is_some() {
            follower.compare_with_anchors(Moment::ReadOnly).await?;
            return Ok(follower);
        }
        let mut tree = follower.stored_tree().await?;
        // The tree is behind its checkpoint only where it was deleted, or lost in a power cut.
        let size = signed.as_ref().map_or(LogSize(0), |signed| signed.head.size);
        follower.extend(&mut tree, size, &|| false).await?;
        follower.tree = Some(tree);
        if let Some(signed) = &signed {
            follower.check_head(&signed.head).await?;
        }
        follower.check_last_records().await?;
        follower.compare_with_anchors(Moment::Start).await?;
        Ok(follower)
    }

    /// The log, as verifiers know it.
    fn signed(&self) -> &SignedLog {
        self.tenant.identity.signed(self.kind)
    }

    /// The last checkpoint that any node published.
    async fn published(&self) -> Result<Option<Signed>, LogError> {
        let log = self.signed();
        let id = log.stored_as();
        let Some(row) = self.proofs.checkpoints.checkpoint(id).await? else {
            return Ok(None);
        };
        let damaged =
            |what: String| LogError::damaged("checkpoints", format!("checkpoint, {id}"), what);
        let opened = log.open(&row.note);
        let signed = opened.map_err(|error| damaged(error.to_string()))?;
        if signed.head.size != row.size {
            return Err(damaged(format!("it is of {} records", signed.head.size.0)));
        }
        Ok(Some(signed))
    }

    /// Refuses a log that has fewer records than a checkpoint or its tree.
    async fn check_size(&self, known: Option<&Signed>) -> Result<(), LogError> {
        let head = self.log.head(&self.tenant.id).await?;
        let stored = self.proofs.tiles.tree(self.signed().stored_as()).await;
        // A damaged tree is dropped when it is loaded.
        let stored = stored.ok().flatten().map(|tree| (tree.size, "its tree"));
        let signed = known.map(|signed| (signed.head.size, "a signed checkpoint"));
        match signed.into_iter().chain(stored).max() {
            Some((size, by)) if size > head => Err(LogError::Corrupt {
                position: LogPosition(head.0),
                what: format!(
                    "the log ends here, and {by} has {} records: its end was cut off, or an older \
                     copy was restored",
                    size.0
                ),
            }),
            _ => Ok(()),
        }
    }

    /// The stored tree; an empty one if it is missing or damaged.
    async fn stored_tree(&self) -> Result<TreeBuilder, LogError> {
        let (store, tenant) = (&*self.proofs.tiles, self.signed().stored_as());
        let loaded = async {
            let Some(row) = store.tree(tenant).await? else { return Ok(TreeBuilder::new()) };
            let tiles = tiles::load(store, tenant, &[TreeQuery::Root { size: row.size }]).await?;
            let head = TreeHead { size: row.size, root: row.root };
            TreeBuilder::resume(&head, &tiles).map_err(|error| tiles::unusable(tenant, &error))
        };
        match loaded.await {
            Err(error @ LogError::Damaged { .. }) => {
                self.throw_away(&error).await?;
                Ok(TreeBuilder::new())
            }
            loaded => loaded,
        }
    }

    async fn throw_away(&self, error: &LogError) -> Result<(), LogError> {
        tracing::warn!(tenant = %self.tenant.id, %error, "the tree is built again from the log");
        self.proofs.tiles.clear(self.signed().stored_as()).await
    }

    /// Adds records of the log to the tree, up to a size or until it is stopped, and stores it.
    async fn extend(
        &self,
        tree: &mut TreeBuilder,
        to: LogSize,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), LogError> {
        let (tenant, id) = (&self.tenant.id, self.signed().stored_as());
        while tree.size() < to && !is_stopped() {
            let from = tree.size();
            let most = usize::try_from(to.0 - from.0).unwrap_or(BATCH_RECORDS).min(BATCH_RECORDS);
            let headers = self.log.headers(tenant, LogPosition(from.0), most).await?;
            if headers.is_empty() {
                return Ok(());
            }
            let leaves = leaves(&headers, from)?;
            let failed = |error| tiles::unusable(id, &error);
            let full = tree.append(&leaves).map_err(failed)?;
            let tiles: Vec<TileRow> =
                full.into_iter().chain(tree.partial_tiles()).map(tile_row).collect();
            let head = tree.head();
            if !self.proofs.tiles.extend(id, from, &tiles, tree_row(head)).await? {
                // Stored tiles belong to this node. Where two followers have one store, one is
                // first, and the other continues after it.
                *tree = self.stored_tree().await?;
            }
        }
        Ok(())
    }

    /// Refuses a head that the tree did not have at its size.
    async fn check_head(&mut self, head: &TreeHead) -> Result<(), LogError> {
        let (store, id) = (Arc::clone(&self.proofs.tiles), self.signed().stored_as().clone());
        let (store, id) = (&*store, &id);
        let found = tiles::head_at(store, id, head.size).await;
        if found.is_ok_and(|found| found == *head) {
            return Ok(());
        }
        // The tiles may be what was altered: the log decides.
        self.tree = None;
        let what = "the tree is not that of a signed checkpoint";
        self.throw_away(&LogError::damaged("tree", format!("tree, {id}"), what)).await?;
        let mut tree = TreeBuilder::new();
        self.extend(&mut tree, self.log.head(&self.tenant.id).await?, &|| false).await?;
        if tiles::head_at(store, id, head.size).await? == *head {
            return Ok(());
        }
        Err(another_log(head))
    }

    /// Compares the last records that are in the tree with it: a log that was replaced, or cut off
    /// and continued, differs there. All records are compared by `App::verify`.
    async fn check_last_records(&self) -> Result<(), LogError> {
        let (store, id) = (&*self.proofs.tiles, self.signed().stored_as());
        let Some(row) = store.tree(id).await? else { return Ok(()) };
        let Some(last) = row.size.0.checked_sub(1) else { return Ok(()) };
        let index = last / u64::from(TILE_WIDTH);
        let from = LogSize(index * u64::from(TILE_WIDTH));
        let width = (row.size.0 - from.0) as u16;
        let hashes = tiles::hashes(store, id, Tile { level: 0, index, width }).await?;
        let headers =
            self.log.headers(&self.tenant.id, LogPosition(from.0), usize::from(width)).await?;
        // What is stored as leaf: a header that no longer fits it is damage of one record, which
        // the scrub reports while the others are answered.
        let mut pairs = hashes.chunks(HASH_BYTES).zip(&headers);
        match pairs.position(|(hash, header)| *hash != header.leaf.0) {
            None => Ok(()),
            Some(n) => Err(LogError::Corrupt {
                position: LogPosition(from.0 + n as u64),
                what: ANOTHER_RECORD.to_owned(),
            }),
        }
    }

    /// How many records are not in the tree.
    async fn lag(&self) -> Result<u64, LogError> {
        let head = self.log.head(&self.tenant.id).await?.0;
        Ok(head.saturating_sub(self.tree.as_ref().map_or(0, |tree| tree.size().0)))
    }

    /// Adds what the log has to the tree, signs it and writes it to the anchors.
    pub(crate) async fn advance(
        &mut self,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), LogError> {
        if self.duty.is_none() {
            return Ok(());
        }
        // Taken, so that a failure leaves nothing that is not stored.
        let mut tree = match self.tree.take() {
            Some(tree) => tree,
            None => self.stored_tree().await?,
        };
        let head = self.log.head(&self.tenant.id).await?;
        if let Err(error) = self.check_end(&tree).await {
            if error.is_damage() {
                self.duty = None;
            }
            return Err(error);
        }
        self.extend(&mut tree, head, is_stopped).await?;
        let head = tree.head();
        self.tree = Some(tree);
        if !self.has_duty() {
            return self.take_over_published().await;
        }
        let is_due = self.anchored.is_none_or(|at| at.elapsed() >= ANCHOR_INTERVAL);
        let grows = self.signed().last().is_none_or(|last| last.head.size < head.size);
        if is_due || grows {
            // Before signing: of two copies that run at once, one must not go on.
            let compared = self.compare_with_anchors(Moment::Running).await;
            if compared.as_ref().is_err_and(LogError::is_damage) {
                self.duty = None;
            }
            compared?;
        }
        // Anchors may have taken long to read.
        if !self.has_duty() {
            return Ok(());
        }
        if self.sign(head).await? || is_due {
            self.write_to_anchors().await;
        }
        Ok(())
    }

    /// Refuses a log that was replaced since the tree was built of it.
    async fn check_end(&self, tree: &TreeBuilder) -> Result<(), LogError> {
        if !self.nodes.are_many() {
            return Ok(());
        }
        let (size, store) = (tree.size(), &*self.proofs.tiles);
        let leaf = another_log::last_leaf(store, self.signed().stored_as(), size).await?;
        match difference(&*self.log, &self.tenant.id, size, leaf).await? {
            None => Ok(()),
            Some(_) => Err(LogError::Corrupt {
                position: LogPosition(size.0.saturating_sub(1)),
                what: ANOTHER_LOG.to_owned(),
            }),
        }
    }

    /// Signs a head of the stored tree and publishes it. Returns whether it was larger than the
    /// last one.
    async fn sign(&mut self, head: TreeHead) -> Result<bool, LogError> {
        let log = self.signed();
        let last = match log.last() {
            Some(last) => Some(last),
            None => self.published().await?,
        };
        let expected = last.map(|last| last.head.size);
        if head.size == LogSize(0) || expected.is_some_and(|size| size >= head.size) {
            return Ok(false);
        }
        let signed = log.sign(head).map_err(|error| {
            LogError::unavailable(format!("a checkpoint was not signed: {error}"))
        })?;
        let id = log.stored_as();
        match self.proofs.checkpoints.publish(id, expected, &signed.row()).await {
            Ok(()) => {
                log.set_last(signed);
                Ok(true)
            }
            Err(PublishError::Conflict { .. } | PublishError::NotLarger { .. }) => {
                self.take_over_published().await?;
                Ok(false)
            }
            Err(PublishError::Log(error)) => Err(error),
        }
    }

    /// Whether this node signs.
    fn has_duty(&self) -> bool {
        self.duty.as_ref().is_some_and(Held::is_held)
    }

    /// Takes over the last checkpoint of another node, which must be of this log, so that this node
    /// proves and shows the same.
    async fn take_over_published(&mut self) -> Result<(), LogError> {
        let Some(published) = self.published().await? else { return Ok(()) };
        let size = published.head.size;
        if self.signed().last().is_some_and(|last| last.head.size >= size) {
            return Ok(());
        }
        self.check_size(Some(&published)).await?;
        let mut tree = match self.tree.take() {
            Some(tree) => tree,
            None => self.stored_tree().await?,
        };
        self.extend(&mut tree, size, &|| false).await?;
        let has_records = tree.size() >= size;
        self.tree = Some(tree);
        if !has_records {
            return Err(LogError::unavailable(
                "the records of the last checkpoint are not read yet",
            ));
        }
        let checked = self.check_head(&published.head).await;
        if checked.as_ref().is_err_and(LogError::is_damage) {
            self.duty = None;
        }
        checked?;
        self.signed().set_last(published);
        Ok(())
    }

    /// Records what did not work. It is tried again.
    fn report(&self, advanced: Result<(), LogError>) {
        let Err(error) = advanced.map_err(|error| self.signed().error(error)) else { return };
        if error.is_damage() {
            tracing::error!(tenant = %self.tenant.id, %error, "nothing is signed any more");
            self.tenant.report_damage(&*self.views, &error);
        } else {
            tracing::warn!(tenant = %self.tenant.id, error = &error as &dyn std::error::Error,
                "the tree was not built, which will be tried again");
        }
    }
}

/// The error of a log that did not have this head.
fn another_log(head: &TreeHead) -> LogError {
    LogError::Corrupt {
        position: LogPosition(head.size.0.saturating_sub(1)),
        what: format!(
            "the records up to here are not those that a checkpoint of {} records was signed of: \
             the log was altered, or is another one",
            head.size.0
        ),
    }
}

/// The leaves of headers, which the log stores beside them.
pub(crate) fn leaves(headers: &[StoredHeader], from: LogSize) -> Result<Vec<Digest32>, LogError> {
    let leaf = |(position, header): (u64, &StoredHeader)| {
        let leaf = leaf_hash(&header.bytes);
        if leaf == header.leaf {
            return Ok(leaf);
        }
        Err(LogError::Corrupt {
            position: LogPosition(position),
            what: "the header's hash is not the leaf that was stored with it".to_owned(),
        })
    };
    (from.0..).zip(headers).map(leaf).collect()
}

fn tile_row(StoredTile { tile, bytes }: StoredTile) -> TileRow {
    TileRow { level: tile.level, number: tile.index, hashes: bytes }
}

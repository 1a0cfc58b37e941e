//! `verify`: reads everything that is stored and compares it with what was committed to, signed and
//! anchored.

use super::{
    anchored,
    follower::{ANOTHER_RECORD, leaves},
    tiles,
};
use crate::{
    app::App,
    model::{
        proof::LogKind,
        question::{AskError, Caller},
    },
    read::reader::decode_record,
    tenant::{
        Tenant,
        signed_log::{Signed, SignedLog},
    },
};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::{Digest32, Entry},
};
use claimledger_ledger::{log::LogError, tree::Anchored};
use claimledger_proof::tiles::{HASH_BYTES, TILE_WIDTH, Tile, TreeBuilder};
use std::collections::BTreeMap;

/// Maximum records per read.
const BATCH_RECORDS: usize = 1024;
/// Maximum findings of one kind that are listed.
const MAX_LISTED: usize = 20;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// What was read of the log of the records.
    pub log: VerifiedLog,
    /// The same of the access log.
    pub access: VerifiedLog,
    /// What does not hold, at most 20 of a kind.
    pub findings: Vec<Finding>,
    /// How many more of them there are.
    pub unlisted: u64,
}

/// What was read of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifiedLog {
    /// The number of its records that were read.
    pub records: u64,
    /// The root hash over them.
    pub root: Option<Digest32>,
    /// The size of the last signed checkpoint; none: nothing was signed yet.
    pub checkpoint: Option<u64>,
    /// The sizes of the anchored checkpoints that were compared.
    pub anchored: Vec<u64>,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The log that it is found in.
    pub log: LogKind,
    /// The record; none: it is not about one record.
    pub position: Option<LogPosition>,
    /// What was found.
    pub what: String,
}

/// A head that the log must have had.
struct Promise {
    by: String,
    size: LogSize,
    root: Digest32,
}

impl VerifyReport {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    fn of(&mut self, log: LogKind) -> &mut VerifiedLog {
        match log {
            LogKind::Records => &mut self.log,
            LogKind::Access => &mut self.access,
        }
    }

    fn found(&mut self, log: LogKind, position: Option<LogPosition>, what: impl Into<String>) {
        if self.findings.len() < MAX_LISTED {
            self.findings.push(Finding { log, position, what: what.into() });
        } else {
            self.unlisted += 1;
        }
    }
}

impl App {
    /// Reads every record, key and row of the caller's tenant, and compares them with the
    /// commitments in the headers, the tree, the last checkpoint and the anchors. `progress` gets
    /// the number of records read and of all.
    ///
    /// # Errors
    /// If the engines cannot be read. What does not hold is in the report.
    pub async fn verify(
        &self,
        caller: &Caller,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<VerifyReport, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let mut report = VerifyReport::default();
        for kind in LogKind::ALL {
            let verified = self.verify_log(&tenant, kind, &mut report, &mut progress).await;
            verified.map_err(|error| tenant.identity.signed(kind).error(error))?;
        }
        self.verify_files(&mut report).await?;
        Ok(report)
    }

    async fn verify_log(
        &self,
        tenant: &Tenant,
        kind: LogKind,
        report: &mut VerifyReport,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), LogError> {
        let mut promises = self.promises(tenant, kind, report).await?;
        let head = self.0.log_of(kind).head(&tenant.id).await?;
        let mut tree = TreeBuilder::new();
        while tree.size() < head {
            progress(tree.size().0, head.0);
            let next = promises.keys().find(|size| **size > tree.size()).copied();
            let to = next.unwrap_or(head).min(head);
            self.verify_records(tenant, kind, &mut tree, to, report).await?;
            let root = tree.head().root;
            for promise in promises.remove(&tree.size()).unwrap_or_default() {
                if promise.root != root {
                    report.found(
                        kind,
                        Some(LogPosition(tree.size().0 - 1)),
                        format!(
                            "the records up to here have the root {root}, and {} says {}",
                            promise.by, promise.root
                        ),
                    );
                }
            }
        }
        for promise in promises.into_values().flatten() {
            let what =
                format!("the log ends here, and {} has {} records", promise.by, promise.size.0);
            report.found(kind, Some(LogPosition(head.0)), what);
        }
        let read = report.of(kind);
        read.records = tree.size().0;
        read.root = Some(tree.head().root);
        Ok(())
    }

    /// The heads that the log must have had, by size.
    async fn promises(
        &self,
        tenant: &Tenant,
        kind: LogKind,
        report: &mut VerifyReport,
    ) -> Result<BTreeMap<LogSize, Vec<Promise>>, LogError> {
        let log = tenant.identity.signed(kind);
        let mut signed: Vec<(String, Result<Signed, String>)> = Vec::new();
        match self.0.proofs.checkpoints.checkpoint(log.stored_as()).await {
            Ok(row) => signed.extend(row.map(|row| {
                report.of(kind).checkpoint = Some(row.size.0);
                let anchored = Anchored {
                    at: claimledger_facts::time::Time::EPOCH,
                    origin: log.origin().to_owned(),
                    checkpoint: row,
                };
                ("the last signed checkpoint".to_owned(), anchored::open(log, &anchored))
            })),
            Err(error) if error.is_damage() => report.found(kind, None, error.to_string()),
            Err(error) => return Err(error),
        }
        for anchor in &self.0.options.anchors.0 {
            let by = format!("the anchor {}", anchor.name());
            match anchor.last(log.origin()).await {
                Ok(Some(found)) => {
                    report.of(kind).anchored.push(found.checkpoint.size.0);
                    signed.push((by, anchored::open(log, &found)));
                }
                // Reads that were not anchored are no reason to doubt the records.
                Ok(None) if kind == LogKind::Access => {}
                Ok(None) => {
                    report.found(kind, None, format!("{by} has no checkpoint of this log"));
                }
                Err(error) => report.found(kind, None, error.to_string()),
            }
        }
        let mut promises: BTreeMap<LogSize, Vec<Promise>> = BTreeMap::new();
        for (by, signed) in signed {
            match signed {
                Ok(Signed { head, .. }) => {
                    let promise = Promise { by, size: head.size, root: head.root };
                    promises.entry(head.size).or_default().push(promise);
                }
                Err(what) => report.found(kind, None, format!("{by}: {what}")),
            }
        }
        Ok(promises)
    }

    /// Reads records up to a size, adds them to the tree, and compares each with its header and
    /// its leaf in the stored tree.
    async fn verify_records(
        &self,
        tenant: &Tenant,
        kind: LogKind,
        tree: &mut TreeBuilder,
        to: LogSize,
        report: &mut VerifyReport,
    ) -> Result<(), LogError> {
        let log = tenant.identity.signed(kind);
        let stored = self.0.proofs.tiles.tree(log.stored_as()).await.ok().flatten();
        let in_tree = stored.map_or(LogSize(0), |stored| stored.size);
        while tree.size() < to {
            let from = tree.size();
            let most = usize::try_from(to.0 - from.0).unwrap_or(BATCH_RECORDS).min(BATCH_RECORDS);
            let entries = self.0.log_of(kind).read(&tenant.id, LogPosition(from.0), most).await?;
            if entries.is_empty() {
                report.found(kind, Some(LogPosition(from.0)), "no record is there");
                return Ok(());
            }
            let headers: Vec<_> = entries.iter().map(|entry| entry.header.clone()).collect();
            let leaves = match leaves(&headers, from) {
                Ok(leaves) => leaves,
                // What is stored as leaf is what the tree was built of.
                Err(_) => headers.iter().map(|header| header.leaf).collect(),
            };
            for (position, what) in damaged(tenant, from, entries).await? {
                report.found(kind, Some(position), what);
            }
            self.compare_with_tree(log, (from.0..in_tree.0).zip(&leaves), report).await;
            tree.append(&leaves).map_err(|error| tiles::unusable(&tenant.id, &error))?;
        }
        Ok(())
    }

    /// Compares leaves with the stored tree.
    async fn compare_with_tree(
        &self,
        log: &SignedLog,
        leaves: impl Iterator<Item = (u64, &Digest32)>,
        report: &mut VerifyReport,
    ) {
        let mut tile: Option<(u64, Vec<u8>)> = None;
        for (position, leaf) in leaves {
            let (index, offset) =
                (position / u64::from(TILE_WIDTH), position % u64::from(TILE_WIDTH));
            if tile.as_ref().is_none_or(|(read, _)| *read != index) {
                let asked = Tile { level: 0, index, width: 1 };
                let read = tiles::hashes(&*self.0.proofs.tiles, log.stored_as(), asked).await;
                let hashes = read.unwrap_or_else(|error| {
                    report.found(log.kind(), None, error.to_string());
                    Vec::new()
                });
                tile = Some((index, hashes));
            }
            let offset = offset as usize * HASH_BYTES;
            let stored = tile.as_ref().and_then(|(_, t)| t.get(offset..offset + HASH_BYTES));
            if stored.is_some_and(|stored| stored != leaf.0) {
                report.found(log.kind(), Some(LogPosition(position)), ANOTHER_RECORD);
            }
        }
    }

    /// Reads what is stored beside the log, of all tenants.
    async fn verify_files(&self, report: &mut VerifyReport) -> Result<(), LogError> {
        let app = &self.0;
        for checked in [
            app.keys.check().await,
            app.proofs.checkpoints.check().await,
            app.proofs.tiles.check().await,
            app.state.check().await,
            app.access.index.check().await,
            app.views.check().await,
        ] {
            match checked {
                Ok(()) => {}
                Err(error) if error.is_damage() => {
                    report.found(LogKind::Records, None, error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Decodes records on another thread. Returns those that do not fit their headers.
async fn damaged(
    tenant: &Tenant,
    from: LogSize,
    entries: Vec<Entry>,
) -> Result<Vec<(LogPosition, String)>, LogError> {
    let id = tenant.id.clone();
    let decoded = tokio::task::spawn_blocking(move || {
        let decode = |(position, entry): (u64, &Entry)| {
            let position = LogPosition(position);
            match decode_record(&id, position, entry) {
                Err(LogError::Corrupt { what, .. }) => Some((position, what)),
                Err(error) => Some((position, error.to_string())),
                Ok(_) => None,
            }
        };
        (from.0..).zip(&entries).filter_map(decode).collect()
    });
    decoded.await.map_err(|error| LogError::Unavailable {
        reason: "a check was cancelled".to_owned(),
        source: Some(Box::new(error)),
    })
}

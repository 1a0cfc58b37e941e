//! Reads every record of a log, and compares it with its header and its leaf in the stored tree.

use super::{
    credentials::{Recorded, StatedCredentials},
    log_tree::LogTree,
    report::{FindingKind, VerifyReport},
};
use crate::{
    app::Inner,
    model::{LEDGER_SOURCE, proof::LogKind},
    read::reader::decode_record,
    tenant::{Tenant, signed_log::SignedLog},
    tree::{
        follower::{ANOTHER_RECORD, leaves},
        tiles,
    },
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Digest32, Entry, Record, Removal, SealedBody},
};
use claimledger_ledger::log::LogError;
use claimledger_proof::tiles::{HASH_BYTES, TILE_WIDTH, Tile};

/// Maximum records per read.
const BATCH_RECORDS: usize = 1024;

/// What is said of a record that is not there.
const NO_RECORD: &str = "no record is there";

/// One pass over a log.
pub(super) struct Pass<'a, 'r> {
    pub(super) app: &'a Inner,
    pub(super) tenant: &'a Tenant,
    pub(super) kind: LogKind,
    pub(super) report: &'r mut VerifyReport,
    /// What the records say of credentials.
    pub(super) stated: &'r mut StatedCredentials,
}

/// What was seen in an entry.
struct Seen {
    position: LogPosition,
    /// What of it does not fit its header.
    damage: Option<String>,
    removed: Vec<(BodyKind, Removal)>,
    credentials: Vec<Recorded>,
}

impl<'a> Pass<'a, '_> {
    /// Reads all records, and builds their tree.
    ///
    /// # Errors
    /// If the engines cannot be read. Records that are not there are findings.
    pub(super) async fn read(
        &mut self,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<LogTree<'a>, LogError> {
        let (app, tenant) = (self.app, self.tenant);
        let log = &**app.log_of(self.kind);
        let head = log.head(&tenant.id).await?;
        let signed = tenant.identity.signed(self.kind);
        let stored = app.proofs.tiles.tree(signed.stored_as()).await.ok().flatten();
        let in_tree = stored.map_or(LogSize(0), |stored| stored.size);
        let mut tree = LogTree::new(log, &tenant.id);
        while tree.size() < head {
            let from = tree.size();
            progress(from.0, head.0);
            let entries = self.entries(from, head).await?;
            if entries.is_empty() {
                self.found(Some(LogPosition(from.0)), NO_RECORD);
                break;
            }
            let leaves = self.leaves_of(&entries, from).await;
            let in_log = (from.0..).zip(&entries).zip(&leaves);
            let there = in_log.filter(|((_, entry), _)| entry.is_some());
            let leaves_there =
                there.map(|((n, _), leaf)| (n, leaf)).take_while(|(n, _)| *n < in_tree.0);
            compare_with_tree(app, signed, leaves_there, self.report).await;
            tree.append(&leaves)?;
            self.look_into(from, entries).await?;
        }
        let read = self.report.of(self.kind);
        read.records = tree.size().0;
        read.root = Some(tree.root());
        Ok(tree)
    }

    fn found(&mut self, position: Option<LogPosition>, what: impl Into<String>) {
        self.report.found(self.kind, FindingKind::Record, position, what);
    }

    /// The next entries; none in place of one that is not there.
    async fn entries(
        &mut self,
        from: LogSize,
        head: LogSize,
    ) -> Result<Vec<Option<Entry>>, LogError> {
        let (tenant, log) = (&self.tenant.id, self.app.log_of(self.kind));
        let most = usize::try_from(head.0 - from.0).unwrap_or(BATCH_RECORDS).min(BATCH_RECORDS);
        match log.read(tenant, LogPosition(from.0), most).await {
            Ok(entries) => return Ok(entries.into_iter().map(Some).collect()),
            Err(LogError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
        // One of them is missing: which ones is found one by one.
        let mut entries = Vec::with_capacity(most);
        for position in (from.0..from.0 + most as u64).map(LogPosition) {
            let entry = match log.read(tenant, position, 1).await {
                Ok(read) => read.into_iter().next(),
                Err(LogError::Corrupt { .. }) => None,
                Err(error) => return Err(error),
            };
            if entry.is_none() {
                self.found(Some(position), NO_RECORD);
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The leaves of entries. That of a missing one is taken from the stored tree, so that the
    /// others are still compared with what was signed.
    async fn leaves_of(&self, entries: &[Option<Entry>], from: LogSize) -> Vec<Digest32> {
        let mut found = Vec::with_capacity(entries.len());
        for (position, entry) in (from.0..).zip(entries) {
            found.push(match entry {
                Some(entry) => {
                    let header = std::slice::from_ref(&entry.header);
                    // What is stored as leaf is what the tree was built of.
                    leaves(header, LogSize(position)).map_or(entry.header.leaf, |own| own[0])
                }
                None => self.stored_leaf(position).await.unwrap_or(Digest32([0; HASH_BYTES])),
            });
        }
        found
    }

    async fn stored_leaf(&self, position: u64) -> Option<Digest32> {
        let (index, offset) = tile_of(position);
        let stored_as = self.tenant.identity.signed(self.kind).stored_as();
        let tile = Tile { level: 0, index, width: 1 };
        let hashes = tiles::hashes(&*self.app.proofs.tiles, stored_as, tile).await.ok()?;
        hashes.get(offset..offset + HASH_BYTES)?.try_into().map(Digest32).ok()
    }

    async fn look_into(
        &mut self,
        from: LogSize,
        entries: Vec<Option<Entry>>,
    ) -> Result<(), LogError> {
        for seen in decode(&self.tenant.id, from, entries).await? {
            let position = Some(seen.position);
            if let Some(what) = seen.damage {
                self.found(position, what);
            }
            // No fact type explains a removal yet. One that will comes later in the log than the
            // record: then removals are gathered here and compared at the end of the pass.
            for (body, Removal { reason, at }) in seen.removed {
                self.report.of(self.kind).removed += 1;
                let what = format!(
                    "the body `{}` was removed ({}, {at}), and no record of the log says so",
                    body.as_str(),
                    reason.as_str()
                );
                self.report.found(self.kind, FindingKind::Removal, position, what);
            }
            if self.kind == LogKind::Records {
                seen.credentials.into_iter().for_each(|it| self.stated.note(seen.position, it));
            }
        }
        Ok(())
    }
}

/// The number of a leaf's tile, and the offset of its hash there.
const fn tile_of(position: u64) -> (u64, usize) {
    let width = TILE_WIDTH as u64;
    (position / width, (position % width) as usize * HASH_BYTES)
}

/// Compares leaves with the stored tree.
async fn compare_with_tree(
    app: &Inner,
    log: &SignedLog,
    leaves: impl Iterator<Item = (u64, &Digest32)>,
    report: &mut VerifyReport,
) {
    let mut tile: Option<(u64, Vec<u8>)> = None;
    for (position, leaf) in leaves {
        let (index, offset) = tile_of(position);
        if tile.as_ref().is_none_or(|(read, _)| *read != index) {
            let asked = Tile { level: 0, index, width: 1 };
            let read = tiles::hashes(&*app.proofs.tiles, log.stored_as(), asked).await;
            let hashes = read.unwrap_or_else(|error| {
                report.found(log.kind(), FindingKind::File, None, error.to_string());
                Vec::new()
            });
            tile = Some((index, hashes));
        }
        let stored = tile.as_ref().and_then(|(_, t)| t.get(offset..offset + HASH_BYTES));
        if stored.is_some_and(|stored| stored != leaf.0) {
            let position = Some(LogPosition(position));
            report.found(log.kind(), FindingKind::Record, position, ANOTHER_RECORD);
        }
    }
}

/// Decodes entries on another thread.
async fn decode(
    tenant: &TenantId,
    from: LogSize,
    entries: Vec<Option<Entry>>,
) -> Result<Vec<Seen>, LogError> {
    let tenant = tenant.clone();
    let decoded = tokio::task::spawn_blocking(move || {
        let there = (from.0..).zip(&entries).filter_map(|(n, entry)| Some((n, entry.as_ref()?)));
        there.map(|(n, entry)| see(&tenant, LogPosition(n), entry)).collect()
    });
    decoded.await.map_err(|error| LogError::Unavailable {
        reason: "a check was cancelled".to_owned(),
        source: Some(Box::new(error)),
    })
}

fn see(tenant: &TenantId, position: LogPosition, entry: &Entry) -> Seen {
    let bodies = [(BodyKind::Personal, &entry.personal), (BodyKind::Original, &entry.original)];
    let removed = bodies.into_iter().filter_map(|(kind, body)| match body {
        SealedBody::Removed(removal) => Some((kind, removal.clone())),
        SealedBody::Present(_) => None,
    });
    let mut seen =
        Seen { position, damage: None, removed: removed.collect(), credentials: Vec::new() };
    match decode_record(tenant, position, entry) {
        Err(LogError::Corrupt { what, .. }) => seen.damage = Some(what),
        Err(error) => seen.damage = Some(error.to_string()),
        Ok(record) => seen.credentials = credentials_of(&record),
    }
    seen
}

/// What a record says of credentials. Only the ledger's own count.
fn credentials_of(record: &Record) -> Vec<Recorded> {
    if record.header.source.as_str() != LEDGER_SOURCE {
        return Vec::new();
    }
    record.statement.facts.iter().filter_map(|fact| Recorded::of(&fact.data)).collect()
}

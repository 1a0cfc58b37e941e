//! The logs: appending what the target lacks, and comparing both sides to the byte.

use super::{
    CopiedLog,
    entries::Entries,
    error::{CopyError, Of, Side, larger, name},
};
use crate::{model::proof::LogKind, tree::tiles};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, SealedBody},
};
use claimledger_ledger::{
    log::{AppendFailure, Log, LogError, MAX_APPEND_ENTRIES},
    unknown_outcome,
};
use claimledger_proof::tiles::TreeBuilder;
use std::sync::Arc;

/// Receives the number of entries that were done since the last call.
type Done<'a> = &'a mut (dyn FnMut(u64) + Send);

/// A log that was compared.
pub(super) struct ComparedLog {
    pub(super) copied: CopiedLog,
    /// Bodies that were removed from the target, because they are removed in the source.
    pub(super) removed: u64,
}

/// Compares the headers that the target has with the source's. Returns the size of the target.
///
/// # Errors
/// [`CopyError::OtherRecord`], [`CopyError::Foreign`].
pub(super) async fn compare_headers(
    (source, target): (&dyn Log, &dyn Log),
    kind: LogKind,
    tenant: &TenantId,
    of_source: LogSize,
) -> Result<LogSize, CopyError> {
    let size = target.head(tenant).await.of(Side::Target)?;
    let mut next = 0;
    while next < size.0.min(of_source.0) {
        let from = LogPosition(next);
        let most = usize::try_from(of_source.0 - next).unwrap_or(usize::MAX);
        let most = most.min(MAX_APPEND_ENTRIES);
        let theirs = target.headers(tenant, from, most).await.of(Side::Target)?;
        let ours = source.headers(tenant, from, theirs.len()).await.of(Side::Source)?;
        for (position, (ours, theirs)) in (next..).map(LogPosition).zip(ours.iter().zip(&theirs)) {
            if ours != theirs {
                return Err(CopyError::OtherRecord {
                    tenant: tenant.clone(),
                    log: kind,
                    position,
                    source_leaf: ours.leaf,
                    target_leaf: theirs.leaf,
                });
            }
        }
        next += ours.len().min(theirs.len()).max(1) as u64;
    }
    if size > of_source {
        let what = larger(kind, size, of_source);
        return Err(CopyError::Foreign { tenant: tenant.clone(), what });
    }
    Ok(size)
}

/// Appends what the target lacks, while the next entries are read. What it has was compared.
pub(super) async fn append(
    (source, target): (&Arc<dyn Log>, &dyn Log),
    tenant: &TenantId,
    until: LogSize,
    done: Done<'_>,
) -> Result<(), CopyError> {
    let mut size = target.head(tenant).await.of(Side::Target)?;
    done(size.0);
    let mut entries = Entries::read(source, tenant, size, until);
    while let Some(batch) = entries.next_batch().await.of(Side::Source)? {
        match unknown_outcome::append(target, tenant, size, &batch).await {
            Ok(()) => size.0 += batch.len() as u64,
            Err(AppendFailure::Log(error)) => return Err(error).of(Side::Target),
            Err(AppendFailure::Conflict { size }) => {
                let why = format!("something else writes to it: it has {} records", size.0);
                return Err(LogError::unavailable(why)).of(Side::Target);
            }
        }
        done(batch.len() as u64);
    }
    Ok(())
}

/// Reads both sides again and compares them to the byte. Bodies that only the source removed are
/// removed from the target.
pub(super) async fn compare(
    (source, target): (&Arc<dyn Log>, &Arc<dyn Log>),
    kind: LogKind,
    tenant: &TenantId,
    size: LogSize,
    done: Done<'_>,
) -> Result<ComparedLog, CopyError> {
    let mut ours = Entries::read(source, tenant, LogSize(0), size);
    let mut theirs = Entries::read(target, tenant, LogSize(0), size);
    let (mut tree, mut removals) = (Tree::new(tenant), Removals::default());
    let mut next = 0;
    while let Some(our) = ours.next().await.of(Side::Source)? {
        let Some(their) = theirs.next().await.of(Side::Target)? else { break };
        if our != their {
            let differs = || CopyError::Differs {
                tenant: tenant.clone(),
                what: format!("{} {} has other bytes", name(kind), LogPosition(next)),
            };
            removals.note(LogPosition(next), &our, &their).ok_or_else(differs)?;
        }
        tree.push(&our, &their)?;
        next += 1;
        if next.is_multiple_of(MAX_APPEND_ENTRIES as u64) || next == size.0 {
            done((next - 1) % MAX_APPEND_ENTRIES as u64 + 1);
        }
    }
    let end = target.head(tenant).await.of(Side::Target)?;
    if end != size || next != size.0 {
        let what = format!("a log of {} entries where the source has {}", end.0, size.0);
        return Err(CopyError::Differs { tenant: tenant.clone(), what });
    }
    let copied = tree.end(kind)?;
    let removed = removals.apply(&**target, tenant).await.of(Side::Target)?;
    Ok(ComparedLog { copied, removed })
}

/// The trees of both sides, each over its own headers.
struct Tree<'a> {
    tenant: &'a TenantId,
    source: TreeBuilder,
    target: TreeBuilder,
}

impl<'a> Tree<'a> {
    fn new(tenant: &'a TenantId) -> Self {
        Self { tenant, source: TreeBuilder::new(), target: TreeBuilder::new() }
    }

    /// The leaves were checked against the headers when they were read.
    fn push(&mut self, source: &Entry, target: &Entry) -> Result<(), CopyError> {
        let failed = |error| tiles::unusable(self.tenant, &error);
        self.source.append(&[source.header.leaf]).map_err(failed).of(Side::Source)?;
        self.target.append(&[target.header.leaf]).map_err(failed).of(Side::Target)?;
        Ok(())
    }

    fn end(&self, kind: LogKind) -> Result<CopiedLog, CopyError> {
        let (source, target) = (self.source.head(), self.target.head());
        if source == target {
            return Ok(CopiedLog { size: target.size, root: target.root });
        }
        let what = format!(
            "the tree over each {} has the root {} in the source and {} in the target",
            name(kind),
            source.root,
            target.root
        );
        Err(CopyError::Differs { tenant: self.tenant.clone(), what })
    }
}

/// Bodies that the source removed and the target has.
#[derive(Default)]
struct Removals(Vec<(BodyKind, Removal, Vec<LogPosition>)>);

impl Removals {
    /// None: the entries differ otherwise.
    fn note(&mut self, position: LogPosition, source: &Entry, target: &Entry) -> Option<()> {
        if source.header != target.header || source.facts != target.facts {
            return None;
        }
        for body in BodyKind::ALL {
            match (source.sealed(body), target.sealed(body)) {
                (ours, theirs) if ours == theirs => {}
                (SealedBody::Removed(removal), SealedBody::Present(_)) => {
                    let same = |group: &&mut (BodyKind, Removal, Vec<LogPosition>)| {
                        group.0 == body && group.1 == *removal
                    };
                    match self.0.iter_mut().find(same) {
                        Some(group) => group.2.push(position),
                        None => self.0.push((body, removal.clone(), vec![position])),
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Returns the number of removed bodies.
    async fn apply(self, target: &dyn Log, tenant: &TenantId) -> Result<u64, LogError> {
        let mut removed = 0;
        for (body, removal, positions) in self.0 {
            for some in positions.chunks(MAX_APPEND_ENTRIES) {
                target.remove_bodies(tenant, some, &[body], &removal).await?;
                removed += some.len() as u64;
            }
        }
        Ok(removed)
    }
}

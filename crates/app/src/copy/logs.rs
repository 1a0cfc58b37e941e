//! The logs: appending what the target lacks, and comparing both sides to the byte.

use super::{
    CopiedLog,
    entries::Entries,
    error::{CopyError, Of, Side, larger, name},
};
use crate::{
    model::proof::LogKind,
    tree::{follower::leaves, tiles},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, SealedBody},
};
use claimledger_ledger::{
    log::{AppendFailure, Log, LogError, MAX_APPEND_ENTRIES, no_record},
    unknown_outcome,
};
use claimledger_proof::tiles::TreeBuilder;
use std::sync::Arc;

/// Records that are read at once, of those whose bodies were removed.
const READ_AGAIN: usize = 50;

/// Receives the number of entries that were done since the last call.
type Done<'a> = &'a mut (dyn FnMut(u64) + Send);

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

/// A log of the source as far as the target was found equal to it in this run.
pub(super) struct Checked {
    tenant: TenantId,
    kind: LogKind,
    tree: TreeBuilder,
}

impl Checked {
    pub(super) fn new(tenant: &TenantId, kind: LogKind) -> Self {
        Self { tenant: tenant.clone(), kind, tree: TreeBuilder::new() }
    }

    /// How much was found equal.
    pub(super) fn size(&self) -> LogSize {
        self.tree.size()
    }

    /// Makes the target's log that of the source, up to this size: compares what it has, removes
    /// bodies that only the source removed, and appends what it lacks.
    pub(super) async fn write(
        &mut self,
        (source, target): (&Arc<dyn Log>, &Arc<dyn Log>),
        until: LogSize,
        done: Done<'_>,
    ) -> Result<(), CopyError> {
        let size = target.head(&self.tenant).await.of(Side::Target)?;
        let mut removals = Removals::default();
        self.compare((source, target), size, Some(&mut removals), done).await?;
        if !removals.apply((&**source, &**target), &self.tenant).await? {
            return Err(self.differs("a body that the source removed"));
        }
        self.append((source, &**target), until, done).await
    }

    /// Reads both sides up to this size, and compares them to the byte. Without `removals` a body
    /// that only the source removed is a difference, too.
    pub(super) async fn compare(
        &mut self,
        (source, target): (&Arc<dyn Log>, &Arc<dyn Log>),
        to: LogSize,
        mut removals: Option<&mut Removals>,
        done: Done<'_>,
    ) -> Result<(), CopyError> {
        let from = self.tree.size();
        let mut ours = Entries::read(source, &self.tenant, from, to);
        let mut theirs = Entries::read(target, &self.tenant, from, to);
        while let Some(our) = ours.next().await.of(Side::Source)? {
            let their = theirs.next().await.of(Side::Target)?;
            let position = LogPosition(self.tree.size().0);
            let is_equal = their.is_some_and(|their| {
                our == their || removals.as_mut().is_some_and(|it| it.note(position, &our, &their))
            });
            if !is_equal {
                return Err(self.differs(&other_bytes(self.kind, position)));
            }
            self.push(std::slice::from_ref(&our))?;
            done(1);
        }
        Ok(())
    }

    /// Appends what the target lacks. While one batch is appended, the one before is read back and
    /// compared, and the next ones are read.
    async fn append(
        &mut self,
        (source, target): (&Arc<dyn Log>, &dyn Log),
        until: LogSize,
        done: Done<'_>,
    ) -> Result<(), CopyError> {
        let mut size = self.tree.size();
        let mut entries = Entries::read(source, &self.tenant, size, until);
        let mut last: Vec<Entry> = Vec::new();
        loop {
            let batch = entries.next_batch().await.of(Side::Source)?.unwrap_or_default();
            let append = async {
                if batch.is_empty() {
                    return Ok(());
                }
                unknown_outcome::append(target, &self.tenant, size, &batch).await
            };
            let (appended, read) = tokio::join!(append, self.read_back(target, &last));
            read?;
            match appended {
                Ok(()) => size.0 += batch.len() as u64,
                Err(AppendFailure::Log(error)) => return Err(error).of(Side::Target),
                Err(AppendFailure::Conflict { size }) => {
                    let why = format!("something else writes to it: it has {} records", size.0);
                    return Err(LogError::unavailable(why)).of(Side::Target);
                }
            }
            self.push(&last)?;
            done(batch.len() as u64);
            if batch.is_empty() {
                return Ok(());
            }
            last = batch;
        }
    }

    /// Compares entries with what the target gives for them, after those that were checked.
    async fn read_back(&self, target: &dyn Log, entries: &[Entry]) -> Result<(), CopyError> {
        let (first, mut rest) = (self.tree.size().0, entries);
        while !rest.is_empty() {
            let next = first + (entries.len() - rest.len()) as u64;
            let read = target.read(&self.tenant, LogPosition(next), rest.len()).await;
            let read = read.of(Side::Target)?;
            let same = rest.iter().zip(&read).take_while(|(ours, theirs)| ours == theirs).count();
            if same < read.len() || read.is_empty() {
                let position = LogPosition(next + same as u64);
                return Err(self.differs(&other_bytes(self.kind, position)));
            }
            rest = &rest[same..];
        }
        Ok(())
    }

    /// Adds entries of the source to its tree. Their leaves were checked when they were read.
    fn push(&mut self, entries: &[Entry]) -> Result<(), CopyError> {
        let leaves: Vec<_> = entries.iter().map(|entry| entry.header.leaf).collect();
        let failed = |error| tiles::unusable(&self.tenant, &error);
        self.tree.append(&leaves).map_err(failed).of(Side::Source)?;
        Ok(())
    }

    /// Computes the root of the target from its headers, and compares it.
    pub(super) async fn compare_roots(
        &self,
        target: &dyn Log,
        done: Done<'_>,
    ) -> Result<CopiedLog, CopyError> {
        let (ours, mut theirs) = (self.tree.head(), TreeBuilder::new());
        let end = target.head(&self.tenant).await.of(Side::Target)?;
        if end != ours.size {
            let what = format!("a log of {} entries where the source has {}", end.0, ours.size.0);
            return Err(self.differs(&what));
        }
        let failed = |error| tiles::unusable(&self.tenant, &error);
        while theirs.size() < end {
            let from = theirs.size();
            let headers = target.headers(&self.tenant, LogPosition(from.0), MAX_APPEND_ENTRIES);
            let headers = headers.await.of(Side::Target)?;
            if headers.is_empty() {
                return Err(no_record(LogPosition(from.0))).of(Side::Target);
            }
            let leaves = leaves(&headers, from).of(Side::Target)?;
            theirs.append(&leaves).map_err(failed).of(Side::Target)?;
            done(leaves.len() as u64);
        }
        let theirs = theirs.head();
        if theirs != ours {
            let (log, ours, theirs) = (name(self.kind), ours.root, theirs.root);
            let what = format!("each {log} has the root {ours} in the source, {theirs} in it");
            return Err(self.differs(&what));
        }
        Ok(CopiedLog { size: theirs.size, root: theirs.root })
    }

    fn differs(&self, what: &str) -> CopyError {
        CopyError::Differs { tenant: self.tenant.clone(), what: what.to_owned() }
    }
}

fn other_bytes(kind: LogKind, position: LogPosition) -> String {
    format!("{} {position} has other bytes", name(kind))
}

/// Bodies that the source removed and the target has.
#[derive(Default)]
pub(super) struct Removals(Vec<(BodyKind, Removal, Vec<LogPosition>)>);

impl Removals {
    /// False: the entries differ otherwise.
    fn note(&mut self, position: LogPosition, source: &Entry, target: &Entry) -> bool {
        if source.header != target.header || source.facts != target.facts {
            return false;
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
                _ => return false,
            }
        }
        true
    }

    /// Removes them, and reads the records again. Returns whether they are equal then.
    async fn apply(
        self,
        (source, target): (&dyn Log, &dyn Log),
        tenant: &TenantId,
    ) -> Result<bool, CopyError> {
        for (body, removal, positions) in &self.0 {
            for some in positions.chunks(MAX_APPEND_ENTRIES) {
                let removed = target.remove_bodies(tenant, some, &[*body], removal).await;
                removed.of(Side::Target)?;
            }
        }
        for some in self.0.iter().flat_map(|group| group.2.chunks(READ_AGAIN)) {
            let ours = source.read_at(tenant, some).await.of(Side::Source)?;
            if ours != target.read_at(tenant, some).await.of(Side::Target)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

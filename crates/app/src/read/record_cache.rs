//! In-memory caches: decoded records, and the positions of the records of sessions.

use crate::{model::record_summary::RecordSummary, read::pending::PendingRecords};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::views::{Term, TermKind};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Maximum entries in each of the two generations of a cache, per tenant.
const MAX_CACHED: usize = 10_000;

/// The projector's cache of positions by term. Most batches continue sessions of the batch before,
/// and reading the positions from the read models costs more than assessing the session.
#[derive(Default)]
pub(crate) struct RecentTerms(Mutex<Positions>);

#[derive(Default)]
struct Positions {
    /// The lists contain everything below this size. After any other update of the read models the
    /// sizes differ, and the cache is cleared.
    size: u64,
    young: HashMap<Term, Vec<LogPosition>>,
    old: HashMap<Term, Vec<LogPosition>>,
}

impl RecentTerms {
    /// Maximum length of a cached list.
    const MAX_POSITIONS: usize = 256;

    /// The positions of a term, if they are cached up to this size.
    pub(crate) fn get(&self, size: u64, term: &Term) -> Option<Vec<LogPosition>> {
        let mut recent = self.0.lock();
        if recent.size != size {
            return None;
        }
        if let Some(positions) = recent.young.get(term) {
            return Some(positions.clone());
        }
        let positions = recent.old.remove(term)?;
        recent.young.insert(term.clone(), positions.clone());
        Some(positions)
    }

    /// Caches the positions of a session's or an IdP session's records below a size.
    pub(crate) fn put(&self, size: u64, term: &Term, positions: &[LogPosition]) {
        if !matches!(term.kind, TermKind::Session | TermKind::IdpSession)
            || positions.len() > Self::MAX_POSITIONS
        {
            return;
        }
        let mut recent = self.0.lock();
        if recent.size != size {
            *recent = Positions { size, ..Positions::default() };
        }
        if recent.young.len() >= MAX_CACHED {
            recent.old = std::mem::take(&mut recent.young);
        }
        recent.young.insert(term.clone(), positions.to_vec());
    }

    /// Clears the cache.
    pub(crate) fn clear(&self) {
        *self.0.lock() = Positions::default();
    }

    /// Adds a batch that was written to the read models.
    pub(crate) fn advance(&self, pending: &PendingRecords) {
        let mut recent = self.0.lock();
        if recent.size != pending.from().0 {
            return;
        }
        let Positions { size, young, old } = &mut *recent;
        *size = pending.from().0 + pending.records().len() as u64;
        for (term, new) in pending.terms() {
            for generation in [&mut *young, &mut *old] {
                if let Some(positions) = generation.get_mut(term) {
                    positions.extend(new);
                }
            }
        }
    }
}

/// Decoded records by position, in two generations: when the young one is full, it replaces the old
/// one. Records are immutable, so entries do not become stale.
#[derive(Default)]
pub(crate) struct RecordCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<LogPosition, Arc<RecordSummary>>,
    old: HashMap<LogPosition, Arc<RecordSummary>>,
}

impl RecordCache {
    /// The record at a position, if it is cached.
    pub(crate) fn get(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        let mut generations = self.0.lock();
        if let Some(record) = generations.young.get(&position) {
            return Some(Arc::clone(record));
        }
        let record = generations.old.remove(&position)?;
        generations.put(position, Arc::clone(&record));
        Some(record)
    }

    /// Caches a record.
    pub(crate) fn put(&self, position: LogPosition, record: &Arc<RecordSummary>) {
        self.0.lock().put(position, Arc::clone(record));
    }
}

impl Generations {
    fn put(&mut self, position: LogPosition, record: Arc<RecordSummary>) {
        if self.young.len() >= MAX_CACHED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(position, record);
    }
}

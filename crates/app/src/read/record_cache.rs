//! What was read lately and is kept in memory: decoded records, and where the records of sessions
//! are.

use crate::{model::record_summary::RecordSummary, read::pending::PendingRecords};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::views::{Term, TermKind};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// So many decoded records are kept for each tenant, at most twice over; and as many lists of
/// positions.
const KEPT: usize = 10_000;

/// Where the records of sessions are that the runner looked at lately: most batches speak of
/// sessions that the one before spoke of too, and a look into the read models for each of them
/// costs more than assessing it.
#[derive(Default)]
pub(crate) struct RecentTerms(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    /// Everything below this size is in the lists. Who moved the read models otherwise finds them
    /// empty.
    size: u64,
    young: HashMap<Term, Vec<LogPosition>>,
    old: HashMap<Term, Vec<LogPosition>>,
}

impl RecentTerms {
    /// A list longer than this is not kept.
    const LONGEST: usize = 256;

    /// What is kept of a term, if everything below this size is in it.
    pub(crate) fn get(&self, size: u64, term: &Term) -> Option<Vec<LogPosition>> {
        let mut recent = self.lock();
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

    /// Keeps the positions of a session's or an IdP session's records below a size.
    pub(crate) fn put(&self, size: u64, term: &Term, positions: &[LogPosition]) {
        if !matches!(term.kind, TermKind::Session | TermKind::IdpSession)
            || positions.len() > Self::LONGEST
        {
            return;
        }
        let mut recent = self.lock();
        if recent.size != size {
            *recent = Recent { size, ..Recent::default() };
        }
        if recent.young.len() >= KEPT {
            recent.old = std::mem::take(&mut recent.young);
        }
        recent.young.insert(term.clone(), positions.to_vec());
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Recent::default();
    }

    /// The records of a batch are in the read models now.
    pub(crate) fn advance(&self, pending: &PendingRecords) {
        let mut recent = self.lock();
        if recent.size != pending.from().0 {
            return;
        }
        let Recent { size, young, old } = &mut *recent;
        *size = pending.from().0 + pending.records().len() as u64;
        for (term, new) in pending.terms() {
            for generation in [&mut *young, &mut *old] {
                if let Some(positions) = generation.get_mut(term) {
                    positions.extend(new);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Decoded records by position: two generations, the older of which goes when the younger is full.
/// Records do not change, so nothing goes stale.
#[derive(Default)]
pub(crate) struct RecordCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<LogPosition, Arc<RecordSummary>>,
    old: HashMap<LogPosition, Arc<RecordSummary>>,
}

impl RecordCache {
    /// The record at a position, if it is kept.
    pub(crate) fn get(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        let mut generations = self.lock();
        if let Some(record) = generations.young.get(&position) {
            return Some(Arc::clone(record));
        }
        let record = generations.old.remove(&position)?;
        generations.put(position, Arc::clone(&record));
        Some(record)
    }

    /// Keeps a record.
    pub(crate) fn put(&self, position: LogPosition, record: &Arc<RecordSummary>) {
        self.lock().put(position, Arc::clone(record));
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn put(&mut self, position: LogPosition, record: Arc<RecordSummary>) {
        if self.young.len() >= KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(position, record);
    }
}

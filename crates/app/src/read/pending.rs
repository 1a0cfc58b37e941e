//! Records at the end of the log that are not in the read models yet, with their index terms.

use crate::model::record_summary::RecordSummary;
use claimledger_facts::ids::{LogPosition, RecordId};
use claimledger_ledger::views::Term;
use std::{collections::HashMap, sync::Arc};

/// Consecutive records at the end of the log that are not in the read models yet.
#[derive(Default)]
pub(crate) struct PendingRecords {
    from: u64,
    records: Vec<Arc<RecordSummary>>,
    terms: HashMap<Term, Vec<LogPosition>>,
    ids: HashMap<RecordId, LogPosition>,
}

impl PendingRecords {
    /// Starts at a position, without records.
    pub(crate) fn new(from: LogPosition) -> Self {
        Self { from: from.0, ..Self::default() }
    }

    /// Adds the next record.
    pub(crate) fn push(&mut self, record: Arc<RecordSummary>, terms: &[Term]) {
        let position = record.reference.position;
        for term in terms {
            match self.terms.get_mut(term) {
                Some(positions) => positions.push(position),
                None => drop(self.terms.insert(term.clone(), vec![position])),
            }
        }
        self.ids.entry(record.reference.id).or_insert(position);
        self.records.push(record);
    }

    /// The first position.
    pub(crate) fn from(&self) -> LogPosition {
        LogPosition(self.from)
    }

    /// The records.
    pub(crate) fn records(&self) -> &[Arc<RecordSummary>] {
        &self.records
    }

    /// Positions of the records with a term, up to `known_at` inclusive.
    pub(crate) fn positions(
        &self,
        term: &Term,
        known_at: LogPosition,
    ) -> impl Iterator<Item = LogPosition> {
        self.terms
            .get(term)
            .into_iter()
            .flatten()
            .copied()
            .filter(move |position| *position <= known_at)
    }

    /// The record at a position, if it is pending.
    pub(crate) fn get(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        let index = usize::try_from(position.0.checked_sub(self.from)?).ok()?;
        self.records.get(index).cloned()
    }

    /// The position of the record with an id, if it is pending.
    pub(crate) fn position(&self, id: RecordId) -> Option<LogPosition> {
        self.ids.get(&id).copied()
    }

    /// Each term with its positions.
    pub(crate) fn terms(&self) -> &HashMap<Term, Vec<LogPosition>> {
        &self.terms
    }
}

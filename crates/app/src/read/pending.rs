//! Records at the end of the log that the read models do not have yet, with what they can be found
//! by.

use crate::model::record_summary::RecordSummary;
use claimledger_facts::ids::{LogPosition, RecordId};
use claimledger_ledger::views::Term;
use std::{collections::HashMap, sync::Arc};

/// Records at the end of the log that the read models do not have yet, with their terms.
#[derive(Default)]
pub(crate) struct PendingRecords {
    from: u64,
    records: Vec<Arc<RecordSummary>>,
    terms: HashMap<Term, Vec<LogPosition>>,
    ids: HashMap<RecordId, LogPosition>,
}

impl PendingRecords {
    /// That begins at a position.
    pub(crate) fn new(from: LogPosition) -> Self {
        Self { from: from.0, ..Self::default() }
    }

    /// Takes the next record.
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

    /// Where it begins.
    pub(crate) fn from(&self) -> LogPosition {
        LogPosition(self.from)
    }

    /// The records.
    pub(crate) fn records(&self) -> &[Arc<RecordSummary>] {
        &self.records
    }

    /// Positions of those with a term, up to `known_at` inclusive.
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

    /// The record at a position, if it is one of them.
    pub(crate) fn get(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        let index = usize::try_from(position.0.checked_sub(self.from)?).ok()?;
        self.records.get(index).cloned()
    }

    /// Where the record with an id is, if it is one of them.
    pub(crate) fn position(&self, id: RecordId) -> Option<LogPosition> {
        self.ids.get(&id).copied()
    }

    /// Each term with its positions.
    pub(crate) fn terms(&self) -> &HashMap<Term, Vec<LogPosition>> {
        &self.terms
    }
}

//! The total order of facts, and what is known at a position.
//!
//! Facts are ordered by `occurred_at`, then source, then the source's own id, bytewise; never by
//! position (`semantics.md` 2). Facts that one record carries can tie in all three: their canonical
//! text decides, so that no order of input shows.

use crate::model::{Known, RecordRef};
use claimledger_facts::{
    fact::Fact,
    ids::{LogPosition, RecordId, SourceEventId, SourceId},
    time::{Occurred, Time},
};
use std::{cmp::Ordering, collections::BTreeMap};

/// A fact that counts at a position, and whether its source said something else under the same id
/// too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) known: &'a Known,
    pub(crate) variant: bool,
}

impl<'a> Seen<'a> {
    pub(crate) fn record(self) -> &'a RecordRef {
        &self.known.record
    }

    pub(crate) fn occurred(self) -> Occurred {
        self.known.fact.occurred
    }
}

/// Compares two facts in the total order (`semantics.md` 2).
#[must_use]
pub fn total_order(a: &Known, b: &Known) -> Ordering {
    place(a).cmp(&place(b)).then_with(|| {
        if a.fact == b.fact { Ordering::Equal } else { canonical(&a.fact).cmp(&canonical(&b.fact)) }
    })
}

/// Compares two records by what they say of themselves (`semantics.md` 2), for lists of records
/// that no longer have their facts.
pub(crate) fn record_order(a: &RecordRef, b: &RecordRef) -> Ordering {
    (a.occurred.from, &a.source, &a.source_id).cmp(&(b.occurred.from, &b.source, &b.source_id))
}

/// The facts that are known at a position, once each, in the total order; of variants only the one
/// whose statement is first bytewise (`semantics.md` 32).
pub(crate) fn known_at(facts: &[Known], position: LogPosition) -> Vec<Seen<'_>> {
    let mut known: Vec<&Known> = facts.iter().filter(|k| k.record.position <= position).collect();
    known.sort_by(|a, b| total_order(a, b).then_with(|| a.record.id.cmp(&b.record.id)));
    known.dedup_by(|a, b| a.record.id == b.record.id && a.fact == b.fact);
    let chosen = variants(&known);
    known
        .into_iter()
        .filter_map(|k| match chosen.get(&event(k)) {
            None => Some(Seen { known: k, variant: k.variant }),
            Some(id) if *id == k.record.id => Some(Seen { known: k, variant: true }),
            Some(_) => None,
        })
        .collect()
}

/// The canonical text of a fact: type, data, time.
pub(crate) fn canonical(fact: &Fact) -> String {
    let data = fact.data.to_value().unwrap_or_default();
    serde_json::to_string(&(fact.data.type_name(), data, fact.occurred)).unwrap_or_default()
}

/// For every event that several records state: the record whose statement is first bytewise.
fn variants<'a>(known: &[&'a Known]) -> BTreeMap<(&'a SourceId, &'a SourceEventId), RecordId> {
    // Almost always there is none, and that is seen without a map of everything.
    let mut said: Vec<_> = known.iter().map(|k| (event(k), k.record.id)).collect();
    said.sort_unstable();
    if said.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 == pair[1].1) {
        return BTreeMap::new();
    }
    let mut events: BTreeMap<_, BTreeMap<RecordId, Vec<&Fact>>> = BTreeMap::new();
    for k in known {
        events.entry(event(k)).or_default().entry(k.record.id).or_default().push(&k.fact);
    }
    let several = events.into_iter().filter(|(_, records)| records.len() > 1);
    several
        .filter_map(|(event, records)| {
            let statements = records.into_iter().map(|(id, facts)| {
                let mut texts: Vec<String> = facts.into_iter().map(canonical).collect();
                texts.sort_unstable();
                (texts.join("\n"), id)
            });
            statements.min().map(|(_, id)| (event, id))
        })
        .collect()
}

fn event(k: &Known) -> (&SourceId, &SourceEventId) {
    (&k.record.source, &k.record.source_id)
}

fn place(k: &Known) -> (Time, &SourceId, &SourceEventId) {
    (k.fact.occurred.from, &k.record.source, &k.record.source_id)
}

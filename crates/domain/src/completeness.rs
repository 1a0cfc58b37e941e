//! How complete each source is, as known at K. It stands beside an answer and changes none.

use crate::history::HistoryCut;
use claimledger_facts::{ids::SourceId, time::Time, vocabulary::HeardBasis};
use std::collections::BTreeMap;

/// What is known of one source's completeness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// The source.
    pub source: SourceId,
    /// Everything up to this time was heard; none: nothing is stated.
    pub heard_until: Option<Time>,
    /// On what that rests.
    pub basis: Option<HeardBasis>,
    /// Gaps that are known, in order.
    pub gaps: Vec<Gap>,
}

/// A time in which a source was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
    /// Whether all that was missing has come.
    pub backfilled: bool,
}

/// Every source that says anything of its own completeness, by name. These facts count once known, for what they speak of
/// (`semantics.md` 3).
#[must_use]
pub fn completeness(history: HistoryCut<'_>) -> Vec<Completeness> {
    let mut sources: BTreeMap<&SourceId, Completeness> = BTreeMap::new();
    let blank = |source: &SourceId| Completeness { source: source.clone(), heard_until: None, basis: None, gaps: Vec::new() };
    for stated in history.heard() {
        let entry = sources.entry(&stated.record.source).or_insert_with(|| blank(&stated.record.source));
        // Of two statements up to the same time the stronger basis is shown: `stated` before `polled` before `assumed`.
        let better = match (entry.heard_until, entry.basis) {
            (Some(until), Some(basis)) => (stated.data.until, std::cmp::Reverse(stated.data.basis)) > (until, std::cmp::Reverse(basis)),
            _ => true,
        };
        if better {
            entry.heard_until = Some(stated.data.until);
            entry.basis = Some(stated.data.basis);
        }
    }
    for stated in history.silent() {
        let source = &stated.record.source;
        let mut filled: Vec<(Time, Time)> =
            history.backfilled().filter(|b| b.record.source == *source).map(|b| (b.data.from, b.data.until)).collect();
        filled.sort_unstable();
        let gap = Gap { from: stated.data.from, until: stated.data.until, backfilled: covers(&filled, stated.data.from, stated.data.until) };
        let entry = sources.entry(source).or_insert_with(|| blank(source));
        if !entry.gaps.contains(&gap) {
            entry.gaps.push(gap);
        }
    }
    sources
        .into_values()
        .map(|mut source| {
            source.gaps.sort_unstable();
            source
        })
        .collect()
}

/// Whether sorted intervals together cover `[from, until)`.
fn covers(sorted: &[(Time, Time)], from: Time, until: Time) -> bool {
    let mut reached = from;
    for (start, end) in sorted {
        if *start > reached {
            break;
        }
        reached = reached.max(*end);
    }
    reached >= until
}

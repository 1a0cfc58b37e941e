//! How complete each source is, one gap a row; a source without gaps has a row of its own.

use super::columns::{Columns, From::Row, Hit};
use claimledger_domain::completeness::{Completeness, Gap};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};

/// A source, and one of its gaps.
pub(super) struct SourceHit {
    source: Completeness,
    gap: Option<Gap>,
}

/// The gaps of each source, in their order.
pub(super) fn rows(sources: &[Completeness]) -> Vec<SourceHit> {
    let of = |source: &Completeness| {
        let source = source.clone();
        let mut gaps: Vec<Option<Gap>> = source.gaps.iter().cloned().map(Some).collect();
        if gaps.is_empty() {
            gaps.push(None);
        }
        gaps.into_iter().map(move |gap| SourceHit { source: source.clone(), gap })
    };
    sources.iter().flat_map(of).collect()
}

impl Hit for SourceHit {
    fn key(&self) -> String {
        let gap = self.gap.as_ref().map_or_else(String::new, |gap| gap.from.to_string());
        format!("{}/{gap}", self.source.source)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        None
    }

    fn time(&self) -> Option<Time> {
        None
    }
}

pub(super) const COLUMNS: Columns<SourceHit> = Columns(&[
    ("source", Kind::Text, "the source", Row(|hit| hit.source.source.to_string().into())),
    (
        "heard_until",
        Kind::Time,
        "everything up to then was heard; empty: nothing is stated",
        Row(|hit| hit.source.heard_until.into()),
    ),
    (
        "basis",
        Kind::Text,
        "on what that rests: stated, polled or assumed",
        Row(|hit| hit.source.basis.map(|basis| basis.as_str()).into()),
    ),
    (
        "gap_from",
        Kind::Time,
        "a gap: from then something may be missing",
        Row(|hit| hit.gap.as_ref().map(|gap| gap.from).into()),
    ),
    (
        "gap_until",
        Kind::Time,
        "until then, exclusive; empty: nothing that is known ends it",
        Row(|hit| hit.gap.as_ref().and_then(|gap| gap.until).into()),
    ),
    (
        "gap_cause",
        Kind::Text,
        "why",
        Row(|hit| hit.gap.as_ref().map_or(Cell::Empty, |gap| gap.cause.to_string().into())),
    ),
    (
        "gap_filled",
        Kind::Flag,
        "whether what was missing has come",
        Row(|hit| hit.gap.as_ref().map(|gap| gap.backfilled).into()),
    ),
    (
        "gap_record",
        Kind::Number,
        "the position of the record that says so",
        Row(|hit| hit.gap.as_ref().map(|gap| gap.position.0).into()),
    ),
]);

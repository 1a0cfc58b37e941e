//! The records that changed what is said of a session at one T, each with what it changed: where a
//! caller can step between two positions.
//!
//! The session is assessed as known at each record that could have changed it, in the order of the
//! log, and compared with what was said before; a record that changed nothing at this T is not a
//! change point.

use super::{Beliefs, Change, Trial, aspects, changes};
use crate::model::RecordRef;
use claimledger_facts::ids::LogPosition;
use std::collections::BTreeSet;

/// Maximum records tried.
const MOST: usize = 60;
/// Minimum records tried, however large the session is.
const FEWEST: usize = 10;
/// Facts that are assessed in all, where a session is so large that this matters.
const FACTS: usize = 40_000;

/// A record that changed what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePoint {
    /// The record.
    pub record: RecordRef,
    /// What it is, in a word or two a fact: `authenticator lost`.
    pub what: Vec<&'static str>,
    /// What reads differently from it on.
    pub changes: Vec<Change>,
}

/// Records that changed what is said, in the order of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangePoints {
    /// The change points.
    pub points: Vec<ChangePoint>,
    /// How many records were tried.
    pub tried: usize,
    /// How many more could have changed it, and were not tried.
    pub untried: usize,
}

/// Which records are tried, where there are more than can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearest {
    /// Those nearest to the earlier position.
    Before,
    /// Those nearest to the later position.
    After,
}

/// The records after one position, up to another, that changed what is said of a session.
#[must_use]
pub fn change_points(beliefs: Beliefs<'_>, nearest: Nearest) -> ChangePoints {
    let trial = Trial::new(beliefs);
    let candidates: Vec<&RecordRef> = trial.candidates.values().collect();
    let most = (FACTS / beliefs.facts.len().max(1)).clamp(FEWEST, MOST).min(candidates.len());
    let untried = candidates.len() - most;
    let skipped = match nearest {
        Nearest::Before => 0,
        Nearest::After => untried,
    };
    let start = skipped.checked_sub(1).map_or(beliefs.before, |last| candidates[last].position);
    let says =
        |known_at: LogPosition| aspects::says(trial.state(known_at, &BTreeSet::new()).as_ref());
    let mut before = says(start);
    let mut points = Vec::new();
    for record in &candidates[skipped..skipped + most] {
        let now = says(record.position);
        let changes = changes(&before, &now);
        if !changes.is_empty() {
            let what = trial.what.get(&record.position).cloned().unwrap_or_default();
            points.push(ChangePoint { record: (*record).clone(), what, changes });
        }
        before = now;
    }
    ChangePoints { points, tried: most, untried }
}

//! The records that changed what is said of a session at one T, each with what it changed: where a
//! caller can step between two positions.
//!
//! The session is assessed as known at each record that could have changed it, in the order of the
//! log, and compared with what was said before; a record that changed nothing at this T is not a
//! change point. Where the session itself reads as before, what the page draws around it is
//! compared too: a retired key changes the lane of the key, and nothing of the session.

use super::{Beliefs, Change, Draw, Drawn, Names, Trial, aspects, changes, drawn::redrawn};
use crate::{
    explain::explain,
    model::{Cut, RecordRef},
};
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
    /// What reads differently of the session from it on.
    pub changes: Vec<Change>,
    /// What is drawn otherwise around a session that reads as before, in the words of the page.
    pub around: Vec<String>,
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

/// The records after one position, up to another, that changed what a page shows of a session.
#[must_use]
pub fn change_points(beliefs: Beliefs<'_>, nearest: Nearest, draw: Draw) -> ChangePoints {
    let trial = Trial::new(beliefs, Names::Shown);
    let candidates: Vec<&RecordRef> = trial.candidates.values().collect();
    let most = (FACTS / beliefs.facts.len().max(1)).clamp(FEWEST, MOST).min(candidates.len());
    let untried = candidates.len() - most;
    let skipped = match nearest {
        Nearest::Before => 0,
        Nearest::After => untried,
    };
    let start = skipped.checked_sub(1).map_or(beliefs.before, |last| candidates[last].position);
    let nothing = BTreeSet::new();
    let says = |known_at| aspects::says(trial.state(known_at, &nothing).as_ref());
    let drawn = |known_at| {
        let explained = trial.assessed(known_at, &nothing, explain);
        let cut = Cut { at: beliefs.at, known_at };
        explained.map_or_else(Vec::new, |explained| draw(&explained, cut))
    };
    let (mut before, mut last) = (says(start), start);
    // Reasons are costly: they are made only where the session itself reads as before.
    let mut drawn_before: Option<Vec<Drawn>> = None;
    let mut points = Vec::new();
    for record in &candidates[skipped..skipped + most] {
        let now = says(record.position);
        let changes = changes(&before, &now);
        let mut around = Vec::new();
        let mut drawn_now = None;
        if changes.is_empty() {
            let was = drawn_before.take().unwrap_or_else(|| drawn(last));
            let is = drawn(record.position);
            around = redrawn(&was, &is);
            drawn_now = Some(is);
        }
        if !changes.is_empty() || !around.is_empty() {
            let what = trial.what.get(&record.position).cloned().unwrap_or_default();
            points.push(ChangePoint { record: (*record).clone(), what, changes, around });
        }
        (before, last, drawn_before) = (now, record.position, drawn_now);
    }
    ChangePoints { points, tried: most, untried }
}

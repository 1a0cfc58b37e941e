//! What a source's own statements say of its completeness, each with its record.

use super::Gap;
use crate::{
    history::{
        HistoryCut,
        silences::{Silence, silences},
    },
    model::RecordRef,
};
use claimledger_facts::{
    ids::SourceId,
    time::{Occurred, Time},
    vocabulary::HeardBasis,
};
use std::time::Duration;

/// What one source says of itself, as known at K.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// The furthest statement on each basis, `stated` before `polled` before `assumed`; none that
    /// another on a better basis reaches.
    pub heard: Vec<HeardStatement>,
    /// Its silences, in order.
    pub gaps: Vec<GapStatement>,
}

/// Up to when everything was heard, as one record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardStatement {
    /// Up to when.
    pub until: Time,
    /// On what that rests.
    pub basis: HeardBasis,
    /// Who says so.
    pub record: RecordRef,
}

/// A silence, and what was filled in of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapStatement {
    /// The silence, or the part of it that was filled in or left open.
    pub gap: Gap,
    /// The first record that says so, in the total order.
    pub silent: RecordRef,
    /// Records that say that some of it has come since, in the total order.
    pub backfilled: Vec<RecordRef>,
}

/// Whether a record came when it occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeliness {
    /// Within a minute.
    InTime,
    /// Later, by this duration.
    Late(Duration),
    /// Earlier, by this duration of a second or more: the source's clock is ahead of the ledger's.
    Ahead(Duration),
}

impl Timeliness {
    /// From this on a clock is said to be ahead.
    const AHEAD: Duration = Duration::from_secs(1);

    /// Of something that occurred and was recorded then.
    #[must_use]
    pub fn of(occurred: Occurred, recorded_at: Time) -> Self {
        let micros = |from: Time, to: Time| {
            Duration::from_micros(to.micros().saturating_sub(from.micros()).max(0).unsigned_abs())
        };
        if crate::changes::is_late(recorded_at, occurred.latest()) {
            return Self::Late(micros(occurred.latest(), recorded_at));
        }
        match micros(recorded_at, occurred.from) {
            ahead if ahead >= Self::AHEAD => Self::Ahead(ahead),
            _ => Self::InTime,
        }
    }
}

/// What a source says of itself, by the same statements that [`super::completeness`] goes by.
#[must_use]
pub fn statements_of(source: &SourceId, history: HistoryCut<'_>) -> Statements {
    let mut heard: Vec<HeardStatement> = Vec::new();
    for stated in history.sources().heard().filter(|stated| stated.record.source == *source) {
        let new = || HeardStatement {
            until: stated.data.until,
            basis: stated.data.basis,
            record: stated.record.clone(),
        };
        match heard.iter_mut().find(|said| said.basis == stated.data.basis) {
            Some(said) if said.until < stated.data.until => *said = new(),
            Some(_) => {}
            None => heard.push(new()),
        }
    }
    heard.sort_by_key(|said| said.basis);
    let mut reached = None;
    heard.retain(|said| {
        let further = Some(said.until) > reached;
        reached = reached.max(Some(said.until));
        further
    });
    let filled: Vec<_> =
        history.sources().backfilled().filter(|stated| stated.record.source == *source).collect();
    let own = |silence: &Silence<'_>| silence.record.source == *source;
    let said = |Silence { record, gap }: Silence<'_>| {
        let touching = filled
            .iter()
            .filter(|stated| !gap.ends_by(stated.data.from) && stated.data.until > gap.from);
        let backfilled = touching.map(|stated| stated.record.clone()).collect();
        GapStatement { gap, silent: record.clone(), backfilled }
    };
    let mut gaps: Vec<GapStatement> = silences(history).into_iter().filter(own).map(said).collect();
    gaps.sort_by_key(|said| said.gap);
    Statements { heard, gaps }
}

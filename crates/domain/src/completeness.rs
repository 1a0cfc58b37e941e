//! How complete each source is, as known at K. It stands beside an answer. It changes one only
//! where it says that every save of something is known (`history/saves.rs`), or that a factor may
//! be missing (`assess/silence.rs`).

mod absence;
mod statements;

pub use self::{
    absence::{Absence, AbsenceCode, Barrier, Behind, absence},
    statements::{GapStatement, HeardStatement, Statements, Timeliness, statements_of},
};

pub use crate::history::{Gap, GapCause};

use crate::{
    history::{HistoryCut, silences},
    model::RecordRef,
    words,
};
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

/// How complete an answer can be, in a word and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Whether "none" may be said: every source has been heard up to T, and no gap is open.
    pub complete: bool,
    /// Up to when every source is complete; none: a source states nothing, or no source is known.
    pub complete_to: Option<Time>,
    /// `complete`, or `incomplete, idp-x silent 14:10:00Z to 14:25:00Z`.
    pub words: String,
    /// What each source lacks, of those that lack something.
    pub lacks: Vec<String>,
}

impl Completeness {
    /// Whether the source lacks something up to a time: a gap is open, or it was not heard up to
    /// then.
    #[must_use]
    pub fn lacks_by(&self, at: Time) -> bool {
        lack(self, at).is_some()
    }
}

/// What a source lacks up to a time, by how it reads; none: nothing.
fn lack(source: &Completeness, at: Time) -> Option<String> {
    let name = &source.source;
    let open: Vec<String> =
        (source.gaps.iter()).filter(|gap| gap.is_open_by(at)).map(|gap| gap.words(at)).collect();
    let heard = match source.heard_until {
        None => Some("does not say how complete it is".to_owned()),
        Some(until) if until < at => Some(format!("heard to {} only", words::clock(until, at))),
        Some(_) => None,
    };
    let lacks: Vec<String> = open.into_iter().chain(heard).collect();
    if lacks.is_empty() { None } else { Some(format!("{name} {}", words::list(&lacks))) }
}

/// The sources' completeness up to T. Nothing known of a source is no completeness: absence of
/// records says nothing then.
#[must_use]
pub fn summary(sources: &[Completeness], at: Time) -> Summary {
    let lacks: Vec<String> = sources.iter().filter_map(|source| lack(source, at)).collect();
    let words = match (sources, lacks.as_slice()) {
        ([], _) => "incomplete, no source is known".to_owned(),
        (_, []) => "complete".to_owned(),
        (_, lacks) => format!("incomplete, {}", lacks.join("; ")),
    };
    let reached = |source: &Completeness| {
        let open = source.gaps.iter().filter(|gap| !gap.backfilled).map(|gap| gap.from).min();
        source.heard_until.map(|until| open.map_or(until, |from| from.min(until)))
    };
    let complete_to = sources.iter().map(reached).min().flatten();
    Summary { complete: !sources.is_empty() && lacks.is_empty(), complete_to, words, lacks }
}

impl Gap {
    /// Its cause and its time: `silent 14:10:00Z to 14:25:00Z`.
    pub(crate) fn span(&self, today: Time) -> String {
        let from = words::clock(self.from, today);
        match self.until {
            Some(until) => format!("{} {from} to {}", self.cause, words::clock(until, self.from)),
            None => format!("{} since {from}", self.cause),
        }
    }

    /// The same, with the record that it is concluded from.
    fn words(&self, today: Time) -> String {
        let span = self.span(today);
        match self.cause {
            GapCause::Silent => span,
            GapCause::Stopped(_) | GapCause::Failed(_) => format!("{span} ({})", self.position),
        }
    }
}

/// The gaps that are concluded from what happened to what sends a source's events, each with its
/// record; what filled them in does not count.
pub(crate) fn concluded_gaps(history: HistoryCut<'_>) -> Vec<(&RecordRef, Gap)> {
    silences::concluded(history)
}

/// Every source that says anything of its own completeness, by name. These facts count once known,
/// for what they speak of (`semantics.md` 3).
#[must_use]
pub fn completeness(history: HistoryCut<'_>) -> Vec<Completeness> {
    completeness_of(history, [])
}

/// The same, with sources of which records are known, whether or not they say anything of their
/// completeness.
#[must_use]
pub fn completeness_of<'a>(
    history: HistoryCut<'a>,
    known: impl IntoIterator<Item = &'a SourceId>,
) -> Vec<Completeness> {
    let mut sources: BTreeMap<&SourceId, Completeness> = BTreeMap::new();
    let blank = |source: &SourceId| Completeness {
        source: source.clone(),
        heard_until: None,
        basis: None,
        gaps: Vec::new(),
    };
    for source in known {
        sources.insert(source, blank(source));
    }
    for stated in history.sources().heard() {
        let entry =
            sources.entry(&stated.record.source).or_insert_with(|| blank(&stated.record.source));
        // Of two statements up to the same time the stronger basis is shown: `stated` before
        // `polled` before `assumed`.
        let better = match (entry.heard_until, entry.basis) {
            (Some(until), Some(basis)) => {
                (stated.data.until, std::cmp::Reverse(stated.data.basis))
                    > (until, std::cmp::Reverse(basis))
            }
            _ => true,
        };
        if better {
            entry.heard_until = Some(stated.data.until);
            entry.basis = Some(stated.data.basis);
        }
    }
    for silences::Silence { record, gap } in silences::silences(history) {
        let source = &record.source;
        sources.entry(source).or_insert_with(|| blank(source)).gaps.push(gap);
    }
    sources
        .into_values()
        .map(|mut source| {
            source.gaps.sort_unstable();
            source
        })
        .collect()
}

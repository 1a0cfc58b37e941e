//! When something of a source may be missing: silences that are stated, and those that follow from
//! what happened to what sends its events.
//!
//! A log stream or an event hook that was switched off sends nothing until it is switched on again,
//! and one that failed to deliver does not send that event again. What was heard in another way is
//! not missing: by polling, or because the source says so. That everything was heard is only
//! *assumed* does not outweigh a record that something was not sent (`semantics.md` 3).

use super::HistoryCut;
use crate::model::RecordRef;
use claimledger_facts::{
    ids::{LogPosition, SourceId},
    time::Time,
    vocabulary::{DeliveryChange, HeardBasis, ObjectKind},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A time in which a source was silent: a whole silence, or the part of one that a back-fill covers
/// or leaves open (`semantics.md` 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive; none: nothing that is known ends it.
    pub until: Option<Time>,
    /// Whether what was missing in it has come.
    pub backfilled: bool,
    /// Why something may be missing.
    pub cause: GapCause,
    /// The first record that says so, in the total order.
    pub position: LogPosition,
}

/// Why something may be missing in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapCause {
    /// The source is said to have been silent.
    Silent,
    /// What sends its events was switched off, and nothing else is known to have brought them.
    Stopped(ObjectKind),
    /// What sends its events could not deliver one.
    Failed(ObjectKind),
}

impl fmt::Display for GapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |kind: &ObjectKind| kind.as_str().replace('_', " ");
        match self {
            Self::Silent => f.write_str("silent"),
            Self::Stopped(kind) => write!(f, "{} switched off", name(kind)),
            Self::Failed(kind) => write!(f, "{} failed to deliver", name(kind)),
        }
    }
}

impl Gap {
    /// Whether something that occurred by a time may be missing.
    #[must_use]
    pub fn is_open_by(&self, at: Time) -> bool {
        !self.backfilled && self.from <= at
    }

    /// Whether something that occurred between two times, both included, may be missing.
    pub(crate) fn touches(&self, from: Time, to: Time) -> bool {
        self.is_open_by(to) && !self.ends_by(from)
    }

    /// Whether it has ended by a time.
    #[must_use]
    pub fn ends_by(&self, time: Time) -> bool {
        self.until.is_some_and(|until| until <= time)
    }
}

/// How long before a failure was logged the event can have occurred that was not delivered: Okta
/// promises no delay of a hook, and looks into those of more than an hour.
const HOOK_DELAY_SECS: i64 = 3_600;

/// A gap of a source, with the first record that says so.
pub(crate) struct Silence<'a> {
    pub(crate) record: &'a RecordRef,
    pub(crate) gap: Gap,
}

/// A time in which something may be missing, before back-fills.
struct Span<'a> {
    record: &'a RecordRef,
    from: Time,
    until: Option<Time>,
    cause: GapCause,
}

/// Every gap of every source, each once.
pub(crate) fn silences(history: HistoryCut<'_>) -> Vec<Silence<'_>> {
    silences_of(history, None)
}

/// The gaps of a source that nothing has filled in.
pub(crate) fn open<'a>(
    history: HistoryCut<'a>,
    source: &SourceId,
) -> impl Iterator<Item = Silence<'a>> {
    silences_of(history, Some(source)).into_iter().filter(|silence| !silence.gap.backfilled)
}

/// Every gap of one source, or of all.
fn silences_of<'a>(history: HistoryCut<'a>, only: Option<&SourceId>) -> Vec<Silence<'a>> {
    let is_of = |record: &RecordRef| only.is_none_or(|only| record.source == *only);
    let stated = history.sources().silent().filter(|stated| is_of(&stated.record));
    let stated = stated.map(|stated| Span {
        record: &stated.record,
        from: stated.data.from,
        until: Some(stated.data.until),
        cause: GapCause::Silent,
    });
    let mut spans: Vec<Span<'_>> = stated.collect();
    spans.extend(unsent(history).into_iter().filter(|span| is_of(span.record)));
    if spans.is_empty() {
        return Vec::new();
    }
    let mut filled: BTreeMap<&SourceId, Vec<(Time, Time)>> = BTreeMap::new();
    for stated in history.sources().backfilled().filter(|stated| is_of(&stated.record)) {
        let span = (stated.data.from, stated.data.until);
        filled.entry(&stated.record.source).or_default().push(span);
    }
    let mut found: Vec<Silence<'_>> = Vec::new();
    for span in spans {
        let filled = filled.get(&span.record.source).map_or(&[][..], Vec::as_slice);
        for gap in parts(&span, filled) {
            let is_same = |said: &Silence<'_>| {
                said.record.source == span.record.source
                    && Gap { position: gap.position, ..said.gap } == gap
            };
            if !found.iter().any(is_same) {
                found.push(Silence { record: span.record, gap });
            }
        }
    }
    found
}

/// From when on a record of the source itself changes which of its gaps are open; none: it changes
/// none.
pub(crate) fn changed_by(history: HistoryCut<'_>, record: &RecordRef) -> Option<Time> {
    let at = |position| {
        let silences = open(history.as_of(position), &record.source);
        silences.map(|silence| (silence.gap.from, silence.gap.until)).collect::<BTreeSet<_>>()
    };
    let before = record.position.0.checked_sub(1).map(|last| at(LogPosition(last)));
    let (was, is) = (before.unwrap_or_default(), at(record.position));
    was.symmetric_difference(&is).map(|(from, _)| *from).min()
}

/// The statements of what was heard that may end a gap which is concluded, by their positions: of
/// each time at which one may begin, the first that reaches it; where something is assumed of the
/// source, all.
pub(super) fn ending(history: HistoryCut<'_>) -> BTreeSet<LogPosition> {
    let mut begin: BTreeMap<&SourceId, BTreeSet<Time>> = BTreeMap::new();
    for stated in history.sources().deliveries() {
        let times = begin.entry(&stated.record.source).or_default();
        times.extend([stated.occurred.from, not_delivered_since(stated.occurred.from)]);
    }
    let mut ending = BTreeSet::new();
    for (source, times) in begin {
        let of_source = || history.sources().heard().filter(|s| s.record.source == *source);
        if of_source().any(|stated| stated.data.basis == HeardBasis::Assumed) {
            ending.extend(of_source().map(|stated| stated.record.position));
        }
        ending.extend(times.into_iter().filter_map(|from| {
            let reaching = of_source().filter(|stated| stated.data.until >= from);
            reaching.map(|stated| stated.record.position).min()
        }));
    }
    ending
}

/// Whether everything of a source was heard between two times, on its own word or by polling, and
/// no gap of that time is open.
pub(super) fn was_heard(history: HistoryCut<'_>, source: &SourceId, from: Time, to: Time) -> bool {
    let reached = history.sources().last_heard().any(|stated| {
        stated.record.source == *source
            && stated.data.until >= to
            && stated.data.basis != HeardBasis::Assumed
    });
    reached && !open(history, source).any(|silence| silence.gap.touches(from, to))
}

/// A silence, cut where back-fills begin and end: a back-fill closes just the part that it covers
/// (`semantics.md` 3). What several cover together is one part.
fn parts(span: &Span<'_>, filled: &[(Time, Time)]) -> Vec<Gap> {
    let gap = |from, until, backfilled| Gap {
        from,
        until,
        backfilled,
        cause: span.cause,
        position: span.record.position,
    };
    let inside = filled.iter().map(|(start, end)| {
        ((*start).max(span.from), span.until.map_or(*end, |until| until.min(*end)))
    });
    let mut filled: Vec<(Time, Time)> = inside.filter(|(start, end)| start < end).collect();
    filled.sort_unstable();
    let mut parts: Vec<Gap> = Vec::new();
    let mut reached = span.from;
    for (start, end) in filled {
        if start > reached {
            parts.push(gap(reached, Some(start), false));
        }
        match parts.last_mut().filter(|last| last.backfilled && last.until >= Some(start)) {
            Some(last) => last.until = last.until.max(Some(end)),
            None => parts.push(gap(start, Some(end), true)),
        }
        reached = reached.max(end);
    }
    if span.until.is_none_or(|until| reached < until) || parts.is_empty() {
        parts.push(gap(reached, span.until, false));
    }
    parts
}

/// The gaps that are concluded from what happened to what sends a source's events, as they were
/// before anything filled them in, each with its record.
pub(crate) fn concluded(history: HistoryCut<'_>) -> Vec<(&RecordRef, Gap)> {
    let gap = |span: Span<'_>| Gap {
        from: span.from,
        until: span.until,
        backfilled: false,
        cause: span.cause,
        position: span.record.position,
    };
    unsent(history).into_iter().map(|span| (span.record, gap(span))).collect()
}

/// The times in which what sends a source's events did not, and nothing else brought them.
fn unsent(history: HistoryCut<'_>) -> Vec<Span<'_>> {
    let spans = spans(history);
    // Mostly there are none, and many statements of what was heard.
    let mut heard: BTreeMap<&SourceId, Heard> =
        spans.iter().map(|span| (&span.record.source, Heard::default())).collect();
    for stated in history.sources().heard().take_while(|_| !spans.is_empty()) {
        let Some(heard) = heard.get_mut(&stated.record.source) else { continue };
        let reached = match stated.data.basis {
            HeardBasis::Stated | HeardBasis::Polled => &mut heard.otherwise,
            HeardBasis::Assumed => &mut heard.assumed,
        };
        *reached = (*reached).max(Some(stated.data.until));
    }
    let all = spans.into_iter();
    all.filter_map(|span| heard.get(&span.record.source).copied().unwrap_or_default().rest(span))
        .collect()
}

/// When what sends a source's events did not, by what happened to it, in the total order.
fn spans(history: HistoryCut<'_>) -> Vec<Span<'_>> {
    // Of each sender, whether it is off, or which failures the next one may continue.
    let mut last: BTreeMap<(&SourceId, ObjectKind, Option<&str>, bool), usize> = BTreeMap::new();
    let mut spans: Vec<Span<'_>> = Vec::new();
    for stated in history.sources().deliveries() {
        let (record, kind, at) = (&stated.record, stated.data.kind, stated.occurred.from);
        let key = |failed| (&record.source, kind, stated.data.object.as_deref(), failed);
        match stated.data.change {
            DeliveryChange::Stopped => {
                last.entry(key(false)).or_insert_with(|| {
                    let cause = GapCause::Stopped(kind);
                    spans.push(Span { record, from: at, until: None, cause });
                    spans.len() - 1
                });
            }
            DeliveryChange::Started => {
                if let Some(off) = last.remove(&key(false)) {
                    spans[off].until = Some(stated.occurred.latest());
                }
            }
            DeliveryChange::Failed => {
                let from = not_delivered_since(at);
                let until = Some(stated.occurred.latest());
                let before = last.get(&key(true)).map(|index| &mut spans[*index]);
                match before.filter(|span| span.until >= Some(from)) {
                    Some(span) => span.until = span.until.max(until),
                    None => {
                        last.insert(key(true), spans.len());
                        spans.push(Span { record, from, until, cause: GapCause::Failed(kind) });
                    }
                }
            }
        }
    }
    spans
}

/// The earliest time of an event that a failure at a time can have kept back.
fn not_delivered_since(at: Time) -> Time {
    Time::from_micros(at.micros().saturating_sub(HOOK_DELAY_SECS * 1_000_000))
}

/// Up to when a source was heard, whatever sends its events.
#[derive(Clone, Copy, Default)]
struct Heard {
    /// As it says, or as polling shows.
    otherwise: Option<Time>,
    /// As is assumed.
    assumed: Option<Time>,
}

impl Heard {
    /// What of a time was not heard otherwise.
    fn rest(self, span: Span<'_>) -> Option<Span<'_>> {
        let Some(heard) = self.otherwise.filter(|heard| *heard >= span.from) else {
            return Some(span);
        };
        if span.until.is_some_and(|until| until <= heard) {
            return None;
        }
        // Where nothing is said of a later time, that the source was heard up to here says it all:
        // a polled source is as complete as its polling, whatever else is switched off.
        let from = Time::from_micros(heard.micros().saturating_add(1));
        (self.assumed > self.otherwise).then_some(Span { from, ..span })
    }
}

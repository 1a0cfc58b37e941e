//! How often an object was saved between two looks, as the log of the same source says.
//!
//! Source: Okta, Event types reference: creating, updating, activating, deactivating and deleting
//! an IdP, a policy, a rule or an authenticator has an event (`system.idp.lifecycle.*`,
//! `policy.lifecycle.*`, `policy.rule.*`, `security.authenticator.lifecycle.*`) that names it. So
//! where everything of the source was heard over the interval of a version, the saves of its
//! objects are known. One: it changed then and at no other time. Several: before the first it was
//! as the earlier look saw it, since the last as the later one did, and between them it may have
//! been anything. None, though it was saved, or none at the end of the interval, which is its last
//! save: the log does not say all, and nothing is known better.
//!
//! An event is published near the save that it tells of, and not at it. The end of an interval
//! dates the last save; of any other one the event alone says when it was, within [`CLOSE_MICROS`].

use super::{HistoryCut, InForce, Stated, silences::was_heard};
use crate::model::RecordRef;
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{IdpId, LogPosition, PolicyId, SourceId},
    time::{self, Occurred, Time},
    types::configuration::ConfigurationChanged,
    vocabulary::{ObjectChange, ObjectKind, PolicyKind},
};
use std::collections::BTreeMap;

/// How far the time of an event may be from the save that it tells of, which left a `lastUpdated`:
/// 10 s.
const CLOSE_MICROS: i64 = 10_000_000;

/// An object that was saved in the interval of a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Saved {
    /// What it is.
    pub kind: ObjectKind,
    /// Its id; none: it is not stated, so no event is known to name it.
    pub id: Option<String>,
}

impl Saved {
    pub(super) fn of(kind: ObjectKind, id: &str) -> Self {
        Self { kind, id: Some(id.to_owned()) }
    }
}

/// An event that says that an object was changed.
#[derive(Clone, Debug)]
struct Event {
    record: RecordRef,
    occurred: Occurred,
    /// The policy of a rule, where it is named.
    policy: Option<PolicyId>,
}

/// Whom a version concerns of which it can be told when its objects were saved.
#[derive(Clone, Debug)]
pub(crate) enum Concerned {
    /// Sessions of an IdP.
    Idp(IdpId),
    /// Sessions with a decision of a policy, by each of its names.
    Policy(Vec<PolicyId>),
    /// Every session.
    Everyone,
}

impl Concerned {
    fn by(fact: &FactData) -> Self {
        match fact {
            FactData::IdpConfigured(data) => Self::Idp(data.idp.clone()),
            FactData::PolicyConfigured(data) if data.kind == PolicyKind::AppSignIn => {
                let named = data.rules.iter().map(|rule| PolicyId::of_rule(&rule.rule));
                Self::Policy(named.chain([data.policy.clone()]).collect())
            }
            _ => Self::Everyone,
        }
    }
}

/// The interval of a version in which objects were saved.
#[derive(Clone, Debug)]
struct Interval {
    source: SourceId,
    position: LogPosition,
    occurred: Occurred,
    saved: Vec<Saved>,
    concerned: Concerned,
    /// The first record that says that everything of it was heard.
    heard_by: Option<LogPosition>,
}

impl Interval {
    fn holds(&self, at: Time) -> bool {
        self.occurred.from < at && at <= close_to(self.occurred.latest())
    }
}

/// Events by object, and the intervals of which they can tell more.
#[derive(Clone, Debug, Default)]
pub(super) struct SaveFacts {
    events: BTreeMap<Saved, Vec<Event>>,
    intervals: Vec<Interval>,
}

impl SaveFacts {
    /// Adds an event that says that an object was changed. One that only reads it says nothing.
    pub(super) fn insert(
        &mut self,
        (record, occurred): (RecordRef, Occurred),
        data: &ConfigurationChanged,
    ) {
        if data.change == ObjectChange::SecretRead {
            return;
        }
        let policy = data.of.as_deref().filter(|_| data.kind == ObjectKind::Rule);
        let events = self.events.entry(Saved::of(data.kind, &data.object)).or_default();
        if events.iter().any(|event| event.record.position == record.position) {
            return;
        }
        let event = Event { record, occurred, policy: policy.map(PolicyId::from) };
        let at = events.partition_point(|old| old.occurred.from <= occurred.from);
        events.insert(at, event);
    }

    /// Notes the interval of a version. `heard`: what its source was heard of, so far.
    pub(super) fn note(
        &mut self,
        (record, fact): (&RecordRef, &Fact),
        saved: &[Saved],
        heard: impl Iterator<Item = (LogPosition, Time)>,
    ) {
        let (position, to) = (record.position, fact.occurred.latest());
        if self.intervals.iter().any(|known| known.position == position && known.saved == saved) {
            return;
        }
        let reached = heard.filter(|(_, until)| *until >= to);
        self.intervals.push(Interval {
            source: record.source.clone(),
            position,
            occurred: fact.occurred,
            saved: saved.to_vec(),
            concerned: Concerned::by(&fact.data),
            heard_by: reached.map(|(position, _)| position).min(),
        });
    }

    /// Notes that everything of a source was heard up to a time.
    pub(super) fn heard(&mut self, record: &RecordRef, until: Time) {
        let by = record.position;
        let open = self.intervals.iter_mut().filter(|interval| {
            // Mostly it was heard long ago.
            interval.heard_by.is_none_or(|first| by < first)
                && interval.source == record.source
                && interval.occurred.latest() <= until
        });
        open.for_each(|interval| interval.heard_by = Some(by));
    }

    /// Whether a record is the first to say that the whole of an interval was heard.
    pub(super) fn completes(&self, position: LogPosition) -> bool {
        self.intervals.iter().any(|interval| interval.heard_by == Some(position))
    }

    /// The intervals that a time touches in which something may be missing.
    fn touched(
        &self,
        source: &SourceId,
        from: Time,
        until: Option<Time>,
    ) -> impl Iterator<Item = &Interval> {
        self.intervals.iter().filter(move |interval| {
            interval.source == *source
                && from <= interval.occurred.latest()
                && until.is_none_or(|until| until > interval.occurred.from)
        })
    }

    fn around(&self, object: &Saved, at: Time) -> impl Iterator<Item = &Interval> {
        self.intervals.iter().filter(move |i| i.holds(at) && i.saved.contains(object))
    }

    /// The events that a test lets through, each with what it is of and the policy of a rule.
    /// Outside of an interval an event says nothing, and is left out.
    pub(super) fn part(
        &self,
        keep: &mut dyn FnMut(&RecordRef, &Saved, Option<&PolicyId>) -> bool,
    ) -> Self {
        let mut part = Self { events: BTreeMap::new(), intervals: self.intervals.clone() };
        for (object, events) in &self.events {
            let counts = |event: &&Event| {
                self.around(object, event.occurred.from).next().is_some()
                    && keep(&event.record, object, event.policy.as_ref())
            };
            let kept: Vec<Event> = events.iter().filter(counts).cloned().collect();
            if !kept.is_empty() {
                part.events.insert(object.clone(), kept);
            }
        }
        part
    }
}

/// A version, as far as the log says when it was saved.
struct Logged<'a, T> {
    version: &'a Stated<T>,
    occurred: Occurred,
    /// What may have been anything, from when until when.
    unseen: Vec<(&'a Saved, Time, Time)>,
}

impl<'a, T> InForce<'a, T> {
    /// What is in force of these, the latest first, each with its time as stated.
    pub(super) fn as_stated(options: Vec<Option<&'a Stated<T>>>) -> Self {
        let time = |version: &Stated<T>| version.occurred;
        let times = options.iter().map(|version| version.map(time)).collect();
        Self { options, times, unseen: Vec::new() }
    }

    /// The same as known by the log: with the times at which objects were saved.
    pub(super) fn told_by_log(self, cut: HistoryCut<'a>, when: Occurred) -> Self {
        if self.options.iter().flatten().all(|version| version.saved.is_empty()) {
            return self;
        }
        let versions = self.options.into_iter().flatten().map(|version| {
            let known = told_by_log(cut, version);
            (known.occurred, known)
        });
        let mut in_force = Self { options: vec![], times: vec![], unseen: vec![] };
        let options = time::in_force(versions, when);
        let open = options.len() - 1;
        for (n, option) in options.into_iter().enumerate() {
            in_force.times.push(option.as_ref().map(|known| known.occurred));
            in_force.options.push(option.as_ref().map(|known| known.version));
            let unseen = option.into_iter().filter(|_| n < open).flat_map(|known| known.unseen);
            let unseen = unseen.filter(|(_, from, to)| when.latest() >= *from && when.from < *to);
            in_force.unseen.extend(unseen.map(|(saved, ..)| saved));
        }
        in_force
    }
}

fn told_by_log<'a, T>(cut: HistoryCut<'a>, version: &'a Stated<T>) -> Logged<'a, T> {
    let (from, to) = (version.occurred.from, version.occurred.latest());
    let source = &version.record.source;
    let whole = version.saved.iter().map(|saved| (saved, from, to)).collect();
    let stated = Logged { version, occurred: version.occurred, unseen: whole };
    if version.saved.is_empty() || !was_heard(cut, source, from, to) {
        return stated;
    }
    let (mut first, mut last, mut unseen) = (to, from, Vec::new());
    for saved in &version.saved {
        let times = cut.saves_of(saved, source, (from, to));
        let (Some(begun), Some(ended)) = (times.first(), times.last()) else { return stated };
        // The end of the interval dates the only save of the only object.
        let is_dated = times.len() == 1 && version.saved.len() == 1;
        let begun = if is_dated { *begun } else { by_close(*begun).max(from) };
        (first, last) = (first.min(begun), last.max(*ended));
        if times.len() > 1 {
            unseen.push((saved, begun, close_to(*ended).min(to)));
        }
    }
    if close_to(last) < to {
        return stated;
    }
    let occurred =
        if first < to { Occurred { from: first, to: Some(to) } } else { Occurred::at(to) };
    Logged { version, occurred, unseen }
}

impl<'a> HistoryCut<'a> {
    /// Whom a record of the history concerns beyond what it says, since it tells how often
    /// something was saved, or whether all of that is known; each from the interval's beginning.
    pub(crate) fn concerned_by_saves(
        self,
        record: &RecordRef,
        fact: &Fact,
    ) -> Vec<(&'a Concerned, Time)> {
        let saves = &self.history.saves;
        let source = &record.source;
        let intervals: Vec<&Interval> = match &fact.data {
            FactData::ConfigurationChanged(data) => {
                let object = Saved::of(data.kind, &data.object);
                saves.around(&object, fact.occurred.from).collect()
            }
            FactData::SourceHeard(_) => {
                let by = Some(record.position);
                saves.intervals.iter().filter(|interval| interval.heard_by == by).collect()
            }
            FactData::SourceSilent(data) => {
                saves.touched(source, data.from, Some(data.until)).collect()
            }
            FactData::SourceBackfilled(data) => {
                saves.touched(source, data.from, Some(data.until)).collect()
            }
            // It may end or fill what began long before.
            FactData::SourceDeliveryChanged(_) => saves.touched(source, Time::MIN, None).collect(),
            _ => Vec::new(),
        };
        let own = intervals.into_iter().filter(|interval| interval.source == *source);
        own.map(|interval| (&interval.concerned, interval.occurred.from)).collect()
    }

    /// When an object was saved after a time and by another. Empty, where that is not known.
    fn saves_of(self, object: &Saved, source: &SourceId, (from, to): (Time, Time)) -> Vec<Time> {
        let events = self.history.saves.events.get(object).map_or(&[] as &[_], Vec::as_slice);
        let inside = events.iter().filter(|event| {
            event.record.source == *source
                && event.record.position <= self.known_at
                && event.occurred.latest() > from
                && event.occurred.from <= close_to(to)
        });
        let times = inside.map(|event| event.occurred.to.is_none().then_some(event.occurred.from));
        let times: Option<Vec<Time>> = times.map(|at| at.map(|at| at.min(to))).collect();
        times.unwrap_or_default()
    }
}

/// The latest time of a save that an event of this time tells of.
fn close_to(time: Time) -> Time {
    Time::from_micros(time.micros().saturating_add(CLOSE_MICROS))
}

/// The earliest one.
fn by_close(time: Time) -> Time {
    Time::from_micros(time.micros().saturating_sub(CLOSE_MICROS))
}

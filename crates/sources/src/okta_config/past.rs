//! States before the one that is known as the last, and where the state of a look belongs that
//! comes after a later look.

use super::{
    change::{Glance, State},
    look::{Config, Seen},
    place::Place,
};
use claimledger_facts::time::{Occurred, Time};

/// Maximum number of times that are kept of one list, or of one state.
const MAX_TIMES: usize = 32;

/// What a late look tells of an object.
pub(super) struct Inserted {
    /// The source id of its record, where it is another state than those before and after it.
    pub(super) source_id: Option<String>,
    /// Whether something else is known now than without it: a look that is ingested again tells
    /// nothing.
    pub(super) is_told: bool,
}

impl Config {
    /// Every state that is kept of an object, in the order of time.
    pub(super) fn states(&self, key: &str) -> impl Iterator<Item = &Seen> {
        let past = self.past.get(key).map_or(&[] as &[_], |past| past.states.as_slice());
        past.iter().chain(self.objects.get(key))
    }

    /// The time from which on the states of an object are kept; none: all of them are.
    pub(super) fn kept_from(&self, key: &str) -> Option<Time> {
        self.past.get(key).filter(|past| past.shortened)?;
        self.states(key).next().map(|seen| seen.stamp.max(seen.first().from))
    }

    /// Whether the states of an object are kept that it had at a time.
    pub(super) fn is_kept(&self, key: &str, at: Time) -> bool {
        self.kept_from(key).is_none_or(|from| from <= at)
    }

    /// Keeps the state of a late look ([`Config::is_late`]) between those before and after it.
    pub(super) fn insert(&mut self, state: &State, glance: Glance) -> Inserted {
        let key = state.key.as_str();
        let mut new = state.seen(glance);
        let numbers = self.states(key).filter(|seen| seen.stamp == new.stamp && !seen.gone);
        new.earlier = numbers.map(|seen| seen.earlier + 1).max().unwrap_or(0);
        let source_id = new.source_id(key);
        if !self.is_kept(key, glance.at.from) {
            return Inserted { source_id: Some(source_id), is_told: false };
        }
        let is_new = !self.objects.contains_key(key);
        let mut states: Vec<Seen> = self.states(key).cloned().collect();
        let added = place(&mut states, new);
        if is_new && let Some(at) = self.missing_since(key, &states[0]) {
            // A later list lacked it.
            let gone = states[0].gone_at(at);
            states.push(gone);
        }
        let is_told = !self.is_as(key, &states);
        self.keep(key, states);
        Inserted { source_id: added.then_some(source_id), is_told }
    }

    /// Keeps that a list lacked an object that was known before and after. Returns whether that
    /// tells something new.
    pub(super) fn insert_missing(&mut self, key: &str, glance: Glance) -> bool {
        let (at, mut states): (_, Vec<Seen>) = (glance.at, self.states(key).cloned().collect());
        if !self.is_kept(key, at.from) {
            return false;
        }
        let Some(before) = states.iter().rev().find(|seen| seen.first() < at) else { return false };
        let gone = before.gone_at(at);
        place(&mut states, gone);
        let is_told = !self.is_as(key, &states);
        self.keep(key, states);
        is_told
    }

    /// Whether the states that are kept of an object are these, but for the times in between, of
    /// which no statement is made.
    fn is_as(&self, key: &str, states: &[Seen]) -> bool {
        let without = |seen: &Seen| Seen { between: Vec::new(), ..seen.clone() };
        self.states(key).map(without).eq(states.iter().map(without))
    }

    /// When a later list lacked an object that only an earlier look saw.
    fn missing_since(&self, key: &str, seen: &Seen) -> Option<Occurred> {
        let lists = self.lists.iter().filter(|(path, _)| Place::of(path).lists(key, seen));
        lists.flat_map(|(_, times)| times).filter(|at| **at > seen.seen).min().copied()
    }

    /// Keeps when a whole list was seen: the last time, and some of those before.
    pub(super) fn listed(&mut self, path: String, at: Occurred) {
        add_time(self.lists.entry(path).or_default(), at);
    }

    fn keep(&mut self, key: &str, mut states: Vec<Seen>) {
        let Some(last) = states.pop() else { return };
        self.objects.insert(key.to_owned(), last);
        self.past.entry(key.to_owned()).or_default().states.clear();
        states.into_iter().for_each(|seen| self.keep_before(key, seen));
    }
}

/// Puts a sighting among the states, so that each was seen before the next. Returns whether it is a
/// state of its own, and not one of its neighbours.
fn place(states: &mut Vec<Seen>, mut new: Seen) -> bool {
    let at = new.seen;
    let is_dated = |seen: &Seen| !seen.undated && !seen.gone;
    let follows = |old: &Seen| {
        if is_dated(old) && is_dated(&new) {
            (old.stamp, old.first()) <= (new.stamp, at)
        } else {
            old.first() <= at
        }
    };
    let index = states.iter().rposition(follows).map_or(0, |last| last + 1);
    if let Some(before) = index.checked_sub(1).map(|last| &mut states[last]) {
        if before.is_state(&new) {
            before.see(at, new.joint);
            return false;
        }
        if before.seen > at {
            // Without a time of its own, an object can have been the same again.
            let again = !(is_dated(before) && is_dated(&new));
            let after = before.split(at.from);
            if again {
                states.insert(index, after);
            }
        }
    }
    if let Some(after) = states.get_mut(index) {
        if after.is_state(&new) {
            after.see(at, new.joint);
            return false;
        }
        new.seen = new.seen.min(after.first());
        new.first = Some(new.seen);
    }
    states.insert(index, new);
    true
}

/// Keeps a time: of many, every second one but the last.
fn add_time(times: &mut Vec<Occurred>, at: Occurred) {
    if let Err(index) = times.binary_search(&at) {
        times.insert(index, at);
    }
    if times.len() > MAX_TIMES {
        let mut number = times.len();
        times.retain(|_| {
            number -= 1;
            number.is_multiple_of(2)
        });
    }
}

impl Seen {
    /// It was seen like this at a time as well. The look that saw it first says whether it is
    /// `joint`.
    pub(super) fn see(&mut self, at: Occurred, joint: bool) {
        let (first, last) = (self.first(), self.seen);
        if self.undated {
            let inside = if at > last { last } else { at.max(first) };
            if inside > first {
                add_time(&mut self.between, inside);
            }
        }
        self.seen = last.max(at);
        if at < first {
            self.first = Some(at);
            self.joint = joint;
            if self.undated && last > first {
                add_time(&mut self.between, first);
            }
        }
    }

    /// Ends it at the last time up to a time at which it was seen. Returns what was seen since.
    fn split(&mut self, at: Time) -> Self {
        let (before, since): (Vec<Occurred>, Vec<Occurred>) =
            self.between.iter().partition(|sighting| sighting.from <= at);
        let first = since.first().copied().unwrap_or(self.seen);
        let since = since.into_iter().skip(1).collect();
        let after = Self { first: Some(first), between: since, answered: false, ..self.clone() };
        self.seen = before.last().copied().unwrap_or(self.first().min(Occurred::at(at)));
        self.first = Some(self.first().min(self.seen));
        self.between = before;
        after
    }

    /// Whether both are one state of the object.
    fn is_state(&self, other: &Self) -> bool {
        let same_time = self.gone || self.undated || self.stamp == other.stamp;
        let same = self.gone == other.gone && self.undated == other.undated && same_time;
        same && self.body == other.body && self.name == other.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::okta_config::look::{Body, Feature};

    fn at(minute: i64) -> Time {
        Time::from_micros(minute * 60_000_000)
    }

    fn glance(minute: i64) -> Glance {
        Glance { at: Occurred::at(at(minute)), answers_change: false, as_updated: false }
    }

    fn feature(on: bool, updated: Option<i64>) -> State {
        State {
            key: "feature:f".to_owned(),
            updated: updated.map(at),
            created: None,
            name: None,
            named: None,
            joint: false,
            body: Body::Feature { which: Feature::ClaimsSharing, on },
        }
    }

    /// Going through all states of a group again for each look that is ingested again would take
    /// the square of their number.
    #[test]
    fn a_late_look_tells_something_once() {
        for dated in [false, true] {
            let state = |on, updated| feature(on, dated.then_some(updated));
            let mut config = Config::default();
            for (minute, on) in [(10, true), (20, false), (30, true), (40, true)] {
                config.change(&state(on, minute.min(30)), glance(minute));
            }
            for (minute, on, updated, is_told, is_recorded) in [
                (10, true, 10, false, false),
                (20, false, 20, false, false),
                (30, true, 30, false, false),
                (35, true, 30, false, false),
                (25, false, 20, true, false),
                (25, false, 20, false, false),
                (15, false, 12, true, dated),
                (15, false, 12, false, false),
            ] {
                let told = config.insert(&state(on, updated), glance(minute));
                let of_look = (told.is_told, told.source_id.is_some());
                assert_eq!(of_look, (is_told, is_recorded), "{dated} {minute} {on}");
            }
        }
    }

    #[test]
    fn a_list_that_lacks_an_object_tells_that_once() {
        let mut config = Config::default();
        for minute in [10, 20, 40] {
            config.change(&feature(minute != 20, Some(minute)), glance(minute));
        }
        let lacked: Vec<bool> =
            [25, 25, 25].map(|minute| config.insert_missing("feature:f", glance(minute))).into();
        assert_eq!(lacked, [true, false, false]);
        assert!(!config.insert_missing("feature:f", glance(5)), "nothing was known before");
    }
}

//! What a look found changed, and when that occurred.
//!
//! A state that is seen first has held since its `lastUpdated`. A later change occurred after the
//! request of the look before, and by `lastUpdated`, which dates the last update and no update
//! before it: that is an interval. Where `lastUpdated` did not move, or there is none, it ends with
//! the answer of the second look. The answer to a call that changes the object dates the change
//! itself.
//!
//! Where a new `lastUpdated` does not lie between the two, the clocks contradict each other. By
//! which of them anything else is dated is not known, so the interval holds both, and
//! [`MARGIN_MICROS`] more on either side.

use super::look::{Body, Config, Seen, id_of};
use claimledger_facts::{
    time::{Occurred, Time},
    vocabulary::ObjectKind,
};

/// How far two clocks that contradict each other may differ beyond that: a minute.
const MARGIN_MICROS: i64 = 60_000_000;

/// One object, as a look found it.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// By kind and id, as [`Config::objects`] has it.
    pub(super) key: String,
    pub(super) updated: Option<Time>,
    pub(super) created: Option<Time>,
    pub(super) name: Option<String>,
    /// What the name is the name of.
    pub(super) named: Option<ObjectKind>,
    /// What it changes of its policy is stated together with later changes ([`super::steps`]).
    pub(super) joint: bool,
    pub(super) body: Body,
}

/// When and how a state was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    /// From the request to the end of the answer.
    pub(super) at: Occurred,
    /// It is the answer to a call that changed the object.
    pub(super) answers_change: bool,
    /// Nothing says when it was looked at: it is as old as its last update.
    pub(super) as_updated: bool,
}

/// A state that is new.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) source_id: String,
    pub(super) occurred: Occurred,
    /// The state before; none: it is the first.
    pub(super) before: Option<Seen>,
    /// `lastUpdated` does not lie between the looks.
    pub(super) contradicts: bool,
}

impl Change {
    /// Whether the object, which is now like this, was saved in the interval of the change: perhaps
    /// more than once, as `lastUpdated` dates the last save only. Of one that is gone nobody knows.
    /// One whose `lastUpdated` did not move was not saved.
    pub(super) fn is_saved(&self, now: Option<&Seen>) -> bool {
        let Some(before) = &self.before else { return false };
        let moved = now.is_none_or(|now| !now.undated && now.stamp > before.stamp);
        self.occurred.to.is_some() && moved
    }
}

impl State {
    /// As it is kept, from one look on.
    pub(super) fn seen(&self, glance: Glance) -> Seen {
        let stamp = self.updated.unwrap_or(glance.at.from);
        let to = glance.at.to.filter(|to| *to > stamp);
        Seen {
            stamp,
            first: Some(glance.at),
            // It was like this at its own time, too.
            seen: Occurred { from: stamp.max(glance.at.from), to },
            between: Vec::new(),
            undated: self.updated.is_none(),
            joint: self.joint,
            answered: glance.answers_change,
            created: self.created,
            named: self.named,
            earlier: 0,
            gone: false,
            name: self.name.clone(),
            body: self.body.clone(),
        }
    }

    /// The id, as other facts name it.
    pub(super) fn id(&self) -> &str {
        id_of(&self.key)
    }
}

impl Config {
    /// Whether a look at the object comes after a later one, so that its state belongs between
    /// states that are known.
    pub(super) fn is_late(&self, state: &State, glance: Glance) -> bool {
        let Some(known) = self.objects.get(&state.key) else {
            return !glance.as_updated && self.newest.is_some_and(|newest| glance.at.from < newest);
        };
        let at = glance.at.from;
        if known.gone {
            return at <= known.seen.from;
        }
        let (earlier, same) = match state.updated {
            Some(updated) => (updated < known.stamp, updated == known.stamp),
            None => (at < known.seen.from, true),
        };
        let same = same && known.is_like(state);
        let unseen = at < known.seen.from && state.updated.is_none_or(|at| at == known.stamp);
        if same {
            // When an object was seen first says little where it has a time of its own.
            let dates = known.undated
                || matches!(known.body, Body::App { .. })
                || known.joint != state.joint;
            at < known.first().from && (dates || self.past.contains_key(&state.key))
        } else {
            earlier || unseen
        }
    }

    /// Compares a state with what is known, and keeps it. None: nothing changed.
    pub(super) fn change(&mut self, state: &State, glance: Glance) -> Option<Change> {
        let mut new = state.seen(glance);
        let Some(known) = self.objects.get_mut(&state.key) else {
            let contradicts = new.stamp > glance.at.latest();
            let occurred = match state.updated {
                Some(_) if contradicts => widened(glance.at.from, new.stamp),
                Some(updated) => Occurred::at(updated),
                None => glance.at,
            };
            let source_id = new.source_id(&state.key);
            self.objects.insert(state.key.clone(), new);
            return Some(Change { source_id, occurred, before: None, contradicts });
        };
        // What has no time of its own changes when its content does.
        let moved = state.updated.is_none_or(|updated| updated > known.stamp);
        if !known.gone && known.is_like(state) && !(state.updated.is_some() && moved) {
            known.see(glance.at, state.joint);
            return None;
        }
        let (seen, until) = (known.seen.from, glance.at.latest());
        let updated = state.updated.filter(|_| moved && !known.gone);
        // An update that is said to be older than the look that still saw the old state, or newer
        // than this look.
        let contradicts = updated.is_some_and(|updated| !(seen..=until).contains(&updated));
        let occurred = match updated {
            Some(updated) if glance.answers_change => Occurred::at(updated),
            // What was saved after the state before did not begin before it.
            Some(updated) if contradicts => {
                let widened = widened(seen.min(updated), until.max(updated));
                Occurred { from: widened.from.max(known.stamp), ..widened }
            }
            Some(updated) => between(seen, updated),
            None if glance.answers_change && moved && !known.gone => glance.at,
            None => between(seen, until),
        };
        // Several states of one time differ in their number.
        new.earlier = if new.stamp > known.stamp { 0 } else { known.earlier + 1 };
        new.seen = new.seen.max(known.seen);
        let source_id = new.source_id(&state.key);
        let before = std::mem::replace(known, new);
        self.keep_before(&state.key, before.clone());
        Some(Change { source_id, occurred, before: Some(before), contradicts })
    }

    /// A whole list lacks an object that was there. None: it is known to be missing, or was seen
    /// after the list.
    pub(super) fn remove(&mut self, key: &str, at: Occurred) -> Option<Change> {
        let known = self.objects.get_mut(key)?;
        if at.from <= known.seen.from {
            return None;
        }
        if known.gone {
            known.seen = at;
            return None;
        }
        let before = known.clone();
        *known = before.gone_at(at);
        self.keep_before(key, before.clone());
        Some(Change {
            source_id: format!("{key}@deleted:{}", super::look::stamp(at.from)),
            occurred: between(before.seen.from, at.latest()),
            before: Some(before),
            contradicts: false,
        })
    }
}

/// After one time, and by the other.
fn between(after: Time, by: Time) -> Occurred {
    if by > after { Occurred { from: after, to: Some(by) } } else { Occurred::at(by) }
}

/// The same by clocks that contradict each other.
fn widened(after: Time, by: Time) -> Occurred {
    let moved = |time: Time, by: i64| Time::from_micros(time.micros().saturating_add(by));
    between(moved(after, -MARGIN_MICROS), moved(by, MARGIN_MICROS))
}

/// The later of two times: of an interval, the later beginning and the later end.
pub(super) fn later(a: Occurred, b: Occurred) -> Occurred {
    let from = a.from.max(b.from);
    let to = a.to.unwrap_or(a.from).max(b.to.unwrap_or(b.from));
    if to > from { Occurred { from, to: Some(to) } } else { Occurred::at(from) }
}

/// The time of a change that is made of two.
pub(super) fn both(a: Occurred, b: Occurred) -> Occurred {
    let (from, to) = (a.from.min(b.from), a.latest().max(b.latest()));
    if to > from { Occurred { from, to: Some(to) } } else { Occurred::at(from) }
}

//! What a look found changed, and when that occurred.
//!
//! A state that is seen first has held since its `lastUpdated`. A later change occurred after the
//! look before, and by `lastUpdated`, which dates the last update and no update before it: that is
//! an interval. The answer to a call that changes the object dates the change itself.

use super::look::{Body, Config, Seen};
use claimledger_facts::time::{Occurred, Time};

/// One object, as a look found it.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// By kind and id, as [`Config::objects`] has it.
    pub(super) key: String,
    pub(super) updated: Option<Time>,
    pub(super) name: Option<String>,
    pub(super) body: Body,
}

/// When and how a state was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    pub(super) at: Time,
    /// It is the answer to a call that changed the object.
    pub(super) answers_change: bool,
}

/// A state that is new.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) source_id: String,
    pub(super) occurred: Occurred,
    /// The state before; none: it is the first, or older than what is known.
    pub(super) before: Option<Seen>,
    /// It is older than what is known, and the look keeps what it has.
    pub(super) stale: bool,
}

impl Config {
    /// Compares a state with what is known, and keeps it. None: nothing changed.
    pub(super) fn change(&mut self, state: &State, glance: Glance) -> Option<Change> {
        let stamp = state.updated.unwrap_or(glance.at);
        let fresh = |seen: Time, earlier: u32| Seen {
            stamp,
            seen,
            earlier,
            gone: false,
            name: state.name.clone(),
            body: state.body.clone(),
        };
        let Some(known) = self.objects.get_mut(&state.key) else {
            let new = fresh(glance.at.max(stamp), 0);
            let change = Change {
                source_id: new.source_id(&state.key),
                occurred: Occurred::at(stamp),
                before: None,
                stale: false,
            };
            self.objects.insert(state.key.clone(), new);
            return Some(change);
        };
        let same = !known.gone && known.body == state.body && known.name == state.name;
        let (moved, older) = match state.updated {
            Some(updated) => (updated > known.stamp, updated < known.stamp),
            // What has no time of its own changes when its content does.
            None => (!same && glance.at > known.seen, glance.at < known.seen),
        };
        if older || known.gone && glance.at <= known.seen {
            let stale = fresh(known.seen, 0);
            return (!same).then(|| Change {
                source_id: stale.source_id(&state.key),
                occurred: Occurred::at(stamp),
                before: None,
                stale: true,
            });
        }
        if same && !moved {
            known.seen = known.seen.max(glance.at);
            return None;
        }
        let seen = known.seen;
        let to = if moved && !known.gone { stamp } else { glance.at };
        let occurred = if glance.answers_change && moved || seen >= to {
            Occurred::at(to)
        } else {
            Occurred { from: seen, to: Some(to) }
        };
        // Several states of one time differ in their number.
        let earlier = if stamp > known.stamp { 0 } else { known.earlier + 1 };
        let new = fresh(seen.max(glance.at).max(stamp), earlier);
        let source_id = new.source_id(&state.key);
        let before = std::mem::replace(known, new);
        Some(Change { source_id, occurred, before: Some(before), stale: false })
    }

    /// A whole list lacks an object that was there. None: it is known to be missing, or was seen
    /// after the list.
    pub(super) fn remove(&mut self, key: &str, at: Time) -> Option<Change> {
        let known = self.objects.get_mut(key)?;
        if known.gone || at <= known.seen {
            return None;
        }
        let before = known.clone();
        (known.gone, known.seen) = (true, at);
        Some(Change {
            source_id: format!("{key}@deleted:{}", super::look::stamp(at)),
            occurred: Occurred { from: before.seen, to: Some(at) },
            before: Some(before),
            stale: false,
        })
    }
}

/// The later of two times: of an interval, the later beginning and the later end.
pub(super) fn later(a: Occurred, b: Occurred) -> Occurred {
    let from = a.from.max(b.from);
    let to = a.to.unwrap_or(a.from).max(b.to.unwrap_or(b.from));
    if to > from { Occurred { from, to: Some(to) } } else { Occurred::at(from) }
}

//! What may have held between two looks beside the whole versions.
//!
//! A version whose time is an interval says what had changed by its end, not that all of it changed
//! at one instant: its members may have been changed one after the other. Inside the interval any
//! mixture of the versions may have held. A version of an exact time came whole, so it mixes with
//! none before it.
//!
//! What was saved in the interval, perhaps more than once, may have been anything meanwhile: no
//! look saw it. What was not saved was what both looks saw.

use super::{InForce, Stated};
use claimledger_facts::{
    ids::RuleId, time::Occurred, types::policy::PolicyConfigured, vocabulary::ObjectKind,
};

/// How many states of one object are looked at for one question.
pub(crate) const MOST_STATES: usize = 64;

/// The part of an object that a question turns on: members that may change one by one.
pub(crate) trait Members: Clone + PartialEq {
    /// How many members there are.
    const COUNT: usize;

    /// Takes the value of a member, by its place, from another state.
    fn take(&mut self, member: usize, from: &Self);

    /// The states that may have held meanwhile if the object was saved and changed again: all that
    /// it can be. Empty: an object of this kind does not say that it was saved, or its parts do.
    fn unseen(&self) -> Vec<Self> {
        Vec::new()
    }
}

/// Where nothing is stated there is nothing to mix.
impl<S: Members> Members for Option<S> {
    const COUNT: usize = S::COUNT;

    fn take(&mut self, member: usize, from: &Self) {
        if let (Some(state), Some(from)) = (self, from) {
            state.take(member, from);
        }
    }

    fn unseen(&self) -> Vec<Self> {
        self.iter().flat_map(S::unseen).map(Some).collect()
    }
}

/// More states may have held than are looked at: what turns on them is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl<'a, T> InForce<'a, T> {
    /// Whether what is in force was saved, perhaps more than once, between what looks saw of it.
    pub(crate) fn unseen(&self) -> bool {
        !self.unseen.is_empty()
    }

    /// When the versions began that may not have: from the first beginning to the last end.
    pub(crate) fn open_between(&self) -> Option<Occurred> {
        // The last of several certainly was in force before the others began.
        let begun = || self.times[..self.times.len() - 1].iter().flatten();
        let from = begun().map(|occurred| occurred.from).min()?;
        let to = begun().map(|occurred| occurred.latest()).max();
        Some(Occurred { from, to: to.filter(|to| *to > from) })
    }

    /// The states that no version has and that may have held all the same. Where one version is
    /// certainly in force there is none, and nothing is allocated.
    pub(crate) fn mixtures<S: Members>(
        &self,
        of: impl Fn(Option<&'a Stated<T>>) -> S,
    ) -> Result<Vec<S>, TooMany> {
        let mut mixed = Vec::new();
        let mut first = 0;
        if self.unseen() {
            let whole: Vec<S> = self.options.iter().map(|option| of(*option)).collect();
            for state in whole.iter().flat_map(S::unseen) {
                if !whole.contains(&state) && !mixed.contains(&state) {
                    mixed.push(state);
                }
            }
        }
        while first + 1 < self.options.len() {
            let (last, next) = run(&self.times, first);
            if last > first {
                mix(self.options[first..=last].iter().map(|option| of(*option)), &mut mixed)?;
            }
            first = next;
        }
        Ok(mixed)
    }
}

impl InForce<'_, PolicyConfigured> {
    /// Whether a rule was saved, perhaps more than once, between what looks saw of it.
    pub(crate) fn is_rule_unseen(&self, rule: &RuleId) -> bool {
        self.saved_rules().any(|saved| saved == rule.as_str())
    }

    /// The rules that were saved, perhaps more than once, between what looks saw of them.
    pub(crate) fn saved_rules(&self) -> impl Iterator<Item = &str> {
        let rules = self.unseen.iter().filter(|saved| saved.kind == ObjectKind::Rule);
        rules.filter_map(|saved| saved.id.as_deref())
    }

    /// The same of the policy itself: its status and limits.
    pub(crate) fn is_policy_unseen(&self) -> bool {
        self.unseen.iter().any(|saved| saved.kind == ObjectKind::Policy)
    }
}

/// The versions from a place on, the latest first, that may have mixed: up to which place, and
/// where the next run begins.
fn run(times: &[Option<Occurred>], first: usize) -> (usize, usize) {
    let is_exact = |version: &Occurred| version.latest() == version.from;
    for later in first..times.len() - 1 {
        let Some(version) = times[later].filter(|version| !is_exact(version)) else {
            return (later, later + 1);
        };
        // What had changed in full before this one began to mixes with it as a whole.
        let ended = |earlier: Occurred| !is_exact(&earlier) && earlier.latest() <= version.from;
        if times[later + 1].is_some_and(ended) {
            return (later + 1, later + 1);
        }
    }
    (times.len() - 1, times.len())
}

/// Adds what the versions make when each member comes from any of them.
fn mix<S: Members>(versions: impl Iterator<Item = S>, mixed: &mut Vec<S>) -> Result<(), TooMany> {
    let mut states: Vec<S> = Vec::new();
    for version in versions {
        if !states.contains(&version) {
            states.push(version);
        }
    }
    let whole = states.len();
    for member in 0..S::COUNT {
        for at in 0..states.len() {
            for version in 0..whole {
                let mut state = states[at].clone();
                state.take(member, &states[version]);
                if !states.contains(&state) {
                    states.push(state);
                }
                if mixed.len() + states.len() > MOST_STATES {
                    return Err(TooMany);
                }
            }
        }
    }
    mixed.extend(states.drain(whole..));
    Ok(())
}

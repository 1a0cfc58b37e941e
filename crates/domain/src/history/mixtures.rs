//! What may have held between two looks beside the whole versions.
//!
//! A version whose time is an interval says what had changed by its end, not that all of it changed
//! at one instant: its members may have been changed one after the other. Inside the interval any
//! mixture of the versions may have held. A version of an exact time came whole, so it mixes with
//! none before it.
//!
//! What was saved in the interval, perhaps more than once, may have been anything meanwhile: no look
//! saw it. What was not saved was what both looks saw.

use super::{InForce, Stated};
use claimledger_facts::{ids::RuleId, types::policy::PolicyConfigured};

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
    /// Whether a version that may be in force was saved, perhaps more than once, in its interval.
    pub(crate) fn unseen(&self) -> bool {
        self.open().any(|version| version.saved_before)
    }

    /// The versions whose interval leaves open whether they are in force.
    fn open(&self) -> impl Iterator<Item = &'a Stated<T>> {
        let open = self.options.len() - 1;
        self.options[..open].iter().copied().flatten().filter(|version| !is_exact(version))
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
            let (last, next) = run(&self.options, first);
            if last > first {
                mix(self.options[first..=last].iter().map(|option| of(*option)), &mut mixed)?;
            }
            first = next;
        }
        Ok(mixed)
    }
}

/// Whether the version is of an exact time: it came whole, and nothing unseen before it.
fn is_exact<T>(version: &Stated<T>) -> bool {
    version.occurred.latest() == version.occurred.from
}

impl InForce<'_, PolicyConfigured> {
    /// Whether a rule was saved, perhaps more than once, between what looks saw of it.
    pub(crate) fn is_rule_unseen(&self, rule: &RuleId) -> bool {
        self.saved_rules().any(|saved| saved == rule)
    }

    /// The rules that were saved, perhaps more than once, between what looks saw of them.
    pub(crate) fn saved_rules(&self) -> impl Iterator<Item = &RuleId> {
        self.open().filter_map(|version| version.data.saved.as_ref()).flat_map(|s| &s.rules)
    }

    /// The same of the policy itself: its status and limits.
    pub(crate) fn is_policy_unseen(&self) -> bool {
        self.open().any(|version| version.data.saved.as_ref().is_some_and(|saved| saved.policy))
    }
}

/// The versions from a place on, the latest first, that may have mixed: up to which place, and
/// where the next run begins.
fn run<T>(options: &[Option<&Stated<T>>], first: usize) -> (usize, usize) {
    for later in first..options.len() - 1 {
        let Some(version) = options[later].filter(|version| !is_exact(version)) else {
            return (later, later + 1);
        };
        // What had changed in full before this one began to mixes with it as a whole.
        let ended = |earlier: &Stated<T>| {
            !is_exact(earlier) && earlier.occurred.latest() <= version.occurred.from
        };
        if options[later + 1].is_some_and(ended) {
            return (later + 1, later + 1);
        }
    }
    (options.len() - 1, options.len())
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

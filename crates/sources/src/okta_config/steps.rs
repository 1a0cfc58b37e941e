//! How often one list states a policy. A statement holds the whole policy, so one for each rule of
//! a long list would make what is stored grow with the square of its length.
//!
//! The last changes of a list are stated each as it came to be, those before them together: as an
//! interval from the first of them to the last.

use super::{
    change::{Glance, State},
    look::{Body, Config, RuleContent, Seen},
    policy,
};
use claimledger_facts::{ids::PolicyId, time::Time};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of rules, over all statements of one list about one policy, unless the policy
/// alone has more. A policy of up to 32 rules is stated as each of them came to be.
const MAX_RULES_STATED: usize = 1024;

impl Config {
    /// Marks the states of one value, in the order of their times, whose changes are stated
    /// together with later ones.
    pub(super) fn mark_joint(&self, states: Vec<&mut State>, glance: Glance) {
        let mut of_policy: BTreeMap<String, Vec<&mut State>> = BTreeMap::new();
        for state in states {
            if let Some(policy) = state.part_of().filter(|_| self.is_news(state, glance)) {
                of_policy.entry(policy.to_owned()).or_default().push(state);
            }
        }
        for (policy, states) in of_policy {
            let rules = self.rules_of(&policy, &states, glance.at.from);
            let stamps: BTreeSet<Option<Time>> = states.iter().map(|state| state.updated).collect();
            if glance.as_updated {
                // One of many in a row, as far as is known.
                let joint = rules * rules > MAX_RULES_STATED;
                states.into_iter().for_each(|state| state.joint = joint);
                continue;
            }
            if stamps.len() * rules <= MAX_RULES_STATED {
                continue;
            }
            let alone = (MAX_RULES_STATED / rules).max(1);
            let from = stamps.into_iter().rev().nth(alone - 1).flatten();
            for state in states {
                state.joint = state.updated < from;
            }
        }
    }

    /// What waited for later changes was stated: a look that is gone through again states it too.
    pub(super) fn end_step(&mut self, policy: &str) {
        let waiting = self
            .objects
            .iter()
            .filter(|(key, seen)| seen.joint && policy::of(key, seen) == Some(policy));
        let last = waiting.max_by_key(|(_, seen)| seen.stamp).map(|(key, _)| key.clone());
        if let Some(seen) = last.and_then(|key| self.objects.get_mut(&key)) {
            seen.joint = false;
        }
    }

    /// Whether this look is the first to see a state, in the order of time.
    fn is_news(&self, state: &State, glance: Glance) -> bool {
        let is_known = |seen: &Seen| {
            !seen.gone
                && Some(seen.stamp) == state.updated
                && seen.is_like(state)
                && seen.first().from <= glance.at.from
        };
        !self.states(&state.key).any(is_known)
    }

    /// The number of rules that a policy has at a time with these states.
    fn rules_of(&self, policy: &str, states: &[&mut State], at: Time) -> usize {
        let is_known = |key: &&String| {
            let then = self.states(key).take_while(|seen| seen.first().from <= at).last();
            then.is_some_and(|seen| !seen.gone && policy::of(key, seen) == Some(policy))
        };
        let is_rule = |key: &&str| key.starts_with("rule:");
        let known = self.objects.keys().filter(is_known).map(String::as_str);
        let new = states.iter().map(|state| state.key.as_str());
        known.chain(new).filter(is_rule).collect::<BTreeSet<&str>>().len()
    }
}

impl State {
    /// The policy that is stated again where this state is new; none: it is not stated with others,
    /// or only what is known of it grows.
    fn part_of(&self) -> Option<&str> {
        match &self.body {
            Body::Policy { .. } => Some(self.id()),
            Body::Rule { policy, content: RuleContent::Policy { .. } } => {
                policy.as_ref().map(PolicyId::as_str)
            }
            _ => None,
        }
    }
}

//! What was stated of policies, as known at a position.

use super::{HistoryCut, InForce, Stated};
use claimledger_facts::{
    ids::{PolicyId, RuleId},
    time::Occurred,
    types::policy::{PolicyConfigured, PolicyListed},
};
use std::collections::BTreeSet;

/// Policies of applications and of global sessions.
///
/// A source that names a rule and not its policy names the policy "the one that has this rule"
/// ([`PolicyId::of_rule`]): everywhere it means that policy, as soon as one is known.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a>(pub(super) HistoryCut<'a>);

impl<'a> Policies<'a> {
    /// Every policy that anything is stated about.
    pub fn ids(self) -> impl Iterator<Item = &'a PolicyId> {
        self.0.history.policies.keys()
    }

    /// A policy at a time.
    #[must_use]
    pub fn at(self, policy: &PolicyId, when: Occurred) -> InForce<'a, PolicyConfigured> {
        self.0.in_force(self.list(policy), when)
    }

    /// What may be in force of each policy that is listed, at a time.
    pub(crate) fn listed(
        self,
        when: Occurred,
    ) -> impl Iterator<Item = (&'a PolicyId, InForce<'a, PolicyListed>)> {
        let listed = self.0.history.policies_listed.iter();
        listed.map(move |(policy, list)| (policy, self.0.in_force(list, when)))
    }

    /// Every version of a policy, in the total order.
    pub fn versions(self, policy: &PolicyId) -> impl Iterator<Item = &'a Stated<PolicyConfigured>> {
        self.0.counting(self.list(policy))
    }

    /// The policy that has a rule in some version, where exactly one does.
    #[must_use]
    pub fn of_rule(self, rule: &RuleId) -> Option<&'a PolicyId> {
        let has_it = |policy: &&PolicyId| {
            let list = self.0.history.policies.get(policy).map_or(&[] as &[_], Vec::as_slice);
            // The latest version first: it mostly has every rule that an earlier one had.
            let mut versions = list.iter().rev().filter(|version| self.0.counts(version));
            versions.any(|version| version.data.rules.iter().any(|r| r.rule == *rule))
        };
        let mut policies = self.0.history.policies_of_rules.get(rule)?.iter().filter(has_it);
        policies.next().filter(|_| policies.next().is_none())
    }

    /// The policy that an id means: its own, or that of the rule that it names.
    #[must_use]
    pub fn meant<'p>(self, policy: &'p PolicyId) -> &'p PolicyId
    where
        'a: 'p,
    {
        policy.rule().and_then(|rule| self.of_rule(&rule)).unwrap_or(policy)
    }

    /// Every id by which decisions may name a policy: its own, and those that name a rule of it.
    #[must_use]
    pub fn names(self, policy: &PolicyId) -> Vec<PolicyId> {
        let rules = self.versions(policy).flat_map(|version| &version.data.rules);
        // Each rule once: a policy of many versions has most of its rules in all of them.
        let rules: BTreeSet<&RuleId> = rules.map(|rule| &rule.rule).collect();
        let of_rules =
            rules.into_iter().map(PolicyId::of_rule).filter(|named| self.meant(named) == policy);
        let mut names: Vec<PolicyId> = of_rules.chain([policy.clone()]).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn list(self, policy: &PolicyId) -> &'a [Stated<PolicyConfigured>] {
        self.0.history.policies.get(self.meant(policy)).map_or(&[], Vec::as_slice)
    }
}

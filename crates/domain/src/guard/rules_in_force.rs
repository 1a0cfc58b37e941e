//! What an interval leaves open of the rules of a policy.
//!
//! Source: `semantics.md` 6, 37. Each rule is an object of its own: what was saved of one says
//! nothing of the others.

use crate::{
    assess::{asked_rule::PolicyState, decision::is_active},
    history::{InForce, Stated},
};
use claimledger_facts::{
    ids::RuleId,
    types::policy::{PolicyConfigured, Rule},
    vocabulary::{Access, Status},
};
use std::collections::BTreeSet;

/// Whether a rule of a policy in this status asks for anything before it lets in.
pub(super) fn asks(policy: Option<Status>, rule: &Rule) -> bool {
    matches!(policy, None | Some(Status::Active)) && rule.access == Access::Allow && is_active(rule)
}

/// Whether a rule is the same in all that may be in force of its policy, and neither was saved
/// between them.
pub(super) fn is_settled(in_force: &InForce<'_, PolicyConfigured>, rule: &RuleId) -> bool {
    let state = |version: Option<&Stated<PolicyConfigured>>| {
        version.map(|version| PolicyState::of(version, rule))
    };
    let mut states = in_force.options.iter().map(|version| state(*version));
    let first = states.next().flatten();
    first.is_some()
        && states.all(|state| state == first)
        && !in_force.is_policy_unseen()
        && !in_force.is_rule_unseen(rule)
}

/// The rules that no version has, and that may have asked for something all the same. None: there
/// are more than are looked at, or one was saved, and what it said meanwhile no look saw.
pub(super) fn mixed_rules(
    in_force: &InForce<'_, PolicyConfigured>,
    open: &BTreeSet<&RuleId>,
) -> Option<Vec<Rule>> {
    let mut mixed = Vec::new();
    if in_force.options.len() == 1 {
        return Some(mixed);
    }
    if in_force.is_policy_unseen() || in_force.saved_rules().next().is_some() {
        return None;
    }
    for id in open {
        let states = in_force.mixtures(|version| version.map(|v| PolicyState::of(v, id))).ok()?;
        let rules = states
            .into_iter()
            .flatten()
            .filter_map(|state| state.rule.filter(|rule| asks(state.status, rule)));
        mixed.extend(rules);
    }
    Some(mixed)
}

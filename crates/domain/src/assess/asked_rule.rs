//! What a decision was asked for, where an interval leaves open how its policy was set up.
//!
//! Source: Okta, Policies API: a policy and each of its rules are objects of their own, each with a
//! status of its own, so they change one after the other; what is known of them is put together
//! (`docs/decisions/0033`). A rule may be saved several times between two looks: what it asks for
//! may be a mixture of both, member by member. Its list of alternatives counts as one member, and
//! so do its chains. Where its `lastUpdated` shows that it was saved, the last save may not have
//! been the only one: what it said meanwhile no look saw, so what it asked for is open.

use super::decision::{Asked, Judged, Setting, judge_by, judge_under, only_rule};
use crate::{
    codes,
    history::{InForce, Stated, mixtures::Members},
    model::Implied,
    order::Seen,
};
use claimledger_facts::{
    ids::RuleId,
    types::policy::{PolicyConfigured, Rule},
    vocabulary::Status,
};

/// Leaves open what the states that may have held do not agree on. `judged` is by the latest whole
/// version that may have been in force, and `earlier` are the others; `is_there`: the rule was
/// active, because the decision names it.
pub(super) fn leave_open<'a>(
    (setting, previous): (Setting<'a, '_>, Option<Seen<'a>>),
    policies: &InForce<'a, PolicyConfigured>,
    (earlier, is_there): (impl Iterator<Item = Option<&'a Stated<PolicyConfigured>>>, bool),
    judged: &mut Judged<'a>,
) {
    let (seen, data) = (judged.seen, judged.data);
    for policy in earlier {
        agree(judged, &judge_under(setting, seen, data, previous, policy));
    }
    let named = data.rule.as_ref();
    // Any rule may have been the only active one meanwhile, or one beside it.
    let is_rule_unseen = named
        .map_or_else(|| policies.saved_rules().next().is_some(), |id| policies.is_rule_unseen(id));
    if is_rule_unseen || policies.is_policy_unseen() {
        return undetermined(judged, &[codes::MISSING_UNSEEN_STATE]);
    }
    let mixtures = match rule_used(policies, named) {
        Ok(None) => return,
        Ok(Some(rule)) => policies.mixtures(|policy| policy.map(|p| PolicyState::of(p, rule))),
        // With each rule switched by itself, none may have been the only one.
        Err(Ambiguous) => return undetermined(judged, &[]),
    };
    let Ok(mixtures) = mixtures else { return undetermined(judged, &[]) };
    for state in mixtures.iter().flatten() {
        let rule = state.rule.as_ref().filter(|rule| super::decision::is_active(rule));
        if is_there && rule.is_none() {
            continue;
        }
        let asked = Asked { policy: judged.policy, status: state.status, rule };
        agree(judged, &judge_by(setting, seen, data, previous, asked));
    }
}

/// What only one of two readings says is open.
fn agree(judged: &mut Judged<'_>, other: &Judged<'_>) {
    if other.implied != judged.implied {
        undetermined(judged, &other.missing);
    } else if other.first_unmet != judged.first_unmet {
        judged.first_unmet = None;
    }
}

fn undetermined(judged: &mut Judged<'_>, missing: &[&'static str]) {
    judged.implied = Implied::Undetermined;
    judged.first_unmet = None;
    judged.differs = None;
    super::claims::add(&mut judged.missing, missing);
    if !missing.contains(&codes::MISSING_UNSEEN_STATE) {
        super::claims::add(&mut judged.missing, &[codes::MISSING_EXACT_TIME]);
    }
}

/// Versions differ in which rule is the only one.
struct Ambiguous;

/// The rule that the decision names, or the only one of each version.
fn rule_used<'a>(
    policies: &InForce<'a, PolicyConfigured>,
    named: Option<&'a RuleId>,
) -> Result<Option<&'a RuleId>, Ambiguous> {
    if named.is_some() {
        return Ok(named);
    }
    let mut rules = policies
        .options
        .iter()
        .map(|policy| policy.and_then(|p| only_rule(&p.data)).map(|rule| &rule.rule));
    let first = rules.next().flatten();
    if rules.all(|rule| rule == first) { Ok(first) } else { Err(Ambiguous) }
}

/// What a decision turns on of its policy.
#[derive(Clone, PartialEq)]
pub(crate) struct PolicyState {
    pub(crate) status: Option<Status>,
    pub(crate) rule: Option<Rule>,
}

impl PolicyState {
    pub(crate) fn of(policy: &Stated<PolicyConfigured>, rule: &RuleId) -> Self {
        let rule = policy.data.rules.iter().find(|r| r.rule == *rule);
        // What no decision turns on is left out.
        let rule = rule.map(|rule| Rule {
            priority: 0,
            max_lifetime_secs: None,
            max_idle_secs: None,
            idps: None,
            ..rule.clone()
        });
        Self { status: policy.data.status, rule }
    }
}

impl Members for PolicyState {
    const COUNT: usize = 10;

    fn take(&mut self, member: usize, from: &Self) {
        if member == 0 {
            self.status = from.status;
            return;
        }
        let (Some(rule), Some(from)) = (&mut self.rule, &from.rule) else {
            // Added or deleted as a whole.
            self.rule.clone_from(&from.rule);
            return;
        };
        match member {
            1 => rule.status = from.status,
            2 => rule.access = from.access,
            3 => rule.factor_mode = from.factor_mode,
            4 => rule.alternatives.clone_from(&from.alternatives),
            5 => (rule.chain, rule.chains) = (from.chain.clone(), from.chains.clone()),
            6 => rule.other_verification.clone_from(&from.other_verification),
            7 => rule.primary_factor = from.primary_factor,
            8 => rule.require_mfa = from.require_mfa,
            _ => rule.reauthenticate_in_secs = from.reauthenticate_in_secs,
        }
    }
}

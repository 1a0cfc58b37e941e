//! Whether a rule of a policy holds for a set of factors.
//!
//! Source: Okta, Sign-on policies: alternatives are OR, the classes inside one are AND; no
//! alternative, or an empty one, is no constraint. Inherence counts as a factor type only where
//! there is no other constraint, bare `mfa` as two also (`semantics.md` 14). Values of a
//! third-party IdP cannot meet an alternative with an allow or exclude list. The first unmet
//! requirement is that of the alternative that lacks least (`semantics.md` 18, 40).

use super::value::Value;
use crate::{codes, model::FactorType};
use claimledger_facts::{
    types::policy::{Alternative, Possession, Rule},
    vocabulary::{FactorMode, Method, Property},
};
use std::sync::Arc;

pub(crate) const ID: &str = "requirement";

/// A factor, as a rule looks at it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Index into the session's factors; none: one that could be there.
    pub(crate) factor: Option<usize>,
    pub(crate) value: Arc<Value>,
    pub(crate) third_party: bool,
    /// It certainly counts at this time.
    pub(crate) sure: bool,
    /// What would settle it.
    pub(crate) missing: Vec<&'static str>,
    /// It can be had by any method: what an unseen claim might have carried.
    pub(crate) any_method: bool,
}

/// How a rule stands.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) met: bool,
    /// Of the alternative that is met, or that lacks least.
    pub(crate) best: AlternativeReading,
}

/// How one alternative stands.
#[derive(Clone, Debug)]
pub(crate) struct AlternativeReading {
    pub(crate) alternative: Alternative,
    pub(crate) constrained: bool,
    /// Candidates that may count here.
    pub(crate) usable: Vec<usize>,
    /// Candidates that its lists keep out.
    pub(crate) barred: Vec<usize>,
    /// Distinct types that count.
    pub(crate) types: Vec<FactorType>,
    /// The sign-in itself meets it.
    pub(crate) by_federation: bool,
    /// Bare `mfa` stands for two.
    pub(crate) by_mfa: bool,
    /// The possession candidates that meet all that the rule asks for.
    pub(crate) possession: Vec<usize>,
    /// Unmet requirements in the evaluator's order: codes.
    pub(crate) unmet: Vec<&'static str>,
}

/// Whether what is only possible is taken as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// Only what certainly counts.
    Certain,
    /// Also what is only possible.
    Possible,
}

/// Reads a rule for a set of candidates.
pub(crate) fn read(
    rule: &Rule,
    candidates: &[Candidate],
    federation: bool,
    taking: Taking,
) -> Reading {
    let empty = [Alternative::default()];
    let open = rule.alternatives.is_empty() || rule.alternatives.iter().any(|a| !is_constrained(a));
    let alternatives: &[Alternative] = if open { &empty } else { &rule.alternatives };
    let readings =
        alternatives.iter().map(|a| read_alternative(rule, a, candidates, federation, taking));
    // `min_by_key` keeps the first of equals.
    let best = readings
        .min_by_key(|r| r.unmet.len())
        .unwrap_or_else(|| read_alternative(rule, &empty[0], candidates, federation, taking));
    Reading { met: best.unmet.is_empty(), best }
}

/// How many factor types a rule asks for.
pub(crate) const fn types_asked(rule: &Rule) -> usize {
    match rule.factor_mode {
        FactorMode::OneFactor => 1,
        FactorMode::TwoFactor => 2,
    }
}

/// Whether the sign-in itself can meet a rule: any one factor or IdP (`semantics.md` 38).
pub(crate) fn by_sign_in(rule: &Rule) -> bool {
    types_asked(rule) == 1
        && (rule.alternatives.is_empty() || rule.alternatives.iter().any(|a| !is_constrained(a)))
}

/// Whether an alternative asks for anything beyond the number of types.
pub(crate) fn is_constrained(alternative: &Alternative) -> bool {
    alternative.possession.is_some()
        || alternative.knowledge == Some(true)
        || has_lists(alternative)
}

/// Whether it names methods.
pub(crate) fn has_lists(alternative: &Alternative) -> bool {
    !alternative.allow_methods.is_empty() || !alternative.exclude_methods.is_empty()
}

/// The characteristics asked for, each with its code, in the order of the contract.
pub(crate) fn asked(possession: &Possession) -> Vec<(Property, &'static str)> {
    let fields = [
        (possession.device_bound, Property::DeviceBound, codes::DEVICE_BOUND),
        (possession.hardware_protected, Property::HardwareProtected, codes::HARDWARE_PROTECTED),
        (possession.phishing_resistant, Property::PhishingResistant, codes::PHISHING_RESISTANT),
        (possession.user_presence, Property::UserPresence, codes::USER_PRESENCE),
        (possession.user_verification, Property::UserVerifying, codes::USER_VERIFICATION),
    ];
    fields
        .into_iter()
        .filter(|(asked, ..)| *asked == Some(true))
        .map(|(_, property, code)| (property, code))
        .collect()
}

/// What keeps a reading from being certain: what is missing of the candidates that only count as
/// possible.
pub(crate) fn missing(rule: &Rule, candidates: &[Candidate]) -> Vec<&'static str> {
    let mut missing = Vec::new();
    for candidate in candidates {
        super::claims::add(&mut missing, &candidate.missing);
        // Only what the rule asks for could settle it.
        let asks = |a: &Alternative| {
            a.possession
                .as_ref()
                .is_some_and(|p| asked(p).iter().any(|(p, _)| candidate.value.perhaps.contains(p)))
        };
        if rule.alternatives.iter().any(asks) {
            super::claims::add(&mut missing, &[codes::MISSING_PROPERTIES]);
        }
        let listed = rule.alternatives.iter().any(has_lists);
        if listed
            && candidate.value.known_method().is_none()
            && !candidate.third_party
            && !candidate.any_method
        {
            super::claims::add(&mut missing, &[codes::MISSING_METHOD]);
        }
    }
    missing
}

fn read_alternative(
    rule: &Rule,
    alternative: &Alternative,
    candidates: &[Candidate],
    federation: bool,
    taking: Taking,
) -> AlternativeReading {
    let constrained = is_constrained(alternative);
    let (mut usable, mut barred) = (Vec::new(), Vec::new());
    for (at, candidate) in
        candidates.iter().enumerate().filter(|(_, c)| c.sure || taking == Taking::Possible)
    {
        if is_allowed(alternative, candidate, taking) { usable.push(at) } else { barred.push(at) }
    }
    let mut types: Vec<FactorType> =
        usable.iter().map(|at| candidates[*at].value.factor_type).collect();
    let by_mfa = !constrained && types.contains(&FactorType::Unspecified);
    types
        .retain(|t| *t != FactorType::Unspecified && !(constrained && *t == FactorType::Inherence));
    types.sort_unstable();
    types.dedup();

    let asked_types = types_asked(rule);
    let by_federation = !constrained && asked_types == 1 && federation;
    let mut unmet = Vec::new();
    if types.len() < asked_types && !by_mfa && !by_federation {
        unmet.push(codes::NOT_ENOUGH_FACTORS);
    }
    if alternative.knowledge == Some(true) && !types.contains(&FactorType::Knowledge) {
        unmet.push(codes::KNOWLEDGE);
    }
    let mut possession = Vec::new();
    if let Some(asks) = &alternative.possession {
        let asked = asked(asks);
        let owned = || {
            usable
                .iter()
                .copied()
                .filter(|at| candidates[*at].value.factor_type == FactorType::Possession)
        };
        let lacks = |at: usize| -> Vec<&'static str> {
            let value = &candidates[at].value;
            let has = |p| {
                value.pool.contains(&p) || taking == Taking::Possible && value.perhaps.contains(&p)
            };
            asked.iter().filter(|(p, _)| !has(*p)).map(|(_, code)| *code).collect()
        };
        possession = owned().filter(|at| lacks(*at).is_empty()).collect();
        match owned().map(lacks).min_by_key(Vec::len) {
            Some(least) => unmet.extend(least),
            None => {
                unmet.push(codes::POSSESSION);
                unmet.extend(asked.iter().map(|(_, code)| *code));
            }
        }
    }
    AlternativeReading {
        alternative: alternative.clone(),
        constrained,
        usable,
        barred,
        types,
        by_federation,
        by_mfa,
        possession,
        unmet,
    }
}

/// Whether an alternative's lists let a candidate count.
fn is_allowed(alternative: &Alternative, candidate: &Candidate, taking: Taking) -> bool {
    if !has_lists(alternative) {
        return true;
    }
    if candidate.third_party {
        return false;
    }
    match candidate.value.known_method() {
        Some(method) => {
            let listed = |list: &[Method]| list.contains(&method);
            (alternative.allow_methods.is_empty() || listed(&alternative.allow_methods))
                && !listed(&alternative.exclude_methods)
        }
        None => taking == Taking::Possible,
    }
}

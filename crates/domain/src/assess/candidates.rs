//! What counts at a decision, as a rule looks at it.
//!
//! Source: `semantics.md` 8, 11, 14, 36.

use super::{
    claim_sourcing,
    claims::{Claim, Tri, add},
    decision::{Setting, factor_in_effect, in_effect},
    factors::AssessedFactor,
    reauthenticate::{self, Age},
    requirement::{Bar, Candidate},
    security_question,
    value::{Value, ordered},
};
use crate::{codes, model::FactorType, order::Seen};
use claimledger_facts::{time::Occurred, types::policy::Rule, vocabulary::Property};
use std::sync::Arc;

/// What counts by the rules at a decision, and which local factors no longer do for this rule.
pub(super) fn counting(
    setting: Setting<'_, '_>,
    rule: Option<&Rule>,
    at: Occurred,
    previous: Option<Seen<'_>>,
) -> (Vec<Candidate>, Vec<usize>) {
    let (mut candidates, mut stale) = (Vec::new(), Vec::new());
    for (index, factor) in setting.factors.iter().enumerate().filter(|(_, f)| f.by_rules != Tri::No)
    {
        let in_effect = factor_in_effect(setting.life, factor, at);
        if in_effect == Tri::No {
            continue;
        }
        let (mut candidate, barred) = recorded(setting, index, at);
        candidate.missing.clone_from(&factor.missing);
        if setting.is_of_another(factor.seen) {
            add(&mut candidate.missing, &[codes::MISSING_SUBJECT]);
        }
        candidate.reading_open = factor.reading_open;
        if barred == Tri::Maybe {
            add(&mut candidate.missing, &[codes::MISSING_EXACT_TIME]);
        }
        if in_effect == Tri::Maybe {
            add(&mut candidate.missing, &[codes::MISSING_EXACT_TIME]);
        }
        if !bound_by_age(setting, rule, &mut candidate, factor, at, previous) {
            stale.push(index);
            continue;
        }
        candidate.sure = factor.by_rules == Tri::Yes && candidate.missing.is_empty();
        candidates.push(candidate);
    }
    unpool(setting, &mut candidates, at);
    let counts = |c: &Claim<'_>| in_effect(setting.life, c.seen.occurred(), at) != Tri::No;
    for (index, claim) in setting.claims.iter().enumerate().filter(|(_, c)| counts(c)) {
        let Some(code) = claim.unseen() else { continue };
        for any in any_factor(code) {
            candidates.push(Candidate {
                claim: Some(index),
                third_party: claim.third_party(),
                mix: claim.mix(),
                bar: barred(setting, at, claim.third_party(), &any.value).0,
                reading_open: claim.unseen_open(),
                ..any
            });
        }
    }
    for unread in setting.unread {
        if in_effect(setting.life, unread.occurred, at) != Tri::No {
            candidates.extend(any_factor(unread.missing));
        }
    }
    (candidates, stale)
}

/// What may have been presented, of which nothing is known: any factor.
fn any_factor(missing: &'static str) -> impl Iterator<Item = Candidate> {
    [FactorType::Knowledge, FactorType::Possession].into_iter().map(move |factor_type| {
        let value = Arc::new(Value::alone("", factor_type, Property::ALL, ""));
        let any = Candidate { any_method: true, sure: false, ..Candidate::of(value) };
        Candidate { missing: vec![missing], ..any }
    })
}

/// A factor, as if it certainly counted, and whether something keeps it out of every rule; where
/// that is open it is not kept out.
fn recorded(setting: Setting<'_, '_>, index: usize, at: Occurred) -> (Candidate, Tri) {
    let factor = &setting.factors[index];
    let (bar, barred) = barred(setting, at, factor.third_party, &factor.value);
    (Candidate { bar, ..Candidate::of_factor(index, factor) }, barred)
}

/// The same without that.
pub(super) fn as_recorded(setting: Setting<'_, '_>, index: usize, at: Occurred) -> Candidate {
    recorded(setting, index, at).0
}

fn barred(
    setting: Setting<'_, '_>,
    at: Occurred,
    third_party: bool,
    value: &Value,
) -> (Option<Bar>, Tri) {
    let bars = security_question::bars(setting.history, at, third_party, value);
    ((bars == Tri::Yes).then_some(Bar::SecurityQuestion), bars)
}

/// Whether a factor is fresh enough for the rule; false: for no alternative of it.
fn bound_by_age(
    setting: Setting<'_, '_>,
    rule: Option<&Rule>,
    candidate: &mut Candidate,
    factor: &AssessedFactor<'_>,
    at: Occurred,
    previous: Option<Seen<'_>>,
) -> bool {
    let Some(rule) = rule else { return true };
    let (bounded, open) = match factor.claim {
        None => (Tri::Yes, None),
        Some(claim) => claim_sourcing::sourced(setting.history, &setting.claims[claim], at),
    };
    if bounded == Tri::No {
        return true;
    }
    let age = Age::of(factor.seen, at, previous);
    let bounds = reauthenticate::bounds(rule, factor.value.factor_type);
    let mut fresh: Vec<Tri> = bounds.into_iter().map(|secs| age.within(secs)).collect();
    fresh.dedup();
    match fresh.as_slice() {
        [Tri::Yes] => {}
        [Tri::No] if open.is_none() => return false,
        [_] => add(&mut candidate.missing, &[open.unwrap_or(codes::MISSING_EXACT_TIME)]),
        // Alternatives differ.
        _ => (candidate.age, candidate.age_open) = (Some(age), open),
    }
    true
}

/// What a lost authenticator gave no longer pools with the rest of its assertion; what it may have
/// given pools perhaps.
fn unpool(setting: Setting<'_, '_>, candidates: &mut [Candidate], at: Occurred) {
    for candidate in candidates.iter_mut().filter(|c| !c.value.pooled_with.is_empty()) {
        let claim = candidate.factor.and_then(|f| setting.factors[f].claim);
        let members = setting
            .factors
            .iter()
            .filter(|f| f.claim == claim && candidate.value.pooled_with.contains(&f.value.name));
        let members: Vec<(&AssessedFactor<'_>, Tri)> =
            members.map(|f| (f, factor_in_effect(setting.life, f, at))).collect();
        if members.iter().all(|(f, in_effect)| f.losses.ends.is_empty() || *in_effect == Tri::Yes) {
            continue;
        }
        let pool = |least: Tri| {
            ordered(
                members
                    .iter()
                    .filter(|(_, e)| *e >= least)
                    .flat_map(|(f, _)| f.value.has.iter().copied())
                    .collect(),
            )
        };
        let (sure, perhaps) = (pool(Tri::Yes), pool(Tri::Maybe));
        let value = Arc::make_mut(&mut candidate.value);
        value.pool = ordered(value.has.iter().chain(&sure).copied().collect());
        value.perhaps.extend(perhaps.into_iter().filter(|p| !value.pool.contains(p)));
        value
            .pooled_with
            .retain(|name| members.iter().any(|(f, e)| f.value.name == *name && *e != Tri::No));
    }
}

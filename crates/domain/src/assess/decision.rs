//! What the rules imply for a recorded decision, what it rested on, and whether the two readings
//! differ.
//!
//! Source: `semantics.md` 4, 18, 19, 20, 37, 41. A decision is judged on the session's own facts
//! and the configuration as they occurred, however late they were recorded, and on those falsifiers
//! only that were recorded by its position. It is judged once more on all that are known: what only
//! that takes away was falsified later.

use super::{
    challenge,
    claims::{self, Claim, Tri, add},
    factors::AssessedFactor,
    falsifiers::Hit,
    reauthenticate,
    requirement::{self, Candidate, Reading, Taking},
    until_session_end::Life,
    value::{Value, ordered},
};
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::{Agreement, Certainty, Difference, FactorType, Implied, MetAtDecision},
    order::{Seen, latest},
};
use claimledger_facts::{
    time::{Occurred, Time},
    types::{
        authenticator::AuthenticatorConfigured,
        factor::PolicyDecided,
        policy::{PolicyConfigured, Rule},
    },
    vocabulary::{Access, Property, Status},
};
use std::sync::Arc;

pub(crate) const ID: &str = "decision";

/// What a decision is judged in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a, 'b> {
    pub(crate) history: HistoryCut<'a>,
    /// The falsifiers that are known.
    pub(crate) falsified: HistoryCut<'a>,
    pub(crate) life: &'b Life<'a>,
    pub(crate) claims: &'b [Claim<'a>],
    pub(crate) factors: &'b [AssessedFactor<'a>],
}

/// A decision, judged as known when it fell and as known at K.
#[derive(Clone, Debug)]
pub(crate) struct Decided<'a> {
    pub(crate) then: Judged<'a>,
    /// None: nothing that is known differs from what was known then.
    pub(crate) now: Option<Judged<'a>>,
    /// What was believed then, where that was something else: an index into
    /// [`super::Trace::earlier`].
    pub(crate) earlier: Option<usize>,
    /// The falsifiers that hit it and were recorded after it.
    pub(crate) later: Vec<Hit<'a>>,
}

impl<'a> Decided<'a> {
    /// As known at K.
    pub(crate) fn now(&self) -> &Judged<'a> {
        self.now.as_ref().unwrap_or(&self.then)
    }

    /// What a later falsifier takes away: it did not differ when made, and does as known at K
    /// (`semantics.md` 4, 19).
    pub(crate) fn falsified_later(&self) -> Option<Difference> {
        let differs = self.now.as_ref()?.differs.clone().filter(|_| self.then.differs.is_none())?;
        let today = self.then.seen.occurred().from;
        let Some(first) = self.later.first() else { return Some(differs) };
        let words: Vec<String> = self.later.iter().map(|hit| hit.told(today).words).collect();
        Some(Difference { code: first.code(), words: words.join("; "), ..differs })
    }
}

/// A decision, judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) seen: Seen<'a>,
    pub(crate) data: &'a PolicyDecided,
    pub(crate) policy: Option<&'a Stated<PolicyConfigured>>,
    pub(crate) rule: Option<&'a Rule>,
    pub(crate) candidates: Vec<Candidate>,
    /// Indices of factors that no longer counted for this rule, as they were verified too long ago.
    pub(crate) stale: Vec<usize>,
    pub(crate) federation: Tri,
    /// What would tell whether the sign-in stands, where that is open.
    pub(crate) federation_open: Vec<&'static str>,
    /// On what certainly counts.
    pub(crate) certain: Option<Reading>,
    /// On what counts at most.
    pub(crate) possible: Option<Reading>,
    pub(crate) local: Vec<&'a Stated<AuthenticatorConfigured>>,
    /// With all local authenticators: what is still unmet.
    pub(crate) with_local: Option<Reading>,
    pub(crate) implied: Implied,
    pub(crate) first_unmet: Option<&'static str>,
    pub(crate) missing: Vec<&'static str>,
    pub(crate) differs: Option<Difference>,
    pub(crate) met: MetAtDecision,
    /// What it rested on, in the order of the factors.
    pub(crate) relied_on: Vec<Relied>,
    pub(crate) variant: bool,
}

/// A factor that a decision rested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relied {
    /// Index into the factors.
    pub(crate) factor: usize,
    pub(crate) needed: bool,
    /// Possible where an interval leaves open whether it came before the decision (`semantics.md`
    /// 3, 37).
    pub(crate) certainty: Certainty,
}

/// Judges a decision. `previous` is the session's decision before it.
pub(crate) fn judge<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
) -> Judged<'a> {
    let at = seen.occurred();
    let mut options = setting.history.policies().at(&data.policy, at).options.into_iter();
    let mut judged = judge_under(setting, seen, data, previous, options.next().flatten());
    for other in options {
        let other = judge_under(setting, seen, data, previous, other);
        if other.implied != judged.implied {
            judged.implied = Implied::Undetermined;
            judged.first_unmet = None;
            judged.differs = None;
            add(&mut judged.missing, &other.missing);
            add(&mut judged.missing, &[codes::MISSING_EXACT_TIME]);
        }
    }
    judged
}

fn judge_under<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
    policy: Option<&'a Stated<PolicyConfigured>>,
) -> Judged<'a> {
    let rule = policy.and_then(|p| rule_used(&p.data, data));
    judge_by(setting, seen, data, previous, policy, rule)
}

/// Judges a decision as if another version of its policy had been in force: by the rule of the same
/// name, or by the only one.
pub(crate) fn judge_as_if<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
    policy: &'a Stated<PolicyConfigured>,
) -> Judged<'a> {
    let only = if let [only] = policy.data.rules.as_slice() { Some(only) } else { None };
    judge_by(setting, seen, data, previous, Some(policy), rule_used(&policy.data, data).or(only))
}

fn judge_by<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
    policy: Option<&'a Stated<PolicyConfigured>>,
    rule: Option<&'a Rule>,
) -> Judged<'a> {
    let at = seen.occurred();
    let (candidates, stale) = candidates(setting, rule, at, previous);
    let (federation, federation_open) = federation(setting, at);
    let mut judged = Judged {
        seen,
        data,
        policy,
        rule,
        stale,
        federation,
        federation_open,
        certain: None,
        possible: None,
        local: challenge::local_authenticators(setting.history, at),
        with_local: None,
        implied: Implied::Undetermined,
        first_unmet: None,
        missing: vec![],
        differs: None,
        met: met(&candidates),
        relied_on: vec![],
        variant: seen.variant || policy.is_some_and(|p| p.is_variant(setting.history.known_at())),
        candidates,
    };
    judged.variant |=
        judged.candidates.iter().filter_map(|c| c.factor).any(|f| setting.factors[f].seen.variant);
    match (policy, rule) {
        (None, _) => judged.missing.push(codes::MISSING_POLICY),
        (Some(p), _) if matches!(p.data.status, Some(Status::Inactive | Status::Deleted)) => {
            judged.missing.push(codes::MISSING_POLICY)
        }
        (Some(_), None) => judged.missing.push(codes::MISSING_RULE),
        (Some(_), Some(rule)) => judged.imply(rule),
    }
    judged.relied_on = relied_on(setting, &judged, at);
    judged.differs = difference(setting, &judged, at);
    judged
}

/// The rule that the decision names, or the only one where it names none.
fn rule_used<'a>(policy: &'a PolicyConfigured, decision: &PolicyDecided) -> Option<&'a Rule> {
    match (&decision.rule, policy.rules.as_slice()) {
        (Some(named), rules) => rules.iter().find(|r| r.rule == *named),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

impl Judged<'_> {
    fn imply(&mut self, rule: &Rule) {
        if rule.access == Access::Deny {
            self.implied = Implied::Deny;
            self.first_unmet = Some(codes::RULE_DENIES);
            return;
        }
        if !rule.chain.is_empty() {
            self.missing.push(codes::MISSING_METHOD_CHAIN);
            return;
        }
        let certain =
            requirement::read(rule, &self.candidates, self.federation == Tri::Yes, Taking::Certain);
        let possible =
            requirement::read(rule, &self.candidates, self.federation != Tri::No, Taking::Possible);
        if certain.met {
            self.implied = Implied::Allow;
        } else if possible.met {
            self.missing = requirement::missing(rule, &self.candidates);
            add(&mut self.missing, &self.federation_open);
        } else {
            let filled = challenge::with_local(
                rule,
                &self.candidates,
                self.federation == Tri::Yes,
                &self.local,
            );
            self.implied = if filled.met { Implied::Challenge } else { Implied::Deny };
            self.first_unmet = certain.best.unmet.first().copied();
            self.with_local = Some(filled);
        }
        self.certain = Some(certain);
        self.possible = Some(possible);
    }
}

/// What counts by the rules at a decision, and which local factors no longer do for this rule.
fn candidates(
    setting: Setting<'_, '_>,
    rule: Option<&Rule>,
    at: Occurred,
    previous: Option<Seen<'_>>,
) -> (Vec<Candidate>, Vec<usize>) {
    let (mut candidates, mut stale) = (Vec::new(), Vec::new());
    let within = rule.and_then(|r| r.reauthenticate_in_secs);
    for (index, factor) in setting.factors.iter().enumerate().filter(|(_, f)| f.by_rules != Tri::No)
    {
        let in_effect = factor_in_effect(setting.life, factor, at);
        if in_effect == Tri::No {
            continue;
        }
        let mut missing = factor.missing.clone();
        if in_effect == Tri::Maybe {
            add(&mut missing, &[codes::MISSING_EXACT_TIME]);
        }
        let fresh = reauthenticate::is_fresh(factor.seen, within, at, previous);
        match factor.claim {
            None if fresh == Tri::No => {
                stale.push(index);
                continue;
            }
            None if fresh == Tri::Maybe => add(&mut missing, &[codes::MISSING_EXACT_TIME]),
            Some(claim)
                if fresh != Tri::Yes
                    && reauthenticate::may_be_sourced(
                        setting.history,
                        &setting.claims[claim].data.idp,
                        at,
                    ) =>
            {
                add(&mut missing, &[codes::MISSING_CLAIM_SOURCING]);
            }
            None | Some(_) => {}
        }
        let sure = factor.by_rules == Tri::Yes && missing.is_empty();
        let value = factor.value.clone();
        candidates.push(Candidate {
            factor: Some(index),
            value,
            third_party: factor.third_party,
            sure,
            missing,
            any_method: false,
        });
    }
    unpool(setting, &mut candidates, at);
    for claim in
        setting.claims.iter().filter(|c| in_effect(setting.life, c.seen.occurred(), at) != Tri::No)
    {
        let Some(code) = claim.unseen() else { continue };
        for factor_type in [FactorType::Knowledge, FactorType::Possession] {
            let value = Arc::new(Value::alone("", factor_type, Property::ALL, ""));
            candidates.push(Candidate {
                factor: None,
                value,
                third_party: claim.third_party(),
                sure: false,
                missing: vec![code],
                any_method: true,
            });
        }
    }
    (candidates, stale)
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

/// Whether a factor still counts at a time: until the session ends, or what gave it is lost.
fn factor_in_effect(life: &Life<'_>, factor: &AssessedFactor<'_>, at: Occurred) -> Tri {
    within(factor.losses.closes(life.closes(), factor.occurred().from), factor.occurred(), at)
}

/// Whether something that began then still counts at a time: [from, end of the session).
fn in_effect(life: &Life<'_>, began: Occurred, at: Occurred) -> Tri {
    within(life.closes(), began, at)
}

fn within(
    (first_close, last_close): (Option<Time>, Option<Time>),
    began: Occurred,
    at: Occurred,
) -> Tri {
    let after = |close: Option<Time>, t: Time| close.is_some_and(|c| t >= c);
    if began.from > latest(at) || after(last_close, at.from) {
        Tri::No
    } else if latest(began) <= at.from && !after(first_close, latest(at)) {
        Tri::Yes
    } else {
        Tri::Maybe
    }
}

/// Whether the sign-in through the IdP stands at a time (`semantics.md` 38), and what would tell
/// where that is open.
fn federation(setting: Setting<'_, '_>, at: Occurred) -> (Tri, Vec<&'static str>) {
    let standing = |began: Occurred, stands: Tri| stands.min(in_effect(setting.life, began, at));
    let mut claims =
        setting.claims.iter().filter(|c| c.seen.occurred().from <= latest(at)).peekable();
    let (best, mut open) = if claims.peek().is_some() {
        claims.fold((Tri::No, vec![]), |(best, open), claim| {
            let stands = standing(claim.seen.occurred(), claim.stands());
            if stands > best { (stands, claim.stands_open()) } else { (best, open) }
        })
    } else {
        match setting.life.started.and_then(|s| s.idp.as_ref()) {
            Some(idp) => {
                let began = setting.life.start;
                (
                    standing(
                        began,
                        claims::unseen_federation(setting.history, setting.falsified, idp, began),
                    ),
                    vec![],
                )
            }
            None => (Tri::No, vec![]),
        }
    };
    match best {
        Tri::Maybe if open.is_empty() => open.push(codes::MISSING_EXACT_TIME),
        Tri::Maybe => {}
        Tri::No | Tri::Yes => open.clear(),
    }
    (best, open)
}

fn met(candidates: &[Candidate]) -> MetAtDecision {
    let sure = || candidates.iter().filter(|c| c.sure);
    let mut factor_types: Vec<FactorType> = sure().map(|c| c.value.factor_type).collect();
    factor_types.sort_unstable();
    factor_types.dedup();
    let possession = sure().filter(|c| c.value.factor_type == FactorType::Possession);
    let names = |sure: bool| {
        candidates
            .iter()
            .filter(move |c| c.factor.is_some() && c.sure == sure)
            .map(|c| c.value.name.clone())
            .collect()
    };
    MetAtDecision {
        factor_types,
        characteristics: ordered(possession.flat_map(|c| c.value.pool.iter().copied()).collect()),
        counted: names(true),
        perhaps: names(false),
    }
}

/// What it rested on: what `relied_on[]` names, else every factor of the session that counted by
/// record and came earlier, or may have. Each was needed if the rule holds for all of them and not
/// without it.
fn relied_on(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Vec<Relied> {
    let named = |f: &AssessedFactor<'_>| {
        judged.data.relied_on.as_ref().is_none_or(|ids| ids.contains(&f.seen.record().source_id))
    };
    let earlier = setting
        .factors
        .iter()
        .enumerate()
        .filter(|(_, f)| f.by_record && f.occurred().from <= latest(at) && named(f));
    let relied: Vec<usize> = earlier.map(|(index, _)| index).collect();
    let as_recorded = |index: usize| Candidate {
        factor: Some(index),
        value: setting.factors[index].value.clone(),
        third_party: setting.factors[index].third_party,
        sure: true,
        missing: vec![],
        any_method: false,
    };
    let all: Vec<Candidate> = relied.iter().copied().map(as_recorded).collect();
    let holds = |candidates: &[Candidate]| {
        judged.rule.is_some_and(|rule| {
            let federation = judged.federation != Tri::No || !setting.claims.is_empty();
            rule.access == Access::Allow
                && rule.chain.is_empty()
                && requirement::read(rule, candidates, federation, Taking::Certain).met
        })
    };
    let holds_with_all = holds(&all);
    let relied = relied.iter().enumerate().map(|(place, factor)| Relied {
        factor: *factor,
        needed: holds_with_all && !holds(&without(setting, &all, place)),
        certainty: came_before(setting.factors[*factor].occurred(), at),
    });
    relied.collect()
}

/// How sure it is that something came by a decision, of which it is known that it may have.
pub(crate) fn came_before(came: Occurred, decision: Occurred) -> Certainty {
    if latest(came) <= decision.from { Certainty::Certain } else { Certainty::Possible }
}

/// The candidates without one; what it pooled goes with it.
fn without(setting: Setting<'_, '_>, all: &[Candidate], at: usize) -> Vec<Candidate> {
    let claim_of = |c: &Candidate| c.factor.and_then(|f| setting.factors[f].claim);
    let removed = &all[at];
    let mut rest: Vec<Candidate> =
        all.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c.clone()).collect();
    if !removed.value.pooled_with.is_empty() {
        let members = |c: &Candidate| {
            claim_of(c) == claim_of(removed) && removed.value.pooled_with.contains(&c.value.name)
        };
        let left = rest.iter().filter(|c| members(c)).flat_map(|c| c.value.has.iter().copied());
        let pool = ordered(left.collect());
        rest.iter_mut()
            .filter(|c| {
                claim_of(c) == claim_of(removed)
                    && removed.value.pooled_with.contains(&c.value.name)
            })
            .for_each(|c| {
                Arc::make_mut(&mut c.value).pool.clone_from(&pool);
            });
    }
    rest
}

/// Recorded and implied differ when one lets in and the other does not (`semantics.md` 19).
fn difference(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<Difference> {
    let recorded = judged.data.outcome;
    if Agreement::of(recorded, judged.implied) != Agreement::Differs {
        return None;
    }
    let code = if judged.implied == Implied::Allow {
        codes::REFUSED_THOUGH_MET
    } else {
        let cause = void_cause(setting, judged, at).or_else(|| lost_cause(setting, judged, at));
        cause.or(judged.first_unmet).unwrap_or(codes::NOT_ENOUGH_FACTORS)
    };
    Some(Difference {
        recorded,
        implied: judged.implied,
        code,
        words: codes::difference_words(code),
    })
}

/// The first void reason, where the rule would hold had the assertion been good.
fn void_cause(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<&'static str> {
    let rule = judged.rule.filter(|r| r.access == Access::Allow)?;
    let earlier = |o: Occurred| o.from <= at.from && in_effect(setting.life, o, at) != Tri::No;
    let mut all = judged.candidates.clone();
    let mut cause = None;
    for (index, factor) in setting
        .factors
        .iter()
        .enumerate()
        .filter(|(_, f)| !f.void.is_empty() && f.by_record && earlier(f.occurred()))
    {
        cause = cause.or(factor.void.first().copied());
        let (value, third_party) = (factor.value.clone(), factor.third_party);
        all.push(Candidate {
            factor: Some(index),
            value,
            third_party,
            sure: true,
            missing: vec![],
            any_method: false,
        });
    }
    let void_claim = setting
        .claims
        .iter()
        .filter(|c| earlier(c.seen.occurred()))
        .find(|c| c.stands() == Tri::No);
    let cause = cause.or_else(|| void_claim.and_then(|c| c.world().void.first().copied()))?;
    requirement::read(rule, &all, true, Taking::Certain).met.then_some(cause)
}

/// Whether the rule would hold had nothing been lost.
fn lost_cause(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<&'static str> {
    let rule = judged.rule.filter(|r| r.access == Access::Allow)?;
    let lost = |f: &AssessedFactor<'_>| {
        f.by_rules != Tri::No
            && in_effect(setting.life, f.occurred(), at) != Tri::No
            && factor_in_effect(setting.life, f, at) != Tri::Yes
    };
    let lost: Vec<usize> =
        (0..setting.factors.len()).filter(|f| lost(&setting.factors[*f])).collect();
    let claims: Vec<_> = lost.iter().map(|f| setting.factors[*f].claim).collect();
    let mut all = judged.candidates.clone();
    // The rest of its assertion pools again with what was not lost.
    for candidate in &mut all {
        let Some(factor) = candidate
            .factor
            .map(|f| &setting.factors[f])
            .filter(|f| f.claim.is_some() && claims.contains(&f.claim))
        else {
            continue;
        };
        candidate.value = factor.value.clone();
    }
    all.retain(|c| c.factor.is_none_or(|f| !lost.contains(&f)));
    all.extend(lost.iter().map(|index| {
        let factor = &setting.factors[*index];
        Candidate {
            factor: Some(*index),
            value: factor.value.clone(),
            third_party: factor.third_party,
            sure: true,
            missing: vec![],
            any_method: false,
        }
    }));
    let holds = !lost.is_empty()
        && requirement::read(rule, &all, judged.federation == Tri::Yes, Taking::Certain).met;
    holds.then_some(codes::AUTHENTICATOR_LOST)
}

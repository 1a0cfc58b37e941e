//! What the rules imply for a recorded decision, what it rested on, and whether the two readings differ.
//!
//! Source: `semantics.md` 4, 18, 19, 20, 37, 41. A decision is judged on the session's own facts and the configuration as they occurred,
//! however late they were recorded.

use super::{
    challenge,
    claims::{self, Claim, Tri, add},
    factors::Factor,
    reauthenticate,
    requirement::{self, Candidate, Reading, Taking},
    until_session_end::Life,
    value::{Value, ordered},
};
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::{Difference, FactorType, Implied, MetAtDecision},
    order::{Seen, latest},
};
use claimledger_facts::{
    time::{Occurred, Time},
    types::{
        authenticator::AuthenticatorConfigured,
        factor::PolicyDecided,
        policy::{PolicyConfigured, Rule},
    },
    vocabulary::{Access, Outcome, Property, Status},
};

pub(crate) const ID: &str = "decision";

/// What a decision is judged in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a, 'b> {
    pub(crate) history: HistoryCut<'a>,
    pub(crate) life: &'b Life<'a>,
    pub(crate) claims: &'b [Claim<'a>],
    pub(crate) factors: &'b [Factor<'a>],
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
    /// Indices into the factors, each with whether it was needed.
    pub(crate) relied_on: Vec<(usize, bool)>,
    pub(crate) variant: bool,
}

/// Judges a decision. `previous` is the session's decision before it.
pub(crate) fn judge<'a>(setting: Setting<'a, '_>, seen: Seen<'a>, data: &'a PolicyDecided, previous: Option<Seen<'a>>) -> Judged<'a> {
    let at = seen.occurred();
    let mut options = setting.history.policy(&data.policy, at).options.into_iter();
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
    let at = seen.occurred();
    let rule = policy.and_then(|p| rule_used(&p.data, data));
    let (candidates, stale) = candidates(setting, rule, at, previous);
    let federation = federation(setting, at);
    let mut judged = Judged {
        seen,
        data,
        policy,
        rule,
        stale,
        federation,
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
    judged.variant |= judged.candidates.iter().filter_map(|c| c.factor).any(|f| setting.factors[f].seen.variant);
    match (policy, rule) {
        (None, _) => judged.missing.push(codes::MISSING_POLICY),
        (Some(p), _) if matches!(p.data.status, Some(Status::Inactive | Status::Deleted)) => judged.missing.push(codes::MISSING_POLICY),
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
        let certain = requirement::read(rule, &self.candidates, self.federation == Tri::Yes, Taking::Certain);
        let possible = requirement::read(rule, &self.candidates, self.federation != Tri::No, Taking::Possible);
        if certain.met {
            self.implied = Implied::Allow;
        } else if possible.met {
            self.missing = requirement::missing(rule, &self.candidates);
            if self.federation == Tri::Maybe {
                add(&mut self.missing, &[codes::MISSING_EXACT_TIME]);
            }
        } else {
            let filled = challenge::with_local(rule, &self.candidates, self.federation == Tri::Yes, &self.local);
            self.implied = if filled.met { Implied::Challenge } else { Implied::Deny };
            self.first_unmet = certain.best.unmet.first().copied();
            self.with_local = Some(filled);
        }
        self.certain = Some(certain);
        self.possible = Some(possible);
    }
}

/// What counts by the rules at a decision, and which local factors no longer do for this rule.
fn candidates(setting: Setting<'_, '_>, rule: Option<&Rule>, at: Occurred, previous: Option<Seen<'_>>) -> (Vec<Candidate>, Vec<usize>) {
    let (mut candidates, mut stale) = (Vec::new(), Vec::new());
    let within = rule.and_then(|r| r.reauthenticate_in_secs);
    for (index, factor) in setting.factors.iter().enumerate().filter(|(_, f)| f.by_rules != Tri::No) {
        let in_effect = in_effect(setting.life, factor.occurred(), at);
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
            Some(claim) if fresh != Tri::Yes && reauthenticate::may_be_sourced(setting.history, &setting.claims[claim].data.idp, at) => {
                add(&mut missing, &[codes::MISSING_CLAIM_SOURCING]);
            }
            None | Some(_) => {}
        }
        let sure = factor.by_rules == Tri::Yes && missing.is_empty();
        let value = factor.value.clone();
        candidates.push(Candidate { factor: Some(index), value, third_party: factor.third_party, sure, missing, any_method: false });
    }
    for claim in setting.claims.iter().filter(|c| in_effect(setting.life, c.seen.occurred(), at) != Tri::No) {
        let Some(code) = claim.unseen() else { continue };
        for factor_type in [FactorType::Knowledge, FactorType::Possession] {
            let value = Value::alone("", factor_type, Property::ALL, "");
            candidates.push(Candidate { factor: None, value, third_party: claim.third_party(), sure: false, missing: vec![code], any_method: true });
        }
    }
    (candidates, stale)
}

/// Whether something that began then still counts at a time: [from, end of the session).
fn in_effect(life: &Life<'_>, began: Occurred, at: Occurred) -> Tri {
    let (first_close, last_close) = life.closes();
    let after = |close: Option<Time>, t: Time| close.is_some_and(|c| t >= c);
    if began.from > latest(at) || after(last_close, at.from) {
        Tri::No
    } else if latest(began) <= at.from && !after(first_close, latest(at)) {
        Tri::Yes
    } else {
        Tri::Maybe
    }
}

/// Whether the sign-in through the IdP stands at a time (`semantics.md` 38).
fn federation(setting: Setting<'_, '_>, at: Occurred) -> Tri {
    let standing = |began: Occurred, stands: Tri| stands.min(in_effect(setting.life, began, at));
    let by_claims = setting.claims.iter().filter(|c| c.seen.occurred().from <= latest(at)).map(|c| standing(c.seen.occurred(), c.stands()));
    if let Some(best) = by_claims.max() {
        return best;
    }
    match setting.life.started.and_then(|s| s.idp.as_ref()) {
        Some(idp) => standing(setting.life.start, claims::unseen_federation(setting.history, idp, setting.life.start)),
        None => Tri::No,
    }
}

fn met(candidates: &[Candidate]) -> MetAtDecision {
    let sure = || candidates.iter().filter(|c| c.sure);
    let mut factor_types: Vec<FactorType> = sure().map(|c| c.value.factor_type).collect();
    factor_types.sort_unstable();
    factor_types.dedup();
    let possession = sure().filter(|c| c.value.factor_type == FactorType::Possession);
    MetAtDecision { factor_types, characteristics: ordered(possession.flat_map(|c| c.value.pool.iter().copied()).collect()) }
}

/// What it rested on: what `relied_on[]` names, else every factor of the session that counted by record and came earlier. Each was needed if
/// the rule holds for all of them and not without it.
fn relied_on(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Vec<(usize, bool)> {
    let named = |f: &Factor<'_>| judged.data.relied_on.as_ref().is_none_or(|ids| ids.contains(&f.seen.record().source_id));
    let earlier = setting.factors.iter().enumerate().filter(|(_, f)| f.by_record && f.occurred().from <= at.from && named(f));
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
            rule.access == Access::Allow && rule.chain.is_empty() && requirement::read(rule, candidates, federation, Taking::Certain).met
        })
    };
    let holds_with_all = holds(&all);
    relied.iter().enumerate().map(|(at, index)| (*index, holds_with_all && !holds(&without(setting, &all, at)))).collect()
}

/// The candidates without one; what it pooled goes with it.
fn without(setting: Setting<'_, '_>, all: &[Candidate], at: usize) -> Vec<Candidate> {
    let claim_of = |c: &Candidate| c.factor.and_then(|f| setting.factors[f].claim);
    let removed = &all[at];
    let mut rest: Vec<Candidate> = all.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c.clone()).collect();
    if !removed.value.pooled_with.is_empty() {
        let members = |c: &Candidate| claim_of(c) == claim_of(removed) && removed.value.pooled_with.contains(&c.value.name);
        let left = rest.iter().filter(|c| members(c)).flat_map(|c| c.value.has.iter().copied());
        let pool = ordered(left.collect());
        rest.iter_mut().filter(|c| claim_of(c) == claim_of(removed) && removed.value.pooled_with.contains(&c.value.name)).for_each(|c| {
            c.value.pool.clone_from(&pool);
        });
    }
    rest
}

/// Recorded and implied differ when one lets in and the other does not (`semantics.md` 19).
fn difference(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<Difference> {
    let recorded = judged.data.outcome;
    let code = match (recorded, judged.implied) {
        (_, Implied::Undetermined) | (Outcome::Allow, Implied::Allow) => return None,
        (Outcome::Challenge | Outcome::Deny, Implied::Challenge | Implied::Deny) => return None,
        (Outcome::Challenge | Outcome::Deny, Implied::Allow) => codes::REFUSED_THOUGH_MET,
        (Outcome::Allow, Implied::Challenge | Implied::Deny) => {
            void_cause(setting, judged, at).or(judged.first_unmet).unwrap_or(codes::NOT_ENOUGH_FACTORS)
        }
    };
    Some(Difference { recorded, implied: judged.implied, code, words: codes::difference_words(code).to_owned() })
}

/// The first void reason, where the rule would hold had the assertion been good.
fn void_cause(setting: Setting<'_, '_>, judged: &Judged<'_>, at: Occurred) -> Option<&'static str> {
    let rule = judged.rule.filter(|r| r.access == Access::Allow)?;
    let earlier = |o: Occurred| o.from <= at.from && in_effect(setting.life, o, at) != Tri::No;
    let mut all = judged.candidates.clone();
    let mut cause = None;
    for (index, factor) in setting.factors.iter().enumerate().filter(|(_, f)| !f.void.is_empty() && f.by_record && earlier(f.occurred())) {
        cause = cause.or(factor.void.first().copied());
        let (value, third_party) = (factor.value.clone(), factor.third_party);
        all.push(Candidate { factor: Some(index), value, third_party, sure: true, missing: vec![], any_method: false });
    }
    let void_claim = setting.claims.iter().filter(|c| earlier(c.seen.occurred())).find(|c| c.stands() == Tri::No);
    let cause = cause.or_else(|| void_claim.and_then(|c| c.world().void.first().copied()))?;
    requirement::read(rule, &all, true, Taking::Certain).met.then_some(cause)
}

//! What the rules imply for a recorded decision, what it rested on, and whether the two readings
//! differ.
//!
//! Source: `semantics.md` 4, 18, 19, 20, 37, 41. A decision is judged on the session's own facts
//! and the configuration as they occurred, however late they were recorded, and on those falsifiers
//! only that were recorded by its position. It is judged once more on all that are known: what only
//! that takes away was falsified later.

use super::{
    asked_rule,
    candidates::{self, as_recorded},
    challenge::{self, Local},
    claims::{self, Claim, Tri, add},
    difference,
    factors::AssessedFactor,
    falsifiers::Hit,
    requirement::{self, Candidate, Reading, Taking},
    step_up, subject,
    unread::Unread,
    until_session_end::Life,
    value::ordered,
};
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::{Certainty, Difference, FactorType, Implied, MetAtDecision},
    order::Seen,
};
use claimledger_facts::{
    ids::{PolicyId, Pseudonym},
    time::{Occurred, Time},
    types::{
        factor::PolicyDecided,
        policy::{PolicyConfigured, Rule},
    },
    vocabulary::{Access, Status},
};
use std::sync::Arc;

pub(crate) const ID: &str = "decision";

/// What a decision is judged in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a, 'b> {
    pub(crate) history: HistoryCut<'a>,
    /// The falsifiers that are known.
    pub(crate) falsified: HistoryCut<'a>,
    /// Whose session it is.
    pub(crate) subject: Option<&'b Pseudonym>,
    pub(crate) life: &'b Life<'a>,
    pub(crate) claims: &'b [Claim<'a>],
    pub(crate) factors: &'b [AssessedFactor<'a>],
    pub(crate) unread: &'b [Unread<'a>],
}

impl Setting<'_, '_> {
    /// Whether a record is another person's (`semantics.md` 47).
    pub(super) fn is_of_another(&self, seen: Seen<'_>) -> bool {
        subject::is_of_another(self.history, &seen.known.fact, self.subject)
    }
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
    /// The other versions that may have been in force, the latest first.
    pub(crate) other_policies: Vec<&'a Stated<PolicyConfigured>>,
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
    /// What the application asked for beyond the rule.
    pub(crate) acr: Option<AcrReading>,
    pub(crate) local: Vec<Local<'a>>,
    /// With all local authenticators that may be there: what is still unmet.
    pub(crate) with_local: Option<Reading>,
    pub(crate) implied: Implied,
    /// What is unmet first, where that is certain.
    pub(crate) first_unmet: Option<&'static str>,
    /// What is unmet first of what certainly counts.
    pub(crate) unmet: Option<&'static str>,
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
    /// 3, 37), or whether it counted by record.
    pub(crate) certainty: Certainty,
    pub(crate) may_be_later: bool,
}

/// Judges a decision. `previous` is the session's decision before it.
pub(crate) fn judge<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
) -> Judged<'a> {
    let at = seen.occurred();
    let policies = setting.history.policies().at(&data.policy, at);
    if policies.options.len() == 1 {
        return judge_under(setting, seen, data, previous, policies.options[0]);
    }
    // The rule that it names was there: a version without it was not in force yet, or no longer.
    let has_rule = |version: &&Stated<PolicyConfigured>| rule_used(&version.data, data).is_some();
    let is_known = data.rule.is_some() && policies.options.iter().flatten().any(has_rule);
    let has_rule = |option: &Option<_>| !is_known || option.as_ref().is_none_or(has_rule);
    let mut whole = policies.options.iter().copied().filter(has_rule);
    let mut judged = judge_under(setting, seen, data, previous, whole.next().flatten());
    judged.other_policies = whole.clone().flatten().collect();
    asked_rule::leave_open((setting, previous), &policies, (whole, is_known), &mut judged);
    judged
}

pub(super) fn judge_under<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
    policy: Option<&'a Stated<PolicyConfigured>>,
) -> Judged<'a> {
    let rule = policy.and_then(|p| rule_used(&p.data, data));
    judge_by(setting, seen, data, previous, Asked::of(policy, rule))
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
    let rule = rule_used(&policy.data, data).or_else(|| only_rule(&policy.data));
    judge_by(setting, seen, data, previous, Asked::of(Some(policy), rule))
}

/// What a decision is judged by.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) policy: Option<&'a Stated<PolicyConfigured>>,
    /// The status of the policy.
    pub(super) status: Option<Status>,
    pub(super) rule: Option<&'a Rule>,
}

impl<'a> Asked<'a> {
    fn of(policy: Option<&'a Stated<PolicyConfigured>>, rule: Option<&'a Rule>) -> Self {
        Self { policy, status: policy.and_then(|policy| policy.data.status), rule }
    }
}

pub(super) fn judge_by<'a>(
    setting: Setting<'a, '_>,
    seen: Seen<'a>,
    data: &'a PolicyDecided,
    previous: Option<Seen<'a>>,
    Asked { policy, status, rule }: Asked<'a>,
) -> Judged<'a> {
    let at = seen.occurred();
    // A decision about another person is theirs, whosever the session is.
    let setting =
        Setting { subject: seen.known.fact.subject.as_ref().or(setting.subject), ..setting };
    let (candidates, stale) = candidates::counting(setting, rule, at, previous);
    let (federation, federation_open) = federation(setting, at);
    let mut judged = Judged {
        seen,
        data,
        policy,
        other_policies: vec![],
        rule,
        stale,
        federation,
        federation_open,
        certain: None,
        possible: None,
        acr: None,
        local: challenge::local_authenticators(setting.history, at),
        with_local: None,
        implied: Implied::Undetermined,
        first_unmet: None,
        unmet: None,
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
        (Some(_), _) if matches!(status, Some(Status::Inactive | Status::Deleted)) => {
            judged.missing.push(codes::MISSING_POLICY)
        }
        (Some(_), None) => judged.missing.push(codes::MISSING_RULE),
        (Some(_), Some(rule)) => judged.imply(rule),
    }
    judged.relied_on = relied_on(setting, &judged, at);
    judged.differs = difference::difference(setting, &judged, at);
    judged
}

/// The rule that the decision names, or the only one where it names none. One that is not active
/// was not the one that was used (`semantics.md` 18, 19).
fn rule_used<'a>(policy: &'a PolicyConfigured, decision: &PolicyDecided) -> Option<&'a Rule> {
    match &decision.rule {
        Some(named) => policy.rules.iter().find(|r| r.rule == *named && is_active(r)),
        None => only_rule(policy),
    }
}

pub(super) fn only_rule(policy: &PolicyConfigured) -> Option<&Rule> {
    let mut active = policy.rules.iter().filter(|r| is_active(r));
    active.next().filter(|_| active.next().is_none())
}

pub(crate) fn is_active(rule: &Rule) -> bool {
    matches!(rule.status, None | Some(Status::Active))
}

impl<'a> Judged<'a> {
    /// The policy that it is judged by, as known at K.
    pub(crate) fn policy_id(&self, history: HistoryCut<'a>) -> &'a PolicyId {
        history.policies().meant(&self.data.policy)
    }
}

impl Judged<'_> {
    fn imply(&mut self, rule: &Rule) {
        if rule.access == Access::Deny {
            self.implied = Implied::Deny;
            (self.first_unmet, self.unmet) = (Some(codes::RULE_DENIES), Some(codes::RULE_DENIES));
            return;
        }
        if rule.other_verification.is_some() {
            self.missing.push(codes::MISSING_VERIFICATION_FORM);
            return;
        }
        let [certain, possible] =
            [Taking::Certain, Taking::Possible].map(|taking| self.read(rule, taking));
        let acr = self.step_up(rule);
        let met = |taking: Taking, rule: &Reading| {
            rule.met && acr.as_ref().is_none_or(|acr| acr.met(taking))
        };
        // How it is read otherwise is not tried.
        let reading_open = self.candidates.iter().any(|candidate| candidate.reading_open);
        if met(Taking::Certain, &certain) {
            self.implied = Implied::Allow;
        } else if met(Taking::Possible, &possible) || reading_open {
            self.missing = requirement::missing(rule, &self.candidates);
            if let Some(acr) = &acr {
                add(&mut self.missing, &requirement::missing(&acr.asked.rule, &self.candidates));
            }
            add(&mut self.missing, &self.federation_open);
            if acr.as_ref().is_some_and(|acr| acr.asked.if_possible) {
                self.add_missing_of_local();
            }
        } else {
            let filled = self.with_local(rule, Taking::Possible);
            let can_be_filled = filled.met && acr.as_ref().is_none_or(|acr| acr.filled.met);
            let surely = self.surely_filled(rule, &filled)
                && acr.as_ref().is_none_or(|acr| acr.surely_filled);
            if can_be_filled && !surely {
                self.missing = requirement::missing(rule, &self.candidates);
                add(&mut self.missing, &self.federation_open);
                self.add_missing_of_local();
            } else {
                self.implied = if can_be_filled { Implied::Challenge } else { Implied::Deny };
                // The rule comes first, then what the application asked for beyond it.
                let [unmet, at_least] = [&certain, &possible]
                    .map(|reading| *reading.best.unmet.first().unwrap_or(&codes::REQUESTED_ACR));
                self.unmet = Some(unmet);
                self.first_unmet = (unmet == at_least).then_some(unmet);
            }
            self.with_local = Some(filled);
        }
        self.certain = Some(certain);
        self.possible = Some(possible);
        self.acr = acr;
    }

    fn add_missing_of_local(&mut self) {
        for local in &self.local {
            add(&mut self.missing, local.missing().as_slice());
        }
    }

    /// What counts, read by a rule.
    fn read(&self, rule: &Rule, taking: Taking) -> Reading {
        let federation = match taking {
            Taking::Certain => self.federation == Tri::Yes,
            Taking::Possible => self.federation != Tri::No,
        };
        requirement::read(rule, &self.candidates, federation, taking)
    }

    /// With local authenticators: those that are certainly there beside what certainly counts, or
    /// all that may be beside what may count.
    fn with_local(&self, rule: &Rule, taking: Taking) -> Reading {
        let possible = taking == Taking::Possible;
        challenge::with_local(
            rule,
            self.candidates.iter().filter(|candidate| candidate.sure || possible),
            self.federation == Tri::Yes || possible && self.federation == Tri::Maybe,
            self.local.iter().filter(|local| local.sure || possible),
        )
    }

    /// Whether a rule is met with what is certain, where `filled` is with all that is possible.
    fn surely_filled(&self, rule: &Rule, filled: &Reading) -> bool {
        let is_open = self.federation == Tri::Maybe
            || self.candidates.iter().any(|candidate| !candidate.sure)
            || self.local.iter().any(|local| !local.sure);
        filled.met && (!is_open || self.with_local(rule, Taking::Certain).met)
    }

    fn step_up(&self, rule: &Rule) -> Option<AcrReading> {
        let asked = step_up::asked(self.data.requested_acr.as_deref()?, rule)?;
        let [certain, possible] =
            [Taking::Certain, Taking::Possible].map(|taking| self.read(&asked.rule, taking));
        let filled = self.with_local(&asked.rule, Taking::Possible);
        let surely_filled = self.surely_filled(&asked.rule, &filled);
        Some(AcrReading { certain, possible, filled, surely_filled, asked })
    }
}

/// How what the application asked for beyond the rule stands.
#[derive(Clone, Debug)]
pub(crate) struct AcrReading {
    pub(crate) asked: step_up::Asked,
    pub(crate) certain: Reading,
    pub(crate) possible: Reading,
    /// With all local authenticators that may be there.
    pub(crate) filled: Reading,
    /// Met with those that certainly are.
    pub(crate) surely_filled: bool,
}

impl AcrReading {
    /// Met, or not asked where it is asked only if it can be had.
    pub(crate) fn met(&self, taking: Taking) -> bool {
        let (reading, filled) = match taking {
            Taking::Certain => (&self.certain, self.filled.met),
            Taking::Possible => (&self.possible, self.surely_filled),
        };
        reading.met || self.asked.if_possible && !filled
    }
}

/// Whether a factor still counts at a time: until the session ends, or what gave it is lost.
pub(super) fn factor_in_effect(life: &Life<'_>, factor: &AssessedFactor<'_>, at: Occurred) -> Tri {
    within(factor.losses.closes(life.closes(), factor.occurred().from), factor.occurred(), at)
}

/// Whether something that began then still counts at a time: [from, end of the session).
pub(super) fn in_effect(life: &Life<'_>, began: Occurred, at: Occurred) -> Tri {
    within(life.closes(), began, at)
}

fn within(
    (first_close, last_close): (Option<Time>, Option<Time>),
    began: Occurred,
    at: Occurred,
) -> Tri {
    let after = |close: Option<Time>, t: Time| close.is_some_and(|c| t >= c);
    if began.from > at.latest() || after(last_close, at.from) {
        Tri::No
    } else if began.latest() <= at.from && !after(first_close, at.latest()) {
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
        setting.claims.iter().filter(|c| c.seen.occurred().from <= at.latest()).peekable();
    let (best, mut open) = if claims.peek().is_some() {
        claims.fold((Tri::No, vec![]), |(best, open), claim| {
            let mut stands = standing(claim.seen.occurred(), claim.stands());
            let mut stands_open = claim.stands_open();
            if setting.is_of_another(claim.seen) {
                stands = stands.min(Tri::Maybe);
                add(&mut stands_open, &[codes::MISSING_SUBJECT]);
            }
            if stands > best { (stands, stands_open) } else { (best, open) }
        })
    } else {
        let stands = setting.life.sign_in().map_or(Tri::No, |by| {
            standing(by.began, claims::unseen_federation(setting.history, setting.falsified, by))
        });
        (stands, vec![])
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
        .filter(|(_, f)| f.by_record && f.occurred().from <= at.latest() && named(f));
    let relied: Vec<usize> = earlier.map(|(index, _)| index).collect();
    let all: Vec<Candidate> = relied.iter().map(|index| as_recorded(setting, *index, at)).collect();
    let holds = |candidates: &[Candidate]| {
        judged.rule.is_some_and(|rule| {
            let federation = judged.federation != Tri::No || !setting.claims.is_empty();
            rule.access == Access::Allow
                && rule.other_verification.is_none()
                && requirement::read(rule, candidates, federation, Taking::Certain).met
        })
    };
    let holds_with_all = holds(&all);
    let relied = relied.iter().enumerate().map(|(place, factor)| Relied {
        factor: *factor,
        needed: holds_with_all && !holds(&without(setting, &all, place)),
        certainty: rested_on(&setting.factors[*factor], at),
        may_be_later: came_before(setting.factors[*factor].occurred(), at) == Certainty::Possible,
    });
    relied.collect()
}

/// How sure it is that a decision rested on a factor that may have come by it.
fn rested_on(factor: &AssessedFactor<'_>, at: Occurred) -> Certainty {
    if factor.record_open || factor.missing.contains(&codes::MISSING_SUBJECT) {
        Certainty::Possible
    } else {
        came_before(factor.occurred(), at)
    }
}

/// How sure it is that something came by a decision, of which it is known that it may have.
pub(crate) fn came_before(came: Occurred, decision: Occurred) -> Certainty {
    if came.latest() <= decision.from { Certainty::Certain } else { Certainty::Possible }
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

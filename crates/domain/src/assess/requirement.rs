//! Whether a rule of a policy holds for a set of factors.
//!
//! Source: Okta, Sign-on policies: alternatives are OR, the classes inside one are AND; no
//! alternative, or an empty one, is no constraint. Inherence counts as a factor type only where
//! there is no other constraint, bare `mfa` as two also (`semantics.md` 14). Values of a
//! third-party IdP cannot meet an alternative with an allow or exclude list; `types` of a knowledge
//! class is none, and says which knowledge counts. The first unmet requirement is that of the
//! alternative that lacks least (`semantics.md` 18, 40).

use super::{
    claims::{Tri, add},
    engine_mix::{self, ClassicReading, EngineMix},
    factors::AssessedFactor,
    global_session,
    method_chain::{self, ChainReading},
    reauthenticate::{self, Age},
    value::Value,
};
use crate::{codes, model::FactorType};
use claimledger_facts::{
    types::policy::{Alternative, Possession, Rule},
    vocabulary::{Method, Property},
};
use std::sync::Arc;

pub(crate) const ID: &str = "requirement";

/// A factor, as a rule looks at it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Index into the session's factors; none: one that could be there.
    pub(crate) factor: Option<usize>,
    /// Index into the session's claims; none: local.
    pub(crate) claim: Option<usize>,
    pub(crate) value: Arc<Value>,
    pub(crate) third_party: bool,
    /// Which engines the two orgs run.
    pub(crate) mix: EngineMix,
    /// What keeps it out of every rule of the organisation.
    pub(crate) bar: Option<Bar>,
    /// Where alternatives differ in how old it may be.
    pub(crate) age: Option<Age>,
    /// Whether its age bounds it is open, for want of this.
    pub(crate) age_open: Option<&'static str>,
    /// An interval leaves open by which rules it is read, or as what.
    pub(crate) reading_open: bool,
    /// It certainly counts at this time.
    pub(crate) sure: bool,
    /// What would settle it.
    pub(crate) missing: Vec<&'static str>,
    /// It can be had by any method: what an unseen claim might have carried.
    pub(crate) any_method: bool,
}

impl Candidate {
    /// One that certainly counts.
    pub(crate) fn of(value: Arc<Value>) -> Self {
        Self {
            factor: None,
            claim: None,
            value,
            third_party: false,
            mix: EngineMix::Full,
            bar: None,
            age: None,
            age_open: None,
            reading_open: false,
            sure: true,
            missing: vec![],
            any_method: false,
        }
    }

    /// A factor of the session, as if it certainly counted.
    pub(crate) fn of_factor(index: usize, factor: &AssessedFactor<'_>) -> Self {
        Self {
            factor: Some(index),
            claim: factor.claim,
            third_party: factor.third_party,
            mix: factor.mix,
            ..Self::of(Arc::clone(&factor.value))
        }
    }

    /// Whether it is fresh enough for an alternative.
    fn fresh(&self, rule: &Rule, alternative: &Alternative) -> Tri {
        let bound = || reauthenticate::bound(rule, alternative, self.value.factor_type);
        let fresh = self.age.map_or(Tri::Yes, |age| age.within(bound()));
        if self.age_open.is_some() { fresh.max(Tri::Maybe) } else { fresh }
    }
}

/// What keeps a factor that counts out of a rule or an alternative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// The alternative lists methods, and not its own.
    Listed,
    /// The alternative lists methods, and it is a value of a third-party IdP.
    ThirdPartyLists,
    /// The rule asks for a chain, and it is a value of a third-party IdP.
    ThirdPartyChain,
    /// A claim of a Classic IdP.
    FromClassic,
    /// A claim to a Classic service provider.
    ToClassic,
    /// The organisation asks for the security question.
    SecurityQuestion,
    /// The alternative asks for knowledge by another method.
    OtherKnowledge,
}

impl Bar {
    /// In the order in which an explanation has them.
    pub(crate) const ALL: &'static [Self] = &[
        Self::ThirdPartyLists,
        Self::Listed,
        Self::ThirdPartyChain,
        Self::FromClassic,
        Self::ToClassic,
        Self::SecurityQuestion,
        Self::OtherKnowledge,
    ];
}

/// How a rule stands.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) met: bool,
    /// Of the alternative that is met, or that lacks least.
    pub(crate) best: AlternativeReading,
}

/// How one alternative stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlternativeReading {
    pub(crate) alternative: Alternative,
    pub(crate) constrained: bool,
    /// Candidates that may count here.
    pub(crate) usable: Vec<usize>,
    /// Candidates that something keeps out.
    pub(crate) barred: Vec<(usize, Bar)>,
    /// Candidates that were verified too long ago for it.
    pub(crate) stale: Vec<usize>,
    /// Distinct types that count.
    pub(crate) types: Vec<FactorType>,
    /// The sign-in itself meets it.
    pub(crate) by_federation: bool,
    /// Bare `mfa` stands for two.
    pub(crate) by_mfa: bool,
    /// What a Classic service provider makes of the claims.
    pub(crate) classic: Option<ClassicReading>,
    /// The possession candidates that meet all that the rule asks for.
    pub(crate) possession: Vec<usize>,
    /// The chain that is covered, or that lacks least.
    pub(crate) chain: Option<ChainReading>,
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
    let chains = method_chain::chains(rule);
    if !chains.is_empty() {
        let bars = |candidate: &Candidate| {
            let foreign = candidate.third_party.then_some(Bar::ThirdPartyChain);
            foreign.or(candidate.bar).or_else(|| engine_mix::bar(candidate.mix, rule, true))
        };
        return method_chain::read(&chains, candidates, &bars, taking);
    }
    let readings = alternatives(rule)
        .into_iter()
        .map(|a| read_alternative(rule, a, candidates, federation, taking));
    // `min_by_key` keeps the first of equals; there is one at least.
    let best = readings.min_by_key(|r| r.unmet.len()).unwrap_or_default();
    Reading { met: best.unmet.is_empty(), best }
}

/// The alternatives that a rule comes to: one without constraints is weaker than any other.
pub(crate) fn alternatives(rule: &Rule) -> Vec<Alternative> {
    let open = rule.alternatives.is_empty() || rule.alternatives.iter().any(|a| !is_constrained(a));
    if open { vec![Alternative::default()] } else { rule.alternatives.clone() }
}

/// How many factor types a rule asks for.
pub(crate) const fn types_asked(rule: &Rule) -> usize {
    global_session::types_asked(rule)
}

/// Whether the sign-in itself can meet a rule: any one factor or IdP (`semantics.md` 38).
pub(crate) fn by_sign_in(rule: &Rule) -> bool {
    types_asked(rule) == 1
        && method_chain::chains(rule).is_empty()
        && alternatives(rule).iter().any(|a| !is_constrained(a))
}

/// Whether an alternative asks for anything beyond the number of types.
pub(crate) fn is_constrained(alternative: &Alternative) -> bool {
    alternative.possession.is_some()
        || alternative.knowledge == Some(true)
        || !alternative.knowledge_methods.is_empty()
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
        add(&mut missing, &candidate.missing);
        let aged = |a: &Alternative| candidate.fresh(rule, a) == Tri::Maybe;
        if candidate.age.is_some() && rule.alternatives.iter().any(aged) {
            add(&mut missing, &[candidate.age_open.unwrap_or(codes::MISSING_EXACT_TIME)]);
        }
        // Only what the rule asks for could settle it.
        let asks = |a: &Alternative| {
            a.possession
                .as_ref()
                .is_some_and(|p| asked(p).iter().any(|(p, _)| candidate.value.perhaps.contains(p)))
        };
        if rule.alternatives.iter().any(asks) {
            add(&mut missing, &[codes::MISSING_PROPERTIES]);
        }
        let listed =
            rule.alternatives.iter().any(has_lists) || !method_chain::chains(rule).is_empty();
        if listed
            && candidate.value.known_method().is_none()
            && !candidate.third_party
            && !candidate.any_method
        {
            add(&mut missing, &[codes::MISSING_METHOD]);
        }
    }
    missing
}

fn read_alternative(
    rule: &Rule,
    alternative: Alternative,
    candidates: &[Candidate],
    federation: bool,
    taking: Taking,
) -> AlternativeReading {
    let constrained = is_constrained(&alternative);
    let (mut usable, mut barred, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    for (at, candidate) in candidates.iter().enumerate() {
        let fresh = candidate.fresh(rule, &alternative);
        let sure = candidate.sure && fresh != Tri::Maybe;
        if !sure && taking == Taking::Certain {
            continue;
        }
        match bar(rule, &alternative, candidate, taking) {
            _ if fresh == Tri::No => stale.push(at),
            Some(bar) => barred.push((at, bar)),
            None => usable.push(at),
        }
    }
    let mut types: Vec<FactorType> =
        usable.iter().map(|at| candidates[*at].value.factor_type).collect();
    let counting: Vec<&Candidate> = usable.iter().map(|at| &candidates[*at]).collect();
    let classic = engine_mix::classic(&counting, federation).filter(|_| !constrained);
    let by_mfa = classic.map_or_else(
        || !constrained && types.contains(&FactorType::Unspecified),
        |classic| classic.mfa_completed,
    );
    types
        .retain(|t| *t != FactorType::Unspecified && !(constrained && *t == FactorType::Inherence));
    types.sort_unstable();
    types.dedup();

    let asked_types = types_asked(rule);
    let signed_in = classic.map_or(federation, |classic| federation && classic.first_factor);
    let by_federation = !constrained && asked_types == 1 && signed_in;
    let enough = classic.map_or_else(
        || types.len() >= asked_types || by_mfa || by_federation,
        |classic| classic.reaches(asked_types),
    );
    let knows = types.contains(&FactorType::Knowledge);
    let first_factor = global_session::wants_password_or_idp(rule) && !federation;
    let mut unmet = Vec::new();
    if !enough {
        unmet.push(codes::NOT_ENOUGH_FACTORS);
    }
    if (alternative.knowledge == Some(true) || first_factor) && !knows {
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
        alternative,
        constrained,
        usable,
        barred,
        stale,
        types,
        by_federation,
        by_mfa,
        classic,
        possession,
        chain: None,
        unmet,
    }
}

/// What keeps a candidate out of an alternative.
fn bar(
    rule: &Rule,
    alternative: &Alternative,
    candidate: &Candidate,
    taking: Taking,
) -> Option<Bar> {
    let of_mix = || engine_mix::bar(candidate.mix, rule, is_constrained(alternative));
    candidate
        .bar
        .or_else(of_mix)
        .or_else(|| of_lists(alternative, candidate, taking))
        .or_else(|| of_knowledge(alternative, candidate, taking))
}

/// Whether an alternative asks for knowledge of another kind. `pwd` of a third-party IdP is the
/// password, `kba` the security question (Okta, Configure AMR claims mapping).
fn of_knowledge(alternative: &Alternative, candidate: &Candidate, taking: Taking) -> Option<Bar> {
    let asked = &alternative.knowledge_methods;
    if asked.is_empty() || candidate.value.factor_type != FactorType::Knowledge {
        return None;
    }
    let counts = match candidate.value.known_method() {
        Some(method) => asked.contains(&method),
        None => taking == Taking::Possible,
    };
    (!counts).then_some(Bar::OtherKnowledge)
}

/// Whether an alternative's lists keep a candidate out.
fn of_lists(alternative: &Alternative, candidate: &Candidate, taking: Taking) -> Option<Bar> {
    if !has_lists(alternative) {
        return None;
    }
    if candidate.third_party {
        return Some(Bar::ThirdPartyLists);
    }
    let counts = match candidate.value.known_method() {
        Some(method) => {
            let listed = |list: &[Method]| list.contains(&method);
            (alternative.allow_methods.is_empty() || listed(&alternative.allow_methods))
                && !listed(&alternative.exclude_methods)
        }
        None => taking == Taking::Possible,
    };
    (!counts).then_some(Bar::Listed)
}

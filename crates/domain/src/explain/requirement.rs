//! What was asked and what met it: one line a requirement.

use super::{decision::DecisionExplainer, rule};
use crate::{
    assess::{
        claims::Tri,
        engine_mix::ClassicReading,
        method_chain::{self, ChainReading},
        okta_claims,
        requirement::{self, Candidate, Reading, Taking},
        signed_in::through,
        step_up, third_party_amr,
        value::ordered,
    },
    codes,
    model::{FactorType, Mark, Reason},
    words,
};
use claimledger_facts::{
    types::policy::Rule,
    vocabulary::{Method, Property},
};

impl<'a> DecisionExplainer<'a, '_> {
    /// Each requirement in the evaluator's order, with its mark.
    pub(crate) fn requirements(&self) -> Vec<Reason> {
        let (Some(rule), Some(certain), Some(possible)) =
            (self.judged.rule, &self.judged.certain, &self.judged.possible)
        else {
            return vec![];
        };
        let mut lines = match &certain.best.chain {
            Some(chain) => vec![self.chain(chain, certain, possible)],
            None => vec![self.types(rule, certain, possible)],
        };
        let asks = &certain.best.alternative;
        if asks.knowledge == Some(true) {
            lines.push(self.knowledge(certain, possible));
        }
        if asks.possession.is_some() {
            lines.push(self.possession(certain, possible));
        }
        let notes = self.fell_short();
        lines.extend(self.step_up());
        if let Some(first) = lines.iter_mut().find(|l| l.mark != Some(Mark::Met)) {
            first.because.extend(notes);
        }
        lines
    }

    fn types(&self, rule: &Rule, certain: &Reading, possible: &Reading) -> Reason {
        let best = &certain.best;
        let two = requirement::types_asked(rule) == 2;
        let head = match (two, best.constrained) {
            (true, _) => "Two factor types",
            (false, true) => "One factor type",
            (false, false) => "One factor or IdP",
        };
        let counted: Vec<&Candidate> =
            best.usable.iter().map(|at| &self.judged.candidates[*at]).collect();
        let by_type = by_type(&counted, best.constrained);
        let met = !best.unmet.contains(&codes::NOT_ENOUGH_FACTORS);
        let says = if let Some(classic) = best.classic {
            format!("{head}: {}", of_classic(classic, two))
        } else if best.by_mfa && best.types.len() < requirement::types_asked(rule) {
            format!(
                "{head}: mfa stands for {}, as no constraint is asked",
                if two { "two" } else { "one" }
            )
        } else if best.by_federation {
            let idp = through(self.trace, self.judged).map(|(idp, _)| idp);
            let through = idp.map_or("the sign-in stands".to_owned(), |idp| {
                format!("the sign-in through {} stands", words::idp(self.trace.history, idp))
            });
            if by_type.is_empty() {
                format!("{head}: {through}")
            } else {
                format!("{head}: {through}; {} counted too", words::list(&by_type))
            }
        } else if by_type.is_empty() {
            format!("{head}: nothing counts by the rules")
        } else if met {
            format!("{head}: {}", words::list(&by_type))
        } else {
            format!("{head}: only {}", words::list(&by_type))
        };
        let sign_in = through(self.trace, self.judged).filter(|_| best.by_federation);
        let federation = sign_in.map(|(_, record)| record);
        let reason = Reason::new(format!("{says}.")).on(federation).on(self.records(&counted));
        self.mark(reason, codes::NOT_ENOUGH_FACTORS, certain, possible)
    }

    fn knowledge(&self, certain: &Reading, possible: &Reading) -> Reason {
        let known = certain.best.usable.iter().map(|at| &self.judged.candidates[*at]);
        let known: Vec<&Candidate> =
            known.filter(|c| c.value.factor_type == FactorType::Knowledge).collect();
        let names: Vec<&str> = known.iter().map(|c| c.value.name.as_str()).collect();
        let says = if names.is_empty() {
            format!("{} is", self.nothing(&|t| t == FactorType::Knowledge))
        } else {
            words::list(&names)
        };
        let by = rule::known_by(&certain.best.alternative);
        self.mark(
            Reason::new(format!("Knowledge{by}: {says}.")).on(self.records(&known)),
            codes::KNOWLEDGE,
            certain,
            possible,
        )
    }

    fn possession(&self, certain: &Reading, possible: &Reading) -> Reason {
        let best = &certain.best;
        let asked =
            best.alternative.possession.as_ref().map(requirement::asked).unwrap_or_default();
        let properties: Vec<Property> = asked.iter().map(|(p, _)| *p).collect();
        let qualities: Vec<&str> = properties.iter().map(|p| words::property(*p)).collect();
        let head = std::iter::once("Possession").chain(qualities).collect::<Vec<_>>().join(", ");
        let all: Vec<&'static str> =
            std::iter::once(codes::POSSESSION).chain(asked.iter().map(|(_, code)| *code)).collect();
        let unmet = all.iter().copied().find(|code| best.unmet.contains(code));
        let Some(first) = best.possession.first() else {
            let which = self.nothing(&|t| t == FactorType::Possession);
            let what = format!("{which} {}", if asked.is_empty() { "is" } else { "has it" });
            let reason = Reason::new(format!("{head}: {what}."));
            return self
                .mark(reason, unmet.unwrap_or(codes::POSSESSION), certain, possible)
                .because(self.short_of(&properties));
        };
        let of = |at: &usize| &self.judged.candidates[*at];
        let itself = best
            .possession
            .iter()
            .map(of)
            .find(|c| properties.iter().all(|p| c.value.has.contains(p)));
        let candidate = itself.unwrap_or_else(|| of(first));
        let pooled = &candidate.value.pooled_with;
        let name = &candidate.value.name;
        let says = match (asked.is_empty(), itself.is_some(), pooled.is_empty()) {
            (true, _, _) => format!(
                "{head}: {}",
                words::list(
                    &best
                        .possession
                        .iter()
                        .map(|at| of(at).value.name.as_str())
                        .collect::<Vec<_>>()
                )
            ),
            (false, true, true) => format!("{head}: {name} has it itself"),
            (false, true, false) => {
                format!(
                    "{head}: {name} has it itself; {} of one assertion pool their characteristics",
                    words::list(pooled)
                )
            }
            (false, false, _) => format!(
                "{head}: {} of one assertion have it together, as they pool their characteristics",
                words::list(pooled)
            ),
        };
        let reason = Reason::new(format!("{says}.")).by_rule(candidate.value.rule);
        let reason =
            if pooled.is_empty() || asked.is_empty() { reason } else { reason.reading(14) };
        let reason = if candidate.value.rule == third_party_amr::ID
            || candidate.value.rule == okta_claims::ID
        {
            reason
        } else {
            reason.on(self.records(&[candidate]))
        };
        self.mark(reason, codes::POSSESSION, certain, possible)
    }

    /// How a line begins where nothing that counts meets it. What was asserted in vain, is too old,
    /// is barred by a list or is only possible may have what is asked, so the session is not said
    /// to lack it.
    fn nothing(&self, of: &dyn Fn(FactorType) -> bool) -> &'static str {
        let at = self.judged.seen.occurred().latest();
        let in_vain =
            self.trace.factors.iter().any(|f| f.occurred().from <= at && f.by_rules == Tri::No);
        let stale = self.stale().into_iter().any(|f| of(self.trace.factors[f].value.factor_type));
        let lost = self.trace.factors.iter().any(|f| {
            of(f.value.factor_type) && f.losses.ends.iter().any(|end| end.when.from <= at)
        });
        let among = |at: &usize| of(self.judged.candidates[*at].value.factor_type);
        let barred = self
            .judged
            .certain
            .as_ref()
            .is_some_and(|r| r.best.barred.iter().any(|(at, _)| among(at)));
        if self.judged.candidates.iter().any(|c| !c.sure && of(c.value.factor_type)) {
            "nothing that surely counts"
        } else if in_vain || stale || lost || barred {
            "nothing that counts"
        } else {
            "nothing in the session"
        }
    }

    /// What was seen and falls short of a possession requirement.
    fn short_of(&self, asked: &[Property]) -> Vec<Reason> {
        let best = self.judged.certain.as_ref().map(|r| r.best.usable.clone()).unwrap_or_default();
        let usable: Vec<&Candidate> = best.iter().map(|at| &self.judged.candidates[*at]).collect();
        let mut reasons = Vec::new();
        for candidate in usable.iter().filter(|c| c.value.factor_type == FactorType::Possession) {
            let value = &candidate.value;
            // A phishing-resistant or hardware-protected key is bound to its device: if it is not,
            // that is shown too.
            let mut wanted = asked.to_vec();
            if asked.contains(&Property::PhishingResistant)
                || asked.contains(&Property::HardwareProtected)
            {
                wanted.push(Property::DeviceBound);
            }
            let lacks: Vec<String> = ordered(wanted)
                .into_iter()
                .filter(|p| !value.pool.contains(p))
                .map(|p| {
                    if p == Property::UserPresence {
                        "without user presence".to_owned()
                    } else {
                        format!("not {}", words::property(p))
                    }
                })
                .collect();
            let is = words::described(value.factor_type, &value.has);
            let says =
                format!("{} was seen and falls short: {is}; {}.", value.name, lacks.join(", "));
            reasons.push(Reason::new(says).on(self.records(&[*candidate])).by_rule(value.rule));
        }
        for other in [FactorType::Knowledge, FactorType::Inherence, FactorType::Unspecified] {
            let names: Vec<&str> = usable
                .iter()
                .filter(|c| c.value.factor_type == other)
                .map(|c| c.value.name.as_str())
                .collect();
            let (is, verb) = match (other, names.len()) {
                (_, 0) => continue,
                (FactorType::Unspecified, _) => ("names no factor", ""),
                (_, 1) => (words::factor_type(other), "is "),
                _ => (words::factor_type(other), "are "),
            };
            reasons.push(Reason::new(format!(
                "{} {verb}{is} and can't meet it.",
                words::list(&names)
            )));
        }
        reasons
    }

    /// A chain: each step with what covers it.
    fn chain(&self, chain: &ChainReading, certain: &Reading, possible: &Reading) -> Reason {
        let step = |(methods, by): &(Vec<Method>, Option<usize>)| {
            let methods: Vec<&str> = methods.iter().map(|m| m.as_str()).collect();
            let by = by.map_or("nothing that counts", |at| &self.judged.candidates[at].value.name);
            format!("{} by {by}", words::join(&methods, "or"))
        };
        let steps: Vec<String> = chain.steps.iter().map(step).collect();
        let used = chain.steps.iter().filter_map(|(_, by)| *by);
        let used: Vec<&Candidate> = used.map(|at| &self.judged.candidates[at]).collect();
        let reason = Reason::new(format!("A chain of methods: {}.", words::list(&steps)))
            .on(self.records(&used))
            .by_rule(method_chain::ID)
            .reading(40);
        self.mark(reason, codes::METHOD_CHAIN, certain, possible)
    }

    /// What the application asked for beyond the rule.
    pub(crate) fn step_up(&self) -> Option<Reason> {
        let acr = self.judged.acr.as_ref()?;
        let named = self.judged.data.requested_acr.as_deref()?;
        let counted = acr.certain.best.usable.iter().map(|at| &self.judged.candidates[*at]);
        let counted: Vec<&Candidate> = counted.collect();
        let mark = match (acr.met(Taking::Certain), acr.met(Taking::Possible)) {
            (true, _) => Mark::Met,
            (false, true) => Mark::Possible,
            (false, false) => Mark::NotMet,
        };
        let says = format!("The application asked for {named}: {}.", step_up::words(&acr.asked));
        let reason = Reason::new(says).marked(mark).on(self.records(&counted)).by_rule(step_up::ID);
        Some(if mark == Mark::Met { reason } else { reason.coded(Some(codes::REQUESTED_ACR)) })
    }

    fn mark(
        &self,
        reason: Reason,
        code: &'static str,
        certain: &Reading,
        possible: &Reading,
    ) -> Reason {
        let unmet = |reading: &Reading| {
            let possession =
                ![codes::NOT_ENOUGH_FACTORS, codes::KNOWLEDGE, codes::METHOD_CHAIN].contains(&code);
            let of_line = |c: &'static str| {
                if possession {
                    ![codes::NOT_ENOUGH_FACTORS, codes::KNOWLEDGE].contains(&c)
                } else {
                    c == code
                }
            };
            reading.best.unmet.iter().any(|c| of_line(c))
        };
        match (unmet(certain), unmet(possible)) {
            (false, _) => reason.marked(Mark::Met),
            (true, false) => reason.marked(Mark::Possible).coded(Some(code)),
            (true, true) => reason.marked(Mark::NotMet).coded(Some(code)),
        }
    }
}

/// What a Classic service provider makes of claims.
fn of_classic(classic: ClassicReading, two: bool) -> &'static str {
    match (classic.mfa_completed, classic.reaches(if two { 2 } else { 1 })) {
        (true, _) => "MFA was completed at the IdP",
        (false, true) if two => "the sign-in, and a factor of the service provider's own",
        (false, true) => "the sign-in stands",
        (false, false) if classic.first_factor => {
            "only the sign-in: no more than one factor was verified at the IdP"
        }
        (false, false) => "neither pwd nor mfa was asserted",
    }
}

/// `knowledge (pwd)`, `possession (hwk, phr)`: what counts, by type, in order.
fn by_type(counted: &[&Candidate], constrained: bool) -> Vec<String> {
    let types: &[FactorType] = if constrained {
        &[FactorType::Knowledge, FactorType::Possession]
    } else {
        &[FactorType::Knowledge, FactorType::Possession, FactorType::Inherence]
    };
    let told = types.iter().filter_map(|of| {
        let names: Vec<&str> = counted
            .iter()
            .filter(|c| c.value.factor_type == *of)
            .map(|c| c.value.name.as_str())
            .collect();
        (!names.is_empty()).then(|| format!("{} ({})", words::factor_type(*of), names.join(", ")))
    });
    told.collect()
}

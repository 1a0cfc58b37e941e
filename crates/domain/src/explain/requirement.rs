//! What was asked and what met it: one line a requirement, and what fell short.

use super::{
    decision::DecisionExplainer,
    rule,
    word::{self, grouped},
};
use crate::{
    assess::{
        authenticator_lost,
        claims::Tri,
        engine_mix::{self, ClassicReading},
        factors::AssessedFactor,
        method_chain::{self, ChainReading},
        okta_claims,
        requirement::{self, Bar, Candidate, Reading, Taking},
        security_question,
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

    /// What was asserted or verified and does not count for this rule at all: void, ignored, barred
    /// by a list, stale, or only possible.
    fn fell_short(&self) -> Vec<Reason> {
        let at = self.judged.seen.occurred();
        let mut reasons = Vec::new();
        let earlier: Vec<&AssessedFactor<'a>> =
            self.trace.factors.iter().filter(|f| f.occurred().from <= at.latest()).collect();
        let assertion = |f: &AssessedFactor<'a>| {
            f.claim.and_then(|c| self.trace.claims[c].data.assertion.clone())
        };
        let void: Vec<&AssessedFactor<'a>> = earlier
            .iter()
            .copied()
            .filter(|f| f.by_rules == Tri::No && !f.void.is_empty())
            .collect();
        for (names, first) in grouped(&void, |f| (f.claim, f.void.clone())) {
            let place = assertion(first)
                .map_or("in an assertion that was not seen".to_owned(), |a| format!("in {a}"));
            let were = if names.len() == 1 { "was" } else { "were" };
            reasons.push(
                Reason::new(format!(
                    "{} {were} asserted {place}, which is void: {}.",
                    words::list(&names),
                    words::fates(&first.void)
                ))
                .coded(first.void.first().copied())
                .on([first.seen.record()])
                .reading(7),
            );
        }
        let ignored: Vec<&AssessedFactor<'a>> = earlier
            .iter()
            .copied()
            .filter(|f| f.by_rules == Tri::No && f.void.is_empty() && !f.ignored.is_empty())
            .collect();
        for (names, first) in grouped(&ignored, |f| (f.claim, f.ignored.clone())) {
            let were = if names.len() == 1 { "was" } else { "were" };
            reasons.push(
                Reason::new(format!(
                    "{} {were} asserted and ignored: {}.",
                    words::list(&names),
                    words::fates(&first.ignored)
                ))
                .coded(first.ignored.first().copied())
                .on([first.seen.record()])
                .reading(7),
            );
        }
        let gone = |f: &&AssessedFactor<'a>| {
            f.by_rules != Tri::No && f.losses.ends.iter().any(|end| end.when.from <= at.latest())
        };
        let lost: Vec<&AssessedFactor<'a>> = earlier.iter().copied().filter(gone).collect();
        for (names, first) in grouped(&lost, |f| {
            f.losses.ends.iter().map(|end| end.loss.record.id).collect::<Vec<_>>()
        }) {
            let Some(end) = first.losses.ends.first() else { continue };
            let when = words::moment(end.when, self.today);
            let may = if end.running == Tri::Yes {
                "no longer counted"
            } else {
                "perhaps no longer counted"
            };
            let says = format!(
                "{} {may}: what gave {} was lost {when}.",
                words::list(&names),
                if names.len() == 1 { "it" } else { "them" }
            );
            let reason = Reason::new(says)
                .coded(Some(codes::AUTHENTICATOR_LOST))
                .on([first.seen.record(), &end.loss.record]);
            reasons.push(reason.by_rule(authenticator_lost::ID).reading(11));
        }
        let stale: Vec<&AssessedFactor<'a>> =
            self.stale().into_iter().map(|i| &self.trace.factors[i]).collect();
        for (names, first) in grouped(&stale, |f| f.seen.record().id) {
            let verified = words::at(first.occurred(), self.today);
            // 0 seconds: again for each decision, however recent the last one is.
            let each_time = self.judged.rule.and_then(|r| r.reauthenticate_in_secs) == Some(0);
            let when = if each_time {
                "before the session's previous decision"
            } else {
                "too long before this decision"
            };
            reasons.push(
                Reason::new(format!("{} was verified {verified}, {when}.", words::list(&names)))
                    .on([first.seen.record()])
                    .by_rule(crate::assess::reauthenticate::ID)
                    .reading(36),
            );
        }
        let unsure: Vec<&Candidate> = self.judged.candidates.iter().filter(|c| !c.sure).collect();
        let mut told: Vec<&[&'static str]> = Vec::new();
        for candidate in &unsure {
            if told.contains(&candidate.missing.as_slice()) {
                continue;
            }
            told.push(&candidate.missing);
            let alike: Vec<&Candidate> =
                unsure.iter().copied().filter(|c| c.missing == candidate.missing).collect();
            let names: Vec<&str> =
                alike.iter().map(|c| c.value.name.as_str()).filter(|n| !n.is_empty()).collect();
            let what = if candidate.missing.contains(&codes::MISSING_SOURCE_SILENT) {
                "What a source did not send".to_owned()
            } else if names.is_empty() && candidate.claim.is_none() {
                "What is not understood".to_owned()
            } else if names.is_empty() {
                "What a claim carried".to_owned()
            } else {
                words::list(&names)
            };
            let says = format!("{what} would count only possibly. ");
            reasons.push(word::missing(&says, &candidate.missing).on(self.records(&alike)));
        }
        let barred = self
            .judged
            .certain
            .iter()
            .flat_map(|r| &r.best.barred)
            .map(|(at, bar)| (&self.judged.candidates[*at], *bar));
        let barred: Vec<(&Candidate, Bar)> = barred.collect();
        for bar in Bar::ALL {
            let kept: Vec<&Candidate> =
                barred.iter().filter(|(_, by)| by == bar).map(|(c, _)| *c).collect();
            if !kept.is_empty() {
                let names: Vec<&str> = kept.iter().map(|c| c.value.name.as_str()).collect();
                let (why, rule) = kept_out(*bar);
                let says =
                    format!("{} counted, but not for this rule: {why}.", words::list(&names));
                reasons.push(Reason::new(says).on(self.records(&kept)).by_rule(rule));
            }
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

    /// Factors that were verified too long ago, for every alternative or for the one that is shown.
    fn stale(&self) -> Vec<usize> {
        let here = self.judged.certain.iter().flat_map(|r| &r.best.stale);
        let here = here.filter_map(|at| self.judged.candidates[*at].factor);
        self.judged.stale.iter().copied().chain(here).collect()
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

/// Why a bar keeps a factor out of a rule, and by which rule of ours.
const fn kept_out(bar: Bar) -> (&'static str, &'static str) {
    match bar {
        Bar::ThirdPartyLists => {
            ("values of a third-party IdP can't meet a rule that lists methods", requirement::ID)
        }
        Bar::Listed => ("its methods keep it out", requirement::ID),
        Bar::ThirdPartyChain => {
            ("values of a third-party IdP can't meet a chain of methods", method_chain::ID)
        }
        Bar::FromClassic => ("claims of a Classic org can't meet its constraints", engine_mix::ID),
        Bar::ToClassic => ("claims to a Classic org can't meet its constraints", engine_mix::ID),
        Bar::SecurityQuestion => (
            "the organisation asks for the security question, so values of a third-party IdP meet \
             knowledge only",
            security_question::ID,
        ),
        Bar::OtherKnowledge => ("it asks for other knowledge", requirement::ID),
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

//! Why a decision fell as it did, and whether the rules say the same.

use super::{
    NOT_THE_REASON,
    word::{self, grouped},
    words,
};
use crate::{
    assess::{
        Trace, challenge,
        claims::Tri,
        decision::Judged,
        factors::Factor,
        falsifiers, okta_claims,
        requirement::{self, Candidate, Reading},
        third_party_amr, until_session_end,
        value::ordered,
    },
    codes,
    model::{FactorType, Grade, Implied, Mark, Reason, RecordRef},
    order::latest,
};
use claimledger_facts::{
    time::Time,
    types::policy::Rule,
    vocabulary::{FactorMode, Outcome, Property},
};

/// The whole tree of one decision.
pub(crate) fn decision(trace: &Trace<'_>, judged: &Judged<'_>) -> Reason {
    let told = Told { trace, judged, today: judged.seen.occurred().from };
    told.verdict()
        .because([told.which_rule()])
        .because(told.requirements())
        .because(told.challenge())
        .because(told.word())
        .because(word::not_weighed(trace, latest(judged.seen.occurred()), told.today))
        .because([told.until_when(), told.how_sure()])
        .because(told.not_the_reason())
}

struct Told<'a, 'b> {
    trace: &'b Trace<'a>,
    judged: &'b Judged<'a>,
    today: Time,
}

impl<'a> Told<'a, '_> {
    fn verdict(&self) -> Reason {
        let (trace, judged) = (self.trace, self.judged);
        let (session, app) = (&trace.id, &judged.data.app);
        let when = words::at(judged.seen.occurred(), self.today);
        let happened = match judged.data.outcome {
            Outcome::Allow => format!("{session} was let into {app} {when}."),
            Outcome::Challenge => format!("{session} was challenged for {app} {when}."),
            Outcome::Deny => format!("{session} was refused {app} {when}."),
        };
        let implied = implied_word(judged.implied);
        let rules = match (judged.implied, &judged.differs) {
            (Implied::Undetermined, _) => {
                format!("What the rules then in force say is undetermined. Missing: {}.", words::missing(&judged.missing))
            }
            (_, Some(differs)) => format!("The rules then in force differ: {implied}, {}.", differs.words),
            (_, None) if judged.data.outcome.as_str() == implied => format!("The rules then in force say the same: {implied}."),
            (_, None) => format!("The rules then in force don't let it in either: {implied}."),
        };
        let two = judged.rule.is_some_and(|r| r.factor_mode == FactorMode::TwoFactor);
        let unmet = judged.first_unmet.map(|code| format!(" First unmet: {}.", codes::unmet_words(code, two))).unwrap_or_default();
        let variant = if judged.variant { " A variant of something it rests on is stored too." } else { "" };
        Reason::new(format!("{happened} {rules}{unmet}{variant}"))
            .coded(judged.differs.as_ref().map(|d| d.code).or(judged.first_unmet))
            .on([judged.seen.record()])
            .delayed()
    }

    /// Told on few lines: a refusal in which every claim is good, so that nothing turns on whose word it was.
    fn short(&self) -> bool {
        self.judged.data.outcome != Outcome::Allow
            && matches!(self.judged.implied, Implied::Challenge | Implied::Deny)
            && self.claims().into_iter().all(|claim| word::is_plain(self.trace, claim))
    }

    fn which_rule(&self) -> Reason {
        let judged = self.judged;
        let data = judged.data;
        let question = "Which rule?";
        let Some(policy) = judged.policy else {
            return Reason::new(format!("Nothing is stated about policy {} by then.", data.policy))
                .asked(question)
                .marked(Mark::Undetermined)
                .coded(Some(codes::MISSING_POLICY))
                .reading(13);
        };
        let version = format!("{} {}", policy.data.policy, policy.data.version);
        let Some(rule) = judged.rule else {
            let named = data.rule.as_ref().map_or("The decision names no rule, and".to_owned(), |r| format!("The decision names {r}, and"));
            return Reason::new(format!("{named} {version} has {}.", rules(&policy.data.rules)))
                .asked(question)
                .marked(Mark::Undetermined)
                .coded(Some(codes::MISSING_RULE))
                .on([&policy.record])
                .reading(18);
        };
        let since = words::since(policy.occurred.from, self.today);
        let (actor, ticket) = (policy.data.actor.as_ref(), policy.data.ticket.as_ref());
        let asks = words::asks(rule);
        let label = data.version.as_ref().filter(|v| **v != policy.data.version);
        let label = label.map(|v| format!(" The decision names version {v}.")).unwrap_or_default();
        let says = if data.outcome == Outcome::Allow {
            format!("{} of {version}, in force since {since}{}. It asks for {asks}.{label}", rule.rule, words::by(actor, ticket))
        } else {
            let mut inside = vec![since];
            inside.extend(Some(words::inside(actor, ticket)).filter(|w| !w.is_empty()));
            format!("{} of {version} ({}): {asks}.{label}", rule.rule, inside.join(", "))
        };
        Reason::new(says).asked(question).on([&policy.record])
    }

    /// Each requirement in the evaluator's order, with its mark.
    fn requirements(&self) -> Vec<Reason> {
        let (Some(rule), Some(certain), Some(possible)) = (self.judged.rule, &self.judged.certain, &self.judged.possible) else {
            return vec![];
        };
        let mut lines = vec![self.types(rule, certain, possible)];
        let asks = &certain.best.alternative;
        if asks.knowledge == Some(true) {
            lines.push(self.knowledge(certain, possible));
        }
        if asks.possession.is_some() {
            lines.push(self.possession(certain, possible));
        }
        let notes = self.fell_short();
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
        let counted: Vec<&Candidate> = best.usable.iter().map(|at| &self.judged.candidates[*at]).collect();
        let by_type = by_type(&counted, best.constrained);
        let met = !best.unmet.contains(&codes::NOT_ENOUGH_FACTORS);
        let says = if best.by_mfa && best.types.len() < requirement::types_asked(rule) {
            format!("{head}: mfa stands for {}, as no constraint is asked", if two { "two" } else { "one" })
        } else if best.by_federation {
            let idp = self.trace.claims.first().map(|c| &c.data.idp).or(self.trace.idp.as_ref());
            let through = idp.map_or("the sign-in stands".to_owned(), |idp| format!("the sign-in through {idp} stands"));
            if by_type.is_empty() { format!("{head}: {through}") } else { format!("{head}: {through}; {} counted too", words::list(&by_type)) }
        } else if by_type.is_empty() {
            format!("{head}: nothing counts by the rules")
        } else if met {
            format!("{head}: {}", words::list(&by_type))
        } else {
            format!("{head}: only {}", words::list(&by_type))
        };
        let federation = if best.by_federation { self.trace.claims.first().map(|c| c.seen.record()) } else { None };
        let reason = Reason::new(format!("{says}.")).on(federation).on(self.records(&counted));
        self.mark(reason, codes::NOT_ENOUGH_FACTORS, certain, possible)
    }

    fn knowledge(&self, certain: &Reading, possible: &Reading) -> Reason {
        let known = certain.best.usable.iter().map(|at| &self.judged.candidates[*at]);
        let known: Vec<&Candidate> = known.filter(|c| c.value.factor_type == FactorType::Knowledge).collect();
        let names: Vec<&str> = known.iter().map(|c| c.value.name.as_str()).collect();
        let says = if names.is_empty() { "nothing in the session is".to_owned() } else { words::list(&names) };
        self.mark(Reason::new(format!("Knowledge: {says}.")).on(self.records(&known)), codes::KNOWLEDGE, certain, possible)
    }

    fn possession(&self, certain: &Reading, possible: &Reading) -> Reason {
        let best = &certain.best;
        let asked = best.alternative.possession.as_ref().map(requirement::asked).unwrap_or_default();
        let properties: Vec<Property> = asked.iter().map(|(p, _)| *p).collect();
        let qualities: Vec<&str> = properties.iter().map(|p| words::property(*p)).collect();
        let head = std::iter::once("Possession").chain(qualities).collect::<Vec<_>>().join(", ");
        let all: Vec<&'static str> = std::iter::once(codes::POSSESSION).chain(asked.iter().map(|(_, code)| *code)).collect();
        let unmet = all.iter().copied().find(|code| best.unmet.contains(code));
        let Some(first) = best.possession.first() else {
            // What was asserted in vain has it perhaps, and does not count.
            let at = latest(self.judged.seen.occurred());
            let in_vain = self.trace.factors.iter().any(|f| f.occurred().from <= at && f.by_rules == Tri::No);
            let which = if in_vain { "nothing that counts" } else { "nothing in the session" };
            let what = format!("{which} {}", if asked.is_empty() { "is" } else { "has it" });
            let reason = Reason::new(format!("{head}: {what}."));
            return self.mark(reason, unmet.unwrap_or(codes::POSSESSION), certain, possible).because(self.short_of(&properties));
        };
        let of = |at: &usize| &self.judged.candidates[*at];
        let itself = best.possession.iter().map(of).find(|c| properties.iter().all(|p| c.value.has.contains(p)));
        let candidate = itself.unwrap_or_else(|| of(first));
        let pooled = &candidate.value.pooled_with;
        let name = &candidate.value.name;
        let says = match (asked.is_empty(), itself.is_some(), pooled.is_empty()) {
            (true, _, _) => format!("{head}: {}", words::list(&best.possession.iter().map(|at| of(at).value.name.as_str()).collect::<Vec<_>>())),
            (false, true, true) => format!("{head}: {name} has it itself"),
            (false, true, false) => {
                format!("{head}: {name} has it itself; {} of one assertion pool their characteristics", words::list(pooled))
            }
            (false, false, _) => format!("{head}: {} of one assertion have it together, as they pool their characteristics", words::list(pooled)),
        };
        let reason = Reason::new(format!("{says}.")).by_rule(candidate.value.rule);
        let reason = if pooled.is_empty() || asked.is_empty() { reason } else { reason.reading(14) };
        let reason = if candidate.value.rule == third_party_amr::ID || candidate.value.rule == okta_claims::ID {
            reason
        } else {
            reason.on(self.records(&[candidate]))
        };
        self.mark(reason, codes::POSSESSION, certain, possible)
    }

    /// What was seen and falls short of a possession requirement.
    fn short_of(&self, asked: &[Property]) -> Vec<Reason> {
        let best = self.judged.certain.as_ref().map(|r| r.best.usable.clone()).unwrap_or_default();
        let usable: Vec<&Candidate> = best.iter().map(|at| &self.judged.candidates[*at]).collect();
        let mut reasons = Vec::new();
        for candidate in usable.iter().filter(|c| c.value.factor_type == FactorType::Possession) {
            let value = &candidate.value;
            // A phishing-resistant or hardware-protected key is bound to its device: that it is not is told along.
            let mut wanted = asked.to_vec();
            if asked.contains(&Property::PhishingResistant) || asked.contains(&Property::HardwareProtected) {
                wanted.push(Property::DeviceBound);
            }
            let lacks: Vec<String> = ordered(wanted)
                .into_iter()
                .filter(|p| !value.pool.contains(p))
                .map(|p| if p == Property::UserPresence { "without user presence".to_owned() } else { format!("not {}", words::property(p)) })
                .collect();
            let is = words::described(value.factor_type, &value.has);
            let says = format!("{} was seen and falls short: {is}; {}.", value.name, lacks.join(", "));
            reasons.push(Reason::new(says).on(self.records(&[*candidate])).by_rule(value.rule));
        }
        for other in [FactorType::Knowledge, FactorType::Inherence, FactorType::Unspecified] {
            let names: Vec<&str> = usable.iter().filter(|c| c.value.factor_type == other).map(|c| c.value.name.as_str()).collect();
            let (is, verb) = match (other, names.len()) {
                (_, 0) => continue,
                (FactorType::Unspecified, _) => ("names no factor", ""),
                (_, 1) => (words::factor_type(other), "is "),
                _ => (words::factor_type(other), "are "),
            };
            reasons.push(Reason::new(format!("{} {verb}{is} and can't meet it.", words::list(&names))));
        }
        reasons
    }

    /// What was asserted or verified and does not count for this rule at all: void, ignored, barred by a list, stale, or only possible.
    fn fell_short(&self) -> Vec<Reason> {
        let at = self.judged.seen.occurred();
        let mut reasons = Vec::new();
        let earlier: Vec<&Factor<'a>> = self.trace.factors.iter().filter(|f| f.occurred().from <= latest(at)).collect();
        let assertion = |f: &Factor<'a>| f.claim.and_then(|c| self.trace.claims[c].data.assertion.clone());
        let void: Vec<&Factor<'a>> = earlier.iter().copied().filter(|f| f.by_rules == Tri::No && !f.void.is_empty()).collect();
        for (names, first) in grouped(&void, |f| (f.claim, f.void.clone())) {
            let place = assertion(first).map_or("in an assertion that was not seen".to_owned(), |a| format!("in {a}"));
            let were = if names.len() == 1 { "was" } else { "were" };
            reasons.push(
                Reason::new(format!("{} {were} asserted {place}, which is void: {}.", words::list(&names), words::fates(&first.void)))
                    .coded(first.void.first().copied())
                    .on([first.seen.record()])
                    .reading(7),
            );
        }
        let ignored: Vec<&Factor<'a>> =
            earlier.iter().copied().filter(|f| f.by_rules == Tri::No && f.void.is_empty() && !f.ignored.is_empty()).collect();
        for (names, first) in grouped(&ignored, |f| (f.claim, f.ignored.clone())) {
            let were = if names.len() == 1 { "was" } else { "were" };
            reasons.push(
                Reason::new(format!("{} {were} asserted and ignored: {}.", words::list(&names), words::fates(&first.ignored)))
                    .coded(first.ignored.first().copied())
                    .on([first.seen.record()])
                    .reading(7),
            );
        }
        let stale: Vec<&Factor<'a>> = self.judged.stale.iter().map(|i| &self.trace.factors[*i]).collect();
        for (names, first) in grouped(&stale, |f| f.seen.record().id) {
            let verified = words::at(first.occurred(), self.today);
            reasons.push(
                Reason::new(format!("{} was verified {verified}, too long before this decision.", words::list(&names)))
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
            let alike: Vec<&Candidate> = unsure.iter().copied().filter(|c| c.missing == candidate.missing).collect();
            let names: Vec<&str> = alike.iter().map(|c| c.value.name.as_str()).filter(|n| !n.is_empty()).collect();
            let what = if names.is_empty() { "What a claim carried".to_owned() } else { words::list(&names) };
            let says = format!("{what} would count only possibly. Missing: {}.", words::missing(&candidate.missing));
            reasons.push(Reason::new(says).marked(Mark::Possible).coded(candidate.missing.first().copied()).on(self.records(&alike)));
        }
        let barred = self.judged.certain.iter().flat_map(|r| &r.best.barred).map(|at| &self.judged.candidates[*at]);
        let (foreign, listed): (Vec<&Candidate>, Vec<&Candidate>) = barred.partition(|c| c.third_party);
        for (barred, why) in [(foreign, "values of a third-party IdP can't meet a rule that lists methods"), (listed, "its methods keep it out")] {
            if !barred.is_empty() {
                let names: Vec<&str> = barred.iter().map(|c| c.value.name.as_str()).collect();
                let says = format!("{} counted, but not for this rule: {why}.", words::list(&names));
                reasons.push(Reason::new(says).on(self.records(&barred)).by_rule(requirement::ID));
            }
        }
        reasons
    }

    fn challenge(&self) -> Option<Reason> {
        let (rule, filled) = (self.judged.rule?, self.judged.with_local.as_ref()?);
        let methods: Vec<&str> = self.judged.local.iter().map(|a| a.data.method.as_str()).collect();
        let mut records: Vec<&RecordRef> = self.judged.local.iter().map(|a| &a.record).collect();
        records.sort_by_key(|r| r.position);
        if filled.met {
            let says = match methods.as_slice() {
                [one] => format!("The local authenticator, {one}, is active and open to enrolment, and could fill the gap."),
                some => format!("The local authenticators, {}, are active and open to enrolment, and could fill the gap.", words::list(some)),
            };
            return Some(Reason::new(says).asked("Why a challenge?").on(records).reading(18));
        }
        let two = rule.factor_mode == FactorMode::TwoFactor;
        let says = match methods.as_slice() {
            [] => "No local authenticator is known to be active and open to enrolment.".to_owned(),
            [one] => format!("The local authenticator, {one}, is active and open to enrolment; {}.", lack(&filled.best.unmet, two, false)),
            some => format!(
                "The local authenticators, {}, are active and open to enrolment; together {}.",
                words::list(some),
                lack(&filled.best.unmet, two, true)
            ),
        };
        let reason = Reason::new(says).asked("Why not a challenge?").on(records);
        Some(if methods.is_empty() { reason.by_rule(challenge::ID).reading(18) } else { reason.reading(18) })
    }

    fn word(&self) -> Vec<Reason> {
        let short = self.short();
        let tell = |claim| {
            if short { word::in_short(self.trace, claim, self.today) } else { word::in_full(self.trace, claim, self.today) }
        };
        let mut reasons: Vec<Reason> = self.claims().into_iter().map(tell).collect();
        let at = self.judged.seen.occurred();
        let local: Vec<&Factor<'_>> = self.trace.factors.iter().filter(|f| f.claim.is_none() && f.occurred().from <= latest(at)).collect();
        reasons.extend(word::local(&local, self.today));
        if reasons.is_empty() {
            let says = match &self.trace.idp {
                Some(idp) => format!("{idp}, which the session names; no assertion was seen."),
                None => "Nobody's: no assertion and no verification was seen by then.".to_owned(),
            };
            reasons.push(Reason::new(says).asked(word::QUESTION).on([self.trace.life.start_record.record()]).reading(38));
        }
        reasons
    }

    fn until_when(&self) -> Reason {
        let short = self.short();
        let life = &self.trace.life;
        let at = self.judged.seen.occurred();
        let counted: Vec<&Factor<'a>> = self.trace.factors.iter().filter(|f| f.counts() && f.occurred().from <= latest(at)).collect();
        let mut sentences = Vec::new();
        for (names, first) in grouped(&counted, |f| (f.occurred(), f.by_record, f.by_rules != Tri::No)) {
            let reading = match (first.by_record, first.by_rules) {
                (true, Tri::No) => "By record only: ",
                (false, _) => "By the rules only: ",
                (true, _) => "",
            };
            let from = words::moment(first.occurred(), self.today);
            sentences.push(format!("{reading}{} {}", words::list(&names), self.span(&from, short)));
        }
        if sentences.is_empty() {
            return Reason::new("No factor counted.").asked("Until when?").by_rule(until_session_end::ID);
        }
        let met = if short { self.also_met(&counted) } else { vec![] };
        if !met.is_empty() {
            let each: Vec<String> = met
                .iter()
                .filter_map(|d| Some(format!("{} {} ({})", d.rule?.rule, words::at(d.seen.occurred(), self.today), d.seen.record().position)))
                .collect();
            sentences.push(format!("They met {}.", words::list(&each)));
        }
        let reason =
            Reason::new(sentences.join(" ")).asked("Until when?").on(life.end.map(|e| e.seen.record())).on(met.iter().map(|d| d.seen.record()));
        if short { reason } else { reason.by_rule(until_session_end::ID) }
    }

    fn span(&self, from: &str, short: bool) -> String {
        let life = &self.trace.life;
        match (life.ended_at, life.reason, life.bounds) {
            (Some(end), Some(reason), _) => {
                let end = words::clock(end, self.today);
                let why = if short { words::plain(reason) } else { words::when_ended(reason) };
                format!("counted from {from} until {end}, {why}.")
            }
            (_, reason, Some(bounds)) => {
                let earliest = words::clock(bounds.from, self.today);
                match (reason, bounds.to) {
                    (Some(codes::EXPIRED_BY_LIMIT), Some(to)) => {
                        let to = words::clock(to, self.today);
                        format!("counted from {from}; the session ended by its limit, between {earliest} (last sign of life) and {to}.")
                    }
                    (Some(reason), Some(to)) => {
                        let to = words::clock(to, self.today);
                        format!("counted from {from} until some time between {earliest} and {to}, {}.", words::when_ended(reason))
                    }
                    (_, Some(to)) => {
                        format!(
                            "count from {from}; no end is stated as known at {}, and the limit is {}.",
                            self.trace.cut.known_at,
                            words::clock(to, self.today)
                        )
                    }
                    (_, None) => format!("count from {from}; no end is stated as known at {}.", self.trace.cut.known_at),
                }
            }
            _ => format!("count from {from}."),
        }
    }

    /// Other rules that the same factors met: the first decision of each, three at most.
    fn also_met(&self, counted: &[&Factor<'_>]) -> Vec<&Judged<'a>> {
        let mut met: Vec<&Judged<'a>> = Vec::new();
        for other in &self.trace.decisions {
            let let_in = other.data.outcome == Outcome::Allow && other.implied == Implied::Allow && other.rule.is_some();
            let with_these = counted.iter().all(|f| f.occurred().from <= other.seen.occurred().from);
            let new = !met.iter().any(|d| d.rule.map(|r| &r.rule) == other.rule.map(|r| &r.rule));
            if let_in && with_these && new && met.len() < 3 {
                met.push(other);
            }
        }
        met
    }

    fn how_sure(&self) -> Reason {
        let judged = self.judged;
        let question = "How sure?";
        let at = judged.seen.occurred();
        let source = &judged.seen.record().source;
        let counted: Vec<&Factor<'a>> = self.trace.factors.iter().filter(|f| f.counts() && f.occurred().from <= latest(at)).collect();
        let groups = grouped(&counted, |f| (f.grade, f.claim.is_some()));
        let certainty = if judged.implied == Implied::Undetermined { "Undetermined." } else { "Certain." };
        let missing = if judged.missing.is_empty() {
            String::new()
        } else {
            format!(" {} would settle it.", words::sentence(&words::missing(&judged.missing)))
        };
        if self.short() {
            let claims = if self.claims().len() > 1 { "the claims" } else { "the claim" };
            let met = !self.also_met(&counted).is_empty();
            let grades: Vec<String> = groups
                .iter()
                .map(|(_, first)| match first.grade {
                    Grade::Joined if met => "Joined, by that allow".to_owned(),
                    _ => self.grade(first).0,
                })
                .collect();
            let turns = if self.claims().is_empty() {
                "nothing turns on a claim".to_owned()
            } else {
                format!("here nothing turns on it: {claims} counted in full would still fall short")
            };
            let mut says: Vec<String> = grades.into_iter().chain([turns]).collect();
            if groups.is_empty() {
                says = vec!["Nothing counted, and nothing was kept out".to_owned()];
            }
            return Reason::new(format!("{certainty} {}.", says.join("; "))).asked(question);
        }
        let mut says = vec![certainty.to_owned()];
        let mut records: Vec<&RecordRef> = Vec::new();
        for (names, first) in &groups {
            let (grade, facts) = self.grade(first);
            let whose = if groups.len() > 1 { format!("{}: {}", words::list(names), lower(&grade)) } else { grade };
            says.push(format!("{whose}."));
            records.extend(facts);
        }
        if groups.is_empty() {
            says.push(format!("{source} recorded the decision; no factor counted."));
        }
        Reason::new(format!("{}{missing}", says.join(" "))).asked(question).on(records).reading(16)
    }

    /// The grade as a sentence without its full stop, and the record that states it.
    fn grade(&self, factor: &Factor<'a>) -> (String, Option<&'a RecordRef>) {
        super::factor::grade(self.trace, factor)
    }

    fn not_the_reason(&self) -> Vec<Reason> {
        let today = self.today;
        let mut reasons = Vec::new();
        let signed: Vec<String> = ordered_keys(self.trace);
        for r in &self.trace.falsifiers.other_keys {
            let key = r.data.key.as_ref().map(ToString::to_string).unwrap_or_default();
            let says = match signed.as_slice() {
                [one] => format!("the retraction of {key} ({}). This assertion was signed with {one}.", r.record.position),
                some => format!("the retraction of {key} ({}). These assertions were signed with {}.", r.record.position, words::list(some)),
            };
            reasons.push(Reason::new(says).asked(NOT_THE_REASON).on([&r.record]));
        }
        for r in &self.trace.falsifiers.retractions {
            if self.trace.claims.iter().any(|c| word::hits(r, c)) {
                continue;
            }
            let from = words::clock(r.data.from, today);
            let what = r.data.key.as_ref().map_or_else(|| format!("trust in {}", r.data.idp), ToString::to_string);
            let retired = r.data.key.as_ref().and_then(|key| {
                self.trace.history.key_changes(&r.data.idp).find(|c| {
                    let later = self.trace.claims.iter().all(|claim| c.occurred.from > latest(claim.seen.occurred()));
                    c.data.key == *key && !c.data.added && later && c.occurred.from <= self.trace.cut.at
                })
            });
            let says = match retired {
                Some(c) => format!(
                    "{what} was retired at {} ({}) and retracted from {from} ({}); both after this assertion was received.",
                    words::clock(c.occurred.from, today),
                    c.record.position,
                    r.record.position
                ),
                None => format!("{what} was retracted from {from} ({}), after this assertion was received.", r.record.position),
            };
            reasons.push(Reason::new(says).asked(NOT_THE_REASON).on(retired.map(|c| &c.record)).on([&r.record]).reading(10));
        }
        for l in &self.trace.falsifiers.losses {
            let from = l.data.from.unwrap_or(l.occurred.from);
            if from > latest(self.judged.seen.occurred()) {
                let says =
                    format!("the loss of {} from {} ({}). It came after this decision.", word::lost(l), words::clock(from, today), l.record.position);
                reasons.push(Reason::new(says).asked(NOT_THE_REASON).on([&l.record]).by_rule(falsifiers::ID));
            }
        }
        reasons
    }

    /// The claims received by the decision.
    fn claims(&self) -> Vec<usize> {
        let at = latest(self.judged.seen.occurred());
        (0..self.trace.claims.len()).filter(|c| self.trace.claims[*c].seen.occurred().from <= at).collect()
    }

    fn records(&self, candidates: &[&Candidate]) -> Vec<&'a RecordRef> {
        candidates.iter().filter_map(|c| c.factor).map(|f| self.trace.factors[f].seen.record()).collect()
    }

    fn mark(&self, reason: Reason, code: &'static str, certain: &Reading, possible: &Reading) -> Reason {
        let unmet = |reading: &Reading| {
            let possession = code != codes::NOT_ENOUGH_FACTORS && code != codes::KNOWLEDGE;
            let of_line = |c: &'static str| {
                if possession { ![codes::NOT_ENOUGH_FACTORS, codes::KNOWLEDGE].contains(&c) } else { c == code }
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

/// `knowledge (pwd)`, `possession (hwk, phr)`: what counts, by type, in order.
fn by_type(counted: &[&Candidate], constrained: bool) -> Vec<String> {
    let mut types = Vec::new();
    for of in [FactorType::Knowledge, FactorType::Possession, FactorType::Inherence] {
        let names: Vec<&str> = counted.iter().filter(|c| c.value.factor_type == of).map(|c| c.value.name.as_str()).collect();
        if !names.is_empty() && !(constrained && of == FactorType::Inherence) {
            types.push(format!("{} ({})", words::factor_type(of), names.join(", ")));
        }
    }
    types
}

/// What local authenticators lack: `they have no phishing-resistant one`.
fn lack(unmet: &[&'static str], two: bool, several: bool) -> String {
    let (they, have) = if several { ("they", "have") } else { ("it", "has") };
    match unmet.first().copied() {
        Some(codes::NOT_ENOUGH_FACTORS) => format!("{they} would not make {}", if two { "two factor types" } else { "one factor" }),
        Some(codes::KNOWLEDGE) => format!("{they} {have} no knowledge factor"),
        Some(codes::POSSESSION) => format!("{they} {have} no possession factor"),
        Some(codes::USER_PRESENCE) => format!("{they} {have} none with user presence"),
        Some(codes::USER_VERIFICATION) => format!("{they} {have} none with user verification"),
        Some(code) => {
            if several {
                format!("{they} {have} no {} one", codes::unmet_words(code, two))
            } else {
                format!("{they} is not {}", codes::unmet_words(code, two))
            }
        }
        None => format!("{they} would not do"),
    }
}

fn rules(rules: &[Rule]) -> String {
    match rules {
        [] => "no rules".to_owned(),
        some => format!("the rules {}", words::list(&some.iter().map(|r| r.rule.to_string()).collect::<Vec<_>>())),
    }
}

fn ordered_keys(trace: &Trace<'_>) -> Vec<String> {
    let mut keys: Vec<String> = trace.claims.iter().filter_map(|c| c.data.key.as_ref().map(ToString::to_string)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

pub(crate) const fn implied_word(implied: Implied) -> &'static str {
    match implied {
        Implied::Allow => "allow",
        Implied::Challenge => "challenge",
        Implied::Deny => "deny",
        Implied::Undetermined => "undetermined",
    }
}

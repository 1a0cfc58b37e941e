//! Why a decision fell as it did, and whether the rules say the same.

use super::{
    NOT_THE_REASON, rule,
    word::{self, grouped, hits, lost},
};
use crate::{
    assess::{
        Trace,
        asked_rule::PolicyState,
        authenticator_lost,
        claims::Tri,
        decision::{Decided, Judged},
        factors::AssessedFactor,
        requirement::{self, Candidate},
        until, until_session_end,
    },
    codes,
    history::Stated,
    model::{Grade, Implied, Mark, Reason, RecordRef},
    words,
};
use claimledger_facts::{
    ids::RuleId,
    time::Time,
    types::policy::{PolicyConfigured, Rule},
    vocabulary::Outcome,
};

/// The whole tree of one decision. `trace` is as known at K, `then` has what was believed when the
/// decision fell.
pub(crate) fn decision(trace: &Trace<'_>, then: &Trace<'_>, decided: &Decided<'_>) -> Reason {
    let judged = &decided.then;
    let explainer = DecisionExplainer {
        trace: then,
        known: trace,
        judged,
        decided,
        today: judged.seen.occurred().from,
    };
    if let Some(falsified) = explainer.falsified_later() {
        return falsified;
    }
    explainer
        .verdict()
        .because([explainer.which_rule()])
        .because(explainer.requirements())
        .because(explainer.challenge())
        .because(explainer.word())
        .because(explainer.what_came_later())
        .because([explainer.until_when(), explainer.how_sure()])
        .because(explainer.not_the_reason())
}

pub(crate) struct DecisionExplainer<'a, 'b> {
    /// With what was believed when the decision fell.
    pub(crate) trace: &'b Trace<'a>,
    /// As known at K.
    pub(crate) known: &'b Trace<'a>,
    pub(crate) judged: &'b Judged<'a>,
    pub(crate) decided: &'b Decided<'a>,
    pub(crate) today: Time,
}

impl<'a> DecisionExplainer<'a, '_> {
    fn verdict(&self) -> Reason {
        let (trace, judged) = (self.trace, self.judged);
        let session = &trace.id;
        let app = words::app(trace.history, &judged.data.app);
        let when = words::at(judged.seen.occurred(), self.today);
        let happened = match judged.data.outcome {
            Outcome::Allow => format!("{session} was let into {app} {when}."),
            Outcome::Challenge => format!("{session} was challenged for {app} {when}."),
            Outcome::Deny => format!("{session} was refused {app} {when}."),
        };
        let implied = judged.implied.as_str();
        let rules = match (judged.implied, &judged.differs) {
            (Implied::Undetermined, _) => {
                format!(
                    "What the rules then in force say is undetermined. Missing: {}.",
                    words::missing(&judged.missing)
                )
            }
            (_, Some(differs)) => {
                format!("The rules then in force differ: {implied}, {}.", differs.words)
            }
            (_, None) if judged.data.outcome.as_str() == implied => {
                format!("The rules then in force say the same: {implied}.")
            }
            (_, None) => format!("The rules then in force don't let it in either: {implied}."),
        };
        let two = judged.rule.is_some_and(|r| requirement::types_asked(r) == 2);
        let unmet = judged
            .first_unmet
            .map(|code| format!(" First unmet: {}.", codes::unmet_words(code, two)))
            .unwrap_or_default();
        let variant =
            if judged.variant { " A variant of something it rests on is stored too." } else { "" };
        Reason::new(format!("{happened} {rules}{unmet}{variant}"))
            .coded(judged.differs.as_ref().map(|d| d.code).or(judged.first_unmet))
            .on([judged.seen.record()])
            .delayed()
    }

    /// Whether a few lines are enough: a refusal in which every claim is good, so that nothing
    /// depends on who asserted it.
    fn short(&self) -> bool {
        self.judged.data.outcome != Outcome::Allow
            && matches!(self.judged.implied, Implied::Challenge | Implied::Deny)
            && self.claims().into_iter().all(|claim| word::is_plain(self.trace, claim))
    }

    fn which_rule(&self) -> Reason {
        let judged = self.judged;
        let data = judged.data;
        let question = "Which rule?";
        let history = self.trace.history;
        let Some(policy) = judged.policy else {
            let policy = words::policy(history, &data.policy);
            return Reason::new(format!("Nothing is stated about policy {policy} by then."))
                .asked(question)
                .marked(Mark::Undetermined)
                .coded(Some(codes::MISSING_POLICY))
                .reading(13);
        };
        let version =
            format!("{} {}", words::policy(history, &policy.data.policy), policy.data.version);
        let Some(rule) = judged.rule else {
            let named =
                data.rule.as_ref().map_or("The decision names no rule, and".to_owned(), |r| {
                    format!("The decision names {}, and", words::rule(history, r))
                });
            return Reason::new(format!("{named} {version} has {}.", rules(&policy.data.rules)))
                .asked(question)
                .marked(Mark::Undetermined)
                .coded(Some(codes::MISSING_RULE))
                .on([&policy.record])
                .reading(18);
        };
        let named = words::rule(history, &rule.rule);
        let since = words::in_force_since(policy.occurred, self.today);
        let (actor, ticket) = (policy.data.actor.as_ref(), policy.data.ticket.as_ref());
        let asks = rule::asks(rule);
        let label = data.version.as_ref().filter(|v| **v != policy.data.version);
        let label = label.map(|v| format!(" The decision names version {v}.")).unwrap_or_default();
        let says = if data.outcome == Outcome::Allow {
            format!(
                "{named} of {version}, in force since {since}{}. It asks for {asks}.{label}",
                words::by(actor, ticket)
            )
        } else {
            let mut inside = vec![since];
            inside.extend(Some(words::inside(actor, ticket)).filter(|w| !w.is_empty()));
            format!("{named} of {version} ({}): {asks}.{label}", inside.join(", "))
        };
        let reason = Reason::new(says).asked(question).on([&policy.record]);
        self.rule_open(reason, &rule.rule)
    }

    /// Says that an interval leaves open what the rule asked for.
    fn rule_open(&self, reason: Reason, rule: &RuleId) -> Reason {
        let policies = self.trace.history.policies();
        let in_force = policies.at(&self.judged.data.policy, self.judged.seen.occurred());
        let state =
            |policy: Option<&Stated<PolicyConfigured>>| policy.map(|p| PolicyState::of(p, rule));
        if in_force.is_rule_unseen(rule) || in_force.is_policy_unseen() {
            let what = if in_force.is_rule_unseen(rule) {
                format!("Rule {}", words::rule(self.trace.history, rule))
            } else {
                format!("Policy {}", words::policy(self.trace.history, &self.judged.data.policy))
            };
            let when = words::open_between(&in_force, self.today);
            let conclusion = format!(
                "{} {what} was saved {when}, perhaps more than once: what it said meanwhile no \
                 look saw.",
                reason.conclusion
            );
            return Reason { conclusion, ..reason }.marked(Mark::Undetermined).on(in_force
                .options
                .iter()
                .flatten()
                .map(|policy| &policy.record));
        }
        let others: Vec<&str> =
            self.judged.other_policies.iter().map(|other| other.data.version.as_str()).collect();
        let others = words::join(&others, "or");
        let first = state(in_force.options[0]);
        if in_force.options.iter().all(|option| state(*option) == first) {
            if others.is_empty() {
                return reason;
            }
            let conclusion =
                format!("{} By then it may still have been {others}, the same.", reason.conclusion);
            return Reason { conclusion, ..reason }.on(self
                .judged
                .other_policies
                .iter()
                .map(|other| &other.record));
        }
        let before =
            if others.is_empty() { others } else { format!(" Before that it was {others}.") };
        let when = words::open_between(&in_force, self.today);
        let is_mixed = in_force.mixtures(state).map_or(true, |mixed| !mixed.is_empty());
        let one_by_one = if is_mixed { ", and its parts perhaps one after the other" } else { "" };
        let conclusion = format!(
            "{} An interval leaves open whether that came before the decision: it changed \
             {when}{one_by_one}.{before}",
            reason.conclusion
        );
        let undetermined = self.judged.implied == Implied::Undetermined;
        let mark = if undetermined { Mark::Undetermined } else { Mark::Possible };
        Reason { conclusion, ..reason }.marked(mark).on(in_force
            .options
            .iter()
            .flatten()
            .map(|policy| &policy.record))
    }

    fn word(&self) -> Vec<Reason> {
        let short = self.short();
        let tell = |claim| {
            if short {
                word::in_short(self.trace, claim, self.today)
            } else {
                word::in_full(self.trace, claim, self.today)
            }
        };
        let mut reasons: Vec<Reason> = self.claims().into_iter().map(tell).collect();
        let at = self.judged.seen.occurred();
        let local: Vec<&AssessedFactor<'_>> = self
            .trace
            .factors
            .iter()
            .filter(|f| f.claim.is_none() && f.occurred().from <= at.latest())
            .collect();
        reasons.extend(word::local(&local, self.today));
        let unread = self.trace.unread.iter().filter(|u| u.occurred.from <= at.latest());
        // A gap says something where it leaves the outcome open, and nothing where it does not.
        let silent = self.judged.missing.contains(&codes::MISSING_SOURCE_SILENT);
        let unread = unread.filter(|u| silent || u.missing != codes::MISSING_SOURCE_SILENT);
        reasons.extend(unread.map(|unread| word::unread(unread, self.today)));
        if reasons.is_empty() {
            let says = match &self.trace.idp {
                Some(idp) => format!(
                    "{}, which the session names; no assertion was seen.",
                    words::idp(self.trace.history, idp)
                ),
                None => "Nobody's: no assertion and no verification was seen by then.".to_owned(),
            };
            reasons.push(
                Reason::new(says)
                    .asked(word::QUESTION)
                    .on([self.trace.life.start_record.record()])
                    .reading(38),
            );
        }
        reasons
    }

    pub(crate) fn until_when(&self) -> Reason {
        let short = self.short();
        let life = &self.trace.life;
        let at = self.judged.seen.occurred();
        // Ends are shown as known at K.
        let counted: Vec<&AssessedFactor<'a>> = self
            .known
            .factors
            .iter()
            .filter(|f| f.counts() && f.occurred().from <= at.latest())
            .collect();
        let ends = |f: &AssessedFactor<'a>| {
            let until = until::of(life, f);
            (until.until, until.bounds, until.reason)
        };
        let mut sentences = Vec::new();
        let mut records: Vec<&RecordRef> = Vec::new();
        for (names, first) in
            grouped(&counted, |f| (f.occurred(), f.by_record, f.by_rules, ends(f)))
        {
            let reading = match (first.by_record, first.by_rules) {
                (true, Tri::No) => "By record only: ",
                (true, Tri::Maybe) => "By record, and possibly by the rules: ",
                (false, Tri::Maybe) => "Possibly, by the rules only: ",
                (false, _) => "By the rules only: ",
                (true, _) => "",
            };
            let from = words::moment(first.occurred(), self.today);
            records.extend(until::of(life, first).record);
            sentences.push(format!(
                "{reading}{} {}",
                words::list(&names),
                self.span(first, &from, short, names.len() == 1)
            ));
        }
        if sentences.is_empty() {
            return Reason::new("No factor counted.")
                .asked("Until when?")
                .by_rule(until_session_end::ID);
        }
        let met = if short { self.also_met(&counted) } else { vec![] };
        if !met.is_empty() {
            let each: Vec<String> = met
                .iter()
                .filter_map(|d| {
                    Some(format!(
                        "{} {} ({})",
                        d.rule?.rule,
                        words::at(d.seen.occurred(), self.today),
                        d.seen.record().position
                    ))
                })
                .collect();
            let it = if counted.len() == 1 { "It" } else { "They" };
            sentences.push(format!("{it} met {}.", words::list(&each)));
        }
        let reason = Reason::new(sentences.join(" "))
            .asked("Until when?")
            .on(records)
            .on(met.iter().map(|d| d.seen.record()));
        if short { reason } else { reason.by_rule(until_session_end::ID) }
    }

    fn span(&self, factor: &AssessedFactor<'a>, from: &str, short: bool, one: bool) -> String {
        let until = until::of(&self.trace.life, factor);
        let count = if one { "counts" } else { "count" };
        match (until.until, until.reason, until.bounds) {
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
                        format!(
                            "counted from {from}; the session ended by its limit, between \
                             {earliest} (last sign of life) and {to}."
                        )
                    }
                    (Some(reason), Some(to)) => {
                        let to = words::clock(to, self.today);
                        format!(
                            "counted from {from} until some time between {earliest} and {to}, {}.",
                            words::when_ended(reason)
                        )
                    }
                    (_, Some(to)) => {
                        format!(
                            "{count} from {from}; {}, and the limit is {}.",
                            words::no_end(self.trace.cut, self.today),
                            words::clock(to, self.today)
                        )
                    }
                    (_, None) => format!(
                        "{count} from {from}; {}.",
                        words::no_end(self.trace.cut, self.today)
                    ),
                }
            }
            _ => format!("{count} from {from}."),
        }
    }

    /// Other rules that the same factors met: the first decision of each, three at most.
    fn also_met(&self, counted: &[&AssessedFactor<'_>]) -> Vec<&Judged<'a>> {
        let mut met: Vec<&Judged<'a>> = Vec::new();
        for other in self.trace.decisions.iter().map(|d| &d.then) {
            let let_in = other.data.outcome == Outcome::Allow
                && other.implied == Implied::Allow
                && other.rule.is_some();
            let with_these =
                counted.iter().all(|f| f.occurred().from <= other.seen.occurred().from);
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
        let counted: Vec<&AssessedFactor<'a>> = self
            .trace
            .factors
            .iter()
            .filter(|f| f.counts() && f.occurred().from <= at.latest())
            .collect();
        let groups = grouped(&counted, |f| (f.grade, f.claim.is_some()));
        let certainty =
            if judged.implied == Implied::Undetermined { "Undetermined." } else { "Certain." };
        let missing = if judged.missing.is_empty() {
            String::new()
        } else {
            let missing = words::sentence(&words::missing(&judged.missing));
            // A clause at its end is closed before the sentence goes on.
            let close =
                judged.missing.last().is_some_and(|last| codes::missing_words(last).contains(", "));
            format!(" {missing}{} would settle it.", if close { "," } else { "" })
        };
        if self.short() {
            let claims = if self.claims().len() > 1 { "the claims" } else { "the claim" };
            let met = !self.also_met(&counted).is_empty();
            let grades: Vec<String> = groups
                .iter()
                .map(|(names, first)| match first.grade {
                    Grade::Joined if met => "Joined, by that allow".to_owned(),
                    _ => self.grade(first, names).0,
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
            let (grade, facts) = self.grade(first, names);
            let whose = if groups.len() > 1 {
                format!("{}: {}", words::list(names), lower(&grade))
            } else {
                grade
            };
            says.push(format!("{whose}."));
            records.extend(facts);
        }
        if groups.is_empty() {
            says.push(format!("{source} recorded the decision; no factor counted."));
        }
        Reason::new(format!("{}{missing}", says.join(" "))).asked(question).on(records).reading(16)
    }

    /// The grade as a sentence without its full stop, and the record that states it.
    fn grade(
        &self,
        factor: &AssessedFactor<'a>,
        names: &[String],
    ) -> (String, Option<&'a RecordRef>) {
        super::factor::grade(self.trace, factor, names)
    }

    pub(crate) fn not_the_reason(&self) -> Vec<Reason> {
        let today = self.today;
        let mut reasons = Vec::new();
        let known = &self.known.falsifiers;
        let signed: Vec<String> = ordered_keys(self.trace);
        for r in &known.other_keys {
            let key = r.data.key.as_ref().map(ToString::to_string).unwrap_or_default();
            let says = match signed.as_slice() {
                [one] => format!(
                    "the retraction of {key} ({}). This assertion was signed with {one}.",
                    r.record.position
                ),
                some => format!(
                    "the retraction of {key} ({}). These assertions were signed with {}.",
                    r.record.position,
                    words::list(some)
                ),
            };
            reasons.push(Reason::new(says).asked(NOT_THE_REASON).on([&r.record]));
        }
        for r in &known.retractions {
            if self.known.claims.iter().any(|c| hits(r, c)) {
                continue;
            }
            let from = words::clock(r.data.from, today);
            let what = r
                .data
                .key
                .as_ref()
                .map_or_else(|| format!("trust in {}", r.data.idp), ToString::to_string);
            let retired = r.data.key.as_ref().and_then(|key| {
                self.trace.history.trust().key_changes(&r.data.idp).find(|c| {
                    let later = self
                        .trace
                        .claims
                        .iter()
                        .all(|claim| c.occurred.from > claim.seen.occurred().latest());
                    c.data.key == *key
                        && !c.data.added
                        && later
                        && c.occurred.from <= self.trace.cut.at
                })
            });
            let says = match retired {
                Some(c) => format!(
                    "{what} was retired {} ({}) and retracted from {from} ({}); both after this \
                     assertion was received.",
                    words::at(c.occurred, today),
                    c.record.position,
                    r.record.position
                ),
                None => format!(
                    "{what} was retracted from {from} ({}), after this assertion was received.",
                    r.record.position
                ),
            };
            reasons.push(
                Reason::new(says)
                    .asked(NOT_THE_REASON)
                    .on(retired.map(|c| &c.record))
                    .on([&r.record])
                    .reading(10),
            );
        }
        for l in &known.losses {
            let when = authenticator_lost::when(l);
            if when.from > self.judged.seen.occurred().latest() {
                let from = words::moment(when, today);
                let says = format!(
                    "the loss of {} from {from} ({}). It came after this decision.",
                    lost(l),
                    l.record.position
                );
                reasons.push(
                    Reason::new(says)
                        .asked(NOT_THE_REASON)
                        .on([&l.record])
                        .by_rule(authenticator_lost::ID),
                );
            }
        }
        reasons
    }

    /// The claims received by the decision.
    pub(crate) fn claims(&self) -> Vec<usize> {
        let at = self.judged.seen.occurred().latest();
        (0..self.trace.claims.len())
            .filter(|c| self.trace.claims[*c].seen.occurred().from <= at)
            .collect()
    }

    pub(crate) fn records(&self, candidates: &[&Candidate]) -> Vec<&'a RecordRef> {
        candidates
            .iter()
            .filter_map(|c| c.factor)
            .map(|f| self.trace.factors[f].seen.record())
            .collect()
    }
}

fn rules(rules: &[Rule]) -> String {
    match rules {
        [] => "no rules".to_owned(),
        [only] => format!("the rule {}", only.rule),
        some => format!(
            "the rules {}",
            words::list(&some.iter().map(|r| r.rule.to_string()).collect::<Vec<_>>())
        ),
    }
}

fn ordered_keys(trace: &Trace<'_>) -> Vec<String> {
    let mut keys: Vec<String> =
        trace.claims.iter().filter_map(|c| c.data.key.as_ref().map(ToString::to_string)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

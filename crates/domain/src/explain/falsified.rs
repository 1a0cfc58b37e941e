//! What came later: falsifiers that were recorded after a decision, and what is left of it as known
//! at K (`semantics.md` 3, 4).

use super::{
    decision::DecisionExplainer,
    word::{grouped, hits as hit_by},
};
use crate::{
    assess::{
        Trace,
        authenticator_lost::{self, Ending},
        came_under::Under,
        claims::Tri,
        decision::Judged,
        factors::AssessedFactor,
        falsifiers::Hit,
        requirement::{self, Candidate},
        retraction,
        signed_in::through,
        until,
    },
    codes,
    model::{FactorType, Implied, Phase, Reason, RecordRef},
    words,
};
use claimledger_facts::{
    ids::RecordId,
    time::Time,
    types::authenticator::AuthenticatorLost,
    vocabulary::{Outcome, Property},
};

impl<'a> DecisionExplainer<'a, '_> {
    /// The tree of a decision that a later falsifier takes away.
    pub(crate) fn falsified_later(&self) -> Option<Reason> {
        self.decided.falsified_later()?;
        let reasons =
            [self.when_decided()].into_iter().chain(self.what_came_later()).chain([self.at_k()]);
        let tail =
            self.word_in_brief().into_iter().chain([self.how_long(), self.how_sure_in_brief()]);
        Some(self.falsified_verdict().because(reasons).because(tail).because(self.not_the_reason()))
    }

    fn falsified_verdict(&self) -> Reason {
        let session = &self.trace.id;
        let app = words::app(self.trace.history, &self.judged.data.app);
        let when = words::at(self.judged.seen.occurred(), self.today);
        let happened = match self.judged.data.outcome {
            Outcome::Allow => format!("{session} was let into {app} {when}."),
            Outcome::Challenge => format!("{session} was challenged for {app} {when}."),
            Outcome::Deny => format!("{session} was refused {app} {when}."),
        };
        let made = if self.judged.implied == Implied::Undetermined {
            "Undetermined when made"
        } else {
            "Right when made"
        };
        let record = self.judged.seen.record();
        let delay = |hit: &Hit<'_>| words::after(record.recorded_at, hit.record().recorded_at);
        let by = match self.decided.later.as_slice() {
            [] => "by what became known after it".to_owned(),
            [one] => format!("by one fact recorded {} after it", delay(one)),
            [first, ..] => format!(
                "by {} facts, the first recorded {} after it",
                self.decided.later.len(),
                delay(first)
            ),
        };
        let code = self.decided.later.first().map(Hit::code);
        Reason::new(format!("{happened} {made}; falsified later, {by}."))
            .coded(code)
            .on([record])
            .delayed()
    }

    fn when_decided(&self) -> Reason {
        let judged = self.judged;
        let head = format!(
            "As known when decided ({}): {}.",
            judged.seen.record().position,
            judged.implied.as_str()
        );
        let (Some(policy), Some(rule)) = (judged.policy, judged.rule) else {
            return Reason::new(head).reading(4);
        };
        let met = judged.certain.as_ref().filter(|reading| reading.met);
        let says = match met {
            None => format!("{head} Missing: {}.", words::missing(&judged.missing)),
            Some(reading) => {
                let counted: Vec<&Candidate> =
                    reading.best.usable.iter().map(|at| &judged.candidates[*at]).collect();
                let asked = reading
                    .best
                    .alternative
                    .possession
                    .as_ref()
                    .map(requirement::asked)
                    .unwrap_or_default();
                let asked: Vec<Property> =
                    asked.into_iter().map(|(property, _)| property).collect();
                let mut by: Vec<String> = by_type(&counted, &asked);
                if by.is_empty() {
                    let idp = through(self.trace, judged).map(|(idp, _)| idp);
                    by.push(idp.map_or("the sign-in".to_owned(), |idp| {
                        format!("the sign-in through {}", words::idp(self.trace.history, idp))
                    }));
                }
                format!(
                    "{head} {} met {} of {} {}.",
                    by.join(", "),
                    words::rule(self.trace.history, &rule.rule),
                    words::policy(self.trace.history, &policy.data.policy),
                    policy.data.version
                )
            }
        };
        let counted = judged
            .candidates
            .iter()
            .filter_map(|c| c.factor)
            .map(|f| self.trace.factors[f].seen.record());
        let of_claims =
            self.claims().into_iter().map(|claim| self.trace.claims[claim].seen.record());
        Reason::new(says).on(counted).on(of_claims).on([&policy.record]).reading(4)
    }

    /// Falsifiers that were recorded after the decision and hit what it rested on.
    pub(crate) fn what_came_later(&self) -> Vec<Reason> {
        let turns = self.decided.now().implied != self.judged.implied;
        let each = self.decided.later.iter().map(|hit| {
            let reason = what(hit, self.known, self.today);
            let same = if turns {
                String::new()
            } else {
                format!(" The rules say the same without it: {}.", self.judged.implied.as_str())
            };
            Reason {
                conclusion: format!("What came later: {}{same}", lower(&reason.conclusion)),
                ..reason
            }
        });
        each.collect()
    }

    fn at_k(&self) -> Reason {
        let now = self.decided.now();
        let head = format!("As known at {}: {}.", self.trace.cut.known_at, now.implied.as_str());
        let two = now.rule.is_some_and(|r| requirement::types_asked(r) == 2);
        let Some(reading) = now.certain.as_ref().filter(|_| now.first_unmet.is_some()) else {
            return Reason::new(head).coded(now.first_unmet);
        };
        let unmet = reading.best.unmet.iter().map(|code| {
            let words = codes::unmet_words(code, two);
            if *code == codes::NOT_ENOUGH_FACTORS {
                format!("{words} ({})", left(now))
            } else {
                words.to_owned()
            }
        });
        Reason::new(format!("{head} First unmet: {}.", unmet.collect::<Vec<_>>().join("; then ")))
            .coded(now.first_unmet)
    }

    fn word_in_brief(&self) -> Vec<Reason> {
        let of_claims = self.claims().into_iter().map(|index| {
            let claim = &self.trace.claims[index];
            let assertion = claim
                .data
                .assertion
                .as_ref()
                .map_or("no assertion seen".to_owned(), |a| format!("in {a}"));
            let key = claim
                .data
                .key
                .as_ref()
                .map_or("no key named".to_owned(), |key| format!("key {key}"));
            let received = words::moment(claim.seen.occurred(), self.today);
            let world = claim.world();
            let under = Under::of(claim);
            let trusted =
                under.told().map(|told| format!(", {}", told.words())).unwrap_or_default();
            let added = match world.key {
                crate::assess::keys::Standing::Valid { added, .. } => Some(&added.record),
                _ => None,
            };
            Reason::new(format!(
                "{}, {assertion}, {key}, received {received}{trusted}.",
                words::idp(self.trace.history, &claim.data.idp)
            ))
            .asked(super::word::QUESTION)
            .on([claim.seen.record()])
            .on(added)
            .on(under.versions.into_iter().map(|version| &version.record))
        });
        let at = self.judged.seen.occurred().latest();
        let local: Vec<&AssessedFactor<'a>> = self
            .trace
            .factors
            .iter()
            .filter(|f| f.claim.is_none() && f.occurred().from <= at)
            .collect();
        of_claims.chain(super::word::local(&local, self.today)).collect()
    }

    /// From the decision to the end of the session, and how much of that the ledger knew.
    fn how_long(&self) -> Reason {
        let life = &self.trace.life;
        let from = words::clock(self.judged.seen.occurred().from, self.today);
        let learnt = self.decided.later.first().map(|hit| hit.record().recorded_at);
        let (open, close) = match (life.ended_at, life.bounds) {
            (Some(end), _) => (
                format!("the session stayed open from {from} to {}", words::clock(end, self.today)),
                Some(end),
            ),
            (None, Some(bounds)) if life.phase == Phase::Ended => {
                let to = bounds
                    .to
                    .map(|to| format!(" and {}", words::clock(to, self.today)))
                    .unwrap_or_default();
                let earliest = words::clock(bounds.from, self.today);
                (
                    format!(
                        "the session stayed open from {from} to some time between {earliest}{to}"
                    ),
                    bounds.to,
                )
            }
            _ => (
                format!(
                    "the session is open from {from} on, and {}",
                    words::no_end(self.trace.cut, self.today)
                ),
                None,
            ),
        };
        let knew = learnt.map(|learnt| {
            let at = words::clock(learnt, self.today);
            match close {
                Some(close) if close <= learnt => format!("; the ledger knew only at {at}"),
                Some(close) if life.ended_at.is_some() => {
                    format!("; from {at} on the ledger knew ({})", words::after(learnt, close))
                }
                Some(_) | None => format!("; from {at} on the ledger knew"),
            }
        });
        Reason::new(format!("How long it mattered: {open}{}.", knew.unwrap_or_default()))
    }

    fn how_sure_in_brief(&self) -> Reason {
        let at = self.judged.seen.occurred().latest();
        let counted: Vec<&AssessedFactor<'a>> =
            self.trace.factors.iter().filter(|f| f.counts() && f.occurred().from <= at).collect();
        let groups = grouped(&counted, |f| f.grade);
        let grades: Vec<String> = match groups.as_slice() {
            [(_, first)] => vec![words::sentence(first.grade.as_str())],
            several => several
                .iter()
                .map(|(names, first)| {
                    words::sentence(&format!("{}: {}", words::list(names), first.grade.as_str()))
                })
                .collect(),
        };
        let certain =
            if self.judged.implied == Implied::Undetermined { "Undetermined" } else { "Certain" };
        let says: Vec<String> =
            std::iter::once(certain.to_owned()).chain(grades).map(|s| format!("{s}.")).collect();
        Reason::new(says.join(" ")).asked("How sure?")
    }
}

/// What a falsifier says, when it was recorded, and what it does to the session's claims and
/// factors.
pub(crate) fn what(hit: &Hit<'_>, trace: &Trace<'_>, today: Time) -> Reason {
    match hit {
        Hit::Loss(end) => {
            let who = end.loss.data.actor.as_ref().map(|a| format!(", by {a}")).unwrap_or_default();
            let when = words::moment(end.when, today);
            let recorded = recorded(&end.loss.record, end.when.from, today);
            Reason::new(format!(
                "{} was lost {when}, {recorded}{who}.",
                words::sentence(&thing(&end.loss.data))
            ))
            .coded(Some(hit.code()))
            .on([&end.loss.record])
            .because(by_loss(end.loss.record.id, trace, today))
        }
        Hit::Retraction(hit) => {
            let data = &hit.retraction.data;
            let idp = words::idp(trace.history, &data.idp);
            let what = data
                .key
                .as_ref()
                .map_or_else(|| format!("Trust in {idp}"), |key| format!("Key {key} of {idp}"));
            let who = words::inside(data.actor.as_ref(), data.ticket.as_ref());
            let who = if who.is_empty() { who } else { format!(", by {who}") };
            let from = words::clock(data.from, today);
            let recorded = recorded(&hit.retraction.record, data.from, today);
            Reason::new(format!("{what} was retracted from {from}, {recorded}{who}."))
                .coded(Some(hit.code))
                .on([&hit.retraction.record])
                .because(by_retraction(&hit.retraction.record, trace, today))
        }
    }
}

/// What a loss ended, and what it left.
fn by_loss(loss: RecordId, trace: &Trace<'_>, today: Time) -> Vec<Reason> {
    let counted: Vec<&AssessedFactor<'_>> = trace.factors.iter().filter(|f| f.counts()).collect();
    fn end<'a>(f: &AssessedFactor<'a>, loss: RecordId) -> Option<Ending<'a>> {
        f.losses.ends.iter().find(|end| end.loss.record.id == loss).copied()
    }
    let mut reasons = Vec::new();
    let hit: Vec<&AssessedFactor<'_>> =
        counted.iter().copied().filter(|f| end(f, loss).is_some()).collect();
    for (names, first) in grouped(&hit, |f| {
        (
            f.occurred(),
            until::of(&trace.life, f).until,
            end(f, loss).map(|e| e.by_id),
            f.claim.is_some(),
        )
    }) {
        let Some(end) = end(first, loss) else { continue };
        let from = words::moment(first.occurred(), today);
        let until = match (end.running, until::of(&trace.life, first)) {
            (Tri::Yes, until::Until { until: Some(until), reason: Some(reason), .. }) => {
                format!("until {}: {reason}", words::clock(until, today))
            }
            (Tri::Yes, _) => format!(
                "until some time {}: {}",
                words::moment(end.when, today),
                codes::AUTHENTICATOR_LOST
            ),
            _ => format!(
                "perhaps only until {}, as it is not known whether that came before the loss",
                words::moment(end.when, today)
            ),
        };
        let carries = if first.claim.is_some() { "the claim" } else { "the verification" };
        let matched = match (&end.loss.data.authenticator, end.by_id) {
            (Some(id), true) => format!("Matched by id, {id}."),
            (Some(_), false) => format!("Matched by method, as {carries} names no authenticator."),
            (None, _) => "Matched by method, as the loss names no authenticator.".to_owned(),
        };
        let reason =
            Reason::new(format!("{} counted from {from} {until}. {matched}", words::list(&names)));
        reasons.push(reason.by_rule(authenticator_lost::ID).reading(11));
    }
    let spared: Vec<&AssessedFactor<'_>> =
        counted.into_iter().filter(|f| f.losses.ends.is_empty()).collect();
    for (names, first) in
        grouped(&spared, |f| (until::of(&trace.life, f).until, until::of(&trace.life, f).reason))
    {
        let end = until::of(&trace.life, first);
        let aren_t = if names.len() == 1 { "isn't" } else { "aren't" };
        let until = match (end.until, end.reason) {
            (Some(until), Some(reason)) => {
                format!("until {}, {}", words::clock(until, today), words::plain(reason))
            }
            (None, Some(reason)) => format!("until the session ended, {}", words::plain(reason)),
            _ => words::no_end(trace.cut, today),
        };
        reasons.push(
            Reason::new(format!("{} {aren_t} touched: {until}.", words::list(&names)))
                .on(end.record),
        );
    }
    reasons
}

/// The assertions that a retraction makes void, or may.
fn by_retraction(retraction: &RecordRef, trace: &Trace<'_>, today: Time) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (index, claim) in trace.claims.iter().enumerate() {
        let Some(hit) = claim.hits.iter().find(|hit| hit.retraction.record.id == retraction.id)
        else {
            continue;
        };
        debug_assert!(hit_by(hit.retraction, claim));
        let received = words::moment(claim.seen.occurred(), today);
        let assertion = claim
            .data
            .assertion
            .as_ref()
            .map_or("An assertion that was not seen".to_owned(), |a| format!("Assertion {a}"));
        let void = match hit.open {
            None => "is void".to_owned(),
            Some(missing) => {
                format!("is possibly void; missing: {}", codes::missing_words(missing))
            }
        };
        let by_record = trace
            .factors
            .iter()
            .filter(|f| f.claim == Some(index) && f.by_record)
            .map(|f| f.value.name.as_str());
        let by_record: Vec<&str> = by_record.collect();
        let record = match by_record.as_slice() {
            [] => String::new(),
            names if hit.open.is_none() => {
                format!(" {} counted by record, not by the rules.", words::list(names))
            }
            names => format!(" {} counted by record.", words::list(names)),
        };
        reasons.push(
            Reason::new(format!(
                "{assertion}, received {received}, {void}: {}.{record}",
                codes::fate_words(hit.code)
            ))
            .on([claim.seen.record()])
            .by_rule(retraction::ID)
            .reading(if hit.open == Some(codes::MISSING_KEY) { 42 } else { 10 }),
        );
    }
    reasons
}

/// `recorded 14:40:00Z (+2 h 30 min)`.
fn recorded(record: &RecordRef, speaks_of: Time, today: Time) -> String {
    let at = words::clock(record.recorded_at, today);
    if record.recorded_at > speaks_of {
        format!("recorded {at} (+{})", words::after(speaks_of, record.recorded_at))
    } else {
        format!("recorded {at}")
    }
}

/// What was lost, by what it gave: `the security key`; else its id and methods.
fn thing(loss: &AuthenticatorLost) -> String {
    let of = |method: &str| {
        Some(match method {
            "hwk" | "phr" | "phrh" | "pop" | "fido" | "u2f" | "webauthn" | "yubikey" => {
                "the security key"
            }
            "sc" | "smart_card" => "the smart card",
            "sms" | "tel" | "voice" => "the phone",
            "push" | "signed_nonce" => "the phone with the app",
            "otp" | "totp" => "the code generator",
            "pwd" | "password" => "the password",
            _ => return None,
        })
    };
    let mut things: Vec<Option<&str>> = loss.methods.iter().map(|m| of(&m.0)).collect();
    things.dedup();
    match (things.as_slice(), &loss.authenticator) {
        ([Some(one)], _) => (*one).to_owned(),
        (_, Some(id)) => format!("authenticator {id}"),
        (_, None) => format!(
            "the authenticator of {}",
            words::list(&loss.methods.iter().map(|m| m.0.as_str()).collect::<Vec<_>>())
        ),
    }
}

/// `pwd (knowledge)`, `hwk and phr (possession, phishing-resistant)`.
fn by_type(counted: &[&Candidate], asked: &[Property]) -> Vec<String> {
    let types = [
        FactorType::Knowledge,
        FactorType::Possession,
        FactorType::Inherence,
        FactorType::Unspecified,
    ];
    let told = types.iter().filter_map(|of| {
        let names: Vec<&str> = counted
            .iter()
            .filter(|c| c.value.factor_type == *of)
            .map(|c| c.value.name.as_str())
            .collect();
        let qualities =
            asked.iter().filter(|_| *of == FactorType::Possession).map(|p| words::property(*p));
        let inside: Vec<&str> = std::iter::once(words::factor_type(*of)).chain(qualities).collect();
        (!names.is_empty()).then(|| format!("{} ({})", words::list(&names), inside.join(", ")))
    });
    told.collect()
}

/// What is left to count: `only knowledge is left`.
fn left(now: &Judged<'_>) -> String {
    let types: Vec<&str> =
        now.certain.iter().flat_map(|r| &r.best.types).map(|t| words::factor_type(*t)).collect();
    match types.as_slice() {
        [] => "nothing is left".to_owned(),
        [one] => format!("only {one} is left"),
        some => format!("only {} are left", words::list(some)),
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

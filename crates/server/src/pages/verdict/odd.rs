//! What is odd about a session or a decision, the gravest first: what the rules did not say, what
//! was falsified later, what outlived its IdP session; then what is only possible or open.

use super::{Oddity, words};
use crate::{
    pages::{
        outlived,
        times::{Times, delay, is_late},
    },
    text::{count, inert},
};
use claimledger_app::model::answer::Answered;
use claimledger_domain::{
    codes::fate_words,
    model::{Certainty, Decision, HonoredFactor, Implied, SessionState},
};
use maud::{Markup, html};

/// Decisions of one kind that are named one by one; more are counted.
const TOLD: usize = 3;

fn grave(words: Markup) -> Oddity {
    Oddity { grave: true, words }
}

fn open(words: Markup) -> Oddity {
    Oddity { grave: false, words }
}

/// Of a session.
pub(super) fn of_session(
    session: &SessionState,
    answered: &Answered,
    times: &mut Times,
) -> Vec<Oddity> {
    let mut found = Vec::new();
    decisions(&session.decisions, times, &mut found);
    if let Some(words) = outlived::words(session, times) {
        found.push(grave(html! { "The session " (words) "." }));
    }
    found.extend(falsifiers(session));
    found.extend(uncertain(session));
    found.extend(undetermined(&session.decisions, times));
    found.extend(possible_factors(session.factors.iter()));
    found.extend(ignored(session));
    found.extend(incomplete(answered));
    found.extend(late_end(session, times));
    found
}

/// Of a decision, beside how it agrees with the rules: its page has a line for that.
pub(super) fn of_decision(
    decision: &Decision,
    session: &SessionState,
    answered: &Answered,
    times: &mut Times,
) -> Vec<Oddity> {
    let mut found = Vec::new();
    if let Some(words) = outlived::words(session, times) {
        found.push(grave(html! { "Its session " (words) "." }));
    }
    let rested = decision.relied_on.iter().filter_map(|r| session.factors.get(r.factor));
    found.extend(undetermined(std::slice::from_ref(decision), times));
    found.extend(possible_factors(rested));
    found.extend(incomplete(answered));
    found
}

fn decisions(all: &[Decision], times: &mut Times, found: &mut Vec<Oddity>) {
    let of = |decision: &Decision, times: &mut Times| {
        let one = [decision];
        html! { (words::apps(&one)) " " (words::when(&one, times)) }
    };
    let differ: Vec<_> =
        all.iter().filter_map(|d| d.differs.as_ref().map(|differs| (d, differs))).collect();
    for (decision, differs) in differ.iter().take(TOLD) {
        found.push(grave(html! {
            (decision.recorded.outcome.as_str()) " for " (of(decision, times)) " "
            strong class="attention" { "differs" } " from what the rules say: "
            (inert(&differs.words)) "."
        }));
    }
    let falsified: Vec<_> =
        all.iter().filter_map(|d| d.falsified_later.as_ref().map(|later| (d, later))).collect();
    for (decision, later) in falsified.iter().take(TOLD) {
        found.push(grave(html! {
            (decision.recorded.outcome.as_str()) " for " (of(decision, times)) " was "
            strong class="attention" { "falsified later" } ": " (inert(&later.words)) "."
        }));
    }
    let more = differ.len().saturating_sub(TOLD) + falsified.len().saturating_sub(TOLD);
    if more > 0 {
        found.push(grave(html! { "So do, or were, " (count(more, "more decision")) "." }));
    }
}

/// Losses and retractions that hit the session, beside those that a falsified decision names.
fn falsifiers(session: &SessionState) -> Vec<Oddity> {
    let told = |words: &str| {
        session
            .decisions
            .iter()
            .filter_map(|decision| decision.falsified_later.as_ref())
            .any(|later| later.words.contains(words))
    };
    let others = session.falsifiers.iter().filter(|of| !told(&of.words));
    others.map(|of| grave(html! { "What it rested on fell: " (inert(&of.words)) "." })).collect()
}

fn uncertain(session: &SessionState) -> Option<Oddity> {
    (session.life.certainty == Certainty::Possible).then(|| {
        open(html! {
            "That the session was " @match session.life.phase {
                claimledger_domain::model::Phase::Active => "active at T",
                claimledger_domain::model::Phase::Ended => "ended at T",
                claimledger_domain::model::Phase::NotStarted => "not started at T",
            } " is possible only"
            @if !session.life.missing.is_empty() {
                ": missing " (words::named(&session.life.missing)) }
            "."
        })
    })
}

fn undetermined(all: &[Decision], times: &mut Times) -> Option<Oddity> {
    let is = |decision: &&Decision| decision.at_k.implied == Implied::Undetermined;
    let first = all.iter().find(is)?;
    let more = all.iter().filter(is).count() - 1;
    Some(open(html! {
        "What the rules say of " (words::apps(&[first])) " " (words::when(&[first], times))
        @if more > 0 { " and of " (count(more, "more decision")) }
        " is undetermined"
        @if !first.at_k.missing.is_empty() { ": missing " (words::named(&first.at_k.missing)) }
        "."
    }))
}

fn possible_factors<'f>(factors: impl Iterator<Item = &'f HonoredFactor>) -> Option<Oddity> {
    let possible: Vec<&HonoredFactor> =
        factors.filter(|factor| factor.certainty == Certainty::Possible).collect();
    let first = possible.first()?;
    let names: Vec<Markup> = possible.iter().map(|factor| inert(&factor.name)).collect();
    Some(open(html! {
        (words::row(&names, TOLD, "more factor")) " may have counted, possible only"
        @if !first.missing.is_empty() { ": missing " (words::named(&first.missing)) }
        "."
    }))
}

fn ignored(session: &SessionState) -> Option<Oddity> {
    let first = session.ignored.first()?;
    let names: Vec<Markup> = session.ignored.iter().map(|claim| inert(&claim.name)).collect();
    let reasons: Vec<Markup> =
        first.reasons.iter().map(|code| html! { (fate_words(code)) }).collect();
    Some(open(html! {
        (count(session.ignored.len(), "claimed value")) " did not count: "
        (words::row(&names, TOLD, "more")) " of " (inert(first.idp.as_str()))
        @if !reasons.is_empty() { " (" (words::row(&reasons, TOLD, "more reason")) ")" }
        "."
    }))
}

fn late_end(session: &SessionState, times: &mut Times) -> Option<Oddity> {
    let end = session.life.end.record.as_ref()?;
    let (occurred, recorded) = (end.occurred.from, end.recorded_at);
    is_late(occurred, recorded).then(|| {
        open(html! {
            "Its end was recorded late, " (times.show(recorded)) " ("
            (delay(occurred, recorded)) ")."
        })
    })
}

pub(super) fn incomplete(answered: &Answered) -> Option<Oddity> {
    let of = &answered.completeness;
    let first = of.lacks.first();
    (!of.complete).then(|| {
        open(html! {
            @match first {
                Some(lack) => { "A source is missing: " (inert(lack))
                    @if of.lacks.len() > 1 { ", and "
                        (count(of.lacks.len() - 1, "more source")) } "." },
                None => "No source says how complete it is.",
            }
        })
    })
}

//! Parts of the sentence: who, where, on whose word, by which rule, until when.

use crate::{
    pages::times::Times,
    text::{count, inert},
    timeline::lanes::{self, type_word},
};
use claimledger_domain::{
    codes::{missing_words, unmet_words},
    explain::characteristic,
    model::{
        Certainty, Decision, DecisionRule, Grade, HonoredFactor, MetAtDecision, Origin, Phase,
        SessionState,
    },
};
use claimledger_facts::{
    time::Time,
    vocabulary::{FactorMode, Outcome},
};
use maud::{Markup, html};

/// Names in a row before the rest is counted.
const NAMED: usize = 3;
/// Names of factors in a row before the rest is counted.
const FACTORS: usize = 6;

/// A name where one is known, else the id: the sentence is short, and the page has both.
pub(super) fn name(id: &str, display: Option<&str>) -> Markup {
    html! { @match display { Some(name) => { "“" (inert(name)) "”" }, None => (inert(id)) } }
}

/// The person.
pub(super) fn who(session: &SessionState) -> Markup {
    html! { @match &session.origin.subject {
        Some(subject) => (inert(subject.as_str())),
        None => "A person whom no record names",
    } }
}

/// Things in a row: the first few, then how many more.
pub(super) fn row(things: &[Markup], most: usize, noun: &str) -> Markup {
    html! {
        @for (i, thing) in things.iter().take(most).enumerate() {
            @if i > 0 { @if i + 1 == things.len() { " and " } @else { ", " } }
            (thing)
        }
        @if things.len() > most { " and " (count(things.len() - most, noun)) }
    }
}

/// The same, each once.
fn once(things: impl Iterator<Item = Markup>) -> Vec<Markup> {
    let mut found: Vec<Markup> = Vec::new();
    for thing in things {
        if found.iter().all(|known| known.0 != thing.0) {
            found.push(thing);
        }
    }
    found
}

/// The applications of decisions, each once, with how often where that is not once.
pub(super) fn apps(decisions: &[&Decision]) -> Markup {
    let app = |decision: &Decision| {
        name(decision.recorded.app.as_str(), decision.recorded.app_name.as_deref())
    };
    let each = once(decisions.iter().map(|decision| app(decision)));
    let shown: Vec<Markup> = each
        .iter()
        .map(|of| {
            let times = decisions.iter().filter(|decision| app(decision).0 == of.0).count();
            html! { (of) @if times > 1 { " (" (times) " times)" } }
        })
        .collect();
    row(&shown, NAMED, "more application")
}

/// When decisions fell: the one time, or the first and the last.
pub(super) fn when(decisions: &[&Decision], times: &mut Times) -> Markup {
    html! { @match decisions {
        [] => {},
        [one] => { @if one.recorded.at.to.is_none() { "at " } (times.occurred(one.recorded.at)) },
        [first, .., last] => { "from " (times.show(first.recorded.at.from)) " to "
            (times.show(last.recorded.at.latest())) },
    } }
}

/// On whose word: the factors that counted by record, by who vouched for them.
pub(super) fn whose_word<'f>(factors: impl Iterator<Item = &'f HonoredFactor>) -> Markup {
    let factors: Vec<&HonoredFactor> = factors.filter(|factor| factor.by_record).collect();
    let each: Vec<Markup> = once(factors.iter().map(|factor| source(factor)))
        .iter()
        .map(|of| {
            let vouched = factors.iter().filter(|factor| source(factor).0 == of.0);
            let named = once(vouched.map(|factor| inert(&factor.name)));
            html! { (of) " (" (row(&named, FACTORS, "more factor")) ")" }
        })
        .collect();
    html! { @if each.is_empty() { "with no factor that counted by record" } @else {
    "on " (row(&each, NAMED, "more source")) } }
}

/// What vouched for a factor.
fn source(factor: &HonoredFactor) -> Markup {
    match (&factor.idp, factor.origin) {
        (Some(idp), Origin::Claimed) => {
            html! { "the word of " (name(idp.as_str(), factor.idp_name.as_deref())) }
        }
        (None, Origin::Claimed) => html! { "the word of an IdP that no record names" },
        (_, Origin::Local) => html! { "the service provider's own check" },
    }
}

/// By which rules, each once.
pub(super) fn rules(decisions: &[&Decision]) -> Markup {
    let each = once(decisions.iter().map(|decision| rule(&decision.under)));
    html! { "by " @if each.len() > 2 { (count(each.len(), "rule")) } @else {
    (row(&each, 2, "rule")) } }
}

fn rule(under: &DecisionRule) -> Markup {
    let policy = name(under.policy.as_str(), under.policy_name.as_deref());
    html! {
        @match &under.rule {
            Some(rule) => { "rule " (name(rule.as_str(), under.rule_name.as_deref())) " of " },
            None => { "policy " },
        }
        (policy)
        @for (i, version) in under.versions().enumerate() {
            @if i > 0 { " or" } " " (label(version.as_str())) }
    }
}

/// The label of a version. One that is a time reads as other times do.
fn label(version: &str) -> Markup {
    html! { @match Time::parse(version) {
        Ok(time) => { "of " (Times::default().show(time)) },
        Err(_) => (inert(version)),
    } }
}

/// What was refused: the application, when, the first unmet requirement and what was seen instead.
pub(super) fn refusal(decision: &Decision, session: &SessionState, times: &mut Times) -> Markup {
    let recorded = &decision.recorded;
    html! {
        @if recorded.outcome == Outcome::Challenge { "asked for more before " } @else {
            "refused " }
        (apps(&[decision])) " " (when(&[decision], times)) ", " (rules(&[decision])) "."
        (unmet(decision, session))
    }
}

/// The first unmet requirement, and what was seen instead.
fn unmet(decision: &Decision, session: &SessionState) -> Markup {
    let two = decision.under.factor_mode == Some(FactorMode::TwoFactor);
    html! {
        @if let Some(code) = decision.made.first_unmet {
            " First unmet: " (unmet_words(code, two)) "; seen instead: "
                (seen(&decision.made.met, session)) "."
        }
    }
}

fn seen(met: &MetAtDecision, session: &SessionState) -> Markup {
    let types: Vec<&str> = met.factor_types.iter().map(|of| type_word(*of)).collect();
    let has: Vec<&str> = met.characteristics.iter().map(|of| characteristic(*of)).collect();
    let counted: Vec<Markup> = met.counted.iter().map(|name| inert(name)).collect();
    let by = session.factors.iter().filter(|factor| met.counted.contains(&factor.name));
    let by = once(by.map(source));
    html! {
        @if counted.is_empty() { "nothing that counts" } @else {
            (row(&counted, FACTORS, "more factor")) }
        @if !types.is_empty() { " (" (types.join(" and "))
            @if !has.is_empty() { ", " (has.join(", ")) } ")" }
        @if !by.is_empty() { ", on " (row(&by, NAMED, "more source")) }
    }
}

/// Until when the session lived, as a sentence, with how sure that is: it is not that of the
/// decision or the factor on the same page.
pub(super) fn until(session: &SessionState, times: &mut Times) -> Markup {
    let end = &session.life.end;
    let possible = session.life.certainty == Certainty::Possible;
    html! {
        @match (session.life.phase, end.at) {
            (Phase::NotStarted, _) => {
                @if let Some(from) = session.life.started_at { " It starts " (times.show(from))
                    ", after T." }
            },
            (Phase::Active, _) => {
                " The session is " @if possible { "possibly " } "active at T"
                @if let Some(limit) = session.life.lifetime_ends_at { ", until "
                    (times.show(limit)) " at the latest" }
                "."
            },
            (Phase::Ended, Some(at)) => { " The session "
                @if possible { "possibly " } "ended " (times.show(at))
                @if let Some(reason) = end.reason { ": " (lanes::words(reason)) } "." },
            (Phase::Ended, None) => {
                " The session has " @if possible { "possibly " } "ended"
                @if let Some(bounds) = end.bounds {
                    ", between " (times.show(bounds.from)) " and "
                    @match bounds.to { Some(to) => (times.show(to)),
                        None => "a time that is not known" }
                }
                @if let Some(reason) = end.reason { ": " (lanes::words(reason)) }
                "."
            },
        }
    }
}

/// How sure: in a word, with what is missing.
pub(super) fn certainty(certainty: Certainty, missing: &[&'static str]) -> Markup {
    html! {
        @match certainty { Certainty::Certain => "certain", Certainty::Possible => {
            strong { "possible only" } } }
        @if !missing.is_empty() { ", missing " (named(missing)) }
    }
}

/// What is missing, in words.
pub(super) fn named(missing: &[&'static str]) -> Markup {
    let words: Vec<Markup> = missing.iter().map(|code| html! { (missing_words(code)) }).collect();
    row(&words, NAMED, "more thing")
}

/// What the weakest evidence of factors is, as a sentence.
pub(super) fn grade<'f>(factors: impl Iterator<Item = &'f HonoredFactor>) -> Markup {
    // The grades are in the order of their strength.
    let weakest = factors.filter(|factor| factor.by_record).map(|factor| factor.grade).max();
    html! { @match weakest {
        None => {},
        Some(Grade::Stated) => " Stated: the service provider says that it accepted the factors.",
        Some(Grade::Joined) => " Joined: an allow followed; no record says that the claim was \
            accepted.",
        Some(Grade::Replayed) => " Replayed: by the rules; no record says that the factors were \
            accepted.",
        Some(Grade::Assumed) => " Assumed: nothing is known of the IdP.",
    } }
}

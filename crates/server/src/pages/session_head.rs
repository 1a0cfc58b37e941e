//! What stands at the top of the page of a session: its name, what it rested on, where it is at T.

use super::{frame, text::inert, times::Times};
use crate::timeline::lanes;
use claimledger_app::{app::Label, model::answer::Absence};
use claimledger_domain::{
    codes::missing_words,
    explain::called,
    model::{Phase, SessionState},
};
use claimledger_facts::vocabulary::Role;
use maud::{Markup, html};

/// Names of the subject, where they are asked for.
pub(super) fn names(label: Option<&Label>) -> Markup {
    html! {
        section class="names" aria-label="Names" {
            @match label {
                None => "No label of this session's subject is here.",
                Some(Label { key_destroyed: true, .. }) => {
                    "The key of this session's subject was destroyed: names and originals cannot \
                     be read any more. What the facts say stays."
                },
                Some(label) => {
                    "Its subject: "
                    @if let Some(name) = &label.name { (inert(name)) " " }
                    @if let Some(login) = &label.login { "(" (inert(login)) ")" }
                },
            }
        }
    }
}

/// The heading of the page.
pub(super) fn title(session: &SessionState) -> Markup {
    html! {
        h1 {
            (inert(session.id.as_str()))
            @if let Some(subject) = &session.origin.subject { " · " (inert(subject.as_str())) }
        }
    }
}

/// What stands below the verdict: aliases, state, what it rested on.
pub(super) fn head(
    session: &SessionState,
    absence: &Absence,
    show_names: &str,
    named: bool,
) -> Markup {
    let mut times = Times::default();
    let decisions = session.decisions.len();
    let differ = session.decisions.iter().filter(|decision| decision.differs.is_some()).count();
    let falsified =
        session.decisions.iter().filter(|decision| decision.falsified_later.is_some()).count();
    html! {
        p class="facts" {
            @if session.origin.subject.is_some() && !named { span class="on-screen" {
                a href=(show_names) { "Show names" } " (needs " (Role::Investigate.as_str())
                ") · " } }
            "aliases: "
            @if session.aliases.is_empty() { (frame::no_more(absence)) }
            @for (i, alias) in session.aliases.iter().enumerate() {
                @if i > 0 { ", " } (inert(alias.as_str())) }
            " · " (state(session, &mut times))
        }
        p class="rested-on" {
            (rested_on(session))
            " "
            @match decisions { 0 if absence.is_none() => "No decisions.", 0 => "No decisions \
                seen.", n => { (counted(n)) @if n == 1 { " decision" } @else { " decisions" } } }
            @if decisions > 0 {
                @match (decisions, differ) {
                    _ if falsified > 0 => {
                        ": " (decisions - differ - falsified) " as the rules say"
                        @if differ > 0 { ", " (differ) " " strong class="attention" {
                            "≠ differs" } " from what they say" }
                        ", " (falsified) " " strong class="attention" { "✕ falsified later" } "."
                    },
                    (1, 0) => ", as the rules say.",
                    (2, 0) => ", both as the rules say.",
                    (_, 0) => ", all as the rules say.",
                    (1, _) => { ", which " strong class="attention" { "≠ differs" } " from what \
                        the rules say." },
                    (_, 1) => { ", one of which " strong class="attention" {
                        "≠ differs" } " from what the rules say." },
                    (_, n) => { ", " (counted(n).to_lowercase()) " of which " strong
                        class="attention" { "≠ differ" } " from what the rules say." },
                }
            }
            @if !session.ignored.is_empty() {
                " " (counted(session.ignored.len())) @if session.ignored.len() == 1 {
                " claimed value" } @else { " claimed values" } " did not count." }
            @for falsifier in &session.falsifiers { " " strong { (sentence_of(&falsifier.words)) } }
        }
    }
}

/// Words as a sentence.
fn sentence_of(words: &str) -> Markup {
    let mut chars = words.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    html! { (inert(&format!("{first}{}", chars.as_str()))) "." }
}

/// A count at the start of a sentence: small ones in words.
fn counted(n: usize) -> String {
    const WORDS: [&str; 10] =
        ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// Where a session stands at T, in words.
pub(crate) fn state(session: &SessionState, times: &mut Times) -> Markup {
    let certainty = session.life.certainty.as_str();
    html! {
        span class=(certainty) {
            @match (session.life.phase, session.life.end.at) {
                (Phase::NotStarted, _) if session.life.started_at.is_none() => "never began: every \
                    attempt was refused",
                (Phase::NotStarted, _) => {
                    "not started at T"
                    @if let Some(from) = session.life.started_at { ", starts " (times.show(from)) }
                },
                (Phase::Active, _) => "active",
                (Phase::Ended, Some(end)) => { "ended " (times.show(end)) },
                (Phase::Ended, None) => "ended",
            }
            @if let Some(reason) = session.life.end.reason { ", " (lanes::words(reason)) }
            @if let (None, Some(bounds)) = (session.life.end.at, session.life.end.bounds) {
                ", end between " (times.show(bounds.from)) " and "
                @match bounds.to { Some(to) => (times.show(to)), None => "a time not known" }
            }
            ", " (certainty)
            @if !session.life.missing.is_empty() {
                ": missing "
                @for (i, code) in session.life.missing.iter().enumerate() {
                    @if i > 0 { ", " } (missing_words(code)) }
            }
        }
    }
}

fn rested_on(session: &SessionState) -> Markup {
    let counted: Vec<_> = session.factors.iter().filter(|factor| factor.by_record).collect();
    if counted.is_empty() {
        return html! { "No factor counted by record." };
    }
    let mut words: Vec<_> = Vec::new();
    for factor in &counted {
        let word = (
            factor.idp.as_ref().map(|idp| called(idp.as_str(), factor.idp_name.as_deref())),
            factor.key.as_ref(),
            factor.assertion.as_ref(),
            factor.trust_version.as_ref(),
        );
        if !words.contains(&word) {
            words.push(word);
        }
    }
    html! {
        "Rested on "
        @for (i, factor) in counted.iter().enumerate() { @if i > 0 {
            ", " } (inert(&factor.name)) @if !factor.void.is_empty() { " (void by the rules)" } }
        @for word in words.iter().take(5) {
            @match word {
                (Some(idp), key, assertion, trust) => {
                    ", on the word of " (inert(idp))
                    @if key.is_some() || assertion.is_some() {
                        " ("
                        @if let Some(key) = key { "key " (inert(key.as_str())) }
                        @if let (Some(_), Some(_)) = (key, assertion) { ", " }
                        @if let Some(assertion) = assertion {
                            "assertion " (inert(assertion.as_str())) }
                        ")"
                    }
                    @if let Some(trust) = trust { ", trusted as " (inert(trust.as_str())) }
                },
                (None, ..) => ", verified here",
            }
        }
        "."
    }
}

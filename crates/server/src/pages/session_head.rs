//! What stands at the top of the page of a session: its name, what it rested on, where it is at T.

use super::{frame, text::inert, times::Times};
use crate::timeline::lanes;
use claimledger_app::{app::Label, model::answer::Absence};
use claimledger_domain::{
    codes::missing_words,
    explain::called,
    model::{Decision, Phase, SessionState, Standing},
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
            (agreement(&session.decisions))
            @if !session.ignored.is_empty() {
                " " (counted(session.ignored.len())) @if session.ignored.len() == 1 {
                " claimed value" } @else { " claimed values" } " did not count." }
            @for falsifier in &session.falsifiers { " " strong { (sentence_of(&falsifier.words)) } }
        }
    }
}

/// How decisions agree with the rules.
fn agreement(decisions: &[Decision]) -> Markup {
    let [agree, open, differ, falsified] =
        [Standing::Agrees, Standing::Undetermined, Standing::Differs, Standing::FalsifiedLater]
            .map(|of| decisions.iter().filter(|decision| decision.standing() == of).count());
    let mut parts: Vec<Markup> = Vec::new();
    if agree > 0 {
        parts.push(html! { (agree) " as the rules say" });
    }
    if open > 0 {
        parts.push(html! { (open) " undetermined by the rules" });
    }
    if differ > 0 {
        parts.push(html! { (differ) " " strong class="attention" { "≠ differs" }
        " from what they say" });
    }
    if falsified > 0 {
        parts.push(html! { (falsified) " " strong class="attention" { "✕ falsified later" } });
    }
    html! {
        @match (decisions.len(), differ, falsified + open) {
            (0, ..) => {},
            (1, 0, 0) => ", as the rules say.",
            (2, 0, 0) => ", both as the rules say.",
            (_, 0, 0) => ", all as the rules say.",
            (1, _, 0) => { ", which " strong class="attention" { "≠ differs" } " from what the \
                rules say." },
            (_, 1, 0) => { ", one of which " strong class="attention" { "≠ differs" }
                " from what the rules say." },
            (_, n, 0) => { ", " (counted(n).to_lowercase()) " of which " strong
                class="attention" { "≠ differ" } " from what the rules say." },
            _ => { ": " @for (i, part) in parts.iter().enumerate() { @if i > 0 { ", " } (part) }
                "." },
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
            factor.came_under.as_ref(),
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
                (Some(idp), key, assertion, under) => {
                    ", on the word of " (inert(idp))
                    @if key.is_some() || assertion.is_some() {
                        " ("
                        @if let Some(key) = key { "key " (inert(key.as_str())) }
                        @if let (Some(_), Some(_)) = (key, assertion) { ", " }
                        @if let Some(assertion) = assertion {
                            "assertion " (inert(assertion.as_str())) }
                        ")"
                    }
                    @if let Some(under) = under { ", " (inert(&under.words())) }
                },
                (None, ..) => ", verified here",
            }
        }
        "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::samples;
    use claimledger_domain::model::{Difference, Implied};
    use claimledger_facts::vocabulary::Outcome;

    fn said(kinds: &[&str]) -> String {
        let each = kinds.iter().map(|kind| {
            let mut decision = samples::decision(26, "2026-03-10T11:30:04Z", Outcome::Allow);
            let difference = Difference {
                recorded: Outcome::Allow,
                implied: Implied::Deny,
                code: "key_retired",
                words: "retired key accepted".to_owned(),
            };
            match *kind {
                "open" => decision.made.implied = Implied::Undetermined,
                "open at K" => decision.at_k.implied = Implied::Undetermined,
                "differs" => decision.differs = Some(difference),
                "falsified" => {
                    decision.made.implied = Implied::Undetermined;
                    decision.falsified_later = Some(difference);
                }
                _ => {}
            }
            decision
        });
        let mut text = agreement(&each.collect::<Vec<_>>()).into_string();
        while let (Some(from), Some(to)) = (text.find('<'), text.find('>')) {
            text.replace_range(from..=to, "");
        }
        text
    }

    #[test]
    fn decisions_are_counted_by_whether_they_are_as_the_rules_say() {
        for (kinds, expect) in [
            (&["agrees"][..], ", as the rules say."),
            (&["agrees", "agrees"], ", both as the rules say."),
            (&["open", "open"], ": 2 undetermined by the rules."),
            (&["open at K"], ": 1 undetermined by the rules."),
            (&["differs", "agrees"], ", one of which ≠ differs from what the rules say."),
            (
                &["open", "agrees", "falsified", "differs"],
                ": 1 as the rules say, 1 undetermined by the rules, 1 ≠ differs from what they \
                 say, 1 ✕ falsified later.",
            ),
        ] {
            assert_eq!(said(kinds), expect, "{kinds:?}");
        }
    }
}

//! The verdict of a factor.

use super::{Held, Kind, Oddity, Verdict, words};
use crate::{
    pages::times::{Times, delay, is_late},
    text::{count, inert},
    timeline::lanes,
};
use claimledger_domain::{
    codes::fate_words,
    model::{Certainty, HonoredFactor, IgnoredClaim, Phase, SessionState},
};
use maud::{Markup, html};

/// Of what counted by a name, and of the claims by it that did not.
pub(in crate::pages) fn of_factor(
    session: &SessionState,
    factors: &[&HonoredFactor],
    ignored: &[&IgnoredClaim],
    held: Held<'_>,
) -> Verdict {
    let mut times = Times::default();
    let (kind, sentence, missing) = match (factors.first(), ignored.first()) {
        (Some(first), _) => {
            let kind = if first.void.is_empty() { Kind::Counted } else { Kind::Void };
            (kind, counted(session, factors, &mut times), first.missing.as_slice())
        }
        (None, Some(first)) => {
            (Kind::DidNotCount, not_counted(session, first, &mut times), [].as_slice())
        }
        (None, None) => (Kind::DidNotCount, html! {}, [].as_slice()),
    };
    let sure = factors.iter().map(|factor| factor.certainty);
    let sure = sure.chain(ignored.iter().map(|claim| claim.certainty)).max();
    Verdict {
        kind,
        sentence,
        odd: odd(factors, ignored, held, &mut times),
        sure: html! {
            (words::certainty(sure.unwrap_or(Certainty::Certain), missing)) "."
            (words::grade(factors.iter().copied()))
        },
    }
}

fn counted(session: &SessionState, factors: &[&HonoredFactor], times: &mut Times) -> Markup {
    let Some(first) = factors.first() else { return html! {} };
    html! {
        (inert(&first.name)) " of " (words::who(session)) " counted in session "
        (inert(session.id.as_str())) " from " (times.show(first.from))
        @match (first.until, first.until_bounds) {
            (Some(until), _) => { " until " (times.show(until)) },
            (None, Some(bounds)) if has_ended(session, first) => {
                ", and ended between " (times.show(bounds.from)) " and "
                @match bounds.to { Some(to) => (times.show(to)),
                    None => "a time that is not known" } },
            (None, Some(bounds)) if may_have_ended(session, first) => {
                " on; no end is stated, and it may have ended after " (times.show(bounds.from)) },
            (None, _) => " on; no end is stated",
        }
        @if let Some(reason) = first.end_reason { " (" (lanes::words(reason)) ")" }
        ", " (words::whose_word(std::iter::once(*first)))
        @if let Some(key) = &first.key { ", key " (inert(key.as_str())) }
        @if let Some(under) = &first.came_under { ", " (inert(&under.words())) }
        "."
        @if factors.len() > 1 { " It counted " (count(factors.len() - 1, "more time")) "." }
    }
}

/// Whether an end of it is known, between bounds.
fn has_ended(session: &SessionState, factor: &HonoredFactor) -> bool {
    factor.end_reason.is_some() || session.life.phase == Phase::Ended
}

/// Whether its session may have ended by T, or a loss that may have hit it came by then.
fn may_have_ended(session: &SessionState, factor: &HonoredFactor) -> bool {
    session.life.certainty == Certainty::Possible || factor.may_be_lost
}

fn not_counted(session: &SessionState, claim: &IgnoredClaim, times: &mut Times) -> Markup {
    html! {
        (inert(&claim.name)) ", claimed of " (words::who(session)) " by "
        (inert(claim.idp.as_str())) " at " (times.show(claim.received_at))
        ", did not count in session " (inert(session.id.as_str())) ": " (reasons(&claim.reasons))
        "."
    }
}

fn reasons(codes: &[&'static str]) -> Markup {
    let shown: Vec<Markup> = codes.iter().map(|code| html! { (fate_words(code)) }).collect();
    words::row(&shown, 3, "more reason")
}

fn odd(
    factors: &[&HonoredFactor],
    ignored: &[&IgnoredClaim],
    held: Held<'_>,
    times: &mut Times,
) -> Vec<Oddity> {
    let mut found = Vec::new();
    if let Some(void) = factors.iter().find(|factor| !factor.void.is_empty()) {
        found.push(Oddity {
            grave: true,
            words: html! { "It counted by record, and its assertion is "
            strong class="attention" { "void by the rules" } ": " (reasons(&void.void)) "." },
        });
    }
    let lost = factors.iter().find_map(|factor| {
        let end = factor.end_record.as_ref()?;
        is_late(end.occurred.from, end.recorded_at).then_some((*factor, end))
    });
    if let Some((factor, end)) = lost {
        let reason = factor.end_reason.map_or_else(|| "its end".to_owned(), lanes::words);
        found.push(Oddity {
            grave: true,
            words: html! {
                "What ended it, " (reason) ", was recorded late: " (times.show(end.recorded_at))
                " (" (delay(end.occurred.from, end.recorded_at)) ")."
            },
        });
    }
    if let Some(of) = factors.iter().find(|factor| factor.certainty == Certainty::Possible) {
        found.push(Oddity {
            grave: false,
            words: html! { "That it counted is possible only"
            @if !of.missing.is_empty() { ": missing " (words::named(&of.missing)) } "." },
        });
    }
    if !factors.is_empty() && !ignored.is_empty() {
        found.push(Oddity {
            grave: false,
            words: html! { (count(ignored.len(), "claim")) " by this name did not count." },
        });
    }
    found.extend(super::odd::incomplete(held.answered));
    found
}

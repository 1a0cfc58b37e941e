//! Of what `/blast` shows, the decisions that fall: what was allowed and what the rules imply once
//! what it rested on is taken away.

use super::{
    blast_list::{self as list, Found, Odd, ROWS},
    frame,
    links::Links,
    text::{count, inert},
    times::Times,
};
use claimledger_app::model::answer::ChangeHit;
use claimledger_app::{Falsifying, model::answer::FallsHit};
use claimledger_domain::{
    dependants::Changed,
    falls::already,
    model::{Certainty, Implied},
};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// What is known of the decisions that rested on it.
pub(super) enum Falls {
    /// Nothing was falsified or supposed to be: a change of configuration takes nothing away.
    NotAsked,
    /// It cannot be evaluated, and why.
    NotEvaluated(&'static str),
    /// What becomes of each, those of the listed sessions.
    Of(Vec<FallsHit>),
}

/// A decision that falls.
pub(super) struct FallRow<'a> {
    pub(super) hit: &'a FallsHit,
    pub(super) odd: Odd<'a>,
}

/// The retractions and losses among some changes.
pub(super) fn of_changes(hits: &[ChangeHit]) -> Falsifying {
    let mut falsifying = Falsifying::default();
    for hit in hits {
        match &hit.change.what {
            Changed::Retraction(data) => falsifying.retractions.push(data.clone()),
            Changed::Loss(..) => falsifying.losses.push(hit.change.record.position),
            Changed::Trust(..)
            | Changed::KeyAdded(..)
            | Changed::KeyRetired(..)
            | Changed::Policy(..)
            | Changed::RoutingRule(_) => {}
        }
    }
    falsifying
}

impl Falls {
    /// Those that fall.
    pub(super) fn fallen(&self) -> impl Iterator<Item = &FallsHit> {
        let hits = match self {
            Self::Of(hits) => hits.as_slice(),
            Self::NotAsked | Self::NotEvaluated(_) => &[],
        };
        hits.iter().filter(|hit| hit.fall.falls)
    }

    /// What becomes of a decision; none: it did not rest on it, or that was not asked.
    pub(super) fn of(&self, position: LogPosition) -> Option<&FallsHit> {
        let Self::Of(hits) = self else { return None };
        hits.iter().find(|hit| hit.position() == position)
    }
}

/// `allow → deny`, possibly; and whether a retraction that is known let it fall already.
pub(super) fn becomes(hit: &FallsHit, fell: Option<Certainty>) -> Markup {
    let (fall, after) = (&hit.fall, hit.fall.after.implied);
    let recorded = fall.outcome.as_str();
    html! {
        @if !fall.falls { "stays " (recorded) }
        @else if fall.rested == Certainty::Possible && fall.worst != after {
            // Its claim names no key: it would fall if this one had signed it.
            "possibly " strong { (recorded) " → " (fall.worst.as_str()) } ", if this key signed \
                the claim that it rested on"
        } @else {
            @if fall.rested == Certainty::Possible { "possibly " }
            strong class="attention" { (recorded) " → " (after.as_str().to_lowercase()) }
            @if let Some(code) = fall.after.first_unmet {
                ", first unmet: " (code.replace('_', " ")) }
            // Counted by the letter of `semantics.md` 21, and said beside it.
            @if fall.is_open_either_way() { ": undetermined either way" }
        }
        (already(fell.filter(|_| fall.falls)))
    }
}

/// The decisions that fall.
pub(super) fn section(links: &Links<'_>, found: &Found) -> Markup {
    let (rows, mut times) = (found.fallen(), Times::default());
    html! {
        section id="falls" aria-labelledby="falls-h" {
            h2 id="falls-h" { "Decisions that " @if found.supposed.is_some() { "would " } "fall"
                @if matches!(found.falls, Falls::Of(_)) {
                ": " (rows.len())
                @if let Some(fell) = fell_already(found) { ", of which " (fell)
                    " fell already" } } }
            @match &found.falls {
                Falls::NotAsked => p { "A change of configuration takes nothing away from what was \
                    decided before: a retraction or a loss does." },
                Falls::NotEvaluated(why) => p { "Not evaluated: " (why) "." },
                Falls::Of(_) if rows.is_empty() => p { (frame::none_alone(links.absence)) },
                Falls::Of(_) => {
                    div class="scroll" tabindex="0" role="group" aria-labelledby="falls-h" {
                        table class="blast falls" {
                            thead { tr { @for head in ["Decision", "Session", "App", "When",
                                "What it becomes", "What is odd already"] {
                                th scope="col" { (head) } } } }
                            tbody { @for row in rows.iter().take(ROWS) {
                                (of_row(links, (row, found), &mut times)) } }
                        }
                    }
                    (list::more(ROWS, rows.len()))
                },
            }
        }
    }
}

fn of_row(links: &Links<'_>, (row, found): (&FallRow<'_>, &Found), times: &mut Times) -> Markup {
    html! {
        tr class=(row.hit.fall.rested.as_str()) {
            th scope="row" { a href=(links.decision(row.hit.position())) {
                (row.hit.position()) } }
            td data-head="Session" { a href=(links.session(row.hit.session.as_str())) {
                (inert(row.hit.session.as_str())) } }
            td data-head="App" { @match &row.hit.app { Some(app) => (inert(app.as_str())),
                None => "–" } }
            td data-head="When" { (times.occurred(row.hit.fall.record.occurred)) }
            td data-head="What it becomes" { (becomes(row.hit, found.fell(row.hit))) }
            td data-head="What is odd already" { (list::odd_cell(row.odd)) }
        }
    }
}

/// How surely a decision falls that does.
fn certainty(hit: &FallsHit) -> Certainty {
    match hit.fall.after.implied {
        Implied::Allow => Certainty::Possible,
        _ => hit.fall.rested,
    }
}

/// How many fall, certainly and possibly.
fn tally(falls: &Falls) -> (usize, usize) {
    let possible = falls.fallen().filter(|hit| certainty(hit) == Certainty::Possible).count();
    (falls.fallen().count() - possible, possible)
}

/// How many decisions fall, or would if what is supposed came true.
pub(super) fn counted(found: &Found) -> Option<Markup> {
    let Falls::Of(_) = found.falls else { return None };
    let (certain, possible) = tally(&found.falls);
    Some(html! {
        li { a href="#falls" { @if found.has_more { "at least " }
            (certain) " certain + " (possible) " possible" }
            " " span class="counted" { @match &found.supposed {
                Some(what) => { "decisions would fall if " (inert(what)) " were retracted" },
                None => "decisions fall" }
                @if let Some(fell) = fell_already(found) { "; " (fell) " of them fell already" }
                @let open = found.falls.fallen().filter(|hit| hit.fall.is_open_either_way());
                @let open = open.count();
                @if open > 0 { " (" (open) " undetermined either way)" } } }
    })
}

/// How many of the decisions that would fall by what is supposed fell already.
fn fell_already(found: &Found) -> Option<String> {
    count_already(found.falls.fallen().filter_map(|hit| found.fell(hit)))
}

/// How many decisions fell already, of which this is how surely each did; none: not one of them.
pub(super) fn count_already(fell: impl Iterator<Item = Certainty>) -> Option<String> {
    let (certain, possible): (Vec<Certainty>, Vec<Certainty>) =
        fell.partition(|certainty| *certainty == Certainty::Certain);
    match (certain.len(), possible.len()) {
        (0, 0) => None,
        (certain, 0) => Some(certain.to_string()),
        (certain, possible) => Some(format!("{certain} certain + {possible} possible")),
    }
}

/// What of the listed sessions fell by a retraction that is known.
pub(super) fn fell(to: &str, falls: &Falls) -> Markup {
    let (certain, possible) = tally(falls);
    html! { @if let Falls::Of(_) = falls {
    "Of the decisions of these sessions, " a href=(to) { (certain) " certain + " (possible)
        " possible" } " fell by it already." } }
}

/// The same of all that is known, where the page asks about what was received from a time on.
pub(super) fn first_use(to: &str, (sessions, has_more): (usize, bool)) -> Markup {
    html! {
        p id="first-use" { "From its first use: " a href=(to) { @if has_more { "at least " }
            (count(sessions, "session")) } "." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::samples;
    use claimledger_domain::{
        falls::Fall,
        model::{AsKnown, Implied, MetAtDecision},
    };
    use claimledger_facts::vocabulary::Outcome;

    fn said(
        (rested, fell): (Certainty, Option<Certainty>),
        before: Implied,
        after: Implied,
        worst: Implied,
    ) -> String {
        let at = |implied| AsKnown {
            implied,
            first_unmet: None,
            missing: Vec::new(),
            met: MetAtDecision::default(),
        };
        let fall = Fall {
            record: samples::record(26, "policy.decided", "2026-03-10T11:30:04Z"),
            outcome: Outcome::Allow,
            rested,
            before: at(before),
            after: at(after),
            worst,
            falls: true,
            fell,
        };
        let mut text =
            becomes(&FallsHit { session: "S1".into(), app: None, fall }, fell).into_string();
        while let (Some(from), Some(to)) = (text.find('<'), text.find('>')) {
            text.replace_range(from..=to, "");
        }
        text
    }

    #[test]
    fn what_becomes_of_a_decision_is_told_apart_from_what_might() {
        use Certainty::{Certain, Possible};
        use Implied::{Allow, Challenge, Deny, Undetermined};
        let signed = ", if this key signed the claim that it rested on";
        for (rested, before, after, worst, expect) in [
            (Certain, Allow, Deny, Deny, "allow → deny".to_owned()),
            (Possible, Allow, Allow, Deny, format!("possibly allow → deny{signed}")),
            (Possible, Allow, Allow, Challenge, format!("possibly allow → challenge{signed}")),
            // Undetermined either way is said only where it is so whichever key signed it.
            (Possible, Undetermined, Undetermined, Deny, format!("possibly allow → deny{signed}")),
            (
                Possible,
                Undetermined,
                Undetermined,
                Undetermined,
                "possibly allow → undetermined: undetermined either way".to_owned(),
            ),
            (Certain, Allow, Undetermined, Deny, "allow → undetermined".to_owned()),
        ] {
            assert_eq!(said((rested, None), before, after, worst), expect);
            let already = format!("{expect}: it possibly fell already");
            assert_eq!(said((rested, Some(Possible)), before, after, worst), already);
        }
    }
}

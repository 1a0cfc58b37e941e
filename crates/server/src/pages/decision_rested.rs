//! What a decision rested on, the documents behind its tree, and the session's other decisions for
//! the same application.

use super::{
    decision::{Shown, address},
    equal, frame,
    text::{count, inert},
    times::{Times, clock, delay, is_late},
};
use crate::timeline::lanes::{self, type_word};
use claimledger_app::model::answer::DecisionFound;
use claimledger_domain::{
    codes::{fate_words, missing_words},
    explain::called,
    model::{Certainty, Decision, HonoredFactor, Reason, RecordRef, Relied},
};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Factors, and other decisions, that are listed; more are counted.
const ROWS: usize = 100;

/// The factors that it rested on by record (`semantics.md` 20): each with whether it was needed,
/// until when it counts as known at K, and why no longer.
pub(super) fn factors(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let session = &found.session.state.id;
    let rested: Vec<(&HonoredFactor, &Relied)> = found
        .decision()
        .relied_on
        .iter()
        .filter_map(|relied| Some((found.session.state.factors.get(relied.factor)?, relied)))
        .collect();
    html! {
        section id="rested" aria-labelledby="rested-h" {
            h2 id="rested-h" { "Rested on" }
            @if rested.is_empty() {
                p { "No factor by record." }
            } @else {
                (table("rested-h", rested.iter().take(ROWS).map(|(factor, relied)|
                    Row { factor, relied: Some(relied), page: Some(shown.factor(session,
                    &factor.name)) }), &|record| shown.link(record)))
                @if rested.len() > ROWS { p { (count(rested.len() - ROWS, "more factor")) "." } }
            }
        }
    }
}

/// One factor of a table.
pub(super) struct Row<'a> {
    pub(super) factor: &'a HonoredFactor,
    /// How the decision rested on it; none: the table is about no decision.
    pub(super) relied: Option<&'a Relied>,
    /// The factor's own page.
    pub(super) page: Option<String>,
}

/// Factors, a row each: until when, why no longer, by the rules, on whose word.
pub(super) fn table<'a>(
    labelled_by: &str,
    rows: impl Iterator<Item = Row<'a>>,
    link: &dyn Fn(&RecordRef) -> Markup,
) -> Markup {
    let (mut times, mut rows) = (Times::default(), rows.peekable());
    let of_decision = rows.peek().is_some_and(|row| row.relied.is_some());
    html! {
        div class="scroll" tabindex="0" role="group" aria-labelledby=(labelled_by) {
            table class="rested" {
                thead { tr {
                    th scope="col" { "Factor" } th scope="col" { "Type" }
                    @if of_decision { th scope="col" { "Needed?" } }
                    @for head in ["From", "Until", "End reason", "By the rules", "On whose word"] {
                        th scope="col" { (head) } }
                } }
                tbody { @for row in rows { (one_row(&row, link, &mut times)) } }
            }
        }
    }
}

fn one_row(row: &Row<'_>, link: &dyn Fn(&RecordRef) -> Markup, times: &mut Times) -> Markup {
    let factor = row.factor;
    html! {
        tr class=(match factor.certainty { Certainty::Certain => "certain",
            Certainty::Possible => "possible" }) {
            th scope="row" {
                @match &row.page { Some(page) => a href=(page) { (inert(&factor.name)) },
                    None => (inert(&factor.name)) }
                @if let Some(record) = factor.evidence.first() { " " (link(record)) }
            }
            td data-head="Type" { (type_word(factor.factor_type)) }
            @if let Some(relied) = row.relied {
                td data-head="Needed?" {
                    @if relied.needed { "yes" } @else { "no, the rule says the same without it" }
                    @if relied.may_be_later { "; possibly it came only after the decision" }
                    @else if relied.certainty == Certainty::Possible { "; that it counted by \
                        record is only possible" }
                }
            }
            td data-head="From" { (times.show(factor.from)) }
            td data-head="Until" { (until(factor, times)) }
            td data-head="End reason" {
                @match factor.end_reason { Some(reason) => (lanes::words(reason)), None => "–" }
                @if let Some(record) = &factor.end_record {
                    " " (link(record))
                    @if is_late(record.occurred.from, record.recorded_at) {
                        ", recorded " (times.show(record.recorded_at)) " ("
                            (delay(record.occurred.from, record.recorded_at)) ")"
                    }
                }
            }
            td data-head="By the rules" { (by_rules(factor)) }
            td data-head="On whose word" {
                @match &factor.idp { Some(idp) => (inert(&called(idp.as_str(),
                    factor.idp_name.as_deref()))), None => "verified here" }
                @if let Some(key) = &factor.key { ", key " (inert(key.as_str())) }
                @if let Some(authenticator) = &factor.authenticator {
                    ", authenticator " (inert(&called(authenticator.as_str(),
                        factor.authenticator_name.as_deref()))) }
                ", " (factor.grade.as_str())
            }
        }
    }
}

fn until(factor: &HonoredFactor, times: &mut Times) -> String {
    match (factor.until, factor.until_bounds) {
        (Some(until), _) => times.show(until),
        (None, Some(bounds)) => match bounds.to {
            Some(to) => format!("between {} and {}", times.show(bounds.from), times.show(to)),
            None => format!("{} or later", times.show(bounds.from)),
        },
        (None, None) => "running".to_owned(),
    }
}

fn by_rules(factor: &HonoredFactor) -> Markup {
    html! {
        @if !factor.void.is_empty() {
            strong class="attention" { "void" } ": "
            @for (i, code) in factor.void.iter().enumerate() {
                @if i > 0 { "; " } (fate_words(code)) }
        } @else if !factor.by_rules {
            "by record only"
        } @else {
            "counts"
        }
        @if factor.certainty == Certainty::Possible {
            ", possibly"
            @if !factor.missing.is_empty() { "; missing: " }
            @for (i, code) in factor.missing.iter().enumerate() {
                @if i > 0 { "; " } (missing_words(code)) }
        }
    }
}

/// The rules that a tree cites, each once, with the document it comes from.
pub(super) fn rules_cited(tree: &Reason) -> Markup {
    let mut cited = BTreeMap::new();
    cite(tree, &mut cited);
    html! {
        @if !cited.is_empty() {
            details class="cited" {
                summary { @if cited.len() == 1 { "The rule cited, and its document" } @else {
                    "The " (cited.len()) " rules cited, and their documents" } }
                dl { @for (rule, source) in &cited { dt { code { (rule) } } dd { (source) } } }
            }
        }
    }
}

fn cite(reason: &Reason, cited: &mut BTreeMap<&'static str, &'static str>) {
    if let (Some(rule), Some(source)) = (reason.rule, reason.source) {
        cited.insert(rule, source);
    }
    reason.because.iter().for_each(|reason| cite(reason, cited));
}

/// The session's other decisions for the same application, in the total order.
pub(super) fn others(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let decision = found.decision();
    let is_other = |other: &&Decision| {
        other.recorded.app == decision.recorded.app
            && other.recorded.record.position != decision.recorded.record.position
    };
    let session = &found.session.state.id;
    let others = found.session.state.decisions.iter().filter(is_other);
    // The one of this page comes first, so that those like it stand together.
    let mut groups = equal::groups(std::iter::once(decision).chain(others).map(|one| (one, ())));
    let like = groups.remove(0);
    let href = |position| shown.pinned(address(position));
    html! {
        section aria-labelledby="others-h" {
            h2 id="others-h" { "Other decisions of " (inert(session.as_str())) " for "
                (inert(decision.recorded.app.as_str())) }
            @if groups.is_empty() && like.others.is_empty() {
                p { (frame::none(&shown.answer.absence)) }
            }
            (equal::others(&like, &href))
            @if !groups.is_empty() {
                ul class="others" { @for other in groups.iter().take(ROWS) {
                    li { (one(shown, other.first.0)) (equal::others(other, &href)) } } }
                @if groups.len() > ROWS { p {
                    (groups.len() - ROWS) " more: " a href=(shown.session(session)) {
                    "the whole session" } "." } }
            }
        }
    }
}

fn one(shown: &Shown<'_>, other: &Decision) -> Markup {
    let mut times = Times::default();
    html! {
        a href=(shown.pinned(address(other.recorded.record.position))) {
            (other.recorded.outcome.as_str()) " · " (times.occurred(other.recorded.at)) }
        " · " (shown.link(&other.recorded.record))
        @if let Some(differs) = &other.differs { " · " strong class="attention" {
            "≠ differs" } ": " (differs.words) }
        @if other.falsified_later.is_some() { " · " strong class="attention" {
            "✕ falsified later" } }
        @if is_late(other.recorded.at.from, other.recorded.record.recorded_at) {
            " · late, recorded " (clock(other.recorded.record.recorded_at)) }
    }
}

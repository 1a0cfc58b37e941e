//! The list itself: filter form, counts, rows, paging.

use super::{
    address::Address,
    as_query, decision,
    export_form::export_form,
    frame, links, names, outlived,
    session::state,
    sessions::SessionsView,
    sessions_filter as filter,
    text::{inert, sentence},
    times::Times,
};
use crate::{cut_names::AFTER, timeline::lanes::grade_letter};
use claimledger_app::model::{
    answer::{Answer, FilterChoices, Page, SessionHit},
    question::Caller,
};
use claimledger_domain::{
    explain::{called, line},
    model::{Certainty, Decision, Grade, SessionState},
};
use claimledger_facts::vocabulary::Role;
use maud::{Markup, html};

/// What stands in `<main>`.
pub(crate) fn main(
    caller: &Caller,
    view: &SessionsView,
    answer: &Answer<Page<SessionHit<SessionState>>>,
    (here, choices): (&Address, &FilterChoices),
) -> Markup {
    let page = &answer.value;
    let pinned = view.cut.pin(Address::new("/sessions"), &answer.answered);
    html! {
        h1 { "Sessions" }
        (filter::form(&view.written, &[], pinned.fields(), choices))
        (counts(view, page))
        @if page.items.is_empty() { (empty(view, answer)) } @else { (table(view, answer)) }
        @if page.has_next {
            @if let Some(cursor) = page.cursors.last() { p {
                a rel="next" href=(here.clone().with(AFTER, cursor.as_str()).href()) {
                "Next rows" } } }
        }
        @if view.cursor.is_some() { p { a href=(here.href()) { "First rows" } } }
        p class="as-other" {
            a href=(as_query::link("sessions", here)) { "As GraphQL" }
            @if !view.names { " · " (names::show(here)) }
        }
        @if caller.has(Role::Export) { (export(view, answer)) }
    }
}

/// The same list as a file, at the same T and K.
fn export(view: &SessionsView, answer: &Answer<Page<SessionHit<SessionState>>>) -> Markup {
    let list = view.cut.pin(Address::new("/v1/export/sessions"), &answer.answered);
    let written = view.written.iter();
    export_form(
        "these",
        &written.fold(list, |list, (name, value)| list.with(name, value.as_str())),
        true,
    )
}

/// `8 certain + 1 possible`, never 9. A count that stopped at the page's end says so.
fn counts(view: &SessionsView, page: &Page<SessionHit<SessionState>>) -> Markup {
    let certain = page.items.iter().filter(|hit| hit.certainty == Certainty::Certain).count();
    let possible = page.items.len() - certain;
    html! {
        p class="counts" {
            @if view.cursor.is_some() { "On this page " } @else if page.has_next { "At least " }
            strong { (certain) " certain + " (possible) " possible" }
        }
    }
}

fn empty(view: &SessionsView, answer: &Answer<Page<SessionHit<SessionState>>>) -> Markup {
    html! {
        p class="empty" {
            (frame::none(&answer.absence))
            @if !view.written.is_empty() {
                " Filtered by "
                @for (i, (name, value)) in view.written.iter().enumerate() {
                    @if i > 0 { " and " } (name) " " (inert(value)) }
                "; " a href="/sessions" { "without a filter" } "."
            }
        }
    }
}

fn table(view: &SessionsView, answer: &Answer<Page<SessionHit<SessionState>>>) -> Markup {
    let mut times = Times::default();
    let hits = &answer.value.items;
    // Without a filter there is no reason to give.
    let has_reasons =
        hits.iter().any(|hit| hit.certainty == Certainty::Possible || !hit.because.is_empty());
    html! {
        div class="scroll" tabindex="0" role="group" aria-label="Sessions" {
            table class="sessions" {
                thead { tr {
                    @for head in ["Session", "Subject", "Started", "IdP / key",
                        "Factors by record", "State at T", "Flags"] { th scope="col" { (head) } }
                    @if has_reasons { th scope="col" { "Why in this list" } }
                } }
                tbody { @for hit in hits { (row(view, answer, hit, has_reasons, &mut times)) } }
            }
        }
    }
}

fn row(
    view: &SessionsView,
    answer: &Answer<Page<SessionHit<SessionState>>>,
    hit: &SessionHit<SessionState>,
    has_reasons: bool,
    times: &mut Times,
) -> Markup {
    let session = &hit.session;
    let pinned = view
        .cut
        .pin(Address::new("/session").with("id", session.id.as_str()), &answer.answered)
        .href();
    let mut keys: Vec<_> =
        session.factors.iter().filter_map(|factor| factor.key.as_ref()).collect();
    keys.dedup();
    html! {
        tr class=(match hit.certainty { Certainty::Certain => "certain",
            Certainty::Possible => "possible" }) {
            th scope="row" { a href=(pinned) { (inert(session.id.as_str())) } }
            td { @if let Some(subject) = &session.origin.subject { (inert(subject.as_str())) } }
            td { @if let Some(from) = session.life.started_at { (times.show(from)) } }
            td {
                @if let Some(idp) = &session.origin.idp {
                    (inert(&called(idp.as_str(), session.origin.idp_name.as_deref()))) }
                @for key in keys.iter().take(5) {
                    "/"
                    a href=(view.cut.pin(links::of_key(session.origin.idp.as_ref().map(|idp|
                        idp.as_str()), key.as_str()), &answer.answered).href()) {
                        (inert(key.as_str())) }
                }
            }
            td { (factors(hit)) }
            td { (state(session, times)) }
            td { (flags(view, answer, session, times)) }
            @if has_reasons { td {
                @if hit.certainty == Certainty::Possible { strong { "possible: " } }
                @for (i, reason) in hit.because.iter().enumerate() {
                    @if i > 0 { "; " } (sentence(&line(reason), &|_| None)) }
            } }
        }
    }
}

/// What is odd about a session, each with the decision that it is about.
fn flags(
    view: &SessionsView,
    answer: &Answer<Page<SessionHit<SessionState>>>,
    session: &SessionState,
    times: &mut Times,
) -> Markup {
    let of_decision = |decision: &Decision| {
        view.cut.pin(decision::address(decision.recorded.record.position), &answer.answered).href()
    };
    let differs = session
        .decisions
        .iter()
        .find_map(|decision| decision.differs.as_ref().map(|difference| (decision, difference)));
    let falsified = session.decisions.iter().find_map(|decision| {
        decision.falsified_later.as_ref().map(|difference| (decision, difference))
    });
    // What a decision was falsified by is said there.
    let said = falsified.map(|(_, difference)| difference.words.as_str());
    let falsifiers =
        session.falsifiers.iter().filter(|falsifier| Some(falsifier.words.as_str()) != said);
    html! {
        @if let Some((decision, difference)) = differs {
            a class="attention" href=(of_decision(decision)) {
                "≠ differs" } " (" (difference.words) ")"
        }
        @if let Some((decision, difference)) = falsified {
            " " a class="attention" href=(of_decision(decision)) {
                "✕ falsified later" } " (" (difference.words) ")"
        }
        @if let Some(words) = outlived::words(session, times) { " " span { (words) } }
        @for falsifier in falsifiers.take(5) { " " span { (inert(&falsifier.words)) } }
    }
}

fn factors(hit: &SessionHit<SessionState>) -> Markup {
    let of = |grade: Grade| {
        hit.session.factors.iter().filter(move |factor| factor.by_record && factor.grade == grade)
    };
    html! {
        @for grade in crate::timeline::svg::GRADES {
            @if of(grade).next().is_some() {
                span class="graded" {
                    abbr title=(grade.as_str()) { (grade_letter(grade)) } ": "
                    @for (i, factor) in of(grade).enumerate() {
                        @if i > 0 { " " } (inert(&factor.name)) @if !factor.void.is_empty() {
                        " (void)" } }
                }
                " "
            }
        }
    }
}

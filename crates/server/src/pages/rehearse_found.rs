//! What `/rehearse` lists: decisions that would be otherwise, who would be locked out or asked
//! twice, sessions that live on it, and policies that could not be met.

use super::{
    address::Address,
    decision, frame,
    parameters::CutAsked,
    text::{count, inert},
    times::Times,
    why,
};
use claimledger_app::model::answer::{
    Absence, Answered, FallenHit, LockedOut, RedecidedHit, Rehearsed, UnchangedHit,
};
use claimledger_domain::model::{Certainty, Decision, Implied};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// Rows of each list; more are counted.
const ROWS: usize = 100;

/// Where a reader can go from here.
pub(crate) struct Links<'a> {
    /// T, K and R as asked.
    pub cut: &'a CutAsked,
    /// What it holds for.
    pub answered: &'a Answered,
    /// Why something may be absent.
    pub absence: &'a Absence,
}

impl Links<'_> {
    /// The page of a record; none: of all sources.
    pub(super) fn record(&self, position: Option<LogPosition>) -> String {
        let address = Address::new("/sources")
            .with_some("open", position.map(|p| p.0.to_string()).as_deref());
        self.cut.pin(address, self.answered).href()
    }

    fn decision(&self, decision: &Decision) -> String {
        let address = decision::address(decision.recorded.record.position);
        self.cut.pin(address, self.answered).href()
    }

    fn session(&self, id: &str) -> String {
        self.cut.pin(Address::new("/session").with("id", id), self.answered).href()
    }
}

/// The lists.
pub(super) fn main(links: &Links<'_>, rehearsed: &Rehearsed) -> Markup {
    let prompts: Vec<&LockedOut> = rehearsed.double_prompts().collect();
    let out: Vec<&LockedOut> =
        rehearsed.locked_out.iter().filter(|out| out.implied != Implied::Challenge).collect();
    html! {
        (accesses(links, "out", "Locked out", &out))
        (accesses(links, "prompts", "Asked twice: by the IdP, and by a local authenticator",
            &prompts))
        (part("flips", "Decisions that would be otherwise", links, &rehearsed.flips, &|flip| {
            flip_row(links, flip) }))
        (part("falls", "Decisions that fall", links, &rehearsed.falls, &|fall| {
            fall_row(links, fall) }))
        (part("live", "Sessions that live on it at T", links, &rehearsed.live, &|live| html! {
            th scope="row" { a href=(links.session(live.session.as_str())) {
                (inert(live.session.as_str())) } }
            td { @if let Some(subject) = &live.subject { (inert(subject.as_str())) } }
            td { @if live.certainty == Certainty::Possible { "possibly: " }
                @for (i, factor) in live.factors.iter().enumerate() {
                    @if i > 0 { ", " } (inert(factor)) } }
        }))
        section id="unmet" aria-labelledby="unmet-h" {
            h2 id="unmet-h" { "Policies that could not be met as before" }
            @if rehearsed.unmet.is_empty() { p {
                "Policies: " (frame::no_more(links.absence)) "." } }
            ul { @for unmet in rehearsed.unmet.iter().take(ROWS) {
                li { (inert(&unmet.sentence)) } } }
            @if rehearsed.unmet.len() > ROWS { p { (rehearsed.unmet.len() - ROWS) " more." } }
        }
        (part("unchanged", "Decisions that stay as they are", links, &rehearsed.unchanged,
            &|unchanged| unchanged_row(links, unchanged)))
        p class="muted" { (count(usize::try_from(rehearsed.sessions).unwrap_or(usize::MAX),
            "session")) " looked at." }
    }
}

/// A list as a table; its rows begin with their head.
fn part<T>(
    id: &str,
    title: &str,
    links: &Links<'_>,
    rows: &[T],
    row: &dyn Fn(&T) -> Markup,
) -> Markup {
    let head = format!("{id}-h");
    html! {
        section id=(id) aria-labelledby=(head) {
            h2 id=(head) { (title) @if !rows.is_empty() { ": " (rows.len()) } }
            @if rows.is_empty() {
                p { "In the window: " (frame::no_more(links.absence)) "." }
            } @else {
                div class="scroll" tabindex="0" role="group" aria-labelledby=(head) {
                    table { tbody { @for one in rows.iter().take(ROWS) { tr { (row(one)) } } } }
                }
            }
            @if rows.len() > ROWS { p { (rows.len() - ROWS) " more." } }
        }
    }
}

fn accesses(links: &Links<'_>, id: &str, title: &str, accesses: &[&LockedOut]) -> Markup {
    part(id, title, links, accesses, &|out| {
        html! {
            th scope="row" { a href=(links.session(out.session.as_str())) {
                (inert(out.session.as_str())) } }
            td { @if let Some(subject) = &out.subject { (inert(subject.as_str())) } }
            td { (inert(out.app.as_str())) }
        }
    })
}

/// A decision, as the first cells of a row.
fn head(links: &Links<'_>, decision: &Decision) -> Markup {
    let recorded = &decision.recorded;
    html! {
        th scope="row" { a href=(links.decision(decision)) { (recorded.record.position) } }
        td { (inert(recorded.session.as_str())) }
        td { (Times::default().occurred(recorded.at)) }
        td { (inert(&why::app(recorded))) }
        td { "recorded " (recorded.outcome.as_str()) }
    }
}

fn flip_row(links: &Links<'_>, flip: &RedecidedHit) -> Markup {
    html! { (head(links, &flip.decision)) td { (inert(&flip.words)) } }
}

fn fall_row(links: &Links<'_>, fall: &FallenHit) -> Markup {
    html! {
        (head(links, &fall.decision))
        td {
            @if fall.certainty == Certainty::Possible { "possibly: " }
            (inert(&fall.words))
        }
    }
}

fn unchanged_row(links: &Links<'_>, unchanged: &UnchangedHit) -> Markup {
    html! { (head(links, &unchanged.decision)) td { (inert(&unchanged.words)) } }
}

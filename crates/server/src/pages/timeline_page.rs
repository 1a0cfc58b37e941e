//! `/timeline`: everything around one session in one order: its own records, and those of its IdP,
//! of trust, policies, keys and administrators that concern it.

use super::{
    address::Address,
    as_query,
    error_page::PageError,
    export_form::export_form,
    frame,
    links::Links,
    names,
    parameters::CutAsked,
    pinned::PinnedPage,
    reader::Reader,
    record,
    text::{inert, sentence},
    times::{Times, delay},
};
use crate::{cut_names::AFTER, http::Server};
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::{
    answer::{AbsenceCode, Answer},
    question::Caller,
    reached::TimelinePage,
};
use claimledger_domain::{
    model::Certainty,
    timeline::{ClockOrder, Row},
};
use claimledger_facts::{ids::SessionId, vocabulary::Role};
use maud::{Markup, html};

/// Rows of a page.
const ROWS: u32 = 100;

/// The page of a session's timeline, without T, K and R.
pub(super) fn address(session: &str) -> Address {
    Address::new("/timeline").with("session", session)
}

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// What the address says.
struct View {
    session: SessionId,
    order: ClockOrder,
    cut: CutAsked,
    cursor: Option<String>,
    /// Whether names are asked for.
    names: bool,
}

impl View {
    fn keep(&self, order: ClockOrder) -> Address {
        let names = self.names.then_some("1");
        address(self.session.as_str())
            .with_some("order", word(order))
            .with_some(names::NAMES, names)
    }
}

/// The order, where it is not the usual one.
const fn word(order: ClockOrder) -> Option<&'static str> {
    match order {
        ClockOrder::Occurred => None,
        ClockOrder::Recorded => Some("recorded"),
    }
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let session = parameters
        .get("session")
        .ok_or_else(|| PageError::refused("The address names no session: session is missing."))?;
    let order = match parameters.get("order") {
        None | Some("occurred") => ClockOrder::Occurred,
        Some("recorded") => ClockOrder::Recorded,
        Some(other) => {
            let why = format!("unknown order {other}: use occurred or recorded.");
            return Err(PageError::refused(why));
        }
    };
    let (wait, cursor) = parameters.after();
    let names = parameters.flag(names::NAMES)?.unwrap_or(false);
    let view = View { session: session.into(), order, cut: parameters.cut()?, cursor, names };
    let asking = view.cut.asking(wait);
    let (app, after) = (&server.app, view.cursor.as_deref());
    let found = app.timeline(caller, &view.session, order, &asking, ROWS, after).await?;
    let page = PinnedPage::of(caller, &view.cut, view.keep(order), &found);
    if let Some(response) = page.instead() {
        return Ok(response);
    }
    if found.absence.code == AbsenceCode::NotKnown {
        return Ok(page.unknown("/sessions", None));
    }
    let names = if view.names {
        named(server, caller, &view).await?
    } else {
        html! {}
    };
    let main = main(caller, &view, &found, &page.here);
    let title = format!("Timeline of {session}");
    Ok(page.show(StatusCode::OK, &title, names, main))
}

/// The name of the session's person: no other person is in the rows.
async fn named(server: &Server, caller: &Caller, view: &View) -> Result<Markup, PageError> {
    let session = server.app.session(caller, &view.session, &view.cut.asking(None)).await?.value;
    let subject = session.iter().filter_map(|found| found.state.origin.subject.as_ref());
    names::section(server, caller, subject).await
}

fn main(caller: &Caller, view: &View, found: &Answer<TimelinePage>, here: &Address) -> Markup {
    let links = Links::of(&view.cut, found);
    let page = &found.value.page;
    let by = |order| links.to(view.keep(order));
    let late = page.items.iter().filter(|row| row.late).count();
    let export = Address::new("/v1/export/timeline")
        .with("session", view.session.as_str())
        .with_some("order", word(view.order));
    html! {
        h1 { "Timeline of " (inert(view.session.as_str())) }
        p class="verdict" {
            @if page.has_next || view.cursor.is_some() { "On this page " }
            (page.items.len()) " records around the session, " (late) " of them late: its own, \
                and those of its IdP, trust, policies, keys and administrators that concern it." }
        nav class="switches" aria-label="How to look at it" {
            p { "Order "
                @match view.order {
                    ClockOrder::Occurred => { strong { "occurred" } " · "
                        a href=(by(ClockOrder::Recorded)) { "recorded" } },
                    ClockOrder::Recorded => { a href=(by(ClockOrder::Occurred)) { "occurred" }
                        " · " strong { "recorded" } },
                }
                " · " a href=(links.session(view.session.as_str())) { "The session" }
                " · " a href=(as_query::link("timeline", here)) { "As GraphQL" }
                @if !view.names { " · " (names::show(here)) }
            }
        }
        @if page.items.is_empty() { p class="empty" { (frame::none(&found.absence)) } }
        @else { (table(&links, &page.items, view.order)) }
        @if let (true, Some(cursor)) = (page.has_next, page.cursors.last()) {
            p { a rel="next" href=(here.clone().with(AFTER, cursor.as_str()).href()) {
                "Next rows" } } }
        @if view.cursor.is_some() { p { a href=(here.href()) { "First rows" } } }
        @if caller.has(Role::Export) {
            (export_form("these", &view.cut.pin(export, &found.answered), false)) }
    }
}

fn table(links: &Links<'_>, rows: &[Row], order: ClockOrder) -> Markup {
    let (mut occurred, mut recorded) = (Times::default(), Times::default());
    let heads = match order {
        ClockOrder::Occurred => ["Occurred", "Recorded"],
        ClockOrder::Recorded => ["Recorded", "Occurred"],
    };
    html! {
        div class="scroll" tabindex="0" role="group" aria-label="Timeline" {
            table class="walk" {
                thead { tr { @for head in heads.into_iter().chain(["Record", "Of", "What",
                    "Source"]) { th scope="col" { (head) } } } }
                tbody {
                    @for row in rows {
                        @let own = html! { (occurred.occurred(row.occurred))
                            @if let Some(from) = row.effective_from.filter(|from|
                                *from != row.occurred.from) {
                                ", with effect from " (recorded.show(from)) } };
                        @let at = html! { (recorded.show(row.record.recorded_at)) " ("
                            @if row.late { strong class="attention" { "late" } " " }
                            (delay(row.effective_from.unwrap_or(row.occurred.from),
                                row.record.recorded_at)) ")" };
                        @let (first, second) = match order {
                            ClockOrder::Occurred => (own, at),
                            ClockOrder::Recorded => (at, own),
                        };
                        (of_row(links, row, (heads[1], &first, &second)))
                    }
                }
            }
        }
    }
}

fn of_row(
    links: &Links<'_>,
    row: &Row,
    (second_head, first, second): (&str, &Markup, &Markup),
) -> Markup {
    let record = &row.record;
    html! {
        tr class=(row.certainty.as_str()) {
            th scope="row" { (first) }
            td data-head=(second_head) { (second) }
            td data-head="Record" { a href=(links.to(record::address(record.position))) {
                (record.position) } }
            td data-head="Of" { (row.category.as_str().replace('_', " ")) }
            td data-head="What" {
                @if row.certainty == Certainty::Possible { strong { "possible: " } }
                (sentence(&row.words, &|n| links.named(n)))
                @if row.variant { " (the source said something else under the same id too)" }
            }
            td data-head="Source" { (inert(record.source.as_str())) }
        }
    }
}

//! `/first-seen`: which issuers, keys and `amr` sets appeared for the first time in a window,
//! compared with everything that is known.

use super::{
    address::Address,
    as_query,
    error_page::PageError,
    export_form::export_form,
    frame,
    links::{self, Links},
    parameters::CutAsked,
    pinned::PinnedPage,
    reader::Reader,
    text::{count, inert},
    times::Times,
};
use crate::http::Server;
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::{
    answer::FirstSeenAnswer,
    question::{Asking, Caller},
};
use claimledger_domain::{
    first_seen::{FirstSeen, FirstSeenKind, Shown, Window},
    model::Certainty,
};
use claimledger_facts::{time::Time, vocabulary::Role};
use maud::{Markup, html};

/// The window of the overview: the day before T.
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// The address of a list, without T, K and R.
fn address(kind: FirstSeenKind, window: Window) -> Address {
    let text = |time: Option<Time>| time.map(|time| time.to_string());
    Address::new("/first-seen")
        .with("kind", kind.as_str())
        .with_some("from", text(window.from).as_deref())
        .with_some("to", text(window.to).as_deref())
}

const fn nouns(kind: FirstSeenKind) -> (&'static str, &'static str) {
    match kind {
        FirstSeenKind::Issuer => ("issuer", "Issuers"),
        FirstSeenKind::Key => ("key", "Keys"),
        FirstSeenKind::AmrSet => ("amr set", "amr sets"),
    }
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let kind = match parameters.get("kind") {
        None => FirstSeenKind::Key,
        Some(word) => {
            FirstSeenKind::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| {
                PageError::refused(format!("kind: {word} is not issuer, key or amr_set."))
            })?
        }
    };
    let window = Window { from: parameters.time("from")?, to: parameters.time("to")? };
    let cut = parameters.cut()?;
    let asking = cut.asking(parameters.wait()?);
    let found = server.app.first_seen(caller, kind, window, &asking).await?;
    let page = PinnedPage::of(caller, &cut, address(kind, window), &found);
    if let Some(response) = page.instead() {
        return Ok(response);
    }
    let links = Links::of(&cut, &found);
    let main = main(&links, caller, kind, &found.value, &page.here);
    Ok(page.show(StatusCode::OK, "First seen", html! {}, main))
}

fn main(
    links: &Links<'_>,
    caller: &Caller,
    kind: FirstSeenKind,
    found: &FirstSeenAnswer,
    here: &Address,
) -> Markup {
    let (window, compared, mut times) = (found.window, &found.compared, Times::default());
    let (noun, nouns_) = nouns(kind);
    let day = Window { from: Some(day_before(links.answered.at)), to: None };
    let export = export_address(kind, window);
    html! {
        h1 { (nouns_) " seen for the first time" }
        p class="verdict" {
            (count(found.items.len(), noun)) " appeared"
            @if let Some(from) = window.from { " from " (times.show(from)) }
            @if let Some(to) = window.to { " until " (times.show(to)) }
            @if window == Window::default() { " in all" }
            ", compared with the whole log from " (compared.from) " to " (compared.to) ": "
            (count(compared.values, "value")) " in all"
            @if let Some(since) = compared.since { ", the first of " (times.show(since)) }
            "."
        }
        nav class="switches" aria-label="What to look at" {
            p {
                @for other in FirstSeenKind::ALL {
                    @if other == kind { strong { (nouns(other).1) } }
                    @else { a href=(links.to(address(other, window))) { (nouns(other).1) } }
                    " · "
                }
                a href=(links.to(address(kind, day))) { "the day before T" } " · "
                a href=(links.to(address(kind, Window::default()))) { "all time" } " · "
                a href=(as_query::link("first-seen", here)) { "As GraphQL" }
            }
        }
        @if found.items.is_empty() { p class="empty" { (frame::none(links.absence)) } }
        @else { (table(links, &found.items)) }
        @if caller.has(Role::Export) { (export_form("these", &links.cut.pin(export,
            links.answered), false)) }
    }
}

fn export_address(kind: FirstSeenKind, window: Window) -> Address {
    let list = address(kind, window);
    list.fields().iter().fold(Address::new("/v1/export/first-seen"), |to, (name, value)| {
        to.with(name, value.as_str())
    })
}

fn table(links: &Links<'_>, items: &[FirstSeen]) -> Markup {
    let mut times = Times::default();
    html! {
        div class="scroll" tabindex="0" role="group" aria-label="First seen" {
            table class="walk" {
                thead { tr { @for head in ["Value", "First seen", "Session", "Record",
                    "By record"] { th scope="col" { (head) } } } }
                tbody { @for item in items { (row(links, item, &mut times)) } }
            }
        }
    }
}

fn row(links: &Links<'_>, item: &FirstSeen, times: &mut Times) -> Markup {
    let claim = &item.claim;
    html! {
        tr class=(item.certainty.as_str()) {
            th scope="row" { (value(links, &item.shown)) }
            td data-head="First seen" {
                @if item.certainty == Certainty::Possible { strong { "possibly " } }
                (times.show(item.at)) }
            td data-head="Session" { a href=(links.session(claim.session.as_str())) {
                (inert(claim.session.as_str())) } }
            td data-head="Record" { (links.record(claim.record.position)) }
            td data-head="By record" { @match claim.honored {
                Some(true) => "honored",
                Some(false) => { "not honored"
                    @if !claim.reasons.is_empty() { ": "
                        (claim.reasons.join(", ").replace('_', " ")) } },
                None => "not seen",
            } }
        }
    }
}

fn value(links: &Links<'_>, shown: &Shown) -> Markup {
    match shown {
        Shown::Issuer(idp) => html! { a href=(links.to(links::trust(idp.as_str()))) {
        (inert(idp.as_str())) } },
        Shown::Key(idp, key) => html! {
        a href=(links.to(links::of_key(Some(idp.as_str()), key.as_str()))) {
            (inert(key.as_str())) } " of " (inert(idp.as_str())) },
        Shown::AmrSet(set) if set.is_empty() => html! { "sent without any" },
        Shown::AmrSet(set) => html! { @for (i, amr) in set.iter().enumerate() {
        @if i > 0 { " + " } (inert(amr)) } },
    }
}

fn day_before(at: Time) -> Time {
    Time::from_micros(at.micros().saturating_sub(DAY_MICROS))
}

/// Of each kind how many were new in the day before T, with the list.
pub(super) async fn counts(
    server: &Server,
    caller: &Caller,
    cut: &CutAsked,
    at: Time,
    asking: &Asking,
) -> Result<Markup, PageError> {
    let window = Window { from: Some(day_before(at)), to: None };
    let found = server.app.first_seen_counts(caller, window, asking).await?;
    let href = |kind| cut.pin(address(kind, window), &found.answered).href();
    Ok(html! {
        section id="first" aria-labelledby="first-h" {
            h2 id="first-h" { "First seen in the day before T" }
            @let counts = FirstSeenKind::ALL.into_iter().zip(found.value.0);
            ul class="numbers" { @for (kind, count) in counts { li {
                a class="calm" href=(href(kind)) { @match count {
                    // The list says why.
                    Some(count) => (count), None => "not counted here" } }
                " " span class="counted" { (nouns(kind).1) }
            } } }
        }
    })
}

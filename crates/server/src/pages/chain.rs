//! `/chain`: what is linked to an id, from an application's session to the IdP's and the root.

use super::{
    address::Address,
    error_page::PageError,
    frame,
    links::{self, Links},
    pinned::PinnedPage,
    reader::Reader,
    text::{count, inert},
    times::Times,
};
use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    question::Asking,
    reached::{AppHop, Chain, ChainKind, ChainLink, Hop},
};
use claimledger_domain::model::RecordRef;
use claimledger_facts::ids::SessionId;
use maud::{Markup, html};
use serde::Deserialize;
use std::fmt::Display;

/// Maximum bytes of the form.
const MAX_FORM_BYTES: usize = 4 * 1024;
/// Records that are named of a hop.
const RECORDS: usize = 20;
/// The same of one session of an application, of which a session may have thousands.
const RECORDS_OF_APP: usize = 3;
/// Maximum sessions of the page.
const SESSIONS: usize = 20;
/// Maximum rows of applications, and of ids in one list, shared by the sessions.
const ROWS: usize = 100;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

#[derive(Deserialize)]
struct Form {
    id: String,
}

/// The form: only what is an id of something linked comes into an address.
pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let answer = async {
        let sent: Form = reader.form(body, MAX_FORM_BYTES).await?;
        to_chain(&reader, sent.id.trim()).await
    };
    reader.shown(answer.await)
}

/// To the page of the chain, where anything linked goes by the id.
async fn to_chain(Reader { server, caller, .. }: &Reader, id: &str) -> Result<Response, PageError> {
    let found = server.app.chain(caller, id, &Asking::default()).await?;
    if !found.value.kinds.is_empty() {
        return Ok(Redirect::to(&links::chain(id).href()).into_response());
    }
    let main = html! {
        h1 { "Chain" }
        p { "Nothing that is linked goes by this id at " (found.answered.position) "." }
        (id_form())
    };
    Ok(frame::page(StatusCode::NOT_FOUND, "Chain", Some(caller), html! {}, main))
}

fn id_form() -> Markup {
    html! {
        form class="filter" method="post" action="/chain" {
            label { "Id of a session, an application's session, an IdP's session or a root session "
                input name="id" size="36" autocomplete="off" required; }
            button type="submit" { "Show the chain" }
        }
    }
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let cut = parameters.cut()?;
    let Some(id) = parameters.get("id") else {
        let main = html! { h1 { "Chain" } (id_form()) };
        return Ok(frame::page(StatusCode::OK, "Chain", Some(caller), html! {}, main));
    };
    let asking = cut.asking(parameters.wait()?);
    let found = server.app.chain(caller, id, &asking).await?;
    let keep = links::chain(id);
    let page = PinnedPage::of(caller, &cut, keep.clone(), &found);
    if let Some(response) = page.instead() {
        return Ok(response);
    }
    if found.value.kinds.is_empty() {
        return Ok(page.unknown("/sessions", None));
    }
    let links = Links::of(&cut, &found);
    let main = html! {
        (main(&links, id, &found.value))
        (links::as_other(&links, ("chain", &keep), None))
    };
    Ok(page.show(StatusCode::OK, &format!("Chain of {id}"), html! {}, main))
}

fn main(links: &Links<'_>, id: &str, chain: &Chain) -> Markup {
    let sessions = chain.links.iter().filter(|link| link.session.id.is_some()).count();
    let not_begun = chain.links.is_empty();
    html! {
        h1 { "Chain of " (inert(id)) }
        p class="verdict" {
            (inert(id)) " is "
            @for (i, kind) in chain.kinds.iter().enumerate() {
                @if i > 0 { " and " } (kind_word(*kind)) }
            ". "
            @if not_begun {
                "It is known at " (links.answered.position) ", and nothing of it had begun at T."
                @if let Some(begins) = chain.begins { " It begins " (Times::default().show(begins))
                    ", after T." }
                @for id in &chain.not_begun { " " a href=(links.session(id.as_str())) {
                    "Session " (inert(id.as_str())) } "." }
            } @else if sessions == 0 { "No session names it." } @else {
                (count(sessions, "session")) " at the service provider "
                @if sessions == 1 { "hangs" } @else { "hang" } " on it. Reached: "
                @if chain.apps.is_empty() { (frame::no_more(links.absence)) }
                @for (i, app) in chain.apps.iter().take(ROWS).enumerate() {
                    @if i > 0 { ", " }
                    a href=(links.to(Address::new("/sessions").with("app", app.as_str()))) {
                        (inert(app.as_str())) }
                }
                (and_more(chain.apps.len(), ROWS))
                "."
            }
        }
        @let most = ROWS / chain.links.len().clamp(1, SESSIONS);
        @for (n, link) in chain.links.iter().take(SESSIONS).enumerate() {
            (of_link(links, n, link, most)) }
        @if chain.links.len() > SESSIONS {
            p class="more" { (count(chain.links.len() - SESSIONS, "more session"))
                ", which this page does not list: use the query." } }
    }
}

const fn kind_word(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::AppSession => "an application's session",
        ChainKind::Session => "a session at the service provider",
        ChainKind::IdpSession => "a session at an IdP",
        ChainKind::RootSession => "a root session",
    }
}

fn of_link(links: &Links<'_>, n: usize, link: &ChainLink, most: usize) -> Markup {
    let head = format!("link-{n}");
    let leads = |id: &dyn Display| links.to(links::chain(&id.to_string()));
    html! {
        section aria-labelledby=(head) {
            h2 id=(head) { @match &link.session.id {
                Some(id) => { "Session " (inert(id.as_str())) },
                None => "No session" } }
            div class="scroll" tabindex="0" role="group" aria-labelledby=(head) {
                table class="chain" {
                    thead { tr { @for head in ["Hop", "Id", "Records"] {
                        th scope="col" { (head) } } } }
                    tbody {
                        @for app in link.apps.iter().take(most) { (of_app(links, app)) }
                        @if link.apps.len() > most { tr class="others" {
                            th scope="row" { "Applications" }
                            td { (link.apps.len() - most) " more, which this page does not list: \
                                use the query" }
                            td {}
                        } }
                        (hop(links, "Session", &link.session,
                            &|id| links.session(id.as_str())))
                        @if !link.aliases.is_empty() {
                            (others(links, "Its other ids", &link.aliases, most)) }
                        (hop(links, "Identity provider", &link.idp,
                            &|id| links.to(links::trust(id.as_str()))))
                        (hop(links, "IdP session", &link.idp_session, &|id| leads(id)))
                        (others(links, "Other sessions of this IdP session", &link.siblings, most))
                        (hop(links, "Root session", &link.root_session, &|id| leads(id)))
                        (others(links, "Other sessions of this root session", &link.root_siblings,
                            most))
                    }
                }
            }
        }
    }
}

fn of_app(links: &Links<'_>, app: &AppHop) -> Markup {
    html! {
        tr {
            th scope="row" { "Application" @if let Some(app) = &app.app {
                " " (inert(app.as_str())) } }
            td { (id_or_reason(&app.hop, &|id| links.to(links::chain(id)))) }
            td { (records(links, &app.hop.records, RECORDS_OF_APP)) }
        }
    }
}

fn hop<T: Display>(
    links: &Links<'_>,
    name: &str,
    hop: &Hop<T>,
    href: &dyn Fn(&T) -> String,
) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td { (id_or_reason(hop, href)) }
            td { (records(links, &hop.records, RECORDS)) }
        }
    }
}

/// The id, or `unknown` with the reason: a hop is never left out.
fn id_or_reason<T: Display>(hop: &Hop<T>, href: &dyn Fn(&T) -> String) -> Markup {
    html! {
        @match &hop.id {
            Some(id) => a href=(href(id)) { (inert(&id.to_string())) },
            None => { strong { "unknown" } ": "
                (hop.reason.unwrap_or("no reason stated").replace('_', " ")) },
        }
    }
}

fn others(links: &Links<'_>, name: &str, ids: &[SessionId], most: usize) -> Markup {
    html! {
        tr class="others" {
            th scope="row" { (name) }
            td {
                @if ids.is_empty() { (frame::no_more(links.absence)) }
                @for (i, id) in ids.iter().take(most).enumerate() {
                    @if i > 0 { ", " }
                    a href=(links.session(id.as_str())) { (inert(id.as_str())) }
                }
                (and_more(ids.len(), most))
            }
            td {}
        }
    }
}

fn records(links: &Links<'_>, records: &[RecordRef], most: usize) -> Markup {
    html! {
        @for record in records.iter().take(most) { (links.record(record.position)) " " }
        (and_more(records.len(), most))
    }
}

fn and_more(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { " and " (all - shown) " more" } }
}

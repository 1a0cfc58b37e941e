//! `/access`: who was shown what, and the reason that this reader states. The page lists itself.

use super::{
    address::Address,
    as_query,
    elements::{empty, table},
    error_page::PageError,
    frame,
    parameters::Parameters,
    reader::Reader,
    sessions_filter,
    text::{count, inert, plain},
    times::Times,
};
use crate::{
    cut_names::AFTER,
    filters,
    http::{access::Disclosing, auth},
};
use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    access::{AccessEntry, AccessFilter, AccessPage, MAX_CASE, MAX_PURPOSE, Reason},
    question::Caller,
};
use maud::{Markup, html};

const PATH: &str = "/access";
/// Entries of a page.
const ENTRIES: u64 = 50;
/// Maximum sessions of an entry that are listed; the number of the others is said.
const MAX_LISTED: usize = 5;
/// Maximum bytes of the form.
const MAX_FORM_BYTES: usize = 4_000;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// States the reason of a page session; or leads to the list that the filter asks for, where a
/// person is a pseudonym.
pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let stated = async {
        let sent = reader.sent(body, MAX_FORM_BYTES).await?;
        if sent.get("list").is_some() {
            return filtered(&reader, &sent).await;
        }
        let reason = Reason::new(sent.trimmed("purpose"), sent.trimmed("case"))
            .map_err(PageError::refused)?;
        if let Some(value) = auth::cookie(&reader.headers) {
            reader.server.app.state_page_reason(value, reason);
        }
        Ok::<_, PageError>(Redirect::to(PATH).into_response())
    };
    reader.shown(stated.await)
}

/// The filter's fields.
const FIELDS: [&str; 4] = ["subject", "session", "from", "to"];

async fn filtered(reader: &Reader, sent: &Parameters) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let person = match sent.get("subject") {
        None => None,
        // Readers of this list need not be readers of records.
        Some(called) if is_pseudonym(called) => Some(called.to_owned()),
        Some(called) => Some(
            sessions_filter::person(server, caller, sent, called)
                .await?
                .map_err(|why| PageError::refused(format!("Person: {why}")))?,
        ),
    };
    let list = FIELDS.iter().fold(Address::new(PATH), |to, name| {
        let value = if *name == "subject" { person.as_deref() } else { sent.get(name) };
        to.with_some(name, value)
    });
    let there = Redirect::to(&list.href());
    Ok(if person.as_deref() != sent.get("subject") {
        (axum::Extension(Disclosing), there).into_response()
    } else {
        there.into_response()
    })
}

/// Whether this is a pseudonym as ledgers make them, and no login that begins like one.
fn is_pseudonym(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    text.strip_prefix("p-").is_some_and(|rest| rest.len() >= 16 && rest.bytes().all(is_digit))
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    parameters.only(&["subject", "session", "from", "to", AFTER])?;
    filters::pseudonym(&parameters)?;
    let filter = AccessFilter {
        subject: parameters.get("subject").map(Into::into),
        session: parameters.get("session").map(Into::into),
        from: parameters.time("from")?,
        to: parameters.time("to")?,
    };
    let after = parameters.wait()?;
    let page = server.app.accesses(caller, &filter, ENTRIES, after).await?;
    let keep =
        FIELDS.iter().fold(Address::new(PATH), |to, name| to.with_some(name, parameters.get(name)));
    let here = keep.clone().with_some(AFTER, parameters.get(AFTER));
    let next = page.entries.last().filter(|_| page.has_next);
    let next = next.map(|last| keep.clone().with(AFTER, last.position.0.to_string()).href());
    let main = html! {
        h1 id="access-h" { "Access log" }
        p { "Who was shown what, and for what reason. The last entry is first; the entry of this \
            page is among them." }
        (asked(&parameters))
        @if page.own_only { p class="notice" { "These are entries of your own credential. Those \
            of others need the role govern." } }
        (list(&page))
        @if let Some(next) = next { p { a href=(next) { "Earlier entries" } } }
        p class="as-other" { a href=(as_query::link("access", &here)) { "As GraphQL" } }
        (why(caller))
    };
    Ok(frame::page(StatusCode::OK, "Access log", Some(caller), html! {}, main))
}

/// The filter, as a form.
fn asked(parameters: &Parameters) -> Markup {
    let value = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
    html! {
        // By POST: a login may be typed.
        form class="filter" method="post" action=(PATH) {
            input type="hidden" name="list" value="1";
            label { "Session " input name="session" value=(value("session")) autocomplete="off"; }
            label { "Person (pseudonym or login) " input name="subject" value=(value("subject"))
                autocomplete="off"; }
            label { "From " input name="from" value=(value("from")) autocomplete="off"; }
            label { "to " input name="to" value=(value("to")) autocomplete="off"; }
            button type="submit" { "Ask" }
        }
    }
}

/// The reason that is recorded with what this reader is shown.
fn why(caller: &Caller) -> Markup {
    let reason = caller.request().map(|request| request.reason()).unwrap_or_default();
    html! {
        h2 { "Your reason" }
        form class="filter" method="post" action=(PATH) {
            p { "Recorded with every page that you are shown, until you sign out. It is sealed." }
            label { "Purpose " input name="purpose" maxlength=(MAX_PURPOSE)
                value=(reason.purpose.unwrap_or_default()) autocomplete="off"; }
            label { "Case " input name="case" maxlength=(MAX_CASE)
                value=(reason.case.unwrap_or_default()) autocomplete="off"; }
            button type="submit" { "Keep" }
        }
    }
}

fn list(page: &AccessPage) -> Markup {
    const HEADS: [&str; 9] =
        ["Entry", "Written", "Credential", "By", "Asked", "Shown", "Purpose", "Case", "Request"];
    if page.entries.is_empty() {
        return empty(&html! { "No entry of the access log is asked for." });
    }
    let mut times = Times::default();
    let rows = html! {
        @for entry in &page.entries { tr {
            td { (entry.position.0) }
            td { (times.show(entry.at)) }
            td { (inert(&entry.disclosed.credential)) span class="muted" { " ("
                (words(entry.disclosed.roles.iter().map(|role| role.as_str()))) ")" } }
            td { (entry.disclosed.surface.as_str()) }
            td { (words(entry.disclosed.questions.iter().map(|asked| asked.question.as_str()))) }
            td { (shown(entry)) }
            td { (inert(entry.reason.purpose.as_deref().unwrap_or("–"))) }
            td { (inert(entry.reason.case.as_deref().unwrap_or("–"))) }
            td { (plain(&entry.disclosed.request)) @if entry.disclosed.part > 1 {
                " part " (entry.disclosed.part) } }
        } }
    };
    table("access-h", "entries", &HEADS, &rows)
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    plain(&words.collect::<Vec<_>>().join(", "))
}

/// What an entry names.
fn shown(entry: &AccessEntry) -> Markup {
    let shown = &entry.disclosed;
    if let Some(needs) = shown.refused {
        return html! { "refused: needs the role " (needs.as_str()) };
    }
    let records: u64 = shown.records.iter().map(|range| range.last.0 - range.first.0 + 1).sum();
    html! {
        @if shown.whole_log { "everything" }
        @for (n, id) in shown.sessions.iter().take(MAX_LISTED).enumerate() {
            @if n > 0 { ", " }
            (inert(id.as_str()))
        }
        @if shown.sessions.len() > MAX_LISTED {
            " and " (count(shown.sessions.len() - MAX_LISTED, "more session"))
        }
        @if records > 0 { " · " (count(records, "record")) }
        @if shown.names { " · with names" }
    }
}

//! `/find`: where a text appears. The box is in the frame of every page. What is typed may be about
//! a person: it comes by POST, and is in no address, no title and no log.

use super::{
    address::Address,
    decision,
    error_page::PageError,
    find_box::{MAX_TEXT, PATH},
    find_list,
    find_pages::{page_of, record_page},
    frame, names,
    parameters::{CutAsked, Parameters},
    reader::Reader,
};
use crate::{
    cut_names::{self, AT, KNOWN_AT},
    http::{Server, access::Disclosing},
};
use axum::{
    body::Body,
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    answer::{Answer, DecisionAt},
    question::{Asking, Caller},
    reached::{Found, FoundKind, FoundList},
};
use claimledger_facts::{ids::Pseudonym, vocabulary::Role};
use maud::{Markup, html};

/// Maximum bytes of the form.
const MAX_FORM_BYTES: usize = 16 * 1024;

pub(crate) async fn get(reader: Reader) -> Response {
    let why = html! {
        @if has_text(&reader.uri) {
            p class="problem" role="alert" { "The text in the address is not searched, and is \
                not shown here: a text may be about a person, and an address is kept in histories \
                and logs. Type it into the field: it is sent by POST." }
        }
    };
    show(StatusCode::OK, &reader.caller, &Typed::default(), (html! {}, why))
}

/// Whether an address has more than a cut: nothing but that belongs in it.
fn has_text(uri: &Uri) -> bool {
    let pairs = uri.query().unwrap_or("").split('&');
    pairs
        .filter_map(|pair| pair.split('=').next())
        .any(|name| !name.is_empty() && name != "view" && !cut_names::ALL.contains(&name))
}

pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let answer = async {
        let sent = reader.sent(body, MAX_FORM_BYTES).await?;
        answer(&reader, &sent).await
    };
    reader.shown(answer.await)
}

/// What was typed, to be there again.
#[derive(Default)]
struct Typed<'a> {
    text: &'a str,
    at: &'a str,
    known_at: &'a str,
    /// Whether names are asked for.
    names: bool,
}

async fn answer(reader: &Reader, sent: &Parameters) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let value = |name| sent.get(name).unwrap_or_default();
    let names = sent.flag(names::NAMES)?.unwrap_or(false);
    let typed = Typed { text: value("text"), at: value(AT), known_at: value(KNOWN_AT), names };
    let refused = |trouble: PageError| match trouble.refusal() {
        Some(why) => {
            let why = html! { p class="problem" role="alert" { (super::text::inert(&why)) } };
            Ok(show(StatusCode::UNPROCESSABLE_ENTITY, caller, &typed, (html! {}, why)))
        }
        None => Err(trouble),
    };
    let cut = match sent.cut() {
        Ok(cut) => cut,
        Err(trouble) => return refused(trouble),
    };
    if typed.text.is_empty() {
        return refused(PageError::refused("Nothing was typed."));
    }
    if typed.text.chars().nth(MAX_TEXT).is_some() {
        let why = format!("The text has more than {MAX_TEXT} characters.");
        return refused(PageError::refused(why));
    }
    let found = match server.app.find(caller, typed.text, &cut.asking(None)).await {
        Ok(found) => found,
        Err(error) => return refused(error.into()),
    };
    if let Some(there) = only_page(server, caller, &found, &cut).await? {
        let to = cut.pin(there, &found.answered).href();
        // That this text leads there is an answer, and the next request does not know of it.
        return Ok((axum::Extension(Disclosing), Redirect::to(&to)).into_response());
    }
    let list = find_list::list(caller, &found, &cut);
    let people = people(&found.value);
    let names = if typed.names {
        names::section(server, caller, &people).await?
    } else {
        html! {}
    };
    Ok(show(StatusCode::OK, caller, &typed, (names, list)))
}

/// The people that were found.
fn people(found: &FoundList) -> Vec<Pseudonym> {
    let is_person = |found: &&Found| found.kind == FoundKind::Person;
    found.items.iter().filter(is_person).map(|found| found.name.as_str().into()).collect()
}

/// The page to go to at once: that of the only thing that was found, or that of all of them.
async fn only_page(
    server: &Server,
    caller: &Caller,
    found: &Answer<FoundList>,
    cut: &CutAsked,
) -> Result<Option<Address>, PageError> {
    // A source is often called as its IdP, which says more.
    let all = &found.value.items;
    let is_meant = |it: &&Found| it.kind != FoundKind::Source || all.len() == 1;
    let meant: Vec<&Found> = all.iter().filter(is_meant).collect();
    let [first, others @ ..] = &meant[..] else { return Ok(None) };
    if others.is_empty() && first.kind == FoundKind::Record {
        return record(server, caller, first, cut).await.map(Some);
    }
    let there = page_of(first);
    Ok(there.filter(|there| others.iter().all(|other| page_of(other).as_ref() == Some(there))))
}

/// A record: the decision that it is, or the page of its session with the record opened.
async fn record(
    server: &Server,
    caller: &Caller,
    found: &Found,
    cut: &CutAsked,
) -> Result<Address, PageError> {
    let Some(record) = found.records.first() else { return Ok(Address::new(PATH)) };
    let asking = Asking { after: None, ..cut.asking(None) };
    let answer = server.app.decision(caller, record.position, &asking).await?;
    if matches!(answer.value, DecisionAt::Found(_)) {
        return Ok(decision::address(record.position));
    }
    Ok(record_page(found).unwrap_or_else(|| Address::new(PATH)))
}

fn show(
    status: StatusCode,
    caller: &Caller,
    typed: &Typed<'_>,
    (names, found): (Markup, Markup),
) -> Response {
    let main = html! {
        h1 { "Find" }
        form class="filter" method="post" action=(PATH) {
            // A text that cannot be seen as it is would be sent again by mistake.
            @let shown = Some(typed.text).filter(|text| !super::text::has_unseen(text));
            label { "Login, name, address or id " input name="text" value=[shown] size="32"
                maxlength=(MAX_TEXT) autocomplete="off" autocapitalize="off" spellcheck="false"; }
            label { "T true at " input name=(AT) value=(typed.at) size="24" autocomplete="off"
                aria-describedby="find-times"; }
            label { "K known at " input name=(KNOWN_AT) value=(typed.known_at) size="24"
                autocomplete="off" aria-describedby="find-times"; }
            @if caller.has(Role::Investigate) { label { input type="checkbox" name=(names::NAMES)
                value="1" checked[typed.names]; " With names of people" } }
            button type="submit" { "Find" }
        }
        p id="find-times" class="muted" { "T and K: an RFC 3339 time with its offset, such as \
            2026-03-10T14:05:00Z; K also as a position, such as #82. Empty: the head of the log." }
        (found)
    };
    frame::page(status, "Find", Some(caller), names, main)
}

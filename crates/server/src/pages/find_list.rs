//! What was found, by kind; or what was searched, and what cannot be.

use super::{
    address::Address,
    find_pages::{is_cut, page_of, record_page},
    parameters::CutAsked,
    text::{count, inert, sentence},
};
use claimledger_app::model::{
    answer::{Answer, Answered},
    question::Caller,
    reached::{Found, FoundKind, FoundList},
};
use claimledger_facts::vocabulary::Role;
use maud::{Markup, html};

/// Maximum sessions of a thing that are linked; more are counted.
const MAX_SESSIONS: usize = 20;

/// The answer.
pub(super) fn list(caller: &Caller, found: &Answer<FoundList>, cut: &CutAsked) -> Markup {
    let items = &found.value.items;
    html! {
        section id="found" aria-labelledby="found-h" {
            h2 id="found-h" {
                @if items.is_empty() { "Nothing found" } @else { (count(items.len(), "thing")) }
                ", known at " (found.answered.position)
            }
            @if !caller.has(Role::Investigate) { p class="notice" { (needs_role(caller)) } }
            @if items.is_empty() { p class="empty" {
                // In full: it is the answer.
                span class="absence" data-absence=(found.absence.code.as_str()) {
                    (sentence(&found.absence.words, &|_| None)) }
            } }
            @else { (table(items, &found.answered, cut)) }
            p class="muted" { "This search has no address; the rows have." }
            details open[items.is_empty()] {
                summary { "What was searched, and what was not" }
                p { "Searched, exactly as it is spelled:" }
                ul { @for what in &found.value.searched { li { (what) } } }
                @if !found.value.not_searched.is_empty() {
                    p { "Not searched:" }
                    ul { @for what in &found.value.not_searched { li { (what) } } }
                }
            }
        }
    }
}

/// The same words whether or not there is such a person.
pub(super) fn needs_role(caller: &Caller) -> String {
    let roles: Vec<&str> = caller.roles.iter().map(|role| role.as_str()).collect();
    format!(
        "Your role ({}) does not find people by login, name or address; investigate does; govern \
         grants it.",
        roles.join(", ")
    )
}

fn table(items: &[Found], answered: &Answered, cut: &CutAsked) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="group" aria-labelledby="found-h" {
            table class="found" {
                thead { tr { @for head in ["What", "Name", "What matched", "Records", "Sessions"] {
                    th scope="col" { (head) } } } }
                tbody { @for found in items { (row(found, answered, cut)) } }
            }
        }
    }
}

fn row(found: &Found, answered: &Answered, cut: &CutAsked) -> Markup {
    let href = |address: Address| cut.pin(address, answered).href();
    html! {
        tr {
            td { (words(found.kind)) }
            th scope="row" {
                @match page_of(found) {
                    Some(page) => a href=(href(page)) { (inert(&found.name)) },
                    None => (inert(&found.name)),
                }
            }
            td { (found.matched) }
            td {
                @if found.at_least { "at least " } (found.count)
                @if let (Some(first), Some(page)) = (found.records.first(), record_page(found)) {
                    ", the first " a class="record" href=(href(page)) { (first.position) } }
            }
            td {
                @for (i, id) in found.sessions.iter().take(MAX_SESSIONS).enumerate() {
                    @if i > 0 { ", " }
                    a href=(href(Address::new("/session").with("id", id.as_str()))) {
                        (inert(id.as_str())) }
                }
                @if found.sessions.is_empty() { "none" }
                @if found.sessions.len() > MAX_SESSIONS {
                    ", and " (count(found.sessions.len() - MAX_SESSIONS, "more session")) }
                @if is_cut(found) { " (of its first " (count(found.records.len(), "record")) ")" }
            }
        }
    }
}

const fn words(kind: FoundKind) -> &'static str {
    match kind {
        FoundKind::Record => "record",
        FoundKind::Session => "session",
        FoundKind::AppSession => "application session",
        FoundKind::IdpSession => "IdP session",
        FoundKind::RootSession => "root session",
        FoundKind::Assertion => "assertion",
        FoundKind::Key => "key",
        FoundKind::Idp => "IdP",
        FoundKind::App => "application",
        FoundKind::Policy => "policy",
        FoundKind::Actor => "actor",
        FoundKind::Authenticator => "authenticator",
        FoundKind::Source => "source",
        FoundKind::Person => "person",
        FoundKind::Transaction => "transaction",
        FoundKind::Request => "request",
        FoundKind::Object => "configured object",
        FoundKind::Address => "address of clients",
        FoundKind::Client => "indicator of clients",
    }
}

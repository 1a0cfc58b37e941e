//! The names of the people of a page, beside the pinned answer: they may be erased, and the answer
//! stays the same.

use super::{address::Address, error_page::PageError, text::inert};
use crate::http::Server;
use claimledger_app::model::question::Caller;
use claimledger_facts::ids::Pseudonym;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// The parameter that asks for names.
pub(super) const NAMES: &str = "names";

/// The section. Needs the role investigate.
///
/// # Errors
/// If the caller may not see names, or they cannot be read.
pub(super) async fn section(
    server: &Server,
    caller: &Caller,
    people: impl IntoIterator<Item = &Pseudonym>,
) -> Result<Markup, PageError> {
    let people: BTreeSet<Pseudonym> = people.into_iter().cloned().collect();
    let people: Vec<Pseudonym> = people.into_iter().collect();
    // The app decides whether names may be shown, whether or not there is a person to name.
    let labels = server.app.labels(caller, &people).await?;
    Ok(html! {
        section class="names" aria-label="Names" {
            @if people.is_empty() { "No person is named here." }
            @else { ul class="people" {
                @for person in &people { li {
                    (inert(person.as_str())) ": "
                    @match labels.get(person) {
                        None => "no name is known",
                        Some(label) if label.key_destroyed => "names were erased",
                        Some(label) => {
                            @if let Some(name) = &label.name { (inert(name)) " " }
                            @if let Some(login) = &label.login { "(" (inert(login)) ")" }
                        },
                    }
                } }
            } }
        }
    })
}

/// The link that asks for names.
pub(super) fn show(here: &Address) -> Markup {
    html! { a href=(here.clone().with(NAMES, "1").href()) { "Show names" } }
}

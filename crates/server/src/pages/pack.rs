//! What can be taken away from the page of a session: its evidence pack, and its timeline as a
//! file.

use super::{address::Address, evidence::needs_export, export_form::export_form};
use crate::{known_at::KnownAt, timeline::lanes::Order};
use claimledger_app::model::{answer::Answered, question::Caller};
use claimledger_facts::{ids::SessionId, vocabulary::Role};
use claimledger_proof::evidence::MAX_TIMELINE;
use maud::{Markup, html};

/// What a pack opens beside the facts: the word in the address, and the label.
const OPENED: [(&str, &str); 4] = [
    ("", "nothing more"),
    ("personal", "personal data"),
    ("originals", "originals"),
    ("personal,originals", "personal data and originals"),
];

/// The section, pinned to the T and K of the page. `records` is how many the session has.
pub(super) fn section(
    caller: &Caller,
    (id, records): (&SessionId, usize),
    order: Order,
    answered: &Answered,
) -> Markup {
    let known = KnownAt::Position(answered.position);
    let pinned = |path| {
        Address::new(path).with("session", id.as_str()).pinned(answered.at, known, answered.rules)
    };
    let timeline = pinned("/v1/export/timeline").with("order", order.word());
    html! {
        section id="pack" aria-labelledby="pack-h" {
            h2 id="pack-h" { "Evidence pack" }
            @if !caller.has(Role::Export) { (needs_export("Saving the pack or the timeline of \
                this session")) }
            @else {
                @if records > MAX_TIMELINE as usize { p { "A pack has at most " (MAX_TIMELINE)
                    " records, this session has " (records) ": export the timeline, or ask for an \
                    earlier K." } }
                @else { (form(caller, &pinned("/v1/evidence"))) }
                h3 { "The timeline as a file" }
                (export_form("these", &timeline, false))
            }
        }
    }
}

fn form(caller: &Caller, pack: &Address) -> Markup {
    let may_open = caller.has(Role::Investigate);
    html! {
        p { "One file that is checked offline. It opens the answer of this page, the records that \
            the answer refers to with their facts and headers, and the proof that each is in the \
            log. Personal data and originals stay commitments unless they are opened: the pack \
            shows that they exist and hides what they say. Those that were erased or removed are \
            named as such." }
        form class="filter" method="get" action=(pack.path()) {
            @for (name, value) in pack.fields() {
                input type="hidden" name=(name) value=(value); }
            label { "Open also " select name="open" {
                @for (word, label) in OPENED {
                    @let is_open = may_open || word.is_empty();
                    option value=(word) disabled[!is_open] {
                        (label) @if !word.is_empty() { " (needs the role "
                            (Role::Investigate.as_str()) ")" } }
                }
            } }
            label { "as " select name="format" {
                option value="html" { "a page" } option value="json" { "JSON" } } }
            button type="submit" { "Make the pack" }
        }
        p { "Checked offline, with the key from " a href="/evidence" { "Evidence" } ": "
            code { "claimledger-verify pack FILE --key 'KEY'" } }
    }
}

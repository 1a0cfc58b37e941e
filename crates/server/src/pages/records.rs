//! The records of a session, and the drawer with one of them opened.

use super::{
    text::{count, inert, plain},
    times::{Times, delay, is_late},
};
use crate::{
    http::Server,
    record::{self, facts, rows},
};
use claimledger_app::model::{
    answer::RecordView,
    question::{AskError, Caller, RecordBy},
};
use claimledger_domain::model::RecordRef;
use claimledger_facts::{
    ids::LogPosition,
    record::{BodyKind, Header},
    statement::is_sealed_index,
    vocabulary::Role,
};
use maud::{Markup, html};

/// More records than this are shown in pages.
pub(crate) const RECORDS: usize = 200;
/// Records of such a page: a session with this many has a large figure too, and the page stays
/// below its size.
const PAGED: usize = 50;

/// The list, from `page` (from 1) on. `around`: the part of the timeline around a record.
pub(crate) fn list(
    records: &[RecordRef],
    page: usize,
    href: &dyn Fn(Option<LogPosition>) -> String,
    page_href: &dyn Fn(usize) -> String,
    around: &dyn Fn(&RecordRef) -> String,
) -> Markup {
    let of_page = if records.len() > RECORDS { PAGED } else { RECORDS };
    let pages = records.len().div_ceil(of_page).max(1);
    let page = page.clamp(1, pages);
    let mut times = Times::default();
    html! {
        section id="records" aria-labelledby="records-h" {
            h2 id="records-h" { (count(records.len(), "record")) " of this session" }
            @if pages > 1 {
                p { "Page " (page) " of " (pages)
                    @if page > 1 { " · " a href=(page_href(page - 1)) { "before" } }
                    @if page < pages { " · " a href=(page_href(page + 1)) { "next" } } }
            }
            div class="scroll" tabindex="0" role="group" aria-labelledby="records-h" {
                table {
                    thead { tr { @for head in ["Record", "What", "Occurred, ±15 min", "Recorded",
                        "Source", "Source's id"] { th scope="col" { (head) } } } }
                    tbody {
                        @for record in records.iter().skip((page - 1) * of_page).take(of_page) {
                            tr {
                                td { a href=(href(Some(record.position))) { (record.position) } }
                                td { (inert(&record.kind)) }
                                td { a href=(around(record)) {
                                    (times.occurred(record.occurred)) } }
                                td { (recorded(record, &mut times)) }
                                td { (inert(record.source.as_str())) }
                                td { (inert(record.source_id.as_str())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn recorded(record: &RecordRef, times: &mut Times) -> String {
    let (occurred, at) = (record.occurred.from, record.recorded_at);
    if is_late(occurred, at) {
        format!("{} ({})", times.show(at), delay(occurred, at))
    } else {
        delay(occurred, at)
    }
}

/// More of an original than this is not put on a page.
const SHOWN_BYTES: usize = 64 * 1024;

/// A record, with what is sealed where the caller's role allows it.
pub(crate) async fn open(
    server: &Server,
    caller: &Caller,
    position: LogPosition,
) -> Result<Option<RecordView>, AskError> {
    server.app.record(caller, RecordBy::Position(position), caller.has(Role::Investigate)).await
}

/// One record, opened. What is decoded is a rendering; the bytes are the authority. `around`: the
/// part of a timeline around it, where there is one.
pub(crate) fn drawer(
    position: LogPosition,
    view: Option<&RecordView>,
    caller: &Caller,
    (close, around): (&str, Option<&str>),
) -> Markup {
    html! {
        aside id="record" class="drawer" aria-labelledby="record-h" {
            a class="close" href=(close) { "Close" }
            h2 id="record-h" tabindex="-1" { "Record " (position) }
            @if let Some(around) = around { p class="around" {
                a href=(around) { "±15 min around it" } " in the timeline" } }
            @match view {
                None => p { "No record " (position) " is known at this K in your tenant." },
                Some(view) => (whole(position, view, caller)),
            }
        }
    }
}

/// All that is shown of a record.
pub(super) fn whole(position: LogPosition, view: &RecordView, caller: &Caller) -> Markup {
    html! { (opened(view)) (proof(position)) (sealed(view, caller)) }
}

fn opened(view: &RecordView) -> Markup {
    let record = &view.reference;
    let mut times = Times::default();
    let not_understood = !view.statement.is_understood();
    let correlation =
        || view.statement.correlation.iter().filter(|(name, _)| !is_sealed_index(name));
    html! {
        h3 { "Facts" }
        @if view.statement.facts.is_empty() {
            p { @if not_understood { "Stored, and not understood by this version: no facts were \
                                      read from it." } @else { "It was understood, and says \
                                          nothing of a session." } }
        }
        @for fact in facts(&view.statement) {
            dl class="fact" {
                @for (path, value) in rows(&fact) { dt { (plain(&path)) } dd { (inert(&value)) } }
            }
        }
        h3 { "Header" }
        dl {
            dt { "id" } dd { (record.id) }
            dt { "position" } dd { (record.position) }
            dt { "source" } dd { (inert(record.source.as_str())) }
            dt { "source's id" } dd { (inert(record.source_id.as_str())) }
            dt { "kind" } dd { (inert(&record.kind)) }
            dt { "occurred" } dd { (times.occurred(record.occurred)) }
            dt { "recorded" } dd {
                (times.show(record.recorded_at)) " (" (delay(record.occurred.from,
                record.recorded_at)) ")" }
            dt { "channel" } dd { (inert(view.channel.as_str())) }
            @for delivery in view.deliveries.iter().flatten() {
                dt { "received by " (inert(delivery.channel.as_str())) } dd {
                    (count(usize::try_from(delivery.count).unwrap_or(usize::MAX), "time")) ": "
                    (times.show(delivery.first_at))
                    @if delivery.last_at != delivery.first_at {
                        " to " (times.show(delivery.last_at)) } }
            }
            dt { "translator" } dd { (inert(&view.translator)) }
            @if view.variant { dt { "variant" } dd { "the source said something else under the \
                same id too" } }
            @for note in &view.statement.notes { dt { "note" } dd { (note.as_str()) } }
            @for (name, value) in correlation() { dt { (plain(name)) } dd { (inert(value)) } }
            // Read from the bytes below, so that these are what the leaf hash is taken over.
            @if let Ok(header) = Header::decode(&view.header) {
                dt { "commitment to the facts" } dd { code { (header.facts) } }
                @for personal in &header.personal {
                    dt { "to personal data" } dd { code { (personal.plain) } } }
                dt { "to the original" } dd { code { (header.original.plain) } }
            }
            dt { "leaf hash" } dd { code { (view.leaf) } }
            dt { "bytes" } dd { code class="bytes" {
                (data_encoding::BASE64.encode(&view.header)) } }
        }
        p class="muted" { "Facts are a rendering; the header's bytes are what the leaf hash is \
                           taken over: SHA-256(0x00 ‖ bytes)." }
    }
}

/// The two commands that show, the second offline, that a record is in the log.
fn proof(position: LogPosition) -> Markup {
    let file = format!("{}.tlog-proof", position.0);
    html! {
        h3 { "Proof" }
        pre class="scroll" tabindex="0" { "claimledger prove '" (position) "' > " (file) "\n"
            "claimledger-verify proof " (file) " --key 'KEY'" }
        p class="muted" { "The first writes the hashes that lead from the leaf to a signed \
            checkpoint; the second needs them and the key alone, which " a href="/evidence" {
            "Evidence" } " shows." }
    }
}

/// What is sealed: names, addresses, texts and the original, or why they cannot be seen. All of it
/// is text of outsiders, shown as text.
fn sealed(view: &RecordView, caller: &Caller) -> Markup {
    let personal = view.personal.as_ref().map(rows).unwrap_or_default();
    html! {
        h3 { "Sealed" }
        @if let Some(reason) = record::sealed(view, caller) { p { (inert(&reason)) } }
        @if let Some(removed) = record::removed(view, BodyKind::Personal) {
            p { (inert(&removed)) }
        }
        @if !personal.is_empty() {
            dl class="fact" { @for (path, value) in &personal {
                dt { (plain(path)) } dd { (inert(value)) } } }
        }
        @if let Some(original) = &view.original {
            details {
                summary { "The original, " (count(original.len(), "byte")) }
                pre class="scroll" tabindex="0" { (inert(&shown(original))) }
                @if original.len() > SHOWN_BYTES { p { "The first " (SHOWN_BYTES) " bytes; \
                    `record` on the command line and in GraphQL gives all." } }
            }
        }
    }
}

fn shown(original: &[u8]) -> String {
    String::from_utf8_lossy(&original[..original.len().min(SHOWN_BYTES)]).into_owned()
}

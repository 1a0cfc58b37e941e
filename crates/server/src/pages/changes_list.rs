//! Rows of who changed what is trusted and asked for: both clocks, before and after, who and under
//! which ticket, and how much rested on it.

use super::{
    links::{self, Links},
    text::{count, inert},
    times::{Times, delay},
};
use claimledger_app::model::answer::{ChangeCount, RestedOn};
use claimledger_domain::{
    changes::{ChangeKind, ConfigChange},
    dependants::{Change, Changed},
    model::Certainty,
};
use maud::{Markup, html};

/// Rows of the list: the last ones.
const ROWS: usize = 200;

/// Fields that are listed of one change.
const FIELDS: usize = 20;

/// How much rested on each change.
pub(super) struct Counts(pub(super) Vec<ChangeCount>);

impl Counts {
    fn of(&self, row: &ConfigChange) -> Option<&ChangeCount> {
        self.0.iter().find(|counted| is_same(row, &counted.change))
    }
}

/// Whether a row is this change: a record may have several.
fn is_same(row: &ConfigChange, change: &Change) -> bool {
    let is_kind = match (&change.what, row.kind) {
        (Changed::Trust(idp, _), ChangeKind::Idp) => idp.as_str() == row.of,
        (Changed::KeyAdded(idp, key), ChangeKind::KeyAdded)
        | (Changed::KeyRetired(idp, key), ChangeKind::KeyRetired) => {
            idp.as_str() == row.of && Some(key.as_str()) == row.name.as_deref()
        }
        (Changed::Policy(policy, _), ChangeKind::Policy) => policy.as_str() == row.of,
        (Changed::Retraction(data), ChangeKind::Retraction) => data.idp.as_str() == row.of,
        _ => false,
    };
    is_kind && change.record.position == row.record.position
}

/// The rows that are shown: the last ones.
pub(super) fn listed(changes: &[ConfigChange]) -> &[ConfigChange] {
    &changes[changes.len().saturating_sub(ROWS)..]
}

/// `, possibly` where it is only that.
pub(super) fn possibly(certainty: Option<Certainty>) -> &'static str {
    if certainty == Some(Certainty::Possible) { ", possibly" } else { "" }
}

/// The list.
pub(super) fn list(links: &Links<'_>, changes: &[ConfigChange], counts: &Counts) -> Markup {
    let rows = listed(changes);
    // Each column is read downwards, so that each says its own dates.
    let (mut occurred, mut recorded) = (Times::default(), Times::default());
    html! {
        section id="changes" aria-labelledby="changes-h" {
            h2 id="changes-h" { (count(changes.len(), "change")) }
            @if rows.len() < changes.len() { p { "Shown are the last " (rows.len()) ": an earlier \
                T shows those before." } }
            @if rows.is_empty() { p class="empty" { (super::frame::none(links.absence)) } } @else {
                div class="scroll" tabindex="0" role="group" aria-labelledby="changes-h" {
                    table class="config-changes" {
                        thead { tr { @for head in ["Occurred", "Recorded", "Record", "What",
                            "Before → after", "Actor", "Ticket", "Rested on it"] {
                            th scope="col" { (head) } } } }
                        tbody { @for row in rows { (of_row(links, row, counts, (&mut occurred,
                            &mut recorded))) } }
                    }
                }
            }
        }
    }
}

fn of_row(
    links: &Links<'_>,
    row: &ConfigChange,
    counts: &Counts,
    (times, recorded): (&mut Times, &mut Times),
) -> Markup {
    let (record, is_open) = (&row.record, row.occurred.to.is_some());
    html! {
        tr class=(if is_open { "possible" } else { "certain" }) {
            th scope="row" {
                @if is_open { "some time " } (times.occurred(row.occurred))
                @if let Some(from) = row.effective_from { ", with effect from " (times.show(from)) }
            }
            td data-head="Recorded" {
                @if row.late { strong class="attention" { "late" } ": "
                    (recorded.show(record.recorded_at)) " ("
                    (delay(row.effective_from.unwrap_or(record.occurred.from), record.recorded_at))
                    ")" }
                @else { (delay(record.occurred.from, record.recorded_at)) }
            }
            td data-head="Record" { (links.record(record.position)) @if row.variant {
                " (the source said something else under the same id too)" } }
            td data-head="What" { (of_what(links, row)) }
            td data-head="Before → after" { (diff(row)) }
            td data-head="Actor" { @match &row.actor {
                Some(actor) => a href=(links.to(links::of_actor(actor.as_str()))) {
                    (inert(actor.as_str())) },
                None => "–",
            } }
            td data-head="Ticket" { @match &row.ticket { Some(ticket) => (inert(ticket.as_str())),
                None => "–" } }
            td data-head="Rested on it" { (rested(links, row, counts)) }
        }
    }
}

/// What was changed, with a link to the changes of the same thing.
fn of_what(links: &Links<'_>, row: &ConfigChange) -> Markup {
    let address = match row.kind {
        ChangeKind::Idp | ChangeKind::Retraction => Some(links::trust(&row.of)),
        ChangeKind::KeyAdded | ChangeKind::KeyRetired => {
            row.name.as_deref().map(|key| links::of_key(Some(&row.of), key))
        }
        ChangeKind::Policy => Some(links::policy(&row.of)),
        ChangeKind::RoutingRule
        | ChangeKind::Org
        | ChangeKind::ClaimSourcing
        | ChangeKind::Authenticator => None,
    };
    match address {
        Some(address) => html! { a href=(links.to(address)) { (inert(&row.words)) } },
        None => inert(&row.words),
    }
}

fn diff(row: &ConfigChange) -> Markup {
    let side = |text: &Option<String>| match text {
        Some(text) => inert(text),
        None => html! { "nothing" },
    };
    let changes = &row.diff.changes;
    let list = html! {
        ul class="changes" {
            @for change in changes.iter().take(FIELDS) {
                li { (inert(&change.field)) " " (side(&change.before)) " → "
                    (side(&change.after)) }
            }
            @if changes.len() > FIELDS { li { "and " (changes.len() - FIELDS) " more" } }
        }
    };
    // Of a first version every field is new.
    let is_first = changes.len() > 1 && changes.iter().all(|change| change.before.is_none());
    html! {
        @if changes.is_empty() { "–" }
        @else if is_first {
            details { summary { "first known: " (count(changes.len(), "field")) } (list) } }
        @else { (list) }
        @if row.diff.unchanged > 0 { span class="muted" { (row.diff.unchanged) " unchanged" } }
    }
}

/// `6 + 1 possible sessions`, with a link to the list of as many rows.
fn rested(links: &Links<'_>, row: &ConfigChange, counts: &Counts) -> Markup {
    let is_counted = matches!(
        row.kind,
        ChangeKind::Idp
            | ChangeKind::KeyAdded
            | ChangeKind::KeyRetired
            | ChangeKind::Retraction
            | ChangeKind::Policy
    );
    if !is_counted {
        return html! { span class="muted" { "not counted" } };
    }
    let noun = if row.kind == ChangeKind::Policy { "decision" } else { "session" };
    let rested = counts.of(row).and_then(|counted| counted.rested);
    let to = links.to(links::of_record(row.record.position));
    html! {
        a href={ (to) "#" (noun) "s" } { @match rested {
            Some(rested) => (numbered(rested, noun)),
            None => "not counted here: list",
        } }
    }
}

/// `6 sessions`, `6 + 1 possible sessions`.
pub(super) fn numbered(rested: RestedOn, noun: &str) -> String {
    if rested.possible == 0 {
        return count(rested.certain, noun);
    }
    let plural = if rested.total() == 1 { "" } else { "s" };
    format!("{} + {} possible {noun}{plural}", rested.certain, rested.possible)
}

//! The table that always follows the figure: the same items, in the same order, in the same number.

use super::{
    lanes::{End, Figure, Item, Lane, Target},
    zoom,
};
use crate::{
    text::count,
    times::{Times, delay, is_late},
};
use claimledger_domain::model::{Grade, RecordRef};
use maud::{Markup, html};

/// Writes the table.
pub(crate) fn table(figure: &Figure, id: &str, href: &dyn Fn(Target) -> String) -> Markup {
    let rows: usize = figure.lanes.iter().map(|lane| lane.items.len()).sum();
    let mut times = Times::default();
    html! {
        details class="tl-table" id=(id) {
            summary { "Table: " (count(rows, "row")) }
            div class="scroll" tabindex="0" role="group" aria-label="The timeline as a table" {
            table {
                caption { "What the timeline shows, in the same order." @for left_out in
                    &figure.left_out { " Left out: " (left_out) "." } }
                thead { tr { @for head in ["Lane", "What", "From, ±15 min", "Until", "Certainty",
                    "Grade", "Reason", "Recorded", "Record"] { th scope="col" { (head) } } } }
                tbody {
                    @for lane in &figure.lanes { @for item in &lane.items { (row(lane, item,
                        &mut times, href)) } }
                }
            }
            }
        }
    }
}

fn row(lane: &Lane, item: &Item, times: &mut Times, href: &dyn Fn(Target) -> String) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (lane.name) } }
            td {
                @match item.target() {
                    Target::Decision(_) | Target::Window(_) => a href=(href(item.target())) { bdi {
                        (item.what) } },
                    Target::Record(_) | Target::Bar(_) | Target::Session => bdi { (item.what) },
                }
            }
            td {
                // A column leads to its own part already.
                @if matches!(item.target(), Target::Window(_)) { (times.show(item.from)) } @else {
                    a href=(href(Target::Window(zoom::beside(item.from)))) {
                        (times.occurred(item.began())) } }
            }
            td { (until(item, times)) }
            td { (item.certainty.as_str()) }
            td { (item.grade.map_or("", Grade::as_str)) }
            td { bdi { (item.reason) } }
            td { @if let Some(record) = &item.record { (recorded(record, times)) } }
            td {
                @match item.position() {
                    Some(position) if matches!(item.target(), Target::Window(_)) => {
                        "from " (position) },
                    Some(position) => a href=(href(Target::Record(position))) { (position) },
                    None => a href=(href(Target::Session)) { "session" },
                }
                @if let Some(by) = &item.ended_by {
                    ", ended by " a href=(href(Target::Record(by.position))) { (by.position) } }
            }
        }
    }
}

fn until(item: &Item, times: &mut Times) -> String {
    match item.end {
        End::Moment => "–".to_owned(),
        End::At(end) | End::Lost(end) => times.show(end),
        End::Running => "running".to_owned(),
        End::Bounded(earliest, latest) => {
            format!("between {} and {}", times.show(earliest), times.show(latest))
        }
        End::Unknown(earliest) => format!("{} or later", times.show(earliest)),
    }
}

fn recorded(record: &RecordRef, times: &mut Times) -> String {
    let late = delay(record.occurred.from, record.recorded_at);
    if is_late(record.occurred.latest(), record.recorded_at) {
        format!("{} ({late})", times.show(record.recorded_at))
    } else {
        late
    }
}

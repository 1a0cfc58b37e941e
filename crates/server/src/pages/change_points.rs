//! "As known at": the records that changed this answer. Those up to K are part of it and never
//! change; those after K are outside of it.

use super::{
    address::Address,
    text::{count, inert, plain},
    times::{Times, clock, delay, is_late},
};
use crate::cut_names::{AT, KNOWN_AT_POSITION, RULES};
use claimledger_app::model::answer::Answered;
use claimledger_domain::belief::{AspectKind, Change, ChangePoint, ChangePoints};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// Things that are named as changed by one record.
const NAMED: usize = 4;

/// What no change point is of.
const NOT_COMPARED: &str = "What was heard of its sources is not compared, nor what is known and \
    lies after T.";

/// Where a reader can go from a session as known at K.
pub(crate) struct Ways<'a> {
    /// This view, without T, K and R.
    pub keep: &'a Address,
    /// This view, pinned, and compared with nothing.
    pub here: &'a Address,
    /// What it holds for.
    pub answered: &'a Answered,
    /// With which K it is compared.
    pub vs: Option<u64>,
}

impl Ways<'_> {
    /// This view as known at another record.
    fn to(&self, position: LogPosition) -> Address {
        let known = self
            .keep
            .clone()
            .with(AT, self.answered.at.to_string())
            .with(KNOWN_AT_POSITION, position.0.to_string());
        known.with(RULES, self.answered.rules)
    }

    /// Without R a form's address is sent on to the pinned one: the same that a link has.
    fn form(
        &self,
        label: &str,
        name: &str,
        button: &str,
        hidden: &[(&str, String)],
        options: Markup,
    ) -> Markup {
        html! {
            form class="to-change-point" method="get" action=(self.keep.path()) {
                @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
                label { (label) " " select name=(name) { (options) } }
                button type="submit" { (button) }
            }
        }
    }

    fn choose(&self, label: &str, change_points: &[ChangePoint]) -> Markup {
        let mut hidden = self.keep.fields().to_vec();
        hidden.push((AT, self.answered.at.to_string()));
        let here =
            change_points.iter().rfind(|point| point.record.position <= self.answered.position);
        let options = html! {
            @for point in change_points {
                option value=(point.record.position.0) selected[here.is_some_and(|here|
                    here == point)] { (named(point)) }
            }
        };
        self.form(label, KNOWN_AT_POSITION, "Show", &hidden, options)
    }
}

/// The change points up to K, and what to compare this with.
pub(crate) fn until(ways: &Ways<'_>, change_points: &ChangePoints) -> Markup {
    let known_at = ways.answered.position;
    let points = &change_points.points;
    let last = points.last();
    let before = points.len().checked_sub(2).and_then(|at| points.get(at));
    // Compared with what it says itself, it says nothing.
    let comparable = &points[..points.len().saturating_sub(1)];
    let mut times = Times::default();
    html! {
        nav class="known" aria-labelledby="known-h" data-position=(known_at.0) {
            h2 id="known-h" { "As known at " (known_at) }
            p {
                @if let Some(point) = before {
                    a rel="prev" href=(ways.to(point.record.position).href()) {
                    "◀ " (named(point)) } " · " }
                @match last {
                    Some(point) if point.record.position == known_at => {
                        strong { (named(point)) }
                    },
                    Some(point) => { "last changed by " strong { (named(point)) } },
                    None => "No record that was tried changed this answer.",
                }
            }
            @if !comparable.is_empty() {
                (ways.form("Compare with", "vs", "Compare", ways.here.fields().iter().filter(|(name,
                    _)| *name != RULES).cloned().collect::<Vec<_>>().as_slice(), html! {
                    @for (i, point) in comparable.iter().enumerate() {
                        @let chosen = ways.vs.map_or(i + 1 == comparable.len(), |vs|
                            vs == point.record.position.0);
                        option value=(point.record.position.0) selected[chosen] { (named(point)) }
                    }
                }))
            }
            details {
                summary { (count(points.len(), "record")) " changed this answer" }
                @if !points.is_empty() { (ways.choose("Known at", points)) }
                (list(ways, points, &mut times, true))
                @if change_points.untried > 0 {
                    p { "The last " (change_points.tried) " records that could have changed it \
                        were tried; " (change_points.untried) " earlier ones were not." }
                }
            }
        }
    }
}

/// The change points after K: they are no part of what is pinned.
pub(crate) fn later(ways: &Ways<'_>, change_points: &ChangePoints, head: LogPosition) -> Markup {
    let known_at = ways.answered.position;
    if head <= known_at {
        return html! {};
    }
    let points = &change_points.points;
    let mut times = Times::default();
    html! {
        nav class="later" aria-label="Known since" {
            @match points.first() {
                None if change_points.untried == 0 => p { "No record after " (known_at)
                    ", up to " (head) ", changes this answer. " (NOT_COMPARED) },
                None => p { "None of the next " (change_points.tried) " records after " (known_at)
                    " that could change this answer does. " (NOT_COMPARED) },
                Some(next) => {
                    p { a rel="next" href=(ways.to(next.record.position).href()) {
                        "▶ " (named(next)) } }
                    details {
                        summary { (count(points.len(), "later record"))
                            @if points.len() == 1 { " changes" } @else { " change" }
                            " this answer" }
                        (list(ways, points, &mut times, false))
                        (ways.choose("Known at", points))
                    }
                },
            }
            @if change_points.untried > 0 { p { "The next " (change_points.tried)
                " that could change it were tried; " (change_points.untried)
                " later ones were not." } }
        }
    }
}

fn list(
    ways: &Ways<'_>,
    change_points: &[ChangePoint],
    times: &mut Times,
    compare: bool,
) -> Markup {
    let known_at = ways.answered.position;
    html! {
        ol class="change-points" {
            @for (i, point) in change_points.iter().enumerate() {
                @let record = &point.record;
                li {
                    a class="change-point" href=(ways.to(record.position).href())
                        aria-current=[(record.position == known_at).then_some("true")] {
                        (record.position) " " (times.show(record.recorded_at)) " " (words(point))
                    }
                    @if is_late(record.occurred.from, record.recorded_at) {
                        ", late " (delay(record.occurred.from, record.recorded_at)) }
                    ": " (touched(&point.changes))
                    @if !point.around.is_empty() { "beside it: " (things(&point.around)) }
                    @if compare && i + 1 < change_points.len() {
                        " · " a href={ (ways.here.clone().with("vs",
                            record.position.0.to_string()).href()) "#vs" } { "compare" }
                    }
                }
            }
        }
    }
}

/// `#64 14:40:00Z authenticator lost`.
fn named(point: &ChangePoint) -> String {
    format!("{} {} {}", point.record.position, clock(point.record.recorded_at), words(point))
}

/// What a record is, in our words; else in its source's.
fn words(point: &ChangePoint) -> String {
    if point.what.is_empty() { plain(&point.record.kind) } else { point.what.join(", ") }
}

/// What a record changed: `factor hwk, factor phr, decision on payroll`.
pub(crate) fn touched<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Markup {
    let mut things: Vec<(AspectKind, Option<&str>)> = Vec::new();
    for change in changes {
        let thing = (change.aspect.kind, change.aspect.of.as_deref());
        if !things.contains(&thing) {
            things.push(thing);
        }
    }
    html! {
        @for (i, (kind, of)) in things.iter().take(NAMED).enumerate() {
            @if i > 0 { ", " }
            (aspect(*kind, *of))
        }
        @if things.len() > NAMED { ", and " (things.len() - NAMED) " more" }
    }
}

/// What is shown otherwise beside a session that reads as before: `key K1, why pwd counted`.
pub(crate) fn things(around: &[String]) -> Markup {
    html! {
        @for (i, thing) in around.iter().take(NAMED).enumerate() {
            @if i > 0 { ", " }
            (inert(thing))
        }
        @if around.len() > NAMED { ", and " (around.len() - NAMED) " more" }
    }
}

/// What something is said of.
pub(crate) fn aspect(kind: AspectKind, of: Option<&str>) -> Markup {
    let words = match kind {
        AspectKind::Identity => "identity",
        AspectKind::Start => "start",
        AspectKind::Phase => "state at T",
        AspectKind::End => "end",
        AspectKind::Factor => "factor",
        AspectKind::Ignored => "claim that did not count",
        AspectKind::Decision => "decision on",
        AspectKind::Access => "access to",
    };
    html! { (words) @if let Some(of) = of { " " (inert(of)) } }
}

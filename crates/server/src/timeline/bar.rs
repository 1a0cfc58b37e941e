//! What has a length: versions, bars with their ends, and columns. What goes on outside of the
//! window is torn there, and ends nowhere else than it does. What may have begun or ended between
//! two instants is hatched between them.

use super::{
    geometry::{BAR, Extent, GUTTER, LANE, PLOT, WIDTH, Window, bar_top, px},
    lanes::{End, Figure, Fill, Hue, Item},
    limits::COLUMNS,
    marks::{self, Edge},
};
use maud::{Markup, html};

/// A drawing, and where its label goes.
pub(super) struct Drawn {
    pub(super) drawing: Markup,
    /// Where it ends: a label stands right of it.
    pub(super) right: f64,
    /// Where a label that has no room there ends.
    pub(super) left: f64,
}

/// Whether it goes on left, and right, of the window.
pub(super) fn cut(figure: &Figure, item: &Item) -> (bool, bool) {
    let last = item.latest(figure.at.max(item.from));
    let is_seen = last > figure.window.from && item.from < figure.window.until;
    let until = match item.end {
        End::Moment => false,
        // The last of what is not known fades at the edge.
        End::Unknown(earliest) => earliest > figure.window.until,
        End::At(_) | End::Lost(_) | End::Bounded(..) | End::Running => last > figure.window.until,
    };
    (is_seen && item.end != End::Moment && item.from < figure.window.from, is_seen && until)
}

const fn torn(is_cut: bool, or: Edge) -> Edge {
    if is_cut { Edge::Torn } else { or }
}

pub(super) fn band(figure: &Figure, item: &Item, top: f64, prefix: &str) -> Drawn {
    let window = &figure.window;
    let left = window.clamped(item.from);
    let right = match item.end {
        End::At(end) | End::Lost(end) | End::Bounded(_, end) => window.clamped(end),
        End::Moment | End::Running | End::Unknown(_) => WIDTH,
    };
    // What runs on fills the window, also beyond T: nothing is known to end it.
    let (before, after) = cut(figure, item);
    let right = right.max(left + 1.0);
    let ends = match item.end {
        End::Bounded(earliest, _) => window.clamped(earliest),
        End::Moment | End::At(_) | End::Lost(_) | End::Running | End::Unknown(_) => right,
    };
    let begun_by = item.begun_by.map(|by| window.clamped(by));
    let Extent { begun, ends, .. } = Extent::of((left, begun_by), (ends, right));
    let part = |class: &str, (from, to): (f64, f64), fill: Option<&str>| {
        let edges =
            (torn(before && from <= left, Edge::Flat), torn(after && to >= right, Edge::Flat));
        html! { path class=(class) fill=[fill]
        d=(marks::strip((from, to), (top + 7.0, 14.0), edges)) {} }
    };
    let hatch = possible(prefix, item.hue);
    let drawing = html! {
        @if begun > left { (part("bounded", (left, begun), Some(&hatch))) }
        @if ends > begun { (part("body", (begun, ends), None)) }
        @if right > ends { (part("bounded", (ends, right), Some(&hatch))) }
        @if !before && item.begun_by.is_none() { line class="edge" x1=(px(left))
            y1=(px(top + 7.0)) x2=(px(left)) y2=(px(top + 21.0)) {} }
    };
    // The name stands at the start of its strip, not after it; no text stands on a hatch.
    Drawn { drawing, right: begun, left }
}

fn possible(prefix: &str, hue: Hue) -> String {
    format!("url(#{prefix}-possible-{})", hue.class())
}

/// Where a bar lies, and where the part between the bounds of its end has its right edge.
fn extent(figure: &Figure, item: &Item) -> (Extent, Option<f64>) {
    let x = |time| figure.window.clamped(time);
    let left = x(item.from);
    let (solid, hatch) = match item.end {
        End::Moment => (left, None),
        End::At(end) | End::Lost(end) => (x(end), None),
        End::Running => (x(figure.at.max(item.from)), None),
        End::Bounded(earliest, latest) => (x(earliest), Some(x(latest))),
        End::Unknown(earliest) => (x(earliest), Some(WIDTH)),
    };
    (Extent::of((left, item.begun_by.map(x)), (solid, hatch.unwrap_or(solid))), hatch)
}

pub(super) fn bar(figure: &Figure, item: &Item, top: f64, prefix: &str) -> Drawn {
    let window = &figure.window;
    let y = bar_top(top);
    let begins = item.from >= window.from;
    let (before, after) = cut(figure, item);
    let (Extent { left, begun, ends: solid, right }, hatch) = extent(figure, item);
    let pattern = |fill: Fill| match fill {
        Fill::Possible => Some(possible(prefix, item.hue)),
        Fill::Void => Some(format!("url(#{prefix}-void)")),
        Fill::Solid | Fill::Hollow => None,
    };
    // A part that reaches the edge with nothing after it is torn there.
    let hatch = hatch.filter(|end| *end > solid || *end < WIDTH);
    let is_solid = solid > begun || (hatch.is_none() && begun <= left);
    let round = matches!(item.end, End::At(end) | End::Lost(end) if end <= window.until);
    let end = if round { Edge::Round } else { torn(after && hatch.is_none(), Edge::Flat) };
    let begin = torn(before, Edge::Flat);
    let drawing = html! {
        @if begun > left {
            path class="bounded" fill=[pattern(Fill::Possible)]
                d=(marks::strip((left, begun), (y, BAR), (begin, Edge::Flat))) {}
        }
        @if is_solid {
            @let begin = if begun > left { Edge::Flat } else { begin };
            path class="body" fill=[pattern(item.fill)]
                d=(marks::strip((begun, solid), (y, BAR), (begin, end))) {}
        }
        @if let Some(end) = hatch {
            @let begin = if is_solid || begun > left { Edge::Flat } else { begin };
            (bounded(item, (solid, end), y, (begin, after), pattern(Fill::Possible).as_deref()))
        }
        @if begins && item.begun_by.is_some() {
            path class="latest" d=(marks::latest_cap(left, y)) {}
        } @else if begins { path class="cap" d=(marks::start_cap(left, y)) {} }
        @if begins && item.hue == Hue::Local { path class="notch" d=(marks::notch(left, y)) {} }
        @match item.end {
            End::Running if !after => path class="cap" d=(marks::chevron(solid, y)) {},
            End::Lost(end) if window.holds(end) => path class="cross"
                d=(marks::cross(solid, y + BAR / 2.0)) {},
            _ => (Markup::default()),
        }
    };
    // A label never lies on its bar: it would shorten it.
    Drawn { drawing, right, left: if begins { left - 8.0 } else { GUTTER } }
}

/// Between the bounds of an end. Where its latest end is not known it fades in steps of paint, not
/// of likelihood: what lies there is not known at all.
fn bounded(
    item: &Item,
    (from, end): (f64, f64),
    y: f64,
    (begin, cut): (Edge, bool),
    pattern: Option<&str>,
) -> Markup {
    let unknown = matches!(item.end, End::Unknown(_));
    let sharp = if unknown { (end - 48.0).max(from) } else { end };
    let edges = (begin, torn(cut, Edge::Flat));
    html! {
        path class="bounded" fill=[pattern] d=(marks::strip((from, sharp), (y, BAR), edges)) {}
        @if unknown {
            @for (i, opacity) in ["0.8", "0.6", "0.4", "0.2"].into_iter().enumerate() {
                @let step = (end - sharp) / 4.0;
                rect class="fading" fill=[pattern] opacity=(opacity)
                    x=(px(sharp + step * i as f64)) y=(px(y)) width=(px(step)) height=(px(BAR)) {}
            }
        } @else if !cut {
            path class="latest" d=(marks::latest_cap(end, y)) {}
        }
    }
}

pub(super) fn column(window: &Window, item: &Item, count: usize, top: f64) -> Drawn {
    const STEP: f64 = PLOT / COLUMNS as f64;
    let slot = ((window.clamped(item.from) - GUTTER) / STEP).floor().min((COLUMNS - 1) as f64);
    let x = GUTTER + slot * STEP;
    let height = ((count as f64).ln_1p() / 10_000_f64.ln() * 22.0).clamp(3.0, 22.0);
    let drawing = html! {
        rect class="body" x=(px(x)) y=(px(top + LANE - 3.0 - height)) width="7" height=(px(height))
            {}
        @if count < 10 { text class="count" x=(px(x + 3.5)) y=(px(top + LANE - 5.0 - height))
            text-anchor="middle" { (count) } }
    };
    Drawn { drawing, right: x + STEP, left: x - 4.0 }
}

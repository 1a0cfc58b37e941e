//! The drawing. Geometry stands in attributes, colour in classes; no `style` anywhere.

use super::{
    bar::{self, Drawn},
    geometry::{AXIS, GUTTER, HIT, LANE, WIDTH, Window, px, ticks},
    labels,
    lanes::{
        Bar, Figure, Fill, Hue, Item, ItemShape, Lane, LaneKind, Mark, Order, Target, grade_letter,
    },
    limits::{MAX_CHANGES, MAX_GAPS},
    marks,
    spoken::{classes, spoken, until},
    zoom,
};
use crate::{
    text::{count, plain},
    times::{Times, clock},
};
use claimledger_domain::model::Grade;
use claimledger_facts::{ids::LogPosition, time::Time};
use maud::{Markup, html};
use std::{cmp::Ordering, collections::BTreeMap};

/// Writes the figure. `href` makes the link of an item from what it opens; ids carry `prefix`, so
/// that two figures can stand on one page. `open`: the bar that is open.
pub(crate) fn svg(
    figure: &Figure,
    prefix: &str,
    href: &dyn Fn(Target) -> String,
    open: Option<Bar>,
) -> Markup {
    let strip = sign_in(figure);
    let bottom = AXIS + figure.lanes.len() as f64 * LANE;
    let height = bottom + if strip.is_empty() { 6.0 } else { LANE * 2.0 + 4.0 };
    let mut drawing = Drawing { figure, prefix, href, open, seen: BTreeMap::new() };
    html! {
        svg class="tl" viewBox={
            "0 0 " (px(WIDTH)) " " (px(height)) } width=(px(WIDTH)) height=(px(height)) role="group"
            aria-labelledby={ (prefix) "-t" } aria-describedby={ (prefix) "-d" }
            data-from=(figure.window.from) data-until=(figure.window.until) {
            title id={ (prefix) "-t" } { (title(figure)) }
            desc id={ (prefix) "-d" } { (description(figure)) }
            (patterns(prefix))
            (tints(figure, bottom))
            (axis(&figure.window))
            (silences(figure, prefix))
            // Below the lanes, so that they cross out no label.
            (lines(figure, bottom, prefix))
            @for (row, lane) in figure.lanes.iter().enumerate() {
                (drawing.lane(lane, AXIS + row as f64 * LANE))
            }
            @if !strip.is_empty() {
                (sign_in_strip(&zoom::sign_in(figure.start), &strip, bottom)) }
        }
    }
}

/// The figure's title.
pub(crate) fn title(figure: &Figure) -> String {
    let mut times = Times::default();
    format!(
        "Session {}, {} order, {} to {}",
        figure.session,
        figure.order.word(),
        times.show(whole_second(figure.window.from)),
        times.show(whole_second(figure.window.until))
    )
}

fn whole_second(time: Time) -> Time {
    Time::from_micros(time.micros().div_euclid(1_000_000) * 1_000_000)
}

/// What is drawn, in a few sentences.
pub(crate) fn description(figure: &Figure) -> String {
    let rows: usize = figure.lanes.iter().map(|lane| lane.items.len()).sum();
    let factors = figure.lanes.iter().filter(|lane| lane.kind == LaneKind::Factor).count();
    let odd = figure
        .lanes
        .iter()
        .flat_map(|lane| &lane.items)
        .filter(|item| item.hue == Hue::Attention || item.fill == Fill::Void)
        .count();
    let mut out = format!(
        "{}, {factors} of them for factors that counted. ",
        count(figure.lanes.len(), "lane")
    );
    if odd > 0 {
        out.push_str(&format!("{odd} marked for attention. "));
    }
    let cuts = [(figure.at, "T"), (figure.known_at, "K")];
    for (side, edge) in [("left", Ordering::Less), ("right", Ordering::Greater)] {
        let window = &figure.window;
        let lies = |time: Time| match edge {
            Ordering::Less => time < window.from,
            _ => time > window.until,
        };
        let names: Vec<&str> =
            cuts.iter().filter(|(time, _)| lies(*time)).map(|(_, name)| *name).collect();
        match names[..] {
            [] => {}
            [one] => out.push_str(&format!("{one} lies {side} of it. ")),
            _ => out.push_str(&format!("T and K lie {side} of it. ")),
        }
    }
    let outside = figure.lanes.iter().map(|lane| lane.outside);
    let (before, after) = outside.fold((0, 0), |sum, lane| (sum.0 + lane.0, sum.1 + lane.1));
    if before + after > 0 {
        out.push_str(&format!(
            "Outside of this window: {} before it, {after} after it. ",
            count(before, "item")
        ));
    }
    out.push_str(&format!("The table below has the same {}.", count(rows, "row")));
    for left_out in &figure.left_out {
        out.push_str(&format!(" Left out: {left_out}."));
    }
    out
}

pub(super) fn patterns(prefix: &str) -> Markup {
    let hatch = |name: &str, class: &str, turn: &str, both: bool| {
        html! {
            pattern id={ (prefix) "-" (name) } class=(class) width="6" height="6"
                patternUnits="userSpaceOnUse" patternTransform={ "rotate(" (turn) ")" } {
                line class="hatch" x1="1" y1="0" x2="1" y2="6" {}
                @if both { line class="hatch" x1="0" y1="3" x2="6" y2="3" {} }
            }
        }
    };
    html! {
        defs {
            @for hue in [Hue::Ink, Hue::Claimed, Hue::Local, Hue::Attention] {
                (hatch(&format!("possible-{}", hue.class()), hue.class(), "45", false))
            }
            (hatch("void", "attention", "-45", false))
            (hatch("gap", "gap", "45", true))
            pattern class="muted" id={
                (prefix) "-out" } width="6" height="6" patternUnits="userSpaceOnUse" {
                circle class="dot" cx="2" cy="2" r="0.8" {} }
        }
    }
}

fn tints(figure: &Figure, bottom: f64) -> Markup {
    let window = &figure.window;
    let inside: Vec<f64> =
        figure.changes.iter().take(MAX_CHANGES).map(|change| window.clamped(*change)).collect();
    let edges: Vec<f64> = std::iter::once(GUTTER)
        .chain(inside.iter().copied())
        .chain(std::iter::once(WIDTH))
        .collect();
    html! {
        g class="bands" aria-hidden="true" {
            @for (i, pair) in edges.windows(2).enumerate() {
                rect class=(if i % 2 == 0 { "tint-a" } else {
                    "tint-b" }) x=(px(pair[0])) y=(px(AXIS)) width=(px(pair[1] - pair[0]))
                    height=(px(bottom - AXIS)) {}
            }
            @for x in &inside { line class="hairline" x1=(px(*x)) y1=(px(AXIS)) x2=(px(*x))
                y2=(px(bottom)) {} }
        }
    }
}

pub(super) fn axis(window: &Window) -> Markup {
    html! {
        g class="axis" aria-hidden="true" {
            line class="rule" x1=(px(GUTTER)) y1=(px(AXIS)) x2=(px(WIDTH)) y2=(px(AXIS)) {}
            @for tick in ticks(window) {
                line class="tick" x1=(px(tick.x)) y1=(px(AXIS - 4.0)) x2=(px(tick.x)) y2=(px(AXIS))
                    {}
                text class="time" x=(px(tick.x.min(WIDTH - 30.0))) y=(px(AXIS - 6.0))
                    text-anchor="middle" { (tick.clock) }
                @if let Some(date) = &tick.date {
                    text class="date" x=(px(tick.x.min(WIDTH - 32.0))) y="10" text-anchor="middle" {
                        (date) }
                }
            }
        }
    }
}

fn silences(figure: &Figure, prefix: &str) -> Markup {
    let touched = figure.gaps.iter().flat_map(|gap| {
        let rows = figure.lanes.iter().enumerate().filter(|(_, lane)| {
            lane.kind >= LaneKind::IdpSession && lane.sources.contains(&gap.source)
        });
        rows.map(move |(row, _)| (gap, row))
    });
    html! {
        g class="gaps" {
            @for (gap, row) in touched.take(MAX_GAPS) {
                @let (left, right) = (figure.window.clamped(gap.from),
                    figure.window.clamped(gap.until.unwrap_or(figure.window.until)));
                @let top = AXIS + row as f64 * LANE + 2.0;
                @let mut days = Times::default();
                rect fill={ "url(#" (prefix) "-gap)" } x=(px(left)) y=(px(top))
                    width=(px((right - left).max(1.0))) height=(px(LANE - 4.0)) {
                    title { (plain(gap.source.as_str())) " " (gap.cause) " " (days.show(gap.from))
                        @match gap.until { Some(until) => { " to " (days.show(until)) },
                            None => " and on" }
                        @if gap.backfilled { ", back-filled" } }
                }
            }
        }
    }
}

fn lines(figure: &Figure, bottom: f64, prefix: &str) -> Markup {
    let window = &figure.window;
    // Where both stand on one spot, their names stand on either side of it.
    let near = (window.x(figure.at) - window.x(figure.known_at)).abs() < 12.0;
    let line = |time: Time, class: &str, name: &str, (anchor, aside): (&str, f64)| {
        let x = window.x(time);
        html! {
            line class=(class) x1=(px(x)) y1=(px(AXIS - 4.0)) x2=(px(x)) y2=(px(bottom)) {}
            text class="flag" x=(px(if near { x + aside } else {
                x })) y=(px(AXIS - 6.0)) text-anchor=(if near { anchor } else { "middle" }) {
                (name) }
        }
    };
    html! {
        g class="cut" aria-hidden="true" {
            @if figure.at < window.until {
                @let x = window.clamped(figure.at);
                rect fill={ "url(#" (prefix) "-out)" } x=(px(x)) y=(px(AXIS)) width=(px(WIDTH - x))
                    height=(px(bottom - AXIS)) {}
            }
            @if window.holds(figure.at) {
                (line(figure.at, "t-line", "T", ("end", -2.0)))
            }
            @if window.holds(figure.known_at) { (line(figure.known_at, "k-line", "K", ("start",
                2.0))) }
        }
    }
}

/// A figure that is being drawn.
struct Drawing<'a> {
    figure: &'a Figure,
    prefix: &'a str,
    href: &'a dyn Fn(Target) -> String,
    open: Option<Bar>,
    /// How many items of each record are drawn.
    seen: BTreeMap<LogPosition, usize>,
}

impl Drawing<'_> {
    fn lane(&mut self, lane: &Lane, top: f64) -> Markup {
        let figure = self.figure;
        let mut free = GUTTER;
        let labels = labels::labels(&figure.window, lane);
        html! {
            g class={ "lane " (lane.kind.class()) } role="group" aria-label=(lane.aria) {
                (labels::lane_name(&lane.name, top, lane.grade.is_some()))
                @if let Some(grade) = lane.grade {
                    text class="grade" x=(px(GUTTER - 10.0)) y=(px(top + 18.0)) text-anchor="end" {
                    (grade_letter(grade)) } }
                @if lane.items.is_empty() {
                    text class="late" x=(px(GUTTER + 8.0)) y=(px(top + 18.0)) {
                        (elsewhere(lane.outside)) }
                }
                g class="items" { @for (i, item) in lane.items.iter().enumerate() {
                    @let next = lane.items.get(i + 1).map_or(WIDTH, |next|
                        figure.window.clamped(next.from) - 10.0);
                    (self.item(item, &labels[i], top, (&mut free, next)))
                } }
            }
        }
    }

    /// Which of the items of its record an item is; columns are of none.
    fn bar(&mut self, item: &Item) -> Option<Bar> {
        let record = match item.shape {
            ItemShape::Column(_) => return None,
            ItemShape::Band | ItemShape::Bar | ItemShape::Mark(_) => item.position()?,
        };
        let seen = self.seen.entry(record).or_default();
        *seen += 1;
        Some(Bar { record, nth: *seen - 1 })
    }

    fn item(
        &mut self,
        item: &Item,
        label: &str,
        top: f64,
        (free, next): (&mut f64, f64),
    ) -> Markup {
        let (figure, own) = (self.figure, self.bar(item));
        let Drawn { drawing, right, left } = match item.shape {
            ItemShape::Band => bar::band(figure, item, top, self.prefix),
            ItemShape::Bar => bar::bar(figure, item, top, self.prefix),
            ItemShape::Mark(shape) => mark(&figure.window, item, shape, top),
            ItemShape::Column(count) => bar::column(&figure.window, item, count, top),
        };
        let target = match (item.target(), own) {
            (Target::Record(_), Some(own)) => Target::Bar(own),
            (target, _) => target,
        };
        let is_open = self.open.is_some() && self.open == own;
        html! {
            a class=(classes(figure, item)) id=[own.map(|own| own.id(self.prefix))]
                href=((self.href)(target)) tabindex="-1" aria-current=[is_open.then_some("true")]
                data-from=(item.from) data-until=[until(item)] {
                title { (spoken(item)) }
                (drawing)
                (labels::label(item, label, (left, right), top, free, next))
            }
            @if let Some((speaks_of, recorded)) = item.late {
                (tail(&figure.window, figure, speaks_of, recorded, top))
                @if figure.order == Order::Occurred { (labels::lateness(&figure.window, speaks_of,
                    recorded, top, free, next)) }
            }
        }
    }
}

/// What a lane says that has nothing in the window.
fn elsewhere((before, after): (usize, usize)) -> String {
    match (before, after) {
        (0, after) => format!("{after} later →"),
        (before, 0) => format!("← {before} earlier"),
        (before, after) => format!("← {before} earlier · {after} later →"),
    }
}

fn mark(window: &Window, item: &Item, shape: Mark, top: f64) -> Drawn {
    let x = if window.holds(item.from) {
        window.x(item.from)
    } else {
        window.clamped(item.from).clamp(GUTTER + 10.0, WIDTH - 10.0)
    };
    let y = top + LANE / 2.0;
    let (outline, filled) = marks::mark(shape, x, y);
    let falsified = item.label.starts_with('✕');
    let drawing = html! {
        path class="hit" d={ "M" (px(x - HIT / 2.0)) " " (px(y - HIT / 2.0)) "h" (px(HIT)) "v"
            (px(HIT)) "h-" (px(HIT)) "Z" } {}
        @if let Some(filled) = filled { path class="inner" d=(filled) {} }
        path class="outline" d=(outline) {}
        @if item.hue == Hue::Attention { path class=(if falsified { "frame dashed" } else {
            "frame" }) d=(marks::frame(x, y)) {} }
    };
    Drawn { drawing, right: x + 10.0, left: x - 14.0 }
}

/// From the time something speaks of to the time it was recorded. The one by which the axis goes is
/// where the item stands; the other one is marked.
fn tail(window: &Window, figure: &Figure, speaks_of: Time, recorded: Time, top: f64) -> Markup {
    let y = top + LANE - 3.0;
    let (start, end) = match figure.order {
        Order::Occurred => (window.clamped(speaks_of), window.clamped(recorded)),
        Order::Recorded => (window.clamped(recorded), window.clamped(speaks_of)),
    };
    let hollow = figure.order == Order::Recorded;
    html! {
        path class="tail" d={ "M" (px(start)) " " (px(y)) "H" (px(end)) } {}
        @if hollow && speaks_of >= window.from {
            circle class="spoke-of" cx=(px(end)) cy=(px(y - 3.0)) r="3" {}
        } @else if !hollow {
            @if recorded <= window.until {
                path class="recorded" d=(marks::arrow_back(end.min(WIDTH - 6.0), y)) {} }
        }
    }
}

/// Marks of the first minute, if two of them fall on one spot.
pub(super) fn sign_in(figure: &Figure) -> Vec<(f64, Mark, bool)> {
    let marks = || {
        figure.lanes.iter().flat_map(|lane| &lane.items).filter_map(|item| match item.shape {
            ItemShape::Mark(mark) => Some((item, mark)),
            ItemShape::Band | ItemShape::Bar | ItemShape::Column(_) => None,
        })
    };
    let start = figure.start;
    let minute = start.plus_secs(60);
    let mut xs: Vec<f64> = marks()
        .filter(|(item, _)| (start..=minute).contains(&item.from))
        .map(|(item, _)| figure.window.x(item.from))
        .collect();
    xs.sort_by(f64::total_cmp);
    if !xs.windows(2).any(|pair| pair[1] - pair[0] < 10.0) {
        return Vec::new();
    }
    let window = zoom::sign_in(start);
    marks()
        .filter(|(item, _)| window.holds(item.from))
        .take(30)
        .map(|(item, mark)| (window.x(item.from), mark, item.hue == Hue::Attention))
        .collect()
}

fn sign_in_strip(window: &Window, marks_in_it: &[(f64, Mark, bool)], top: f64) -> Markup {
    let y = top + LANE * 1.5;
    html! {
        g class="lane sign-in" aria-hidden="true" {
            text class="name" x="8" y=(px(y + 4.0)) { "sign-in" }
            text class="time" x=(px(GUTTER)) y=(px(y - 12.0)) { (clock(window.from)) }
            text class="time" x=(px(WIDTH)) y=(px(y - 12.0)) text-anchor="end" {
                (clock(window.until)) }
            line class="rule" x1=(px(GUTTER)) y1=(px(y + 12.0)) x2=(px(WIDTH)) y2=(px(y + 12.0)) {}
            @for (x, shape, odd) in marks_in_it {
                @let (outline, filled) = marks::mark(*shape, *x, y);
                g class=(if *odd { "mark attention" } else { "mark ink" }) {
                    @if let Some(filled) = filled { path class="inner" d=(filled) {} }
                    path class="outline" d=(outline) {}
                }
            }
        }
    }
}

/// All grades, for the legend.
pub(crate) const GRADES: [Grade; 4] =
    [Grade::Stated, Grade::Joined, Grade::Replayed, Grade::Assumed];

//! The drawing. Geometry stands in attributes, colour in classes; no `style` anywhere.

use super::{
    geometry::{AXIS, BAR, GUTTER, HIT, LANE, PLOT, WIDTH, Window, px, ticks},
    labels,
    lanes::{
        End, Figure, Fill, Hue, Item, ItemShape, Lane, LaneKind, Mark, Order, Target, grade_letter,
    },
    limits::{MAX_CHANGES, MAX_GAPS},
    marks,
};
use crate::{
    text::{count, plain},
    times::{Times, clock, delay},
};
use claimledger_domain::model::{Certainty, Grade};
use claimledger_facts::time::Time;
use maud::{Markup, html};

/// Writes the figure. `href` makes the link of an item from what it opens; ids carry `prefix`, so
/// that two figures can stand on one page.
pub(crate) fn svg(figure: &Figure, prefix: &str, href: &dyn Fn(Target) -> String) -> Markup {
    let strip = sign_in(figure);
    let bottom = AXIS + figure.lanes.len() as f64 * LANE;
    let height = bottom + if strip.is_empty() { 4.0 } else { LANE * 2.0 + 4.0 };
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
                (lane_group(figure, lane, AXIS + row as f64 * LANE, prefix, href))
            }
            @if let (false, Some(start)) = (strip.is_empty(), session_start(figure)) {
                (sign_in_strip(&sign_in_window(start), &strip, bottom)) }
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
    match [(figure.at, "T"), (figure.known_at, "K")]
        .into_iter()
        .filter(|(time, _)| *time > figure.window.until)
        .map(|(_, name)| name)
        .collect::<Vec<_>>()[..]
    {
        [] => {}
        [one] => out.push_str(&format!("{one} lies right of it. ")),
        _ => out.push_str("T and K lie right of it. "),
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
            @if window.holds(figure.at) {
                @let x = window.x(figure.at);
                rect fill={ "url(#" (prefix) "-out)" } x=(px(x)) y=(px(AXIS)) width=(px(WIDTH - x))
                    height=(px(bottom - AXIS)) {}
                (line(figure.at, "t-line", "T", ("end", -2.0)))
            }
            @if window.holds(figure.known_at) { (line(figure.known_at, "k-line", "K", ("start",
                2.0))) }
        }
    }
}

fn lane_group(
    figure: &Figure,
    lane: &Lane,
    top: f64,
    prefix: &str,
    href: &dyn Fn(Target) -> String,
) -> Markup {
    let mut free = GUTTER;
    let labels = labels::labels(&figure.window, lane);
    let name: String = if lane.name.chars().count() > 25 {
        lane.name.chars().take(24).chain(['…']).collect()
    } else {
        lane.name.clone()
    };
    html! {
        g class={ "lane " (lane.kind.class()) } role="group" aria-label=(lane.aria) {
            text class="name" x="8" y=(px(top + 18.0)) { (name) }
            @if let Some(grade) = lane.grade {
                text class="grade" x=(px(GUTTER - 10.0)) y=(px(top + 18.0)) text-anchor="end" {
                (grade_letter(grade)) } }
            @for (i, item) in lane.items.iter().enumerate() {
                @let next = lane.items.get(i + 1).map_or(WIDTH, |next|
                    figure.window.clamped(next.from) - 10.0);
                (item_link(figure, item, &labels[i], top, prefix, href, (&mut free, next)))
            }
        }
    }
}

fn item_link(
    figure: &Figure,
    item: &Item,
    label: &str,
    top: f64,
    prefix: &str,
    href: &dyn Fn(Target) -> String,
    (free, next): (&mut f64, f64),
) -> Markup {
    let (drawing, right, flipped) = match item.shape {
        ItemShape::Band => band(&figure.window, item, top),
        ItemShape::Bar => bar(figure, item, top, prefix),
        ItemShape::Mark(shape) => mark(&figure.window, item, shape, top),
        ItemShape::Column(count) => column(&figure.window, item, count, top),
    };
    html! {
        a class=(classes(item)) href=(href(item.target())) tabindex="-1" data-from=(item.from)
            data-until=[until(item)] {
            title { (spoken(item)) }
            (drawing)
            (labels::label(item, label, right, flipped, top, free, next))
        }
        @if let Some((speaks_of, recorded)) = item.late {
            (tail(&figure.window, figure, speaks_of, recorded, top))
            @if figure.order == Order::Occurred { (labels::lateness(&figure.window, speaks_of,
                recorded, top, free, next)) }
        }
    }
}

const fn until(item: &Item) -> Option<Time> {
    match item.end {
        End::At(end) | End::Lost(end) | End::Bounded(_, end) => Some(end),
        End::Moment | End::Running | End::Unknown(_) => None,
    }
}

fn classes(item: &Item) -> String {
    let shape = match item.shape {
        ItemShape::Band => "band",
        ItemShape::Bar => "bar",
        ItemShape::Mark(_) => "mark",
        ItemShape::Column(_) => "column",
    };
    let fill = match item.fill {
        Fill::Solid => "solid",
        Fill::Possible => "possible",
        Fill::Void => "void",
        Fill::Hollow => "hollow",
    };
    let certainty = item.certainty.as_str();
    let grade = item.grade.map_or("", Grade::as_str);
    format!("{shape} {} {fill} {certainty} {grade}", item.hue.class()).trim_end().to_owned()
}

/// What a screen reader and a tooltip say of an item: each by itself, so with its date.
pub(crate) fn spoken(item: &Item) -> String {
    let mut times = Times::default();
    let mut out = format!("{} {}", item.what, times.show(item.from));
    match item.end {
        End::Moment => {}
        End::At(end) | End::Lost(end) => out.push_str(&format!(" until {}", times.show(end))),
        End::Running => out.push_str(", running"),
        End::Bounded(earliest, latest) => out.push_str(&format!(
            " until between {} and {}",
            times.show(earliest),
            times.show(latest)
        )),
        End::Unknown(earliest) => {
            out.push_str(&format!(" until {} or later", times.show(earliest)))
        }
    }
    if !item.reason.is_empty() {
        out.push_str(&format!(": {}", item.reason));
    }
    if item.end != End::Moment || item.certainty == Certainty::Possible {
        out.push_str(&format!("; {}", item.certainty.as_str()));
    }
    if let Some(grade) = item.grade {
        out.push_str(&format!("; {}", grade.as_str()));
    }
    if let Some((speaks_of, recorded)) = item.late {
        let what = if item.end_is_late() { "its end recorded late" } else { "recorded late" };
        out.push_str(&format!(
            "; {what}, {}: {}",
            delay(speaks_of, recorded),
            times.show(recorded)
        ));
    }
    out
}

fn band(window: &Window, item: &Item, top: f64) -> (Markup, f64, f64) {
    let left = window.clamped(item.from);
    let right = until(item).map_or(WIDTH, |end| window.clamped(end));
    let drawing = html! {
        rect class="body" x=(px(left)) y=(px(top + 7.0)) width=(px((right - left).max(1.0)))
            height="14" {}
        line class="edge" x1=(px(left)) y1=(px(top + 7.0)) x2=(px(left)) y2=(px(top + 21.0)) {}
    };
    // The name stands at the start of its strip, not after it.
    (drawing, left, left)
}

fn bar(figure: &Figure, item: &Item, top: f64, prefix: &str) -> (Markup, f64, f64) {
    let window = &figure.window;
    let y = top + (LANE - BAR) / 2.0;
    let left = window.clamped(item.from);
    let begins = item.from >= window.from;
    let hatched = |fill: Fill| match fill {
        Fill::Possible => Some(format!("url(#{prefix}-possible-{})", item.hue.class())),
        Fill::Void => Some(format!("url(#{prefix}-void)")),
        Fill::Solid | Fill::Hollow => None,
    };
    let (solid_to, hatch_to, right) = match item.end {
        End::Moment => (left, None, left),
        End::At(end) | End::Lost(end) => (window.clamped(end), None, window.clamped(end)),
        End::Running => {
            let end = window.clamped(figure.at.max(item.from));
            (end, None, end)
        }
        End::Bounded(earliest, latest) => {
            (window.clamped(earliest), Some(window.clamped(latest)), window.clamped(latest))
        }
        End::Unknown(earliest) => (window.clamped(earliest), Some(WIDTH), WIDTH),
    };
    let round = matches!(item.end, End::At(end) | End::Lost(end) if end <= window.until);
    let drawing = html! {
        @if solid_to > left || hatch_to.is_none() {
            path class="body" fill=[hatched(item.fill)] d=(marks::bar(left, solid_to, y, round)) {}
        }
        @if let Some(end) = hatch_to {
            @let unknown = matches!(item.end, End::Unknown(_));
            @let sharp = if unknown { (end - 48.0).max(solid_to) } else { end };
            path class="bounded" fill=[hatched(Fill::Possible)] d=(marks::bar(solid_to, sharp, y,
                false)) {}
            @if unknown {
                // Fading in steps of paint, not of likelihood: what lies there is not known at all.
                @for (i, opacity) in ["0.8", "0.6", "0.4", "0.2"].into_iter().enumerate() {
                    @let step = (end - sharp) / 4.0;
                    rect class="fading" fill=[hatched(Fill::Possible)] opacity=(opacity)
                        x=(px(sharp + step * i as f64)) y=(px(y)) width=(px(step)) height=(px(BAR))
                        {}
                }
            } @else {
                path class="latest" d=(marks::latest_cap(end, y)) {}
            }
        }
        @if begins { path class="cap" d=(marks::start_cap(left, y)) {} }
        @if item.hue == Hue::Local { path class="notch" d=(marks::notch(left, y)) {} }
        @match item.end {
            End::Running => path class="cap" d=(marks::chevron(solid_to, y)) {},
            End::Lost(_) => path class="cross" d=(marks::cross(solid_to, y + BAR / 2.0)) {},
            End::Moment | End::At(_) | End::Bounded(..) | End::Unknown(_) => (Markup::default()),
        }
    };
    (drawing, right, right - 10.0)
}

fn mark(window: &Window, item: &Item, shape: Mark, top: f64) -> (Markup, f64, f64) {
    let x = if window.holds(item.from) {
        window.x(item.from)
    } else {
        window.clamped(item.from).clamp(GUTTER + 10.0, WIDTH - 10.0)
    };
    let y = top + LANE / 2.0;
    let (outline, filled) = marks::mark(shape, x, y);
    let falsified = item.label.starts_with('✕');
    let drawing = html! {
        rect class="hit" x=(px(x - HIT / 2.0)) y=(px(y - HIT / 2.0)) width=(px(HIT))
            height=(px(HIT)) {}
        @if let Some(filled) = filled { path class="inner" d=(filled) {} }
        path class="outline" d=(outline) {}
        @if item.hue == Hue::Attention { path class=(if falsified { "frame dashed" } else {
            "frame" }) d=(marks::frame(x, y)) {} }
    };
    (drawing, x + 10.0, x - 14.0)
}

fn column(window: &Window, item: &Item, count: usize, top: f64) -> (Markup, f64, f64) {
    const STEP: f64 = PLOT / 127.0;
    let slot = ((window.clamped(item.from) - GUTTER) / STEP).floor().min(126.0);
    let x = GUTTER + slot * STEP;
    let height = ((count as f64).ln_1p() / 10_000_f64.ln() * 22.0).clamp(3.0, 22.0);
    let drawing = html! {
        rect class="body" x=(px(x)) y=(px(top + LANE - 3.0 - height)) width="7" height=(px(height))
            {}
        @if count < 10 { text class="count" x=(px(x + 3.5)) y=(px(top + LANE - 5.0 - height))
            text-anchor="middle" { (count) } }
    };
    (drawing, x + STEP, x - 4.0)
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
        line class="tail" x1=(px(start)) y1=(px(y)) x2=(px(end)) y2=(px(y)) {}
        @if hollow {
            circle class="spoke-of" cx=(px(end)) cy=(px(y - 3.0)) r="3" {}
        } @else {
            path class="recorded" d=(marks::arrow_back(end.min(WIDTH - 6.0), y)) {}
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
    let Some(start) = session_start(figure) else { return Vec::new() };
    let minute = start.plus_secs(60);
    let mut xs: Vec<f64> = marks()
        .filter(|(item, _)| (start..=minute).contains(&item.from))
        .map(|(item, _)| figure.window.x(item.from))
        .collect();
    xs.sort_by(f64::total_cmp);
    if !xs.windows(2).any(|pair| pair[1] - pair[0] < 10.0) {
        return Vec::new();
    }
    let window = sign_in_window(start);
    marks()
        .filter(|(item, _)| window.holds(item.from))
        .take(30)
        .map(|(item, mark)| (window.x(item.from), mark, item.hue == Hue::Attention))
        .collect()
}

fn session_start(figure: &Figure) -> Option<Time> {
    figure
        .lanes
        .iter()
        .filter(|lane| lane.kind == LaneKind::Session)
        .flat_map(|lane| &lane.items)
        .map(|item| item.from)
        .min()
}

fn sign_in_window(start: Time) -> Window {
    Window {
        from: Time::from_micros(start.micros().saturating_sub(2_000_000)),
        until: start.plus_secs(10),
    }
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

//! What stands beside the items of a lane. No text stands on a hatch or a fill; what has no room is
//! in the table.

use super::{
    geometry::{BAR, FLIP, GUTTER, LANE, WIDTH, Window, px, shortened, text_width},
    lanes::{Hue, Item, ItemShape, Lane},
    spoken,
};
use crate::times::{clock, date, delay};
use claimledger_facts::time::Time;
use maud::{Markup, html};

/// Where a bar ends in its lane, and what is written below it begins.
const UNDER: f64 = (LANE + BAR) / 2.0 + 0.5;

/// Marks nearer than this stand on one spot.
const ONE_SPOT: f64 = 4.0;

/// The labels of a lane. Marks on one spot share that of the last of them; a version says since
/// when and by whom, if its strip is wide enough.
pub(super) fn labels(window: &Window, lane: &Lane) -> Vec<String> {
    let next =
        |i: usize| lane.items.get(i + 1).map_or(WIDTH, |next| window.clamped(next.from) - 10.0);
    let mut labels: Vec<String> =
        lane.items.iter().enumerate().map(|(i, item)| own(window, item, next(i))).collect();
    for (i, pair) in lane.items.windows(2).enumerate() {
        let [before, here] = pair else { continue };
        let ordinary =
            |item: &Item| matches!(item.shape, ItemShape::Mark(_)) && item.hue != Hue::Attention;
        if !ordinary(before)
            || !ordinary(here)
            || window.x(here.from) - window.x(before.from) >= ONE_SPOT
        {
            continue;
        }
        let shared = std::mem::take(&mut labels[i]);
        let own = &labels[i + 1];
        if own.is_empty() || shared.split("; ").any(|named| named == own) {
            labels[i + 1] = shared;
        } else if !shared.is_empty() {
            labels[i + 1] = format!("{shared}; {own}");
        }
    }
    said_once(window, lane, &mut labels);
    labels
}

/// Of ordinary marks in a row with the same label that has no room at each, the first has it.
fn said_once(window: &Window, lane: &Lane, labels: &mut [String]) {
    let mut said = String::new();
    for (i, item) in lane.items.iter().enumerate() {
        if !matches!(item.shape, ItemShape::Mark(_)) || item.hue == Hue::Attention {
            said.clear();
            continue;
        }
        let next = lane.items.get(i + 1).map_or(WIDTH, |next| window.clamped(next.from) - 10.0);
        let has_room = window.clamped(item.from) + 16.0 + text_width(&labels[i]) <= next;
        if !labels[i].is_empty() && labels[i] == said && !has_room {
            labels[i].clear();
        } else {
            said.clone_from(&labels[i]);
        }
    }
}

/// The name of a lane in the gutter. What has no room there is whole in its title, and in the table
/// that follows each figure.
pub(super) fn lane_name(name: &str, top: f64, is_graded: bool) -> Markup {
    let room = GUTTER - 8.0 - if is_graded { 24.0 } else { 8.0 };
    let short = shortened(name, room);
    html! {
        text class="name" x="8" y=(px(top + 18.0)) {
            @match short {
                Some(short) => { title { (name) } (short) },
                None => (name),
            }
        }
    }
}

/// An end that lies right of the window says when.
fn beyond(label: &str, clock: &str) -> String {
    if label.ends_with(clock) { format!("{label} →") } else { format!("{label} {clock} →") }
}

fn own(window: &Window, item: &Item, next: f64) -> String {
    if item.shape != ItemShape::Band {
        return match spoken::until(item).filter(|end| *end > window.until) {
            Some(end) if item.shape == ItemShape::Bar && !item.label.is_empty() => {
                beyond(&item.label, &clock(end))
            }
            Some(_) | None => item.label.clone(),
        };
    }
    let mut since = if date(item.from) == date(window.from) {
        clock(item.from)
    } else {
        format!("{} {}", date(item.from), clock(item.from))
    };
    if let Some(by) = item.begun_by {
        since.push_str(&format!("–{}", clock(by)));
    }
    let by = if item.reason.is_empty() { String::new() } else { format!(", {}", item.reason) };
    let long = format!("{} (since {since}{by})", item.label);
    if window.clamped(item.began().latest()) + 6.0 + text_width(&long) <= next {
        long
    } else {
        item.label.clone()
    }
}

/// Labels stand right of the end; what has no room there stands left of the start or below its bar,
/// on a plate, and else is in the table: none shortens what it is of. `free` is where the lane has
/// room from, `next` where the next item begins.
pub(super) fn label(
    item: &Item,
    label: &str,
    (flipped, right): (f64, f64),
    top: f64,
    free: &mut f64,
    next: f64,
) -> Markup {
    if label.is_empty() {
        *free = free.max(right);
        return Markup::default();
    }
    let width = text_width(label);
    let y = top + LANE / 2.0 + 4.0;
    let start = right + 6.0;
    let short = if label.starts_with('≠') { "≠ differs" } else { "✕ falsified later" };
    let shortened = item.hue == Hue::Attention
        && start + width > next
        && start + text_width(short) <= next.max(start + text_width("≠"));
    if shortened {
        *free = start + text_width(short);
        return html! { text class="label" x=(px(start)) y=(px(y)) { (short) } };
    }
    if start >= *free
        && start + width <= next.max(start)
        && start + width <= WIDTH
        && (start + width <= next || next >= WIDTH)
    {
        *free = start + width;
        return html! { text class="label" x=(px(start)) y=(px(y)) { (label) } };
    }
    let flips = item.shape == ItemShape::Bar || right > FLIP;
    if flips && flipped - width - 3.0 >= *free {
        let left = flipped - width;
        *free = right;
        return html! {
            rect class="plate" x=(px(left - 3.0)) y=(px(y - 11.0)) width=(px(width + 6.0))
                height="14" {}
            text class="label" x=(px(left)) y=(px(y)) { (label) }
        };
    }
    if item.shape == ItemShape::Bar && item.late.is_none() && next >= WIDTH {
        let start = right - width - 6.0;
        if start >= *free {
            *free = right;
            return html! {
                rect class="plate" x=(px(start)) y=(px(top + UNDER)) width=(px(right - start))
                    height=(px(LANE + 4.0 - UNDER)) {}
                text class="label" x=(px(right - 2.0)) y=(px(top + LANE + 2.0)) text-anchor="end" {
                    (label) }
            };
        }
    }
    if right + 14.0 > WIDTH.min(next + 10.0) || right + 4.0 < *free {
        *free = free.max(right);
        return Markup::default();
    }
    *free = right + 14.0;
    html! { text class="label" x=(px(right + 4.0)) y=(px(y)) { "…" } }
}

/// How late, beside the arrow head at `recorded`: before it if there is room above the tail, else
/// after it.
pub(super) fn lateness(
    window: &Window,
    speaks_of: Time,
    recorded: Time,
    top: f64,
    free: &mut f64,
    next: f64,
) -> Markup {
    let text = delay(speaks_of, recorded);
    let (width, arrow) = (text_width(&text), window.clamped(recorded).min(WIDTH - 6.0));
    let before = arrow - 4.0 - width;
    let start = if before >= *free + 6.0 && arrow <= next {
        before
    } else if arrow + 8.0 >= *free + 6.0 && arrow + 8.0 + width <= next {
        arrow + 8.0
    } else {
        return Markup::default();
    };
    *free = start + width;
    html! { text class="late" x=(px(start)) y=(px(top + LANE / 2.0 + 4.0)) { (text) } }
}

//! What stands beside the items of a lane. No text stands on a hatch or a fill; what has no room is
//! in the table.

use super::{
    geometry::{BAR, FLIP, LANE, WIDTH, Window, px, text_width},
    lanes::{Hue, Item, ItemShape, Lane},
};
use crate::times::{clock, date, delay};
use claimledger_facts::time::Time;
use maud::{Markup, html};

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
    labels
}

fn own(window: &Window, item: &Item, next: f64) -> String {
    if item.shape != ItemShape::Band {
        return item.label.clone();
    }
    let since = if date(item.from) == date(window.from) {
        clock(item.from)
    } else {
        format!("{} {}", date(item.from), clock(item.from))
    };
    let by = if item.reason.is_empty() { String::new() } else { format!(", {}", item.reason) };
    let long = format!("{} (since {since}{by})", item.label);
    if window.clamped(item.from) + 6.0 + text_width(&long) <= next {
        long
    } else {
        item.label.clone()
    }
}

/// Labels stand right of the end; near the right edge they flip inside, on a plate. `free` is where
/// the lane has room from, `next` where the next item begins.
pub(super) fn label(
    item: &Item,
    label: &str,
    right: f64,
    flipped: f64,
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
    if right > FLIP && flipped - width > *free {
        let left = flipped - width;
        *free = right;
        let (edge, bar) = ((left - 3.0, left + width + 3.0), top + (LANE - BAR) / 2.0);
        return html! {
            rect class="plate" x=(px(edge.0)) y=(px(y - 11.0)) width=(px(width + 6.0)) height="14"
                {}
            // The bar goes on behind its label, and is seen to.
            @if item.shape == ItemShape::Bar { path class="through" d={
                "M" (px(edge.0)) " " (px(bar)) "H" (px(edge.1)) "M" (px(edge.0)) " " (px(bar + BAR))
                "H" (px(edge.1)) } {} }
            text class="label" x=(px(left)) y=(px(y)) { (label) }
        };
    }
    *free = free.max(right + 14.0);
    html! { text class="label" x=(px((right + 4.0).min(WIDTH - 10.0))) y=(px(y)) { "…" } }
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

//! What a figure can hold: 1,500 elements, 60 lanes, 400 links, 200 KB. What a limit leaves out is
//! counted in the caption; what is odd is left out last.

use super::{
    geometry::{GUTTER, PLOT},
    lanes::{End, Figure, Fill, Hue, Item, ItemShape, Lane, LaneKind, Mark},
};
use claimledger_domain::model::Certainty;
use claimledger_facts::{ids::LogPosition, time::Time};

/// Lanes at most.
pub(crate) const MAX_LANES: usize = 60;
/// Links at most.
pub(crate) const MAX_LINKS: usize = 400;
/// Elements at most.
pub(crate) const MAX_ELEMENTS: usize = 1_500;
/// Bytes at most.
pub(crate) const MAX_BYTES: usize = 200 * 1024;
/// Factor lanes beyond this fold by assertion.
const MAX_FACTOR_LANES: usize = 24;
/// Factor lanes of one assertion that a reader opens.
const MAX_OPENED: usize = 24;
/// Columns of a lane that is too dense, each 8 px wide.
pub(crate) const COLUMNS: usize = 127;
/// Odd items of a dense lane that are drawn one by one.
const MAX_EXCEPTIONS: usize = 200;
/// A lane with more than one item in this number of pixels, on average, is dense.
const PX_AN_ITEM: f64 = 6.0;

/// Folds, buckets and leaves out until the figure fits. `href_bytes`: about how long one link is;
/// `columns`: into how many a dense lane goes. `opened`: the record of the assertion whose factors
/// are not folded.
pub(crate) fn fit(
    figure: &mut Figure,
    href_bytes: usize,
    columns: usize,
    opened: Option<LogPosition>,
) {
    fold_factors(figure, opened);
    if figure.lanes.len() > MAX_LANES {
        figure.left_out.push(format!(
            "{} lanes more than the {MAX_LANES} drawn",
            figure.lanes.len() - MAX_LANES
        ));
        figure.lanes.truncate(MAX_LANES);
    }
    let window = figure.window;
    for lane in &mut figure.lanes {
        if lane.items.len() as f64 > PLOT / PX_AN_ITEM {
            let more = bucket(lane, columns, |at| window.clamped(at));
            if more > 0 {
                figure.left_out.push(format!("{more} more of the lane {}", lane.name));
            }
        }
    }
    leave_out(figure, href_bytes);
}

/// Factors that came in one assertion become one lane with their count.
fn fold_factors(figure: &mut Figure, opened: Option<LogPosition>) {
    let factors = figure.lanes.iter().filter(|lane| lane.kind == LaneKind::Factor).count();
    if factors <= MAX_FACTOR_LANES {
        return;
    }
    // Those with nothing in the window only keep a place; there are too many to keep it.
    figure.lanes.retain(|lane| lane.kind != LaneKind::Factor || !lane.items.is_empty());
    let mut folded: Vec<Lane> = Vec::new();
    let mut lanes = Vec::new();
    let mut left = MAX_OPENED;
    for lane in std::mem::take(&mut figure.lanes) {
        let key = |lane: &Lane| lane.items.first().and_then(Item::position);
        let is_opened = left > 0 && opened.is_some() && key(&lane) == opened;
        if lane.kind != LaneKind::Factor || is_opened {
            left -= usize::from(lane.kind == LaneKind::Factor);
            lanes.push(lane);
            continue;
        }
        match folded.iter_mut().find(|group| key(group) == key(&lane) && key(&lane).is_some()) {
            None => folded.push(lane),
            Some(group) => group.items.extend(lane.items),
        }
    }
    for lane in &mut folded {
        fold(lane);
    }
    figure.left_out.push(format!(
        "{factors} factors are folded into {} lanes, one an assertion",
        folded.len()
    ));
    let at = lanes.iter().position(|lane| lane.kind > LaneKind::Factor).unwrap_or(lanes.len());
    lanes.splice(at..at, folded);
    figure.lanes = lanes;
}

fn fold(lane: &mut Lane) {
    let count = lane.items.len();
    if count < 2 {
        return;
    }
    let what = lane.items.iter().map(|item| item.what.as_str()).collect::<Vec<_>>().join("; ");
    let odd = lane.items.iter().find(|item| item.is_exception()).cloned();
    let last = lane.items.iter().max_by_key(|item| item.latest(Time::MAX)).cloned();
    let (Some(first), Some(last)) = (lane.items.first().cloned(), last) else { return };
    lane.name = format!("{count} factors");
    lane.aria = format!("{count} factors of one assertion");
    lane.folded = count;
    let item = Item { what, end: last.end, reason: last.reason, ..odd.unwrap_or(first) };
    lane.items = vec![item];
}

/// Puts a lane's ordinary items into columns. Returns how many odd ones are left out.
fn bucket(lane: &mut Lane, count: usize, x: impl Fn(Time) -> f64) -> usize {
    let (odd, ordinary): (Vec<Item>, Vec<Item>) =
        std::mem::take(&mut lane.items).into_iter().partition(Item::is_exception);
    let mut columns: Vec<Vec<Item>> = vec![Vec::new(); count];
    for item in ordinary {
        // Inside of the plot by construction, so this never exceeds the last column by more than
        // rounding.
        let column = ((x(item.from) - GUTTER) / PLOT * count as f64) as usize;
        columns[column.min(count - 1)].push(item);
    }
    let more = odd.len().saturating_sub(MAX_EXCEPTIONS);
    lane.items = odd
        .into_iter()
        .take(MAX_EXCEPTIONS)
        .chain(columns.into_iter().filter_map(column))
        .collect();
    lane.items.sort_by(|a, b| (a.from, &a.what).cmp(&(b.from, &b.what)));
    more
}

fn column(items: Vec<Item>) -> Option<Item> {
    let last = items.last()?.from;
    let count = items.len();
    let first = items.into_iter().next()?;
    if count == 1 {
        return Some(first);
    }
    Some(Item {
        shape: ItemShape::Column(count),
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        what: format!("{count} items"),
        begun_by: None,
        end: End::At(last),
        certainty: Certainty::Certain,
        reason: String::new(),
        label: String::new(),
        late: None,
        ..first
    })
}

/// How many elements an item takes, at most.
pub(crate) const fn elements(item: &Item) -> usize {
    let shape = match item.shape {
        ItemShape::Band => 5,
        ItemShape::Bar => 12,
        ItemShape::Mark(Mark::Access | Mark::Deny | Mark::Hollow) => 4,
        ItemShape::Mark(Mark::Allow | Mark::Challenge) => 5,
        ItemShape::Column(count) if count < 10 => 4,
        ItemShape::Column(_) => 3,
    };
    let bounds = if item.begun_by.is_some() { 2 } else { 0 };
    let frame = if matches!(item.hue, Hue::Attention) { 1 } else { 0 };
    shape
        + bounds
        + frame
        + if item.late.is_some() { 3 } else { 0 }
        + if item.label.is_empty() { 0 } else { 3 }
}

/// Changes that are tinted, at most.
pub(crate) const MAX_CHANGES: usize = 20;
/// Rectangles of gaps, at most.
pub(crate) const MAX_GAPS: usize = 30;

/// Elements beside the items: patterns, axis and lines, tints, gaps, the sign-in strip, the lanes
/// themselves.
fn overhead(figure: &Figure) -> usize {
    let gaps = if figure.gaps.is_empty() { 0 } else { 2 * MAX_GAPS };
    70 + 2 * figure.changes.len().min(MAX_CHANGES)
        + gaps
        + 3 * super::svg::sign_in(figure).len()
        + 6
        + 5 * figure.lanes.len()
}

/// Keeps at most this many items, the odd ones first.
pub(crate) fn at_most(figure: &mut Figure, max_links: usize) {
    keep(figure, max_links, MAX_ELEMENTS);
}

fn leave_out(figure: &mut Figure, href_bytes: usize) {
    // A link is written once an item; what else an item takes was measured at below 700 bytes.
    let max_links = MAX_LINKS.min((MAX_BYTES - 60 * 1024) / (href_bytes + 300));
    let max_elements = MAX_ELEMENTS - overhead(figure);
    // A crowded figure drops the labels of what is ordinary first: the table has them.
    let wanted: usize = figure.lanes.iter().flat_map(|lane| &lane.items).map(elements).sum();
    if wanted > max_elements {
        for item in figure
            .lanes
            .iter_mut()
            .flat_map(|lane| &mut lane.items)
            .filter(|item| item.hue != Hue::Attention && item.fill != Fill::Void)
        {
            item.label.clear();
        }
    }
    keep(figure, max_links, max_elements);
}

fn keep(figure: &mut Figure, max_links: usize, max_elements: usize) {
    let (mut links, mut used, mut dropped) = (0, 0, 0_usize);
    for odd in [true, false] {
        for lane in &mut figure.lanes {
            lane.items.retain(|item| {
                if item.is_exception() != odd {
                    return true;
                }
                if links < max_links && used + elements(item) <= max_elements {
                    links += 1;
                    used += elements(item);
                    return true;
                }
                dropped += 1;
                false
            });
        }
    }
    if dropped > 0 {
        figure.left_out.push(format!(
            "{dropped} items more than the figure can hold; the records below have them"
        ));
    }
}

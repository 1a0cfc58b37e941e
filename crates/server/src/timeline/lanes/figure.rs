//! The figure: all lanes, the window around them, and what was silent or changed in it.

use super::{
    End, Figure, Item, ItemShape, Lane, LaneKind, Order, Silence, configured, marks, session,
};
use crate::{
    text::plain,
    timeline::geometry::{PLOT, Window, text_width},
    times,
};
use claimledger_app::model::answer::SourceCompleteness;
use claimledger_domain::model::{Explained, SessionState};
use claimledger_facts::{ids::SourceId, time::Time};

/// Builds the figure of a session at T, as known at K. `through`: the window that it is looked
/// through; none: everything.
pub(crate) fn figure(
    explained: &Explained,
    (at, known_at): (Time, Time),
    completeness: &[SourceCompleteness],
    order: Order,
    through: Option<Window>,
) -> Figure {
    let (session, context) = (&explained.state, &explained.context);
    let mut lanes = Vec::new();
    configured::versions(&context.trust, (LaneKind::Trust, "trust of"), at, &mut lanes);
    configured::versions(&context.policies, (LaneKind::Policy, "policy"), at, &mut lanes);
    configured::keys(&context.keys, at, &mut lanes);
    session::idp_session(session, &mut lanes);
    lanes.push(session::session_lane(session));
    lanes.extend(session.factors.iter().map(|factor| session::factor_lane(session, factor)));
    marks::ignored(session, &mut lanes);
    marks::decisions(session, &mut lanes);
    marks::accesses(session, &mut lanes);
    marks::retractions_of_keys(session, &mut lanes);
    marks::falsifiers(session, &mut lanes);
    for lane in &mut lanes {
        lane.items.sort_by(|a, b| (a.from, &a.what).cmp(&(b.from, &b.what)));
        lane.sources = sources(&lane.items);
    }
    if order == Order::Recorded {
        lanes.iter_mut().flat_map(|lane| &mut lane.items).for_each(by_recorded);
    }
    let changes = changes(&lanes);
    let whole = with_room(window(session, &lanes, at, known_at), &lanes);
    let window = through.unwrap_or(whole);
    let start = start(&lanes).or(session.life.started_at).unwrap_or(at);
    match through {
        Some(_) => lanes.iter_mut().for_each(|lane| look_through(lane, &window, at)),
        None => in_whole(&mut lanes, &window),
    }
    let changes = changes.into_iter().filter(|change| window.holds(*change)).collect();
    Figure {
        session: plain(session.id.as_str()),
        window,
        whole,
        start,
        order,
        changes,
        at,
        known_at,
        gaps: silences(completeness, &window),
        after_t: context.after_t,
        left_out: Vec::new(),
        lanes,
    }
}

fn start(lanes: &[Lane]) -> Option<Time> {
    let session = lanes.iter().filter(|lane| lane.kind == LaneKind::Session);
    session.flat_map(|lane| &lane.items).map(|item| item.from).min()
}

/// Takes out what lies outside of a window and counts it. The lane stays, so that the others keep
/// their places from window to window.
fn look_through(lane: &mut Lane, window: &Window, at: Time) {
    let mut outside = (0, 0);
    lane.items.retain(|item| {
        let last = item.latest(at.max(item.from));
        let is_moment = last <= item.from;
        if item.from > window.until || (item.from == window.until && !is_moment) {
            outside.1 += 1;
            return false;
        }
        // An end is exclusive, a moment is not.
        if last < window.from || (last == window.from && !is_moment) {
            outside.0 += 1;
            return false;
        }
        true
    });
    lane.outside = outside;
}

/// Where everything is looked at, what lies outside says so at the edge.
fn in_whole(lanes: &mut Vec<Lane>, window: &Window) {
    for lane in
        lanes.iter_mut().filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Policy))
    {
        // Versions that were replaced before the session, or came after it, had no part in it.
        lane.items.retain(|item| {
            let ended = matches!(item.end, End::At(end) | End::Bounded(_, end)
                if end <= window.from);
            item.from < window.until && !ended
        });
    }
    lanes.retain(|lane| !lane.items.is_empty());
    for item in lanes.iter_mut().flat_map(|lane| &mut lane.items) {
        if item.end == End::Moment && !window.holds(item.from) && !item.label.is_empty() {
            let clock = times::clock(item.from);
            item.label = if item.from < window.from {
                format!("← {clock} {}", item.label)
            } else {
                format!("{} {clock} →", item.label)
            };
        }
    }
    for item in lanes.iter_mut().flat_map(|lane| &mut lane.items) {
        if matches!(item.end, End::At(end) | End::Lost(end) | End::Bounded(_, end)
            if end < window.from)
            && !item.label.is_empty()
        {
            item.label = format!("← {}", item.label);
        }
    }
    lanes
        .iter_mut()
        .filter(|lane| lane.kind == LaneKind::Key)
        .for_each(|lane| one_label_at_the_edge(lane, window));
}

/// The window is the session's own: what was configured long before only reaches in from the left.
fn window(session: &SessionState, lanes: &[Lane], at: Time, known_at: Time) -> Window {
    let own = || {
        lanes
            .iter()
            .filter(|lane| lane.kind >= LaneKind::Session && lane.kind != LaneKind::Falsifiers)
            .flat_map(|lane| &lane.items)
    };
    let first = own().map(|item| item.from).min().or(session.life.started_at).unwrap_or(at);
    let last = own()
        .map(|item| match item.end {
            End::Moment => item.from,
            End::At(end) | End::Lost(end) | End::Bounded(_, end) => end,
            End::Running => at.max(item.from),
            End::Unknown(earliest) => earliest.max(at.min(known_at.max(earliest))),
        })
        .max()
        .unwrap_or(first)
        .max(first);
    // A tail may make the figure twice as long, not longer: what came a year later would leave
    // nothing to see of the session.
    let longest = last.micros().saturating_add(last.micros().saturating_sub(first.micros()));
    let tail = own()
        .filter_map(|item| item.late)
        .map(|(_, recorded)| recorded)
        .filter(|recorded| recorded.micros() <= longest)
        .max();
    Window::around(first, tail.map_or(last, |tail| tail.max(last)))
}

/// Labels wider than this are not waited for: they have no room, and go to the table.
const MAX_LABEL: f64 = 260.0;

/// Widens the window so that labels of bars that end near the right edge fit beside them: inside
/// the bar, a label hides its end.
fn with_room(window: Window, lanes: &[Lane]) -> Window {
    let span = |until: Time| (until.micros() - window.from.micros()) as f64;
    let needed = lanes.iter().filter_map(|lane| {
        let item = lane
            .items
            .last()
            .filter(|item| item.shape == ItemShape::Bar && !item.label.is_empty())?;
        let end = match item.end {
            End::At(end) | End::Lost(end) | End::Bounded(_, end) => end,
            End::Moment | End::Running | End::Unknown(_) => return None,
        };
        let width = text_width(&item.label) + 10.0;
        (window.holds(end) && width <= MAX_LABEL).then(|| span(end) * PLOT / (PLOT - width))
    });
    let widest = needed.fold(span(window.until), f64::max);
    Window {
        until: Time::from_micros(window.from.micros().saturating_add(widest.ceil() as i64)),
        ..window
    }
}

/// A key that was retired before the window and retracted before it has one label at the left edge,
/// not two on one spot.
fn one_label_at_the_edge(lane: &mut Lane, window: &Window) {
    let before = |item: &Item| item.from < window.from && !item.label.is_empty();
    let (bars, marks): (Vec<usize>, Vec<usize>) = (0..lane.items.len())
        .filter(|i| before(&lane.items[*i]))
        .partition(|i| lane.items[*i].shape == ItemShape::Bar);
    let (Some(bar), Some(mark)) = (bars.first(), marks.first()) else { return };
    let end = lane.items[*bar].end;
    if !matches!(end, End::At(end) | End::Bounded(_, end) if end < window.from) {
        return;
    }
    let retired = std::mem::take(&mut lane.items[*bar].label);
    let label = lane.items[*mark].label.trim_start_matches("← ").to_owned();
    lane.items[*mark].label = format!("{retired}; {label}");
}

fn sources(items: &[Item]) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> = items
        .iter()
        .flat_map(|item| item.record.iter().chain(&item.ended_by))
        .map(|record| record.source.clone())
        .collect();
    sources.sort();
    sources.dedup();
    sources
}

fn changes(lanes: &[Lane]) -> Vec<Time> {
    let mut changes: Vec<Time> = lanes
        .iter()
        .filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Policy | LaneKind::Key))
        .flat_map(|lane| &lane.items)
        .flat_map(|item| {
            let ends = match item.end {
                End::At(end) => [Some(end), None],
                End::Bounded(earliest, latest) => [Some(earliest), Some(latest)],
                End::Moment | End::Lost(_) | End::Running | End::Unknown(_) => [None, None],
            };
            [Some(item.from), item.begun_by].into_iter().chain(ends).flatten()
        })
        .collect();
    changes.sort();
    changes.dedup();
    changes
}

fn silences(completeness: &[SourceCompleteness], window: &Window) -> Vec<Silence> {
    let gaps = completeness.iter().flat_map(|source| {
        source.gaps.iter().map(|gap| Silence {
            source: source.source.clone(),
            from: gap.from,
            until: gap.until,
            backfilled: gap.backfilled,
            cause: gap.cause,
        })
    });
    let touches = |gap: &Silence| {
        gap.from < window.until && gap.until.is_none_or(|until| until > window.from)
    };
    gaps.filter(touches).collect()
}

/// Redraws an item at the time it was recorded. What came late keeps the time it speaks of, for a
/// hollow mark; an end that nobody stated was not recorded either, and stays as open as it is.
fn by_recorded(item: &mut Item) {
    let Some(record) = &item.record else { return };
    item.from = record.recorded_at;
    item.begun_by = None;
    item.end = match (item.end, &item.ended_by) {
        (End::Moment, _) => End::Moment,
        (End::Lost(_), Some(by)) => End::Lost(by.recorded_at.max(item.from)),
        (_, Some(by)) => End::At(by.recorded_at.max(item.from)),
        (End::At(end) | End::Lost(end), None) => End::At(end.max(item.from)),
        (End::Bounded(earliest, latest), None) => {
            End::Bounded(earliest.max(item.from), latest.max(item.from))
        }
        (End::Unknown(earliest), None) => End::Unknown(earliest.max(item.from)),
        (End::Running, None) => End::Running,
    };
}

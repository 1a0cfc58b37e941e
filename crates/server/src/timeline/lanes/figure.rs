//! The figure: all lanes, the window around them, and what was silent or changed in it.

use super::{End, Figure, Item, Lane, LaneKind, Order, Silence, configured, marks, session};
use crate::{
    pages::{text::plain, when},
    timeline::geometry::Window,
};
use claimledger_app::answer::SourceCompleteness;
use claimledger_domain::model::SessionState;
use claimledger_facts::{ids::SourceId, time::Time};

/// Builds the figure.
pub(crate) fn figure(session: &SessionState, at: Time, known_at: Time, completeness: &[SourceCompleteness], order: Order) -> Figure {
    let mut lanes = Vec::new();
    configured::versions(&session.context.trust, LaneKind::Trust, "trust of", &mut lanes);
    configured::versions(&session.context.policies, LaneKind::Policy, "policy", &mut lanes);
    configured::keys(session, &mut lanes);
    session::idp_session(session, &mut lanes);
    lanes.push(session::session_lane(session));
    lanes.extend(session.factors.iter().map(|factor| session::factor_lane(session, factor)));
    marks::ignored(session, &mut lanes);
    marks::decisions(session, &mut lanes);
    marks::accesses(session, &mut lanes);
    marks::falsifiers(session, &mut lanes);
    for lane in &mut lanes {
        lane.items.sort_by(|a, b| (a.from, &a.what).cmp(&(b.from, &b.what)));
        lane.sources = sources(&lane.items);
    }
    if order == Order::Recorded {
        lanes.iter_mut().flat_map(|lane| &mut lane.items).for_each(by_recorded);
    }
    let changes = changes(&lanes);
    let window = window(session, &lanes, at, known_at);
    for lane in lanes.iter_mut().filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Policy)) {
        // Versions that were replaced before the session, or came after it, had no part in it.
        lane.items.retain(|item| item.from < window.until && !matches!(item.end, End::At(end) if end <= window.from));
    }
    lanes.retain(|lane| !lane.items.is_empty());
    for item in lanes.iter_mut().flat_map(|lane| &mut lane.items) {
        if item.end == End::Moment && !window.holds(item.from) && !item.label.is_empty() {
            let clock = when::clock(item.from);
            item.label = if item.from < window.from { format!("← {clock} {}", item.label) } else { format!("{} {clock} →", item.label) };
        }
    }
    for item in lanes.iter_mut().flat_map(|lane| &mut lane.items) {
        if matches!(item.end, End::At(end) | End::Lost(end) if end < window.from) && !item.label.is_empty() {
            item.label = format!("← {}", item.label);
        }
    }
    let changes = changes.into_iter().filter(|change| window.holds(*change)).collect();
    Figure {
        session: plain(session.id.as_str()),
        window,
        order,
        changes,
        at,
        known_at,
        gaps: silences(completeness, &window),
        after_t: session.context.after_t,
        left_out: Vec::new(),
        lanes,
    }
}

/// The window is the session's own: what was configured long before only reaches in from the left.
fn window(session: &SessionState, lanes: &[Lane], at: Time, known_at: Time) -> Window {
    let own = || lanes.iter().filter(|lane| lane.kind >= LaneKind::Session && lane.kind != LaneKind::Falsifiers).flat_map(|lane| &lane.items);
    let first = own().map(|item| item.from).min().or(session.started_at).unwrap_or(at);
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
    // A tail may make the figure twice as long, not longer: what came a year later would leave nothing to see of the session.
    let longest = last.micros().saturating_add(last.micros().saturating_sub(first.micros()));
    let tail = own().filter_map(|item| item.late).map(|(_, recorded)| recorded).filter(|recorded| recorded.micros() <= longest).max();
    Window::around(first, tail.map_or(last, |tail| tail.max(last)))
}

fn sources(items: &[Item]) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> =
        items.iter().flat_map(|item| item.record.iter().chain(&item.ended_by)).map(|record| record.source.clone()).collect();
    sources.sort();
    sources.dedup();
    sources
}

fn changes(lanes: &[Lane]) -> Vec<Time> {
    let mut changes: Vec<Time> = lanes
        .iter()
        .filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Policy | LaneKind::Key))
        .flat_map(|lane| &lane.items)
        .flat_map(|item| match item.end {
            End::At(end) => vec![item.from, end],
            End::Moment | End::Lost(_) | End::Running | End::Bounded(..) | End::Unknown(_) => vec![item.from],
        })
        .collect();
    changes.sort();
    changes.dedup();
    changes
}

fn silences(completeness: &[SourceCompleteness], window: &Window) -> Vec<Silence> {
    let gaps = completeness.iter().flat_map(|source| {
        source.gaps.iter().map(|gap| Silence { source: source.source.clone(), from: gap.from, until: gap.until, backfilled: gap.backfilled })
    });
    gaps.filter(|gap| gap.from < window.until && gap.until > window.from).collect()
}

/// Redraws an item at the time it was recorded. What came late keeps the time it speaks of, for a hollow mark.
fn by_recorded(item: &mut Item) {
    let Some(record) = &item.record else { return };
    item.late = item.late.map(|_| (record.recorded_at, item.from));
    item.from = record.recorded_at;
    item.end = match (item.end, &item.ended_by) {
        (End::Moment, _) => End::Moment,
        (End::Lost(_), Some(by)) => End::Lost(by.recorded_at.max(item.from)),
        (_, Some(by)) => End::At(by.recorded_at.max(item.from)),
        (End::At(end) | End::Lost(end), None) => End::At(end.max(item.from)),
        (End::Running | End::Bounded(..) | End::Unknown(_), None) => End::Running,
    };
}

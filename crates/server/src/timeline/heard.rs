//! What was heard of each source, drawn: one lane a source, solid as far as a source says that
//! everything was heard, hatched where that is assumed, with its silences cut out.

use super::{
    geometry::{AXIS, BAR, LANE, WIDTH, Window, bar_top, px},
    ground::{self, FOOT},
    labels, marks,
};
use crate::{
    text::plain,
    times::{Times, clock},
};
use claimledger_app::model::{answer::Answered, source_report::SourceReport};
use claimledger_domain::completeness::{GapStatement, HeardStatement};
use claimledger_facts::{ids::LogPosition, time::Time, vocabulary::HeardBasis};
use maud::{Markup, html};

/// What the figure shows of one source.
pub(crate) struct Lane<'a> {
    /// The source.
    pub report: &'a SourceReport,
    /// Those of its silences that are shown.
    pub gaps: &'a [&'a GapStatement],
}

/// Writes the figure. Ids carry `prefix`.
pub(crate) fn svg(
    lanes: &[Lane<'_>],
    answered: &Answered,
    prefix: &str,
    href: &dyn Fn(LogPosition) -> String,
) -> Markup {
    let window = window(lanes, answered);
    let bottom = AXIS + lanes.len() as f64 * LANE;
    let mut times = Times::default();
    html! {
        svg class="tl heard" viewBox={
            "0 0 " (px(WIDTH)) " " (px(bottom + FOOT)) } width=(px(WIDTH))
            height=(px(bottom + FOOT)) role="group"
            aria-labelledby={ (prefix) "-t" } aria-describedby={
                (prefix) "-d" } data-from=(window.from) data-until=(window.until) {
            title id={ (prefix) "-t" } {
                "What was heard, " (times.show(window.from)) " to " (times.show(window.until)) }
            desc id={ (prefix) "-d" } { "One lane a source. Solid: said to be complete. Hatched: \
                assumed to be. Cross-hatched: silent. The lists below say the same." }
            (ground::ground(&window, bottom, prefix))
            @for (row, lane) in lanes.iter().enumerate() { (drawn(lane, &window,
                AXIS + row as f64 * LANE, prefix, href)) }
            (ground::cut(&window, answered.recorded_at, bottom, ("k-line", "K")))
        }
    }
}

fn window(lanes: &[Lane<'_>], answered: &Answered) -> Window {
    let spans = lanes
        .iter()
        .flat_map(|lane| lane.gaps.iter().map(|said| said.gap))
        .flat_map(|gap| [Some(gap.from), gap.until].into_iter().flatten());
    let heard = lanes.iter().flat_map(|lane| lane.report.said.heard.iter().map(|said| said.until));
    let firsts = lanes.iter().filter_map(|lane| begins(lane.report));
    let all: Vec<Time> = spans.chain(heard).chain(firsts).chain([answered.recorded_at]).collect();
    let first = all.iter().min().copied().unwrap_or(answered.recorded_at);
    Window::around(first, all.iter().max().copied().unwrap_or(first))
}

/// No source states from when on it was heard: its lane begins at its first record.
fn begins(report: &SourceReport) -> Option<Time> {
    report.first.as_ref().map(|record| record.occurred.from)
}

fn drawn(
    lane: &Lane<'_>,
    window: &Window,
    top: f64,
    prefix: &str,
    href: &dyn Fn(LogPosition) -> String,
) -> Markup {
    let y = bar_top(top);
    let name = plain(lane.report.source.as_str());
    let start = begins(lane.report).unwrap_or(window.from);
    let mut from = start;
    let mut heard: Vec<(Time, &HeardStatement)> = Vec::new();
    for said in lane.report.said.heard.iter().filter(|said| said.until > start) {
        heard.push((from, said));
        from = said.until;
    }
    html! {
        g class="lane heard" role="group" aria-label=(name) {
            (labels::lane_name(&name, top, false))
            line class="tail" x1=(px(window.clamped(from))) y1=(px(y + BAR / 2.0)) x2=(px(WIDTH))
                y2=(px(y + BAR / 2.0)) {}
            @for (from, said) in heard {
                @let assumed = said.basis == HeardBasis::Assumed;
                a class=(if assumed { "bar ink possible assumed" } else {
                    "bar ink solid" }) href=(href(said.record.position)) tabindex="-1"
                    data-until=(said.until) {
                    title { (name) " heard to " (clock(said.until)) ", " (said.basis.as_str()) ": "
                        (said.record.position) }
                    path class="body" fill=[assumed.then(|| format!("url(#{prefix}-possible-ink)"))]
                        d=(marks::bar(window.clamped(from), window.clamped(said.until), y,
                            false)) {}
                }
            }
            @for said in lane.gaps {
                @let (left, right) = (window.clamped(said.gap.from),
                    window.clamped(said.gap.until.unwrap_or(window.until)));
                @let d = marks::bar(left, right.max(left + 2.0), y, false);
                a class=(if said.gap.backfilled { "bar gap filled" } else {
                    "bar gap open" }) href=(href(said.silent.position)) tabindex="-1"
                    data-from=(said.gap.from) data-until=[said.gap.until] {
                    title {
                        (name) " " (said.gap.cause) " " (clock(said.gap.from))
                        @match said.gap.until { Some(until) => { " to " (clock(until)) },
                            None => " and on" }
                        @if said.gap.backfilled { ", back-filled" } @else { ", open" }
                        ": " (said.silent.position)
                    }
                    path class="under" d=(d) {}
                    path class="body" fill={ "url(#" (prefix) "-gap)" } d=(d) {}
                }
            }
        }
    }
}

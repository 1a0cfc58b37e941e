//! What was trusted of one IdP, drawn: a lane of its versions, and one of each key, with what was
//! retracted of it. What was found between two looks is hatched between them (`semantics.md` 6).

use super::{
    geometry::{AXIS, BAR, Extent, LANE, WIDTH, Window, bar_top, px, text_width},
    ground::{self, FOOT},
    labels, marks,
};
use crate::{
    text::plain,
    times::{Times, clock, delay},
};
use claimledger_app::model::answer::Answered;
use claimledger_domain::{
    changes::{KeySpan, Retraction, TrustChanges, TrustVersion},
    model::Span,
};
use claimledger_facts::{
    ids::{IdpId, LogPosition},
    time::{Occurred, Time},
};
use maud::{Markup, html};

/// Lanes of keys; more are in the table.
const KEYS: usize = 12;
/// Versions that are drawn: the last ones.
const VERSIONS: usize = 40;

/// What the figure shows.
pub(crate) struct Strip<'a> {
    /// The IdP.
    pub(crate) idp: &'a IdpId,
    versions: Vec<&'a TrustVersion>,
    keys: Vec<&'a KeySpan>,
    retractions: Vec<&'a Retraction>,
    /// Keys that have no lane.
    pub(crate) left_out: usize,
    /// The first and the last time that is known of it.
    known: (Time, Time),
    window: Window,
}

/// T may be years later: what runs on then runs on at the edge.
fn window((first, last): (Time, Time), at: Time) -> Window {
    let span = last.micros().saturating_sub(first.micros()).max(3_600_000_000);
    let edge = Time::from_micros(last.micros().saturating_add(span / 2));
    Window::around(first, last.max(at.min(edge)))
}

impl<'a> Strip<'a> {
    /// What is known of an IdP at T; none: nothing that could be drawn.
    pub(crate) fn of(idp: &'a IdpId, found: &'a TrustChanges, answered: &Answered) -> Option<Self> {
        let all: Vec<_> = found.versions.iter().filter(|of| of.data.idp == *idp).collect();
        let versions = all[all.len().saturating_sub(VERSIONS)..].to_vec();
        let mut keys: Vec<_> =
            found.keys.iter().filter(|key| key.idp == *idp && key.span.is_some()).collect();
        let left_out = keys.len().saturating_sub(KEYS);
        keys.drain(..left_out);
        let retractions: Vec<_> =
            found.retractions.iter().filter(|of| of.data.idp == *idp).collect();
        let spans = versions.iter().map(|of| of.span).chain(keys.iter().filter_map(|key| key.span));
        let instants = spans.flat_map(|span| [Some(span.from), span.until].into_iter().flatten());
        let instants = instants.flat_map(|occurred| [occurred.from, occurred.latest()]);
        let of_retractions =
            retractions.iter().flat_map(|of| [of.data.from, of.record.recorded_at]);
        let known: Vec<Time> = instants.chain(of_retractions).collect();
        let known = (*known.iter().min()?, *known.iter().max()?);
        let window = window(known, answered.at);
        Some(Self { idp, versions, keys, retractions, left_out, known, window })
    }

    /// Draws all of them on one axis, so that one can be compared with another.
    pub(crate) fn align(strips: &mut [Self], answered: &Answered) {
        let ends = strips.iter().map(|strip| strip.known);
        let all = ends.reduce(|(first, last), (from, until)| (first.min(from), last.max(until)));
        for strip in strips {
            strip.window = window(all.unwrap_or(strip.known), answered.at);
        }
    }

    /// Writes the figure. Ids carry `prefix`.
    pub(crate) fn svg(
        &self,
        answered: &Answered,
        prefix: &str,
        href: &dyn Fn(LogPosition) -> String,
    ) -> Markup {
        let window = &self.window;
        let bottom = AXIS + (1 + self.keys.len()) as f64 * LANE;
        let (mut times, name) = (Times::default(), plain(self.idp.as_str()));
        html! {
            svg class="tl trusted" viewBox={ "0 0 " (px(WIDTH)) " " (px(bottom + FOOT)) }
                width=(px(WIDTH)) height=(px(bottom + FOOT)) role="group"
                aria-labelledby={ (prefix) "-t" } aria-describedby={ (prefix) "-d" }
                data-from=(window.from) data-until=(window.until) {
                title id={ (prefix) "-t" } { "Trust in " (name) ", " (times.show(window.from))
                    " to " (times.show(window.until)) }
                desc id={ (prefix) "-d" } { "A lane of the versions of trust, and one of each key. \
                    Solid: valid. Hatched: not known between two looks. Hatched, with a heavy \
                    outline: retracted. The tables below say the same." }
                (ground::ground(window, bottom, prefix))
                g class="lane trust" role="group" aria-label="versions of trust" {
                    text class="name" x="8" y=(px(AXIS + 18.0)) { "trust" }
                    @for version in &self.versions { (self.version(version, prefix, href)) }
                }
                @for (row, key) in self.keys.iter().enumerate() {
                    (self.key(key, AXIS + (row + 1) as f64 * LANE, prefix, href)) }
                (ground::cut(window, answered.at, bottom, ("t-line", "T")))
            }
        }
    }

    fn version(
        &self,
        version: &TrustVersion,
        prefix: &str,
        href: &dyn Fn(LogPosition) -> String,
    ) -> Markup {
        let (span, label) = (version.span, plain(version.data.version.as_str()));
        let y = bar_top(AXIS);
        let Extent { begun, ends, .. } = self.extent(span);
        let mut times = Times::default();
        html! {
            a class="band ink" href=(href(version.record.position)) tabindex="-1"
                data-from=(span.from.from) data-until=[span.until.map(Occurred::latest)] {
                title { (label) ": " (plain(&version.gist)) ", " (times.occurred(span.from))
                    @if let Some(until) = span.until { " until " (times.occurred(until)) }
                    ": " (version.record.position) }
                (self.held(span, y, prefix, false))
                @if text_width(&label) + 8.0 < ends - begun {
                    text class="label" x=(px(begun + 4.0)) y=(px(y + 10.0)) { (label) } }
            }
        }
    }

    /// What has not ended by T lies as far as the window.
    fn extent(&self, span: Span) -> Extent {
        let window = &self.window;
        let left = window.clamped(span.from.from);
        let begun_by = window.clamped(span.from.latest());
        let ends = window.clamped(span.until.map_or(window.until, |until| until.from));
        let right = window.clamped(span.until.map_or(window.until, Occurred::latest));
        Extent::of((left, Some(begun_by)), (ends, right))
    }

    /// Solid where it certainly held, hatched where it may have.
    fn held(&self, span: Span, y: f64, prefix: &str, round: bool) -> Markup {
        let Extent { left, begun, ends, right } = self.extent(span);
        let hatch = format!("url(#{prefix}-possible-ink)");
        let is_exact = begun <= left && right <= ends;
        html! {
            @if begun > left { path class="bounded" fill=(hatch)
                d=(marks::bar(left, begun, y, false)) {} }
            @if ends > begun || is_exact { path class="body"
                d=(marks::bar(begun, ends, y, round && right <= ends)) {} }
            @if right > ends { path class="bounded" fill=(hatch)
                d=(marks::bar(ends, right, y, false)) {} }
        }
    }

    fn key(
        &self,
        key: &KeySpan,
        top: f64,
        prefix: &str,
        href: &dyn Fn(LogPosition) -> String,
    ) -> Markup {
        let (Some(span), Some(added)) = (key.span, &key.added) else { return html! {} };
        let window = &self.window;
        let y = bar_top(top);
        let (name, mut times) = (plain(key.key.as_str()), Times::default());
        let of_it = self
            .retractions
            .iter()
            .filter(|of| of.data.key.as_ref().is_none_or(|of| *of == key.key));
        html! {
            g class="lane key" role="group" aria-label={ "key " (name) } {
                (labels::lane_name(&format!("key {name}"), top, false))
                a class="bar ink solid" href=(href(added.record.position)) tabindex="-1"
                    data-from=(span.from.from) data-until=[span.until.map(Occurred::latest)] {
                    title { "key " (name) " valid " (times.occurred(span.from))
                        @match span.until { Some(until) => { " until " (times.occurred(until)) },
                            None => ", running" }
                        ": " (added.record.position) }
                    (self.held(span, y, prefix, span.until.is_some()))
                }
                @for retraction in of_it {
                    @let (since, record) = (retraction.data.from, &retraction.record);
                    @let d = marks::bar(window.clamped(since), window.clamped(window.until), y,
                        false);
                    a class="bar attention void" href=(href(record.position)) tabindex="-1"
                        data-from=(since) {
                        title { "retracted from " (Times::default().show(since)) " on, recorded "
                            (clock(record.recorded_at)) " (" (delay(since, record.recorded_at))
                            "): " (record.position) }
                        path class="body" fill={ "url(#" (prefix) "-void)" } d=(d) {}
                    }
                    path class="recorded" d=(marks::arrow_back(window.clamped(record.recorded_at),
                        y + BAR / 2.0)) {}
                }
            }
        }
    }
}

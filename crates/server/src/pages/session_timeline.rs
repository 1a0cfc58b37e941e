//! The timeline on the page of a session, and the windows through which it can be looked at.

use super::{
    address::Address,
    error_page::PageError,
    parameters::Parameters,
    times::{Times, duration},
};
use crate::timeline::{
    geometry::{SHORTEST, Window},
    lanes::{self, Bar, Figure, Target},
    limits::{self, COLUMNS},
    svg, table,
    zoom::{self, LONGEST, Leads, Way},
};
use claimledger_app::model::answer::RecordView;
use claimledger_facts::{ids::LogPosition, time::Time};
use maud::{Markup, html};

/// Where the figure is in the page: a reader who looks through another window stays there.
pub(super) const FIGURE: &str = "#tl-figure";

/// What the figure is called, and its keys.
const LABEL: &str = "Timeline; arrow keys move between its items, plus and minus zoom, Shift with \
                     an arrow key looks earlier or later";

/// In place of the window that a script looks through next.
const ANY: Window = Window { from: Time::MIN, until: Time::MAX };

/// The window that an address asks for.
///
/// # Errors
/// If it names one side only, or a window that is shorter than a second or longer than a century.
pub(super) fn asked(parameters: &Parameters) -> Result<Option<Window>, PageError> {
    let (from, until) = match (parameters.time("from")?, parameters.time("to")?) {
        (None, None) => return Ok(None),
        (Some(from), Some(until)) => (from, until),
        (Some(_), None) | (None, Some(_)) => {
            return Err(PageError::refused(
                "A window has two sides: give both from and to, or neither.",
            ));
        }
    };
    match until.micros() - from.micros() {
        SHORTEST..=LONGEST => Ok(Some(Window { from, until })),
        _ => Err(PageError::refused(
            "to must be later than from, by a second at least and by a hundred years at most.",
        )),
    }
}

/// An address with a window in it.
pub(super) fn through(address: Address, window: Option<&Window>) -> Address {
    match window {
        Some(window) => {
            address.with("from", window.from.to_string()).with("to", window.until.to_string())
        }
        None => address,
    }
}

/// What the section needs beside its figure.
pub(super) struct Shown<'a> {
    /// The address of the page through another window.
    pub(super) looking: &'a dyn Fn(Option<&Window>) -> Address,
    /// The link of what an item opens.
    pub(super) opens: &'a dyn Fn(Target) -> String,
    /// The bar that is open.
    pub(super) open: Option<Bar>,
    /// When what is open is, on this axis.
    pub(super) open_at: Option<Time>,
    /// The record of the assertion whose factors have a lane each.
    pub(super) expand: Option<LogPosition>,
    /// The address of the page with the lanes of an assertion opened, or with none.
    pub(super) expanding: &'a dyn Fn(Option<LogPosition>) -> Address,
}

/// The figure and its table have at most this many bytes: the rest of the page was measured at
/// 60 KB, and the page has 250 KB.
const MAX_BYTES: usize = 180 * 1024;

/// The figure, its drawing and its table. What has no room on the page goes into wider columns, and
/// what has no room in those is left out, the odd last.
fn written(whole: &Figure, shown: &Shown<'_>) -> (Figure, Markup, Markup) {
    let href = (shown.opens)(Target::Bar(Bar { record: LogPosition(u64::MAX), nth: 0 })).len();
    let mut columns = COLUMNS;
    let mut fitted = whole.clone();
    limits::fit(&mut fitted, href, columns, shown.expand);
    loop {
        let drawing = svg::svg(&fitted, "tl", shown.opens, shown.open);
        let table = table::table(&fitted, "tl-table", shown.opens);
        let bytes = drawing.0.len() + table.0.len();
        let items: usize = fitted.lanes.iter().map(|lane| lane.items.len()).sum();
        if bytes <= MAX_BYTES || items < 10 {
            return (fitted, drawing, table);
        }
        if columns > COLUMNS / 4 {
            columns /= 2;
            fitted = whole.clone();
            limits::fit(&mut fitted, href, columns, shown.expand);
        } else {
            limits::at_most(&mut fitted, (items * MAX_BYTES / bytes).min(items * 9 / 10));
        }
    }
}

/// The section: the ways, the figure, what it says in words, and its table.
pub(super) fn section(figure: &Figure, shown: &Shown<'_>) -> Markup {
    let (figure, drawing, table) = written(figure, shown);
    let figure = &figure;
    html! {
        section class="timeline" aria-labelledby="timeline-h" {
            h2 id="timeline-h" { "Timeline" }
            a class="skip" href="#tl-table" { "Skip to the table" }
            div id="tl-figure" class="figure scroll" tabindex="0" role="region"
                aria-label=(LABEL) data-looking=((shown.looking)(Some(&ANY)).href()) {
                (drawing)
            }
            // After the figure: the keys reach it first, and have these ways too.
            (ways(figure, shown))
            output class="spoken" aria-live="polite" {}
            (folded(figure, shown))
            p class="caption" {
                (svg::description(figure))
                @if figure.after_t > 0 { " " (figure.after_t) " known facts after T are not \
                    drawn." }
            }
            (legend())
            (table)
        }
    }
}

/// Lanes that stand for several factors, each with a link that opens it.
fn folded(figure: &Figure, shown: &Shown<'_>) -> Markup {
    let to = |record| (shown.expanding)(record).href() + FIGURE;
    let folded = |lane: &lanes::Lane| Some((lane.items.first()?.position()?, lane.folded));
    let lanes: Vec<_> =
        figure.lanes.iter().filter(|lane| lane.folded > 0).filter_map(folded).collect();
    html! {
        @if !lanes.is_empty() || shown.expand.is_some() {
            p class="folded" {
                @if !lanes.is_empty() { "Folded lanes, to open: " }
                @for (n, (record, count)) in lanes.iter().enumerate() {
                    @if n > 0 { " · " }
                    a href=(to(Some(*record))) { (count) " factors of " (record) }
                }
                @if shown.expand.is_some() {
                    @if !lanes.is_empty() { " · " }
                    a href=(to(None)) { "fold all" }
                }
            }
        }
    }
}

/// The part of a session's timeline around a record: the page of the first session that it names.
/// `pin` makes the link of an address.
pub(super) fn around(record: &RecordView, pin: impl Fn(Address) -> String) -> Option<String> {
    let session = record.statement.sessions().next()?;
    let window = zoom::beside(record.reference.occurred.from);
    let page = Address::new("/session").with("id", session.as_str());
    Some(pin(through(page, Some(&window))) + FIGURE)
}

fn ways(figure: &Figure, shown: &Shown<'_>) -> Markup {
    let mut times = Times::default();
    let span = (figure.window.until.micros() - figure.window.from.micros()).unsigned_abs();
    html! {
        nav class="zoom" aria-label="Window of the timeline" {
            p class="zoom-now" {
                (times.show(second(figure.window.from))) " to "
                (times.show(second(figure.window.until)))
                " (" (duration(span / 1_000_000)) ")"
                @if shown.open_at.is_some() { ", lengths lie around the open record" }
            }
            ul { @for way in zoom::levels(figure, shown.open_at) { li { (link(&way, shown)) } } }
            ul { @for way in zoom::steps(figure, shown.open_at) { li { (link(&way, shown)) } } }
        }
    }
}

fn second(time: Time) -> Time {
    Time::from_micros(time.micros().div_euclid(1_000_000) * 1_000_000)
}

fn link(way: &Way, shown: &Shown<'_>) -> Markup {
    let to = |window: Option<&Window>| (shown.looking)(window).href() + FIGURE;
    html! {
        @match &way.to {
            Leads::Everything => a class=(way.class) href=(to(None)) { (way.name) },
            Leads::To(window) => a class=(way.class) href=(to(Some(window))) { (way.name) },
            Leads::Here => span class="here" aria-current="true" { (way.name) },
            Leads::Nowhere => span class="nowhere" { (way.name) },
        }
    }
}

pub(super) fn legend() -> Markup {
    html! {
        p class="legend" {
            "Solid: certain. Hatched: possible, or between known bounds. Counter-hatched: void by \
             the rules, counted by record. Hollow: did not count. "
            "Letters: "
            @for (i, grade) in svg::GRADES.into_iter().enumerate() {
                @if i > 0 { ", " } (lanes::grade_letter(grade)) " " (grade.as_str()) }
            ". ▲ allow, ◆ challenge, ▽ deny, │ access; ◂ recorded late. \
             A torn edge: it goes on outside of the window."
        }
    }
}

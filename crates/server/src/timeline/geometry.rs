//! Where things go: a linear axis, always. No breaks, no clever compression.

use crate::{text::letters_wide, times};
use chrono::{Datelike, Months, NaiveDate, TimeZone, Utc};
use claimledger_facts::time::Time;

/// The width of the view box.
pub(crate) const WIDTH: f64 = 1200.0;
/// For the lanes' names.
pub(crate) const GUTTER: f64 = 184.0;
/// For the items.
pub(crate) const PLOT: f64 = WIDTH - GUTTER;
/// The axis.
pub(crate) const AXIS: f64 = 28.0;
/// A lane.
pub(crate) const LANE: f64 = 28.0;
/// A bar in its lane.
pub(crate) const BAR: f64 = 12.0;
/// A mark.
pub(crate) const MARK: f64 = 14.0;
/// What can be hit of a mark.
pub(crate) const HIT: f64 = 24.0;
/// A label further right than this flips to the other side.
pub(crate) const FLIP: f64 = WIDTH - 160.0;

/// The shortest window, in microseconds: the axis has no tick below a second.
pub(crate) const SHORTEST: i64 = 1_000_000;

/// The interval that a figure shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Its left edge.
    pub from: Time,
    /// Its right edge; later than the left one.
    pub until: Time,
}

impl Window {
    /// Around an interval, with 2 % on either side; at least ten seconds.
    pub(crate) fn around(first: Time, last: Time) -> Self {
        let span = last.micros().saturating_sub(first.micros()).max(10_000_000);
        let margin = span / 50;
        Self {
            from: Time::from_micros(first.micros().saturating_sub(margin)),
            until: Time::from_micros(first.micros().saturating_add(span).saturating_add(margin)),
        }
    }

    /// What a column of a dense lane stands for, with a little room.
    pub(crate) fn of_column(first: Time, last: Time) -> Self {
        let span = last.micros().saturating_sub(first.micros());
        let long = (span + span / 10).max(SHORTEST);
        let from = Time::from_micros(first.micros() - (long - span) / 2);
        Self { from, until: Time::from_micros(from.micros() + long) }
    }

    /// The pixel of an instant; outside of the plot for one outside of the window.
    pub(crate) fn x(&self, time: Time) -> f64 {
        // Micros of ten thousand years are below 2^59; the error of a double there is far below a
        // pixel.
        let span = (self.until.micros() - self.from.micros()) as f64;
        GUTTER + (time.micros() - self.from.micros()) as f64 / span * PLOT
    }

    /// The pixel of an instant, held inside the plot.
    pub(crate) fn clamped(&self, time: Time) -> f64 {
        self.x(time).clamp(GUTTER, WIDTH)
    }

    /// Whether it lies inside.
    pub(crate) fn holds(&self, time: Time) -> bool {
        self.from <= time && time <= self.until
    }

    /// Seconds it spans.
    pub(crate) fn secs(&self) -> f64 {
        (self.until.micros() - self.from.micros()) as f64 / 1e6
    }
}

/// The upper edge of a bar in a lane that begins at `top`.
pub(crate) const fn bar_top(top: f64) -> f64 {
    top + (LANE - BAR) / 2.0
}

/// The pixels of what has a length, from left to right: where it begins at the earliest, where it
/// certainly has begun, where it may end, and where it certainly has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    pub left: f64,
    pub begun: f64,
    pub ends: f64,
    pub right: f64,
}

impl Extent {
    /// Between two pixels; begun by a later one where that is not the first, and perhaps ended
    /// from `ends` on. It has begun by its end, and does not end before.
    pub(crate) fn of((left, begun_by): (f64, Option<f64>), (ends, right): (f64, f64)) -> Self {
        let begun = begun_by.map_or(left, |by| by.min(right));
        Self { left, begun, ends: ends.max(begun), right }
    }
}

/// A tick of the axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Its pixel.
    pub x: f64,
    /// The time.
    pub clock: String,
    /// The date, at the first tick and where it changes.
    pub date: Option<String>,
}

const STEPS_SECS: [i64; 13] =
    [1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800, 2_592_000, 31_536_000];

/// Ticks at round instants in UTC: the smallest step that gives at most twelve.
pub(crate) fn ticks(window: &Window) -> Vec<Tick> {
    let step = STEPS_SECS
        .into_iter()
        .find(|step| window.secs() / *step as f64 <= 12.0)
        .unwrap_or(31_536_000);
    let mut ticks: Vec<Tick> = Vec::new();
    let mut last = None;
    for at in instants(window, step) {
        let date = times::date(at);
        let changed = last.as_ref() != Some(&date);
        ticks.push(Tick {
            x: window.x(at),
            clock: times::clock(at),
            date: changed.then(|| date.clone()),
        });
        last = Some(date);
    }
    ticks
}

fn instants(window: &Window, step: i64) -> Vec<Time> {
    if step >= 2_592_000 {
        return months(window, if step > 2_592_000 { 12 } else { 1 });
    }
    let step = step * 1_000_000;
    // Weeks begin on Mondays; the epoch was a Thursday.
    let shift = if step == 604_800_000_000 { 4 * 86_400_000_000 } else { 0 };
    let first = (window.from.micros() - shift).div_euclid(step) * step + shift;
    (0..16).map(|i| Time::from_micros(first + i * step)).filter(|at| window.holds(*at)).collect()
}

fn months(window: &Window, by: u32) -> Vec<Time> {
    let start = window.from.to_chrono();
    let month = if by == 12 { 1 } else { start.month() };
    let Some(mut day) = NaiveDate::from_ymd_opt(start.year(), month, 1) else { return Vec::new() };
    let years = (window.secs() / 31_536_000.0) as u32;
    let by = if by == 12 && years >= 12 { 12 * (years / 12 + 1) } else { by };
    let mut out = Vec::new();
    for _ in 0..16 {
        let at = Time::from(Utc.from_utc_datetime(&day.and_time(chrono::NaiveTime::MIN)));
        if window.holds(at) {
            out.push(at);
        }
        match day.checked_add_months(Months::new(by)) {
            Some(next) => day = next,
            None => break,
        }
    }
    out
}

/// A number of the drawing: at most two digits after the point.
pub(crate) fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// About how wide a letter of 11 px is.
const LETTER: f64 = 6.2;

/// About how wide a text of 11 px is.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars().map(letters_wide).sum::<f64>() * LETTER
}

/// As much of a text of 11 px as has room, with "…" for the rest; none: there is room for all.
pub(crate) fn shortened(text: &str, room: f64) -> Option<String> {
    if text_width(text) <= room {
        return None;
    }
    let mut left = room - text_width("…");
    let fits = |c: &char| {
        left -= letters_wide(*c) * LETTER;
        left >= 0.0
    };
    Some(text.chars().take_while(fits).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn the_axis_is_linear() {
        let window = Window { from: t("2026-03-10T12:00:00Z"), until: t("2026-03-10T14:00:00Z") };
        assert!((window.x(t("2026-03-10T12:00:00Z")) - GUTTER).abs() < 1e-9);
        assert!((window.x(t("2026-03-10T13:00:00Z")) - (GUTTER + PLOT / 2.0)).abs() < 1e-9);
        assert!((window.x(t("2026-03-10T14:00:00Z")) - WIDTH).abs() < 1e-9);
    }

    #[test]
    fn an_extent_has_begun_by_its_end_and_ends_after_it_has_begun() {
        let parts = |extent: Extent| [extent.left, extent.begun, extent.ends, extent.right];
        assert_eq!(parts(Extent::of((200.0, None), (300.0, 300.0))), [200.0, 200.0, 300.0, 300.0]);
        let bounded = Extent::of((200.0, Some(220.0)), (280.0, 300.0));
        assert_eq!(parts(bounded), [200.0, 220.0, 280.0, 300.0]);
        let crossed = Extent::of((200.0, Some(290.0)), (250.0, 300.0));
        assert_eq!(parts(crossed), [200.0, 290.0, 290.0, 300.0]);
        let outside = Extent::of((200.0, Some(400.0)), (250.0, 300.0));
        assert_eq!(parts(outside), [200.0, 300.0, 300.0, 300.0]);
    }

    #[test]
    fn six_to_twelve_ticks_at_round_instants() {
        for (from, until) in [
            ("2026-03-10T11:20:00Z", "2026-03-10T19:50:00Z"),
            ("2026-03-10T11:20:01Z", "2026-03-10T11:20:11Z"),
            ("2026-01-01T00:00:00Z", "2026-01-09T00:00:00Z"),
            ("2026-01-15T00:00:00Z", "2026-12-15T00:00:00Z"),
        ] {
            let window = Window { from: t(from), until: t(until) };
            let ticks = ticks(&window);
            assert!((6..=12).contains(&ticks.len()), "{from}: {ticks:?}");
            assert!(ticks[0].date.is_some());
        }
    }

    #[test]
    fn a_window_of_any_length_has_three_to_twelve_ticks() {
        for until in [
            "2026-01-02T01:00:00Z",
            "2036-01-01T00:00:00Z",
            "2326-01-01T00:00:00Z",
            "2026-01-01T00:00:21Z",
        ] {
            let window = Window { from: t("2026-01-01T00:00:00Z"), until: t(until) };
            assert!((3..=12).contains(&ticks(&window).len()), "{until}");
        }
    }

    #[test]
    fn the_first_tick_is_the_first_round_instant() {
        let window = Window { from: t("2026-03-10T11:20:00Z"), until: t("2026-03-10T19:50:00Z") };
        assert_eq!(ticks(&window)[0].clock, "12:00:00Z");
    }

    #[test]
    fn what_has_no_room_is_cut_and_says_so() {
        assert_eq!(shortened("payroll", 60.0), None);
        assert_eq!(shortened("payroll", 30.0).as_deref(), Some("pay…"));
        // By how wide its letters are, and not by their number.
        assert_eq!(shortened("WWWWWW", 50.0).as_deref(), Some("WWWW…"));
        assert_eq!(shortened("\u{8a8d}\u{8a8d}\u{8a8d}", 30.0).as_deref(), Some("\u{8a8d}…"));
    }

    #[test]
    fn a_moment_still_has_a_width() {
        let at = t("2026-03-10T12:00:00Z");
        let window = Window::around(at, at);
        assert!(window.secs() >= 10.0);
    }

    #[test]
    fn pixels_have_at_most_two_digits_after_the_point() {
        assert_eq!(px(1.0), "1");
        assert_eq!(px(184.0 + 1.0 / 3.0), "184.33");
    }
}

//! Windows to look through: everything, lengths of time, in and out, and half a window to either
//! side. None of them touches T or K.

use super::{
    geometry::{SHORTEST, Window},
    lanes::Figure,
};
use claimledger_facts::time::Time;

/// The longest one, in microseconds: a hundred years.
pub(crate) const LONGEST: i64 = 36_525 * 86_400 * 1_000_000;
/// By how much `in` and `out` go.
const STEP: i64 = 4;

const LEVELS: [(&str, i64); 8] = [
    ("7 d", 604_800),
    ("24 h", 86_400),
    ("6 h", 21_600),
    ("1 h", 3_600),
    ("15 min", 900),
    ("5 min", 300),
    ("1 min", 60),
    ("10 s", 10),
];

/// A window that a reader can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// Its class in the page.
    pub class: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where it leads.
    pub to: Leads,
}

/// Where a way leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To all there is.
    Everything,
    /// To a window.
    To(Window),
    /// This is looked through already.
    Here,
    /// No further.
    Nowhere,
}

/// The lengths to choose of. They lie around the record that is open; without one around the middle
/// of what is looked through; and from everything, where most lies at the start, from the start on.
pub(crate) fn levels(figure: &Figure, open: Option<Time>) -> Vec<Way> {
    let zoomed = figure.window != figure.whole;
    let mut ways = vec![Way {
        class: "zoom-all",
        name: "all",
        to: if zoomed { Leads::Everything } else { Leads::Here },
    }];
    let span = length(&figure.window);
    ways.extend(LEVELS.map(|(name, secs)| {
        let long = secs * 1_000_000;
        let to = match (open, zoomed) {
            (Some(open), _) => around(open, long),
            (None, true) => around(middle(&figure.window), long),
            (None, false) => whole_seconds(figure.start.micros() - long / 20, long),
        };
        let to = if zoomed && span == long { Leads::Here } else { Leads::To(to) };
        Way { class: "zoom-level", name, to }
    }));
    let to = sign_in(figure.start);
    let to = if figure.window == to { Leads::Here } else { Leads::To(to) };
    ways.push(Way { class: "zoom-level", name: "sign-in", to });
    ways
}

/// In, out, and half a window to either side. In goes to the record that is open, if it is in
/// sight.
pub(crate) fn steps(figure: &Figure, open: Option<Time>) -> Vec<Way> {
    let (window, long) = (&figure.window, length(&figure.window));
    let center = open.filter(|open| window.holds(*open)).unwrap_or_else(|| middle(window));
    let shorter = long / STEP;
    let longer = long.saturating_mul(STEP);
    let zoomed_in = (shorter >= SHORTEST).then(|| around(center, shorter));
    let zoomed_out = (longer <= LONGEST).then(|| around(middle(window), longer));
    let to = |to: Option<Window>| to.map_or(Leads::Nowhere, Leads::To);
    vec![
        Way { class: "pan-left", name: "◀ earlier", to: to(moved(window, -long / 2)) },
        Way { class: "zoom-in", name: "in ×4", to: to(zoomed_in) },
        Way { class: "zoom-out", name: "out ×4", to: to(zoomed_out) },
        Way { class: "pan-right", name: "later ▶", to: to(moved(window, long / 2)) },
    ]
}

/// From two seconds before the start to ten after it.
pub(crate) fn sign_in(start: Time) -> Window {
    Window {
        from: Time::from_micros(start.micros().saturating_sub(2_000_000)),
        until: start.plus_secs(10),
    }
}

/// A quarter of an hour to either side of an instant.
pub(crate) fn beside(at: Time) -> Window {
    around(at, 2 * 900 * 1_000_000)
}

const fn length(window: &Window) -> i64 {
    window.until.micros() - window.from.micros()
}

const fn middle(window: &Window) -> Time {
    Time::from_micros(window.from.micros() + length(window) / 2)
}

/// In whole seconds, where that moves it by little: addresses stay short.
fn around(at: Time, long: i64) -> Window {
    if long < 10_000_000 {
        let from = at.micros() - long / 2;
        return Window { from: Time::from_micros(from), until: Time::from_micros(from + long) };
    }
    whole_seconds(at.micros() - long / 2, long)
}

fn whole_seconds(from: i64, long: i64) -> Window {
    let from = from.div_euclid(1_000_000) * 1_000_000;
    Window { from: Time::from_micros(from), until: Time::from_micros(from + long) }
}

/// None beyond the years that can be written.
fn moved(window: &Window, by: i64) -> Option<Window> {
    let (from, until) = (window.from.micros() + by, window.until.micros() + by);
    (from >= Time::MIN.micros() && until <= Time::MAX.micros())
        .then(|| Window { from: Time::from_micros(from), until: Time::from_micros(until) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{
        lanes::{Order, figure},
        samples::{session, t},
    };

    fn seen(through: Option<Window>) -> Figure {
        let at = t("2026-03-10T23:00:00Z");
        figure(&session(), (at, at), &[], Order::Occurred, through)
    }

    fn to(ways: &[Way], name: &str) -> Leads {
        ways.iter().find(|way| way.name == name).map_or(Leads::Nowhere, |way| way.to)
    }

    fn window(from: &str, until: &str) -> Window {
        let day = |clock: &str| t(&format!("2026-03-10T{clock}Z"));
        Window { from: day(from), until: day(until) }
    }

    #[test]
    fn levels_begin_at_the_start_and_stay_where_one_looks() {
        let all = levels(&seen(None), None);
        assert_eq!(to(&all, "all"), Leads::Here);
        assert_eq!(to(&all, "1 h"), Leads::To(window("11:27:00", "12:27:00")));
        assert_eq!(to(&all, "sign-in"), Leads::To(window("11:29:58", "11:30:10")));
        let hour = seen(Some(window("12:00:00", "13:00:00")));
        let zoomed = levels(&hour, None);
        assert_eq!(to(&zoomed, "all"), Leads::Everything);
        assert_eq!(to(&zoomed, "1 h"), Leads::Here);
        assert_eq!(to(&zoomed, "10 s"), Leads::To(window("12:29:55", "12:30:05")));
        let open = levels(&hour, Some(t("2026-03-10T19:00:00Z")));
        assert_eq!(to(&open, "15 min"), Leads::To(window("18:52:30", "19:07:30")));
    }

    #[test]
    fn steps_go_in_and_out_by_four_and_half_a_window_to_either_side() {
        let hour = seen(Some(window("12:00:00", "13:00:00")));
        let ways = steps(&hour, None);
        assert_eq!(to(&ways, "in ×4"), Leads::To(window("12:22:30", "12:37:30")));
        assert_eq!(to(&ways, "out ×4"), Leads::To(window("10:30:00", "14:30:00")));
        assert_eq!(to(&ways, "◀ earlier"), Leads::To(window("11:30:00", "12:30:00")));
        assert_eq!(to(&ways, "later ▶"), Leads::To(window("12:30:00", "13:30:00")));
        let open = steps(&hour, Some(t("2026-03-10T12:50:00Z")));
        assert_eq!(to(&open, "in ×4"), Leads::To(window("12:42:30", "12:57:30")));
        let second = steps(&seen(Some(window("12:00:00", "12:00:01"))), None);
        assert_eq!(to(&second, "in ×4"), Leads::Nowhere);
        let ages =
            Window { from: Time::MIN, until: Time::from_micros(Time::MIN.micros() + LONGEST) };
        let ages = steps(&seen(Some(ages)), None);
        let ends = (to(&ages, "out ×4"), to(&ages, "◀ earlier"));
        assert_eq!(ends, (Leads::Nowhere, Leads::Nowhere));
    }
}

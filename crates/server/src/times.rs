//! Times as every page shows them: `13:20:04Z`, the date at the first time and where it changes,
//! never "2 hours ago".

use claimledger_facts::time::{Occurred, Time};
use std::time::Duration;

/// A record that came later than this after what it speaks of is late.
pub(crate) const LATE: Duration = Duration::from_secs(60);

/// Shows times in the order they are read, each with its date where that changes.
#[derive(Default)]
pub(crate) struct Times {
    date: Option<String>,
}

impl Times {
    /// The time, with its date if the last one shown had another.
    pub(crate) fn show(&mut self, time: Time) -> String {
        let date = date(time);
        if self.date.as_ref() == Some(&date) {
            return clock(time);
        }
        let shown = format!("{date} {}", clock(time));
        self.date = Some(date);
        shown
    }

    /// The same for what may be an interval.
    pub(crate) fn occurred(&mut self, occurred: Occurred) -> String {
        match occurred.to {
            None => self.show(occurred.from),
            Some(to) => format!("between {} and {}", self.show(occurred.from), self.show(to)),
        }
    }
}

/// `2026-03-10`.
pub(crate) fn date(time: Time) -> String {
    time.to_chrono().format("%Y-%m-%d").to_string()
}

/// `13:20:04Z`, with a fraction where there is one.
pub(crate) fn clock(time: Time) -> String {
    let text = time.to_string();
    text.split_once('T').map_or(text.clone(), |(_, clock)| clock.to_owned())
}

/// `+0 s`, `+2 h 30 min`; `source clock ahead 3 s` where it was recorded before it occurred.
pub(crate) fn delay(occurred: Time, recorded: Time) -> String {
    let micros = recorded.micros().saturating_sub(occurred.micros());
    let secs = micros.unsigned_abs() / 1_000_000;
    if micros < 0 && secs > 0 {
        format!("source clock ahead {}", duration(secs))
    } else {
        format!("+{}", duration(secs))
    }
}

/// Whether it was recorded late.
pub(crate) fn is_late(occurred: Time, recorded: Time) -> bool {
    u128::from(recorded.micros().saturating_sub(occurred.micros()).max(0).unsigned_abs())
        > LATE.as_micros()
}

/// `4 s`, `2 h 30 min`, `3 d 4 h`: the two largest units.
pub(crate) fn duration(secs: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = secs;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let n = rest / size;
        rest %= size;
        if n > 0 {
            parts.push(format!("{n} {unit}"));
        }
        if !parts.is_empty() && parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn the_date_stands_where_it_changes() {
        let mut times = Times::default();
        assert_eq!(times.show(t("2026-03-10T13:20:04Z")), "2026-03-10 13:20:04Z");
        assert_eq!(times.show(t("2026-03-10T23:59:59.5Z")), "23:59:59.500Z");
        assert_eq!(times.show(t("2026-03-11T00:00:00Z")), "2026-03-11 00:00:00Z");
    }

    #[test]
    fn a_delay_of_more_than_a_minute_is_late() {
        let occurred = t("2026-03-10T12:10:00Z");
        for (recorded, shown, late) in [
            ("2026-03-10T12:10:00Z", "+0 s", false),
            ("2026-03-10T12:11:00Z", "+1 min", false),
            ("2026-03-10T12:11:01Z", "+1 min 1 s", true),
            ("2026-03-10T14:40:00Z", "+2 h 30 min", true),
            ("2026-03-10T12:09:57Z", "source clock ahead 3 s", false),
            ("2026-03-13T12:10:05Z", "+3 d 5 s", true),
        ] {
            assert_eq!(delay(occurred, t(recorded)), shown);
            assert_eq!(is_late(occurred, t(recorded)), late);
        }
    }
}

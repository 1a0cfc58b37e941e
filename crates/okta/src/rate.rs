//! Rate limits: when the next request may be sent.

use chrono::DateTime;
use claimledger_facts::time::Time;
use reqwest::header::{DATE, HeaderMap};
use std::time::Duration;

/// What the headers of an answer say of the rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Requests that are left until [`Self::reset`].
    pub(crate) remaining: Option<u64>,
    /// When requests are allowed again, by Okta's clock.
    pub(crate) reset: Option<Time>,
    /// When the answer was made, by Okta's clock.
    pub(crate) date: Option<Time>,
}

impl Rate {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let secs = number("x-rate-limit-reset").and_then(|secs| i64::try_from(secs).ok());
        let date = || DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok();
        Self {
            remaining: number("x-rate-limit-remaining"),
            reset: secs.map(|secs| Time::from_micros(secs.saturating_mul(1_000_000))),
            date: date().map(|date| Time::from(date.to_utc())),
        }
    }

    /// How long to wait before the next request. `now`: by our clock, for answers without a date.
    /// A second is added because both times are whole seconds.
    pub(crate) fn wait(&self, now: Time, longest: Duration) -> Duration {
        let Some(reset) = self.reset else { return longest };
        let micros = reset.micros().saturating_sub(self.date.unwrap_or(now).micros()).max(0);
        Duration::from_micros(micros.unsigned_abs())
            .saturating_add(Duration::from_secs(1))
            .min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    const LONGEST: Duration = Duration::from_secs(120);

    fn of(reset: &str, date: Option<&str>) -> Rate {
        let mut headers = HeaderMap::new();
        headers.insert("x-rate-limit-remaining", HeaderValue::from_static("0"));
        headers.insert("x-rate-limit-reset", HeaderValue::from_str(reset).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        Rate::of(&headers)
    }

    #[test]
    fn the_wait_is_until_the_reset_by_the_clock_of_okta() {
        let now = Time::parse("2026-03-10T10:05:00Z").unwrap();
        // 2026-03-10T10:00:30Z
        let rate = of("1773136830", Some("Tue, 10 Mar 2026 10:00:00 GMT"));
        assert_eq!(rate.remaining, Some(0));
        assert_eq!(rate.wait(now, LONGEST), Duration::from_secs(31));
        // Our clock is five minutes ahead: without a date of Okta the reset seems to have passed.
        assert_eq!(of("1773136830", None).wait(now, LONGEST), Duration::from_secs(1));
    }

    #[test]
    fn the_wait_is_bounded_whatever_the_headers_say() {
        let now = Time::parse("2026-03-10T10:00:00Z").unwrap();
        for reset in ["99999999999999", "18446744073709551615", "soon", "-1"] {
            assert_eq!(of(reset, None).wait(now, LONGEST), LONGEST, "{reset}");
        }
        assert_eq!(Rate::default().wait(now, LONGEST), LONGEST);
    }
}

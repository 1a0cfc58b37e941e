//! The time zone that times are written in.

use chrono::{FixedOffset, Offset, SecondsFormat, Utc};
use claimledger_facts::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// An offset from UTC. It is written behind each time, so that no value depends on where it is
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(FixedOffset);

impl Default for Zone {
    fn default() -> Self {
        Self(Utc.fix())
    }
}

impl Zone {
    /// `UTC`, `Z` or an offset such as `+01:00`; none: it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Some(Self::default());
        }
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            plain.then(|| digits.parse::<i32>().ok()).flatten()
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        if minutes > 59 || hours > 18 {
            return None;
        }
        FixedOffset::east_opt(sign * (hours * 3_600 + minutes * 60)).map(Self)
    }

    /// A time in this zone, as RFC 3339.
    #[must_use]
    pub fn write(self, time: Time) -> String {
        if self.0.local_minus_utc() == 0 {
            return time.to_string();
        }
        time.to_chrono().with_timezone(&self.0).to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.local_minus_utc() == 0 { f.write_str("UTC") } else { write!(f, "{}", self.0) }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("no offset from UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_utc_or_an_offset() {
        let time = Time::parse("2026-03-10T23:30:00.5Z").unwrap();
        let check = |zone: &str, name: &str, written: &str| {
            let zone = Zone::parse(zone).unwrap();
            assert_eq!((zone.to_string().as_str(), zone.write(time).as_str()), (name, written));
            assert_eq!(Time::parse(written).unwrap(), time);
        };
        check("UTC", "UTC", "2026-03-10T23:30:00.500Z");
        check("z", "UTC", "2026-03-10T23:30:00.500Z");
        check("+00:00", "UTC", "2026-03-10T23:30:00.500Z");
        check("+01:00", "+01:00", "2026-03-11T00:30:00.500+01:00");
        check("-03:30", "-03:30", "2026-03-10T20:00:00.500-03:30");
        for other in ["", "CET", "Europe/Berlin", "1", "+1:00", "+01:60", "+19:00", "+01", "+é:00"]
        {
            assert_eq!(Zone::parse(other), None, "{other}");
        }
    }
}

//! Instants and intervals. A time is an instant in UTC with microseconds; what a source stated
//! finer than that stays in the original.

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt};

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last instant that can be written as RFC 3339.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// The first instant that can be written as RFC 3339.
    pub const MIN: Self = Self(-62_167_219_200_000_000);

    /// From microseconds since the epoch, held within the years 0000 to 9999.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        if micros > Self::MAX.0 {
            Self::MAX
        } else if micros < Self::MIN.0 {
            Self::MIN
        } else {
            Self(micros)
        }
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339. The offset is required.
    ///
    /// # Errors
    /// See [`TimeError`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Malformed)?;
        Self::within(time.with_timezone(&Utc)).ok_or(TimeError::OutOfRange)
    }

    /// The instant, unless it lies outside of the years 0000 to 9999 in UTC: such a time could not
    /// be written again.
    #[must_use]
    pub fn within(time: DateTime<Utc>) -> Option<Self> {
        let micros = time.timestamp_micros();
        (Self::MIN.0..=Self::MAX.0).contains(&micros).then_some(Self(micros))
    }

    /// This instant and `secs` seconds.
    #[must_use]
    pub const fn plus_secs(self, secs: u64) -> Self {
        let secs = if secs > i64::MAX as u64 { i64::MAX } else { secs as i64 };
        let micros = secs.saturating_mul(1_000_000);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// As chrono has it.
    #[must_use]
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}

/// Why a text is not read as an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is not RFC 3339, or has no offset.
    #[error("not an RFC 3339 date-time with an offset, such as 2026-03-10T10:00:00Z")]
    Malformed,
    /// It is RFC 3339. Its offset moves it to a year that RFC 3339 cannot write.
    #[error("out of range: not in the years 0000 to 9999 in UTC")]
    OutOfRange,
}

impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_micros(time.timestamp_micros())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| de::Error::custom(format!("`{text}` is {error}")))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// When something occurred, as the source claims: an instant, or an interval when only known to lie
/// between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurred {
    /// The instant, or the earliest it can have been.
    pub from: Time,
    /// The latest it can have been; none for an instant.
    pub to: Option<Time>,
}

impl Occurred {
    /// At an instant.
    #[must_use]
    pub const fn at(time: Time) -> Self {
        Self { from: time, to: None }
    }

    /// The last instant at which it can have occurred.
    #[must_use]
    pub fn latest(self) -> Time {
        self.to.unwrap_or(self.from).max(self.from)
    }
}

/// What can be in force at a time, the latest first: each version that can have begun, up to the
/// first that certainly had. The last is none where no version certainly had begun.
#[must_use]
pub fn in_force<T>(
    latest_first: impl IntoIterator<Item = (Occurred, T)>,
    when: Occurred,
) -> Vec<Option<T>> {
    let mut options = Vec::new();
    for (occurred, version) in latest_first {
        if occurred.from > when.latest() {
            continue;
        }
        options.push(Some(version));
        if occurred.latest() <= when.from {
            return options;
        }
    }
    options.push(None);
    options
}

impl Serialize for Occurred {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to {
            None => self.from.serialize(serializer),
            Some(to) => Between { from: self.from, to }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Occurred {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            At(Time),
            Between(Between),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::At(time) => Self::at(time),
            Either::Between(Between { from, to }) => Self { from, to: Some(to) },
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Between {
    from: Time,
    to: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_offset_and_shown_in_utc() {
        for (text, expect) in [
            ("2026-03-10T10:00:00Z", "2026-03-10T10:00:00Z"),
            ("2026-03-10T10:00:00+01:30", "2026-03-10T08:30:00Z"),
            ("2026-03-10t10:00:00.25z", "2026-03-10T10:00:00.250Z"),
            ("2026-03-10T10:00:00.123456789Z", "2026-03-10T10:00:00.123456Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            let time = Time::parse(text).unwrap();
            assert_eq!(time.to_string(), expect);
            assert_eq!(Time::parse(expect).unwrap(), time);
            assert_eq!(Time::from_micros(time.micros()), time);
        }
        let outside =
            ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:60Z"];
        let no_times =
            ["2026-03-10T10:00:00", "2026-03-10", "1773144000", "2026-02-30T10:00:00Z", ""];
        for (texts, error) in
            [(&outside[..], TimeError::OutOfRange), (&no_times, TimeError::Malformed)]
        {
            for text in texts {
                assert_eq!(Time::parse(text), Err(error), "{text}");
            }
        }
    }

    #[test]
    fn times_stay_within_what_can_be_written() {
        assert_eq!(Time::from_micros(i64::MAX), Time::MAX);
        assert_eq!(Time::from_micros(i64::MIN), Time::MIN);
        assert_eq!(Time::EPOCH.plus_secs(1).micros(), 1_000_000);
        for secs in [1 << 40, i64::MAX as u64, u64::MAX] {
            assert_eq!(Time::EPOCH.plus_secs(secs), Time::MAX, "{secs}");
        }
    }

    #[test]
    fn an_interval_is_an_object() {
        let between = Occurred { from: Time::EPOCH, to: Some(Time::from_micros(1)) };
        for (occurred, json) in [
            (Occurred::at(Time::EPOCH), r#""1970-01-01T00:00:00Z""#),
            (between, r#"{"from":"1970-01-01T00:00:00Z","to":"1970-01-01T00:00:00.000001Z"}"#),
        ] {
            assert_eq!(serde_json::to_string(&occurred).unwrap(), json);
            assert_eq!(serde_json::from_str::<Occurred>(json).unwrap(), occurred);
        }
        serde_json::from_str::<Occurred>(r#"{"from":"1970-01-01T00:00:00Z"}"#).unwrap_err();
    }
}

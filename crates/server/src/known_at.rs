//! The parameter K of a request, as a position or as a time.

use claimledger_app::model::question::Asking;
use claimledger_facts::{ids::LogPosition, time::Time};

/// K, as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownAt {
    /// As a position: final as soon as it exists.
    Position(LogPosition),
    /// As a time: provisional until it has passed.
    Time(Time),
}

impl KnownAt {
    /// `#82`, `82` or RFC 3339.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.strip_prefix('#').unwrap_or(text).parse() {
            Ok(position) => Some(Self::Position(LogPosition(position))),
            Err(_) => Time::parse(text).ok().map(Self::Time),
        }
    }

    /// Writes itself into a question.
    pub(crate) fn put(self, asking: &mut Asking) {
        match self {
            Self::Position(position) => asking.known_at_position = Some(position),
            Self::Time(time) => asking.known_at = Some(time),
        }
    }
}

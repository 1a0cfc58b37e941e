//! Where a feed goes on. Opaque to the client, and of no use in another tenant, under other rules
//! or once altered, as the cursors of lists are.

use crate::model::cursor::CursorKey;
use claimledger_domain::RULES;
use claimledger_facts::ids::LogPosition;
use serde::{Deserialize, Serialize};

/// The name of the feed in its cursors.
const FEED: &str = "session-changes/1";

/// After what a feed goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The record.
    pub(super) position: LogPosition,
    /// Which of the sessions that it changed was given last; none: all of them.
    pub(super) hit: Option<Hit>,
}

/// Where among the sessions that a record changed one stands. It does not depend on what was
/// recorded since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// By which way it was found: 0 by name, then by each term (an IdP session, a person), last by
    /// scope.
    pub(super) stage: u32,
    /// The first record that it was found by.
    pub(super) by: LogPosition,
    /// Which of the sessions that this record names.
    pub(super) nth: u32,
}

impl Place {
    /// After everything that a record changed.
    pub(super) fn after(position: LogPosition) -> Self {
        Self { position, hit: None }
    }

    /// The record that is to be looked at next.
    pub(super) fn next_position(&self) -> LogPosition {
        if self.hit.is_some() { self.position } else { LogPosition(self.position.0 + 1) }
    }

    /// The change of a record that was given last.
    pub(super) fn hit_at(&self, position: LogPosition) -> Option<Hit> {
        self.hit.filter(|_| self.position == position)
    }

    /// As a client carries it.
    pub(super) fn seal(&self, key: &CursorKey) -> String {
        key.seal_wire(&Wire(
            FEED.to_owned(),
            RULES.to_owned(),
            self.position.0,
            self.hit.map(|hit| (hit.stage, hit.by.0, hit.nth)),
        ))
    }

    /// Reads a cursor of this feed, this tenant and these rules.
    pub(super) fn open(key: &CursorKey, text: &str) -> Option<Self> {
        let Wire(feed, rules, position, hit) = key.open_wire(text)?;
        let hit = hit.map(|(stage, by, nth)| Hit { stage, by: LogPosition(by), nth });
        (feed == FEED && rules == RULES).then_some(Self { position: LogPosition(position), hit })
    }
}

#[derive(Serialize, Deserialize)]
struct Wire(String, String, u64, Option<(u32, u64, u32)>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_went_and_fits_one_tenant_and_these_rules() {
        let key = CursorKey::new(&[1; 32]);
        let hit = Hit { stage: 2, by: LogPosition(7), nth: 1 };
        for place in
            [Place::after(LogPosition(5)), Place { position: LogPosition(9), hit: Some(hit) }]
        {
            let text = place.seal(&key);
            assert_eq!(Place::open(&key, &text), Some(place));
            assert_eq!(Place::open(&CursorKey::new(&[2; 32]), &text), None);
            assert_eq!(Place::open(&key, &text[1..]), None);
        }
        let wire = |feed: &str, rules: &str| {
            key.seal_wire(&Wire(feed.to_owned(), rules.to_owned(), 5, None))
        };
        assert_eq!(Place::open(&key, &wire(FEED, RULES)), Some(Place::after(LogPosition(5))));
        assert_eq!(Place::open(&key, &wire(FEED, "other rules")), None);
        assert_eq!(Place::open(&key, &wire("another feed", RULES)), None);
    }

    #[test]
    fn it_goes_on_behind_what_was_given() {
        let place = Place::after(LogPosition(5));
        assert_eq!((place.next_position(), place.hit_at(LogPosition(6))), (LogPosition(6), None));
        let hit = Hit { stage: 0, by: LogPosition(6), nth: 0 };
        let place = Place { position: LogPosition(6), hit: Some(hit) };
        assert_eq!(
            (place.next_position(), place.hit_at(LogPosition(6))),
            (LogPosition(6), Some(hit))
        );
    }
}

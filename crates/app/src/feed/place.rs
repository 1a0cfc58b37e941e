//! Position in the feed. Opaque to the client, and rejected in another tenant, under other rules or
//! if altered, like the cursors of lists.

use crate::model::cursor::CursorKey;
use claimledger_domain::RULES;
use claimledger_facts::ids::LogPosition;
use serde::{Deserialize, Serialize};

/// The name of the feed in its cursors.
const FEED: &str = "session-changes/1";

/// A position in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The record.
    pub(super) position: LogPosition,
    /// The last session returned for this record; none: all were returned.
    pub(super) hit: Option<Hit>,
}

/// Order of the sessions that a record changed. It does not depend on later records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// How it was found: 0 by name, then by each term (IdP session, person), last by scope.
    pub(super) stage: u32,
    /// The first record that it was found by.
    pub(super) by: LogPosition,
    /// Index among the sessions that this record names.
    pub(super) nth: u32,
}

impl Hit {
    /// After every session that a record changed itself.
    pub(super) const fn last(by: LogPosition) -> Self {
        Self { stage: u32::MAX, by, nth: 0 }
    }
}

impl Place {
    /// After all changes of a record.
    pub(super) fn after(position: LogPosition) -> Self {
        Self { position, hit: None }
    }

    /// The position of the next record to compare.
    pub(super) fn next_position(&self) -> LogPosition {
        if self.hit.is_some() { self.position } else { LogPosition(self.position.0 + 1) }
    }

    /// The last session returned for a record.
    pub(super) fn hit_at(&self, position: LogPosition) -> Option<Hit> {
        self.hit.filter(|_| self.position == position)
    }

    /// Encodes the position for clients.
    pub(super) fn seal(&self, key: &CursorKey) -> String {
        key.seal_wire(&Wire(
            FEED.to_owned(),
            RULES.to_owned(),
            self.position.0,
            self.hit.map(|hit| (hit.stage, hit.by.0, hit.nth)),
        ))
    }

    /// Decodes a cursor of this feed, tenant and rules.
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
    fn a_cursor_round_trips_and_is_bound_to_tenant_and_rules() {
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
    fn it_resumes_after_the_last_change() {
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

//! When an answer was true, by both clocks: a value in it held at some time between the request and
//! the end of the answer, and the two clocks may not agree when that was.

use crate::client::Answer;
use claimledger_facts::time::Time;
use serde::{Deserialize, Serialize};

/// The header `Date` has whole seconds.
const DATE_MICROS: i64 = 1_000_000;
/// Clocks that certainly differ by more are named: less may be a header that is not of this answer.
const NAMED_MICROS: i64 = 1_000_000;

/// Two clocks that certainly differed at one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// When the answer was complete, by the ledger's clock.
    pub ours: Time,
    /// When Okta answered, by its own.
    pub org: Time,
}

/// What the answers of one look say of the two clocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clocks {
    /// How far Okta's is ahead of ours, at least and at most; none: no answer says its time.
    ahead_micros: Option<(i64, i64)>,
    pub(crate) apart: Option<Apart>,
}

/// The time of one or more requests in a row.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    from: Time,
    until: Time,
    pub(crate) clocks: Clocks,
}

impl Clocks {
    fn add(&mut self, answer: &Answer) {
        let Some(org) = answer.date else { return };
        // It was made between the two, and is up to a second later than it says.
        let least = org.micros() - answer.received.micros();
        let most = org.micros() + DATE_MICROS - answer.sent.micros();
        let (known_least, known_most) = self.ahead_micros.unwrap_or((least, most));
        // A slow answer says less than a fast one. Where both cannot be, a clock was set meanwhile.
        let closer = (known_least.max(least), known_most.min(most));
        let wider = (known_least.min(least), known_most.max(most));
        self.ahead_micros = Some(if closer.0 <= closer.1 { closer } else { wider });
        if least > NAMED_MICROS || most < -NAMED_MICROS {
            self.apart = Some(Apart { ours: answer.received, org });
        }
    }
}

impl Window {
    /// Before the first request. `clocks`: what is known of them from this look.
    pub(crate) fn begin(now: Time, clocks: Clocks) -> Self {
        Self { from: now, until: now, clocks }
    }

    pub(crate) fn add(&mut self, answer: &Answer) {
        self.until = self.until.max(answer.received);
        self.clocks.add(answer);
    }

    /// From when until when, by whichever clock.
    pub(crate) fn bounds(&self) -> (Time, Time) {
        let (least, most) = self.clocks.ahead_micros.unwrap_or_default();
        let moved = |time: Time, by: i64| Time::from_micros(time.micros().saturating_add(by));
        (moved(self.from, least.min(0)), moved(self.until, most.max(0)))
    }
}

//! Cache from past times to positions.

use claimledger_facts::{ids::LogPosition, time::Time};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};

/// Past times with the last position recorded by each. Records are stamped with increasing times,
/// so an entry for a past time is final.
#[derive(Default)]
pub(crate) struct PassedTimes {
    positions: Mutex<BTreeMap<Time, LogPosition>>,
    /// The recorded times of the positions looked up last: most questions ask for the same one.
    recorded: Mutex<VecDeque<(LogPosition, Time)>>,
}

impl PassedTimes {
    const MAX_TIMES: usize = 1024;
    const MAX_POSITIONS: usize = 16;

    pub(crate) fn recorded(&self, position: LogPosition) -> Option<Time> {
        let recorded = self.recorded.lock();
        recorded.iter().find(|(kept, _)| *kept == position).map(|(_, time)| *time)
    }

    pub(crate) fn keep_recorded(&self, position: LogPosition, time: Time) {
        let mut recorded = self.recorded.lock();
        recorded.truncate(Self::MAX_POSITIONS - 1);
        recorded.push_front((position, time));
    }

    pub(crate) fn get(&self, time: Time) -> Option<LogPosition> {
        self.positions.lock().get(&time).copied()
    }

    pub(crate) fn put(&self, time: Time, position: LogPosition) {
        let mut times = self.positions.lock();
        if times.len() >= Self::MAX_TIMES {
            times.pop_first();
        }
        times.insert(time, position);
    }
}

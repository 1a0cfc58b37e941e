//! Positions by time, where they can no longer change.

use claimledger_facts::{ids::LogPosition, time::Time};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Times that have passed, and the last position recorded by each. They are final, so they can be
/// kept.
#[derive(Default)]
pub(crate) struct PassedTimes {
    positions: Mutex<BTreeMap<Time, LogPosition>>,
    /// When the positions were recorded that were asked last: most questions ask for the same one.
    recorded: Mutex<VecDeque<(LogPosition, Time)>>,
}

impl PassedTimes {
    const KEPT: usize = 1024;
    const KEPT_RECORDED: usize = 16;

    pub(crate) fn recorded(&self, position: LogPosition) -> Option<Time> {
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.iter().find(|(kept, _)| *kept == position).map(|(_, time)| *time)
    }

    pub(crate) fn keep_recorded(&self, position: LogPosition, time: Time) {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.truncate(Self::KEPT_RECORDED - 1);
        recorded.push_front((position, time));
    }

    pub(crate) fn get(&self, time: Time) -> Option<LogPosition> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner).get(&time).copied()
    }

    pub(crate) fn put(&self, time: Time, position: LogPosition) {
        let mut times = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() >= Self::KEPT {
            times.pop_first();
        }
        times.insert(time, position);
    }
}

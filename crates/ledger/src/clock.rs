//! The clock, as an argument: nothing else in the workspace asks the machine for the time.

use claimledger_facts::time::Time;
use std::sync::atomic::{AtomicI64, Ordering};

/// Now, as the caller of it should believe.
pub trait Clock: Send + Sync {
    /// The current instant. It may jump in either direction: the sequencer never lets `recorded_at` decrease.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked for the time")]
    fn now(&self) -> Time {
        Time::from(chrono::Utc::now())
    }
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Standing at this instant.
    #[must_use]
    pub const fn new(time: Time) -> Self {
        Self(AtomicI64::new(time.micros()))
    }

    /// Sets it, forwards or backwards.
    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

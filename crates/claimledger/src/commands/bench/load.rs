//! What is appended while something else is measured.

use crate::bench::{process::Client, sessions::Sessions};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Facts a second that are appended beside questions, and how many go in one request.
const APPENDED_PER_SECOND: usize = 2_000;
const FACTS_PER_REQUEST: usize = 20;
/// Maximum facts in one round of concurrent appends.
const MAX_FACTS_PER_ROUND: usize = 10_000_000;

/// Sessions in an order that looks random, the same in every run.
pub(super) fn some_session(sessions: Sessions, n: usize) -> usize {
    (n.wrapping_mul(2_654_435_761) >> 3) % sessions.count
}

/// What is appended beside: facts of further sessions.
pub(super) fn further(sessions: Sessions, round: usize, n: usize) -> Value {
    let more = Sessions { count: usize::MAX / sessions.each / 2, ..sessions };
    more.fact(sessions.past_the_end() + round * MAX_FACTS_PER_ROUND + n).1
}

/// Appends over HTTP at a steady rate.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    task: std::thread::JoinHandle<Result<Loaded>>,
}

pub(super) struct Loaded {
    /// Facts a second.
    pub(super) rate: f64,
}

impl Load {
    pub(super) fn begin(client: Client, sessions: Sessions) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let task = std::thread::spawn(move || {
            let began = Instant::now();
            let mut sent = 0;
            while !told.load(Ordering::Relaxed) {
                let facts: Vec<_> =
                    (sent..sent + FACTS_PER_REQUEST).map(|n| further(sessions, 0, n)).collect();
                client.append(&facts)?;
                sent += FACTS_PER_REQUEST;
                let due = Duration::from_secs_f64(sent as f64 / APPENDED_PER_SECOND as f64);
                std::thread::sleep(due.saturating_sub(began.elapsed()));
            }
            Ok(Loaded { rate: sent as f64 / began.elapsed().as_secs_f64() })
        });
        Self { stop, task }
    }

    pub(super) fn end(self) -> Result<Loaded> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.join().ok().context("the appending thread panicked")?
    }
}

pub(super) fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

pub(super) fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

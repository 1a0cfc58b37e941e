//! State of appends in memory: the number in progress, the recent rate, and the log size after the
//! last append of each credential. The projector yields to appends; a read waits for the appends of
//! its own credential.

use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Number of appends within [`RATE_WINDOW`] from which appends count as saturated.
const SATURATED_APPENDS: f64 = 20.0;
const RATE_WINDOW: Duration = Duration::from_secs(1);

/// Append statistics of one tenant.
#[derive(Default)]
pub(crate) struct Appends {
    under_way: AtomicUsize,
    /// Number of appends since the start.
    begun: watch::Sender<u64>,
    recent: Mutex<RecentAppends>,
    /// Number of records in the log after the last append of each credential.
    written: Mutex<HashMap<String, u64>>,
}

/// Appends in the current and in the previous window, from which the rate is interpolated.
#[derive(Default)]
struct RecentAppends {
    since: Option<Instant>,
    now: f64,
    before: f64,
}

impl RecentAppends {
    fn advance_to(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.saturating_duration_since(since);
        if elapsed >= RATE_WINDOW {
            self.before = if elapsed < RATE_WINDOW * 2 { self.now } else { 0.0 };
            self.now = 0.0;
            self.since = Some(if elapsed < RATE_WINDOW * 2 { since + RATE_WINDOW } else { now });
        }
    }

    /// Approximate number of appends within the last [`RATE_WINDOW`].
    fn count(&self, now: Instant) -> f64 {
        let elapsed = self
            .since
            .map_or(RATE_WINDOW, |since| now.saturating_duration_since(since).min(RATE_WINDOW));
        self.now + self.before * (1.0 - elapsed.as_secs_f64() / RATE_WINDOW.as_secs_f64())
    }
}

impl Appends {
    /// Counts an append as in progress until the guard is dropped.
    pub(crate) fn begin(&self) -> Appending<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.begun.send_modify(|begun| *begun += 1);
        let now = Instant::now();
        let mut recent = self.recent.lock();
        recent.advance_to(now);
        recent.now += 1.0;
        Appending(&self.under_way)
    }

    /// Whether an append is in progress.
    pub(crate) fn are_under_way(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    /// Number of appends since the start.
    pub(crate) fn begun(&self) -> u64 {
        *self.begun.borrow()
    }

    /// Records the log size after an append of this credential.
    pub(crate) fn wrote(&self, credential: &str, size: u64) {
        let mut written = self.written.lock();
        match written.get_mut(credential) {
            Some(known) => *known = size.max(*known),
            None => drop(written.insert(credential.to_owned(), size)),
        }
    }

    /// The log size after the last append of this credential; 0: none since the start.
    pub(crate) fn written_by(&self, credential: &str) -> u64 {
        self.written.lock().get(credential).copied().unwrap_or_default()
    }

    /// Returns when the next append begins while appends are saturated.
    pub(crate) async fn next_append(&self) {
        let mut begun = self.begun.subscribe();
        // The sender is a field of `self`, so this does not fail.
        while begun.changed().await.is_ok() {
            if self.is_saturated() {
                return;
            }
        }
    }

    /// Whether the append rate is so high that waiting for a pause would take too long.
    pub(crate) fn is_saturated(&self) -> bool {
        let now = Instant::now();
        let mut recent = self.recent.lock();
        recent.advance_to(now);
        recent.count(now) >= SATURATED_APPENDS
    }
}

/// An append in progress.
pub(crate) struct Appending<'a>(&'a AtomicUsize);

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn twenty_within_a_second_are_saturated() {
        let appends = Appends::default();
        for n in 0..19 {
            drop(appends.begin());
            assert!(!appends.is_saturated(), "{n}");
        }
        drop(appends.begin());
        assert!(appends.is_saturated());
        tokio::time::advance(Duration::from_millis(1100)).await;
        assert!(!appends.is_saturated(), "18 of 20 within the last second, at an even rate");
        for _ in 0..2 {
            drop(appends.begin());
        }
        assert!(appends.is_saturated(), "18 and two");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert!(!appends.is_saturated());
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_append_is_not_saturated() {
        let appends = Appends::default();
        let waited = tokio::time::timeout(Duration::from_secs(1), async {
            tokio::join!(appends.next_append(), async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                drop(appends.begin());
            })
        });
        assert!(waited.await.is_err());
        (0..20).for_each(|_| drop(appends.begin()));
        let waited = tokio::time::timeout(Duration::from_secs(1), async {
            tokio::join!(appends.next_append(), async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                drop(appends.begin());
            })
        });
        assert!(waited.await.is_ok());
        assert!(
            tokio::time::timeout(Duration::from_secs(1), appends.next_append()).await.is_err(),
            "earlier appends count, but none begins"
        );
    }

    #[test]
    fn the_size_written_by_a_credential_never_decreases() {
        let appends = Appends::default();
        assert_eq!(appends.written_by("a"), 0);
        appends.wrote("a", 7);
        appends.wrote("a", 5);
        appends.wrote("b", 9);
        assert_eq!((appends.written_by("a"), appends.written_by("b")), (7, 9));
    }
}

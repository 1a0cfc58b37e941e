//! What is known of appends beside the log: how many are on their way, whether they run flat out,
//! and how far each credential has written. The projector gives way to them, and a read waits for
//! those that it would be expected to see.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Appends run flat out when so many began within [`LATELY`].
const MANY: f64 = 20.0;
const LATELY: Duration = Duration::from_secs(1);

/// Appends of one tenant.
#[derive(Default)]
pub(crate) struct Appends {
    under_way: AtomicUsize,
    /// How many have ever begun.
    begun: watch::Sender<u64>,
    lately: Mutex<Lately>,
    /// The size of the log after the last append of each credential.
    written: Mutex<HashMap<String, u64>>,
}

/// How many began in this stretch of time, and in the one before.
#[derive(Default)]
struct Lately {
    since: Option<Instant>,
    now: f64,
    before: f64,
}

impl Lately {
    fn move_to(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let gone = now.saturating_duration_since(since);
        if gone >= LATELY {
            self.before = if gone < LATELY * 2 { self.now } else { 0.0 };
            self.now = 0.0;
            self.since = Some(if gone < LATELY * 2 { since + LATELY } else { now });
        }
    }

    /// About as many as began within [`LATELY`].
    fn count(&self, now: Instant) -> f64 {
        let gone =
            self.since.map_or(LATELY, |since| now.saturating_duration_since(since).min(LATELY));
        self.now + self.before * (1.0 - gone.as_secs_f64() / LATELY.as_secs_f64())
    }
}

impl Appends {
    /// Counts an append while it is on its way.
    pub(crate) fn begin(&self) -> Appending<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.begun.send_modify(|begun| *begun += 1);
        let now = Instant::now();
        let mut lately = self.lately();
        lately.move_to(now);
        lately.now += 1.0;
        Appending(&self.under_way)
    }

    /// Whether one is on its way.
    pub(crate) fn are_under_way(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    /// How many have ever begun.
    pub(crate) fn begun(&self) -> u64 {
        *self.begun.borrow()
    }

    /// A credential has written, and the log had this size then.
    pub(crate) fn wrote(&self, credential: &str, size: u64) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match written.get_mut(credential) {
            Some(known) => *known = size.max(*known),
            None => drop(written.insert(credential.to_owned(), size)),
        }
    }

    /// The size of the log after what a credential wrote last; 0: nothing since the start.
    pub(crate) fn written_by(&self, credential: &str) -> u64 {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(credential)
            .copied()
            .unwrap_or_default()
    }

    /// Returns as soon as an append begins from here on that is one of many.
    pub(crate) async fn next_append(&self) {
        let mut begun = self.begun.subscribe();
        // The sender lives as long as this.
        while begun.changed().await.is_ok() {
            if self.is_saturated() {
                return;
            }
        }
    }

    /// Whether so many began lately that somebody goes on writing.
    pub(crate) fn is_saturated(&self) -> bool {
        let now = Instant::now();
        let mut lately = self.lately();
        lately.move_to(now);
        lately.count(now) >= MANY
    }

    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An append on its way.
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
    async fn many_within_a_second_are_flat_out() {
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
    async fn a_single_append_is_not_others_going_on() {
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
            "those before count, and nobody begins"
        );
    }

    #[test]
    fn what_a_credential_wrote_only_grows() {
        let appends = Appends::default();
        assert_eq!(appends.written_by("a"), 0);
        appends.wrote("a", 7);
        appends.wrote("a", 5);
        appends.wrote("b", 9);
        assert_eq!((appends.written_by("a"), appends.written_by("b")), (7, 9));
    }
}

//! Turns of sequencers that append to one log at the same time: which pauses, and for how long.
//!
//! An append that lost the race must read the log before the next attempt, and one that won need
//! not. So of two saturated sequencers the one that wins goes on winning, and the other one never
//! gets its turn. Hence the *winner* yields: after each append while another writer is known, and
//! now and then while none is, because it does not see the appends that it beat.

use crate::nodes::Nodes;
use claimledger_facts::ids::RecordId;
use std::time::Duration;
use tokio::time::Instant;

/// How long another writer is expected after one of its records was seen.
const CONTENDED_FOR: Duration = Duration::from_secs(1);
/// Duration of appends without a gap after which a sequencer yields once.
const MAX_RUN: Duration = Duration::from_millis(200);
/// Minimum and maximum pause of a sequencer that yields: the duration of a read and an append of
/// the other one, by the duration of its own last append.
const MIN_YIELD: Duration = Duration::from_millis(1);
const MAX_YIELD: Duration = Duration::from_millis(25);
/// Maximum pause before another attempt of a sequencer that lost. Shorter than [`MAX_YIELD`], so
/// that an attempt falls into the pause of the winner.
const MAX_BACKOFF: Duration = Duration::from_millis(8);

/// The turns of one sequencer. With one node there are no pauses.
#[derive(Debug)]
pub(crate) struct Turns {
    nodes: Nodes,
    /// Races lost in a row.
    losses: u32,
    contended_until: Option<Instant>,
    /// When appends without a gap began; none: there was a gap.
    run_since: Option<Instant>,
    /// Whether the next append follows one that was won.
    won: bool,
    /// Duration of the last append.
    took: Duration,
}

impl Turns {
    pub(crate) fn new(nodes: Nodes) -> Self {
        Self {
            nodes,
            losses: 0,
            contended_until: None,
            run_since: None,
            won: false,
            took: MIN_YIELD,
        }
    }

    /// Nothing waits to be appended, so others have their turn.
    pub(crate) fn is_idle(&mut self) {
        self.run_since = None;
        self.won = false;
    }

    /// An append was written.
    pub(crate) fn has_won(&mut self, took: Duration) {
        (self.losses, self.won, self.took) = (0, true, took);
    }

    /// Another writer appended first.
    pub(crate) fn has_lost(&mut self, now: Instant) {
        self.losses = self.losses.saturating_add(1);
        (self.won, self.run_since) = (false, None);
        self.contended_until = Some(now + CONTENDED_FOR);
    }

    /// The pause before the next append, in which others append; zero: none. `seed` is the id of
    /// its first record, which differs from node to node.
    pub(crate) fn pause_before_append(&mut self, now: Instant, seed: Option<RecordId>) -> Duration {
        let since = *self.run_since.get_or_insert(now);
        if !self.nodes.are_many() || !self.won {
            return Duration::ZERO;
        }
        let is_contended = self.contended_until.is_some_and(|until| now < until);
        if !is_contended && now.duration_since(since) < MAX_RUN {
            return Duration::ZERO;
        }
        self.run_since = None;
        let pause = (self.took * 2).clamp(MIN_YIELD, MAX_YIELD);
        // At least half of it, so that the other one has the time.
        pause / 2 + jitter(seed, self.losses, pause / 2)
    }

    /// The pause before the log is read for another attempt. The first one is not delayed:
    /// where the winner yields, it comes in time.
    pub(crate) fn pause_before_retry(&self, seed: Option<RecordId>) -> Duration {
        if !self.nodes.are_many() || self.losses < 2 {
            return Duration::ZERO;
        }
        let longest = self.took.max(MIN_YIELD) * 2_u32.pow((self.losses - 2).min(8));
        jitter(seed, self.losses, longest.min(MAX_BACKOFF))
    }
}

/// A duration below `longest`, from a record id, which is a digest: it is as good as random, and
/// the same in each run of a test.
fn jitter(seed: Option<RecordId>, attempt: u32, longest: Duration) -> Duration {
    let Some(RecordId(id)) = seed else { return longest / 2 };
    let mixed = id.as_u128().rotate_left(attempt.wrapping_mul(11) % u128::BITS);
    longest * u32::from(mixed as u16) / (1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(n: u8) -> Option<RecordId> {
        let bytes = std::array::from_fn(|at| (at as u8 + 3).wrapping_mul(n).wrapping_add(n));
        Some(RecordId(uuid::Uuid::from_bytes(bytes)))
    }

    #[tokio::test(start_paused = true)]
    async fn one_node_never_pauses() {
        let mut turns = Turns::new(Nodes::One);
        for _ in 0..1000 {
            turns.has_lost(Instant::now());
            assert_eq!(turns.pause_before_retry(seed(7)), Duration::ZERO);
            turns.has_won(Duration::from_millis(5));
            assert_eq!(turns.pause_before_append(Instant::now(), seed(7)), Duration::ZERO);
            tokio::time::advance(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_saturated_sequencer_yields_a_tenth_of_its_time_until_it_meets_another() {
        let mut turns = Turns::new(Nodes::Many);
        let (began, mut paused) = (Instant::now(), Duration::ZERO);
        for n in 0..1000_u32 {
            let pause = turns.pause_before_append(Instant::now(), seed(n as u8));
            assert!(pause <= MAX_YIELD);
            paused += pause;
            tokio::time::advance(pause + Duration::from_millis(5)).await;
            turns.has_won(Duration::from_millis(5));
        }
        let share = paused.as_secs_f64() / began.elapsed().as_secs_f64();
        assert!(share > 0.01 && share < 0.1, "{share}");
        turns.has_lost(Instant::now());
        assert_eq!(turns.pause_before_append(Instant::now(), seed(1)), Duration::ZERO, "its turn");
        turns.has_won(Duration::from_millis(5));
        assert!(turns.pause_before_append(Instant::now(), seed(1)) >= Duration::from_millis(5));
        tokio::time::advance(CONTENDED_FOR).await;
        turns.has_won(Duration::from_millis(5));
        assert_eq!(turns.pause_before_append(Instant::now(), seed(1)), Duration::ZERO, "alone");
    }

    #[tokio::test(start_paused = true)]
    async fn retries_are_delayed_by_different_bounded_pauses() {
        let mut turns = Turns::new(Nodes::Many);
        turns.has_lost(Instant::now());
        assert_eq!(turns.pause_before_retry(seed(3)), Duration::ZERO, "the first one is not");
        let mut pauses = Vec::new();
        for _ in 0..100 {
            turns.has_lost(Instant::now());
            pauses.push(turns.pause_before_retry(seed(3)));
            assert!(turns.pause_before_retry(seed(3)) < MAX_BACKOFF);
        }
        pauses.sort_unstable();
        pauses.dedup();
        assert!(pauses.len() > 10, "{pauses:?}");
        assert_ne!(turns.pause_before_retry(seed(3)), turns.pause_before_retry(seed(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_sequencer_with_gaps_does_not_yield() {
        let mut turns = Turns::new(Nodes::Many);
        for _ in 0..1000 {
            turns.has_won(Duration::from_millis(5));
            turns.is_idle();
            assert_eq!(turns.pause_before_append(Instant::now(), seed(1)), Duration::ZERO);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
    }
}

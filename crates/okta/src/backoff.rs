//! How long to wait after a failure.

use claimledger_facts::random::Random;
use std::time::Duration;

/// Exponential back-off with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300) }
    }
}

impl Backoff {
    /// The wait after this number of failures in a row: twice the one before, of which the upper
    /// half is drawn, so that pollers that failed together do not come back together.
    pub(crate) fn wait(&self, failures: u32, random: &dyn Random) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let mut drawn = [0; 4];
        random.fill(&mut drawn);
        let share = f64::from(u32::from_le_bytes(drawn)) / f64::from(u32::MAX);
        whole.mul_f64(0.5 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_differ_by_chance() {
        let backoff = Backoff::default();
        let longest = |failures| backoff.wait(failures, &Fixed(255)).as_secs();
        assert_eq!([1, 2, 3, 4, 9, 10, 1_000].map(longest), [1, 2, 4, 8, 256, 300, 300]);
        assert_eq!(backoff.wait(3, &Fixed(0)).as_secs(), 2);
    }
}

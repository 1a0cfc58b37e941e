//! Randomness, as an argument: what salts, nonces, keys and pseudonyms are drawn from.

/// A source of random bytes that nobody can guess.
pub trait Random: Send + Sync {
    /// Fills `out`. Returns only once every byte is random.
    fn fill(&self, out: &mut [u8]);
}

/// The generator of the cryptographic library, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// If the operating system gives no randomness: going on would seal under a key that can be
    /// guessed.
    fn fill(&self, out: &mut [u8]) {
        if aws_lc_rs::rand::fill(out).is_err() {
            panic!("the operating system gives no randomness");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_filled_and_two_draws_differ() {
        let (mut a, mut b) = ([0; 64], [0; 64]);
        SystemRandom.fill(&mut a);
        SystemRandom.fill(&mut b);
        assert_ne!(a, b);
        // Eight zero bytes in a row come by chance once in 2^58 runs.
        assert!(!a.windows(8).any(|w| w == [0; 8]), "a part was left unfilled: {a:?}");
    }
}

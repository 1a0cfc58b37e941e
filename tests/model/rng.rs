//! Chance that is the same on every run and machine: SplitMix64 over a seed.

/// A stream of numbers.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        // The seed is mixed first: the streams of neighbours would else be one stream, a step
        // apart.
        let mut seeded = Self(seed);
        let (one, other) = (seeded.next(), seeded.next());
        Self(one ^ other.rotate_left(23))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from` to `to`, both included.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from + 1).unsigned_abs()) as i64
    }

    /// True so often of a hundred.
    pub(crate) fn percent(&mut self, of_hundred: i64) -> bool {
        self.between(0, 99) < of_hundred
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.between(0, of.len() as i64 - 1) as usize]
    }

    /// Some of these, in their order, each with this chance.
    pub(crate) fn some<T: Clone>(&mut self, of: &[T], of_hundred: i64) -> Vec<T> {
        of.iter().filter(|_| self.percent(of_hundred)).cloned().collect()
    }
}

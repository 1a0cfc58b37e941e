//! How many nodes write one ledger.

/// How many processes write the same logs, keys and states at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nodes {
    /// This process alone, which its engine ensures: nothing is shared, so no lease is written and
    /// nothing is polled.
    #[default]
    One,
    /// Any number, which share what `docs/decisions/0050` lists.
    Many,
}

impl Nodes {
    /// Whether other processes may write at the same time.
    #[must_use]
    pub const fn are_many(self) -> bool {
        matches!(self, Self::Many)
    }
}

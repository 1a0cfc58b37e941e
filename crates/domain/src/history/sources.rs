//! What sources said of their completeness, as known at a position.

use super::{HistoryCut, Stated};
use claimledger_facts::types::source::{
    SourceBackfilled, SourceDeliveryChanged, SourceHeard, SourceSilent,
};

/// What sources heard, when they were silent, and what came later.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a>(pub(super) HistoryCut<'a>);

impl<'a> Sources<'a> {
    /// What sources said they had heard everything of.
    pub fn heard(self) -> impl Iterator<Item = &'a Stated<SourceHeard>> {
        self.0.counting(&self.0.history.completeness.heard)
    }

    /// The same, the last in the total order first.
    pub(crate) fn last_heard(self) -> impl Iterator<Item = &'a Stated<SourceHeard>> {
        let heard = self.0.history.completeness.heard.iter().rev();
        heard.filter(move |stated| self.0.counts(stated))
    }

    /// When sources were silent.
    pub fn silent(self) -> impl Iterator<Item = &'a Stated<SourceSilent>> {
        self.0.counting(&self.0.history.completeness.silent)
    }

    /// What was filled in later.
    pub fn backfilled(self) -> impl Iterator<Item = &'a Stated<SourceBackfilled>> {
        self.0.counting(&self.0.history.completeness.backfilled)
    }

    /// What happened to what sends the events of sources.
    pub fn deliveries(self) -> impl Iterator<Item = &'a Stated<SourceDeliveryChanged>> {
        self.0.counting(&self.0.history.completeness.deliveries)
    }
}

//! Answers about changes of the configuration, and what rested on them.

use claimledger_domain::{
    dependants::{Change, Dependant},
    held_under::{Held, Replaced},
    model::Certainty,
};

/// Access that continued under replaced versions of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAnswer {
    /// The versions replaced by T, in the total order.
    pub replaced: Vec<Replaced>,
    /// The continued access, in the order of the decisions that allowed it.
    pub items: Vec<Held>,
}

/// A change, and the sessions that depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHit {
    /// The change.
    pub change: Change,
    /// One per session, in the order in which the sessions began.
    pub dependants: Vec<Dependant>,
}

/// A change, and how much rested on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeCount {
    /// The change.
    pub change: Change,
    /// How much rested on it; none: more sessions would have had to be evaluated than are for a
    /// list.
    pub rested: Option<RestedOn>,
}

/// How much rested on a change, or was hit by it: decisions under a version of a policy, sessions
/// otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestedOn {
    /// Number that is certain.
    pub certain: usize,
    /// Number that is possible.
    pub possible: usize,
}

impl RestedOn {
    /// Of a change with everything that depends on it.
    #[must_use]
    pub fn of(hit: &ChangeHit) -> Self {
        let mut count = Self::default();
        for certainty in hit.dependants.iter().flat_map(|of| {
            let decisions = of.decisions.iter().map(|decision| decision.certainty);
            decisions.chain(of.decisions.is_empty().then_some(of.certainty))
        }) {
            match certainty {
                Certainty::Certain => count.certain += 1,
                Certainty::Possible => count.possible += 1,
            }
        }
        count
    }

    /// Both together.
    #[must_use]
    pub const fn total(self) -> usize {
        self.certain + self.possible
    }
}

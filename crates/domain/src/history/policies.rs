//! What was stated of policies, as known at a position.

use super::{HistoryCut, InForce, Stated};
use claimledger_facts::{ids::PolicyId, time::Occurred, types::policy::PolicyConfigured};

/// Policies of applications and of global sessions.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a>(pub(super) HistoryCut<'a>);

impl<'a> Policies<'a> {
    /// Every policy that anything is stated about.
    pub fn ids(self) -> impl Iterator<Item = &'a PolicyId> {
        self.0.history.policies.keys()
    }

    /// A policy at a time.
    #[must_use]
    pub fn at(self, policy: &PolicyId, when: Occurred) -> InForce<'a, PolicyConfigured> {
        self.0.in_force(self.0.history.policies.get(policy).map_or(&[], Vec::as_slice), when)
    }

    /// Every version of a policy, in the total order.
    pub fn versions(self, policy: &PolicyId) -> impl Iterator<Item = &'a Stated<PolicyConfigured>> {
        self.0.counting(self.0.history.policies.get(policy).map_or(&[], Vec::as_slice))
    }
}

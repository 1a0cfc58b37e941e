//! After how long a verification no longer counts for a rule that asks for reauthentication
//! (`semantics.md` 36).
//!
//! Source: Okta, Sign-on policies, reauthentication: a class of an alternative may have an interval
//! of its own, which replaces the rule's. Whether it bounds a claimed factor:
//! [`super::claim_sourcing`].

use super::claims::Tri;
use crate::{
    model::FactorType,
    order::{Seen, total_order},
};
use claimledger_facts::{
    time::Occurred,
    types::policy::{Alternative, Rule},
};

pub(crate) const ID: &str = "reauthenticate";

/// How old a verification is at a decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Age {
    verified: Occurred,
    decision: Occurred,
    /// Since the session's previous decision.
    since_previous: bool,
}

impl Age {
    pub(crate) fn of(verified: Seen<'_>, decision: Occurred, previous: Option<Seen<'_>>) -> Self {
        let since = previous.is_none_or(|p| total_order(verified.known, p.known).is_gt());
        Self { verified: verified.occurred(), decision, since_previous: since }
    }

    /// Whether it is fresh: counted from when it occurred, half-open; 0 seconds: verified since the
    /// session's previous decision. It does not end the factor's interval.
    pub(crate) fn within(self, secs: Option<u64>) -> Tri {
        match secs {
            None => Tri::Yes,
            Some(0) => Tri::of([self.since_previous]),
            Some(secs) => {
                let (first, last) = (self.verified.from, self.verified.latest());
                // Stalest and freshest reading of two intervals; for instants they are one.
                Tri::of([
                    self.decision.latest() < first.plus_secs(secs),
                    self.decision.from < last.plus_secs(secs),
                ])
            }
        }
    }
}

/// The interval that an alternative has for a factor of this type.
pub(crate) fn bound(rule: &Rule, alternative: &Alternative, of: FactorType) -> Option<u64> {
    let own = match of {
        FactorType::Knowledge => alternative.knowledge_reauthenticate_in_secs,
        FactorType::Possession => {
            alternative.possession.as_ref().and_then(|asks| asks.reauthenticate_in_secs)
        }
        FactorType::Inherence | FactorType::Unspecified => None,
    };
    own.or(rule.reauthenticate_in_secs)
}

/// The distinct intervals that a rule has for a factor of this type.
pub(crate) fn bounds(rule: &Rule, of: FactorType) -> Vec<Option<u64>> {
    let none = [Alternative::default()];
    let alternatives: &[Alternative] =
        if rule.alternatives.is_empty() { &none } else { &rule.alternatives };
    let mut bounds: Vec<_> = alternatives.iter().map(|a| bound(rule, a, of)).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

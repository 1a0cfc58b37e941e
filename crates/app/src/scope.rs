//! Which sessions a configuration fact can change: those that name its IdP, its policy or its person, or all.

use claimledger_domain::model::Known;
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{IdpId, LogPosition, PolicyId, Pseudonym},
    time::Time,
    vocabulary::PolicyKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a configuration fact concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Every session.
    Everything,
    /// Sessions of an IdP.
    Idp(IdpId),
    /// Sessions with a decision of a policy.
    Policy(PolicyId),
    /// Sessions of a person.
    Person(Pseudonym),
}

impl Scope {
    /// Whom the fact concerns, and from when on: a session whose last fact occurred before that cannot be changed by it. None: it changes no session.
    pub(crate) fn of(fact: &Fact) -> Option<(Self, Time)> {
        let from = fact.occurred.from;
        match &fact.data {
            FactData::OrgConfigured(_) | FactData::AuthenticatorConfigured(_) | FactData::ClaimSourcingConfigured(_) => {
                Some((Self::Everything, from))
            }
            FactData::IdpConfigured(d) => Some((Self::Idp(d.idp.clone()), from)),
            FactData::IdpKeyAdded(d) => Some((Self::Idp(d.idp.clone()), from)),
            FactData::IdpKeyRetired(d) => Some((Self::Idp(d.idp.clone()), from)),
            // A falsifier counts from its own `from`, not from when it was said.
            FactData::TrustRetracted(d) => Some((Self::Idp(d.idp.clone()), from.min(d.from))),
            FactData::PolicyConfigured(d) => match d.kind {
                PolicyKind::AppSignIn => Some((Self::Policy(d.policy.clone()), from)),
                PolicyKind::GlobalSession => Some((Self::Everything, from)),
            },
            FactData::AuthenticatorLost(d) => Some((Self::Person(fact.subject.clone()?), d.from.unwrap_or(from).min(from))),
            FactData::RoutingRuleConfigured(_)
            | FactData::SubjectLinked(_)
            | FactData::IdpSessionStarted(_)
            | FactData::IdpSessionEnded(_)
            | FactData::SessionStarted(_)
            | FactData::SessionLinked(_)
            | FactData::ClaimsReceived(_)
            | FactData::ClaimAccepted(_)
            | FactData::ClaimIgnored(_)
            | FactData::FactorVerified(_)
            | FactData::PolicyDecided(_)
            | FactData::AppAccessed(_)
            | FactData::SessionEnded(_)
            | FactData::SourceHeard(_)
            | FactData::SourceSilent(_)
            | FactData::SourceBackfilled(_)
            | FactData::HoldPlaced(_)
            | FactData::HoldReleased(_)
            | FactData::ErasureRequested(_)
            | FactData::LedgerOpened(_)
            | FactData::FactConflicted(_)
            | FactData::RoleGranted(_)
            | FactData::RoleRevoked(_)
            | FactData::RulesActivated(_) => None,
        }
    }

    /// Every scope that a session's facts lie in.
    pub(crate) fn all_of(facts: &[Known]) -> BTreeSet<Self> {
        let mut scopes = BTreeSet::from([Self::Everything]);
        for known in facts {
            scopes.extend(known.fact.subject.clone().map(Self::Person));
            match &known.fact.data {
                FactData::ClaimsReceived(d) => scopes.insert(Self::Idp(d.idp.clone())),
                FactData::SessionStarted(d) => d.idp.clone().is_some_and(|idp| scopes.insert(Self::Idp(idp))),
                FactData::PolicyDecided(d) => scopes.insert(Self::Policy(d.policy.clone())),
                _ => false,
            };
        }
        scopes
    }
}

/// Where configuration facts stand in the log, by whom they concern.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigIndex(BTreeMap<Scope, BTreeMap<LogPosition, Time>>);

impl ConfigIndex {
    pub(crate) fn insert(&mut self, known: &Known) {
        if let Some((scope, from)) = Scope::of(&known.fact) {
            let earliest = self.0.entry(scope).or_default().entry(known.record.position).or_insert(from);
            *earliest = (*earliest).min(from);
        }
    }

    /// The last position, up to `known_at`, of a fact that concerns one of these scopes and counts by a time.
    pub(crate) fn last_of(&self, scopes: &BTreeSet<Scope>, by: Time, known_at: LogPosition) -> Option<LogPosition> {
        let last = |facts: &BTreeMap<LogPosition, Time>| facts.range(..=known_at).rev().find(|(_, from)| **from <= by).map(|(position, _)| *position);
        scopes.iter().filter_map(|scope| self.0.get(scope)).filter_map(last).max()
    }
}

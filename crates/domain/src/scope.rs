//! Which sessions a configuration fact can change: those that name its IdP, its policy or its
//! person, or all. A retraction changes those only that have a claim which it can hit. What opens
//! or closes a gap of a source changes those that lived since.

use crate::{
    history::{Concerned, History, HistoryCut, silences},
    model::{Known, RecordRef},
};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{IdpId, KeyId, LogPosition, PolicyId, Pseudonym},
    nature::Nature,
    time::Time,
    vocabulary::PolicyKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a configuration fact concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Every session.
    Everything,
    /// Sessions of an IdP.
    Idp(IdpId),
    /// Sessions with a claim of an IdP, or a sign-in through it.
    Claims(IdpId),
    /// Sessions with a claim signed by a key of an IdP.
    Signed(IdpId, KeyId),
    /// Sessions with a claim of an IdP that names no key.
    Keyless(IdpId),
    /// Sessions with a decision of a policy.
    Policy(PolicyId),
    /// Sessions of a person.
    Person(Pseudonym),
}

impl Scope {
    /// Whom the fact concerns, and from when on: a session whose last fact (of retractions: last
    /// claim) occurred before that cannot be changed by it. Empty: it changes no session.
    #[must_use]
    pub fn of(fact: &Fact) -> Vec<(Self, Time)> {
        if let FactData::TrustRetracted(d) = &fact.data {
            // A falsifier counts from its own `from`, not from when it was said. A claim that names
            // no key may have been signed by it.
            return match &d.key {
                Some(key) => vec![
                    (Self::Signed(d.idp.clone(), key.clone()), d.from),
                    (Self::Keyless(d.idp.clone()), d.from),
                ],
                None => vec![(Self::Claims(d.idp.clone()), d.from)],
            };
        }
        if let FactData::SubjectLinked(d) = &fact.data {
            // It counts once known, for every T (`semantics.md` 3): a loss of either may end what
            // ran long ago.
            let people = fact.subject.iter().chain([&d.other]);
            return people.map(|person| (Self::Person(person.clone()), Time::MIN)).collect();
        }
        if let FactData::PolicyConfigured(d) = &fact.data
            && d.kind == PolicyKind::AppSignIn
        {
            // A decision may name its policy by a rule of it.
            let named = d.rules.iter().map(|rule| PolicyId::of_rule(&rule.rule));
            let from = fact.occurred.from;
            return named.chain([d.policy.clone()]).map(|p| (Self::Policy(p), from)).collect();
        }
        Self::of_one(fact).into_iter().collect()
    }

    /// Whom a record of the history concerns, since it tells how often something was
    /// saved between two looks, or whether all of that is known.
    fn of_saves(history: HistoryCut<'_>, record: &RecordRef, fact: &Fact) -> Vec<(Self, Time)> {
        let concerned = history.concerned_by_saves(record, fact).into_iter();
        let scopes = concerned.flat_map(|(concerned, from)| {
            let scopes = match concerned {
                Concerned::Idp(idp) => vec![Self::Idp(idp.clone())],
                Concerned::Policy(names) => names.iter().cloned().map(Self::Policy).collect(),
                Concerned::Everyone => vec![Self::Everything],
            };
            scopes.into_iter().map(move |scope| (scope, from))
        });
        scopes.collect()
    }

    /// Whom a record of the history concerns beyond what it says itself.
    #[must_use]
    pub fn of_log(history: HistoryCut<'_>, record: &RecordRef, fact: &Fact) -> Vec<(Self, Time)> {
        let silent = Self::of_silence(history, record, fact);
        Self::of_saves(history, record, fact).into_iter().chain(silent).collect()
    }

    /// Every session that lived since, where the record changes which gaps of its source are open:
    /// which sessions the source tells of is not looked up.
    fn of_silence(
        history: HistoryCut<'_>,
        record: &RecordRef,
        fact: &Fact,
    ) -> Option<(Self, Time)> {
        let is_of_completeness = fact.data.nature() == Nature::Completeness;
        let from = is_of_completeness.then(|| silences::changed_by(history, record)).flatten()?;
        Some((Self::Everything, from))
    }

    /// The same scope of each identity that was ever one with the person's (`semantics.md` 11), and
    /// of each id that names the policy.
    #[must_use]
    pub fn of_each_name(self, history: HistoryCut<'_>) -> Vec<Self> {
        match self {
            Self::Person(person) => {
                history.people().ever_one_with(&person).into_iter().map(Self::Person).collect()
            }
            Self::Policy(policy) => {
                history.policies().names(&policy).into_iter().map(Self::Policy).collect()
            }
            other => vec![other],
        }
    }

    fn of_one(fact: &Fact) -> Option<(Self, Time)> {
        let from = fact.occurred.from;
        match &fact.data {
            FactData::IdpConfigured(d) => Some((Self::Idp(d.idp.clone()), from)),
            FactData::IdpKeyAdded(d) => Some((Self::Idp(d.idp.clone()), from)),
            FactData::IdpKeyRetired(d) => Some((Self::Idp(d.idp.clone()), from)),
            FactData::AuthenticatorLost(d) => {
                Some((Self::Person(fact.subject.clone()?), d.from.unwrap_or(from).min(from)))
            }
            // No rule reads routing rules, names and lists of policies; retractions and links have
            // several scopes, see `of`.
            FactData::RoutingRuleConfigured(_)
            | FactData::ObjectNamed(_)
            | FactData::PolicyListed(_)
            | FactData::TrustRetracted(_)
            | FactData::SubjectLinked(_) => None,
            // The widest scope is always right, only slower: a type of its own narrows it above.
            data => match data.nature() {
                Nature::Configuration => Some((Self::Everything, from)),
                Nature::Falsifier | Nature::Person => {
                    Some((fact.subject.clone().map_or(Self::Everything, Self::Person), Time::MIN))
                }
                Nature::Completeness
                | Nature::SignOfLife
                | Nature::Session
                | Nature::Account
                | Nature::Governance
                | Nature::Ledger => None,
            },
        }
    }

    /// Whether it is claims that the fact concerns, and not whatever the session did later.
    #[must_use]
    pub const fn is_of_claims(&self) -> bool {
        match self {
            Self::Claims(_) | Self::Signed(..) | Self::Keyless(_) => true,
            Self::Everything | Self::Idp(_) | Self::Policy(_) | Self::Person(_) => false,
        }
    }

    /// Every scope that a session's facts lie in.
    #[must_use]
    pub fn all_of(facts: &[Known]) -> BTreeSet<Self> {
        let mut scopes = BTreeSet::from([Self::Everything]);
        for known in facts {
            scopes.extend(known.fact.subject.clone().map(Self::Person));
            match &known.fact.data {
                FactData::ClaimsReceived(d) => {
                    scopes.insert(Self::Idp(d.idp.clone()));
                    scopes.insert(Self::Claims(d.idp.clone()));
                    scopes.insert(d.key.clone().map_or_else(
                        || Self::Keyless(d.idp.clone()),
                        |key| Self::Signed(d.idp.clone(), key),
                    ));
                }
                FactData::SessionStarted(d) => {
                    scopes.extend(d.idp.clone().map(Self::Idp));
                    scopes.extend(d.idp.clone().map(Self::Claims));
                }
                FactData::PolicyDecided(d) => {
                    scopes.insert(Self::Policy(d.policy.clone()));
                }
                _ => {}
            }
        }
        scopes
    }
}

/// When the last claim of a session came, or it was signed in to: what a retraction from after that
/// cannot hit.
#[must_use]
pub fn last_claim(facts: &[Known]) -> Time {
    let claims = facts.iter().filter(|known| match &known.fact.data {
        FactData::ClaimsReceived(_) => true,
        FactData::SessionStarted(start) => start.idp.is_some(),
        _ => false,
    });
    claims
        .map(|known| known.fact.occurred.to.unwrap_or(known.fact.occurred.from))
        .max()
        .unwrap_or(Time::MIN)
}

/// When a session received its first claim, at the earliest; none: it received none.
#[must_use]
pub fn first_received_claim(facts: &[Known]) -> Option<Time> {
    let claims =
        facts.iter().filter(|known| matches!(known.fact.data, FactData::ClaimsReceived(_)));
    claims.map(|known| known.fact.occurred.from).min()
}

/// Where configuration facts stand in the log, by whom they concern.
#[derive(Clone, Debug, Default)]
pub struct ConfigIndex(BTreeMap<Scope, BTreeMap<LogPosition, Time>>);

impl ConfigIndex {
    /// Adds a fact that the history has; one that changes no session changes nothing.
    pub fn insert(&mut self, known: &Known, history: &History) {
        let history = history.at(known.record.position);
        let of_log = Scope::of_log(history, &known.record, &known.fact);
        for (scope, from) in Scope::of(&known.fact).into_iter().chain(of_log) {
            let earliest =
                self.0.entry(scope).or_default().entry(known.record.position).or_insert(from);
            *earliest = (*earliest).min(from);
        }
    }

    /// The last position, up to `known_at`, of a fact that concerns one of these scopes and counts
    /// by the session's last fact, or its last claim.
    #[must_use]
    pub fn last_of(
        &self,
        scopes: &BTreeSet<Scope>,
        last: Time,
        claimed: Time,
        known_at: LogPosition,
    ) -> Option<LogPosition> {
        let last_of = |scope: &Scope| {
            let by = if scope.is_of_claims() { claimed } else { last };
            let mut facts = self.0.get(scope)?.range(..=known_at).rev();
            facts.find(|(_, from)| **from <= by).map(|(position, _)| *position)
        };
        scopes.iter().filter_map(last_of).max()
    }
}

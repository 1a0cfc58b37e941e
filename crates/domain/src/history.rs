//! What the configuration was, and when: organisation, IdPs, keys, policies, authenticators,
//! falsifiers, sources.
//!
//! Configuration facts are whole snapshots; the last in the total order wins, and labels are labels
//! (`semantics.md` 17). A version whose `occurred_at` is an interval is in force *possibly* inside
//! it (`semantics.md` 6): [`InForce`] then has several options.

pub(crate) mod parts;
mod people;
mod supposed;
mod trust_off;

pub use supposed::Supposed;

use crate::{
    model::{Known, RecordRef},
    order::{canonical, latest},
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, KeyId, LogPosition, PolicyId, Pseudonym},
    time::{Occurred, Time},
    types::{
        authenticator::{AuthenticatorConfigured, AuthenticatorLost},
        claims::ClaimSourcingConfigured,
        idp::{IdpConfigured, RoutingRuleConfigured},
        org::OrgConfigured,
        policy::PolicyConfigured,
        source::{SourceBackfilled, SourceHeard, SourceSilent},
        subject::SubjectSessionsEnded,
        trust::TrustRetracted,
    },
    vocabulary::Method,
};
use std::collections::{BTreeMap, BTreeSet};

/// Every configuration fact of a tenant, in the total order. Facts go in by [`History::insert`], in
/// any order, and never out.
#[derive(Clone, Debug, Default)]
pub struct History {
    org: Vec<Stated<OrgConfigured>>,
    idps: BTreeMap<IdpId, Vec<Stated<IdpConfigured>>>,
    keys: BTreeMap<IdpId, Vec<Stated<KeyChange>>>,
    retractions: BTreeMap<IdpId, Vec<Stated<TrustRetracted>>>,
    policies: BTreeMap<PolicyId, Vec<Stated<PolicyConfigured>>>,
    claim_sourcing: Vec<Stated<ClaimSourcingConfigured>>,
    routing_rules: Vec<Stated<RoutingRuleConfigured>>,
    authenticators: BTreeMap<Method, Vec<Stated<AuthenticatorConfigured>>>,
    losses: BTreeMap<Pseudonym, Vec<Stated<AuthenticatorLost>>>,
    subject_links: people::SubjectLinks,
    sessions_ended: BTreeMap<Pseudonym, Vec<Stated<SubjectSessionsEnded>>>,
    heard: Vec<Stated<SourceHeard>>,
    silent: Vec<Stated<SourceSilent>>,
    backfilled: Vec<Stated<SourceBackfilled>>,
    /// What a rehearsal supposes.
    trust_off: Option<trust_off::TrustOff>,
}

/// The history as known at a position.
#[derive(Clone, Copy, Debug)]
pub struct HistoryCut<'a> {
    history: &'a History,
    known_at: LogPosition,
    supposed: Option<&'a Supposed>,
}

/// A configuration fact with the record that states it.
#[derive(Clone, Debug)]
pub struct Stated<T> {
    /// The record.
    pub record: RecordRef,
    /// When it occurred.
    pub occurred: Occurred,
    /// Whom it is about, where it is about a person.
    pub subject: Option<Pseudonym>,
    /// What it says.
    pub data: T,
    /// From this position on it is known that the source said something else under the same id too.
    variant_at: Option<LogPosition>,
    /// From this position on a variant of it is known whose text comes first, and this one no
    /// longer counts.
    beaten_at: Option<LogPosition>,
    text: String,
}

/// A key was added or retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: KeyId,
    /// Added, or retired.
    pub added: bool,
    /// Who did it.
    pub actor: Option<claimledger_facts::ids::ActorId>,
    /// Under which ticket.
    pub ticket: Option<claimledger_facts::ids::TicketId>,
}

/// What was in force at a time: one option where that is certain, several where an interval leaves
/// it open. `None`: nothing was stated.
#[derive(Clone, Debug)]
pub struct InForce<'a, T> {
    /// The latest first.
    pub options: Vec<Option<&'a Stated<T>>>,
}

/// Whether the history holds the fact, because any assessment may need it.
#[must_use]
pub const fn is_config(fact: &FactData) -> bool {
    fact.nature().is_tenant_wide()
}

impl History {
    /// Takes in a fact; one that is no configuration ([`is_config`]) or is in already changes
    /// nothing.
    pub fn insert(&mut self, known: Known) {
        let text = canonical(&known.fact);
        let stated = Stated {
            record: known.record,
            occurred: known.fact.occurred,
            subject: known.fact.subject,
            data: (),
            variant_at: known.variant.then_some(LogPosition(0)),
            beaten_at: None,
            text,
        };
        match known.fact.data {
            FactData::OrgConfigured(data) => put(&mut self.org, stated.with(data)),
            FactData::IdpConfigured(data) => {
                put(self.idps.entry(data.idp.clone()).or_default(), stated.with(data))
            }
            FactData::IdpKeyAdded(data) => {
                let change = KeyChange {
                    key: data.key,
                    added: true,
                    actor: data.actor,
                    ticket: data.ticket,
                };
                put(self.keys.entry(data.idp).or_default(), stated.with(change));
            }
            FactData::IdpKeyRetired(data) => {
                let change = KeyChange {
                    key: data.key,
                    added: false,
                    actor: data.actor,
                    ticket: data.ticket,
                };
                put(self.keys.entry(data.idp).or_default(), stated.with(change));
            }
            FactData::TrustRetracted(data) => {
                put(self.retractions.entry(data.idp.clone()).or_default(), stated.with(data))
            }
            FactData::PolicyConfigured(data) => {
                put(self.policies.entry(data.policy.clone()).or_default(), stated.with(data))
            }
            FactData::ClaimSourcingConfigured(data) => {
                put(&mut self.claim_sourcing, stated.with(data))
            }
            FactData::RoutingRuleConfigured(data) => {
                put(&mut self.routing_rules, stated.with(data))
            }
            FactData::AuthenticatorConfigured(data) => {
                put(self.authenticators.entry(data.method).or_default(), stated.with(data))
            }
            // Of nobody: of no session.
            FactData::AuthenticatorLost(data) => {
                if let Some(subject) = stated.subject.clone() {
                    put(self.losses.entry(subject).or_default(), stated.with(data));
                }
            }
            FactData::SubjectLinked(data) => {
                if let Some(subject) = stated.subject.clone() {
                    self.subject_links.insert(&subject, stated.with(data));
                }
            }
            FactData::SubjectSessionsEnded(data) => {
                if let Some(subject) = stated.subject.clone() {
                    put(self.sessions_ended.entry(subject).or_default(), stated.with(data));
                }
            }
            FactData::SourceHeard(data) => put(&mut self.heard, stated.with(data)),
            FactData::SourceSilent(data) => put(&mut self.silent, stated.with(data)),
            FactData::SourceBackfilled(data) => put(&mut self.backfilled, stated.with(data)),
            _ => {}
        }
    }

    /// As known at a position, inclusive.
    #[must_use]
    pub const fn at(&self, known_at: LogPosition) -> HistoryCut<'_> {
        HistoryCut { history: self, known_at, supposed: None }
    }
}

impl FromIterator<Known> for History {
    fn from_iter<I: IntoIterator<Item = Known>>(facts: I) -> Self {
        let mut history = Self::default();
        facts.into_iter().for_each(|fact| history.insert(fact));
        history
    }
}

impl<'a> HistoryCut<'a> {
    /// The position it is known at.
    #[must_use]
    pub const fn known_at(self) -> LogPosition {
        self.known_at
    }

    /// The same history as known at an earlier position, without what a question supposes.
    #[must_use]
    pub fn as_of(self, position: LogPosition) -> Self {
        Self { known_at: self.known_at.min(position), supposed: None, ..self }
    }

    /// The same history with falsifiers that nobody stated.
    #[must_use]
    pub const fn supposing(self, supposed: &'a Supposed) -> Self {
        Self { supposed: Some(supposed), ..self }
    }

    /// The organisation at a time.
    #[must_use]
    pub fn org(self, when: Occurred) -> InForce<'a, OrgConfigured> {
        self.in_force(&self.history.org, when)
    }

    /// An IdP at a time.
    #[must_use]
    pub fn idp(self, idp: &IdpId, when: Occurred) -> InForce<'a, IdpConfigured> {
        let stated = self.in_force(self.history.idps.get(idp).map_or(&[], Vec::as_slice), when);
        self.as_supposed(idp, when, stated)
    }

    /// A policy at a time.
    #[must_use]
    pub fn policy(self, policy: &PolicyId, when: Occurred) -> InForce<'a, PolicyConfigured> {
        self.in_force(self.history.policies.get(policy).map_or(&[], Vec::as_slice), when)
    }

    /// Claim sourcing at a time.
    #[must_use]
    pub fn claim_sourcing(self, when: Occurred) -> InForce<'a, ClaimSourcingConfigured> {
        self.in_force(&self.history.claim_sourcing, when)
    }

    /// Every version of an IdP, in the total order.
    pub fn idp_versions(self, idp: &IdpId) -> impl Iterator<Item = &'a Stated<IdpConfigured>> {
        self.counting(self.history.idps.get(idp).map_or(&[], Vec::as_slice))
    }

    /// Every version of a policy, in the total order.
    pub fn policy_versions(
        self,
        policy: &PolicyId,
    ) -> impl Iterator<Item = &'a Stated<PolicyConfigured>> {
        self.counting(self.history.policies.get(policy).map_or(&[], Vec::as_slice))
    }

    /// Every policy that anything is stated about.
    pub fn policies(self) -> impl Iterator<Item = &'a PolicyId> {
        self.history.policies.keys()
    }

    /// Every change of an IdP's keys, in the total order.
    pub fn key_changes(self, idp: &IdpId) -> impl Iterator<Item = &'a Stated<KeyChange>> {
        self.counting(self.history.keys.get(idp).map_or(&[], Vec::as_slice))
    }

    /// The last change of a key at a time.
    #[must_use]
    pub fn key(self, idp: &IdpId, key: &KeyId, when: Occurred) -> InForce<'a, KeyChange> {
        in_force(self.key_changes(idp).filter(|change| change.data.key == *key).collect(), when)
    }

    /// What is stated of each local authenticator at a time, in the vocabulary's order. An open
    /// interval counts as begun.
    #[must_use]
    pub fn authenticators(self, when: Occurred) -> Vec<&'a Stated<AuthenticatorConfigured>> {
        self.history
            .authenticators
            .values()
            .filter_map(|list| self.in_force(list, when).options.first().copied().flatten())
            .collect()
    }

    /// Retractions of trust in an IdP, and those that a question supposes.
    pub fn retractions(
        self,
        idp: &IdpId,
    ) -> impl Iterator<Item = &'a Stated<TrustRetracted>> + use<'a> {
        let supposed = self.supposed.map_or(&[] as &[_], |s| s.retractions.as_slice());
        let idp = idp.clone();
        let stated = self.history.retractions.get(&idp).map_or(&[] as &[_], Vec::as_slice);
        self.counting(stated).chain(supposed.iter().filter(move |r| r.data.idp == idp))
    }

    /// Every retraction that is stated, IdP by IdP.
    pub fn all_retractions(self) -> impl Iterator<Item = &'a Stated<TrustRetracted>> {
        self.history.retractions.values().flat_map(move |list| self.counting(list))
    }

    /// Lost authenticators of a person, by whichever of their identities they were said
    /// (`semantics.md` 11), and those that a question supposes; in the total order.
    pub fn losses(
        self,
        subject: &Pseudonym,
    ) -> impl Iterator<Item = &'a Stated<AuthenticatorLost>> + use<'a> {
        let people = self.people(subject);
        let stated = people.iter().filter_map(|person| self.history.losses.get(person));
        let mut losses: Vec<&'a Stated<AuthenticatorLost>> =
            stated.flat_map(|list| self.counting(list)).collect();
        if people.len() > 1 {
            losses.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        let supposed = self.supposed.map_or(&[] as &[_], |s| s.losses.as_slice());
        losses.extend(
            supposed.iter().filter(|loss| {
                loss.subject.as_ref().is_some_and(|subject| people.contains(subject))
            }),
        );
        losses.into_iter()
    }

    /// When all sessions of a person were ended, by whichever of their identities that was said
    /// (`semantics.md` 11); in the total order.
    pub fn sessions_ended(
        self,
        subject: &Pseudonym,
    ) -> impl Iterator<Item = &'a Stated<SubjectSessionsEnded>> + use<'a> {
        let mut ended: Vec<&'a Stated<SubjectSessionsEnded>> = Vec::new();
        // Every assessment asks, and most ledgers have none.
        if !self.history.sessions_ended.is_empty() {
            let people = self.people(subject);
            let stated = people.iter().filter_map(|person| self.history.sessions_ended.get(person));
            ended.extend(stated.flat_map(|list| self.counting(list)));
            ended.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        ended.into_iter()
    }

    /// Every loss that is stated, person by person.
    pub fn all_losses(self) -> impl Iterator<Item = &'a Stated<AuthenticatorLost>> {
        self.history.losses.values().flat_map(move |list| self.counting(list))
    }

    /// Routing rules, in the total order.
    pub fn routing_rules(self) -> impl Iterator<Item = &'a Stated<RoutingRuleConfigured>> {
        self.counting(&self.history.routing_rules)
    }

    /// Every IdP that anything is stated about, bytewise.
    pub fn idps(self) -> impl Iterator<Item = &'a IdpId> {
        let versions = self
            .history
            .idps
            .iter()
            .filter(move |(_, list)| self.counting(list).next().is_some())
            .map(|(idp, _)| idp);
        let keys = self
            .history
            .keys
            .iter()
            .filter(move |(_, list)| self.counting(list).next().is_some())
            .map(|(idp, _)| idp);
        let retracted = self.all_retractions().map(|stated| &stated.data.idp);
        let routed = self.routing_rules().map(|stated| &stated.data.idp);
        versions.chain(keys).chain(retracted).chain(routed).collect::<BTreeSet<_>>().into_iter()
    }

    /// Every version of the organisation, in the total order.
    pub fn org_versions(self) -> impl Iterator<Item = &'a Stated<OrgConfigured>> {
        self.counting(&self.history.org)
    }

    /// Every version of claim sourcing, in the total order.
    pub fn claim_sourcing_versions(
        self,
    ) -> impl Iterator<Item = &'a Stated<ClaimSourcingConfigured>> {
        self.counting(&self.history.claim_sourcing)
    }

    /// Every version of every local authenticator: method by method, each in the total order.
    pub fn authenticator_versions(
        self,
    ) -> impl Iterator<Item = &'a Stated<AuthenticatorConfigured>> {
        self.history.authenticators.values().flat_map(move |list| self.counting(list))
    }

    /// What sources said they had heard everything of.
    pub fn heard(self) -> impl Iterator<Item = &'a Stated<SourceHeard>> {
        self.counting(&self.history.heard)
    }

    /// When sources were silent.
    pub fn silent(self) -> impl Iterator<Item = &'a Stated<SourceSilent>> {
        self.counting(&self.history.silent)
    }

    /// What was filled in later.
    pub fn backfilled(self) -> impl Iterator<Item = &'a Stated<SourceBackfilled>> {
        self.counting(&self.history.backfilled)
    }

    fn counting<T>(self, list: &'a [Stated<T>]) -> impl Iterator<Item = &'a Stated<T>> {
        list.iter().filter(move |s| {
            s.record.position <= self.known_at && s.beaten_at.is_none_or(|at| at > self.known_at)
        })
    }

    fn in_force<T>(self, list: &'a [Stated<T>], when: Occurred) -> InForce<'a, T> {
        in_force(self.counting(list).collect(), when)
    }
}

impl<'a, T> InForce<'a, T> {
    /// The only option, where there is only one.
    #[must_use]
    pub fn certain(&self) -> Option<Option<&'a Stated<T>>> {
        match self.options.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

/// Walks back from the last version: each one that can have begun is an option, up to the first
/// that certainly had.
fn in_force<T>(versions: Vec<&Stated<T>>, when: Occurred) -> InForce<'_, T> {
    let mut options = Vec::new();
    for version in versions.into_iter().rev().filter(|v| v.occurred.from <= latest(when)) {
        options.push(Some(version));
        if latest(version.occurred) <= when.from {
            return InForce { options };
        }
    }
    options.push(None);
    InForce { options }
}

impl Stated<()> {
    fn with<T>(self, data: T) -> Stated<T> {
        let Self { record, occurred, subject, data: (), variant_at, beaten_at, text } = self;
        Stated { record, occurred, subject, data, variant_at, beaten_at, text }
    }
}

/// Inserts in the total order. Two records under one id of a source are variants of each other
/// (`semantics.md` 32): the one whose text is first counts, from the position on at which it is
/// known.
fn put<T>(list: &mut Vec<Stated<T>>, mut new: Stated<T>) {
    if list.iter().any(|old| old.record.position == new.record.position && old.text == new.text) {
        return;
    }
    let same_event = |old: &&mut Stated<T>| {
        old.record.source == new.record.source
            && old.record.source_id == new.record.source_id
            && old.record.id != new.record.id
    };
    for old in list.iter_mut().filter(same_event) {
        let (loser, winner_at) = if (&new.text, new.record.id) < (&old.text, old.record.id) {
            (&mut old.beaten_at, new.record.position)
        } else {
            (&mut new.beaten_at, old.record.position)
        };
        *loser = Some(earliest(*loser, winner_at));
        old.variant_at = Some(earliest(old.variant_at, new.record.position));
        new.variant_at = Some(earliest(new.variant_at, old.record.position));
    }
    let at = list.partition_point(|old| old.place() <= new.place());
    list.insert(at, new);
}

fn earliest(known: Option<LogPosition>, other: LogPosition) -> LogPosition {
    known.map_or(other, |at| at.min(other))
}

impl<T> Stated<T> {
    /// Whether it is known, at a position, that the source said something else under the same id
    /// too.
    #[must_use]
    pub fn is_variant(&self, known_at: LogPosition) -> bool {
        self.variant_at.is_some_and(|at| at <= known_at)
    }

    fn place(&self) -> (Time, &str, &str, &str) {
        (
            self.occurred.from,
            self.record.source.as_str(),
            self.record.source_id.as_str(),
            &self.text,
        )
    }
}

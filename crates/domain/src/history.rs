//! What the configuration was, and when: organisation, IdPs, keys, policies, authenticators,
//! falsifiers, sources.
//!
//! Configuration facts are whole snapshots; the last in the total order wins, and labels are labels
//! (`semantics.md` 17). A version whose `occurred_at` is an interval is in force *possibly* inside
//! it (`semantics.md` 6): [`InForce`] then has several options.

mod assumed;
pub(crate) mod mixtures;
pub(crate) mod parts;
mod people;
mod policies;
mod saves;
pub(crate) mod settings;
pub(crate) mod silences;
mod sources;
mod supposed;
mod trust;

pub use people::People;
pub use policies::Policies;
pub(crate) use saves::Concerned;
pub use saves::Saved;
pub use settings::Settings;
pub use silences::{Gap, GapCause};
pub use sources::Sources;
pub use supposed::Supposed;
pub use trust::Trust;

use crate::{
    model::{Known, RecordRef},
    order::canonical,
};
use claimledger_facts::{
    fact::FactData,
    ids::{AuthenticatorId, IdpId, KeyId, LogPosition, PolicyId, Pseudonym, RuleId},
    time::{self, Occurred, Time},
    types::{
        authenticator::{AuthenticatorConfigured, AuthenticatorListed, AuthenticatorLost},
        claims::ClaimSourcingConfigured,
        idp::{IdpConfigured, RoutingRuleConfigured},
        object::ObjectNamed,
        org::OrgConfigured,
        policy::{PolicyConfigured, PolicyListed},
        source::{SourceBackfilled, SourceDeliveryChanged, SourceHeard, SourceSilent},
        subject::SubjectSessionsEnded,
        trust::TrustRetracted,
    },
    vocabulary::{HeardBasis, Method, Note, ObjectKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// Every configuration fact of a tenant, in the total order. Facts go in by [`History::insert`], in
/// any order, and never out.
#[derive(Clone, Debug, Default)]
pub struct History {
    settings: SettingFacts,
    trust: TrustFacts,
    policies: BTreeMap<PolicyId, Vec<Stated<PolicyConfigured>>>,
    /// The policies that there are, whatever is known of their rules.
    policies_listed: BTreeMap<PolicyId, Vec<Stated<PolicyListed>>>,
    /// The policies that have a rule in some version, whatever K.
    policies_of_rules: BTreeMap<RuleId, BTreeSet<PolicyId>>,
    people: PeopleFacts,
    completeness: CompletenessFacts,
    /// What the log says of the saves of configured objects.
    saves: saves::SaveFacts,
    names: BTreeMap<(ObjectKind, String), Vec<Stated<ObjectNamed>>>,
    /// What a rehearsal supposes.
    assumed: Option<assumed::Assumed>,
}

/// What is stated of the service provider's engine.
#[derive(Clone, Debug, Default)]
struct SettingFacts {
    org: Vec<Stated<OrgConfigured>>,
    claim_sourcing: Vec<Stated<ClaimSourcingConfigured>>,
    authenticators: BTreeMap<Method, Vec<Stated<AuthenticatorConfigured>>>,
    authenticators_listed: BTreeMap<AuthenticatorId, Vec<Stated<AuthenticatorListed>>>,
}

/// What is stated of people, whatever the session.
#[derive(Clone, Debug, Default)]
struct PeopleFacts {
    losses: BTreeMap<Pseudonym, Vec<Stated<AuthenticatorLost>>>,
    links: people::SubjectLinks,
    sessions_ended: BTreeMap<Pseudonym, Vec<Stated<SubjectSessionsEnded>>>,
}

/// What is stated of IdPs, by IdP.
#[derive(Clone, Debug, Default)]
struct TrustFacts {
    idps: BTreeMap<IdpId, Vec<Stated<IdpConfigured>>>,
    keys: BTreeMap<IdpId, Vec<Stated<KeyChange>>>,
    retractions: BTreeMap<IdpId, Vec<Stated<TrustRetracted>>>,
    routing_rules: Vec<Stated<RoutingRuleConfigured>>,
}

/// What sources state of their completeness.
#[derive(Clone, Debug, Default)]
struct CompletenessFacts {
    heard: Vec<Stated<SourceHeard>>,
    silent: Vec<Stated<SourceSilent>>,
    backfilled: Vec<Stated<SourceBackfilled>>,
    deliveries: Vec<Stated<SourceDeliveryChanged>>,
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
    /// What of it was saved in its interval, perhaps more than once: no look saw what it was
    /// meanwhile.
    pub saved: Vec<Saved>,
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
    /// When each began, as far as it is known.
    times: Vec<Option<Occurred>>,
    /// What may have been anything, because it was saved more than once, as far as it is known.
    unseen: Vec<&'a Saved>,
}

/// Whether the history holds the fact, because any assessment may need it.
#[must_use]
pub const fn is_config(fact: &FactData) -> bool {
    fact.nature().is_tenant_wide()
}

/// Whether the history takes the fact: configuration, and what tells when it was saved. The latter
/// is a fact of the session too in which it was done.
#[must_use]
pub const fn is_held(fact: &FactData) -> bool {
    is_config(fact) || matches!(fact, FactData::ConfigurationChanged(_))
}

/// What was saved in the interval of a statement, perhaps more than once. What is stated of an
/// exact time came whole, and nothing before it.
fn saved_in(known: &Known) -> Vec<Saved> {
    if known.fact.occurred.latest() == known.fact.occurred.from {
        return Vec::new();
    }
    let noted = known.notes.contains(&Note::SavedSinceLastLook);
    match &known.fact.data {
        FactData::IdpConfigured(data) if noted => {
            vec![Saved::of(ObjectKind::Idp, data.idp.as_str())]
        }
        FactData::ClaimSourcingConfigured(_) if noted => {
            vec![Saved { kind: ObjectKind::Rule, id: None }]
        }
        FactData::PolicyConfigured(data) => data.saved.as_ref().map_or_else(Vec::new, |saved| {
            let policy = Saved::of(ObjectKind::Policy, data.policy.as_str());
            let rules = saved.rules.iter().map(|rule| Saved::of(ObjectKind::Rule, rule.as_str()));
            saved.policy.then_some(policy).into_iter().chain(rules).collect()
        }),
        FactData::AuthenticatorConfigured(data) => {
            let saved = data.saved.iter();
            saved.map(|id| Saved::of(ObjectKind::Authenticator, id.as_str())).collect()
        }
        FactData::AuthenticatorListed(data) if data.saved => {
            vec![Saved::of(ObjectKind::Authenticator, data.authenticator.as_str())]
        }
        _ => Vec::new(),
    }
}

impl History {
    /// Adds a fact; one that is no configuration ([`is_config`]) or is in already changes
    /// nothing.
    pub fn insert(&mut self, known: Known) {
        if let FactData::ConfigurationChanged(data) = &known.fact.data {
            self.saves.insert((known.record, known.fact.occurred), data);
            return;
        }
        let text = canonical(&known.fact);
        let saved = saved_in(&known);
        if !saved.is_empty() {
            let heard = self.completeness.heard.iter();
            let heard = heard.filter(|heard| heard.record.source == known.record.source);
            let heard = heard.filter(|heard| heard.data.basis != HeardBasis::Assumed);
            let heard = heard.map(|heard| (heard.record.position, heard.data.until));
            self.saves.note((&known.record, &known.fact), &saved, heard);
        }
        let stated = Stated {
            record: known.record,
            occurred: known.fact.occurred,
            subject: known.fact.subject,
            saved,
            data: (),
            variant_at: known.variant.then_some(LogPosition(0)),
            beaten_at: None,
            text,
        };
        match known.fact.data {
            FactData::OrgConfigured(data) => put(&mut self.settings.org, stated.with(data)),
            FactData::IdpConfigured(data) => {
                put(self.trust.idps.entry(data.idp.clone()).or_default(), stated.with(data))
            }
            FactData::IdpKeyAdded(data) => {
                let change = KeyChange {
                    key: data.key,
                    added: true,
                    actor: data.actor,
                    ticket: data.ticket,
                };
                put(self.trust.keys.entry(data.idp).or_default(), stated.with(change));
            }
            FactData::IdpKeyRetired(data) => {
                let change = KeyChange {
                    key: data.key,
                    added: false,
                    actor: data.actor,
                    ticket: data.ticket,
                };
                put(self.trust.keys.entry(data.idp).or_default(), stated.with(change));
            }
            FactData::TrustRetracted(data) => {
                put(self.trust.retractions.entry(data.idp.clone()).or_default(), stated.with(data))
            }
            FactData::PolicyConfigured(data) => {
                for rule in &data.rules {
                    let policies = self.policies_of_rules.entry(rule.rule.clone()).or_default();
                    policies.insert(data.policy.clone());
                }
                put(self.policies.entry(data.policy.clone()).or_default(), stated.with(data))
            }
            FactData::ClaimSourcingConfigured(data) => {
                put(&mut self.settings.claim_sourcing, stated.with(data))
            }
            FactData::RoutingRuleConfigured(data) => {
                put(&mut self.trust.routing_rules, stated.with(data))
            }
            FactData::AuthenticatorConfigured(data) => {
                put(self.settings.authenticators.entry(data.method).or_default(), stated.with(data))
            }
            FactData::AuthenticatorListed(data) => {
                let listed = &mut self.settings.authenticators_listed;
                put(listed.entry(data.authenticator.clone()).or_default(), stated.with(data));
            }
            FactData::PolicyListed(data) => {
                let listed = self.policies_listed.entry(data.policy.clone()).or_default();
                put(listed, stated.with(data));
            }
            // Of nobody: of no session.
            FactData::AuthenticatorLost(data) => {
                if let Some(subject) = stated.subject.clone() {
                    put(self.people.losses.entry(subject).or_default(), stated.with(data));
                }
            }
            FactData::SubjectLinked(data) => {
                if let Some(subject) = stated.subject.clone() {
                    self.people.links.insert(&subject, stated.with(data));
                }
            }
            FactData::SubjectSessionsEnded(data) => {
                if let Some(subject) = stated.subject.clone() {
                    put(self.people.sessions_ended.entry(subject).or_default(), stated.with(data));
                }
            }
            FactData::ObjectNamed(data) => {
                let object = (data.kind, data.object.clone());
                put(self.names.entry(object).or_default(), stated.with(data));
            }
            FactData::SourceHeard(data) => {
                if data.basis != HeardBasis::Assumed {
                    self.saves.heard(&stated.record, data.until);
                }
                put(&mut self.completeness.heard, stated.with(data));
            }
            FactData::SourceSilent(data) => put(&mut self.completeness.silent, stated.with(data)),
            FactData::SourceBackfilled(data) => {
                put(&mut self.completeness.backfilled, stated.with(data))
            }
            FactData::SourceDeliveryChanged(data) => {
                put(&mut self.completeness.deliveries, stated.with(data))
            }
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

    /// What is stated of IdPs: trust, keys, retractions, routing.
    #[must_use]
    pub const fn trust(self) -> Trust<'a> {
        Trust(self)
    }

    /// What is stated of policies.
    #[must_use]
    pub const fn policies(self) -> Policies<'a> {
        Policies(self)
    }

    /// How the service provider's engine was set up.
    #[must_use]
    pub const fn settings(self) -> Settings<'a> {
        Settings(self)
    }

    /// What is stated of people, whatever the session.
    #[must_use]
    pub const fn people(self) -> People<'a> {
        People(self)
    }

    /// What is stated of the completeness of sources.
    #[must_use]
    pub const fn sources(self) -> Sources<'a> {
        Sources(self)
    }

    /// The display name of a configured object: the last one stated.
    #[must_use]
    pub fn name_of(self, kind: ObjectKind, object: &str) -> Option<&'a str> {
        let stated = self.history.names.get(&(kind, object.to_owned()))?;
        self.counting(stated).last().map(|name| name.data.name.as_str())
    }

    fn counting<T>(self, list: &'a [Stated<T>]) -> impl Iterator<Item = &'a Stated<T>> {
        list.iter().filter(move |stated| self.counts(stated))
    }

    fn counts<T>(self, stated: &Stated<T>) -> bool {
        stated.record.position <= self.known_at
            && stated.beaten_at.is_none_or(|at| at > self.known_at)
    }

    fn in_force<T>(self, list: &'a [Stated<T>], when: Occurred) -> InForce<'a, T> {
        let in_force = in_force(self.counting(list).collect(), when);
        if in_force.options.len() > 1 { in_force.told_by_log(self, when) } else { in_force }
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

/// What of the versions, which are in the total order, is in force.
fn in_force<T>(versions: Vec<&Stated<T>>, when: Occurred) -> InForce<'_, T> {
    let latest_first = versions.into_iter().rev().map(|version| (version.occurred, version));
    InForce::as_stated(time::in_force(latest_first, when))
}

impl Stated<()> {
    fn with<T>(self, data: T) -> Stated<T> {
        Stated {
            record: self.record,
            occurred: self.occurred,
            subject: self.subject,
            saved: self.saved,
            data,
            variant_at: self.variant_at,
            beaten_at: self.beaten_at,
            text: self.text,
        }
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

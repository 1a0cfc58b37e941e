//! A part of a history: what remains when some of its facts are left out.

use super::{
    CompletenessFacts, History, KeyChange, PeopleFacts, SettingFacts, Stated, TrustFacts,
    people::Pair, put, silences,
};
use crate::model::RecordRef;
use claimledger_facts::{
    fact::Typed,
    ids::{IdpId, LogPosition, PolicyId, Pseudonym, RuleId},
    types::{
        authenticator::{AuthenticatorConfigured, AuthenticatorListed, AuthenticatorLost},
        claims::ClaimSourcingConfigured,
        configuration::ConfigurationChanged,
        idp::{IdpConfigured, IdpKeyAdded, IdpKeyRetired, RoutingRuleConfigured},
        object::ObjectNamed,
        org::OrgConfigured,
        policy::{PolicyConfigured, PolicyListed},
        source::{SourceBackfilled, SourceDeliveryChanged, SourceHeard, SourceSilent},
        subject::{SubjectLinked, SubjectSessionsEnded},
        trust::TrustRetracted,
    },
    vocabulary::{ObjectKind, PolicyKind},
};
use std::collections::BTreeMap;

/// Which sessions a configuration fact can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concerns<'a> {
    /// Every session.
    Everyone,
    /// Sessions with a claim of this IdP.
    Idp(&'a IdpId),
    /// Sessions with a decision of this policy.
    Policy(&'a PolicyId),
    /// Sessions of this person.
    Person(Option<&'a Pseudonym>),
    /// Sessions of either of two people, and of the identities linked with them.
    People(&'a Pair),
    /// What shows the display name of this object: it changes no assessment.
    Name(&'a ObjectNamed),
    /// No session: it changes no assessment.
    Nobody,
}

/// Whether a fact stays; the last says what kind of fact it is, in a word or two.
type Keep<'k> = &'k mut dyn FnMut(&RecordRef, Concerns<'_>, &'static str) -> bool;

impl History {
    /// The history of the facts that a test lets through. Of variants whose winner is left out, the
    /// next one counts, as if nothing else had been said.
    pub(crate) fn part(&self, keep: Keep<'_>) -> Self {
        let Self {
            settings: SettingFacts { org, claim_sourcing, authenticators, authenticators_listed },
            trust: TrustFacts { idps, keys, retractions, routing_rules },
            policies,
            policies_listed,
            policies_of_rules,
            people: PeopleFacts { losses, links, sessions_ended },
            completeness: CompletenessFacts { heard, silent, backfilled, deliveries },
            saves,
            names,
            assumed,
        } = self;
        let ending = silences::ending(self.at(LogPosition(u64::MAX)));
        Self {
            settings: SettingFacts {
                org: some(org, keep, |_| (Concerns::Everyone, OrgConfigured::TYPE.words)),
                claim_sourcing: some(claim_sourcing, keep, |_| {
                    (Concerns::Everyone, ClaimSourcingConfigured::TYPE.words)
                }),
                authenticators: by_name(authenticators, keep, |_| {
                    (Concerns::Everyone, AuthenticatorConfigured::TYPE.words)
                }),
                authenticators_listed: by_name(authenticators_listed, keep, |_| {
                    (Concerns::Everyone, AuthenticatorListed::TYPE.words)
                }),
            },
            trust: TrustFacts {
                idps: by_name(idps, keep, |s| {
                    (Concerns::Idp(&s.data.idp), IdpConfigured::TYPE.words)
                }),
                keys: keys
                    .iter()
                    .map(|(idp, list)| {
                        (idp.clone(), some(list, keep, |s| (Concerns::Idp(idp), key_word(&s.data))))
                    })
                    .collect(),
                retractions: by_name(retractions, keep, |s| {
                    (Concerns::Idp(&s.data.idp), TrustRetracted::TYPE.words)
                }),
                routing_rules: some(routing_rules, keep, |_| {
                    (Concerns::Nobody, RoutingRuleConfigured::TYPE.words)
                }),
            },
            policies: by_name(policies, keep, |s| match s.data.kind {
                PolicyKind::AppSignIn => {
                    (Concerns::Policy(&s.data.policy), PolicyConfigured::TYPE.words)
                }
                PolicyKind::GlobalSession => {
                    (Concerns::Everyone, "global session policy configured")
                }
            }),
            policies_listed: by_name(policies_listed, keep, |_| {
                (Concerns::Nobody, PolicyListed::TYPE.words)
            }),
            policies_of_rules: policies_of_rules.clone(),
            people: PeopleFacts {
                losses: by_name(losses, keep, |s| {
                    (Concerns::Person(s.subject.as_ref()), AuthenticatorLost::TYPE.words)
                }),
                links: links.map(|pair, list| {
                    some(list, keep, |_| (Concerns::People(pair), SubjectLinked::TYPE.words))
                }),
                sessions_ended: by_name(sessions_ended, keep, |s| {
                    (Concerns::Person(s.subject.as_ref()), SubjectSessionsEnded::TYPE.words)
                }),
            },
            completeness: CompletenessFacts {
                // Most end no gap, and tell nothing of saves.
                heard: some(heard, keep, |s| {
                    let position = s.record.position;
                    let concerns = saves.completes(position) || ending.contains(&position);
                    (everyone(concerns), SourceHeard::TYPE.words)
                }),
                silent: some(silent, keep, |_| (Concerns::Everyone, SourceSilent::TYPE.words)),
                backfilled: some(backfilled, keep, |_| {
                    (Concerns::Everyone, SourceBackfilled::TYPE.words)
                }),
                deliveries: some(deliveries, keep, |_| {
                    (Concerns::Everyone, SourceDeliveryChanged::TYPE.words)
                }),
            },
            saves: saves.part(&mut |record, object, policy| {
                let words = ConfigurationChanged::TYPE.words;
                let id = object.id.as_deref().unwrap_or_default();
                match object.kind {
                    ObjectKind::Idp => keep(record, Concerns::Idp(&IdpId::from(id)), words),
                    ObjectKind::Policy => keep(record, Concerns::Policy(&id.into()), words),
                    ObjectKind::Rule => {
                        let of = policies_of_rules.get(&RuleId::from(id));
                        let policy = policy.or_else(|| of.and_then(|of| of.first()));
                        let concerns = policy.map_or(Concerns::Everyone, Concerns::Policy);
                        keep(record, concerns, words)
                    }
                    _ => keep(record, Concerns::Everyone, words),
                }
            }),
            names: by_name(names, keep, |s| (Concerns::Name(&s.data), ObjectNamed::TYPE.words)),
            assumed: assumed.clone(),
        }
    }
}

const fn everyone(concerned: bool) -> Concerns<'static> {
    if concerned { Concerns::Everyone } else { Concerns::Nobody }
}

const fn key_word(change: &KeyChange) -> &'static str {
    if change.added { IdpKeyAdded::TYPE.words } else { IdpKeyRetired::TYPE.words }
}

fn by_name<K: Ord + Clone, T: Clone>(
    lists: &BTreeMap<K, Vec<Stated<T>>>,
    keep: Keep<'_>,
    concerns: impl Fn(&Stated<T>) -> (Concerns<'_>, &'static str),
) -> BTreeMap<K, Vec<Stated<T>>> {
    lists.iter().map(|(name, list)| (name.clone(), some(list, keep, &concerns))).collect()
}

/// The facts that stay. Which of them are variants of each other is computed again; what the record
/// itself says of it stays.
fn some<'a, T: Clone>(
    list: &'a [Stated<T>],
    keep: Keep<'_>,
    concerns: impl Fn(&'a Stated<T>) -> (Concerns<'a>, &'static str),
) -> Vec<Stated<T>> {
    let mut kept = Vec::new();
    for stated in list {
        let (concerns, what) = concerns(stated);
        if keep(&stated.record, concerns, what) {
            let variant_at = stated.variant_at.filter(|at| *at == LogPosition(0));
            put(&mut kept, Stated { variant_at, beaten_at: None, ..stated.clone() });
        }
    }
    kept
}

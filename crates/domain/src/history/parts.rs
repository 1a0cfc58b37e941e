//! A part of a history: what remains when some of its facts are left out.

use super::{History, Stated, put};
use crate::model::RecordRef;
use claimledger_facts::ids::{IdpId, LogPosition, PolicyId, Pseudonym};
use claimledger_facts::vocabulary::PolicyKind;
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
    /// None: it stands beside answers.
    Nobody,
}

/// Whether a fact stays.
type Keep<'k> = &'k mut dyn FnMut(&RecordRef, Concerns<'_>) -> bool;

impl History {
    /// The history of the facts that a test lets through. Of variants whose winner is left out, the next one counts, as if nothing else had
    /// been said.
    pub(crate) fn part(&self, keep: Keep<'_>) -> Self {
        let Self {
            org,
            idps,
            keys,
            retractions,
            policies,
            claim_sourcing,
            routing_rules,
            authenticators,
            losses,
            heard,
            silent,
            backfilled,
            trust_off,
        } = self;
        Self {
            org: some(org, keep, |_| Concerns::Everyone),
            idps: by_name(idps, keep, |s| Concerns::Idp(&s.data.idp)),
            keys: keys.iter().map(|(idp, list)| (idp.clone(), some(list, keep, |_| Concerns::Idp(idp)))).collect(),
            retractions: by_name(retractions, keep, |s| Concerns::Idp(&s.data.idp)),
            policies: by_name(policies, keep, |s| match s.data.kind {
                PolicyKind::AppSignIn => Concerns::Policy(&s.data.policy),
                PolicyKind::GlobalSession => Concerns::Everyone,
            }),
            claim_sourcing: some(claim_sourcing, keep, |_| Concerns::Everyone),
            routing_rules: some(routing_rules, keep, |_| Concerns::Nobody),
            authenticators: by_name(authenticators, keep, |_| Concerns::Everyone),
            losses: by_name(losses, keep, |s| Concerns::Person(s.subject.as_ref())),
            heard: some(heard, keep, |_| Concerns::Nobody),
            silent: some(silent, keep, |_| Concerns::Nobody),
            backfilled: some(backfilled, keep, |_| Concerns::Nobody),
            trust_off: trust_off.clone(),
        }
    }
}

fn by_name<K: Ord + Clone, T: Clone>(
    lists: &BTreeMap<K, Vec<Stated<T>>>,
    keep: Keep<'_>,
    concerns: impl Fn(&Stated<T>) -> Concerns<'_>,
) -> BTreeMap<K, Vec<Stated<T>>> {
    lists.iter().map(|(name, list)| (name.clone(), some(list, keep, &concerns))).collect()
}

/// Those that stay. What they know of each other as variants is found anew; what the record itself says of it stays.
fn some<'a, T: Clone>(list: &'a [Stated<T>], keep: Keep<'_>, concerns: impl Fn(&'a Stated<T>) -> Concerns<'a>) -> Vec<Stated<T>> {
    let mut kept = Vec::new();
    for stated in list {
        if keep(&stated.record, concerns(stated)) {
            let variant_at = stated.variant_at.filter(|at| *at == LogPosition(0));
            put(&mut kept, Stated { variant_at, beaten_at: None, ..stated.clone() });
        }
    }
    kept
}

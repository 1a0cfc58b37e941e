//! What was stated of IdPs, as known at a position.

use super::{HistoryCut, InForce, KeyChange, Stated, in_force};
use claimledger_facts::{
    ids::{IdpId, KeyId},
    time::Occurred,
    types::{
        idp::{IdpConfigured, RoutingRuleConfigured},
        trust::TrustRetracted,
    },
};
use std::collections::BTreeSet;

/// IdPs, their keys, retractions of trust in them, and what routes to them.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a>(pub(super) HistoryCut<'a>);

impl<'a> Trust<'a> {
    /// Every IdP that anything is stated about, bytewise.
    pub fn idps(self) -> impl Iterator<Item = &'a IdpId> {
        let versions = self
            .0
            .history
            .trust
            .idps
            .iter()
            .filter(move |(_, list)| self.0.counting(list).next().is_some())
            .map(|(idp, _)| idp);
        let keys = self
            .0
            .history
            .trust
            .keys
            .iter()
            .filter(move |(_, list)| self.0.counting(list).next().is_some())
            .map(|(idp, _)| idp);
        let retracted = self.all_retractions().map(|stated| &stated.data.idp);
        let routed = self.routing_rules().map(|stated| &stated.data.idp);
        versions.chain(keys).chain(retracted).chain(routed).collect::<BTreeSet<_>>().into_iter()
    }

    /// An IdP at a time.
    #[must_use]
    pub fn idp(self, idp: &IdpId, when: Occurred) -> InForce<'a, IdpConfigured> {
        let stated =
            self.0.in_force(self.0.history.trust.idps.get(idp).map_or(&[], Vec::as_slice), when);
        self.0.idp_as_assumed(idp, when, stated)
    }

    /// Every version of an IdP, in the total order.
    pub fn idp_versions(self, idp: &IdpId) -> impl Iterator<Item = &'a Stated<IdpConfigured>> {
        self.0.counting(self.0.history.trust.idps.get(idp).map_or(&[], Vec::as_slice))
    }

    /// The last change of a key at a time.
    #[must_use]
    pub fn key(self, idp: &IdpId, key: &KeyId, when: Occurred) -> InForce<'a, KeyChange> {
        in_force(self.key_changes(idp).filter(|change| change.data.key == *key).collect(), when)
    }

    /// Every change of an IdP's keys, in the total order.
    pub fn key_changes(self, idp: &IdpId) -> impl Iterator<Item = &'a Stated<KeyChange>> {
        self.0.counting(self.0.history.trust.keys.get(idp).map_or(&[], Vec::as_slice))
    }

    /// Retractions of trust in an IdP, and those that a question supposes.
    pub fn retractions(
        self,
        idp: &IdpId,
    ) -> impl Iterator<Item = &'a Stated<TrustRetracted>> + use<'a> {
        let supposed = self.0.supposed.map_or(&[] as &[_], |s| s.retractions.as_slice());
        let idp = idp.clone();
        let stated = self.0.history.trust.retractions.get(&idp).map_or(&[] as &[_], Vec::as_slice);
        self.0.counting(stated).chain(supposed.iter().filter(move |r| r.data.idp == idp))
    }

    /// Whether a key is known of an IdP: by a change of it, or by its retraction. A claim that
    /// names no key may have been signed by any of those (`semantics.md` 42).
    #[must_use]
    pub fn names_key(self, idp: &IdpId, key: &KeyId) -> bool {
        self.key_changes(idp).any(|change| change.data.key == *key)
            || self.retractions(idp).any(|retraction| retraction.data.key.as_ref() == Some(key))
    }

    /// Every retraction that is stated, IdP by IdP.
    pub fn all_retractions(self) -> impl Iterator<Item = &'a Stated<TrustRetracted>> {
        self.0.history.trust.retractions.values().flat_map(move |list| self.0.counting(list))
    }

    /// Routing rules, in the total order.
    pub fn routing_rules(self) -> impl Iterator<Item = &'a Stated<RoutingRuleConfigured>> {
        self.0.counting(&self.0.history.trust.routing_rules)
    }
}

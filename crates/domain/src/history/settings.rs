//! How the service provider's engine was set up, as known at a position.

use super::{HistoryCut, InForce, Stated};
use claimledger_facts::{
    time::Occurred,
    types::{
        authenticator::{AuthenticatorConfigured, AuthenticatorListed},
        claims::ClaimSourcingConfigured,
        org::OrgConfigured,
    },
    vocabulary::{Engine, Method},
};

/// What is taken to hold of an organisation of which nothing is stated (`semantics.md` 38).
pub(crate) const UNSTATED_ORG: OrgConfigured = OrgConfigured {
    engine: Engine::IdentityEngine,
    claims_sharing: true,
    third_party_claims_sharing: true,
};

/// What holds of the organisation, where this may be stated of it.
pub(crate) fn org_or_default(stated: Option<&Stated<OrgConfigured>>) -> &OrgConfigured {
    stated.map_or(&UNSTATED_ORG, |org| &org.data)
}

/// The organisation, claim sourcing and local authenticators.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a>(pub(super) HistoryCut<'a>);

impl<'a> Settings<'a> {
    /// The organisation at a time.
    #[must_use]
    pub fn org(self, when: Occurred) -> InForce<'a, OrgConfigured> {
        self.0.org_as_assumed(when, self.0.in_force(&self.0.history.settings.org, when))
    }

    /// Every version of the organisation, in the total order.
    pub fn org_versions(self) -> impl Iterator<Item = &'a Stated<OrgConfigured>> {
        self.0.counting(&self.0.history.settings.org)
    }

    /// Claim sourcing at a time.
    #[must_use]
    pub fn claim_sourcing(self, when: Occurred) -> InForce<'a, ClaimSourcingConfigured> {
        self.0.in_force(&self.0.history.settings.claim_sourcing, when)
    }

    /// Every version of claim sourcing, in the total order.
    pub fn claim_sourcing_versions(
        self,
    ) -> impl Iterator<Item = &'a Stated<ClaimSourcingConfigured>> {
        self.0.counting(&self.0.history.settings.claim_sourcing)
    }

    /// What is stated of each local authenticator at a time, in the vocabulary's order. An open
    /// interval counts as begun.
    #[must_use]
    pub fn authenticators(self, when: Occurred) -> Vec<&'a Stated<AuthenticatorConfigured>> {
        let options = self.authenticator_options(when);
        options.filter_map(|of| of.options.first().copied().flatten()).collect()
    }

    /// A local authenticator at a time.
    pub(crate) fn authenticator(
        self,
        method: Method,
        when: Occurred,
    ) -> InForce<'a, AuthenticatorConfigured> {
        let stated = self.0.history.settings.authenticators.get(&method);
        self.0.in_force(stated.map_or(&[], Vec::as_slice), when)
    }

    /// What may be in force of each local authenticator at a time, in the vocabulary's order.
    pub(crate) fn authenticator_options(
        self,
        when: Occurred,
    ) -> impl Iterator<Item = InForce<'a, AuthenticatorConfigured>> {
        let stated = self.0.history.settings.authenticators.values();
        stated.map(move |list| self.0.in_force(list, when))
    }

    /// What may be in force of each authenticator of which not everything is stated, at a time.
    pub(crate) fn listed_options(
        self,
        when: Occurred,
    ) -> impl Iterator<Item = InForce<'a, AuthenticatorListed>> {
        let stated = self.0.history.settings.authenticators_listed.values();
        stated.map(move |list| self.0.in_force(list, when))
    }

    /// Every version of every listed authenticator, each in the total order.
    pub fn listed_versions(self) -> impl Iterator<Item = &'a Stated<AuthenticatorListed>> {
        let stated = self.0.history.settings.authenticators_listed.values();
        stated.flat_map(move |list| self.0.counting(list))
    }

    /// Every version of every local authenticator: method by method, each in the total order.
    pub fn authenticator_versions(
        self,
    ) -> impl Iterator<Item = &'a Stated<AuthenticatorConfigured>> {
        self.0.history.settings.authenticators.values().flat_map(move |list| self.0.counting(list))
    }
}

//! Trust is judged when the claim arrives (`semantics.md` 9): the IdP's status, the trust switch,
//! and the organisation's features.
//!
//! Source: Okta, Configure claims sharing. Switching trust off later leaves running factors honored
//! until the session ends. `trust_claims` beats the legacy AMR mapping ([`super::legacy_mapping`]).

use super::{
    engine_mix::{self, EngineMix},
    legacy_mapping,
};
use crate::{codes, history::mixtures::Members};
use claimledger_facts::{
    types::{claims::ClaimsReceived, idp::IdpConfigured, org::OrgConfigured},
    vocabulary::{IdpKind, IdpUsage, Status},
};

pub(crate) const ID: &str = "trust_at_receipt";

/// What the configuration at receipt says of an assertion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    /// The assertion is void (`semantics.md` 7): the sign-in itself falls.
    pub(crate) void: Vec<&'static str>,
    /// Its factors are ignored; the sign-in stands.
    pub(crate) ignored: Vec<&'static str>,
    /// What would have to be known, or is not described.
    pub(crate) missing: Vec<&'static str>,
    /// Which engines the two orgs run.
    pub(crate) mix: EngineMix,
}

/// What the fate of a claim turns on, of its IdP. Each may be changed by itself: the status is a
/// switch of its own at Okta, and the others can be saved one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdpState {
    pub(crate) kind: IdpKind,
    pub(crate) status: Status,
    pub(crate) trust_claims: bool,
    pub(crate) map_amr_claims: bool,
    pub(crate) factor_only: bool,
}

impl IdpState {
    pub(crate) fn of(idp: &IdpConfigured) -> Self {
        Self {
            kind: idp.kind,
            status: idp.status,
            trust_claims: idp.trust_claims,
            map_amr_claims: idp.map_amr_claims == Some(true),
            factor_only: idp.usage == Some(IdpUsage::FactorOnly),
        }
    }
}

impl Members for IdpState {
    const COUNT: usize = 5;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.kind = from.kind,
            1 => self.status = from.status,
            2 => self.trust_claims = from.trust_claims,
            3 => self.map_amr_claims = from.map_amr_claims,
            _ => self.factor_only = from.factor_only,
        }
    }

    /// A save that leaves an IdP as it was may be the second of two (`docs/decisions/0038`). What
    /// kind of IdP it is does not change by a save. That an assertion came through it does not
    /// speak for an inactive one: meanwhile it may have been active, and if both looks saw it so,
    /// it was.
    fn unseen(&self) -> Vec<Self> {
        let both = [false, true];
        let mut states = Vec::with_capacity(8);
        for trust_claims in both {
            for map_amr_claims in both {
                states.extend(both.map(|factor_only| Self {
                    kind: self.kind,
                    status: Status::Active,
                    trust_claims,
                    map_amr_claims,
                    factor_only,
                }));
            }
        }
        states
    }
}

/// Each feature is a switch of its own at Okta, and the engine is none of them.
impl Members for OrgConfigured {
    const COUNT: usize = 3;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.engine = from.engine,
            1 => self.claims_sharing = from.claims_sharing,
            _ => self.third_party_claims_sharing = from.third_party_claims_sharing,
        }
    }
}

/// Judges an assertion by the IdP and the organisation as they were. Nothing stated about the IdP:
/// neither void nor ignored, and possible (`semantics.md` 13).
pub(crate) fn judge(claim: &ClaimsReceived, idp: Option<IdpState>, org: &OrgConfigured) -> Trust {
    let mut trust = Trust::default();
    let Some(idp) = idp else {
        trust.missing.push(codes::MISSING_IDP);
        return trust;
    };
    match idp.status {
        Status::Active => {}
        Status::Inactive => trust.void.push(codes::IDP_INACTIVE),
        Status::Deleted => trust.void.push(codes::IDP_DELETED),
    }
    let feature = feature_on(idp.kind, org);
    if legacy_mapping::applies(idp) {
        trust.missing.push(codes::MISSING_LEGACY_MAPPING);
    } else {
        if !idp.trust_claims {
            trust.ignored.push(codes::TRUST_OFF);
        }
        if !feature {
            trust.ignored.push(codes::FEATURE_OFF);
        }
    }
    // Once claims of a third-party IdP are shared, a sign-in without any AMR cannot succeed. Before
    // that it is an ordinary federation. Of a third-party IdP only AMR counts, so methods beside an
    // empty one change nothing (`semantics.md` 7, 15).
    let sent_none = claim.amr.as_ref().is_some_and(Vec::is_empty);
    if idp.kind == IdpKind::ThirdParty
        && idp.trust_claims
        && feature
        && sent_none
        && claim.readable != Some(false)
    {
        trust.void.push(codes::NO_AMR);
    }
    trust.mix = engine_mix::of(org.engine, idp.kind);
    if trust.mix == EngineMix::BothClassic {
        trust.missing.push(codes::MISSING_ENGINE_MIX);
    }
    trust
}

/// Whether the organisation's feature for this kind of IdP is on.
pub(crate) const fn feature_on(kind: IdpKind, org: &OrgConfigured) -> bool {
    match kind {
        IdpKind::ThirdParty => org.third_party_claims_sharing,
        IdpKind::OktaIdentityEngine | IdpKind::OktaClassic => org.claims_sharing,
    }
}

/// Whether the claims of an IdP are trusted and shared: it is active, its switch is on, and so is
/// the feature for its kind.
pub(crate) fn is_shared(idp: IdpState, org: &OrgConfigured) -> bool {
    idp.status == Status::Active && idp.trust_claims && feature_on(idp.kind, org)
}

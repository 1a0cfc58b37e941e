//! Trust is judged when the claim arrives (`semantics.md` 9): the IdP's status, the trust switch,
//! and the organisation's features.
//!
//! Source: Okta, Configure claims sharing. Switching trust off later leaves running factors honored
//! until the session ends. `trust_claims` beats the legacy AMR mapping ([`super::legacy_mapping`]).

use super::{
    engine_mix::{self, EngineMix},
    legacy_mapping,
};
use crate::{codes, history::Stated};
use claimledger_facts::{
    types::{claims::ClaimsReceived, idp::IdpConfigured, org::OrgConfigured},
    vocabulary::{IdpKind, Status},
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

/// Judges an assertion by the IdP and the organisation in force. Nothing stated about the IdP:
/// neither void nor ignored, and possible (`semantics.md` 13). Nothing stated about the
/// organisation: features on, Identity Engine (`semantics.md` 38).
pub(crate) fn judge(
    claim: &ClaimsReceived,
    idp: Option<&Stated<IdpConfigured>>,
    org: Option<&Stated<OrgConfigured>>,
) -> Trust {
    let mut trust = Trust::default();
    let Some(idp) = idp.map(|i| &i.data) else {
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
    trust.mix = engine_mix::of(org.map(|o| o.data.engine), idp.kind);
    if trust.mix == EngineMix::BothClassic {
        trust.missing.push(codes::MISSING_ENGINE_MIX);
    }
    trust
}

/// Whether the organisation's feature for this kind of IdP is on.
pub(crate) fn feature_on(kind: IdpKind, org: Option<&Stated<OrgConfigured>>) -> bool {
    org.is_none_or(|o| match kind {
        IdpKind::ThirdParty => o.data.third_party_claims_sharing,
        IdpKind::OktaIdentityEngine | IdpKind::OktaClassic => o.data.claims_sharing,
    })
}

/// Whether the claims of an IdP are trusted and shared: it is active, its switch is on, and so is
/// the feature for its kind.
pub(crate) fn is_shared(idp: &IdpConfigured, org: Option<&Stated<OrgConfigured>>) -> bool {
    idp.status == Status::Active && idp.trust_claims && feature_on(idp.kind, org)
}

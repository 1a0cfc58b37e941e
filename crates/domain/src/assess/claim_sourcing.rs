//! Where reauthentication goes: to a local authenticator, or back to the IdP (`semantics.md` 9,
//! 44).
//!
//! Source: Okta, Configure claims sharing, reauthentication: a claimed factor is not asked for
//! again while the session is active, unless identity claims sourcing is `fixed` and includes its
//! IdP: then the user is sent back to it when reauthentication is due. An IdP that is inactive, or
//! not included, is treated as `none`. Third-party IdPs: described for OIDC only.

use super::claims::{Claim, Tri};
use crate::{codes, history::HistoryCut};
use claimledger_facts::{
    time::Occurred,
    vocabulary::{IdpKind, Protocol, Redirect, Status},
};

pub(crate) const ID: &str = "claim_sourcing";

/// Whether reauthentication of a claim is sourced from its IdP at a time, and what would tell where
/// that is open.
pub(crate) fn sourced(
    history: HistoryCut<'_>,
    claim: &Claim<'_>,
    decision: Occurred,
) -> (Tri, Option<&'static str>) {
    let idp = &claim.data.idp;
    let fixed = history.settings().claim_sourcing(decision).options.into_iter().map(|sourcing| {
        sourcing.is_some_and(|s| {
            s.data.redirect == Redirect::Fixed
                && s.data.include.as_ref().is_none_or(|include| include.contains(idp))
        })
    });
    let versions = history.trust().idp(idp, decision).options;
    let active =
        Tri::of(versions.iter().map(|v| v.is_none_or(|v| v.data.status == Status::Active)));
    match Tri::of(fixed).min(active) {
        Tri::No => (Tri::No, None),
        Tri::Maybe => (Tri::Maybe, Some(codes::MISSING_EXACT_TIME)),
        Tri::Yes => {
            let version = versions.first().copied().flatten().map(|v| &v.data);
            let protocol = version.and_then(|v| v.protocol).or(claim.data.protocol);
            let third_party = version.is_some_and(|v| v.kind == IdpKind::ThirdParty);
            if third_party && protocol != Some(Protocol::Oidc) {
                (Tri::Maybe, Some(codes::MISSING_CLAIM_SOURCING))
            } else {
                (Tri::Yes, None)
            }
        }
    }
}

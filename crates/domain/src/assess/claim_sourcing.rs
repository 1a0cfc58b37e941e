//! Where reauthentication goes: to a local authenticator, or back to the IdP (`semantics.md` 9,
//! 44).
//!
//! Source: Okta, Configure claims sharing, reauthentication: a claimed factor is not asked for
//! again while the session is active, unless identity claims sourcing is `fixed` and includes its
//! IdP: then the user is sent back to it when reauthentication is due. An IdP that is inactive, or
//! not included, is treated as `none`. Third-party IdPs: described for OIDC only.

use super::claims::{Claim, Tri};
use crate::{
    codes,
    history::{HistoryCut, Stated, mixtures::Members},
};
use claimledger_facts::{
    time::Occurred,
    types::{claims::ClaimSourcingConfigured, idp::IdpConfigured},
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
    let sourcing = |stated: Option<&Stated<ClaimSourcingConfigured>>| Sourcing {
        fixed: stated.is_some_and(|s| s.data.redirect == Redirect::Fixed),
        included: stated.is_some_and(|s| s.data.include.as_ref().is_none_or(|i| i.contains(idp))),
    };
    let settings = history.settings().claim_sourcing(decision);
    let fixed = Tri::in_force(&settings, sourcing, |s| s.fixed && s.included);
    if fixed == Tri::No {
        return (Tri::No, None);
    }
    let provider = |stated: Option<&Stated<IdpConfigured>>| Provider {
        active: stated.is_none_or(|idp| idp.data.status == Status::Active),
        third_party: stated.is_some_and(|idp| idp.data.kind == IdpKind::ThirdParty),
        protocol: stated.and_then(|idp| idp.data.protocol).or(claim.data.protocol),
    };
    let versions = history.trust().idp(idp, decision);
    let active = Tri::in_force(&versions, provider, |provider| provider.active);
    let is_described =
        |provider: &Provider| !provider.third_party || provider.protocol == Some(Protocol::Oidc);
    match (fixed.min(active), Tri::in_force(&versions, provider, is_described)) {
        (Tri::No, _) => (Tri::No, None),
        (Tri::Maybe, _) | (Tri::Yes, Tri::Maybe) => (Tri::Maybe, Some(codes::MISSING_EXACT_TIME)),
        (Tri::Yes, Tri::No) => (Tri::Maybe, Some(codes::MISSING_CLAIM_SOURCING)),
        (Tri::Yes, Tri::Yes) => (Tri::Yes, None),
    }
}

/// Claim sourcing, as far as it concerns one IdP.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sourcing {
    fixed: bool,
    included: bool,
}

impl Members for Sourcing {
    const COUNT: usize = 2;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.fixed = from.fixed,
            _ => self.included = from.included,
        }
    }

    fn unseen(&self) -> Vec<Self> {
        let both = |fixed| [false, true].map(|included| Self { fixed, included });
        [both(false), both(true)].concat()
    }
}

/// An IdP, as a source of claims.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Provider {
    active: bool,
    third_party: bool,
    protocol: Option<Protocol>,
}

impl Members for Provider {
    const COUNT: usize = 3;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.active = from.active,
            1 => self.third_party = from.third_party,
            _ => self.protocol = from.protocol,
        }
    }
}

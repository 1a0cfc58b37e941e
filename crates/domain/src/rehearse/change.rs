//! What is supposed to have been otherwise, and which claims that concerns.

use crate::{
    assess::{
        retraction::{hits_sign_in, retraction_hits},
        signed_in::UnseenSignIn,
    },
    history::{History, HistoryCut},
    model::Certainty,
    window::within,
};
use claimledger_facts::{
    ids::IdpId,
    time::{Occurred, Time},
    types::{
        claims::ClaimsReceived, idp::IdpConfigured, org::OrgConfigured, policy::PolicyConfigured,
        trust::TrustRetracted,
    },
    vocabulary::{IdpKind, Status},
};
use std::collections::BTreeSet;

/// What is supposed to have been otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChange {
    /// An IdP had been set up otherwise over a window.
    Idp {
        /// The IdP.
        idp: IdpId,
        /// How.
        setting: IdpSetting,
        /// From, inclusive.
        from: Time,
        /// Until, exclusive.
        to: Time,
    },
    /// A feature of the organisation had been on, or off, over a window.
    Feature {
        /// The feature.
        feature: Feature,
        /// On, or off.
        on: bool,
        /// From, inclusive.
        from: Time,
        /// Until, exclusive.
        to: Time,
    },
    /// Another version of a policy had been in force over a window.
    Policy {
        /// The version.
        policy: Box<PolicyConfigured>,
        /// From, inclusive.
        from: Time,
        /// Until, exclusive.
        to: Time,
    },
    /// Trust in an IdP or a key is retracted.
    Retraction(TrustRetracted),
}

/// How an IdP is set up; the rest of it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdpSetting {
    /// Its claims are trusted.
    TrustOn,
    /// Its claims are not trusted.
    TrustOff,
    /// It is inactive.
    Inactive,
    /// It is deleted.
    Deleted,
}

/// A feature of the service provider's org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// Okta-to-Okta claims sharing.
    ClaimsSharing,
    /// Claims sharing with third-party IdPs.
    ThirdPartyClaimsSharing,
}

impl IdpSetting {
    fn apply(self, idp: &mut IdpConfigured) {
        match self {
            Self::TrustOn => idp.trust_claims = true,
            Self::TrustOff => idp.trust_claims = false,
            Self::Inactive => idp.status = Status::Inactive,
            Self::Deleted => idp.status = Status::Deleted,
        }
    }

    /// Whether users can no longer sign in through the IdP.
    pub(crate) const fn ends_sign_in(self) -> bool {
        matches!(self, Self::Inactive | Self::Deleted)
    }
}

impl Feature {
    /// Whether claims of this kind of IdP are shared by it.
    #[must_use]
    pub const fn is_of(self, kind: IdpKind) -> bool {
        matches!(
            (self, kind),
            (Self::ThirdPartyClaimsSharing, IdpKind::ThirdParty)
                | (Self::ClaimsSharing, IdpKind::OktaIdentityEngine | IdpKind::OktaClassic)
        )
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ClaimsSharing => "Okta-to-Okta claims sharing",
            Self::ThirdPartyClaimsSharing => "third-party claims sharing",
        }
    }

    fn set(self, org: &mut OrgConfigured, on: bool) {
        match self {
            Self::ClaimsSharing => org.claims_sharing = on,
            Self::ThirdPartyClaimsSharing => org.third_party_claims_sharing = on,
        }
    }
}

impl TrustChange {
    /// Whether it retracts trust in one key.
    #[must_use]
    pub const fn retracts_key(&self) -> bool {
        matches!(self, Self::Retraction(retraction) if retraction.key.is_some())
    }

    /// The IdP, where it is of one.
    #[must_use]
    pub const fn idp(&self) -> Option<&IdpId> {
        match self {
            Self::Idp { idp, .. } => Some(idp),
            Self::Retraction(retraction) => Some(&retraction.idp),
            Self::Feature { .. } | Self::Policy { .. } => None,
        }
    }

    /// From when on it has effect.
    #[must_use]
    pub const fn from(&self) -> Time {
        match self {
            Self::Idp { from, .. } | Self::Feature { from, .. } | Self::Policy { from, .. } => {
                *from
            }
            Self::Retraction(retraction) => retraction.from,
        }
    }

    /// Why it is no version of the policy that there is: the field, and what is known; none: it can
    /// be, or nothing is known of the policy.
    #[must_use]
    pub fn misfit(&self, history: HistoryCut<'_>) -> Option<String> {
        let Self::Policy { policy, .. } = self else { return None };
        let known = &history.policies().versions(&policy.policy).last()?.data;
        if known.kind != policy.kind {
            return Some(format!(
                "data.kind: {} is of the kind {}, and not {}",
                policy.policy, known.kind, policy.kind
            ));
        }
        let apps = |of: &PolicyConfigured| of.apps.iter().cloned().collect::<BTreeSet<_>>();
        let (has, given) = (apps(known), apps(policy));
        let list = |apps: &BTreeSet<_>| {
            apps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        (!has.is_empty() && !given.is_empty() && has != given).then(|| {
            format!(
                "data.apps: {} is the policy of {}, and not of {}: which applications have it is \
                 not rehearsed",
                policy.policy,
                list(&has),
                list(&given)
            )
        })
    }

    /// Whose claims it concerns, in words: `idp-x`, `an IdP of Okta-to-Okta claims sharing`.
    pub(super) fn whose(&self) -> String {
        match self {
            Self::Idp { idp, .. } => idp.to_string(),
            Self::Retraction(retraction) => retraction.idp.to_string(),
            Self::Feature { feature, .. } => format!("an IdP of {}", feature.words()),
            Self::Policy { .. } => "any IdP".to_owned(),
        }
    }

    /// Whether it takes something from the claims of an IdP, at a time.
    pub(super) fn takes_from(&self, history: HistoryCut<'_>, idp: &IdpId, when: Occurred) -> bool {
        self.takes() && self.is_of(history, idp, when)
    }

    /// Whether it takes anything.
    pub(super) const fn takes(&self) -> bool {
        !matches!(
            self,
            Self::Idp { setting: IdpSetting::TrustOn, .. } | Self::Feature { on: true, .. }
        )
    }

    /// Whether it retracts a key, and the claim names none.
    pub(super) fn is_of_unnamed_key(&self, claim: &ClaimsReceived) -> bool {
        matches!(self, Self::Retraction(retraction) if retraction.key.is_some())
            && claim.key.is_none()
    }

    /// Whether it concerns what an IdP says.
    pub(super) fn is_of(&self, history: HistoryCut<'_>, idp: &IdpId, when: Occurred) -> bool {
        match self {
            Self::Idp { idp: of, .. } => of == idp,
            Self::Retraction(retraction) => retraction.idp == *idp,
            Self::Feature { feature, .. } => is_shared_by(history, *feature, idp, when),
            Self::Policy { .. } => false,
        }
    }

    /// Whether a claim that was received then is hit, and how surely. A claim that names no key may
    /// have been signed by any (`semantics.md` 42).
    #[must_use]
    pub fn hits(
        &self,
        history: HistoryCut<'_>,
        claim: &ClaimsReceived,
        received: Occurred,
    ) -> Option<Certainty> {
        match self {
            Self::Retraction(retraction) => retraction_hits(retraction, claim, received),
            Self::Policy { .. } => None,
            Self::Idp { from, to, .. } | Self::Feature { from, to, .. } => {
                let is_of = self.is_of(history, &claim.idp, received);
                within(received, Some(*from), Some(*to), Time::MAX).filter(|_| is_of)
            }
        }
    }

    /// Whether the sign-in itself falls, of which no assertion was seen, and how surely
    /// (`semantics.md` 38).
    pub(super) fn hits_sign_in(&self, sign_in: UnseenSignIn<'_>) -> Option<Certainty> {
        match self {
            Self::Retraction(retraction) => hits_sign_in(retraction, sign_in),
            Self::Idp { idp, setting, from, to }
                if setting.ends_sign_in() && idp == sign_in.idp =>
            {
                within(sign_in.began, Some(*from), Some(*to), Time::MAX)
            }
            _ => None,
        }
    }

    /// Whether it takes the sign-in itself, and not only the factors: the assertions that it hits
    /// are void (`semantics.md` 7, 29).
    pub(super) const fn voids(&self) -> bool {
        match self {
            Self::Retraction(_) => true,
            Self::Idp { setting, .. } => setting.ends_sign_in(),
            Self::Feature { .. } | Self::Policy { .. } => false,
        }
    }

    /// The history that it makes. Another version of a policy changes decisions alone: how long a
    /// session may last stays as it was.
    pub(super) fn applied_to(&self, history: &History) -> History {
        match self {
            Self::Idp { idp, setting, from, to } => {
                history.assuming_idp(idp, (*from, *to), |idp| setting.apply(idp))
            }
            Self::Feature { feature, on, from, to } => {
                history.assuming_org((*from, *to), |org| feature.set(org, *on))
            }
            Self::Policy { .. } => history.clone(),
            // Known from the first record on: then it was known when any decision was made.
            Self::Retraction(retraction) => {
                let mut changed = history.clone();
                changed.insert(super::as_if_known(retraction.clone()));
                changed
            }
        }
    }
}

/// Whether claims of an IdP are shared by a feature, in a state that may have held. Nothing stated
/// of the IdP: they are not.
fn is_shared_by(history: HistoryCut<'_>, feature: Feature, idp: &IdpId, when: Occurred) -> bool {
    let options = history.trust().idp(idp, when).options;
    options.into_iter().flatten().any(|version| feature.is_of(version.data.kind))
}

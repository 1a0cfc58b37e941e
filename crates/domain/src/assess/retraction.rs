//! A retraction of trust: assertions received at or after its `from` must not be believed
//! (`semantics.md` 3, 7, 10).
//!
//! Source: our own reading of retraction. It counts for every T once it is known, with effect from
//! its `from`; several unite; nothing lifts one. An assertion that names no key may have been
//! signed by the retracted one (`semantics.md` 42): then it is hit possibly.

use super::signed_in::UnseenSignIn;
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::Certainty,
    window::within,
};
use claimledger_facts::{
    time::{Occurred, Time},
    types::{claims::ClaimsReceived, trust::TrustRetracted},
};

pub(crate) const ID: &str = "retraction";

/// A retraction that hits an assertion, or may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) retraction: &'a Stated<TrustRetracted>,
    /// Why the assertion is void then.
    pub(crate) code: &'static str,
    /// What would tell whether it is hit; none: it is.
    pub(crate) open: Option<&'static str>,
}

/// Whether a retraction speaks of the key that an assertion was signed with, or may.
pub(crate) fn speaks_of(retraction: &TrustRetracted, claim: &ClaimsReceived) -> bool {
    retraction.idp == claim.idp
        && match (&retraction.key, &claim.key) {
            (Some(retracted), Some(signed)) => retracted == signed,
            (None, _) | (_, None) => true,
        }
}

/// Whether a retraction hits an assertion that was received then, and how surely.
#[must_use]
pub fn retraction_hits(
    retraction: &TrustRetracted,
    claim: &ClaimsReceived,
    received: Occurred,
) -> Option<Certainty> {
    let open = open(retraction, claim, received)?;
    Some(if open.is_none() { Certainty::Certain } else { Certainty::Possible })
}

/// Every retraction that hits an assertion, or may, as known.
pub(crate) fn hits<'a>(
    known: HistoryCut<'a>,
    claim: &ClaimsReceived,
    received: Occurred,
) -> Vec<Hit<'a>> {
    let hit = |retraction: &'a Stated<TrustRetracted>| {
        let open = open(&retraction.data, claim, received)?;
        Some(Hit { retraction, code: code(&retraction.data), open })
    };
    known.trust().retractions(&claim.idp).filter_map(hit).collect()
}

/// The retractions of an IdP as a whole that hit a sign-in of which no assertion was seen, or may
/// (`semantics.md` 38).
pub(crate) fn of_whole_idp<'a>(
    known: HistoryCut<'a>,
    sign_in: UnseenSignIn<'_>,
) -> impl Iterator<Item = Hit<'a>> + use<'a> {
    let began = sign_in.began;
    known.trust().retractions(sign_in.idp).filter_map(move |retraction| {
        let sure = reaches(&retraction.data, began)?;
        Some(Hit {
            retraction,
            code: codes::IDP_RETRACTED,
            open: (sure == Certainty::Possible).then_some(codes::MISSING_EXACT_TIME),
        })
    })
}

/// Whether a retraction hits a sign-in of which no assertion was seen, and how surely: only that of
/// the IdP as a whole does (`semantics.md` 38).
pub(crate) fn hits_sign_in(
    retraction: &TrustRetracted,
    sign_in: UnseenSignIn<'_>,
) -> Option<Certainty> {
    reaches(retraction, sign_in.began).filter(|_| retraction.idp == *sign_in.idp)
}

/// Whether a retraction, of its IdP as a whole, reaches a sign-in by that IdP which began then.
fn reaches(retraction: &TrustRetracted, began: Occurred) -> Option<Certainty> {
    let is_whole = retraction.key.is_none();
    within(began, Some(retraction.from), None, Time::MAX).filter(|_| is_whole)
}

/// Why an assertion is void that a retraction hits.
pub(crate) const fn code(retraction: &TrustRetracted) -> &'static str {
    if retraction.key.is_some() { codes::KEY_RETRACTED } else { codes::IDP_RETRACTED }
}

/// `None`: not hit. Else what would tell whether it is, where that is open.
fn open(
    retraction: &TrustRetracted,
    claim: &ClaimsReceived,
    received: Occurred,
) -> Option<Option<&'static str>> {
    if !speaks_of(retraction, claim) || received.latest() < retraction.from {
        None
    } else if retraction.key.is_some() && claim.key.is_none() {
        Some(Some(codes::MISSING_KEY))
    } else if received.from < retraction.from {
        Some(Some(codes::MISSING_EXACT_TIME))
    } else {
        Some(None)
    }
}

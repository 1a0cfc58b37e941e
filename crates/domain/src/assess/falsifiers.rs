//! Falsifiers that could touch a session: retractions of trust and lost authenticators (`semantics.md` 3, 10, 11).
//!
//! This version of the rules does not weigh them: they change no factor and no decision. They are found here so that an answer can say that
//! they are known, stored and shown.

use super::{claims::Claim, factors::Factor};
use crate::history::{HistoryCut, Stated};
use claimledger_facts::{
    ids::Pseudonym,
    types::{authenticator::AuthenticatorLost, trust::TrustRetracted},
};

pub(crate) const ID: &str = "falsifiers";

/// What is known, whatever T.
#[derive(Clone, Debug, Default)]
pub(crate) struct Falsifiers<'a> {
    /// Of the IdP and key of a claim, of the whole IdP, or of any key where the claim names none (`semantics.md` 42).
    pub(crate) retractions: Vec<&'a Stated<TrustRetracted>>,
    /// Of the IdP of a claim, but another key.
    pub(crate) other_keys: Vec<&'a Stated<TrustRetracted>>,
    /// Of the session's subject.
    pub(crate) losses: Vec<&'a Stated<AuthenticatorLost>>,
}

/// Whether a retraction speaks of the key that an assertion was signed with, or may.
pub(crate) fn speaks_of(retraction: &TrustRetracted, claim: &Claim<'_>) -> bool {
    retraction.idp == claim.data.idp
        && match (&retraction.key, &claim.data.key) {
            (Some(retracted), Some(signed)) => retracted == signed,
            (None, _) | (_, None) => true,
        }
}

/// Finds them.
pub(crate) fn known<'a>(history: HistoryCut<'a>, subject: Option<&Pseudonym>, claims: &[Claim<'a>], factors: &[Factor<'a>]) -> Falsifiers<'a> {
    let mut falsifiers = Falsifiers::default();
    let mut idps: Vec<_> = claims.iter().map(|c| &c.data.idp).collect();
    idps.sort_unstable();
    idps.dedup();
    for retraction in idps.into_iter().flat_map(|idp| history.retractions(idp)) {
        let touches = claims.iter().any(|c| speaks_of(&retraction.data, c));
        (if touches { &mut falsifiers.retractions } else { &mut falsifiers.other_keys }).push(retraction);
    }
    if let Some(subject) = subject.filter(|_| !factors.is_empty()) {
        falsifiers.losses.extend(history.losses(subject));
    }
    falsifiers
}

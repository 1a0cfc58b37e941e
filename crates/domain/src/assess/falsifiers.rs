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
    /// Of the session's subject, and perhaps of an authenticator that gave one of its factors.
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

/// Whether what was lost gave a factor: by id where both sides name one, else by method.
pub(crate) fn may_be(loss: &AuthenticatorLost, factor: &Factor<'_>) -> bool {
    match (&loss.authenticator, &factor.value.authenticator) {
        (Some(lost), Some(used)) => lost == used,
        (Some(_), None) if loss.methods.is_empty() => true,
        (Some(_) | None, _) => loss.methods.iter().any(|m| {
            let method = factor.value.known_method().map(claimledger_facts::vocabulary::Method::as_str);
            factor.value.amr.as_ref().is_some_and(|amr| amr.as_str() == m.0) || method == Some(m.0.as_str())
        }),
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
    if let Some(subject) = subject {
        let unseen = claims.iter().any(|c| c.unseen().is_some());
        falsifiers.losses.extend(history.losses(subject).filter(|l| unseen || factors.iter().any(|f| may_be(&l.data, f))));
    }
    falsifiers
}

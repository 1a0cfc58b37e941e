//! Whether a session belongs to a list: certainly, possibly, or not.

use crate::model::{Certainty, Phase, SessionState};
use claimledger_facts::ids::{IdpId, KeyId};

/// Active at the T of its assessment (`semantics.md` 22). None: not active.
#[must_use]
pub fn active_at(state: &SessionState) -> Option<Certainty> {
    match state.phase {
        Phase::Active => Some(state.certainty),
        Phase::NotStarted | Phase::Ended => None,
    }
}

/// Came with a claim of this IdP that was signed by this key. Claims that name no key are possible for any key of their IdP
/// (`semantics.md` 12, 42).
#[must_use]
pub fn signed_with(state: &SessionState, idp: Option<&IdpId>, key: &KeyId) -> Option<Certainty> {
    let of_idp = state.factors.iter().filter(|f| f.idp.is_some() && idp.is_none_or(|i| f.idp.as_ref() == Some(i)));
    let mut best = None;
    for factor in of_idp {
        match &factor.key {
            Some(signed) if signed == key => return Some(Certainty::Certain),
            Some(_) => {}
            None => best = Some(Certainty::Possible),
        }
    }
    best
}

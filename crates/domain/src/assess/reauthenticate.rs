//! After how long a verification no longer counts for a rule that asks for reauthentication
//! (`semantics.md` 36).
//!
//! Source: Okta, Sign-on policies, reauthentication; Configure claims sharing: a claimed factor is
//! not asked for again while the session is active, unless identity claims sourcing sends the user
//! back to that IdP. This version does not read claim sourcing: where it would bound a claimed
//! factor, the factor is only possible, and says so (`semantics.md` 9).

use super::claims::Tri;
use crate::{
    history::HistoryCut,
    order::{Seen, latest, total_order},
};
use claimledger_facts::{ids::IdpId, time::Occurred, vocabulary::Redirect};

pub(crate) const ID: &str = "reauthenticate";

/// Whether a verification is fresh enough for a decision: counted from when it occurred, half-open;
/// 0 seconds: verified since the session's previous decision. It does not end the factor's
/// interval.
pub(crate) fn is_fresh(
    verified: Seen<'_>,
    within_secs: Option<u64>,
    decision: Occurred,
    previous: Option<Seen<'_>>,
) -> Tri {
    match within_secs {
        None => Tri::Yes,
        Some(0) => Tri::of([previous.is_none_or(|p| total_order(verified.known, p.known).is_gt())]),
        Some(secs) => {
            let (first, last) = (verified.occurred().from, latest(verified.occurred()));
            // Stalest and freshest reading of two intervals; for instants they are one.
            Tri::of([
                latest(decision) < first.plus_secs(secs),
                decision.from < last.plus_secs(secs),
            ])
        }
    }
}

/// Whether claim sourcing may send reauthentication of this IdP's claims back to it at a time.
pub(crate) fn may_be_sourced(history: HistoryCut<'_>, idp: &IdpId, decision: Occurred) -> bool {
    history.settings().claim_sourcing(decision).options.into_iter().flatten().any(|sourcing| {
        sourcing.data.redirect == Redirect::Fixed
            && sourcing.data.include.as_ref().is_none_or(|include| include.contains(idp))
    })
}

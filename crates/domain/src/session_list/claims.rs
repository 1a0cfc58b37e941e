//! Filters on the claims of a session: one claim must meet all of them.

use super::{SessionCandidate, SessionFilter};
use crate::{
    assess::signed_in::UnseenSignIn,
    history::HistoryCut,
    model::{Certainty, Known, RecordRef},
    order::total_order,
    window::within,
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, KeyId},
    time::Time,
    types::claims::ClaimsReceived,
};
use std::collections::HashSet;

/// What makes a session one of an IdP, a key or a window.
pub(super) struct Match {
    pub(super) certainty: Certainty,
    /// The claim; where no assertion was seen, what starts the session and names the IdP.
    pub(super) record: RecordRef,
    pub(super) is_claim: bool,
}

/// The best claim that meets the filter; of several as good the first in the total order
/// (`semantics.md` 2). Where no assertion was seen, the sign-in of the IdP that the session's start
/// names (`semantics.md` 38). `None`: nothing does.
pub(super) fn matching(of: SessionCandidate<'_>, filter: &SessionFilter) -> Option<Match> {
    let (history, at) = (of.history.at(of.cut.known_at), of.cut.at);
    // Only records that count: of variants the domain has chosen one.
    let counting: HashSet<_> = of.state.records.iter().map(|record| record.position).collect();
    let facts = || {
        of.facts.iter().filter(|known| {
            counting.contains(&known.record.position) && known.fact.occurred.from <= at
        })
    };
    let claims = facts().filter_map(|known| match &known.fact.data {
        FactData::ClaimsReceived(claim) => Some((known, claim)),
        _ => None,
    });
    let received = claims.clone().map(|(known, _)| known.fact.occurred);
    let unseen = UnseenSignIn::of(facts())
        .filter(|sign_in| sign_in.is_before(received))
        .and_then(|sign_in| unseen(sign_in, filter, at));
    claims
        .filter_map(|(known, claim)| Some((certainty(known, claim, filter, history, at)?, known)))
        .min_by(|(a, one), (b, other)| a.cmp(b).then_with(|| total_order(one, other)))
        .map(|(certainty, known)| Match { certainty, record: known.record.clone(), is_claim: true })
        .into_iter()
        .chain(unseen)
        // An assertion that was seen says more than the start.
        .min_by_key(|found| (found.certainty, !found.is_claim))
}

/// A sign-in of which no assertion was seen. What key would have signed it is not known, and no
/// list by key has it: only a retraction of the whole IdP hits it.
fn unseen(sign_in: UnseenSignIn<'_>, filter: &SessionFilter, at: Time) -> Option<Match> {
    let is_of =
        filter.key.is_none() && filter.idp.as_ref().is_none_or(|asked| asked == sign_in.idp);
    let certainty = within(sign_in.began, filter.relied_from, filter.relied_to, at)?;
    is_of.then(|| Match { certainty, record: sign_in.record.clone(), is_claim: false })
}

fn certainty(
    known: &Known,
    claim: &ClaimsReceived,
    filter: &SessionFilter,
    history: HistoryCut<'_>,
    at: Time,
) -> Option<Certainty> {
    if filter.idp.as_ref().is_some_and(|idp| claim.idp != *idp) {
        return None;
    }
    let by_key = filter.key.as_ref().map_or(Some(Certainty::Certain), |key| {
        is_key_of(&claim.idp, claim.key.as_ref(), (key, filter.supposes_key), history)
    })?;
    // At a T inside the interval of its own time it may not have come yet (`semantics.md` 3, 6).
    let came = within(known.fact.occurred, filter.relied_from, filter.relied_to, at)?;
    Some(by_key.max(came))
}

/// Whether a claim of an IdP, and of the key that it names, was signed by another key. One that
/// names none may have been signed by any key of its IdP (`semantics.md` 12, 42): by one that is
/// known of it, or that the question supposes to be.
#[must_use]
pub fn is_key_of(
    idp: &IdpId,
    named: Option<&KeyId>,
    (key, is_supposed): (&KeyId, bool),
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    match named {
        Some(named) => (named == key).then_some(Certainty::Certain),
        None => (is_supposed || history.trust().names_key(idp, key)).then_some(Certainty::Possible),
    }
}

//! Filters on the claims of a session: one claim must meet all of them.

use super::{SessionCandidate, SessionFilter};
use crate::{
    history::HistoryCut,
    model::{Certainty, Known, RecordRef},
    order::{latest, total_order},
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, KeyId},
    time::Time,
    types::claims::ClaimsReceived,
};
use std::collections::HashSet;

/// The best claim that meets the filter: whether certainly, and its record; of several as good the
/// first in the total order (`semantics.md` 2). `None`: no claim does.
pub(super) fn matching(
    of: SessionCandidate<'_>,
    filter: &SessionFilter,
) -> Option<(Certainty, RecordRef)> {
    let (history, at) = (of.history.at(of.cut.known_at), of.cut.at);
    // Only records that count: of variants the domain has chosen one.
    let counting: HashSet<_> = of.state.records.iter().map(|record| record.position).collect();
    let claims = of.facts.iter().filter(|known| {
        counting.contains(&known.record.position) && known.fact.occurred.from <= at
    });
    claims
        .filter_map(|known| {
            let FactData::ClaimsReceived(claim) = &known.fact.data else { return None };
            Some((certainty(known, claim, filter, history, at)?, known))
        })
        .min_by(|(a, one), (b, other)| a.cmp(b).then_with(|| total_order(one, other)))
        .map(|(certainty, known)| (certainty, known.record.clone()))
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
        is_key_of(&claim.idp, claim.key.as_ref(), key, history)
    })?;
    let (first, last) = (known.fact.occurred.from, latest(known.fact.occurred));
    // At a T inside the interval of its own time it may not have come yet (`semantics.md` 3, 6).
    let came = if last <= at { Certainty::Certain } else { Certainty::Possible };
    let possible = filter.relied_from.is_none_or(|from| last >= from)
        && filter.relied_to.is_none_or(|to| first < to);
    let certain = filter.relied_from.is_none_or(|from| first >= from)
        && filter.relied_to.is_none_or(|to| last < to);
    match (possible, certain) {
        (false, _) => None,
        (true, false) => Some(Certainty::Possible),
        (true, true) => Some(by_key.max(came)),
    }
}

/// Whether a claim of an IdP, and of the key that it names, was signed by another key. One that
/// names none may have been signed by any key of its IdP (`semantics.md` 12, 42).
#[must_use]
pub fn is_key_of(
    idp: &IdpId,
    named: Option<&KeyId>,
    key: &KeyId,
    history: HistoryCut<'_>,
) -> Option<Certainty> {
    match named {
        Some(named) => (named == key).then_some(Certainty::Certain),
        None => history
            .trust()
            .key_changes(idp)
            .any(|change| change.data.key == *key)
            .then_some(Certainty::Possible),
    }
}

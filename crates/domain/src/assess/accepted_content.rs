//! What an assertion carried, where nobody saw its content but the service provider says which
//! methods it took from it.
//!
//! Source: Okta, System Log, factor verification: the log never carries `okta_auth`, and names each
//! factor that the IdP verified in an event of its own (`factorVerifiedByIdp`). What it does not
//! name was not taken, so the content counts as seen. The characteristics are those of the
//! statement, else those of the method.

use super::okta_claims;
use crate::order::{Seen, latest};
use claimledger_facts::{
    fact::FactData,
    ids::AssertionId,
    types::claims::{ClaimedMethod, ClaimsReceived},
};

pub(crate) const ID: &str = "accepted_content";

/// How far the clocks may differ of what writes that a claim came and what writes that one of its
/// factors was taken: both are parts of one service provider.
pub(super) const CLOCK_DIFFERENCE_SECS: u64 = 60;

/// Whether what the service provider says it took, or did not, is of a claim: where it names the
/// assertion, of that one; else of the last that came by then. What was written just before any
/// claim of the session is of the first: events of one transaction come in any order, and the total
/// order of one instant is that of their ids (`semantics.md` 2).
pub(crate) fn is_of<'a>(
    facts: &[Seen<'a>],
    claim: Seen<'a>,
    data: &ClaimsReceived,
    said: Seen<'a>,
    named: Option<&AssertionId>,
) -> bool {
    if named.is_some() && named != data.assertion.as_ref() {
        return false;
    }
    let (received, at) = (claim.occurred(), said.occurred().from);
    let mut claims = facts.iter().filter(|s| is_claim(s)).map(|s| s.occurred());
    if at >= received.from {
        return named.is_some()
            || !claims.any(|next| next.from > latest(received) && next.from <= at);
    }
    at.plus_secs(CLOCK_DIFFERENCE_SECS) >= received.from
        && claims.all(|other| other.from > at && latest(other) >= received.from)
}

fn is_claim(seen: &Seen<'_>) -> bool {
    matches!(seen.known.fact.data, FactData::ClaimsReceived(_))
}

/// What the service provider says it took of an assertion that is not there: of which IdP, and what
/// else that asserted, is not known.
pub(crate) fn of_no_claim<'a>(facts: &[Seen<'a>]) -> impl Iterator<Item = Seen<'a>> {
    facts.iter().copied().filter(move |said| {
        let FactData::ClaimAccepted(accepted) = &said.known.fact.data else { return false };
        !facts.iter().any(|claim| {
            let FactData::ClaimsReceived(data) = &claim.known.fact.data else { return false };
            is_of(facts, *claim, data, *said, accepted.assertion.as_ref())
        })
    })
}

/// The methods that the service provider says it took from an assertion of unseen content, once
/// each.
pub(crate) fn methods<'a>(
    facts: &[Seen<'a>],
    claim: Seen<'a>,
    data: &ClaimsReceived,
) -> Vec<ClaimedMethod> {
    if data.amr.is_some() || !data.methods.is_empty() || data.readable == Some(false) {
        return Vec::new();
    }
    let mut methods: Vec<ClaimedMethod> = Vec::new();
    for said in facts {
        let FactData::ClaimAccepted(accepted) = &said.known.fact.data else { continue };
        let Some(method) = accepted.method else { continue };
        if !is_of(facts, claim, data, *said, accepted.assertion.as_ref()) {
            continue;
        }
        let claimed = ClaimedMethod {
            method,
            properties: accepted.properties.clone(),
            authenticator: accepted.authenticator.clone(),
        };
        // A later decision that takes the same factor again names it again.
        if !methods.contains(&claimed) {
            methods.push(claimed);
        }
    }
    methods
}

/// Reads the methods by the rules for an Okta IdP, under this rule's name.
pub(crate) fn read(methods: &[ClaimedMethod]) -> Vec<super::value::Value> {
    okta_claims::read_methods(methods, ID)
}

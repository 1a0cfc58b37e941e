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
    types::claims::{ClaimAccepted, ClaimedMethod, ClaimsReceived},
};

pub(crate) const ID: &str = "accepted_content";

/// The methods that the service provider says it took from an assertion of unseen content: those of
/// the statements after it and before the next assertion of the session, once each.
pub(crate) fn methods<'a>(
    facts: &[Seen<'a>],
    claim: Seen<'a>,
    data: &ClaimsReceived,
) -> Vec<ClaimedMethod> {
    if data.amr.is_some() || !data.methods.is_empty() || data.readable == Some(false) {
        return Vec::new();
    }
    let place = facts.iter().position(|seen| std::ptr::eq(seen.known, claim.known));
    let after = facts.iter().skip(place.map_or(facts.len(), |place| place + 1));
    let of_it = |accepted: &&ClaimAccepted| {
        accepted.assertion.is_none() || accepted.assertion == data.assertion
    };
    let mut methods: Vec<ClaimedMethod> = Vec::new();
    for seen in after {
        match &seen.known.fact.data {
            FactData::ClaimsReceived(_) if seen.occurred().from > latest(claim.occurred()) => break,
            FactData::ClaimAccepted(accepted) if of_it(&accepted) => {
                let Some(method) = accepted.method else { continue };
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
            _ => {}
        }
    }
    methods
}

/// Reads the methods by the rules for an Okta IdP, under this rule's name.
pub(crate) fn read(methods: &[ClaimedMethod]) -> Vec<super::value::Value> {
    okta_claims::read_methods(methods, ID)
}

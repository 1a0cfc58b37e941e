//! What an assertion carried, where nobody saw its content but the service provider says which
//! methods it took from it.
//!
//! Source: Okta, System Log, factor verification: the log never carries `okta_auth`, and names each
//! factor that the IdP verified in an event of its own (`factorVerifiedByIdp`). What it does not
//! name was not taken, so the content counts as seen. The characteristics are those of the
//! statement, else those of the method. What was taken counts by record whatever else was seen of
//! the assertion (`semantics.md` 8).

use super::{okta_claims, third_party_amr, value::Value};
use crate::{codes, model::FactorType, order::Seen};
use claimledger_facts::{
    fact::FactData,
    ids::AssertionId,
    types::claims::{ClaimedMethod, ClaimsReceived},
    vocabulary::Amr,
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
            || !claims.any(|next| next.from > received.latest() && next.from <= at);
    }
    at.plus_secs(CLOCK_DIFFERENCE_SECS) >= received.from
        && claims.all(|other| other.from > at && other.latest() >= received.from)
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

/// What the service provider says it took from an assertion, once each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    /// Named by method.
    pub(crate) methods: Vec<ClaimedMethod>,
    /// Named by `amr` value, or with the assertion as a whole.
    amr: Vec<Amr>,
}

/// Whose assertion it was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asserter {
    Okta,
    /// Custom authenticators are a matter between Okta orgs.
    ThirdParty {
        factor_only: bool,
    },
}

impl Taken {
    /// Of a claim, as the facts of its session by T say.
    pub(crate) fn of<'a>(facts: &[Seen<'a>], claim: Seen<'a>, data: &ClaimsReceived) -> Self {
        let mut taken = Self::default();
        let asserted = data.amr.as_deref().unwrap_or_default();
        for said in facts {
            let FactData::ClaimAccepted(accepted) = &said.known.fact.data else { continue };
            if !is_of(facts, claim, data, *said, accepted.assertion.as_ref()) {
                continue;
            }
            match (&accepted.amr, accepted.method) {
                (Some(amr), method) if method.is_none() || asserted.contains(amr) => {
                    taken.add_amr(std::slice::from_ref(amr));
                }
                (_, Some(method)) => {
                    let (properties, authenticator) =
                        (accepted.properties.clone(), accepted.authenticator.clone());
                    let claimed = ClaimedMethod { method, properties, authenticator };
                    // A later decision that takes the same factor again names it again.
                    if !taken.methods.contains(&claimed) {
                        taken.methods.push(claimed);
                    }
                }
                (_, None) => taken.add_amr(asserted),
            }
        }
        if !data.methods.is_empty() {
            // They alone have the words that it accepts by (`semantics.md` 15).
            taken.amr.clear();
        }
        taken
    }

    fn add_amr(&mut self, amr: &[Amr]) {
        for value in amr {
            if !self.amr.contains(value) {
                self.amr.push(value.clone());
            }
        }
    }

    /// Reads it by the rules for who asserted it; methods under this rule's name.
    pub(crate) fn read(&self, by: Asserter) -> Vec<Value> {
        let mut values = okta_claims::read_methods(&self.methods, ID);
        let of_amr = match by {
            Asserter::Okta => okta_claims::read_amr(&self.amr),
            Asserter::ThirdParty { factor_only } => {
                for value in &mut values {
                    value.ignored.clear();
                    if factor_only && value.factor_type == FactorType::Knowledge {
                        value.ignored.push(codes::FACTOR_ONLY_IDP);
                    }
                }
                third_party_amr::read(&self.amr, factor_only)
            }
        };
        add_new(&mut values, of_amr);
        values
    }
}

/// Adds what the service provider says it took and the assertion, as it was seen, does not have.
/// By record it counts. By the rules it does possibly: the record of the assertion and that of what
/// was taken do not agree, and nothing tells which of them is complete.
pub(crate) fn add_beyond(seen: &mut Vec<Value>, taken: Vec<Value>) {
    let open = |value| Value { missing: vec![codes::MISSING_CLAIM_CONTENT], ..value };
    add_new(seen, taken.into_iter().map(open).collect());
}

/// Adds the values of which no other speaks.
fn add_new(values: &mut Vec<Value>, more: Vec<Value>) {
    let is_same = |one: &Value, other: &Value| {
        other.method.is_some() && one.known_method() == other.method
            || other.amr.is_some() && one.amr == other.amr
            || other.method.is_none() && one.method.is_some() && other.known_method() == one.method
    };
    let new: Vec<Value> =
        more.into_iter().filter(|new| !values.iter().any(|known| is_same(known, new))).collect();
    values.extend(new);
}

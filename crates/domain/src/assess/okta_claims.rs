//! What the claims of an Okta IdP mean.
//!
//! Source: Okta, Configure claims sharing, Okta-to-Okta. Every authenticator that was performed
//! natively at the IdP counts, custom ones do not. Any `methods[]` outranks `amr`, with properties
//! or without (`semantics.md` 15); with `amr` only, the third-party table holds, other values are
//! plain possession, and `fed` and `sc` stand for custom authenticators (`semantics.md` 39).

use super::{
    authenticators,
    third_party_amr::{self, distinct, meaning},
    value::{Value, ordered},
};
use crate::{codes, model::FactorType};
use claimledger_facts::{
    types::claims::{ClaimedMethod, ClaimsReceived},
    vocabulary::{Amr, Method},
};

pub(crate) const ID: &str = "okta_claims";

/// Whether another IdP, a smart card or a custom app or OTP verified it (`semantics.md` 39).
pub(crate) const fn is_custom(method: Method) -> bool {
    matches!(
        method,
        Method::ExternalIdp | Method::SmartCard | Method::CustomApp | Method::CustomOtp
    )
}

/// Reads one assertion, in the order asserted.
pub(crate) fn read(claim: &ClaimsReceived) -> Vec<Value> {
    match &claim.amr {
        Some(amr) if claim.methods.is_empty() => read_amr(amr),
        _ => read_methods(&claim.methods, ID),
    }
}

/// One factor an entry, also where two name one method: a laptop and a phone may both be
/// `webauthn`.
pub(crate) fn read_methods(methods: &[ClaimedMethod], rule: &'static str) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for claimed in methods {
        let nth = values.iter().filter(|value| value.method == Some(claimed.method)).count();
        let (has, perhaps) = authenticators::characteristics(claimed.method, &claimed.properties);
        let mut value = Value::alone(
            claimed.method.as_str(),
            authenticators::factor_type(claimed.method),
            &has,
            rule,
        );
        value.method = Some(claimed.method);
        value.nth = nth;
        value.authenticator.clone_from(&claimed.authenticator);
        value.perhaps = perhaps;
        if is_custom(claimed.method) {
            value.ignored.push(codes::CUSTOM_AUTHENTICATOR);
        }
        values.push(value);
    }
    values
}

/// Reads `amr` values (`semantics.md` 39).
pub(crate) fn read_amr(amr: &[Amr]) -> Vec<Value> {
    let values = distinct(amr).into_iter().map(|value| {
        let meaning = meaning(value.as_str());
        let mut read = match meaning {
            Some(m) => Value::alone(value.as_str(), m.factor_type, m.has, ID),
            None => Value::alone(value.as_str(), FactorType::Possession, &[], ID),
        };
        if matches!(value.as_str(), "fed" | "sc") {
            read.ignored.push(codes::CUSTOM_AUTHENTICATOR);
        }
        read.amr = Some(value.clone());
        read.has = ordered(read.has);
        (read, meaning.is_some_and(|m| m.key_like))
    });
    third_party_amr::pool(values.collect())
}

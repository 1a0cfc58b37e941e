//! The legacy AMR mapping of an IdP (`map_amr_claims`).
//!
//! Source: Okta, Configure AMR claims mapping: the AMR values are stored in the session and
//! considered in the evaluation of policies. Configure claims sharing: where trust in the IdP's
//! claims is on too, the mapping counts for nothing. Which characteristics its values have, and
//! which constraints they meet, is not described: they count only possibly, and what the rules
//! imply is undetermined where they could decide. Its feature is none of those that an organisation
//! states.

use super::{
    third_party_amr::{distinct, meaning},
    trust_at_receipt::IdpState,
    value::Value,
};
use crate::{codes, model::FactorType};
use claimledger_facts::vocabulary::{Amr, Property};

pub(crate) const ID: &str = "legacy_mapping";

/// Whether the mapping is on, and not beaten by trust.
pub(crate) const fn applies(idp: IdpState) -> bool {
    idp.map_amr_claims && !idp.trust_claims
}

/// The factor class of a value. `None`: the mapping does not know it.
fn factor_type(amr: &str) -> Option<FactorType> {
    match amr {
        "email" | "duo" | "symantec" | "google_otp" | "okta_verify" | "oauth_otp" | "rsa"
        | "yubikey" | "fed" => Some(FactorType::Possession),
        "pin" => Some(FactorType::Knowledge),
        other => meaning(other).map(|meaning| meaning.factor_type),
    }
}

/// Reads the values of one assertion, once each, in the order asserted.
pub(crate) fn read(amr: &[Amr]) -> Vec<Value> {
    let value = |amr: &Amr| {
        let known = factor_type(amr.as_str());
        let of = known.unwrap_or(FactorType::Unspecified);
        let mut value = Value::alone(amr.as_str(), of, &[], ID);
        value.amr = Some(amr.clone());
        match known {
            Some(FactorType::Possession) => value.perhaps = Property::ALL.to_vec(),
            Some(_) => {}
            None => value.ignored.push(codes::UNKNOWN_VALUE),
        }
        value
    };
    distinct(amr).into_iter().map(value).collect()
}

//! Factors that the service provider itself verified: its own record says so, so they count, grade
//! stated.
//!
//! Source: Okta, System Log, factor verification events; `semantics.md` 16.

use super::{authenticators, value::Value};
use claimledger_facts::types::factor::FactorVerified;

pub(crate) const ID: &str = "local_factors";

/// Reads one verification.
pub(crate) fn read(verified: &FactorVerified) -> Value {
    let (has, perhaps) = authenticators::characteristics(verified.method, &verified.properties);
    Value {
        method: Some(verified.method),
        authenticator: verified.authenticator.clone(),
        perhaps,
        ..Value::alone(
            verified.method.as_str(),
            authenticators::factor_type(verified.method),
            &has,
            ID,
        )
    }
}

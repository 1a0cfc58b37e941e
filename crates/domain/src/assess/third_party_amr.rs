//! What the `amr` values of a third-party IdP mean.
//!
//! Source: Okta, Configure claims sharing, AMR values; pooling by `semantics.md` 14. Okta-to-Okta
//! claims have rules of their own (`okta_claims`): the two sets differ and are not merged.

use super::value::{Value, ordered};
use crate::{codes, model::FactorType};
use claimledger_facts::vocabulary::{Amr, Property};

pub(crate) const ID: &str = "third_party_amr";

/// What one value means by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) factor_type: FactorType,
    pub(crate) has: &'static [Property],
    /// It describes a key: it pools with others of its assertion that do.
    pub(crate) key_like: bool,
}

/// The table. `None`: the value is ignored, which is no error.
pub(crate) fn meaning(amr: &str) -> Option<Meaning> {
    use FactorType::{Inherence, Knowledge, Possession, Unspecified};
    use Property::{
        DeviceBound, HardwareProtected, PhishingResistant, UserPresence, UserVerifying,
    };
    let (factor_type, has, key_like): (_, &'static [Property], _) = match amr {
        "pwd" | "kba" => (Knowledge, &[], false),
        "face" | "fpt" | "iris" | "retina" | "vbm" => {
            (Inherence, &[UserPresence, UserVerifying], true)
        }
        "hwk" => (Possession, &[UserPresence, DeviceBound, HardwareProtected], true),
        "phr" => (Possession, &[UserPresence, DeviceBound, PhishingResistant], true),
        "sc" | "swk" | "pop" => (Possession, &[UserPresence, DeviceBound], true),
        "otp" => (Possession, &[UserPresence, DeviceBound], false),
        "sms" | "tel" => (Possession, &[UserPresence], false),
        "mfa" => (Unspecified, &[], false),
        _ => return None,
    };
    Some(Meaning { factor_type, has, key_like })
}

/// Reads the values of one assertion, once each, in the order asserted.
pub(crate) fn read(amr: &[Amr], factor_only: bool) -> Vec<Value> {
    let values = distinct(amr).into_iter().map(|value| {
        let meaning = meaning(value.as_str());
        let mut read = match meaning {
            Some(m) => Value::alone(value.as_str(), m.factor_type, m.has, ID),
            None => Value {
                ignored: vec![codes::UNKNOWN_VALUE],
                ..Value::alone(value.as_str(), FactorType::Unspecified, &[], ID)
            },
        };
        if factor_only && read.factor_type == FactorType::Knowledge {
            read.ignored.push(codes::FACTOR_ONLY_IDP);
        }
        read.amr = Some(value.clone());
        (read, meaning.is_some_and(|m| m.key_like))
    });
    pool(values.collect())
}

/// Lets the values that describe a key share their characteristics. A biometric counts only beside
/// a possession value that describes a key; else it keeps its type and no characteristics.
pub(crate) fn pool(values: Vec<(Value, bool)>) -> Vec<Value> {
    let has_key = values.iter().any(|(v, key_like)| {
        *key_like && v.factor_type == FactorType::Possession && v.ignored.is_empty()
    });
    let sharing = |v: &Value, key_like: bool| has_key && key_like && v.ignored.is_empty();
    let members: Vec<&Value> =
        values.iter().filter(|(v, key_like)| sharing(v, *key_like)).map(|(v, _)| v).collect();
    let names: Vec<String> = members.iter().map(|v| v.name.clone()).collect();
    let shared = ordered(members.iter().flat_map(|v| v.has.iter().copied()).collect());
    values
        .into_iter()
        .map(|(mut value, key_like)| {
            if sharing(&value, key_like) {
                value.pool.clone_from(&shared);
                if names.len() > 1 {
                    value.pooled_with.clone_from(&names);
                }
            } else if value.factor_type == FactorType::Inherence {
                value.has.clear();
                value.pool.clear();
            }
            value
        })
        .collect()
}

/// Once each, in the order asserted.
pub(crate) fn distinct(amr: &[Amr]) -> Vec<&Amr> {
    let mut seen: Vec<&Amr> = Vec::new();
    for value in amr {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

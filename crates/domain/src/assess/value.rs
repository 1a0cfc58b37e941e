//! One value of an assertion or one local verification, as the rules read it.

use crate::model::FactorType;
use claimledger_facts::{
    ids::AuthenticatorId,
    vocabulary::{Amr, Method, Property},
};

/// What a value means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// The `amr` value where there is one, else the method.
    pub(crate) name: String,
    pub(crate) amr: Option<Amr>,
    pub(crate) method: Option<Method>,
    pub(crate) authenticator: Option<AuthenticatorId>,
    /// How many entries of this name come before it in its assertion: two entries of one method are
    /// two factors (`semantics.md` 15).
    pub(crate) nth: usize,
    pub(crate) factor_type: FactorType,
    /// Its own characteristics, in the vocabulary's order.
    pub(crate) has: Vec<Property>,
    /// Characteristics that depend on a device nobody described.
    pub(crate) perhaps: Vec<Property>,
    /// Its own and those that its assertion pools (`semantics.md` 14).
    pub(crate) pool: Vec<Property>,
    /// The values that pool, this one included; empty: it stands alone.
    pub(crate) pooled_with: Vec<String>,
    /// Why the rules do not count it, whatever the trust: codes.
    pub(crate) ignored: Vec<&'static str>,
    /// What would settle whether it was asserted: codes.
    pub(crate) missing: Vec<&'static str>,
    /// The rule that read it.
    pub(crate) rule: &'static str,
}

impl Value {
    /// A value that stands alone and has these characteristics.
    pub(crate) fn alone(
        name: &str,
        factor_type: FactorType,
        has: &[Property],
        rule: &'static str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            amr: None,
            method: None,
            authenticator: None,
            nth: 0,
            factor_type,
            has: ordered(has.to_vec()),
            perhaps: Vec::new(),
            pool: ordered(has.to_vec()),
            pooled_with: Vec::new(),
            ignored: Vec::new(),
            missing: Vec::new(),
            rule,
        }
    }

    /// Whether another reading of the same assertion speaks of the same entry.
    pub(crate) fn is_entry(&self, other: &Self) -> bool {
        (&self.name, self.method, self.nth) == (&other.name, other.method, other.nth)
    }

    /// Whether another reading of the entry says the same of it, by whatever rule.
    pub(crate) fn means(&self, other: &Self) -> bool {
        self.rule == other.rule && self == other
            || *self == Self { rule: self.rule, ..other.clone() }
    }

    /// The method it stands for, where that is certain: as stated, or by an `amr` value that means
    /// one method only.
    pub(crate) fn known_method(&self) -> Option<Method> {
        self.method.or_else(|| method_of(self.amr.as_ref()?.as_str()))
    }
}

/// The only method that an `amr` value can stand for, where there is one.
pub(crate) fn method_of(amr: &str) -> Option<Method> {
    Some(match amr {
        "pwd" => Method::Password,
        "kba" => Method::SecurityQuestion,
        "sms" => Method::Sms,
        "tel" => Method::Voice,
        "email" => Method::Email,
        "duo" => Method::Duo,
        "rsa" => Method::Rsa,
        "yubikey" => Method::Yubikey,
        "symantec" => Method::Symantec,
        _ => return None,
    })
}

/// In the vocabulary's order, once each.
pub(crate) fn ordered(mut properties: Vec<Property>) -> Vec<Property> {
    properties.sort_unstable();
    properties.dedup();
    properties
}

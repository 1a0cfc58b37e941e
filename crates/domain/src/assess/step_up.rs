//! What an application asks for beyond its policy, by an authentication context class
//! (`acr_values`).
//!
//! Source: Okta, Step-up authentication with ACR values. Evaluated after the rule of the policy:
//! factors, then constraints. A value that is not in the table is ignored. What is unmet is an
//! error to the application, after the user was asked for what local authenticators could add.

use super::{
    challenge::Filled,
    requirement::{self, Reading, Taking},
};
use claimledger_facts::{
    types::policy::{Alternative, Possession, Rule},
    vocabulary::{Access, FactorMode, Method},
};

pub(crate) const ID: &str = "step_up";

/// What a class asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// As a rule asks for it.
    pub(crate) rule: Rule,
    /// Only where local authenticators could meet it.
    pub(crate) if_possible: bool,
}

/// The table. `None`: the value is ignored.
pub(crate) fn asked(acr: &str, of: &Rule) -> Option<Asked> {
    let one = FactorMode::OneFactor;
    let resistant = |hardware: Option<bool>| Possession {
        device_bound: hardware,
        hardware_protected: hardware,
        phishing_resistant: Some(true),
        ..Possession::default()
    };
    let possession = |asks: Possession, methods: Vec<Method>| Alternative {
        possession: Some(asks),
        allow_methods: methods,
        ..Alternative::default()
    };
    let (factor_mode, alternatives) = match acr {
        "urn:okta:loa:1fa:any" => (one, vec![]),
        "urn:okta:loa:1fa:pwd" => {
            let password = Alternative {
                knowledge: Some(true),
                allow_methods: vec![Method::Password],
                ..Alternative::default()
            };
            (one, vec![password])
        }
        "urn:okta:loa:2fa:any" | "urn:okta:loa:2fa:any:ifpossible" => {
            (FactorMode::TwoFactor, vec![])
        }
        "phr" => (one, vec![possession(resistant(None), vec![])]),
        // Only Okta Verify meets it.
        "phrh" => (one, vec![possession(resistant(Some(true)), vec![Method::SignedNonce])]),
        _ => return None,
    };
    let rule = Rule {
        access: Access::Allow,
        factor_mode,
        alternatives,
        chain: vec![],
        chains: vec![],
        other_verification: None,
        primary_factor: None,
        require_mfa: None,
        ..of.clone()
    };
    Some(Asked { rule, if_possible: acr.ends_with(":ifpossible") })
}

/// In words: `two factor types`.
pub(crate) fn words(asked: &Asked) -> String {
    let two = requirement::types_asked(&asked.rule) == 2;
    let what = match asked.rule.alternatives.first() {
        None if two => "two factor types",
        None => "one factor",
        Some(a) if a.knowledge == Some(true) => "a password",
        Some(a) if !a.allow_methods.is_empty() => {
            "a phishing-resistant, hardware-protected factor of Okta Verify"
        }
        Some(_) => "a phishing-resistant factor",
    };
    let possible = if asked.if_possible { ", where that is possible" } else { "" };
    format!("{what}{possible}")
}

/// How what the application asked for beyond the rule stands.
#[derive(Clone, Debug)]
pub(crate) struct AcrReading {
    pub(crate) asked: Asked,
    pub(crate) certain: Reading,
    pub(crate) possible: Reading,
    pub(crate) filled: Filled,
}

impl AcrReading {
    /// Met, or not asked where it is asked only if it can be had.
    pub(crate) fn met(&self, taking: Taking) -> bool {
        // Not asked is certain only where it certainly cannot be had.
        let (reading, can_be_had) = match taking {
            Taking::Certain => (&self.certain, self.filled.met(Taking::Possible)),
            Taking::Possible => (&self.possible, self.filled.met(Taking::Certain)),
        };
        reading.met || self.asked.if_possible && !can_be_had
    }
}

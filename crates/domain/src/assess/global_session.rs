//! What a rule of the global session policy asks for, and the guard on saving one.
//!
//! Source: Okta, Configure claims sharing, global session policy: a claim can meet the MFA
//! requirement as it can that of an application's policy, bare `mfa` too. Policies, global session
//! policy: the first factor is the password or an IdP, or any factor that the application's policy
//! asks for. Where no claims are trusted and only the password is configured, a rule that requires
//! MFA cannot be saved.

use super::{
    challenge::is_usable,
    trust_at_receipt::{IdpState, is_shared},
};
use crate::history::{HistoryCut, settings::org_or_default};
use claimledger_facts::{
    ids::IdpId,
    time::Occurred,
    types::policy::Rule,
    vocabulary::{FactorMode, Method, PrimaryFactor},
};

pub(crate) const ID: &str = "global_session";

/// How many factor types a rule asks for.
pub(crate) const fn types_asked(rule: &Rule) -> usize {
    match (rule.require_mfa, rule.factor_mode) {
        (Some(true), _) | (_, FactorMode::TwoFactor) => 2,
        (_, FactorMode::OneFactor) => 1,
    }
}

/// Whether the first factor has to be the password or an IdP.
pub(crate) fn wants_password_or_idp(rule: &Rule) -> bool {
    rule.primary_factor == Some(PrimaryFactor::PasswordIdp)
}

/// What lets a global session rule that requires MFA be saved. Both empty: it cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MfaRuleGuard {
    /// Active IdPs whose claims are trusted, and shared by the organisation's features.
    pub trusted: Vec<IdpId>,
    /// Local authenticators other than the password.
    pub authenticators: Vec<Method>,
}

impl MfaRuleGuard {
    /// Whether such a rule can be saved.
    #[must_use]
    pub const fn can_be_saved(&self) -> bool {
        !self.trusted.is_empty() || !self.authenticators.is_empty()
    }
}

/// The guard at a time. Inside an interval of a configuration change it is the later state.
#[must_use]
pub fn mfa_rule_guard(history: HistoryCut<'_>, when: Occurred) -> MfaRuleGuard {
    let org = history.settings().org(when).options.into_iter().next().flatten();
    let org = org_or_default(org);
    let idps = history.trust().idps().filter(|idp| {
        let version = history.trust().idp(idp, when).options.into_iter().next().flatten();
        version.is_some_and(|v| is_shared(IdpState::of(&v.data), org))
    });
    let local = history.settings().authenticators(when).into_iter().filter(|a| is_usable(&a.data));
    MfaRuleGuard {
        trusted: idps.cloned().collect(),
        authenticators: local
            .map(|a| a.data.method)
            .filter(|method| *method != Method::Password)
            .collect(),
    }
}

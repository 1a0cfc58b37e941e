//! What claims can satisfy where the two orgs run different engines.
//!
//! Source: Okta, Configure claims sharing, Identity Engine and Classic Engine orgs, and Okta
//! Classic Engine (third-party IdPs). Claims of a Classic org can only meet "any one factor type or
//! IdP" or "any two factor types", and of a global session policy only one that takes any factor of
//! the application's policy. A Classic service provider only looks at whether MFA was completed:
//! more than one verification at the Okta IdP; of a third-party IdP `mfa`, or `pwd` with a
//! possession value. Without `pwd` or `mfa` it prompts locally. Classic to Classic is not described
//! (`semantics.md` 15).

use super::{
    requirement::{Bar, Candidate},
    value::Value,
};
use crate::model::FactorType;
use claimledger_facts::{
    types::policy::Rule,
    vocabulary::{Engine, IdpKind, PrimaryFactor},
};

pub(crate) const ID: &str = "engine_mix";

/// The engines of the service provider and the IdP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EngineMix {
    /// An Identity Engine org, and an IdP that is no Classic org.
    #[default]
    Full,
    /// An Identity Engine org, and a Classic IdP.
    FromClassic,
    /// A Classic org, and an IdP that is no Classic org.
    ToClassic,
    /// Two Classic orgs.
    BothClassic,
}

/// The mix at a time.
pub(crate) const fn of(service_provider: Engine, idp: IdpKind) -> EngineMix {
    let from_classic = matches!(idp, IdpKind::OktaClassic);
    match (service_provider, from_classic) {
        (Engine::Classic, true) => EngineMix::BothClassic,
        (Engine::Classic, false) => EngineMix::ToClassic,
        (Engine::IdentityEngine, true) => EngineMix::FromClassic,
        (Engine::IdentityEngine, false) => EngineMix::Full,
    }
}

/// Why claims of the mix cannot meet a rule of this form.
pub(crate) fn bar(mix: EngineMix, rule: &Rule, constrained: bool) -> Option<Bar> {
    let any_factor = rule.primary_factor != Some(PrimaryFactor::PasswordIdp);
    match mix {
        EngineMix::Full | EngineMix::BothClassic => None,
        EngineMix::FromClassic => (constrained || !any_factor).then_some(Bar::FromClassic),
        EngineMix::ToClassic => constrained.then_some(Bar::ToClassic),
    }
}

/// What a Classic service provider makes of the factors of a rule without constraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassicReading {
    /// Claims show that MFA was completed at the IdP.
    pub(crate) mfa_completed: bool,
    /// The sign-in stands without a local prompt.
    pub(crate) first_factor: bool,
    /// The service provider verified more than knowledge itself.
    pub(crate) local_second: bool,
}

impl ClassicReading {
    /// Whether this many factor types are reached.
    pub(crate) const fn reaches(self, types: usize) -> bool {
        let mfa = self.mfa_completed || self.first_factor && self.local_second;
        if types > 1 { mfa } else { mfa || self.first_factor || self.local_second }
    }
}

/// Reads the candidates that count, where claims came to a Classic service provider.
pub(crate) fn classic(counting: &[&Candidate], federation: bool) -> Option<ClassicReading> {
    let claimed = |c: &&&Candidate| c.mix == EngineMix::ToClassic;
    let first = counting.iter().find(claimed)?;
    let mut reading = ClassicReading::default();
    let mut claims: Vec<Option<usize>> = counting.iter().filter(claimed).map(|c| c.claim).collect();
    claims.dedup();
    for claim in claims {
        let of_it: Vec<&Value> = counting
            .iter()
            .filter(claimed)
            .filter(|c| c.claim == claim)
            .map(|c| c.value.as_ref())
            .collect();
        let mfa = of_it.iter().any(|v| v.factor_type == FactorType::Unspecified);
        let password = of_it.iter().any(|v| v.name == "pwd");
        let possession = of_it.iter().any(|v| v.factor_type == FactorType::Possession);
        let completed =
            mfa || if first.third_party { password && possession } else { of_it.len() > 1 };
        reading.mfa_completed |= completed;
        reading.first_factor |= !first.third_party || mfa || password;
    }
    let (known, owned): (Vec<&Value>, Vec<&Value>) = counting
        .iter()
        .filter(|c| c.claim.is_none())
        .map(|c| c.value.as_ref())
        .partition(|value| value.factor_type == FactorType::Knowledge);
    reading.first_factor |= federation && !first.third_party || !known.is_empty();
    reading.local_second = !owned.is_empty();
    Some(reading)
}

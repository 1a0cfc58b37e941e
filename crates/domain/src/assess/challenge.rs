//! Whether local authenticators could fill the gap: then the rules imply a challenge, else a deny
//! (`semantics.md` 18).
//!
//! Source: Okta, Configure claims sharing: where claims do not satisfy a rule, the user is sent to
//! any locally configured authenticator; without one, or with enrolment disabled, that fails.

use super::{
    authenticators, local_factors,
    requirement::{self, Candidate, Reading, Taking},
    value::Value,
};
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::FactorType,
};
use claimledger_facts::{
    time::Occurred,
    types::{
        authenticator::{AuthenticatorConfigured, AuthenticatorListed},
        policy::Rule,
    },
    vocabulary::{Enrollment, Method, Property, Status},
};
use std::sync::Arc;

pub(crate) const ID: &str = "challenge";

/// The local authenticators at a time that could fill a gap: those that serve signing in and are
/// open to enrolment. What is not said of enrolment does not close it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Local<'a> {
    /// Whatever an interval leaves open.
    pub(crate) sure: Vec<&'a Stated<AuthenticatorConfigured>>,
    /// Where an interval leaves it open.
    pub(crate) perhaps: Vec<&'a Stated<AuthenticatorConfigured>>,
    /// Active, or perhaps so, and which methods they give is not known.
    pub(crate) unknown: Vec<&'a Stated<AuthenticatorListed>>,
    /// Active, and kept for something else than signing in.
    pub(crate) kept: Vec<&'a Stated<AuthenticatorConfigured>>,
}

impl<'a> Local<'a> {
    pub(crate) fn at(history: HistoryCut<'a>, when: Occurred) -> Self {
        let mut found = Self::default();
        for in_force in history.settings().authenticator_options(when) {
            let mut versions = in_force.options.iter().copied().flatten();
            if in_force.options.iter().all(|option| option.is_some_and(is_usable)) {
                found.sure.extend(versions.next());
            } else if let Some(usable) = versions.clone().find(|version| is_usable(version)) {
                found.perhaps.push(usable);
            } else {
                found.kept.extend(versions.find(|v| authenticators::kept_for(&v.data).is_some()));
            }
        }
        for in_force in history.settings().listed_options(when) {
            let mut versions = in_force.options.iter().copied().flatten();
            found.unknown.extend(versions.find(|version| is_open(version)));
        }
        found
    }
}

/// The local authenticators that are in use and open to enrolment, where an interval that is open
/// counts as begun.
pub(crate) fn local_authenticators<'a>(
    history: HistoryCut<'a>,
    when: Occurred,
) -> Vec<&'a Stated<AuthenticatorConfigured>> {
    history.settings().authenticators(when).into_iter().filter(|a| is_usable(a)).collect()
}

fn is_usable(authenticator: &Stated<AuthenticatorConfigured>) -> bool {
    authenticators::serves_sign_in(&authenticator.data)
        && authenticator.data.enrollment != Some(Enrollment::Disabled)
}

fn is_open(authenticator: &Stated<AuthenticatorListed>) -> bool {
    let gives_none = authenticator.data.may_give.as_ref().is_some_and(Vec::is_empty);
    authenticator.data.status == Status::Active && !gives_none
}

/// How a rule would stand with local authenticators beside what certainly counts.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    /// With those that can certainly be used.
    pub(crate) sure: Reading,
    /// With those too that perhaps can.
    pub(crate) possible: Reading,
    /// What would tell, where only the second is met: codes.
    pub(crate) missing: Vec<&'static str>,
}

impl Filled {
    pub(crate) const fn met(&self, taking: Taking) -> bool {
        match taking {
            Taking::Certain => self.sure.met,
            Taking::Possible => self.possible.met,
        }
    }
}

/// Reads a rule with local authenticators.
pub(crate) fn with_local(
    rule: &Rule,
    candidates: &[Candidate],
    federation: bool,
    local: &Local<'_>,
) -> Filled {
    let certain = candidates.iter().filter(|c| c.sure).cloned();
    let certain: Vec<Candidate> =
        certain.chain(local.sure.iter().map(|a| of_method(a.data.method))).collect();
    let by_time: Vec<Candidate> = local.perhaps.iter().map(|a| of_method(a.data.method)).collect();
    let by_methods: Vec<Candidate> =
        local.unknown.iter().flat_map(|a| of_listed(&a.data)).collect();
    let read = |more: &[&[Candidate]]| {
        let all = [certain.as_slice()].iter().chain(more).copied().collect::<Vec<_>>().concat();
        requirement::read(rule, &all, federation, Taking::Possible)
    };
    let sure = read(&[]);
    if sure.met || by_time.is_empty() && by_methods.is_empty() {
        return Filled { possible: sure.clone(), sure, missing: Vec::new() };
    }
    let possible = read(&[&by_time, &by_methods]);
    let mut missing = Vec::new();
    if possible.met {
        let (time, methods) = (read(&[&by_time]).met, read(&[&by_methods]).met);
        if time || !methods {
            missing.push(codes::MISSING_EXACT_TIME);
        }
        if methods || !time {
            missing.push(codes::MISSING_AUTHENTICATOR_METHODS);
        }
    }
    Filled { sure, possible, missing }
}

/// What an authenticator could give of which that is not stated: of an unknown kind, any factor.
fn of_listed(listed: &AuthenticatorListed) -> Vec<Candidate> {
    if let Some(methods) = &listed.may_give {
        return methods.iter().copied().map(of_method).collect();
    }
    let any = |factor_type| {
        let value = Arc::new(Value::alone("", factor_type, Property::ALL, local_factors::ID));
        Candidate { any_method: true, ..Candidate::of(value) }
    };
    [FactorType::Knowledge, FactorType::Possession].map(any).into()
}

/// A factor of a method that could be verified.
fn of_method(method: Method) -> Candidate {
    let (has, perhaps) = authenticators::characteristics(method, &[]);
    let factor_type = authenticators::factor_type(method);
    let value = Value::alone(method.as_str(), factor_type, &has, local_factors::ID);
    Candidate::of(Value { method: Some(method), perhaps, ..value }.into())
}

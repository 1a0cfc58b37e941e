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
use crate::history::{HistoryCut, Stated};
use claimledger_facts::{
    time::Occurred,
    types::{authenticator::AuthenticatorConfigured, policy::Rule},
    vocabulary::{Enrollment, Status},
};

pub(crate) const ID: &str = "challenge";

/// The local authenticators that are active and open to enrolment; what is not said of enrolment
/// does not close it.
pub(crate) fn local_authenticators<'a>(
    history: HistoryCut<'a>,
    when: Occurred,
) -> Vec<&'a Stated<AuthenticatorConfigured>> {
    history.settings().authenticators(when).into_iter().filter(|a| is_usable(a)).collect()
}

/// Those that are so whatever an interval leaves open, and those that may be.
pub(crate) fn sure_and_possible<'a>(
    history: HistoryCut<'a>,
    when: Occurred,
) -> [Vec<&'a Stated<AuthenticatorConfigured>>; 2] {
    let (mut sure, mut possible) = (Vec::new(), Vec::new());
    for in_force in history.settings().authenticator_options(when) {
        let usable = in_force.options.iter().copied().flatten().find(|a| is_usable(a));
        if in_force.options.iter().all(|option| option.is_some_and(is_usable)) {
            sure.extend(usable);
        }
        possible.extend(usable);
    }
    [sure, possible]
}

fn is_usable(authenticator: &Stated<AuthenticatorConfigured>) -> bool {
    authenticator.data.status == Status::Active
        && authenticator.data.enrollment != Some(Enrollment::Disabled)
}

/// How the rule would stand with all of them beside what certainly counts.
pub(crate) fn with_local(
    rule: &Rule,
    candidates: &[Candidate],
    federation: bool,
    local: &[&Stated<AuthenticatorConfigured>],
) -> Reading {
    let mut all: Vec<Candidate> = candidates.iter().filter(|c| c.sure).cloned().collect();
    all.extend(local.iter().map(|a| {
        let method = a.data.method;
        let (has, perhaps) = authenticators::characteristics(method, &[]);
        let value = Value {
            method: Some(method),
            perhaps,
            ..Value::alone(
                method.as_str(),
                authenticators::factor_type(method),
                &has,
                local_factors::ID,
            )
        };
        Candidate::of(value.into())
    }));
    requirement::read(rule, &all, federation, Taking::Possible)
}

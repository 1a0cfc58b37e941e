//! Whether local authenticators could fill the gap: then the rules imply a challenge, else a deny
//! (`semantics.md` 18).
//!
//! Source: Okta, Configure claims sharing: where claims do not satisfy a rule, the user is sent to
//! any locally configured authenticator; without one, or with enrolment disabled, that fails.

use super::{
    authenticators,
    claims::Tri,
    local_factors,
    requirement::{self, Candidate, Reading, Taking},
    value::Value,
};
use crate::history::{HistoryCut, Stated, mixtures::Members};
use claimledger_facts::{
    time::Occurred,
    types::{authenticator::AuthenticatorConfigured, policy::Rule},
    vocabulary::{Enrollment, Status},
};

pub(crate) const ID: &str = "challenge";

/// A local authenticator that is active and open to enrolment, or may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local<'a> {
    pub(crate) stated: &'a Stated<AuthenticatorConfigured>,
    /// Whatever an interval leaves open.
    pub(crate) sure: bool,
}

/// Whether one can be used. Both are switches of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Usable {
    active: bool,
    open: bool,
}

impl Members for Usable {
    const COUNT: usize = 2;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.active = from.active,
            _ => self.open = from.open,
        }
    }
}

impl Usable {
    /// What is not said of enrolment does not close it.
    fn of(authenticator: &AuthenticatorConfigured) -> Self {
        Self {
            active: authenticator.status == Status::Active,
            open: authenticator.enrollment != Some(Enrollment::Disabled),
        }
    }

    const fn holds(self) -> bool {
        self.active && self.open
    }
}

/// Whether an authenticator is active and open to enrolment.
pub(crate) fn is_usable(authenticator: &AuthenticatorConfigured) -> bool {
    Usable::of(authenticator).holds()
}

/// The local authenticators that are active and open to enrolment, or may be.
pub(crate) fn local_authenticators(history: HistoryCut<'_>, when: Occurred) -> Vec<Local<'_>> {
    let options = history.settings().authenticator_options(when);
    let usable = options.filter_map(|in_force| {
        let of = |stated: Option<&Stated<_>>| stated.map(|stated| Usable::of(&stated.data));
        let holds = |state: &Option<Usable>| state.is_some_and(Usable::holds);
        let usable = Tri::in_force(&in_force, of, holds);
        let stated = in_force.options.first().copied().flatten()?;
        (usable != Tri::No).then_some(Local { stated, sure: usable == Tri::Yes })
    });
    usable.collect()
}

/// How the rule would stand with all of them beside these candidates.
pub(crate) fn with_local<'a>(
    rule: &Rule,
    candidates: impl Iterator<Item = &'a Candidate>,
    federation: bool,
    local: impl Iterator<Item = &'a Local<'a>>,
) -> Reading {
    let mut all: Vec<Candidate> = candidates.cloned().collect();
    all.extend(local.map(|local| {
        let method = local.stated.data.method;
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

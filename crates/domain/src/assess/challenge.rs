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
use crate::{
    codes,
    history::{HistoryCut, InForce, Stated, mixtures::Members},
    model::{FactorType, RecordRef},
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

/// A local authenticator that could fill a gap, or perhaps could: one that serves signing in and is
/// open to enrolment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local<'a> {
    pub(crate) stated: Which<'a>,
    /// Whatever an interval leaves open, and nothing of it is unknown.
    pub(crate) sure: bool,
}

/// What is stated of a local authenticator.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// A method.
    Method(&'a Stated<AuthenticatorConfigured>),
    /// That it is active; which methods it gives is not known.
    Listed(&'a Stated<AuthenticatorListed>),
}

impl<'a> Local<'a> {
    pub(crate) fn record(&self) -> &'a RecordRef {
        match self.stated {
            Which::Method(stated) => &stated.record,
            Which::Listed(stated) => &stated.record,
        }
    }

    /// What would tell whether it can be used; none: it can.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        match self.stated {
            Which::Method(_) => (!self.sure).then_some(codes::MISSING_EXACT_TIME),
            Which::Listed(_) => Some(codes::MISSING_AUTHENTICATOR_METHODS),
        }
    }

    /// The factors that it could give.
    fn candidates(&self) -> Vec<Candidate> {
        match self.stated {
            Which::Method(stated) => vec![of_method(stated.data.method)],
            Which::Listed(stated) => of_listed(&stated.data),
        }
    }
}

/// Whether one can be used. Each is a switch of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Usable {
    active: bool,
    serves: bool,
    open: bool,
}

impl Members for Usable {
    const COUNT: usize = 3;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.active = from.active,
            1 => self.serves = from.serves,
            _ => self.open = from.open,
        }
    }

    fn unseen(&self) -> Vec<Self> {
        let both = [false, true];
        let of = |(active, serves)| both.map(|open| Self { active, serves, open });
        let pairs = both.into_iter().flat_map(|active| both.map(|serves| (active, serves)));
        pairs.flat_map(of).collect()
    }
}

impl Usable {
    /// What is not said of enrolment does not close it.
    fn of(authenticator: &AuthenticatorConfigured) -> Self {
        Self {
            active: authenticator.status == Status::Active,
            serves: authenticators::allows_sign_in(authenticator),
            open: authenticator.enrollment != Some(Enrollment::Disabled),
        }
    }

    const fn serves_sign_in(self) -> bool {
        self.active && self.serves
    }

    const fn holds(self) -> bool {
        self.serves_sign_in() && self.open
    }

    /// Whether something holds in all states that may be in force, or in some.
    fn in_force(in_force: &InForce<'_, AuthenticatorConfigured>, holds: fn(Self) -> bool) -> Tri {
        let of = |stated: Option<&Stated<_>>| stated.map(|stated| Self::of(&stated.data));
        Tri::in_force(in_force, of, |state| state.is_some_and(holds))
    }
}

/// Whether the service provider can ask for an authenticator at a sign-in.
pub(super) fn serves_sign_in(in_force: &InForce<'_, AuthenticatorConfigured>) -> Tri {
    Usable::in_force(in_force, Usable::serves_sign_in)
}

/// Whether an authenticator serves signing in and is open to enrolment.
pub(crate) fn is_usable(authenticator: &AuthenticatorConfigured) -> bool {
    Usable::of(authenticator).holds()
}

/// The local authenticators that can be used, or perhaps can.
pub(crate) fn local_authenticators(history: HistoryCut<'_>, when: Occurred) -> Vec<Local<'_>> {
    let options = history.settings().authenticator_options(when);
    let usable = options.filter_map(|in_force| {
        let usable = Usable::in_force(&in_force, Usable::holds);
        let stated = Which::Method(in_force.options.first().copied().flatten()?);
        (usable != Tri::No).then_some(Local { stated, sure: usable == Tri::Yes })
    });
    let listed = history.settings().listed_options(when).filter_map(|in_force| {
        let mut versions = in_force.options.iter().copied().flatten();
        // What was saved may have been active meanwhile, though no look saw it so.
        let unseen = || in_force.options[0].filter(|_| in_force.unseen());
        let stated = versions.find(|version| is_open(&version.data)).or_else(unseen)?;
        Some(Local { stated: Which::Listed(stated), sure: false })
    });
    usable.chain(listed).collect()
}

/// The authenticators that are active and kept for something else than signing in.
pub(crate) fn kept(
    history: HistoryCut<'_>,
    when: Occurred,
) -> Vec<&Stated<AuthenticatorConfigured>> {
    let options = history.settings().authenticator_options(when);
    let kept = options.filter_map(|in_force| {
        let mut versions = in_force.options.into_iter().flatten();
        versions.find(|version| authenticators::kept_for(&version.data).is_some())
    });
    kept.collect()
}

/// Whether one is active and may give methods that are not stated.
pub(crate) fn is_open(authenticator: &AuthenticatorListed) -> bool {
    let gives_none = authenticator.may_give.as_ref().is_some_and(Vec::is_empty);
    authenticator.status == Status::Active && !gives_none
}

/// How the rule would stand with all of them beside these candidates.
pub(crate) fn with_local<'a>(
    rule: &Rule,
    candidates: impl Iterator<Item = &'a Candidate>,
    federation: bool,
    local: impl Iterator<Item = &'a Local<'a>>,
) -> Reading {
    let mut all: Vec<Candidate> = candidates.cloned().collect();
    all.extend(local.flat_map(Local::candidates));
    requirement::read(rule, &all, federation, Taking::Possible)
}

/// What an authenticator could give of which that is not stated: of an unknown kind, any factor.
fn of_listed(listed: &AuthenticatorListed) -> Vec<Candidate> {
    if let Some(methods) = listed.may_give.as_ref().filter(|_| is_open(listed)) {
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

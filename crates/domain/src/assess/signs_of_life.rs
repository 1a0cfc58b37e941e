//! What shows that a session lives (`semantics.md` 22): any fact of the session by its subject.

use crate::order::Seen;
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::Pseudonym,
    nature::Nature,
    vocabulary::EndReason,
};

/// Any fact of the session by its subject (`semantics.md` 22).
pub(crate) fn is_sign_of_life(seen: &Seen<'_>, subject: Option<&Pseudonym>) -> bool {
    let fact = &seen.known.fact;
    is_of_subject(fact, subject) && is_act(&fact.data)
}

/// Whether a fact of a session is an act of the fact's subject. Of a person's authenticators it is
/// one where no one else made the change.
pub(crate) fn is_act(data: &FactData) -> bool {
    data.nature() == Nature::SignOfLife
        || matches!(data, FactData::AuthenticatorChanged(d) if d.actor.is_none())
}

/// Whether a fact after T proves that the session lived at T. A logout is its subject's own act.
/// Any other end may be noticed long after the session was over: an expiry is often logged when the
/// user comes back.
pub(crate) fn proves_life_before(seen: &Seen<'_>, subject: Option<&Pseudonym>) -> bool {
    let fact = &seen.known.fact;
    let logged_out = |data: &FactData| {
        matches!(data,
        FactData::SessionEnded(end) if end.reason == EndReason::Logout)
    };
    is_sign_of_life(seen, subject) || is_of_subject(fact, subject) && logged_out(&fact.data)
}

fn is_of_subject(fact: &Fact, subject: Option<&Pseudonym>) -> bool {
    fact.session.is_some() && fact.subject.is_some() && fact.subject.as_ref() == subject
}

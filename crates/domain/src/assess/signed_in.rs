//! Decisions that rest on the sign-in itself: "any one factor or IdP" is met by the federation,
//! also where none of its factors counts.
//!
//! Source: `semantics.md` 20, 38. The federation rests on the assertion; with none seen by the
//! decision, on the IdP that the session's start names.

use super::{
    Trace,
    decision::{Judged, came_before},
    requirement,
};
use crate::{
    model::{Certainty, Known, RecordRef},
    order::total_order,
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, SourceEventId},
    time::Occurred,
};

/// A sign-in of which no assertion was seen: by the IdP that the session's start names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnseenSignIn<'a> {
    pub(crate) idp: &'a IdpId,
    pub(crate) began: Occurred,
    /// The session's start.
    pub(crate) record: &'a RecordRef,
}

impl<'a> UnseenSignIn<'a> {
    /// By what starts a session; none: it names no IdP.
    pub(crate) fn by_start(start: &'a Known) -> Option<Self> {
        let FactData::SessionStarted(data) = &start.fact.data else { return None };
        Some(Self { idp: data.idp.as_ref()?, began: start.fact.occurred, record: &start.record })
    }

    /// Of the facts that count of a session: of several starts the first says it
    /// (`semantics.md` 44).
    pub(crate) fn of(facts: impl Iterator<Item = &'a Known>) -> Option<Self> {
        facts
            .filter(|known| matches!(known.fact.data, FactData::SessionStarted(_)))
            .min_by(|one, other| total_order(one, other))
            .and_then(Self::by_start)
    }

    /// Whether no assertion was seen by the start, so that the session rested on it at first; given
    /// when the session's assertions were received.
    pub(crate) fn is_before(self, mut received: impl Iterator<Item = Occurred>) -> bool {
        received.all(|received| received.from > self.began.latest())
    }
}

/// A sign-in that a decision rested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignInRef {
    /// Index into the claims of the trace; none: no assertion was seen by the decision.
    pub(crate) claim: Option<usize>,
    /// How sure it is that the decision rested on it: whether it came by the decision, and is what
    /// the decision names.
    pub(crate) certainty: Certainty,
}

/// The sign-ins that a decision rested on: those that its record names, or all before it. Empty
/// where its rule asks for more than a sign-in.
pub(crate) fn sign_ins(trace: &Trace<'_>, judged: &Judged<'_>) -> Vec<SignInRef> {
    if !judged.rule.is_some_and(requirement::by_sign_in) {
        return Vec::new();
    }
    let at = judged.seen.occurred();
    let mut came = trace
        .claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| claim.seen.occurred().from <= at.latest())
        .peekable();
    if came.peek().is_none() {
        return unseen(trace, judged).into_iter().collect();
    }
    came.filter(|(_, claim)| names(judged, claim.seen.record()))
        .map(|(index, claim)| SignInRef {
            claim: Some(index),
            certainty: came_before(claim.seen.occurred(), at),
        })
        .collect()
}

/// The IdP of the sign-in that a decision rested on, and the record of it.
pub(crate) fn through<'t>(
    trace: &'t Trace<'_>,
    judged: &Judged<'_>,
) -> Option<(&'t IdpId, &'t RecordRef)> {
    match sign_ins(trace, judged).first()?.claim {
        Some(claim) => {
            let claim = &trace.claims[claim];
            Some((&claim.data.idp, claim.seen.record()))
        }
        None => trace.life.sign_in().map(|sign_in| (sign_in.idp, sign_in.record)),
    }
}

/// The sign-in by the session's start, where it came by the decision and the decision does not name
/// other records alone. What it names and is not known may be the assertion.
fn unseen(trace: &Trace<'_>, judged: &Judged<'_>) -> Option<SignInRef> {
    let at = judged.seen.occurred();
    let sign_in = trace.life.sign_in().filter(|sign_in| sign_in.began.from <= at.latest())?;
    let is_known = |id: &SourceEventId| trace.all.iter().any(|seen| seen.record().source_id == *id);
    let may_name = || judged.data.relied_on.iter().flatten().any(|id| !is_known(id));
    let named = if names(judged, sign_in.record) {
        Certainty::Certain
    } else {
        may_name().then_some(Certainty::Possible)?
    };
    Some(SignInRef { claim: None, certainty: named.max(came_before(sign_in.began, at)) })
}

/// Whether a decision names a record, or none.
fn names(judged: &Judged<'_>, record: &RecordRef) -> bool {
    judged.data.relied_on.as_ref().is_none_or(|ids| ids.contains(&record.source_id))
}

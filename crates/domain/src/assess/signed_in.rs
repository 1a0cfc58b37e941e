//! Decisions that rest on the sign-in itself: "any one factor or IdP" is met by the federation,
//! also where none of its factors counts.
//!
//! Source: `semantics.md` 20, 38. The federation rests on the assertion; with none seen, on the IdP
//! that the session's start names.

use super::{
    Trace,
    decision::{Judged, came_before},
    requirement,
};
use crate::{model::Certainty, order::latest};

/// A sign-in that a decision rested on, by record.
pub(crate) struct SignedIn {
    /// Index into the claims of the trace; none: no assertion was seen.
    pub(crate) claim: Option<usize>,
    /// How sure it is that the sign-in came by the decision.
    pub(crate) certainty: Certainty,
}

/// The sign-ins that a decision rested on: those that its record names, or all before it. Empty
/// where its rule asks for more than a sign-in.
pub(crate) fn sign_ins(trace: &Trace<'_>, judged: &Judged<'_>) -> Vec<SignedIn> {
    if !judged.rule.is_some_and(requirement::by_sign_in) {
        return Vec::new();
    }
    let at = judged.seen.occurred();
    if trace.claims.is_empty() {
        let is_named = trace.life.started.is_some_and(|started| started.idp.is_some());
        let certainty = came_before(trace.life.start, at);
        return is_named.then_some(SignedIn { claim: None, certainty }).into_iter().collect();
    }
    let relied_on = judged.data.relied_on.as_ref();
    let came = trace.claims.iter().enumerate().filter(|(_, claim)| {
        claim.seen.occurred().from <= latest(at)
            && relied_on.is_none_or(|ids| ids.contains(&claim.seen.record().source_id))
    });
    came.map(|(index, claim)| SignedIn {
        claim: Some(index),
        certainty: came_before(claim.seen.occurred(), at),
    })
    .collect()
}

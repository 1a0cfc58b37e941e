//! Whether a session outlived the IdP session behind it (`semantics.md` 24).

use crate::model::{Bounds, Certainty, RecordRef, SessionState};
use claimledger_facts::time::Occurred;

/// A session that went on after its IdP session had ended, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlived {
    /// Certain where a sign of life or a stated end follows; possible while no end is stated and
    /// its bounds reach past it. An end of all sessions of its subject does not say that this one
    /// still lived.
    pub certainty: Certainty,
    /// The end of the IdP session.
    pub idp_session_end: RecordRef,
    /// The last sign of life, where that came later; of one after T the first, which shows that the
    /// session lived at T.
    pub sign_of_life: Option<RecordRef>,
    /// The session's stated end, where that came later.
    pub stated_end: Option<RecordRef>,
    /// Where no exact end is stated: between which instants it lies.
    pub end_bounds: Option<Bounds>,
}

/// Whether it did, at the cut of its assessment. None: no end of an IdP session is known, or
/// nothing of the session follows it.
#[must_use]
pub fn outlived(state: &SessionState) -> Option<Outlived> {
    let ended = state.origin.idp_session_interval.as_ref()?.ended.as_ref()?;
    // At the instant of the end is not after it.
    let follows =
        |record: &&RecordRef| after(record.occurred, ended.occurred) == Some(Certainty::Certain);
    let may_follow = |record: &&RecordRef| after(record.occurred, ended.occurred).is_some();
    // A sign of life after T tells only that the session lived at T.
    let proof = state
        .life
        .proven_alive
        .as_ref()
        .filter(|proven| proven.at > ended.occurred.latest())
        .map(|proven| &proven.by);
    let last_seen = state.life.last_seen_record.as_ref();
    let sign_of_life = last_seen.filter(follows).or(proof).or_else(|| last_seen.filter(may_follow));
    let stated_end = state.life.end.record.as_ref().filter(may_follow);
    let certain = proof.is_some()
        || sign_of_life.is_some_and(|r| follows(&r))
        || stated_end.is_some_and(|r| follows(&r) && !state.life.end.of_all);
    let reaches_past = state.life.end.record.is_none()
        && state.life.end.bounds.is_some_and(|b| b.to.is_none_or(|to| to > ended.occurred.from));
    let certainty = if certain {
        Certainty::Certain
    } else if reaches_past || sign_of_life.is_some() || stated_end.is_some() {
        Certainty::Possible
    } else {
        return None;
    };
    Some(Outlived {
        certainty,
        idp_session_end: ended.clone(),
        sign_of_life: sign_of_life.cloned(),
        stated_end: stated_end.cloned(),
        end_bounds: state.life.end.bounds,
    })
}

/// Whether one thing came after another, and how surely where an interval leaves it open.
fn after(one: Occurred, other: Occurred) -> Option<Certainty> {
    if one.from > other.latest() {
        Some(Certainty::Certain)
    } else if one.latest() > other.from {
        Some(Certainty::Possible)
    } else {
        None
    }
}

//! Whether a session belongs to a list: certainly, possibly, or not.

use crate::model::{Certainty, Phase, SessionState};

/// Active at the T of its assessment (`semantics.md` 22). None: not active.
#[must_use]
pub fn active_at(state: &SessionState) -> Option<Certainty> {
    match state.phase {
        Phase::Active => Some(state.certainty),
        Phase::NotStarted | Phase::Ended => None,
    }
}

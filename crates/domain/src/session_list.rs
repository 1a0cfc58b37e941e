//! Whether a session belongs to a list: certainly, possibly, or not.

use crate::{
    model::{Certainty, Phase, SessionState},
    words,
};

/// Active at the T of its assessment (`semantics.md` 22). None: not active.
#[must_use]
pub fn active_at(state: &SessionState) -> Option<Certainty> {
    match state.life.phase {
        Phase::Active => Some(state.life.certainty),
        Phase::NotStarted | Phase::Ended => None,
    }
}

/// What leaves open how a session stands, as it follows the phrase that says how it may stand:
/// `, possibly: its lifetime limit is not known`. Empty where it is certain.
#[must_use]
pub fn open_words(state: &SessionState) -> String {
    match (state.life.certainty, state.life.missing.as_slice()) {
        (Certainty::Certain, _) => String::new(),
        (Certainty::Possible, []) => {
            ", possibly: it was silent for longer than it may be idle".to_owned()
        }
        (Certainty::Possible, missing) => {
            format!(", possibly: missing {}", words::missing(missing))
        }
    }
}

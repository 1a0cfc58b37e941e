//! Windows of time: half-open, and inclusive at T (`semantics.md` 1).

use crate::model::Certainty;
use claimledger_facts::time::{Occurred, Time};

/// How surely something occurred by T and in `[from, to)`, without a bound where there is none.
/// What occurred at an unknown instant of an interval is possible where the interval reaches
/// outside (`semantics.md` 6); none: it did not.
#[must_use]
pub fn within(
    occurred: Occurred,
    from: Option<Time>,
    to: Option<Time>,
    at: Time,
) -> Option<Certainty> {
    let (first, last) = (occurred.from, occurred.latest());
    if first > at || from.is_some_and(|from| last < from) || to.is_some_and(|to| first >= to) {
        return None;
    }
    let is_certain =
        last <= at && from.is_none_or(|from| first >= from) && to.is_none_or(|to| last < to);
    Some(if is_certain { Certainty::Certain } else { Certainty::Possible })
}

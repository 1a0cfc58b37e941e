//! What a source did not send of a session while it was silent.
//!
//! Source: `semantics.md` 48. A factor that was verified in a gap of the source, or a claim that
//! came in it, is not there: what the rules imply without it is not known where it could fill the
//! gap. Gaps are those of [`crate::completeness`], and count once known; a back-fill closes the
//! part that it covers. What no gap names, because a source is only not heard of so far, stands
//! beside the answer.

use super::{accepted_content::CLOCK_DIFFERENCE_SECS, unread::Unread, until_session_end::Life};
use crate::{
    codes,
    history::{HistoryCut, silences},
    order::Seen,
};
use claimledger_facts::{
    fact::FactData,
    ids::SourceId,
    time::{Occurred, Time},
};
use std::collections::BTreeSet;

pub(crate) const ID: &str = "silence";

/// The gaps, known at K, in which something could be missing that a decision turns on. `facts` are
/// those of the session at K, whatever T, in the total order.
pub(crate) fn unheard<'a>(
    facts: &[Seen<'a>],
    life: &Life<'a>,
    history: HistoryCut<'a>,
) -> Vec<Unread<'a>> {
    if !facts.iter().any(|seen| matches!(seen.known.fact.data, FactData::PolicyDecided(_))) {
        return Vec::new();
    }
    let began = earliest_sign_in(facts, life);
    let telling = facts.iter().filter(|seen| tells_of_sign_in(&seen.known.fact.data));
    let sources: BTreeSet<&SourceId> = telling.map(|seen| &seen.record().source).collect();
    let gaps = sources.into_iter().flat_map(|source| silences::open(history, source));
    gaps.filter(|silence| silence.gap.touches(began, Time::MAX))
        .map(|silences::Silence { record, gap }| Unread {
            record,
            occurred: Occurred {
                from: gap.from.max(began),
                to: Some(gap.until.unwrap_or(Time::MAX)),
            },
            missing: codes::MISSING_SOURCE_SILENT,
            gap: Some(gap),
        })
        .collect()
}

/// Whether what a source says of a session shows that it would tell of its factors too: it decides,
/// or says how the user signed in.
fn tells_of_sign_in(data: &FactData) -> bool {
    matches!(
        data,
        FactData::PolicyDecided(_)
            | FactData::SessionStarted(_)
            | FactData::ClaimsReceived(_)
            | FactData::ClaimAccepted(_)
            | FactData::FactorVerified(_)
            | FactData::AuthenticationUnread(_)
    )
}

/// The earliest time at which a factor of the session can have been verified: a little before its
/// first fact, where its start is stated. Where none is, it began before anything that was heard of
/// it, by as much as its lifetime limit allows.
fn earliest_sign_in(facts: &[Seen<'_>], life: &Life<'_>) -> Time {
    let first = facts.iter().map(|seen| seen.occurred().from).min().unwrap_or(Time::MIN);
    let is_start = |seen: &Seen<'_>| matches!(seen.known.fact.data, FactData::SessionStarted(_));
    let micros = if facts.iter().any(is_start) {
        i64::try_from(CLOCK_DIFFERENCE_SECS * 1_000_000).unwrap_or(i64::MAX)
    } else {
        let Some(ends) = life.limits.lifetime_ends_at else { return Time::MIN };
        ends.micros().saturating_sub(life.start.from.micros())
    };
    Time::from_micros(first.micros().saturating_sub(micros))
}

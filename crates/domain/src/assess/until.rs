//! Until when a factor counts: until its session ends (`until_session_end`), or what gave it is
//! lost (`authenticator_lost`).

use super::{claims::Tri, factors::AssessedFactor, until_session_end::Life};
use crate::{
    codes,
    model::{Bounds, RecordRef},
};
use claimledger_facts::time::Time;

/// The end of a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until<'a> {
    pub(crate) until: Option<Time>,
    /// Where no exact end is known.
    pub(crate) bounds: Option<Bounds>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) record: Option<&'a RecordRef>,
    /// A loss may have ended it, where that is open: then the bounds are not the session's.
    pub(crate) may_be_lost: bool,
}

/// How a factor ends.
pub(crate) fn of<'a>(life: &Life<'a>, factor: &AssessedFactor<'a>) -> Until<'a> {
    let began = factor.occurred().from;
    // A factor cannot end before it began.
    let not_before = |b: Bounds| Bounds { from: b.from.max(began), ..b };
    let of_session = Until {
        until: life.ended_at,
        bounds: if life.ended_at.is_some() { None } else { life.bounds.map(not_before) },
        reason: life.reason,
        record: life.end.map(|e| e.record),
        may_be_lost: false,
    };
    let (first_close, _) = life.closes();
    let Some(end) = factor
        .losses
        .ends
        .iter()
        .find(|end| end.running == Tri::Yes)
        .or(factor.losses.ends.first())
    else {
        return of_session;
    };
    let lost = Until {
        until: None,
        bounds: None,
        reason: Some(codes::AUTHENTICATOR_LOST),
        record: Some(&end.loss.record),
        may_be_lost: false,
    };
    let before_the_end = first_close.is_none_or(|close| end.when.latest() < close);
    match (end.running, before_the_end, end.when.to) {
        (Tri::Yes, true, None) => Until { until: Some(end.when.from), ..lost },
        (Tri::Yes, true, Some(_)) => Until {
            bounds: Some(Bounds { from: end.when.from, to: Some(end.when.latest()) }),
            ..lost
        },
        // What comes first is open: the session's end, or the loss.
        (Tri::Yes, false, _) => {
            let from = first_close.map_or(end.when.from, |close| close.min(end.when.from));
            let to = of_session
                .until
                .or(of_session.bounds.and_then(|b| b.to))
                .map_or(end.when.latest(), |to| to.min(end.when.latest()));
            Until {
                until: None,
                bounds: Some(not_before(Bounds { from, to: Some(to) })),
                may_be_lost: true,
                ..of_session
            }
        }
        // Whether it was running yet when the loss came is open.
        (Tri::Maybe | Tri::No, ..) => {
            let to = of_session.until.or(of_session.bounds.and_then(|b| b.to));
            Until {
                until: None,
                bounds: Some(not_before(Bounds { from: end.when.from, to })),
                may_be_lost: true,
                ..of_session
            }
        }
    }
}

//! How long a session may last and be idle (`semantics.md` 22, 44).
//!
//! What the session does not state comes from the global session policy in force at its start.
//! Where no start was seen, or its source's log carries no limits, and no such policy was known,
//! the limits are unknown; what a native `session.started` does not state is none.

use crate::{codes, history::HistoryCut, model::RecordRef, order::Seen};
use claimledger_facts::{
    time::{Occurred, Time},
    types::session::SessionStarted,
    vocabulary::{Note, PolicyKind, Status},
};

/// The limits of a session, as true at T.
#[derive(Clone, Debug)]
pub(crate) struct Limits<'a> {
    pub(crate) lifetime_ends_at: Option<Time>,
    pub(crate) idle_secs: Option<u64>,
    /// The policy record that gives them, where the session does not.
    pub(crate) policy: Option<&'a RecordRef>,
    /// Those that are unknown: codes.
    pub(crate) missing: Vec<&'static str>,
    /// Whether a start is stated, by a log that does not carry limits.
    pub(crate) not_logged: bool,
}

impl<'a> Limits<'a> {
    /// Of a session that begins then; `started` is its first `session.started` by T.
    pub(crate) fn of(
        started: Option<(Seen<'a>, &'a SessionStarted)>,
        start: Occurred,
        history: HistoryCut<'a>,
    ) -> Self {
        let (policy_lifetime, policy_idle, policy) = policy_limits(history, start);
        let stated_end = started.and_then(|(_, data)| data.lifetime_ends_at);
        let stated_idle = started.and_then(|(_, data)| data.idle_secs);
        let lifetime_ends_at =
            stated_end.or_else(|| policy_lifetime.map(|secs| start.from.plus_secs(secs)));
        let idle_secs = stated_idle.map_or(policy_idle, |secs| (secs > 0).then_some(secs));

        let not_logged =
            started.is_some_and(|(seen, _)| seen.known.notes.contains(&Note::LimitsNotLogged));
        let known = policy.is_some() || started.is_some() && !not_logged;
        let mut missing = Vec::new();
        if !known && stated_end.is_none() {
            missing.push(codes::MISSING_LIFETIME_LIMIT);
        }
        if !known && stated_idle.is_none() {
            missing.push(codes::MISSING_IDLE_LIMIT);
        }
        let from_policy = stated_end.is_none() && lifetime_ends_at.is_some()
            || stated_idle.is_none() && idle_secs.is_some();
        Self {
            lifetime_ends_at,
            idle_secs,
            policy: policy.filter(|_| from_policy),
            missing,
            not_logged,
        }
    }
}

/// The limits of the global session policy at a time, where exactly one is active. With several,
/// which one held is not stated, and no limit is guessed.
fn policy_limits<'a>(
    history: HistoryCut<'a>,
    start: Occurred,
) -> (Option<u64>, Option<u64>, Option<&'a RecordRef>) {
    let in_force = history
        .policies()
        .ids()
        .filter_map(|id| history.policies().at(id, start).certain().flatten());
    let mut global = in_force.filter(|p| {
        p.data.kind == PolicyKind::GlobalSession
            && matches!(p.data.status, None | Some(Status::Active))
    });
    match (global.next(), global.next()) {
        (Some(policy), None) => (
            policy.data.max_lifetime_secs.filter(|s| *s > 0),
            policy.data.max_idle_secs.filter(|s| *s > 0),
            Some(&policy.record),
        ),
        _ => (None, None, None),
    }
}

//! When a session begins and ends, and with it every factor that counted in it.
//!
//! Source: Okta, Configure claims sharing: the factors from the IdP are valid until the end of the session. `semantics.md` 22, 23, 44: the
//! earliest stated end; else the lifetime limit; else only bounds. Limits missing on the session come from the global session policy in
//! force at its start.

use crate::{
    codes,
    history::HistoryCut,
    model::{Bounds, Certainty, Phase},
    order::{Seen, latest},
};
use claimledger_facts::{
    fact::FactData,
    ids::Pseudonym,
    time::{Occurred, Time},
    types::session::SessionStarted,
    vocabulary::{PolicyKind, Status},
};

pub(crate) const ID: &str = "until_session_end";

/// A session's life, as true at T.
#[derive(Clone, Debug)]
pub(crate) struct Life<'a> {
    pub(crate) start: Occurred,
    /// The record that starts it: `session.started`, or else its first fact.
    pub(crate) start_record: Seen<'a>,
    /// The first `session.started`.
    pub(crate) started: Option<&'a SessionStarted>,
    pub(crate) phase: Phase,
    pub(crate) certainty: Certainty,
    /// The earliest stated end.
    pub(crate) end: Option<End<'a>>,
    pub(crate) lifetime_ends_at: Option<Time>,
    /// The policy record that gives the limits, where the session does not.
    pub(crate) limit_record: Option<&'a crate::model::RecordRef>,
    pub(crate) idle_secs: Option<u64>,
    pub(crate) last_seen: Option<Time>,
    pub(crate) last_seen_record: Option<Seen<'a>>,
    pub(crate) ended_at: Option<Time>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) bounds: Option<Bounds>,
}

/// A stated end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) seen: Seen<'a>,
    pub(crate) reason: &'static str,
}

/// Reads a session's life. `all` is what is known at K, `upto` what of it counts at T; both in the total order, `all` not empty.
pub(crate) fn life<'a>(all: &[Seen<'a>], upto: &[Seen<'a>], subject: Option<&Pseudonym>, history: HistoryCut<'a>, at: Time) -> Option<Life<'a>> {
    let started = all.iter().find_map(|s| if let FactData::SessionStarted(data) = &s.known.fact.data { Some((*s, data)) } else { None });
    let start_record = started.map_or_else(|| all.iter().find(|s| s.known.fact.session.is_some()).copied(), |(s, _)| Some(s))?;
    let start = start_record.occurred();
    let started = started.map(|(_, data)| data);

    let (policy_lifetime, policy_idle, limit_record) = policy_limits(history, start);
    let stated_limit = started.and_then(|s| s.lifetime_ends_at);
    let lifetime_ends_at = stated_limit.or_else(|| policy_lifetime.map(|secs| start.from.plus_secs(secs)));
    let idle_secs = started.and_then(|s| s.idle_secs).map_or(policy_idle, |secs| (secs > 0).then_some(secs));
    let limit_record = limit_record
        .filter(|_| stated_limit.is_none() && lifetime_ends_at.is_some() || started.and_then(|s| s.idle_secs).is_none() && idle_secs.is_some());

    let last_seen_record = upto.iter().filter(|s| is_sign_of_life(s, subject)).max_by_key(|s| s.occurred().from).copied();
    let last_seen = last_seen_record.map(|s| s.occurred().from);
    let end = upto.iter().find_map(|s| {
        if let FactData::SessionEnded(data) = &s.known.fact.data { Some(End { seen: *s, reason: data.reason.as_str() }) } else { None }
    });

    let mut life = Life {
        start,
        start_record,
        started,
        phase: Phase::Active,
        certainty: Certainty::Certain,
        end,
        lifetime_ends_at,
        limit_record,
        idle_secs,
        last_seen,
        last_seen_record,
        ended_at: None,
        reason: None,
        bounds: None,
    };
    life.settle(at);
    Some(life)
}

impl Life<'_> {
    fn settle(&mut self, at: Time) {
        let last_seen = self.last_seen.unwrap_or(self.start.from);
        // A sign of life past the limit says that the limit was another; the bounds do not turn round for it.
        let silent = Bounds { from: self.lifetime_ends_at.map_or(last_seen, |limit| last_seen.min(limit)), to: self.lifetime_ends_at };
        if self.start.from > at {
            self.phase = Phase::NotStarted;
        } else if let Some(end) = self.end {
            let occurred = end.seen.occurred();
            self.reason = Some(end.reason);
            if occurred.to.is_none() {
                self.phase = Phase::Ended;
                self.ended_at = Some(occurred.from);
            } else {
                // Inside the interval it has ended possibly, after it certainly (`semantics.md` 6).
                self.bounds = Some(Bounds { from: occurred.from, to: Some(latest(occurred)) });
                (self.phase, self.certainty) =
                    if at < latest(occurred) { (Phase::Active, Certainty::Possible) } else { (Phase::Ended, Certainty::Certain) };
            }
        } else if self.lifetime_ends_at.is_some_and(|limit| at >= limit) {
            self.phase = Phase::Ended;
            self.reason = Some(codes::EXPIRED_BY_LIMIT);
            self.bounds = Some(silent);
        } else {
            self.bounds = Some(silent);
            let idle_end = self.idle_secs.map(|secs| silent.from.plus_secs(secs));
            if idle_end.is_some_and(|end| at >= end) || latest(self.start) > at {
                self.certainty = Certainty::Possible;
            }
        }
    }

    /// From when on nothing of the session counts any more: certainly until the first, certainly not from the second on.
    pub(crate) fn closes(&self) -> (Option<Time>, Option<Time>) {
        match self.end {
            Some(end) => (Some(end.seen.occurred().from), Some(latest(end.seen.occurred()))),
            None => (self.lifetime_ends_at, self.lifetime_ends_at),
        }
    }
}

/// Any fact of the session by its subject (`semantics.md` 22).
fn is_sign_of_life(seen: &Seen<'_>, subject: Option<&Pseudonym>) -> bool {
    let fact = &seen.known.fact;
    let of_subject = fact.session.is_some() && fact.subject.is_some() && fact.subject.as_ref() == subject;
    of_subject
        && match &fact.data {
            FactData::SessionStarted(_)
            | FactData::ClaimsReceived(_)
            | FactData::ClaimAccepted(_)
            | FactData::ClaimIgnored(_)
            | FactData::FactorVerified(_)
            | FactData::PolicyDecided(_)
            | FactData::AppAccessed(_) => true,
            FactData::SessionEnded(_)
            | FactData::SessionLinked(_)
            | FactData::OrgConfigured(_)
            | FactData::IdpConfigured(_)
            | FactData::IdpKeyAdded(_)
            | FactData::IdpKeyRetired(_)
            | FactData::TrustRetracted(_)
            | FactData::PolicyConfigured(_)
            | FactData::ClaimSourcingConfigured(_)
            | FactData::RoutingRuleConfigured(_)
            | FactData::AuthenticatorConfigured(_)
            | FactData::AuthenticatorLost(_)
            | FactData::SubjectLinked(_)
            | FactData::IdpSessionStarted(_)
            | FactData::IdpSessionEnded(_)
            | FactData::SourceHeard(_)
            | FactData::SourceSilent(_)
            | FactData::SourceBackfilled(_)
            | FactData::HoldPlaced(_)
            | FactData::HoldReleased(_)
            | FactData::ErasureRequested(_)
            | FactData::LedgerOpened(_)
            | FactData::FactConflicted(_)
            | FactData::RoleGranted(_)
            | FactData::RoleRevoked(_)
            | FactData::RulesActivated(_) => false,
        }
}

/// The limits of the global session policy at a time, where exactly one is active. With several, which one held is not stated, and no limit
/// is guessed.
fn policy_limits<'a>(history: HistoryCut<'a>, start: Occurred) -> (Option<u64>, Option<u64>, Option<&'a crate::model::RecordRef>) {
    let in_force = history.policies().filter_map(|id| history.policy(id, start).certain().flatten());
    let mut global = in_force.filter(|p| p.data.kind == PolicyKind::GlobalSession && matches!(p.data.status, None | Some(Status::Active)));
    match (global.next(), global.next()) {
        (Some(policy), None) => {
            (policy.data.max_lifetime_secs.filter(|s| *s > 0), policy.data.max_idle_secs.filter(|s| *s > 0), Some(&policy.record))
        }
        _ => (None, None, None),
    }
}

//! When a session begins and ends, and with it every factor that counted in it.
//!
//! Source: Okta, Configure claims sharing: the factors from the IdP are valid until the end of the
//! session. `semantics.md` 22, 23, 44: the earliest stated end; else the lifetime limit; else only
//! bounds. Which limits a session has: [`super::limits`].

use super::{
    limits::Limits,
    signed_in::UnseenSignIn,
    signs_of_life::{is_act, is_sign_of_life, proves_life_before},
};
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::{Bounds, Certainty, Phase, RecordRef},
    order::Seen,
};
use claimledger_facts::{
    fact::FactData,
    ids::Pseudonym,
    nature::Nature,
    time::{Occurred, Time},
    types::{session::SessionStarted, subject::SubjectSessionsEnded},
};

pub(crate) const ID: &str = "until_session_end";

/// A session's life, as true at T.
#[derive(Clone, Debug)]
pub(crate) struct Life<'a> {
    pub(crate) start: Occurred,
    /// The record that starts it: `session.started` by T, or else its first fact.
    pub(crate) start_record: Seen<'a>,
    /// The first `session.started` by T.
    pub(crate) started: Option<&'a SessionStarted>,
    pub(crate) phase: Phase,
    pub(crate) certainty: Certainty,
    /// Its start is stated, and comes after T.
    pub(crate) starts_later: bool,
    /// What would settle it, where it is only possible: codes.
    pub(crate) missing: Vec<&'static str>,
    /// The earliest stated end.
    pub(crate) end: Option<End<'a>>,
    /// All sessions of its subject were ended, perhaps after this one had begun.
    pub(crate) perhaps_ended: Option<&'a Stated<SubjectSessionsEnded>>,
    /// A logout by T that may have ended it, and after which nothing shows that it lived.
    pub(crate) logout: Option<Seen<'a>>,
    pub(crate) limits: Limits<'a>,
    pub(crate) last_seen: Option<Time>,
    pub(crate) last_seen_record: Option<Seen<'a>>,
    /// The first fact after T that proves that it lived at T.
    pub(crate) later_sign: Option<Seen<'a>>,
    pub(crate) ended_at: Option<Time>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) bounds: Option<Bounds>,
    /// Whether nothing but refused sign-ins is known of it: then it never began.
    pub(crate) is_attempt: bool,
}

/// A stated end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) record: &'a RecordRef,
    pub(crate) occurred: Occurred,
    pub(crate) reason: &'static str,
    /// It was stated of all sessions of the subject, and not of this one.
    pub(crate) of_all: Option<&'a Stated<SubjectSessionsEnded>>,
}

/// Reads a session's life. `all` is what is known at K, `upto` what of it counts at T; both in the
/// total order, `all` not empty.
pub(crate) fn life<'a>(
    all: &[Seen<'a>],
    upto: &[Seen<'a>],
    subject: Option<&Pseudonym>,
    history: HistoryCut<'a>,
    at: Time,
) -> Option<Life<'a>> {
    let started = first_start(upto);
    let first = |facts: &[Seen<'a>], is: fn(&FactData) -> bool| {
        facts.iter().find(|s| is(&s.known.fact.data)).copied()
    };
    // Refused sign-ins alone begin no session: a user tried (`docs/decisions/0028`). Nor do links
    // alone: what is known then is that ids are one.
    let is_attempt = first(all, begins).is_none();
    // Before its first fact it begins there.
    let begun = started
        .map(|(seen, _)| seen)
        .or_else(|| first(upto, begins))
        .or_else(|| first(all, begins));
    let start_record = begun.or_else(|| first(all, is_refusal))?;
    let start = start_record.occurred();
    let last_seen_record = upto
        .iter()
        .filter(|s| is_sign_of_life(s, subject))
        .max_by_key(|s| s.occurred().from)
        .copied();
    let later = |s: &&Seen<'_>| s.occurred().from > at && proves_life_before(s, subject);
    // Whether an end of all its subject's sessions came after it had begun does not turn on T.
    let began = first_start(all)
        .map_or_else(|| all.first().map(|s| s.occurred()), |(seen, _)| Some(seen.occurred()))?;
    let (of_all, perhaps_ended) = ends_of_all(subject, history, began, at);
    let own = upto.iter().find_map(|s| match &s.known.fact.data {
        FactData::SessionEnded(data) => Some(End {
            record: s.record(),
            occurred: s.occurred(),
            reason: data.reason.as_str(),
            of_all: None,
        }),
        _ => None,
    });

    let lived_after = |logout: &Seen<'a>| {
        all.iter()
            .any(|s| s.occurred().from > logout.occurred().from && proves_life_before(s, subject))
    };
    let logout = upto
        .iter()
        .find(|s| {
            matches!(s.known.fact.data, FactData::SessionLogoutReported(_)) && !lived_after(s)
        })
        .copied();

    let mut life = Life {
        start,
        start_record,
        started: started.map(|(_, data)| data),
        phase: Phase::Active,
        certainty: Certainty::Certain,
        starts_later: started.is_none() && first_start(all).is_some(),
        missing: Vec::new(),
        end: own.into_iter().chain(of_all).min_by_key(place),
        perhaps_ended,
        logout,
        limits: Limits::of(started, start, upto, history),
        last_seen: last_seen_record.map(|s| s.occurred().from),
        last_seen_record,
        later_sign: all.iter().find(later).copied(),
        ended_at: None,
        reason: None,
        bounds: None,
        is_attempt,
    };
    life.settle(at, upto.iter().any(|s| begins(&s.known.fact.data) && s.occurred().latest() <= at));
    if is_attempt {
        (life.phase, life.certainty, life.bounds, life.reason) =
            (Phase::NotStarted, Certainty::Certain, None, None);
        life.missing.clear();
        life.ended_at = None;
    }
    Some(life)
}

/// The first `session.started`.
pub(crate) fn first_start<'a>(facts: &[Seen<'a>]) -> Option<(Seen<'a>, &'a SessionStarted)> {
    facts.iter().find_map(|s| {
        if let FactData::SessionStarted(data) = &s.known.fact.data {
            Some((*s, data))
        } else {
            None
        }
    })
}

/// The first end by T of all sessions of the subject that certainly came after this one had begun,
/// and the first that perhaps did. A session that begins at that very instant came after it, as a
/// replacement does of what was lost (`semantics.md` 11).
fn ends_of_all<'a>(
    subject: Option<&Pseudonym>,
    history: HistoryCut<'a>,
    began: Occurred,
    at: Time,
) -> (Option<End<'a>>, Option<&'a Stated<SubjectSessionsEnded>>) {
    let mut perhaps = None;
    for stated in subject
        .into_iter()
        .flat_map(|subject| history.people().sessions_ended(subject))
        .filter(|s| s.occurred.from <= at)
    {
        if began.latest() < stated.occurred.from {
            let (record, occurred, reason) =
                (&stated.record, stated.occurred, stated.data.reason.as_str());
            return (Some(End { record, occurred, reason, of_all: Some(stated) }), perhaps);
        }
        if began.from < stated.occurred.latest() && perhaps.is_none() {
            perhaps = Some(stated);
        }
    }
    (None, perhaps)
}

/// Of several stated ends the earliest counts (`semantics.md` 22), by the total order.
fn place<'a>(end: &End<'a>) -> (Time, &'a str, &'a str) {
    (end.occurred.from, end.record.source.as_str(), end.record.source_id.as_str())
}

impl<'a> Life<'a> {
    /// The sign-in by the IdP that the session's start names (`semantics.md` 38).
    pub(crate) fn sign_in(&self) -> Option<UnseenSignIn<'a>> {
        UnseenSignIn::by_start(self.start_record.known).filter(|_| self.started.is_some())
    }
}

impl Life<'_> {
    /// `begun`: a fact of it certainly occurred by T.
    fn settle(&mut self, at: Time, begun: bool) {
        let last_seen = self.seen();
        let limit = self.limits.lifetime_ends_at;
        // A sign of life past the limit says that the limit was another; the bounds do not turn
        // round for it. No limit ends it before its stated start, from which the limit counts.
        let silent =
            Bounds { from: limit.map_or(last_seen, |limit| last_seen.min(limit)), to: limit };
        let lives = self.later_sign.is_some();
        let past_limit = limit.is_some_and(|limit| at >= limit) && !self.starts_later;
        // Inside the interval of an end that reaches past the limit, the limit has ended it
        // (`semantics.md` 22).
        if past_limit
            && self
                .end
                .as_ref()
                .is_some_and(|end| end.occurred.to.is_some() && at < end.occurred.latest())
        {
            self.end = None;
        }
        if self.start.from > at {
            self.phase = Phase::NotStarted;
        } else if let Some(end) = self.end {
            let occurred = end.occurred;
            self.reason = Some(end.reason);
            if occurred.to.is_none() {
                self.phase = Phase::Ended;
                self.ended_at = Some(occurred.from);
            } else {
                // Inside the interval it has ended possibly, after it certainly (`semantics.md` 6).
                self.bounds = Some(Bounds { from: occurred.from, to: Some(occurred.latest()) });
                if at >= occurred.latest() {
                    self.phase = Phase::Ended;
                } else if !lives {
                    self.doubt(&[codes::MISSING_EXACT_TIME]);
                }
            }
        } else if past_limit {
            self.phase = Phase::Ended;
            self.reason = Some(codes::EXPIRED_BY_LIMIT);
            self.bounds = Some(silent);
        } else {
            self.bounds = Some(silent);
            if !begun || self.perhaps_ended.is_some() && !lives {
                self.doubt(&[codes::MISSING_EXACT_TIME]);
            }
            if self.logout.is_some() {
                self.doubt(&[codes::MISSING_END]);
            }
            if self.limits_passed(at) {
                self.doubt(&[]);
            }
            if self.limits_open(at) {
                let missing = self.limits.missing.clone();
                self.doubt(&missing);
            }
        }
    }

    fn doubt(&mut self, missing: &[&'static str]) {
        self.certainty = Certainty::Possible;
        self.missing.extend(missing);
    }

    /// The last sign of life, or else its beginning.
    fn seen(&self) -> Time {
        self.last_seen.unwrap_or(self.start.from)
    }

    /// Whether it was silent for as long as it may be idle, and nothing later shows that it lived.
    fn limits_passed(&self, at: Time) -> bool {
        let from = self.limits.lifetime_ends_at.map_or(self.seen(), |limit| self.seen().min(limit));
        self.later_sign.is_none()
            && self.limits.idle_secs.is_some_and(|secs| at >= from.plus_secs(secs))
    }

    /// Whether a limit is unknown, and nothing shows that it lived at a time (`semantics.md` 22).
    fn limits_open(&self, at: Time) -> bool {
        let idle_at_least = || {
            let is_only_idle = self.limits.missing == [codes::MISSING_IDLE_LIMIT];
            self.limits.idle_at_least_secs.filter(|_| is_only_idle)
        };
        // Whichever limit it is, it was not idle for longer.
        let is_within = || idle_at_least().is_some_and(|secs| at < self.seen().plus_secs(secs));
        self.later_sign.is_none()
            && !self.limits.missing.is_empty()
            && at > self.seen()
            && !is_within()
    }

    /// Whether its limits leave open that it still lived at a time up to T, whatever is stated of
    /// its end.
    pub(crate) fn may_have_lapsed(&self, at: Time) -> bool {
        self.limits_passed(at) || self.limits_open(at)
    }

    /// From when on nothing of the session counts any more: certainly until the first, certainly
    /// not from the second on.
    pub(crate) fn closes(&self) -> (Option<Time>, Option<Time>) {
        let (first, last) = match self.end {
            Some(end) => (Some(end.occurred.from), Some(end.occurred.latest())),
            None => (self.limits.lifetime_ends_at, self.limits.lifetime_ends_at),
        };
        let perhaps = self.perhaps_ended.map(|stated| stated.occurred.from.max(self.start.from));
        (first.into_iter().chain(perhaps).min(), last)
    }
}

/// Whether a session that states no start can begin with the fact. A link says nothing of when, and
/// an attempt that failed began nothing; nor does what a source says about an account.
fn begins(data: &FactData) -> bool {
    !matches!(data, FactData::SessionLinked(_))
        && !is_refusal(data)
        && (data.nature() != Nature::Account || is_act(data))
}

fn is_refusal(data: &FactData) -> bool {
    matches!(data, FactData::SignInRefused(_))
}

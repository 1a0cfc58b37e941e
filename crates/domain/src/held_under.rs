//! Who kept access under a version of a policy that had been replaced, until when, and whether they
//! would have passed the next.
//!
//! A session keeps what it was allowed until it ends or is decided again: a new version of a policy
//! asks nothing of sessions that have access already. A session held access where an allow fell
//! under the version, and neither its end nor the next decision of that policy for that application
//! came by the moment at which the next version came in force (`semantics.md` 1, 22). Whether it
//! would have
//! passed is what the next version's rule implies for what counted at that allow (`semantics.md` 4,
//! 18): the rule of the same name, else the only one.

use crate::{
    assess::{self, Trace, decision::Judged},
    history::{History, HistoryCut, Stated},
    model::{Bounds, Certainty, Cut, Implied, Known, Phase, RecordRef},
};
use claimledger_facts::{
    ids::{AppId, PolicyId, Pseudonym, SessionId, VersionLabel},
    time::{Occurred, Time},
    types::policy::PolicyConfigured,
    vocabulary::Outcome,
};

/// A version of a policy that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The record of the version.
    pub record: RecordRef,
    /// Its label.
    pub label: VersionLabel,
    /// The record of the version that came next.
    pub next: RecordRef,
    /// Its label.
    pub next_label: VersionLabel,
    /// When that came in force.
    pub at: Occurred,
}

/// Access that was kept under a replaced version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The session, by the name it has at K.
    pub session: SessionId,
    /// Whose it is.
    pub subject: Option<Pseudonym>,
    /// The application.
    pub app: AppId,
    /// The allow.
    pub allow: RecordRef,
    /// The version that it fell under, and the one that replaced it.
    pub replaced: Replaced,
    /// Until when, exclusive, where that is exact.
    pub until: Option<Time>,
    /// Else between which instants it ended or will end.
    pub until_bounds: Option<Bounds>,
    /// What ended it.
    pub ended_by: HeldEnd,
    /// What the next version's rule implies for what counted at the allow.
    pub implied: Implied,
    /// The first unmet requirement: a code of `semantics.md` 45.
    pub first_unmet: Option<&'static str>,
    /// What is missing where that is undetermined: codes.
    pub missing: Vec<&'static str>,
    /// How sure it is that access was kept.
    pub certainty: Certainty,
}

/// What ended kept access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldEnd {
    /// The next decision of the policy for the application.
    Decided {
        /// The decision.
        record: RecordRef,
        /// What was recorded.
        outcome: Outcome,
        /// The label of the version that was then in force.
        version: Option<VersionLabel>,
    },
    /// The session ended, for this reason: a code of `semantics.md` 45.
    SessionEnded(Option<&'static str>),
    /// Nothing by T.
    Open,
}

/// The versions with a label that were replaced by T, in the total order. Labels are labels
/// (`semantics.md` 17): several versions may have the same.
#[must_use]
pub fn replaced(
    history: HistoryCut<'_>,
    policy: &PolicyId,
    label: &VersionLabel,
    at: Time,
) -> Vec<Replaced> {
    pairs(history, policy, label, at)
        .into_iter()
        .map(|(version, next)| replaced_by(version, next))
        .collect()
}

/// What one session kept under the replaced versions with a label, in the order of the allows.
#[must_use]
pub fn held_under(
    facts: &[Known],
    history: &History,
    cut: Cut,
    policy: &PolicyId,
    label: &VersionLabel,
) -> Vec<Held> {
    let Some(trace) = assess::trace(facts, history, cut) else { return Vec::new() };
    let mut held = Vec::new();
    for (version, next) in pairs(trace.history, policy, label, cut.at) {
        let of_policy = trace
            .decisions
            .iter()
            .enumerate()
            .filter(|(_, decided)| decided.then.policy_id(trace.history) == policy);
        held.extend(of_policy.filter_map(|(index, _)| kept(&trace, index, version, next)));
    }
    held.sort_by_key(|held| held.allow.occurred.from);
    held
}

type Version<'a> = &'a Stated<PolicyConfigured>;

fn pairs<'a>(
    history: HistoryCut<'a>,
    policy: &PolicyId,
    label: &VersionLabel,
    at: Time,
) -> Vec<(Version<'a>, Version<'a>)> {
    let versions: Vec<_> = history.policies().versions(policy).collect();
    let by_t = versions
        .windows(2)
        .filter(|pair| pair[0].data.version == *label && pair[1].occurred.from <= at);
    by_t.map(|pair| (pair[0], pair[1])).collect()
}

fn replaced_by(version: Version<'_>, next: Version<'_>) -> Replaced {
    Replaced {
        record: version.record.clone(),
        label: version.data.version.clone(),
        next: next.record.clone(),
        next_label: next.data.version.clone(),
        at: next.occurred,
    }
}

fn kept(trace: &Trace<'_>, index: usize, version: Version<'_>, next: Version<'_>) -> Option<Held> {
    let allow = &trace.decisions[index].then;
    if allow.data.outcome != Outcome::Allow {
        return None;
    }
    let options = trace.history.policies().at(&allow.data.policy, allow.seen.occurred()).options;
    options.iter().flatten().find(|option| option.record.position == version.record.position)?;
    let mut certainty = if options.len() == 1 { Certainty::Certain } else { Certainty::Possible };
    let (first, last) = (next.occurred.from, next.occurred.latest());

    // The next decision ends it, at its own instant; so does the end of the session.
    let same = |judged: &&Judged<'_>| {
        judged.policy_id(trace.history) == allow.policy_id(trace.history)
            && judged.data.app == allow.data.app
    };
    let decided = trace.decisions[index + 1..].iter().map(|decided| &decided.then).find(same);
    if let Some(decided) = decided {
        certainty = certainty.max(past(decided.seen.occurred(), first, last)?);
    }
    certainty = certainty.max(running(trace, first, last)?);

    let life = &trace.life;
    let ended = life.closes().0;
    let decided =
        decided.filter(|decided| ended.is_none_or(|ended| decided.seen.occurred().from < ended));
    let not_before = |bounds: Bounds| Bounds { from: bounds.from.max(first), ..bounds };
    let (until, until_bounds, ended_by) = match (decided, life.phase) {
        (Some(decided), _) => {
            let at = decided.seen.occurred();
            let bounds = at.to.map(|_| not_before(Bounds { from: at.from, to: Some(at.latest()) }));
            let (record, outcome) = (decided.seen.record().clone(), decided.data.outcome);
            let version = decided.policy.map(|policy| policy.data.version.clone());
            (
                at.to.is_none().then_some(at.from),
                bounds,
                HeldEnd::Decided { record, outcome, version },
            )
        }
        (None, Phase::Ended) => (
            life.ended_at,
            life.bounds.filter(|_| life.ended_at.is_none()).map(not_before),
            HeldEnd::SessionEnded(life.reason),
        ),
        (None, Phase::Active | Phase::NotStarted) => {
            (None, life.bounds.map(not_before), HeldEnd::Open)
        }
    };
    let would = trace.under(index, next);
    Some(Held {
        session: trace.id.clone(),
        subject: trace.subject.clone(),
        app: allow.data.app.clone(),
        allow: allow.seen.record().clone(),
        replaced: replaced_by(version, next),
        until,
        until_bounds,
        ended_by,
        implied: would.implied,
        first_unmet: would.first_unmet,
        missing: would.missing,
        certainty,
    })
}

/// Whether something came after the next version was in force, in which case access was kept until
/// then. `None`: it came by then.
fn past(when: Occurred, first: Time, last: Time) -> Option<Certainty> {
    if when.from > last {
        Some(Certainty::Certain)
    } else if when.latest() > first {
        Some(Certainty::Possible)
    } else {
        None
    }
}

/// Whether the session was active when the next version came in force (`semantics.md` 22), by all
/// that is known at T.
fn running(trace: &Trace<'_>, first: Time, last: Time) -> Option<Certainty> {
    let life = &trace.life;
    let (may_close, closes) = life.closes();
    if closes.is_some_and(|closes| closes <= first) {
        return None;
    }
    // Its own stated end says that it lasted until then; an end of all sessions says nothing of
    // this one.
    let ended = life.end.is_some_and(|end| end.of_all.is_none());
    let sure = may_close.is_none_or(|close| close > last) && (ended || !life.may_have_lapsed(last));
    Some(if sure { Certainty::Certain } else { Certainty::Possible })
}

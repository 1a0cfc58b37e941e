//! How long a session may last and be idle (`semantics.md` 22, 44).
//!
//! Source: Okta, Policies, global session policy: its rules limit lifetime and idle time. What the
//! session does not state comes from the rule that held, in the version in force at its start;
//! where no rule is stated to have held, from the one active policy, if whatever rule of it held
//! gives the same. Where no start was seen, or its source's log carries no limits, and no such rule
//! was known, the limits are unknown; what a native `session.started` does not state is none.

use super::decision::is_active;
use crate::{
    codes,
    history::{HistoryCut, Stated},
    model::RecordRef,
    order::Seen,
};
use claimledger_facts::{
    fact::FactData,
    ids::RuleId,
    time::{Occurred, Time},
    types::{
        policy::{PolicyConfigured, Rule},
        session::{SessionGoverned, SessionStarted},
    },
    vocabulary::{Access, Note, PolicyKind, Status},
};

pub(crate) const ID: &str = "limits";

/// The limits of a session, as true at T.
#[derive(Clone, Debug)]
pub(crate) struct Limits<'a> {
    pub(crate) lifetime_ends_at: Option<Time>,
    pub(crate) idle_secs: Option<u64>,
    /// The policy record that gives them, where the session does not.
    pub(crate) policy: Option<&'a RecordRef>,
    /// The rule that is stated to have held.
    pub(crate) governed: Option<Governed<'a>>,
    /// Those that are unknown: codes.
    pub(crate) missing: Vec<&'static str>,
    /// Whether a start is stated, by a log that does not carry limits.
    pub(crate) not_logged: bool,
}

/// That a rule held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Governed<'a> {
    pub(crate) record: &'a RecordRef,
    pub(crate) rule: &'a RuleId,
    /// Whether limits of it are known.
    pub(crate) known: bool,
}

/// What a policy gives, and the record that says so. Each is none where it is not known, and
/// `Some(None)` where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Given<'a> {
    lifetime: Option<Option<u64>>,
    idle: Option<Option<u64>>,
    record: &'a RecordRef,
}

impl<'a> Limits<'a> {
    /// Of a session that begins then; `started` is its first `session.started` by T, `facts` are
    /// its facts by T, in the total order.
    pub(crate) fn of(
        started: Option<(Seen<'a>, &'a SessionStarted)>,
        start: Occurred,
        facts: &[Seen<'a>],
        history: HistoryCut<'a>,
    ) -> Self {
        // Of several the first, as of several starts (`semantics.md` 44).
        let held = facts.iter().find_map(|seen| match &seen.known.fact.data {
            FactData::SessionGoverned(held) => Some((*seen, held)),
            _ => None,
        });
        let given = match held {
            Some((_, held)) => of_rule(history, held, start),
            None => of_only_policy(history, start),
        };
        let governed = held.map(|(seen, held)| Governed {
            record: seen.record(),
            rule: &held.rule,
            known: given.is_some(),
        });
        let stated_end = started.and_then(|(_, data)| data.lifetime_ends_at);
        let stated_idle = started.and_then(|(_, data)| data.idle_secs);
        let lifetime = given.and_then(|given| given.lifetime).flatten();
        let lifetime_ends_at =
            stated_end.or_else(|| lifetime.map(|secs| start.from.plus_secs(secs)));
        let idle = given.and_then(|given| given.idle).flatten();
        let idle_secs = stated_idle.map_or(idle, |secs| (secs > 0).then_some(secs));

        let not_logged =
            started.is_some_and(|(seen, _)| seen.known.notes.contains(&Note::LimitsNotLogged));
        let logged = started.is_some() && !not_logged;
        let known = |limit: fn(Given<'_>) -> bool| logged || given.is_some_and(limit);
        let mut missing = Vec::new();
        if stated_end.is_none() && !known(|given| given.lifetime.is_some()) {
            missing.push(codes::MISSING_LIFETIME_LIMIT);
        }
        if stated_idle.is_none() && !known(|given| given.idle.is_some()) {
            missing.push(codes::MISSING_IDLE_LIMIT);
        }
        let from_policy = stated_end.is_none() && lifetime_ends_at.is_some()
            || stated_idle.is_none() && idle_secs.is_some();
        Self {
            lifetime_ends_at,
            idle_secs,
            policy: given.map(|given| given.record).filter(|_| from_policy),
            governed,
            missing,
            not_logged,
        }
    }
}

/// The limits of a rule, and what it does not state of its policy. 0 is no limit (`semantics.md`
/// 44).
fn given<'a>(policy: &'a Stated<PolicyConfigured>, rule: Option<&Rule>) -> Given<'a> {
    let lifetime = rule.and_then(|r| r.max_lifetime_secs).or(policy.data.max_lifetime_secs);
    let idle = rule.and_then(|r| r.max_idle_secs).or(policy.data.max_idle_secs);
    Given {
        lifetime: Some(lifetime.filter(|secs| *secs > 0)),
        idle: Some(idle.filter(|secs| *secs > 0)),
        record: &policy.record,
    }
}

/// The limits of a rule; none: a part of it is not read, so they are not known.
fn known<'a>(policy: &'a Stated<PolicyConfigured>, rule: &Rule) -> Option<Given<'a>> {
    rule.other_verification.is_none().then(|| given(policy, Some(rule)))
}

/// The limits of the rule that held, in the version in force at the start. Where an interval leaves
/// the version open, that limit only which all give alike.
fn of_rule<'a>(
    history: HistoryCut<'a>,
    held: &SessionGoverned,
    start: Occurred,
) -> Option<Given<'a>> {
    let policies = history.policies();
    let policy = match &held.policy {
        Some(policy) => policies.meant(policy),
        None => policies.of_rule(&held.rule)?,
    };
    let of_version = |version: Option<&'a Stated<PolicyConfigured>>| {
        let version = version.filter(|v| v.data.kind == PolicyKind::GlobalSession)?;
        let rule = version.data.rules.iter().find(|r| r.rule == held.rule)?;
        known(version, rule)
    };
    same(policies.at(policy, start).options.into_iter().map(of_version))
}

/// The limits of the global session policy at a time, where exactly one is active, and whatever
/// active rule of it held, in whatever version an interval leaves open, gives the same. With
/// several, which one held is not stated, and no limit is guessed.
fn of_only_policy<'a>(history: HistoryCut<'a>, start: Occurred) -> Option<Given<'a>> {
    let is_active_global = |version: &Stated<PolicyConfigured>| {
        version.data.kind == PolicyKind::GlobalSession
            && matches!(version.data.status, None | Some(Status::Active))
    };
    let in_force = history.policies().ids().map(|id| history.policies().at(id, start).options);
    let mut global =
        in_force.filter(|options| options.iter().flatten().any(|v| is_active_global(v)));
    let versions = global.next().filter(|_| global.next().is_none())?;
    let of_version = |version: Option<&'a Stated<PolicyConfigured>>| {
        let version = version.filter(|version| is_active_global(version))?;
        let mut rules = version
            .data
            .rules
            .iter()
            .filter(|rule| is_active(rule) && rule.access == Access::Allow)
            .map(|rule| known(version, rule))
            .peekable();
        if rules.peek().is_none() { Some(given(version, None)) } else { same(rules) }
    };
    same(versions.into_iter().map(of_version))
}

/// Of each limit, what all of them give, where they give the same.
fn same<'a>(mut all: impl Iterator<Item = Option<Given<'a>>>) -> Option<Given<'a>> {
    let first = all.next()??;
    let agreed = all.try_fold(first, |agreed, other| {
        let other = other?;
        Some(Given {
            lifetime: agreed.lifetime.filter(|_| agreed.lifetime == other.lifetime),
            idle: agreed.idle.filter(|_| agreed.idle == other.idle),
            ..agreed
        })
    })?;
    (agreed.lifetime.is_some() || agreed.idle.is_some()).then_some(agreed)
}

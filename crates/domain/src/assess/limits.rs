//! How long a session may last and be idle (`semantics.md` 22, 44).
//!
//! Source: Okta, Policies, global session policy: its rules limit lifetime and idle time. What the
//! session does not state comes from the rule that held, in the version in force at its start;
//! where no rule is stated to have held, from the one active policy, if whatever rule of it held
//! gives the same. Where no start was seen, or its source's log carries no limits, and no such rule
//! was known, the limits are unknown; what a native `session.started` does not state is none. So
//! they are where the rule was saved between two looks, perhaps more than once.

use super::{claims::Tri, decision::is_active};
use crate::{
    codes,
    history::{HistoryCut, InForce, Stated, mixtures::Members},
    model::RecordRef,
    order::Seen,
};
use claimledger_facts::{
    fact::FactData,
    ids::RuleId,
    time::{Occurred, Time},
    types::{
        policy::PolicyConfigured,
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
    /// How long it may be idle at least, where the limit is unknown and an interval leaves open
    /// which of several it is.
    pub(crate) idle_at_least_secs: Option<u64>,
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
    /// The shortest of those that may have held; none: none of them limits.
    shortest_idle: Option<u64>,
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
        let is_idle_missing = missing.contains(&codes::MISSING_IDLE_LIMIT);
        Self {
            lifetime_ends_at,
            idle_secs,
            idle_at_least_secs: given
                .and_then(|given| given.shortest_idle)
                .filter(|_| is_idle_missing),
            policy: given.map(|given| given.record).filter(|_| from_policy),
            governed,
            missing,
            not_logged,
        }
    }
}

/// How a policy limits sessions, by one of its rules.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Limiting {
    is_global: bool,
    is_active: bool,
    lifetime: Option<u64>,
    idle: Option<u64>,
    rule: Option<LimitingRule>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct LimitingRule {
    /// It is active and lets in.
    can_hold: bool,
    /// Every part of it is read.
    is_read: bool,
    lifetime: Option<u64>,
    idle: Option<u64>,
}

impl Limiting {
    fn of(policy: &PolicyConfigured, rule: Option<&RuleId>) -> Self {
        let rule = rule.and_then(|id| policy.rules.iter().find(|rule| rule.rule == *id));
        Self {
            is_global: policy.kind == PolicyKind::GlobalSession,
            is_active: matches!(policy.status, None | Some(Status::Active)),
            lifetime: policy.max_lifetime_secs,
            idle: policy.max_idle_secs,
            rule: rule.map(|rule| LimitingRule {
                can_hold: is_active(rule) && rule.access == Access::Allow,
                is_read: rule.other_verification.is_none(),
                lifetime: rule.max_lifetime_secs,
                idle: rule.max_idle_secs,
            }),
        }
    }

    /// What it gives, and where its rule does not say, its policy, if what that gives is known. 0
    /// is no limit (`semantics.md` 44). None: a part of the rule is not read, so the limits are not
    /// known.
    fn given(self, record: &RecordRef, of_policy_known: bool) -> Option<Given<'_>> {
        let limit = |of_rule: Option<u64>, of_policy: Option<u64>| {
            let known = of_rule.is_some() || of_policy_known;
            known.then(|| of_rule.or(of_policy).filter(|secs| *secs > 0))
        };
        self.rule.is_none_or(|rule| rule.is_read).then(|| {
            let idle = limit(self.rule.and_then(|rule| rule.idle), self.idle);
            Given {
                lifetime: limit(self.rule.and_then(|rule| rule.lifetime), self.lifetime),
                idle,
                // One that is not known may be as short as can be.
                shortest_idle: idle.unwrap_or(Some(0)),
                record,
            }
        })
    }
}

impl Members for Limiting {
    const COUNT: usize = 8;

    fn take(&mut self, member: usize, from: &Self) {
        match member {
            0 => self.is_global = from.is_global,
            1 => self.is_active = from.is_active,
            2 => self.lifetime = from.lifetime,
            3 => self.idle = from.idle,
            _ => {
                let (Some(rule), Some(from)) = (&mut self.rule, from.rule) else {
                    // Added or deleted as a whole.
                    self.rule = from.rule;
                    return;
                };
                match member {
                    4 => rule.can_hold = from.can_hold,
                    5 => rule.is_read = from.is_read,
                    6 => rule.lifetime = from.lifetime,
                    _ => rule.idle = from.idle,
                }
            }
        }
    }
}

/// The limits of the rule that held, in the version in force at the start. Where an interval leaves
/// the version open, that limit only which all that may have held gives alike.
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
    let in_force = policies.at(policy, start);
    let record = &in_force.options.first().copied().flatten()?.record;
    let of = |policy: Option<&Stated<PolicyConfigured>>| {
        policy.map(|policy| Limiting::of(&policy.data, Some(&held.rule)))
    };
    if in_force.is_rule_unseen(&held.rule) {
        return None;
    }
    let of_policy = !in_force.is_policy_unseen();
    let mixed = in_force.mixtures(of).ok()?;
    let states = in_force.options.iter().map(|option| of(*option)).chain(mixed);
    same(states.map(|state| {
        state.filter(|state| state.is_global && state.rule.is_some())?.given(record, of_policy)
    }))
}

/// The limits of the global session policy at a time, where exactly one is active, and whatever
/// active rule of it held gives the same. With several, which one held is not stated, and no limit
/// is guessed; nor where an interval leaves open whether one was active.
fn of_only_policy<'a>(history: HistoryCut<'a>, start: Occurred) -> Option<Given<'a>> {
    let mut only = None;
    for id in history.policies().ids() {
        let in_force = history.policies().at(id, start);
        let of = |policy: Option<&Stated<PolicyConfigured>>| {
            policy.map(|policy| Limiting::of(&policy.data, None))
        };
        let limits = |state: &Option<Limiting>| {
            state.is_some_and(|state| state.is_global && state.is_active)
        };
        let is_global =
            |policy: &&Stated<PolicyConfigured>| policy.data.kind == PolicyKind::GlobalSession;
        if in_force.is_policy_unseen() && in_force.options.iter().flatten().any(is_global) {
            return None;
        }
        match Tri::in_force(&in_force, of, limits) {
            Tri::No => {}
            Tri::Yes if only.is_none() => only = Some(in_force),
            Tri::Yes | Tri::Maybe => return None,
        }
    }
    of_any_rule(&only?)
}

/// What the active rules of a policy give, in all states that may have held; where none is active,
/// what the policy gives by itself.
fn of_any_rule<'a>(in_force: &InForce<'a, PolicyConfigured>) -> Option<Given<'a>> {
    let record = &in_force.options.first().copied().flatten()?.record;
    if in_force.saved_rules().next().is_some() {
        return None;
    }
    let mut given = None;
    let mut one_holds = false;
    for rule in in_force.options.iter().flatten().flat_map(|policy| &policy.data.rules) {
        let can_hold = |state: &Limiting| state.rule.is_some_and(|rule| rule.can_hold);
        let states = states(in_force, Some(&rule.rule))?;
        one_holds |= states.clone().all(|state| can_hold(&state));
        states
            .filter(can_hold)
            .try_for_each(|state| agree(&mut given, state.given(record, true)))?;
    }
    if !one_holds {
        states(in_force, None)?
            .try_for_each(|state| agree(&mut given, state.given(record, true)))?;
    }
    given
}

/// The states of a policy that may have held. None: more than are looked at.
fn states<'b>(
    in_force: &'b InForce<'_, PolicyConfigured>,
    rule: Option<&'b RuleId>,
) -> Option<impl Iterator<Item = Limiting> + Clone + 'b> {
    let of = move |policy: Option<&Stated<PolicyConfigured>>| {
        policy.map(|policy| Limiting::of(&policy.data, rule))
    };
    let mixed = in_force.mixtures(of).ok()?;
    Some(in_force.options.iter().map(move |option| of(*option)).chain(mixed).flatten())
}

/// Of each limit, what all of them give, where they give the same.
fn same<'a>(mut all: impl Iterator<Item = Option<Given<'a>>>) -> Option<Given<'a>> {
    let mut given = None;
    all.try_for_each(|one| agree(&mut given, one))?;
    given
}

/// Keeps the limits that one more gives as those before do. None: it gives none of them alike.
fn agree<'a>(given: &mut Option<Given<'a>>, one: Option<Given<'a>>) -> Option<()> {
    let one = one?;
    let agreed = given.get_or_insert(one);
    agreed.lifetime = agreed.lifetime.filter(|_| agreed.lifetime == one.lifetime);
    agreed.idle = agreed.idle.filter(|_| agreed.idle == one.idle);
    agreed.shortest_idle = agreed.shortest_idle.into_iter().chain(one.shortest_idle).min();
    (agreed.lifetime.is_some() || agreed.idle.is_some()).then_some(())
}

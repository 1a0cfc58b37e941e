//! What a record changes in the answers about a session.
//!
//! Two readings are compared: at the end of time, where nothing that is known is left out; and at
//! the moment the record became known, which alone can say that a session stands otherwise now.
//! Values are compared, never words; and a new field of the model does not compile until it is said
//! here what it is about.

use crate::model::{
    Activity, AppAccess, Certainty, Decision, DecisionRule, HonoredFactor, IgnoredClaim, Phase,
    RecordedDecision, SessionEnd, SessionLife, SessionOrigin, SessionState,
};
use claimledger_facts::ids::LogPosition;
use std::collections::BTreeSet;

/// What a record changed about a session. Codes are returned in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// The session was unknown before.
    Started,
    /// The state at the time of the record.
    State,
    /// The end: time or reason.
    End,
    /// The limits, or the bounds of an end that no record states.
    Bounds,
    /// The name or the aliases; two sessions may have been joined into one.
    Ids,
    /// The person, or the IdP session.
    Origin,
    /// The IdP session that it came from.
    IdpSession,
    /// The factors: which, their validity, or whether they count.
    Factors,
    /// Ignored claims.
    Ignored,
    /// The decisions: recorded or implied outcome, or a later falsification.
    Decisions,
    /// The accesses to applications.
    Accesses,
    /// The refused sign-ins.
    Refused,
    /// Only the list of records.
    Records,
}

impl Changed {
    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::State => "state",
            Self::End => "end",
            Self::Bounds => "bounds",
            Self::Ids => "ids",
            Self::Origin => "origin",
            Self::IdpSession => "idp_session",
            Self::Factors => "factors",
            Self::Ignored => "ignored",
            Self::Decisions => "decisions",
            Self::Accesses => "accesses",
            Self::Refused => "refused",
            Self::Records => "records",
        }
    }
}

/// What is said of one session; or of several that turn out to be one.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'s> {
    /// At the end of time.
    pub whole: &'s [&'s SessionState],
    /// At the moment the record became known.
    pub then: &'s [&'s SessionState],
}

/// What is other than it was.
#[must_use]
pub fn changed<'s>(was: Reading<'s>, is: Reading<'s>) -> Vec<Changed> {
    let mut found = Comparison { was, is, changed: BTreeSet::new() };
    let standing = |states: &[&SessionState]| -> Vec<(Phase, Certainty)> {
        states.iter().map(|state| (state.life.phase, state.life.certainty)).collect()
    };
    // Several that turn out to be one have not started again; and whatever starts has a name, a
    // state and bounds, which is not said beside it.
    let started = was.whole.is_empty();
    if started && !is.whole.is_empty() {
        found.changed.insert(Changed::Started);
    }
    if !same(&standing(was.then), &standing(is.then)) {
        found.changed.insert(Changed::State);
    }
    found.compare(Changed::End, |state| ended(&state.life.end));
    found.compare(Changed::Bounds, |state| [limits(&state.life)]);
    found.compare(Changed::Bounds, |state| {
        state.factors.iter().map(|factor| (&factor.name, factor.accepted_at, factor.until_bounds))
    });
    found.compare(Changed::Ids, |state| [(&state.id, &state.aliases)]);
    found.compare(Changed::Origin, |state| [origin(&state.origin, &state.life)]);
    found.compare(Changed::IdpSession, |state| {
        let of = state.origin.idp_session_interval.iter();
        of.map(|of| (&of.idp, &of.idp_session, of.from, of.until))
    });
    found.compare(Changed::Factors, |state| state.factors.iter().map(factor));
    found.compare(Changed::Ignored, |state| state.ignored.iter().map(ignored));
    found.compare(Changed::Decisions, |state| state.decisions.iter().map(decision));
    found.compare(Changed::Accesses, |state| activity(&state.activity).accesses.iter().map(access));
    found.compare(Changed::Refused, |state| &state.activity.refused);
    found.compare(Changed::Records, rests_on);
    found.compare(Changed::Records, |state| state.factors.iter().flat_map(shown_by));
    if started {
        use Changed::{Bounds, Ids, Origin, State};
        found.changed.retain(|about| ![State, Bounds, Ids, Origin].contains(about));
    }
    found.changed.into_iter().collect()
}

struct Comparison<'s> {
    was: Reading<'s>,
    is: Reading<'s>,
    changed: BTreeSet<Changed>,
}

impl<'s> Comparison<'s> {
    fn compare<V: IntoIterator<Item: PartialEq>>(
        &mut self,
        about: Changed,
        of: impl Fn(&'s SessionState) -> V,
    ) {
        let all = |reading: Reading<'s>| -> Vec<V::Item> {
            reading.whole.iter().flat_map(|state| of(state)).collect()
        };
        if !same(&all(self.was), &all(self.is)) {
            self.changed.insert(about);
        }
    }
}

/// Whether two lists hold the same values. Several sessions may stand in any order.
fn same<T: PartialEq>(was: &[T], is: &[T]) -> bool {
    if was.len() != is.len() {
        return false;
    }
    let mut rest: Vec<&T> = is.iter().collect();
    was.iter().all(|value| {
        let found = rest.iter().position(|other| *other == value);
        found.map(|at| rest.remove(at)).is_some()
    })
}

fn ended(end: &SessionEnd) -> Option<impl PartialEq> {
    // The bounds are among the limits; the record, among the records.
    let SessionEnd { at, reason, bounds: _, record: _, of_all } = end;
    (at.is_some() || reason.is_some()).then_some((at, reason, of_all))
}

fn limits(life: &SessionLife) -> impl PartialEq {
    let SessionLife {
        phase: _,
        certainty: _,
        missing,
        started_at: _,
        end,
        lifetime_ends_at,
        last_seen,
        last_seen_record: _,
        proven_alive: _,
    } = life;
    (end.bounds, lifetime_ends_at, last_seen, missing)
}

fn origin<'s>(origin: &'s SessionOrigin, life: &SessionLife) -> impl PartialEq + use<'s> {
    let SessionOrigin {
        subject,
        idp,
        idp_name: _,
        idp_session,
        idp_session_interval: _,
        root_session,
    } = origin;
    (subject, idp, idp_session, root_session, life.started_at)
}

const fn activity(activity: &Activity) -> &Activity {
    let Activity { accesses: _, refused: _ } = activity;
    activity
}

fn access(access: &AppAccess) -> impl PartialEq {
    let AppAccess { app, app_name: _, app_session, at, record } = access;
    (app, app_session, at, record)
}

/// The records that a state rests on.
fn rests_on(state: &SessionState) -> impl Iterator<Item = LogPosition> {
    let SessionState {
        id: _,
        aliases: _,
        origin: _,
        life,
        factors: _,
        ignored: _,
        decisions: _,
        activity: _,
        falsifiers,
        records,
    } = state;
    let falsifiers = falsifiers.iter().map(|falsifier| &falsifier.record);
    let all =
        records.iter().chain(falsifiers).chain(&life.last_seen_record).chain(&life.end.record);
    all.map(|record| record.position)
}

/// The records that a factor rests on.
fn shown_by(factor: &HonoredFactor) -> impl Iterator<Item: PartialEq> {
    let all = factor.evidence.iter().chain(&factor.end_record);
    all.map(|record| (&factor.name, factor.accepted_at, record.position))
}

fn factor(factor: &HonoredFactor) -> impl PartialEq {
    let HonoredFactor {
        name,
        method,
        amr,
        factor_type,
        characteristics,
        pool,
        origin,
        idp,
        idp_name: _,
        key,
        assertion,
        authenticator,
        authenticator_name: _,
        accepted_at,
        from,
        until,
        until_bounds: _,
        end_reason,
        end_record: _,
        // Follows from the end and the bounds.
        may_be_lost: _,
        lost_before,
        grade,
        certainty,
        missing,
        by_record,
        by_rules,
        void,
        came_under,
        evidence: _,
        variant,
    } = factor;
    let what = (name, method, amr, factor_type, characteristics, pool, origin);
    let whose = (idp, key, assertion, authenticator, came_under);
    let counts = (
        (accepted_at, from, until, end_reason),
        (grade, certainty, missing, by_record, by_rules, void, variant),
    );
    let lost: Vec<LogPosition> = lost_before.iter().map(|record| record.position).collect();
    (what, whose, counts, lost)
}

fn ignored(claim: &IgnoredClaim) -> impl PartialEq {
    let IgnoredClaim {
        name,
        amr,
        method,
        idp,
        assertion,
        received_at,
        reasons,
        certainty,
        // Only its position: what else a record is does not change.
        record,
    } = claim;
    ((name, amr, method, idp, assertion), (received_at, reasons, certainty, record.position))
}

fn decision(decision: &Decision) -> impl PartialEq {
    let Decision {
        recorded,
        under,
        made,
        differs,
        falsified_later,
        at_k,
        later,
        relied_on,
        signed_in,
    } = decision;
    let RecordedDecision {
        record,
        // The session's ids say it once for all its decisions.
        session: _,
        session_recorded,
        app,
        app_name: _,
        at,
        outcome,
        variant,
    } = recorded;
    let DecisionRule {
        policy,
        policy_name: _,
        version_label,
        version_in_force,
        other_versions,
        rule,
        rule_name: _,
        factor_mode,
    } = under;
    let versions = (version_label, version_in_force, other_versions);
    let under = (policy, versions, rule, factor_mode);
    let later: Vec<_> = later
        .iter()
        .map(|falsifier| (falsifier.record.position, falsifier.code, falsifier.certainty))
        .collect();
    let what = (record.position, session_recorded, app, at, outcome);
    (what, under, (made, at_k, differs, falsified_later), (relied_on, signed_in), variant, later)
}

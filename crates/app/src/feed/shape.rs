//! What an answer says of a session, apart from words: for telling what a record changed of it.
//!
//! Two readings are compared: at the end of time, where nothing that is known is left out; and at
//! the moment the record became known, which alone can say that a session stands otherwise now. A
//! new field of the model does not compile until it is said here what it is about.

use crate::model::changed::Changed;
use claimledger_domain::model::{
    Activity, Decision, HonoredFactor, IgnoredClaim, SessionEnd, SessionLife, SessionOrigin,
    SessionState,
};
use std::{collections::BTreeMap, fmt::Debug};

/// What is said of one session; or of several that turn out to be one.
#[derive(Debug, Default)]
pub(super) struct Shape(BTreeMap<Changed, Vec<String>>);

impl Shape {
    /// `whole`: at the end of time; `then`: at the moment.
    pub(super) fn of<'s>(
        whole: impl Iterator<Item = &'s SessionState>,
        then: impl Iterator<Item = &'s SessionState>,
    ) -> Self {
        let mut shape = Self::default();
        whole.for_each(|state| shape.add(state));
        then.for_each(|state| shape.say(Changed::State, &(state.life.phase, state.life.certainty)));
        // Several sessions may stand in any order.
        shape.0.values_mut().for_each(|said| said.sort_unstable());
        shape
    }

    fn say(&mut self, about: Changed, what: &dyn Debug) {
        self.0.entry(about).or_default().push(format!("{what:?}"));
    }

    fn add(&mut self, state: &SessionState) {
        let SessionState {
            id,
            aliases,
            origin,
            life,
            factors,
            ignored,
            decisions,
            activity,
            falsifiers,
            records,
        } = state;
        let SessionOrigin { subject, idp, idp_session, idp_session_interval, root_session } =
            origin;
        let SessionLife {
            phase: _,
            certainty: _,
            missing,
            started_at,
            end,
            lifetime_ends_at,
            last_seen,
            last_seen_record,
            proven_alive: _,
        } = life;
        let SessionEnd {
            at: ended_at,
            reason: end_reason,
            bounds: end_bounds,
            record: end_record,
            of_all: end_of_all,
        } = end;
        let Activity { accesses, refused } = activity;
        // There and not there differ, whatever there is to say.
        self.say(Changed::Started, &"known");
        if ended_at.is_some() || end_reason.is_some() {
            self.say(Changed::End, &(ended_at, end_reason, end_of_all));
        }
        self.say(Changed::Bounds, &(end_bounds, lifetime_ends_at, last_seen, missing));
        self.say(Changed::Ids, &(id, aliases));
        self.say(Changed::Origin, &(subject, idp, idp_session, root_session, started_at));
        factors.iter().for_each(|factor| self.factor(factor));
        ignored.iter().for_each(|claim| self.ignored(claim));
        decisions.iter().for_each(|decision| self.decision(decision));
        accesses.iter().for_each(|access| self.say(Changed::Accesses, access));
        refused.iter().for_each(|one| self.say(Changed::Refused, one));
        let falsifiers = falsifiers.iter().map(|falsifier| &falsifier.record);
        let all = records.iter().chain(falsifiers).chain(last_seen_record).chain(end_record);
        all.for_each(|record| self.say(Changed::Records, &record.position));
        if let Some(of) = idp_session_interval {
            self.say(Changed::IdpSession, &(&of.idp, &of.idp_session, of.from, of.until));
        }
    }

    fn factor(&mut self, factor: &HonoredFactor) {
        let HonoredFactor {
            name,
            method,
            amr,
            factor_type,
            characteristics,
            pool,
            origin,
            idp,
            key,
            assertion,
            authenticator,
            accepted_at,
            from,
            until,
            until_bounds,
            end_reason,
            end_record,
            lost_before,
            grade,
            certainty,
            missing,
            by_record,
            by_rules,
            void,
            trust_version,
            evidence,
            variant,
        } = factor;
        let what = (name, method, amr, factor_type, characteristics, pool, origin);
        let whose = (idp, key, assertion, authenticator, trust_version);
        let counts = (
            accepted_at,
            from,
            until,
            end_reason,
            grade,
            certainty,
            missing,
            by_record,
            by_rules,
            void,
            variant,
        );
        self.say(Changed::Factors, &(what, whose, counts));
        self.say(Changed::Bounds, &(name, accepted_at, until_bounds));
        let marks: Vec<_> = lost_before.iter().map(|record| record.position).collect();
        if !marks.is_empty() {
            self.say(Changed::Factors, &(name, accepted_at, "lost before", marks));
        }
        evidence
            .iter()
            .chain(end_record)
            .for_each(|record| self.say(Changed::Records, &(name, accepted_at, record.position)));
    }

    fn ignored(&mut self, claim: &IgnoredClaim) {
        let IgnoredClaim { name, amr, method, idp, assertion, received_at, reasons, record } =
            claim;
        self.say(
            Changed::Ignored,
            &(name, amr, method, idp, assertion, received_at, reasons, record.position),
        );
    }

    fn decision(&mut self, decision: &Decision) {
        let Decision {
            record,
            session,
            app,
            at,
            outcome,
            policy,
            version_label,
            version_in_force,
            rule,
            factor_mode,
            implied,
            first_unmet,
            missing,
            met,
            differs,
            falsified_later,
            at_k,
            later,
            relied_on,
            variant,
        } = decision;
        let later: Vec<_> = later
            .iter()
            .map(|falsifier| (falsifier.record.position, falsifier.code, falsifier.certainty))
            .collect();
        let what = (record.position, session, app, at, outcome);
        let under = (policy, version_label, version_in_force, rule, factor_mode);
        self.say(
            Changed::Decisions,
            &(
                what,
                under,
                implied,
                first_unmet,
                missing,
                met,
                differs,
                falsified_later,
                relied_on,
                variant,
            ),
        );
        self.say(Changed::Decisions, &(record.position, at_k, later));
    }
}

/// What is other than it was.
pub(super) fn changed(was: &Shape, is: &Shape) -> Vec<Changed> {
    let all: std::collections::BTreeSet<Changed> =
        was.0.keys().chain(is.0.keys()).copied().collect();
    let started = !was.0.contains_key(&Changed::Started);
    let other = |about: &Changed| match about {
        // Several that turn out to be one have not started again.
        Changed::Started => started,
        // Whatever starts has a name, a state and bounds.
        Changed::State | Changed::Bounds | Changed::Ids | Changed::Origin if started => false,
        _ => was.0.get(about) != is.0.get(about),
    };
    all.into_iter().filter(other).collect()
}

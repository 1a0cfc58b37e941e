//! What would change if trust or a policy had been otherwise. Nothing is written.

use super::{narrowed::Narrowed, session_scan::SessionScan};
use crate::{
    app::{App, ask::View},
    model::{
        answer::{
            Answer, FallenHit, LiveSession, LockedOut, RedecidedHit, Rehearsable,
            RehearsablePolicy, Rehearsed, UnchangedHit,
        },
        query::Query,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_domain::{
    completeness::Barrier,
    model::Cut,
    rehearse::{self, Rehearsal, TrustChange, UnmetPolicies},
    window::within,
};
use claimledger_facts::{
    time::{Occurred, Time},
    vocabulary::ObjectKind,
};
use std::collections::BTreeSet;

/// Maximum sessions read for one rehearsal.
const MAX_SESSIONS: u64 = 10_000;
/// Maximum decisions judged for one rehearsal.
const MAX_DECISIONS: u64 = 5_000;

impl App {
    /// The decisions between two times, judged as they are and as supposed: what flips
    /// and what does not and why, what a retraction lets fall, which sessions rest on it at T, who
    /// would be locked out, and which policies could then only be met through IdPs that gave
    /// nothing of the kind.
    ///
    /// # Errors
    /// See [`AskError`]. More sessions or decisions than one answer goes through are refused with
    /// the number.
    pub async fn rehearse(
        &self,
        caller: &Caller,
        change: TrustChange,
        from: Time,
        to: Time,
        asking: &Asking,
    ) -> Result<Answer<Rehearsed>, AskError> {
        let view = self.ask(caller, Query::Rehearse, asking).await?;
        let barrier = view.barrier_of_rehearsal(&change).await?;
        // What is not known signed no assertion, not even one that names no key.
        let rehearsed = match &barrier {
            Some(Barrier::NotKnown { .. }) if change.retracts_key() => Rehearsed::default(),
            _ => view.rehearse(change, from, to).await?,
        };
        view.answer_with(rehearsed, barrier).await
    }
}

impl App {
    /// What there is to rehearse a change of, as known at K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn rehearsable(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<Rehearsable>, AskError> {
        let view = self.ask(caller, Query::Rehearse, asking).await?;
        let history = view.history.at(view.cut.known_at);
        let name = |kind, id| history.name_of(kind, id).map(str::to_owned);
        let idps = history.trust().idps();
        let idps = idps.map(|idp| (idp.clone(), name(ObjectKind::Idp, idp.as_str())));
        let policies = history.policies().ids().map(|policy| {
            let in_force = history.policies().at(policy, Occurred::at(view.cut.at));
            let version = in_force.options.into_iter().flatten().last();
            RehearsablePolicy {
                policy: policy.clone(),
                name: name(ObjectKind::Policy, policy.as_str()),
                in_force: version.map(|version| version.data.clone()),
            }
        });
        let found = Rehearsable { idps: idps.collect(), policies: policies.collect() };
        view.answer(found).await
    }
}

impl View<'_> {
    /// What would change in a window.
    pub(super) async fn rehearse(
        &self,
        change: TrustChange,
        from: Time,
        to: Time,
    ) -> Result<Rehearsed, AskError> {
        if from >= to {
            return Err(AskError::BadInput {
                what: format!("the window is empty: {from} is not before {to}"),
            });
        }
        let view = self;
        if let Some(what) = change.misfit(view.history.at(view.cut.known_at)) {
            return Err(AskError::BadInput { what });
        }
        let rehearsal = Rehearsal::new(&view.history, change);
        let mut found = Found {
            window: (from, to),
            cut: view.cut,
            rehearsed: Rehearsed::default(),
            decisions: 0,
        };
        let mut policies = UnmetPolicies::new(&rehearsal, from, to, view.cut);

        // What has no fact since the window or the first claim that is hit has nothing to say. A
        // session that has no stated end may still live, but nothing that is hit is older.
        let earliest = from.min(rehearsal.change().from());
        let narrowed = Narrowed { last_from: Some(earliest), ..Narrowed::default() };
        let mut scan = SessionScan::new(view, vec![Vec::new()], narrowed, None, false).await?;
        let mut sessions = 0;
        while let Some((key, assessed)) = scan.next(|_, _| false).await? {
            if key.first_occurred > view.cut.at {
                break;
            }
            sessions += 1;
            if sessions > MAX_SESSIONS {
                return Err(AskError::TooMany {
                    what: "sessions or more are in reach",
                    found: sessions,
                    limit: MAX_SESSIONS,
                });
            }
            let facts = &assessed.gathered.facts;
            policies.try_session(facts);
            if let Some(session) = rehearsal.session(facts, view.cut) {
                found.add(&rehearsal, session)?;
            }
            // A long rehearsal must not keep a thread of the runtime from everybody else.
            tokio::task::yield_now().await;
        }
        let mut rehearsed = found.rehearsed;
        rehearsed.sessions = sessions;
        rehearsed.unmet = policies.unmet();
        Ok(rehearsed)
    }
}

struct Found {
    window: (Time, Time),
    cut: Cut,
    rehearsed: Rehearsed,
    decisions: u64,
}

impl Found {
    fn add(
        &mut self,
        rehearsal: &Rehearsal<'_>,
        session: rehearse::Rehearsed,
    ) -> Result<(), AskError> {
        let (from, to) = self.window;
        let state = &session.before.state;
        if let Some(certainty) = session.live {
            self.rehearsed.live.push(LiveSession {
                session: state.id.clone(),
                subject: state.origin.subject.clone(),
                certainty,
                factors: session.resting(self.cut.at),
            });
        }
        let mut fallen = BTreeSet::new();
        for fall in session.falls {
            let Some((decision, because)) = session.before.decisions().nth(fall.decision) else {
                continue;
            };
            // Possibly, where the window has a part of the interval in which it was decided.
            let Some(decided) = within(decision.recorded.at, Some(from), Some(to), self.cut.at)
            else {
                continue;
            };
            if !fallen.insert(fall.decision) {
                continue;
            }
            let words = fall.words();
            self.rehearsed.falls.push(FallenHit {
                decision: decision.clone(),
                because: because.clone(),
                subject: state.origin.subject.clone(),
                certainty: fall.certainty.max(decided),
                before: fall.before,
                after: fall.after,
                first_unmet: fall.first_unmet,
                fell: fall.fell,
                words,
            });
        }
        for redecided in session.decisions {
            let Some((decision, because)) = session.before.decisions().nth(redecided.decision)
            else {
                continue;
            };
            if within(decision.recorded.at, Some(from), Some(to), self.cut.at).is_none() {
                continue;
            }
            self.rehearsed.policies.insert(decision.under.policy.clone());
            self.decisions += 1;
            if self.decisions > MAX_DECISIONS {
                return Err(AskError::TooMany {
                    what: "decisions or more are in the window",
                    found: self.decisions,
                    limit: MAX_DECISIONS,
                });
            }
            let (subject, words) = (state.origin.subject.clone(), redecided.words());
            if let Some(why) = redecided.unchanged {
                // What falls does not stay what it was, although the rules implied the same when it
                // was made.
                if fallen.contains(&redecided.decision) {
                    continue;
                }
                self.rehearsed.unchanged.push(UnchangedHit {
                    decision: decision.clone(),
                    because: because.clone(),
                    why,
                    words: why.words(rehearsal.change(), redecided.before),
                });
                continue;
            }
            if redecided.locks_out(decision.recorded.outcome) {
                let out = LockedOut {
                    session: state.id.clone(),
                    subject: subject.clone(),
                    app: decision.recorded.app.clone(),
                    implied: redecided.after,
                };
                // The last decision of an application says how it would stand.
                self.rehearsed
                    .locked_out
                    .retain(|known| (&known.session, &known.app) != (&out.session, &out.app));
                self.rehearsed.locked_out.push(out);
            }
            self.rehearsed.flips.push(RedecidedHit {
                decision: decision.clone(),
                because: because.clone(),
                subject,
                before: redecided.before,
                after: redecided.after,
                first_unmet: redecided.first_unmet,
                words,
            });
        }
        Ok(())
    }
}

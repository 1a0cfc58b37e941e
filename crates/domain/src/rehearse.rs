//! What would change if trust or a policy had been otherwise: the same assessment over a changed
//! history (`semantics.md` 21).
//!
//! Four changes can be rehearsed. *An IdP*: its trust switch or its status had been otherwise over
//! a window, all else as it was. *A feature* of the organisation: the same. *A policy*: another
//! version had been in force over a window; each decision is judged by its rule of the same name,
//! or by the only one. *Retraction*: an IdP or one of its keys is not to be believed from a time
//! on. For flips all are as known when each decision was made; for what falls, a retraction is as
//! known at K ([`crate::falls`]). Nothing is written, and the history that was handed in stays as
//! it is.

mod change;
mod unmet;

pub use change::{Feature, IdpSetting, TrustChange};
pub use unmet::{UnmetPolicies, UnmetPolicy};

use crate::{
    assess::{assess, signed_in::UnseenSignIn, trace},
    codes,
    explain::explain,
    falls::{already, falls},
    history::{History, Stated, Supposed},
    model::{
        Certainty, Cut, Decision, Explained, HonoredFactor, Implied, Known, RecordRef, SessionState,
    },
    session_list::active_at,
};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    time::{Occurred, Time},
    types::{claims::ClaimsReceived, policy::PolicyConfigured, trust::TrustRetracted},
    vocabulary::Outcome,
};
use std::collections::BTreeSet;

/// A change, with the history it makes.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    change: TrustChange,
    history: &'a History,
    changed: History,
    /// The version of a policy that is supposed to have been in force.
    policy: Option<Stated<PolicyConfigured>>,
}

/// A session under the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// As it is.
    pub before: Explained,
    /// Claims that are hit, each with how surely.
    pub hits: Vec<(RecordRef, Certainty)>,
    /// Every decision, in the total order.
    pub decisions: Vec<Redecided>,
    /// Decisions that a retraction lets fall, in the total order.
    pub falls: Vec<Fallen>,
    /// It is active at T and rests, by record, on what is hit: how surely.
    pub live: Option<Certainty>,
}

/// A decision under the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redecided {
    /// Index into the decisions of [`Rehearsed::before`].
    pub decision: usize,
    /// What the rules implied.
    pub before: Implied,
    /// What they would.
    pub after: Implied,
    /// What would be unmet first: a code.
    pub first_unmet: Option<&'static str>,
    /// Where implied stays what it was: why.
    pub unchanged: Option<Unchanged>,
}

/// A decision that a retraction lets fall: a recorded allow that rested on what is hit, and that
/// the rules do not imply as known at K.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// Index into the decisions of [`Rehearsed::before`].
    pub decision: usize,
    /// How sure it is that it rested on what is hit.
    pub certainty: Certainty,
    /// What the rules imply as known at K without the retraction.
    pub before: Implied,
    /// What they imply with it.
    pub after: Implied,
    /// What they would imply, had the retracted key signed every claim that names none; else as
    /// [`Self::after`].
    pub worst: Implied,
    /// What is unmet first: a code.
    pub first_unmet: Option<&'static str>,
    /// How surely it fell already, by retractions that are known at K; none: it did not.
    pub fell: Option<Certainty>,
}

impl Fallen {
    /// What the rules imply without and with the retraction, in words as [`Redecided::words`];
    /// where only claims that name no key let it fall: `allow, then deny if this key signed it`;
    /// and whether it fell already.
    #[must_use]
    pub fn words(&self) -> String {
        let already = already(self.fell);
        if self.worst == self.after {
            return then(self.before, self.after, self.first_unmet) + already;
        }
        format!("{} if this key signed it{already}", then(self.before, self.worst, None))
    }
}

/// Why a decision stays what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unchanged {
    /// The session has no claim of that IdP.
    NotOfIt,
    /// It has, and none of them is hit: another time, or another key.
    NotHit,
    /// The rules already implied a refusal.
    AlreadyRefused,
    /// What is missing is missing either way.
    Undetermined,
    /// The rule is met without what is hit.
    StillMet,
    /// The claim names no key: none is checked, and what it implies stays as it is (`semantics.md`
    /// 42).
    KeyNotNamed,
}

impl<'a> Rehearsal<'a> {
    /// Of a change.
    #[must_use]
    pub fn new(history: &'a History, change: TrustChange) -> Self {
        let changed = change.applied_to(history);
        let policy = match &change {
            TrustChange::Policy { policy, from, .. } => {
                Some(Stated::supposed_policy((**policy).clone(), *from))
            }
            _ => None,
        };
        Self { change, history, changed, policy }
    }

    /// The change.
    #[must_use]
    pub const fn change(&self) -> &TrustChange {
        &self.change
    }

    /// A session under the change; none: nothing of it is known at K.
    #[must_use]
    pub fn session(&self, facts: &[Known], cut: Cut) -> Option<Rehearsed> {
        let explained = explain(facts, self.history, cut)?;
        let before = &explained.state;
        let counting: BTreeSet<RecordId> = before.records.iter().map(|record| record.id).collect();
        let counted = || {
            facts.iter().filter(|known| {
                counting.contains(&known.record.id) && known.fact.occurred.from <= cut.at
            })
        };
        let claims = counted().filter_map(|known| match &known.fact.data {
            FactData::ClaimsReceived(claim) => Some((known, claim)),
            _ => None,
        });
        let history = self.history.at(cut.known_at);
        let of_it: Vec<(&Known, &ClaimsReceived)> = claims
            .clone()
            .filter(|(known, claim)| self.change.is_of(history, &claim.idp, known.fact.occurred))
            .collect();
        let hit = |known: &Known, claim: &ClaimsReceived| {
            self.change.hits(history, claim, known.fact.occurred)
        };
        let hits: Vec<(RecordRef, Certainty)> = of_it
            .iter()
            .filter_map(|(known, claim)| Some((known.record.clone(), hit(known, claim)?)))
            .collect();
        // A sign-in of which no assertion was seen rests on the IdP as a whole (`semantics.md` 38);
        // trust off leaves it.
        let sign_in = UnseenSignIn::of(counted())
            .filter(|sign_in| self.change.is_of(history, sign_in.idp, sign_in.began));
        let by = |decision: &Decision, at: Occurred| at.from <= decision.recorded.at.latest();
        let is_unseen = |decision: &Decision| {
            sign_in.is_some_and(|sign_in| by(decision, sign_in.began))
                && !claims.clone().any(|(known, _)| by(decision, known.fact.occurred))
        };
        let after = if hits.is_empty() && !before.decisions.iter().any(is_unseen) {
            None
        } else {
            assess(facts, &self.changed, cut)
        };
        let decisions = before.decisions.iter().enumerate().map(|(index, decision)| {
            let after =
                after.as_ref().and_then(|after| after.decisions.get(index)).unwrap_or(decision);
            let came = |at: Occurred| by(decision, at);
            let unseen = is_unseen(decision);
            let named = |(known, claim): &&(&Known, &ClaimsReceived)| {
                came(known.fact.occurred)
                    && hit(known, claim).is_some()
                    && !self.change.is_of_unnamed_key(claim)
            };
            let unnamed = !unseen && !of_it.iter().any(|claim| named(&claim));
            let of_it = unseen || of_it.iter().any(|(known, _)| came(known.fact.occurred));
            let hit = unseen || hits.iter().any(|(record, _)| came(record.occurred));
            let (implied, first_unmet) = (after.made.implied, after.made.first_unmet);
            Redecided::new(index, decision, implied, first_unmet, of_it, hit, unnamed)
        });
        let decisions = match &self.policy {
            Some(policy) => self.under_policy(facts, cut, policy, before),
            None => decisions.collect(),
        };
        let received = claims.clone().map(|(known, _)| known.fact.occurred);
        let sign_in = sign_in.filter(|sign_in| sign_in.is_before(received));
        let sign_in = sign_in.and_then(|sign_in| self.change.hits_sign_in(sign_in));
        let live = live(before, &hits, sign_in, cut.at, self.change.voids());
        let falls = self.falls(facts, cut, before);
        Some(Rehearsed { before: explained, hits, decisions, falls, live })
    }

    /// The decisions, each judged by another version of its policy where it fell in the window.
    fn under_policy(
        &self,
        facts: &[Known],
        cut: Cut,
        policy: &Stated<PolicyConfigured>,
        before: &SessionState,
    ) -> Vec<Redecided> {
        let TrustChange::Policy { from, to, .. } = &self.change else { return Vec::new() };
        let Some(trace) = trace(facts, self.history, cut) else { return Vec::new() };
        let decisions = before.decisions.iter().zip(&trace.decisions).enumerate();
        let judged = decisions.map(|(index, (decision, decided))| {
            let of_it = *decided.then.policy_id(trace.history) == policy.data.policy;
            let at = decision.recorded.at;
            let hit = at.latest() >= *from && at.from < *to;
            if of_it && hit {
                let judged = trace.under(index, policy);
                let (implied, first_unmet) = (judged.implied, judged.first_unmet);
                Redecided::new(index, decision, implied, first_unmet, of_it, hit, false)
            } else {
                let (implied, first_unmet) = (decision.made.implied, decision.made.first_unmet);
                Redecided::new(index, decision, implied, first_unmet, of_it, hit, false)
            }
        });
        judged.collect()
    }

    fn falls(&self, facts: &[Known], cut: Cut, state: &SessionState) -> Vec<Fallen> {
        let TrustChange::Retraction(retraction) = &self.change else { return Vec::new() };
        let fallen =
            falls(facts, self.history, cut, &Supposed::default().retraction(retraction.clone()));
        let fallen =
            fallen.into_iter().flat_map(|fallen| fallen.decisions).filter(|fall| fall.falls);
        let of = fallen.filter_map(|fall| {
            let decision = state
                .decisions
                .iter()
                .position(|decision| decision.recorded.record.id == fall.record.id)?;
            let (before, after) = (fall.before.implied, fall.after.implied);
            Some(Fallen {
                decision,
                certainty: fall.rested,
                before,
                after,
                worst: fall.worst,
                first_unmet: fall.after.first_unmet,
                fell: fall.fell,
            })
        });
        of.collect()
    }
}

fn unchanged(decision: &Decision, of_it: bool, hit: bool, unnamed: bool) -> Unchanged {
    match (of_it, hit, decision.made.implied) {
        (false, ..) => Unchanged::NotOfIt,
        (true, false, _) => Unchanged::NotHit,
        (true, true, Implied::Challenge | Implied::Deny) => Unchanged::AlreadyRefused,
        (true, true, Implied::Undetermined) => Unchanged::Undetermined,
        (true, true, Implied::Allow) if unnamed => Unchanged::KeyNotNamed,
        (true, true, Implied::Allow) => Unchanged::StillMet,
    }
}

/// Whether a session that is active at T has a factor that runs then, counts by record, and came by
/// a claim that is hit (`semantics.md` 8). Where the change voids assertions the session rests on
/// any that is hit, whether or not its factors count, and on a hit sign-in of which none was seen
/// (`semantics.md` 29, 38).
fn live(
    state: &SessionState,
    hits: &[(RecordRef, Certainty)],
    sign_in: Option<Certainty>,
    at: Time,
    voids: bool,
) -> Option<Certainty> {
    let active = active_at(state)?;
    // At a T inside the interval of its own time the claim may not have come yet.
    let came = |record: &RecordRef| {
        if record.occurred.latest() <= at { Certainty::Certain } else { Certainty::Possible }
    };
    if voids {
        let hit = hits.iter().map(|(record, certainty)| came(record).max(*certainty));
        return hit.chain(sign_in).min().map(|certainty| certainty.max(active));
    }
    let runs = state
        .factors
        .iter()
        .filter(|factor| factor.by_record && factor.until.is_none_or(|until| until > at));
    let hit = runs.filter_map(|factor| {
        let carrier = factor.evidence.first()?;
        let (_, certainty) = hits.iter().find(|(record, _)| record.id == carrier.id)?;
        Some((*certainty).max(came(carrier)))
    });
    hit.min().map(|certainty| certainty.max(active))
}

impl Unchanged {
    /// In words: why a decision stays, of which the rules imply this.
    #[must_use]
    pub fn words(self, change: &TrustChange, implied: Implied) -> String {
        let whose = change.whose();
        match (self, change) {
            (Self::NotOfIt, TrustChange::Policy { policy, .. }) => {
                format!("not by policy {}", policy.policy)
            }
            (Self::NotHit, TrustChange::Policy { .. }) => "outside the window".to_owned(),
            (Self::StillMet, TrustChange::Policy { .. }) => {
                "the rule of that version is met too".to_owned()
            }
            (Self::NotOfIt, _) => format!("no claim of {whose}"),
            (Self::NotHit, TrustChange::Retraction(retraction)) => match &retraction.key {
                Some(key) => {
                    format!("no claim that {key} of {whose} signed at or after {}", retraction.from)
                }
                None => format!("no claim of {whose} at or after {}", retraction.from),
            },
            (Self::NotHit, _) => format!("its claims of {whose} came outside the window"),
            (Self::AlreadyRefused, _) => {
                format!("the rules already implied {}", implied.as_str())
            }
            (Self::Undetermined, _) => "undetermined either way".to_owned(),
            (Self::StillMet, change) if !change.takes() => {
                "allowed as it is: the change takes nothing away".to_owned()
            }
            (Self::StillMet, _) => "the rule is met without it".to_owned(),
            (Self::KeyNotNamed, _) => {
                "the claim names no key, so none is checked; that this one signed it is possible"
                    .to_owned()
            }
        }
    }
}

impl Rehearsed {
    /// The factors that claims which are hit gave, and that still run at a time; by name.
    #[must_use]
    pub fn resting(&self, at: Time) -> Vec<String> {
        let carried = |factor: &&HonoredFactor| {
            let carrier = factor.evidence.first();
            factor.by_record
                && factor.until.is_none_or(|until| until > at)
                && self
                    .hits
                    .iter()
                    .any(|(record, _)| carrier.is_some_and(|carrier| carrier.id == record.id))
        };
        let factors = self.before.state.factors.iter().filter(carried);
        factors.map(|factor| factor.name.clone()).collect()
    }
}

impl Redecided {
    fn new(
        index: usize,
        before: &Decision,
        after: Implied,
        first_unmet: Option<&'static str>,
        of_it: bool,
        hit: bool,
        unnamed: bool,
    ) -> Self {
        Self {
            decision: index,
            before: before.made.implied,
            after,
            first_unmet,
            unchanged: (before.made.implied == after)
                .then(|| unchanged(before, of_it, hit, unnamed)),
        }
    }

    /// Whether the person was let in by the rules, and would not be.
    #[must_use]
    pub const fn locks_out(&self, recorded: Outcome) -> bool {
        matches!(
            (recorded, self.before, self.after),
            (Outcome::Allow, Implied::Allow, Implied::Deny | Implied::Challenge)
        )
    }

    /// Whether the person would be asked for a local authenticator, where the rules asked for none.
    #[must_use]
    pub const fn prompts(&self) -> bool {
        matches!((self.before, self.after), (Implied::Allow, Implied::Challenge))
    }

    /// What would be, in words: `allow, then deny: no phishing-resistant factor`.
    #[must_use]
    pub fn words(&self) -> String {
        then(self.before, self.after, self.first_unmet)
    }
}

/// How a decision changes: `allow, then deny: no phishing-resistant factor`.
fn then(before: Implied, after: Implied, first_unmet: Option<&str>) -> String {
    let why = first_unmet.map(|code| format!(": {}", codes::difference_words(code)));
    format!("{}, then {}{}", before.as_str(), after.as_str(), why.unwrap_or_default())
}

/// A retraction that had been known all along.
fn as_if_known(retraction: TrustRetracted) -> Known {
    let (source, source_id) = (SourceId::new("rehearsed"), SourceEventId::new("retraction"));
    let occurred = Occurred::at(retraction.from);
    let record = RecordRef {
        id: RecordId::derive(&TenantId::new(""), &source, &source_id),
        source,
        source_id,
        kind: "trust.retracted".into(),
        position: LogPosition(0),
        occurred,
        recorded_at: Time::MIN,
    };
    let fact =
        Fact { session: None, subject: None, occurred, data: FactData::TrustRetracted(retraction) };
    Known { record, variant: false, notes: Vec::new(), root_session: None, fact }
}

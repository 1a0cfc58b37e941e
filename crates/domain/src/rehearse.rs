//! What would change if trust had been otherwise: the same assessment over a changed history
//! (`semantics.md` 21).
//!
//! Two changes can be rehearsed. *Trust off*: an IdP's `trust_claims` had been false over a window,
//! all else as it was. *Retraction*: an IdP or one of its keys is not to be believed from a time
//! on. For flips both are as known when each decision fell; for what falls, a retraction is as
//! known at K ([`crate::falls`]). Nothing is written, and the history that was handed in stays as
//! it is.

mod unmet;

pub use unmet::{UnmetPolicies, UnmetPolicy};

use crate::{
    assess::{assess, retraction::retraction_hits},
    codes,
    explain::explain,
    falls::falls,
    history::{History, Supposed},
    model::{
        Certainty, Cut, Decision, Explained, HonoredFactor, Implied, Known, RecordRef, SessionState,
    },
    order::latest,
    session_list::active_at,
};
use claimledger_facts::{
    fact::{Fact, FactData},
    ids::{IdpId, LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    time::{Occurred, Time},
    types::{claims::ClaimsReceived, trust::TrustRetracted},
    vocabulary::Outcome,
};
use std::collections::BTreeSet;

/// What is supposed to have been otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChange {
    /// Trust in an IdP's claims had been off.
    TrustOff {
        /// The IdP.
        idp: IdpId,
        /// From, inclusive.
        from: Time,
        /// Until, exclusive.
        to: Time,
    },
    /// Trust in an IdP or a key is retracted.
    Retraction(TrustRetracted),
}

/// A change, with the history it makes.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    change: TrustChange,
    history: &'a History,
    changed: History,
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
    /// What is unmet first: a code.
    pub first_unmet: Option<&'static str>,
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

impl TrustChange {
    /// The IdP.
    #[must_use]
    pub const fn idp(&self) -> &IdpId {
        match self {
            Self::TrustOff { idp, .. } => idp,
            Self::Retraction(retraction) => &retraction.idp,
        }
    }

    /// From when on claims are hit.
    #[must_use]
    pub const fn from(&self) -> Time {
        match self {
            Self::TrustOff { from, .. } => *from,
            Self::Retraction(retraction) => retraction.from,
        }
    }

    /// Whether it retracts a key, and the claim names none.
    fn is_of_unnamed_key(&self, claim: &ClaimsReceived) -> bool {
        matches!(self, Self::Retraction(retraction) if retraction.key.is_some())
            && claim.key.is_none()
    }

    /// Whether a claim that was received then is hit, and how surely. A claim that names no key may
    /// have been signed by any (`semantics.md` 42).
    #[must_use]
    pub fn hits(&self, claim: &ClaimsReceived, received: Occurred) -> Option<Certainty> {
        match self {
            Self::Retraction(retraction) => retraction_hits(retraction, claim, received),
            Self::TrustOff { idp, from, to } => {
                if claim.idp != *idp || latest(received) < *from || received.from >= *to {
                    return None;
                }
                let inside = received.from >= *from && latest(received) < *to;
                Some(if inside { Certainty::Certain } else { Certainty::Possible })
            }
        }
    }
}

impl<'a> Rehearsal<'a> {
    /// Of a change.
    #[must_use]
    pub fn new(history: &'a History, change: TrustChange) -> Self {
        let changed = match &change {
            TrustChange::TrustOff { idp, from, to } => history.with_trust_off(idp, *from, *to),
            // Known from the first record on: then it was known when any decision fell.
            TrustChange::Retraction(retraction) => {
                let mut changed = history.clone();
                changed.insert(as_if_known(retraction.clone()));
                changed
            }
        };
        Self { change, history, changed }
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
        let claims = facts.iter().filter(|known| {
            counting.contains(&known.record.id) && known.fact.occurred.from <= cut.at
        });
        let claims = claims.filter_map(|known| match &known.fact.data {
            FactData::ClaimsReceived(claim) => Some((known, claim)),
            _ => None,
        });
        let of_it: Vec<(&Known, &ClaimsReceived)> =
            claims.clone().filter(|(_, claim)| claim.idp == *self.change.idp()).collect();
        let hits: Vec<(RecordRef, Certainty)> = of_it
            .iter()
            .filter_map(|(known, claim)| {
                Some((known.record.clone(), self.change.hits(claim, known.fact.occurred)?))
            })
            .collect();
        // A sign-in of which no assertion was seen rests on the IdP as a whole (`semantics.md` 38);
        // trust off leaves it.
        let unseen = claims.count() == 0 && before.origin.idp.as_ref() == Some(self.change.idp());
        let after =
            if hits.is_empty() && !unseen { None } else { assess(facts, &self.changed, cut) };
        let decisions = before.decisions.iter().enumerate().map(|(index, decision)| {
            let after =
                after.as_ref().and_then(|after| after.decisions.get(index)).unwrap_or(decision);
            let came = |at: Occurred| at.from <= latest(decision.recorded.at);
            let named = |(known, claim): &&(&Known, &ClaimsReceived)| {
                came(known.fact.occurred)
                    && self.change.hits(claim, known.fact.occurred).is_some()
                    && !self.change.is_of_unnamed_key(claim)
            };
            let unnamed = !unseen && !of_it.iter().any(|claim| named(&claim));
            let of_it = unseen || of_it.iter().any(|(known, _)| came(known.fact.occurred));
            let hit = unseen || hits.iter().any(|(record, _)| came(record.occurred));
            Redecided {
                decision: index,
                before: decision.made.implied,
                after: after.made.implied,
                first_unmet: after.made.first_unmet,
                unchanged: (decision.made.implied == after.made.implied)
                    .then(|| unchanged(decision, of_it, hit, unnamed)),
            }
        });
        let decisions = decisions.collect();
        let live = live(before, &hits, cut.at);
        let falls = self.falls(facts, cut, before);
        Some(Rehearsed { before: explained, hits, decisions, falls, live })
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
                first_unmet: fall.after.first_unmet,
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
/// a claim that is hit (`semantics.md` 8).
fn live(state: &SessionState, hits: &[(RecordRef, Certainty)], at: Time) -> Option<Certainty> {
    let active = active_at(state)?;
    let runs = state
        .factors
        .iter()
        .filter(|factor| factor.by_record && factor.until.is_none_or(|until| until > at));
    let hit = runs.filter_map(|factor| {
        let carrier = factor.evidence.first()?;
        let (_, certainty) = hits.iter().find(|(record, _)| record.id == carrier.id)?;
        // At a T inside the interval of its own time the claim may not have come yet.
        let came =
            if latest(carrier.occurred) <= at { Certainty::Certain } else { Certainty::Possible };
        Some((*certainty).max(came))
    });
    hit.min().map(|certainty| certainty.max(active))
}

impl Unchanged {
    /// In words: why a decision stays, of which the rules imply this.
    #[must_use]
    pub fn words(self, change: &TrustChange, implied: Implied) -> String {
        let idp = change.idp();
        match (self, change) {
            (Self::NotOfIt, _) => format!("no claim of {idp}"),
            (Self::NotHit, TrustChange::TrustOff { .. }) => {
                format!("its claims of {idp} came outside the window")
            }
            (Self::NotHit, TrustChange::Retraction(retraction)) => match &retraction.key {
                Some(key) => {
                    format!("no claim that {key} of {idp} signed at or after {}", retraction.from)
                }
                None => format!("no claim of {idp} at or after {}", retraction.from),
            },
            (Self::AlreadyRefused, _) => {
                format!("the rules already implied {}", implied.as_str())
            }
            (Self::Undetermined, _) => "undetermined either way".to_owned(),
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
    /// Whether the person was let in by the rules, and would not be.
    #[must_use]
    pub const fn locks_out(&self, recorded: Outcome) -> bool {
        matches!(
            (recorded, self.before, self.after),
            (Outcome::Allow, Implied::Allow, Implied::Deny | Implied::Challenge)
        )
    }

    /// What would be, in words: `allow, then deny: no phishing-resistant factor`.
    #[must_use]
    pub fn words(&self) -> String {
        let why = self
            .first_unmet
            .map(|code| format!(": {}", codes::difference_words(code)))
            .unwrap_or_default();
        format!("{}, then {}{why}", self.before.as_str(), self.after.as_str())
    }
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

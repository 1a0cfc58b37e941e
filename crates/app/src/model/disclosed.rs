//! What each kind of answer discloses: the sessions and records that the access log has to name.

use crate::model::{
    answer::{
        Beliefs, ChangeCount, ChangeHit, DecisionAt, DecisionHit, DecisionOf, FallsHit,
        FilterChoices, FirstSeenAnswer, FirstSeenCounts, Guarded, HeldAnswer, KnownLoss,
        NamedIssuers, OutlivedHit, Page, RecordView, Rehearsable, Rehearsed, SessionChange,
        SessionChangePoints, SessionHit, Why,
    },
    query::{Disclosed, Discloses},
    reached::{Chain, FoundList, TimelinePage},
    source_report::{Heard, UnusualRecords},
};
use claimledger_domain::{
    changes::{PolicyChanges, TrustChanges},
    model::{Decision, Explained, SessionState},
    reused::Reuse,
};
use claimledger_facts::ids::{LogPosition, Pseudonym};

impl<T: Discloses> Discloses for Option<T> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.iter().for_each(|value| value.add_to(disclosed));
    }
}

impl<T: Discloses> Discloses for Vec<T> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.iter().for_each(|value| value.add_to(disclosed));
    }
}

impl<T: Discloses> Discloses for Page<T> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.items.add_to(disclosed);
    }
}

impl Discloses for SessionState {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.insert(self.id.clone());
        disclosed.subjects.extend(self.origin.subject.clone());
    }
}

impl Discloses for Explained {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.state.add_to(disclosed);
    }
}

impl<S: Discloses> Discloses for SessionHit<S> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.session.add_to(disclosed);
    }
}

impl Discloses for Decision {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.insert(self.recorded.record.position);
        disclosed.sessions.insert(self.recorded.session.clone());
    }
}

impl Discloses for DecisionHit {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.decision.add_to(disclosed);
        disclosed.subjects.extend(self.subject.clone());
    }
}

impl Discloses for DecisionOf {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.decision.add_to(disclosed);
    }
}

impl Discloses for DecisionAt {
    fn add_to(&self, disclosed: &mut Disclosed) {
        match self {
            Self::Found(found) => found.session.add_to(disclosed),
            Self::NoDecision { record } | Self::Variant { record, .. } => {
                disclosed.positions.insert(record.position);
            }
            Self::NotYet { session, .. } => {
                disclosed.sessions.insert(session.clone());
            }
            Self::NotYetKnown { .. } | Self::Unknown => {}
        }
    }
}

impl Discloses for SessionChange {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.insert(self.session.clone());
        disclosed.positions.insert(self.record.position);
        self.state.as_deref().into_iter().for_each(|state| state.add_to(disclosed));
    }
}

impl Discloses for Why {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.session.clone());
    }
}

impl Discloses for TimelinePage {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.session.clone());
        disclosed.positions.extend(self.page.items.iter().map(|row| row.record.position));
    }
}

impl Discloses for Beliefs {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.diff.before.add_to(disclosed);
        self.diff.after.add_to(disclosed);
    }
}

impl Discloses for Chain {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.links.iter().filter_map(|link| link.session.id.clone()));
        disclosed.sessions.extend(self.not_begun.iter().cloned());
        disclosed.subjects.extend(self.links.iter().filter_map(|link| link.subject.clone()));
    }
}

impl Discloses for OutlivedHit {
    fn add_to(&self, disclosed: &mut Disclosed) {
        self.session.add_to(disclosed);
    }
}

impl Discloses for RecordView {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.insert(self.reference.position);
        disclosed.sessions.extend(self.statement.sessions().cloned());
        let subjects = self.statement.facts.iter().filter_map(|fact| fact.subject.clone());
        disclosed.subjects.extend(subjects);
    }
}

impl Discloses for HeldAnswer {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.items.iter().map(|held| held.session.clone()));
        disclosed.subjects.extend(self.items.iter().filter_map(|held| held.subject.clone()));
    }
}

impl Discloses for Reuse {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.uses.iter().map(|used| used.session.clone()));
        disclosed.subjects.extend(self.uses.iter().filter_map(|used| used.subject.clone()));
    }
}

impl Discloses for ChangeHit {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.dependants.iter().map(|hit| hit.session.clone()));
        disclosed.subjects.extend(self.dependants.iter().filter_map(|hit| hit.subject.clone()));
    }
}

impl Discloses for FallsHit {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.insert(self.session.clone());
    }
}

/// The record; what rested on it is a number.
impl Discloses for ChangeCount {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.insert(self.change.record.position);
    }
}

impl Discloses for Rehearsed {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.live.iter().map(|live| live.session.clone()));
        disclosed.sessions.extend(self.locked_out.iter().map(|out| out.session.clone()));
        let subjects = (self.live.iter().map(|live| &live.subject))
            .chain(self.locked_out.iter().map(|out| &out.subject))
            .chain(self.flips.iter().map(|hit| &hit.subject))
            .chain(self.falls.iter().map(|hit| &hit.subject));
        disclosed.subjects.extend(subjects.flatten().cloned());
        let decisions = (self.flips.iter().map(|hit| &hit.decision))
            .chain(self.falls.iter().map(|hit| &hit.decision))
            .chain(self.unchanged.iter().map(|hit| &hit.decision));
        decisions.for_each(|decision| decision.add_to(disclosed));
    }
}

impl Discloses for Guarded {
    fn add_to(&self, disclosed: &mut Disclosed) {
        if let Ok(rehearsed) = &self.rehearsed {
            rehearsed.add_to(disclosed);
        }
    }
}

impl Discloses for FoundList {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.items.iter().flat_map(|found| found.sessions.clone()));
        let records = self.items.iter().flat_map(|found| &found.records);
        disclosed.positions.extend(records.map(|record| record.position));
    }
}

impl Discloses for SessionChangePoints {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.insert(self.session.clone());
    }
}

impl Discloses for FirstSeenAnswer {
    fn add_to(&self, disclosed: &mut Disclosed) {
        let claims = || self.items.iter().map(|item| &item.claim);
        disclosed.sessions.extend(claims().map(|claim| claim.session.clone()));
        disclosed.subjects.extend(claims().filter_map(|claim| claim.subject.clone()));
    }
}

/// The label of a person was shown.
impl Discloses for Pseudonym {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.subjects.insert(self.clone());
    }
}

/// Answers that disclose record references, and nothing else about a session.
macro_rules! by_reference {
    ($($kind:ty),*) => {$(
        impl Discloses for $kind {
            fn add_to(&self, _: &mut Disclosed) {}
        }
    )*};
}

by_reference!(
    (),
    String,
    LogPosition,
    Heard,
    Rehearsable,
    FilterChoices,
    FirstSeenCounts,
    NamedIssuers,
    UnusualRecords
);

impl Discloses for KnownLoss {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.insert(self.record);
    }
}

impl Discloses for TrustChanges {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.extend(self.changes.iter().map(|change| change.record.position));
    }
}

impl Discloses for PolicyChanges {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.extend(self.changes.iter().map(|change| change.record.position));
    }
}

//! What each kind of answer discloses: the sessions and records that the access log has to name.

use crate::model::{
    answer::{
        Beliefs, ChangeHit, DecisionAt, DecisionHit, FirstSeenAnswer, Guarded, HeldAnswer,
        OutlivedHit, Page, RecordView, Rehearsable, Rehearsed, SessionChange, SessionChangePoints,
        SessionHit, Why,
    },
    query::{Disclosed, Discloses},
    reached::{Chain, FoundList, TimelinePage},
    source_report::Heard,
};
use claimledger_domain::{
    changes::{PolicyChanges, TrustChanges},
    model::{Explained, SessionState},
    reused::Reuse,
};

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

impl Discloses for DecisionHit {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.insert(self.decision.recorded.record.position);
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
    }
}

impl Discloses for HeldAnswer {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.items.iter().map(|held| held.session.clone()));
    }
}

impl Discloses for Reuse {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.uses.iter().map(|used| used.session.clone()));
    }
}

impl Discloses for ChangeHit {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.dependants.iter().map(|hit| hit.session.clone()));
    }
}

impl Discloses for Rehearsed {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.extend(self.live.iter().map(|live| live.session.clone()));
        disclosed.sessions.extend(self.locked_out.iter().map(|out| out.session.clone()));
        let decisions = (self.flips.iter().map(|hit| &hit.decision))
            .chain(self.falls.iter().map(|hit| &hit.decision))
            .chain(self.unchanged.iter().map(|hit| &hit.decision));
        disclosed.positions.extend(decisions.map(|decision| decision.recorded.record.position));
    }
}

impl Discloses for Guarded {
    fn add_to(&self, disclosed: &mut Disclosed) {
        if let Ok(rehearsed) = &self.rehearsed {
            rehearsed.add_to(disclosed);
        }
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
    SessionChangePoints,
    FirstSeenAnswer,
    FoundList,
    Heard,
    Rehearsable,
    TrustChanges,
    PolicyChanges
);

//! Changes with what depended on them, one dependant session a row. A change without any has a row
//! of its own.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, id, list,
};
use crate::model::answer::ChangeHit;
use claimledger_domain::dependants::{Change, Changed, Dependant};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};

/// A change and one of its dependants.
pub(super) struct DependantHit {
    change: Change,
    dependant: Option<Dependant>,
}

/// The dependants of each change, in their order.
pub(super) fn rows(hits: Vec<ChangeHit>) -> Vec<DependantHit> {
    let mut rows = Vec::new();
    for ChangeHit { change, dependants } in hits {
        if dependants.is_empty() {
            rows.push(DependantHit { change, dependant: None });
            continue;
        }
        rows.extend(
            dependants
                .into_iter()
                .map(|one| DependantHit { change: change.clone(), dependant: Some(one) }),
        );
    }
    rows
}

impl DependantHit {
    /// The values of a column that only a row with a session has.
    fn of<T: Into<Cell>>(&self, value: impl Fn(&Dependant) -> T) -> Cell {
        self.dependant.as_ref().map_or(Cell::Empty, |one| value(one).into())
    }
}

impl Hit for DependantHit {
    fn key(&self) -> String {
        let record = &self.change.record;
        let session = self.dependant.as_ref().map_or("", |one| one.session.as_str());
        format!("{}/{}/{session}", record.source, record.source_id)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        self.dependant.as_ref()?.subject.as_ref()
    }

    fn time(&self) -> Option<Time> {
        self.dependant.as_ref().map(|one| one.started_at)
    }
}

/// The word of a kind of change.
const fn kind(change: &Changed) -> &'static str {
    match change {
        Changed::Trust(..) => "trust",
        Changed::KeyAdded(..) => "key_added",
        Changed::KeyRetired(..) => "key_retired",
        Changed::Policy(..) => "policy",
        Changed::RoutingRule(_) => "routing_rule",
        Changed::Retraction(_) => "retraction",
        Changed::Loss(..) => "loss",
    }
}

/// The identity provider, policy or person, and the version or key.
fn of(change: &Changed) -> (Cell, Cell) {
    match change {
        Changed::Trust(idp, version) => (idp.to_string().into(), version.to_string().into()),
        Changed::KeyAdded(idp, key) | Changed::KeyRetired(idp, key) => {
            (idp.to_string().into(), key.to_string().into())
        }
        Changed::Policy(policy, version) => (policy.to_string().into(), version.to_string().into()),
        Changed::RoutingRule(idp) => (idp.to_string().into(), Cell::Empty),
        Changed::Retraction(data) => (data.idp.to_string().into(), id(data.key.as_ref())),
        Changed::Loss(subject, _) => (id(subject.as_ref()), Cell::Empty),
    }
}

pub(super) const COLUMNS: Columns<DependantHit> = Columns(&[
    ("kind", Kind::Text, "what was changed: a code", Row(|hit| kind(&hit.change.what).into())),
    (
        "of",
        Kind::Text,
        "the identity provider, the policy, or the person who lost an authenticator",
        Row(|hit| of(&hit.change.what).0),
    ),
    ("name", Kind::Text, "the version or the key", Row(|hit| of(&hit.change.what).1)),
    (
        "changed_at",
        Kind::Time,
        "when it occurred; of an interval, its start",
        Row(|hit| hit.change.occurred.from.into()),
    ),
    (
        "replaced_at",
        Kind::Time,
        "when the next version came in force, where that is by T",
        Row(|hit| hit.change.replaced.map(|replaced| replaced.from).into()),
    ),
    ("actor", Kind::Text, "who made it", Row(|hit| id(hit.change.actor.as_ref()))),
    ("ticket", Kind::Text, "under which ticket", Row(|hit| id(hit.change.ticket.as_ref()))),
    (
        "record",
        Kind::Number,
        "the position of its record in the log",
        Row(|hit| hit.change.record.position.0.into()),
    ),
    (
        "session",
        Kind::Text,
        "a session that rested on it, or was hit by it; empty: none is known",
        Row(|hit| hit.of(|one| one.session.to_string())),
    ),
    ("subject", Kind::Text, "the user's pseudonym", Row(|hit| id(hit.subject()))),
    (
        "user_login",
        Kind::Text,
        "the user's login when the session began",
        Label(|label| Cell::from(label.login.clone())),
    ),
    (
        "user_name",
        Kind::Text,
        "the user's name when the session began",
        Label(|label| Cell::from(label.name.clone())),
    ),
    ("state", Kind::Text, "the session's state at T", Row(|hit| hit.of(|one| one.phase.as_str()))),
    ("started_at", Kind::Time, "when it began", Row(|hit| hit.of(|one| one.started_at))),
    (
        "factors",
        Kind::List,
        "its factors that rested on the change, by name",
        Row(|hit| hit.dependant.as_ref().map_or(Cell::Empty, |one| list(&one.factors))),
    ),
    (
        "records",
        Kind::List,
        "the positions of the claims and verifications that did",
        Row(|hit| {
            let positions =
                |one: &Dependant| list(one.records.iter().map(|record| record.position.0));
            hit.dependant.as_ref().map_or(Cell::Empty, positions)
        }),
    ),
    (
        "decisions",
        Kind::List,
        "the positions of the decisions under a policy's version",
        Row(|hit| {
            let positions = |one: &Dependant| {
                list(one.decisions.iter().map(|decision| decision.record.position.0))
            };
            hit.dependant.as_ref().map_or(Cell::Empty, positions)
        }),
    ),
    (
        "certainty",
        Kind::Text,
        "whether the session certainly or possibly rested on it",
        Row(|hit| hit.of(|one| one.certainty.as_str())),
    ),
]);

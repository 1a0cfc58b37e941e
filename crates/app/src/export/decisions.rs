//! Decisions, one a row.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, given, id, list, named,
};
use crate::model::{answer::DecisionHit, question::DecisionFilter};
use claimledger_domain::model::{Certainty, Reason};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};
use serde_json::Value;

impl Hit for DecisionHit {
    fn key(&self) -> String {
        let record = &self.decision.recorded.record;
        format!("{}/{}", record.source, record.source_id)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        self.subject.as_ref()
    }

    fn time(&self) -> Option<Time> {
        Some(self.decision.recorded.at.latest())
    }
}

pub(super) fn filter(filter: &DecisionFilter) -> Value {
    given([
        ("session", named(filter.session.as_ref())),
        ("app", named(filter.app.as_ref())),
        ("idp", named(filter.idp.as_ref())),
        ("key", named(filter.key.as_ref())),
        ("outcome", named(filter.outcome.as_ref())),
        ("from", named(filter.from.as_ref())),
        ("to", named(filter.to.as_ref())),
        ("differs", filter.differs.map(Value::from)),
        ("falsifiedLater", filter.falsified_later.map(Value::from)),
    ])
}

/// Adds the codes of a tree of reasons, in its order.
fn codes(reason: &Reason, found: &mut Vec<&'static str>) {
    found.extend(reason.code);
    reason.because.iter().for_each(|reason| codes(reason, found));
}

pub(super) const COLUMNS: Columns<DecisionHit> = Columns(&[
    (
        "record",
        Kind::Number,
        "the record's position in the log",
        Row(|hit| hit.decision.recorded.record.position.0.into()),
    ),
    (
        "source",
        Kind::Text,
        "the source that recorded it",
        Row(|hit| hit.decision.recorded.record.source.to_string().into()),
    ),
    (
        "source_id",
        Kind::Text,
        "the source's own id of the record",
        Row(|hit| hit.decision.recorded.record.source_id.to_string().into()),
    ),
    (
        "session",
        Kind::Text,
        "its session, as known at K",
        Row(|hit| hit.decision.recorded.session.to_string().into()),
    ),
    (
        "session_recorded",
        Kind::Text,
        "the session id that the record names",
        Row(|hit| hit.decision.recorded.session_recorded.to_string().into()),
    ),
    ("subject", Kind::Text, "the user's pseudonym", Row(|hit| id(hit.subject.as_ref()))),
    (
        "user_login",
        Kind::Text,
        "the user's login at that time",
        Label(|label| Cell::from(label.login.clone())),
    ),
    (
        "user_name",
        Kind::Text,
        "the user's name at that time",
        Label(|label| Cell::from(label.name.clone())),
    ),
    ("app", Kind::Text, "the application", Row(|hit| hit.decision.recorded.app.to_string().into())),
    (
        "app_name",
        Kind::Text,
        "its display name",
        Row(|hit| id(hit.decision.recorded.app_name.as_ref())),
    ),
    (
        "decided_at",
        Kind::Time,
        "when it was decided",
        Row(|hit| hit.decision.recorded.at.from.into()),
    ),
    (
        "decided_latest",
        Kind::Time,
        "where only an interval is known: its end",
        Row(|hit| hit.decision.recorded.at.to.into()),
    ),
    (
        "recorded_at",
        Kind::Time,
        "when it was recorded",
        Row(|hit| hit.decision.recorded.record.recorded_at.into()),
    ),
    (
        "outcome",
        Kind::Text,
        "what the service provider decided: allow, challenge or deny",
        Row(|hit| hit.decision.recorded.outcome.as_str().into()),
    ),
    ("policy", Kind::Text, "the policy", Row(|hit| hit.decision.under.policy.to_string().into())),
    (
        "policy_name",
        Kind::Text,
        "its display name",
        Row(|hit| id(hit.decision.under.policy_name.as_ref())),
    ),
    (
        "version",
        Kind::Text,
        "the version of the policy in force at that time; of several that may have been, the \
         latest",
        Row(|hit| id(hit.decision.under.version_in_force.as_ref())),
    ),
    (
        "version_recorded",
        Kind::Text,
        "the version that the record names",
        Row(|hit| id(hit.decision.under.version_label.as_ref())),
    ),
    ("rule", Kind::Text, "the rule", Row(|hit| id(hit.decision.under.rule.as_ref()))),
    (
        "rule_name",
        Kind::Text,
        "its display name",
        Row(|hit| id(hit.decision.under.rule_name.as_ref())),
    ),
    (
        "implied",
        Kind::Text,
        "what the rules imply, as known when decided",
        Row(|hit| hit.decision.made.implied.as_str().into()),
    ),
    (
        "first_unmet",
        Kind::Text,
        "the first requirement that was not met then: a code",
        Row(|hit| hit.decision.made.first_unmet.into()),
    ),
    (
        "missing",
        Kind::List,
        "what is missing where implied is undetermined: codes",
        Row(|hit| list(&hit.decision.made.missing)),
    ),
    (
        "implied_at_k",
        Kind::Text,
        "what the rules imply, as known at K",
        Row(|hit| hit.decision.at_k.implied.as_str().into()),
    ),
    (
        "first_unmet_at_k",
        Kind::Text,
        "the first requirement that is not met as known at K: a code",
        Row(|hit| hit.decision.at_k.first_unmet.into()),
    ),
    (
        "missing_at_k",
        Kind::List,
        "what is missing where implied_at_k is undetermined: codes",
        Row(|hit| list(&hit.decision.at_k.missing)),
    ),
    (
        "differs",
        Kind::Text,
        "why outcome and implied differ: a code",
        Row(|hit| hit.decision.differs.as_ref().map(|one| one.code).into()),
    ),
    (
        "falsified_later",
        Kind::Text,
        "why it does not hold on what was recorded later: a code",
        Row(|hit| hit.decision.falsified_later.as_ref().map(|one| one.code).into()),
    ),
    (
        "falsifiers",
        Kind::List,
        "records of retractions and losses that came later and hit what it rested on",
        Row(|hit| list(hit.decision.later.iter().map(|one| one.record.position))),
    ),
    (
        "rested_on",
        Kind::List,
        "the factors that it rested on",
        Row(|hit| list(hit.factors.iter().map(|factor| &factor.name))),
    ),
    (
        "rested_on_needed",
        Kind::List,
        "of these, the ones without which the rule would not be met",
        Row(|hit| {
            let factors = hit.decision.relied_on.iter().zip(&hit.factors);
            list(factors.filter(|(relied, _)| relied.needed).map(|(_, factor)| &factor.name))
        }),
    ),
    (
        "rested_on_possible",
        Kind::List,
        "of these, the ones that it only possibly rested on",
        Row(|hit| {
            let factors = hit.decision.relied_on.iter().zip(&hit.factors);
            let possible = factors.filter(|(relied, _)| relied.certainty == Certainty::Possible);
            list(possible.map(|(_, factor)| &factor.name))
        }),
    ),
    (
        "idps",
        Kind::List,
        "the identity providers that stated these factors",
        Row(|hit| list(hit.factors.iter().filter_map(|factor| factor.idp.as_ref()))),
    ),
    (
        "keys",
        Kind::List,
        "the keys that signed these claims",
        Row(|hit| list(hit.factors.iter().filter_map(|factor| factor.key.as_ref()))),
    ),
    (
        "assertions",
        Kind::List,
        "their assertions",
        Row(|hit| list(hit.factors.iter().filter_map(|factor| factor.assertion.as_ref()))),
    ),
    (
        "trust_versions",
        Kind::List,
        "the versions of trust that they counted under",
        Row(|hit| {
            let under = hit.factors.iter().filter_map(|factor| factor.came_under.as_ref());
            list(under.flat_map(|under| &under.versions))
        }),
    ),
    (
        "grades",
        Kind::List,
        "how well it is shown that they were honored",
        Row(|hit| list(hit.factors.iter().map(|factor| factor.grade.as_str()))),
    ),
    (
        "evidence",
        Kind::List,
        "positions of the records that show it",
        Row(|hit| {
            let records = hit.factors.iter().flat_map(|factor| &factor.evidence);
            list(records.map(|record| record.position))
        }),
    ),
    (
        "certainty",
        Kind::Text,
        "whether it certainly or possibly belongs to the list",
        Row(|hit| hit.certainty.as_str().into()),
    ),
    (
        "reasons",
        Kind::List,
        "why the outcome is implied or not: codes of the tree, in its order",
        Row(|hit| {
            let mut found = Vec::new();
            codes(&hit.because, &mut found);
            list(found)
        }),
    ),
]);

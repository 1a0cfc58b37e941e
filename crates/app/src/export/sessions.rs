//! Sessions, one a row.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, given, id, list, named,
};
use crate::model::{answer::SessionHit, question::SessionFilter};
use claimledger_domain::{model::SessionState, outlived::outlived};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};
use serde_json::Value;

type Session = SessionHit<SessionState>;

impl Hit for Session {
    fn key(&self) -> String {
        self.session.id.to_string()
    }

    fn subject(&self) -> Option<&Pseudonym> {
        self.session.origin.subject.as_ref()
    }

    fn time(&self) -> Option<Time> {
        self.session.life.started_at
    }
}

pub(super) fn filter(filter: &SessionFilter) -> Value {
    given([
        ("activeAt", named(filter.active_at.as_ref())),
        ("subject", named(filter.subject.as_ref())),
        ("idp", named(filter.idp.as_ref())),
        ("key", named(filter.key.as_ref())),
        ("supposesKey", filter.supposes_key.then(|| Value::from(true))),
        ("amr", named(filter.amr.as_ref())),
        ("app", named(filter.app.as_ref())),
        ("reliedFrom", named(filter.relied_from.as_ref())),
        ("reliedTo", named(filter.relied_to.as_ref())),
        ("ended", filter.ended.map(Value::from)),
        ("differs", filter.differs.map(Value::from)),
        ("retracted", filter.retracted.map(Value::from)),
        ("outlived", filter.outlived.map(Value::from)),
        ("falsifiedLater", filter.falsified_later.map(Value::from)),
    ])
}

pub(super) const COLUMNS: Columns<Session> = Columns(&[
    (
        "session",
        Kind::Text,
        "the session's name, as known at K",
        Row(|hit| hit.session.id.to_string().into()),
    ),
    ("aliases", Kind::List, "its other ids", Row(|hit| list(&hit.session.aliases))),
    (
        "subject",
        Kind::Text,
        "the user's pseudonym",
        Row(|hit| id(hit.session.origin.subject.as_ref())),
    ),
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
    (
        "idp",
        Kind::Text,
        "the identity provider that the session came from",
        Row(|hit| id(hit.session.origin.idp.as_ref())),
    ),
    (
        "idp_name",
        Kind::Text,
        "its display name",
        Row(|hit| id(hit.session.origin.idp_name.as_ref())),
    ),
    (
        "idp_session",
        Kind::Text,
        "the session at the identity provider",
        Row(|hit| id(hit.session.origin.idp_session.as_ref())),
    ),
    (
        "root_session",
        Kind::Text,
        "the root session",
        Row(|hit| id(hit.session.origin.root_session.as_ref())),
    ),
    ("started_at", Kind::Time, "when it began", Row(|hit| hit.session.life.started_at.into())),
    (
        "phase",
        Kind::Text,
        "active or ended, at T",
        Row(|hit| hit.session.life.phase.as_str().into()),
    ),
    (
        "phase_certainty",
        Kind::Text,
        "certain, or possible: something that would settle it is missing",
        Row(|hit| hit.session.life.certainty.as_str().into()),
    ),
    ("missing", Kind::List, "what is missing: codes", Row(|hit| list(&hit.session.life.missing))),
    ("ended_at", Kind::Time, "when it ended", Row(|hit| hit.session.life.end.at.into())),
    (
        "end_earliest",
        Kind::Time,
        "where no end is stated: the earliest",
        Row(|hit| hit.session.life.end.bounds.map(|bounds| bounds.from).into()),
    ),
    (
        "end_latest",
        Kind::Time,
        "where no end is stated: the latest",
        Row(|hit| hit.session.life.end.bounds.and_then(|bounds| bounds.to).into()),
    ),
    (
        "end_reason",
        Kind::Text,
        "why it ended: a code",
        Row(|hit| hit.session.life.end.reason.into()),
    ),
    (
        "lifetime_ends_at",
        Kind::Time,
        "when it ends at the latest, as stated",
        Row(|hit| hit.session.life.lifetime_ends_at.into()),
    ),
    (
        "last_seen_at",
        Kind::Time,
        "the last record of it that its user caused",
        Row(|hit| hit.session.life.last_seen.into()),
    ),
    (
        "factors_by_record",
        Kind::List,
        "factors that the service provider accepted, as it says or does not deny",
        Row(|hit| list(hit.session.factors.iter().filter(|of| of.by_record).map(|of| &of.name))),
    ),
    (
        "factors_by_rules",
        Kind::List,
        "factors that counted by the rules",
        Row(|hit| list(hit.session.factors.iter().filter(|of| of.by_rules).map(|of| &of.name))),
    ),
    (
        "factor_reasons",
        Kind::List,
        "why a factor did not count by the rules: codes",
        Row(|hit| list(hit.session.factors.iter().flat_map(|factor| &factor.void))),
    ),
    (
        "claims_ignored",
        Kind::List,
        "claims that gave no factor",
        Row(|hit| list(hit.session.ignored.iter().map(|claim| &claim.name))),
    ),
    (
        "ignored_reasons",
        Kind::List,
        "why: codes",
        Row(|hit| list(hit.session.ignored.iter().flat_map(|claim| &claim.reasons))),
    ),
    (
        "decisions",
        Kind::Number,
        "the number of decisions",
        Row(|hit| (hit.session.decisions.len() as u64).into()),
    ),
    (
        "differs",
        Kind::List,
        "why decisions differ from what the rules imply: codes",
        Row(|hit| {
            list(hit.session.decisions.iter().filter_map(|one| Some(one.differs.as_ref()?.code)))
        }),
    ),
    (
        "falsified_later",
        Kind::List,
        "why decisions do not hold on what was recorded later: codes",
        Row(|hit| {
            let decisions = hit.session.decisions.iter();
            list(decisions.filter_map(|one| Some(one.falsified_later.as_ref()?.code)))
        }),
    ),
    (
        "outlived",
        Kind::Text,
        "whether it outlived the session at the identity provider: certain, possible or empty",
        Row(|hit| outlived(&hit.session).map(|outlived| outlived.certainty.as_str()).into()),
    ),
    (
        "certainty",
        Kind::Text,
        "whether it certainly or possibly belongs to the list",
        Row(|hit| hit.certainty.as_str().into()),
    ),
    (
        "because",
        Kind::List,
        "why it belongs to the list",
        Row(|hit| list(hit.because.iter().map(|reason| &reason.conclusion))),
    ),
]);

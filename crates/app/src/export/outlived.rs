//! Sessions that outlived their IdP session, one a row.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, id, list,
};
use crate::model::answer::OutlivedHit;
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};

impl Hit for OutlivedHit {
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

pub(super) const COLUMNS: Columns<OutlivedHit> = Columns(&[
    ("session", Kind::Text, "the session", Row(|hit| hit.session.id.to_string().into())),
    ("aliases", Kind::List, "its other ids", Row(|hit| list(&hit.session.aliases))),
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
    ("idp", Kind::Text, "the identity provider", Row(|hit| id(hit.session.origin.idp.as_ref()))),
    (
        "idp_session",
        Kind::Text,
        "its session",
        Row(|hit| id(hit.session.origin.idp_session.as_ref())),
    ),
    (
        "idp_session_ended_at",
        Kind::Time,
        "when that ended; of an interval, its start",
        Row(|hit| hit.outlived.idp_session_end.occurred.from.into()),
    ),
    (
        "idp_session_end_record",
        Kind::Number,
        "the position of the record that says so",
        Row(|hit| hit.outlived.idp_session_end.position.0.into()),
    ),
    (
        "sign_of_life_at",
        Kind::Time,
        "when the session showed a sign of life after that",
        Row(|hit| hit.outlived.sign_of_life.as_ref().map(|record| record.occurred.from).into()),
    ),
    (
        "sign_of_life_record",
        Kind::Number,
        "the position of its record",
        Row(|hit| hit.outlived.sign_of_life.as_ref().map(|record| record.position.0).into()),
    ),
    (
        "stated_end_at",
        Kind::Time,
        "when the session's end is stated, where that is later",
        Row(|hit| hit.outlived.stated_end.as_ref().map(|record| record.occurred.from).into()),
    ),
    (
        "end_earliest",
        Kind::Time,
        "where no exact end is stated: when the session ended at the earliest",
        Row(|hit| hit.outlived.end_bounds.as_ref().map(|bounds| bounds.from).into()),
    ),
    (
        "end_latest",
        Kind::Time,
        "and at the latest",
        Row(|hit| hit.outlived.end_bounds.as_ref().and_then(|bounds| bounds.to).into()),
    ),
    (
        "certainty",
        Kind::Text,
        "whether it certainly or possibly outlived it",
        Row(|hit| hit.outlived.certainty.as_str().into()),
    ),
]);

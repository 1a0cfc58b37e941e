//! Everything around one session, one record a row.

use super::columns::{Columns, From::Row as Of, Hit, given};
use claimledger_domain::timeline::ClockOrder;
pub(super) use claimledger_domain::timeline::Row;
use claimledger_export::table::Kind;
use claimledger_facts::{
    ids::{Pseudonym, SessionId},
    time::Time,
};
use serde_json::Value;

impl Hit for Row {
    fn key(&self) -> String {
        format!("{}/{}", self.record.source, self.record.source_id)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        None
    }

    fn time(&self) -> Option<Time> {
        Some(self.occurred.latest())
    }
}

pub(super) fn filter(session: &SessionId, order: ClockOrder) -> Value {
    let order = match order {
        ClockOrder::Occurred => "occurred",
        ClockOrder::Recorded => "recorded",
    };
    given([("session", Some(session.as_str().into())), ("order", Some(order.into()))])
}

pub(super) const COLUMNS: Columns<Row> = Columns(&[
    (
        "record",
        Kind::Number,
        "the record's position in the log",
        Of(|row| row.record.position.0.into()),
    ),
    ("source", Kind::Text, "its source", Of(|row| row.record.source.to_string().into())),
    (
        "source_id",
        Kind::Text,
        "the source's own id of the record",
        Of(|row| row.record.source_id.to_string().into()),
    ),
    ("occurred_at", Kind::Time, "when it occurred", Of(|row| row.occurred.from.into())),
    (
        "occurred_latest",
        Kind::Time,
        "where only an interval is known: its end",
        Of(|row| row.occurred.to.into()),
    ),
    ("recorded_at", Kind::Time, "when it was recorded", Of(|row| row.record.recorded_at.into())),
    (
        "effective_from",
        Kind::Time,
        "from when a retraction or loss has effect",
        Of(|row| row.effective_from.into()),
    ),
    (
        "late",
        Kind::Flag,
        "whether it was recorded more than 60 s after it occurred or took effect",
        Of(|row| row.late.into()),
    ),
    ("category", Kind::Text, "what it is about: a code", Of(|row| row.category.as_str().into())),
    ("words", Kind::Text, "what it says, in one line", Of(|row| row.words.clone().into())),
    (
        "certainty",
        Kind::Text,
        "whether it certainly or possibly concerns the session",
        Of(|row| row.certainty.as_str().into()),
    ),
    (
        "variant",
        Kind::Flag,
        "whether the source gave other content under the same id too",
        Of(|row| row.variant.into()),
    ),
]);

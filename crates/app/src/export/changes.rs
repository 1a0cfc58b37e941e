//! Changes of what is trusted and asked for, one a row.

use super::columns::{Columns, From::Row, Hit, id};
use claimledger_domain::changes::{ConfigChange, FieldChange};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};

impl Hit for ConfigChange {
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

/// A part of each changed field, in the order of the fields.
fn of_each(change: &ConfigChange, part: fn(&FieldChange) -> Option<&str>) -> Cell {
    let parts = change.diff.changes.iter().map(|field| part(field).unwrap_or("–").to_owned());
    Cell::List(parts.collect())
}

pub(super) const COLUMNS: Columns<ConfigChange> = Columns(&[
    (
        "record",
        Kind::Number,
        "the record's position in the log",
        Row(|change| change.record.position.0.into()),
    ),
    ("source", Kind::Text, "its source", Row(|change| change.record.source.to_string().into())),
    (
        "source_id",
        Kind::Text,
        "the source's own id of the record",
        Row(|change| change.record.source_id.to_string().into()),
    ),
    ("kind", Kind::Text, "what was changed: a code", Row(|change| change.kind.as_str().into())),
    (
        "of",
        Kind::Text,
        "the identity provider, policy, rule or method",
        Row(|change| change.of.clone().into()),
    ),
    ("of_name", Kind::Text, "its display name", Row(|change| id(change.of_name.as_ref()))),
    ("name", Kind::Text, "the version or the key", Row(|change| id(change.name.as_ref()))),
    ("words", Kind::Text, "the change in one line", Row(|change| change.words.clone().into())),
    (
        "fields",
        Kind::List,
        "the fields that changed",
        Row(|change| of_each(change, |f| Some(&f.field))),
    ),
    (
        "before",
        Kind::List,
        "what each of them said; – nothing",
        Row(|change| of_each(change, |field| field.before.as_deref())),
    ),
    (
        "after",
        Kind::List,
        "what each of them says; – nothing",
        Row(|change| of_each(change, |field| field.after.as_deref())),
    ),
    ("actor", Kind::Text, "who changed it", Row(|change| id(change.actor.as_ref()))),
    ("ticket", Kind::Text, "under which ticket", Row(|change| id(change.ticket.as_ref()))),
    ("occurred_at", Kind::Time, "when it occurred", Row(|change| change.occurred.from.into())),
    (
        "occurred_latest",
        Kind::Time,
        "where only an interval is known: its end",
        Row(|change| change.occurred.to.into()),
    ),
    (
        "recorded_at",
        Kind::Time,
        "when it was recorded",
        Row(|change| change.record.recorded_at.into()),
    ),
    (
        "effective_from",
        Kind::Time,
        "from when a retraction has effect",
        Row(|change| change.effective_from.into()),
    ),
    (
        "late",
        Kind::Flag,
        "whether it was recorded more than 60 s after it occurred or took effect",
        Row(|change| change.late.into()),
    ),
    (
        "variant",
        Kind::Flag,
        "whether the source gave other content under the same id too",
        Row(|change| change.variant.into()),
    ),
]);

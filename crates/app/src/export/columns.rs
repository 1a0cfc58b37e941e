//! Columns of a list: name, type, meaning, and how a row gets its value.

use crate::app::Label;
use claimledger_export::table::{Cell, Column, Kind, Row};
use claimledger_facts::{ids::Pseudonym, time::Time};
use serde_json::Value;

/// A row of a list, as its question answers it.
pub(super) trait Hit {
    /// What names it at any place and time.
    fn key(&self) -> String;
    /// The person.
    fn subject(&self) -> Option<&Pseudonym>;
    /// The time of which the person's label is shown; none: T.
    fn time(&self) -> Option<Time>;
}

/// Where a column's values come from.
pub(super) enum From<T> {
    /// From the row.
    Row(fn(&T) -> Cell),
    /// From the label of its person, where labels are asked for.
    Label(fn(&Label) -> Cell),
}

/// Columns of a list.
pub(super) struct Columns<T: 'static>(
    pub(super) &'static [(&'static str, Kind, &'static str, From<T>)],
);

impl<T: Hit> Columns<T> {
    /// The columns, with those of labels or without.
    pub(super) fn named(&self, labels: bool) -> Vec<Column> {
        let shown = self.0.iter().filter(|(.., from)| labels || matches!(from, From::Row(_)));
        shown
            .map(|(name, kind, meaning, _)| Column {
                name: (*name).to_owned(),
                kind: *kind,
                meaning: (*meaning).to_owned(),
            })
            .collect()
    }

    /// A row; without columns of labels where there is no label.
    pub(super) fn row(&self, hit: &T, label: Option<&Label>) -> Row {
        let cells = self.0.iter().filter_map(|(.., from)| match from {
            From::Row(cell) => Some(cell(hit)),
            From::Label(cell) => label.map(cell),
        });
        Row { key: hit.key(), cells: cells.collect(), event: None }
    }
}

/// Ids or codes as a list, each once, in their order.
pub(super) fn list<S: ToString>(values: impl IntoIterator<Item = S>) -> Cell {
    let mut list: Vec<String> = Vec::new();
    for value in values {
        let value = value.to_string();
        if !list.contains(&value) {
            list.push(value);
        }
    }
    Cell::List(list)
}

/// An id, where there is one.
pub(super) fn id<T: ToString>(id: Option<&T>) -> Cell {
    Cell::from(id.map(ToString::to_string))
}

/// Filters as JSON: conditions that are not given are left out.
pub(super) fn given(conditions: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let given = conditions.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect())
}

/// A condition that names something.
pub(super) fn named<T: ToString>(value: Option<&T>) -> Option<Value> {
    value.map(|value| value.to_string().into())
}

//! Rows that are read at once, and how they are sent.

use crate::{
    manifest::Read,
    table::{Cell, Column, Row},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Rows of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    /// What they were read from; the same on every page.
    pub read: Read,
    /// The rows.
    pub rows: Vec<Row>,
    /// One cursor per row; empty: the list can only be read from its begin.
    pub cursors: Vec<String>,
    /// Whether there are more.
    pub has_next: bool,
}

/// A page as a line of JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    /// On the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Read>,
    rows: Vec<(String, Vec<Value>, Option<Value>)>,
    cursors: Vec<String>,
    has_next: bool,
}

impl ExportPage {
    /// The page as a line; the first one of a list says what it is read from.
    #[must_use]
    pub fn to_line(&self, is_first: bool) -> Vec<u8> {
        let cells = |row: &Row| row.cells.iter().map(Cell::to_json).collect();
        let line = Line {
            read: is_first.then(|| self.read.clone()),
            rows: (self.rows.iter())
                .map(|row| (row.key.clone(), cells(row), row.event.clone()))
                .collect(),
            cursors: self.cursors.clone(),
            has_next: self.has_next,
        };
        // Strings, numbers and lists: writing them into memory does not fail.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a line; one that is not the first needs what the first one says. None: it is no page.
    #[must_use]
    pub fn from_line(line: &[u8], first: Option<&Read>) -> Option<Self> {
        let line: Line = serde_json::from_slice(line).ok()?;
        let read = line.read.or_else(|| first.cloned())?;
        let rows = line.rows.iter().map(|(key, values, event)| {
            let cells = read.columns.iter().zip(values);
            let cells = cells.map(|(Column { kind, .. }, value)| Cell::from_json(*kind, value));
            let row = Row {
                key: key.clone(),
                cells: cells.collect::<Option<_>>()?,
                event: event.clone(),
            };
            (row.cells.len() == read.columns.len()).then_some(row)
        });
        let rows = rows.collect::<Option<_>>()?;
        Some(Self { read, rows, cursors: line.cursors, has_next: line.has_next })
    }
}

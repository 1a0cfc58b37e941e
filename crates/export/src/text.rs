//! Rows as text: CSV and JSON lines.

use crate::{
    Format,
    formula::harmless,
    table::{Cell, Column, Row},
    zone::Zone,
};
use serde_json::json;

/// Writes rows in one of the formats of text.
#[derive(Clone, Debug)]
pub struct TextWriter {
    format: Format,
    columns: Vec<Column>,
    zone: Zone,
}

impl TextWriter {
    /// A writer of rows with these columns.
    #[must_use]
    pub const fn new(format: Format, columns: Vec<Column>, zone: Zone) -> Self {
        Self { format, columns, zone }
    }

    /// A writer of lines of JSON in UTC.
    #[cfg(feature = "parquet")]
    pub(crate) fn lines(columns: Vec<Column>) -> Self {
        Self::new(Format::Jsonl, columns, Zone::default())
    }

    /// What stands before the first row.
    pub fn header(&self, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => {
                let names = self.columns.iter().map(|column| column.name.as_str());
                csv_line(out, names);
            }
            Format::Jsonl | Format::Ocsf | Format::Parquet => {}
        }
    }

    /// One row.
    pub fn row(&self, row: &Row, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => csv_line(out, row.cells.iter().map(|cell| self.csv_cell(cell))),
            Format::Ocsf => {
                push_json(out, row.event.as_ref().unwrap_or(&serde_json::Value::Null));
                out.push(b'\n');
            }
            Format::Jsonl | Format::Parquet => {
                out.push(b'{');
                for (index, (column, cell)) in self.columns.iter().zip(&row.cells).enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    push_json(out, &json!(column.name));
                    out.push(b':');
                    match cell {
                        Cell::Time(time) => push_json(out, &json!(self.zone.write(*time))),
                        other => push_json(out, &other.to_json()),
                    }
                }
                out.extend_from_slice(b"}\n");
            }
        }
    }

    /// What stands after the last row where the limit ended the list and more rows exist.
    pub fn stopped_at(&self, limit: u64, out: &mut Vec<u8>) {
        match self.format {
            Format::Csv => {
                let words = format!("stopped at the limit of {limit} rows: there are more");
                let rest = self.columns.iter().skip(1).map(|_| String::new());
                csv_line(out, std::iter::once(words).chain(rest));
            }
            // A line that is no event would break its readers: the manifest alone says it.
            Format::Ocsf | Format::Parquet => {}
            Format::Jsonl => {
                push_json(out, &json!({"stopped_at_limit": limit}));
                out.push(b'\n');
            }
        }
    }

    fn csv_cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::List(list) => list.join(" "),
            Cell::Number(number) => number.to_string(),
            Cell::Time(time) => self.zone.write(*time),
            Cell::Flag(flag) => flag.to_string(),
        }
    }
}

fn push_json(out: &mut Vec<u8>, value: &serde_json::Value) {
    // Writing a value into memory does not fail.
    let _ = serde_json::to_writer(out, value);
}

fn csv_line<T: AsRef<str>>(out: &mut Vec<u8>, cells: impl Iterator<Item = T>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let text = harmless(cell.as_ref());
        let is_altered = matches!(text, std::borrow::Cow::Owned(_));
        let outer_space = text.trim() != text;
        if is_altered || outer_space || text.contains(['"', ',', ';', '\n', '\r', '\t', '\0']) {
            out.push(b'"');
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.push(b'\n');
}

//! Why a line was refused: where, and what was expected.

use serde::Serialize;

/// A refusal, in the form that the command line and HTTP show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}{message}", place(*line, *item, field.as_deref()))]
pub struct Refusal {
    /// A code for machines.
    pub code: RefusalCode,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The number of the value in its input, from 1: several may stand on one line, one on many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<u64>,
    /// The field, as a path: `data.rules[0].priority`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// For people.
    pub message: String,
}

/// The codes of refused input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// No JSON, or not of the expected form. HTTP 400.
    Malformed,
    /// A required field is missing. HTTP 422.
    MissingField,
    /// A field is of another type or form. HTTP 422.
    InvalidField,
    /// An unknown word of a closed vocabulary. HTTP 422.
    UnknownWord,
    /// No such fact type. HTTP 422.
    UnknownType,
    /// Only the ledger writes this. HTTP 422.
    Reserved,
    /// Larger than a limit. HTTP 413.
    TooLarge,
    /// `recorded_at` outside of a rehearsal or migration, or lower than the last. HTTP 422.
    RecordedAt,
    /// The line names a source that the credential does not have. HTTP 403.
    Source,
}

impl Refusal {
    /// A refusal of a field.
    #[must_use]
    pub fn field(
        code: RefusalCode,
        field: impl Into<String>,
        expected: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            line: None,
            item: None,
            field: Some(field.into()),
            expected: Some(expected.into()),
            message: message.into(),
        }
    }

    /// A refusal of a field that is not there.
    #[must_use]
    pub fn missing(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::field(RefusalCode::MissingField, field, expected, "the field is missing")
    }

    /// A refusal of a field's value.
    #[must_use]
    pub fn invalid(
        field: impl Into<String>,
        expected: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::field(RefusalCode::InvalidField, field, expected, message)
    }

    /// A refusal of the whole line.
    #[must_use]
    pub fn whole(
        code: RefusalCode,
        expected: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            line: None,
            item: None,
            field: None,
            expected: Some(expected.into()),
            message: message.into(),
        }
    }

    /// With the line's number, from 1.
    #[must_use]
    pub fn on_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// With the number of the value, from 1.
    #[must_use]
    pub fn of_item(mut self, item: u64) -> Self {
        self.item = Some(item);
        self
    }
}

/// Where something is in an input, for the beginning of a sentence: `line 7, item 2, field data: `.
/// Where both numbers are equal, the line alone is shown.
#[must_use]
pub fn place(line: Option<u64>, item: Option<u64>, field: Option<&str>) -> String {
    let item = item.filter(|item| Some(*item) != line);
    let parts = [
        line.map(|line| format!("line {line}")),
        item.map(|item| format!("item {item}")),
        field.map(|field| format!("field {field}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(", ")) }
}

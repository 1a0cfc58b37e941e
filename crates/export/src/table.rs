//! Columns and rows.

use claimledger_facts::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    Text,
    /// A list of texts.
    List,
    /// A whole number, 0 or more.
    Number,
    /// An instant.
    Time,
    /// Yes or no.
    Flag,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What its values mean.
    pub meaning: String,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing is known.
    Empty,
    /// Text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A whole number.
    Number(u64),
    /// An instant.
    Time(Time),
    /// Yes or no.
    Flag(bool),
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for Cell {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Time> for Cell {
    fn from(time: Time) -> Self {
        Self::Time(time)
    }
}

impl Cell {
    /// As JSON, a time as RFC 3339 in UTC.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::List(list) => list.clone().into(),
            Self::Number(number) => (*number).into(),
            Self::Time(time) => time.to_string().into(),
            Self::Flag(flag) => (*flag).into(),
        }
    }

    /// Of a column's type, from JSON; none: the value is of another type.
    #[must_use]
    pub fn from_json(kind: Kind, value: &Value) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Empty);
        }
        match kind {
            Kind::Text => value.as_str().map(Into::into),
            Kind::List => {
                let texts = value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned));
                texts.collect::<Option<Vec<_>>>().map(Self::List)
            }
            Kind::Number => value.as_u64().map(Self::Number),
            Kind::Flag => value.as_bool().map(Self::Flag),
            Kind::Time => Time::parse(value.as_str()?).ok().map(Self::Time),
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What names it at any place and time: a session's name, or source and source id of a record.
    pub key: String,
    /// A value a column.
    pub cells: Vec<Cell>,
    /// The row as an event, where events are asked for; there are no cells then.
    pub event: Option<Value>,
}

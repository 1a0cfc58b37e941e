//! Scalars of the contract.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use claimledger_facts::{ids::LogPosition, time::Time};

/// RFC 3339 with an offset; answers are in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(pub Time);

/// An instant, as RFC 3339. The offset is required; answers are in UTC.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Time::parse(text).map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<Time> for DateTime {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

/// The index of a record in its tenant's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(pub LogPosition);

/// The index of a record in its tenant's log, from 0, without gaps: a whole number.
#[Scalar(name = "Position")]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        let position = match &value {
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        position
            .map(|position| Self(LogPosition(position)))
            .ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::Number(Number::from(self.0.0))
    }
}

impl From<LogPosition> for Position {
    fn from(position: LogPosition) -> Self {
        Self(position)
    }
}

/// JSON as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Json(pub serde_json::Value);

/// JSON, as it is stored.
#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or(Value::Null)
    }
}

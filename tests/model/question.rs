//! A question: its GraphQL query, and the model's answer.

use serde_json::{Value, json};

pub(crate) struct Question {
    /// A field of the query, with arguments and selection.
    pub(crate) field: String,
    /// The settled readings that it depends on.
    pub(crate) cite: &'static str,
    pub(crate) expect: Value,
    /// Converts the answer to the shape of the expected one.
    pub(crate) shape: Box<dyn Fn(&Value) -> Value>,
}

/// Matches every value: for what the specification leaves open.
pub(crate) fn any() -> Value {
    json!("*")
}

/// The paths at which an answer differs from the expected one, with both values.
pub(crate) fn unlike(expect: &Value, got: &Value, path: &str, found: &mut Vec<String>) {
    match (expect, got) {
        (Value::String(any), _) if any == "*" => {}
        // Either of two values.
        (Value::String(either), Value::String(one))
            if either.split('|').any(|word| word == one) => {}
        (Value::Object(of), Value::Object(_)) => of
            .iter()
            .for_each(|(name, of)| unlike(of, &got[name], &format!("{path}.{name}"), found)),
        (Value::Array(of), Value::Array(with)) if of.len() == with.len() => {
            of.iter()
                .zip(with)
                .enumerate()
                .for_each(|(n, (of, with))| unlike(of, with, &format!("{path}[{n}]"), found));
        }
        _ if expect == got => {}
        _ => found.push(format!("{path}: the model says {expect}, the answer is {got}")),
    }
}

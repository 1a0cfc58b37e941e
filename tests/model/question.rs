//! A question: how it is asked in GraphQL, and what the model answers.

use serde_json::{Value, json};

pub(crate) struct Question {
    /// A field of the query, with arguments and selection.
    pub(crate) field: String,
    /// The settled readings it turns on.
    pub(crate) cite: &'static str,
    pub(crate) expect: Value,
    /// The answer in the shape of what is expected.
    pub(crate) shape: Box<dyn Fn(&Value) -> Value>,
}

/// What the papers leave open: everything fits.
pub(crate) fn any() -> Value {
    json!("*")
}

/// Where an answer is not what is expected: the paths, with both.
pub(crate) fn unlike(expect: &Value, got: &Value, path: &str, found: &mut Vec<String>) {
    match (expect, got) {
        (Value::String(any), _) if any == "*" => {}
        // Either of two words.
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

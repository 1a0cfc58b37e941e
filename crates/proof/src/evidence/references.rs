//! The records that an answer refers to.

use serde_json::Value;

/// A reference to a record, as answers have them: an object with `position`, and perhaps `id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// The position.
    pub position: u64,
    /// The id, where the answer states it beside the position.
    pub id: Option<String>,
}

/// Every reference in an answer, each once, by position.
pub(super) fn references(answer: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(answer, None, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(value: &Value, name: Option<&str>, found: &mut Vec<Reference>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        Value::Object(members) => {
            // `answered` states K as a position. It is no reference to a record.
            if let (Some(position), false) =
                (members.get("position").and_then(Value::as_u64), name == Some("answered"))
            {
                let id = members.get("id").and_then(Value::as_str).map(str::to_owned);
                found.push(Reference { position, id });
            }
            for (name, member) in members {
                collect(member, Some(name), found);
            }
        }
        _ => {}
    }
}

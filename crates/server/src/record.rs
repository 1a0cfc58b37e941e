//! A record's facts as JSON: what GraphQL answers and the drawer shows.

use claimledger_app::model::{answer::RecordView, question::Caller};
use claimledger_facts::{
    fact::Fact, record::BodyKind, statement::Statement, time::Occurred, vocabulary::Role,
};
use serde_json::{Map, Value, json};

/// Why the original cannot be seen; none: it can. Depends on the caller's role, on the keys that
/// are there and on whether it was removed, never on what is sealed.
pub(crate) fn sealed(view: &RecordView, caller: &Caller) -> Option<String> {
    if let Some(removed) = removed(view, BodyKind::Original) {
        return Some(removed);
    }
    if !caller.has(Role::Investigate) {
        return Some("sealed: that needs the role investigate".to_owned());
    }
    view.original.is_none().then(|| {
        "the original cannot be opened: the key of a person it is about was destroyed".to_owned()
    })
}

/// Why and when a sealed body was removed; none: it was not.
pub(crate) fn removed(view: &RecordView, body: BodyKind) -> Option<String> {
    let (_, removal) = view.removed.iter().find(|(removed, _)| *removed == body)?;
    let what = match body {
        BodyKind::Personal => "the personal blocks were",
        BodyKind::Original => "the original was",
    };
    Some(format!("{what} removed: {}, {}", removal.reason.as_str(), removal.at))
}

/// The facts, each as it would stand in a native line.
pub(crate) fn facts(statement: &Statement) -> Vec<Value> {
    statement.facts.iter().map(fact).collect()
}

fn fact(fact: &Fact) -> Value {
    let mut out = Map::new();
    out.insert("type".to_owned(), json!(fact.data.type_name()));
    out.insert("occurred_at".to_owned(), occurred(fact.occurred));
    if let Some(session) = &fact.session {
        out.insert("session".to_owned(), json!(session.as_str()));
    }
    if let Some(subject) = &fact.subject {
        out.insert("subject".to_owned(), json!(subject.as_str()));
    }
    // Data of the contract's types always is a value; if that ever fails the field says so by its
    // absence.
    if let Ok(data) = fact.data.to_value() {
        out.insert("data".to_owned(), data);
    }
    Value::Object(out)
}

fn occurred(occurred: Occurred) -> Value {
    match occurred.to {
        None => json!(occurred.from.to_string()),
        Some(to) => json!({"from": occurred.from.to_string(), "to": to.to_string()}),
    }
}

/// A value as rows of path and text: `data.rules[0].priority`, `1`.
pub(crate) fn rows(value: &Value) -> Vec<(String, String)> {
    let mut out = Vec::new();
    walk(String::new(), value, &mut out);
    out
}

fn walk(path: String, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, inner) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(path, inner, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            if list.iter().all(Value::is_string) {
                let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                out.push((path, words.join(", ")));
                return;
            }
            for (i, inner) in list.iter().enumerate() {
                walk(format!("{path}[{i}]"), inner, out);
            }
        }
        Value::String(text) => out.push((path, text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            out.push((path, value.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_becomes_rows() {
        let value =
            json!({"amr": ["pwd", "hwk"], "rules": [{"priority": 1}], "empty": [], "no": null});
        let rows = rows(&value);
        let rows: Vec<(&str, &str)> = rows.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            rows,
            [("amr", "pwd, hwk"), ("empty", "[]"), ("no", "null"), ("rules[0].priority", "1")]
        );
    }
}

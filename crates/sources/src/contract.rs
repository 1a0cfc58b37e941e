//! The native contract of a fact type's `data` as a tree, derived from the JSON Schema of the type,
//! so that there is one contract only. It checks presence, type and vocabulary, brings times to one
//! spelling, and finds the fields that the contract does not know.

use crate::{bearer, text};
use chrono::{DateTime, SecondsFormat, Utc};
use claimledger_facts::{
    fact::{FACT_TYPES, data_schema},
    refusal::{Refusal, RefusalCode},
    time::{Time, TimeError},
};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::LazyLock};

/// What is expected at one place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An object: its members, and those that must be there, in the order of the contract.
    Object { members: BTreeMap<String, Shape>, required: Vec<String> },
    /// A list.
    List(Box<Shape>),
    /// An id or another opaque value.
    Id,
    /// Text that is no id.
    Text,
    /// An RFC 3339 date-time with an offset.
    Time,
    /// A word of a closed vocabulary, with the vocabulary's name.
    Word { of: String, words: Vec<String> },
    /// True or false.
    Bool,
    /// A whole number.
    Integer { signed: bool },
    /// Anything.
    Any,
}

static SHAPES: LazyLock<BTreeMap<&'static str, Shape>> = LazyLock::new(|| {
    let shape = |name| {
        data_schema(name, &mut schemars::SchemaGenerator::default())
            .map(|schema| Shape::of(schema.as_value(), schema.as_value()))
    };
    FACT_TYPES.iter().filter_map(|fact| Some((fact.name, shape(fact.name)?))).collect()
});

/// What the contract expects in the `data` of a fact type.
pub(crate) fn shape(type_name: &str) -> &'static Shape {
    SHAPES.get(type_name).unwrap_or(&Shape::Any)
}

/// Reads an instant without rounding it to microseconds, as [`Time`] does.
pub(crate) fn instant(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Malformed)?;
    let time = time.with_timezone(&Utc);
    Time::within(time).map(|_| time).ok_or(TimeError::OutOfRange)
}

/// An instant as the canonical line writes it. With nanoseconds, finer than
/// [`claimledger_facts::time::Time`]: contents that differ in the original differ in the canonical
/// line.
pub(crate) fn one_spelling(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What is expected of a time.
pub(crate) const EXPECTED_TIME: &str = "an RFC 3339 date-time with an offset, such as \
                                        2026-03-10T10:00:00Z, in the years 0000 to 9999 in UTC";
/// Maximum number of entries of a list.
const MAX_ENTRIES: usize = 512;
/// Maximum length of a text that is no id, in bytes.
const MAX_TEXT_BYTES: usize = 8192;

impl Shape {
    /// Reads a JSON Schema as this crate's types make it: references, `null` alternatives,
    /// constants.
    fn of(schema: &Value, root: &Value) -> Self {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && let Some(target) = reference.strip_prefix('#').and_then(|path| root.pointer(path))
        {
            // A string that has a type of its own is an id; a bare one is text.
            return match (Self::of(target, root), reference.rsplit_once('/')) {
                (Self::Text, _) => Self::Id,
                (Self::Word { words, .. }, Some((_, of))) => {
                    Self::Word { of: of.to_lowercase(), words }
                }
                (shape, _) => shape,
            };
        }
        if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
            let mut shapes = alternatives
                .iter()
                .filter(|s| s.get("type").and_then(Value::as_str) != Some("null"));
            return shapes.next().map_or(Self::Any, |first| Self::of(first, root));
        }
        if let Some(words) = words(schema) {
            return Self::Word { of: "word".to_owned(), words };
        }
        let type_word = match schema.get("type") {
            Some(Value::String(word)) => Some(word.as_str()),
            Some(Value::Array(words)) => {
                words.iter().filter_map(Value::as_str).find(|w| *w != "null")
            }
            _ => None,
        };
        match type_word {
            Some("object")
                if schema.get("properties").is_some()
                    || schema.get("additionalProperties").is_none() =>
            {
                let members =
                    schema.get("properties").and_then(Value::as_object).into_iter().flatten();
                let required =
                    schema.get("required").and_then(Value::as_array).into_iter().flatten();
                Self::Object {
                    members: members
                        .map(|(name, member)| (name.clone(), Self::of(member, root)))
                        .collect(),
                    required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
                }
            }
            Some("array") => Self::List(Box::new(
                schema.get("items").map_or(Self::Any, |items| Self::of(items, root)),
            )),
            Some("string") if schema.get("format").and_then(Value::as_str) == Some("date-time") => {
                Self::Time
            }
            Some("string") => Self::Text,
            Some("boolean") => Self::Bool,
            Some("integer") => Self::Integer { signed: schema.get("minimum").is_none() },
            _ => Self::Any,
        }
    }

    /// Checks a value, brings its times to one spelling, and collects the paths of members that the
    /// contract does not know.
    pub(crate) fn check(
        &self,
        value: &mut Value,
        path: &mut String,
        unknown: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        match (self, value) {
            (Self::Any, _) | (Self::Bool, Value::Bool(_)) => Ok(()),
            (Self::Object { members, required }, Value::Object(object)) => {
                if let Some(missing) =
                    required.iter().find(|name| !object.contains_key(name.as_str()))
                {
                    let expected = members.get(missing).map_or_else(String::new, Self::expected);
                    text::push_key(path, missing);
                    return Err(Refusal::missing(path.as_str(), expected));
                }
                check_members(members, object, path, unknown)
            }
            (Self::List(_), Value::Array(items)) if items.len() > MAX_ENTRIES => {
                let message =
                    format!("the list has {} entries, and {MAX_ENTRIES} is the most", items.len());
                Err(Refusal::invalid(
                    path.as_str(),
                    format!("at most {MAX_ENTRIES} entries"),
                    message,
                ))
            }
            (Self::List(inner), Value::Array(items)) => {
                let length = path.len();
                for (i, item) in items.iter_mut().enumerate() {
                    text::push_index(path, i);
                    inner.check(item, path, unknown)?;
                    path.truncate(length);
                }
                Ok(())
            }
            (Self::Id, Value::String(id)) if bearer::is_token(id) => Err(Refusal::invalid(
                path.as_str(),
                "a digest or an id, never the token itself",
                "the value is a token or an assertion",
            )),
            (Self::Id, Value::String(id)) if text::is_id(id) => Ok(()),
            (Self::Text, Value::String(text)) if text.len() <= MAX_TEXT_BYTES => Ok(()),
            (Self::Text, Value::String(_)) => {
                let expected = format!("a string of at most {MAX_TEXT_BYTES} bytes");
                Err(Refusal::invalid(path.as_str(), expected, "the string is too long"))
            }
            (Self::Time, Value::String(time)) => match instant(time) {
                Ok(instant) => {
                    *time = one_spelling(instant);
                    Ok(())
                }
                Err(error) => {
                    let message = format!("`{}` is {error}", text::shown(time));
                    Err(Refusal::invalid(path.as_str(), EXPECTED_TIME, message))
                }
            },
            (Self::Word { words, .. }, Value::String(word)) if words.contains(word) => Ok(()),
            (Self::Word { of, words }, Value::String(word)) => {
                // An entry of a list is named for its vocabulary, any other field by its own name.
                let field = path.rsplit('.').next().filter(|field| !field.ends_with(']'));
                let noun = field.unwrap_or(of).replace('_', " ");
                let allowed = text::any_of(words.iter().map(String::as_str));
                let message = format!("unknown {noun} `{}`: use {allowed}", text::shown(word));
                Err(Refusal::field(
                    RefusalCode::UnknownWord,
                    path.as_str(),
                    self.expected(),
                    message,
                ))
            }
            (Self::Integer { signed }, Value::Number(number))
                if if *signed { number.is_i64() } else { number.is_u64() } =>
            {
                Ok(())
            }
            (_, value) => Err(self.invalid(value, path)),
        }
    }

    fn invalid(&self, value: &Value, path: &str) -> Refusal {
        let found = match value {
            Value::String(found) => format!("`{}`", text::shown(found)),
            Value::Number(number) => format!("the number {number}"),
            other => kind(other).to_owned(),
        };
        let expected = self.expected();
        let message = format!("found {found}, expected {expected}");
        Refusal::invalid(path, expected, message)
    }

    /// In words, for a refusal.
    fn expected(&self) -> String {
        match self {
            Self::Object { .. } => "an object".into(),
            Self::List(inner) => format!("a list, each entry: {}", inner.expected()),
            Self::Id => text::EXPECTED_ID.into(),
            Self::Text => "a string".into(),
            Self::Time => EXPECTED_TIME.into(),
            Self::Word { words, .. } => format!("one of {}", words.join(", ")),
            Self::Bool => "true or false".into(),
            Self::Integer { signed: true } => "a whole number of 64 bits".into(),
            Self::Integer { signed: false } => "a whole number of 64 bits, not negative".into(),
            Self::Any => "a value".into(),
        }
    }
}

fn check_members(
    known: &BTreeMap<String, Shape>,
    object: &mut Map<String, Value>,
    path: &mut String,
    unknown: &mut Vec<String>,
) -> Result<(), Refusal> {
    let length = path.len();
    for (name, member) in object.iter_mut() {
        text::push_key(path, name);
        match known.get(name) {
            Some(shape) => shape.check(member, path, unknown)?,
            None => unknown.push(text::shown(path)),
        }
        path.truncate(length);
    }
    Ok(())
}

/// What a JSON value is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A refusal of a field whose value is of another type.
pub(crate) fn wrong_type(field: &str, expected: &str, value: &Value) -> Refusal {
    Refusal::invalid(field, expected, format!("the value is {}", kind(value)))
}

/// The words of an enumeration: `enum`, or `oneOf` constants.
fn words(schema: &Value) -> Option<Vec<String>> {
    let words: Vec<&Value> = match (schema.get("enum"), schema.get("oneOf")) {
        (Some(words), _) => words.as_array()?.iter().collect(),
        (None, Some(alternatives)) => {
            let alternatives = alternatives.as_array()?.iter();
            alternatives
                .map(|a| {
                    a.get("const")
                        .map(|c| vec![c])
                        .or_else(|| Some(a.get("enum")?.as_array()?.iter().collect()))
                })
                .collect::<Option<Vec<_>>>()?
                .concat()
        }
        (None, None) => return None,
    };
    words.into_iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::{
        fact::FactType,
        vocabulary::{Method, Property},
    };
    use serde_json::json;

    /// Every place of every type that outsiders may write is understood: nothing falls back to
    /// [`Shape::Any`].
    #[test]
    fn the_whole_contract_is_read_from_the_schemas() {
        fn places(shape: &Shape, path: &str, any: &mut Vec<String>) {
            match shape {
                Shape::Object { members, .. } => members
                    .iter()
                    .for_each(|(name, member)| places(member, &format!("{path}.{name}"), any)),
                Shape::List(inner) => places(inner, &format!("{path}[]"), any),
                Shape::Any => any.push(path.to_owned()),
                Shape::Id
                | Shape::Text
                | Shape::Time
                | Shape::Word { .. }
                | Shape::Bool
                | Shape::Integer { .. } => {}
            }
        }
        let mut any = Vec::new();
        for FactType { name, .. } in FACT_TYPES {
            assert!(matches!(shape(name), Shape::Object { .. }), "{name}");
            places(shape(name), name, &mut any);
        }
        // Names and values as they were asked for. Only the ledger states it.
        assert_eq!(any, ["records.disclosed.parameters"]);
    }

    #[test]
    fn shapes_are_those_of_the_contract() {
        let Shape::Object { members, required } = shape("claims.received") else { panic!() };
        assert_eq!(required, &["idp"]);
        assert_eq!(members["idp"], Shape::Id);
        assert_eq!(members["auth_time"], Shape::Time);
        assert_eq!(members["acr"], Shape::Text);
        let Shape::List(methods) = &members["methods"] else { panic!() };
        let Shape::Object { members, required } = &**methods else { panic!() };
        assert_eq!(required, &["method"]);
        assert_eq!(
            members["method"],
            Shape::Word {
                of: "method".to_owned(),
                words: Method::ALL.iter().map(|m| m.as_str().to_owned()).collect(),
            }
        );
        assert_eq!(
            members["properties"],
            Shape::List(Box::new(Shape::Word {
                of: "property".to_owned(),
                words: Property::ALL.iter().map(|p| p.as_str().to_owned()).collect(),
            }))
        );
        let Shape::Object { members, .. } = shape("policy.configured") else { panic!() };
        assert_eq!(members["max_idle_secs"], Shape::Integer { signed: false });
    }

    #[test]
    fn times_get_one_spelling_and_unknown_members_are_found_at_any_depth() {
        let mut data = json!({"idp": "x", "auth_time": "2026-03-10T11:00:00.5+01:00",
            "methods": [{"method": "otp", "made_up": []}], "odd": {"a": 1}});
        let (mut path, mut unknown) = ("data".to_owned(), Vec::new());
        shape("claims.received").check(&mut data, &mut path, &mut unknown).unwrap();
        assert_eq!(data["auth_time"], "2026-03-10T10:00:00.500Z");
        assert_eq!(unknown, ["data.methods[0].made_up", "data.odd"]);
        assert_eq!(path, "data");
    }

    /// A message names the field, or the vocabulary of a list, and every word that is known there.
    #[test]
    fn an_unknown_word_is_answered_with_the_words_to_use() {
        fn refused(shape: &Shape, path: &str, messages: &mut Vec<String>) {
            match shape {
                Shape::Object { members, .. } => members.iter().for_each(|(name, member)| {
                    refused(member, &format!("{path}.{name}"), messages)
                }),
                Shape::List(inner) => refused(inner, &format!("{path}[0]"), messages),
                Shape::Word { words, .. } => {
                    let mut value = json!("no_such");
                    let refusal =
                        shape.check(&mut value, &mut path.to_owned(), &mut Vec::new()).unwrap_err();
                    assert!(
                        words.iter().all(|word| refusal.message.contains(&format!("`{word}`")))
                    );
                    messages.push(refusal.message);
                }
                _ => {}
            }
        }
        let mut messages = Vec::new();
        FACT_TYPES.iter().for_each(|fact| refused(shape(fact.name), "data", &mut messages));
        assert!(messages.len() > 25, "{messages:?}");
        let of_lists = ["method", "property", "role"];
        for message in &messages {
            let (noun, _) = message.split_once(" `no_such`: use ").expect("a noun and words");
            let noun = noun.strip_prefix("unknown ").expect("unknown");
            assert!(noun != "word" && !noun.contains(['_', '[']), "{message}");
        }
        for noun in of_lists {
            let start = format!("unknown {noun} `no_such`: use `");
            assert!(messages.iter().any(|message| message.starts_with(&start)), "{noun}");
        }
        assert!(messages.contains(&"unknown protocol `no_such`: use `oidc` or `saml2`".to_owned()));
    }
}

//! Reads one JSON value strictly. What two readers could read differently is refused, so that
//! evidence means one thing only.
//!
//! Refused: invalid UTF-8, lone surrogates, nesting deeper than [`MAX_DEPTH`], anything after the
//! value, and a duplicate key in one object (see [`Duplicates`]). Numbers are kept as
//! `serde_json` keeps them: integers of 64 bits exactly, others as IEEE doubles; one that neither
//! holds is kept by its exact value, so that other numbers stay other content. Members that are
//! `null` are left out: the contract reads `null` as absent (`semantics.md` 30).

use crate::{
    json::{Json, Object},
    number, text,
};
use claimledger_facts::refusal::{Refusal, RefusalCode};
use data_encoding::HEXLOWER;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// How deep objects and arrays may be nested.
pub const MAX_DEPTH: usize = 64;

/// How duplicate keys in one object are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Refused: the native contract.
    Refused,
    /// Taken if both values are equal, else refused: vendors' own examples repeat keys.
    Tolerated,
    /// Taken, each further one with its number behind its key: `rule (2)`. For what is only kept.
    Numbered,
}

/// Reads one value.
///
/// # Errors
/// With the path of the field where the reading stopped, and what was expected.
pub fn parse(bytes: &[u8], duplicates: Duplicates) -> Result<Value, Refusal> {
    parse_borrowed(bytes, duplicates).map(Json::into_value)
}

/// The same, borrowing from the text.
pub(crate) fn parse_borrowed(bytes: &[u8], duplicates: Duplicates) -> Result<Json<'_>, Refusal> {
    let mut context = Context::new(duplicates, None);
    let result = match std::str::from_utf8(bytes) {
        Ok(text) => {
            let result = read(&mut serde_json::Deserializer::from_str(text), &mut context);
            // A double was read, or a number lay past its range: only then can there be one that it
            // does not hold.
            if (context.has_double || result.is_err())
                && let Some(exact) = with_exact_numbers(text, duplicates)
            {
                return exact;
            }
            result
        }
        // Read as bytes, which stops at the field that holds the invalid ones.
        Err(error) => {
            let result = read(&mut serde_json::Deserializer::from_slice(bytes), &mut context);
            context.found = Some(Found::InvalidUtf8 { at: error.valid_up_to() });
            result.and_then(|_| Err(serde_json::Error::custom("invalid UTF-8")))
        }
    };
    result.map_err(|error| context.refusal(&error))
}

fn read<'de, R: serde_json::de::Read<'de>>(
    deserializer: &mut serde_json::Deserializer<R>,
    context: &mut Context,
) -> Result<Json<'de>, serde_json::Error> {
    let value = Seed(context).deserialize(&mut *deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads a text with numbers that 64 bits do not hold; none: it has none, or is broken in another
/// way as well.
fn with_exact_numbers(
    text: &str,
    duplicates: Duplicates,
) -> Option<Result<Json<'static>, Refusal>> {
    // The text's own digest: no text can hold a string that begins with it.
    let mark = format!("{}:", HEXLOWER.encode(&Sha256::digest(text.as_bytes())));
    let marked = number::marked(text, &mark)?;
    let mut context = Context::new(duplicates, Some(mark));
    let result = read(&mut serde_json::Deserializer::from_str(&marked), &mut context);
    Some(result.map(Json::into_owned).map_err(|error| context.refusal(&error)))
}

struct Context {
    duplicates: Duplicates,
    /// The prefix of strings that represent numbers.
    mark: Option<String>,
    has_double: bool,
    depth: usize,
    /// From the innermost outwards; filled while an error goes up, so that a good value costs
    /// nothing.
    path: Vec<Step>,
    found: Option<Found>,
}

enum Step {
    Key(String),
    Index(usize),
}

#[derive(Clone, Copy)]
enum Found {
    Duplicate,
    TooDeep,
    InvalidUtf8 { at: usize },
}

impl Context {
    fn new(duplicates: Duplicates, mark: Option<String>) -> Self {
        Self { duplicates, mark, has_double: false, depth: 0, path: Vec::new(), found: None }
    }

    fn number<'t>(&self, text: &str) -> Option<Json<'t>> {
        text.strip_prefix(self.mark.as_deref()?).map(|exact| Json::Exact(exact.to_owned()))
    }

    fn refusal(&self, error: &serde_json::Error) -> Refusal {
        let (expected, message) = match self.found {
            Some(Found::Duplicate) => {
                let expected = match self.duplicates {
                    Duplicates::Refused => "each key once in an object",
                    Duplicates::Tolerated | Duplicates::Numbered => {
                        "each key once in an object, or twice with one value"
                    }
                };
                (expected.to_owned(), "the key is in its object twice".to_owned())
            }
            Some(Found::TooDeep) => (
                format!("at most {MAX_DEPTH} levels of nesting"),
                format!("objects and arrays are nested deeper than {MAX_DEPTH} levels"),
            ),
            Some(Found::InvalidUtf8 { at }) => (
                "text in UTF-8".to_owned(),
                format!("byte {} of the value is not valid UTF-8", at + 1),
            ),
            None => ("one JSON value".to_owned(), syntax(error)),
        };
        let mut refusal = Refusal::whole(RefusalCode::Malformed, expected, message);
        if !self.path.is_empty() {
            refusal.field = Some(self.field());
        }
        refusal
    }

    fn field(&self) -> String {
        let mut field = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Key(key) => text::push_key(&mut field, key),
                Step::Index(index) => text::push_index(&mut field, *index),
            }
        }
        text::shown(&field)
    }
}

/// The parser's words, with the place inside the value, and what a cut value is called here.
fn syntax(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or("no JSON");
    let cut = if error.is_eof() { "the JSON is cut: " } else { "no JSON: " };
    match (error.line(), error.column()) {
        (0, _) => format!("{cut}{words}"),
        (1, column) => format!("{cut}{words} at column {column}"),
        (line, column) => format!("{cut}{words} at line {line}, column {column} of the value"),
    }
}

struct Seed<'c>(&'c mut Context);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        self.0.has_double = true;
        // JSON text has no number that is none.
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(self.0.number(value).unwrap_or(Json::Text(Cow::Borrowed(value))))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(self.0.number(value).unwrap_or_else(|| Json::Text(Cow::Owned(value.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let Self(context) = self;
        context.enter()?;
        let mut items = Vec::new();
        loop {
            match seq.next_element_seed(Seed(context)) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => {
                    context.path.push(Step::Index(items.len()));
                    return Err(error);
                }
            }
        }
        context.depth -= 1;
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let Self(context) = self;
        context.enter()?;
        let mut members = Vec::with_capacity(8);
        while let Some(key) = map.next_key_seed(Key)? {
            match map.next_value_seed(Seed(context)) {
                Ok(value) => members.push((key, value)),
                Err(error) => {
                    context.path.push(Step::Key(key.into_owned()));
                    return Err(error);
                }
            }
        }
        if context.duplicates == Duplicates::Numbered {
            number_keys(&mut members);
        }
        let tolerate =
            |a: &Json<'de>, b: &Json<'de>| context.duplicates == Duplicates::Tolerated && a == b;
        let mut object = Object::new(members, tolerate).map_err(|key| {
            context.path.push(Step::Key(key.into_owned()));
            context.found = Some(Found::Duplicate);
            A::Error::custom("duplicate key")
        })?;
        // Only now: a `null` beside a value under the same key is a contradiction like any other.
        object.drop_nulls();
        context.depth -= 1;
        Ok(Json::Object(object))
    }
}

fn number_keys(members: &mut [(Cow<'_, str>, Json<'_>)]) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (key, _) in members {
        let count = counts.entry(key.clone().into_owned()).or_default();
        *count += 1;
        if *count > 1 {
            *key = format!("{key} ({count})").into();
        }
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

impl Context {
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if self.depth == MAX_DEPTH {
            self.found = Some(Found::TooDeep);
            return Err(E::custom("nested too deep"));
        }
        self.depth += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(bytes: &[u8]) -> (Option<String>, String) {
        let refusal = parse(bytes, Duplicates::Refused).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Malformed);
        (refusal.field, refusal.message)
    }

    #[test]
    fn values_are_read_as_serde_json_reads_them_and_nulls_are_absent() {
        let value = parse(
            br#" {"b":[1,-2,3.5,null,true,"\u00e9\ud83d\ude00"],"a":null,"c":{"d":null}} "#,
            Duplicates::Refused,
        )
        .unwrap();
        assert_eq!(value, json!({"b": [1, -2, 3.5, null, true, "é😀"], "c": {}}));
        let largest =
            parse(b"[18446744073709551615,-9223372036854775808]", Duplicates::Refused).unwrap();
        assert_eq!(largest, json!([u64::MAX, i64::MIN]));
    }

    #[test]
    fn a_key_that_stands_twice_is_named_with_its_path() {
        let (field, message) = refused(br#"{"data":{"rules":[{"x":1},{"y":1,"y":1}]}}"#);
        assert_eq!(
            (field.as_deref(), message.as_str()),
            (Some("data.rules[1].y"), "the key is in its object twice")
        );
    }

    #[test]
    fn an_equal_duplicate_is_tolerated_where_vendors_repeat_keys_and_an_unequal_one_never() {
        assert_eq!(
            parse(br#"{"a":{"b":1},"a":{"b":1}}"#, Duplicates::Tolerated).unwrap(),
            json!({"a": {"b": 1}})
        );
        for unequal in [r#"{"a":1,"a":2}"#, r#"{"a":null,"a":1}"#, r#"{"a":1,"a":null}"#] {
            let refusal = parse(unequal.as_bytes(), Duplicates::Tolerated).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("a"), "{unequal}");
        }
    }

    #[test]
    fn the_deepest_allowed_is_read_and_one_more_is_refused() {
        let nested = |n: usize| [b"[".repeat(n), b"]".repeat(n)].concat();
        assert!(parse(&nested(MAX_DEPTH), Duplicates::Refused).is_ok());
        let (field, message) = refused(&nested(MAX_DEPTH + 1));
        assert!(field.unwrap().starts_with("[0][0]"));
        assert_eq!(message, "objects and arrays are nested deeper than 64 levels");
        refused(&nested(10_000));
    }

    #[test]
    fn invalid_utf8_and_lone_surrogates_are_named_with_their_field() {
        assert_eq!(refused(b"{\"a\":{\"b\":\"\xff\"}}").0.as_deref(), Some("a.b"));
        assert_eq!(refused(br#"{"a":["\ud800"]}"#).0.as_deref(), Some("a[0]"));
        assert_eq!(refused(br#"{"a":"\udc00x"}"#).0.as_deref(), Some("a"));
        refused(b"\xff");
    }

    #[test]
    fn a_cut_value_says_where() {
        let (field, message) = refused(br#"{"data":{"idp":"idp-"#);
        assert_eq!(field.as_deref(), Some("data.idp"));
        assert!(message.starts_with("the JSON is cut: "), "{message}");
        assert!(refused(br#"{"a":1} x"#).1.contains("column 9"));
    }
}

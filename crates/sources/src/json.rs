//! One JSON value that borrows what it can of its text: what high volumes of events are read into.
//! Half of the work of a `serde_json` tree is to make and free its strings and map nodes, and
//! nearly all of them are only looked at.

use crate::text;
use claimledger_facts::canonical;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'t> {
    Null,
    Bool(bool),
    Number(Number),
    /// A number that 64 bits do not hold, in its one spelling ([`crate::number`]).
    Exact(String),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Object<'t>),
}

/// An object: its members, sorted bytewise by key, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'t>(Vec<Member<'t>>);

type Member<'t> = (Cow<'t, str>, Json<'t>);

impl<'t> Json<'t> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'t>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// A member, where this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    /// The same as a tree that owns everything.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            // As near as a double comes: the exact value is in what `exact_numbers` gives.
            Self::Exact(text) => nearest(&text).map_or(Value::Null, Value::Number),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(object) => Value::Object(object.into_map()),
        }
    }

    /// The same, borrowing from nothing.
    pub(crate) fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(number) => Json::Number(number),
            Self::Exact(text) => Json::Exact(text),
            Self::Text(text) => Json::Text(Cow::Owned(text.into_owned())),
            Self::List(items) => Json::List(items.into_iter().map(Self::into_owned).collect()),
            Self::Object(object) => Json::Object(Object(
                object
                    .0
                    .into_iter()
                    .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                    .collect(),
            )),
        }
    }

    /// Paths and spellings of the numbers that 64 bits do not hold, in the canonical order.
    pub(crate) fn exact_numbers(&self, path: &mut String, found: &mut Vec<(String, String)>) {
        let length = path.len();
        match self {
            Self::Exact(text) => found.push((path.clone(), text.clone())),
            Self::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    text::push_index(path, n);
                    item.exact_numbers(path, found);
                    path.truncate(length);
                }
            }
            Self::Object(object) => {
                for (name, value) in &object.0 {
                    text::push_key(path, name);
                    value.exact_numbers(path, found);
                    path.truncate(length);
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Exact(text) => out.extend_from_slice(text.as_bytes()),
            Self::Text(text) => canonical::write_str(out, text),
            Self::Number(number) => canonical::write_number(out, number),
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::List(items) => {
                out.push(b'[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

/// The double nearest to a number; the largest, where it lies past all of them.
fn nearest(text: &str) -> Option<Number> {
    let double: f64 = text.parse().ok()?;
    Number::from_f64(double.clamp(f64::MIN, f64::MAX))
}

impl<'t> Object<'t> {
    /// From members in any order. A duplicate key is returned as the error.
    pub(crate) fn new(
        mut members: Vec<Member<'t>>,
        tolerate: impl Fn(&Json<'t>, &Json<'t>) -> bool,
    ) -> Result<Self, Cow<'t, str>> {
        if !members.is_sorted_by(|a, b| a.0 < b.0) {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            for pair in members.windows(2) {
                if pair[0].0 == pair[1].0 && !tolerate(&pair[0].1, &pair[1].1) {
                    return Err(pair[0].0.clone());
                }
            }
            members.dedup_by(|later, earlier| later.0 == earlier.0);
        }
        Ok(Self(members))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Json<'t>> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Json<'t>> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Inserts a member, replacing one with the same key.
    pub(crate) fn insert(&mut self, key: impl Into<Cow<'t, str>>, value: Json<'t>) {
        let key = key.into();
        match self.0.binary_search_by(|(name, _)| name.cmp(&key)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'t>)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// Leaves out members that are `null`.
    pub(crate) fn drop_nulls(&mut self) {
        self.0.retain(|(_, value)| !matches!(value, Json::Null));
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value.into_value())).collect()
    }

    /// The canonical bytes, as [`canonical::object_to_vec`] gives them. `about` is their expected
    /// number.
    pub(crate) fn to_canonical(&self, about: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(about);
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (n, (name, value)) in self.0.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            canonical::write_str(out, name);
            out.push(b':');
            value.write(out);
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use crate::strict::{Duplicates, parse, parse_borrowed};
    use claimledger_facts::canonical;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn object(text: &str) -> super::Object<'_> {
        parse_borrowed(text.as_bytes(), Duplicates::Tolerated).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn members_come_and_go_and_stay_sorted() {
        let mut members = object(r#"{"b": 1, "d": null, "a": "\u0061"}"#);
        assert_eq!(members.keys().collect::<Vec<_>>(), ["a", "b"]);
        members.insert("c", super::Json::Bool(true));
        members.insert("aa", super::Json::Text("x".into()));
        members.insert("b", super::Json::Text("y".into()));
        assert_eq!(members.remove("a"), Some(super::Json::Text("a".into())));
        assert_eq!(members.remove("z"), None);
        assert_eq!(members.to_canonical(0), br#"{"aa":"x","b":"y","c":true}"#);
    }

    /// Any other is an exact number, which the owned tree does not have.
    fn is_held(number: &f64) -> bool {
        crate::number::marked(&json!(number).to_string(), "").is_none()
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("it is read as it is written", is_held).prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-c\\\\\"é]{0,3}", inner, 0..6)
                    .prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_written_as_the_owned_tree_is(value in values()) {
            let text = json!({"x": value}).to_string();
            let owned = parse(text.as_bytes(), Duplicates::Refused).unwrap();
            let borrowed = parse_borrowed(text.as_bytes(), Duplicates::Refused).unwrap();
            prop_assert_eq!(borrowed.as_object().unwrap().to_canonical(16),
                canonical::to_vec(&owned));
            prop_assert_eq!(borrowed.into_value(), owned);
        }
    }
}

//! What a value is: one object of the API, or an envelope that says when and where it was looked
//! at: `{"looked_at": …, "path": "/api/v1/idps", "body": …}`. A body is an object or a list.

use super::{place::Place, shape::instant};
use crate::{
    contract, native,
    strict::{self, Duplicates},
};
use claimledger_facts::{
    refusal::{Refusal, RefusalCode},
    time::Time,
};
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap};

/// A value that was received.
pub(super) struct Received {
    pub(super) looked_at: Option<Time>,
    pub(super) place: Place,
    /// It is the answer to a call that changes what it answers with.
    pub(super) answers_change: bool,
    /// It is everything that its path lists.
    pub(super) is_whole: bool,
    pub(super) items: Vec<Item>,
}

/// One object of a value.
pub(super) struct Item {
    pub(super) members: Map<String, Value>,
    /// As it was received: with its envelope, but without its siblings in the list.
    pub(super) bytes: Vec<u8>,
    /// Where it is in the value: empty, `body.` or `body[3].`.
    pub(super) field: String,
}

/// Reads a value.
pub(super) fn read(bytes: &[u8]) -> Result<Received, Refusal> {
    let mut members = native::object(strict::parse(bytes, Duplicates::Tolerated)?)?;
    let path = members.get("path").and_then(Value::as_str).map(str::to_owned);
    let Some(body) = members.remove("body") else {
        if members.contains_key("looked_at") || path.is_some_and(|path| path.contains("/api/")) {
            let message = "the envelope has no body";
            return Err(Refusal::field(RefusalCode::MissingField, "body", EXPECTED, message));
        }
        let item = Item { members, bytes: bytes.to_vec(), field: String::new() };
        return Ok(Received {
            looked_at: None,
            place: Place::default(),
            answers_change: false,
            is_whole: false,
            items: vec![item],
        });
    };
    let looked_at =
        members.get("looked_at").map(|value| instant(value, "looked_at")).transpose()?;
    let place = path.as_deref().map(Place::of).unwrap_or_default();
    let method = members.get("method").and_then(Value::as_str).unwrap_or("GET");
    let reads = method.eq_ignore_ascii_case("GET");
    let (items, listed) = match body {
        Value::Object(members) => {
            let field = "body.".to_owned();
            (vec![Item { members, bytes: bytes.to_vec(), field }], None)
        }
        Value::Array(list) => {
            let count = list.len();
            (items(list, bytes)?, Some(count))
        }
        other => {
            let message = format!("the body is {}", contract::kind(&other));
            return Err(Refusal::field(RefusalCode::InvalidField, "body", EXPECTED, message));
        }
    };
    let complete = members.get("complete").and_then(Value::as_bool);
    let is_whole =
        listed.is_some_and(|count| reads && complete.unwrap_or_else(|| place.is_whole(count)));
    Ok(Received { looked_at, place, answers_change: !reads, is_whole, items })
}

const EXPECTED: &str = "an object of Okta's API, or a list of them";

/// The objects of a list, each in an envelope of its own.
fn items(list: Vec<Value>, bytes: &[u8]) -> Result<Vec<Item>, Refusal> {
    let raw: BTreeMap<Cow<'_, str>, &RawValue> = parsed(bytes)?;
    let body: Vec<&RawValue> =
        raw.get("body").map_or(Ok(Vec::new()), |body| parsed(body.get().as_bytes()))?;
    let around: Vec<(&str, &str)> = raw
        .iter()
        .filter(|(name, _)| *name != "body")
        .map(|(name, value)| (&**name, value.get()))
        .collect();
    let read = |(n, (value, raw)): (usize, (Value, &RawValue))| match value {
        Value::Object(members) => {
            let bytes = enveloped(&around, raw.get());
            Ok(Item { members, bytes, field: format!("body[{n}].") })
        }
        other => {
            let message = format!("the entry is {}", contract::kind(&other));
            let field = format!("body[{n}]");
            Err(Refusal::field(RefusalCode::InvalidField, field, EXPECTED, message))
        }
    };
    list.into_iter().zip(body).enumerate().map(read).collect()
}

fn enveloped(around: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = String::with_capacity(body.len() + 128);
    text.push('{');
    for (name, value) in around {
        text.push_str(&Value::from(*name).to_string());
        text.push(':');
        text.push_str(value);
        text.push(',');
    }
    text.push_str("\"body\":");
    text.push_str(body);
    text.push('}');
    text.into_bytes()
}

/// Reads again, by its parts, what was read already.
fn parsed<'b, T: serde::Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        Refusal::whole(RefusalCode::Malformed, "one JSON value", error.to_string())
    })
}

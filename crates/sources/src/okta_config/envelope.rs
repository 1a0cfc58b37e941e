//! What a value is: one object of the API, or an envelope that says when and where it was looked
//! at: `{"looked_at": …, "answered_at": …, "path": "/api/v1/idps", "body": …}`. A body is an object
//! or a list.

use super::{place::Place, shape::instant};
use crate::{
    bearer, contract, lenient, native,
    okta::page,
    strict::{self, Duplicates},
};
use claimledger_facts::{
    refusal::{Refusal, RefusalCode},
    time::{Occurred, Time},
};
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap};

/// A value that was received.
pub(super) struct Received {
    /// What it holds was so at some time between the request and the end of the answer.
    pub(super) looked_at: Option<Occurred>,
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
    /// Why it is no strict JSON: what it holds is what can be said of it. None: it is.
    pub(super) flaw: Option<Refusal>,
}

/// Reads a value. An object of a list that is no strict JSON keeps no other out.
pub(super) fn read(bytes: &[u8]) -> Result<Received, Refusal> {
    match strict::parse(bytes, Duplicates::Tolerated) {
        Ok(value) => of_members(native::object(value)?, bytes, &[]),
        Err(refusal) => salvaged(bytes).unwrap_or(Err(refusal)),
    }
}

/// Reads a list of which some objects are no strict JSON; none: the rest of it is none either.
fn salvaged(bytes: &[u8]) -> Option<Result<Received, Refusal>> {
    let list = page::value_of(bytes, "body")?;
    let (mut whole, mut flawed) = (Vec::new(), Vec::new());
    for (n, object) in page::events(list)?.into_iter().enumerate() {
        match strict::parse(object, Duplicates::Tolerated) {
            Ok(_) => whole.push(object),
            Err(refusal) => flawed.push((n, object, refusal)),
        }
    }
    let without = page::with_part(bytes, list, &[b"[", &whole.join(&b","[..])[..], b"]"].concat());
    let members = native::object(strict::parse(&without, Duplicates::Tolerated).ok()?).ok()?;
    let places: Vec<usize> = flawed.iter().map(|(n, ..)| *n).collect();
    let mut received = match of_members(members, &without, &places) {
        Ok(received) => received,
        Err(refusal) => return Some(Err(refusal)),
    };
    let text = String::from_utf8(without).ok()?;
    let around = match around(text.as_bytes()) {
        Ok((around, _)) => around,
        Err(refusal) => return Some(Err(refusal)),
    };
    for (n, object, mut flaw) in flawed {
        let members = match lenient::parse(object) {
            Some(Value::Object(members)) => members,
            // Too deep, or damaged outside of its texts, so that secrets cannot be told.
            _ => {
                let text = String::from_utf8_lossy(object);
                let id = page::text_of(object, "id").map(|id| ("id".to_owned(), id.into()));
                id.into_iter()
                    .chain([(UNREADABLE.to_owned(), bearer::digest(&text).into())])
                    .collect()
            }
        };
        let bytes = enveloped(&around, &Value::Object(members.clone()).to_string());
        let field = format!("body[{n}].");
        flaw.field = Some(flaw.field.map_or(format!("body[{n}]"), |of| format!("{field}{of}")));
        received
            .items
            .insert(n.min(received.items.len()), Item { members, bytes, field, flaw: Some(flaw) });
    }
    Some(Ok(received))
}

/// The member of an object of which its digest alone is kept.
const UNREADABLE: &str = "unreadable";

/// `flawed`: the places in the list of objects that were taken out of it.
fn of_members(
    mut members: Map<String, Value>,
    bytes: &[u8],
    flawed: &[usize],
) -> Result<Received, Refusal> {
    let path = members.get("path").and_then(Value::as_str).map(str::to_owned);
    let Some(body) = members.remove("body") else {
        if members.contains_key("looked_at") || path.is_some_and(|path| path.contains("/api/")) {
            let message = "the envelope has no body";
            return Err(Refusal::field(RefusalCode::MissingField, "body", EXPECTED, message));
        }
        let item = Item { members, bytes: bytes.to_vec(), field: String::new(), flaw: None };
        return Ok(Received {
            looked_at: None,
            place: Place::default(),
            answers_change: false,
            is_whole: false,
            items: vec![item],
        });
    };
    let time = |name: &str| members.get(name).map(|value| instant(value, name)).transpose();
    let answered_at = time("answered_at")?;
    let looked_at = time("looked_at")?.map(|from| looked(from, answered_at)).transpose()?;
    let place = path.as_deref().map(Place::of).unwrap_or_default();
    let method = members.get("method").and_then(Value::as_str).unwrap_or("GET");
    let reads = method.eq_ignore_ascii_case("GET");
    let (items, listed) = match body {
        Value::Object(members) => {
            let field = "body.".to_owned();
            (vec![Item { members, bytes: bytes.to_vec(), field, flaw: None }], None)
        }
        Value::Array(list) => {
            let count = list.len() + flawed.len();
            (items(list, bytes, flawed)?, Some(count))
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

/// The time of a request and of its answer.
fn looked(from: Time, until: Option<Time>) -> Result<Occurred, Refusal> {
    if until.is_some_and(|until| until < from) {
        let expected = "when the answer was complete: not before `looked_at`";
        let message = "the answer would come before its request";
        return Err(Refusal::field(RefusalCode::InvalidField, "answered_at", expected, message));
    }
    Ok(Occurred { from, to: until.filter(|until| *until > from) })
}

const EXPECTED: &str = "an object of Okta's API, or a list of them";

/// The objects of a list, each in an envelope of its own.
fn items(list: Vec<Value>, bytes: &[u8], flawed: &[usize]) -> Result<Vec<Item>, Refusal> {
    let (around, body) = around(bytes)?;
    let places = (0..).filter(|n| !flawed.contains(n));
    let read = |(n, (value, raw)): (usize, (Value, &RawValue))| match value {
        Value::Object(members) => {
            let bytes = enveloped(&around, raw.get());
            Ok(Item { members, bytes, field: format!("body[{n}]."), flaw: None })
        }
        other => {
            let message = format!("the entry is {}", contract::kind(&other));
            let field = format!("body[{n}]");
            Err(Refusal::field(RefusalCode::InvalidField, field, EXPECTED, message))
        }
    };
    places.zip(list.into_iter().zip(body)).map(read).collect()
}

/// What stands around the objects of a list, by name, and the objects.
type Around<'b> = (Vec<(Cow<'b, str>, &'b str)>, Vec<&'b RawValue>);

fn around(bytes: &[u8]) -> Result<Around<'_>, Refusal> {
    let mut raw: BTreeMap<Cow<'_, str>, &RawValue> = parsed(bytes)?;
    let body = raw.remove("body").map_or(Ok(Vec::new()), |body| parsed(body.get().as_bytes()))?;
    Ok((raw.into_iter().map(|(name, value)| (name, value.get())).collect(), body))
}

fn enveloped(around: &[(Cow<'_, str>, &str)], body: &str) -> Vec<u8> {
    let mut text = String::with_capacity(body.len() + 128);
    text.push('{');
    for (name, value) in around {
        text.push_str(&Value::from(&**name).to_string());
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

//! What transports and collectors put around an event: taken off, so that one event by any of them
//! is one record; or named, where it cannot be.
//!
//! | envelope | where the event is |
//! | --- | --- |
//! | event hook | `data.events[]` |
//! | EventBridge | `detail` |
//! | Splunk: HTTP Event Collector, search result | `event`; `result`, `results[]`, `_raw` |
//! | Elastic: ECS document, hit, search result | `event.original`; `_source`; `hits.hits[]` |
//! | other collectors | `events[]`, `message` |

use super::page;
use crate::{
    bearer::{self, Named},
    json::{Json, Object},
    splitter::{Limits, Splitter},
    strict::{self, Duplicates},
};
use claimledger_facts::{
    canonical,
    refusal::{Refusal, RefusalCode},
};
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, collections::BTreeMap};

/// Maximum number of envelopes inside of each other.
pub(super) const MAX_NESTED: usize = 4;
/// Maximum bytes of an envelope around a lone event that are kept with it: far more than transports
/// put there, and far less than a record can have.
pub(super) const MAX_AROUND: usize = 16 * 1024;
/// The `eventType` of an event hook's body.
const HOOK: &str = "com.okta.event_hook";

/// An envelope, and where in it the event is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    /// What it looks like, in words.
    pub(super) name: &'static str,
    /// Where the events are.
    path: &'static [&'static str],
}

const fn envelope(name: &'static str, path: &'static [&'static str]) -> Envelope {
    Envelope { name, path }
}

const RAW: Envelope = envelope("a Splunk search result", &["_raw"]);
const ORIGINAL: Envelope = envelope("an Elastic (ECS) document", &["event", "original"]);
const FLAT_ORIGINAL: Envelope = envelope("an Elastic (ECS) document", &["event.original"]);
const EVENT_HOOK: Envelope = envelope("the body of an event hook", &["data", "events"]);
const EVENT_BRIDGE: Envelope = envelope("an EventBridge envelope", &["detail"]);
const HEC: Envelope = envelope("an envelope of the Splunk HTTP Event Collector", &["event"]);
const HITS: Envelope = envelope("an Elastic search result", &["hits", "hits"]);
const HIT: Envelope = envelope("an Elastic hit", &["_source"]);
const RESULT: Envelope = envelope("a Splunk search result", &["result"]);
const RESULTS: Envelope = envelope("a Splunk search result", &["results"]);
const EVENTS: Envelope = envelope("a list of events", &["events"]);
const MESSAGE: Envelope = envelope("a log line of a collector", &["message"]);

/// The envelope that an object is; none: it is an event itself, or nothing that is known.
pub(super) fn of(object: &Object<'_>) -> Option<Envelope> {
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    let has = |key: &str| object.contains_key(key);
    if has("_raw") {
        return Some(RAW);
    }
    if object.get("event").is_some_and(|event| event.get("original").is_some()) {
        return Some(ORIGINAL);
    }
    if has("event.original") {
        return Some(FLAT_ORIGINAL);
    }
    let kind = text("eventType").or_else(|| text("eventtype"));
    if kind == Some(HOOK) || object.get("data").is_some_and(|data| data.get("events").is_some()) {
        return Some(EVENT_HOOK);
    }
    if kind.is_some() {
        return None;
    }
    let is_elastic =
        has("@timestamp") && object.get("event").is_some_and(|event| event.as_object().is_some());
    [
        (has("detail-type") && has("detail"), EVENT_BRIDGE),
        (is_elastic, ORIGINAL),
        (has("event"), HEC),
        (object.get("hits").is_some_and(|hits| hits.get("hits").is_some()), HITS),
        (has("_source"), HIT),
        (has("result"), RESULT),
        (has("results"), RESULTS),
        (object.get("events").is_some_and(|events| events.as_list().is_some()), EVENTS),
        (text("message").is_some_and(|message| message.trim_start().starts_with('{')), MESSAGE),
    ]
    .into_iter()
    .find_map(|(is_one, envelope)| is_one.then_some(envelope))
}

impl Envelope {
    /// Whether it is the body of an event hook.
    pub(super) fn is_hook(self) -> bool {
        self.path == EVENT_HOOK.path
    }

    /// Whether a log stream puts it around each event.
    pub(super) fn is_stream(self) -> bool {
        [EVENT_BRIDGE.path, HEC.path].contains(&self.path)
    }

    /// The events that it carries, each as its bytes.
    ///
    /// # Errors
    /// There is none where one should be.
    pub(super) fn carried<'b>(self, bytes: &'b [u8]) -> Result<Vec<Cow<'b, [u8]>>, Refusal> {
        let Some(raw) = std::str::from_utf8(bytes).ok().and_then(|text| at(text, self.path)) else {
            return Err(self.lacks("it is missing"));
        };
        let pieces = match raw.get().as_bytes().first() {
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get())
                    .map_err(|_| self.lacks("it is no list that can be read"))?;
                items.into_iter().map(|item| Cow::Borrowed(item.get().as_bytes())).collect()
            }
            Some(b'{') => vec![Cow::Borrowed(raw.get().as_bytes())],
            Some(b'"') => {
                let text: String = serde_json::from_str(raw.get())
                    .map_err(|_| self.lacks("it is no text that can be read"))?;
                in_text(&text).map_err(|refusal| self.inside(refusal))?
            }
            _ => return Err(self.lacks("it is neither an object, nor a list, nor text")),
        };
        if pieces.is_empty() { Err(self.lacks("it is empty")) } else { Ok(pieces) }
    }

    /// The original of an event that is alone in its envelope: all that was received. `event`: its
    /// bytes without bearer material, where it had some.
    pub(super) fn original(
        self,
        bytes: &[u8],
        object: &Object<'_>,
        event: Option<&[u8]>,
    ) -> Vec<u8> {
        let mut outer: Map<String, Value> = object.clone().into_map();
        if bearer::redact(&mut outer, Named::Vendor) || event.is_some() {
            let inner = event.and_then(|event| std::str::from_utf8(event).ok());
            if let (Some(place), Some(inner)) = (place(&mut outer, self.path), inner) {
                *place = match place {
                    Value::String(_) => Value::from(inner),
                    Value::Array(_) => {
                        Value::Array(vec![serde_json::from_str(inner).unwrap_or_default()])
                    }
                    _ => serde_json::from_str(inner).unwrap_or_default(),
                };
            }
            return canonical::object_to_vec(&outer);
        }
        bytes.to_vec()
    }

    /// A refusal of what it carries.
    pub(super) fn inside(self, mut refusal: Refusal) -> Refusal {
        let path = self.path.join(".");
        refusal.field = Some(match refusal.field {
            Some(field) => format!("{path}.{field}"),
            None => path,
        });
        refusal.message = format!("this looks like {}: {}", self.name, refusal.message);
        refusal.line = None;
        refusal
    }

    fn lacks(self, why: &str) -> Refusal {
        let path = self.path.join(".");
        let expected = format!("an event of Okta's System Log in `{path}`");
        let message =
            format!("this looks like {}, and it carries no event in `{path}`: {why}", self.name);
        Refusal::invalid(path, expected, message)
    }
}

/// The events of the body of a hook, each as its bytes, where the body without them is strict JSON.
pub(super) fn hook_events(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut path = EVENT_HOOK.path.iter();
    let list = path.try_fold(bytes, |value, name| page::value_of(value, name))?;
    let events = page::events(list)?;
    let around = page::with_part(bytes, list, b"[]");
    let around = strict::parse_borrowed(&around, Duplicates::Refused).ok()?;
    let Json::Object(around) = around else { return None };
    let is_hook = of(&around).is_some_and(Envelope::is_hook);
    (is_hook && !events.is_empty()).then_some(events)
}

/// Why the body of a hook is refused although it is tolerable JSON: a key around the events stands
/// twice, so that two readers may see other events; none: no key does.
pub(super) fn repeated_around(bytes: &[u8]) -> Option<Refusal> {
    let text = std::str::from_utf8(bytes).ok()?;
    let around = page::with_part(bytes, at(text, EVENT_HOOK.path)?.get().as_bytes(), b"[]");
    strict::parse_borrowed(&around, Duplicates::Refused).err()
}

/// The value at a path of objects, as it is spelled.
fn at<'t>(text: &'t str, path: &[&str]) -> Option<&'t RawValue> {
    let mut raw: &RawValue = serde_json::from_str(text).ok()?;
    for key in path {
        let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw.get()).ok()?;
        raw = members.get(*key)?;
    }
    Some(raw)
}

fn place<'m>(outer: &'m mut Map<String, Value>, path: &[&str]) -> Option<&'m mut Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(outer.get_mut(*first)?, |value, key| value.get_mut(key))
}

/// The events of a text: one, or several as lines or as an array.
fn in_text(text: &str) -> Result<Vec<Cow<'static, [u8]>>, Refusal> {
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(text.as_bytes());
    splitter.finish();
    splitter.map(|piece| piece.map(|piece| Cow::Owned(piece.bytes))).collect()
}

/// What an object that is neither event nor envelope looks like; none: nothing that is known.
pub(super) fn looks_like(object: &Object<'_>) -> Option<Refusal> {
    let has = |key: &str| object.contains_key(key);
    let what = if has("detail-type") {
        "an EventBridge envelope without its `detail`"
    } else if has("@timestamp") || has("okta") {
        "an Elastic (ECS) document without `event.original`: let the collector keep the original \
         event"
    } else if has("sourcetype") {
        "an envelope of the Splunk HTTP Event Collector without its `event`"
    } else {
        return None;
    };
    let message = format!("this looks like {what}");
    Some(Refusal::field(
        RefusalCode::MissingField,
        "eventType",
        "an event of Okta's System Log",
        message,
    ))
}

/// What a piece that is no JSON looks like; none: nothing that is known.
pub(super) fn no_json(bytes: &[u8]) -> Option<Refusal> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_csv = !text.starts_with(['{', '['])
        && text.contains(',')
        && ["eventtype", "event_type", "uuid", "published"]
            .iter()
            .any(|column| text.to_ascii_lowercase().contains(column));
    is_csv.then(|| {
        let message =
            "this looks like CSV, as the Admin Console exports a search: it leaves most of an \
             event out; take the events as JSON from the API";
        Refusal::whole(RefusalCode::Malformed, "events of Okta's System Log as JSON", message)
    })
}

/// Nothing was carried.
pub(super) fn no_event() -> Refusal {
    Refusal::whole(RefusalCode::Malformed, "an event of Okta's System Log", "there is no event")
}

/// What an envelope carries and is no event at all is said so, rather than which of its fields is
/// missing.
pub(super) fn without_fields(event: &[u8], refusal: Refusal) -> Refusal {
    let is_event = at(std::str::from_utf8(event).unwrap_or_default(), &[])
        .is_some_and(|raw| raw.get().to_ascii_lowercase().contains("\"eventtype\""));
    if is_event
        || refusal.code != RefusalCode::MissingField
        || refusal.message.starts_with("this looks like")
    {
        return refusal;
    }
    Refusal::whole(
        RefusalCode::MissingField,
        "an event of Okta's System Log",
        "what it carries is no event of Okta's System Log: it has no eventType",
    )
}

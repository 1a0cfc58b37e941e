//! What is kept of an event that cannot be read: all of it, sealed, under an id that is the same
//! for the same content.

use super::{TRANSLATOR, is_event_type};
use crate::{
    bearer::{self, Named},
    text,
};
use claimledger_facts::{
    canonical,
    draft::Draft,
    ids::SourceEventId,
    personal::Personal,
    time::{Occurred, Time},
    vocabulary::Note,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The kind of an event that does not name its own.
const KIND: &str = "unreadable";

/// A draft that states nothing; none: the bytes are no JSON.
pub(super) fn draft(bytes: &[u8]) -> Option<Draft> {
    let mut event = match serde_json::from_slice(bytes).ok()? {
        Value::Object(members) => members,
        other => Map::from_iter([(KIND.to_owned(), other)]),
    };
    bearer::redact(&mut event, Named::Vendor);
    let canonical = canonical::object_to_vec(&event);
    let named = |field: &str| event.get(field).and_then(Value::as_str);
    let source_id = match named("uuid").filter(|id| text::is_id(id)) {
        Some(id) => SourceEventId::new(id),
        None => SourceEventId::new(bearer::digest(&String::from_utf8_lossy(&canonical))),
    };
    let kind = named("eventType").filter(|kind| is_event_type(kind)).unwrap_or(KIND).to_owned();
    Some(Draft {
        source: None,
        source_id,
        kind,
        // When it occurred is as unreadable as the rest.
        occurred: Occurred { from: Time::MIN, to: Some(Time::MAX) },
        recorded_at: None,
        session: None,
        correlation: BTreeMap::new(),
        notes: vec![Note::NotUnderstood],
        facts: Vec::new(),
        persons: Vec::new(),
        unowned: Personal::write(0, |_| {}),
        labels: Vec::new(),
        indicators: Vec::new(),
        original: canonical.clone(),
        canonical,
        unknown_fields: Vec::new(),
        translator: TRANSLATOR,
        variants_allowed: true,
    })
}

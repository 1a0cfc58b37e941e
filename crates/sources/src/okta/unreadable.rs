//! What is kept of an event that cannot be read: all of it, sealed, under an id that is the same
//! for the same content.

use super::{TRANSLATOR, is_event_type, page};
use crate::{
    bearer::{self, Named},
    strict::{self, Duplicates},
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

/// When it occurred is as unreadable as the rest.
const WHEN: Occurred = Occurred { from: Time::MIN, to: Some(Time::MAX) };

/// The places, from 1, of events that cannot be read.
pub(super) fn places(drafts: &[Draft]) -> Vec<usize> {
    let unread = (1..).zip(drafts).filter(|(_, draft)| draft.occurred == WHEN);
    unread.map(|(place, _)| place).collect()
}

/// A draft that states nothing.
pub(super) fn draft(bytes: &[u8]) -> Draft {
    let mut event = match read(bytes) {
        Some(Value::Object(members)) => members,
        Some(other) => Map::from_iter([(KIND.to_owned(), other)]),
        // Nested too deep to be told from secrets: that it came is kept, and not what it was.
        None => {
            let text = String::from_utf8_lossy(bytes);
            Map::from_iter([(KIND.to_owned(), bearer::digest(&text).into())])
        }
    };
    bearer::redact(&mut event, Named::Vendor);
    let canonical = canonical::object_to_vec(&event);
    // What cannot be kept may still say what it is called.
    let named = |field: &str| match event.get(field) {
        Some(value) => value.as_str().map(str::to_owned),
        None => page::text_of(bytes, field),
    };
    let source_id = match named("uuid").filter(|id| text::is_id(id)) {
        Some(id) => SourceEventId::new(id),
        None => SourceEventId::new(bearer::digest(&String::from_utf8_lossy(&canonical))),
    };
    let kind = named("eventType").filter(|kind| is_event_type(kind));
    let kind = kind.unwrap_or_else(|| KIND.to_owned());
    Draft {
        source: None,
        source_id,
        kind,
        occurred: WHEN,
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
    }
}

/// As much of it as JSON can say: keys that stand twice are numbered, and what is no character is
/// replaced.
fn read(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let text = whole_characters(&text);
    strict::parse(text.as_bytes(), Duplicates::Numbered).ok()
}

/// The text with U+FFFD in place of each half of a surrogate pair that stands alone.
fn whole_characters(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut out, mut at, mut copied) = (String::with_capacity(text.len()), 0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        let (high, low) = (unit(at), unit(at + 6));
        let is =
            |unit: Option<u16>, from| unit.is_some_and(|unit| (from..from + 0x400).contains(&unit));
        if is(high, 0xd800) && is(low, 0xdc00) {
            at += 12;
        } else if is(high, 0xd800) || is(high, 0xdc00) {
            out.push_str(&text[copied..at]);
            out.push('\u{fffd}');
            at += 6;
            copied = at;
        } else {
            // The escaped character may be a backslash itself.
            let next = text[at + 1..].chars().next();
            at += 1 + next.map_or(0, char::len_utf8);
        }
    }
    out.push_str(&text[copied..]);
    out
}

//! What is kept of an event that cannot be read: all of it, sealed, under an id that is the same
//! for the same content.

use super::{TRANSLATOR, dialect, event::Event, facts, is_event_type, page, people, published};
use crate::{
    bearer::{self, Named},
    native,
    strict::{self, Duplicates},
    text,
};
use claimledger_facts::{
    canonical,
    draft::{Draft, DraftFact},
    ids::{IdpId, SessionId, SourceEventId},
    personal::Personal,
    time::{Occurred, Time},
    vocabulary::Note,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The kind of an event that does not name its own.
const KIND: &str = "unreadable";

/// When an event occurred that does not say so.
pub(super) const WHEN: Occurred = Occurred { from: Time::MIN, to: Some(Time::MAX) };

/// A draft that states nothing but, where its session and its time can be told, that something of
/// that session is not understood.
pub(super) fn draft(idp: Option<&IdpId>, bytes: &[u8]) -> Draft {
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
    let placed = if idp.is_some() { None } else { placed(&canonical, &kind) };
    let (occurred, session, facts) = placed.unwrap_or((WHEN, None, Vec::new()));
    Draft {
        source: None,
        source_id,
        kind,
        occurred,
        recorded_at: None,
        session,
        correlation: BTreeMap::new(),
        notes: vec![Note::NotUnderstood],
        facts,
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

/// When it occurred, the session that it names, and what of it may be missing there. Of a member
/// that stands twice it is the first.
fn placed(canonical: &[u8], kind: &str) -> Option<(Occurred, Option<SessionId>, Vec<DraftFact>)> {
    let mut event =
        native::object_borrowed(strict::parse_borrowed(canonical, Duplicates::Tolerated).ok()?)
            .ok()?;
    dialect::one_spelling(&mut event);
    let published = published(&mut event).ok().filter(|published| published.readable)?;
    let event = Event::new(&event);
    let session = event.session(kind).filter(|_| !people::of(&event, kind).by_another);
    let data = session.and_then(|_| facts::unread(&event, kind));
    let fact = |data| DraftFact { session: None, subject: None, occurred: None, data, other: None };
    let facts = data.map(fact).into_iter().collect();
    Some((published.occurred, session.map(SessionId::from), facts))
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

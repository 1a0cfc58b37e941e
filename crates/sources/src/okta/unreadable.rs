//! What is kept of an event that cannot be read: its bytes, sealed, under an id that is the same
//! for the same content. Where they hold a secret, or are nested too deep to tell, it is what can
//! be read of them without it.

use super::{TRANSLATOR, dialect, event::Event, facts, is_event_type, page, people, published};
use crate::{
    bearer::{self, Named},
    lenient, native,
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
    let kept = lenient::parse(bytes);
    let is_told = kept.is_some();
    let mut event = match kept {
        Some(Value::Object(members)) => members,
        Some(other) => Map::from_iter([(KIND.to_owned(), other)]),
        // Nested too deep to be told from secrets: that it came is kept, and not what it was.
        None => {
            let text = String::from_utf8_lossy(bytes);
            Map::from_iter([(KIND.to_owned(), bearer::digest(&text).into())])
        }
    };
    let has_secret = bearer::redact(&mut event, Named::Vendor);
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
        original: if is_told && !has_secret { bytes.to_vec() } else { canonical.clone() },
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

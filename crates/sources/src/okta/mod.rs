//! Okta's System Log: `LogEvent`s as the API, event hooks, files and log streams carry them.
//!
//! An event is an object; a collector's wrapper that carries one as text in `_raw` is read too, and only `_raw` counts then. The id is `uuid`,
//! which is not unique in practice, so other content under one id is kept as a variant. Event types that are not read, and events that lack
//! what their facts need, are kept and noted as not understood.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`dialect`] | one spelling for the dialects of collectors |
//! | [`event`] | how fields are looked up in an untidy event, and which session it names |
//! | [`people`] | who it is about, and what is sealed under whose key |
//! | [`facts`] | which facts an event type states |
//! | [`factor`] | what Okta's names of factors mean |

mod dialect;
mod event;
mod factor;
mod facts;
mod people;

use crate::{
    bearer::{self, Named},
    json::{Json, Object},
    native,
    splitter::{Limits, Piece, Splitter},
    strict::{self, Duplicates},
    text,
};
use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactType,
    ids::{SessionId, SourceEventId},
    refusal::{Refusal, RefusalCode},
    time::{Occurred, Time},
    vocabulary::Note,
};
use event::Event;

pub(crate) const TRANSLATOR: &str = "okta-system-log/1";
/// Where a collector puts the event it received, as text.
const RAW: &str = "_raw";

/// Reads one event, or what a wrapper carries.
pub(crate) fn translate(bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    let mut object = native::object_borrowed(strict::parse_borrowed(bytes, Duplicates::Tolerated)?)?;
    match object.remove(RAW) {
        None => Ok(vec![draft(object, bytes)?]),
        Some(Json::Text(raw)) => unwrap(object, &raw, bytes),
        Some(_) => Err(native::invalid(RAW, "an event as JSON text", "the value is no string")),
    }
}

/// Reads the events in a wrapper's `_raw`. The original of a lone event is the whole wrapper; of several, each has its own text.
fn unwrap(mut wrapper: Object<'_>, raw: &str, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(raw.as_bytes());
    splitter.finish();
    let pieces = splitter.collect::<Result<Vec<_>, _>>().map_err(in_raw)?;
    let read =
        |piece: &Piece| draft(native::object_borrowed(strict::parse_borrowed(&piece.bytes, Duplicates::Tolerated)?)?, &piece.bytes).map_err(in_raw);
    let mut drafts = pieces.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    match &mut drafts[..] {
        [] => return Err(native::invalid(RAW, "an event as JSON text", "the text is empty")),
        [alone] => {
            let redacted = bearer::redact_borrowed(&mut wrapper, Named::Vendor) || alone.original != pieces[0].bytes;
            alone.original = if redacted {
                let event = String::from_utf8_lossy(&alone.original).into_owned();
                wrapper.insert(RAW, Json::Text(event.into()));
                wrapper.to_canonical(bytes.len())
            } else {
                bytes.to_vec()
            };
        }
        _ => {}
    }
    Ok(drafts)
}

fn in_raw(mut refusal: Refusal) -> Refusal {
    refusal.field = Some(match refusal.field {
        Some(field) => format!("{RAW}.{field}"),
        None => RAW.to_owned(),
    });
    refusal.line = None;
    refusal
}

/// Reads one event, which stands in these bytes.
fn draft(mut members: Object<'_>, bytes: &[u8]) -> Result<Draft, Refusal> {
    let redacted = bearer::redact_borrowed(&mut members, Named::Vendor);
    let original = if redacted { bearer::without(bytes, Named::Vendor) } else { bytes.to_vec() };

    dialect::one_spelling(&mut members);
    let published = published(&mut members)?;
    let canonical = members.to_canonical(bytes.len());
    let unknown_fields = members.keys().filter(|key| !dialect::FIELDS.contains(key)).map(text::shown).collect();

    let event = Event::new(&members);
    let source_id = SourceEventId::new(required(&members, "uuid", text::is_id, "the id of the event: a string of 1 to 512 bytes")?);
    let kind = required(&members, "eventType", is_event_type, "an event type, such as user.session.start")?;
    let people = people::of(&event, kind);
    let session = event.session(kind).map(SessionId::from);

    let mut notes = Vec::new();
    if published.zone_assumed {
        notes.push(Note::TimeZoneAssumedUtc);
    }
    let facts = match facts::of(&event, kind) {
        Some(said) if published.readable && (said.is_empty() || people.subject.is_some()) => {
            let fact = |said: facts::Said| {
                let needs_session = FactType::named(said.data.type_name()).is_some_and(|fact| fact.needs_session);
                let named = said.session.map(SessionId::from);
                if needs_session && named.is_none() && session.is_none() {
                    return None;
                }
                Some(DraftFact {
                    session: named.filter(|named| session.as_ref() != Some(named)),
                    subject: people.subject,
                    occurred: None,
                    data: said.data,
                    other: None,
                })
            };
            said.into_iter().map(fact).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    if facts.is_none() {
        notes.push(Note::NotUnderstood);
    }
    Ok(Draft {
        source: None,
        source_id,
        kind: kind.to_owned(),
        occurred: published.occurred,
        recorded_at: None,
        session,
        correlation: event.correlation(),
        notes,
        facts: facts.unwrap_or_default(),
        persons: people.persons,
        unowned: people.unowned,
        canonical,
        original,
        unknown_fields,
        translator: TRANSLATOR,
        variants_allowed: true,
    })
}

fn required<'m>(members: &'m Object<'_>, field: &str, fits: impl Fn(&str) -> bool, expected: &str) -> Result<&'m str, Refusal> {
    match members.get(field) {
        Some(Json::Text(text)) if fits(text) => Ok(text),
        Some(_) => Err(native::invalid(field, expected, "the value is of another form")),
        None => Err(Refusal::field(RefusalCode::MissingField, field, expected, "the field is missing")),
    }
}

/// Event types stand in the clear, so they must look like one.
fn is_event_type(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

struct Published {
    occurred: Occurred,
    /// There was no zone to read.
    zone_assumed: bool,
    readable: bool,
}

/// Reads `published` and brings it to one spelling. Without a zone it is read as UTC. A text that is no time at all (some collectors mask it) leaves open
/// when the event occurred: that is the widest interval, and nothing is concluded from such an event.
fn published(members: &mut Object<'_>) -> Result<Published, Refusal> {
    const EXPECTED: &str = "the time of the event, such as 2026-03-10T10:00:00.000Z";
    let text = match members.get_mut("published") {
        Some(Json::Text(text)) => text,
        Some(_) => return Err(native::invalid("published", EXPECTED, "the value is no string")),
        None => return Err(Refusal::field(RefusalCode::MissingField, "published", EXPECTED, "the field is missing")),
    };
    let (time, zone_assumed) = match dialect::time(text) {
        dialect::Zoned::Yes(time) => (Some(time), false),
        dialect::Zoned::No(time) => (Some(time), true),
        dialect::Zoned::Unreadable => (None, true),
    };
    let Some(time) = time else {
        return Ok(Published { occurred: Occurred { from: Time::MIN, to: Some(Time::MAX) }, zone_assumed, readable: false });
    };
    *text = crate::contract::one_spelling(time).into();
    Ok(Published { occurred: Occurred::at(Time::from(time)), zone_assumed, readable: true })
}

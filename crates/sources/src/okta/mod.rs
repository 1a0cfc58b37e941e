//! Okta's System Log: `LogEvent`s as the API, event hooks, files and log streams carry them.
//!
//! An event is an object, alone or in what a transport puts around it. The id is `uuid`, which is
//! not unique in practice, so other content under one id is kept as a variant. Event types that are
//! not read, and events that lack what their facts need, are kept and noted as not understood.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`envelope`] | what transports put around an event |
//! | [`dialect`] | one spelling for the dialects of collectors |
//! | [`event`] | how fields are looked up in an untidy event, and which session it names |
//! | [`people`] | the people it is about, and what is sealed under each key |
//! | [`labels`] | what applications, policies and identity providers are called |
//! | [`facts`] | which facts an event type states about sign-ins and sessions |
//! | [`kinds`], [`changes`] | the same about accounts, configuration and suspicion |
//! | [`delivery`] | the same about what sends the log |
//! | [`idp_log`] | the same, where the org is the identity provider |
//! | [`page`] | the events of an answer of the API |
//! | [`unreadable`] | what is kept of an event that cannot be read |
//! | [`refusal`] | what its words for what did not succeed mean |
//! | [`factor`] | what Okta's names of factors mean |

mod changes;
mod delivery;
mod dialect;
mod envelope;
mod event;
pub(crate) mod factor;
mod facts;
mod idp_log;
mod kinds;
mod labels;
pub(crate) mod page;
mod people;
mod refusal;
mod unreadable;

use crate::{
    Delivery, Look, SourceSettings, Translation, Translator,
    bearer::{self, Named},
    json::{Json, Object},
    native,
    strict::{self, Duplicates},
    text,
};
use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    ids::{IdpId, SessionId, SourceEventId},
    nature::Nature,
    refusal::{Refusal, RefusalCode},
    time::{Occurred, Time, TimeError},
    types::{activity::ActivityFlagged, session::SessionLinked, sign_in::SignInRefused},
    vocabulary::{FREE_TEXT, Note},
};
use event::{Event, ROOT_SESSION};

pub(crate) const TRANSLATOR: &str = "okta-system-log/5";

/// The translator of System Log events, and of what envelopes carry.
pub(crate) struct SystemLog;

impl Translator for SystemLog {
    fn translate(
        &self,
        settings: &SourceSettings,
        _previous: Option<&Look>,
        bytes: &[u8],
    ) -> Result<Translation, Refusal> {
        translate_nested(settings.idp.as_ref(), bytes, 0, None).map(Translation::from)
    }
}

/// Reads a value. `unread`: where the places, from 1, of events go that cannot be read and are
/// kept, not understood, so that they do not keep the others out; none: the whole value is refused.
fn translate_nested(
    idp: Option<&IdpId>,
    bytes: &[u8],
    nested: usize,
    mut unread: Option<&mut Vec<usize>>,
) -> Result<Vec<Draft>, Refusal> {
    let value = strict::parse_borrowed(bytes, Duplicates::Tolerated)
        .map_err(|refusal| envelope::no_json(bytes).unwrap_or(refusal))?;
    let object = native::object_borrowed(value)?;
    let Some(envelope) = envelope::of(&object) else {
        if !object.contains_key("eventType")
            && let Some(refusal) = envelope::looks_like(&object)
        {
            return Err(refusal);
        }
        return Ok(vec![draft(idp, object, bytes)?]);
    };
    if nested == envelope::MAX_NESTED {
        let expected = format!("at most {} envelopes inside of each other", envelope::MAX_NESTED);
        return Err(Refusal::whole(
            RefusalCode::Malformed,
            expected,
            format!("this looks like {} in too many others", envelope.name),
        ));
    }
    let carried = envelope.carried(bytes)?;
    let mut drafts = Vec::with_capacity(carried.len());
    for event in &carried {
        let read = translate_nested(idp, event, nested + 1, None).and_then(|drafts| {
            if drafts.is_empty() { Err(envelope::no_event()) } else { Ok(drafts) }
        });
        match read {
            Ok(read) => drafts.extend(read),
            Err(refusal) => match unread.as_mut().filter(|_| is_json(event)) {
                Some(unread) => {
                    drafts.push(unreadable::draft(idp, event));
                    unread.push(drafts.len());
                }
                None => return Err(envelope.inside(envelope::without_fields(event, refusal))),
            },
        }
    }
    // The original of a lone event is all that was received; of several, each has its own bytes. So
    // has one in an envelope whose rest might make the record too large to be stored.
    if let ([event], [alone]) = (&carried[..], &mut drafts[..])
        && bytes.len().saturating_sub(event.len()) <= envelope::MAX_AROUND
    {
        let redacted = (alone.original != event[..]).then_some(&alone.original[..]);
        alone.original = envelope.original(bytes, &object, redacted);
    }
    Ok(drafts)
}

/// Whether it is a value of JSON, strict or not, and no other text.
fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// Reads the body of a hook: each event by itself, because a sender that is refused does not send
/// the rest again.
pub(crate) fn delivery(settings: &SourceSettings, bytes: &[u8]) -> Result<Delivery, Refusal> {
    let idp = settings.idp.as_ref();
    let value = match strict::parse_borrowed(bytes, Duplicates::Tolerated) {
        Ok(value) => value,
        Err(refusal) => return salvaged(idp, bytes).ok_or(refusal),
    };
    let envelope = envelope::of(&native::object_borrowed(value)?);
    let is_hook = envelope.is_some_and(envelope::Envelope::is_hook);
    if is_hook && let Some(refusal) = envelope::repeated_around(bytes) {
        return Err(refusal);
    }
    let mut unread = Vec::new();
    let drafts = translate_nested(idp, bytes, 0, is_hook.then_some(&mut unread))?;
    let is_streamed = envelope.is_some_and(envelope::Envelope::is_stream);
    Ok(Delivery { unread: with_undated(unread, &drafts), drafts, is_streamed })
}

/// The events of the body of a hook that is no strict JSON because of some of them; none: the rest
/// of it is none either.
fn salvaged(idp: Option<&IdpId>, bytes: &[u8]) -> Option<Delivery> {
    let (mut drafts, mut unread) = (Vec::new(), Vec::new());
    for event in envelope::hook_events(bytes)? {
        let (read, refusal) = kept(idp, event, 1);
        drafts.extend(read);
        if refusal.is_some() {
            unread.push(drafts.len());
        }
    }
    Some(Delivery { unread: with_undated(unread, &drafts), drafts, is_streamed: false })
}

/// With the places of the events of which it is not known when they occurred.
fn with_undated(mut unread: Vec<usize>, drafts: &[Draft]) -> Vec<usize> {
    let undated = (1..).zip(drafts).filter(|(_, draft)| draft.occurred == unreadable::WHEN);
    unread.extend(undated.map(|(place, _)| place));
    unread.sort_unstable();
    unread.dedup();
    unread
}

/// Reads an event by itself: what cannot be read is kept, not understood, with why.
pub(crate) fn kept(
    idp: Option<&IdpId>,
    event: &[u8],
    nested: usize,
) -> (Vec<Draft>, Option<Refusal>) {
    match translate_nested(idp, event, nested, None) {
        Ok(drafts) if !drafts.is_empty() => (drafts, None),
        Ok(_) => (vec![unreadable::draft(idp, event)], Some(envelope::no_event())),
        Err(refusal) => (vec![unreadable::draft(idp, event)], Some(refusal)),
    }
}

/// What links the sessions of one sign-in: the transaction that began it.
const AUTHN_REQUEST: &str = "authn_request";

/// Reads one event, with the bytes it was parsed from. `idp`: of the org that is this IdP.
fn draft(idp: Option<&IdpId>, mut members: Object<'_>, bytes: &[u8]) -> Result<Draft, Refusal> {
    let redacted = bearer::redact_borrowed(&mut members, Named::Vendor);
    let original = if redacted { bearer::without(bytes, Named::Vendor) } else { bytes.to_vec() };

    dialect::one_spelling(&mut members);
    let published = published(&mut members)?;
    let canonical = members.to_canonical(bytes.len());
    let unknown_fields =
        members.keys().filter(|key| !dialect::FIELDS.contains(key)).map(text::shown).collect();

    let event = Event::new(&members);
    let source_id = SourceEventId::new(required(
        &members,
        "uuid",
        text::is_id,
        "the id of the event: a string of 1 to 512 bytes",
    )?);
    let kind = required(
        &members,
        "eventType",
        is_event_type,
        "an event type, such as user.session.start",
    )?;
    let people = people::of(&event, kind);
    // A record's session is one of the service provider, and of the person it is about.
    let session =
        event.session(kind).filter(|_| idp.is_none() && !people.by_another).map(SessionId::from);

    let mut notes = Vec::new();
    if published.zone_assumed {
        notes.push(Note::TimeZoneAssumedUtc);
    }
    let subject = people.subject;
    let fact = |said: facts::Said<'_>| {
        let named = said.session.map(SessionId::from);
        let whose = named.as_ref().or(session.as_ref());
        let needs = said.data.fact_type();
        if needs.needs_subject && subject.is_none() || needs.needs_session && whose.is_none() {
            return None;
        }
        let differs = whose.is_some() && session.as_ref() != whose;
        // A source is no person's: who switched something off is whom the change is about.
        let is_of_source = needs.nature == Nature::Completeness;
        Some(DraftFact {
            session: named.filter(|_| differs),
            subject: subject.filter(|_| !is_of_source),
            occurred: None,
            data: said.data,
            other: None,
        })
    };
    let said = match idp {
        None => match kinds::reading(kind) {
            None => facts::of(&event, kind),
            Some(reading) => changes::of(&event, reading, people.subject_id()),
        },
        Some(idp) => idp_log::of(&event, kind, idp),
    };
    // What sends the log is the same for every org: an event that says nothing else says that.
    let said = match delivery::of(&event, kind) {
        Some(delivery) => Some(said.into_iter().flatten().chain([delivery]).collect()),
        None => said,
    };
    let said = said.filter(|_| published.readable);
    let understood: Option<Vec<DraftFact>> =
        said.and_then(|said| said.into_iter().map(fact).collect());
    if understood.is_none() {
        notes.push(Note::NotUnderstood);
    }
    let unread = || {
        let of_session = published.readable && session.is_some() && idp.is_none();
        let data = of_session.then(|| facts::unread(&event, kind)).flatten();
        data.map(|data| DraftFact { session: None, subject, occurred: None, data, other: None })
    };
    let mut facts = understood.unwrap_or_else(|| unread().into_iter().collect());
    // A reason in prose is sealed with the rest of what belongs to the subject.
    let in_prose = |fact: &DraftFact| {
        matches!(&fact.data,
        FactData::SignInRefused(SignInRefused { reason, .. })
        | FactData::ActivityFlagged(ActivityFlagged { reason, .. })
            if reason.as_deref() == Some(FREE_TEXT))
    };
    let reason = event.text(&["outcome", "reason"]).filter(|_| facts.iter().any(in_prose));
    if published.readable
        && let Some(session) = &session
    {
        let links = event
            .requests(kind, session.as_str())
            .into_iter()
            .map(|to| SessionLinked { to: to.to_owned(), by: AUTHN_REQUEST.to_owned() });
        facts.extend(links.map(|link| DraftFact {
            session: None,
            subject: None,
            occurred: None,
            data: FactData::SessionLinked(link),
            other: None,
        }));
    }
    let mut correlation = event.correlation();
    if idp.is_some() {
        // Root sessions group sessions of the service provider.
        correlation.remove(ROOT_SESSION);
    }
    let labels = labels::of(&event, kind);
    let people = people.sealed(&event, reason, &labels);
    Ok(Draft {
        source: None,
        source_id,
        kind: kind.to_owned(),
        occurred: published.occurred,
        recorded_at: None,
        session,
        correlation,
        notes,
        facts,
        persons: people.persons,
        unowned: people.unowned,
        labels: labels.into_iter().map(|label| label.name.to_owned()).collect(),
        indicators: people.indicators,
        canonical,
        original,
        unknown_fields,
        translator: TRANSLATOR,
        variants_allowed: true,
    })
}

fn required<'m>(
    members: &'m Object<'_>,
    field: &str,
    fits: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<&'m str, Refusal> {
    match members.get(field) {
        Some(Json::Text(text)) if fits(text) => Ok(text),
        Some(_) => Err(Refusal::invalid(field, expected, "the value is of another form")),
        None => Err(Refusal::missing(field, expected)),
    }
}

/// Event types are stored in the clear, so other text is refused.
fn is_event_type(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

struct Published {
    occurred: Occurred,
    /// There was no zone to read.
    zone_assumed: bool,
    readable: bool,
}

/// Reads `published` and brings it to one spelling. Without a zone it is read as UTC. A text that
/// is no time at all (some collectors mask it) leaves open when the event occurred: that is the
/// widest interval, and nothing is concluded from such an event.
fn published(members: &mut Object<'_>) -> Result<Published, Refusal> {
    const EXPECTED: &str = "the time of the event, such as 2026-03-10T10:00:00.000Z";
    let text = match members.get_mut("published") {
        Some(Json::Text(text)) => text,
        Some(_) => return Err(Refusal::invalid("published", EXPECTED, "the value is no string")),
        None => return Err(Refusal::missing("published", EXPECTED)),
    };
    let (time, zone_assumed) = match dialect::time(text) {
        dialect::Zoned::Yes(time) => (Some(time), false),
        dialect::Zoned::No(time) => (Some(time), true),
        dialect::Zoned::Unreadable => (None, true),
    };
    if time.is_some_and(|time| Time::within(time).is_none()) {
        let message = format!("the time is {}", TimeError::OutOfRange);
        return Err(Refusal::invalid("published", EXPECTED, message));
    }
    let Some(time) = time else {
        return Ok(Published {
            occurred: Occurred { from: Time::MIN, to: Some(Time::MAX) },
            zone_assumed,
            readable: false,
        });
    };
    *text = crate::contract::one_spelling(time).into();
    Ok(Published { occurred: Occurred::at(Time::from(time)), zone_assumed, readable: true })
}

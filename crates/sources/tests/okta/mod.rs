//! Okta's System Log: one test a trap. Fields that no public sample has (`amrList`,
//! `factorVerifiedByIdp`, `user.session.end`, `user.session.clear`, `user.authentication.verify`)
//! are made from the event catalogue.

mod changes;
mod decisions;
mod deliveries;
mod ends;
mod forms;
mod identity_provider;
mod results;
mod sealed;
mod sign_ins;
mod unread;

use claimledger_facts::{draft::Draft, fact::FactData, refusal::Refusal, vocabulary::Note};
use claimledger_sources::{Dialect, translate};
use serde_json::{Value, json};

/// What a stream of a service provider's own log gives, without settings of the source.
fn drafts_of(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    Ok(translate(&dialect.into(), None, bytes)?.drafts)
}

fn read(event: &Value) -> Draft {
    let mut drafts = drafts_of(Dialect::OktaSystemLog, event.to_string().as_bytes())
        .unwrap_or_else(|refusal| panic!("{refusal}: {event}"));
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

/// A successful event of a user in an Identity Engine session.
fn event(kind: &str) -> Value {
    json!({"uuid": "e-1", "published": "2026-03-10T10:00:00.000Z", "eventType": kind,
        "version": "0",
        "actor": {"id": "00u1", "type": "User", "alternateId": "alice@acme.example",
            "displayName": "<script>Alice</script>"},
        "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": "<img src=x>",
            "os": "Linux"}},
        "authenticationContext": {"externalSessionId": "idxA", "rootSessionId": "idxA"},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": "t-1", "type": "WEB"},
        "debugContext": {"debugData": {"authnRequestId": "ar-1"}}, "target": []})
}

fn with(kind: &str, changes: Value) -> Value {
    fn merge(into: &mut Value, from: Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                from.into_iter().for_each(|(k, v)| merge(into.entry(k).or_insert(Value::Null), v))
            }
            (into, from) => *into = from,
        }
    }
    let mut event = event(kind);
    merge(&mut event, changes);
    event
}

fn only(draft: &Draft) -> &FactData {
    assert_eq!(draft.notes, [], "{draft:?}");
    let [fact] = &draft.facts[..] else { panic!("{draft:?}") };
    assert_eq!(draft.persons[fact.subject.unwrap()].id, "00u1");
    &fact.data
}

fn enrollment(detail: Value) -> Value {
    json!({"type": "AuthenticatorEnrollment", "id": "pfd1", "displayName": "Okta Verify",
        "detailEntry": detail})
}

fn not_understood(event: &Value) -> Draft {
    let draft = read(event);
    assert_eq!((draft.facts.len(), &draft.notes[..]), (0, &[Note::NotUnderstood][..]), "{event}");
    draft
}

/// The one fact of an event that is not understood, and that an answer could turn on.
fn unread(event: &Value) -> FactData {
    let draft = read(event);
    assert_eq!(draft.notes, [Note::NotUnderstood], "{event}");
    let [fact] = &draft.facts[..] else { panic!("{draft:?}") };
    fact.data.clone()
}

fn no_fact(event: &Value) {
    let draft = read(event);
    assert_eq!((draft.facts.len(), draft.notes.len()), (0, 0), "{event}");
}

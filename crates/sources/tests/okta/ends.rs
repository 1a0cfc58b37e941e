//! Ends of sessions.

use super::{no_fact, not_understood, only, read, with};
use claimledger_facts::{
    fact::FactData,
    types::{session::SessionEnded, subject::SubjectSessionsEnded},
    vocabulary::EndReason,
};
use serde_json::{Value, json};

#[test]
fn a_session_ends_as_the_event_says() {
    let end = |debug: Value| {
        read(&with("user.session.end", json!({"debugContext": {"debugData": debug}})))
    };
    let ended = |debug: Value| match only(&end(debug)) {
        FactData::SessionEnded(SessionEnded { reason }) => *reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(ended(json!({})), EndReason::Logout);
    assert_eq!(
        ended(json!({"url": "/login/default?fromURI=session_has_expired"})),
        EndReason::Expired
    );
    assert_eq!(ended(json!({"terminationReason": "DBSC_COOKIE_MISSING"})), EndReason::Revoked);
    assert_eq!(end(json!({"endedSessionId": "idxEnded"})).session.unwrap().as_str(), "idxEnded");
    assert_eq!(end(json!({"endedSessionId": "trsX"})).session.unwrap().as_str(), "idxA");
    assert_eq!(end(json!({"endedSessionId": "idxEnded"})).correlation["external_session"], "idxA");
}

/// The session that the event names is the administrator's. It must not be ended.
#[test]
fn clearing_a_users_sessions_ends_all_of_the_users_and_not_the_administrators() {
    let clear = |more: Value| {
        let event = json!({"actor": {"id": "00uAdmin", "type": "User"},
            "target": [{"id": "00u1", "type": "User"}]});
        let mut event = with("user.session.clear", event);
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let revoked = |actor: Option<&str>| {
        FactData::SubjectSessionsEnded(SubjectSessionsEnded {
            reason: EndReason::Revoked,
            actor: actor.map(Into::into),
            ticket: None,
        })
    };
    let draft = read(&clear(json!({})));
    assert_eq!(
        (only(&draft), draft.session.as_ref(), draft.facts[0].session.as_ref()),
        (&revoked(Some("00uAdmin")), None, None)
    );
    assert_eq!(
        draft.persons.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
        ["00uAdmin", "00u1"]
    );
    assert_eq!(draft.correlation["external_session"], "idxA");
    // One that is named has ended besides.
    let draft = read(&clear(json!({"debugContext": {"debugData": {"endedSessionId": "idxUser"}}})));
    assert_eq!((draft.facts.len(), &draft.facts[0].data), (2, &revoked(Some("00uAdmin"))));
    let named = &draft.facts[1];
    assert_eq!(
        (named.session.as_ref().unwrap().as_str(), &named.data),
        ("idxUser", &FactData::SessionEnded(SessionEnded { reason: EndReason::Revoked }))
    );
    // No login, and not the user's own id, stands in the clear; nothing is said where it did not
    // succeed, or of nobody.
    for actor in ["00u1", "admin@acme.example"] {
        assert_eq!(
            only(&read(&clear(json!({"actor": {"id": actor, "type": "User"}})))),
            &revoked(None),
            "{actor}"
        );
    }
    no_fact(&clear(json!({"outcome": {"result": "FAILURE"}})));
    not_understood(&clear(json!({"target": []})));
}

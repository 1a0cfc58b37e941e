//! The log of an identity provider.

use super::{enrollment, event, only, with};
use claimledger_facts::{draft::Draft, fact::FactData, vocabulary::Note};
use claimledger_sources::{Dialect, SourceSettings, translate};
use serde_json::{Value, json};

fn of_idp(event: &Value) -> Draft {
    let settings = SourceSettings::of(Dialect::OktaSystemLog).with_idp("idp-x").unwrap();
    translate(&settings, None, event.to_string().as_bytes()).unwrap().drafts.remove(0)
}

/// An org's log does not say that it is an IdP's. With that setting its sessions are sessions at
/// the IdP, never at the service provider.
#[test]
fn the_log_of_an_identity_provider_tells_of_its_own_sessions() {
    let started = of_idp(&event("user.session.start"));
    let FactData::IdpSessionStarted(start) = only(&started) else { panic!("{started:?}") };
    assert_eq!((start.idp.as_str(), start.idp_session.as_str()), ("idp-x", "idxA"));

    let expired = with(
        "user.session.end",
        json!({"debugContext": {"debugData": {"url": "/login?session_has_expired"}}}),
    );
    let ended = of_idp(&expired);
    let FactData::IdpSessionEnded(end) = only(&ended) else { panic!("{ended:?}") };
    assert_eq!((end.idp_session.as_str(), end.reason.as_deref()), ("idxA", Some("expired")));

    for draft in [&started, &ended] {
        assert_eq!(draft.session, None, "the session is not one of the service provider");
        assert!(!draft.correlation.contains_key("root_session"), "{:?}", draft.correlation);
        assert_eq!(draft.correlation["external_session"], "idxA", "it is still found by its ids");
    }
}

/// Nothing else of that log is read: it would look like an act at the service provider.
#[test]
fn what_else_an_identity_provider_logs_is_kept_and_not_understood() {
    for event in [
        with("user.authentication.auth_via_mfa", json!({"target": [enrollment(json!({}))]})),
        event("user.authentication.sso"),
        event("user.session.clear"),
        with("user.session.start", json!({"outcome": {"result": "FAILURE"}})),
    ] {
        let draft = of_idp(&event);
        assert_eq!((draft.session, draft.facts.len()), (None, 0), "{event}");
        assert_eq!(draft.notes, [Note::NotUnderstood], "{event}");
    }
    let cleared = with(
        "user.session.clear",
        json!({"target": [{"type": "User", "id": "00u1"}],
            "debugContext": {"debugData": {"endedSessionId": "idxB"}}}),
    );
    let draft = of_idp(&cleared);
    let FactData::IdpSessionEnded(end) = only(&draft) else { panic!("{draft:?}") };
    assert_eq!((end.idp_session.as_str(), end.reason.as_deref()), ("idxB", Some("revoked")));
}

#[test]
fn only_a_log_that_may_be_an_identity_providers_takes_that_setting() {
    for (dialect, idp, what) in [
        (Dialect::Native, "idp-x", "native names the IdP in each fact"),
        (Dialect::OktaSystemLog, "", "this cannot be an id"),
    ] {
        let refusal = SourceSettings::of(dialect).with_idp(idp).unwrap_err();
        assert_eq!((refusal.field.as_deref(), refusal.message.as_str()), (Some("idp"), what));
    }
}

//! Events of a session that are not understood, and that an answer could turn on.

use super::{drafts_of, enrollment, no_fact, not_understood, only, read, unread, with};
use claimledger_facts::{draft::Draft, fact::FactData, vocabulary::Note};
use claimledger_sources::{Dialect, okta_delivery};
use serde_json::{Value, json};

#[test]
fn an_authentication_that_is_not_understood_is_a_fact_of_its_session() {
    let method = |detail: Value| json!({"target": [enrollment(detail)]});
    for (kind, changes) in [
        ("user.authentication.auth_via_mfa", json!({})),
        (
            "user.authentication.auth_via_mfa",
            json!({"debugContext": {"debugData": {"factor": "NEW"}}}),
        ),
        (
            "user.authentication.verify",
            method(json!({"authenticatorKey": "tac", "methodTypeUsed": "tac"})),
        ),
        ("user.authentication.verify", json!({"outcome": null})),
        ("user.authentication.auth_via_AD_agent", json!({})),
        ("user.authentication.auth_via_radius", json!({})),
        ("user.authentication.auth_via_IDP", json!({"actor": null})),
    ] {
        let fact = unread(&with(kind, changes));
        assert_eq!(fact.type_name(), "authentication.unread", "{kind}");
    }
    let refused = json!({"outcome": {"result": "FAILURE"}});
    not_understood(&with("user.authentication.auth_via_radius", refused));
    not_understood(&with("user.authentication.sso", json!({})));
    not_understood(&with("user.account.something_new", json!({})));
    let nowhere = json!({"authenticationContext": null});
    not_understood(&with("user.authentication.auth_via_radius", nowhere));
}

/// Values that are cut off say nothing of those before them: which came is not known.
#[test]
fn a_list_of_values_that_is_cut_off_is_not_read() {
    let claim = |amr: Value| {
        let target =
            json!([{"id": "0oaIdp", "type": "AppInstance"}, {"id": "00u1", "type": "User"}]);
        let debug = json!({"debugData": {"amrList": amr}});
        let changes = json!({"target": target, "debugContext": debug});
        let draft = read(&with("user.authentication.auth_via_IDP", changes));
        let FactData::ClaimsReceived(claim) = only(&draft) else { panic!("{draft:?}") };
        (claim.amr.as_ref().map(Vec::len), claim.readable)
    };
    let cut = (None, Some(false));
    for amr in [
        json!("[pwd, hwk"),
        json!("pwd, hwk]"),
        json!("pwd hwk"),
        json!("[pwd; hwk]"),
        json!(["pwd", 7]),
        json!(["pwd", null]),
        json!(["pwd", "null"]),
        json!("[pwd, null]"),
    ] {
        assert_eq!(claim(amr.clone()), cut, "{amr}");
    }
    assert_eq!(claim(json!("[pwd, , hwk]")), (Some(2), None));
    assert_eq!(claim(json!("[]")), (Some(0), None));
    for nothing in [
        json!(""),
        json!("null"),
        json!("NULL"),
        json!("[null]"),
        json!("[\"null\", null]"),
        json!(null),
        json!([null]),
        json!(["null", null]),
    ] {
        assert_eq!(claim(nothing.clone()), (None, None), "{nothing}");
    }
}

#[test]
fn a_logout_that_names_no_ended_session_is_reported() {
    for kind in [
        "user.authentication.slo",
        "user.authentication.universal_logout",
        "user.session.universal_logout",
        "user.session.expire",
    ] {
        let draft = read(&with(kind, json!({})));
        assert_eq!(only(&draft).type_name(), "session.logout_reported", "{kind}");
        no_fact(&with(kind, json!({"outcome": {"result": "FAILURE"}})));
    }
    // The session is that of the administrator who did it.
    let of_another = json!({"target": [{"id": "00u2", "type": "User"}]});
    no_fact(&with("user.authentication.universal_logout", of_another));
    assert_eq!(
        unread(&with("user.session.end", json!({"outcome": null}))).type_name(),
        "session.logout_reported"
    );
}

#[test]
fn an_event_that_cannot_be_read_is_of_its_session_and_time() {
    let event = with("user.authentication.auth_via_mfa", json!({"displayMessage": "HALF"}));
    let hook = |event: &Value| {
        let body = json!({"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0",
            "cloudEventsVersion": "0.1", "source": "https://o.example/hooks/1", "eventId": "h",
            "contentType": "application/json", "data": {"events": [event]}});
        let body = body.to_string().replace("HALF", "\\ud800");
        okta_delivery(&Dialect::OktaSystemLog.into(), body.as_bytes()).unwrap()
    };
    let kept = hook(&event);
    let [draft] = &kept.drafts[..] else { panic!("{kept:?}") };
    assert_eq!(kept.unread, [1]);
    assert_eq!((session(draft), &draft.notes[..]), (Some("idxA"), &[Note::NotUnderstood][..]));
    assert_eq!(draft.occurred.from.to_string(), "2026-03-10T10:00:00Z");
    assert_eq!(draft.facts[0].data.type_name(), "authentication.unread");
    // Without a time nothing is concluded from it.
    let undated =
        hook(&with("user.session.start", json!({"displayMessage": "HALF", "published": "x"})));
    assert_eq!((session(&undated.drafts[0]), undated.drafts[0].facts.len()), (None, 0));
    assert_eq!(undated.unread, [1]);
    assert!(
        drafts_of(Dialect::OktaSystemLog, event.to_string().replace("HALF", "\\ud800").as_bytes())
            .is_err()
    );
}

fn session(draft: &Draft) -> Option<&str> {
    draft.session.as_ref().map(|session| session.as_str())
}

//! Text from outside, and tokens.

use super::{drafts_of, read, with};
use claimledger_sources::Dialect;
use serde_json::json;

#[test]
fn text_from_outside_stands_in_sealed_parts_only() {
    let draft = read(&with(
        "user.session.start",
        json!({"displayMessage": "<b>hi</b>", "target": [{"id": "0oaApp", "type": "AppInstance",
            "displayName": "<i>App</i>"}]}),
    ));
    let clear = format!(
        "{:?}{:?}{:?}{:?}{:?}",
        draft.kind, draft.session, draft.correlation, draft.facts, draft.source_id
    );
    assert!(
        !clear.contains('<') && !clear.contains("alice") && !clear.contains("203.0.113.7"),
        "{clear}"
    );
    assert_eq!(draft.persons[0].personal.to_map()["name"], "<script>Alice</script>");
    assert_eq!(
        draft.persons[0].personal.to_map()["client"],
        json!({"ip": "203.0.113.7", "user_agent": "<img src=x>", "os": "Linux"})
    );
    // An attempt under a name that Okta does not know has no person; what is known of the client
    // belongs to nobody.
    let draft = read(&with(
        "user.session.start",
        json!({"actor": {"id": "unknown"}, "outcome": {"result": "FAILURE"}}),
    ));
    assert!(draft.persons.is_empty());
    assert_eq!(draft.unowned.to_map()["client"]["ip"], "203.0.113.7");
}

#[test]
fn an_event_with_a_token_keeps_all_but_the_token() {
    let url = "/login/token/redirect?stateToken=02.id.secret";
    let start = with(
        "user.session.start",
        json!({"debugContext": {"debugData": {"url": url}}, "severity": null}),
    );
    let bytes = json!({"_raw": start.to_string(), "host": "h"}).to_string();
    for (draft, kept) in [
        (read(&start), "\"severity\":null"),
        (drafts_of(Dialect::OktaSystemLog, bytes.as_bytes()).unwrap().remove(0), "\"host\":\"h\""),
    ] {
        let text = String::from_utf8(draft.original).unwrap();
        assert!(
            text.contains("stateToken=sha256:")
                && text.contains(kept)
                && !text.contains("02.id.secret"),
            "{text}"
        );
        assert!(!String::from_utf8(draft.canonical).unwrap().contains("02.id.secret"));
    }
    let other = with(
        "user.session.start",
        json!({"debugContext": {"debugData": {"url": url.replace("secret", "other")}}}),
    );
    assert_ne!(read(&start).canonical, read(&other).canonical, "another token is other content");
}

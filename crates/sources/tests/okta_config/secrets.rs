//! What is not kept.

use super::{Org, idp, on_the_tenth, with};
use serde_json::json;

#[test]
fn no_secret_is_kept_neither_in_the_original_nor_in_the_look() {
    let object = with(
        idp("09:00", true),
        json!({"type": "OIDC", "protocol": {"type": "OIDC", "credentials": {
            "client": {"client_id": "client-7", "client_secret": "hush-client"},
            "signing": {"kty": "RSA", "kid": "s1", "n": "public-n", "d": "hush-private"}}}}),
    );
    let provider = json!({"id": "aut1", "key": "duo", "type": "app", "status": "ACTIVE",
        "name": "Duo", "lastUpdated": on_the_tenth("09:00"),
        "provider": {"type": "DUO", "configuration": {"host": "api.duo.example",
            "integrationKey": "public-key", "secretKey": "hush-duo"}}});
    let stream = json!({"id": "str1", "type": "splunk_cloud_logstreaming",
        "name": "Splunk, SSWS hush-credential-in-a-name",
        "lastUpdated": on_the_tenth("09:00"), "status": "ACTIVE",
        "settings": {"host": "acme.splunk.example", "token": "hush-token"}});
    let mut org = Org::new();
    let mut drafts = org.see(&object);
    drafts.extend(org.look("10:00", "/api/v1/authenticators", json!([provider, object])));
    drafts.extend(org.look("10:00", "/api/v1/logStreams", json!([stream])));
    assert_eq!(drafts.len(), 4, "{drafts:?}");
    let look = String::from_utf8(org.look.unwrap().content).unwrap();
    assert!(!look.contains("hush"), "{look}");
    let mut digests = 0;
    for draft in &drafts {
        let kept = format!(
            "{} {} {:?}",
            String::from_utf8_lossy(&draft.original),
            String::from_utf8_lossy(&draft.canonical),
            draft.facts
        );
        assert!(!kept.contains("hush"), "{kept}");
        digests += usize::from(kept.contains("sha256:"));
    }
    assert_eq!(digests, 3, "a digest replaces each secret");
    let original = String::from_utf8_lossy(&drafts[0].original);
    assert!(original.contains("client-7") && original.contains("public-n"), "{original}");
}

#[test]
fn an_object_without_secrets_is_kept_as_it_was_received() {
    let text = r#"{"id":"0oa1", "status": "ACTIVE","lastUpdated":"2026-03-10T09:00:00.000Z",
        "type":"SAML2","protocol":{"type":"SAML2"},"policy":{"maxClockSkew":0},"novelty":null}"#;
    let settings = Org::new().settings;
    let read = claimledger_sources::translate(&settings, None, text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8_lossy(&read.drafts[0].original), text);
}

/// An object of a list is kept with what its envelope says, and without its siblings.
#[test]
fn an_object_of_a_list_keeps_the_envelope() {
    let mut org = Org::new();
    let other = with(idp("09:30", true), json!({"id": "0oa2", "novelty": {"deep": [1, null]}}));
    let drafts = org.look("10:00", "/api/v1/idps", json!([idp("09:00", true), other]));
    let original: serde_json::Value = serde_json::from_slice(&drafts[1].original).unwrap();
    assert_eq!(original["looked_at"], on_the_tenth("10:00"));
    assert_eq!((&original["path"], &original["body"]), (&json!("/api/v1/idps"), &other));
}

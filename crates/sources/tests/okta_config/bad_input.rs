//! What is refused, and what is kept unread.

use super::{Org, idp, names, on_the_tenth, policy, rule, two_factors, with};
use claimledger_facts::{refusal::RefusalCode, vocabulary::Note};
use claimledger_sources::{Dialect, SourceSettings, Splitter, translate};
use serde_json::{Value, json};

fn refused(value: &Value) -> (RefusalCode, String, String) {
    let refusal = Org::new().try_see(value).expect_err("a refusal");
    (refusal.code, refusal.field.clone().unwrap_or_default(), refusal.message)
}

#[test]
fn a_snapshot_that_is_cut_off_is_refused_with_its_place() {
    let text = json!({"looked_at": on_the_tenth("10:00"), "path": "/api/v1/idps",
        "body": [idp("09:00", true), idp("09:00", true)]})
    .to_string();
    let cut = format!("{}\n{}", idp("09:00", true), &text[..text.len() / 2]);
    let mut splitter = Splitter::new(Dialect::OktaConfig.limits());
    splitter.push(cut.as_bytes());
    splitter.finish();
    let pieces: Vec<_> = splitter.collect();
    assert!(pieces[0].is_ok(), "{pieces:?}");
    let refusal = pieces[1].as_ref().unwrap_err();
    assert_eq!(refusal.line, Some(2));
    assert!(refusal.field.as_ref().unwrap().starts_with("body[1]"), "{refusal}");
    assert!(refusal.message.contains("cut"), "{refusal}");
    assert_eq!(pieces.len(), 2);
    // The same without a splitter.
    let half = &text.as_bytes()[..text.len() / 2];
    let refusal = translate(&Org::new().settings, None, half).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Malformed);
}

/// A list of many objects is one value, and larger than a record may be.
#[test]
fn a_long_list_is_one_value() {
    let many: Vec<Value> = (0..600)
        .map(|n| with(idp("09:00", true), json!({"id": format!("0oa{n}"), "pad": "x".repeat(500)})))
        .collect();
    let text = json!({"looked_at": on_the_tenth("10:00"), "path": "/api/v1/idps", "body": many})
        .to_string();
    assert!(text.len() > claimledger_sources::MAX_VALUE_BYTES);
    let mut splitter = Splitter::new(Dialect::OktaConfig.limits());
    splitter.push(text.as_bytes());
    splitter.finish();
    let piece = splitter.next().unwrap().unwrap();
    let read = translate(&Org::new().settings, None, &piece.bytes).unwrap();
    assert_eq!(read.drafts.len(), 600);
    assert!(read.drafts.iter().all(|draft| draft.original.len() < 2_000));
}

#[test]
fn what_is_no_configuration_is_named() {
    let (_, field, message) =
        refused(&json!({"errorCode": "E0000006", "errorSummary": "no permission"}));
    assert_eq!(field, "errorCode");
    assert!(message.contains("E0000006 no permission"), "{message}");
    let event = json!({"uuid": "e", "published": "2026-03-10T10:00:00Z", "eventType": "user.x"});
    assert!(refused(&event).2.contains("okta-system-log"));
    let inside =
        json!({"looked_at": on_the_tenth("10:00"), "path": "/api/v1/idps", "body": [event]});
    assert!(refused(&inside).2.contains("okta-system-log"));
}

#[test]
fn envelopes_are_refused_by_what_they_lack() {
    let path = "/api/v1/idps";
    let at = on_the_tenth("10:00");
    let cases = [
        (json!({"looked_at": at, "path": path}), RefusalCode::MissingField, "body"),
        (json!({"path": path, "body": null}), RefusalCode::MissingField, "body"),
        (json!({"looked_at": at, "body": "x"}), RefusalCode::InvalidField, "body"),
        (
            json!({"looked_at": at, "body": [idp("09:00", true), 7]}),
            RefusalCode::InvalidField,
            "body[1]",
        ),
        (json!({"looked_at": "yesterday", "body": []}), RefusalCode::InvalidField, "looked_at"),
        (json!({"path": path, "body": []}), RefusalCode::MissingField, "looked_at"),
        (
            json!({"body": [with(idp("09:00", true), json!({"lastUpdated": "soon"}))]}),
            RefusalCode::InvalidField,
            "body[0].lastUpdated",
        ),
        (
            with(idp("09:00", true), json!({"lastUpdated": 1_773_133_200})),
            RefusalCode::InvalidField,
            "lastUpdated",
        ),
        (
            json!({"id": "f1", "name": "A feature", "stage": {"value": "EA"}, "status": "ENABLED"}),
            RefusalCode::MissingField,
            "looked_at",
        ),
    ];
    for (value, code, expected) in cases {
        let (found, field, message) = refused(&value);
        assert_eq!((found, field.as_str()), (code, expected), "{value}: {message}");
    }
}

#[test]
fn what_is_not_read_is_kept_as_such_with_its_name() {
    let enrollment = policy("p1", "MFA_ENROLL", "09:00");
    let mut session = rule("p2", "r2", "09:00", two_factors());
    session["actions"] = json!({"postAuthSession": {"failureActions": []}});
    let stream = json!({"id": "str1", "type": "aws_eventbridge", "name": "Bridge",
        "lastUpdated": on_the_tenth("09:00"), "status": "ACTIVE", "settings": {}});
    let zone = json!({"id": "nzo1", "type": "IP", "name": "Office",
        "lastUpdated": on_the_tenth("09:00"), "gateways": []});
    let unknown_status = with(idp("09:00", true), json!({"status": "PENDING"}));
    // A body that creates an IdP is no state of one: it has no id.
    let mut request = idp("09:00", true);
    request.as_object_mut().unwrap().remove("id");
    // The documentation shows rules without the id of their policy.
    let orphan = rule("{policyId}", "r9", "09:00", two_factors());
    for (object, kind, name) in [
        (enrollment, "okta.policy", "policy p1"),
        (session, "okta.rule", "rule r2"),
        (stream, "okta.log_stream", "log_stream str1"),
        (zone, "okta.object", ""),
        (unknown_status, "okta.idp", "idp 0oa1"),
        (request, "okta.idp", ""),
        (orphan, "okta.rule", "rule r9"),
    ] {
        let drafts = Org::new().see(&object);
        assert_eq!((drafts.len(), drafts[0].kind.as_str()), (1, kind), "{object}");
        assert_eq!(drafts[0].notes, [Note::NotUnderstood], "{object}");
        let said = names(&drafts);
        let said: Vec<&str> = said.iter().map(|(object, _)| object.as_str()).collect();
        assert_eq!(said.join(" "), name, "{object}");
    }
}

#[test]
fn settings_of_idps_are_for_this_dialect_and_of_known_words() {
    let refused = |dialect: Dialect, text: &str| {
        SourceSettings::of(dialect).with_okta_idp(text).unwrap_err().message
    };
    assert!(refused(Dialect::OktaSystemLog, "0oa1").contains("has no objects of IdPs"));
    for text in ["", "=classic", "0oa1=modern", "0oa1=", "a\nb"] {
        let message = refused(Dialect::OktaConfig, text);
        assert!(message.contains("is no setting of an IdP"), "{message}");
    }
}

/// What an older program kept is not read: the next look begins again.
#[test]
fn a_look_that_does_not_read_is_as_none() {
    let mut org = Org::new();
    let first = org.see(&idp("09:00", true));
    org.look.as_mut().unwrap().content = b"{\"from\": \"elsewhere\"}".to_vec();
    assert_eq!(org.see(&idp("09:00", true)), first);
}

//! What a push endpoint receives: each event by itself.

use claimledger_facts::{refusal::RefusalCode, vocabulary::Note};
use claimledger_sources::{Delivery, Dialect, okta_delivery, translate};
use serde_json::{Value, json};

fn event(uuid: &str) -> Value {
    json!({"uuid": uuid, "published": "2026-03-10T10:00:00.000Z", "eventType": "user.account.lock",
        "actor": {"id": "00u1", "type": "User"}, "outcome": {"result": "FAILURE"}})
}

fn hook(events: &Value) -> Value {
    json!({"eventType": "com.okta.event_hook", "eventId": "h-1", "data": {"events": events}})
}

fn read(body: &Value) -> Delivery {
    okta_delivery(&Dialect::OktaSystemLog.into(), body.to_string().as_bytes())
        .unwrap_or_else(|refusal| panic!("{refusal}: {body}"))
}

#[test]
fn an_event_that_cannot_be_read_is_kept_and_keeps_no_other_out() {
    let mut timeless = event("e-2");
    timeless.as_object_mut().unwrap().remove("published");
    let secret = json!({"eventType": "x y", "sessionToken": "20111abc"});
    let damaged = [timeless, secret, json!(7), json!(null), json!("text"), json!([event("e-9")])];
    let mut events = vec![event("e-1")];
    events.extend(damaged.clone());
    events.push(event("e-3"));
    let body = hook(&json!(events));
    let drafts = read(&body).drafts;
    let ids: Vec<&str> = drafts.iter().map(|draft| draft.source_id.as_str()).collect();
    assert_eq!((ids[0], ids[1], ids[7], ids.len()), ("e-1", "e-2", "e-3", 8), "{ids:?}");
    for (draft, damaged) in drafts[1..7].iter().zip(&damaged) {
        assert_eq!((draft.facts.len(), &draft.notes[..]), (0, &[Note::NotUnderstood][..]));
        assert!(draft.variants_allowed);
        let original: Value = serde_json::from_slice(&draft.original).unwrap();
        if damaged.get("sessionToken").is_none() {
            assert_eq!(original, *damaged);
        } else {
            assert!(!original.to_string().contains("20111abc"), "{original}");
        }
    }
    let kinds: Vec<&str> = drafts[1..4].iter().map(|draft| draft.kind.as_str()).collect();
    assert_eq!(kinds, ["user.account.lock", "unreadable", "unreadable"]);
    // A repetition is the same records.
    let again: Vec<_> =
        read(&body).drafts.into_iter().map(|d| (d.source_id, d.canonical)).collect();
    assert_eq!(again, drafts.into_iter().map(|d| (d.source_id, d.canonical)).collect::<Vec<_>>());
    // A file is refused as before: its sender can mend it.
    assert!(translate(&Dialect::OktaSystemLog.into(), None, body.to_string().as_bytes()).is_err());
}

/// Each of these makes the whole body no strict JSON. `kept`: what is kept of it; none: its bytes.
#[test]
fn an_event_that_is_no_strict_json_is_kept_with_what_can_be_said_of_it() {
    let whole = hook(&json!([event("e-1"), "ODD", event("e-3")])).to_string();
    let read = |odd: &[u8]| {
        let at = whole.find("\"ODD\"").unwrap();
        let body = [&whole.as_bytes()[..at], odd, &whole.as_bytes()[at + 5..]].concat();
        okta_delivery(&Dialect::OktaSystemLog.into(), &body).unwrap()
    };
    let deep = format!("{{\"x\": {}{}}}", "[".repeat(80), "]".repeat(80));
    let nothing = || Some(json!({"unreadable": "sha256"}));
    for (odd, kept) in [
        (
            &br#"{"uuid":"e-2","a":{"b":1,"b":2,"b":2},"sessionToken":"s","sessionToken":"t"}"#[..],
            Some(json!({"uuid": "e-2", "a": {"b": 1, "b (2)": 2, "b (3)": 2},
                "sessionToken": "sha256", "sessionToken (2)": "sha256"})),
        ),
        (br#"{"uuid":"e-2","a":{"b":1,"b":2}}"#, None),
        (br#"{"uuid":"e-2","a":"\ud800 \udc00\ud800 \ud83d\ude00 \\ud800"}"#, None),
        (b"{\"uuid\":\"e-2\",\"a\":\"\xff\"}", None),
        // Cut off inside of a character, in front of what ends the text, and in a name.
        (b"{\"uuid\":\"e-2\",\"a\":\"\xe2\x82\",\"\xf0\x9f\":[\"]\"]}", None),
        (
            b"{\"uuid\":\"e-2\",\"a\":\"\xff\",\"sessionToken\":\"s\xff\"}",
            Some(json!({"uuid": "e-2", "a": "\u{fffd}", "sessionToken": "sha256"})),
        ),
        // In none of its texts, and what no text may hold: secrets cannot be told from the rest.
        (b"{\"uuid\":\"e-2\",\xff}", nothing()),
        (b"{\"uuid\":\"e-2\",\"a\":\"\x01\"}", nothing()),
        (b"{\"uuid\":\"e-2\",\"a\":\"\\x\"}", nothing()),
        (b"{\"uuid\":\"e-2\",}", nothing()),
        (deep.as_bytes(), nothing()),
    ] {
        let read = read(odd);
        let shown = String::from_utf8_lossy(odd);
        assert_eq!((read.drafts.len(), &read.unread[..]), (3, &[2][..]), "{shown}");
        let id = if odd == deep.as_bytes() { None } else { Some("e-2") };
        let ids: Vec<_> = read.drafts.iter().map(|draft| draft.source_id.as_str()).collect();
        assert_eq!((ids[0], ids[2]), ("e-1", "e-3"));
        assert!(id.is_none_or(|id| ids[1] == id), "{shown}");
        let draft = &read.drafts[1];
        assert_eq!((draft.facts.len(), &draft.notes[..]), (0, &[Note::NotUnderstood][..]));
        let Some(kept) = kept else {
            assert_eq!(draft.original, odd, "{shown}");
            continue;
        };
        let mut original: Value = serde_json::from_slice(&draft.original).unwrap();
        for value in original.as_object_mut().unwrap().values_mut() {
            if value.as_str().is_some_and(|text| text.starts_with("sha256:")) {
                *value = json!("sha256");
            }
        }
        assert_eq!(original, kept, "{shown}");
    }
    // What is around the events has to be strict.
    let twice = whole.replace("\"eventId\"", "\"eventId\":\"other\",\"eventId\"");
    assert!(okta_delivery(&Dialect::OktaSystemLog.into(), twice.as_bytes()).is_err());
    let events = json!([event("e-1")]).to_string();
    for (first, second) in [("[]", events.as_str()), (&events, &events), (&events, "[]")] {
        let body = format!(r#"{{"data":{{"events":{first}}},"data":{{"events":{second}}}}}"#);
        let refused = okta_delivery(&Dialect::OktaSystemLog.into(), body.as_bytes()).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("data"), "{body}");
    }
}

/// What is around a small event makes it no large one.
#[test]
fn a_large_envelope_is_not_kept_with_its_event() {
    let around = |bytes: usize| {
        let mut body = hook(&json!([event("e-1")]));
        body["pad"] = "x".repeat(bytes).into();
        let original = read(&body).drafts.remove(0).original;
        (original.len() > body.to_string().len() - 20, original)
    };
    assert!(around(10_000).0, "all that was received");
    let (_, original) = around(3_000_000);
    assert_eq!(serde_json::from_slice::<Value>(&original).unwrap(), event("e-1"));
}

#[test]
fn what_is_no_delivery_is_refused() {
    for (body, code) in [
        (json!({"hello": "world"}), RefusalCode::MissingField),
        (hook(&json!([])), RefusalCode::InvalidField),
        (hook(&json!("none")), RefusalCode::Malformed),
        (json!([1]), RefusalCode::Malformed),
    ] {
        let refused = okta_delivery(&Dialect::OktaSystemLog.into(), body.to_string().as_bytes());
        assert_eq!(refused.unwrap_err().code, code, "{body}");
    }
    let cut = hook(&json!([event("e-1")])).to_string();
    let refused = okta_delivery(&Dialect::OktaSystemLog.into(), &cut.as_bytes()[..60]);
    assert_eq!(refused.unwrap_err().code, RefusalCode::Malformed);
}

#[test]
fn envelopes_of_log_streams_are_known_as_such() {
    let bridge = json!({"version": "0", "id": "eb-1", "detail-type": "SystemLog",
        "source": "aws.partner/okta.com/acme/stream", "detail": event("e-1")});
    let hec = json!({"time": 1, "sourcetype": "OktaIM2:log", "event": event("e-1")});
    for (body, streamed) in
        [(bridge, true), (hec, true), (hook(&json!([event("e-1")])), false), (event("e-1"), false)]
    {
        let read = read(&body);
        assert_eq!((read.is_streamed, read.drafts.len()), (streamed, 1), "{body}");
        assert_eq!(read.drafts[0].canonical, self::read(&event("e-1")).drafts[0].canonical);
    }
}

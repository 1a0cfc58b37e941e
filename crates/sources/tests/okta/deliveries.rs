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
        let kept = damaged.as_object().map_or(json!({"unreadable": damaged}), |_| damaged.clone());
        if kept.get("sessionToken").is_none() {
            assert_eq!(original, kept);
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

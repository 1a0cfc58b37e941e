//! Envelopes and compression of Okta's transports.

use super::{OKTA, ingest, ledger, page, try_ingest};
use crate::support::Scratch;
use crate::support::okta_events::{envelopes, event, gzip, lines};
use serde_json::{Value, json};

#[test]
fn one_event_in_any_envelope_is_one_record() {
    let one = event("enveloped", "user.session.start", "10:00:00", ("idxEnv", "T-7", "T-7"));
    let (scratch, _) = ledger(std::slice::from_ref(&one));
    for (name, content) in envelopes(&one) {
        let (status, answer, words) = try_ingest(&scratch, "envelope.json", &content, &OKTA);
        assert_eq!(
            (status, answer["repeated"].as_u64()),
            (Some(0), Some(1)),
            "{name}: {answer} {words}"
        );
    }
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let server = scratch.serve();
    for (name, content) in envelopes(&one) {
        let (status, body) =
            server.post("/v1/facts?as=okta-system-log", Some(&token), "application/json", &content);
        assert_eq!(status, 200, "{name}: {body}");
        assert!(body.contains("\"repeated\""), "{name}: {body}");
    }
}

#[test]
fn an_envelope_with_several_events_is_as_many_records() {
    let events: Vec<Value> = (0..3)
        .map(|n| {
            event(
                &format!("several-{n}"),
                "user.session.start",
                &format!("10:0{n}:00"),
                ("idxSeveral", "T-8", "T-8"),
            )
        })
        .collect();
    let (scratch, _) = ledger(&events[..1]);
    let hook = json!({"eventType": "com.okta.event_hook", "data": {"events": events}});
    let report = ingest(&scratch, "hook.json", hook.to_string());
    assert_eq!(
        (report["stored"].as_u64(), report["repeated"].as_u64()),
        (Some(2), Some(1)),
        "{report}"
    );
}

#[test]
fn unsupported_envelopes_are_named() {
    let whole = event("named", "user.session.start", "10:00:00", ("idxNamed", "T-7", "T-7"));
    let cases: Vec<(&str, Vec<u8>)> =
        vec![
        (
            "EventBridge",
            json!({"version": "0", "detail-type": "SystemLog", "source": "aws.partner/okta.com/x",
                "detail": "gone"}).to_string().into_bytes(),
        ),
        ("event hook", json!({"eventType": "com.okta.event_hook",
            "data": {"events": "none"}}).to_string().into_bytes()),
        ("Splunk", json!({"time": 1, "sourcetype": "OktaIM2:log",
            "event": 7}).to_string().into_bytes()),
        (
            "Elastic",
            json!({"@timestamp": "2026-03-10T10:00:00Z", "event": {"action": "user.session.start"},
                "okta": {"uuid": "x"}}).to_string().into_bytes(),
        ),
        ("CSV",
            b"published,eventType,uuid\n2026-03-10T10:00:00Z,user.session.start,u-1\n".to_vec()),
        ("gzip", gzip(&whole.to_string().into_bytes())[..40].to_vec()),
    ];
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let mut answers = Vec::new();
    for (name, content) in &cases {
        let (status, answer, words) = try_ingest(&scratch, "named", content, &OKTA);
        assert_eq!(status, Some(3), "{name}: {answer} {words}");
        answers.push((*name, words));
    }
    let server = scratch.serve();
    for (name, content) in &cases {
        let (status, body) =
            server.post("/v1/facts?as=okta-system-log", Some(&token), "application/json", content);
        assert!((400..500).contains(&status), "{name}: {status} {body}");
        answers.push((*name, body));
    }
    for (name, words) in answers {
        assert!(words.contains("looks like") && words.contains(name), "{name}: {words}");
        assert!(!words.contains("field published"), "{name}: {words}");
    }
}

#[test]
fn a_gzip_bomb_is_bounded() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let bomb = gzip(&[&b"{\"uuid\":\""[..], &vec![b'x'; 64 << 20]].concat());
    let (status, _, words) = try_ingest(&scratch, "bomb.gz", &bomb, &OKTA);
    assert_eq!(status, Some(3), "{words}");
    let server = scratch.serve();
    let (status, body) =
        server.post("/v1/facts?as=okta-system-log", Some(&token), "application/json", &bomb);
    assert_eq!(status, 413, "{body}");
}

#[test]
fn a_record_says_how_often_and_by_which_channel_it_was_received() {
    let one = event("once", "user.session.start", "10:00:00", ("idxOnce", "T", "T"));
    let (scratch, _) = ledger(std::slice::from_ref(&one));
    let once = scratch.ok(&["record", "1"]);
    assert!(!once.contains("received by"), "once is no news: {once}");
    ingest(&scratch, "again.jsonl", lines(std::slice::from_ref(&one)));
    let again = scratch.ok(&["record", "1"]);
    assert!(again.contains("received by file 2×, from "), "after another process: {again}");
    let sends = scratch.json(&["token", "--role", "ingest", "--source", "okta"]);
    let sends = sends["token"].as_str().expect("a token");
    let read = scratch.token("acme", "read");
    let server = scratch.serve();
    let path = "/v1/facts?as=okta-system-log";
    for _ in 0..3 {
        let body = one.to_string();
        let (status, words) = server.post(path, Some(sends), "application/json", body.as_bytes());
        assert_eq!(status, 200, "{words}");
    }
    let query = "{ record(position: 1) { channel deliveries { channel count firstAt lastAt } } }";
    let record = server.graphql(&read, query, json!({}))["record"].clone();
    let deliveries = record["deliveries"].as_array().expect("deliveries").clone();
    let counted: Vec<_> = deliveries.iter().map(|one| (&one["channel"], &one["count"])).collect();
    assert_eq!(counted, [(&json!("file"), &json!(2)), (&json!("http"), &json!(3))], "{record}");
    let drawer = page(&server, &read, "/session?id=idxOnce&open=1");
    let drawer = drawer.replace("<bdi>", "").replace("</bdi>", "");
    for says in ["received by file", "2 times", "received by http", "3 times"] {
        assert!(drawer.contains(says), "{says}: {drawer}");
    }
}

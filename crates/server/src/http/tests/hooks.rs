//! `/v1/hooks/okta`: the challenge, and each form of bad delivery.

use super::{
    stalling_log::{Appends, StallingLog},
    support::{Answer, World},
};
use crate::options::{Rate, ServerOptions};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const PATH: &str = "/v1/hooks/okta";
const CHALLENGE: &str = "x-okta-verification-challenge";

struct Hook {
    world: World,
    log: Arc<StallingLog>,
    secret: String,
    reader: String,
}

impl Hook {
    async fn new() -> Self {
        Self::with(ServerOptions::default()).await
    }

    async fn with(options: ServerOptions) -> Self {
        let log = Arc::new(StallingLog::default());
        let world = World::over(log.clone(), options).await;
        let secret = world.token("acme", &[Role::Ingest], Some("okta")).await;
        let reader = world.token("acme", &[Role::Read, Role::Investigate], None).await;
        Self { world, log, secret, reader }
    }

    async fn post(&self, body: impl Into<axum::body::Body>) -> Answer {
        self.world.send("POST", PATH, &[("authorization", &self.secret)], body).await
    }

    async fn verify(&self, headers: &[(&str, &str)]) -> Answer {
        self.world.send("GET", PATH, headers, "").await
    }

    async fn ask(&self, query: &str) -> Value {
        let answer = self.world.graphql(&self.reader, query).await.json();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// The records that are found by the id of an event.
    async fn records(&self, uuid: &str) -> Vec<Value> {
        let query =
            format!("{{ find(text: \"{uuid}\") {{ items {{ kind records {{ position }} }} }} }}");
        let found = self.ask(&query).await;
        let mut records = Vec::new();
        for item in found["find"]["items"].as_array().into_iter().flatten() {
            for record in item["records"].as_array().into_iter().flatten() {
                let position = &record["position"];
                let query = format!(
                    "{{ record(position: {position}) {{ channel variant understood notes }} }}"
                );
                let is_record = item["kind"] == "RECORD";
                records.extend(if is_record { Some(self.ask(&query).await) } else { None });
            }
        }
        records.into_iter().map(|answer| answer["record"].clone()).collect()
    }
}

fn event(uuid: &str, at: &str) -> Value {
    json!({"uuid": uuid, "published": format!("2026-03-10T{at}.000Z"),
        "eventType": "user.session.start", "version": "0",
        "actor": {"id": "00uHook", "type": "User", "alternateId": "hook@acme.example"},
        "authenticationContext": {"externalSessionId": "idxHook"},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": "t-1", "type": "WEB"},
        "debugContext": {"debugData": {}}, "target": null})
}

fn hook(events: &[Value]) -> String {
    json!({"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0",
        "cloudEventsVersion": "0.1", "source": "https://acme.okta.example/api/v1/eventHooks/who",
        "eventId": "hook-1", "eventTime": "2026-03-10T10:00:01Z",
        "contentType": "application/json", "data": {"events": events}})
    .to_string()
}

fn is_stored(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{}", answer.body);
}

#[tokio::test]
async fn a_challenge_is_answered_to_the_holder_of_the_secret_alone() {
    let hook = Hook::new().await;
    let secret = hook.secret.clone();
    let bearer = format!("Bearer {secret}");
    let value = "Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg";
    for credential in [secret.as_str(), bearer.as_str()] {
        let answer = hook.verify(&[("authorization", credential), (CHALLENGE, value)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json(), json!({"verification": value}));
        assert!(answer.header(header::CONTENT_TYPE).starts_with("application/json"));
    }
    // Forged: nothing of it is echoed.
    let reader = format!("Bearer {}", hook.reader);
    for (credential, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("no-such-secret"), StatusCode::UNAUTHORIZED),
        (Some("Basic YWRtaW46c2VjcmV0"), StatusCode::UNAUTHORIZED),
        (Some(reader.as_str()), StatusCode::FORBIDDEN),
    ] {
        let mut headers = vec![(CHALLENGE, value)];
        headers.extend(credential.map(|credential| ("authorization", credential)));
        let answer = hook.verify(&headers).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(!answer.body.contains(value), "{}", answer.body);
    }
    let long = "a".repeat(513);
    for odd in ["", "two words", "<b>\u{e9}</b>", &long] {
        let answer = hook.verify(&[("authorization", &secret), (CHALLENGE, odd)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{odd}: {}", answer.body);
        assert!(odd.is_empty() || !answer.body.contains(odd), "{}", answer.body);
    }
    let none = hook.verify(&[("authorization", &secret)]).await;
    assert_eq!(
        (none.status, none.json()["error"]["field"].clone()),
        (StatusCode::BAD_REQUEST, json!(CHALLENGE))
    );
}

#[tokio::test]
async fn a_delivery_with_a_wrong_secret_stores_nothing() {
    let hook = Hook::new().await;
    let body = self::hook(&[event("forged", "10:00:00")]);
    for headers in [vec![], vec![("authorization", "Bearer wrong")], vec![("authorization", "x")]] {
        let answer = hook.world.send("POST", PATH, &headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(!answer.body.contains("wrong"), "{}", answer.body);
    }
    let reader = format!("Bearer {}", hook.reader);
    let answer = hook.world.send("POST", PATH, &[("authorization", &reader)], body).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(hook.records("forged").await, [] as [Value; 0]);
}

/// Out of order by a day, twice, and under the same id with other content.
#[tokio::test]
async fn repeated_late_and_other_events_are_stored_as_what_they_are() {
    let hook = Hook::new().await;
    let mut earlier = event("late-1", "09:00:00");
    earlier["published"] = json!("2026-03-09T09:00:00Z");
    let first = self::hook(&[event("late-2", "10:00:00"), earlier]);
    for _ in 0..3 {
        is_stored(&hook.post(first.clone()).await);
    }
    for uuid in ["late-1", "late-2"] {
        let records = hook.records(uuid).await;
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(
            (&records[0]["channel"], &records[0]["understood"]),
            (&json!("hook"), &json!(true)),
            "{records:?}"
        );
    }
    let session = hook.ask("{ session(id: \"idxHook\") { session { startedAt } } }").await;
    assert_eq!(session["session"]["session"]["startedAt"], "2026-03-09T09:00:00Z");

    let mut other = event("late-2", "10:00:00");
    other["outcome"] = json!({"result": "FAILURE", "reason": "INVALID_CREDENTIALS"});
    is_stored(&hook.post(self::hook(&[other])).await);
    let records = hook.records("late-2").await;
    assert_eq!(records.len(), 2, "{records:?}");
    assert!(records.iter().any(|record| record["variant"] == true), "{records:?}");
}

#[tokio::test]
async fn a_damaged_event_keeps_no_other_out_and_is_kept() {
    let hook = Hook::new().await;
    let mut timeless = event("damaged-2", "10:00:00");
    timeless.as_object_mut().unwrap().remove("published");
    let events =
        [event("damaged-1", "10:00:00"), timeless, json!(7), event("damaged-3", "10:01:00")];
    for _ in 0..2 {
        is_stored(&hook.post(self::hook(&events)).await);
    }
    for (uuid, understood) in [("damaged-1", true), ("damaged-2", false), ("damaged-3", true)] {
        let records = hook.records(uuid).await;
        assert_eq!(records.len(), 1, "{uuid}: {records:?}");
        assert_eq!(records[0]["understood"], understood, "{uuid}: {records:?}");
    }
}

/// What makes the whole body no strict JSON is kept by itself, and the others are read.
#[tokio::test]
async fn an_event_that_is_no_strict_json_keeps_no_other_out() {
    let hook = Hook::new().await;
    let whole = self::hook(&[event("odd-1", "10:00:00"), json!("ODD"), event("odd-3", "10:01:00")]);
    let deep = format!("{{\"uuid\": \"odd-2\", \"x\": {}{}}}", "[".repeat(80), "]".repeat(80));
    for odd in [
        r#"{"uuid": "odd-2", "actor": {"id": "a", "id": "b"}}"#,
        r#"{"uuid": "odd-2", "displayMessage": "half \ud800"}"#,
        &deep,
    ] {
        is_stored(&hook.post(whole.replace("\"ODD\"", odd)).await);
    }
    for uuid in ["odd-1", "odd-3"] {
        let records = hook.records(uuid).await;
        assert_eq!(records.len(), 1, "{uuid}: {records:?}");
        assert_eq!(records[0]["understood"], true, "{uuid}: {records:?}");
    }
    // Of the one of many levels its digest is kept, under its id.
    let kept = hook.records("odd-2").await;
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept.iter().all(|record| record["understood"] == false), "{kept:?}");
}

/// Bytes that are no characters, in one event: it is kept with them, and the others are read.
#[tokio::test]
async fn an_event_with_bytes_that_are_no_utf_8_keeps_no_other_out() {
    let hook = Hook::new().await;
    let mut odd = event("byte-2", "10:00:30");
    odd["displayMessage"] = json!("BYTE");
    let body = self::hook(&[event("byte-1", "10:00:00"), odd, event("byte-3", "10:01:00")]);
    for bytes in [&b"\xff"[..], b"\xe2\x82", b"\x01"] {
        let at = body.find("BYTE").unwrap();
        let body = [&body.as_bytes()[..at], bytes, &body.as_bytes()[at + 4..]].concat();
        is_stored(&hook.post(body).await);
    }
    for (uuid, count, understood) in
        [("byte-1", 1, true), ("byte-2", 2, false), ("byte-3", 1, true)]
    {
        let records = hook.records(uuid).await;
        assert_eq!(records.len(), count, "{uuid}: {records:?}");
        assert!(records.iter().all(|record| record["understood"] == understood), "{records:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_delivery_is_refused_with_what_is_wrong() {
    let hook = Hook::new().await;
    let cut = self::hook(&[event("cut", "10:00:00")]);
    for (body, status) in [
        (cut[..cut.len() - 20].to_owned(), StatusCode::BAD_REQUEST),
        (String::new(), StatusCode::BAD_REQUEST),
        ("{\"hello\": 1}".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (self::hook(&[]), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = hook.post(body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert!(answer.json()["error"]["message"].is_string(), "{body}: {}", answer.body);
    }
    let unknown = hook
        .world
        .send("POST", "/v1/hooks/okta?tenant=globex", &[("authorization", &hook.secret)], cut)
        .await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

/// 4 MB go in, in several appends; more is refused, and so is an event that no record can hold,
/// once the others are in.
#[tokio::test]
async fn a_body_of_four_megabytes_is_stored_and_a_larger_one_refused() {
    let hook = Hook::new().await;
    let sized = |uuid: String, bytes: usize| {
        let mut event = event(&uuid, "10:00:00");
        // Random, so that it cannot be packed.
        let noise: String = (0..bytes / 16)
            .map(|n: usize| format!("{:016x}", (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        event["debugContext"] = json!({"debugData": {"noise": noise}});
        event
    };
    let events: Vec<Value> = (0..40).map(|n| sized(format!("large-{n}"), 100_000)).collect();
    let body = self::hook(&events);
    assert!((4_000_000..4 * 1024 * 1024).contains(&body.len()), "{}", body.len());
    is_stored(&hook.post(body).await);
    for n in [0, 20, 39] {
        assert_eq!(hook.records(&format!("large-{n}")).await.len(), 1, "{n}");
    }
    let events: Vec<Value> = (0..43).map(|n| sized(format!("huge-{n}"), 100_000)).collect();
    let answer = hook.post(self::hook(&events)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("4194304"), "{}", answer.body);
    assert_eq!(hook.records("huge-0").await, [] as [Value; 0]);

    let mixed = [
        event("small-1", "10:00:00"),
        sized("giant".to_owned(), 1_200_000),
        event("small-2", "10:00:00"),
    ];
    let answer = hook.post(self::hook(&mixed)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.body);
    for (uuid, count) in [("small-1", 1), ("giant", 0), ("small-2", 1)] {
        assert_eq!(hook.records(uuid).await.len(), count, "{uuid}");
    }
}

/// A status from 400 to 499 is never repeated, so faults of this side are 503, within 3 s.
#[tokio::test]
async fn faults_of_this_side_are_answered_with_503_in_time() {
    let hook = Hook::new().await;
    let body = self::hook(&[event("stalled", "10:00:00")]);
    hook.log.set(Appends::Stall);
    let started = Instant::now();
    let answer = hook.post(body.clone()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(!answer.header(header::RETRY_AFTER).is_empty());
    hook.log.set(Appends::Work);
    is_stored(&hook.post(body).await);
    assert_eq!(hook.records("stalled").await.len(), 1);

    let body = self::hook(&[event("failed", "10:00:00")]);
    hook.log.set(Appends::Fail);
    let answer = hook.post(body.clone()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    hook.log.set(Appends::Work);
    is_stored(&hook.post(body).await);
    assert_eq!(hook.records("failed").await.len(), 1);
}

#[tokio::test]
async fn too_many_deliveries_are_to_be_repeated_later() {
    let facts_rate = Rate { per_second: 1, burst: 2 };
    let hook = Hook::with(ServerOptions { facts_rate, ..ServerOptions::default() }).await;
    let mut statuses = Vec::new();
    for n in 0..3 {
        let body = self::hook(&[event(&format!("many-{n}"), "10:00:00")]);
        statuses.push(hook.post(body).await.status);
    }
    assert_eq!(statuses, [StatusCode::OK, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE]);
}

/// A log stream that is forwarded as HTTP requests gives the same records, by its own channel.
#[tokio::test]
async fn the_envelope_of_a_log_stream_names_the_channel() {
    let hook = Hook::new().await;
    let bridge = |event: Value| {
        json!({"version": "0", "id": "eb-1", "detail-type": "SystemLog",
            "source": "aws.partner/okta.com/acme/stream", "detail": event})
        .to_string()
    };
    is_stored(&hook.post(bridge(event("streamed", "10:00:00"))).await);
    assert_eq!(hook.records("streamed").await[0]["channel"], "stream");
    is_stored(&hook.post(self::hook(&[event("streamed", "10:00:00")])).await);
    assert_eq!(hook.records("streamed").await.len(), 1);
}

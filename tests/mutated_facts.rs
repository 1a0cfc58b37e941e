//! Mutated facts in every dialect through the shipped server, one a request and in batches: the
//! process lives, no answer is a server error, and each fact is stored or refused with line and
//! field. Afterwards the log reads to its end.

use crate::support::{Scratch, Server};
use serde_json::{Value, json};
use std::time::Instant;

/// Facts that are sent in all.
const FACTS: usize = 10_000;
/// Of these, how many are sent alone.
const ALONE: usize = 2_000;
/// Facts of one batch.
const BATCH: usize = 40;

/// A small generator: the same seed gives the same facts (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("below a usize")
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// Good facts, one of each kind, whose ids end in the number.
fn good(random: &mut Random, n: usize) -> (&'static str, Value) {
    let subject = json!({"id": format!("u-{}", n % 50), "login": format!("u{}@acme.example",
        n % 50), "name": "Somebody"});
    let session = format!("S{}", n % 200);
    let at = format!("2026-03-10T{:02}:{:02}:{:02}Z", n / 3600 % 24, n / 60 % 60, n % 60);
    let types = [
        (
            "session.started",
            json!({"idp": "idp-x", "idle_secs": 1800, "lifetime_ends_at": "2026-03-11T10:00:00Z"}),
        ),
        (
            "claims.received",
            json!({"idp": "idp-x", "amr": ["pwd", "hwk"], "key": "X1",
                "assertion": format!("as-{n}"), "acr": "urn:aal2",
            "methods": [{"method": "webauthn", "properties": ["device_bound"]}],
                "auth_time": "2026-03-10T09:00:00+01:00"}),
        ),
        (
            "factor.verified",
            json!({"method": "push", "authenticator": "a-1", "properties": ["user_presence"]}),
        ),
        (
            "policy.decided",
            json!({"app": "payroll", "policy": "p", "outcome": "allow", "relied_on": ["a", "b"]}),
        ),
        (
            "sign_in.refused",
            json!({"result": "failure", "reason": "invalid_credentials", "method": "push"}),
        ),
        ("session.ended", json!({"reason": "logout"})),
        ("session.linked", json!({"to": format!("S{}", n % 7), "by": "test"})),
        ("authenticator.lost", json!({"methods": ["push", "hwk"], "from": "2026-03-10T09:00:00Z"})),
        (
            "policy.configured",
            json!({"policy": "p", "version": "v1", "kind": "app_sign_in",
                "rules": [{"rule": "r", "priority": 1, "access": "allow",
            "factor_mode": "2fa", "alternatives": [{"possession": {"phishing_resistant": true},
                "knowledge": true}], "conditions": {"any": [1, 2.5]}}]}),
        ),
        ("source.heard", json!({"until": "2026-03-10T10:00:00Z", "basis": "polled"})),
    ];
    let (kind, data) = types[random.below(types.len())].clone();
    match random.below(3) {
        0 => (
            "native",
            json!({"id": format!("n-{n}"), "type": kind, "occurred_at": at, "session": session,
                "subject": subject,
            "client": {"ip": "203.0.113.7", "user_agent": "x"}, "data": data}),
        ),
        1 => (
            "cloudevents",
            json!({"specversion": "1.0", "id": format!("c-{n}"), "source": "acme",
                "type": format!("claimledger.{kind}"), "time": at,
            "session": session, "subject": format!("u-{}", n % 50), "data": data}),
        ),
        _ => {
            let kinds = [
                "user.session.start",
                "user.authentication.auth_via_mfa",
                "policy.evaluate_sign_on",
                "user.session.end",
                "user.authentication.sso",
                "user.authentication.auth_via_IDP",
                "user.account.lock",
                "user.session.clear",
            ];
            let event = json!({"uuid": format!("o-{n}"), "published": at,
                "eventType": kinds[random.below(kinds.len())], "version": "0",
                "actor": {"id": format!("00u{}", n % 50), "type": "User",
                    "alternateId": "a@acme.example", "displayName": "A"},
                "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": "x"},
                    "geographicalContext": {"geolocation": {"lat": 52.5, "lon": 13.4}}},
                "authenticationContext": {"externalSessionId": format!("102{}", n % 100),
                    "rootSessionId": "102R"},
                "outcome": {"result": random.one(&["SUCCESS", "FAILURE", "ALLOW", "DENY"]),
                    "reason": "INVALID_CREDENTIALS"},
                "transaction": {"id": format!("T-{}", n % 90)},
                    "debugContext": {"debugData": {"authnRequestId": format!("T-{}", n % 60),
                    "factor": "OKTA_VERIFY_PUSH"}},
                "target": [{"type": "AppInstance", "id": "0oaApp", "displayName": "App"},
                    {"type": "PolicyEntity", "id": "00p", "displayName": "P"}]});
            let wrapped = match random.below(6) {
                0 => json!({"version": "0", "detail-type": "SystemLog", "detail": event}),
                1 => json!({"eventType": "com.okta.event_hook", "data": {"events": [event]}}),
                2 => json!({"_raw": event.to_string()}),
                _ => event,
            };
            ("okta-system-log", wrapped)
        }
    }
}

/// Values that something may break on, as JSON text.
const ODD: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "0",
    "-1",
    "-0",
    "1e400",
    "-1e-400",
    "18446744073709551616",
    "123456789012345678901234567890.5",
    "1e99999999999999999999",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\u{202e}\u{1f600}e\u{301}\"",
    "\"<script>alert(1)</script>\"",
    "\"9999-12-31T23:59:59-23:59\"",
    "\"0000-01-01T00:00:00+23:59\"",
    "\"2026-02-30T10:00:00Z\"",
    "\"2026-03-10T23:59:60Z\"",
    "\"2026-03-10 10:00:00\"",
    "\"session.started\"",
    "\"unknown\"",
    "[[[[[[[[[[]]]]]]]]]]",
    "{\"from\":\"2026-03-10T10:00:00Z\",\"to\":\"2026-03-10T09:00:00Z\"}",
    "{\"events\":[]}",
    "[1,\"a\",null,{}]",
    "\"{\\\"_raw\\\":\\\"{}\\\"}\"",
];

/// Places of a value: every member and entry, by pointer.
fn places(value: &Value, path: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
            out.push(path.clone());
            places(value, path, out);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, value)| {
            out.push(format!("{path}/{n}"));
            places(value, format!("{path}/{n}"), out);
        }),
        _ => {}
    }
}

/// A fact as bytes, with one to three things wrong with it; sometimes none.
fn mutated(random: &mut Random, n: usize) -> (&'static str, Vec<u8>) {
    let (dialect, mut fact) = good(random, n);
    let mut marks: Vec<String> = Vec::new();
    for _ in 0..random.below(4) {
        let mut all = Vec::new();
        places(&fact, String::new(), &mut all);
        if all.is_empty() {
            break;
        }
        let place = all[random.below(all.len())].clone();
        let (parent, key) = place.rsplit_once('/').expect("a pointer");
        match random.below(5) {
            0 => {
                if let Some(Value::Object(members)) = fact.pointer_mut(parent) {
                    members.remove(key);
                }
            }
            1 => {
                if let Some(Value::Object(members)) = fact.pointer_mut(parent) {
                    members.insert(
                        format!("odd{}", random.below(9)),
                        json!("x".repeat(random.below(700))),
                    );
                }
            }
            2 => {
                let other = good(random, n + 1).1;
                if let Some(value) = fact.pointer_mut(&place) {
                    *value = other;
                }
            }
            _ => {
                // What serde_json could not write goes in as text, in place of a mark.
                let odd = random.one(ODD);
                if let Some(value) = fact.pointer_mut(&place) {
                    *value = json!(format!("@@{}@@", marks.len()));
                    marks.push((*odd).to_owned());
                }
            }
        }
    }
    let mut text = fact.to_string();
    for (n, odd) in marks.iter().enumerate() {
        text = text.replacen(&format!("\"@@{n}@@\""), odd, 1);
    }
    let mut bytes = text.into_bytes();
    match random.below(20) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => {
            let at = random.below(bytes.len());
            bytes[at] = u8::try_from(random.below(256)).expect("a byte");
        }
        2 => {
            // A key twice.
            let twice = format!("{{\"id\":\"twice\",{}", String::from_utf8_lossy(&bytes[1..]));
            bytes = twice.into_bytes();
        }
        3 => {
            let deep = random.below(200);
            bytes = format!(
                "{{\"deep\":{}{},{}",
                "[".repeat(deep),
                "]".repeat(deep),
                String::from_utf8_lossy(&bytes[1..])
            )
            .into_bytes();
        }
        4 => {
            bytes =
                String::from_utf8_lossy(&bytes).encode_utf16().flat_map(u16::to_le_bytes).collect()
        }
        _ => {}
    }
    // One line a fact, whatever is in it: lines are how a batch is taken apart here.
    bytes.retain(|byte| *byte != b'\n');
    (dialect, bytes)
}

#[derive(Default)]
struct Count {
    stored: usize,
    refused: usize,
}

/// Sends, and says at which line it was refused.
fn send(
    server: &Server,
    token: &str,
    dialect: &str,
    body: &[u8],
    count: &mut Count,
) -> Option<usize> {
    let (status, answer) =
        server.post(&format!("/v1/facts?as={dialect}"), Some(token), "application/x-ndjson", body);
    let shown = || String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned();
    assert!(status < 500, "{status} {answer}\n{}", shown());
    let parsed: Value =
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{status} {answer}\n{}", shown()));
    if status == 200 {
        let results = parsed["results"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert!(!results.is_empty(), "{answer}");
        count.stored += results.len();
        return None;
    }
    let error = &parsed["error"];
    assert!(
        error["code"].is_string() && error["message"].is_string(),
        "{status} {answer}\n{}",
        shown()
    );
    let of_a_field = matches!(
        error["code"].as_str(),
        Some("missing_field" | "invalid_field" | "unknown_word" | "unknown_type" | "reserved")
    );
    assert!(
        !of_a_field || error["field"].is_string() || error["expected"].is_string(),
        "{answer}\n{}",
        shown()
    );
    count.refused += 1;
    match error["line"].as_u64() {
        Some(line) => Some(usize::try_from(line).expect("a line")),
        // An empty body has no line.
        None => {
            assert!(
                error["message"].as_str().is_some_and(|message| message.contains("no fact")),
                "{answer}\n{}",
                shown()
            );
            Some(usize::MAX)
        }
    }
}

#[test]
fn ten_thousand_mutated_facts_are_stored_or_refused_and_nothing_breaks() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "acme"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let read = scratch.token("acme", "read,investigate");
    let server = scratch.serve();
    let mut random = Random(0x0c1a_13ed_6e00_0011);
    let (mut count, started) = (Count::default(), Instant::now());
    for n in 0..ALONE {
        let (dialect, fact) = mutated(&mut random, n);
        send(&server, &token, dialect, &fact, &mut count);
    }
    // Batches of one dialect each; the line that is refused is left out, as long as there is one.
    let mut waiting: [(&str, Vec<Vec<u8>>); 3] =
        [("native", Vec::new()), ("cloudevents", Vec::new()), ("okta-system-log", Vec::new())];
    let batch = |dialect: &str, lines: &mut Vec<Vec<u8>>, count: &mut Count| {
        // UTF-16 tells itself by the beginning of a stream, not of a line.
        lines.retain(|line| !line.contains(&0));
        for _ in 0..BATCH {
            if lines.is_empty() {
                break;
            }
            let Some(line) = send(&server, &token, dialect, &lines.join(&b'\n'), count) else {
                break;
            };
            if line > lines.len() {
                break;
            }
            lines.remove(line - 1);
        }
        lines.clear();
    };
    for n in ALONE..FACTS {
        let (dialect, fact) = mutated(&mut random, n);
        let (_, lines) = waiting.iter_mut().find(|(of, _)| *of == dialect).expect("a dialect");
        lines.push(fact);
        if lines.len() == BATCH {
            batch(dialect, lines, &mut count);
        }
    }
    for (dialect, lines) in &mut waiting {
        batch(dialect, lines, &mut count);
    }
    println!("{} stored, {} refusals, {:?}", count.stored, count.refused, started.elapsed());
    assert!(
        count.stored > 1_000 && count.refused > 1_000,
        "{} stored, {} refused",
        count.stored,
        count.refused
    );

    // The process is the one that was started, and what it took reads to the end.
    let (status, _, health) = server.get("/readyz", &[]);
    assert_eq!(status, 200, "{health}");
    let last = count.stored;
    for position in [1, last / 2, last - 1] {
        let record = server.graphql(
            &read,
            "query($p: Position!) \
             { record(position: $p) { id original personal facts } }",
            json!({"p": position}),
        )["record"]
            .clone();
        assert!(record["original"].is_string(), "#{position}: {record}");
    }
    server.kill();
    let status = scratch.json(&["status"]);
    assert!(status.to_string().contains("acme"), "{status}");
    let sessions = scratch.json(&["sessions", "--first", "500"]);
    assert!(sessions["edges"].as_array().is_some_and(|edges| !edges.is_empty()), "{sessions}");
    scratch.ok(&["rebuild"]);
}

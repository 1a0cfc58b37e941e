//! Invented events of Okta's System Log, in the shapes of real ones.

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

/// An event of Alice with these ids: external session, own transaction, authentication request.
pub(crate) fn event(uuid: &str, kind: &str, at: &str, ids: (&str, &str, &str)) -> Value {
    let (external, transaction, request) = ids;
    json!({"uuid": uuid, "published": format!("2026-03-10T{at}.000Z"), "eventType": kind,
        "version": "0", "severity": "INFO",
        "actor": {"id": "00uAlice", "type": "User", "alternateId": "alice@acme.example",
            "displayName": "Alice Example"},
        "client": {"ipAddress": "203.0.113.7", "userAgent": {"rawUserAgent": "Mozilla/5.0 (X11)",
            "os": "Linux", "browser": "FIREFOX"}},
        "authenticationContext": {"externalSessionId": external, "authenticationStep": 0},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": transaction, "type": "WEB"},
        "debugContext": {"debugData": {"authnRequestId": request,
            "requestId": format!("rq-{uuid}")}}, "target": []})
}

pub(crate) fn with(mut event: Value, changes: Value) -> Value {
    fn merge(into: &mut Value, from: Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                from.into_iter().for_each(|(k, v)| merge(into.entry(k).or_insert(Value::Null), v))
            }
            (into, from) => *into = from,
        }
    }
    merge(&mut event, changes);
    event
}

pub(crate) fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

pub(crate) fn policy() -> Value {
    json!([{"type": "PolicyEntity", "id": "00pGlobal", "displayName": "Default Policy",
        "detailEntry": {"policyType": "OktaSignOn"}},
        {"type": "PolicyRule", "id": "0prRule", "displayName": "Default Rule"}])
}

/// Sign-in `n` in Classic: start and decision share an id, the factor and the console have others;
/// only the authentication request joins them.
pub(crate) fn classic(n: u32) -> Vec<Value> {
    let id = |what: &str| format!("102{what}{n}");
    let (at, transaction) = (|minute: u32| format!("0{n}:{minute:02}:00"), format!("T-{n}"));
    let of = |uuid: &str, kind: &str, minute: u32, session: &str, own: &str| {
        event(&format!("{uuid}-{n}"), kind, &at(minute), (&id(session), own, &transaction))
    };
    let (second, third) = (format!("T-{n}b"), format!("T-{n}c"));
    vec![
        of("start", "user.session.start", 1, "Start", &transaction),
        with(
            of("decided", "policy.evaluate_sign_on", 2, "Start", &transaction),
            json!({"outcome": {"result": "ALLOW"}, "target": policy()}),
        ),
        with(
            of("mfa", "user.authentication.auth_via_mfa", 3, "Mfa", &second),
            json!({"debugContext": {"debugData": {"factor": "OKTA_VERIFY_PUSH"}}}),
        ),
        of("admin", "user.session.access_admin_app", 4, "Admin", &third),
    ]
}

pub(crate) fn ended(n: u32) -> Value {
    let url = json!({"debugContext": {"debugData": {"url":
        "/login/signout?message=login_page_messages.session_has_expired"}}});
    with(
        event(
            &format!("end-{n}"),
            "user.session.end",
            &format!("0{n}:30:00"),
            (&format!("102End{n}"), &format!("T-{n}d"), &format!("T-{n}")),
        ),
        url,
    )
}

/// Five declined pushes, a wrong password, a refusal whose reason is prose, and one that names no
/// session.
pub(crate) fn refusals() -> Vec<Value> {
    let ids = ("idxRefused", "T-9", "T-9");
    let push = |n: u32| {
        let factor = json!({"outcome": {"result": "FAILURE", "reason": "User rejected Okta push \
            verify"}, "debugContext": {"debugData": {"factor": "OKTA_VERIFY_PUSH"}}});
        with(
            event(
                &format!("push-{n}"),
                "user.authentication.auth_via_mfa",
                &format!("09:1{n}:00"),
                ids,
            ),
            factor,
        )
    };
    let result = |uuid: &str, kind: &str, result: &str, reason: &str| {
        with(
            event(uuid, kind, "09:20:00", ids),
            json!({"outcome": {"result": result, "reason": reason}}),
        )
    };
    let mut events: Vec<Value> = (0..5).map(push).collect();
    events.push(event("began", "user.session.start", "09:00:00", ids));
    events.push(result("password", "user.session.start", "FAILURE", "INVALID_CREDENTIALS"));
    events.push(result("prose", "user.authentication.verify", "FAILURE", "Bob <b>said</b> no"));
    events.push(result("left", "user.authentication.auth_via_mfa", "ABANDONED", "UNANSWERED"));
    events.push(result("idp", "user.authentication.auth_via_IDP", "FAILURE", "VERIFICATION_ERROR"));
    events.push(result("evaluated", "policy.evaluate_sign_on", "FAILURE", "VERIFICATION_ERROR"));
    events.push(with(
        result("nobody", "user.session.start", "FAILURE", "INVALID_CREDENTIALS"),
        json!({"authenticationContext": {"externalSessionId": null}}),
    ));
    events
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

pub(crate) fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// What carries one event, by name.
pub(crate) fn envelopes(event: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let whole = event.to_string();
    let of = |value: Value| value.to_string().into_bytes();
    vec![
        ("array", of(json!([event]))),
        (
            "event hook",
            of(json!({"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0",
                    "cloudEventsVersion": "0.1",
                    "source": "https://acme.okta.example/api/v1/eventHooks/who",
            "eventId": "hook-1", "eventTime": "2026-03-10T10:00:01Z",
                "contentType": "application/json", "data": {"events": [event]}})),
        ),
        (
            "EventBridge",
            of(json!({"version": "0", "id": "eb-1", "detail-type": "SystemLog",
                    "source": "aws.partner/okta.com/acme/stream",
            "account": "123456789012", "time": "2026-03-10T10:00:02Z", "region": "eu-central-1",
                "resources": [], "detail": event})),
        ),
        (
            "HEC",
            of(json!({"time": 1_773_136_800, "host": "acme.okta.example", "source": "okta",
                    "sourcetype": "OktaIM2:log", "event": event})),
        ),
        (
            "HEC, as text",
            of(json!({"time": "1773136800", "sourcetype": "OktaIM2:log", "event": whole})),
        ),
        (
            "Splunk's search result",
            of(json!({"preview": false, "offset": 0, "result": {"_time": "2026-03-10",
                    "_raw": whole}})),
        ),
        ("Splunk's search results", of(json!({"results": [{"_raw": whole}]}))),
        ("_raw as an object", of(json!({"_raw": event}))),
        (
            "ECS",
            of(json!({"@timestamp": "2026-03-10T10:00:00Z",
                    "event": {"action": "user.session.start", "original": whole},
                    "okta": {"uuid": "other"}})),
        ),
        (
            "ECS, original as an object",
            of(json!({"@timestamp": "2026-03-10T10:00:00Z", "event": {"original": event}})),
        ),
        ("ECS, flat", of(json!({"@timestamp": "2026-03-10T10:00:00Z", "event.original": whole}))),
        (
            "Elasticsearch hit",
            of(json!({"_index": "logs-okta", "_source": {"event": {"original": whole}}})),
        ),
        ("message", of(json!({"@timestamp": "2026-03-10T10:00:00Z", "message": whole}))),
        ("gzip", gzip(whole.as_bytes())),
        ("UTF-16, little-endian", utf16(&whole, true)),
        ("UTF-16, big-endian", utf16(&whole, false)),
        ("UTF-16 without a mark", utf16(&whole, true)[2..].to_vec()),
        ("UTF-8 with a mark", [&b"\xef\xbb\xbf"[..], whole.as_bytes()].concat()),
    ]
}

pub(crate) fn labelled() -> Vec<Value> {
    let app = json!({"target": [{"type": "AppInstance", "id": "0oaHr", "displayName": "Workday",
        "alternateId": "Workday <script>alert(1)</script>"}]});
    let policy = json!({"outcome": {"result": "ALLOW"}, "target": [{"type": "AppInstance",
        "id": "0oaHr", "displayName": "Workday"},
        {"type": "Rule", "id": "rulStrict", "displayName": "Strict hours",
            "alternateId": "Authentication policy", "detailEntry": {"policyId": "rstPay",
            "policyName": "Payroll people"}}]});
    let mut other =
        event("other", "user.authentication.sso", "10:05:00", ("idxOther", "T-3", "T-3"));
    other["client"]["ipAddress"] = json!("198.51.100.9");
    vec![
        event("began", "user.session.start", "10:00:00", ("idxLab", "T-1", "T-1")),
        with(
            event("opened", "user.authentication.sso", "10:01:00", ("idxLab", "T-2", "T-1")),
            app.clone(),
        ),
        with(
            event("decided", "policy.evaluate_sign_on", "10:02:00", ("idxLab", "T-2", "T-1")),
            policy,
        ),
        with(other, app),
    ]
}

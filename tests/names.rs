//! Display names beside ids, and a decision of Okta's log that names a rule and not its policy,
//! whose configuration becomes known later: in every answer, on every door.

use crate::support::Scratch;
use serde_json::{Value, json};

const DAY: &str = "2026-03-10";

fn native(id: &str, kind: &str, at: &str, data: Value) -> Value {
    json!({"id": id, "type": kind, "occurred_at": format!("{DAY}T{at}Z"), "data": data})
}

/// An event of a user in Okta's System Log.
fn okta(id: &str, kind: &str, at: &str, result: &str, targets: Value) -> Value {
    json!({"uuid": id, "eventType": kind, "published": format!("{DAY}T{at}.000Z"), "version": "0",
        "actor": {"id": "00u1", "type": "User", "alternateId": "ana@acme.example",
            "displayName": "Ana"},
        "authenticationContext": {"externalSessionId": "idxS", "rootSessionId": "idxS"},
        "outcome": {"result": result}, "transaction": {"id": format!("t-{id}"), "type": "WEB"},
        "target": targets})
}

fn ingest(scratch: &Scratch, lines: &[Value], dialect: &str, source: &str) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let file = scratch.file("facts.jsonl", text);
    scratch.ok(&["ingest", &file, "--as", dialect, "--source", source]);
}

/// A password at the service provider, and an allow by rule `rul1` for application `0oa1`.
fn log() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let verified = json!([{"id": "enr1", "type": "AuthenticatorEnrollment",
        "displayName": "Password"}]);
    let rule = json!([{"id": "0oa1", "type": "AppInstance"},
        {"id": "rul1", "type": "Rule", "alternateId": "Authentication policy"}]);
    let mut factor =
        okta("e2", "user.authentication.auth_via_mfa", "12:00:01", "SUCCESS", verified);
    factor["debugContext"] = json!({"debugData": {"factor": "PASSWORD_AS_FACTOR"}});
    let events = [
        okta("e1", "user.session.start", "12:00:00", "SUCCESS", json!([])),
        factor,
        okta("e3", "policy.evaluate_sign_on", "12:00:02", "ALLOW", rule),
    ];
    ingest(&scratch, &events, "okta-system-log", "okta");
    scratch
}

fn configuration() -> Vec<Value> {
    let rule = json!({"rule": "rul1", "priority": 1, "access": "allow", "factor_mode": "1fa"});
    let policy = json!({"policy": "rst1", "version": "v1", "kind": "app_sign_in",
        "rules": [rule]});
    let idp = json!({"idp": "0oi1", "version": "t1", "kind": "third_party", "status": "active",
        "trust_claims": true});
    let mut lines = vec![
        native("c1", "policy.configured", "08:00:00", policy),
        native("c2", "idp.configured", "08:00:00", idp),
    ];
    let names = [
        ("app", "0oa1", "Payroll"),
        ("policy", "rst1", "Payroll door"),
        ("rule", "rul1", "Staff"),
        ("idp", "0oi1", "Partner"),
    ];
    for (kind, object, name) in names {
        let named = json!({"kind": kind, "object": object, "name": name});
        lines.push(native(&format!("n-{object}"), "object.named", "08:00:00", named));
    }
    lines
}

#[test]
fn names_and_the_policy_of_a_rule_are_known_as_soon_as_they_are_stated() {
    let scratch = log();
    let why = || scratch.ok(&["why", "idxS", "--app", "0oa1"]);
    let before = why();
    assert!(before.contains("Nothing is stated about policy rule:rul1"), "{before}");
    assert_eq!(scratch.json(&["decisions"])["edges"][0]["node"]["appName"], Value::Null);

    ingest(&scratch, &configuration(), "native", "config");
    let after = why();
    for says in [
        "was let into Payroll (0oa1) at",
        "The rules then in force say the same: allow.",
        "Staff (rul1) of Payroll door (rst1) v1",
    ] {
        assert!(after.contains(says), "{says}: {after}");
    }
    let decision = scratch.json(&["decisions"])["edges"][0]["node"].clone();
    for (field, value) in [
        ("app", "0oa1"),
        ("appName", "Payroll"),
        ("policy", "rst1"),
        ("policyName", "Payroll door"),
        ("rule", "rul1"),
        ("ruleName", "Staff"),
        ("implied", "ALLOW"),
    ] {
        assert_eq!(decision[field], value, "{field}: {decision}");
    }
    // As text: lists, and who changed what.
    for (arguments, says) in [
        (["decisions"].as_slice(), "Payroll (0oa1)"),
        (&["session", "idxS"], "Staff (rul1) v1"),
        (&["policies"], "Payroll door (rst1) v1"),
        (&["trust"], "Partner (0oi1) t1"),
    ] {
        let text = scratch.ok(arguments);
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    // As it was known when the decision was recorded.
    let position = format!("#{}", decision["record"]["position"]);
    let then = scratch.json(&["decisions", "--known-at", &position]);
    assert_eq!(then["edges"][0]["node"]["policy"], "rule:rul1");
}

/// A claim of a partner, a factor of the service provider's own and an access, all of things that
/// have display names.
fn named_session() -> Scratch {
    let of = |id: &str, kind: &str, at: &str, data: Value| {
        let mut line = native(id, kind, at, data);
        line["session"] = json!("s-1");
        line["subject"] = json!({"id": "u-ana"});
        line
    };
    let mut lines = configuration();
    let names = json!({"kind": "authenticator", "object": "enr-9", "name": "Ana's key ring"});
    lines.push(native("n-enr", "object.named", "08:00:00", names));
    lines.extend([
        of("f1", "session.started", "12:00:00", json!({"idp": "0oi1"})),
        of(
            "f2",
            "claims.received",
            "12:00:01",
            json!({"idp": "0oi1", "assertion": "as-1", "amr": ["pwd"]}),
        ),
        of(
            "f3",
            "factor.verified",
            "12:00:02",
            json!({"method": "webauthn", "authenticator": "enr-9"}),
        ),
        of(
            "f4",
            "policy.decided",
            "12:00:03",
            json!({"app": "0oa1", "policy": "rst1", "rule": "rul1", "outcome": "allow"}),
        ),
        of("f5", "app.accessed", "12:00:04", json!({"app": "0oa1"})),
    ]);
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    ingest(&scratch, &lines, "native", "config");
    scratch
}

#[test]
fn factors_accesses_and_the_timeline_have_the_names() {
    let scratch = named_session();
    let text = scratch.ok(&["session", "s-1"]);
    for says in ["Partner (0oi1)", "local, Ana's key ring (enr-9)"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let timeline = scratch.ok(&["timeline", "s-1"]);
    for says in [
        "session began, from Partner (0oi1)",
        "Partner (0oi1) asserted pwd",
        "Payroll (0oa1): allow by Payroll door (rst1), Staff (rul1)",
        "Payroll (0oa1) opened",
    ] {
        assert!(timeline.contains(says), "{says}: {timeline}");
    }
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let query = "{ session(id: \"s-1\") { session { accesses { app appName } factors { idp idpName \
        authenticator authenticatorName } } } }";
    let session = server.graphql(&token, query, json!({}))["session"]["session"].clone();
    assert_eq!(session["accesses"], json!([{"app": "0oa1", "appName": "Payroll"}]));
    let names = |factor: &str| {
        let factors = session["factors"].as_array().expect("factors").iter();
        factors.map(|one| one[factor].clone()).filter(Value::is_string).collect::<Vec<_>>()
    };
    assert_eq!(names("idpName"), [json!("Partner")]);
    assert_eq!(names("authenticatorName"), [json!("Ana's key ring")]);
    let bearer = format!("Bearer {token}");
    let mut page = server.get("/session?id=s-1", &[("authorization", &bearer)]);
    if page.0 == 303 {
        let to = page.1.iter().find(|(name, _)| name == "location").expect("a place").1.clone();
        page = server.get(&to, &[("authorization", &bearer)]);
    }
    let page = page.2.replace("<bdi>", "").replace("</bdi>", "");
    for says in [
        "on the word of Partner (0oi1)",
        "trust of Partner",
        "policy Payroll door",
        "Payroll (0oa1) opened",
        "Payroll (0oa1): allow",
        "local by Ana",
        "claimed from Partner (0oi1)",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
}

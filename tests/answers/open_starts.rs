//! Versions that began at some time of an interval: every interface names each that may have been
//! in force, and none that does not trust a claim as the one that does.

use crate::support::Scratch;
use claimledger_domain::RULES;
use serde_json::{Value, json};

const T: &str = "2026-03-10T12:00:00Z";

fn at(time: &str) -> Value {
    json!(format!("2026-03-10T{time}:00Z"))
}

/// Trust in idp-q ended, and the policy changed, at some time from 09:00 to 10:00. Sessions A and B
/// are of claims of 08:30 and 09:20; each was let in at 09:30, and A at 08:40 too.
fn lines() -> Vec<Value> {
    let meanwhile = || json!({"from": at("09:00"), "to": at("10:00")});
    let line = |id: &str, kind: &str, occurred: Value, data: Value| {
        json!({"id": id, "type": kind, "source": "sp", "recorded_at": T, "occurred_at": occurred,
            "data": data})
    };
    let idp = |version: &str, trusted: bool| {
        json!({"idp": "idp-q", "version": version, "kind": "third_party", "status": "active",
            "trust_claims": trusted})
    };
    let policy = |version: &str, mode: &str| {
        json!({"policy": "pay", "version": version, "kind": "app_sign_in", "apps": ["pay"],
            "rules": [{"rule": "r", "priority": 1, "access": "allow", "factor_mode": mode}]})
    };
    let org = json!({"engine": "identity_engine", "claims_sharing": true,
        "third_party_claims_sharing": true});
    let mut lines = vec![
        line("o", "org.configured", at("07:00"), org),
        line("i1", "idp.configured", at("07:00"), idp("t1", true)),
        line("i2", "idp.configured", meanwhile(), idp("t2", false)),
        line("p1", "policy.configured", at("07:00"), policy("v1", "1fa")),
        line("p2", "policy.configured", meanwhile(), policy("v2", "2fa")),
    ];
    let allow = || json!({"app": "pay", "policy": "pay", "rule": "r", "outcome": "allow"});
    let mut of = |session: &str, kind: &str, time: &str, data: Value| {
        let id = format!("{session}-{kind}-{time}");
        let mut line = line(&id, kind, at(time), data);
        line["session"] = json!(session);
        line["subject"] = json!({"id": format!("u-{session}")});
        lines.push(line);
    };
    for (session, time) in [("A", "08:30"), ("B", "09:20")] {
        let claim = json!({"idp": "idp-q", "assertion": format!("as-{session}"),
            "amr": ["pwd", "hwk"]});
        of(session, "claims.received", time, claim);
        let start = json!({"idp": "idp-q", "lifetime_ends_at": at("20:00")});
        of(session, "session.started", time, start);
    }
    of("A", "policy.decided", "08:40", allow());
    of("A", "policy.decided", "09:30", allow());
    of("B", "policy.decided", "09:30", allow());
    lines
}

#[test]
fn each_version_that_may_have_been_in_force_is_named_and_none_is_taken_as_certain() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let lines = lines();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let file = scratch.file("facts.jsonl", text);
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    let print = |args: &[&str]| scratch.ok(&[&["--tenant", "acme", "--at", T], args].concat());

    let session = print(&["session", "B"]);
    assert_eq!(session.matches("possibly t1").count(), 2, "{session}");
    assert!(!session.contains("t2"), "{session}");
    assert!(session.contains("r v2 or v1"), "{session}");
    let decisions = print(&["decisions"]);
    assert_eq!(decisions.matches("r v2 or v1").count(), 2, "{decisions}");
    assert_eq!(decisions.matches(" r v1 ").count(), 1, "{decisions}");
    let held = print(&["held-under", "pay", "v1"]);
    let from = "between 2026-03-10T09:00:00Z and 2026-03-10T10:00:00Z";
    assert_eq!(held.matches(from).count(), 3, "{held}");

    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let asking = json!({"at": T});
    let answer = server.graphql(
        &token,
        "query ($asking: Asking) { session(id: \"B\", asking: $asking) {
            session { factors { trustVersion trustVersions trustCertainty }
                decisions { version versions } } } }",
        json!({"asking": asking}),
    );
    let session = &answer["session"]["session"];
    assert_eq!(
        session["factors"][0],
        json!({"trustVersion": "t1", "trustVersions": ["t1"], "trustCertainty": "POSSIBLE"})
    );
    assert_eq!(session["decisions"][0], json!({"version": "v2", "versions": ["v2", "v1"]}));

    let page = |path: &str| {
        let known = lines.len();
        let (_, _, body) = server.get(
            &format!("{path}&at={T}&knownAtPosition={known}&rules={RULES}"),
            &[("authorization", &format!("Bearer {token}"))],
        );
        body
    };
    let body = page("/session?id=B");
    assert!(body.contains("possibly trusted as t1"), "{body}");
    let body = page(&format!("/decision?pos={}", lines.len()));
    assert!(body.contains("v2</bdi> or <bdi>v1"), "{body}");
    assert!(body.contains("that it counted by record is only possible"), "{body}");
    assert!(!body.contains("possibly it came only after"), "{body}");
}

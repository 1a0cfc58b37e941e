//! How claims, their factors, keys, links and intervals are read (`semantics.md` 3, 6, 7, 8, 11,
//! 15, 25, 29, 42): small rehearsal ledgers, asked through the shipped binary.

mod factors;
mod falsifiers;
mod gaps;
mod links;
mod possible;

use crate::support::Scratch;
use serde_json::{Value, json};

const END: &str = "2026-03-10T23:00:00Z";

fn time(of_day: &str) -> String {
    format!("2026-03-10T{of_day}Z")
}

/// A fact of session `S` and person `u-alice`, recorded when it occurred.
fn fact(id: &str, kind: &str, at: &str, data: Value) -> Value {
    json!({"id": id, "type": kind, "source": "sp", "session": "S", "subject": {"id": "u-alice"},
        "occurred_at": time(at), "recorded_at": time(at), "data": data})
}

fn with(mut fact: Value, field: &str, value: Value) -> Value {
    fact[field] = value;
    fact
}

/// A fact that names no session and no person.
fn config(id: &str, kind: &str, at: &str, data: Value) -> Value {
    let mut fact = fact(id, kind, at, data);
    let fields = fact.as_object_mut().expect("an object");
    fields.remove("session");
    fields.remove("subject");
    fact
}

/// A fact about a person that names no session.
fn about(id: &str, kind: &str, at: &str, subject: Value, data: Value) -> Value {
    with(config(id, kind, at, data), "subject", subject)
}

/// An Okta IdP `okta`, a third-party IdP `x` with a key `K`, and the policies `any` (one factor
/// type), `two` and `strong`.
fn configured() -> Vec<Value> {
    let idp = |id: &str, kind: &str| {
        config(
            id,
            "idp.configured",
            "08:00:00",
            json!({"idp": id, "version": "t1", "kind": kind, "status": "active",
                "trust_claims": true}),
        )
    };
    let policy = |id: &str, rule: Value| {
        let mut whole =
            json!({"rule": "r", "priority": 1, "access": "allow", "factor_mode": "2fa"});
        whole
            .as_object_mut()
            .expect("an object")
            .extend(rule.as_object().expect("an object").clone());
        config(
            id,
            "policy.configured",
            "08:00:00",
            json!({"policy": id, "version": "v1", "kind": "app_sign_in", "rules": [whole]}),
        )
    };
    vec![
        config(
            "org",
            "org.configured",
            "08:00:00",
            json!({"engine": "identity_engine", "claims_sharing": true,
                "third_party_claims_sharing": true}),
        ),
        idp("okta", "okta_identity_engine"),
        idp("x", "third_party"),
        config("key", "idp.key_added", "08:00:00", json!({"idp": "x", "key": "K"})),
        policy("any", json!({"factor_mode": "1fa"})),
        policy("two", json!({})),
        policy("strong", json!({"alternatives": [{"possession": {"phishing_resistant": true}}]})),
    ]
}

fn decided(id: &str, at: &str, policy: &str) -> Value {
    fact(
        id,
        "policy.decided",
        at,
        json!({"app": "wiki", "policy": policy, "outcome": "allow", "rule": "r"}),
    )
}

fn ledger(facts: Vec<Value>) -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    add(&scratch, "facts.jsonl", facts);
    scratch
}

fn add(scratch: &Scratch, file: &str, mut facts: Vec<Value>) {
    // A rehearsal takes lines in the order in which they were recorded.
    facts.sort_by_key(|fact| fact["recorded_at"].as_str().map(str::to_owned));
    let lines: Vec<String> = facts.iter().map(ToString::to_string).collect();
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file(file, lines.join("\n"))]);
}

fn graphql(scratch: &Scratch, query: &str) -> Value {
    let token = scratch.token("acme", "read,investigate");
    scratch.serve().graphql(&token, query, json!({}))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One text a row of a list, of these fields.
fn rows(list: &Value, fields: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        fields
            .iter()
            .map(|field| text(row.pointer(field).unwrap_or(&Value::Null)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    list.as_array().expect("a list").iter().map(row).collect()
}

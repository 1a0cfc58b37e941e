//! Empty answers: "none" only if the sources are complete, "none seen" with the missing sources,
//! "not for your role", or an unknown id. Every interface gives the same answer, and every list has
//! the same items in pages of any size.

mod absence;
mod lists;
mod open_starts;
mod rested;
mod timelines;
mod unknown;

use crate::support::{self, Scratch, text};
use serde_json::{Value, json};

const T: &str = "2026-03-10T23:00:00Z";

/// A day on which everything that a question names is known, and nothing that it searches for
/// happened.
fn day(complete: bool) -> String {
    let mut lines = vec![
        json!({"id": "i", "type": "idp.configured", "occurred_at": "2026-03-10T08:00:00Z", "data":
            {"idp": "idp-a", "version": "a1", "kind": "third_party", "status": "active",
                "trust_claims": true, "actor": "admin-1"}}),
        json!({"id": "p1", "type": "policy.configured", "occurred_at": "2026-03-10T08:00:00Z",
            "data":
            {"policy": "wiki", "version": "v1", "kind": "app_sign_in",
                "rules": [{"rule": "w", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}}),
        json!({"id": "p2", "type": "policy.configured", "occurred_at": "2026-03-10T08:30:00Z",
            "data":
            {"policy": "wiki", "version": "v2", "kind": "app_sign_in",
                "rules": [{"rule": "w", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}}),
        json!({"id": "c1", "type": "claims.received", "session": "S1",
            "subject": {"id": "u-alice", "login": "alice@acme.example"},
            "occurred_at": "2026-03-10T10:00:00Z", "data": {"idp": "idp-b", "assertion": "as-1",
                "amr": ["pwd"], "key": "B1"}}),
        json!({"id": "d1", "type": "policy.decided", "session": "S1", "subject": {"id": "u-alice"},
            "occurred_at": "2026-03-10T10:00:01Z", "data": {"app": "mail", "policy": "other",
                "outcome": "allow"}}),
        json!({"id": "c2", "type": "claims.received", "session": "S2", "subject": {"id": "u-bob"},
            "occurred_at": "2026-03-10T10:59:00Z", "data": {"idp": "idp-b", "assertion": "as-2",
                "amr": ["otp"], "key": "B1"}}),
        json!({"id": "a2", "type": "app.accessed", "session": "S2", "subject": {"id": "u-bob"},
            "occurred_at": "2026-03-10T11:00:00Z", "data": {"app": "wiki"}}),
    ];
    if complete {
        lines.push(json!({"id": "h", "type": "source.heard", "occurred_at": T,
            "data": {"until": T, "basis": "stated"}}));
    }
    lines
        .iter_mut()
        .map(|line| {
            line["source"] = "sp".into();
            line["recorded_at"] = T.into();
            format!("{line}\n")
        })
        .collect()
}

fn ledger(complete: bool) -> Scratch {
    let scratch = Scratch::rehearsal(&["acme", "globex"]);
    let file = scratch.file("day.jsonl", day(complete));
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    let other = json!({"id": "g", "type": "app.accessed", "source": "sp", "session": "GX1",
        "subject": {"id": "u"}, "occurred_at": T, "recorded_at": T,
        "data": {"app": "gx-app"}});
    let file = scratch.file("other.jsonl", other.to_string());
    scratch.ok(&["--tenant", "globex", "ingest", &file]);
    scratch
}

fn acme<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["--tenant", "acme", "--at", T], args].concat()
}

/// The absence in a command's JSON, for any exit status.
fn absence(scratch: &Scratch, args: &[&str]) -> (String, String) {
    let out = scratch.run(&[&["--format", "json"], &acme(args)[..]].concat());
    let answer: Value = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|_| panic!("{args:?}: {}{}", text(&out.stdout), text(&out.stderr)));
    let of = |name: &str| {
        answer["absence"][name]
            .as_str()
            .unwrap_or_else(|| panic!("{args:?} has no absence: {answer}"))
            .to_owned()
    };
    (of("code"), of("words"))
}

fn demo() -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts = support::fixture::dir().join("acme.jsonl");
    scratch.ok(&["ingest", facts.to_str().expect("UTF-8")]);
    scratch
}

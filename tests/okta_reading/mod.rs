//! Real shapes of Okta's System Log, through the shipped binary: one Classic sign-in is one
//! session, a refused sign-in is a fact with its reason, the envelopes of Okta's transports are
//! removed, and authorised roles can see and find sealed values. All events are invented.

mod envelopes;
mod refused;
mod sealed;
mod sessions;
mod understood;

use crate::support::okta_events::lines;
use crate::support::{Scratch, Server, text};
use serde_json::Value;

const OKTA: [&str; 4] = ["--as", "okta-system-log", "--source", "okta"];

/// A ledger with these events, and the output of `ingest --report`.
fn ledger(events: &[Value]) -> (Scratch, Value) {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let report = ingest(&scratch, "okta.jsonl", lines(events));
    (scratch, report)
}

fn ingest(scratch: &Scratch, name: &str, content: impl AsRef<[u8]>) -> Value {
    let file = scratch.file(name, content);
    scratch.json(&[&["ingest", &file, "--report"][..], &OKTA].concat())
}

/// Status and answer of an ingestion that may be refused.
fn try_ingest(
    scratch: &Scratch,
    name: &str,
    content: impl AsRef<[u8]>,
    args: &[&str],
) -> (Option<i32>, Value, String) {
    let file = scratch.file(name, content);
    let out = scratch.run(&[&["--format", "json", "ingest", &file][..], args].concat());
    (out.status.code(), serde_json::from_slice(&out.stdout).unwrap_or_default(), text(&out.stderr))
}

fn found(answer: &Value, kind: &str) -> Vec<Value> {
    answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["kind"] == kind)
        .cloned()
        .collect()
}

fn page(server: &Server, token: &str, path: &str) -> String {
    let bearer = format!("Bearer {token}");
    let (mut status, mut headers, mut body) = server.get(path, &[("authorization", &bearer)]);
    if status == 303 {
        let to = headers.iter().find(|(name, _)| name == "location").expect("a place").1.clone();
        (status, headers, body) = server.get(&to, &[("authorization", &bearer)]);
    }
    assert_eq!(status, 200, "{path}: {headers:?} {body}");
    body
}

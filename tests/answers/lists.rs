//! Lists and pages of the demo's ledger agree.

use super::{T, demo};
use crate::support::{Scratch, claimledger, text};
use claimledger_domain::RULES;
use serde_json::{Value, json};

/// What flips and falls is one decision, and what falls does not stay what it was.
#[test]
fn a_rehearsal_lists_a_decision_once() {
    let scratch = demo();
    let window = ["--from", "2026-03-10T00:00:00Z", "--to", "2026-03-11T00:00:00Z"];
    let args = [
        &[
            "rehearse",
            "retraction",
            "--idp",
            "idp-x",
            "--key",
            "X1",
            "--since",
            "2026-03-10T09:00:00Z",
        ],
        &window[..],
    ]
    .concat();
    let answer = scratch.json(&args);
    let list = |name: &str| -> Vec<u64> {
        let items = answer[name].as_array().expect("a list").iter();
        items
            .map(|item| item["decision"]["record"]["position"].as_u64().expect("a position"))
            .collect()
    };
    let (flips, falls, unchanged) = (list("flips"), list("falls"), list("unchanged"));
    assert!(
        flips.iter().all(|flip| falls.contains(flip)) && falls.len() == flips.len() + 1,
        "{flips:?} {falls:?}"
    );
    assert!(
        unchanged.iter().all(|stays| !falls.contains(stays) && !flips.contains(stays)),
        "{falls:?} {unchanged:?}"
    );
    let printed = scratch.ok(&args);
    assert!(
        printed.contains(&format!("Flips: {} · Falls: {}", flips.len(), falls.len())),
        "{printed}"
    );
    for position in falls.iter().chain(&unchanged) {
        assert_eq!(
            printed.matches(&format!("\n#{position} ")).count(),
            1,
            "#{position}: {printed}"
        );
    }
}

#[test]
fn pages_and_lists_say_that_a_session_outlived_its_idp_session() {
    let scratch = demo();
    let printed = scratch.ok(&["--at", T, "sessions"]);
    let row = printed.lines().find(|line| line.starts_with("S7 ")).expect("a row");
    assert!(row.contains("outlived its IdP session"), "{printed}");
    assert_eq!(printed.matches("outlived").count(), 1, "{printed}");
    // Before it gave a sign of life, it may have.
    let then = "2026-03-10T13:30:00Z";
    let printed_then = scratch.ok(&["--at", then, "--known-at", then, "sessions"]);
    assert!(
        printed_then
            .lines()
            .any(|line| line.starts_with("S7 ") && line.contains("may have outlived")),
        "{printed_then}"
    );
    assert!(
        scratch
            .ok(&["--at", T, "session", "S7"])
            .contains("outlived its IdP session, which ended 2026-03-10T13:10:00Z")
    );
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    let page = |path: &str| {
        let (_, _, body) = server.get(
            &format!("{path}at={T}&knownAtPosition=82&rules={RULES}"),
            &[("authorization", &token)],
        );
        body
    };
    let body = page("/session?id=S7&");
    let words = "outlived its IdP session</strong>, which ended 13:10:00Z: app accessed 14:20:00Z";
    assert!(
        body.contains(words) || body.contains(&words.replace("13:10", "2026-03-10 13:10")),
        "{body}"
    );
    let list = page("/sessions?");
    assert_eq!(list.matches("outlived its IdP session").count(), 1, "{list}");
    let row = list.split("<tr").find(|row| row.contains(">S7<")).expect("a row");
    assert!(row.contains("outlived its IdP session"), "{row}");
}

/// Five facts in one request, the last of them the first of what is the third session by then.
#[test]
fn pages_at_an_earlier_k_find_a_session_that_moved_inside_one_request() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let token = scratch.token("acme", "read,ingest,govern");
    let server = scratch.serve();
    let fact = |session: usize, occurred: &str, recorded: &str| {
        json!({"id": format!("S{session}-{occurred}"), "type": "app.accessed", "source": "sp",
            "session": format!("S{session}"), "subject": {"id": "u"},
            "data": {"app": "wiki"}, "occurred_at": format!("2026-03-10T{occurred}:00Z"),
                "recorded_at": format!("2026-03-10T{recorded}:00Z")})
    };
    let mut facts: Vec<Value> = (0..4).map(|n| fact(n, &format!("09:0{n}"), "12:00")).collect();
    facts.push(fact(2, "08:00", "13:00"));
    let (status, body) = server.post(
        "/v1/facts",
        Some(&token),
        "application/json",
        json!(facts).to_string().as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    let query = "query($first: Int!, $after: String) { sessions(first: $first, after: $after, \
        asking: {knownAt: \"2026-03-10T12:30:00Z\"}) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } }";
    for first in [1, 2, 3, 4] {
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let page =
                server.graphql(&token, query, json!({"first": first, "after": after}))["sessions"]
                    .clone();
            names.extend(
                page["edges"]
                    .as_array()
                    .expect("rows")
                    .iter()
                    .map(|edge| edge["node"]["id"].as_str().expect("an id").to_owned()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        assert_eq!(names, ["S0", "S1", "S2", "S3"], "pages of {first}");
    }
}

/// A server bounds what one request may cost: a long list is fetched from it in parts.
#[test]
fn a_long_list_over_http_is_that_of_the_directory() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts: String = (0..130)
        .map(|n| {
            let line = json!({"id": format!("f-{n}"), "type": "session.started", "source": "sp",
                "occurred_at": format!("2026-03-10T10:{:02}:{:02}Z", n / 60, n % 60),
                "session": format!("S{n}"), "subject": {"id": format!("u-{n}")}, "data": {}});
            format!("{line}\n")
        })
        .collect();
    scratch.ok(&["ingest", &scratch.file("facts.jsonl", facts)]);
    let token = scratch.file("token", scratch.token("acme", "read"));
    let ids = |answer: &Value| -> Vec<String> {
        let edges = answer["edges"].as_array().expect("a list").iter();
        edges.map(|edge| edge["node"]["id"].as_str().expect("an id").to_owned()).collect()
    };
    let asked = |first: &str| scratch.json(&["sessions", "--first", first]);
    let of_directory = ["125", "500"].map(asked);
    let server = scratch.serve();
    for (first, expected) in ["125", "500"].into_iter().zip(&of_directory) {
        let mut command = claimledger();
        command.args(["--url", &server.url, "--token-file", &token, "--format", "json"]);
        let out = command.args(["sessions", "--first", first]).output().expect("it runs");
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        let found: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        assert_eq!(ids(&found), ids(expected), "{first}");
        let more = &found["pageInfo"]["hasNextPage"];
        assert_eq!((more, more == true), (&expected["pageInfo"]["hasNextPage"], first == "125"));
    }
    assert_eq!(ids(&of_directory[0]).len(), 125);
}

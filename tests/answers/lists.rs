//! Lists and pages of the demo's ledger agree.

use super::{T, demo};
use crate::support::Scratch;
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

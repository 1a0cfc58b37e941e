//! What changed, and what would: acceptance questions asked of the shipped binary over the published fixture.

mod support;

use serde_json::{Value, json};
use support::{Scratch, Server};

const BELIEF_DIFF: &str =
    concat!(include_str!("../crates/claimledger/src/queries/belief_diff.graphql"), include_str!("../crates/claimledger/src/queries/common.graphql"));

/// Asks in GraphQL, checks that the log has not grown by it, and takes away what may change from call to call.
fn asked(server: &Server, token: &str, query: &str, field: &str, variables: Value) -> Value {
    let head =
        || server.graphql(token, "{ completeness: session(id: \"-\") { status { head } } }", json!({}))["completeness"]["status"]["head"].clone();
    let before = head();
    let answer = pinned(server.graphql(token, query, variables)[field].clone());
    assert_eq!(head(), before, "asking writes nothing");
    answer
}

fn pinned(mut answer: Value) -> Value {
    answer.as_object_mut().expect("an answer").remove("status");
    answer
}

fn list<'a>(answer: &'a Value, field: &str) -> Vec<&'a Value> {
    answer[field].as_array().expect("a list").iter().collect()
}

#[test]
fn r2_what_we_believed_of_s5_and_the_facts_that_changed_it() {
    let Some(scratch) = Scratch::fixture() else { return };
    let token = scratch.token("acme", "read");
    let cli = scratch.json(&["--tenant", "acme", "--at", "2026-03-10T14:45:00Z", "belief-diff", "S5", "--from", "2026-03-10T14:45:00Z"]);
    let text = scratch.ok(&["--tenant", "acme", "--at", "2026-03-10T14:45:00Z", "belief-diff", "S5", "--from", "2026-03-10T14:45:00Z"]);
    let server = scratch.serve();
    let variables = json!({"session": "S5", "at": "2026-03-10T14:45:00Z", "from": {"knownAt": "2026-03-10T14:45:00Z"}, "to": {}});
    let answer = asked(&server, &token, BELIEF_DIFF, "beliefDiff", variables);
    assert_eq!(answer, pinned(cli), "the same answer by both doors");

    assert_eq!((&answer["from"]["session"]["state"], &answer["to"]["session"]["state"]), (&json!("ACTIVE"), &json!("ENDED")));
    assert_eq!(answer["to"]["session"]["endedAt"], "2026-03-10T14:30:00Z");
    assert_eq!(answer["to"]["session"]["endReason"], "upstream_revoked");
    let facts: Vec<(&str, &str)> = list(&answer, "facts")
        .iter()
        .map(|fact| (fact["record"]["type"].as_str().unwrap(), fact["record"]["recordedAt"].as_str().unwrap()))
        .collect();
    assert_eq!(facts, [("session.ended", "2026-03-10T14:52:00Z"), ("trust.retracted", "2026-03-10T15:10:00Z")]);
    assert!(text.contains("S5 was active") && text.contains("S5 had ended at 14:30:00Z, upstream revoked"), "{text}");
    assert_eq!(answer["completeness"].as_array().map(Vec::len), Some(4), "completeness stands beside");

    // Nothing came in between: nothing changed.
    let same = json!({"session": "S5", "at": "2026-03-10T14:45:00Z", "from": {"knownAtPosition": 60}, "to": {"knownAtPosition": 60}});
    let same = asked(&server, &token, BELIEF_DIFF, "beliefDiff", same);
    assert_eq!((list(&same, "changes").len(), list(&same, "facts").len()), (0, 0));
}

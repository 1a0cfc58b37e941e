//! What changed, and what would: acceptance questions asked of the shipped binary over the published fixture.

mod support;

use serde_json::{Value, json};
use support::{Scratch, Server};

const BELIEF_DIFF: &str =
    concat!(include_str!("../crates/claimledger/src/queries/belief_diff.graphql"), include_str!("../crates/claimledger/src/queries/common.graphql"));

const REHEARSE: &str = concat!(
    include_str!("../crates/claimledger/src/queries/rehearse.graphql"),
    "fragment A on Answered { at position recordedAt rules provisional rehearsal }",
    "fragment C on SourceCompleteness { source heardUntil basis gaps { from until backfilled } }",
    "fragment S on Status { assessedTo head views }"
);

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

/// `S1 payroll 10:00:03`, one a row, sorted.
fn decisions(answer: &Value, field: &str, more: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        let decision = &row["decision"];
        let at = decision["at"].as_str().expect("a time").trim_start_matches("2026-03-10T").trim_end_matches('Z');
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let mut words = vec![text(&decision["session"]), text(&decision["app"]), at.to_owned()];
        words.extend(more.iter().map(|name| text(&row[*name])));
        words.join(" ")
    };
    let mut rows: Vec<String> = list(answer, field).into_iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn g5_with_trust_in_idp_x_off_all_day_four_payroll_decisions_flip() {
    let Some(scratch) = Scratch::fixture() else { return };
    let token = scratch.token("acme", "read");
    let window = ["--from", "2026-03-10T00:00:00Z", "--to", "2026-03-11T00:00:00Z"];
    let args = ["--tenant", "acme", "rehearse", "trust-off", "--idp", "idp-x"];
    let cli = scratch.json(&[&args[..], &window[..]].concat());
    let text = scratch.ok(&[&args[..], &window[..]].concat());
    let server = scratch.serve();
    let change = json!({"kind": "TRUST_OFF", "idp": "idp-x"});
    let variables = json!({"change": change, "from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z"});
    let answer = asked(&server, &token, REHEARSE, "rehearse", variables);
    assert_eq!(answer, pinned(cli), "the same answer by both doors");

    let flips = [
        "S1 payroll 10:00:03 ALLOW CHALLENGE",
        "S2 payroll 11:30:05 ALLOW CHALLENGE",
        "S2 payroll 12:30:00 ALLOW DENY",
        "S3 payroll 13:20:04 ALLOW DENY",
    ];
    assert_eq!(decisions(&answer, "flips", &["before", "after"]), flips);
    let unchanged = [
        "S4 payroll 13:55:00 NOT_OF_IT",
        "S4 wiki 13:50:03 NOT_OF_IT",
        "S5 payroll 13:45:04 ALREADY_REFUSED",
        "S6 wiki 13:00:40 NOT_OF_IT",
        "S7 wiki 09:30:02 STILL_MET",
        "S8 payroll 14:00:05 ALREADY_REFUSED",
    ];
    assert_eq!(decisions(&answer, "unchanged", &["why"]), unchanged);
    let warnings: Vec<&str> = list(&answer, "warnings").iter().filter_map(|warning| warning["sentence"].as_str()).collect();
    assert_eq!(warnings, ["payroll v2 can then be met only through idp-y, which asserted no phishing-resistant factor in the window."]);
    let out: Vec<String> = list(&answer, "lockedOut").iter().map(|out| format!("{} {}", out["session"], out["implied"]).replace('"', "")).collect();
    assert_eq!(out, ["S1 CHALLENGE", "S2 DENY", "S3 DENY"]);
    assert_eq!(list(&answer, "falls").len(), 0, "a retraction lets fall; trust off does not");
    assert!(text.contains("Flips: 4") && text.contains("the rules already implied deny") && text.contains("Warning: payroll v2"), "{text}");

    // As one was let in before trust went off, nothing of it changes.
    let late = json!({"change": change, "from": "2026-03-10T14:30:00Z", "to": "2026-03-11T00:00:00Z"});
    assert_eq!(list(&asked(&server, &token, REHEARSE, "rehearse", late), "flips").len(), 0);
}

//! Real input: the Okta System Log events of other people's repositories, as one source.

use crate::{
    okta_samples,
    support::{self, Scratch},
};
use serde_json::Value;

#[test]
fn real_okta_events_go_in_as_one_source() {
    let samples = support::fixture::shared_input("samples");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let lines = okta_samples::lines(&samples);
    assert_eq!(lines.len(), 147, "the samples changed");
    let file = scratch.file("okta.jsonl", lines.join("\n") + "\n");
    let args = [
        "--tenant",
        "acme",
        "ingest",
        &file,
        "--as",
        "okta-system-log",
        "--source",
        "okta",
        "--report",
    ];
    let report: Value = scratch.json(&args);
    let count = |name: &str| report[name].as_u64().unwrap_or_default();
    assert_eq!((count("stored"), count("repeated"), count("variants")), (129, 1, 17), "{report}");
    assert_eq!(count("timeAssumedUtc"), 17, "{report}");
    let types = report["types"].as_array().expect("per event type");
    let sum = |field: &str| types.iter().filter_map(|row| row[field].as_u64()).sum::<u64>();
    assert_eq!(sum("events"), 147, "{report}");
    let listed = [
        "user.authentication.auth_via_IDP",
        "user.authentication.auth_via_mfa",
        "user.authentication.verify",
        "policy.evaluate_sign_on",
        "user.session.start",
        "user.authentication.sso",
        "user.session.access_admin_app",
        "user.session.end",
        "user.session.clear",
    ];
    let of_a_listed_type: u64 = types
        .iter()
        .filter(|row| listed.contains(&row["type"].as_str().unwrap_or_default()))
        .filter_map(|row| row["events"].as_u64())
        .sum();
    assert_eq!(of_a_listed_type, 36, "{report}");
    for row in
        types.iter().filter(|row| !listed.contains(&row["type"].as_str().unwrap_or_default()))
    {
        assert_eq!(row["understood"], 0, "{row}");
    }

    // Again: all of it is there.
    let again: Value = scratch.json(&args);
    assert_eq!(
        (again["stored"].as_u64(), again["repeated"].as_u64(), again["variants"].as_u64()),
        (Some(0), Some(147), Some(0)),
        "{again}"
    );
    // In words, with the same numbers.
    let words = scratch.ok(&args);
    assert!(words.contains("user.session.start") && words.contains("147 repeated"), "{words}");
}

#[test]
fn what_is_not_understood_is_stored_and_shown_as_such() {
    let samples = support::fixture::shared_input("samples");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let file = scratch.file("okta.jsonl", okta_samples::lines(&samples).join("\n"));
    scratch.ok(&["ingest", &file, "--as", "okta-system-log", "--source", "okta"]);
    let token = scratch.token("acme", "read,investigate");
    let server = scratch.serve();
    let record = server.graphql(
        &token,
        "{ record(position: 1) { kind understood notes facts source } }",
        serde_json::json!({}),
    )["record"]
        .clone();
    assert_eq!(record["source"], "okta");
    assert_eq!(record["understood"], false, "{record}");
    assert!(record["notes"].to_string().contains("not_understood"), "{record}");
}

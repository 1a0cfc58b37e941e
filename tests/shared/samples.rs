//! Real input: the Okta System Log events of other people's repositories, as one source.

use crate::{
    okta_samples,
    support::{self, Scratch},
};
use serde_json::Value;

#[test]
fn real_okta_events_are_ingested_as_one_source() {
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
    // A type at a time: nothing is dropped, and what is understood is counted with its facts. The
    // sign-ins that are not understood name no session, or hold a mask in place of their time.
    assert_eq!((sum("understood"), types.len()), (97, 39), "{report}");
    for row in types {
        let kept = ["stored", "repeated", "variants"].map(|field| row[field].as_u64());
        let kept: u64 = kept.into_iter().flatten().sum();
        assert_eq!(Some(kept), row["events"].as_u64(), "{row}");
    }
    let row = |name: &str| {
        let row = types.iter().find(|row| row["type"] == name);
        row.map(|row| ["events", "understood", "facts"].map(|field| row[field].clone()))
    };
    assert_eq!(row("policy.mapping.create"), Some([13.into(), 13.into(), 13.into()]));
    assert_eq!(row("user.account.privilege.grant"), Some([2.into(), 2.into(), 2.into()]));
    assert_eq!(row("user.session.start").map(|row| row[1].clone()), Some(12.into()));
    assert_eq!(row("zone.create"), Some([3.into(), 3.into(), 3.into()]));
    assert_eq!(row("directory.mapping.update"), Some([6.into(), 0.into(), 0.into()]));

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
fn events_that_are_not_understood_are_stored_and_shown_as_such() {
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

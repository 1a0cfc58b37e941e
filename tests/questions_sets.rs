//! Questions about all sessions at once, asked of the shipped binary over the published fixture; GraphQL and the command line give the same answers.

mod support;

use serde_json::{Value, json};
use support::{Scratch, Server};

const AT: [&str; 6] = ["--at", "2026-03-10T23:00:00Z", "--known-at", "82", "--tenant", "acme"];
const ASKING: &str = r#"asking: {at: "2026-03-10T23:00:00Z", knownAtPosition: 82}"#;

/// The items of a command's answer, and of the same question over GraphQL: what both show.
fn by_both_doors(scratch: &Scratch, field: &str, query: &str, command: &[&str], row: impl Fn(&Value) -> String) -> Vec<String> {
    let token = scratch.token("acme", "read");
    let server: Server = scratch.serve();
    let answer = server.graphql(&token, &format!("{{ {query} }}"), json!({}))[field].clone();
    drop(server);
    let mut args = AT.to_vec();
    args.extend(command);
    let told = scratch.json(&args);
    let rows = |answer: &Value| answer["items"].as_array().unwrap_or_else(|| panic!("no items: {answer}")).iter().map(&row).collect::<Vec<_>>();
    let by_graphql = rows(&answer);
    assert_eq!(by_graphql, rows(&told), "{field} by both doors");
    assert_eq!(told["answered"]["position"], 82);
    assert_eq!(told["completeness"].as_array().map(Vec::len), Some(4));
    by_graphql
}

/// `13:00`, of an RFC 3339 time.
fn minute(value: &Value) -> &str {
    value.as_str().map_or("-", |time| &time[11..16])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

const FIRST: &str = "items { issuer key amr at session honored reasons certainty } comparedWith { from to since values }";

#[test]
fn r7_keys_and_amr_sets_that_appeared_for_the_first_time() {
    let Some(scratch) = Scratch::fixture() else { return };
    let key = |item: &Value| {
        let honored = if item["honored"] == true { "honored" } else { "not honored" };
        format!(
            "{} {} {} {} {honored} {}",
            text(&item["issuer"]),
            text(&item["key"]),
            minute(&item["at"]),
            text(&item["session"]),
            text(&item["certainty"])
        )
    };
    let query = format!("firstSeen(kind: KEY, {ASKING}) {{ {FIRST} }}");
    let keys = by_both_doors(&scratch, "firstSeen", &query, &["first-seen", "key"], key);
    assert_eq!(
        keys,
        [
            "idp-x X1 09:30 S7 honored CERTAIN",
            "idp-z Z1 13:00 S6 not honored CERTAIN",
            "idp-x X2 13:20 S3 honored CERTAIN",
            "idp-y Y1 13:50 S4 honored CERTAIN"
        ]
    );

    let set = |item: &Value| {
        let mut amr: Vec<&str> = item["amr"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        amr.sort_unstable();
        format!("{} {} {}", amr.join("+"), minute(&item["at"]), text(&item["session"]))
    };
    let query = format!("firstSeen(kind: AMR_SET, {ASKING}) {{ {FIRST} }}");
    let sets = by_both_doors(&scratch, "firstSeen", &query, &["first-seen", "amr-set"], set);
    assert_eq!(sets, ["otp+pwd 09:30 S7", "hwk+phr+pwd 11:30 S2", "mfa+pwd 13:00 S6", "pwd+sms 13:50 S4", "pwd 14:00 S8"]);

    let issuer = |item: &Value| format!("{} {}", text(&item["issuer"]), text(&item["session"]));
    let query = format!("firstSeen(kind: ISSUER, {ASKING}) {{ {FIRST} }}");
    assert_eq!(by_both_doors(&scratch, "firstSeen", &query, &["first-seen", "issuer"], issuer), ["idp-x S7", "idp-z S6", "idp-y S4"]);

    let mut args = AT.to_vec();
    args.extend(["first-seen", "key", "--from", "2026-03-10T13:00:00Z", "--to", "2026-03-10T13:50:00Z"]);
    let shown = scratch.ok(&args);
    assert!(shown.contains("Z1") && shown.contains("not honored: trust_off") && shown.contains("X2"), "{shown}");
    assert!(!shown.contains("X1") && !shown.contains("Y1"), "the window is half-open, and X1 was there before: {shown}");
    assert!(shown.contains("the whole log from #0 to #82") && shown.contains("first claim of 2026-03-10T09:30:00Z"), "{shown}");
}

#[test]
fn r9_nothing_was_used_twice_as_far_as_the_sources_are_complete() {
    let Some(scratch) = Scratch::fixture() else { return };
    let query = format!("reused({ASKING}) {{ items {{ kind }} }}");
    let none: [&str; 0] = [];
    assert_eq!(by_both_doors(&scratch, "reused", &query, &["reused"], |item| item.to_string()), none);
    let at = |known: &str| scratch.ok(&["--tenant", "acme", "--at", known, "--known-at", known, "reused"]);
    let gap = "None seen: incomplete, idp-x silent 2026-03-10T14:10:00Z to 2026-03-10T14:25:00Z.";
    let (open, filled) = (at("2026-03-10T16:00:00Z"), at("2026-03-10T23:00:00Z"));
    assert!(open.contains(gap), "{open}");
    assert!(filled.contains("None: complete"), "{filled}");
}

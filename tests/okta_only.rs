//! An org that connects nothing but its own Okta: System Log and polled configuration, through the
//! shipped binary. What is expected, and why, is in `tests/fixture/okta/README.md`.

use crate::support::Scratch;
use serde_json::{Value, json};

const SOURCE: [&str; 2] = ["--source", "okta"];
const EVENING: [&str; 2] = ["--at", "2026-04-14T18:00:00Z"];

fn file(name: &str) -> String {
    format!("{}/../../tests/fixture/okta/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn ingest(scratch: &Scratch, dialect: &str, name: &str) -> Value {
    let file = file(name);
    scratch.json(&[&["ingest", &file, "--report", "--as", dialect][..], &SOURCE].concat())
}

/// The whole day.
fn day() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    ingest(&scratch, "okta-config", "config.jsonl");
    ingest(&scratch, "okta-system-log", "system_log.jsonl");
    scratch
}

fn asked(scratch: &Scratch, question: &[&str]) -> Value {
    scratch.json(&[&EVENING[..], question].concat())
}

fn nodes(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["edges"].as_array().unwrap_or_else(|| panic!("no list: {answer:#}")).iter()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// `idxA certain`, for each session of a list.
fn members(answer: &Value) -> Vec<String> {
    let one = |edge: &Value| {
        format!("{} {}", text(&edge["node"]["id"]), text(&edge["certainty"]).to_lowercase())
    };
    let mut members: Vec<String> = nodes(answer).map(one).collect();
    members.sort();
    members
}

#[test]
fn every_decision_whose_policy_was_polled_is_determined() {
    let scratch = day();
    let answer = asked(&scratch, &["decisions"]);
    let mut decisions: Vec<String> = nodes(&answer)
        .map(|edge| {
            let node = &edge["node"];
            let differs = node["differs"]["code"].as_str().unwrap_or("-");
            format!(
                "{} {} {} {} {differs}",
                &text(&node["at"])[11..19],
                text(&node["session"]),
                text(&node["outcome"]).to_lowercase(),
                text(&node["implied"]).to_lowercase()
            )
        })
        .collect();
    decisions.sort();
    assert_eq!(
        decisions,
        [
            "09:00:03 idxA allow allow -",
            "10:00:12 102erin1 allow allow -",
            "11:50:03 idxB allow allow -",
            "12:05:02 idxD allow allow -",
            "12:30:00 idxB allow challenge phishing_resistant",
            "12:50:02 idxC challenge challenge -",
            "12:50:21 idxC allow allow -",
            "13:05:00 idxD deny challenge -",
            "13:10:21 idxF allow allow -",
            "13:20:02 idxG allow allow -",
        ],
        "{answer:#}"
    );
}

/// The rule of payroll was saved between the looks of 11:55 and 12:10, and at 12:00 the last time.
/// What it asked for at 11:57 is known once the log is known to be heard: it has one save.
#[test]
fn a_log_that_was_heard_says_how_often_a_rule_was_saved() {
    let scratch = day();
    let log = std::fs::read_to_string(file("system_log.jsonl")).expect("the log");
    let of_nine = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let is_decision = |event: &Value| {
        event["eventType"] == "policy.evaluate_sign_on"
            && text(&event["published"]).starts_with("2026-04-14T09:00:03")
    };
    let mut refused = of_nine.into_iter().find(is_decision).expect("a decision");
    refused["uuid"] = json!("5c2b8a3e-0000-4000-8000-000000001157");
    refused["published"] = json!("2026-04-14T11:57:00.000Z");
    refused["outcome"]["result"] = json!("DENY");
    let refused = scratch.file("refused.jsonl", refused.to_string());
    scratch.json(
        &[&["ingest", &refused, "--report", "--as", "okta-system-log"][..], &SOURCE].concat(),
    );
    // In the list, which goes by rows, and as told.
    let says = |scratch: &Scratch| {
        let answer = asked(scratch, &["decisions", "--session", "idxA"]);
        let node = nodes(&answer)
            .map(|edge| &edge["node"])
            .find(|node| text(&node["at"]).starts_with("2026-04-14T11:57"))
            .unwrap_or_else(|| panic!("{answer:#}"));
        let differ = asked(scratch, &["decisions", "--differs"]);
        let differ = nodes(&differ).filter(|edge| edge["node"]["session"] == "idxA").count();
        (node["implied"].clone(), node["missing"].clone(), differ)
    };
    let open = (json!("UNDETERMINED"), json!(["unseen_state"]), 0);
    assert_eq!(says(&scratch), open);
    let heard = |until: &str| {
        let fact = json!({"id": format!("heard-{until}"), "type": "source.heard",
            "occurred_at": "2026-04-14T17:00:00Z",
            "data": {"until": format!("2026-04-14T{until}Z"), "basis": "stated"}});
        let file = scratch.file("heard.jsonl", fact.to_string());
        scratch.json(&[&["ingest", &file, "--report"][..], &SOURCE].concat());
    };
    heard("11:59:00");
    assert_eq!(says(&scratch), open, "not all of it was heard");
    heard("12:05:00");
    assert_eq!(says(&scratch), (json!("ALLOW"), json!([]), 1), "one save, at 12:00");
    scratch.ok(&["rebuild"]);
    assert_eq!(says(&scratch), (json!("ALLOW"), json!([]), 1), "as folded again");
}

#[test]
fn factors_that_the_idp_verified_are_stated_and_last_until_the_session_ends() {
    let scratch = day();
    let answer = asked(&scratch, &["session", "idxA"]);
    let factors: Vec<String> = answer["session"]["factors"]
        .as_array()
        .expect("factors")
        .iter()
        .map(|factor| {
            format!(
                "{} {} {} {} {} {}",
                text(&factor["method"]),
                text(&factor["idp"]),
                text(&factor["key"]),
                text(&factor["grade"]).to_lowercase(),
                text(&factor["from"]),
                text(&factor["until"]),
            )
        })
        .collect();
    assert_eq!(
        factors,
        [
            "password 0oaPartner - stated 2026-04-14T09:00:00Z 2026-04-14T15:00:00Z",
            "signed_nonce 0oaPartner - stated 2026-04-14T09:00:00Z 2026-04-14T15:00:00Z",
        ],
        "{answer:#}"
    );
}

#[test]
fn why_names_the_policy_and_what_was_unmet_by_name() {
    let scratch = day();
    let alice = scratch.ok(&[&EVENING[..], &["why", "idxA"]].concat());
    for words in ["Payroll", "Partner Okta", "Two factor types", "until 15:00:00"] {
        assert!(alice.contains(words), "{words} of {alice}");
    }
    let dave = scratch.ok(&[&EVENING[..], &["why", "idxD"]].concat());
    assert!(dave.contains("Contractor Entra") && dave.contains("pwd"), "{dave}");
}

#[test]
fn sessions_that_rest_on_an_idp_are_certain_or_possible() {
    let scratch = day();
    let at = |idp: &str| {
        let answer =
            asked(&scratch, &["sessions", "--active-at", "2026-04-14T14:05:00Z", "--idp", idp]);
        members(&answer)
    };
    assert_eq!(at("0oaPartner"), ["idxA certain", "idxB certain"]);
    assert_eq!(at("0oaEntra"), ["idxC certain", "idxG certain"], "both had a claim of it");
    let by_key = scratch.run(&["sessions", "--idp", "0oaPartner", "--key", "K1"]);
    let refused = String::from_utf8_lossy(&by_key.stderr).into_owned();
    assert!(!by_key.status.success() && refused.contains("No key K1 is known"), "{refused}");
}

#[test]
fn where_the_log_is_silent_a_session_is_possible_until_its_computed_limit() {
    let scratch = day();
    let state = |session: &str, at: &str| {
        let answer = scratch.json(&["--at", at, "session", session]);
        let session = &answer["session"];
        format!("{} {}", text(&session["state"]), text(&session["certainty"])).to_lowercase()
    };
    // Last seen 14:20, idle limit 2 h, lifetime 12 h from 11:50.
    assert_eq!(state("idxB", "2026-04-14T16:00:00Z"), "active certain");
    assert_eq!(state("idxB", "2026-04-14T17:00:00Z"), "active possible");
    assert_eq!(state("idxB", "2026-04-15T00:00:00Z"), "ended certain");
    assert_eq!(state("idxC", "2026-04-14T17:30:00Z"), "ended certain");
    assert_eq!(state("idxD", "2026-04-14T14:00:00Z"), "ended certain");
    assert_eq!(state("102erin2", "2026-04-14T12:00:00Z"), "ended certain");
}

#[test]
fn no_session_is_said_to_have_outlived_one_that_nobody_named() {
    let scratch = day();
    let answer = asked(&scratch, &["outlived"]);
    assert_eq!(answer["items"], json!([]), "{answer:#}");
}

#[test]
fn a_hook_delivers_the_same_events_again() {
    let scratch = day();
    let before = scratch.json(&["status"]);
    let report = ingest(&scratch, "okta-system-log", "hook.json");
    assert_eq!(report["repeated"], 4, "{report:#}");
    assert_eq!(report["stored"], 0, "{report:#}");
    let position = |status: &Value| status["head"].as_u64().expect("a head");
    assert_eq!(position(&before), position(&scratch.json(&["status"])));
}

#[test]
fn the_same_look_again_changes_nothing() {
    let scratch = day();
    let report = ingest(&scratch, "okta-config", "config.jsonl");
    assert_eq!(report["stored"], 0, "{report:#}");
}

#[test]
fn without_trust_in_the_partner_two_decisions_flip() {
    let scratch = day();
    let window = ["--from", "2026-04-14T00:00:00Z", "--to", "2026-04-15T00:00:00Z"];
    let rehearse = ["rehearse", "trust-off", "--idp", "0oaPartner"];
    let answer = asked(&scratch, &[&rehearse[..], &window].concat());
    let flips: Vec<&str> = answer["flips"]
        .as_array()
        .expect("flips")
        .iter()
        .map(|flip| text(&flip["decision"]["session"]))
        .collect();
    assert_eq!(flips, ["idxA", "idxB"], "{answer:#}");
    assert_eq!(answer["unchanged"].as_array().map(Vec::len), Some(8), "{answer:#}");
}

#[test]
fn changes_of_trust_and_policy_lie_between_the_looks_that_show_them() {
    let scratch = day();
    let trust = scratch.ok(&[&EVENING[..], &["trust"]].concat());
    let off = trust.lines().find(|line| line.contains("trusted → not trusted")).expect("it");
    assert!(
        off.contains("from 2026-04-14T13:15:00Z to 2026-04-14T13:30:00Z")
            && off.contains("Contractor Entra (0oaEntra)"),
        "{off}"
    );
    let policies = scratch.ok(&[&EVENING[..], &["policies"]].concat());
    assert!(policies.contains("from 2026-04-14T11:55:00Z to 2026-04-14T12:00:00Z"), "{policies}");
}

#[test]
fn each_access_shows_the_factor_types_that_the_control_was_met_by() {
    let scratch = day();
    let answer = asked(&scratch, &["decisions", "--app", "0oaPayroll"]);
    let mut met: Vec<String> = nodes(&answer)
        .filter(|edge| edge["node"]["outcome"] == "ALLOW")
        .map(|edge| {
            let node = &edge["node"];
            let resists = node["characteristics"].to_string().contains("phishing_resistant");
            format!(
                "{} {} {} {resists} {}",
                &text(&node["at"])[11..19],
                text(&node["session"]),
                node["factorTypes"].to_string().to_lowercase(),
                text(&node["implied"]).to_lowercase(),
            )
        })
        .collect();
    met.sort();
    assert_eq!(
        met,
        [
            r#"09:00:03 idxA ["knowledge","possession"] true allow"#,
            r#"11:50:03 idxB ["knowledge","possession"] false allow"#,
            r#"12:30:00 idxB ["knowledge","possession"] false challenge"#,
            r#"12:50:21 idxC ["knowledge","possession","unspecified"] true allow"#,
        ],
        "{answer:#}"
    );
}

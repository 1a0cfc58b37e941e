//! Recorded states of real orgs, and Okta's own examples of its configuration.

use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    time::{Occurred, Time},
    types::policy::Rule,
    vocabulary::Status,
};
use claimledger_sources::{Dialect, Look, Splitter, translate};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

const RECORDED: &str = "samples/terraform-provider-okta";
const EXAMPLES: &str = "samples/okta-openapi-examples";

/// Reads a stream as one source, threading the look.
fn read(bytes: &[u8], look: &mut Option<Look>) -> Vec<Draft> {
    let mut splitter = Splitter::new(Dialect::OktaConfig.limits());
    splitter.push(bytes);
    splitter.finish();
    let mut drafts = Vec::new();
    for piece in splitter {
        let piece = piece.unwrap();
        let read = translate(&Dialect::OktaConfig.into(), look.as_ref(), &piece.bytes)
            .unwrap_or_else(|refusal| panic!("line {}: {refusal}", piece.line));
        *look = read.look;
        drafts.extend(read.drafts);
    }
    drafts
}

fn recorded(files: &[&str]) -> Vec<Draft> {
    let (mut look, mut drafts) = (None, Vec::new());
    for file in files {
        let path = crate::fixture::shared_input(RECORDED).join(file);
        drafts.extend(read(&std::fs::read(path).unwrap(), &mut look));
    }
    drafts
}

/// Records a kind, and how many of them were understood.
fn counts(drafts: &[Draft]) -> BTreeMap<&str, (usize, usize)> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for draft in drafts {
        let (all, understood) = counts.entry(draft.kind.as_str()).or_default();
        *all += 1;
        *understood += usize::from(draft.is_understood());
    }
    counts
}

#[test]
fn every_recorded_state_is_read() {
    let drafts = recorded(&["idps.jsonl", "policies.jsonl", "policy_rules.jsonl"]);
    let expected = [
        ("okta.idp", (24, 24)),
        // Of 35, four are of types that no fact states.
        ("okta.policy", (35, 31)),
        // The files of policies come before that of rules: until then each policy is only listed.
        ("okta.policy_listed", (28, 28)),
        // One for each of 35 changes. Four rules are older than what was stated before them, so
        // each is also stated as possible from its own time on. Two rules of 00ppe8c4f0jC1KpxX1d7
        // were saved again without a change that a look shows: that is stated too.
        ("okta.policy_snapshot", (41, 41)),
        // Four of 45 are of rules of those.
        ("okta.rule", (45, 41)),
    ];
    assert_eq!(counts(&drafts), BTreeMap::from(expected));
    let mut ids: Vec<_> = drafts.iter().map(|draft| &draft.source_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), drafts.len(), "each record has an id of its own");
    for draft in &drafts {
        let kept = String::from_utf8_lossy(&draft.original);
        assert!(!kept.contains(r#""client_secret":"a"#), "{kept}");
    }
}

/// The IdP whose switch was set and reset within a minute.
#[test]
fn the_times_of_the_switch_are_those_of_the_calls() {
    let drafts = recorded(&["idps.jsonl"]);
    let said: Vec<(Occurred, bool, Status)> = drafts
        .iter()
        .filter_map(|draft| match &draft.facts[0].data {
            FactData::IdpConfigured(data) if data.idp.as_str() == "0oavrc66menWC6NTZ1d7" => {
                Some((draft.occurred, data.trust_claims, data.status))
            }
            _ => None,
        })
        .collect();
    let at = |time: &str| Occurred::at(Time::parse(&format!("2026-03-03T{time}Z")).unwrap());
    let expected = [
        (at("17:30:21"), false, Status::Active),
        (at("17:30:43"), true, Status::Active),
        (at("17:31:08"), false, Status::Active),
        (at("17:31:25"), false, Status::Inactive),
    ];
    assert_eq!(said, expected);
}

/// In whichever order the files come, the same rules are in force.
#[test]
fn recorded_policies_have_the_same_rules_whichever_file_comes_first() {
    let in_force = |files: &[&str]| {
        let mut drafts = recorded(files);
        drafts.sort_by_key(|draft| (draft.occurred.from, draft.source_id.clone()));
        let mut policies: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
        for fact in drafts.iter().flat_map(|draft| &draft.facts) {
            if let FactData::PolicyConfigured(data) = &fact.data {
                policies.insert(data.policy.to_string(), data.rules.clone());
            }
        }
        policies
    };
    let first = in_force(&["policies.jsonl", "policy_rules.jsonl"]);
    assert_eq!(first, in_force(&["policy_rules.jsonl", "policies.jsonl"]));
    let counts: Vec<usize> = first.values().map(Vec::len).collect();
    assert_eq!((counts.len(), counts.iter().sum::<usize>()), (6, 24), "{counts:?}");
    let all: Vec<&Rule> = first.values().flatten().collect();
    let chains = all.iter().filter(|rule| !rule.chains.is_empty()).count();
    let others = all.iter().filter(|rule| rule.other_verification.is_some()).count();
    assert_eq!((chains, others), (1, 2), "two chains ask for user verification of a method");
}

fn example(name: &str) -> Value {
    let path = crate::fixture::shared_input(EXAMPLES).join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn examples(dir: &Path) -> Vec<String> {
    // Events, their details and a simulation are no configuration.
    let others = ["ListLogs", "LogTargetChangeDetails", "SimulatePolicy"];
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !others.iter().any(|other| name.starts_with(other)))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn every_example_of_the_documentation_is_read() {
    let names = examples(&crate::fixture::shared_input(EXAMPLES));
    assert_eq!(names.len(), 20, "{names:?}");
    let mut all = Vec::new();
    for name in &names {
        let body = json!({"looked_at": "2026-06-29T00:00:00Z", "body": example(name)});
        let drafts = read(body.to_string().as_bytes(), &mut None);
        assert!(!drafts.is_empty(), "{name}");
        all.extend(drafts);
    }
    let expected = [
        // Two are bodies of calls that create an IdP, and have no id.
        ("okta.idp", (15, 13)),
        ("okta.log_stream", (2, 0)),
        ("okta.policy", (2, 2)),
        ("okta.policy_listed", (2, 2)),
        ("okta.policy_snapshot", (1, 1)),
        // Most rules of the documentation do not name their policy.
        ("okta.rule", (7, 3)),
    ];
    assert_eq!(counts(&all), BTreeMap::from(expected));
}

/// As they come out of the documentation: those with a time need no envelope.
#[test]
fn examples_with_a_time_need_no_envelope() {
    for name in examples(&crate::fixture::shared_input(EXAMPLES)) {
        let bytes = example(&name).to_string();
        let mut splitter = Splitter::new(Dialect::OktaConfig.limits());
        splitter.push(bytes.as_bytes());
        splitter.finish();
        for piece in splitter {
            let read = translate(&Dialect::OktaConfig.into(), None, &piece.unwrap().bytes);
            assert_eq!(read.is_err(), name.starts_with("Create"), "{name}: {read:?}");
        }
    }
}

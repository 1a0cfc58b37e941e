//! The committed JSON Schemas say what the types say.

use crate::common::samples;
use claimledger_facts::fact::{FACT_TYPES, FactData, FactType};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{fs, path::Path};

fn schema(file: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/facts").join(file);
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn reads(name: &str, data: &Value) -> bool {
    FactData::from_value(name, data.clone()).unwrap().is_ok()
}

#[test]
fn every_fact_type_has_a_sample() {
    let names: Vec<_> = samples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, FACT_TYPES.iter().map(|fact| fact.name).collect::<Vec<_>>());
}

/// Left out, or of another type: schema and reader take the same.
#[test]
fn schema_and_reader_agree_on_every_field() {
    let mut refused = 0;
    for (name, sample) in samples() {
        let version = FactType::named(name).unwrap().version;
        let schema = schema(&format!("{name}.v{version}.json"));
        assert!(
            schema.is_valid(&sample),
            "{name}: {:?}",
            schema.iter_errors(&sample).map(|error| error.to_string()).collect::<Vec<_>>()
        );
        for key in sample.as_object().unwrap().keys() {
            let mut without = sample.clone();
            without.as_object_mut().unwrap().remove(key);
            assert_eq!(schema.is_valid(&without), reads(name, &without), "{name} without {key}");
            refused += usize::from(!schema.is_valid(&without));
            for other in [
                json!({"no": "such"}),
                json!([["nested"]]),
                json!(-1.5),
                json!("no such word"),
                json!("2026-03-10T10:00:00"),
                json!(-1),
                json!(true),
            ] {
                let mut wrong = sample.clone();
                wrong[key] = other.clone();
                assert_eq!(
                    schema.is_valid(&wrong),
                    reads(name, &wrong),
                    "{name} with {key} = {other}"
                );
                refused += usize::from(!schema.is_valid(&wrong));
            }
        }
    }
    assert!(refused > 300, "only {refused} were refused");
}

fn line(fact: &FactType, data: Value) -> Value {
    let mut line = json!({"id": "1", "type": fact.name, "occurred_at": "2026-03-10T10:00:00+01:00",
        "data": data});
    if fact.needs_session {
        line["session"] = json!("S1");
    }
    if fact.needs_subject {
        line["subject"] = json!({"id": "u-alice", "login": null, "name": "Alice",
            "department": "kept, and reported"});
    }
    line
}

#[test]
fn a_line_is_asked_for_what_its_type_needs() {
    let schema = schema("line.v1.json");
    for (name, sample) in samples() {
        let fact = FactType::named(name).unwrap();
        let whole = line(fact, sample);
        assert_eq!(
            schema.is_valid(&whole),
            !fact.is_ledger_only(),
            "{name}: only what others may write"
        );
        if fact.is_ledger_only() {
            continue;
        }
        for key in ["id", "type", "occurred_at", "data", "session", "subject"] {
            let mut without = whole.clone();
            if without.as_object_mut().unwrap().remove(key).is_some() {
                assert!(!schema.is_valid(&without), "{name} without {key}");
            }
        }
        let mut wrong = whole.clone();
        wrong["data"] = json!({});
        assert_eq!(schema.is_valid(&wrong), reads(name, &json!({})), "{name} with empty data");
        for (key, other, expect) in [
            ("occurred_at", json!("2026-03-10T10:00:00"), false),
            (
                "occurred_at",
                json!({"from": "2026-03-10T10:00:00Z", "to": "2026-03-10T11:00:00Z"}),
                true,
            ),
            ("occurred_at", json!({"from": "2026-03-10T10:00:00Z"}), false),
            ("id", json!(""), false),
            ("subject", json!({"name": "no id"}), false),
            ("client", json!({"ip": "203.0.113.7", "asn": 64496}), true),
            ("client", json!("203.0.113.7"), false),
            ("unknown", json!("kept, and reported"), true),
        ] {
            let mut changed = whole.clone();
            changed[key] = other.clone();
            assert_eq!(schema.is_valid(&changed), expect, "{name} with {key} = {other}");
        }
    }
    assert!(!schema.is_valid(&json!({"id": "1", "type": "session.paused",
        "occurred_at": "2026-03-10T10:00:00Z", "data": {}})));
}

#[test]
fn older_versions_keep_their_schemas() {
    for fact in FACT_TYPES {
        for version in 1..=fact.version {
            schema(&format!("{}.v{version}.json", fact.name));
        }
    }
}

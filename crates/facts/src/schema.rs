//! JSON Schemas of the contract (draft 2020-12), made from the types: of every fact type's data,
//! and of the native line. They are committed under `schema/facts/`; a test fails when they are
//! stale.

use crate::fact::{FACT_TYPES, FactType, data_schema, data_schema_ref};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// One file under `schema/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFile {
    /// Its path under `schema/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Every generated file, by path.
#[must_use]
pub fn schema_files() -> Vec<SchemaFile> {
    let mut files: Vec<SchemaFile> = FACT_TYPES
        .iter()
        .filter_map(|fact| {
            let schema =
                data_schema(fact.name, &mut SchemaSettings::draft2020_12().into_generator())?;
            let mut schema = schema.to_value();
            schema["title"] = json!(format!("{} version {}", fact.name, fact.version));
            Some(file(format!("facts/{}.v{}.json", fact.name, fact.version), &schema))
        })
        .collect();
    files.push(file("facts/line.v1.json".to_owned(), &line_schema()));
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The schema of one native line: what every line carries, and what its type asks for beyond that.
#[must_use]
pub fn line_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut by_type = Vec::new();
    let types: Vec<&FactType> = FACT_TYPES.iter().filter(|fact| !fact.is_ledger_only()).collect();
    for fact in &types {
        let data = data_schema_ref(fact.name, &mut generator)
            .map_or(Value::Bool(true), |schema| schema.to_value());
        let mut then = json!({"properties": {"data": data}});
        let required: Vec<&str> =
            [(fact.needs_session, "session"), (fact.needs_subject, "subject")]
                .iter()
                .filter(|r| r.0)
                .map(|r| r.1)
                .collect();
        if !required.is_empty() {
            then["required"] = json!(required);
        }
        by_type.push(json!({"if": {"properties": {"type": {"const": fact.name}},
            "required": ["type"]}, "then": then}));
    }
    let time = json!({"type": "string", "format": "date-time"});
    let text = |description: &str| json!({"type": ["string", "null"], "description": description});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "native line version 1",
        "description": "One fact, as a line of JSON. Unknown fields are kept with the original, \
                        and reported.",
        "type": "object",
        "required": ["id", "type", "occurred_at", "data"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "description": "The source's own id of the \
                event."},
            "type": {"enum": types.iter().map(|fact| fact.name).collect::<Vec<_>>()},
            "occurred_at": {
                "description": "When it occurred: an instant with an offset, or the interval in \
                                which it must lie.",
                "oneOf": [time, {"type": "object", "required": ["from", "to"],
                    "properties": {"from": time, "to": time}}],
            },
            "recorded_at": {"type": ["string", "null"], "format": "date-time",
                "description": "Rehearsals and migrations only."},
            "source": text("The source. Must be the credential's, if that has one."),
            "session": text("The session at the service provider."),
            "subject": {
                "description": "Whom it is about.",
                "type": ["object", "null"],
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "minLength": 1, "description": "One person in the \
                        whole tenant, whatever the source."},
                    "login": text("Another identifier they can be found by; sealed."),
                    "name": text("Their name; sealed."),
                },
            },
            "client": {
                "description": "Where they came from; sealed under their key.",
                "type": ["object", "null"],
                "properties": {"ip": text("The network address."), "user_agent": text("The user \
                    agent.")},
            },
            "data": {"type": "object", "description": "What it says, as its type asks."},
        },
        "allOf": by_type,
        "$defs": generator.take_definitions(true),
    })
}

fn file(path: String, schema: &Value) -> SchemaFile {
    // Two spaces, keys in bytewise order: the same text from every build.
    SchemaFile { path, text: format!("{schema:#}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, fs, path::Path};

    #[test]
    fn committed_schemas_are_those_of_the_types() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
        for file in schema_files() {
            let path = root.join(&file.path);
            if env::var_os("UPDATE_SCHEMA").is_some() {
                fs::write(&path, &file.text).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == file.text,
                "schema/{} is stale. If the data of a released version changed, that is a mistake: \
                 stored facts and senders rely on it, so make a new version. \
                 Else write it again: UPDATE_SCHEMA=1 cargo test -p claimledger-facts schema",
                file.path
            );
        }
    }

    #[test]
    fn every_committed_schema_is_still_made_or_is_of_an_older_version() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/facts");
        for entry in fs::read_dir(root).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let stem = name
                .strip_suffix(".json")
                .unwrap_or_else(|| panic!("schema/facts/{name} is no schema"));
            let (fact, version) = stem
                .rsplit_once(".v")
                .unwrap_or_else(|| panic!("schema/facts/{name} names no version"));
            let current = if fact == "line" {
                Some(1)
            } else {
                FactType::named(fact).map(|fact| fact.version)
            };
            assert!(
                version.parse::<u32>().ok().is_some_and(|v| Some(v) <= current),
                "schema/facts/{name} is of no fact type"
            );
        }
    }
}

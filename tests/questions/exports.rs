//! Questions that are answered with a file.

use crate::support::{Scratch, questions::asks, text};
use serde_json::{Value, json};
use std::path::Path;

const AT: [&str; 6] = ["--at", "2026-03-10T23:00:00Z", "--known-at", "82", "--tenant", "acme"];

/// Exports to a file beside the ledger; its text and its manifest.
fn export(scratch: &Scratch, name: &str, args: &[&str]) -> (String, Value) {
    let file = scratch.path(name);
    let mut all = AT.to_vec();
    all.push("export");
    all.extend(args);
    all.extend(["--output", file.to_str().expect("a UTF-8 path")]);
    scratch.ok(&all);
    (std::fs::read_to_string(&file).expect("the file"), manifest(&file))
}

fn manifest(file: &Path) -> Value {
    let name = format!("{}.manifest.json", file.display());
    serde_json::from_str(&std::fs::read_to_string(name).expect("a manifest")).expect("JSON")
}

fn lines(jsonl: &str) -> Vec<Value> {
    jsonl.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn path(file: &Path) -> &str {
    file.to_str().expect("a UTF-8 path")
}

/// The rows of a CSV file without quoted cells, as objects of text.
fn csv_rows(csv: &str) -> Vec<Value> {
    assert!(!csv.contains('"'), "{csv}");
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines
        .map(|line| header.iter().copied().zip(line.split(',').map(Value::from)).collect())
        .collect()
}

/// A value as CSV has it.
fn as_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(as_cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[test]
fn c1_every_payroll_access_of_the_day_that_relied_on_idp_x() {
    let _question = asks(&["C1"]);
    let scratch = Scratch::fixture();
    let asked = [
        "decisions",
        "--app",
        "payroll",
        "--idp",
        "idp-x",
        "--outcome",
        "allow",
        "--from",
        "2026-03-10T00:00:00Z",
        "--to",
        "2026-03-11T00:00:00Z",
        "--labels",
        "--as",
    ];
    let with = |format| [&asked[..], &[format]].concat();
    let (jsonl, manifest) = export(&scratch, "c1.jsonl", &with("jsonl"));
    let rows = lines(&jsonl);
    let told = |row: &Value| {
        let field = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", field("session"), field("decided_at"), field("user_login"))
    };
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        [
            "S1 2026-03-10T10:00:03Z alice@acme.example",
            "S2 2026-03-10T11:30:05Z bob@acme.example",
            "S2 2026-03-10T12:30:00Z bob@acme.example",
            "S3 2026-03-10T13:20:04Z carol@acme.example",
            "S5 2026-03-10T13:45:04Z erin@acme.example",
            "S8 2026-03-10T14:00:05Z heidi@acme.example",
        ]
    );
    assert!(rows.iter().all(|row| row["idps"] == json!(["idp-x"])), "{jsonl}");
    // The reading of each, with what is known of it: C11 asks for it too.
    let reading = |row: &Value| [row["implied"].clone(), row["implied_at_k"].clone()];
    assert_eq!(reading(&rows[2]), ["allow", "deny"], "{jsonl}");
    assert_eq!(rows[2]["falsified_later"], "authenticator_lost");
    assert_eq!(rows[4]["differs"], "key_retired");

    // CSV says the same.
    let (csv, csv_manifest) = export(&scratch, "c1.csv", &with("csv"));
    let table = csv_rows(&csv);
    assert_eq!(table.len(), rows.len());
    for (row, cells) in rows.iter().zip(&table) {
        for (name, value) in row.as_object().expect("an object") {
            assert_eq!(cells[name], as_cell(value), "{name}");
        }
    }
    // So does Parquet: a row's digest is that of its line of JSON.
    let file = scratch.path("c1.parquet");
    let args = with("parquet");
    let all = [&AT[..], &["export"], &args, &["--output", path(&file)]].concat();
    scratch.ok(&all);
    let parquet_manifest = self::manifest(&file);
    assert_eq!(parquet_manifest["chunks"], manifest["chunks"]);
    scratch.ok(&["export", "verify", path(&file)]);
    for manifest in [&manifest, &csv_manifest, &parquet_manifest] {
        assert_eq!(
            manifest["query"]["filter"],
            json!({"app": "payroll", "idp": "idp-x", "outcome": "allow",
                "from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z"})
        );
        assert_eq!(manifest["cut"]["at"], "2026-03-10T23:00:00Z");
        assert_eq!(manifest["cut"]["knownAt"], 82);
        assert_eq!(manifest["cut"]["recordedAt"], "2026-03-10T23:00:00Z");
        assert_eq!(manifest["cut"]["rules"], claimledger_domain::RULES);
        assert_eq!((&manifest["rows"], &manifest["timeZone"]), (&json!(6), &json!("UTC")));
        assert_eq!(manifest["completeness"]["sources"].as_array().map(Vec::len), Some(4));
    }
    let altered = |manifest: &Value| manifest["notes"].to_string().contains("altered");
    assert_eq!([altered(&csv_manifest), altered(&manifest)], [true, false]);

    // A limit that is reached is an error, or a part that says so.
    let file = scratch.path("part.csv");
    let file = file.to_str().expect("a UTF-8 path");
    let all = [&AT[..], &["export"], &with("csv"), &["--limit", "5", "--output", file]].concat();
    let refused = scratch.run(&all);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    assert!(!Path::new(file).exists());
    scratch.ok(&[&all[..], &["--limit-marked", "--resume"]].concat());
    let part = std::fs::read_to_string(file).expect("the part");
    let last = part.lines().last().expect("a line");
    assert!(last.starts_with("stopped at the limit of 5 rows: there are more,"), "{part}");
    assert_eq!(self::manifest(Path::new(file))["stoppedAtLimit"], 5);
}

#[test]
fn c3_changes_of_trust_are_a_file() {
    let _question = asks(&["C3"]);
    let scratch = Scratch::fixture();
    let (trust, manifest) = export(&scratch, "trust.jsonl", &["trust", "--as", "jsonl"]);
    let rows = lines(&trust);
    let of = |source_id: &str| {
        let row = rows.iter().find(|row| row["source_id"] == source_id);
        let row = row.unwrap_or_else(|| panic!("{source_id}: {trust}"));
        ["actor", "ticket", "before", "after", "occurred_at", "recorded_at", "effective_from"]
            .map(|name| as_cell(&row[name]))
    };
    let nine = "2026-03-10T09:00:00Z";
    assert_eq!(of("idp-tx1"), ["admin-2", "T-1", "false", "true", nine, nine, ""]);
    assert_eq!(of("idp-ty1"), ["admin-1", "T-4", "false", "true", nine, nine, ""]);
    let (late, from) = ("2026-03-10T15:10:00Z", "2026-03-10T13:40:00Z");
    assert_eq!(
        of("retract-X1"),
        ["admin-1", "T-3", "retired 13:30:00Z", "void from 13:40:00Z", late, late, from]
    );
    assert_eq!(manifest["rows"], rows.len());
    let one = lines(&export(&scratch, "x.jsonl", &["trust", "--idp", "idp-y", "--as", "jsonl"]).0);
    assert!(!one.is_empty() && one.len() < rows.len());

    let asked = ["policies", "--policy", "payroll", "--as", "jsonl"];
    let (policies, _) = export(&scratch, "policies.jsonl", &asked);
    let v2 = lines(&policies).pop().expect("v2");
    assert_eq!([&v2["name"], &v2["actor"], &v2["ticket"]], ["v2", "admin-1", "T-2"]);
    assert_eq!(v2["fields"], json!(["rules.payroll-1", "rules.payroll-2"]));
    assert_eq!(v2["before"], json!(["any two factor types", "–"]));
}

#[test]
fn c6_a_sample_of_three_sessions_with_seed_42() {
    let _question = asks(&["C6"]);
    let sample = |scratch: &Scratch, name: &str, seed: &str| {
        let args = ["sessions", "--sample", "3", "--seed", seed, "--as", "jsonl"];
        let (text, manifest) = export(scratch, name, &args);
        let drawn: Vec<String> = lines(&text).iter().map(|row| as_cell(&row["session"])).collect();
        (drawn, manifest)
    };
    let scratch = Scratch::fixture();
    let (drawn, manifest) = sample(&scratch, "one", "42");
    // As the manifest says: the least SHA-256 of seed, zero byte and name, in the list's order.
    let all = lines(&export(&scratch, "all", &["sessions", "--as", "jsonl"]).0);
    let names: Vec<String> = all.iter().map(|row| as_cell(&row["session"])).collect();
    let mut by_digest = names.clone();
    by_digest
        .sort_by_key(|name| claimledger_export::digest::sha256(format!("42\0{name}").as_bytes()));
    let least = &by_digest[..3];
    let expected: Vec<String> = names.iter().filter(|name| least.contains(name)).cloned().collect();
    assert_eq!(drawn, expected);
    assert_eq!(manifest["query"]["sample"], json!({"rows": 3, "seed": "42"}));
    assert!(manifest["sampleMethod"].as_str().is_some_and(|method| method.contains("SHA-256")));
    // Again, and in another ledger of the same day, whose pseudonyms are others.
    assert_eq!(sample(&scratch, "again", "42").0, drawn);
    assert_eq!(sample(&Scratch::fixture(), "other", "42").0, drawn);
    assert_ne!(sample(&scratch, "seed", "7").0, drawn);
}

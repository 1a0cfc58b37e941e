//! Lists that are answered at once, as files: the rows of each are those of its question.

use crate::support::{Scratch, fixture};
use serde_json::{Value, json};

/// The rows of an export, one JSON object each.
fn rows(scratch: &Scratch, list: &[&str]) -> Vec<Value> {
    let file = scratch.path("list.jsonl");
    let manifest = scratch.path("list.jsonl.manifest.json");
    for file in [&file, &manifest] {
        let _ = std::fs::remove_file(file);
    }
    let mut args = vec!["export"];
    args.extend_from_slice(list);
    args.extend(["--as", "jsonl", "--output", file.to_str().unwrap()]);
    scratch.ok(&args);
    let text = std::fs::read_to_string(&file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// These columns of each row.
fn columns(rows: &[Value], names: &[&str]) -> Vec<Value> {
    let row = |row: &Value| names.iter().map(|name| row[*name].clone()).collect::<Vec<_>>();
    rows.iter().map(|one| row(one).into()).collect()
}

/// A word of GraphQL as files have it.
fn lower(word: &Value) -> Value {
    word.as_str().map(str::to_lowercase).into()
}

fn items(scratch: &Scratch, question: &[&str]) -> Vec<Value> {
    scratch.json(question)["items"].as_array().unwrap().clone()
}

/// The fixture's day, and an assertion that came twice.
fn day() -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    let acme = fixture::dir().join("acme.jsonl");
    scratch.ok(&["ingest", acme.to_str().unwrap()]);
    let again = json!({"id": "again", "type": "claims.received", "source": "acme-sp",
        "occurred_at": "2026-03-10T16:00:00Z", "subject": {"id": "u-alice"}, "session": "S1",
        "data": {"idp": "idp-x", "assertion": "as-S7", "amr": ["pwd"], "key": "X1"}});
    scratch.ok(&["ingest", &scratch.file("again.jsonl", again.to_string())]);
    scratch
}

#[test]
fn each_list_has_the_rows_of_its_question() {
    let scratch = day();
    let outlived = items(&scratch, &["outlived"]);
    let expected: Vec<Value> = outlived
        .iter()
        .map(|one| {
            json!([
                one["session"],
                one["idpSessionEnd"]["position"],
                one["signOfLife"]["position"],
                one["endBounds"]["to"],
                lower(&one["certainty"])
            ])
        })
        .collect();
    let names =
        ["session", "idp_session_end_record", "sign_of_life_record", "end_latest", "certainty"];
    assert_eq!(columns(&rows(&scratch, &["outlived"]), &names), expected);
    assert!(!expected.is_empty());

    let reused = items(&scratch, &["reused"]);
    let expected: Vec<Value> = reused
        .iter()
        .flat_map(|one| {
            let used = if one["assertion"].is_null() { "idpSession" } else { "assertion" };
            let used = one[used].clone();
            let uses = one["uses"].as_array().unwrap().clone();
            let idp = one["idp"].clone();
            uses.into_iter().map(move |each| {
                json!([idp, used, each["session"], each["at"], each["record"]["position"]])
            })
        })
        .collect();
    let names = ["idp", "used", "session", "used_at", "record"];
    assert_eq!(columns(&rows(&scratch, &["reused"]), &names), expected);
    assert!(expected.len() > 1, "{expected:?}");

    let held = ["held-under", "payroll", "v1"];
    let expected: Vec<Value> = items(&scratch, &held)
        .iter()
        .map(|one| {
            json!([
                one["session"],
                one["decision"]["position"],
                lower(&one["implied"]),
                one["firstUnmet"],
                one["until"],
                lower(&one["endedBy"]),
                one["endReason"]
            ])
        })
        .collect();
    let names =
        ["session", "decision", "implied", "first_unmet", "until", "ended_by", "end_reason"];
    assert_eq!(columns(&rows(&scratch, &held), &names), expected);
    assert!(expected.len() > 1, "{expected:?}");

    let dependants = ["dependants", "--actor", "admin-1"];
    let expected: Vec<Value> = items(&scratch, &dependants)
        .iter()
        .flat_map(|one| {
            let change = json!([lower(&one["kind"]), one["record"]["position"], one["ticket"]]);
            let mut sessions = one["sessions"].as_array().unwrap().clone();
            // Under a policy's version there are decisions, session by session.
            for decision in one["decisions"].as_array().unwrap() {
                if sessions.last().is_none_or(|last| last["session"] != decision["session"]) {
                    sessions.push(json!({"session": decision["session"], "factors": []}));
                }
            }
            if sessions.is_empty() {
                sessions.push(json!({"factors": null}));
            }
            sessions.into_iter().map(move |each| json!([change, each["session"], each["factors"]]))
        })
        .collect();
    let found: Vec<Value> = rows(&scratch, &dependants)
        .iter()
        .map(|row| {
            json!([[row["kind"], row["record"], row["ticket"]], row["session"], row["factors"]])
        })
        .collect();
    assert_eq!(found, expected);
    assert!(expected.len() > 7, "{expected:?}");
    let decisions = |rows: Vec<Value>, name: &str| -> Vec<u64> {
        let lists = rows.into_iter().filter_map(|row| row[name].as_array().cloned()).flatten();
        let position = |one: Value| {
            let own = one["record"]["position"].as_u64();
            own.or_else(|| one.as_str().and_then(|text| text.parse().ok())).unwrap()
        };
        lists.map(position).collect()
    };
    let expected = decisions(items(&scratch, &dependants), "decisions");
    assert_eq!(decisions(rows(&scratch, &dependants), "decisions"), expected);
    assert!(expected.len() > 4, "{expected:?}");

    for kind in ["issuer", "key", "amr-set"] {
        let first = ["first-seen", kind];
        let expected: Vec<Value> = items(&scratch, &first)
            .iter()
            .map(|one| {
                json!([
                    one["issuer"],
                    one["key"],
                    one["amr"],
                    one["at"],
                    one["session"],
                    one["record"]["position"],
                    one["honored"]
                ])
            })
            .collect();
        let names = ["idp", "key", "amr", "first_at", "session", "record", "honored"];
        assert_eq!(columns(&rows(&scratch, &first), &names), expected, "{kind}");
        assert!(!expected.is_empty(), "{kind}");
    }

    let sources = scratch.json(&["completeness"])["completeness"].as_array().unwrap().clone();
    let gaps = |source: &Value| source["gaps"].as_array().unwrap().len().max(1);
    let found = rows(&scratch, &["completeness"]);
    assert_eq!(found.len(), sources.iter().map(gaps).sum::<usize>());
    let silent = found.iter().find(|row| row["gap_from"] == "2026-03-10T14:10:00Z").unwrap();
    assert_eq!(silent["gap_cause"], "silent");
    assert_eq!(silent["gap_filled"], true);
}

#[test]
fn lists_without_events_or_conditions_say_so() {
    let scratch = day();
    let file = scratch.path("list");
    let output = file.to_str().unwrap();
    for (list, status, words) in [
        (&["outlived", "--as", "ocsf"][..], 3, "the list outlived has no events of OCSF"),
        (&["dependants", "--as", "csv"], 2, "actor"),
        (&["first-seen", "weekday", "--as", "csv"], 2, "amr-set"),
    ] {
        let mut args = vec!["export"];
        args.extend_from_slice(list);
        args.extend(["--output", output]);
        let out = scratch.run(&args);
        let stderr = crate::support::text(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{list:?}: {stderr}");
        assert!(stderr.contains(words), "{list:?}: {stderr}");
        assert!(!file.exists());
    }
}

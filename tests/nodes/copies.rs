//! A ledger that is moved from one directory to PostgreSQL and back, through the shipped binary.

use crate::support::{Scratch, claimledger, postgres, shared_ledger::SharedLedger, text};
use serde_json::Value;
use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};

fn copy(from: &Path, to: &Path) -> Output {
    claimledger()
        .args(["--format", "json", "copy", "--from"])
        .arg(from)
        .arg("--to")
        .arg(to)
        .output()
        .expect("the binary runs")
}

fn copied(from: &Path, to: &Path) -> Value {
    let out = copy(from, to);
    assert!(out.status.success(), "{}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// A config file that names the database.
fn config(ledger: &SharedLedger) -> PathBuf {
    let path = ledger.path("node.toml");
    let url = ledger.path("node-url");
    std::fs::write(&path, format!("[database]\nurl_file = {url:?}\n")).unwrap();
    path
}

/// Gives a directory or the nodes the master key of another ledger.
fn give_key(from: &Scratch, to: &Path) {
    std::fs::copy(from.data().join("master.key"), to).unwrap();
    std::fs::set_permissions(to, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_ledger_moves_to_postgresql_and_back() {
    let (embedded, ledger) = (Scratch::fixture(), SharedLedger::new(postgres::shared()));
    give_key(&embedded, &ledger.path("master.key"));
    let questions: [&[&str]; 4] =
        [&["why", "S1", "--app", "payroll"], &["sessions"], &["decisions"], &["verify"]];
    let all =
        |scratch: &Scratch| questions.map(|it| scratch.json(&[&["--tenant", "acme"], it].concat()));
    let before = all(&embedded);
    let to_postgres = copied(&embedded.data(), &config(&ledger));
    assert_eq!(to_postgres["rounds"], 1, "{to_postgres}");
    assert_eq!(to_postgres["tenants"][0]["log"]["records"], 83, "{to_postgres}");
    assert_eq!(to_postgres["tenants"][0]["log"]["root"], before[3]["tenants"][0]["root"]);
    // Again: it is only compared.
    assert_eq!(copied(&embedded.data(), &config(&ledger))["rounds"], 0);
    let back = Scratch::new();
    assert_eq!(copied(&config(&ledger), &back.data())["tenants"], to_postgres["tenants"]);
    give_key(&embedded, &back.data().join("master.key"));
    let node = ledger.node();
    // Positions, ids, pseudonyms, cursors: every byte but how far the access log has come.
    for scratch in [&node, &back] {
        let after = all(scratch);
        for (number, question) in questions[..3].iter().enumerate() {
            assert_eq!(
                without_status(&after[number]),
                without_status(&before[number]),
                "{question:?}"
            );
        }
        assert_eq!(after[3]["tenants"][0]["root"], before[3]["tenants"][0]["root"]);
        assert_eq!(after[3]["holds"], true);
    }
    // What is new on one side is refused on the other: neither is written.
    let out = copy(&embedded.data(), &config(&ledger));
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
}

/// Removes lag and health, which may differ between two calls.
fn without_status(answer: &Value) -> Value {
    let mut answer = answer.clone();
    answer.as_object_mut().unwrap().remove("status");
    answer
}

#[test]
fn places_that_are_no_ledger_are_refused() {
    let (scratch, ledger) = (Scratch::new(), SharedLedger::new(postgres::shared()));
    let out = copy(&scratch.data(), &config(&ledger));
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    let empty = PathBuf::from(scratch.file("empty.toml", ""));
    let out = copy(&config(&ledger), &empty);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("neither `data` nor a [database]"));
}

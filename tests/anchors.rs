//! What is noticed of a ledger whose owner forks it, restores parts of it, or writes to its files.

use crate::{
    proofs::{copy_ledger, first_lines, sql, sql_as_owner, the_rest, verify},
    support::{self, Scratch, Server},
};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Opens a ledger with an anchor. Returns the exit status and what was said.
fn open(data: &Path, anchor: &str) -> (Option<i32>, String) {
    let mut command = support::claimledger();
    command.arg("--data").arg(data).args(["--anchor", anchor, "status"]);
    let output = command.output().unwrap();
    (output.status.code(), support::text(&output.stdout) + &support::text(&output.stderr))
}

/// The lines of an anchor about logs of records.
fn lines_of(anchor: &str) -> Vec<(usize, Value)> {
    let text = std::fs::read_to_string(anchor).unwrap();
    let parsed = (1..).zip(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    parsed.filter(|(_, line)| line["origin"].as_str().unwrap().contains("/t/")).collect()
}

#[test]
fn a_fork_is_named_by_both_lines_of_its_anchor() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let anchor = scratch.file("anchor", "");
    first_lines(&scratch, 20);
    let fork = Scratch::new();
    copy_ledger(&scratch.data(), &fork.data());
    // Both go on, in different ways and to one size, and both know of the other's checkpoint only
    // once both are written.
    let other = fork.file("anchor", "");
    for (ledger, anchor, line) in [(&scratch, &anchor, 25), (&fork, &other, 30)] {
        let facts = support::fixture::facts("acme");
        let file = ledger.file("one.jsonl", facts.lines().nth(line).unwrap());
        ledger.ok(&["--tenant", "acme", "--anchor", anchor, "ingest", &file]);
        let (status, text) = open(&ledger.data(), anchor);
        assert_eq!(status, Some(0), "{text}");
    }
    let both =
        std::fs::read_to_string(&anchor).unwrap() + &std::fs::read_to_string(&other).unwrap();
    std::fs::write(&anchor, both).unwrap();
    let lines = lines_of(&anchor);
    let size = |line: &Value| line["size"].as_u64().unwrap();
    let largest = lines.iter().map(|(_, line)| size(line)).max().unwrap();
    let mut forked = lines.iter().filter(|(_, line)| size(line) == largest);
    let first = forked.next().unwrap();
    let second = forked.find(|(_, line)| line["checkpoint"] != first.1["checkpoint"]).unwrap();
    let named = format!("lines {} and {} of the anchor", first.0, second.0);
    for data in [scratch.data(), fork.data()] {
        let (status, text) = open(&data, &anchor);
        assert_eq!(status, Some(5), "{text}");
        assert!(text.contains("does not say which is the genuine one"), "{text}");
        let (status, text) = verify(&data, &["--anchor", &anchor]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains(&named), "{named}: {text}");
        assert_eq!(verify(&data, &[]).0, Some(0), "alone it agrees with itself");
    }
}

#[test]
fn an_older_copy_does_not_pass_by_repeating_its_checkpoint() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let anchor = scratch.file("anchor", "");
    first_lines(&scratch, 20);
    assert_eq!(open(&scratch.data(), &anchor).0, Some(0));
    let old_line = lines_of(&anchor).pop().unwrap().1;
    let older = Scratch::new();
    copy_ledger(&scratch.data(), &older.data());
    the_rest(&scratch);
    assert_eq!(open(&scratch.data(), &anchor).0, Some(0));
    let text = std::fs::read_to_string(&anchor).unwrap();
    std::fs::write(&anchor, format!("{text}{old_line}\n")).unwrap();
    let (status, text) = open(&older.data(), &anchor);
    assert_eq!(status, Some(5), "{text}");
    assert!(text.contains("an older copy was restored"), "{text}");
    let (status, text) = verify(&older.data(), &["--anchor", &anchor]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("the log ends here") && text.contains("an older copy"), "{text}");
    // The genuine one is used, and says so.
    let (status, text) = open(&scratch.data(), &anchor);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("anchor: line") && text.contains("an older copy"), "{text}");
    let (status, text) = verify(&scratch.data(), &["--anchor", &anchor]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("an older copy"), "{text}");
}

/// Restores files of another copy of a ledger.
fn restore(files: &[&str], from: &Path, to: &Path) {
    for file in files {
        for suffix in ["", "-wal", "-shm"] {
            let name = format!("{file}{suffix}");
            let _ = std::fs::remove_file(to.join(&name));
            if from.join(&name).exists() {
                std::fs::copy(from.join(&name), to.join(&name)).unwrap();
            }
        }
    }
}

#[test]
fn an_access_log_that_was_rolled_back_with_all_that_vouches_for_it_needs_an_anchor() {
    let scratch = Scratch::rehearsal(&["acme"]);
    the_rest(&scratch);
    let anchor = scratch.file("anchor", "");
    let look = || scratch.ok(&["--tenant", "acme", "--anchor", &anchor, "session", "S1"]);
    look();
    let older = Scratch::new();
    copy_ledger(&scratch.data(), &older.data());
    look();
    let all = ["access", "access_index", "tree", "checkpoints"];
    let back = Scratch::new();
    for files in [&all[..1], &all[..2], &all[..3]] {
        copy_ledger(&scratch.data(), &back.data());
        restore(files, &older.data(), &back.data());
        let (status, text) = verify(&back.data(), &[]);
        assert_eq!(status, Some(1), "{files:?}: {text}");
    }
    copy_ledger(&scratch.data(), &back.data());
    restore(&all, &older.data(), &back.data());
    assert_eq!(verify(&back.data(), &[]).0, Some(0), "as the documents say");
    let (status, text) = verify(&back.data(), &["--anchor", &anchor]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("access log") && text.contains("ends here"), "{text}");
    let (status, text) = open(&back.data(), &anchor);
    assert_eq!(status, Some(5), "{text}");
    assert!(text.contains("`access`"), "{text}");
}

#[test]
fn an_anchor_that_cannot_be_written_is_said_by_status_and_readiness() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let token = scratch.token("acme", "read");
    let anchor = scratch.path("nodir").join("anchor");
    let mut command = support::claimledger();
    command.arg("--anchor").arg(&anchor);
    let server = Server::start_by(command, &scratch.data(), &[]);
    let began = Instant::now();
    let body = loop {
        let (status, _, body) = server.get("/readyz", &[]);
        assert_eq!(status, 200, "{body}");
        if body.contains("warnings") {
            break body;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{body}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(body.contains("\"ready\"") && !body.contains("nodir"), "{body}");
    let answer = server.graphql(&token, "{ status { problems { part why } } }", Value::Null);
    let problem = &answer["status"]["problems"][0];
    assert_eq!(problem["part"], "ANCHOR", "{answer}");
    assert!(problem["why"].as_str().unwrap().contains("nodir"), "{answer}");
}

#[test]
fn an_unknown_scheme_of_an_anchor_is_refused() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let mut command = scratch.command(&["--anchor", "foo:bar", "status"]);
    let output = command.current_dir(scratch.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", support::text(&output.stderr));
    assert!(!scratch.path("foo:bar").exists());
}

/// The key of a record of the first tenant in a file of records.
const fn key(position: u64) -> u64 {
    (1 << 40) + position
}

#[test]
fn verify_goes_on_where_a_record_or_an_entry_is_missing() {
    let scratch = Scratch::rehearsal(&["acme"]);
    the_rest(&scratch);
    for _ in 0..6 {
        scratch.ok(&["--tenant", "acme", "session", "S1"]);
    }
    let altered = Scratch::new();
    copy_ledger(&scratch.data(), &altered.data());
    for (file, gap, other) in [("log", 30, 50), ("access", 2, 4)] {
        let statements = [
            format!("DELETE FROM log_entry WHERE key = {}", key(gap)),
            format!("UPDATE log_entry SET facts = x'00' WHERE key = {}", key(other)),
        ];
        sql_as_owner(&altered.data().join(file), &statements);
    }
    let (status, text) = verify(&altered.data(), &[]);
    assert_eq!(status, Some(1), "{text}");
    for found in ["✗ #30: no record", "✗ #50: ", "✗ access log #2: no record", "log #4: "] {
        assert!(text.contains(found), "{found}: {text}");
    }
}

#[test]
fn bodies_that_are_removed_by_sql_are_found_and_counted() {
    let scratch = Scratch::rehearsal(&["acme"]);
    the_rest(&scratch);
    // ["retention", 1795964600000000] in CBOR.
    let removal = "82 69 726574656e74696f6e 1b 00066168be8a2600".replace(' ', "");
    let statement = format!(
        "UPDATE log_entry SET original = NULL, original_removed = x'{removal}' \
         WHERE original IS NOT NULL"
    );
    sql_as_owner(&scratch.data().join("log"), &[statement]);
    let report = scratch.run(&["--format", "json", "verify"]);
    assert_eq!(report.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let tenant = &report["tenants"][0];
    assert_eq!(tenant["removed"], tenant["records"], "{tenant}");
    assert_eq!(tenant["findings"][0]["kind"], "removal", "{tenant}");
    assert_eq!(tenant["findings"][0]["position"], 0, "{tenant}");
    assert!(tenant["findings"][0]["what"].as_str().unwrap().contains("retention"), "{tenant}");
}

#[test]
fn a_credential_that_gave_itself_roles_is_refused() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let (token, honest) = (scratch.token("acme", "ingest"), scratch.token("acme", "read"));
    let update = "UPDATE credential SET roles = 'read investigate govern' WHERE roles = 'ingest'";
    sql(&scratch.data().join("keys"), &[update]);
    let (status, text) = verify(&scratch.data(), &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("credential") && text.contains("altered"), "{text}");
    let server = Server::start(&scratch.data());
    let (status, body) = server.graphql_raw(&token, "{ status { head } }", Value::Null);
    assert!(status >= 500, "{status} {body}");
    let answer = server.graphql(&honest, "{ status { problems { part } } }", Value::Null);
    assert_eq!(answer["status"]["problems"][0]["part"], "DAMAGE", "{answer}");
}

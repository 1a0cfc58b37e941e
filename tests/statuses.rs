//! The command line's exit statuses: 1 the answer is "no", 2 usage, 3 refused input, 4 unavailable.

use crate::support::{Scratch, claimledger, text};
use std::{
    io::Read,
    process::{Output, Stdio},
};

const FACTS: &str = concat!(
    r#"{"id": "c", "type": "claims.received", "occurred_at": "2026-03-10T10:00:00Z", "#,
    r#""session": "s-1", "subject": {"id": "u"}, "data": {"idp": "i", "amr": ["pwd"]}}"#,
    "\n",
    r#"{"id": "d", "type": "policy.decided", "occurred_at": "2026-03-10T10:00:01Z", "#,
    r#""session": "s-1", "subject": {"id": "u"}, "#,
    r#""data": {"app": "a", "policy": "p", "outcome": "allow"}}"#,
    "\n",
    r#"{"id": "e", "type": "app.accessed", "occurred_at": "2026-03-10T10:00:02Z", "#,
    r#""session": "s-3", "subject": {"id": "u"}, "data": {"app": "seen"}}"#,
    "\n",
);

#[track_caller]
fn check(out: &Output, status: i32, says: &str) {
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(status), "{said}");
    assert!(said.contains(says), "{said}");
}

fn small() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "t"]);
    let file = scratch.file("facts.jsonl", FACTS.as_bytes());
    scratch.ok(&["ingest", &file]);
    scratch
}

#[test]
fn a_tenant_is_made_once() {
    let scratch = small();
    check(&scratch.run(&["init", "--tenant", "t"]), 3, "tenant t exists already");
    check(&scratch.run(&["init", "--tenant", "No Name"]), 2, "a tenant's name has");
}

#[test]
fn a_question_without_matches_has_the_status_for_no() {
    let scratch = small();
    assert_eq!(scratch.run(&["why", "s-1", "--decision", "2"]).status.code(), Some(0));
    check(&scratch.run(&["why", "s-2"]), 1, "No session s-2 is known.");
    check(
        &scratch.run(&["why", "s-1", "--app", "seen"]),
        1,
        "s-1 has no decision that fits. None seen, because",
    );
    check(&scratch.run(&["why", "s-1", "--app", "b"]), 1, "No application b is known.");
    check(
        &scratch.run(&["why", "s-1", "--decision", "nope"]),
        1,
        "No decision nope of session s-1 is known.",
    );
    check(
        &scratch.run(&["why", "s-1", "--factor", "sms"]),
        1,
        "No factor sms of session s-1 is known.",
    );
}

#[test]
fn missing_client_settings_are_usage_errors() {
    let scratch = small();
    let missing = scratch.data().join("no-such-file");
    let url = ["--url", "http://127.0.0.1:1"];
    let plain =
        |more: &[&str]| claimledger().args(url).args(more).output().expect("the program runs");
    check(&plain(&["why", "s-1"]), 2, "--url needs --token-file");
    check(
        &plain(&["--token-file", missing.to_str().expect("a UTF-8 path"), "why", "s-1"]),
        2,
        "token file",
    );
    let token = scratch.data().join("t.operator-token");
    check(
        &plain(&["--token-file", token.to_str().expect("a UTF-8 path"), "why", "s-1"]),
        4,
        "does not answer",
    );
    check(
        &plain(&["--token-file", token.to_str().expect("a UTF-8 path"), "rebuild"]),
        4,
        "does not answer",
    );
    check(
        &plain(&["--token-file", token.to_str().expect("a UTF-8 path"), "status"]),
        4,
        "does not answer",
    );
    check(
        &plain(&["--token-file", token.to_str().expect("a UTF-8 path"), "token", "--role", "read"]),
        4,
        "does not answer",
    );
    check(
        &plain(&["--token-file", token.to_str().expect("a UTF-8 path"), "status", "--rows"]),
        2,
        "for the owner of the directory",
    );
}

#[test]
fn incomplete_settings_are_usage_errors() {
    let empty = tempfile::tempdir().expect("a temporary directory");
    let broken = empty.path().join("broken.toml");
    std::fs::write(&broken, "data = [").expect("a file");
    let plain = |args: &[&str]| {
        claimledger().current_dir(empty.path()).args(args).output().expect("the program runs")
    };
    check(&plain(&["sessions"]), 2, "no ledger is named");
    check(
        &plain(&["--config", "none.toml", "sessions"]),
        2,
        "config file none.toml does not exist",
    );
    check(&plain(&["--config", "broken.toml", "sessions"]), 2, "config file broken.toml");
}

#[test]
fn a_refused_line_is_named_once_with_its_field() {
    let scratch = small();
    let without = concat!(
        r#"{"id": "x", "type": "app.accessed", "occurred_at": "2026-03-10T10:00:00Z", "#,
        r#""session": "s-1", "subject": {"id": "u"}, "data": {}}"#,
    );
    let out = scratch.run_with_input(&["ingest", "-", "--keep-going"], without.as_bytes());
    assert!(
        text(&out.stdout)
            .contains("line 1, field data.app: the field is missing; expected a string"),
        "{}",
        text(&out.stdout)
    );
    let other = FACTS.lines().next().expect("a line").replace("pwd", "otp");
    let out = scratch.run_with_input(&["ingest", "-"], other.as_bytes());
    check(&out, 3, "claimledger: standard input: line 1: other content is stored under t/c at #1");
    let recorded = without
        .replace(r#""session""#, r#""recorded_at": "2026-03-10T10:00:00Z", "session""#)
        .replace("{}", r#"{"app": "a"}"#);
    let out = scratch.run_with_input(&["ingest", "-"], recorded.as_bytes());
    check(
        &out,
        3,
        "claimledger: standard input: line 1: recorded_at is taken by rehearsal ledgers and \
         migrations only",
    );
}

#[test]
fn a_closed_output_pipe_is_no_failure() {
    let scratch = small();
    let mut child = claimledger()
        .arg("--data")
        .arg(scratch.data())
        .args(["sessions", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("UTF-8");
    let status = child.wait().expect("an end");
    assert!(!said.contains("panicked"), "{said}");
    assert!(status.success(), "{said}");
}

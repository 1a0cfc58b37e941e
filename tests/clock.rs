//! A clock that jumps (`docs/decisions/0022-a-clock-that-jumps.md`, `semantics.md` 5): noticed
//! before anything is stamped with it, refused or accepted by a setting, and shown.

use crate::support::{Scratch, Server, text, tool};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

fn fact(n: u64) -> String {
    json!({"id": format!("f-{n}"), "type": "app.accessed", "occurred_at": "2026-03-10T10:00:00Z",
        "session": "S1",
           "subject": {"id": "u-alice"}, "data": {"app": "wiki", "app_session": format!("a-{n}")}})
    .to_string()
}

/// A command of the shipped binary under a clock that is off by so much, such as `+3650d`.
fn at(scratch: &Scratch, faketime: &Path, off: &str, args: &[&str]) -> Output {
    let mut command = Command::new(faketime);
    // The monotonic clock is not set when somebody sets the clock.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").args([
        "-f",
        off,
        env!("CARGO_BIN_EXE_claimledger"),
        "--data",
    ]);
    command.arg(scratch.data()).args(args).stdin(Stdio::null()).output().expect("faketime runs")
}

fn year_of_last(scratch: &Scratch) -> String {
    let status = scratch.json(&["sessions"]);
    status["answered"]["recordedAt"].as_str().expect("a time")[..4].to_owned()
}

fn problems(document: &Value) -> Vec<String> {
    let list = document.get("problems").unwrap_or(&document["status"]["problems"]);
    list.as_array()
        .expect("a list")
        .iter()
        .map(|problem| {
            format!("{} {}", problem["part"].as_str().unwrap(), problem["why"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn one_command_under_a_wrong_clock_stamps_nothing() {
    let faketime = tool("faketime");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let files: Vec<String> = (0..6).map(|n| scratch.file(&format!("{n}.jsonl"), fact(n))).collect();
    scratch.ok(&["ingest", &files[0]]);
    let year = year_of_last(&scratch);
    for off in ["+3650d", "-3650d", "+2h", "-2h"] {
        let out = at(&scratch, &faketime, off, &["ingest", &files[1]]);
        assert_eq!(out.status.code(), Some(4), "{off}: {}{}", text(&out.stdout), text(&out.stderr));
        assert!(
            text(&out.stderr).contains("--clock-jump accept")
                && text(&out.stderr).contains("jumped"),
            "{off}: {}",
            text(&out.stderr)
        );
        // Seen by whoever asks meanwhile.
        let shown = at(&scratch, &faketime, off, &["status"]);
        assert!(
            text(&shown.stdout).contains("clock: the clock of this machine jumped"),
            "{off}: {}",
            text(&shown.stdout)
        );
        let shown = at(&scratch, &faketime, off, &["completeness"]);
        assert!(
            text(&shown.stdout).contains("clock: the clock of this machine jumped"),
            "{off}: {}",
            text(&shown.stdout)
        );
    }
    // Set right, it goes on, and nothing of it is left.
    scratch.ok(&["ingest", &files[1]]);
    assert_eq!(year_of_last(&scratch), year);
    assert_eq!(problems(&scratch.json(&["status"])), [""; 0]);
    // A known-at of next week sees everything.
    let next_week = scratch.json(&["--known-at", "2034-01-01T00:00:00Z", "sessions"]);
    assert_eq!(next_week["answered"]["position"], 2, "{next_week}");

    // Small differences are none, and the bound is a setting.
    assert!(at(&scratch, &faketime, "+10m", &["ingest", &files[2]]).status.success());
    let out =
        at(&scratch, &faketime, "+10m", &["--max-clock-jump", "60", "--known-at", "#0", "status"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
}

#[test]
fn an_accepted_jump_is_shown_for_as_long_as_it_matters() {
    let faketime = tool("faketime");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let files: Vec<String> = (0..6).map(|n| scratch.file(&format!("{n}.jsonl"), fact(n))).collect();
    scratch.ok(&["ingest", &files[0]]);
    let out = at(&scratch, &faketime, "+3650d", &["--clock-jump", "accept", "ingest", &files[1]]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    // The next one under the same clock is no jump any more; that there was one is still shown.
    let out = at(&scratch, &faketime, "+3650d", &["ingest", &files[2]]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let shown = at(&scratch, &faketime, "+3650d", &["--format", "json", "completeness"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert!(
        problems(&shown)
            .iter()
            .any(|problem| problem.starts_with("CLOCK") && problem.contains("that was accepted")),
        "{shown:#}"
    );
    // Set right, the clock is behind the last record: refused, with the reason and the way out.
    let out = scratch.run(&["ingest", &files[3]]);
    assert_eq!(out.status.code(), Some(4), "{}", text(&out.stderr));
    let config = scratch.file("claimledger.toml", "clock_jump = \"accept\"\n");
    scratch.ok(&["--config", &config, "ingest", &files[3]]);
    let status = scratch.ok(&["--config", &config, "status"]);
    assert!(
        status.contains("behind the last record")
            && status.contains("records are stamped with that time"),
        "{status}"
    );
    // `recorded_at` never decreases.
    let times: Vec<String> = (0..5)
        .map(|n| {
            scratch.json(&["--known-at", &n.to_string(), "sessions"])["answered"]["recordedAt"]
                .as_str()
                .expect("a time")
                .to_owned()
        })
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// A server whose clock somebody sets while it runs.
struct Set {
    server: Server,
    clock: PathBuf,
}

impl Set {
    fn start(scratch: &Scratch, faketime: &Path, args: &[&str]) -> Self {
        let clock = PathBuf::from(scratch.file("clock-of-the-machine", "+0"));
        let mut command = Command::new(faketime);
        command
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        // The wrapper would put a time of its own before the file's.
        command
            .args(["-f", "+0", "env", "-u", "FAKETIME", env!("CARGO_BIN_EXE_claimledger")])
            .args(args);
        Self { server: Server::start_by(command, &scratch.data(), &[]), clock }
    }

    fn set(&self, off: &str) {
        std::fs::write(&self.clock, off).expect("the clock's file");
        // The library reads the file once a second. It may show the true time to other threads
        // while it reads, so that reading it at each call would let single calls see no jump.
        std::thread::sleep(Duration::from_millis(2500));
    }

    fn send(&self, token: &str, n: u64) -> (u16, Value) {
        let (status, body) =
            self.server.post("/v1/facts", Some(token), "application/json", fact(n).as_bytes());
        (status, serde_json::from_str(&body).expect("JSON"))
    }
}

#[test]
fn a_running_server_refuses_a_jump_and_goes_on_when_the_clock_is_right_again() {
    let faketime = tool("faketime");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read,investigate");
    let set = Set::start(&scratch, &faketime, &[]);
    let (status, first) = set.send(&token, 0);
    assert_eq!(status, 200, "{first}");
    for (n, off) in [(1, "+3650d"), (2, "-3650d")] {
        set.set(off);
        let (status, body) = set.send(&token, n);
        let message = body["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((status, message.contains("jumped")), (503, true), "{off}: {body}");
        // What is there already is answered as before: nothing is stamped.
        let (status, again) = set.send(&token, 0);
        assert_eq!(
            (status, &again["results"][0]["recordedAt"]),
            (200, &first["results"][0]["recordedAt"])
        );
        let (status, _, ready) = set.server.get("/readyz", &[]);
        assert_eq!(status, 503, "{ready}");
        assert!(ready.contains("\"log\"") && !ready.contains("acme"), "{ready}");
        let answer = set.server.graphql(
            &token,
            "{ status { problems { part why } } completeness { status { problems { part } } } }",
            json!({}),
        );
        for list in [&answer["status"]["problems"], &answer["completeness"]["status"]["problems"]] {
            assert!(
                list.as_array().expect("a list").iter().any(|problem| problem["part"] == "CLOCK"),
                "{answer}"
            );
        }
        // A time that only this clock shows has not passed.
        let asked = "{ sessions(asking: {knownAt: \"2033-01-01T00:00:00Z\"}) { answered { provisional } } }";
        assert_eq!(
            set.server.graphql(&token, asked, json!({}))["sessions"]["answered"]["provisional"],
            true,
            "{off}"
        );
        set.set("+0");
        let (status, body) = set.send(&token, n);
        assert_eq!(status, 200, "set right, it goes on: {body}");
        assert_eq!(
            body["results"][0]["recordedAt"].as_str().unwrap()[..4],
            first["results"][0]["recordedAt"].as_str().unwrap()[..4]
        );
        assert_eq!(set.server.get("/readyz", &[]).0, 200);
    }
}

#[test]
fn a_rehearsal_drives_its_own_clock() {
    let faketime = tool("faketime");
    let scratch = Scratch::rehearsal(&["acme"]);
    let file = scratch.file("f.jsonl", fact(0));
    let out = at(&scratch, &faketime, "+3650d", &["ingest", &file]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let out = at(&scratch, &faketime, "-3650d", &["--format", "json", "status"]);
    assert_eq!(problems(&serde_json::from_slice(&out.stdout).expect("JSON")), [""; 0]);
}

#[test]
fn a_ledger_that_was_not_written_to_for_months_is_not_locked() {
    let faketime = tool("faketime");
    let scratch = Scratch::new();
    // As the machine's clock was a year ago; nothing of that boot is left.
    for args in [vec!["init", "--tenant", "acme"], vec!["ingest"]] {
        let file = scratch.file("old.jsonl", fact(0));
        let mut args = args;
        if args[0] == "ingest" {
            args.push(&file);
        }
        let out = at(&scratch, &faketime, "-365d", &args);
        assert!(out.status.success(), "{}", text(&out.stderr));
    }
    std::fs::remove_file(scratch.data().join("clock")).expect("what the process noted");
    let file = scratch.file("new.jsonl", fact(1));
    scratch.ok(&["ingest", &file]);
    std::thread::sleep(Duration::from_millis(1));
    assert_eq!(problems(&scratch.json(&["status"])), [""; 0]);
}

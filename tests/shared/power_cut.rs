//! Nothing acknowledged is lost in a power cut, at a thousand moments.

use crate::support::{self, Scratch};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

fn fact(n: u64) -> Value {
    json!({"id": format!("f-{n}"), "type": "app.accessed", "occurred_at": "2026-03-10T10:00:00Z",
        "session": format!("S{}", n / 10),
        "subject": {"id": "u-alice", "login": "alice@acme.example"},
        "data": {"app": "wiki", "app_session": format!("a{n}")}})
}

/// Records what the binary does to its log, and replays it up to a thousand moments: durable pages
/// and a random half of the others.
fn power_cut(synchronous: Option<&str>) -> (bool, String) {
    let replay = support::fixture::shared_input("tools/crash_replay.py");
    let (strace, python) = (support::tool("strace"), support::tool("python3"));
    let scratch = Scratch::new();
    let lines: String = (0..200).map(|n| format!("{}\n", fact(n))).collect();
    let input = scratch.file("facts.jsonl", lines);
    // The replay starts from an empty disk, so the opening of the ledger is recorded too.
    let record = |name: &str, args: &[&str]| {
        let trace = scratch.file(name, "");
        let mut command = Command::new(&strace);
        command
            .args([
                "-f",
                "-y",
                "-xx",
                "-s",
                "300000",
                "-e",
                "trace=pwrite64,fsync,fdatasync,ftruncate,write",
                "-o",
                &trace,
            ])
            .arg(env!("CARGO_BIN_EXE_claimledger"))
            .arg("--data")
            .arg(scratch.data())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(mode) = synchronous {
            command.env("CLAIMLEDGER_UNSAFE_SYNCHRONOUS", mode);
        }
        let out = command.output().expect("strace runs");
        assert!(out.status.success(), "{args:?}: {}", support::text(&out.stderr));
        (trace, support::text(&out.stdout))
    };
    let (opening, _) = record("trace.1", &["init", "--tenant", "acme"]);
    let (appending, acks) = record("trace.2", &["ingest", &input, "--ack"]);
    assert_eq!(acks.lines().filter(|line| line.starts_with("ACK ")).count(), 200, "{acks}");

    let replay = std::fs::read_to_string(replay).expect("the replay tool");
    let query = r#"QUERY = "select rowid & 1099511627775 from log_entry""#;
    let replay = replay
        .lines()
        .map(|line| if line.starts_with("QUERY = ") { query } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    let script = scratch.file("replay.py", replay);
    let out = Command::new(python)
        .args([&script, "1000", "7", &opening, &appending])
        .env("DB_NAME", "log")
        .output()
        .expect("python runs");
    (out.status.success(), support::text(&out.stdout) + &support::text(&out.stderr))
}

#[test]
fn a_power_cut_loses_nothing_and_the_test_would_see_it() {
    let (held, report) = power_cut(None);
    println!("FULL: {report}");
    assert!(held, "{report}");
    assert!(report.contains("crash points 1000  with lost acknowledged rows 0"), "{report}");
    let (held, report) = power_cut(Some("normal"));
    println!("NORMAL: {report}");
    assert!(!held, "the control run lost nothing, so this test is blind: {report}");
    assert!(report.contains("with lost acknowledged rows"), "{report}");
}

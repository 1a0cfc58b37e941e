//! Power cuts: what the store writes and syncs is recorded, and replayed up to a thousand moments,
//! each with what was durable and a random half of the rest.
//!
//! Needs strace, python3 and the replay tool among the shared inputs: run by `make test-shared`.

#[path = "../../../tests/support/fixture.rs"]
mod fixture;

use claimledger_facts::ids::{LogSize, TenantId};
use claimledger_ledger::{conformance::Records, log::Log};
use claimledger_store::sqlite::{SqliteOptions, SqliteStore, Synchronous};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

const RECORDS: u64 = 200;
const MOMENTS: &str = "1000";

/// Set by the test for the process that it records.
const DIR: &str = "POWER_CUT_DIR";
const MODE: &str = "POWER_CUT_MODE";
/// Set where the workload waits until the log is written again, instead of ending.
const GO_ON: &str = "POWER_CUT_GO_ON";

struct Tools {
    strace: PathBuf,
    python: PathBuf,
    replay: String,
}

fn tools() -> Tools {
    let program = |name: &str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|dir| dir.join(name))
            .find(|path| path.is_file())
            .unwrap_or_else(|| panic!("{name} is not installed"))
    };
    let script = std::fs::read_to_string(fixture::shared_input("tools/crash_replay.py")).unwrap();
    let query = r#"QUERY = "select rowid & 1099511627775 from log_entry""#;
    let replay = script
        .lines()
        .map(|line| if line.starts_with("QUERY = ") { query } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    assert!(replay.contains(query), "the replay tool has its query somewhere else");
    Tools { strace: program("strace"), python: program("python3"), replay }
}

impl Tools {
    /// Runs the workload and gives its trace and its exit code.
    fn record(&self, dir: &Path, name: &str, mode: &str, fault: &[&str]) -> (PathBuf, Option<i32>) {
        let (trace, code, _) = self.record_with(dir, name, mode, fault, false);
        (trace, code)
    }

    /// The same, and how often the workload was refused; `go_on`: it waits for the recovery then.
    fn record_with(
        &self,
        dir: &Path,
        name: &str,
        mode: &str,
        fault: &[&str],
        go_on: bool,
    ) -> (PathBuf, Option<i32>, usize) {
        let trace = dir.join(name);
        let mut command = Command::new(&self.strace);
        command
            .args([
                "-f",
                "-y",
                "-xx",
                "-s",
                "300000",
                "-e",
                "trace=pwrite64,fsync,fdatasync,ftruncate,write",
            ])
            .args(fault);
        // The program that is recorded is this one, started anew as the test `workload`.
        command.arg("-o").arg(&trace).arg(std::env::current_exe().unwrap()).args([
            "--exact",
            "workload",
            "--nocapture",
        ]);
        command.env(DIR, dir.join("ledger")).env(MODE, mode);
        if go_on {
            command.env(GO_ON, "1");
        }
        std::fs::create_dir_all(dir.join("ledger")).unwrap();
        let out = command.output().unwrap();
        let code = out.status.code();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(matches!(code, Some(0 | 3 | 4)), "{mode}: {said}");
        // A failure of the disk is told as one, whichever statement it hits.
        assert!(code != Some(3) || said.contains("the file `log` cannot be written"), "{said}");
        (trace, code, said.matches("refused at").count())
    }

    /// Whether nothing acknowledged was lost and nothing corrupt, and what the replay says.
    fn replay(&self, dir: &Path, seed: &str, traces: &[PathBuf]) -> (bool, String) {
        let script = dir.join("replay.py");
        std::fs::write(&script, &self.replay).unwrap();
        let out = Command::new(&self.python)
            .arg(&script)
            .args([MOMENTS, seed])
            .args(traces)
            .env("DB_NAME", "log")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned()
            + &String::from_utf8_lossy(&out.stderr);
        assert!(text.contains("crash points"), "{text}");
        (out.status.success(), text)
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_the_test_would_see_it() {
    let tools = tools();
    let dir = tempfile::tempdir().unwrap();
    let (trace, code) = tools.record(dir.path(), "full", "full", &[]);
    assert_eq!(code, Some(0));
    let (held, text) = tools.replay(dir.path(), "1", &[trace]);
    println!("full: {text}");
    assert!(held, "{text}");

    let dir = tempfile::tempdir().unwrap();
    let (trace, _) = tools.record(dir.path(), "normal", "normal", &[]);
    let (held, text) = tools.replay(dir.path(), "1", &[trace]);
    println!("normal: {text}");
    assert!(!held, "without syncs of each commit the replay must find losses: {text}");
}

/// After a failed sync the page cache may show what the disk does not hold. The process stops; the
/// next one may go on only after it has written all anew.
#[test]
fn a_failed_sync_then_a_restart_then_a_power_cut_lose_nothing() {
    let tools = tools();
    let mut stopped = 0;
    for when in [2, 7, 11, 12, 13, 30, 55] {
        let dir = tempfile::tempdir().unwrap();
        let fault = format!("inject=fdatasync,fsync:error=EIO:when={when}");
        let (first, code) = tools.record(dir.path(), "first", "full", &["-e", &fault]);
        stopped += u32::from(code != Some(0));
        let (second, code) = tools.record(dir.path(), "second", "full", &[]);
        assert_eq!(code, Some(0), "the next process goes on");
        let (held, text) = tools.replay(dir.path(), "2", &[first, second]);
        println!("sync {when} failed: {text}");
        assert!(held, "{text}");
    }
    assert_eq!(
        stopped, 7,
        "each fault stopped the process: while the files were made, with a tenant's first append, \
         or later"
    );
}

/// The same without a restart: the file is opened anew in the process. strace counts the syncs of
/// each thread, and each connection has one of its own, so that the connections that recovery makes
/// meet the fault again.
#[test]
fn a_failed_sync_then_a_recovery_then_a_power_cut_lose_nothing() {
    let tools = tools();
    // Past the syncs with which the files are made.
    for when in ["20", "25", "30", "22..24"] {
        let dir = tempfile::tempdir().unwrap();
        let fault = format!("inject=fdatasync,fsync:error=EIO:when={when}");
        let (trace, code, refused) =
            tools.record_with(dir.path(), "trace", "full", &["-e", &fault], true);
        assert_eq!(code, Some(0), "sync {when}: it goes on");
        assert!(refused > 0, "sync {when}: the fault was met");
        let (held, text) = tools.replay(dir.path(), "3", &[trace]);
        println!("sync {when} failed, {refused} refused: {text}");
        assert!(held, "{text}");
    }
}

/// Does nothing unless the tests above start it: appends until the log has its records, and says
/// `ACK n` (the last position of an append, in one write) once each is acknowledged. Ends with 3
/// when an append is refused, as a process that must not go on; with 4 when the ledger does not
/// open.
#[tokio::test]
async fn workload() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let synchronous = if std::env::var(MODE).unwrap() == "normal" {
        Synchronous::Normal
    } else {
        Synchronous::Full
    };
    let opened = SqliteStore::open(
        Path::new(&dir),
        SqliteOptions { synchronous, ..SqliteOptions::default() },
    )
    .await;
    let store = opened.unwrap_or_else(|error| {
        eprintln!("not opened: {error}");
        std::process::exit(4)
    });
    let (log, records) = (store.log(), Records::new(&TenantId::from("acme")));
    let mut size = log.head(records.tenant()).await.unwrap();
    while size.0 < RECORDS {
        // One to five records, of a few hundred bytes to some pages.
        let count = (1 + size.0 % 5).min(RECORDS - size.0);
        let content = |n: u64| {
            format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat((n as usize * 977) % 500)
        };
        let entries: Vec<_> = (size.0..size.0 + count)
            .map(|n| records.entry(&format!("e{n}"), Some("S"), &content(n), n))
            .collect();
        match log.append(records.tenant(), size, &entries).await {
            Ok(after) => size = after,
            Err(error) => {
                eprintln!("refused at {}: {error}", size.0);
                assert!(
                    log.append(records.tenant(), size, &entries).await.is_err(),
                    "an append was acknowledged after a failed one"
                );
                if std::env::var_os(GO_ON).is_some() {
                    while log.stopped().is_some_and(|stopped| stopped.recovers) {
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    }
                    // What of it is there is found in the log.
                    size = log.head(records.tenant()).await.unwrap();
                    continue;
                }
                std::process::exit(3);
            }
        }
        let LogSize(after) = size;
        std::io::stdout().write_all(format!("ACK {}\n", after - 1).as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
    }
}

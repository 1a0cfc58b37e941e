//! `doctor` names what is wrong with a deployment, and its exit status says whether anything is.

use crate::support::{Scratch, postgres, shared_ledger::SharedLedger, text};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// The status and the lines of one level, `part: what → remedy`.
fn lines(scratch: &Scratch, arguments: &[&str], level: &str) -> (i32, Vec<String>) {
    let out = scratch.run(&[&["--format", "json", "doctor"], arguments].concat());
    let report: Value = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&out.stderr)));
    let listed = report["findings"].as_array().unwrap().iter();
    let found = listed.filter(|finding| finding["level"] == level).map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        format!("{}: {} → {}", text("part"), text("what"), text("remedy"))
    });
    (out.status.code().unwrap(), found.collect())
}

fn problems(scratch: &Scratch) -> Vec<String> {
    let (status, found) = lines(scratch, &[], "problem");
    assert_eq!(status, i32::from(!found.is_empty()), "{found:?}");
    found
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn ledger() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    scratch
}

#[test]
fn a_new_ledger_has_no_problem_and_each_fault_is_one() {
    let scratch = ledger();
    assert_eq!(problems(&scratch), [""; 0]);
    let (dir, key) = (scratch.data(), scratch.data().join("master.key"));
    for (path, bad, good, named) in [
        (&dir, 0o777, 0o700, "others may replace its files (mode 777)"),
        (&key, 0o644, 0o600, "master.key is readable by others (mode 644)"),
        (&dir.join("acme.operator-token"), 0o640, 0o600, "acme.operator-token is readable"),
        (&dir.join("log"), 0o666, 0o600, "log can be written by others (mode 666)"),
    ] {
        mode(path, bad);
        let found = problems(&scratch);
        assert!(
            found.iter().any(|line| line.contains(named) && line.contains("→ chmod")),
            "{found:?}"
        );
        mode(path, good);
    }
    // SQLite gives the files beside `log` its mode, and may have left them.
    for beside in ["log-wal", "log-shm"] {
        let path = dir.join(beside);
        if path.exists() {
            mode(&path, 0o600);
        }
    }
    mode(&dir, 0o750);
    let (status, warned) = lines(&scratch, &[], "warning");
    assert!(
        status == 0 && warned[0].contains("others may list its files"),
        "{status} {warned:?} {:?}",
        problems(&scratch)
    );
    mode(&dir, 0o700);

    let bytes = fs::read(&key).unwrap();
    fs::write(&key, &bytes[1..]).unwrap();
    let found = problems(&scratch);
    assert!(found.len() == 1 && found[0].contains("it has 31 bytes"), "{found:?}");
    fs::remove_file(&key).unwrap();
    let found = problems(&scratch);
    assert!(found.len() == 1 && found[0].contains("is missing"), "{found:?}");
    fs::write(&key, &bytes).unwrap();
    mode(&key, 0o600);
    assert_eq!(problems(&scratch), [""; 0]);

    let log = dir.join("log");
    fs::write(&log, [0; 4096]).unwrap();
    let found = problems(&scratch);
    assert!(found.iter().any(|line| line.starts_with("ledger: ")), "{found:?}");
}

#[test]
fn a_log_that_is_shorter_than_what_was_signed_is_a_problem() {
    let scratch = ledger();
    let copy = fs::read(scratch.data().join("log")).unwrap();
    scratch.ok(&["ingest", concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/facts.jsonl")]);
    assert_eq!(problems(&scratch), [""; 0]);
    for name in ["log-wal", "log-shm"] {
        let _ = fs::remove_file(scratch.data().join(name));
    }
    fs::write(scratch.data().join("log"), copy).unwrap();
    let found = problems(&scratch);
    assert!(
        found.iter().any(|line| line.contains("records were signed, and the log has")),
        "{found:?}"
    );
}

#[test]
fn the_directory_of_a_running_server_is_looked_at_from_outside() {
    let scratch = ledger();
    let server = scratch.serve();
    let (status, found) = lines(&scratch, &[], "ok");
    assert_eq!(status, 0);
    assert!(found.iter().any(|line| line.contains("ask the server with --url")), "{found:?}");
    let (status, found) = lines(&scratch, &["--url", &server.url], "ok");
    assert_eq!((status, found.len()), (0, 1), "{found:?}");
    assert!(found[0].ends_with("is ready → "), "{found:?}");
    let url = server.url.clone();
    server.kill();
    let (status, found) = lines(&scratch, &["--url", &url], "problem");
    assert_eq!((status, found.len()), (1, 1), "{found:?}");
    assert!(found[0].contains("does not answer"), "{found:?}");
}

#[test]
fn an_anchor_that_knows_more_records_is_a_problem() {
    let scratch = ledger();
    let anchor = scratch.path("anchor");
    let anchor = anchor.to_str().unwrap();
    let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/facts.jsonl");
    let (_, found) = lines(&scratch, &["--anchor", anchor], "warning");
    assert!(found.iter().any(|line| line.contains("can be read back")), "{found:?}");
    scratch.ok(&["--anchor", anchor, "ingest", facts]);
    let (status, found) = lines(&scratch, &["--anchor", anchor], "ok");
    assert!(status == 0 && found.iter().any(|line| line.starts_with("anchor: ")), "{found:?}");
    let written = fs::read_to_string(anchor).unwrap();
    let last: Value = serde_json::from_str(written.lines().last().unwrap()).unwrap();
    let more = Value::from(last["size"].as_u64().unwrap() + 1);
    let mut forged = last;
    forged["size"] = more;
    fs::write(anchor, format!("{written}{forged}\n")).unwrap();
    let (status, found) = lines(&scratch, &["--anchor", anchor], "problem");
    assert!(status == 1 && found.iter().any(|line| line.starts_with("anchor: ")), "{found:?}");
}

#[test]
fn a_node_and_its_database_are_looked_at() {
    let server = postgres::shared();
    let ledger = SharedLedger::new(server);
    let node = ledger.node();
    node.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    assert_eq!(problems(&node), [""; 0]);
    let (_, found) = lines(&node, &[], "ok");
    for named in
        ["PostgreSQL 1", "fsync = on", "tables of version", "may not alter tables", "clock"]
    {
        assert!(found.iter().any(|line| line.contains(named)), "{named}: {found:?}");
    }
    // As the owner, who could rewrite the log.
    let owner = ledger.path("owner-url");
    let (status, found) =
        lines(&node, &["--database-url-file", owner.to_str().unwrap()], "problem");
    assert!(status == 1 && found.len() == 1, "{found:?}");
    assert!(found[0].contains("could rewrite the log"), "{found:?}");
    // The key of another ledger, before a node is added with it and after.
    let other = node.file("other.key", [9; 32]);
    mode(Path::new(&other), 0o600);
    for at in [&node, &ledger.node()] {
        let (status, found) = lines(at, &["--master-key-file", &other], "problem");
        assert_eq!(status, 1);
        let named = |line: &String| line.contains("it does not unwrap the keys of acme");
        assert_eq!(found.iter().filter(|line| named(line)).count(), 1, "{found:?}");
    }
    // A setting of the database that loses records: the node does not start, and the line says why.
    let database = &ledger.database;
    server.psql(database, &format!("ALTER DATABASE {database} SET synchronous_commit = off"));
    let found = problems(&node);
    assert!(found.iter().any(|line| line.contains("→ synchronous_commit = on")), "{found:?}");
}

#[test]
fn a_log_on_kurrentdb_is_looked_at() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let double = runtime.block_on(claimledger_kurrentdb_double::Double::start());
    let ledger = SharedLedger::new(postgres::shared()).with_log_on_double(&double.url());
    let node = ledger.node();
    let (status, found) = lines(&node, &[], "warning");
    assert_eq!(status, 1, "there is no directory yet");
    assert!(found.iter().any(|line| line.contains("KurrentDB 2") && line.contains("without TLS")));
    node.ok(&["init", "--tenant", "acme", "--rehearsal"]);
    assert_eq!(problems(&node), [""; 0]);
    drop((double, runtime));
    let found = problems(&node);
    assert!(found.iter().any(|line| line.starts_with("log: ")), "{found:?}");
}

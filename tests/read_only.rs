//! A ledger where nothing can be written: a read-only file system, a full disk, another user's
//! files. It is read as before, says that it can only be read, and refuses what writes with status
//! 4.

use crate::support::{self, Scratch, Server, text, tool};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

fn facts(count: u64) -> String {
    (0..count)
        .map(|n| {
            let line = json!({"id": format!("f-{n}"), "type": "app.accessed",
                "occurred_at": format!("2026-03-10T10:00:{:02}Z", n % 60),
                "session": format!("S{}", n % 5), "subject": {"id": "u-alice"},
                    "data": {"app": "wiki", "app_session": format!("a-{n}")}});
            format!("{line}\n")
        })
        .collect()
}

/// A mount that is unmounted on drop.
struct Mount(std::path::PathBuf);

impl Mount {
    fn new(args: &[&str], at: &Path) -> Self {
        std::fs::create_dir_all(at).expect("a directory");
        let mounted = Command::new(tool("mount")).args(args).arg(at).output().expect("mount runs");
        assert!(mounted.status.success(), "mount {args:?}: {}", text(&mounted.stderr));
        Self(at.to_owned())
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&self.0)
            .output()
            .expect("mount runs");
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn run(command: &mut Command, data: &Path, args: &[&str]) -> Output {
    command
        .arg("--data")
        .arg(data)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

const QUESTIONS: &[&[&str]] = &[
    &["session", "S1"],
    &["sessions"],
    &["timeline", "S1"],
    &["find", "S1"],
    &["completeness"],
    &["chain", "S1"],
    &["decisions"],
    &["reused"],
];

/// The answer of each question, without the parts that change from call to call.
fn answers(mut command: impl FnMut() -> Command, data: &Path) -> Vec<Value> {
    let answer = |args: &&[&str]| {
        let mut all = vec!["--format", "json", "--at", "2026-03-10T11:00:00Z"];
        all.extend_from_slice(args);
        let out = run(&mut command(), data, &all);
        assert!(out.status.success(), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
        let mut answer: Value = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", text(&out.stdout)));
        answer["status"] = Value::Null;
        answer
    };
    QUESTIONS.iter().map(answer).collect()
}

/// Checks that reads give the same, that the reason is reported, and that nothing is written.
fn check(
    mut command: impl FnMut() -> Command,
    data: &Path,
    input: &str,
    before: &[Value],
    why: &str,
) {
    assert_eq!(answers(&mut command, data), before, "{why}");
    let shown = run(&mut command(), data, &["status"]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert!(
        text(&shown.stdout).contains("for reading only") && text(&shown.stdout).contains(why),
        "{}",
        text(&shown.stdout)
    );
    let writing: [&[&str]; 4] = [
        &["ingest", input],
        &["token", "--role", "read"],
        &["rebuild"],
        &["init", "--tenant", "other"],
    ];
    for args in writing {
        let out = run(&mut command(), data, args);
        assert_eq!(
            out.status.code(),
            Some(4),
            "{args:?}: {}{}",
            text(&out.stdout),
            text(&out.stderr)
        );
        assert!(text(&out.stderr).contains(why), "{args:?}: {}", text(&out.stderr));
    }
}

#[test]
fn a_ledger_on_a_read_only_file_system_is_readable() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let disk = Mount::new(
        &["-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs"],
        &place.path().join("disk"),
    );
    let scratch = Scratch::in_dir(&disk.0);
    scratch.ok(&["init", "--tenant", "acme"]);
    let (input, more) =
        (scratch.file("facts.jsonl", facts(40)), scratch.file("more.jsonl", facts(41)));
    scratch.ok(&["ingest", &input]);
    let token = scratch.token("acme", "read,ingest");
    let before = answers(support::claimledger, &scratch.data());
    disk.remount("ro");
    check(support::claimledger, &scratch.data(), &more, &before, "mounted read-only");

    // A server reads it too, but is not ready for appends.
    let server = Server::start(&scratch.data());
    let sessions = server.graphql(
        &token,
        "{ sessions { edges { node { id } } answered { provisional } } }",
        json!({}),
    );
    assert_eq!(sessions["sessions"]["edges"].as_array().map(Vec::len), Some(5), "{sessions}");
    assert_eq!(sessions["sessions"]["answered"]["provisional"], false);
    assert_eq!(server.get("/readyz", &[]).0, 503);
    let (status, headers, body) = server.post_with(
        "/v1/facts",
        Some(&token),
        &[("content-type", "application/json")],
        facts(1).replace("f-0", "f-new").as_bytes(),
    );
    assert_eq!(status, 503, "{body}");
    assert!(
        body.contains("for reading only") && headers.iter().any(|(name, _)| name == "retry-after"),
        "{headers:?} {body}"
    );
    drop(server);
    disk.remount("rw");
    scratch.ok(&["ingest", &more]);
}

/// A ledger in its own file system whose server was killed after it had taken records, and a file
/// with more of them.
fn killed(place: &Path) -> (Mount, Scratch, String) {
    let disk =
        Mount::new(&["-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs"], &place.join("disk"));
    let scratch = Scratch::in_dir(&disk.0);
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "read,ingest");
    let input = scratch.file("more.jsonl", facts(99));
    let server = scratch.serve();
    for line in facts(30).lines() {
        let (status, body) =
            server.post("/v1/facts", Some(&token), "application/json", line.as_bytes());
        assert_eq!(status, 200, "{body}");
    }
    server.kill();
    (disk, scratch, input)
}

#[test]
fn the_write_ahead_log_of_a_killed_server_is_readable() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let (disk, scratch, input) = killed(place.path());
    assert!(
        std::fs::metadata(scratch.data().join("log-wal")).is_ok_and(|file| file.len() > 0),
        "records are in the write-ahead log"
    );
    disk.remount("ro");
    let found = answers(support::claimledger, &scratch.data());
    // Read models that lag are rebuilt in memory.
    assert_eq!(found[1]["edges"].as_array().map(Vec::len), Some(5), "{}", found[1]);
    assert_eq!(found[1]["answered"]["provisional"], false, "{}", found[1]);
    check(support::claimledger, &scratch.data(), &input, &found, "mounted read-only");
    disk.remount("rw");
    assert_eq!(answers(support::claimledger, &scratch.data()), found);
    // The same without read models.
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(scratch.data().join(format!("views{end}")));
    }
    disk.remount("ro");
    check(support::claimledger, &scratch.data(), &input, &found, "mounted read-only");
}

/// A process that is killed while it closes a database leaves a write-ahead log without its index.
#[test]
fn a_write_ahead_log_without_its_index_is_readable() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let (disk, scratch, input) = killed(place.path());
    let files = std::fs::read_dir(scratch.data()).expect("the directory");
    let indexes = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with("-shm")))
        .collect::<Vec<_>>();
    assert!(indexes.len() > 5, "{indexes:?}");
    indexes.iter().for_each(|index| std::fs::remove_file(index).expect("an index"));
    disk.remount("ro");
    let found = answers(support::claimledger, &scratch.data());
    assert_eq!(found[1]["edges"].as_array().map(Vec::len), Some(5), "{}", found[1]);
    check(support::claimledger, &scratch.data(), &input, &found, "mounted read-only");
    // A server reads by several connections at once.
    let server = Server::start(&scratch.data());
    assert_eq!(server.get("/healthz", &[]).0, 200);
    drop(server);
    disk.remount("rw");
    assert_eq!(answers(support::claimledger, &scratch.data()), found);
}

/// Writes what is in the write-ahead log of a database into it. A process that ends may leave one:
/// on a busy machine its connections are not all closed before.
fn checkpoint(file: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(file.to_str().expect("UTF-8"))
            .await
            .expect("the database opens");
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut connection)
            .await
            .expect("a checkpoint");
        connection.close().await.expect("the database closes");
    });
}

/// Regression: where a process was killed between the header of a write-ahead log and its first
/// frame, the ledger could not be read ("locking protocol", after ten seconds).
#[test]
fn a_write_ahead_log_that_has_only_its_header_is_readable() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let (disk, scratch, input) = killed(place.path());
    let mut header = std::fs::read(scratch.data().join("log-wal")).expect("a write-ahead log");
    header.truncate(32);
    let before = answers(support::claimledger, &scratch.data());
    for file in ["log", "access", "keys", "state", "checkpoints", "tree", "views"] {
        let beside = |end: &str| scratch.data().join(format!("{file}{end}"));
        checkpoint(&beside(""));
        let left = std::fs::metadata(beside("-wal")).map_or(0, |log| log.len());
        assert_eq!(left, 0, "{file}: all of it is in the database");
        std::fs::write(beside("-wal"), &header).expect("a header");
        std::fs::write(beside("-shm"), [0; 32_768]).expect("an index");
    }
    disk.remount("ro");
    check(support::claimledger, &scratch.data(), &input, &before, "mounted read-only");
    disk.remount("rw");
    assert_eq!(answers(support::claimledger, &scratch.data()), before);
}

#[test]
fn a_ledger_on_a_full_disk_is_readable() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let disk = Mount::new(
        &["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs"],
        &place.path().join("disk"),
    );
    let scratch = Scratch::in_dir(&disk.0);
    scratch.ok(&["init", "--tenant", "acme"]);
    let (input, more) =
        (scratch.file("facts.jsonl", facts(40)), scratch.file("more.jsonl", facts(41)));
    scratch.ok(&["ingest", &input]);
    let before = answers(support::claimledger, &scratch.data());
    let mut filler = std::fs::File::create(disk.0.join("filler")).expect("a file");
    for bytes in [1 << 16, 1 << 12, 1] {
        while filler.write_all(&vec![7; bytes]).is_ok() {}
    }
    // What is open keeps its room.
    drop(filler);
    check(support::claimledger, &scratch.data(), &more, &before, "the disk is full");
    std::fs::remove_file(disk.0.join("filler")).expect("the filler");
    scratch.ok(&["ingest", &more]);
}

#[test]
fn a_ledger_that_this_user_may_not_write_is_readable() {
    let setpriv = tool("setpriv");
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let (input, more) =
        (scratch.file("facts.jsonl", facts(40)), scratch.file("more.jsonl", facts(41)));
    scratch.ok(&["ingest", &input]);
    let before = answers(support::claimledger, &scratch.data());
    // Without the capability to bypass permissions, as any user but root.
    let command = || {
        let mut command = Command::new(&setpriv);
        command.args(["--bounding-set=-all", "--inh-caps=-all", env!("CARGO_BIN_EXE_claimledger")]);
        command
    };
    let chmod = |mode_dir: &str, mode_files: &str| {
        for entry in std::fs::read_dir(scratch.data()).expect("the directory") {
            let path = entry.expect("an entry").path();
            assert!(
                Command::new("chmod")
                    .arg(mode_files)
                    .arg(&path)
                    .status()
                    .expect("chmod runs")
                    .success()
            );
        }
        assert!(
            Command::new("chmod")
                .arg(mode_dir)
                .arg(scratch.data())
                .status()
                .expect("chmod runs")
                .success()
        );
    };
    chmod("0500", "0400");
    check(command, &scratch.data(), &more, &before, "this user may not write it");
    chmod("0700", "0600");
    scratch.ok(&["ingest", &more]);
}

#[test]
fn a_running_server_locks_others_out_on_a_read_only_path() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let server = scratch.serve();
    let elsewhere = scratch.data().with_file_name("elsewhere");
    let path = scratch.data().to_str().expect("a UTF-8 path").to_owned();
    let mount = Mount::new(&["--bind", &path], &elsewhere);
    mount.remount("bind,ro");
    let out = run(&mut support::claimledger(), &elsewhere, &["sessions"]);
    assert_eq!(out.status.code(), Some(4), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("in use by another process"), "{}", text(&out.stderr));
    drop(server);
    let out = run(&mut support::claimledger(), &elsewhere, &["sessions"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
}

//! Checkpoints and proofs, and what of an altered, restored or forged ledger is noticed.

use crate::support::{self, Scratch, Server, fixture};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// A rehearsal of acme's first `lines` lines.
pub(crate) fn first_lines(scratch: &Scratch, lines: usize) {
    let facts = fixture::facts("acme");
    let first: String = facts.lines().take(lines).map(|line| format!("{line}\n")).collect();
    let file = scratch.file("first.jsonl", first);
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
}

pub(crate) fn the_rest(scratch: &Scratch) {
    let file = fixture::dir().join("acme.jsonl");
    scratch.ok(&["--tenant", "acme", "ingest", file.to_str().unwrap()]);
}

#[test]
fn a_saved_checkpoint_shows_that_the_log_was_only_appended_to() {
    let scratch = Scratch::rehearsal(&["acme"]);
    first_lines(&scratch, 20);
    let saved = scratch.file("saved", scratch.ok(&["checkpoint"]));
    let size = |text: &str| text.lines().nth(1).unwrap().parse::<u64>().unwrap();
    let before = size(&std::fs::read_to_string(&saved).unwrap());
    the_rest(&scratch);
    let last = scratch.ok(&["checkpoint"]);
    assert!(size(&last) > before, "{last}");
    let answer = scratch.ok(&["checkpoint", "--since", &saved]);
    assert!(answer.contains(&format!("the {before} records")), "{answer}");

    for (what, content) in [
        ("nothing", "hello\n".to_owned()),
        ("another size", last.replacen(&size(&last).to_string(), "3", 1)),
        ("another log", Scratch::fixture().ok(&["--tenant", "globex", "checkpoint"])),
    ] {
        let file = scratch.file("other", content);
        let refused = scratch.run(&["checkpoint", "--since", &file]);
        assert_eq!(refused.status.code(), Some(3), "{what}: {}", support::text(&refused.stderr));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

/// A copy of a whole ledger.
pub(crate) fn copy_ledger(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        copy(&file.path(), &to.join(file.file_name()));
    }
}

#[test]
fn a_forked_copy_of_the_log_fails() {
    let scratch = Scratch::rehearsal(&["acme"]);
    first_lines(&scratch, 20);
    let fork = Scratch::new();
    copy_ledger(&scratch.data(), &fork.data());
    the_rest(&scratch);
    // The same keys, and another log from here on.
    let file = other_lines(&fork);
    fork.ok(&["--tenant", "acme", "ingest", "--source", "okta", &file]);
    let saved = scratch.file("saved", scratch.ok(&["checkpoint"]));
    let refused = fork.run(&["checkpoint", "--since", &saved]);
    let why = support::text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{why}");
    assert!(why.contains("the log was rewritten"), "{why}");
}

#[test]
fn a_record_is_proved_in_a_file() {
    let scratch = Scratch::fixture();
    let file = scratch.ok(&["--tenant", "acme", "prove", "#43"]);
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!((lines[0], lines[2]), ("c2sp.org/tlog-proof@v1", "index 43"), "{file}");
    let record = scratch.json(&["--tenant", "acme", "prove", "#43"]);
    assert_eq!(lines[1], format!("extra {}", record["header"].as_str().unwrap()));
    assert_eq!(record["proof"]["file"].as_str().unwrap(), file);
    let none = scratch.run(&["--tenant", "acme", "prove", "#100000"]);
    assert_eq!(none.status.code(), Some(1), "{}", support::text(&none.stderr));
}

/// Runs a statement on a closed ledger, as its owner could.
pub(crate) fn sql(file: &Path, statements: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::Connection as _;
        let path = file.to_str().unwrap();
        let mut connection = sqlx::SqliteConnection::connect(path).await.unwrap();
        for statement in statements {
            let statement = sqlx::AssertSqlSafe((*statement).to_owned());
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// The triggers of the log and of the checkpoints, which an owner can drop and make again.
const TRIGGERS: &[&str] = &[
    "log_entry_is_never_altered",
    "log_entry_is_never_deleted",
    "log_entry_has_no_gap",
    "log_tenant_only_grows",
    "log_tenant_is_never_deleted",
];

/// Runs statements with the triggers out of the way, and puts them back.
pub(crate) fn sql_as_owner(log: &Path, statements: &[String]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let triggers: Vec<String> = runtime.block_on(async {
        use sqlx::{Connection as _, Row as _};
        let mut connection = sqlx::SqliteConnection::connect(log.to_str().unwrap()).await.unwrap();
        let sql = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    });
    assert_eq!(triggers.len(), TRIGGERS.len(), "{triggers:?}");
    let drops: Vec<String> = TRIGGERS.iter().map(|name| format!("DROP TRIGGER {name}")).collect();
    let all: Vec<&str> =
        drops.iter().chain(statements).chain(&triggers).map(String::as_str).collect();
    sql(log, &all);
}

pub(crate) fn verify(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = support::claimledger()
        .arg("--data")
        .arg(data)
        .args(arguments)
        .arg("verify")
        .output()
        .unwrap();
    let text = support::text(&output.stdout) + &support::text(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn edits_of_the_log_by_sql_are_caught_and_named() {
    let scratch = Scratch::fixture();
    let (status, text) = verify(&scratch.data(), &[]);
    assert_eq!(status, Some(0), "{text}");
    let tenant = |n: u64| n << 40;
    let key = |position: u64| tenant(1) + position;
    let swap = |one: u64, two: u64| {
        let (one, two, spare) = (key(one), key(two), key(500_000));
        vec![
            format!("UPDATE log_entry SET key = {spare} WHERE key = {one}"),
            format!("UPDATE log_entry SET key = {one} WHERE key = {two}"),
            format!("UPDATE log_entry SET key = {two} WHERE key = {spare}"),
        ]
    };
    let set = |position: u64, what: &str| {
        vec![format!("UPDATE log_entry SET {what} WHERE key = {}", key(position))]
    };
    let other = |position: u64, columns: &[&str], from: u64| {
        let sets: Vec<String> = columns
            .iter()
            .map(|c| format!("{c} = (SELECT {c} FROM log_entry WHERE key = {})", key(from)))
            .collect();
        set(position, &sets.join(", "))
    };
    let bodies = ["facts", "personal", "original"];
    let whole = ["id", "header", "leaf", "facts", "personal", "original"];
    let mut edits: Vec<(String, Vec<String>, u64)> = Vec::new();
    for position in [0, 1, 40, 41, 82] {
        edits.push((format!("facts of {position}"), other(position, &bodies[..1], 43), position));
        edits.push((
            format!("original of {position}"),
            other(position, &bodies[2..], 43),
            position,
        ));
        edits.push((format!("all of {position}"), other(position, &whole, 43), position));
        edits.push((format!("leaf of {position}"), set(position, "leaf = zeroblob(32)"), position));
        edits.push((
            format!("header of {position}"),
            set(position, "header = CAST(header || x'00' AS BLOB)"),
            position,
        ));
    }
    for (one, two) in [(10, 11), (1, 80), (81, 82)] {
        edits.push((format!("swap {one} and {two}"), swap(one, two), one));
    }
    edits.push((
        "drop".to_owned(),
        vec![format!("DELETE FROM log_entry WHERE key = {}", key(30))],
        30,
    ));
    edits.push((
        "cut off the end".to_owned(),
        vec![
            format!("DELETE FROM log_entry WHERE key BETWEEN {} AND {}", key(60), tenant(2) - 1),
            "UPDATE log_tenant SET size = 60 WHERE number = 1".to_owned(),
        ],
        60,
    ));
    assert_eq!(edits.len(), 30);
    let altered = Scratch::new();
    for (what, statements, position) in &edits {
        copy_ledger(&scratch.data(), &altered.data());
        sql_as_owner(&altered.data().join("log"), statements);
        let (status, text) = verify(&altered.data(), &[]);
        // A ledger that cannot be opened is not read any further.
        let is_listed = status == Some(1) || what != "drop" && status == Some(5);
        assert!(is_listed, "{what}: {status:?} {text}");
        assert!(text.contains(&format!("#{position}")), "{what}: {text}");
        assert!(status == Some(5) || text.contains("acme"), "{what}: {text}");
    }
}

/// 200 records of a source that was not there.
pub(crate) fn other_lines(scratch: &Scratch) -> String {
    let lines: String = (0..200)
        .map(|n| {
            let line = json!({"id": format!("f{n}"), "type": "source.heard",
                "occurred_at": "2026-03-10T23:00:00Z", "recorded_at": "2026-03-10T23:00:01Z",
                "data": {"until": "2026-03-10T22:00:00Z", "basis": "stated"}});
            format!("{line}\n")
        })
        .collect();
    scratch.file("other.jsonl", lines)
}

#[test]
fn a_log_that_was_written_and_signed_again_is_caught_by_its_anchor() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let anchor = scratch.file("anchor", "");
    first_lines(&scratch, 20);
    scratch.ok(&["--anchor", &anchor, "status"]);
    let anchored = std::fs::read_to_string(&anchor).unwrap();
    let line: Value = serde_json::from_str(anchored.lines().last().unwrap()).unwrap();
    let saved = scratch.ok(&["checkpoint"]);
    assert_eq!(line["checkpoint"].as_str().unwrap(), saved);
    let (status, text) = verify(&scratch.data(), &["--anchor", &anchor]);
    assert_eq!(status, Some(0), "{text}");

    let backup = Scratch::new();
    copy_ledger(&scratch.data(), &backup.data());
    the_rest(&scratch);
    scratch.ok(&["--anchor", &anchor, "status"]);
    let refused = |data: &Path, why: &str| {
        let output = support::claimledger()
            .arg("--data")
            .arg(data)
            .args(["--anchor", &anchor, "serve", "--listen", "127.0.0.1:0"])
            .output()
            .unwrap();
        let text = support::text(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{text}");
        assert!(text.contains(why), "{text}");
        let (status, text) = verify(data, &["--anchor", &anchor]);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains("anchor"), "{text}");
    };
    refused(&backup.data(), "an older copy was restored");

    // The owner of the keys continues the older copy in another way, and signs that: everything in
    // the directory agrees.
    let other = other_lines(&backup);
    backup.ok(&["--tenant", "acme", "ingest", "--source", "okta", &other]);
    let (status, text) = verify(&backup.data(), &[]);
    assert_eq!(status, Some(0), "{text}");
    refused(&backup.data(), "the log was altered, or is another one");
}

#[test]
fn the_tiled_log_is_served_to_its_tenant_alone() {
    let scratch = Scratch::fixture();
    let (acme, globex) = (scratch.token("acme", "read"), scratch.token("globex", "read"));
    let none = scratch.token("acme", "ingest");
    let server = Server::start(&scratch.data());
    let answer = server.graphql(
        &acme,
        "{ checkpoint { origin verifierKey size root note } status { root signedTo } }",
        Value::Null,
    );
    let checkpoint = &answer["checkpoint"];
    assert_eq!(checkpoint["root"], answer["status"]["root"], "{answer}");
    let origin = checkpoint["origin"].as_str().unwrap();
    let get = |token: &str, path: &str| {
        let bearer = format!("Bearer {token}");
        let (status, headers, body) = server.get(path, &[("authorization", &bearer)]);
        let cache = headers.iter().find(|(name, _)| name == "cache-control");
        (status, cache.map(|(_, value)| value.clone()).unwrap_or_default(), body)
    };
    let (status, cache, note) = get(&acme, &format!("/log/{origin}/checkpoint"));
    assert_eq!((status, note.as_str()), (200, checkpoint["note"].as_str().unwrap()));
    assert!(cache.contains("no-store"), "{cache}");
    for (token, status) in [(&globex, 404), (&none, 403)] {
        assert_eq!(get(token, &format!("/log/{origin}/checkpoint")).0, status);
        assert_eq!(get(token, &format!("/log/{origin}/tile/entries/000.p/5")).0, status);
    }
    assert_eq!(server.get(&format!("/log/{origin}/checkpoint"), &[]).0, 401);
    for path in ["tile/0/001", "tile/0/0", "tile/9/000", "tile/entries/000", "..", ""] {
        assert_eq!(get(&acme, &format!("/log/{origin}/{path}")).0, 404, "{path}");
    }
}

/// Killed at random moments while it appends and signs, the anchor never gets two checkpoints of
/// one size, nor a smaller one after a larger one, and nothing is left to repair.
#[test]
fn a_server_that_is_killed_while_it_signs_never_signs_two_checkpoints_of_one_size() {
    const KILLS: u64 = 20;
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest");
    let anchor = scratch.file("anchor", "");
    for round in 0..KILLS {
        let mut command = support::claimledger();
        command.args(["--anchor", &anchor]);
        let server = Server::start_by(command, &scratch.data(), &[]);
        // A checkpoint is signed each second: the moment of the kill moves through it.
        let until = std::time::Instant::now() + Duration::from_millis(900 + round * 53 % 400);
        for n in 0.. {
            let line = json!({"id": format!("{round}-{n}"), "type": "source.heard",
                "occurred_at": "2026-03-10T23:00:00Z",
                "data": {"until": "2026-03-10T22:00:00Z", "basis": "stated"}});
            let body = line.to_string();
            let (status, answer) =
                server.post("/v1/facts", Some(&token), "application/json", body.as_bytes());
            assert_eq!(status, 200, "{answer}");
            if std::time::Instant::now() > until {
                break;
            }
        }
        server.kill();
    }
    let anchored = std::fs::read_to_string(&anchor).unwrap();
    let mut by_size = BTreeMap::new();
    let mut last = 0;
    // A kill may have cut off a line.
    for line in anchored.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let size = line["size"].as_u64().unwrap();
        assert!(size >= last, "{size} after {last}");
        last = size;
        let note = line["checkpoint"].as_str().unwrap().to_owned();
        let before = by_size.entry(size).or_insert_with(|| note.clone());
        assert_eq!(*before, note, "two checkpoints of {size} records");
    }
    assert!(by_size.len() as u64 > KILLS, "{} checkpoints", by_size.len());
    let (status, text) = verify(&scratch.data(), &["--anchor", &anchor]);
    assert_eq!(status, Some(0), "{text}");
}

//! `bench` against a server of the tests' own, with small numbers: that it runs, what it prints,
//! and that it leaves nothing behind. Figures of a debug build say nothing.

use crate::support::{Scratch, claimledger, postgres, shared_ledger::SharedLedger, text};
use serde_json::Value;
use std::{os::unix::fs::PermissionsExt, path::Path, process::Output};

/// `bench` on the administrator's database of a server, with its directories in `scratch`.
fn bench(server: &postgres::Server, scratch: &Scratch, database: &str, args: &[&str]) -> Output {
    let url = scratch.file("server-url", server.socket_url(postgres::ADMIN, database));
    let mut command = claimledger();
    command.args(["--format", "json", "bench"]).args(args);
    command.args(["--database-url-file", &url]);
    command.arg("--dir").arg(scratch.path("benches"));
    command.output().expect("the binary runs")
}

fn document(out: &Output) -> Value {
    assert!(out.status.success(), "{}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("a document")
}

/// Databases and files of benchmarks that ended.
fn left_behind(server: &postgres::Server, scratch: &Scratch) -> (String, usize) {
    let databases = "SELECT count(*) FROM pg_database WHERE datname LIKE 'claimledger_bench%'";
    let files = std::fs::read_dir(scratch.path("benches")).map_or(0, Iterator::count);
    (server.psql("postgres", databases), files)
}

fn positive(value: &Value) -> bool {
    value.as_f64().is_some_and(|value| value > 0.0)
}

#[test]
fn appends_are_measured_beside_single_inserts() {
    let (server, scratch) = (postgres::Server::start(&[]), Scratch::new());
    let args = ["postgres", "--events", "130", "--runs", "2"];
    let report = document(&bench(&server, &scratch, "postgres", &args));
    let line = &report["lines"][0];
    assert_eq!((&line["line"], &line["target"]), (&"E1".into(), &1.5.into()));
    for rates in ["yardstick", "product", "ratios"] {
        let rates = line[rates].as_array().expect("rates");
        assert!(rates.len() == 2 && rates.iter().all(positive), "{line}");
    }
    let settings = report["settings"].as_array().expect("settings");
    assert!(settings.contains(&serde_json::json!(["synchronous_commit", "on"])), "{report}");
    assert!(positive(&report["bytesAnEvent"]["product"][1]), "{report}");
    assert_eq!(left_behind(&server, &scratch), ("0".to_owned(), 0));
}

#[test]
fn a_database_that_holds_a_ledger_is_not_measured_on() {
    let server = postgres::shared();
    let ledger = SharedLedger::new(server);
    ledger.node().ok(&["init", "--tenant", "acme"]);
    let scratch = Scratch::new();
    for what in ["postgres", "copy", "size"] {
        let out = bench(server, &scratch, &ledger.database, &[what, "--events", "10"]);
        assert_eq!(out.status.code(), Some(2), "{what}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains("holds a ledger (1 tenants)"), "{}", text(&out.stderr));
    }
    let out = claimledger().args(["bench", "postgres", "--events", "10"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("--database-url-file"), "{}", text(&out.stderr));
}

#[test]
fn copies_are_measured_in_both_directions() {
    let (server, scratch) = (postgres::Server::start(&[]), Scratch::new());
    let report = document(&bench(
        &server,
        &scratch,
        "postgres",
        &["copy", "--events", "1100", "--runs", "1"],
    ));
    let lines = report["lines"].as_array().expect("lines");
    let names: Vec<_> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(names, ["SQLite to PostgreSQL", "PostgreSQL to SQLite"]);
    let rate = |engine: &str| report["appended"][engine][0].as_f64().expect("a rate");
    let slower = rate("sqlite").min(rate("postgres"));
    for line in lines {
        assert_eq!((&line["line"], &line["target"]), (&"E2".into(), &0.5.into()));
        assert_eq!(line["yardstick"][0], slower, "{line}");
        assert!(positive(&line["product"][0]), "{line}");
    }
    assert_eq!(left_behind(&server, &scratch), ("0".to_owned(), 0));
}

#[test]
fn a_measurement_that_fails_leaves_nothing_behind() {
    let (server, scratch) = (postgres::Server::start(&["max_connections=20"]), Scratch::new());
    let out = bench(&server, &scratch, "postgres", &["postgres", "--events", "100"]);
    assert_eq!(out.status.code(), Some(4), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("too many clients"), "{}", text(&out.stderr));
    assert_eq!(left_behind(&server, &scratch), ("0".to_owned(), 0));
}

#[test]
fn bytes_an_event_are_measured_on_both_engines() {
    let (server, scratch) = (postgres::Server::start(&[]), Scratch::new());
    let report = document(&bench(&server, &scratch, "postgres", &["size", "--events", "100,200"]));
    let sizes = report["sizes"].as_array().expect("sizes");
    let names: Vec<_> = sizes.iter().map(|size| size["size"].as_str().unwrap()).collect();
    assert_eq!(
        names[..3],
        ["SQLite, 100 events", "PostgreSQL: database, 100 events", "each node, 100 events"]
    );
    assert_eq!(names.len(), 6);
    let bytes = |column: usize, what: &str| {
        let measures = sizes[column]["measures"].as_array().expect("measures");
        measures.iter().find(|measure| measure["what"] == what).expect("a measure")["value"]
            .as_f64()
            .expect("a number")
    };
    // A sealed event of 891 bytes is not stored in 300.
    for column in [0, 1, 3, 4] {
        assert!(bytes(column, "log with its index") > 300.0, "{report:#}");
        assert!(bytes(column, "all of it") > bytes(column, "log with its index"), "{report:#}");
    }
    for column in [0, 2, 3, 5] {
        assert!(bytes(column, "read models (derived)") > 0.0, "{report:#}");
    }
    assert!(bytes(2, "log with its index") == 0.0 && bytes(1, "read models (derived)") == 0.0);
    assert_eq!(left_behind(&server, &scratch), ("0".to_owned(), 0));
}

#[test]
fn the_script_runs_a_server_of_its_own() {
    let scratch = Scratch::new();
    let tmp = scratch.path("tmp");
    std::fs::create_dir(&tmp).unwrap();
    // Where this is root, the server runs as another user.
    for dir in [tmp.parent().expect("its parent"), &tmp] {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711)).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = claimledger().get_program().to_owned();
    let run = |args: &[&str]| {
        std::process::Command::new(root.join("scripts/bench-postgres.sh"))
            .args(args)
            .env("CLAIMLEDGER", &program)
            .env("TMPDIR", &tmp)
            .output()
            .expect("the script runs")
    };
    let out = run(&["size", "--events", "100", "--markdown"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let rows = text(&out.stdout);
    let rows: Vec<_> = rows.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3 + 9, "{rows:?}");
    assert!(rows[1].starts_with("| PostgreSQL: database | 100 |"), "{rows:?}");
    assert!(!rows[3].contains("not measured"), "{rows:?}");
    // Columns of the tables of the documentation.
    let page = std::fs::read_to_string(root.join("docs/sizing.md")).unwrap();
    let columns = |row: &str| row.matches('|').count();
    for (row, header) in [(rows[0], "| where |"), (rows[3], "| users |")] {
        let header = page.lines().find(|line| line.starts_with(header)).expect("a table");
        assert_eq!(columns(row), columns(header), "{row}");
    }
    // The status of the program is that of the script.
    assert_eq!(run(&["size", "--events", "0"]).status.code(), Some(2));
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 0, "something is left in {tmp:?}");
}

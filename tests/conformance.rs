//! `conformance` runs the suites against servers, names each check, and touches no ledger.

use crate::support::{claimledger, postgres, shared_ledger::SharedLedger, text};
use serde_json::Value;
use std::path::Path;

/// The status, and the report.
fn run(flag: &str, file: &Path) -> (i32, Value, String) {
    let out = claimledger()
        .args(["--format", "json", "conformance", flag])
        .arg(file)
        .output()
        .expect("the binary runs");
    let report = serde_json::from_slice(&out.stdout).unwrap_or_default();
    (out.status.code().unwrap(), report, text(&out.stderr))
}

fn checks(report: &Value) -> &Vec<Value> {
    report["engines"][0]["checks"].as_array().expect("checks")
}

#[test]
fn a_database_conforms_again_and_again_and_a_ledger_is_not_touched() {
    let ledger = SharedLedger::new(postgres::shared());
    let file = ledger.path("node-url");
    for _ in 0..2 {
        let (status, report, errors) = run("--database-url-file", &file);
        assert_eq!(status, 0, "{errors}{report:#}");
        assert_eq!((checks(&report).len(), &report["conforms"]), (29, &Value::Bool(true)));
        let left = report["engines"][0]["left"].as_str().unwrap();
        assert!(left.contains("begin with conformance_"), "{left}");
    }
    let ledger = SharedLedger::new(postgres::shared());
    let file = ledger.path("node-url");
    ledger.node().ok(&["init", "--tenant", "acme"]);
    let records = "SELECT count(*) FROM claimledger.log_entry";
    let before = postgres::shared().psql(&ledger.database, records);
    let (status, _, errors) = run("--database-url-file", &file);
    assert!(status == 3 && errors.contains("holds a ledger"), "{errors}");
    assert_eq!(postgres::shared().psql(&ledger.database, records), before);
}

#[test]
fn a_violation_is_named_and_the_other_checks_go_on() {
    let (server, ledger) = (postgres::shared(), SharedLedger::new(postgres::shared()));
    // A database that acknowledges a state and does not keep it.
    for sql in [
        "CREATE FUNCTION claimledger.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN \
         NULL; END $$",
        "CREATE TRIGGER lose BEFORE INSERT ON claimledger.checkpoint FOR EACH ROW EXECUTE FUNCTION \
         claimledger.lose()",
    ] {
        server.psql(&ledger.database, sql);
    }
    let (status, report, errors) = run("--database-url-file", &ledger.path("node-url"));
    assert_eq!(status, 1, "{errors}");
    let failed: Vec<_> = checks(&report).iter().filter(|check| check["ok"] == false).collect();
    assert!(!failed.is_empty() && failed.iter().all(|check| check["suite"] == "checkpoints"));
    let why = failed[0]["failure"].as_str().unwrap();
    assert!(why.contains("conformance/tree.rs:"), "the place of the assertion: {why}");
    assert_eq!(checks(&report).len(), 29);
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn the_double_of_kurrentdb_conforms_beside_a_ledger() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let double = runtime.block_on(claimledger_kurrentdb_double::Double::start());
    let ledger = SharedLedger::new(postgres::shared()).with_log_on_double(&double.url());
    ledger.node().ok(&["init", "--tenant", "acme"]);
    let before = double.events("ledger-acme").len();
    let (status, report, errors) = run("--log-url-file", &ledger.path("log-url"));
    assert_eq!(status, 0, "{errors}{report:#}");
    assert_eq!(checks(&report).len(), 8);
    let left = report["engines"][0]["left"].as_str().unwrap();
    let prefix = left.split(' ').find(|word| word.starts_with("conformance_")).expect("a prefix");
    let streams = double.streams();
    let is_known = |name: &String| {
        name.trim_start_matches("$$").starts_with(prefix)
            || ["ledger", "access"].iter().any(|of| name.trim_start_matches("$$").starts_with(of))
    };
    assert!(streams.iter().all(is_known) && streams.len() > 20, "{streams:?}");
    assert_eq!(double.events("ledger-acme").len(), before);
}

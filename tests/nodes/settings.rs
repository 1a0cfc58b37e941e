//! Settings of a node that are missing or contradict one another.

use crate::support::{Scratch, postgres, shared_ledger::SharedLedger, text};
use std::process::Output;

fn refused(out: &Output, status: i32, parts: &[&str]) {
    let said = text(&out.stderr);
    assert_eq!(out.status.code(), Some(status), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn a_node_is_given_the_database_and_the_master_key() {
    let ledger = SharedLedger::new(postgres::shared());
    let node = ledger.node();
    node.ok(&["init", "--tenant", "acme"]);
    // The directory of a node, without the setting that says where the ledger is.
    let alone = Scratch::new();
    let out = alone.command(&["status"]).arg("--data").arg(node.data()).output().unwrap();
    refused(&out, 2, &["is the directory of a node", "CLAIMLEDGER_DATABASE_URL_FILE"]);
    // A new node without the key.
    let url = ledger.path("node-url");
    let keyless = Scratch::new().with_environment(vec![("CLAIMLEDGER_DATABASE_URL_FILE", url)]);
    refused(&keyless.run(&["status"]), 2, &["has no master key", "--master-key-file"]);
    // Nor is another key made for a ledger that has one.
    refused(&keyless.run(&["init", "--tenant", "globex"]), 2, &["has no master key"]);
    // With another key.
    let other = keyless.file("other.key", [8; 32]);
    std::process::Command::new("chmod").args(["600", &other]).status().unwrap();
    let out = keyless.run(&["--master-key-file", &other, "status"]);
    refused(&out, 5, &["this master key does not unwrap them"]);
    // Both ways to name the database.
    let out = node.command(&["status"]).env("CLAIMLEDGER_DATABASE_URL", "postgres://x/y").output();
    refused(&out.unwrap(), 2, &["are both given"]);
    // Through the config file.
    let path = |name: &str| ledger.path(name).display().to_string();
    let config = alone.file(
        "node.toml",
        format!(
            "data = {:?}\nmaster_key_file = {:?}\n[database]\nurl_file = {:?}\ntls = \"off\"\n",
            alone.path("by-config"),
            path("master.key"),
            path("node-url")
        ),
    );
    let mut by_config = crate::support::claimledger();
    let out = by_config.args(["--config", &config, "status"]).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("acme: ledger, 1 records"), "{}", text(&out.stdout));
}

#[test]
fn a_directory_with_a_log_of_its_own_is_no_node() {
    let ledger = SharedLedger::new(postgres::shared());
    let node = ledger.node();
    let embedded = Scratch::new();
    embedded.ok(&["init", "--tenant", "acme"]);
    let out = node.command(&["init", "--tenant", "acme", "--data"]).arg(embedded.data()).output();
    refused(&out.unwrap(), 4, &["holds a ledger already"]);
    embedded.ok(&["status"]);
}

#[test]
fn a_database_without_tables_is_refused_with_the_remedy() {
    let server = postgres::shared();
    let ledger = SharedLedger::new(server);
    server.psql("postgres", "CREATE DATABASE bare");
    let node = ledger.node();
    let mut bare = node.command(&["status"]);
    bare.env_remove("CLAIMLEDGER_DATABASE_URL_FILE").env(
        "CLAIMLEDGER_DATABASE_URL",
        server.socket_url(crate::support::shared_ledger::LOGIN, "bare"),
    );
    refused(&bare.output().unwrap(), 4, &["claimledger database migrate"]);
    let mut elsewhere = node.command(&["status"]);
    elsewhere
        .env_remove("CLAIMLEDGER_DATABASE_URL_FILE")
        .env("CLAIMLEDGER_DATABASE_URL", "postgres://node:secret@127.0.0.1:1/ledger");
    let out = elsewhere.output().unwrap();
    refused(&out, 4, &["127.0.0.1:1/ledger could not be used"]);
    assert!(!text(&out.stderr).contains("secret"));
}

//! A new node that starts from a copy of another's read models.

use crate::support::{Scratch, postgres, shared_ledger::SharedLedger, text};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_node_starts_from_a_copy_that_was_made_beside_a_server() {
    let ledger = SharedLedger::new(postgres::shared());
    let (first, second) = (ledger.node(), ledger.node());
    ledger.ingest_fixture(&first);
    let rows = first.ok(&["--tenant", "acme", "status", "--rows"]);
    let copy = first.path("views.copy");
    let copy = copy.to_str().unwrap();
    let server = first.serve();
    let said = first.ok(&["views", "save", copy]);
    assert!(said.contains("acme to record 83, globex to record 13"), "{said}");
    let out = first.run(&["views", "save", copy]);
    assert_eq!(out.status.code(), Some(4), "an existing file: {}", text(&out.stderr));
    drop(server);
    let said = second.ok(&["views", "load", copy]);
    assert!(said.contains("acme to record 83, globex to record 13"), "{said}");
    // Nothing was folded: the file is the copy, byte for byte but for the header.
    let [saved, loaded] = [copy.into(), second.data().join("views")]
        .map(|path: std::path::PathBuf| std::fs::read(path).unwrap());
    assert_eq!(saved.len(), loaded.len());
    assert!(saved[100..] == loaded[100..], "beyond SQLite's header");
    assert_eq!(second.ok(&["--tenant", "acme", "status", "--rows"]), rows);
    assert!(second.ok(&["--tenant", "acme", "verify"]).contains("everything holds"));
    let out = second.run(&["views", "load", copy]);
    assert_eq!(out.status.code(), Some(4), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("this node has read models"), "{}", text(&out.stderr));
}

#[test]
fn a_copy_of_another_ledger_and_a_damaged_one_are_refused() {
    let ledger = SharedLedger::new(postgres::shared());
    let node = ledger.node();
    ledger.ingest_fixture(&node);
    let embedded = Scratch::fixture();
    let foreign = embedded.path("foreign");
    embedded.ok(&["views", "save", foreign.to_str().unwrap()]);
    let new = ledger.node();
    let out = new.run(&["views", "load", foreign.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    let said = text(&out.stderr);
    assert!(said.contains("another log of acme: record #82 is another one"), "{said}");
    let copy = node.path("copy");
    node.ok(&["views", "save", copy.to_str().unwrap()]);
    let bytes = std::fs::read(&copy).unwrap();
    // Rows are at the ends of pages: one byte of each page but the first.
    let mut damaged = bytes.clone();
    damaged.chunks_mut(4096).skip(1).for_each(|page| page[4096 - 20] ^= 0x5a);
    std::fs::write(&copy, &damaged).unwrap();
    let out = new.run(&["views", "load", copy.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(5), "{}", text(&out.stderr));
    assert!(!new.data().join("views").exists() && !new.data().join("views.loading").exists());
    std::fs::write(&copy, &bytes).unwrap();
    new.ok(&["views", "load", copy.to_str().unwrap()]);
    assert!(new.ok(&["--tenant", "acme", "status"]).contains("are at 83"));
    let mode = std::fs::metadata(new.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "{mode:o}");
    let empty = new.file("empty", "");
    let out = ledger.node().run(&["views", "load", &empty]);
    assert_eq!(out.status.code(), Some(5), "{}", text(&out.stderr));
    let out = embedded.run(&["views", "load", copy.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
}

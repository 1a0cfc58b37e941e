//! One org a tenant: which configuration is not set up, not polled and not read.

use crate::{
    okta_poller::{Org, add, double::event, now, scratch},
    support::text,
};
use serde_json::json;
use std::process::Output;

/// A tenant holds one service provider: its features and authenticators name no org.
#[test]
fn another_org_than_the_tenants_is_not_set_up_and_not_taken() {
    let org = Org::start();
    let (scratch, token) = scratch();
    let look = |org: &str| {
        let looked = json!({"looked_at": "2026-03-10T10:00:00Z",
            "path": "/.well-known/okta-organization", "body": {"id": org, "pipeline": "idx"}});
        scratch.file(&format!("{org}.jsonl"), looked.to_string())
    };
    // It is set up before anything is known, and polled after the org is.
    assert_eq!(add(&scratch, &org, &token, &["--id", "early"]).status.code(), Some(0));
    let ingest = |file: &str| {
        scratch.run(&["ingest", file, "--as", "okta-config", "--source", "files", "--keep-going"])
    };
    assert_eq!(ingest(&look("00oA")).status.code(), Some(0));
    let names_both = |out: &Output| {
        let words = text(&out.stderr) + &text(&out.stdout);
        assert!(words.contains("00oA") && words.contains("one service provider"), "{words}");
    };
    let other = ingest(&look("00oB"));
    assert_ne!(other.status.code(), Some(0));
    names_both(&other);
    let added = add(&scratch, &org, &token, &[]);
    assert_eq!(added.status.code(), Some(3), "{}", text(&added.stderr));
    names_both(&added);
    assert!(!scratch.ok(&["source", "list"]).contains("okta  "), "it is not set up");
    org.double.org().publish(event("e0", "user.session.start", &now()));
    let polled = scratch.run(&["source", "poll", "early", "--once"]);
    assert_ne!(polled.status.code(), Some(0));
    names_both(&polled);
    names_both(&scratch.run(&["source", "status", "early"]));
    assert_ne!(scratch.run(&["record", "e0"]).status.code(), Some(0), "nothing of its log is in");
}

//! Acceptance questions about trust, completeness and linked sessions over the fixture: GraphQL and
//! the command line of the shipped binary must give the same answer.

mod chain;
mod find;
mod sources;
mod timeline;
mod trust;

use crate::support::{self, Scratch, Server, fixture};
use serde_json::{Value, json};

/// A server of the fixture, with clients for GraphQL and the command line.
struct Asked {
    scratch: Scratch,
    server: Server,
    token: String,
    /// A token with the role read, without investigate.
    reader: String,
    /// A token that may append.
    writer: String,
}

impl Asked {
    fn new() -> Self {
        let scratch = Scratch::fixture();
        let [token, reader, writer] =
            ["read,investigate", "read", "ingest"].map(|roles| scratch.token("acme", roles));
        let server = scratch.serve();
        Self { scratch, server, token, reader, writer }
    }

    /// Asks a running server.
    fn graphql(&self, query: &str) -> Value {
        self.server.graphql(&self.token, query, json!({}))
    }

    /// Asks on the command line, of the same server.
    fn cli(&self, args: &[&str]) -> Value {
        let token = self.scratch.file("token", &self.token);
        let mut command = support::claimledger();
        command
            .args(["--url", &self.server.url, "--token-file", &token, "--format", "json"])
            .args(args);
        let out = command.output().expect("the binary runs");
        assert!(out.status.success(), "{args:?}: {}", support::text(&out.stderr));
        serde_json::from_slice(&out.stdout).expect("JSON")
    }

    /// The same on the command line, as text, with any exit status.
    fn run(&self, args: &[&str]) -> std::process::Output {
        let token = self.scratch.file("token", &self.token);
        support::claimledger()
            .args(["--url", &self.server.url, "--token-file", &token])
            .args(args)
            .output()
            .expect("the binary runs")
    }

    /// The same where there is an answer.
    fn text(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert!(out.status.success(), "{args:?}: {}", support::text(&out.stderr));
        support::text(&out.stdout)
    }
}

/// The position of the last record of the fixture that was recorded by a time, and of the one with
/// an id: read from the file, not from the answer.
fn position(id: &str) -> u64 {
    let facts = fixture::facts("acme");
    let at = facts
        .lines()
        .position(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["id"] == id));
    at.unwrap_or_else(|| panic!("{id} is in the fixture")) as u64 + 1
}

fn rows<'a>(answer: &'a Value, list: &str) -> &'a [Value] {
    answer[list].as_array().map_or(&[], Vec::as_slice)
}

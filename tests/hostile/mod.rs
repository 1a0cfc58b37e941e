//! Hostile requests over HTTP to the shipped binary: for every input the process keeps running,
//! answers 4xx and not 5xx, and serves other clients.

mod documents;
mod held_connections;
mod nesting;
mod requests;

use crate::support::{Scratch, Server, text};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

const QUESTION: &str = "{ session(id: \"S1\") { session { id } answered { position } } }";

/// A ledger with one session, and its server without a rate limit per credential.
struct World {
    server: Server,
    token: String,
    /// A token that may not see names.
    reader: String,
    _scratch: Scratch,
}

impl World {
    fn new(arguments: &[&str]) -> Self {
        let scratch = Scratch::rehearsal(&["acme"]);
        let start = json!({"id": "S1-start", "type": "session.started", "session": "S1",
            "occurred_at": "2026-03-10T10:00:00Z",
            "subject": {"id": "alice"}, "data": {}});
        let file = scratch.file("facts.jsonl", start.to_string());
        scratch.ok(&["--tenant", "acme", "ingest", &file]);
        let config = scratch
            .file("server.toml", "[serve]\nrate_per_second = 1000000\nrate_burst = 1000000\n");
        let all = [&["--config", config.as_str()], arguments].concat();
        // Before the start, because a running server owns the directory.
        let (token, reader) =
            (scratch.token("acme", "read,investigate,ingest"), scratch.token("acme", "read"));
        let server = Server::start_with(&scratch.data(), &all);
        Self { server, token, reader, _scratch: scratch }
    }

    /// A GraphQL request with any answer.
    fn ask(&self, query: &str) -> Value {
        let (status, body) = self.server.graphql_raw(&self.token, query, json!({}));
        assert!(status < 500, "{status} {body}");
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status} {body}"))
    }

    /// A valid query has its answer, and no thread panicked meanwhile.
    fn still_answers(&self) {
        let answer = self.server.graphql(&self.token, QUESTION, json!({}));
        assert_eq!(answer["session"]["session"]["id"], "S1");
        let (status, _, health) = self.server.get("/healthz", &[]);
        assert_eq!(status, 200);
        assert_eq!(serde_json::from_str::<Value>(&health).expect("JSON")["panics"], 0, "{health}");
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.server.url.trim_start_matches("http://"))
            .expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(15))).expect("a timeout");
        stream
    }

    /// Sends bytes, optionally closes the sending half, and reads until the server closes or a
    /// limit is reached.
    fn raw(&self, sent: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may refuse before it has read everything.
        let _ = stream.write_all(sent);
        let mut answer = Vec::new();
        let _ = stream.take(100_000).read_to_end(&mut answer);
        text(&answer)
    }

    fn head(&self, line: &str, more: &str) -> String {
        format!(
            "{line}\r\nHost: ledger\r\nConnection: close\r\nAuthorization: Bearer {}\r\n{more}\r\n",
            self.token
        )
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

/// Every error has a code, and every location is in the document, or one past its end. Line ends
/// are those of the GraphQL specification.
fn well_formed(document: &str, answer: &Value) {
    let lines: Vec<usize> = document
        .replace("\r\n", "\n")
        .split(['\n', '\r'])
        .map(|line| line.chars().count())
        .collect();
    assert!(answer.as_object().is_some_and(|answer| answer.contains_key("data")), "{answer}");
    let errors = answer.get("errors").map(|errors| errors.as_array().expect("a list"));
    assert!(errors.is_none_or(|errors| !errors.is_empty()));
    for error in errors.into_iter().flatten() {
        assert!(error["extensions"]["code"].is_string() && error["message"].is_string(), "{error}");
        for place in error["locations"].as_array().into_iter().flatten() {
            let at = |name: &str| {
                usize::try_from(place[name].as_u64().expect("a number")).expect("a size")
            };
            let (line, column) = (at("line"), at("column"));
            assert!(
                (1..=lines.len()).contains(&line) && (1..=lines[line - 1] + 1).contains(&column),
                "{place} is not in {document:?}: {error}"
            );
        }
    }
}

//! Requests that nobody sends in good faith, over HTTP to the shipped binary: whatever comes, the
//! process lives, says 4xx and not 5xx, and goes on answering others.

use crate::support::documents::{Random, Schema};
use crate::support::{Scratch, Server, text};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const QUESTION: &str = "{ session(id: \"S1\") { session { id } answered { position } } }";

/// A ledger with one session, and a server of it that lets one credential ask as often as it likes.
struct World {
    server: Server,
    token: String,
    /// One that may not see names.
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
        // While it serves, the directory is the server's.
        let (token, reader) =
            (scratch.token("acme", "read,investigate,ingest"), scratch.token("acme", "read"));
        let server = Server::start_with(&scratch.data(), &all);
        Self { server, token, reader, _scratch: scratch }
    }

    /// A GraphQL request, whatever its answer is.
    fn ask(&self, query: &str) -> Value {
        let (status, body) = self.server.graphql_raw(&self.token, query, json!({}));
        assert!(status < 500, "{status} {body}");
        serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status} {body}"))
    }

    /// A real question has its answer, and nothing panicked meanwhile.
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

    /// Sends bytes, closes its half if asked to, and reads what comes until the server closes, or
    /// enough of it.
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

/// Every error has a code, and every location is a place of the document, or one past its end.
/// Lines end as GraphQL has it.
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

fn nested(kind: &str, n: usize) -> String {
    let (open, close) = ("[".repeat(n), "]".repeat(n));
    match kind {
        "list" => format!("{{ session(id: {open}{close}) {{ session {{ id }} }} }}"),
        "list of the deepest value" => {
            format!("{{ session(id: {open}1{close}) {{ session {{ id }} }} }}")
        }
        "object" => format!(
            "{{ session(id: {}1{}) {{ session {{ id }} }} }}",
            "{a:".repeat(n),
            "}".repeat(n)
        ),
        "selection" => format!("{}{}", "{a".repeat(n), "}".repeat(n)),
        "inline fragment" => format!("{{{}{{a}}{}}}", "...{".repeat(n), "}".repeat(n)),
        "default" => format!(
            "query($a: ID = {open}{close}) {{ session(id: \"S1\") {{ session {{ id }} }} }}"
        ),
        "directive" => {
            format!("{{ session(id: \"S1\") @include(if: {open}{close}) {{ session {{ id }} }} }}")
        }
        "directive of the operation" => {
            format!("query @a(b: {open}{close}) {{ session(id: \"S1\") {{ session {{ id }} }} }}")
        }
        "list type" => {
            format!("query($a: {open}Int{close}) {{ session(id: \"S1\") {{ session {{ id }} }} }}")
        }
        "behind quotes" => {
            format!("{{ session(id: [\"\"\"x\" {open}1{close}]) {{ session {{ id }} }} }}")
        }
        "never closed" => format!("{{ session(id: {open}"),
        "schema" => format!("{{ __schema {}{} }}", "{ types ".repeat(n), "}".repeat(n)),
        "subscription" => {
            format!("subscription {{ sessionChanged(after: {open}{close}) {{ cursor }} }}")
        }
        "chain of fragments" => {
            let chain: String =
                (0..n).map(|i| format!("fragment f{i} on Query{{...f{}}}", i + 1)).collect();
            format!("{{...f0}} {chain} fragment f{n} on Query{{a}}")
        }
        other => panic!("{other}"),
    }
}

const KINDS: [&str; 14] = [
    "list",
    "list of the deepest value",
    "object",
    "selection",
    "inline fragment",
    "default",
    "directive",
    "directive of the operation",
    "list type",
    "behind quotes",
    "never closed",
    "schema",
    "subscription",
    "chain of fragments",
];

/// It was: 3 KB from any credential overflowed the stack, in or after the parser, and ended the
/// process.
#[test]
fn no_nesting_ends_the_process_at_any_entrance() {
    let world = World::new(&[]);
    for kind in KINDS {
        for n in [70, 400, 1_400, 10_000] {
            let query = nested(kind, n);
            let body = json!({"query": query}).to_string();
            if body.len() > 64 * 1024 {
                continue;
            }
            let answer = world.ask(&query);
            well_formed(&query, &answer);
            let error = &answer["errors"][0];
            assert!(error["extensions"]["code"] == "TOO_DEEP", "{kind} {n}: {error}");
            assert_eq!(answer["data"], Value::Null);
            let token = Some(world.token.as_str());
            let (status, told) =
                world.server.post("/graphql/stream", token, "application/json", body.as_bytes());
            assert!(
                status == 200
                    && told.contains("\"TOO_DEEP\"")
                    && told.ends_with("event: complete\ndata:\n\n"),
                "{kind} {n}: {status} {told}"
            );
            let form = format!("query={}&variables=", percent(&query));
            if form.len() < 64 * 1024 {
                let (status, page) = world.server.post(
                    "/query",
                    token,
                    "application/x-www-form-urlencoded",
                    form.as_bytes(),
                );
                assert!(status == 200 && page.contains("TOO_DEEP"), "{kind} {n}: {status}");
            }
            if query.len() < 4_000 {
                let bearer = format!("Bearer {}", world.token);
                let (status, _, told) = world.server.get(
                    &format!("/graphql/stream?query={}", percent(&query)),
                    &[("authorization", &bearer)],
                );
                assert!(
                    status == 200 && told.contains("\"TOO_DEEP\""),
                    "{kind} {n}: {status} {told}"
                );
            }
        }
    }
    let deepest = nested("list", 62);
    assert_eq!(
        world.ask(&deepest)["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED",
        "within the limit it is read"
    );
    let place = &world.ask(&nested("list", 1_400))["errors"][0]["locations"][0];
    assert_eq!(*place, json!({"line": 1, "column": 15 + 62}), "the first bracket past the limit");
    world.still_answers();
}

/// JSON and everything else that is read: bodies, variables, facts, envelopes, reports of browsers.
#[test]
fn no_nesting_in_any_body_ends_the_process() {
    let world = World::new(&[]);
    let token = Some(world.token.as_str());
    for n in [60, 127, 128, 1_400, 8_000] {
        let (list, object) = (
            format!("{}1{}", "[".repeat(n), "]".repeat(n)),
            format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n)),
        );
        for value in [list.as_str(), object.as_str(), &"[".repeat(n), &"{\"a\":".repeat(n)] {
            let of = |template: &str| template.replace("$", value);
            let form = |variables: &str| {
                format!("query=%7B__typename%7D&variables={}", percent(variables))
            };
            let sent = [
                ("/graphql", "application/json", of("$")),
                (
                    "/graphql",
                    "application/json",
                    of(
                        r#"{"query":"query($v: ID!) { session(id: $v) { session { id } } }","variables":{"v":$}}"#,
                    ),
                ),
                ("/graphql", "application/json", of(r#"{"query":"{ __typename }","variables":$}"#)),
                (
                    "/graphql",
                    "application/json",
                    of(r#"{"query":"{ __typename }","extensions":$}"#),
                ),
                ("/graphql", "application/json", of(r#"{"query":"{ __typename }","unknown":$}"#)),
                (
                    "/graphql/stream",
                    "application/json",
                    of(r#"{"query":"{ __typename }","variables":{"v":$}}"#),
                ),
                ("/query", "application/x-www-form-urlencoded", form(&of(r#"{"v":$}"#))),
                ("/v1/facts", "application/json", of("$")),
                (
                    "/v1/facts",
                    "application/json",
                    of(r#"{"id":"x","type":"session.started","data":$}"#),
                ),
                (
                    "/v1/facts?as=cloudevents",
                    "application/json",
                    of(r#"{"specversion":"1.0","id":"x","data":$}"#),
                ),
                (
                    "/v1/facts?as=okta-system-log",
                    "application/json",
                    of(r#"{"uuid":"x","published":"2026-03-10T10:00:00Z","debugContext":$}"#),
                ),
                (
                    "/v1/facts?as=okta-system-log",
                    "application/json",
                    json!({"_raw": of("{\"uuid\":$}")}).to_string(),
                ),
                ("/csp-report", "application/json", of(r#"{"csp-report":$}"#)),
            ];
            for (path, content_type, body) in sent {
                let (status, answer) =
                    world.server.post(path, token, content_type, body.as_bytes());
                assert!(status < 500, "{path} {n}: {status} {answer}");
            }
        }
    }
    // A wrapper in a wrapper in a wrapper.
    let mut event = json!({"eventType": "x"});
    for _ in 0..13 {
        event = json!({"_raw": event.to_string()});
    }
    let (status, answer) = world.server.post(
        "/v1/facts?as=okta-system-log",
        token,
        "application/json",
        event.to_string().as_bytes(),
    );
    assert!((400..500).contains(&status), "{status} {answer}");
    world.still_answers();
}

/// It was: fragments that fan out and hold no field cost nothing, and took the library's rules for
/// ever.
#[test]
fn what_would_take_for_ever_is_refused_at_once() {
    let world = World::new(&[]);
    let fan = |leaf: &str| {
        let levels: String = (0..25)
            .map(|i| {
                format!(" fragment f{i} on Query {{ ...f{0} ...f{0} ...f{0} ...f{0} }}", i + 1)
            })
            .collect();
        format!("{{ ...f0 }}{levels}{leaf}")
    };
    let operations: String = (0..1_500).map(|i| format!("query q{i}{{...f}}")).collect();
    for query in [
        fan(""),
        fan(" fragment f25 on Query { __typename }"),
        fan("").replace("{ ...f0 }", "{ __typename }"),
        format!("{operations} fragment f on Query{{{}}}", "a ".repeat(5_000)),
    ] {
        let started = Instant::now();
        let answer = world.ask(&query);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "TOO_COSTLY", "{answer}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
    // It was: 64 KiB of question had 36 MB of answer, since each error quoted the value that was
    // wrong.
    let uses = "sessions(first: $v) { x } ".repeat(1_200);
    let (status, body) = world.server.graphql_raw(
        &world.token,
        &format!("query($v: Int) {{ {uses} }}"),
        json!({"v": "x".repeat(30_000)}),
    );
    assert!(status == 200 && body.len() < 2_000_000, "{status}, {} bytes", body.len());
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.last().expect("one")["extensions"]["code"], "MORE_ERRORS");
    world.still_answers();
}

/// GraphQL over HTTP has no place for a failure that may not be null but `data` itself.
#[test]
fn a_failed_field_makes_null_of_what_may_be_null_around_it() {
    let world = World::new(&[]);
    let good = "session(id: \"S1\") { session { id } }";
    // It was: the field that failed was left out, and the others were told as if nothing were
    // wrong.
    let answer =
        world.ask(&format!("{{ {good} sessions(after: \"nothing\") {{ edges {{ cursor }} }} }}"));
    assert_eq!(
        (&answer["data"], answer["errors"].as_array().map(Vec::len)),
        (&Value::Null, Some(1)),
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["path"], json!(["sessions"]));
    let answer = world.ask(&format!(
        "{{ {good} sessions(asking: {{ knownAtPosition: 99999 }}) {{ edges {{ cursor }} }} }}"
    ));
    assert_eq!(
        (&answer["data"], &answer["errors"][0]["extensions"]["code"]),
        (&Value::Null, &json!("PAST_HEAD")),
        "{answer}"
    );
    // A field that may be null is null; it was left out.
    let (_, body) = world.server.graphql_raw(
        &world.reader,
        "{ session(id: \"S1\") { session { id label { name } } } }",
        json!({}),
    );
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        answer["data"]["session"]["session"],
        json!({"id": "S1", "label": null}),
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["path"], json!(["session", "session", "label"]));
    // Nothing was asked, and nothing failed.
    assert_eq!(world.ask("{ __typename @skip(if: true) }")["data"], json!({}));
    world.still_answers();
}

#[test]
fn locations_are_places_of_the_document() {
    let world = World::new(&[]);
    for query in [
        "{ session(id: \"S1\") { session { id }\r  nope } }",
        "{\r\r\r  nope\r}",
        "{\r\n\r\n  sessions(first: {a: 1}) { x } }",
        "query($at: DateTime!) { session(id: \"S1\", asking: {at: $at}) { session { id } } }",
        "query($at: DateTime = \"x\") { session(id: \"S1\", asking: {at: $at}) { ...f } }\n\n \
         fragment f on SessionAnswer { nope }",
        "{ ...f }\nfragment f on Query {\n  sessions(after: \"x\") { edges { cursor } }\n}",
        "{ session }",
        "{ session(id: \"\u{1F600}\") { \u{1F600} } }",
        "\u{feff}{ nope }",
        "",
        "{",
        "{ session(id: \"S1",
        "query a { nope } query a { nope }",
        "{ nope } { nope }",
        "fragment f on Query { nope }",
        "mutation { nope }",
        "subscription { sessionChanged { nope } }",
        "{ session(id: 1e999) { x } }",
    ] {
        well_formed(query, &world.ask(query));
    }
    // Refusals of the request as such name no place at all; it was line 0, column 0.
    for (status, answer) in [
        world.server.post("/graphql", None, "application/json", b"{}"),
        world.server.post("/graphql", Some(&world.token), "text/plain", b"{}"),
        world.server.post("/graphql", Some(&world.token), "application/json", b"[]"),
        world.server.post("/graphql?after=x", Some(&world.token), "application/json", b"{}"),
        world.server.post("/graphql", Some(&world.token), "application/json", &vec![b' '; 70_000]),
    ] {
        assert!((400..500).contains(&status) && !answer.contains("locations"), "{status} {answer}");
    }
}

/// 10,000 documents made from the schema, over connections that are kept, with what goes with them.
#[test]
fn ten_thousand_documents_end_nothing() {
    const DOCUMENTS: u64 = 10_000;
    const THREADS: u64 = 4;
    let world = World::new(&[]);
    let schema = Schema::committed();
    let answered: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (world, schema) = (&world, &schema);
                scope.spawn(move || {
                    (thread..DOCUMENTS)
                        .step_by(THREADS as usize)
                        .filter(|seed| one(world, schema, *seed))
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    // Were all refused before they run, nothing of what runs would be tried.
    assert!(answered > 500, "{answered} had data");
    world.still_answers();
}

/// Sends one document at one of the entrances. Whether it had data.
fn one(world: &World, schema: &Schema, seed: u64) -> bool {
    let made = schema.document(seed);
    let random = &mut Random::new(seed ^ 0xF00D);
    let body = json!({"query": made.query, "variables": made.variables,
        "operationName": random.one_in(20).then_some("Q")})
    .to_string();
    let token = Some(world.token.as_str());
    match random.below(20) {
        0 => {
            // A subscription has no end: what comes first is enough.
            let mut stream = world.connect();
            let head = world.head(
                "POST /graphql/stream HTTP/1.1",
                &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
            );
            stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body.as_bytes()))
                .expect("it is taken");
            let mut line = String::new();
            BufReader::new(stream)
                .read_line(&mut line)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(
                ["HTTP/1.1 2", "HTTP/1.1 4"].iter().any(|start| line.starts_with(start)),
                "seed {seed}: {line}"
            );
            false
        }
        1 => {
            let form = format!(
                "query={}&variables={}",
                percent(&made.query),
                percent(&made.variables.to_string())
            );
            let (status, page) = world.server.post(
                "/query",
                token,
                "application/x-www-form-urlencoded",
                form.as_bytes(),
            );
            assert!(status < 500, "seed {seed}: {status} {page}");
            false
        }
        2 => {
            // The envelope is damaged instead.
            let mut bytes = body.into_bytes();
            let at = random.below(bytes.len());
            bytes[at] = *random.pick(b"\"{}[]\\\0\xff:,u");
            let (status, answer) = world.server.post("/graphql", token, "application/json", &bytes);
            assert!(status < 500, "seed {seed}: {status} {answer}");
            false
        }
        _ => {
            let (status, answer) =
                world.server.post("/graphql", token, "application/json", body.as_bytes());
            assert!(matches!(status, 200 | 400 | 413), "seed {seed}: {status} {answer}");
            let answer: Value = serde_json::from_str(&answer)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}: {answer}"));
            well_formed(&made.query, &answer);
            answer["data"].is_object()
        }
    }
}

/// Heads and bodies that no client sends.
#[test]
fn odd_requests_are_refused_or_answered_and_others_served() {
    let world = World::new(&[]);
    let json = "Content-Type: application/json\r\n";
    let post = |path: &str, more: &str, body: &str| {
        world.head(&format!("POST {path} HTTP/1.1"), &format!("{json}{more}")) + body
    };
    let get = |path: &str| world.head(&format!("GET {path} HTTP/1.1"), "");
    let sent: Vec<(&str, String)> = vec![
        ("long line", get(&format!("/{}", "a".repeat(100_000)))),
        ("many headers", world.head("GET /healthz HTTP/1.1", &"X-Many: a\r\n".repeat(500))),
        (
            "long header",
            world.head("GET /healthz HTTP/1.1", &format!("X-Long: {}\r\n", "a".repeat(40_000))),
        ),
        ("NUL in the path", get("/\0")),
        ("percent-encoded NUL", get("/session?id=%00")),
        ("broken percent-encoding", get("/session?id=%zz%ff%")),
        ("broken percent-encoding of a path", get("/assets/%ff%00..%2f")),
        (
            "every time at its extreme",
            get("/session?id=S1&at=9999-12-31T23:59:59-23:59&knownAt=0000-01-01T00:00:00%2B23:59"),
        ),
        (
            "a year of six digits",
            get("/session?id=S1&at=%2B262143-12-31T23:59:59Z&knownAtPosition=18446744073709551615"),
        ),
        (
            "numbers past their limits",
            get("/sessions?first=99999999999999999999&knownAt=%2399999999999999999999"),
        ),
        ("the largest page", get("/sessions?first=2147483647")),
        ("star", world.head("OPTIONS * HTTP/1.1", "")),
        ("connect", world.head("CONNECT ledger:443 HTTP/1.1", "")),
        ("trace", world.head("TRACE /healthz HTTP/1.1", "")),
        ("head", world.head("HEAD /graphql HTTP/1.1", "")),
        ("another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("no HTTP", "\u{16}\u{3}\u{1}\u{2}".repeat(1_000)),
        (
            "continue",
            post(
                "/graphql",
                "Expect: 100-continue\r\nContent-Length: 24\r\n",
                "{\"query\":\"{__typename}\"}",
            ),
        ),
        ("two lengths", post("/graphql", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}")),
        (
            "a length and chunks",
            post(
                "/graphql",
                "Content-Length: 2\r\nTransfer-Encoding: \
            chunked\r\n",
                "2\r\n{}\r\n0\r\n\r\n",
            ),
        ),
        (
            "a length past 64 bits",
            post("/graphql", "Content-Length: 99999999999999999999\r\n", "{}"),
        ),
        ("a negative length", post("/graphql", "Content-Length: -1\r\n", "{}")),
        (
            "a chunk past 64 bits",
            post("/graphql", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}"),
        ),
        (
            "an extension without end",
            post(
                "/graphql",
                "Transfer-Encoding: chunked\r\n",
                &format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(100_000)),
            ),
        ),
        (
            "trailers without end",
            post(
                "/graphql",
                "Transfer-Encoding: chunked\r\n",
                &format!("2\r\n{{}}\r\n0\r\n{}\r\n", "X: y\r\n".repeat(5_000)),
            ),
        ),
        (
            "chunks without end",
            post(
                "/graphql",
                "Transfer-Encoding: chunked\r\n",
                &format!("ffff\r\n{}\r\n", " ".repeat(0xffff)).repeat(40),
            ),
        ),
        (
            "pipelined",
            "GET /healthz HTTP/1.1\r\nHost: ledger\r\n\r\n".repeat(200) + &get("/healthz"),
        ),
        (
            "credential of another alphabet",
            "GET /sessions HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\nCookie: \
             claimledger=\u{ff}\u{ff}\r\n\r\n"
                .to_owned(),
        ),
    ];
    for (name, sent) in &sent {
        let answer = world.raw(sent.as_bytes());
        assert!(!answer.contains("HTTP/1.1 5"), "{name}: {answer}");
        let (status, _, health) = world.server.get("/healthz", &[]);
        assert!(status == 200 && health.contains("\"panics\":0"), "{name}: {status} {health}");
    }
    world.still_answers();
}

/// It was: a request without `Host`, or with two, was answered like any other.
#[test]
fn a_request_names_its_host_once() {
    let world = World::new(&[]);
    let get = |version: &str, hosts: &[&str]| {
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let answer = world
            .raw(format!("GET /healthz {version}\r\n{hosts}Connection: close\r\n\r\n").as_bytes());
        answer.get(9..12).unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    };
    for good in ["ledger", "ledger.example:443", "127.0.0.1:7070", "[::1]:7070"] {
        assert_eq!(get("HTTP/1.1", &[good]), "200", "{good}");
        assert_eq!(get("HTTP/1.1", &[good, good]), "400", "{good} twice");
    }
    assert_eq!(get("HTTP/1.1", &[]), "400");
    assert_eq!(get("HTTP/1.0", &[]), "200", "HTTP/1.0 has no such header");
    for bad in ["", "a b", "a/b", "user@ledger", "ledger:port", "ledger:99999"] {
        assert_eq!(get("HTTP/1.1", &[bad]), "400", "{bad:?}");
    }
}

/// It was: behind a proxy on loopback, cookies travelled without `Secure` and the schema was told.
#[test]
fn behind_a_proxy_on_loopback_nothing_is_local() {
    let schema = "{ __schema { queryType { name } } }";
    for (arguments, is_local) in [(&["--behind-proxy"][..], false), (&[][..], true)] {
        let world = World::new(arguments);
        let code = world.server.sign_in["acme"]
            .as_str()
            .expect("a link")
            .split("code=")
            .nth(1)
            .expect("a code")
            .to_owned();
        let (status, headers, _) = world.server.get(&format!("/sign-in?code={code}"), &[]);
        let cookie = headers
            .iter()
            .find(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        assert_eq!((status, cookie.contains("; Secure")), (303, !is_local), "{cookie}");
        let answer = world.ask(schema);
        if is_local {
            assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
        } else {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INTROSPECTION_OFF");
        }
        let (_, headers, _) = world.server.post_with(
            "/theme",
            None,
            &[("content-type", "application/x-www-form-urlencoded")],
            b"theme=dark&next=/",
        );
        let cookie = headers
            .iter()
            .find(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        assert_eq!(cookie.contains("; Secure"), !is_local, "{cookie}");
    }
}

/// It was: another site's form was refused and yet told the browser to forget its cookie.
#[test]
fn another_site_cannot_sign_a_visitor_out() {
    let world = World::new(&[]);
    let link = world.server.sign_in["acme"]
        .as_str()
        .expect("a link")
        .trim_start_matches(&world.server.url)
        .to_owned();
    let (_, headers, _) = world.server.get(&link, &[]);
    let cookie = headers
        .iter()
        .find(|(name, _)| name == "set-cookie")
        .expect("a cookie")
        .1
        .split(';')
        .next()
        .expect("a value")
        .to_owned();
    let host = world.server.url.trim_start_matches("http://");
    let out = |more: &[(&str, &str)]| {
        let headers = [
            &[("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")],
            more,
        ]
        .concat();
        let (status, headers, body) = world.server.post_with("/sign-out", None, &headers, b"");
        (status, headers.iter().any(|(name, _)| name == "set-cookie"), body)
    };
    for refused in [
        &[("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "null")],
    ] {
        let (status, sets_cookie, body) = out(refused);
        assert!(
            status == 422 && !sets_cookie && body.contains("another site"),
            "{refused:?}: {status} {sets_cookie} {body}"
        );
    }
    let (status, _, _) = world.server.get("/query", &[("cookie", &cookie)]);
    assert_eq!(status, 200, "still signed in");
    let own = format!("http://{host}");
    let (status, sets_cookie, _) = out(&[("origin", &own), ("sec-fetch-site", "same-origin")]);
    assert!(status == 303 && sets_cookie, "{status}");
    let (status, _, _) = world.server.get("/query", &[("cookie", &cookie)]);
    assert_eq!(status, 303, "signed out");
}

/// Processes that hold connections, each fewer than a process may open files.
struct Holders(Vec<Child>);

impl Holders {
    /// Each connection sends `first`, and then nothing.
    fn new(server: &Server, connections: usize, first: &str) -> Self {
        let port = server.url.rsplit(':').next().expect("a port").to_owned();
        let script = "for i in $(seq \"$1\"); do exec {fd}<>\"/dev/tcp/127.0.0.1/$0\" || exit 1; \
                      printf \"$2\" >&\"$fd\"; done; echo held; read -r wait";
        let each = 100;
        let children: Vec<Child> = (0..connections.div_ceil(each))
            .map(|_| {
                Command::new("bash")
                    .args(["-c", script, &port, &each.to_string(), first])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("bash")
            })
            .collect();
        let mut holders = Self(children);
        for child in &mut holders.0 {
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().expect("piped"))
                .read_line(&mut line)
                .expect("a line");
            assert_eq!(line, "held\n");
        }
        holders
    }
}

impl Drop for Holders {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// It was: 1,024 connections that sent nothing, or half a request, kept everybody else out for ten
/// seconds and longer.
#[test]
fn held_connections_do_not_hold_others_up() {
    let world = World::new(&[]);
    for first in [
        "",
        "GET /healthz HTTP/1.1\\r\\nHost: ledger\\r\\nX-Slow: ",
        "GET /healthz HTTP/1.1\\r\\nHost: ledger\\r\\n\\r\\n",
        "POST /csp-report HTTP/1.1\\r\\nHost: ledger\\r\\nContent-Length: 10000\\r\\n\\r\\n{",
    ] {
        let holders = Holders::new(&world.server, 1_100, first);
        // A client that is in the middle of a body has some time to go on with it.
        if first.starts_with("POST") {
            thread::sleep(Duration::from_millis(2_500));
        }
        for _ in 0..5 {
            let started = Instant::now();
            let answer =
                world.raw(b"GET /healthz HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\n\r\n");
            assert!(answer.starts_with("HTTP/1.1 200"), "{first:?}: {answer}");
            assert!(
                started.elapsed() < Duration::from_secs(1),
                "{first:?}: {:?}",
                started.elapsed()
            );
        }
        world.still_answers();
        drop(holders);
    }
}

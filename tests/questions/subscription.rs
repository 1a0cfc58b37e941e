//! The subscription to changes of sessions, against the shipped binary: reconnects, isolation of
//! tenants, and both times.

use crate::support::{Scratch, Server, claimledger, fixture, questions::asks, text};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

const CHANGES: &str = "subscription ($after: String) { sessionChanged(after: $after) {
    cursor sessionId changed replayed occurredAt recordedAt record { position sourceId type } \
    session { state endedAt endReason } answered { position } } }";

/// A subscription over a raw socket, so that it can be cut at any byte.
struct Line {
    stream: TcpStream,
    raw: Vec<u8>,
}

impl Line {
    fn open(server: &Server, token: &str, after: Option<&str>) -> Self {
        let address = server.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = json!({"query": CHANGES, "variables": {"after": after}}).to_string();
        let head = format!(
            "POST /graphql/stream HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer \
             {token}\r\naccept: text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        Self { stream, raw: Vec::new() }
    }

    /// Reads up to this number of bytes, or for this time, then cuts the connection.
    fn cut(mut self, bytes: usize, time: Duration) -> Vec<Value> {
        let until = Instant::now() + time;
        let mut buffer = [0; 512];
        while self.raw.len() < bytes && Instant::now() < until {
            self.stream.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
            let room = buffer.len().min(bytes - self.raw.len());
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) => break,
                Ok(read) => self.raw.extend_from_slice(&buffer[..read]),
                Err(_) => {}
            }
        }
        let _ = self.stream.shutdown(Shutdown::Both);
        answers(&self.raw)
    }

    /// Reads until the last expected answer, or the end.
    fn until(mut self, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut buffer = [0; 16 * 1024];
        loop {
            let read = match self.stream.read(&mut buffer) {
                // A process that was stopped for a moment: no signal handler restarts a read that
                // has a timeout.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.expect("the server goes on"),
            };
            self.raw.extend_from_slice(&buffer[..read]);
            let mut all = answers(&self.raw);
            // One read may return more than the expected answer.
            if let Some(at) = all.iter().position(&last) {
                all.truncate(at + 1);
                return all;
            }
            if read == 0 || body(&self.raw).is_some_and(|body| body.contains("event: complete")) {
                return all;
            }
        }
    }
}

/// The received part of the body, decoded from its chunks.
fn body(raw: &[u8]) -> Option<String> {
    let head = raw.windows(4).position(|four| four == b"\r\n\r\n")?;
    let status = text(&raw[..head.min(20)]);
    assert!(status.contains(" 200 "), "{}", text(raw));
    let (mut rest, mut body) = (&raw[head + 4..], Vec::new());
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&text(&rest[..line]), 16).expect("a chunk's size");
        rest = &rest[line + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if size == 0 || rest.len() < size + 2 {
            break;
        }
        rest = &rest[size + 2..];
    }
    Some(text(&body))
}

/// The complete answers.
fn answers(raw: &[u8]) -> Vec<Value> {
    let body = body(raw).unwrap_or_default();
    let whole = body.rfind("\n\n").map_or("", |end| &body[..end]);
    whole
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("event: next\ndata: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn change(answer: &Value) -> &Value {
    assert!(answer.get("errors").is_none(), "{answer}");
    &answer["data"]["sessionChanged"]
}

fn key(change: &Value) -> (u64, String) {
    (
        change["record"]["position"].as_u64().unwrap(),
        change["sessionId"].as_str().unwrap().to_owned(),
    )
}

fn cursor(server: &Server, token: &str, position: u64) -> String {
    let answer = server.graphql(
        token,
        &format!("{{ changesCursor(asking: {{knownAtPosition: {position}}}) {{ cursor }} }}"),
        json!({}),
    );
    answer["changesCursor"]["cursor"].as_str().unwrap().to_owned()
}

/// Facts of the session of this number, a few a call.
fn facts(n: usize) -> Vec<Value> {
    let session = format!("N{}", n / 2);
    let fact = |kind: &str, data: Value| {
        json!({"id": format!("{kind}-{n}"), "type": kind, "session": session,
            "subject": {"id": format!("u{}", n / 2)},
            "occurred_at": format!("2026-03-10T10:{:02}:{:02}Z", n / 60 % 60, n % 60),
                "data": data})
    };
    match n % 20 {
        // Configuration that comes late: it says from when on, before every session.
        19 => vec![json!({"id": format!("idp-{n}"), "type": "idp.configured",
                "occurred_at": format!("2026-03-09T{:02}:{:02}:00Z", n / 60 % 24, n % 60),
            "data": {"idp": "idp-w", "version": format!("v{n}"), "kind": "third_party",
                "status": "active", "trust_claims": n % 20 == 9}})],
        even if even % 2 == 0 => {
            vec![
                fact(
                    "claims.received",
                    json!({"idp": "idp-w", "amr": ["pwd"], "assertion": format!("a{n}")}),
                ),
                fact("app.accessed", json!({"app": "wiki"})),
            ]
        }
        _ => vec![
            fact("policy.decided", json!({"app": "wiki", "policy": "wiki", "outcome": "allow"})),
            fact("session.ended", json!({"reason": "logout"})),
        ],
    }
}

/// Sends a query; repeats it if the rate limit refused it.
fn asked(server: &Server, token: &str, query: &str) -> Value {
    loop {
        let (status, body) = server.graphql_raw(token, query, json!({}));
        if status != 429 {
            let mut answer: Value = serde_json::from_str(&body).unwrap();
            assert!(answer.get("errors").is_none(), "{answer}");
            return answer["data"].take();
        }
        std::thread::yield_now();
    }
}

/// The sessions whose state at a position differs from that before it, ignoring texts.
fn hit(
    server: &Server,
    token: &str,
    sessions: &BTreeSet<String>,
    position: u64,
) -> Vec<(u64, String)> {
    let look = |alias: String, id: &str, k: u64| {
        format!(
            "{alias}: session(id: \"{id}\", asking: \
             {{at: \"9999-01-01T00:00:00Z\", knownAtPosition: {k}}}) {{ session {{ ...s }} }}"
        )
    };
    let all: Vec<_> = sessions.iter().collect();
    let mut hit = Vec::new();
    for some in all.chunks(20) {
        let looks = (0..).zip(some).map(|(n, id)| {
            look(format!("a{n}"), id, position - 1) + &look(format!("b{n}"), id, position)
        });
        let query = format!(
            "{{ {} }} fragment s on Session {{ id endedAt endReason factors {{ amr until grade \
             byRecord byRules trustVersion }} ignored {{ amr reasons }}
                decisions {{ implied firstUnmet }} }}",
            looks.collect::<String>()
        );
        let answer = asked(server, token, &query);
        let other = |n: usize| answer[format!("a{n}")] != answer[format!("b{n}")];
        hit.extend(
            (0..).zip(some).filter(|(n, _)| other(*n)).map(|(_, id)| (position, (*id).clone())),
        );
    }
    hit
}

/// The expected changes, computed record by record; for configuration, session by session.
fn independent(server: &Server, token: &str, from: u64, to: u64) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    let mut sessions = BTreeSet::new();
    for start in (from..to).step_by(40) {
        let fields: Vec<_> = (start..to.min(start + 40))
            .map(|p| format!("r{p}: record(position: {p}) {{ position session kind }}"))
            .collect();
        let answer = asked(server, token, &format!("{{ {} }}", fields.join(" ")));
        for position in start..to.min(start + 40) {
            let record = &answer[format!("r{position}")];
            if let Some(session) = record["session"].as_str() {
                sessions.insert(session.to_owned());
                all.push((position, session.to_owned()));
            } else if record["kind"] == "idp.configured" {
                all.extend(hit(server, token, &sessions, position));
            }
        }
    }
    all
}

/// After a reconnect, no change is lost and none is repeated.
#[test]
fn g6_cut_two_hundred_times_while_a_writer_appends() {
    let _question = asks(&["G6"]);
    const CUTS: usize = 200;
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let tokens: Vec<String> = (0..6).map(|_| scratch.token("acme", "read")).collect();
    let writer = scratch
        .json(&["--tenant", "acme", "token", "--role", "ingest", "--source", "writer"])["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = scratch.serve();
    let post = |facts: &[Value]| {
        let lines: Vec<String> = facts.iter().map(Value::to_string).collect();
        let (status, body) = server.post(
            "/v1/facts",
            Some(&writer),
            "application/x-ndjson",
            lines.join("\n").as_bytes(),
        );
        assert_eq!(status, 200, "{body}");
    };
    let from =
        server.graphql(&tokens[0], "{ changesCursor { cursor answered { position } } }", json!({}));
    let first = from["changesCursor"]["answered"]["position"].as_u64().unwrap() + 1;
    let start = from["changesCursor"]["cursor"].as_str().unwrap().to_owned();
    let (mut after, mut got) = (start.clone(), Vec::new());
    let (step, steps) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        // In step with the cuts, so that there is always something under way, and the log stays
        // short.
        let post = &post;
        scope.spawn(move || {
            steps.iter().for_each(|n: usize| (2 * n..2 * n + 2).for_each(|n| post(&facts(n))))
        });
        let mut random = 7u64;
        for n in 0..CUTS {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bytes = (random >> 33) as usize % 6_000;
            let time = Duration::from_millis(5 + (random >> 50) % 60);
            step.send(n).unwrap();
            let line = Line::open(&server, &tokens[n % tokens.len()], Some(&after));
            got.extend(line.cut(bytes, time).iter().map(|answer| change(answer).clone()));
            if let Some(last) = got.last() {
                after = last["cursor"].as_str().unwrap().to_owned();
            }
        }
        drop(step);
    });
    post(&[
        json!({"id": "last", "type": "session.started", "session": "LAST", "subject": {"id": "u"},
            "occurred_at": "2026-03-10T23:00:00Z", "data": {}}),
    ]);
    let is_last = |answer: &Value| answer["data"]["sessionChanged"]["sessionId"] == "LAST";
    let rest = Line::open(&server, &tokens[0], Some(&after)).until(is_last);
    assert!(got.len() > 50, "most of it came between cuts: {} and {}", got.len(), rest.len());
    got.extend(rest.iter().map(|answer| change(answer).clone()));

    let given: Vec<_> = got.iter().map(key).collect();
    let last = given.last().unwrap().0;
    let mut expected = independent(&server, &tokens[1], first, last + 1);
    let mut sorted = given.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected, "nothing is lost, and nothing comes twice");
    assert!(given.windows(2).all(|two| two[0].0 <= two[1].0), "in the order of the log");
    assert!(
        given.iter().map(|(position, _)| position).collect::<BTreeSet<_>>().len() < given.len(),
        "configuration changed several sessions at once"
    );
    // A client that was never cut off gets the same.
    let whole: Vec<_> = Line::open(&server, &tokens[2], Some(&start))
        .until(is_last)
        .iter()
        .map(|answer| change(answer).clone())
        .collect();
    let content = |changes: &[Value]| {
        changes
            .iter()
            .map(|c| json!([c["cursor"], c["sessionId"], c["changed"], c["session"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(content(&whole), content(&got));
}

/// The facts of one organisation, in two: those recorded before a time, and the rest.
fn split(name: &str, before: &str) -> (String, String) {
    let lines = fixture::facts(name);
    let (early, late): (Vec<&str>, Vec<&str>) =
        lines.lines().filter(|line| !line.trim().is_empty()).partition(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            line["recorded_at"].as_str().or(line["occurred_at"].as_str()).expect("a time") < before
        });
    (early.join("\n"), late.join("\n"))
}

#[test]
fn g6_an_end_arrives_when_it_is_recorded_and_says_when_it_occurred() {
    let _question = asks(&["G6"]);
    let (early, late) = split("acme", "2026-03-10T14:52:00Z");
    let scratch = Scratch::rehearsal(&["acme"]);
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file("early.jsonl", early)]);
    let token = scratch.token("acme", "read");
    let writer = scratch.token("acme", "ingest,govern");
    let server = scratch.serve();
    let head = server.graphql(&token, "{ changesCursor { cursor } }",
        json!({}))["changesCursor"]["cursor"].as_str().unwrap().to_owned();
    let line = Line::open(&server, &token, Some(&head));
    let (status, body) =
        server.post("/v1/facts", Some(&writer), "application/x-ndjson", late.as_bytes());
    assert_eq!(status, 200, "{body}");
    let all = line.until(|answer| answer["data"]["sessionChanged"]["sessionId"] == "S5");
    let end = change(all.last().unwrap());
    assert_eq!(
        (&end["occurredAt"], &end["recordedAt"]),
        (&json!("2026-03-10T14:30:00Z"), &json!("2026-03-10T14:52:00Z"))
    );
    assert_eq!(
        (&end["record"]["type"], &end["replayed"]),
        (&json!("session.ended"), &json!(false))
    );
    assert_eq!(
        end["session"],
        json!({"state": "ENDED", "endedAt": "2026-03-10T14:30:00Z",
            "endReason": "upstream_revoked"})
    );
    let codes: Vec<_> =
        end["changed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(codes.contains(&"state") && codes.contains(&"end"), "{codes:?}");
    // Later the same change is history.
    let again = Line::open(&server, &token, Some(&head))
        .until(|answer| answer["data"]["sessionChanged"]["sessionId"] == "S5");
    let again = change(again.last().unwrap());
    assert_eq!((&again["cursor"], &again["replayed"]), (&end["cursor"], &json!(true)));
}

#[test]
fn g11_a_token_of_another_tenant_sees_nothing_and_its_cursors_are_of_no_use() {
    let _question = asks(&["G11"]);
    let scratch = Scratch::fixture();
    let (acme, globex) = (scratch.token("acme", "read"), scratch.token("globex", "read"));
    let writers = (scratch.token("acme", "ingest"), scratch.token("globex", "ingest"));
    let server = scratch.serve();
    let line = Line::open(&server, &globex, Some(&cursor(&server, &globex, 0)));
    let started = |session: &str| {
        json!({"id": session, "type": "session.started", "session": session,
            "subject": {"id": "u-x"}, "occurred_at": "2026-03-10T23:30:00Z",
            "recorded_at": "2026-03-10T23:30:00Z", "data": {}})
        .to_string()
    };
    assert_eq!(
        server
            .post("/v1/facts", Some(&writers.0), "application/json", started("OF-ACME").as_bytes())
            .0,
        200
    );
    assert_eq!(
        server
            .post(
                "/v1/facts",
                Some(&writers.1),
                "application/json",
                started("OF-GLOBEX").as_bytes()
            )
            .0,
        200
    );
    let all = line.until(|answer| answer["data"]["sessionChanged"]["sessionId"] == "OF-GLOBEX");
    let seen: BTreeSet<_> =
        all.iter().map(|answer| change(answer)["sessionId"].as_str().unwrap()).collect();
    assert_eq!(seen, BTreeSet::from(["GX1", "OF-GLOBEX"]));
    // A cursor of acme says no more to globex than a made-up one.
    let refused = |after: &str| Line::open(&server, &globex, Some(after)).until(|_| true);
    let foreign = refused(&cursor(&server, &acme, 5));
    assert_eq!(foreign[0]["errors"][0]["extensions"]["code"], "RESTART");
    assert_eq!(foreign, refused("AAAA"));
}

#[test]
fn the_command_watches_a_directory_and_a_server() {
    let scratch = Scratch::fixture();
    let token = scratch.file("token", scratch.token("acme", "read"));
    let writer = scratch.token("acme", "ingest");
    let args = ["--tenant", "acme", "--known-at", "0", "watch", "--first", "30"];
    let by_owner = scratch.ok(&args);
    assert_eq!(by_owner.lines().count(), 30);
    assert!(by_owner.lines().next().unwrap().contains(" S7 started"), "{by_owner}");
    let rows = |text: &str| {
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let owner = rows(&scratch.ok(&[&["--format", "json"], args.as_slice()].concat()));
    let server = scratch.serve();
    let remote = ["--format", "json", "--url", &server.url, "--token-file", &token];
    let out = claimledger().args(remote).args(&args[2..]).output().unwrap();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(rows(&text(&out.stdout)), owner);
    let after = owner[9]["cursor"].as_str().unwrap();
    let out = claimledger()
        .args(remote)
        .args(["watch", "--first", "20", "--after", after])
        .output()
        .unwrap();
    assert_eq!(rows(&text(&out.stdout)), owner[10..]);
    let out = claimledger().args(remote).args(["watch", "--after", "AAAA"]).output().unwrap();
    assert_eq!(out.status.code(), Some(3), "{}", text(&out.stderr));
    // The live tail: a line that was not there when the command began.
    let mut child = claimledger().args(remote).arg("watch").stdout(Stdio::piped()).spawn().unwrap();
    let fact = |n: usize| {
        json!({"id": format!("live-{n}"), "type": "session.started", "session": format!("LIVE{n}"),
            "subject": {"id": "u-x"},
            "occurred_at": "2026-03-10T23:40:00Z", "recorded_at": "2026-03-10T23:40:00Z",
                "data": {}})
        .to_string()
    };
    // When the command listens cannot be seen from here, so facts come until it has one that came
    // after it began.
    let (done, mut live, mut all_new) = (AtomicBool::new(false), false, true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                assert_eq!(
                    server
                        .post("/v1/facts", Some(&writer), "application/json", fact(n).as_bytes())
                        .0,
                    200
                );
            }
        });
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            all_new &= line.contains("\"LIVE");
            live = line.contains("\"replayed\":false");
            if live {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(all_new, "from now on means from now on");
    assert!(live, "the command ended, or said nothing that came after it began");
    child.kill().unwrap();
    child.wait().unwrap();
}

//! Bad input, through the command line and over HTTP: a clear refusal with line and field, nothing
//! of the batch written, memory bounded.

use crate::support::{self, Scratch, Server};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

const GOOD: &str = r#"{"id":"good","type":"source.heard","occurred_at":"2026-03-10T10:00:00Z","data":{"until":"2026-03-10T10:00:00Z","basis":"stated"}}"#;

struct Bad {
    name: &'static str,
    line: Vec<u8>,
    codes: &'static [&'static str],
    field: Option<&'static str>,
    says: &'static str,
}

fn bad(
    name: &'static str,
    line: impl Into<Vec<u8>>,
    codes: &'static [&'static str],
    field: Option<&'static str>,
    says: &'static str,
) -> Bad {
    Bad { name, line: line.into(), codes, field, says }
}

fn cases() -> Vec<Bad> {
    let start = |rest: &str| {
        format!(
            r#"{{"id":"bad","type":"session.started","session":"S1","subject":{{"id":"u"}},{rest}}}"#
        )
    };
    vec![
        bad("cut JSON", &GOOD[..60], &["malformed"], None, ""),
        bad(
            "unknown type",
            GOOD.replace("source.heard", "session.begun"),
            &["unknown_type"],
            Some("type"),
            "session.begun",
        ),
        bad(
            "missing field",
            GOOD.replace(r#","basis":"stated""#, ""),
            &["missing_field"],
            Some("data.basis"),
            "stated",
        ),
        bad(
            "missing session",
            start(r#""occurred_at":"2026-03-10T10:00:00Z","data":{}"#)
                .replace(r#""session":"S1","#, ""),
            &["missing_field"],
            Some("session"),
            "session",
        ),
        bad(
            "time without offset",
            start(r#""occurred_at":"2026-03-10T10:00:00","data":{}"#),
            &["invalid_field"],
            Some("occurred_at"),
            "offset",
        ),
        bad(
            "unknown word",
            GOOD.replace("stated", "guessed"),
            &["unknown_word"],
            Some("data.basis"),
            "polled",
        ),
        bad(
            "a 10 MB line",
            start(&format!(
                r#""occurred_at":"2026-03-10T10:00:00Z","data":{{"root_session":"{}"}}"#,
                "x".repeat(10_000_000)
            )),
            &["too_large"],
            None,
            "",
        ),
        bad(
            "deep nesting",
            start(&format!(
                r#""occurred_at":"2026-03-10T10:00:00Z","data":{{"x":{}{}}}"#,
                "[".repeat(20_000),
                "]".repeat(20_000)
            )),
            &["malformed"],
            None,
            "deep",
        ),
        bad(
            "duplicate keys",
            GOOD.replace(r#"{"id":"good","#, r#"{"id":"good","id":"other","#),
            &["malformed"],
            Some("id"),
            "twice",
        ),
        bad(
            "invalid UTF-8",
            [GOOD.as_bytes()[..8].to_vec(), vec![0xff, 0xfe], GOOD.as_bytes()[8..].to_vec()]
                .concat(),
            &["malformed"],
            None,
            "UTF-8",
        ),
        bad(
            "what only the ledger writes",
            r#"{"id":"bad","type":"rules.activated","occurred_at":"2026-03-10T10:00:00Z","data":{"rules":"r9"}}"#,
            &["reserved"],
            Some("type"),
            "",
        ),
        bad(
            "wrong type of a field",
            GOOD.replace(r#""until":"2026-03-10T10:00:00Z""#, r#""until":7"#),
            &["invalid_field"],
            Some("data.until"),
            "",
        ),
    ]
}

/// Two good lines around the bad one, each with an id of its own.
fn batch(bad: &[u8]) -> Vec<u8> {
    [
        GOOD.replace("good", "before").as_bytes(),
        b"\n",
        bad,
        b"\n",
        GOOD.replace("good", "after").as_bytes(),
        b"\n",
    ]
    .concat()
}

fn check(case: &Bad, error: &Value) {
    let name = case.name;
    let code = error["code"].as_str().unwrap_or("none");
    assert!(case.codes.contains(&code), "{name}: {error}");
    assert_eq!(error["line"], 2, "{name}: {error}");
    if let Some(field) = case.field {
        assert_eq!(error["field"], field, "{name}: {error}");
    }
    let words = format!(
        "{} {}",
        error["message"].as_str().unwrap_or_default(),
        error["expected"].as_str().unwrap_or_default()
    );
    assert!(words.contains(case.says), "{name}: {error}");
    assert!(words.len() < 2_000, "{name}: the refusal repeats the input");
}

#[test]
fn on_the_command_line() {
    let scratch = Scratch::rehearsal(&["acme"]);
    for case in cases() {
        let file = scratch.file("bad.jsonl", batch(&case.line));
        let out = scratch.run(&["--format", "json", "ingest", &file]);
        assert_eq!(out.status.code(), Some(3), "{}: {}", case.name, support::text(&out.stderr));
        let refusal: Value = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|_| panic!("{}: {}", case.name, support::text(&out.stdout)));
        check(&case, &refusal["error"]);
        assert_eq!(scratch.json(&["status"])["head"], 1, "{}: something was written", case.name);
    }
    // In words, for people.
    let file = scratch.file("bad.jsonl", batch(cases()[2].line.as_slice()));
    let words = support::text(&scratch.run(&["ingest", &file]).stderr);
    assert!(words.contains("line 2") && words.contains("data.basis"), "{words}");
}

#[test]
fn keep_going_takes_the_rest_and_lists_what_it_skipped() {
    let scratch = Scratch::rehearsal(&["acme"]);
    for (n, case) in cases().into_iter().enumerate() {
        let good = |name: &str| GOOD.replace("good", &format!("{name}-{n}"));
        let body = [
            good("before").as_bytes(),
            b"\n",
            case.line.as_slice(),
            b"\n",
            good("after").as_bytes(),
            b"\n",
        ]
        .concat();
        let out =
            scratch.run_with_input(&["--format", "json", "ingest", "-", "--keep-going"], &body);
        let report: Value = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|_| panic!("{}: {}", case.name, support::text(&out.stderr)));
        assert_eq!(report["stored"], 2, "{}: {report}", case.name);
        check(&case, &report["refused"][0]);
        assert_eq!(report["refused"].as_array().map(Vec::len), Some(1), "{}: {report}", case.name);
    }
}

#[test]
fn over_http() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let token = scratch.token("acme", "ingest,read");
    let server = scratch.serve();
    let before = head(&server, &token);
    for case in cases() {
        let (status, body) =
            server.post("/v1/facts", Some(&token), "application/x-ndjson", &batch(&case.line));
        let refusal: Value =
            serde_json::from_str(&body).unwrap_or_else(|_| panic!("{}: {body}", case.name));
        if case.name == "a 10 MB line" {
            assert_eq!(
                (status, refusal["error"]["code"].as_str()),
                (413, Some("too_large")),
                "{body}"
            );
        } else {
            check(&case, &refusal["error"]);
            assert_eq!(
                status,
                if case.codes == ["malformed"] { 400 } else { 422 },
                "{}: {body}",
                case.name
            );
        }
        assert_eq!(head(&server, &token), before, "{}: something was written", case.name);
    }
}

#[test]
fn a_small_body_that_unpacks_to_a_gigabyte_is_refused_in_bounded_memory() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let token = scratch.token("acme", "ingest,read");
    let server = scratch.serve();
    let before = (head(&server, &token), resident(&server));
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        packer.write_all(&zeros).expect("packing");
    }
    let bomb = packer.finish().expect("packing");
    assert!(bomb.len() < 2_000_000, "the bomb itself has {} bytes", bomb.len());
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let (status, _, body) = server.post_with("/v1/facts", Some(&token), &headers, &bomb);
    assert_eq!(status, 413, "{body}");
    let after = resident(&server);
    assert!(
        after < before.1 + 64 * 1024,
        "resident memory went from {} KiB to {after} KiB",
        before.1
    );
    assert_eq!(head(&server, &token), before.0);

    // And a packed body of the right size is taken.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(GOOD.as_bytes()).expect("packing");
    let (status, _, body) =
        server.post_with("/v1/facts", Some(&token), &headers, &packer.finish().expect("packing"));
    assert_eq!(status, 200, "{body}");
}

fn head(server: &Server, token: &str) -> Value {
    server.graphql(token, "{ sessions(first: 1) { status { head } } }",
        json!({}))["sessions"]["status"]["head"].clone()
}

/// Resident memory in KiB; 0 where the system has no `/proc`.
fn resident(server: &Server) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

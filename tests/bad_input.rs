//! Bad input, through the command line and over HTTP: a clear refusal with line and field, nothing
//! of the batch written, memory bounded.

use crate::support::{self, Scratch, Server};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

const GOOD: &str = concat!(
    r#"{"id":"good","type":"source.heard","occurred_at":"2026-03-10T10:00:00Z","#,
    r#""data":{"until":"2026-03-10T10:00:00Z","basis":"stated"}}"#,
);

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
        let common = r#""id":"bad","type":"session.started","session":"S1","subject":{"id":"u"}"#;
        format!("{{{common},{rest}}}")
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
            concat!(
                r#"{"id":"bad","type":"rules.activated","occurred_at":"2026-03-10T10:00:00Z","#,
                r#""data":{"rules":"r9"}}"#,
            ),
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
    // As text.
    let file = scratch.file("bad.jsonl", batch(cases()[2].line.as_slice()));
    let words = support::text(&scratch.run(&["ingest", &file]).stderr);
    assert!(words.contains("line 2") && words.contains("data.basis"), "{words}");
}

#[test]
fn keep_going_ingests_the_rest_and_lists_skipped_lines() {
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

/// Where each refused value is: its line, and which of the values it is, in JSON lines with blank
/// ones, in arrays on one line and on many, packed or not. Only it is left out.
#[test]
fn a_refusal_names_file_line_and_item_and_costs_no_other_value() {
    let good = |name: &str| GOOD.replace("good", name);
    let other = |name: &str| good(name).replace("stated", "polled");
    let bad = good("bad").replace("stated", "guessed");
    let wide = |values: &[String]| format!("[{}]", values.join(","));
    let printed = |values: &[String]| {
        let list: Vec<Value> = values.iter().map(|v| serde_json::from_str(v).unwrap()).collect();
        serde_json::to_string_pretty(&list).unwrap()
    };
    let packed = |text: &str| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).expect("packing");
        packer.finish().expect("packing")
    };
    // The third is unknown, the fifth contradicts the first: one is refused as it is read, the
    // other as it is written.
    let values = [good("a"), good("b"), bad, good("c"), other("a"), good("d")];
    let lines = format!("\n{}\n\n\n{}\n", values[..2].join("\n"), values[2..].join("\n\n"));
    let pretty = printed(&values);
    assert_eq!(pretty.lines().nth(19).map(str::trim), Some("{"), "{pretty}");
    for (input, places) in [
        (values.join("\n").into_bytes(), [(3, 3), (5, 5)]),
        (lines.clone().into_bytes(), [(6, 3), (10, 5)]),
        (packed(&lines), [(6, 3), (10, 5)]),
        (wide(&values).into_bytes(), [(1, 3), (1, 5)]),
        (pretty.clone().into_bytes(), [(20, 3), (38, 5)]),
        (packed(&pretty), [(20, 3), (38, 5)]),
    ] {
        let scratch = Scratch::rehearsal(&["acme"]);
        let file = scratch.file("input", &input);
        let out = scratch.run(&["--format", "json", "ingest", &file, "--keep-going"]);
        assert_eq!(out.status.code(), Some(3), "{}", support::text(&out.stderr));
        assert!(support::text(&out.stderr).contains("2 values were refused"));
        let report: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        assert_eq!((&report["stored"], &report["file"]), (&json!(4), &json!(file)), "{report:#}");
        let refused = report["refused"].as_array().expect("a list");
        let of = |refusal: &Value| (refusal["line"].as_u64(), refusal["item"].as_u64());
        let found: Vec<_> = refused.iter().map(of).collect();
        assert_eq!(found, places.map(|(line, item)| (Some(line), Some(item))), "{report:#}");

        // As text; and what stops at the first.
        let scratch = Scratch::rehearsal(&["acme"]);
        let file = scratch.file("input", &input);
        let listed = support::text(&scratch.run(&["ingest", &file, "--keep-going"]).stdout);
        let place = |(line, item): (u64, u64)| match line == item {
            true => format!("line {line}"),
            false => format!("line {line}, item {item}"),
        };
        assert!(listed.contains(&format!("2 refused of {file}:")), "{listed}");
        assert!(listed.contains(&format!("{}, field data.basis: ", place(places[0]))), "{listed}");
        assert!(listed.contains(&format!("{}: other content", place(places[1]))), "{listed}");
        let stopped = support::text(&scratch.run(&["ingest", &file]).stderr);
        let at = format!("{file}: {}, field data.basis", place(places[0]));
        assert!(stopped.contains(&at), "{stopped}");
    }
    // Configuration is read the same way.
    let scratch = Scratch::rehearsal(&["acme"]);
    let zone = |id: &str| json!([{"id": id, "type": "IP", "name": id}]);
    let look = |id: &str, at: &str| json!({"looked_at": at, "path": "/x", "body": zone(id)});
    let at = "2026-03-10T10:00:00Z";
    let looks = json!([look("n1", at), look("n2", "soon"), look("n3", at)]).to_string();
    let arguments = ["--format", "json", "ingest", "-", "--as", "okta-config", "--keep-going"];
    let out = scratch.run_with_input(&arguments, looks.as_bytes());
    let report: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((&report["stored"], &report["file"]), (&json!(2), &json!("standard input")));
    let refused = &report["refused"];
    assert_eq!((refused[0]["item"].as_u64(), refused[1].is_null()), (Some(2), true), "{refused}");
}

/// Over HTTP a refusal names the same place.
#[test]
fn a_refusal_over_http_names_line_and_item() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let token = scratch.token("acme", "ingest,read");
    let server = scratch.serve();
    let good = |name: &str| GOOD.replace("good", name);
    let post = |values: [String; 3]| {
        let body = format!("\n[{}]", values.join(","));
        let answer = server.post("/v1/facts", Some(&token), "application/json", body.as_bytes());
        serde_json::from_str::<Value>(&answer.1).expect("JSON")["error"].clone()
    };
    let at = |error: &Value| (error["line"].as_u64(), error["item"].as_u64());
    let unknown = post([good("a"), good("b").replace("stated", "guessed"), good("c")]);
    assert_eq!(at(&unknown), (Some(2), Some(2)), "{unknown}");
    let conflict = post([good("a"), good("b"), good("a").replace("stated", "polled")]);
    assert_eq!((at(&conflict), &conflict["code"]), ((Some(2), Some(3)), &json!("conflict")));
    assert!(conflict["message"].as_str().is_some_and(|m| m.starts_with("line 2, item 3: ")));
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

    // A compressed body within the limit is accepted.
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

//! Deep nesting and unbounded work.

use super::{World, percent, well_formed};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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

/// Regression: 3 KB from any credential overflowed the stack, in or after the parser, and ended the
/// process.
#[test]
fn deep_nesting_does_not_end_the_process_at_any_endpoint() {
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

/// JSON and all other parsed input: bodies, variables, facts, envelopes, reports of browsers.
#[test]
fn deep_nesting_in_any_body_does_not_end_the_process() {
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
                    of(concat!(
                        r#"{"query":"query($v: ID!) { session(id: $v) { session { id } } }","#,
                        r#""variables":{"v":$}}"#,
                    )),
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

/// Regression: fragments that fan out without a field had no cost, and kept the library's
/// validation rules busy without bound.
#[test]
fn unbounded_work_is_refused_at_once() {
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
    // Regression: 64 KiB of query gave 36 MB of answer, because each error quoted the invalid
    // value.
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

//! T, K and R of answers: acceptance questions over the fixture, through GraphQL and the command
//! line of the shipped binary.

use crate::support::{self, Scratch, Server, questions::asks};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const AT: &str = "2026-03-10T23:00:00Z";
const ACTIVE: &str = "2026-03-10T14:05:00Z";

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// One page: its ids, and the cursor of the next.
fn page(connection: &Value) -> (Vec<String>, Option<String>) {
    let ids = connection["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .map(|edge| format!("{} {}", word(&edge["node"]["id"]), word(&edge["certainty"])));
    let next = connection["pageInfo"]["hasNextPage"].as_bool().expect("whether there is more");
    (ids.collect(), next.then(|| word(&connection["pageInfo"]["endCursor"]).to_owned()))
}

/// A session of another person, recorded late: at the head it is in the list, between the others.
fn late(n: usize) -> String {
    json!({"id": format!("late-{n}"), "type": "session.started",
        "occurred_at": "2026-03-10T12:00:00Z", "session": format!("L{n}"),
        "subject": {"id": format!("u-{n}")}, "data": {}})
    .to_string()
}

/// Reads page after page while another client appends at least one record between two pages.
fn pages_beside_a_writer(
    server: &Server,
    writer: &str,
    from: usize,
    ask: impl Fn(Option<&str>) -> Value,
) -> Vec<Vec<String>> {
    let (stop, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut pages = Vec::new();
    std::thread::scope(|scope| {
        // The first page pins K; later records do not affect the other pages.
        let (first, mut after) = page(&ask(None));
        pages.push(first);
        scope.spawn(|| {
            for n in from.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (status, body) =
                    server.post("/v1/facts", Some(writer), "application/json", late(n).as_bytes());
                assert!(status == 200 || status == 429, "{status} {body}");
                written.fetch_add(usize::from(status == 200), Ordering::Relaxed);
            }
        });
        // An endless list is wrong too: stop instead of looping.
        while let Some(cursor) = after
            && pages.len() < 10
        {
            let before = written.load(Ordering::Relaxed);
            while written.load(Ordering::Relaxed) == before {
                std::thread::yield_now();
            }
            let (ids, next) = page(&ask(Some(&cursor)));
            pages.push(ids);
            after = next;
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(written.load(Ordering::Relaxed) >= 2);
    pages
}

#[test]
fn g2_sessions_active_at_1405_by_pages_of_three_while_another_client_appends() {
    let _question = asks(&["G2"]);
    let scratch = Scratch::fixture();
    let (reader, writer) = (scratch.token("acme", "read"), scratch.token("acme", "ingest"));
    let file = scratch.file("reader.token", &reader);
    let server = scratch.serve();
    let expected = json!([
        ["S7 CERTAIN", "S1 CERTAIN", "S2 CERTAIN"],
        ["S6 CERTAIN", "S3 CERTAIN", "S5 CERTAIN"],
        ["S4 CERTAIN", "S8 CERTAIN"]
    ]);

    let query = "query($first: Int, $after: String, $active: DateTime, $asking: Asking) {
        sessions(filter: {activeAt: $active}, first: $first, after: $after, asking: $asking) {
            edges { certainty node { id } } pageInfo { hasNextPage endCursor } } }";
    let by_graphql = |after: Option<&str>| {
        let asking = if after.is_none() { json!({"at": AT}) } else { Value::Null };
        server.graphql(
            &reader,
            query,
            json!({"first": 3, "after": after, "active": ACTIVE, "asking": asking}),
        )["sessions"]
            .clone()
    };
    assert_eq!(json!(pages_beside_a_writer(&server, &writer, 0, by_graphql)), expected);

    // By the command line, which asks the same server. The late ones are known by now, so K is
    // named.
    let by_command = |after: Option<&str>| {
        let mut command = support::claimledger();
        command.args(["--url", &server.url, "--token-file", &file, "--format", "json"]);
        if after.is_none() {
            command.args(["--at", AT, "--known-at", "#82"]);
        }
        command
            .args(["sessions", "--active-at", ACTIVE, "--first", "3"])
            .args(after.iter().flat_map(|after| ["--after", after]));
        let out = command.output().expect("the binary runs");
        assert!(out.status.success(), "{}", support::text(&out.stderr));
        serde_json::from_slice(&out.stdout).expect("JSON")
    };
    assert_eq!(json!(pages_beside_a_writer(&server, &writer, 1_000_000, by_command)), expected);

    // At the head they are listed, once each.
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let asking = if after.is_none() { json!({"at": AT}) } else { Value::Null };
        let answer = server.graphql(
            &reader,
            query,
            json!({"first": 100, "after": after, "active": ACTIVE, "asking": asking}),
        );
        let (ids, next) = page(&answer["sessions"]);
        all.extend(ids);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let late = all.iter().filter(|id| id.starts_with('L')).count();
    assert!(late >= 4 && all.len() == late + 8, "{all:?}");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), late + 8);
}

const CARRIED: &str = "answered { at position recordedAt rules provisional rehearsal complete \
    completeTo completenessSummary }
    completeness { source heardUntil basis gaps { from until backfilled cause position } } status \
    { assessedTo head views problems { part why since } }";

#[test]
fn g12_every_answer_says_which_truth_it_is() {
    let _question = asks(&["G12"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let k = "2026-03-10T16:00:00Z";
    // Which question, and the same by a command.
    let questions: &[(&str, &[&str])] = &[
        ("session(id: \"S2\", asking: A) { CARRIED }", &["session", "S2"]),
        ("sessions(first: 3, asking: A) { CARRIED }", &["sessions", "--first", "3"]),
        ("why(session: \"S3\", asking: A) { CARRIED }", &["why", "S3"]),
        ("decisions(first: 3, asking: A) { CARRIED }", &["decisions", "--first", "3"]),
        ("trust(asking: A) { CARRIED }", &["trust"]),
        ("policies(asking: A) { CARRIED }", &["policies"]),
        ("chain(id: \"S5\", asking: A) { CARRIED }", &["chain", "S5"]),
        ("timeline(session: \"S1\", asking: A) { CARRIED }", &["timeline", "S1"]),
        ("outlived(asking: A) { CARRIED }", &["outlived"]),
        ("reused(asking: A) { CARRIED }", &["reused"]),
        ("completeness(asking: A) { CARRIED }", &["completeness"]),
    ];
    let by_command: Vec<Value> = questions
        .iter()
        .map(|(_, command)| {
            let mut args = vec!["--tenant", "acme", "--at", AT, "--known-at", k];
            args.extend(*command);
            scratch.json(&args)
        })
        .collect();
    let server = scratch.serve();
    let asking = format!("asking: {{at: \"{AT}\", knownAt: \"{k}\"}}");
    for ((question, command), said) in questions.iter().zip(by_command) {
        let query =
            format!("{{ {} }}", question.replace("asking: A", &asking).replace("CARRIED", CARRIED));
        let answer = server.graphql(&token, &query, json!({}));
        let carried = &answer[question.split('(').next().expect("a field")];
        let answered = &carried["answered"];
        assert_eq!((word(&answered["at"]), word(&answered["recordedAt"])), (AT, k), "{command:?}");
        let (position, rules) =
            (answered["position"].as_u64().expect("a position"), word(&answered["rules"]));
        assert!(
            position < 82 && rules.starts_with('r') && answered["rehearsal"] == true,
            "{answered}"
        );
        assert!(
            word(&carried["status"]["views"]).starts_with("sessions ")
                && carried["status"]["head"].as_u64() >= Some(83),
            "{carried}"
        );
        let sources: Vec<&str> = carried["completeness"]
            .as_array()
            .expect("sources")
            .iter()
            .map(|source| word(&source["source"]))
            .collect();
        assert!(
            ["acme-sp", "idp-x", "idp-y", "idp-z"].iter().all(|source| sources.contains(source)),
            "{sources:?}"
        );
        let mut gaps = carried["completeness"]
            .as_array()
            .expect("sources")
            .iter()
            .find(|source| source["source"] == "idp-x")
            .expect("idp-x")["gaps"]
            .clone();
        let position = gaps[0].as_object_mut().expect("a gap").remove("position");
        assert!(position.is_some_and(|position| position.is_u64()), "the record that says so");
        let open = json!([{"from": "2026-03-10T14:10:00Z", "until": "2026-03-10T14:25:00Z",
            "backfilled": false, "cause": "silent"}]);
        assert_eq!(gaps, open, "as known at 16:00");
        assert_eq!(answered["complete"], false);
        for part in ["answered", "completeness", "status"] {
            assert_eq!(said[part], carried[part], "the same by the command line: {command:?}");
        }
    }
}

#[test]
fn c11_is_the_same_by_the_command_line() {
    let _question = asks(&["C11"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let said = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        AT,
        "--known-at",
        "82",
        "decisions",
        "--app",
        "payroll",
        "--first",
        "20",
    ]);
    let server = scratch.serve();
    let query = "query($asking: Asking) { decisions(filter: {app: \"payroll\"}, first: 20, \
        asking: $asking) { edges { node {
        session at outcome version rule implied firstUnmet factorTypes characteristics differs \
        { code words } falsifiedLater { code words }
        atK { implied firstUnmet } later { code words } } } } }";
    let answer = server.graphql(
        &token,
        query,
        json!({"asking": {"at": AT, "knownAtPosition": 82}}),
    )["decisions"]
        .clone();
    let rows = answer["edges"].as_array().expect("edges");
    assert_eq!((rows.len(), said["edges"].as_array().map(Vec::len)), (7, Some(7)));
    for (n, row) in rows.iter().enumerate() {
        for (field, value) in row["node"].as_object().expect("fields") {
            let by_command = &said["edges"][n]["node"][field];
            let of = |value: &Value, names: &[&str]| {
                names.iter().map(|name| value[*name].clone()).collect::<Vec<_>>()
            };
            match field.as_str() {
                "atK" => assert_eq!(
                    of(by_command, &["implied", "firstUnmet"]),
                    of(value, &["implied", "firstUnmet"])
                ),
                "later" => {
                    let all = |list: &Value| {
                        list.as_array()
                            .expect("a list")
                            .iter()
                            .map(|f| of(f, &["code", "words"]))
                            .collect::<Vec<_>>()
                    };
                    assert_eq!(all(by_command), all(value));
                }
                _ => assert_eq!(by_command, value, "{field} of row {n}"),
            }
        }
    }
    let mark = |session: &str, version: &str| {
        let row = rows
            .iter()
            .map(|row| &row["node"])
            .find(|row| row["session"] == session && row["version"] == version)
            .expect(session);
        row["later"]
            .as_array()
            .expect("falsifiers")
            .iter()
            .map(|f| word(&f["words"]).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(mark("S2", "v2"), ["authenticator lost 12:10:00Z, recorded 14:40:00Z"]);
    assert_eq!(mark("S5", "v2"), ["key X1 retracted from 13:40:00Z, recorded 15:10:00Z"]);
}

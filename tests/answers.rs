//! What an answer says where it has nothing to show: "none" only where that may be said, "none
//! seen" with what is missing, "not for your role", or that nothing is known of what was named.
//! Every question, by every door, says the same; and every list is the same in pages of any size.

use crate::support::{self, Scratch, Server, text};
use claimledger_domain::RULES;
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::Output};

const T: &str = "2026-03-10T23:00:00Z";

/// A day on which everything that a question names is known, and nothing that it looks for
/// happened.
fn day(complete: bool) -> String {
    let mut lines = vec![
        json!({"id": "i", "type": "idp.configured", "occurred_at": "2026-03-10T08:00:00Z", "data":
            {"idp": "idp-a", "version": "a1", "kind": "third_party", "status": "active",
                "trust_claims": true, "actor": "admin-1"}}),
        json!({"id": "p1", "type": "policy.configured", "occurred_at": "2026-03-10T08:00:00Z",
            "data":
            {"policy": "wiki", "version": "v1", "kind": "app_sign_in",
                "rules": [{"rule": "w", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}}),
        json!({"id": "p2", "type": "policy.configured", "occurred_at": "2026-03-10T08:30:00Z",
            "data":
            {"policy": "wiki", "version": "v2", "kind": "app_sign_in",
                "rules": [{"rule": "w", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}}),
        json!({"id": "c1", "type": "claims.received", "session": "S1",
            "subject": {"id": "u-alice", "login": "alice@acme.example"},
            "occurred_at": "2026-03-10T10:00:00Z", "data": {"idp": "idp-b", "assertion": "as-1",
                "amr": ["pwd"], "key": "B1"}}),
        json!({"id": "d1", "type": "policy.decided", "session": "S1", "subject": {"id": "u-alice"},
            "occurred_at": "2026-03-10T10:00:01Z", "data": {"app": "mail", "policy": "other",
                "outcome": "allow"}}),
        json!({"id": "c2", "type": "claims.received", "session": "S2", "subject": {"id": "u-bob"},
            "occurred_at": "2026-03-10T10:59:00Z", "data": {"idp": "idp-b", "assertion": "as-2",
                "amr": ["otp"], "key": "B1"}}),
        json!({"id": "a2", "type": "app.accessed", "session": "S2", "subject": {"id": "u-bob"},
            "occurred_at": "2026-03-10T11:00:00Z", "data": {"app": "wiki"}}),
    ];
    if complete {
        lines.push(json!({"id": "h", "type": "source.heard", "occurred_at": T,
            "data": {"until": T, "basis": "stated"}}));
    }
    lines
        .iter_mut()
        .map(|line| {
            line["source"] = "sp".into();
            line["recorded_at"] = T.into();
            format!("{line}\n")
        })
        .collect()
}

fn ledger(complete: bool) -> Scratch {
    let scratch = Scratch::rehearsal(&["acme", "globex"]);
    let file = scratch.file("day.jsonl", day(complete));
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    let other = json!({"id": "g", "type": "app.accessed", "source": "sp", "session": "GX1",
        "subject": {"id": "u"}, "occurred_at": T, "recorded_at": T,
        "data": {"app": "gx-app"}});
    let file = scratch.file("other.jsonl", other.to_string());
    scratch.ok(&["--tenant", "globex", "ingest", &file]);
    scratch
}

fn acme<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["--tenant", "acme", "--at", T], args].concat()
}

/// The absence that a command's JSON carries; whatever its exit status is.
fn absence(scratch: &Scratch, args: &[&str]) -> (String, String) {
    let out = scratch.run(&[&["--format", "json"], &acme(args)[..]].concat());
    let answer: Value = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|_| panic!("{args:?}: {}{}", text(&out.stdout), text(&out.stderr)));
    let of = |name: &str| {
        answer["absence"][name]
            .as_str()
            .unwrap_or_else(|| panic!("{args:?} has no absence: {answer}"))
            .to_owned()
    };
    (of("code"), of("words"))
}

/// Every command that may have nothing to show, asked for what did not happen; with what its text
/// says in place of a list.
const EMPTY: &[(&[&str], &str)] = &[
    (&["sessions", "--active-at", "2020-01-01T00:00:00Z"], "None"),
    (&["decisions", "--outcome", "deny"], "None"),
    (&["reused"], "None"),
    (&["outlived"], "None"),
    (&["first-seen", "key", "--from", "2030-01-01T00:00:00Z"], "None"),
    (&["held-under", "wiki", "v1"], "None"),
    (&["held-under", "wiki", "v2"], "None"),
    (&["dependants", "--actor", "admin-1"], "nothing "),
    (&["dependants", "--record", "d1"], "None"),
    (&["trust", "--idp", "idp-b"], "None"),
    (&["policies", "--policy", "other"], "None"),
    (
        &["rehearse", "trust-off", "--idp", "idp-a", "--from", "2026-03-10T00:00:00Z", "--to", T],
        "Flips: none",
    ),
    (&["chain", "S1"], "none"),
    (&["find", "nobody-knows-this"], "None"),
    (&["why", "S2", "--app", "mail"], "None"),
];

#[test]
fn none_is_said_only_where_every_source_was_heard_up_to_t() {
    for complete in [true, false] {
        let scratch = ledger(complete);
        for (args, says) in EMPTY {
            let (code, words) = absence(&scratch, args);
            let out = scratch.run(&acme(args));
            let printed = format!("{}{}", text(&out.stdout), text(&out.stderr));
            assert!(printed.contains(says), "{args:?}: {printed}");
            if complete {
                assert_eq!(
                    (code.as_str(), words.as_str()),
                    ("NONE", "None: complete, every source has been heard up to T."),
                    "{args:?}"
                );
                assert!(
                    !printed.contains("seen") || args[0] == "first-seen",
                    "{args:?}: {printed}"
                );
            } else {
                let expected = "None seen, because not everything was heard: sp does not say how \
                                complete it is.";
                assert_eq!((code.as_str(), words.as_str()), ("NONE_SEEN", expected), "{args:?}");
                assert!(
                    printed.contains("one seen") || printed.contains("nothing seen"),
                    "{args:?}: {printed}"
                );
                assert!(
                    !printed.contains("None:") && !printed.contains("None."),
                    "{args:?}: {printed}"
                );
            }
        }
    }
}

/// Each question that names something, asked for what nobody knows: which thing, by which name.
fn unknown() -> Vec<(Vec<&'static str>, String)> {
    let window = ["--from", "2026-03-10T00:00:00Z", "--to", T];
    let rehearse = |args: &[&'static str]| [&["rehearse"], args, &window].concat();
    let case = |args: Vec<&'static str>, thing: &str| (args, format!("No {thing} is known."));
    vec![
        case(vec!["session", "S9"], "session S9"),
        case(vec!["session", "GX1"], "session GX1"),
        case(vec!["why", "S9"], "session S9"),
        case(vec!["why", "S1", "--app", "gx-app"], "application gx-app"),
        case(vec!["why", "S1", "--decision", "nope"], "decision nope of session S1"),
        case(vec!["why", "S1", "--factor", "sms"], "factor sms of session S1"),
        case(vec!["timeline", "S9"], "session S9"),
        case(vec!["timeline", "GX1"], "session GX1"),
        case(vec!["belief-diff", "S9", "--from", "1"], "session S9"),
        case(vec!["chain", "S9"], "id S9"),
        case(vec!["sessions", "--idp", "idp-9"], "identity provider idp-9"),
        case(vec!["sessions", "--key", "K9"], "key K9"),
        case(vec!["sessions", "--app", "gx-app"], "application gx-app"),
        case(vec!["sessions", "--subject", "p-NOBODY"], "person p-NOBODY"),
        case(vec!["decisions", "--session", "S9"], "session S9"),
        case(vec!["decisions", "--idp", "idp-9"], "identity provider idp-9"),
        case(vec!["trust", "--idp", "idp-9"], "identity provider idp-9"),
        case(vec!["policies", "--policy", "nope"], "policy nope"),
        case(vec!["held-under", "nope", "v1"], "policy nope"),
        case(vec!["held-under", "wiki", "v9"], "version v9 of policy wiki"),
        case(vec!["dependants", "--actor", "admin-9"], "actor admin-9"),
        case(vec!["dependants", "--record", "r-9"], "record r-9"),
        case(rehearse(&["trust-off", "--idp", "idp-9"]), "identity provider idp-9"),
        case(rehearse(&["retraction", "--idp", "idp-b", "--key", "K9"]), "key K9"),
    ]
}

fn says(out: &Output, status: i32, words: &str, args: &[&str]) {
    assert_eq!(
        out.status.code(),
        Some(status),
        "{args:?}: {}{}",
        text(&out.stdout),
        text(&out.stderr)
    );
    assert!(text(&out.stderr).contains(words), "{args:?}: {}", text(&out.stderr));
    assert_eq!(text(&out.stdout), "", "{args:?}");
}

#[test]
fn what_nobody_knows_is_answered_in_one_way() {
    // Complete or not: that nothing is known of a thing is said of what is known.
    let scratch = ledger(false);
    for (args, words) in unknown() {
        assert_eq!(absence(&scratch, &args), ("NOT_KNOWN".to_owned(), words.clone()), "{args:?}");
        let out = scratch.run(&acme(&args));
        let said = text(&out.stderr);
        assert!(said.contains(&words), "{args:?}: {said}");
        assert_eq!(
            (out.status.code(), text(&out.stdout)),
            (Some(1), String::new()),
            "{args:?}: {said}"
        );
    }
    // By a server it is the same, status included.
    let token = scratch.file("token", scratch.token("acme", "read"));
    let server = scratch.serve();
    for (args, words) in unknown().into_iter().filter(|(args, _)| !args.contains(&"--subject")) {
        let remote =
            [&["--url", &server.url, "--token-file", &token, "--at", T][..], &args[..]].concat();
        says(
            &support::claimledger().args(&remote).output().expect("the binary runs"),
            1,
            &words,
            &args,
        );
    }
}

#[test]
fn one_page_says_that_nothing_by_an_id_is_known() {
    let scratch = ledger(false);
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    let pin = format!("at={T}&knownAtPosition=7&rules={RULES}");
    let page = |path: &str| {
        let (status, _, body) = server.get(&format!("{path}&{pin}"), &[("authorization", &token)]);
        (status, body)
    };
    let by_session = page("/session?id=S9");
    assert_eq!(by_session.0, 404, "{}", by_session.1);
    assert!(
        by_session.1.contains("Nothing by this id is known at #7 in your tenant."),
        "{}",
        by_session.1
    );
    for path in [
        "/session?id=GX1",
        "/why?session=S9&factor=pwd",
        "/why?session=GX1&factor=pwd",
        "/decision?pos=999",
    ] {
        assert_eq!(page(path), by_session, "{path}: the same bytes");
    }
    let by_source = page("/sources?source=nobody");
    assert_eq!(by_source.0, 404);
    assert!(
        by_source.1.contains("Nothing by this id is known at #7 in your tenant."),
        "{}",
        by_source.1
    );
    // Lists and pages of what is known say what is missing.
    for (path, says) in [
        ("/sessions?activeAt=2020-01-01T00:00:00Z", "None seen, because not everything was heard"),
        ("/sessions?idp=idp-9", "No identity provider"),
        ("/session?id=S2", "No decisions seen."),
        ("/session?id=S2", "aliases: none seen"),
        ("/why?session=S2&factor=otp", "By record, of this session: none seen."),
    ] {
        let (status, body) = page(path);
        assert_eq!(status, 200, "{path}");
        assert!(body.contains(says), "{path}: {body}");
    }
}

/// A role that may not look people up cannot learn whether a login exists: the same words, bytes
/// and status either way.
#[test]
fn a_role_that_may_not_look_people_up_is_told_so_whoever_there_is() {
    let scratch = ledger(true);
    let reading = scratch.token("acme", "read");
    let read = scratch.file("read", &reading);
    let investigate = scratch.file("investigate", scratch.token("acme", "read,investigate"));
    let server = scratch.serve();
    let ask = |token: &str, args: &[&str]| {
        let all = [&["--url", &server.url, "--token-file", token, "--at", T][..], args].concat();
        support::claimledger().args(&all).output().expect("the binary runs")
    };
    let (people, texts) = (
        "Not for your role: looking people up by name, login or id needs the role investigate.",
        "Not for your role: searching logins, names, display names and addresses needs the role \
         investigate.",
    );
    let (there, nobody) = ("alice@acme.example", "zoe@acme.example");
    for (args, words) in [(["sessions", "--subject"].as_slice(), people), (&["find"], texts)] {
        for who in [there, nobody, "p-NOBODY"] {
            let args = [args, &[who]].concat();
            says(&ask(&read, &args), 3, words, &args);
        }
    }
    let found = ask(&investigate, &["sessions", "--subject", there]);
    assert!(
        found.status.success() && text(&found.stdout).contains("S1"),
        "{}",
        text(&found.stdout)
    );
    let args = ["sessions", "--subject", nobody];
    says(&ask(&investigate, &args), 1, &format!("No person {nobody} is known."), &args);
    let bytes = |who: &str| {
        let asked = [
            "sessions(filter: {subject: $who}) \
             { edges { cursor } absence { code words } answered { position } completeness { source } }",
            "find(text: $who) \
             { items { name } searched notSearched absence { code words } answered { position } }",
        ];
        asked.map(|question| {
            server.graphql_raw(
                &reading,
                &format!("query($who: String!) {{ {question} }}"),
                json!({"who": who}),
            )
        })
    };
    assert_eq!(bytes(there), bytes(nobody));
    assert!(
        bytes(there).iter().all(|(_, body)| body.contains("NOT_FOR_ROLE")),
        "{:?}",
        bytes(there)
    );
}

/// A question that carries how complete the sources were says what absence means too: a new one
/// cannot forget it.
#[test]
fn every_question_says_what_it_means_that_something_is_not_in_its_answer() {
    let path = format!("{}/../../schema/graphql/schema.graphql", env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(&path).expect("the schema");
    let mut types: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let (mut of, mut in_words) = ("", false);
    for line in schema.lines() {
        if line.trim() == "\"\"\"" {
            in_words = !in_words;
        }
        if in_words {
            continue;
        }
        if let Some(name) =
            line.strip_prefix("type ").and_then(|rest| rest.split([' ', '{']).next())
        {
            of = name;
        } else if line == "}" {
            of = "";
        } else if let (false, Some((head, kind))) = (of.is_empty(), line.rsplit_once(": ")) {
            let name = head.trim_start().split(['(', ':']).next().unwrap_or_default();
            types.entry(of).or_default().push((name, kind.trim_matches(['!', '[', ']', ' '])));
        }
    }
    let questions = &types["Query"];
    assert!(questions.len() > 15, "{questions:?}");
    for (question, answer) in questions {
        let has = |field: &str| {
            types.get(answer).is_some_and(|fields| {
                fields.iter().any(|(name, kind)| {
                    *name == field && (field != "absence" || *kind == "Absence")
                })
            })
        };
        // A cursor or a status is no answer that could be empty; a record is there or null.
        if !["changesCursor", "record", "status"].contains(question) {
            assert!(has("completeness") && has("absence"), "{question}: {answer}");
        }
    }
}

fn demo() -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts = support::fixture::dir().join("acme.jsonl");
    scratch.ok(&["ingest", facts.to_str().expect("UTF-8")]);
    scratch
}

/// What flips and falls is one decision, and what falls does not stay what it was.
#[test]
fn a_rehearsal_lists_a_decision_once() {
    let scratch = demo();
    let window = ["--from", "2026-03-10T00:00:00Z", "--to", "2026-03-11T00:00:00Z"];
    let args = [
        &[
            "rehearse",
            "retraction",
            "--idp",
            "idp-x",
            "--key",
            "X1",
            "--since",
            "2026-03-10T09:00:00Z",
        ],
        &window[..],
    ]
    .concat();
    let answer = scratch.json(&args);
    let list = |name: &str| -> Vec<u64> {
        let items = answer[name].as_array().expect("a list").iter();
        items
            .map(|item| item["decision"]["record"]["position"].as_u64().expect("a position"))
            .collect()
    };
    let (flips, falls, unchanged) = (list("flips"), list("falls"), list("unchanged"));
    assert!(
        flips.iter().all(|flip| falls.contains(flip)) && falls.len() == flips.len() + 1,
        "{flips:?} {falls:?}"
    );
    assert!(
        unchanged.iter().all(|stays| !falls.contains(stays) && !flips.contains(stays)),
        "{falls:?} {unchanged:?}"
    );
    let printed = scratch.ok(&args);
    assert!(
        printed.contains(&format!("Flips: {} · Falls: {}", flips.len(), falls.len())),
        "{printed}"
    );
    for position in falls.iter().chain(&unchanged) {
        assert_eq!(
            printed.matches(&format!("\n#{position} ")).count(),
            1,
            "#{position}: {printed}"
        );
    }
}

#[test]
fn pages_and_lists_say_that_a_session_outlived_its_idp_session() {
    let scratch = demo();
    let printed = scratch.ok(&["--at", T, "sessions"]);
    let row = printed.lines().find(|line| line.starts_with("S7 ")).expect("a row");
    assert!(row.contains("outlived its IdP session"), "{printed}");
    assert_eq!(printed.matches("outlived").count(), 1, "{printed}");
    // Before it gave a sign of life, it may have.
    let then = "2026-03-10T13:30:00Z";
    let printed_then = scratch.ok(&["--at", then, "--known-at", then, "sessions"]);
    assert!(
        printed_then
            .lines()
            .any(|line| line.starts_with("S7 ") && line.contains("may have outlived")),
        "{printed_then}"
    );
    assert!(
        scratch
            .ok(&["--at", T, "session", "S7"])
            .contains("outlived its IdP session, which ended 2026-03-10T13:10:00Z")
    );
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    let page = |path: &str| {
        let (_, _, body) = server.get(
            &format!("{path}at={T}&knownAtPosition=82&rules={RULES}"),
            &[("authorization", &token)],
        );
        body
    };
    let body = page("/session?id=S7&");
    let words = "outlived its IdP session</strong>, which ended 13:10:00Z: app accessed 14:20:00Z";
    assert!(
        body.contains(words) || body.contains(&words.replace("13:10", "2026-03-10 13:10")),
        "{body}"
    );
    let list = page("/sessions?");
    assert_eq!(list.matches("outlived its IdP session").count(), 1, "{list}");
    let row = list.split("<tr").find(|row| row.contains(">S7<")).expect("a row");
    assert!(row.contains("outlived its IdP session"), "{row}");
}

/// The titles of a timeline's items, as hovering over them shows them.
fn titles(server: &Server, token: &str, path: &str) -> (Vec<String>, String) {
    let (status, _, body) = server.get(
        &format!("{path}&at={T}&knownAtPosition=82&rules={RULES}"),
        &[("authorization", token)],
    );
    assert_eq!(status, 200, "{body}");
    let svg = body
        .split("<svg")
        .nth(1)
        .and_then(|rest| rest.split("</svg>").next())
        .expect("a figure")
        .to_owned();
    let titles = svg
        .split("<title>")
        .skip(1)
        .filter_map(|rest| rest.split("</title>").next())
        .map(str::to_owned)
        .collect();
    (titles, svg)
}

#[test]
fn the_timeline_says_the_right_lag_with_its_date_and_keeps_open_ends_open() {
    let scratch = demo();
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    let of = |path: &str| titles(&server, &token, path);
    let (hover, svg) = of("/session?id=S5");
    let session = hover.iter().find(|title| title.starts_with("session S5")).expect("the session");
    assert!(session.contains("2026-03-10 13:45:00Z until 14:30:00Z"), "{session}");
    assert!(session.contains("its end recorded late, +22 min: 14:52:00Z"), "{session}");
    let retracted: Vec<_> = hover
        .iter()
        .filter(|title| title.starts_with("trust in key X1 of idp-x retracted"))
        .collect();
    assert_eq!(retracted.len(), 1, "{hover:?}");
    assert!(
        retracted[0].contains("2026-03-10 13:40:00Z")
            && retracted[0].contains("recorded late, +1 h 30 min: 15:10:00Z"),
        "{retracted:?}"
    );
    let key_lane = svg
        .split("<g class=\"lane key\"")
        .nth(1)
        .and_then(|rest| rest.split("<g class=\"lane").next())
        .expect("a lane of the key");
    assert!(key_lane.contains("trust in key X1 of idp-x retracted"), "{key_lane}");
    assert!(!svg.contains("lane falsifiers"), "nothing else hits it");
    let (hover, _) = of("/session?id=S2");
    let lost =
        hover.iter().find(|title| title.starts_with("hwk (possession) counted")).expect("a factor");
    assert!(
        lost.contains("until 12:10:00Z")
            && lost.contains("its end recorded late, +2 h 30 min: 14:40:00Z"),
        "{lost}"
    );
    for order in ["occurred", "recorded"] {
        let (hover, svg) = of(&format!("/session?id=S7&order={order}"));
        let session =
            hover.iter().find(|title| title.starts_with("session S7")).expect("the session");
        assert!(session.contains("until between 14:20:00Z and 21:30:00Z"), "{order}: {session}");
        assert_eq!(
            svg.matches("class=\"bounded\"").count(),
            3,
            "{order}: the session and two factors"
        );
    }
}

/// End labels stand beside their bars: none of S7's hides where its hatch ends.
#[test]
fn end_labels_hide_no_part_of_a_bar_whose_end_is_known() {
    let scratch = demo();
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    for session in ["S1", "S2", "S3", "S4", "S6", "S7", "S8"] {
        let (_, svg) = titles(&server, &token, &format!("/session?id={session}"));
        let lane = svg
            .split("<g class=\"lane session\"")
            .nth(1)
            .and_then(|rest| rest.split("<g class=\"lane").next())
            .expect("its lane");
        assert!(
            !lane.contains("class=\"plate\"") && lane.contains("class=\"label\""),
            "{session}: {lane}"
        );
    }
}

/// Five facts in one request, the last of them the first of what is the third session by then.
#[test]
fn pages_at_an_earlier_k_find_a_session_that_moved_inside_one_request() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let token = scratch.token("acme", "read,ingest,govern");
    let server = scratch.serve();
    let fact = |session: usize, occurred: &str, recorded: &str| {
        json!({"id": format!("S{session}-{occurred}"), "type": "app.accessed", "source": "sp",
            "session": format!("S{session}"), "subject": {"id": "u"},
            "data": {"app": "wiki"}, "occurred_at": format!("2026-03-10T{occurred}:00Z"),
                "recorded_at": format!("2026-03-10T{recorded}:00Z")})
    };
    let mut facts: Vec<Value> = (0..4).map(|n| fact(n, &format!("09:0{n}"), "12:00")).collect();
    facts.push(fact(2, "08:00", "13:00"));
    let (status, body) = server.post(
        "/v1/facts",
        Some(&token),
        "application/json",
        json!(facts).to_string().as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    let query = "query($first: Int!, $after: String) { sessions(first: $first, after: $after, asking: {knownAt: \"2026-03-10T12:30:00Z\"}) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } }";
    for first in [1, 2, 3, 4] {
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let page =
                server.graphql(&token, query, json!({"first": first, "after": after}))["sessions"]
                    .clone();
            names.extend(
                page["edges"]
                    .as_array()
                    .expect("rows")
                    .iter()
                    .map(|edge| edge["node"]["id"].as_str().expect("an id").to_owned()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        assert_eq!(names, ["S0", "S1", "S2", "S3"], "pages of {first}");
    }
}

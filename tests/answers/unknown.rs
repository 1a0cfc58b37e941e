//! Unknown ids, and logins that a role may not search.

use super::{T, absence, acme, ledger};
use crate::support::{self, text};
use claimledger_domain::RULES;
use serde_json::{Value, json};
use std::process::Output;

/// Each question that names something, with an unknown name: the thing and the name.
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
fn unknown_things_get_the_same_answer_everywhere() {
    // Independently of completeness, because the answer is about recorded facts only.
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
    // The same through a server, including the status.
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
fn one_page_reports_an_unknown_id() {
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
    // Lists and pages of known things name the missing sources.
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

/// A role without person search cannot learn whether a login exists: text, bytes and status are the
/// same either way.
#[test]
fn a_role_without_person_search_gets_the_same_answer_for_every_login() {
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
        "Not for your role: searching logins, names, display names, addresses and other indicators \
         of clients needs the role investigate.",
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
             { edges { cursor } absence { code words } answered { position } completeness \
             { source } }",
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

/// An assertion that names no key may be signed by any key known of its IdP, and by no other.
#[test]
fn a_key_that_nobody_saw_signed_nothing() {
    let scratch = ledger(false);
    let line = |id: &str, kind: &str, data: Value| {
        json!({"id": id, "type": kind, "source": "sp", "session": "S3", "subject": {"id": "u-cy"},
            "occurred_at": "2026-03-10T12:00:00Z", "recorded_at": T, "data": data})
        .to_string()
    };
    let claim = json!({"idp": "idp-a", "assertion": "as-3", "amr": ["pwd"]});
    let decided = json!({"app": "wiki", "policy": "wiki", "rule": "w", "outcome": "allow"});
    let signed = json!({"idp": "idp-a", "assertion": "as-4", "amr": ["pwd"], "key": "A1"});
    let facts = [
        line("c3", "claims.received", claim),
        line("d3", "policy.decided", decided),
        line("c4", "claims.received", signed).replace("S3", "S4"),
    ];
    let file = scratch.file("keyless.jsonl", facts.join("\n"));
    scratch.ok(&["--tenant", "acme", "ingest", &file]);
    let window = ["--from", "2026-03-10T00:00:00Z", "--to", T];
    let retract = |key| {
        let change = ["--format", "json", "rehearse", "retraction", "--idp", "idp-a", "--key", key];
        let out = scratch.run(&acme(&[&change[..], &window].concat()));
        let answer: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let fallen = answer["falls"].as_array().expect("a list").len();
        (fallen, answer["absence"]["code"].clone())
    };
    assert_eq!(retract("A1").0, 1, "it may be signed by it");
    assert_eq!(retract("A9"), (0, json!("NOT_KNOWN")));
}

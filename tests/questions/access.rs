//! Who looked at a session: the access log, by command, GraphQL and page.

use crate::support::{Scratch, questions::asks, text};
use serde_json::{Value, json};

const ACCESSES: &str = "query ($session: ID, $subject: ID) {
    accesses(session: $session, subject: $subject) { ownOnly items {
        credential surface purpose case sessions names refused questions { question } } } }";

/// The surface and the questions of entries, the last first.
fn asked(list: &Value) -> Vec<(String, String)> {
    let entry = |entry: &Value| {
        let questions = entry["questions"].as_array().expect("questions");
        let words: Vec<&str> =
            questions.iter().map(|asked| asked["question"].as_str().expect("a word")).collect();
        (entry["surface"].as_str().expect("a surface").to_owned(), words.join("+"))
    };
    list["items"].as_array().expect("entries").iter().map(entry).collect()
}

#[test]
fn c7_who_looked_at_alices_session() {
    let _question = asks(&["C7"]);
    let scratch = Scratch::fixture();
    let acme = ["--tenant", "acme"];
    let with = |args: &[&str]| scratch.json(&[&acme[..], args].concat());
    let shown = with(&["session", "S1"]);
    let subject = shown["session"]["subject"].as_str().expect("a pseudonym").to_owned();
    with(&["--purpose", "audit", "--case", "A-7", "why", "S1"]);
    with(&["session", "S3"]);
    let file = scratch.path("sessions.csv");
    let file = file.to_str().expect("a UTF-8 path");
    scratch.ok(&[&acme[..], &["export", "sessions", "--as", "csv", "--output", file]].concat());
    let auditor = scratch.token("acme", "govern,read");
    let reader = scratch.token("acme", "read,investigate");
    let server = scratch.serve();
    server.graphql(&reader, "{ timeline(session: \"S1\") { edges { cursor } } }", json!({}));
    let headers = [
        ("content-type", "application/json"),
        ("claimledger-purpose", "incident"),
        ("claimledger-case", "INC-42"),
    ];
    let query = json!({"query": "{ session(id: \"S1\") { session { subject label { login } } } }"});
    let (status, _, body) =
        server.post_with("/graphql", Some(&reader), &headers, query.to_string().as_bytes());
    assert!(status == 200 && body.contains("alice"), "{status}: {body}");
    let bearer = format!("Bearer {reader}");
    let at = "at=2026-03-10T23:00:00Z&knownAtPosition=82";
    let (status, ..) = server.get(&format!("/session?id=S1&{at}"), &[("authorization", &bearer)]);
    assert_eq!(status, 303, "to its pinned address, which is a request of its own");
    let by_session =
        |token: &str| server.graphql(token, ACCESSES, json!({"session": "S1"}))["accesses"].clone();
    let all = by_session(&auditor);
    assert_eq!(all["ownOnly"], false);
    let expected = [
        ("graphql", "accesses"),
        ("graphql", "labels+session"),
        ("graphql", "timeline"),
        ("cli", "sessions"),
        ("cli", "why"),
        ("cli", "session"),
    ];
    let expected = expected.map(|(by, what)| (by.to_owned(), what.to_owned()));
    assert_eq!(asked(&all), expected, "{all:#}");
    let entry = |n: usize| &all["items"][n];
    assert_eq!((&entry(1)["purpose"], &entry(1)["case"]), (&json!("incident"), &json!("INC-42")));
    assert_eq!(entry(1)["names"], true, "alice's login was shown");
    assert_eq!((&entry(4)["purpose"], &entry(4)["case"]), (&json!("audit"), &json!("A-7")));
    assert_eq!(entry(4)["credential"], "owner");
    // By the person the same, with the question before and without S3.
    let by_person = server.graphql(&auditor, ACCESSES, json!({"subject": subject}));
    assert_eq!(asked(&by_person["accesses"])[1..], asked(&all)[..]);
    // Everybody sees their own.
    let own = by_session(&reader);
    assert_eq!(own["ownOnly"], true);
    assert_eq!(asked(&own), [&expected[0..1], &expected[1..3]].concat(), "{own:#}");
    // The page says the same, and lists itself.
    let bearer = format!("Bearer {auditor}");
    let (status, _, page) = server.get("/access?session=S1", &[("authorization", &bearer)]);
    assert_eq!(status, 200, "{page}");
    for part in ["<td>page</td>", "incident", "INC-42", "labels, session", "A-7"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    server.kill();
    // And the command, from the directory.
    let listed = scratch.ok(&[&acme[..], &["access", "--session", "S1"]].concat());
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[1].contains("accesses") && lines[1].contains("owner"), "{listed}");
    assert!(listed.contains("INC-42") && listed.contains("A-7"), "{listed}");
    // It is a log with proofs, and everything holds.
    let file = scratch.ok(&[&acme[..], &["prove", "3", "--access"]].concat());
    assert!(file.starts_with("c2sp.org/tlog-proof@v1"), "{file}");
    let verified = scratch.run(&["verify", "--tenant", "acme"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    assert!(text(&verified.stdout).contains("entries of the access log read"));
}

/// What a command is recorded as; none: it shows no record, and why.
type Recorded = (&'static str, &'static [&'static str], Result<&'static str, &'static str>);

/// The day of the fixture.
const DAY: [&str; 2] = ["2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"];

/// Where a command writes to.
const OUT: &str = "OUT";

const RETRACTION: &[&str] =
    &["--idp", "idp-x", "--key", "X1", "--from", "2026-03-10T13:40:00Z", "--rehearse"];

const COMMANDS: &[Recorded] = &[
    ("init", &[], Err("makes a ledger")),
    ("token", &[], Err("makes a credential")),
    ("ingest", &[], Err("receipts of what was sent in")),
    ("why", &["S1"], Ok("why")),
    ("trust", &[], Ok("trust")),
    ("policies", &[], Ok("policies")),
    ("completeness", &[], Ok("completeness")),
    ("timeline", &["S1"], Ok("timeline")),
    ("find", &["S1"], Ok("find")),
    ("record", &["43"], Ok("sealed")),
    ("chain", &["S1"], Ok("chain")),
    ("session", &["S1"], Ok("session")),
    ("sessions", &[], Ok("sessions")),
    ("belief-diff", &["S5", "--from", "60"], Ok("belief_diff")),
    ("first-seen", &["key"], Ok("first_seen")),
    ("reused", &[], Ok("reused")),
    ("watch", &[], Err("shows nothing before a change; each change is an entry")),
    ("decisions", &[], Ok("decisions")),
    ("outlived", &[], Ok("outlived")),
    ("held-under", &["payroll", "v1"], Ok("held_under")),
    ("dependants", &["--actor", "admin-2"], Ok("dependants")),
    (
        "rehearse",
        &["deactivated", "--idp", "idp-x", "--from", DAY[0], "--to", DAY[1]],
        Ok("rehearse"),
    ),
    ("guard", &["--deactivate", "idp-x"], Ok("guard")),
    ("retract", RETRACTION, Ok("rehearse")),
    ("export", &["sessions", "--as", "csv", "--output", OUT], Ok("export")),
    ("serve", &[], Err("what it serves is recorded")),
    ("source", &["list"], Err("what is polled")),
    ("views", &["save", OUT], Err("a copy for another node: like a backup, shown to nobody")),
    ("copy", &["--from", OUT, "--to", OUT], Err("like a backup, shown to nobody")),
    ("database", &["migrate"], Err("tables")),
    ("conformance", &[], Err("records of its own, in scratch tenants")),
    ("doctor", &[], Err("settings, sizes and ages")),
    ("rebuild", &[], Err("numbers of rows")),
    ("verify", &[], Err("hashes, and where they differ")),
    ("access", &[], Ok("accesses")),
    ("checkpoint", &[], Err("hashes and signatures")),
    ("prove", &["43"], Ok("proof")),
    ("pack", &["S1", "--out", OUT], Ok("evidence")),
    ("receipt", &["check", OUT], Err("asks again: that is recorded")),
    ("status", &["--rows"], Ok("dump")),
    ("demo", &[], Err("a ledger of its own, of invented people")),
    ("completions", &[], Err("no ledger")),
    ("man", &[], Err("no ledger")),
    ("bench", &[], Err("a ledger of its own, of invented people")),
    ("help", &[], Err("no ledger")),
];

#[test]
fn every_command_leaves_an_entry_or_shows_no_record() {
    let scratch = Scratch::fixture();
    let help = scratch.ok(&["--help"]);
    let listed = help.split("Commands:").nth(1).expect("a list of commands");
    let listed = listed.lines().skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = listed
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 30, "{help}");
    for name in &names {
        assert!(
            COMMANDS.iter().any(|(command, ..)| command == name),
            "{name}: how is it recorded?"
        );
    }
    let entries = || scratch.json(&["--tenant", "acme", "access"]);
    for (command, arguments, recorded) in COMMANDS {
        assert!(names.contains(command), "{command} is no command any more");
        let Ok(question) = recorded else { continue };
        let before = entries()["size"].as_u64().expect("a size");
        let out = scratch.path(&format!("out-{command}"));
        let arguments = arguments.iter().map(|argument| match *argument {
            OUT => out.to_str().expect("a UTF-8 path"),
            argument => argument,
        });
        let all: Vec<&str> = ["--tenant", "acme", command].into_iter().chain(arguments).collect();
        let out = scratch.run(&all);
        let list = entries();
        let after = list["size"].as_u64().expect("a size");
        let said = format!("{command}: {}{}", text(&out.stdout), text(&out.stderr));
        assert!(after > before + 1, "{said}");
        // Those since, without the one of the question that counts them.
        let since = list["items"].as_array().expect("entries").iter().skip(1);
        let since: Vec<Value> = since.take((after - before - 1) as usize).cloned().collect();
        let words = asked(&json!({"items": since}));
        assert!(words.iter().all(|(surface, _)| surface == "cli"), "{said}");
        let is_asked =
            |word: &str| word == *question || (*question == "export" && word == "sessions");
        assert!(words.iter().any(|(_, words)| words.split('+').any(is_asked)), "{words:?} {said}");
    }
}

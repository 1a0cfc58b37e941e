//! What changed, and what would: acceptance questions asked of the shipped binary over the
//! fixture.

use crate::support::{Scratch, Server, questions::asks, text};
use serde_json::{Value, json};

const BELIEF_DIFF: &str = include_str!("../../crates/claimledger/src/queries/belief_diff.graphql");
const REHEARSE: &str = concat!(
    include_str!("../../crates/claimledger/src/queries/rehearse.graphql"),
    include_str!("../../crates/claimledger/src/queries/rehearse_fields.graphql")
);
const COMMON: &str = include_str!("../../crates/claimledger/src/queries/common.graphql");

/// The document that the command sends, with the shared fragments that it names.
fn document(query: &str) -> String {
    let named = |fragment: &&str| {
        let name = fragment.split_whitespace().next();
        name.is_some_and(|name| query.contains(&format!("...{name} ")))
    };
    let fragments = COMMON.split("fragment ").filter(named);
    format!("{query}\n{}", fragments.map(|text| format!("fragment {text}")).collect::<String>())
}

/// Asks in GraphQL, checks that the log has not grown by it, and takes away what may change from
/// call to call.
fn asked(server: &Server, token: &str, query: &str, field: &str, variables: Value) -> Value {
    let head = || {
        server.graphql(token, "{ completeness: session(id: \"-\") { status { head } } }", json!({}))
            ["completeness"]["status"]["head"]
            .clone()
    };
    let before = head();
    let answer = pinned(server.graphql(token, &document(query), variables)[field].clone());
    assert_eq!(head(), before, "asking writes nothing");
    answer
}

fn pinned(mut answer: Value) -> Value {
    answer.as_object_mut().expect("an answer").remove("status");
    answer
}

fn list<'a>(answer: &'a Value, field: &str) -> Vec<&'a Value> {
    answer[field].as_array().expect("a list").iter().collect()
}

#[test]
fn r2_what_we_believed_of_s5_and_the_facts_that_changed_it() {
    let _question = asks(&["R2"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let cli = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        "2026-03-10T14:45:00Z",
        "belief-diff",
        "S5",
        "--from",
        "2026-03-10T14:45:00Z",
    ]);
    let printed = scratch.ok(&[
        "--tenant",
        "acme",
        "--at",
        "2026-03-10T14:45:00Z",
        "belief-diff",
        "S5",
        "--from",
        "2026-03-10T14:45:00Z",
    ]);
    let server = scratch.serve();
    let variables = json!({"session": "S5", "at": "2026-03-10T14:45:00Z",
        "from": {"knownAt": "2026-03-10T14:45:00Z"}, "to": {}});
    let answer = asked(&server, &token, BELIEF_DIFF, "beliefDiff", variables);
    assert_eq!(answer, pinned(cli), "the same answer by both doors");

    assert_eq!(
        (&answer["from"]["session"]["state"], &answer["to"]["session"]["state"]),
        (&json!("ACTIVE"), &json!("ENDED"))
    );
    assert_eq!(answer["to"]["session"]["endedAt"], "2026-03-10T14:30:00Z");
    assert_eq!(answer["to"]["session"]["endReason"], "upstream_revoked");
    let facts: Vec<(&str, &str)> = list(&answer, "facts")
        .iter()
        .map(|fact| {
            (
                fact["record"]["type"].as_str().unwrap(),
                fact["record"]["recordedAt"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [("session.ended", "2026-03-10T14:52:00Z"), ("trust.retracted", "2026-03-10T15:10:00Z")]
    );
    let alone = |fact: usize| {
        list(list(&answer, "facts")[fact], "changed")
            .iter()
            .map(|change| change["aspect"].to_string())
            .collect::<Vec<_>>()
    };
    assert!(
        alone(0).contains(&"\"PHASE\"".to_owned()) && !alone(1).contains(&"\"PHASE\"".to_owned()),
        "the retraction ended nothing"
    );
    assert!(
        printed.contains("S5 was active")
            && printed.contains("S5 had ended at 14:30:00Z, upstream revoked"),
        "{printed}"
    );
    assert_eq!(
        answer["completeness"].as_array().map(Vec::len),
        Some(4),
        "completeness stands beside"
    );

    // Nothing came in between: nothing changed.
    let same = json!({"session": "S5", "at": "2026-03-10T14:45:00Z",
        "from": {"knownAtPosition": 60}, "to": {"knownAtPosition": 60}});
    let same = asked(&server, &token, BELIEF_DIFF, "beliefDiff", same);
    assert_eq!((list(&same, "changes").len(), list(&same, "facts").len()), (0, 0));
}

/// `S1 payroll 10:00:03`, one a row, sorted.
fn decisions(answer: &Value, field: &str, more: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        let decision = &row["decision"];
        let at = decision["at"]
            .as_str()
            .expect("a time")
            .trim_start_matches("2026-03-10T")
            .trim_end_matches('Z');
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let mut words = vec![text(&decision["session"]), text(&decision["app"]), at.to_owned()];
        let said = |name: &&str| row[*name].as_str().map_or("null".to_owned(), str::to_owned);
        words.extend(more.iter().map(said));
        words.join(" ")
    };
    let mut rows: Vec<String> = list(answer, field).into_iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn g5_with_trust_in_idp_x_off_all_day_four_payroll_decisions_flip() {
    let _question = asks(&["G5"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let window = ["--from", "2026-03-10T00:00:00Z", "--to", "2026-03-11T00:00:00Z"];
    let args = ["--tenant", "acme", "rehearse", "trust-off", "--idp", "idp-x"];
    let cli = scratch.json(&[&args[..], &window[..]].concat());
    let printed = scratch.ok(&[&args[..], &window[..]].concat());
    let server = scratch.serve();
    let change = json!({"kind": "TRUST_OFF", "idp": "idp-x"});
    let variables =
        json!({"change": change, "from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z"});
    let answer = asked(&server, &token, REHEARSE, "rehearse", variables);
    assert_eq!(answer, pinned(cli), "the same answer by both doors");

    let flips = [
        "S1 payroll 10:00:03 ALLOW CHALLENGE",
        "S2 payroll 11:30:05 ALLOW CHALLENGE",
        "S2 payroll 12:30:00 ALLOW DENY",
        "S3 payroll 13:20:04 ALLOW DENY",
    ];
    assert_eq!(decisions(&answer, "flips", &["before", "after"]), flips);
    let unchanged = [
        "S4 payroll 13:55:00 NOT_OF_IT",
        "S4 wiki 13:50:03 NOT_OF_IT",
        "S5 payroll 13:45:04 ALREADY_REFUSED",
        "S6 wiki 13:00:40 NOT_OF_IT",
        "S7 wiki 09:30:02 STILL_MET",
        "S8 payroll 14:00:05 ALREADY_REFUSED",
    ];
    assert_eq!(decisions(&answer, "unchanged", &["why"]), unchanged);
    let warnings: Vec<&str> = list(&answer, "warnings")
        .iter()
        .filter_map(|warning| warning["sentence"].as_str())
        .collect();
    assert_eq!(
        warnings,
        ["payroll v2 can then be met only through idp-y, which asserted no phishing-resistant \
             factor in the window."]
    );
    let out: Vec<String> = list(&answer, "lockedOut")
        .iter()
        .map(|out| format!("{} {}", out["session"], out["implied"]).replace('"', ""))
        .collect();
    assert_eq!(out, ["S1 CHALLENGE", "S2 DENY", "S3 DENY"]);
    assert_eq!(list(&answer, "falls").len(), 0, "a retraction lets fall; trust off does not");
    assert!(
        printed.contains("Flips: 4")
            && printed.contains("the rules already implied deny")
            && printed.contains("Warning: payroll v2"),
        "{printed}"
    );

    // As one was let in before trust went off, nothing of it changes.
    let late =
        json!({"change": change, "from": "2026-03-10T14:30:00Z", "to": "2026-03-11T00:00:00Z"});
    assert_eq!(list(&asked(&server, &token, REHEARSE, "rehearse", late), "flips").len(), 0);
}

#[test]
fn r3_what_falls_and_what_still_lives_if_x1_is_distrusted() {
    let _question = asks(&["R3"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let now = "2026-03-10T15:05:00Z";
    let cli = |since: &str| {
        let args = [
            "--tenant",
            "acme",
            "--at",
            now,
            "--known-at",
            now,
            "rehearse",
            "retraction",
            "--idp",
            "idp-x",
            "--key",
            "X1",
        ];
        scratch.json(
            &[&args[..], &["--since", since, "--from", "2026-03-10T00:00:00Z", "--to", now]]
                .concat(),
        )
    };
    let (leak, all) = ("2026-03-10T13:40:00Z", "2026-03-10T09:00:00Z");
    let by_cli = [cli(leak), cli(all)];
    let server = scratch.serve();
    let ask = |since: &str| {
        let change = json!({"kind": "RETRACTION", "idp": "idp-x", "key": "X1", "from": since});
        let asking = json!({"at": now, "knownAt": now});
        asked(
            &server,
            &token,
            REHEARSE,
            "rehearse",
            json!({"change": change, "from": "2026-03-10T00:00:00Z", "to": now, "asking": asking}),
        )
    };
    let answers = [ask(leak), ask(all)];
    assert_eq!(answers.clone(), by_cli.map(pinned), "the same answers by both doors");

    let live = |answer: &Value| -> Vec<String> {
        let mut live: Vec<String> = list(answer, "live")
            .iter()
            .map(|live| live["session"].as_str().expect("a name").to_owned())
            .collect();
        live.sort();
        live
    };
    let [leak, all] = &answers;
    assert_eq!(
        (decisions(leak, "falls", &[]), live(leak)),
        (vec!["S5 payroll 13:45:04".to_owned()], vec![])
    );
    let falls = [
        "S1 payroll 10:00:03",
        "S2 payroll 11:30:05",
        "S2 payroll 12:30:00",
        "S5 payroll 13:45:04",
        "S7 wiki 09:30:02",
    ];
    assert_eq!(decisions(all, "falls", &[]), falls);
    assert_eq!(live(all), ["S2", "S7"]);
    // S5 was implied deny already: it falls and does not flip.
    assert_eq!(decisions(leak, "flips", &[]), [] as [&str; 0]);
    assert!(!decisions(all, "flips", &[]).contains(&"S5 payroll 13:45:04".to_owned()));
    // Nothing was retracted yet: what the rules refused and what was lost are said beside it.
    let fell = |answer: &Value| decisions(answer, "falls", &["fellAlready"]);
    assert!(fell(all).iter().all(|fall| fall.ends_with(" null")), "{all}");
    let odd = |fall: &&Value| {
        let words = |name: &str| fall["decision"][name]["words"].as_str().map(str::to_owned);
        words("differs").or_else(|| words("falsifiedLater"))
    };
    let falls = list(all, "falls");
    assert_eq!(falls.iter().filter_map(odd).count(), 2, "S2 12:30 and S5: {all}");
}

#[test]
fn a_rehearsal_tells_what_fell_already_by_the_retraction_of_the_day() {
    let scratch = Scratch::fixture();
    let (now, day) = ("2026-03-10T23:00:00Z", "2026-03-10T00:00:00Z");
    let args = ["--tenant", "acme", "--at", now, "--known-at", now, "rehearse", "retraction"];
    let of = ["--idp", "idp-x", "--key", "X1", "--since", "2026-03-10T09:00:00Z"];
    let all = [&args[..], &of[..], &["--from", day, "--to", now]].concat();
    let answer = scratch.json(&all);
    let falls = [
        "S1 payroll 10:00:03 null",
        "S2 payroll 11:30:05 null",
        "S2 payroll 12:30:00 null",
        "S5 payroll 13:45:04 CERTAIN",
        "S7 wiki 09:30:02 null",
    ];
    assert_eq!(decisions(&answer, "falls", &["fellAlready"]), falls);
    let printed = scratch.ok(&all);
    for words in [
        "Falls: 5, of which 1 fell already",
        "deny, then deny: not enough factors: it fell already",
        "differs: retired key accepted",
        "falsified later: authenticator lost",
    ] {
        assert!(printed.contains(words), "{words}\nin\n{printed}");
    }
}

#[test]
fn a_senseless_change_is_refused_with_an_explanation() {
    let scratch = Scratch::rehearsal(&["t"]);
    let args = ["rehearse", "trust-off", "--idp", "i", "--from", "2026-03-10T00:00:00Z"];
    let out = scratch.run(&[&args[..], &["--to", "2026-03-11T00:00:00Z", "--key", "K"]].concat());
    assert_eq!(
        (out.status.code(), text(&out.stderr).contains("trust-off takes no --key")),
        (Some(2), true)
    );
    let out = scratch.run(&[&args[..], &["--to", "2026-03-10T00:00:00Z"]].concat());
    assert_eq!(
        (out.status.code(), text(&out.stderr).contains("the window is empty")),
        (Some(3), true)
    );
    let out = scratch.run(&["belief-diff", "nobody", "--from", "0"]);
    assert_eq!(
        (out.status.code(), text(&out.stderr).contains("No session nobody is known.")),
        (Some(1), true)
    );
}

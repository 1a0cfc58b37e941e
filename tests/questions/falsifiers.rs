//! What a retraction or a loss takes away, and what was known when: acceptance questions asked of
//! the shipped binary over the fixture.

use crate::support::{Scratch, Server, questions::asks};
use serde_json::{Value, json};

const SESSION: &str = concat!(
    include_str!("../../crates/claimledger/src/queries/session.graphql"),
    include_str!("../../crates/claimledger/src/queries/session_fields.graphql"),
    include_str!("../../crates/claimledger/src/queries/common.graphql")
);
const AT: &str = "2026-03-10T23:00:00Z";

fn time(of_day: &str) -> String {
    format!("2026-03-10T{of_day}Z")
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn edges(connection: &Value) -> Vec<&Value> {
    connection["edges"].as_array().expect("edges").iter().map(|edge| &edge["node"]).collect()
}

/// The sessions of a filter: in GraphQL, and by the command line; both must say the same.
fn sessions(scratch: &Scratch, token: &str, asked: &Asked<'_>) -> Vec<String> {
    let mut args = vec!["--tenant", "acme"];
    args.extend(asked.at.iter().flat_map(|at| ["--at", at.as_str()]));
    args.extend(asked.known_at.iter().flat_map(|k| ["--known-at", k.as_str()]));
    args.push("sessions");
    args.extend(asked.flags);
    let cli = scratch.json(&args);
    let server = scratch.serve();
    let query = "query($f: SessionFilter, $a: Asking) \
                 { sessions(filter: $f, asking: $a) { edges { certainty node { id } } } }";
    let asking = json!({"at": asked.at, "knownAt": asked.known_at});
    let answer =
        server.graphql(token, query, json!({"f": asked.filter, "a": asking}))["sessions"].clone();
    let ids = |connection: &Value| -> Vec<String> {
        let one = |edge: &Value| {
            format!("{} {}", word(&edge["node"]["id"]), word(&edge["certainty"]).to_lowercase())
        };
        connection["edges"].as_array().expect("edges").iter().map(one).collect()
    };
    assert_eq!(ids(&answer), ids(&cli), "the same answer by both doors");
    ids(&answer)
}

struct Asked<'a> {
    flags: &'a [&'a str],
    filter: Value,
    at: Option<String>,
    known_at: Option<String>,
}

fn session(server: &Server, token: &str, id: &str, at: &str, known_at: &str) -> Value {
    server.graphql(
        token,
        &with_used_fragments(SESSION),
        json!({"id": id, "asking": {"at": at, "knownAt": known_at}}),
    )["session"]["session"]
        .clone()
}

/// GraphQL refuses fragments that nobody spreads.
fn with_used_fragments(document: &str) -> String {
    let used = |name: &str| {
        document.contains(&format!("...{name} ")) || document.contains(&format!("...{name}}}"))
    };
    let keep = |line: &&str| {
        line.strip_prefix("fragment ").and_then(|rest| rest.split(' ').next()).is_none_or(used)
    };
    document.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

#[test]
fn g1_what_s2_rests_on_and_for_how_long_each_counted() {
    let _question = asks(&["G1"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let tree = scratch.ok(&[
        "--tenant",
        "acme",
        "--at",
        AT,
        "--known-at",
        "82",
        "why",
        "S2",
        "--factor",
        "hwk",
    ]);
    assert!(
        tree.starts_with(
            "hwk of idp-x counted in S2 from 11:30:00Z until 12:10:00Z, when the \
                              authenticator was lost."
        ),
        "{tree}"
    );
    assert!(
        tree.contains(
            "The security key was lost 12:10:00Z, recorded 14:40:00Z (+2 h 30 min), by admin-1."
        ),
        "{tree}"
    );
    let server = scratch.serve();
    let factors = |at: &str, known_at: &str| {
        session(&server, &token, "S2", at, known_at)["factors"].as_array().expect("factors").clone()
    };
    let ends = |list: &[Value]| -> Vec<String> {
        let end = |f: &Value| {
            let record = f["endRecord"]["recordedAt"]
                .as_str()
                .map(|at| format!(" recorded {at}"))
                .unwrap_or_default();
            format!(
                "{} {} {}{record}",
                word(&f["amr"]),
                f["until"].as_str().unwrap_or("runs"),
                f["endReason"].as_str().unwrap_or("on")
            )
        };
        list.iter().map(end).collect()
    };
    let then = factors(&time("13:00:00"), &time("13:00:00"));
    assert_eq!(ends(&then), ["pwd runs on", "hwk runs on", "phr runs on"]);
    let now = factors(AT, AT);
    let lost = format!("{} authenticator_lost recorded {}", time("12:10:00"), time("14:40:00"));
    let expired = format!("pwd {} expired recorded {}", time("19:30:00"), time("19:30:00"));
    assert_eq!(ends(&now), [expired, format!("hwk {lost}"), format!("phr {lost}")]);
    for factor in now {
        assert_eq!(
            (&factor["idp"], &factor["key"]["id"], &factor["assertion"]),
            (&json!("idp-x"), &json!("X1"), &json!("as-S2"))
        );
        assert_eq!(
            (&factor["trustVersion"], &factor["acceptedAt"]),
            (&json!("tx1"), &json!(time("11:30:00")))
        );
    }
}

#[test]
fn g3_s5_at_1440_as_known_at_1445_and_at_1500_by_one_query() {
    let _question = asks(&["G3"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let query = "query($at: DateTime!, $then: DateTime!, $now: DateTime!) {
        then: session(id: \"S5\", asking: {at: $at, knownAt: $then}) { session { state endedAt endReason } }
        now: session(id: \"S5\", asking: {at: $at, knownAt: $now}) \
        { session { state endedAt endReason } } }";
    let answer = server.graphql(
        &token,
        query,
        json!({"at": time("14:40:00"), "then": time("14:45:00"), "now": time("15:00:00")}),
    );
    assert_eq!(
        answer["then"]["session"],
        json!({"state": "ACTIVE", "endedAt": null, "endReason": null})
    );
    assert_eq!(
        answer["now"]["session"],
        json!({"state": "ENDED", "endedAt": time("14:30:00"), "endReason": "upstream_revoked"})
    );
}

#[test]
fn c11_the_tree_of_s2_at_1230_in_the_words_of_the_paper() {
    let _question = asks(&["C11"]);
    let scratch = Scratch::fixture();
    let tree = scratch.ok(&[
        "--tenant",
        "acme",
        "--at",
        AT,
        "--known-at",
        "82",
        "why",
        "S2",
        "--decision",
        "#30",
    ]);
    let expected = "\
S2 was let into payroll at 12:30:00Z. Right when made; falsified later, by one fact recorded 2 h 10 min after it. #30 +0 s
├ As known when decided (#30): allow. pwd (knowledge), hwk and phr (possession, phishing-resistant) met payroll-2 of payroll v2. #24 #29 [sem 4]
├ What came later: the security key was lost 12:10:00Z, recorded 14:40:00Z (+2 h 30 min), by admin-1. #64
│ ├ hwk and phr counted from 11:30:00Z until 12:10:00Z: authenticator_lost. Matched by method, as the claim names no authenticator. [authenticator_lost · sem 11]
│ └ pwd isn't touched: until 19:30:00Z, expired. #77
├ As known at #82: deny. First unmet: two factor types (only knowledge is left); then possession; then phishing-resistant.
├ On whose word? idp-x, in as-S2, key X1, received 11:30:00Z, trusted as tx1. #24 #13 #11
├ How long it mattered: the session stayed open from 12:30:00Z to 19:30:00Z; from 14:40:00Z on the ledger knew (4 h 50 min).
└ How sure? Certain. Joined.
Not the reason: X1 was retired at 13:30:00Z (#45) and retracted from 13:40:00Z (#67); both after \
this assertion was received. [sem 10]";
    let words: Vec<String> = tree
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(words, expected.lines().collect::<Vec<_>>());
}

#[test]
fn r1_sessions_that_rested_on_x1_after_the_leak_by_key_and_by_known_retractions() {
    let _question = asks(&["R1"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let (active, leak) = (time("14:05:00"), time("13:40:00"));
    let by_key = |from: Option<&str>, known_at: Option<&str>| {
        let mut flags = vec!["--active-at", &active, "--idp", "idp-x", "--key", "X1"];
        flags.extend(from.iter().flat_map(|from| ["--relied-from", from]));
        let filter = json!({"activeAt": active, "idp": "idp-x", "key": "X1", "reliedFrom": from});
        sessions(
            &scratch,
            &token,
            &Asked { flags: &flags, filter, at: Some(AT.to_owned()), known_at: known_at.map(time) },
        )
    };
    assert_eq!(by_key(Some(&leak), None), ["S5 certain"]);
    assert_eq!(by_key(None, None), ["S7 certain", "S1 certain", "S2 certain", "S5 certain"]);
    // By key and time it shows as soon as it is known.
    assert_eq!(by_key(Some(&leak), Some("13:45:00")), ["S5 certain"]);
    let by_retraction = |known_at: &str| {
        let flags = ["--active-at", &active, "--retracted"];
        let filter = json!({"activeAt": active, "retracted": true});
        sessions(
            &scratch,
            &token,
            &Asked {
                flags: &flags,
                filter,
                at: Some(AT.to_owned()),
                known_at: Some(time(known_at)),
            },
        )
    };
    assert_eq!(by_retraction("14:10:00"), [""; 0]);
    assert_eq!(by_retraction("15:09:59"), [""; 0]);
    assert_eq!(by_retraction("15:10:00"), ["S5 certain"]);
    let without = sessions(
        &scratch,
        &token,
        &Asked {
            flags: &["--retracted=false"],
            filter: json!({"retracted": false}),
            at: Some(AT.to_owned()),
            known_at: None,
        },
    );
    assert_eq!(without.len(), 7);
}

#[test]
fn r4_sessions_that_outlived_their_idp_session() {
    let _question = asks(&["R4"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let ask = |at: &str, wanted: bool| {
        let flag = if wanted { "--outlived" } else { "--outlived=false" };
        let asked = Asked {
            flags: &[flag],
            filter: json!({"outlived": wanted}),
            at: Some(at.to_owned()),
            known_at: None,
        };
        sessions(&scratch, &token, &asked)
    };
    assert_eq!(ask(AT, true), ["S7 certain"]);
    assert_eq!(
        ask(&time("14:05:00"), true),
        ["S7 certain"],
        "the activity at 14:20 proves that it lived at 14:05"
    );
    assert_eq!(ask(AT, false).len(), 7);
    let server = scratch.serve();
    let query =
        "query($at: DateTime) { session(id: \"S7\", asking: {at: $at}) { session { outlived {
        certainty idpSessionEnd { occurredAt } signOfLife { occurredAt } endBounds { from to } \
        } } } }";
    let outlived =
        server.graphql(&token, query, json!({"at": AT}))["session"]["session"]["outlived"].clone();
    let bounds = json!({"from": time("14:20:00"), "to": time("21:30:00")});
    let expected = json!({"certainty": "CERTAIN", "idpSessionEnd": {"occurredAt": time("13:10:00")},
        "signOfLife": {"occurredAt": time("14:20:00")},
        "endBounds": bounds});
    assert_eq!(outlived, expected);
}

/// Decisions of a filter: in GraphQL, and by the command line; both must say the same.
fn decisions(
    scratch: &Scratch,
    token: &str,
    flags: &[&str],
    filter: &Value,
    known_at: &str,
) -> Vec<String> {
    let known_at = time(known_at);
    let mut args = vec!["--tenant", "acme", "--at", AT, "--known-at", &known_at, "decisions"];
    args.extend(flags);
    let cli = scratch.json(&args);
    let server = scratch.serve();
    let query =
        "query($f: DecisionFilter, $a: Asking) { decisions(filter: $f, asking: $a) { edges { node {
        session app at outcome implied differs { code words } falsifiedLater \
        { code words implied } atK { implied } } } } }";
    let answer = server.graphql(
        token,
        query,
        json!({"f": filter, "a": {"at": AT, "knownAt": known_at}}),
    )["decisions"]
        .clone();
    let one = |d: &&Value| {
        let code = |name: &str| d[name]["code"].as_str().unwrap_or("-").to_owned();
        let (implied, at_k) = (word(&d["implied"]), word(&d["atK"]["implied"]));
        format!(
            "{} {} {} {implied} {at_k} {} {}",
            word(&d["session"]),
            word(&d["at"]),
            word(&d["outcome"]),
            code("differs"),
            code("falsifiedLater")
        )
    };
    let list = |connection: &Value| edges(connection).iter().map(one).collect::<Vec<_>>();
    assert_eq!(list(&answer), list(&cli), "the same answer by both doors");
    list(&answer)
}

#[test]
fn r5_what_rested_on_bobs_key_after_he_lost_it() {
    let _question = asks(&["R5"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let flags = ["--session", "S2", "--from", "2026-03-10T12:10:00Z", "--falsified-later"];
    let filter = json!({"session": "S2", "from": time("12:10:00"), "falsifiedLater": true});
    let fell = ["S2 2026-03-10T12:30:00Z ALLOW ALLOW DENY - authenticator_lost"];
    assert_eq!(decisions(&scratch, &token, &flags, &filter, "23:00:00"), fell);
    assert_eq!(decisions(&scratch, &token, &flags, &filter, "14:40:00"), fell);
    assert_eq!(decisions(&scratch, &token, &flags, &filter, "14:39:59"), [""; 0]);
    let server = scratch.serve();
    let s2 = session(&server, &token, "S2", &time("14:40:00"), AT);
    assert_eq!(s2["state"], "ACTIVE");
    assert_eq!(s2["falsifiers"][0]["words"], "authenticator lost 12:10:00Z, recorded 14:40:00Z");
}

#[test]
fn r6_where_what_was_decided_differs_from_what_the_rules_say() {
    let _question = asks(&["R6"]);
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let differ = decisions(&scratch, &token, &["--differs"], &json!({"differs": true}), "23:00:00");
    let expected = [
        "S5 2026-03-10T13:45:04Z ALLOW DENY DENY key_retired -",
        "S8 2026-03-10T14:00:05Z ALLOW DENY DENY not_enough_factors -",
    ];
    assert_eq!(differ, expected);
    let later = decisions(
        &scratch,
        &token,
        &["--falsified-later"],
        &json!({"falsifiedLater": true}),
        "23:00:00",
    );
    assert_eq!(later, ["S2 2026-03-10T12:30:00Z ALLOW ALLOW DENY - authenticator_lost"]);
    assert_eq!(
        decisions(
            &scratch,
            &token,
            &["--falsified-later=false"],
            &json!({"falsifiedLater": false}),
            "23:00:00"
        )
        .len(),
        9
    );
    let table =
        scratch.ok(&["--tenant", "acme", "--at", AT, "--known-at", "82", "decisions", "--differs"]);
    assert!(
        table.contains("deny (not_enough_factors)")
            && table.contains("differs: retired key accepted; later: key X1 retracted"),
        "{table}"
    );
    let by_session = sessions(
        &scratch,
        &token,
        &Asked {
            flags: &["--falsified-later"],
            filter: json!({"falsifiedLater": true}),
            at: Some(AT.to_owned()),
            known_at: None,
        },
    );
    assert_eq!(by_session, ["S2 certain"]);
}

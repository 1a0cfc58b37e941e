//! How long a session certainly lived, according to the shipped binary: limits that no source
//! states, signs of life after T, facts before the stated start, and an administrator who ends all
//! of a user's sessions.

use crate::support::Scratch;
use serde_json::{Value, json};

const NOW: &str = "2026-03-10T12:00:00Z";

/// An event of a user in Okta's System Log.
fn okta(id: &str, kind: &str, at: &str, user: &str, session: &str) -> Value {
    json!({"uuid": id, "eventType": kind, "published": at, "version": "0",
        "actor": {"id": user, "type": "User", "alternateId": format!("{user}@acme.example"),
            "displayName": user},
        "authenticationContext": {"externalSessionId": session, "rootSessionId": session},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": format!("t-{id}"), "type": "WEB"},
        "target": [{"id": "0oaWiki", "type": "AppInstance"}]})
}

fn native(id: &str, kind: &str, at: &str, session: Option<&str>, data: Value) -> Value {
    let mut line =
        json!({"id": id, "type": kind, "occurred_at": at, "subject": {"id": "u-1"}, "data": data});
    if let Some(session) = session {
        line["session"] = session.into();
    }
    line
}

fn lines(facts: &[Value]) -> String {
    facts.iter().map(|fact| format!("{fact}\n")).collect()
}

fn ingest(scratch: &Scratch, facts: &[Value], dialect: &str, source: &str) {
    let file = scratch.file("facts.jsonl", lines(facts));
    scratch.ok(&["ingest", &file, "--as", dialect, "--source", source]);
}

/// Sessions of 2017 and 2020 from the System Log, without a sign-out.
fn old_log() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let events = [
        okta("e1", "user.session.start", "2017-05-01T10:00:00.000Z", "00u1", "102a"),
        okta("e2", "user.authentication.sso", "2017-05-01T11:00:00.000Z", "00u1", "102a"),
        okta("e3", "user.session.start", "2020-02-10T10:00:00.000Z", "00u2", "102b"),
        okta("e4", "user.authentication.sso", "2020-02-10T12:00:00.000Z", "00u2", "102b"),
        okta("e5", "user.session.start", "2020-02-10T10:00:00.000Z", "00u3", "102c"),
    ];
    ingest(&scratch, &events, "okta-system-log", "okta");
    scratch
}

/// `active certain`, `active possible lifetime_limit idle_limit`, `ended revoked 2020-…`.
fn stands(scratch: &Scratch, session: &str, more: &[&str]) -> String {
    let mut args = vec!["session", session];
    args.extend(more);
    let session = scratch.json(&args)["session"].clone();
    let word = |name: &str| session[name].as_str().unwrap_or_default().to_lowercase();
    let mut words = vec![word("state")];
    words.push(if word("state") == "ended" {
        format!("{} {}", word("endReason"), word("endedAt"))
    } else {
        word("certainty")
    });
    words.extend(
        session["missing"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned),
    );
    words.join(" ").trim_end().to_owned()
}

fn active_at(scratch: &Scratch, at: &str) -> Vec<String> {
    let list = scratch.json(&["sessions", "--active-at", at]);
    let of = |edge: &Value| {
        format!(
            "{} {}",
            edge["node"]["id"].as_str().unwrap_or("?"),
            edge["certainty"].as_str().unwrap_or("?")
        )
    };
    list["edges"].as_array().expect("edges").iter().map(of).collect()
}

#[test]
fn sessions_of_old_logs_are_not_certainly_active_today() {
    let scratch = old_log();
    let unknown = "active possible lifetime_limit idle_limit";
    for session in ["102a", "102b", "102c"] {
        assert_eq!(stands(&scratch, session, &["--at", NOW]), unknown, "{session}");
    }
    assert_eq!(active_at(&scratch, NOW), ["102a POSSIBLE", "102b POSSIBLE", "102c POSSIBLE"]);
    // Certainly active up to its last sign of life: a later one proves it for every earlier T.
    for at in ["2020-02-10T10:00:00Z", "2020-02-10T11:30:00Z", "2020-02-10T12:00:00Z"] {
        assert_eq!(stands(&scratch, "102b", &["--at", at]), "active certain", "{at}");
    }
    assert_eq!(stands(&scratch, "102b", &["--at", "2020-02-10T12:00:01Z"]), unknown);
    assert_eq!(
        stands(&scratch, "102b", &["--at", "2020-02-10T11:30:00Z", "--known-at", "3"]),
        unknown,
        "#4 is not known yet"
    );
    assert_eq!(
        active_at(&scratch, "2020-02-10T11:30:00Z"),
        ["102a POSSIBLE", "102b CERTAIN", "102c POSSIBLE"]
    );
    // Lists name the missing limits, in text and in columns.
    let text = scratch.ok(&["sessions", "--active-at", NOW]);
    assert!(text.contains("possible, missing: lifetime_limit idle_limit"), "{text}");
    assert!(
        scratch
            .ok(&["session", "102a", "--at", NOW])
            .contains("missing: lifetime_limit idle_limit")
    );

    let server = scratch.serve();
    let token = scratch_token(&scratch);
    let query = r#"query($at: DateTime!) {
        sessions(filter: {activeAt: $at}, first: 1, asking: {at: $at}) { edges { certainty
        because { conclusion because { conclusion because { conclusion semantics: rule } } }
        node { certainty missing endBounds { from to } } } } }"#;
    let edge = server.graphql(&token, query, json!({"at": NOW}))["sessions"]["edges"][0].clone();
    let told = edge["because"].to_string();
    assert!(told.contains("possibly: missing its lifetime limit and its idle limit"), "{told}");
    assert!(told.contains("the log of its source does not carry limits"), "{told}");
    assert_eq!(edge["node"]["endBounds"], json!({"from": "2017-05-01T11:00:00Z", "to": null}));
    // What proves it, where something does.
    let query = r#"{ session(id: "102b", asking: {at: "2020-02-10T11:30:00Z"}) { session {
        certainty missing provenAliveBy { sourceId } because { because { conclusion } } } } }"#;
    let session = server.graphql(&token, query, json!({}))["session"]["session"].clone();
    assert_eq!(
        (&session["certainty"], &session["missing"], &session["provenAliveBy"]["sourceId"]),
        (&json!("CERTAIN"), &json!([]), &json!("e4"))
    );
    assert!(
        session["because"]
            .to_string()
            .contains("A sign of life at 12:00:00Z proves that it lived at T."),
        "{session}"
    );
}

/// The operator's own.
fn scratch_token(scratch: &Scratch) -> String {
    let file =
        std::fs::read_dir(scratch.data()).expect("the ledger").flatten().map(|entry| entry.path());
    let token = file
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "operator-token"))
        .expect("a token");
    std::fs::read_to_string(token).expect("a token").trim().to_owned()
}

#[test]
fn a_global_session_rule_known_at_the_start_gives_the_limits() {
    let scratch = old_log();
    let limits = json!({"policy": "g", "version": "1", "kind": "global_session", "rules": [],
        "max_lifetime_secs": 43200, "max_idle_secs": 7200});
    let rule = json!({"id": "g", "type": "policy.configured", "occurred_at": "2019-01-01T00:00:00Z",
        "data": limits});
    ingest(&scratch, &[rule], "native", "okta-policies");
    // The session of 2017 began before its first known fact.
    assert_eq!(
        stands(&scratch, "102a", &["--at", NOW]),
        "active possible lifetime_limit idle_limit"
    );
    assert_eq!(stands(&scratch, "102b", &["--at", "2020-02-10T13:59:59Z"]), "active certain");
    assert_eq!(stands(&scratch, "102b", &["--at", "2020-02-10T14:00:00Z"]), "active possible");
    assert_eq!(stands(&scratch, "102b", &["--at", NOW]), "ended expired_by_limit");
    assert_eq!(active_at(&scratch, NOW), ["102a POSSIBLE"]);
    // As it was known before: the list finds it again.
    let before = scratch.json(&["sessions", "--active-at", NOW, "--known-at", "5"]);
    assert_eq!(before["edges"].as_array().map(Vec::len), Some(3), "{before}");
}

#[test]
fn an_administrator_ends_all_sessions_of_a_user() {
    let scratch = old_log();
    let mut clear =
        okta("e6", "user.session.clear", "2020-02-10T13:00:00.000Z", "00uAdmin", "102admin");
    clear["target"] = json!([{"id": "00u2", "type": "User"}]);
    let after = okta("e7", "user.session.start", "2020-02-10T13:05:00.000Z", "00u2", "102d");
    ingest(&scratch, &[clear, after], "okta-system-log", "okta");
    assert_eq!(stands(&scratch, "102b", &["--at", NOW]), "ended revoked 2020-02-10t13:00:00z");
    assert_eq!(
        stands(&scratch, "102b", &["--at", "2020-02-10T12:59:59Z"]),
        "active possible lifetime_limit idle_limit"
    );
    assert_eq!(
        stands(&scratch, "102d", &["--at", "2020-02-10T13:05:00Z"]),
        "active certain",
        "it began afterwards"
    );
    // The row is up to date, at the head and at an earlier K; the other users' sessions go on.
    assert_eq!(active_at(&scratch, NOW), ["102a POSSIBLE", "102c POSSIBLE", "102d POSSIBLE"]);
    let before = scratch.json(&["sessions", "--active-at", NOW, "--known-at", "5"]);
    assert_eq!(before["edges"].as_array().map(Vec::len), Some(3), "{before}");
    let ended = scratch.json(&["sessions", "--ended", "--at", NOW]);
    let certain = |edge: &&Value| edge["certainty"] == "CERTAIN";
    let ids: Vec<&Value> = ended["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .filter(certain)
        .map(|edge| &edge["node"]["id"])
        .collect();
    assert_eq!(ids, ["102b"], "{ended}");
    // The administrator's own session is not in it, and the timeline of the user's says who did it.
    assert_eq!(scratch.run(&["session", "102admin"]).status.code(), Some(1));
    let timeline = scratch.ok(&["timeline", "102b", "--at", NOW]);
    assert!(
        timeline.contains("all sessions of the person ended: revoked (00uAdmin)"),
        "{timeline}"
    );
    let diff = scratch.ok(&["belief-diff", "102b", "--at", NOW, "--from", "5"]);
    assert!(diff.contains("revoked") && diff.contains("#6"), "{diff}");
    scratch.ok(&["rebuild"]);
}

#[test]
fn native_facts_can_end_all_sessions_too_even_late() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts = [
        native("s", "session.started", "2026-03-10T09:00:00Z", Some("S1"), json!({})),
        native("t", "session.started", "2026-03-10T11:00:00Z", Some("S2"), json!({})),
        native(
            "all",
            "subject.sessions_ended",
            "2026-03-10T10:00:00Z",
            None,
            json!({"reason": "revoked", "actor": "admin-1", "ticket": "T-9"}),
        ),
        // Recorded late: it had begun by then.
        native("u", "session.started", "2026-03-10T09:30:00Z", Some("S3"), json!({})),
    ];
    ingest(&scratch, &facts, "native", "acme");
    let at = ["--at", NOW];
    assert_eq!(stands(&scratch, "S1", &at), "ended revoked 2026-03-10t10:00:00z");
    assert_eq!(
        stands(&scratch, "S2", &at),
        "active certain",
        "a native start that states no limit has none"
    );
    assert_eq!(stands(&scratch, "S3", &at), "ended revoked 2026-03-10t10:00:00z");
    assert_eq!(active_at(&scratch, NOW), ["S2 CERTAIN"]);
    let refused = scratch.run(&[
        "ingest",
        &scratch.file(
            "bad.jsonl",
            lines(&[native("x", "subject.sessions_ended", NOW, None, json!({}))]),
        ),
    ]);
    assert_eq!(refused.status.code(), Some(3), "a reason is required");
}

#[test]
fn facts_before_the_stated_start_belong_to_the_session() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts = [
        native(
            "c",
            "claims.received",
            "2026-03-10T08:00:00Z",
            Some("S1"),
            json!({"idp": "idp-x", "amr": ["pwd"]}),
        ),
        native(
            "s",
            "session.started",
            "2026-03-10T08:30:00Z",
            Some("S1"),
            json!({"lifetime_ends_at": "2026-03-10T20:00:00Z"}),
        ),
        native("o", "session.started", "2026-03-10T08:10:00Z", Some("S2"), json!({})),
    ];
    ingest(&scratch, &facts, "native", "acme");
    let of = |at: &str| {
        let session = scratch.json(&["session", "S1", "--at", at])["session"].clone();
        format!(
            "{} {}",
            session["state"].as_str().unwrap_or("?"),
            session["startedAt"].as_str().unwrap_or("?")
        )
    };
    assert_eq!(of("2026-03-10T07:59:59Z"), "NOT_STARTED 2026-03-10T08:00:00Z");
    assert_eq!(of("2026-03-10T08:15:00Z"), "ACTIVE 2026-03-10T08:00:00Z");
    assert_eq!(of("2026-03-10T08:30:00Z"), "ACTIVE 2026-03-10T08:30:00Z");
    assert_eq!(of("2026-03-10T20:00:00Z"), "ENDED 2026-03-10T08:30:00Z");
    // Lists have it at that T, in one order whatever T; and asked from a later one.
    assert_eq!(active_at(&scratch, "2026-03-10T08:15:00Z"), ["S1 CERTAIN", "S2 CERTAIN"]);
    for at in ["2026-03-10T08:15:00Z", "2026-03-10T12:00:00Z"] {
        let first = scratch.json(&["sessions", "--at", at, "--first", "1"]);
        assert_eq!(first["edges"][0]["node"]["id"], "S1", "{first}");
        let after = first["pageInfo"]["endCursor"].as_str().expect("a cursor");
        let second = scratch.json(&["sessions", "--at", at, "--first", "1", "--after", after]);
        assert_eq!(second["edges"][0]["node"]["id"], "S2", "{second}");
    }
    assert_eq!(
        stands(&scratch, "S1", &["--at", "2026-03-10T08:15:00Z", "--known-at", "1"]),
        "active possible lifetime_limit idle_limit"
    );
}

#[test]
fn a_session_with_later_activity_outlived_its_idp_session() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let facts = [
        native(
            "s",
            "session.started",
            "2026-03-10T09:00:00Z",
            Some("S1"),
            json!({"idp": "idp-x", "idp_session": "is-1", "idle_secs": 600}),
        ),
        native(
            "e",
            "idp_session.ended",
            "2026-03-10T10:00:00Z",
            None,
            json!({"idp": "idp-x", "idp_session": "is-1"}),
        ),
        native("a", "app.accessed", "2026-03-10T11:00:00Z", Some("S1"), json!({"app": "wiki"})),
    ];
    ingest(&scratch, &facts, "native", "acme");
    let certainty = |more: &[&str]| {
        scratch.json(&[&["outlived"], more].concat())["items"][0]["certainty"].clone()
    };
    assert_eq!(
        certainty(&["--at", "2026-03-10T10:30:00Z"]),
        "CERTAIN",
        "at 11:00 it was still there"
    );
    assert_eq!(certainty(&["--at", "2026-03-10T10:30:00Z", "--known-at", "2"]), "POSSIBLE");
}

/// A session that may have ended is in the lists of ended and of active sessions, as possible in
/// both.
#[test]
fn a_session_that_may_have_ended_is_listed_as_ended_and_as_not_ended() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let facts = [
        native(
            "s",
            "session.started",
            "2026-03-10T10:00:00Z",
            Some("idle"),
            json!({"idle_secs": 900}),
        ),
        native("a", "app.accessed", "2026-03-10T10:05:00Z", Some("idle"), json!({"app": "wiki"})),
        native("o", "session.started", "2026-03-10T10:00:00Z", Some("open"), json!({})),
        native(
            "e",
            "session.ended",
            "2026-03-10T11:00:00Z",
            Some("open"),
            json!({"reason": "logout"}),
        ),
    ];
    ingest(&scratch, &facts, "native", "sp");
    let listed = |ended: &str| -> Vec<String> {
        let answer = scratch.json(&[
            "--at",
            "2026-03-10T15:00:00Z",
            "sessions",
            &format!("--ended={ended}"),
        ]);
        let edges = answer["edges"].as_array().expect("edges").iter();
        let mut rows: Vec<_> = edges
            .map(|e| format!("{} {}", e["node"]["id"], e["certainty"]).replace('"', ""))
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(listed("true"), ["idle POSSIBLE", "open CERTAIN"]);
    assert_eq!(listed("false"), ["idle POSSIBLE"]);
}

/// Sessions whose limit had passed by T, and whose end a later record states: they are in the list
/// of an instant before the limit and in none after it (22).
#[test]
fn a_session_past_its_limit_is_in_the_list_of_an_instant_before_it() {
    let started = |id: &str, at: &str, session: &str, limits: Value| {
        native(id, "session.started", at, Some(session), limits)
    };
    let ended = |id: &str, session: &str| {
        let at = "2026-03-10T12:30:00Z";
        native(id, "session.ended", at, Some(session), json!({"reason": "expired"}))
    };
    let (nine, eleven) = ("2026-03-10T09:00:00Z", "2026-03-10T11:00:00Z");
    let early = "2026-03-10T09:30:00Z";
    let facts = [
        started("s1", nine, "lifetime", json!({"lifetime_ends_at": eleven})),
        started("s2", nine, "idle", json!({"idle_secs": 1800})),
        started("s3", nine, "both", json!({"idle_secs": 1800, "lifetime_ends_at": eleven})),
        started("s4", "2026-03-10T08:00:00Z", "over", json!({"lifetime_ends_at": early})),
        ended("e1", "lifetime"),
        ended("e2", "idle"),
        ended("e3", "both"),
        ended("e4", "over"),
    ];
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    ingest(&scratch, &facts, "native", "sp");
    let active_at = |at: &str| {
        let args = ["--at", "2026-03-10T13:00:00Z", "sessions", "--active-at", at];
        let answer = scratch.json(&args);
        let mut rows: Vec<String> = answer["edges"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|edge| format!("{} {}", edge["node"]["id"], edge["certainty"]).replace('"', ""))
            .collect();
        rows.sort();
        rows
    };
    let ten = ["both POSSIBLE", "idle POSSIBLE", "lifetime CERTAIN"];
    assert_eq!(active_at("2026-03-10T10:00:00Z"), ten);
    let all = ["both CERTAIN", "idle CERTAIN", "lifetime CERTAIN", "over CERTAIN"];
    assert_eq!(active_at("2026-03-10T09:20:00Z"), all);
    assert_eq!(active_at(eleven), ["idle POSSIBLE"], "the others had ended by their limit");
    assert_eq!(active_at("2026-03-10T12:30:00Z"), [""; 0]);
}

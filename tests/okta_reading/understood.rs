//! Refused sign-ins, and whether a record is understood.

use super::{ledger, page};
use crate::support::okta_events::{event, lines, refusals, with};
use crate::support::{Scratch, Server};
use serde_json::{Value, json};

#[test]
fn a_refused_sign_in_is_a_fact_of_the_session_with_its_reason() {
    let events = refusals();
    let (scratch, report) = ledger(&events);
    for row in report["types"].as_array().expect("types") {
        assert_eq!(row["understood"], row["events"], "{row}");
    }
    let answer = scratch.json(&["session", "idxRefused"]);
    let session = &answer["session"];
    assert_eq!(session["factors"], json!([]), "a refused factor is none: {answer:#}");
    assert_eq!(session["state"], "ACTIVE");
    let refused =
        session["refused"].as_array().unwrap_or_else(|| panic!("no refusals: {answer:#}"));
    assert_eq!(refused.len(), 10, "{answer:#}");
    assert_eq!(
        (&refused[0]["reason"], &refused[0]["result"], &refused[0]["method"]),
        (&json!("push_rejected"), &json!("failure"), &json!("push"))
    );
    assert!(
        refused.iter().any(|one| one["reason"] == "invalid_credentials" && one["method"].is_null()),
        "{answer:#}"
    );
    let words = scratch.ok(&["session", "idxRefused"]);
    assert!(words.contains("push_rejected") && words.contains("invalid_credentials"), "{words}");
    let timeline = scratch.ok(&["timeline", "idxRefused"]);
    assert!(
        timeline.contains("push refused: push rejected") && !timeline.contains("not understood"),
        "{timeline}"
    );
    assert!(!words.contains("Bob") && !timeline.contains("Bob"), "prose is sealed");

    let (read, investigate) =
        (scratch.token("acme", "read"), scratch.token("acme", "read,investigate"));
    let server = scratch.serve();
    let page = page(&server, &read, "/session?id=idxRefused");
    assert!(
        page.contains("Refused sign-ins")
            && page.contains("push rejected")
            && !page.contains("Bob"),
        "{page}"
    );
    let sources = page_of_sources(&server, &read);
    assert!(!sources.contains("Not understood: "), "{sources}");
    // Free text is sealed under the person's key, and shown to authorised roles.
    let record = server.graphql(
        &investigate,
        "{ find(text: \"prose\") { items { kind records { position } } } }",
        json!({}),
    );
    let position = record["find"]["items"][0]["records"][0]["position"].clone();
    let opened = server.graphql(
        &investigate,
        "query($p: Position!) { record(position: $p) { facts personal understood } }",
        json!({"p": position}),
    );
    assert!(opened["record"]["personal"].to_string().contains("Bob <b>said</b> no"), "{opened}");
    assert_eq!(opened["record"]["facts"][0]["data"]["reason"], "free_text");
}

fn page_of_sources(server: &Server, token: &str) -> String {
    page(server, token, "/sources")
}

/// One predicate: the report, the HTTP answer, the record, the timeline and the sources' page say
/// the same of each record.
#[test]
fn all_outputs_agree_on_whether_a_record_is_understood() {
    let ids = ("idxSame", "T-5", "T-5");
    let mut events = refusals();
    events.push(event("same", "user.session.start", "09:30:00", ids));
    let unread = "user.account.subscriptions.update";
    events.push(event("unread", unread, "09:31:00", ids));
    events.push(event("unread-classic", unread, "09:32:00", ("102Same", "T-6", "T-5")));
    events.push(with(
        event("enrolled", "user.authentication.auth_via_mfa", "09:33:00", ids),
        json!({"debugContext": {"debugData": {"factorIntent": "CREDENTIAL_ENROLLMENT",
            "factor": "OKTA_VERIFY_PUSH"}}}),
    ));
    events.push(with(
        event("unnamed", "user.authentication.auth_via_mfa", "09:34:00", ids),
        json!({"debugContext": {"debugData": {"factor": "SOMETHING_NEW"}}}),
    ));
    events.push(with(
        event("no-app", "user.authentication.sso", "09:35:00", ids),
        json!({"target": null}),
    ));
    events.push(with(
        event("no-outcome", "user.session.start", "09:36:00", ids),
        json!({"outcome": null}),
    ));

    let (scratch, report) = ledger(&events);
    let other = Scratch::new();
    other.ok(&["init", "--tenant", "acme"]);
    let ingests = other.json(&["token", "--role", "ingest", "--source", "okta"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let elsewhere = other.serve();
    let (status, body) = elsewhere.post(
        "/v1/facts?as=okta-system-log",
        Some(&ingests),
        "application/json",
        lines(&events).as_bytes(),
    );
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let by_http: Vec<bool> = answer["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|one| one["understood"] != false)
        .collect();

    let read = scratch.token("acme", "read");
    let server = scratch.serve();
    let mut by_record = Vec::new();
    let mut on_timeline = Vec::new();
    for (n, event) in events.iter().enumerate() {
        let record = server.graphql(
            &read,
            "query($p: Position!) \
             { record(position: $p) { understood session sourceId } }",
            json!({"p": n + 1}),
        )["record"]
            .clone();
        assert_eq!(record["sourceId"], event["uuid"]);
        by_record.push(record["understood"] == true);
        let Some(session) = record["session"].as_str() else { continue };
        let query = "query($s: ID!) \
                     { timeline(session: $s, first: 200) { edges { node { category record \
                     { position } } } } }";
        let rows = server.graphql(&read, query, json!({"s": session}));
        let row = rows["timeline"]["edges"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|row| row["node"]["record"]["position"] == n + 1);
        if let Some(row) = row {
            on_timeline.push((n, row["node"]["category"] != "NOT_UNDERSTOOD"));
        }
    }
    assert_eq!(by_http, by_record);
    for (n, understood) in &on_timeline {
        assert_eq!(*understood, by_record[*n], "{}", events[*n]);
    }
    assert!(on_timeline.len() > 15, "{on_timeline:?}");
    let counted = report["types"]
        .as_array()
        .expect("types")
        .iter()
        .filter_map(|row| row["understood"].as_u64())
        .sum::<u64>();
    let understood = by_record.iter().filter(|one| **one).count();
    assert_eq!(counted, understood as u64, "{report:#}");
    assert!(by_record.iter().any(|one| !one));
    let sources = page_of_sources(&server, &read);
    let not_understood = events.len() - understood;
    assert!(sources.contains(&format!("<td>{not_understood}</td>")), "{not_understood}: {sources}");
}

//! Late retractions and losses: they update the rows of exactly the sessions that they affect, and
//! the lists that filter by them.

use crate::common::*;
use claimledger_app::{
    app::App,
    model::question::{Asking, SessionFilter},
};
use claimledger_facts::ids::LogPosition;
use serde_json::{Value, json};

/// For each session row: whether a claim is retracted, how many decisions were falsified, and up to
/// where it was assessed.
async fn rows(app: &App) -> Vec<(String, bool, u64, String)> {
    app.settled_status(&owner("acme")).await.unwrap();
    let rows = app
        .dump_views(&owner("acme"))
        .await
        .unwrap()
        .into_iter()
        .filter(|row| row.starts_with("session_row "));
    let row = |row: String| {
        let (head, state) = row.split_once('{').unwrap();
        let head: Vec<&str> = head.split(' ').filter(|word| !word.is_empty()).collect();
        let state: Value = serde_json::from_str(&format!("{{{state}")).unwrap();
        (
            head[1].to_owned(),
            state["retracted"] == true,
            state["falsified"].as_u64().unwrap(),
            head[head.len() - 1].to_owned(),
        )
    };
    rows.map(row).collect()
}

/// Records a line and returns the rows that changed. A rebuild must create the same rows.
async fn changed(app: &App, line: &Value) -> Vec<String> {
    let before = rows(app).await;
    ingest_line(app, "acme", line).await.unwrap();
    let after = rows(app).await;
    let whole = app.dump_views(&owner("acme")).await.unwrap();
    app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert_eq!(
        app.dump_views(&owner("acme")).await.unwrap(),
        whole,
        "a rebuild gives the same rows"
    );
    after
        .into_iter()
        .filter(|row| !before.contains(row))
        .map(|(id, retracted, falsified, _)| format!("{id} {retracted} {falsified}"))
        .collect()
}

fn retraction(id: &str, from: &str, key: Option<&str>) -> Value {
    json!({"id": id, "type": "trust.retracted", "source": "acme-sp",
        "occurred_at": "2026-03-10T23:30:00Z", "recorded_at": "2026-03-10T23:30:00Z",
        "data": {"idp": "idp-x", "from": format!("2026-03-10T{from}Z"), "reason": "leaked",
            "key": key}})
}

fn keyless(session: &str, at: &str) -> Value {
    json!({"id": format!("{session}-claims"), "type": "claims.received", "source": "acme-sp",
        "session": session, "subject": {"id": "u-ivan"},
        "occurred_at": format!("2026-03-10T{at}Z"), "recorded_at": "2026-03-10T23:20:00Z",
            "data": {"idp": "idp-x", "amr": ["pwd"]}})
}

#[tokio::test]
async fn a_retraction_updates_exactly_the_rows_it_affects() {
    let (_world, app) = acme().await;
    ingest_line(&app, "acme", &keyless("K1", "09:10:00")).await.unwrap();
    ingest_line(&app, "acme", &keyless("K2", "14:00:00")).await.unwrap();
    // X2: only claims at or after its `from`, and possibly claims that name no key. The claim of S3
    // is earlier, although the session continued past it.
    assert_eq!(
        changed(&app, &retraction("r1", "13:20:01", Some("X2"))).await,
        ["K2 true 0", "S8 true 0"]
    );
    assert_eq!(
        changed(&app, &retraction("r2", "13:20:00", Some("X2"))).await,
        ["K2 true 0", "S3 true 1", "S8 true 0"]
    );
    // The whole IdP from the morning on: all sessions that came through it, and no others.
    let all = changed(&app, &retraction("r3", "09:00:00", None)).await;
    assert_eq!(
        all,
        [
            "K1 true 0",
            "K2 true 0",
            "S1 true 1",
            "S2 true 2",
            "S3 true 1",
            "S5 true 0",
            "S7 true 1",
            "S8 true 0"
        ]
    );
}

#[tokio::test]
async fn a_loss_updates_the_rows_of_its_owner() {
    let (_world, app) = acme().await;
    let lost = |id: &str, login: &str, from: &str| {
        json!({"id": id, "type": "authenticator.lost", "source": "acme-sp",
            "subject": {"id": login}, "occurred_at": "2026-03-10T23:30:00Z",
            "recorded_at": "2026-03-10T23:30:00Z", "data": {"methods": ["pwd"],
                "from": format!("2026-03-10T{from}Z")}})
    };
    assert_eq!(changed(&app, &lost("l1", "u-carol", "13:20:04")).await, ["S3 false 1"]);
    assert_eq!(changed(&app, &lost("l2", "u-nobody", "09:00:00")).await, [""; 0]);
}

#[tokio::test]
async fn lists_do_not_depend_on_the_number_of_retractions() {
    let (_world, app) = acme().await;
    ingest_line(&app, "acme", &keyless("K2", "14:00:00")).await.unwrap();
    let list = |filter: SessionFilter, known_at: Option<u64>| {
        let app = app.clone();
        async move {
            let asking =
                Asking { known_at_position: known_at.map(LogPosition), ..Asking::default() };
            let page =
                app.sessions(&owner("acme"), &filter, &asking, 50, None).await.unwrap().value;
            page.items
                .iter()
                .map(|hit| format!("{} {:?}", hit.session.state.id, hit.certainty))
                .collect::<Vec<_>>()
        }
    };
    let retracted = |wanted| SessionFilter { retracted: Some(wanted), ..SessionFilter::default() };
    assert_eq!(list(retracted(true), Some(66)).await, [""; 0]);
    assert_eq!(list(retracted(true), Some(67)).await, ["S5 Certain"]);
    // The claim without a key possibly matches both.
    assert_eq!(list(retracted(true), None).await, ["S5 Certain", "K2 Possible"]);
    let without = list(retracted(false), None).await;
    assert!(
        without.contains(&"K2 Possible".to_owned())
            && !without.iter().any(|hit| hit.starts_with("S5"))
            && without.len() == 8,
        "{without:?}"
    );
    // More retractions than term sets for a list: every session is assessed.
    for n in 0..40 {
        ingest_line(
            &app,
            "acme",
            &retraction(&format!("r{n}"), "22:00:00", Some(&format!("N{n}"))),
        )
        .await
        .unwrap();
    }
    assert_eq!(list(retracted(true), None).await, ["S5 Certain", "K2 Possible"]);
}

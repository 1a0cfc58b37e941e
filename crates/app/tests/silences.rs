//! Silences and back-fills that come to be known late: the rows of the sessions that they leave
//! open are made again, the feed tells it, and a rebuild makes the same rows.

use crate::common::*;
use claimledger_app::{
    app::App,
    model::question::{Asking, SessionFilter},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn line(id: &str, kind: &str, (from, until): (&str, &str)) -> Value {
    json!({"id": id, "type": kind, "source": "acme-sp",
        "occurred_at": "2026-03-10T23:40:00Z", "recorded_at": "2026-03-10T23:40:00Z",
        "data": {"from": at(from).to_string(), "until": at(until).to_string()}})
}

/// Records a line. The sessions with a decision that differs, by their rows, and those that the
/// feed says the line changed.
async fn after(app: &App, line: &Value) -> (String, String) {
    let cursor = app.changes_cursor(&owner("acme"), &Asking::default()).await.unwrap().value;
    ingest_line(app, "acme", line).await.unwrap();
    let last = json!({"id": format!("after-{}", line["id"]), "type": "session.started",
        "source": "other", "session": "last", "subject": {"id": "u-last"},
        "occurred_at": "2026-03-10T23:40:00Z", "recorded_at": "2026-03-10T23:40:00Z",
        "data": {}});
    app.settled_status(&owner("acme")).await.unwrap();
    let filter = SessionFilter { differs: Some(true), ..SessionFilter::default() };
    let page = app.sessions(&owner("acme"), &filter, &Asking::default(), 50, None).await.unwrap();
    let differ: BTreeSet<String> =
        page.value.items.iter().map(|hit| hit.session.state.id.to_string()).collect();
    let rows = app.dump_views(&owner("acme")).await.unwrap();
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert!(report.equal, "{report}");
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), rows);
    let rows = rows.iter().filter(|row| row.starts_with("session_row "));
    let rows: BTreeSet<String> = rows
        .filter(|row| row.contains("\"differs\":1"))
        .map(|row| row.split_whitespace().nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(rows, differ, "rows and list");
    ingest_line(app, "acme", &last).await.unwrap();
    let mut feed = app.session_changes(&owner("acme"), Some(&cursor)).await.unwrap();
    let mut changed = BTreeSet::new();
    loop {
        let change = feed.next().await.unwrap().value;
        if change.session.as_str() == "last" {
            break;
        }
        changed.insert(change.session.to_string());
    }
    let words = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" ");
    (words(differ), words(changed))
}

#[tokio::test]
async fn a_late_silence_opens_what_it_could_change_and_a_back_fill_settles_it() {
    let (_world, app) = acme().await;
    let told = async |id: &str, kind: &str, span| after(&app, &line(id, kind, span)).await;
    let both = |differ: &str, changed: &str| (differ.to_owned(), changed.to_owned());
    // S5 and S8 differ; S4 was refused. S8 was decided at 14:00:05.
    let gap = ("14:00:01", "14:00:05");
    assert_eq!(told("s1", "source.silent", gap).await, both("S5", "S8"));
    assert_eq!(told("again", "source.silent", gap).await, both("S5", ""));
    let part = ("14:00:02", "14:10:00");
    assert_eq!(told("b1", "source.backfilled", part).await, both("S5", ""));
    assert_eq!(told("b2", "source.backfilled", gap).await, both("S5 S8", "S8"));
    // What no decision lies behind changes nothing. The whole day leaves all refusals open, and
    // what the loss took from S2.
    let evening = ("21:00:00", "22:00:00");
    assert_eq!(told("s2", "source.silent", evening).await, both("S5 S8", ""));
    let day = ("09:00:00", "20:00:00");
    assert_eq!(told("s3", "source.silent", day).await, both("", "S2 S4 S5 S8"));
}

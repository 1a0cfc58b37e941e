//! What two nodes write at the same time.

use super::{many, two_nodes};
use crate::common::{World, ingest_line, owner, tenant};
use claimledger_app::{
    app::App,
    model::question::{Asking, RecordBy},
};
use claimledger_facts::ids::{LogPosition, Pseudonym, SessionId};
use claimledger_ledger::{keys::KeyStore, log::Log};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn seen(id: &str, person: &str, login: &str) -> Value {
    json!({"id": id, "type": "session.started", "occurred_at": "2026-03-10T20:00:00Z",
        "source": "acme-sp", "session": id, "subject": {"id": person, "login": login}, "data": {}})
}

async fn subject_of(app: &App, position: LogPosition) -> Pseudonym {
    let record = app.record(&owner("acme"), RecordBy::Position(position), false).await;
    let facts = record.unwrap().unwrap().statement.facts.clone();
    facts.iter().find_map(|fact| fact.subject.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_is_first_seen_on_both_nodes_at_once_is_one() {
    let ((world, one), (_, two)) = two_nodes().await;
    let all = async || world.keys.persons(&tenant("acme"), None, 10_000).await.unwrap().len();
    let before = all().await;
    for n in 0..50 {
        let person = format!("u-new-{n}");
        let sent = [(&one, "a"), (&two, "b")].map(|(app, at)| {
            let line = seen(&format!("S-{n}-{at}"), &person, &format!("new-{n}@acme.example"));
            let app = app.clone();
            tokio::spawn(async move { ingest_line(&app, "acme", &line).await.unwrap().position })
        });
        let [first, second] = sent;
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        assert_eq!(subject_of(&two, first).await, subject_of(&one, second).await, "#{n}");
    }
    assert_eq!(all().await, before + 50, "and has one key");
}

#[tokio::test]
async fn a_person_whom_a_link_on_one_node_awaits_is_recognised_by_the_other() {
    let ((_, one), (_, two)) = two_nodes().await;
    // The second node has looked, and found that nobody is awaited.
    ingest_line(&two, "acme", &seen("S-before", "u-before", "before@acme.example")).await.unwrap();
    let link = json!({"id": "link-1", "type": "subject.linked", "source": "acme-sp",
        "occurred_at": "2026-03-10T20:00:00Z", "subject": {"id": "u-known"},
        "data": {"other": "later@acme.example", "same": true}});
    let link = ingest_line(&one, "acme", &link).await.unwrap();
    let first = seen("S-later", "u-later", "later@acme.example");
    let first = ingest_line(&two, "acme", &first).await.unwrap();
    let record = one.record(&owner("acme"), RecordBy::Position(link.position), false).await;
    let statement = format!("{:?}", record.unwrap().unwrap().statement);
    let subject = subject_of(&two, first.position).await;
    assert!(statement.contains(subject.as_str()), "{subject} is not in {statement}");
    // Another person with the same login, on the other node, is not the awaited one.
    let other = seen("S-other", "u-other", "later@acme.example");
    let other = ingest_line(&one, "acme", &other).await.unwrap();
    assert_ne!(subject_of(&one, other.position).await, subject);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_both_nodes_show_is_in_one_access_log() {
    let ((world, one), (_, two)) = two_nodes().await;
    let before = world.access.log.head(&tenant("acme")).await.unwrap().0;
    let asked = [one.clone(), two.clone()].map(|app| {
        tokio::spawn(async move {
            for _ in 0..100 {
                let s1 = SessionId::new("S1");
                app.session(&owner("acme"), &s1, &Asking::default()).await.unwrap();
            }
        })
    });
    for asked in asked {
        asked.await.unwrap();
    }
    let after = world.access.log.head(&tenant("acme")).await.unwrap().0;
    assert_eq!(after - before, 200);
    let entries = world.access.log.headers(&tenant("acme"), LogPosition(0), 1000).await.unwrap();
    let ids: BTreeSet<_> = entries.iter().map(|entry| entry.decode().unwrap().id).collect();
    assert_eq!(ids.len() as u64, after, "each once");
    for app in [&one, &two] {
        let report = app.verify(&owner("acme"), |_, _| {}).await.unwrap();
        assert!(report.findings.is_empty(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_on_both_nodes_are_counted_together() {
    let ((world, one), (_, two)) = two_nodes().await;
    let line = seen("S-repeated", "u-new", "new@acme.example");
    let position = ingest_line(&one, "acme", &line).await.unwrap().position;
    for _ in 0..10 {
        for app in [&one, &two] {
            assert_eq!(ingest_line(app, "acme", &line).await.unwrap().position, position);
        }
    }
    // Counts in memory are stored when a node ends.
    one.close().await;
    two.close().await;
    let third = world.node().open_with(many()).await;
    let record = third.record(&owner("acme"), RecordBy::Position(position), false).await;
    let record = record.unwrap().unwrap();
    let deliveries = record.deliveries.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.count).sum::<u64>(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_that_create_one_tenant_at_once_one_does() {
    for _ in 0..20 {
        let world = World::new();
        let apps = [world.open_with(many()).await, world.node().open_with(many()).await];
        let created = apps.map(|app| {
            tokio::spawn(async move { app.init_tenant(&tenant("acme"), true, None).await })
        });
        let [first, second] = created;
        let created = [first.await.unwrap(), second.await.unwrap()];
        assert_eq!(created.iter().filter(|one| one.is_ok()).count(), 1, "{created:?}");
        assert_eq!(world.log.head(&tenant("acme")).await.unwrap().0, 1);
        let token = created.into_iter().find_map(Result::ok).unwrap();
        let app = world.node().open_with(many()).await;
        assert!(app.authenticate(&token).await.unwrap().is_some());
    }
}

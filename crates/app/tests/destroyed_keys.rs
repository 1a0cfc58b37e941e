//! A person whose key is destroyed: facts remain, sealed data cannot be opened, and the key cannot
//! be restored.

use crate::common::*;
use claimledger_app::{
    app::App,
    model::{
        ingest::IngestError,
        question::{Asking, Caller, RecordBy, WhyFilter},
    },
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    vocabulary::Role,
};
use claimledger_ledger::keys::{KeyStore, StoredPerson};
use serde_json::{Value, json};

/// Session S2 with its explanation at one (T, K, R), as text.
async fn explained(app: &App) -> String {
    let (owner, s2) = (owner("acme"), SessionId::new("S2"));
    let asking = Asking { at: Some(at("23:00:00")), ..known_at(80) };
    let session = app.session(&owner, &s2, &asking).await.unwrap();
    let why = app.why(&owner, &s2, &WhyFilter::default(), &asking).await.unwrap();
    format!("{:?} {:?}", session.value, why.value)
}

async fn subject_of(app: &App, session: &str) -> Pseudonym {
    let answer =
        app.session(&owner("acme"), &SessionId::new(session), &Asking::default()).await.unwrap();
    answer.value.unwrap().state.origin.subject.unwrap()
}

async fn found(app: &App, text: &str) -> usize {
    app.find(&owner("acme"), text, &Asking::default()).await.unwrap().value.items.len()
}

fn access(id: &str, session: &str) -> Value {
    json!({"id": id, "type": "app.accessed", "occurred_at": "2026-03-10T18:00:00Z",
        "session": session, "subject": {"id": "u-bob", "login": "bob@acme.example"},
        "data": {"app": "wiki"}})
}

#[tokio::test]
async fn what_the_facts_say_stays_and_what_was_sealed_is_gone() {
    let (world, app) = acme().await;
    app.settled_status(&owner("acme")).await.unwrap();
    let (before, rows) = (explained(&app).await, app.dump_views(&owner("acme")).await.unwrap());
    let bob = subject_of(&app, "S2").await;
    let people = [bob.clone()];
    let label = app.labels(&owner("acme"), &people).await.unwrap().remove(&bob).unwrap();
    assert_eq!(label.login.as_deref(), Some("bob@acme.example"));
    assert_eq!(found(&app, "bob@acme.example").await, 1);

    let reader = Caller { roles: vec![Role::Read, Role::Investigate], ..owner("acme") };
    let refused = app.destroy_key(&reader, &bob).await;
    assert!(matches!(refused, Err(IngestError::Forbidden { needs: Role::Govern })), "{refused:?}");
    app.destroy_key(&owner("acme"), &bob).await.unwrap();

    assert_eq!(explained(&app).await, before);
    let label = app.labels(&owner("acme"), &people).await.unwrap().remove(&bob).unwrap();
    assert!(label.key_destroyed && label.login.is_none() && label.name.is_none(), "{label:?}");
    assert_eq!(found(&app, "bob@acme.example").await, 0);
    assert_eq!(found(&app, "u-bob").await, 0);
    assert_eq!(found(&app, bob.as_str()).await, 1, "the pseudonym stands in the clear");
    let mut sealed = 0;
    for position in 0..83 {
        let by = RecordBy::Position(LogPosition(position));
        let record = app.record(&owner("acme"), by, true).await.unwrap().unwrap();
        let personal = record.personal.unwrap();
        if let Some(block) = personal.get(bob.as_str()) {
            assert!(block.is_null() && record.original.is_none(), "#{position}");
            sealed += 1;
        }
    }
    assert!(sealed > 5, "{sealed} records are about him");
    let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
    assert!(report.equal && report.switched, "{report}");
    app.close().await;

    // A new process builds the read models from the same log.
    let fresh = World { views: Default::default(), ..world };
    let app = fresh.open().await;
    app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), rows);
    assert_eq!(explained(&app).await, before);
}

#[tokio::test]
async fn who_is_seen_again_after_the_destruction_is_a_new_person() {
    // Destroyed by this process, and by another one on the same store.
    for by_another in [false, true] {
        let (world, app) = acme().await;
        let old = subject_of(&app, "S2").await;
        if by_another {
            world.keys.destroy(&tenant("acme"), &old).await.unwrap();
        } else {
            app.destroy_key(&owner("acme"), &old).await.unwrap();
        }
        let late = ingest_line(&app, "acme", &access("late", "S-late")).await.unwrap();
        let new = subject_of(&app, "S-late").await;
        assert_ne!(new, old);
        let record = app
            .record(&owner("acme"), RecordBy::Position(late.position), true)
            .await
            .unwrap()
            .unwrap();
        assert!(record.original.is_some(), "sealed under an existing key");
        assert_eq!(record.personal.unwrap()[new.as_str()]["login"], "bob@acme.example");
        assert_eq!(
            world.keys.person(&tenant("acme"), &old).await.unwrap(),
            Some(StoredPerson::Destroyed)
        );
        assert_eq!(subject_of(&app, "S2").await, old, "recorded facts remain");

        // Nothing can be sealed under the old key.
        let link = json!({"id": "link", "type": "subject.linked",
            "occurred_at": "2026-03-10T18:00:00Z", "subject": {"id": "u-bob"},
            "data": {"other": old.as_str(), "same": true}});
        let refused = ingest_line(&app, "acme", &link).await.unwrap_err().to_string();
        assert!(refused.contains("the key of this person was destroyed"), "{refused}");
    }
}

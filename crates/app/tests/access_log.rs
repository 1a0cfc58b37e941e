//! The access log: what is written, before what, and who may read it.

use crate::{
    common::{World, acme, at, owner, tenant},
    stalling_log::{Appends, StallingLog},
};
use claimledger_app::{
    app::{AccessParts, App, Options},
    model::{
        access::{AccessFilter, AccessPage, Reason, Request},
        proof::LogKind,
        question::{AskError, Asking, Caller, DecisionFilter, RecordBy, SessionFilter},
    },
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    record::leaf_hash,
    vocabulary::{Role, Surface},
};
use claimledger_ledger::log::Log;
use claimledger_proof::{checkpoint::TrustedLog, tlog_proof::TlogProof};
use std::{sync::Arc, time::Duration};

fn of_session(id: &str) -> AccessFilter {
    AccessFilter { session: Some(SessionId::from(id)), ..AccessFilter::default() }
}

async fn accesses(app: &App, caller: &Caller, filter: &AccessFilter) -> AccessPage {
    app.accesses(caller, filter, 100, None).await.unwrap()
}

/// The questions of entries, each with its credential, the last first.
fn asked(page: &AccessPage) -> Vec<(String, String)> {
    let entry = |entry: &claimledger_app::model::access::AccessEntry| {
        let questions = entry.disclosed.questions.iter().map(|asked| asked.question.as_str());
        (entry.disclosed.credential.clone(), questions.collect::<Vec<_>>().join("+"))
    };
    page.entries.iter().map(entry).collect()
}

fn reader(credential: &str, roles: &[Role]) -> Caller {
    Caller { credential: credential.to_owned(), roles: roles.to_vec(), ..owner("acme") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_found_by_session_person_and_record_and_the_question_counts_itself() {
    let (_world, app) = acme().await;
    let auditor = reader("auditor", &[Role::Govern]);
    let carol = reader("carol", &[Role::Read, Role::Investigate]);
    let now = Asking::default();
    let shown = app.session(&carol, &SessionId::from("S1"), &now).await.unwrap().value.unwrap();
    let subject = shown.state.origin.subject.clone().unwrap();
    let record = shown.state.records[0].position;
    app.record(&carol, RecordBy::Position(record), false).await.unwrap().unwrap();
    app.session(&carol, &SessionId::from("S3"), &now).await.unwrap();
    let of_s1 = accesses(&app, &auditor, &of_session("S1")).await;
    let expected = [("auditor", "accesses"), ("carol", "record"), ("carol", "session")];
    let expected = expected.map(|(who, what)| (who.to_owned(), what.to_owned()));
    assert_eq!(asked(&of_s1), expected);
    // By the person the same, and the question before.
    let filter = AccessFilter { subject: Some(subject.clone()), ..AccessFilter::default() };
    let of_person = accesses(&app, &auditor, &filter).await;
    assert_eq!(asked(&of_person)[2..], expected[1..]);
    assert!(of_person.entries[0].disclosed.subjects.contains(&subject));
    // A proof names the record alone.
    app.prove(&carol, RecordBy::Position(record)).await.unwrap().unwrap();
    let of_s1 = accesses(&app, &auditor, &of_session("S1")).await;
    assert_eq!(of_s1.entries[1].disclosed.questions[0].question, "proof");
    // Another session's record in the same 256 is none of it.
    let other = app.session(&carol, &SessionId::from("S3"), &now).await.unwrap().value.unwrap();
    let other = RecordBy::Position(other.state.records[0].position);
    app.prove(&carol, other).await.unwrap().unwrap();
    let of_s1 = accesses(&app, &auditor, &of_session("S1")).await;
    assert_eq!(of_s1.entries[1].disclosed.questions[0].question, "accesses", "{of_s1:?}");
    app.dump_views(&carol).await.unwrap();
    let of_s1 = accesses(&app, &auditor, &of_session("S1")).await;
    assert!(of_s1.entries[1].disclosed.whole_log, "{of_s1:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_their_own_entries_and_govern_all() {
    let (_world, app) = acme().await;
    let (one, other) = (reader("one", &[Role::Read]), reader("other", &[Role::Read]));
    for caller in [&one, &other] {
        app.session(caller, &SessionId::from("S2"), &Asking::default()).await.unwrap();
    }
    let own = accesses(&app, &one, &of_session("S2")).await;
    assert!(own.own_only);
    assert!(own.entries.iter().all(|entry| entry.disclosed.credential == "one"), "{own:?}");
    assert_eq!(own.entries.len(), 2);
    let all = accesses(&app, &reader("auditor", &[Role::Govern]), &of_session("S2")).await;
    assert!(!all.own_only);
    assert_eq!(all.entries.len(), 4);
    // Also of a proof.
    let of_other = all.entries.iter().find(|e| e.disclosed.credential == "other").unwrap();
    assert_eq!(app.prove_access(&one, of_other.position).await.unwrap(), None);
    let globex = owner("globex");
    assert!(app.accesses(&globex, &AccessFilter::default(), 1, None).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_each_other_and_times_narrow() {
    let (world, app) = acme().await;
    let caller = owner("acme");
    for minute in 0..7 {
        world.clock.set(at(&format!("23:0{minute}:00")));
        app.session(&caller, &SessionId::from("S2"), &Asking::default()).await.unwrap();
    }
    let filter = AccessFilter {
        from: Some(at("23:01:00")),
        to: Some(at("23:06:00")),
        ..AccessFilter::default()
    };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = app.accesses(&caller, &filter, 2, after).await.unwrap();
        found.extend(page.entries.iter().map(|entry| entry.at));
        after = page.entries.last().map(|entry| entry.position);
        if !page.has_next {
            break;
        }
    }
    let expected = [5, 4, 3, 2, 1].map(|minute| at(&format!("23:0{minute}:00")));
    assert_eq!(found, expected);
    let refused = app.accesses(&caller, &filter, 501, None).await;
    assert!(matches!(refused, Err(AskError::PageTooLarge { limit: 500, .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_request_gathers_is_one_entry_with_its_reason() {
    let (world, app) = acme().await;
    let reason = Reason::new(Some("incident"), Some("INC-42")).unwrap();
    let request = Request::gathering(Surface::Page, reason.clone());
    let caller = reader("carol", &[Role::Read]).with_request(Arc::clone(&request));
    for id in ["S1", "S2"] {
        app.session(&caller, &SessionId::from(id), &Asking::default()).await.unwrap();
    }
    let (log, acme) = (&world.access.log, tenant("acme"));
    assert_eq!(log.head(&acme).await.unwrap().0, 0, "nothing is written before the request ends");
    app.record_request(&request).await.unwrap();
    assert_eq!(log.head(&acme).await.unwrap().0, 1);
    let page = accesses(&app, &owner("acme"), &AccessFilter::default()).await;
    let entry = &page.entries[1];
    assert_eq!((&entry.reason, entry.disclosed.surface), (&reason, Surface::Page));
    let shown: Vec<&str> = entry.disclosed.sessions.iter().map(SessionId::as_str).collect();
    assert_eq!(shown, ["S1", "S2"]);
    // The reason is free text: it is in no byte of the log in the clear.
    let entries = world.access.log.read(&tenant("acme"), LogPosition(0), 9).await.unwrap();
    for stored in &entries {
        let bodies = [&stored.facts[..], stored.personal.bytes().unwrap_or_default()];
        for body in bodies.into_iter().chain([&stored.header.bytes[..]]) {
            assert!(!body.windows(8).any(|some| some == b"incident"));
            assert!(!body.windows(6).any(|some| some == b"INC-42"));
        }
    }
    // What comes later is a part of the same request.
    app.session(&caller, &SessionId::from("S3"), &Asking::default()).await.unwrap();
    let page = accesses(&app, &owner("acme"), &AccessFilter::default()).await;
    let part = &page.entries[1].disclosed;
    assert_eq!((part.part, &part.request), (2, &entry.disclosed.request));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_signed_proved_and_verified_like_records() {
    let (world, app) = acme().await;
    let caller = owner("acme");
    app.session(&caller, &SessionId::from("S2"), &Asking::default()).await.unwrap();
    let proved = app.prove_access(&caller, LogPosition(0)).await.unwrap().unwrap();
    let of_access = app.checkpoint(&caller, LogKind::Access).await.unwrap().unwrap();
    let of_records = app.checkpoint(&caller, LogKind::Records).await.unwrap();
    assert!(of_records.is_none_or(|records| records.origin != of_access.origin));
    let key = of_access.verifier_key.parse().unwrap();
    let log = TrustedLog::new(&of_access.origin, vec![key]).unwrap();
    let file = TlogProof::parse(proved.file.as_bytes()).unwrap();
    file.verify(&leaf_hash(file.extra()), &log).unwrap();
    let report = app.verify(&caller, |_, _| {}).await.unwrap();
    assert!(report.holds(), "{report:?}");
    assert!(report.access.records >= 2, "{report:?}");
    app.close().await;
    // Without its end it is refused: who wants to hide a look cuts the log off.
    let cut = World { access: crate::common::access(), ..world };
    let refused = App::open(cut.parts(Options::default())).await;
    let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("`access` is damaged"), "{refused}");
    assert!(refused.contains("its end was cut off"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_is_filled_again_when_it_is_missing() {
    let (world, app) = acme().await;
    let caller = owner("acme");
    for id in ["S1", "S2", "S1"] {
        app.session(&caller, &SessionId::from(id), &Asking::default()).await.unwrap();
    }
    let before = accesses(&app, &caller, &of_session("S1")).await;
    app.close().await;
    world.access.index.clear(&tenant("acme")).await.unwrap();
    let app = world.open().await;
    let after = accesses(&app, &caller, &of_session("S1")).await;
    assert_eq!(after.entries[1..], before.entries[..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_share_a_transaction() {
    let log = Arc::new(StallingLog::default());
    let (world, app) = acme().await;
    app.close().await;
    let access = AccessParts { log: log.clone(), ..world.access.clone() };
    let app = World { access, ..world }.open().await;
    // The engine counts its transactions.
    let changes = log.changes();
    let before = *changes.borrow();
    let answers = app.disclosures();
    log.set(Appends::Stall);
    let asked = (0..100).map(|_| {
        let app = app.clone();
        tokio::spawn(async move {
            let caller = owner("acme");
            app.session(&caller, &SessionId::from("S2"), &Asking::default()).await.unwrap();
        })
    });
    let asked: Vec<_> = asked.collect();
    while app.disclosures() < answers + 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(asked.iter().all(|one| !one.is_finished()), "no answer before its entry");
    log.set(Appends::Work);
    for one in asked {
        one.await.unwrap();
    }
    let appends = *changes.borrow() - before;
    assert_eq!(log.head(&tenant("acme")).await.unwrap().0, 100);
    assert!(appends < 20, "{appends} transactions for 100 requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_recorded_with_all_that_it_shows() {
    let (_world, app) = acme().await;
    let caller = owner("acme");
    let filter = SessionFilter::default();
    let answer = app.sessions(&caller, &filter, &Asking::default(), 100, None).await.unwrap().value;
    let page = accesses(&app, &caller, &AccessFilter::default()).await;
    let named = &page.entries[1].disclosed.sessions;
    assert!(answer.items.len() > 3);
    for hit in &answer.items {
        assert!(named.contains(&hit.session.state.id), "{:?}", hit.session.state.id);
    }
}

/// Whether there is something to list says something of whom was asked about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_page_names_whom_it_was_asked_about() {
    let (_world, app) = acme().await;
    let auditor = reader("auditor", &[Role::Govern]);
    let carol = reader("carol", &[Role::Read]);
    let now = Asking::default();
    let of_s1 = DecisionFilter { session: Some(SessionId::from("S1")), ..Default::default() };
    let page = app.decisions(&carol, &of_s1, &now, 0, None).await.unwrap().value;
    assert!(page.items.is_empty() && page.has_next);
    let shown = accesses(&app, &auditor, &of_session("S1")).await;
    assert_eq!(asked(&shown)[1], ("carol".to_owned(), "decisions".to_owned()), "{shown:?}");
    let subject = shown.entries[1].disclosed.subjects[0].clone();

    let filter = SessionFilter { subject: Some(subject.to_string()), ..Default::default() };
    let page = app.sessions(&carol, &filter, &now, 0, None).await.unwrap().value;
    assert!(page.items.is_empty() && page.has_next);
    let of_person = AccessFilter { subject: Some(subject.clone()), ..AccessFilter::default() };
    let shown = accesses(&app, &auditor, &of_person).await;
    assert_eq!(asked(&shown)[1], ("carol".to_owned(), "sessions".to_owned()), "{shown:?}");
    // By a login the same.
    let carol = reader("carol", &[Role::Investigate]);
    let login = app.labels(&carol, std::slice::from_ref(&subject)).await.unwrap();
    let login = login.into_values().find_map(|label| label.login).unwrap();
    let filter = SessionFilter { subject: Some(login.clone()), ..Default::default() };
    app.sessions(&carol, &filter, &now, 0, None).await.unwrap();
    let shown = accesses(&app, &auditor, &of_person).await;
    assert_eq!(shown.entries[1].disclosed.subjects, [subject], "{shown:?}");
    // What is no person is not written down.
    let filter = SessionFilter { subject: Some("Dana Okoro".to_owned()), ..Default::default() };
    app.sessions(&carol, &filter, &now, 0, None).await.unwrap();
    let all = accesses(&app, &auditor, &AccessFilter::default()).await;
    assert_eq!(all.entries[1].disclosed.subjects, [], "{all:?}");
}

/// An entry of a question about entries names what the ledger knows, and only for those who may
/// read it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_is_not_what_was_shown() {
    let (_world, app) = acme().await;
    let auditor = reader("auditor", &[Role::Govern]);
    for typed in ["dana@partner.example", "Dana Okoro"] {
        let subject = Some(Pseudonym::new(typed));
        let filter = AccessFilter { subject, ..of_session(typed) };
        let shown = accesses(&app, &auditor, &filter).await;
        assert!(shown.entries.is_empty(), "{shown:?}");
        let last = &accesses(&app, &auditor, &AccessFilter::default()).await.entries[1];
        assert_eq!(last.disclosed.questions[0].question, "accesses");
        assert_eq!((last.disclosed.sessions.len(), last.disclosed.subjects.len()), (0, 0));
    }
    let sender = reader("sender", &[Role::Ingest]);
    let own = accesses(&app, &sender, &of_session("S1")).await;
    assert!(own.entries.is_empty(), "it was shown nothing of S1: {own:?}");
    let shown = accesses(&app, &auditor, &of_session("S1")).await;
    assert_eq!(asked(&shown), [("auditor".to_owned(), "accesses".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_configuration_are_recorded_by_position() {
    let (_world, app) = acme().await;
    let auditor = reader("auditor", &[Role::Govern, Role::Read]);
    let trust = app.trust(&auditor, None, &Asking::default()).await.unwrap().value;
    let last = &accesses(&app, &auditor, &AccessFilter::default()).await.entries[1];
    let named = |at: LogPosition| {
        last.disclosed.records.iter().any(|range| (range.first..=range.last).contains(&at))
    };
    assert!(trust.changes.len() > 3);
    assert!(trust.changes.iter().all(|change| named(change.record.position)), "{last:?}");
}

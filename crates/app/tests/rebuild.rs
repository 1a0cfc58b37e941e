//! Generations of the read models: built, compared and switched, and questions meanwhile.

use crate::common::*;
use claimledger_app::{
    app::{App, Options},
    model::question::{Asking, SessionFilter, WhyFilter},
    rebuild::RebuildError,
};
use claimledger_domain::RULES;
use claimledger_facts::ids::{LogSize, SessionId};
use claimledger_ledger::{
    generations::{MadeBy, Place, VIEWS_VERSION},
    index::RecordIndex,
    views::{SessionRow, Views},
};

/// Pinned answers of every kind as text, without the parts that are not pinned.
async fn answers(app: &App, position: u64) -> String {
    let (owner, asking) =
        (owner("acme"), Asking { at: Some(at("23:00:00")), ..known_at(position) });
    let mut text = String::new();
    let mut after = None;
    loop {
        let page = app
            .sessions(&owner, &SessionFilter::default(), &asking, 3, after.as_deref())
            .await
            .unwrap();
        text += &format!("{:?} {:?} {:?}\n", page.value, page.answered, page.completeness);
        after = page.value.cursors.last().cloned();
        if !page.value.has_next {
            break;
        }
    }
    let differing = SessionFilter { differs: Some(true), ..SessionFilter::default() };
    text += &format!(
        "{:?}\n",
        app.sessions(&owner, &differing, &asking, 50, None).await.unwrap().value.items
    );
    text += &format!(
        "{:?}\n",
        app.decisions(&owner, &Default::default(), &asking, 50, None).await.unwrap().value
    );
    for session in ["S1", "S2", "S5", "S7"] {
        let session = SessionId::new(session);
        let answer = app.session(&owner, &session, &asking).await.unwrap();
        text += &format!("{:?} {:?} {:?}\n", answer.value, answer.answered, answer.completeness);
        text += &format!(
            "{:?}\n",
            app.why(&owner, &session, &WhyFilter::default(), &asking).await.unwrap().value
        );
    }
    text
}

async fn settled() -> (World, App) {
    let (world, app) = acme().await;
    app.settled_status(&owner("acme")).await.unwrap();
    (world, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_stay_the_same_during_a_rebuild() {
    let (world, app) = settled().await;
    let before = answers(&app, 80).await;
    let first = app
        .sessions(&owner("acme"), &SessionFilter::default(), &known_at(80), 3, None)
        .await
        .unwrap()
        .value;
    let whole = app
        .sessions(&owner("acme"), &SessionFilter::default(), &known_at(80), 50, None)
        .await
        .unwrap()
        .value;
    let generation = world.views.generations(&tenant("acme")).await.unwrap().live.unwrap().number;
    for n in 0..4 {
        let (writer, reader) = (app.clone(), app.clone());
        let writes = tokio::spawn(async move {
            for line in 0..20 {
                let line = serde_json::json!({"id": format!("w{n}-{line}"), "type": "app.accessed",
                    "session": format!("W{line}"), "subject": {"id": "u-w"},
                    "occurred_at": "2026-03-10T09:00:00Z", "data": {"app": "wiki"}});
                ingest_line(&writer, "acme", &line).await.unwrap();
            }
        });
        let reads = tokio::spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..5 {
                seen.push(answers(&reader, 80).await);
            }
            seen
        });
        let report = app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap();
        assert!(report.equal && report.switched, "{report}");
        writes.await.unwrap();
        assert!(reads.await.unwrap().iter().all(|seen| *seen == before));
    }
    assert_eq!(answers(&app, 80).await, before);
    assert!(
        world.views.generations(&tenant("acme")).await.unwrap().live.unwrap().number
            >= generation + 4
    );
    assert_eq!(
        app.settled_status(&owner("acme")).await.unwrap().views,
        format!("sessions {VIEWS_VERSION}")
    );
    // A scan that began before continues.
    let rest = app
        .sessions(
            &owner("acme"),
            &SessionFilter::default(),
            &Asking::default(),
            50,
            first.cursors.last().map(String::as_str),
        )
        .await
        .unwrap();
    assert_eq!(rest.value.items, whole.items[3..]);
    // The sequencer still recognises repeated records.
    let again = ingest(&app, "acme", drafts(&demo("acme"))).await.unwrap();
    assert!(
        again
            .iter()
            .all(|done| done.outcome == claimledger_ledger::append::AppendOutcome::Repeated)
    );
}

#[tokio::test]
async fn rows_that_differ_from_the_log_are_reported_and_kept() {
    let (world, app) = settled().await;
    let id = tenant("acme");
    let mut row = world.views.session_row(&id, &SessionId::new("S3")).await.unwrap().unwrap();
    row.state = br#"{"not_understood":1}"#.to_vec();
    world.views.apply(&id, LogSize(83), &[], &[row.clone()]).await.unwrap();
    let tampered = app.dump_views(&owner("acme")).await.unwrap();
    let refused = app.rebuild(&owner("acme"), false, |_, _| {}).await;
    let Err(RebuildError::Differs(report)) = refused else { panic!("{refused:?}") };
    assert!(!report.switched && !report.equal && report.at == 83);
    assert!(
        report.first.iter().any(|differs| differs.only_in == "old"
            && differs.row.as_deref() == Some(row.to_text().as_str())),
        "{report}"
    );
    assert!(
        report.to_string().contains(
            "session_row: 8 old rows, 8 new rows; 1 only in the old \
        generation, 1 only in the new one"
        ),
        "{report}"
    );
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), tampered, "the old generation stays");
    assert_eq!(world.views.generations(&id).await.unwrap().shadow, None);
    assert_eq!(app.last_rebuild(&owner("acme")).await.unwrap(), None);

    // The role operate sees the counts of differences, but not the rows, which name people.
    let operator = claimledger_app::model::question::Caller {
        roles: vec![claimledger_facts::vocabulary::Role::Operate],
        ..owner("acme")
    };
    let Err(RebuildError::Differs(told)) = app.rebuild(&operator, false, |_, _| {}).await else {
        panic!("the rows still differ")
    };
    assert!(
        told.first.len() == report.first.len()
            && told.first.iter().all(|differs| differs.row.is_none())
            && !told.to_string().contains("S3")
    );

    let replaced = app.rebuild(&owner("acme"), true, |_, _| {}).await.unwrap();
    assert!(replaced.switched && !replaced.equal);
    assert_eq!(app.last_rebuild(&owner("acme")).await.unwrap(), Some(replaced));
    assert!(app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap().equal);
}

/// Waits, without a clock, until the rows of this program are live.
async fn renewed(world: &World) -> claimledger_ledger::generations::Generation {
    loop {
        let live = world.views.generations(&tenant("acme")).await.unwrap().live.unwrap();
        if live.made_by == MadeBy::now(RULES) {
            return live;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_other_rules_only_find_candidates() {
    let (world, app) = settled().await;
    let before = answers(&app, 80).await;
    let good = app.dump_views(&owner("acme")).await.unwrap();
    app.close().await;
    // The other rules found no decisions, and every session over.
    let id = tenant("acme");
    let rows: Vec<SessionRow> = world.views.sessions_with(&id, &[], None, None, 99).await.unwrap();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| SessionRow { state: br#"{"not_understood":1}"#.to_vec(), ..row })
        .collect();
    world.views.apply(&id, LogSize(83), &[], &rows).await.unwrap();
    world.views.begin(&id, Place::Live, &MadeBy::now("r0")).await.unwrap();

    // No projector runs here, so these rows stay live.
    let app = world.open_with(Options { follow: false, ..Options::default() }).await;
    assert_eq!(answers(&app, 80).await, before);
    assert_eq!(
        app.status(&owner("acme")).await.unwrap().views,
        format!("sessions {VIEWS_VERSION}, rules r0+{RULES}")
    );
    app.close().await;
    let mixed = world.views.generations(&id).await.unwrap().live.unwrap();
    assert_eq!(
        mixed.made_by,
        MadeBy::now(&format!("r0+{RULES}")),
        "otherwise an older program would trust the rows of this one"
    );

    let app = world.open().await;
    let live = renewed(&world).await;
    assert_eq!(answers(&app, 80).await, before);
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), good);
    assert!(live.number > mixed.number);
    let report = app.last_rebuild(&owner("acme")).await.unwrap().unwrap();
    assert!(
        report.switched
            && !report.equal
            && report.old.rules == format!("r0+{RULES}")
            && report.new.rules == RULES,
        "{report}"
    );
    let session_rows = report.rows.iter().find(|rows| rows.kind == "session_row").unwrap();
    assert_eq!((session_rows.only_old, session_rows.only_new), (8, 8));
    app.close().await;

    // After reopening there is nothing left to do.
    let app = world.open().await;
    assert_eq!(world.views.generations(&id).await.unwrap().live.unwrap(), live);
    assert_eq!(
        app.status(&owner("acme")).await.unwrap().views,
        format!("sessions {VIEWS_VERSION}")
    );
}

#[tokio::test]
async fn an_interrupted_rebuild_leaves_nothing() {
    let (world, app) = settled().await;
    let good = app.dump_views(&owner("acme")).await.unwrap();
    app.close().await;
    let id = tenant("acme");
    world.views.begin(&id, Place::Shadow, &MadeBy::now(RULES)).await.unwrap();
    world
        .views
        .shadow()
        .apply(
            &id,
            LogSize(0),
            &[],
            &[world.views.session_row(&id, &SessionId::new("S1")).await.unwrap().unwrap()],
        )
        .await
        .unwrap();
    let app = world.open().await;
    let found = world.views.generations(&id).await.unwrap();
    assert!(found.shadow.is_none() && found.live.is_some());
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), good);
    assert!(app.rebuild(&owner("acme"), false, |_, _| {}).await.unwrap().equal);
}

#[tokio::test]
async fn rows_of_another_version_are_rebuilt_before_use() {
    let (world, app) = settled().await;
    let before = answers(&app, 80).await;
    let good = app.dump_views(&owner("acme")).await.unwrap();
    app.close().await;
    let id = tenant("acme");
    world
        .views
        .begin(&id, Place::Live, &MadeBy { views: "0".to_owned(), rules: RULES.to_owned() })
        .await
        .unwrap();
    let app = world.open_with(Options { follow: false, ..Options::default() }).await;
    assert_eq!(world.views.covered(&id).await.unwrap(), LogSize(0));
    assert_eq!(
        app.status(&owner("acme")).await.unwrap().views,
        format!("sessions {VIEWS_VERSION}")
    );
    let again = ingest(&app, "acme", drafts(&demo("acme"))).await.unwrap();
    assert!(
        again
            .iter()
            .all(|done| done.outcome == claimledger_ledger::append::AppendOutcome::Repeated),
        "the sequencer reads the log instead"
    );
    app.close().await;
    let app = world.open().await;
    app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), good);
    assert_eq!(answers(&app, 80).await, before);
}

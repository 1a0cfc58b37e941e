//! Conformance of generations of the read models: build a shadow, compare, switch once, delete.

use super::views::{names, row, session_row, term};
use crate::{
    generations::{Difference, MadeBy, Place, RowKind},
    log::LogError,
    session_flags::{SessionFlag, SessionFlags},
    views::{IndexRow, SessionRow, TermKind, Views},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, SessionId, TenantId},
    time::Time,
};
use std::future::Future;

pub(super) async fn generations<V: Views, F: Future<Output = V>>(make: impl Fn() -> F) {
    reports_made_by(&make().await).await;
    builds_a_shadow(&make().await).await;
    switches_once(&make().await).await;
    refuses_to_switch(&make().await).await;
    names_differences(&make().await).await;
    compares_a_snapshot(&make().await).await;
    deletes_retired_generations(&make().await).await;
    resets_every_generation(&make().await).await;
}

const SIZE: u64 = 90;

fn rows(from: u64, to: u64) -> Vec<IndexRow> {
    let session = |n: u64| format!("S{}", n % 7);
    let (sessions, notes): (Vec<_>, Vec<_>) =
        (from..to).map(|n| (session(n), format!("n{n}"))).unzip();
    (from..to)
        .zip(sessions.iter().zip(&notes))
        .map(|(n, (session, note))| {
            row(
                n,
                &[
                    (TermKind::Session, session),
                    (TermKind::Idp, "north"),
                    (TermKind::Correlation, note),
                ],
            )
        })
        .collect()
}

fn session_rows() -> Vec<SessionRow> {
    (0..7).map(|n| session_row(&format!("S{n}"), n, SIZE)).collect()
}

/// Builds in batches of `batch` records, with all session rows at the end.
async fn build(views: &dyn Views, tenant: &TenantId, batch: u64, to: u64) {
    let mut from = views.covered(tenant).await.unwrap().0;
    while from < to {
        let end = (from + batch).min(to);
        views.apply(tenant, LogSize(from), &rows(from, end), &[]).await.unwrap();
        from = end;
    }
    views.apply(tenant, LogSize(to), &[], &session_rows()).await.unwrap();
}

fn refused<T: std::fmt::Debug>(result: &Result<T, LogError>) -> bool {
    matches!(result, Err(LogError::Unavailable { .. }))
}

async fn reports_made_by(views: &impl Views) {
    let tenant = TenantId::from("acme");
    let none = views.generations(&tenant).await.unwrap();
    assert!(none.live.is_none() && none.shadow.is_none());
    views.begin(&tenant, Place::Live, &MadeBy::now("r7")).await.unwrap();
    build(views, &tenant, 40, SIZE).await;
    let live = views.generations(&tenant).await.unwrap().live.unwrap();
    assert_eq!((live.made_by, live.covered, live.report), (MadeBy::now("r7"), LogSize(SIZE), None));
    assert_eq!(live.last_leaf, rows(SIZE - 1, SIZE).last().map(|row| row.leaf));
    let dump = views.dump(&tenant).await.unwrap();
    views.begin(&tenant, Place::Live, &MadeBy::now("r7+r8")).await.unwrap();
    let again = views.generations(&tenant).await.unwrap().live.unwrap();
    assert_eq!(
        (again.made_by, again.number),
        (MadeBy::now("r7+r8"), live.number),
        "only what is said of it changes"
    );
    assert_eq!(views.dump(&tenant).await.unwrap(), dump);
    views.apply(&TenantId::from("other"), LogSize(0), &rows(0, 1), &[]).await.unwrap();
    assert_eq!(
        views.generations(&TenantId::from("other")).await.unwrap().live.unwrap().made_by,
        MadeBy::now(""),
        "begun by nobody"
    );
}

async fn builds_a_shadow(views: &impl Views) {
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    build(views, &tenant, 40, SIZE).await;
    let (before, shadow) = (views.dump(&tenant).await.unwrap(), views.shadow());
    assert!(
        refused(&shadow.apply(&tenant, LogSize(0), &rows(0, 1), &[]).await),
        "it was not begun"
    );
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    shadow.apply(&tenant, LogSize(0), &rows(0, 10), &[session_row("S9", 1, 10)]).await.unwrap();

    // While the shadow is being built, queries see the whole live generation.
    assert_eq!(views.dump(&tenant).await.unwrap(), before);
    let ids: Vec<_> = rows(0, SIZE).iter().map(|row| row.id).collect();
    let looked = views.look_up(&tenant, &ids, &[SessionId::from("S1")]).await.unwrap();
    assert_eq!(
        (looked.covered, looked.positions.iter().flatten().count(), looked.revisions),
        (LogSize(SIZE), SIZE as usize, vec![13])
    );
    let looked = shadow.look_up(&tenant, &ids, &[SessionId::from("S1")]).await.unwrap();
    assert_eq!(
        (looked.covered, looked.positions.iter().flatten().count(), looked.revisions),
        (LogSize(10), 10, vec![2])
    );
    let north = term(TermKind::Idp, "north");
    let found = async |views: &dyn Views| {
        views
            .positions_of(&tenant, &north, LogPosition(0), LogPosition(999), 999)
            .await
            .unwrap()
            .len()
    };
    assert_eq!((found(views).await, found(&*shadow).await), (SIZE as usize, 10));
    assert_eq!(names(&shadow.sessions_with(&tenant, &[], None, None, 99).await.unwrap()), ["S9"]);
    assert_eq!(
        (views.session_count(&tenant).await.unwrap(), shadow.session_count(&tenant).await.unwrap()),
        (7, 1)
    );
    assert!(views.session_row(&tenant, &SessionId::from("S9")).await.unwrap().is_none());
    assert_eq!(
        views
            .sessions_with(&tenant, &[term(TermKind::Session, "S1")], None, None, 9)
            .await
            .unwrap()
            .len(),
        1
    );

    // The live generation still advances.
    views.apply(&tenant, LogSize(SIZE), &rows(SIZE, SIZE + 1), &[]).await.unwrap();
    let both = views.generations(&tenant).await.unwrap();
    assert_eq!(
        (both.live.unwrap().covered, both.shadow.unwrap().covered),
        (LogSize(SIZE + 1), LogSize(10))
    );
    assert_eq!(views.generations(&other).await.unwrap().shadow, None);

    // A shadow that is begun again is empty; an abandoned one is deleted.
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r9")).await.unwrap();
    assert_eq!(shadow.covered(&tenant).await.unwrap(), LogSize(0));
    assert_eq!(shadow.positions(&tenant, &ids).await.unwrap().iter().flatten().count(), 0);
    views.abandon_shadow(&tenant).await.unwrap();
    assert_eq!(views.generations(&tenant).await.unwrap().shadow, None);
    assert!(refused(&shadow.apply(&tenant, LogSize(0), &rows(0, 1), &[]).await));
}

async fn switches_once(views: &impl Views) {
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    for tenant in [&tenant, &other] {
        build(views, tenant, 40, SIZE).await;
    }
    let (before, of_other) =
        (views.dump(&tenant).await.unwrap(), views.dump(&other).await.unwrap());
    let live = views.generations(&tenant).await.unwrap().live.unwrap();
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    build(&*views.shadow(), &tenant, 7, SIZE).await;
    let same = views.compare(&tenant).await.unwrap().differences(5).await.unwrap();
    assert!(
        same.is_empty() && same.first.is_empty() && same.at == LogSize(SIZE),
        "however it is cut into batches: {same:?}"
    );
    assert_eq!(
        same.counts.iter().map(|counted| (counted.live, counted.shadow)).collect::<Vec<_>>(),
        [(90, 90), (270, 270), (14, 14), (7, 7), (14, 14)]
    );

    let page = views.sessions_with(&tenant, &[], None, None, 3).await.unwrap();
    views.switch(&tenant, LogSize(SIZE), "said").await.unwrap();
    let rest = views
        .sessions_with(&tenant, &[], None, page.last().map(SessionRow::key).as_ref(), 99)
        .await
        .unwrap();
    assert_eq!(
        (names(&page), names(&rest)),
        (vec!["S0", "S1", "S2"], vec!["S3", "S4", "S5", "S6"]),
        "a walk goes on where it was"
    );
    let after = views.generations(&tenant).await.unwrap();
    let now = after.live.unwrap();
    assert!(now.number > live.number && after.shadow.is_none());
    assert_eq!(
        (now.made_by, now.covered, now.report.as_deref()),
        (MadeBy::now("r8"), LogSize(SIZE), Some("said"))
    );
    assert_eq!(views.dump(&tenant).await.unwrap(), before);
    assert!(
        refused(&views.switch(&tenant, LogSize(SIZE), "again").await),
        "there is no shadow any more"
    );
    assert!(refused(
        &views.shadow().apply(&tenant, LogSize(SIZE), &rows(SIZE, SIZE + 1), &[]).await
    ));

    // The former shadow advances.
    views
        .apply(&tenant, LogSize(SIZE), &rows(SIZE, SIZE + 1), &[session_row("new", 100, SIZE + 1)])
        .await
        .unwrap();
    let looked = views
        .look_up(&tenant, &[rows(SIZE, SIZE + 1)[0].id, rows(3, 4)[0].id], &[SessionId::from("S6")])
        .await
        .unwrap();
    assert_eq!(
        (looked.covered, looked.positions),
        (LogSize(SIZE + 1), vec![Some(LogPosition(SIZE)), Some(LogPosition(3))])
    );
    assert_eq!((looked.revisions, views.session_count(&tenant).await.unwrap()), (vec![13], 8));
    assert_eq!(views.dump(&other).await.unwrap(), of_other, "another tenant's rows stay");
}

async fn refuses_to_switch(views: &impl Views) {
    let tenant = TenantId::from("acme");
    assert!(
        refused(&views.switch(&tenant, LogSize(0), "").await)
            && views.compare(&tenant).await.is_err(),
        "there is none"
    );
    build(views, &tenant, 40, SIZE).await;
    assert!(
        refused(&views.switch(&tenant, LogSize(SIZE), "").await)
            && views.compare(&tenant).await.is_err(),
        "there is one"
    );
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    build(&*views.shadow(), &tenant, 40, SIZE - 1).await;
    let before = (views.dump(&tenant).await.unwrap(), views.generations(&tenant).await.unwrap());
    for at in [SIZE - 1, SIZE] {
        assert!(refused(&views.switch(&tenant, LogSize(at), "").await), "the shadow is behind");
    }
    assert!(views.compare(&tenant).await.is_err(), "two positions are not compared");
    build(&*views.shadow(), &tenant, 40, SIZE).await;
    assert!(refused(&views.switch(&tenant, LogSize(SIZE + 1), "").await), "they are elsewhere");
    let after =
        (views.dump(&tenant).await.unwrap(), views.generations(&tenant).await.unwrap().live);
    assert_eq!(after, (before.0, before.1.live), "a refused switch changes nothing");
}

async fn names_differences(views: &impl Views) {
    let tenant = TenantId::from("acme");
    build(views, &tenant, 40, SIZE).await;
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    let mut other = rows(0, SIZE);
    other[5].terms.push(term(TermKind::Key, "k"));
    other[6].id = row(600, &[]).id;
    other[8].summary.fill(255);
    other[7].terms.retain(|term| term.kind != TermKind::Correlation);
    let mut rows_of_heads = session_rows();
    rows_of_heads[2].state = b"{}".to_vec();
    rows_of_heads[3].flags = SessionFlags::of([(SessionFlag::Outlived, true)]);
    rows_of_heads[5].last_occurred = Time::EPOCH;
    rows_of_heads.remove(4);
    views.shadow().apply(&tenant, LogSize(0), &other, &rows_of_heads).await.unwrap();
    let found = views.compare(&tenant).await.unwrap().differences(9).await.unwrap();
    assert!(!found.is_empty());
    let only: Vec<_> = found
        .counts
        .iter()
        .map(|counted| (counted.kind, counted.only_live, counted.only_shadow))
        .collect();
    assert_eq!(
        only,
        [
            (RowKind::Record, 1, 1),
            (RowKind::Posting, 1, 1),
            (RowKind::Session, 0, 1),
            (RowKind::SessionRow, 4, 3),
            (RowKind::RecordSummary, 1, 1)
        ]
    );
    let says = |only_in, kind, row: &str| {
        found.first.contains(&Difference { only_in, kind, row: row.to_owned() })
    };
    assert!(says(Place::Live, RowKind::Posting, "posting Correlation n7 #7"), "{found:?}");
    assert!(says(Place::Shadow, RowKind::Posting, "posting Key k #5"));
    assert!(says(Place::Shadow, RowKind::Session, "session Key k S5"));
    assert!(says(Place::Live, RowKind::SessionRow, &session_rows()[4].to_text()), "it lacks one");
    assert!(
        says(Place::Live, RowKind::SessionRow, &session_rows()[2].to_text())
            && says(Place::Shadow, RowKind::SessionRow, &rows_of_heads[2].to_text()),
        "a row in two states"
    );
    assert!(says(Place::Live, RowKind::Record, &format!("record {} #6", rows(6, 7)[0].id)));

    let few = views.compare(&tenant).await.unwrap().differences(1).await.unwrap();
    assert_eq!(
        (few.counts == found.counts, few.first.len()),
        (true, 9),
        "all are counted, one of each kind and side is named"
    );
}

async fn compares_a_snapshot(views: &impl Views) {
    let tenant = TenantId::from("acme");
    build(views, &tenant, 40, SIZE).await;
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    build(&*views.shadow(), &tenant, 40, SIZE).await;
    let pinned = views.compare(&tenant).await.unwrap();
    views
        .apply(&tenant, LogSize(SIZE), &rows(SIZE, SIZE + 5), &[session_row("S0", 1, SIZE + 5)])
        .await
        .unwrap();
    let found = pinned.differences(9).await.unwrap();
    assert!(
        found.is_empty() && found.at == LogSize(SIZE),
        "what came since is not looked at: {found:?}"
    );
}

async fn deletes_retired_generations(views: &impl Views) {
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    for tenant in [&tenant, &other] {
        build(views, tenant, 40, SIZE).await;
        views.begin(tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
        build(&*views.shadow(), tenant, 40, SIZE).await;
        views.switch(tenant, LogSize(SIZE), "").await.unwrap();
    }
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r9")).await.unwrap();
    views.shadow().apply(&tenant, LogSize(0), &rows(0, 4), &[]).await.unwrap();
    let dump = views.dump(&tenant).await.unwrap();
    while views.sweep(&tenant).await.unwrap() {
        assert_eq!(views.dump(&tenant).await.unwrap(), dump);
    }
    assert_eq!(
        views.shadow().covered(&tenant).await.unwrap(),
        LogSize(4),
        "what is being built stays"
    );
    views.abandon_shadow(&tenant).await.unwrap();
    while views.sweep(&tenant).await.unwrap() {}
    // Numbers and terms of deleted generations must not be used again.
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r9")).await.unwrap();
    build(&*views.shadow(), &tenant, 13, SIZE).await;
    assert!(views.compare(&tenant).await.unwrap().differences(9).await.unwrap().is_empty());
    assert_eq!(views.dump(&tenant).await.unwrap(), dump);
    assert_eq!(views.dump(&other).await.unwrap(), dump, "another tenant's rows stay");
}

async fn resets_every_generation(views: &impl Views) {
    let tenant = TenantId::from("acme");
    build(views, &tenant, 40, SIZE).await;
    let dump = views.dump(&tenant).await.unwrap();
    views.begin(&tenant, Place::Shadow, &MadeBy::now("r8")).await.unwrap();
    views.shadow().apply(&tenant, LogSize(0), &rows(0, 4), &[]).await.unwrap();
    views.reset(&tenant).await.unwrap();
    let none = views.generations(&tenant).await.unwrap();
    assert!(none.live.is_none() && none.shadow.is_none());
    build(views, &tenant, 40, SIZE).await;
    assert_eq!(views.dump(&tenant).await.unwrap(), dump);
}

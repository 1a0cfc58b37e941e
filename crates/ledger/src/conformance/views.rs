//! Conformance of read models.

use crate::{
    index::Looked,
    log::LogError,
    record_summaries::RecordSummaries,
    session_flags::SessionFlags,
    views::{Carried, IndexRow, SessionRow, SortKey, Term, TermKind, Views},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    record::Digest32,
    time::Time,
};
use std::future::Future;
use uuid::Uuid;

/// Runs the suite. `make` gives an empty engine each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn views<V: Views, F: Future<Output = V>>(make: impl Fn() -> F) {
    finds_records(&make().await).await;
    writes_rows_and_checkpoint_atomically(&make().await).await;
    finds_positions(&make().await).await;
    keeps_summaries_of_sessions(&make().await).await;
    lists_sessions_in_order(&make().await).await;
    super::row_filters::row_filters(&make).await;
    lists_sessions_by_terms(&make().await).await;
    finds_values_of_a_kind(&make().await).await;
    isolates_tenants(&make().await).await;
    let (whole, pieces) = (make().await, make().await);
    rebuilds_equal_rows(&whole, &pieces).await;
    super::generations::generations(make).await;
}

pub(super) fn term(kind: TermKind, value: &str) -> Term {
    Term { kind, value: value.to_owned() }
}

pub(super) fn row(position: u64, terms: &[(TermKind, &str)]) -> IndexRow {
    let id = RecordId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &position.to_be_bytes()));
    IndexRow {
        position: LogPosition(position),
        id,
        leaf: Digest32([position as u8; 32]),
        terms: terms.iter().map(|(kind, value)| term(*kind, value)).collect(),
        summary: summary(position),
    }
}

/// The summary of the record at a position: each has another length.
fn summary(position: u64) -> Vec<u8> {
    vec![position as u8; 60 + (position % 90) as usize]
}

pub(super) fn session_row(session: &str, first_secs: u64, to: u64) -> SessionRow {
    SessionRow {
        session: SessionId::from(session),
        first_occurred: Time::EPOCH.plus_secs(first_secs),
        first_source: "okta".to_owned(),
        first_source_id: format!("first of {session}"),
        assessed_to: LogSize(to),
        over_at: None,
        last_occurred: Time::EPOCH.plus_secs(first_secs),
        flags: SessionFlags::default(),
        state: format!("{{\"to\":{to}}}").into_bytes(),
    }
}

pub(super) fn names(rows: &[SessionRow]) -> Vec<&str> {
    rows.iter().map(|row| row.session.as_str()).collect()
}

async fn finds_records(views: &impl Views) {
    let tenant = TenantId::from("acme");
    assert_eq!(views.covered(&tenant).await.unwrap(), LogSize(0));
    let rows = [
        row(0, &[(TermKind::Session, "S1"), (TermKind::Session, "S2")]),
        row(1, &[(TermKind::Session, "S1")]),
        row(2, &[(TermKind::Config, "S1")]),
    ];
    views.apply(&tenant, LogSize(0), &rows, &[]).await.unwrap();
    let ids = [rows[2].id, row(9, &[]).id, rows[0].id, rows[2].id];
    let positions = vec![Some(LogPosition(2)), None, Some(LogPosition(0)), Some(LogPosition(2))];
    let sessions = ["S2", "S3", "S1"].map(SessionId::from);
    assert_eq!(views.positions(&tenant, &ids).await.unwrap(), positions, "in the order asked");
    assert_eq!(views.look_up(&tenant, &[], &sessions).await.unwrap().revisions, [1, 0, 2]);
    let looked = Looked { covered: LogSize(3), positions, revisions: vec![1, 0, 2] };
    assert_eq!(views.look_up(&tenant, &ids, &sessions).await.unwrap(), looked);
    assert_eq!(
        views.look_up(&tenant, &[], &[]).await.unwrap(),
        Looked { covered: LogSize(3), ..Looked::default() }
    );
    let many: Vec<_> = (0..1000).map(|n| row(n, &[]).id).collect();
    assert_eq!(
        views.positions(&tenant, &many).await.unwrap().iter().flatten().count(),
        3,
        "however many are asked"
    );

    if let Some(first) = views.ids_after(&tenant, None, 2).await.unwrap() {
        let mut sorted: Vec<_> = rows.iter().map(|row| row.id).collect();
        sorted.sort();
        assert_eq!(first, sorted[..2]);
        assert_eq!(
            views.ids_after(&tenant, Some(first[1]), 2).await.unwrap().unwrap(),
            sorted[2..]
        );
        assert_eq!(views.ids_after(&tenant, Some(sorted[2]), 2).await.unwrap().unwrap(), []);
    }
}

async fn writes_rows_and_checkpoint_atomically(views: &impl Views) {
    let tenant = TenantId::from("acme");
    let rows = [row(0, &[(TermKind::Session, "S1")]), row(1, &[(TermKind::Session, "S1")])];
    views.apply(&tenant, LogSize(0), &rows, &[session_row("S1", 10, 2)]).await.unwrap();
    let before = views.dump(&tenant).await.unwrap();
    for from in [0, 1, 3] {
        let refused = views
            .apply(
                &tenant,
                LogSize(from),
                &[row(from, &[(TermKind::App, "new")])],
                &[session_row("S9", 1, 1)],
            )
            .await;
        assert!(matches!(refused, Err(LogError::Unavailable { .. })), "from {from}: {refused:?}");
        assert_eq!(views.dump(&tenant).await.unwrap(), before, "a refused batch changes nothing");
    }
    views.apply(&tenant, LogSize(2), &[], &[session_row("S1", 10, 3)]).await.unwrap();
    assert_eq!(
        views.covered(&tenant).await.unwrap(),
        LogSize(2),
        "session rows alone do not move the checkpoint"
    );
    assert_eq!(
        views.session_row(&tenant, &SessionId::from("S1")).await.unwrap(),
        Some(session_row("S1", 10, 3)),
        "the last assessment stays"
    );
    assert_eq!(views.session_row(&tenant, &SessionId::from("S2")).await.unwrap(), None);
    assert_eq!(views.session_count(&tenant).await.unwrap(), 1);
}

async fn finds_positions(views: &impl Views) {
    let tenant = TenantId::from("acme");
    let rows: Vec<_> = (0..300)
        .map(|n| {
            if n % 3 == 0 {
                row(n, &[(TermKind::Idp, "north"), (TermKind::Kind, "k")])
            } else {
                row(n, &[(TermKind::Idp, "south")])
            }
        })
        .collect();
    for (from, some) in [(0, &rows[..100]), (100, &rows[100..101]), (101, &rows[101..])] {
        views.apply(&tenant, LogSize(from), some, &[]).await.unwrap();
    }
    let north = term(TermKind::Idp, "north");
    let find = async |term: &Term, from, known_at, max| {
        let found = views
            .positions_of(&tenant, term, LogPosition(from), LogPosition(known_at), max)
            .await
            .unwrap();
        found.into_iter().map(|position| position.0).collect::<Vec<_>>()
    };
    assert_eq!(find(&north, 0, u64::MAX, 1000).await, (0..300).step_by(3).collect::<Vec<_>>());
    assert_eq!(find(&north, 3, 9, 1000).await, [3, 6, 9], "both ends are inclusive");
    assert_eq!(find(&north, 4, 8, 1000).await, [6]);
    assert_eq!(find(&north, 0, 299, 2).await, [0, 3]);
    assert_eq!(find(&north, 9, 3, 10).await, [0; 0]);
    assert_eq!(find(&term(TermKind::Key, "north"), 0, 299, 10).await, [0; 0], "of another kind");
    assert_eq!(find(&term(TermKind::Idp, "North"), 0, 299, 10).await, [0; 0], "compared bytewise");

    let each = async |terms: &[Term], known_at| {
        let found = views.positions_of_each(&tenant, terms, LogPosition(known_at)).await.unwrap();
        found
            .into_iter()
            .map(|positions| positions.into_iter().map(|position| position.0).collect())
            .collect::<Vec<Vec<u64>>>()
    };
    let (south, none) = (term(TermKind::Idp, "south"), term(TermKind::Key, "north"));
    assert_eq!(
        each(&[south.clone(), none, north.clone(), south], 5).await,
        [vec![1, 2, 4, 5], vec![], vec![0, 3], vec![1, 2, 4, 5]],
        "in the order asked"
    );
    assert_eq!(each(&[], 5).await, Vec::<Vec<u64>>::new());
    assert_eq!(
        each(std::slice::from_ref(&north), u64::MAX).await,
        [(0..300).step_by(3).collect::<Vec<_>>()]
    );
    let many: Vec<_> = (0..1_000)
        .map(|n| if n == 999 { north.clone() } else { term(TermKind::Session, &format!("S{n}")) })
        .collect();
    assert_eq!(each(&many, 3).await.concat(), [0, 3], "however many are asked");
}

async fn keeps_summaries_of_sessions(views: &impl Views) {
    use TermKind::{Idp, Session};
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    let mut rows: Vec<_> = (0..200)
        .map(|n| match n % 4 {
            0 => row(n, &[(Session, "S1"), (Idp, "north")]),
            1 => row(n, &[(Session, "S2"), (Session, "S1")]),
            2 => row(n, &[(Idp, "north")]),
            _ => row(n, &[(Session, "S2")]),
        })
        .collect();
    rows[7].summary.clear();
    rows[8].summary = vec![8; 100_000];
    for (from, some) in [(0, &rows[..1]), (1, &rows[1..9]), (9, &rows[9..120]), (120, &rows[120..])]
    {
        views.apply(&tenant, LogSize(from), some, &[]).await.unwrap();
    }
    views.apply(&other, LogSize(0), &[row(0, &[(Session, "S1")])], &[]).await.unwrap();
    let expected = |residues: [u64; 2]| -> Vec<_> {
        let named = rows
            .iter()
            .filter(|row| residues.contains(&(row.position.0 % 4)) && !row.summary.is_empty());
        named.map(|row| (row.position, row.summary.clone())).collect()
    };
    let asked = ["S1", "S9", "S2", "S1"].map(SessionId::from);
    let found: Vec<Vec<_>> = views
        .summaries_of_each(&tenant, &asked)
        .await
        .unwrap()
        .iter()
        .map(|parts| {
            parts
                .iter()
                .flat_map(RecordSummaries::iter)
                .map(|found| found.map(|(position, summary)| (position, summary.to_vec())).unwrap())
                .collect()
        })
        .collect();
    assert_eq!(
        found,
        [expected([0, 1]), vec![], expected([1, 3]), expected([0, 1])],
        "in the order asked, each with its records in their order"
    );
    assert_eq!(
        views.summaries_of_each(&other, &asked[..1]).await.unwrap()[0]
            .iter()
            .flat_map(RecordSummaries::iter)
            .count(),
        1,
        "of this tenant"
    );
    assert_eq!(
        views.summaries_of_each(&tenant, &[]).await.unwrap(),
        Vec::<Vec<RecordSummaries>>::new()
    );
    let many: Vec<_> = (0..1_000).map(|n| SessionId::new(format!("S{n}"))).collect();
    assert_eq!(
        views
            .summaries_of_each(&tenant, &many)
            .await
            .unwrap()
            .iter()
            .filter(|parts| !parts.is_empty())
            .count(),
        2,
        "however many are asked"
    );
}

async fn lists_sessions_in_order(views: &impl Views) {
    let tenant = TenantId::from("acme");
    // For equal instants, sources and source ids the name decides.
    let mut twins = [session_row("b", 20, 1), session_row("a", 20, 1)];
    twins.iter_mut().for_each(|row| row.first_source_id = "same".to_owned());
    let mut source = session_row("c", 20, 1);
    source.first_source = "aaa".to_owned();
    let before_epoch = SessionRow { first_occurred: Time::MIN, ..session_row("z", 0, 1) };
    let session_rows =
        [session_row("late", 30, 1), twins[0].clone(), source, before_epoch, twins[1].clone()];
    views.apply(&tenant, LogSize(0), &[], &session_rows).await.unwrap();
    let all = views.sessions_with(&tenant, &[], None, None, 100).await.unwrap();
    assert_eq!(names(&all), ["z", "c", "a", "b", "late"]);
    let (mut paged, mut after): (Vec<SessionRow>, Option<SortKey>) = (Vec::new(), None);
    loop {
        let page = views.sessions_with(&tenant, &[], None, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.key());
        paged.extend(page);
    }
    assert_eq!(paged, all, "pages join without gap or repeat");

    // A late fact moves a session to the front: it is listed once.
    views.apply(&tenant, LogSize(0), &[], &[session_row("late", 5, 2)]).await.unwrap();
    assert_eq!(
        names(&views.sessions_with(&tenant, &[], None, None, 100).await.unwrap()),
        ["z", "late", "c", "a", "b"]
    );
    assert_eq!(views.session_count(&tenant).await.unwrap(), 5);
}

async fn lists_sessions_by_terms(views: &impl Views) {
    use TermKind::{App, Idp, Key, Kind, Session};
    let tenant = TenantId::from("acme");
    let rows = [
        row(0, &[(Session, "S1"), (Idp, "north"), (Key, "k1"), (Kind, "claims.received")]),
        row(1, &[(Session, "S1"), (App, "payroll")]),
        row(2, &[(Session, "S2"), (Idp, "north"), (Key, "k2")]),
        row(3, &[(Idp, "north"), (App, "payroll")]),
        row(4, &[(Session, "S3"), (Session, "S4"), (App, "payroll")]),
        row(5, &[(Session, "S5"), (Idp, "north")]),
    ];
    let session_rows = [
        session_row("S4", 40, 5),
        session_row("S3", 30, 5),
        session_row("S2", 20, 5),
        session_row("S1", 10, 5),
    ];
    views.apply(&tenant, LogSize(0), &rows[..3], &session_rows[2..]).await.unwrap();
    views.apply(&tenant, LogSize(3), &rows[3..], &session_rows).await.unwrap();
    let list = async |terms: &[(TermKind, &str)]| {
        let terms: Vec<_> = terms.iter().map(|(kind, value)| term(*kind, value)).collect();
        let rows = views.sessions_with(&tenant, &terms, None, None, 100).await.unwrap();
        rows.into_iter().map(|row| row.session.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[(Idp, "north")]).await, ["S1", "S2"], "S5 has no session row yet");
    assert_eq!(list(&[(App, "payroll")]).await, ["S1", "S3", "S4"], "a record may name two");
    assert_eq!(
        list(&[(Idp, "north"), (App, "payroll")]).await,
        ["S1"],
        "not necessarily in one record"
    );
    assert_eq!(list(&[(Key, "k1"), (Key, "k2")]).await, [""; 0]);
    assert_eq!(list(&[(Key, "k9")]).await, [""; 0]);
    assert_eq!(list(&[(Session, "S2")]).await, ["S2"]);
    assert_eq!(list(&[(Session, "S2"), (Key, "k2")]).await, ["S2"]);
    assert_eq!(list(&[(Session, "S2"), (Key, "k1")]).await, [""; 0]);
    assert_eq!(list(&[(Kind, "claims.received")]).await, [""; 0], "this kind lists no sessions");
    let payroll = [term(App, "payroll")];
    let count =
        async |kind, value, max| views.count_with(&tenant, &term(kind, value), max).await.unwrap();
    assert_eq!(count(App, "payroll", 9).await, 3, "of S1, S3 and S4");
    assert_eq!(count(App, "payroll", 2).await, 2, "up to a number");
    assert_eq!((count(App, "wiki", 9).await, count(Kind, "claims.received", 9).await), (0, 0));
    let first = views.sessions_with(&tenant, &payroll, None, None, 1).await.unwrap();
    let rest =
        views.sessions_with(&tenant, &payroll, None, Some(&first[0].key()), 100).await.unwrap();
    assert_eq!((names(&first), names(&rest)), (vec!["S1"], vec!["S3", "S4"]));
}

async fn finds_values_of_a_kind(views: &impl Views) {
    use TermKind::{Amr, Assertion, IdpSession, Key, Session};
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    let rows = [
        row(0, &[(Session, "S1"), (Assertion, "x/b"), (IdpSession, "x/i"), (Key, "x/k")]),
        row(1, &[(Session, "S1"), (Assertion, "x/a"), (IdpSession, "x/j")]),
        row(2, &[(Session, "S2"), (Assertion, "x/a"), (IdpSession, "x/i"), (Amr, "é")]),
        row(3, &[(Assertion, "x/c"), (IdpSession, "x/j")]),
        row(4, &[(Session, "S1"), (IdpSession, "x/j"), (Assertion, "")]),
    ];
    views.apply(&tenant, LogSize(0), &rows, &[]).await.unwrap();
    views.apply(&other, LogSize(0), &[row(0, &[(Assertion, "theirs")])], &[]).await.unwrap();
    let values = async |kind, carried, after, max| {
        views.values_of(&tenant, kind, carried, after, max).await.unwrap()
    };
    assert_eq!(
        values(Assertion, Carried::Once, None, 10).await,
        ["", "x/a", "x/b", "x/c"],
        "bytewise, of this tenant and kind"
    );
    assert_eq!(values(Assertion, Carried::Once, Some("x/a"), 1).await, ["x/b"], "pages join");
    assert_eq!(values(Assertion, Carried::Once, Some(""), 9).await, ["x/a", "x/b", "x/c"]);
    assert_eq!(values(Amr, Carried::Once, None, 9).await, ["é"]);
    assert_eq!(values(Assertion, Carried::ByTwoRecords, None, 10).await, ["x/a"]);
    assert_eq!(values(IdpSession, Carried::ByTwoRecords, None, 10).await, ["x/i", "x/j"]);
    assert_eq!(
        values(IdpSession, Carried::ByTwoSessions, None, 10).await,
        ["x/i"],
        "x/j is of S1 alone"
    );
    assert_eq!(values(IdpSession, Carried::ByTwoSessions, Some("x/i"), 10).await, [""; 0]);
    assert_eq!(values(TermKind::Kind, Carried::Once, None, 10).await, [""; 0]);
}

async fn isolates_tenants(views: &impl Views) {
    let (acme, other) = (TenantId::from("acme"), TenantId::from("other"));
    let rows = [row(0, &[(TermKind::Session, "S1"), (TermKind::Idp, "north")])];
    for (tenant, secs) in [(&acme, 10), (&other, 20)] {
        views.apply(tenant, LogSize(0), &rows, &[session_row("S1", secs, 1)]).await.unwrap();
    }
    let north = [term(TermKind::Idp, "north")];
    assert_eq!(
        views.sessions_with(&acme, &north, None, None, 9).await.unwrap(),
        [session_row("S1", 10, 1)]
    );
    assert!(!views.summaries_of_each(&acme, &[SessionId::from("S1")]).await.unwrap()[0].is_empty());
    assert_eq!(
        views.sessions_with(&other, &[], None, None, 9).await.unwrap(),
        [session_row("S1", 20, 1)]
    );
    assert_eq!(views.positions(&TenantId::from("nobody"), &[rows[0].id]).await.unwrap(), [None]);
    let dump = views.dump(&other).await.unwrap();
    views.reset(&acme).await.unwrap();
    assert_eq!(views.covered(&acme).await.unwrap(), LogSize(0));
    assert_eq!(views.positions(&acme, &[rows[0].id]).await.unwrap(), [None]);
    let looked = views.look_up(&acme, &[], &[SessionId::from("S1")]).await.unwrap();
    assert_eq!(looked.revisions, [0]);
    assert_eq!(views.session_count(&acme).await.unwrap(), 0);
    assert_eq!(views.summaries_of_each(&acme, &[SessionId::from("S1")]).await.unwrap(), [vec![]]);
    assert_eq!(views.sessions_with(&acme, &[], None, None, 9).await.unwrap(), []);
    assert_eq!(views.dump(&other).await.unwrap(), dump, "another tenant's rows stay");
    assert_eq!(views.sessions_with(&other, &north, None, None, 9).await.unwrap().len(), 1);
}

async fn rebuilds_equal_rows(whole: &impl Views, pieces: &impl Views) {
    let tenant = TenantId::from("acme");
    let values: Vec<_> = (0..60)
        .map(|n| (format!("S{}", n % 7), format!("idp{}", n % 3), format!("n{n}")))
        .collect();
    let rows: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(n, (session, idp, note))| {
            row(
                n as u64,
                &[
                    (TermKind::Session, session),
                    (TermKind::Idp, idp),
                    (TermKind::Correlation, note),
                ],
            )
        })
        .collect();
    let session_rows: Vec<_> = (0..7).map(|n| session_row(&format!("S{n}"), n, 60)).collect();
    whole.apply(&tenant, LogSize(0), &rows, &session_rows).await.unwrap();
    for (n, some) in rows.chunks(7).enumerate() {
        pieces.apply(&tenant, LogSize(n as u64 * 7), some, &[]).await.unwrap();
    }
    pieces.apply(&tenant, LogSize(60), &[], &session_rows).await.unwrap();
    let dump = whole.dump(&tenant).await.unwrap();
    // 1 checkpoint, 60 records, 180 postings, 21 pairs of session and IdP, 7 of a session with
    // itself, 60 by correlation are not kept, 7 session rows, a part of each session's summaries.
    assert!(dump.len() >= 1 + 60 + 180 + 21 + 7 + 7, "{}", dump.len());
    assert_eq!(pieces.dump(&tenant).await.unwrap(), dump, "however it is cut into batches");
    pieces.reset(&tenant).await.unwrap();
    pieces.apply(&tenant, LogSize(0), &rows, &session_rows).await.unwrap();
    assert_eq!(pieces.dump(&tenant).await.unwrap(), dump, "a rebuild gives the same rows");
}

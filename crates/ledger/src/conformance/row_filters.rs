//! Conformance of read models: lists that a filter of rows narrows.

use super::views::{names, row, session_row, term};
use crate::{
    session_flags::{SessionFlag, SessionFlags},
    views::{RowFilter, SessionRow, Term, TermKind, Views},
};
use claimledger_facts::{
    ids::{LogSize, SessionId, TenantId},
    time::Time,
};
use std::future::Future;

pub(super) async fn row_filters<V: Views, F: Future<Output = V>>(make: impl Fn() -> F) {
    lists_sessions_that_may_be_active(&make().await).await;
    lists_sessions_that_may_have_flags(&make().await).await;
    lists_sessions_by_their_last_fact(&make().await).await;
}

async fn lists_sessions_that_may_be_active(views: &impl Views) {
    let tenant = TenantId::from("acme");
    let lasting = |session, from, over: Option<u64>, to| SessionRow {
        over_at: over.map(|secs| Time::EPOCH.plus_secs(secs)),
        ..session_row(session, from, to)
    };
    let session_rows = [
        lasting("over", 10, Some(20), 1),
        lasting("long", 1, Some(100_000), 2),
        lasting("open end", 5, None, 3),
        lasting("at once", 30, Some(30), 4),
        lasting("changed", 12, Some(15), 9),
        SessionRow { first_occurred: Time::MIN, ..lasting("always", 0, None, 1) },
        SessionRow {
            first_occurred: Time::MIN,
            over_at: Some(Time::MAX),
            ..lasting("nearly", 0, None, 1)
        },
    ];
    views.apply(&tenant, LogSize(0), &[], &session_rows).await.unwrap();
    let list = async |at: u64, size| {
        let active_at = Some(Time::EPOCH.plus_secs(at));
        let filter = RowFilter { active_at, ..RowFilter::at(LogSize(size)) };
        let rows = views.sessions_with(&tenant, &[], Some(filter), None, 100).await.unwrap();
        rows.into_iter().map(|row| row.session.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        list(10, 9).await,
        ["always", "nearly", "long", "open end", "over"],
        "from its first fact on"
    );
    assert_eq!(list(12, 9).await, ["always", "nearly", "long", "open end", "over", "changed"]);
    assert_eq!(
        list(20, 9).await,
        ["always", "nearly", "long", "open end"],
        "the end is not part of it"
    );
    assert_eq!(
        list(20, 8).await,
        ["always", "nearly", "long", "open end", "changed"],
        "what was learnt after a size is not held against it"
    );
    assert_eq!(list(30, 9).await, ["always", "nearly", "long", "open end"]);
    assert_eq!(list(0, 9).await, ["always", "nearly"]);
    views.apply(&tenant, LogSize(0), &[], &[lasting("open end", 5, Some(11), 4)]).await.unwrap();
    assert_eq!(
        list(12, 9).await,
        ["always", "nearly", "long", "over", "changed"],
        "an end came late"
    );
}

async fn lists_sessions_that_may_have_flags(views: &impl Views) {
    use SessionFlag::{Differs, FalsifiedLater, Outlived, Retracted};
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    let set = |flags: &[SessionFlag]| SessionFlags::of(flags.iter().map(|flag| (*flag, true)));
    let flagged = |session, from, flags, to| SessionRow {
        flags: set(flags),
        over_at: Some(Time::EPOCH.plus_secs(from + 10)),
        ..session_row(session, from, to)
    };
    let session_rows = [
        flagged("none", 1, &[], 1),
        flagged("all", 40, &SessionFlag::ALL, 2),
        flagged("differs", 30, &[Differs], 3),
        flagged("both", 20, &[Differs, Outlived], 4),
        flagged("later", 25, &[], 9),
        flagged("retracted", 10, &[Retracted], 5),
        flagged("falsified", 50, &[FalsifiedLater], 6),
    ];
    let rows = [row(0, &[(TermKind::Session, "both"), (TermKind::App, "payroll")])];
    views.apply(&tenant, LogSize(0), &rows, &session_rows).await.unwrap();
    views.apply(&other, LogSize(0), &[], &[flagged("theirs", 5, &[Differs], 1)]).await.unwrap();
    let list = async |flags: &[SessionFlag], at: Option<u64>, size, terms: &[Term]| {
        let active_at = at.map(|secs| Time::EPOCH.plus_secs(secs));
        let flags = set(flags);
        let filter = Some(RowFilter { active_at, flags, ..RowFilter::at(LogSize(size)) });
        let mut found = Vec::new();
        loop {
            let after = found.last().map(SessionRow::key);
            let page =
                views.sessions_with(&tenant, terms, filter, after.as_ref(), 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        names(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list(&[Differs], None, 9, &[]).await, ["both", "differs", "all"], "in order");
    assert_eq!(list(&[FalsifiedLater], None, 9, &[]).await, ["all", "falsified"]);
    assert_eq!(list(&[Outlived], None, 9, &[]).await, ["both", "all"]);
    assert_eq!(list(&[Retracted], None, 9, &[]).await, ["retracted", "all"]);
    assert_eq!(list(&[Outlived, Differs], None, 9, &[]).await, ["both", "all"], "all of them");
    assert_eq!(list(&[Retracted, Outlived], None, 9, &[]).await, ["all"]);
    assert_eq!(
        list(&[Retracted], None, 8, &[]).await,
        ["retracted", "later", "all"],
        "what was assessed after a size may have had any flag then"
    );
    assert_eq!(
        list(&[Differs], None, 3, &[]).await,
        ["retracted", "both", "later", "differs", "all", "falsified"]
    );
    assert_eq!(list(&[Differs], Some(35), 9, &[]).await, ["differs"], "and active at an instant");
    assert_eq!(list(&[Differs], Some(35), 8, &[]).await, ["later", "differs"]);
    assert_eq!(list(&[Differs], Some(24), 8, &[]).await, ["both"], "begun by then");
    let payroll = [term(TermKind::App, "payroll")];
    assert_eq!(list(&[Differs], None, 9, &payroll).await, ["both"], "and with a term");
    assert_eq!(list(&[Retracted], None, 9, &payroll).await, [""; 0]);

    // A later fact may have settled what was odd at T.
    let settled = SessionRow {
        last_occurred: Time::EPOCH.plus_secs(60),
        ..flagged("settled", 35, &[Outlived], 7)
    };
    views.apply(&tenant, LogSize(1), &[], &[settled]).await.unwrap();
    let at = async |flags: &[SessionFlag], active: Option<u64>, at: u64, size| {
        let active_at = active.map(|secs| Time::EPOCH.plus_secs(secs));
        let (flags, flags_at) = (set(flags), Time::EPOCH.plus_secs(at));
        let filter = Some(RowFilter { active_at, flags, flags_at, ..RowFilter::at(LogSize(size)) });
        let rows = views.sessions_with(&tenant, &[], filter, None, 100).await.unwrap();
        names(&rows).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(at(&[Differs], None, 60, 9).await, ["both", "differs", "all"]);
    assert_eq!(at(&[Differs], None, 59, 9).await, ["both", "differs", "settled", "all"]);
    assert_eq!(at(&[Outlived, Differs], None, 59, 9).await, ["both", "settled", "all"]);
    assert_eq!(at(&[Differs], Some(36), 59, 9).await, ["differs", "settled"], "and active");
    assert_eq!(
        at(&[Differs], None, 59, 6).await,
        ["both", "later", "differs", "settled", "all"],
        "once, although it was assessed later too"
    );

    // A new assessment of the same facts changes the flags alone.
    let changed = [flagged("none", 1, &[Retracted], 10), flagged("retracted", 10, &[], 10)];
    views.apply(&tenant, LogSize(1), &[], &changed).await.unwrap();
    assert_eq!(list(&[Retracted], None, 10, &[]).await, ["none", "all"]);
    assert_eq!(
        views.session_row(&tenant, &SessionId::from("none")).await.unwrap().as_ref(),
        Some(&changed[0])
    );
}

async fn lists_sessions_by_their_last_fact(views: &impl Views) {
    use SessionFlag::{Differs, Outlived};
    let (tenant, other) = (TenantId::from("acme"), TenantId::from("other"));
    let lasting = |session, from: u64, last: u64, to| SessionRow {
        last_occurred: Time::EPOCH.plus_secs(last),
        flags: SessionFlags::of([(Differs, last.is_multiple_of(2)), (Outlived, session == "a")]),
        ..session_row(session, from, to)
    };
    let session_rows = [
        lasting("a", 10, 20, 1),
        lasting("short", 19, 19, 2),
        lasting("years", 1, 200_000_000, 3),
        lasting("later", 5, 9, 9),
        lasting("begins later", 300, 310, 4),
        lasting("b", 10, 21, 1),
        // The last fact of a record without facts of the session may be before its sort key.
        lasting("before", 30, 12, 5),
        SessionRow { first_occurred: Time::MIN, ..lasting("always", 0, 22, 6) },
    ];
    let rows = [row(0, &[(TermKind::Session, "b"), (TermKind::App, "payroll")])];
    views.apply(&tenant, LogSize(0), &rows, &session_rows).await.unwrap();
    views.apply(&other, LogSize(0), &[], &[lasting("theirs", 1, 100, 1)]).await.unwrap();
    let list = async |from: u64, size, flags: &[SessionFlag], terms: &[Term]| {
        let flags = SessionFlags::of(flags.iter().map(|flag| (*flag, true)));
        let last_from = Some(Time::EPOCH.plus_secs(from));
        let filter = Some(RowFilter { flags, last_from, ..RowFilter::at(LogSize(size)) });
        let mut found = Vec::new();
        loop {
            let after = found.last().map(SessionRow::key);
            let page =
                views.sessions_with(&tenant, terms, filter, after.as_ref(), 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        names(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let from_20 = ["always", "years", "a", "b", "begins later"];
    assert_eq!(list(20, 9, &[], &[]).await, from_20, "at or after it, in order");
    assert_eq!(list(21, 9, &[], &[]).await, ["always", "years", "b", "begins later"]);
    assert_eq!(list(23, 9, &[], &[]).await, ["years", "begins later"]);
    assert_eq!(list(200_000_001, 9, &[], &[]).await, [""; 0]);
    assert_eq!(
        list(23, 8, &[], &[]).await,
        ["years", "later", "begins later"],
        "what was assessed after a size may have ended later then"
    );
    assert_eq!(list(23, 3, &[], &[]).await, ["always", "years", "later", "before", "begins later"]);
    assert_eq!(list(0, 9, &[], &[]).await.len(), 8);
    assert_eq!(list(20, 9, &[Outlived], &[]).await, ["a"], "and with flags");
    assert_eq!(
        list(20, 8, &[Differs], &[]).await,
        ["always", "years", "later", "a", "begins later"]
    );
    assert_eq!(list(21, 9, &[Outlived], &[]).await, [""; 0]);
    let payroll = [term(TermKind::App, "payroll")];
    assert_eq!(list(21, 9, &[], &payroll).await, ["b"], "and with a term");
    assert_eq!(list(22, 9, &[], &payroll).await, [""; 0]);

    // A later fact: the sort key stays.
    let changed = [lasting("a", 10, 40_000, 10), lasting("years", 1, 2, 10)];
    views.apply(&tenant, LogSize(1), &[], &changed).await.unwrap();
    assert_eq!(list(23, 10, &[], &[]).await, ["a", "begins later"]);
    assert_eq!(
        views.session_row(&tenant, &SessionId::from("a")).await.unwrap().as_ref(),
        Some(&changed[0])
    );
}

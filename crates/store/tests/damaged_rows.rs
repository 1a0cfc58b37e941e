//! Altered and missing rows of the read models: a read of an altered row fails, and a check finds
//! both.

use claimledger_facts::{ids::*, record::Digest32, time::Time};
use claimledger_ledger::{
    index::RecordIndex,
    log::LogError,
    session_flags::{SessionFlag, SessionFlags},
    views::{Carried, IndexRow, RowFilter, SessionRow, Term, TermKind, Views},
};
use claimledger_store::sqlite::{OpenError, SqliteOptions, SqliteStore, SqliteViews};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{path::Path, sync::Arc};

const SESSIONS: u64 = 40;

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn session(n: u64) -> String {
    format!("S{n}")
}

fn outlived(holds: bool) -> SessionFlags {
    SessionFlags::of([(SessionFlag::Outlived, holds)])
}

fn app(n: u64) -> Term {
    Term { kind: TermKind::App, value: format!("app-{}", n % 3) }
}

async fn filled(dir: &Path) -> Arc<SqliteViews> {
    let store = SqliteStore::create(dir, SqliteOptions::default()).await.unwrap();
    let row = |n: u64| IndexRow {
        position: LogPosition(n),
        id: RecordId::derive(
            &acme(),
            &SourceId::from("sp"),
            &SourceEventId::from(format!("e{n}").as_str()),
        ),
        leaf: Digest32([0; 32]),
        terms: vec![Term { kind: TermKind::Session, value: session(n) }, app(n)],
        summary: format!("brief {n}").into_bytes(),
    };
    let session_row = |n: u64| SessionRow {
        session: SessionId::from(session(n).as_str()),
        first_occurred: Time::from_micros(n as i64 * 1_000_000),
        first_source: "sp".to_owned(),
        first_source_id: format!("e{n}"),
        assessed_to: LogSize(SESSIONS),
        over_at: n.is_multiple_of(2).then(|| Time::from_micros(n as i64 * 1_000_000 + 900_000_000)),
        last_occurred: Time::from_micros(n as i64 * 1_000_000 + 400_000_000),
        flags: outlived(n.is_multiple_of(5)),
        state: format!("state {n}").into_bytes(),
    };
    let (rows, session_rows): (Vec<_>, Vec<_>) =
        ((0..SESSIONS).map(row).collect(), (0..SESSIONS).map(session_row).collect());
    store.views().apply(&acme(), LogSize(0), &rows, &session_rows).await.unwrap();
    store.views()
}

/// Every query of every row: its result, or the damage that it found.
async fn ask_everything(views: &SqliteViews) -> Vec<Result<String, LogError>> {
    let (tenant, last) = (acme(), LogPosition(SESSIONS));
    let id = |n: u64| {
        RecordId::derive(
            &acme(),
            &SourceId::from("sp"),
            &SourceEventId::from(format!("e{n}").as_str()),
        )
    };
    let mut all = Vec::new();
    let mut take = |what: Result<String, LogError>| all.push(what);
    take(views.covered(&tenant).await.map(|size| size.0.to_string()));
    take(views.session_count(&tenant).await.map(|count| count.to_string()));
    take(views.generations(&tenant).await.map(|found| format!("{found:?}")));
    take(
        views
            .positions(&tenant, &(0..SESSIONS).map(id).collect::<Vec<_>>())
            .await
            .map(|found| format!("{found:?}")),
    );
    take(views.ids_after(&tenant, None, 1000).await.map(|found| format!("{found:?}")));
    take(
        views
            .values_of(&tenant, TermKind::Session, Carried::Once, None, 1000)
            .await
            .map(|found| format!("{found:?}")),
    );
    take(
        views.sessions_with(&tenant, &[], None, None, 1000).await.map(|found| format!("{found:?}")),
    );
    let size = LogSize(SESSIONS);
    let active_at = Some(Time::from_micros(30_000_000));
    let last_from = Some(Time::from_micros(430_000_000));
    for filter in [
        RowFilter { active_at, ..RowFilter::at(size) },
        RowFilter { flags: outlived(true), ..RowFilter::at(size) },
        RowFilter { last_from, ..RowFilter::at(size) },
    ] {
        take(
            views
                .sessions_with(&tenant, &[], Some(filter), None, 1000)
                .await
                .map(|found| format!("{found:?}")),
        );
    }
    for n in 0..3 {
        take(
            views
                .positions_of(&tenant, &app(n), LogPosition(0), last, 1000)
                .await
                .map(|found| format!("{found:?}")),
        );
        take(
            views
                .positions_of_each(&tenant, &[app(n)], last)
                .await
                .map(|found| format!("{found:?}")),
        );
        take(
            views
                .sessions_with(&tenant, &[app(n)], None, None, 1000)
                .await
                .map(|found| format!("{found:?}")),
        );
    }
    for n in 0..SESSIONS {
        let session = SessionId::from(session(n).as_str());
        take(views.session_row(&tenant, &session).await.map(|found| format!("{found:?}")));
        take(views.summaries_of_each(&tenant, &[session]).await.map(|found| format!("{found:?}")));
    }
    all
}

async fn tamper(dir: &Path, sql: &str) -> u64 {
    let mut raw =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(dir.join("views")))
            .await
            .unwrap();
    let changed =
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut raw).await.unwrap().rows_affected();
    raw.close().await.unwrap();
    changed
}

/// Alters each column of each table in one row in the middle; then deletes one row.
fn damages() -> Vec<(String, bool)> {
    let number = |table: &str, column: &str, row: &str| {
        (format!("UPDATE {table} SET {column} = {column} + 4096 WHERE {row}"), true)
    };
    let text = |table: &str, column: &str, row: &str| {
        (format!("UPDATE {table} SET {column} = {column} || 'x' WHERE {row}"), true)
    };
    let bytes = |table: &str, column: &str, row: &str| {
        (format!("UPDATE {table} SET {column} = CAST({column} || 'x' AS BLOB) WHERE {row}"), true)
    };
    let mut all = Vec::new();
    let record = "position = 17";
    all.extend([number("record_1", "position", record), number("record_1", "crc", record)]);
    let term = "number = 9";
    all.extend([number("term_1", "number", term), number("term_1", "crc", term)]);
    let posting = "term = (SELECT number FROM term_1 WHERE term = CAST(x'076170702d31' AS BLOB)) \
                   AND position = 16";
    all.push(number("posting_1", "crc", posting));
    let pair = "term = (SELECT number FROM term_1 WHERE term = CAST(x'076170702d31' AS BLOB)) AND \
                session = (SELECT max(session) FROM session_row WHERE name = 'S16')";
    all.push(number("term_session_1", "crc", pair));
    let s12 = "name = 'S12'";
    for column in ["first_occurred", "assessed_to", "over_at", "last_occurred", "crc"] {
        all.push(number("session_row", column, s12));
    }
    // A flag that is added is read; one that is taken away is a row that is missing in a list.
    all.push((format!("UPDATE session_row SET flags = flags | 4 WHERE {s12}"), true));
    all.push(("UPDATE session_row SET flags = 0 WHERE name = 'S10'".to_owned(), false));
    all.extend([
        text("session_row", "first_source", s12),
        text("session_row", "first_source_id", s12),
        bytes("session_row", "state", s12),
    ]);
    let summary = "slot = (SELECT min(slot) FROM record_summary)";
    all.extend([
        bytes("record_summary", "brief", summary),
        number("record_summary", "crc", summary),
    ]);
    for column in ["covered", "crc"] {
        all.push(number("generation", column, "place = 0"));
    }
    all.extend([
        text("generation", "views", "place = 0"),
        text("generation", "rules", "place = 0"),
    ]);
    // An altered key is a missing row, plus a row that no query reads.
    all.extend([
        (number("posting_1", "position", posting).0, false),
        (number("session_row", "length", s12).0, false),
        (number("session_row", "span", s12).0, false),
    ]);
    // A read does not detect a row that is missing or has another key; a check does.
    let gone = [
        ("record_1", record),
        ("term_1", term),
        ("posting_1", posting),
        ("term_session_1", pair),
        ("session_row", s12),
        ("record_summary", summary),
    ];
    all.extend(gone.map(|(table, row)| (format!("DELETE FROM {table} WHERE {row}"), false)));
    all
}

#[tokio::test]
async fn reads_detect_altered_rows_and_a_check_detects_missing_ones() {
    let good = {
        let dir = tempfile::tempdir().unwrap();
        let views = filled(dir.path()).await;
        views.check().await.unwrap();
        ask_everything(&views).await.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    for (sql, altered) in damages() {
        let dir = tempfile::tempdir().unwrap();
        let views = filled(dir.path()).await;
        assert!(tamper(dir.path(), &sql).await > 0, "{sql}");
        let mut damaged = 0;
        for (answer, good) in ask_everything(&views).await.into_iter().zip(&good) {
            match answer {
                Ok(answer) => {
                    assert!(answer == *good || !altered, "{sql}: {answer:.200} is not {good:.200}")
                }
                Err(LogError::Damaged { file, .. }) if file == "views" => damaged += 1,
                Err(other) => panic!("{sql}: {other:?}"),
            }
        }
        assert!(damaged > 0 || !altered, "{sql}: nobody noticed");
        let checked = views.check().await;
        assert!(
            matches!(&checked, Err(LogError::Damaged { file, .. }) if file == "views"),
            "{sql}: {checked:?}"
        );
        drop(views);
        let opened = SqliteStore::open(dir.path(), SqliteOptions::default()).await.map(drop);
        assert!(matches!(&opened, Err(OpenError::Corrupt { .. })), "{sql}: {opened:?}");
        let healed = SqliteStore::open(
            dir.path(),
            SqliteOptions { heal_views: true, ..SqliteOptions::default() },
        )
        .await
        .unwrap();
        assert!(
            healed.healed().is_some()
                && healed.views().covered(&acme()).await.unwrap() == LogSize(0),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn damage_is_reported_to_the_next_process() {
    let dir = tempfile::tempdir().unwrap();
    let views = filled(dir.path()).await;
    views.condemn(Some("posting_1: told by a test"));
    drop(views);
    let opened = SqliteStore::open(dir.path(), SqliteOptions::default()).await.map(drop);
    assert!(opened.unwrap_err().to_string().contains("told by a test"));
    let healed = SqliteStore::open(
        dir.path(),
        SqliteOptions { heal_views: true, ..SqliteOptions::default() },
    )
    .await
    .unwrap();
    drop(healed);
    SqliteStore::open(dir.path(), SqliteOptions::default()).await.unwrap();
}

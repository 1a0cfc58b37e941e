//! The full check: each row against its checksum, the rows of each generation against its tallies,
//! and SQLite's integrity check, which also compares every index with its table
//! (`integrity::check_pages`).

use super::{
    generations::GenerationRow,
    record_summaries,
    rows::{record, term_number},
    session_row::{Column, SELECTED, checked},
    sums::{self, Table, Tallies},
};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

/// Maximum rows per SELECT: many, because each statement has a cost, but bounded, because they are
/// held in memory.
const MAX_ROWS: i64 = 4096;

/// Checks every generation in use. Rows and tallies must be consistent, so the connection must be
/// in a transaction, or there must be no writer yet.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let sql = format!("SELECT {} FROM generation ORDER BY number", GenerationRow::COLUMNS);
    for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await? {
        let generation = GenerationRow::read(&row)?;
        // The sweep deletes rows of retired generations, so their tallies do not match.
        if generation.place.is_some() {
            check(connection, &generation).await?;
        }
    }
    Ok(())
}

/// Checks every row of a generation, and that none is missing.
async fn check(
    connection: &mut SqliteConnection,
    generation: &GenerationRow,
) -> Result<(), sqlx::Error> {
    let mut found = Tallies::default();
    let number = generation.number;
    keyed(connection, Table::Record, number, &mut found).await?;
    keyed(connection, Table::Term, number, &mut found).await?;
    pairs(connection, Table::Posting, number, &mut found).await?;
    pairs(connection, Table::Session, number, &mut found).await?;
    let mut after = i64::MIN;
    loop {
        let sql = format!(
            "SELECT {} FROM session_row h WHERE h.generation = ? AND h.session > ? ORDER BY \
             h.session LIMIT ?",
            *SELECTED
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(number)
            .bind(after)
            .bind(MAX_ROWS)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            checked(row)?;
            let session = row.try_get(Column::Session.at())?;
            found.add(Table::SessionRow, sums::key(Table::SessionRow, session));
        }
        let Some(last) = rows.last() else { break };
        after = last.try_get(Column::Session.at())?;
    }
    let mut after = i64::MIN;
    loop {
        let sql = "SELECT b.slot, b.brief, b.crc FROM record_summary b CROSS JOIN term_1 t \
            ON t.number = b.slot / 1048576
                   WHERE t.generation = ? AND b.slot > ? ORDER BY b.slot LIMIT ?";
        let rows = sqlx::query(sql)
            .bind(number)
            .bind(after)
            .bind(MAX_ROWS)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            let (slot, _) = record_summaries::part(row, 0)?;
            found.add(Table::RecordSummary, sums::key(Table::RecordSummary, slot));
        }
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
    }
    generation.tallies.compare(&found).map_err(Into::into)
}

/// Rows of `record_1` or `term_1`: a key of bytes, a number, a checksum.
async fn keyed(
    connection: &mut SqliteConnection,
    table: Table,
    generation: i64,
    found: &mut Tallies,
) -> Result<(), sqlx::Error> {
    let sql = match table {
        Table::Record => {
            "SELECT id, position, crc FROM record_1 WHERE generation = ? AND id > ? ORDER BY id \
             LIMIT ?"
        }
        _ => {
            "SELECT term, number, crc FROM term_1 WHERE generation = ? AND term > ? ORDER BY term \
             LIMIT ?"
        }
    };
    let mut after = Vec::new();
    loop {
        let rows = sqlx::query(sql)
            .bind(generation)
            .bind(after)
            .bind(MAX_ROWS)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            match table {
                Table::Record => drop(record(generation, row)?),
                _ => drop(term_number(generation, row.try_get(0)?, row, 1)?),
            }
            found.add(table, row.try_get(2)?);
        }
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get(0)?;
    }
}

/// Rows of `posting_1` or `term_session_1`: a term, another number, a checksum.
async fn pairs(
    connection: &mut SqliteConnection,
    table: Table,
    generation: i64,
    found: &mut Tallies,
) -> Result<(), sqlx::Error> {
    let (sql, crc): (_, fn(i64, i64) -> i64) = match table {
        Table::Posting => (
            "SELECT p.term, p.position, p.crc FROM posting_1 p CROSS JOIN term_1 t \
             ON t.number = p.term
             WHERE t.generation = ? AND (p.term, p.position) > (?, ?) ORDER BY p.term, p.position \
             LIMIT ?",
            sums::posting,
        ),
        _ => (
            "SELECT p.term, p.session, p.crc FROM term_session_1 p CROSS JOIN term_1 t \
             ON t.number = p.term
             WHERE t.generation = ? AND (p.term, p.session) > (?, ?) ORDER BY p.term, p.session \
             LIMIT ?",
            sums::session,
        ),
    };
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let query = sqlx::query(sql).bind(generation).bind(after.0).bind(after.1).bind(MAX_ROWS);
        let rows = query.fetch_all(&mut *connection).await?;
        for row in &rows {
            after = (row.try_get(0)?, row.try_get(1)?);
            let stored = row.try_get(2)?;
            sums::check(
                table.name(),
                || format!("term {}, {}", after.0, after.1),
                stored,
                crc(after.0, after.1),
            )?;
            found.add(table, stored);
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

//! Deletes rows of retired generations in small batches, so that the write connection is never held
//! for long.

use super::{generations::GenerationRow, record_summaries::is_of};
use claimledger_facts::ids::TenantId;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, SqlitePool};

/// Rows per transaction, approximately.
const MAX_ROWS: i64 = 20_000;
/// Maximum terms per transaction.
const MAX_TERMS: i64 = 512;

/// A retired generation of a tenant.
pub(super) async fn next(
    readers: &SqlitePool,
    tenant: &TenantId,
) -> Result<Option<i64>, sqlx::Error> {
    // Verifies the checksum: a live generation with a damaged `place` must not be deleted.
    let sql = format!(
        "SELECT {} FROM generation WHERE tenant = ? AND place IS NULL ORDER BY number LIMIT 1",
        GenerationRow::COLUMNS
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).fetch_optional(readers).await?;
    row.map(|row| GenerationRow::read(&row).map(|row| row.number)).transpose()
}

/// Deletes some rows, and finally the generation.
pub(super) async fn some(
    connection: &mut SqliteConnection,
    generation: i64,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if !terms(&mut transaction, generation).await? {
        let records = "DELETE FROM record_1 WHERE generation = ?1 AND id IN (SELECT id FROM \
                       record_1 WHERE generation = ?1 ORDER BY id LIMIT ?2)";
        let session_rows = "DELETE FROM session_row WHERE session IN (SELECT session FROM \
         session_row WHERE \
                     generation = ?1 LIMIT ?2)";
        let mut gone = 0;
        for sql in [records, session_rows] {
            gone += sqlx::query(sql)
                .bind(generation)
                .bind(MAX_ROWS)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        if gone == 0 {
            sqlx::query("DELETE FROM generation WHERE number = ?")
                .bind(generation)
                .execute(&mut *transaction)
                .await?;
        }
    }
    transaction.commit().await
}

/// Deletes some terms with all rows that refer to them; false: none is left.
async fn terms(connection: &mut SqliteConnection, generation: i64) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "SELECT number, (SELECT count(*) FROM (SELECT 1 FROM posting_1 WHERE term = t.number \
         LIMIT ?2))
                      + (SELECT count(*) FROM (SELECT 1 FROM term_session_1 WHERE term = t.number \
                      LIMIT ?2))
                      + (SELECT count(*) FROM (SELECT 1 FROM record_summary b WHERE {} LIMIT ?2))
         FROM term_1 t WHERE generation = ?1 ORDER BY term LIMIT ?3",
        is_of("b", "t")
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(generation)
        .bind(MAX_ROWS)
        .bind(MAX_TERMS)
        .fetch_all(&mut *connection)
        .await?;
    let (mut whole, mut sum) = (Vec::new(), 0);
    for row in &rows {
        let (number, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if count >= MAX_ROWS && whole.is_empty() {
            return some_of_term(connection, number).await.map(|()| true);
        }
        sum += count;
        if sum > MAX_ROWS {
            break;
        }
        whole.push(number.to_string());
    }
    if whole.is_empty() {
        return Ok(false);
    }
    // Safe in SQL text: they are numbers of the dictionary.
    let whole = whole.join(",");
    let summaries = format!(
        "DELETE FROM record_summary WHERE slot IN (SELECT b.slot FROM term_1 t CROSS JOIN \
         record_summary b ON {} \
         WHERE t.number IN ({whole}))",
        is_of("b", "t")
    );
    sqlx::query(AssertSqlSafe(summaries)).persistent(false).execute(&mut *connection).await?;
    for (table, column) in [("posting_1", "term"), ("term_session_1", "term"), ("term_1", "number")]
    {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table} WHERE {column} IN ({whole})")))
            .persistent(false)
            .execute(&mut *connection)
            .await?;
    }
    Ok(true)
}

/// Deletes some rows of a term with very many records.
async fn some_of_term(connection: &mut SqliteConnection, term: i64) -> Result<(), sqlx::Error> {
    let summaries = format!(
        "DELETE FROM record_summary WHERE slot IN (SELECT b.slot FROM term_1 t CROSS JOIN \
         record_summary b ON {} \
         WHERE t.number = ?1 ORDER BY b.slot LIMIT ?2)",
        is_of("b", "t")
    );
    sqlx::query(AssertSqlSafe(summaries))
        .bind(term)
        .bind(MAX_ROWS)
        .execute(&mut *connection)
        .await?;
    for (table, column) in [("posting_1", "position"), ("term_session_1", "session")] {
        let sql = format!(
            "DELETE FROM {table} WHERE term = ?1 AND {column} IN (SELECT {column} FROM {table} \
             WHERE term = ?1 ORDER BY {column} LIMIT ?2)"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(term).bind(MAX_ROWS).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Deletes every row of a tenant.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let others: i64 = sqlx::query("SELECT count(*) FROM generation WHERE tenant <> ?")
        .bind(tenant.as_str())
        .fetch_one(&mut *transaction)
        .await?
        .try_get(0)?;
    // A DELETE without a condition frees the pages of a table without reading the rows.
    let statements: &[&'static str] = if others == 0 {
        &[
            "DELETE FROM record_summary",
            "DELETE FROM posting_1",
            "DELETE FROM term_session_1",
            "DELETE FROM term_1",
            "DELETE FROM session_row",
            "DELETE FROM record_1",
            "DELETE FROM generation",
        ]
    } else {
        &[
            "DELETE FROM record_summary WHERE slot IN (SELECT b.slot FROM term_1 t CROSS JOIN \
             record_summary b
                 ON b.slot BETWEEN t.number * 1048576 AND t.number * 1048576 + 1048575
                 WHERE t.generation IN (SELECT number FROM generation WHERE tenant = ?))",
            "DELETE FROM posting_1 WHERE term IN (SELECT number FROM term_1 WHERE generation IN \
             (SELECT number FROM generation WHERE tenant = ?))",
            "DELETE FROM term_session_1 WHERE term IN (SELECT number FROM term_1 WHERE generation \
             IN (SELECT number FROM generation WHERE tenant = ?))",
            "DELETE FROM term_1 WHERE generation IN (SELECT number FROM generation WHERE tenant = \
             ?)",
            "DELETE FROM session_row WHERE generation IN (SELECT number FROM generation WHERE \
             tenant = \
             ?)",
            "DELETE FROM record_1 WHERE generation IN (SELECT number FROM generation WHERE tenant \
             = ?)",
            "DELETE FROM generation WHERE tenant = ?",
        ]
    };
    for statement in statements {
        let query = sqlx::query(*statement);
        let query = if others == 0 { query } else { query.bind(tenant.as_str()) };
        query.execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

//! The rows as text.

use super::{
    SqliteViews, checkpoint, read, record_summaries,
    rows::id,
    session_row::{SELECTED, session_row},
    terms::to_text,
};
use claimledger_facts::ids::TenantId;
use claimledger_ledger::log::LogError;
use sqlx::{AssertSqlSafe, Row};

/// Every row of a generation, as lines.
pub(super) async fn dump(views: &SqliteViews, tenant: &TenantId) -> Result<Vec<String>, LogError> {
    let mut snapshot = views.shared.readers.begin().await.map_err(read)?;
    let Some(checkpoint) = checkpoint(&mut snapshot, tenant, views.place).await.map_err(read)?
    else {
        return Ok(vec!["covered 0".to_owned()]);
    };
    let mut lines = vec![format!("covered {}", checkpoint.covered)];
    let mut rows = async |sql: &str| {
        sqlx::query(AssertSqlSafe(sql.to_owned()))
            .bind(checkpoint.number)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(read)
    };
    for row in rows("SELECT id, position FROM record_1 WHERE generation = ? ORDER BY id").await? {
        lines.push(format!("record {} #{}", id(&row, 0)?, row.try_get::<i64, _>(1).map_err(read)?));
    }
    let postings = "SELECT t.term, p.position FROM term_1 t JOIN posting_1 p ON p.term = \
                    t.number WHERE t.generation = ? ORDER BY 1, 2";
    for row in rows(postings).await? {
        lines.push(format!(
            "posting {} #{}",
            to_text(row.try_get(0).map_err(read)?),
            row.try_get::<i64, _>(1).map_err(read)?
        ));
    }
    let sessions = "SELECT t.term, substr(s.term, 2) FROM term_1 t JOIN term_session_1 x \
         ON x.term = t.number JOIN term_1 s ON s.number = x.session
                    WHERE t.generation = ? ORDER BY 1, 2";
    for row in rows(sessions).await? {
        let session: Vec<u8> = row.try_get(1).map_err(read)?;
        lines.push(format!(
            "session {} {}",
            to_text(row.try_get(0).map_err(read)?),
            String::from_utf8_lossy(&session)
        ));
    }
    let session_rows =
        format!("SELECT {} FROM session_row h WHERE h.generation = ? ORDER BY h.name", *SELECTED);
    for row in rows(&session_rows).await? {
        lines.push(session_row(&row)?.to_text());
    }
    for row in rows(record_summaries::DUMP).await? {
        lines.push(record_summaries::to_text(&row)?);
    }
    Ok(lines)
}

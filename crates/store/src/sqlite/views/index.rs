//! The index of records: positions of ids, and revisions of sessions.

use super::{
    MAX_SELECT_IDS, SqliteViews, checkpoint, limit,
    postings::{POSTINGS, postings},
    read,
    rows::{id, record},
    terms::TermKey,
};
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, RecordId, SessionId, TenantId};
use claimledger_ledger::{
    index::{Looked, RecordIndex},
    log::LogError,
};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::HashMap;

#[async_trait]
impl RecordIndex for SqliteViews {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(
            self.checkpoint(tenant).await?.map_or(0, |checkpoint| checkpoint.covered as u64),
        ))
    }

    async fn look_up(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
        sessions: &[SessionId],
    ) -> Result<Looked, LogError> {
        // A transaction, so that all queries read one snapshot.
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        let Some(checkpoint) = checkpoint(&mut snapshot, tenant, self.place).await.map_err(read)?
        else {
            return Ok(Looked {
                covered: LogSize(0),
                positions: vec![None; ids.len()],
                revisions: vec![0; sessions.len()],
            });
        };
        let positions = positions(&mut snapshot, checkpoint.number, ids).await.map_err(read)?;
        let mut revisions = Vec::with_capacity(sessions.len());
        for session in sessions {
            revisions
                .push(revision(&mut snapshot, checkpoint.number, session).await.map_err(read)?);
        }
        snapshot.commit().await.map_err(read)?;
        Ok(Looked { covered: LogSize(checkpoint.covered as u64), positions, revisions })
    }

    async fn ids_after(
        &self,
        tenant: &TenantId,
        after: Option<RecordId>,
        max: usize,
    ) -> Result<Option<Vec<RecordId>>, LogError> {
        let _reading = self.reading().await;
        let Some(checkpoint) = self.checkpoint(tenant).await? else { return Ok(Some(Vec::new())) };
        let after = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
        let query = sqlx::query(
            "SELECT id, position, crc FROM record_1 WHERE generation = ? AND id > ? ORDER BY id \
             LIMIT ?",
        );
        let rows = query
            .bind(checkpoint.number)
            .bind(after)
            .bind(limit(max))
            .fetch_all(&self.shared.readers)
            .await
            .map_err(read)?;
        let checked = |row| record(checkpoint.number, row).map_err(read).and_then(|_| id(row, 0));
        rows.iter().map(checked).collect::<Result<_, _>>().map(Some)
    }
}

async fn positions(
    connection: &mut SqliteConnection,
    generation: i64,
    ids: &[RecordId],
) -> Result<Vec<Option<LogPosition>>, sqlx::Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(MAX_SELECT_IDS) {
        // Padded with the last id to a power of two, so that few statements are prepared and
        // reused.
        let asked = some.len().next_power_of_two();
        let mut sql =
            "SELECT id, position, crc FROM record_1 WHERE generation = ? AND id IN (?".to_owned();
        sql.extend(std::iter::repeat_n(",?", asked - 1));
        sql.push(')');
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(generation);
        for id in some.iter().chain(std::iter::repeat_n(&some[some.len() - 1], asked - some.len()))
        {
            query = query.bind(id.0.as_bytes().as_slice());
        }
        for row in query.fetch_all(&mut *connection).await? {
            let (id, position) = record(generation, &row)?;
            found.insert(id, position);
        }
    }
    Ok(ids.iter().map(|id| found.get(id.0.as_bytes().as_slice()).copied()).collect())
}

async fn revision(
    connection: &mut SqliteConnection,
    generation: i64,
    session: &SessionId,
) -> Result<u64, sqlx::Error> {
    let term = TermKey::of_session(session.as_str());
    let sql = format!("{POSTINGS} WHERE t.generation = ?2 AND t.term IN (?3)");
    let query =
        sqlx::query(AssertSqlSafe(sql)).bind(i64::MAX).bind(generation).bind(term.as_slice());
    let row = query.fetch_optional(connection).await?;
    row.map_or(Ok(0), |row| Ok(postings(generation, &row)?.len() as u64))
}

//! The rows of the log: their SQL, and reads of whole rows or of headers only, without the columns
//! of bodies.

use super::{failure::records_failed, heads::Head, log::SqliteLog};
use crate::columns::{
    Columns, MAX_READ_BYTES, MAX_SELECT_POSITIONS, MAX_SELECT_ROWS, Part, arrange, check_dense,
    damaged, removals,
};
use claimledger_facts::{
    ids::{LogPosition, TenantId},
    record::BodyKind,
};
use claimledger_ledger::log::{LogError, no_record};
use sqlx::{AssertSqlSafe, Row, sqlite::SqliteRow};
use std::fmt::Write;

pub(super) const POSITION_BITS: u32 = 40;
/// Maximum rows per INSERT: more would only lengthen the cached statements.
const MAX_INSERT_ROWS: usize = 64;

/// A few records are one statement, which is its own transaction: each further statement would cost
/// the waiting task another wake-up.
pub(super) fn insert(rows: usize) -> String {
    let mut inserts = (0..rows.div_ceil(MAX_INSERT_ROWS)).map(|n| {
        let mut text = "INSERT INTO log_entry (key, id, header, leaf, personal_removed, \
                        original_removed, facts, personal, original) VALUES (?,?,?,?,?,?,?,?,?)"
            .to_owned();
        text.extend(std::iter::repeat_n(
            ",(?,?,?,?,?,?,?,?,?)",
            (rows - n * MAX_INSERT_ROWS).min(MAX_INSERT_ROWS) - 1,
        ));
        text
    });
    if rows <= MAX_INSERT_ROWS {
        return inserts.next().unwrap_or_default();
    }
    let inserts: Vec<_> = inserts.collect();
    format!("BEGIN IMMEDIATE;\n{};\nCOMMIT", inserts.join(";\n"))
}

pub(super) fn key(number: i64, position: u64) -> i64 {
    (number << POSITION_BITS) | position as i64
}

pub(super) fn position_of(number: i64, key: i64) -> u64 {
    (key - (number << POSITION_BITS)) as u64
}

/// Removes bodies at this many keys: binds the removal once for each body, then the keys.
pub(super) fn remove(bodies: &[BodyKind], keys: usize) -> String {
    let set = removals(bodies, |_| "?".to_owned());
    let mut sql = format!("UPDATE log_entry SET {set} WHERE key IN (?");
    sql.extend(std::iter::repeat_n(",?", keys.saturating_sub(1)));
    sql.push(')');
    sql
}

impl Columns for SqliteRow {
    fn bytes(&self, at: usize) -> Result<Option<&[u8]>, sqlx::Error> {
        self.try_get(at)
    }
}

impl SqliteLog {
    /// Up to `max` rows from a position on.
    pub(super) async fn range<P: Part>(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<P>, LogError> {
        let Some(head) = self.head_of(tenant).await? else { return Ok(Vec::new()) };
        let (mut next, mut read, mut bytes) = (from.0, Vec::new(), 0);
        let until = head.size.min(from.0.saturating_add(max as u64));
        while next < until && bytes < MAX_READ_BYTES {
            let rows = (until - next).min(MAX_SELECT_ROWS as u64);
            let sql = "WHERE key >= ? AND key < ? ORDER BY key";
            let keys = [key(head.number, next), key(head.number, next + rows)];
            let some = self.rows::<P>(head.number, sql, &keys).await?;
            check_dense(next, &some)?;
            if (some.len() as u64) < rows {
                return Err(no_record(LogPosition(next + some.len() as u64)));
            }
            for (_, part) in some {
                bytes += part.size();
                read.push(part);
            }
            next += rows;
        }
        Ok(read)
    }

    /// Rows at these positions, in the order of `positions`.
    pub(super) async fn at<P: Part>(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<P>, LogError> {
        let head = self.head_of(tenant).await?.unwrap_or(Head { number: 0, size: 0 });
        if let Some(position) = positions.iter().find(|position| position.0 >= head.size) {
            return Err(no_record(*position));
        }
        let mut read = Vec::with_capacity(positions.len());
        for some in positions.chunks(MAX_SELECT_POSITIONS) {
            // Padded with the last to a power of two, so that few statements are prepared and
            // reused.
            let asked = some.len().next_power_of_two();
            let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
            let keys: Vec<_> =
                some.iter().chain(padding).map(|position| key(head.number, position.0)).collect();
            let mut sql = "WHERE key IN (?".to_owned();
            sql.extend(std::iter::repeat_n(",?", asked - 1));
            let _ = write!(sql, ")");
            let rows = self.rows(head.number, &sql, &keys).await?;
            arrange(some, rows, &mut read)?;
        }
        Ok(read)
    }

    async fn rows<P: Part>(
        &self,
        number: i64,
        condition: &str,
        keys: &[i64],
    ) -> Result<Vec<(LogPosition, P)>, LogError> {
        let first = LogPosition(position_of(number, keys.first().copied().unwrap_or_default()));
        let sql = format!("SELECT key, {} FROM log_entry {condition}", P::COLUMNS);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for key in keys {
            query = query.bind(*key);
        }
        let rows = query
            .fetch_all(self.readers())
            .await
            .map_err(|error| records_failed(self.file(), first, error))?;
        rows.iter()
            .map(|row| {
                let key: i64 = row
                    .try_get(0)
                    .map_err(|_| damaged(LogPosition(0), "log_entry.key does not read"))?;
                let position = LogPosition(position_of(number, key));
                Ok((position, P::read(position, row)?))
            })
            .collect()
    }
}

//! The rows of the log: their SQL, and reads of whole rows or of headers only, without the columns
//! of bodies.

use super::{failure::records_failed, heads::Head, log::SqliteLog};
use claimledger_facts::{
    ids::{LogPosition, RecordId, TenantId},
    record::{BodyKind, Digest32, Entry, Removal, SealedBody, StoredHeader},
};
use claimledger_ledger::log::{LogError, no_record};
use sqlx::{AssertSqlSafe, Row, sqlite::SqliteRow};
use std::{collections::HashMap, fmt::Write};
use uuid::Uuid;

pub(super) const POSITION_BITS: u32 = 40;
/// Maximum rows per INSERT: more would only lengthen the cached statements.
const MAX_INSERT_ROWS: usize = 64;
/// Maximum positions per SELECT.
const MAX_SELECT_POSITIONS: usize = 256;
/// Maximum rows per SELECT.
const MAX_SELECT_ROWS: usize = 128;
/// Bytes after which a read returns fewer rows than requested.
const MAX_READ_BYTES: usize = 4 * 1024 * 1024;

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
    let set: Vec<_> = bodies
        .iter()
        .map(|body| {
            let column = body.as_str();
            format!("{column} = NULL, {column}_removed = coalesce({column}_removed, ?)")
        })
        .collect();
    let mut sql = format!("UPDATE log_entry SET {} WHERE key IN (?", set.join(", "));
    sql.extend(std::iter::repeat_n(",?", keys.saturating_sub(1)));
    sql.push(')');
    sql
}

/// Columns that a read selects, and the result of each row.
pub(super) trait Part: Clone + Send {
    /// The columns after the key, in the order of [`Self::read`].
    const COLUMNS: &'static str;

    fn read(position: LogPosition, row: &SqliteRow) -> Result<Self, LogError>;

    /// Its size in bytes.
    fn size(&self) -> usize;
}

impl Part for StoredHeader {
    const COLUMNS: &'static str = "id, header, leaf";

    fn read(position: LogPosition, row: &SqliteRow) -> Result<Self, LogError> {
        let id = Uuid::from_slice(blob(position, row, 1, "id")?)
            .map_err(|_| damaged(position, "log_entry.id has another length"))?;
        let leaf = blob(position, row, 3, "leaf")?
            .try_into()
            .map_err(|_| damaged(position, "log_entry.leaf has another length"))?;
        let bytes = blob(position, row, 2, "header")?.to_vec();
        Ok(Self { id: RecordId(id), bytes, leaf: Digest32(leaf) })
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl Part for Entry {
    const COLUMNS: &'static str =
        "id, header, leaf, personal_removed, original_removed, facts, personal, original";

    fn read(position: LogPosition, row: &SqliteRow) -> Result<Self, LogError> {
        Ok(Self {
            header: StoredHeader::read(position, row)?,
            facts: blob(position, row, 6, "facts")?.to_vec(),
            personal: sealed(position, row, BodyKind::Personal, (7, 4))?,
            original: sealed(position, row, BodyKind::Original, (8, 5))?,
        })
    }

    fn size(&self) -> usize {
        Self::size(self)
    }
}

fn damaged(position: LogPosition, what: impl Into<String>) -> LogError {
    LogError::Corrupt { position, what: what.into() }
}

/// By index, because looking a column name up takes longer than reading the column.
fn blob<'r>(
    position: LogPosition,
    row: &'r SqliteRow,
    at: usize,
    column: &str,
) -> Result<&'r [u8], LogError> {
    optional(position, row, at, column)?
        .ok_or_else(|| damaged(position, format!("log_entry.{column} does not read")))
}

fn optional<'r>(
    position: LogPosition,
    row: &'r SqliteRow,
    at: usize,
    column: &str,
) -> Result<Option<&'r [u8]>, LogError> {
    row.try_get(at).map_err(|_| damaged(position, format!("log_entry.{column} does not read")))
}

/// A sealed body, or why it was removed: `columns` are those of its bytes and of the reason.
fn sealed(
    position: LogPosition,
    row: &SqliteRow,
    body: BodyKind,
    (bytes, removed): (usize, usize),
) -> Result<SealedBody, LogError> {
    let column = body.as_str();
    match (optional(position, row, bytes, column)?, optional(position, row, removed, column)?) {
        (Some(bytes), None) => Ok(SealedBody::Present(bytes.to_vec())),
        (None, Some(removed)) => match Removal::decode(removed) {
            Ok(removal) => Ok(SealedBody::Removed(removal)),
            Err(error) => Err(damaged(position, error.what)),
        },
        (None, None) => {
            Err(damaged(position, format!("the {column} body is missing, and nothing says why")))
        }
        (Some(_), Some(_)) => {
            Err(damaged(position, format!("the {column} body is there and said to be removed")))
        }
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
            if some.len() as u64 != rows {
                let there = (next..).zip(&some).take_while(|(n, (at, _))| at.0 == *n).count();
                return Err(no_record(LogPosition(next + there as u64)));
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
            let mut found: HashMap<_, P> =
                self.rows(head.number, &sql, &keys).await?.into_iter().collect();
            let repeated = found.len() < some.len();
            for position in some {
                let part =
                    if repeated { found.get(position).cloned() } else { found.remove(position) };
                read.push(part.ok_or_else(|| no_record(*position))?);
            }
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

//! Reading rows of the other tables, each verified with its checksum.

use super::{FILE, read, sums, terms::to_text};
use claimledger_facts::ids::{LogPosition, RecordId};
use claimledger_ledger::log::LogError;
use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

/// A number of the dictionary, verified with its checksum; both start at this column.
pub(super) fn term_number(
    generation: i64,
    term: &[u8],
    row: &SqliteRow,
    column: usize,
) -> Result<i64, sqlx::Error> {
    let (number, crc): (i64, i64) = (row.try_get(column)?, row.try_get(column + 1)?);
    sums::check("term_1", || to_text(term), crc, sums::term(generation, term, number))?;
    Ok(number)
}

/// Id and position, of the columns `id, position, crc`.
pub(super) fn record(
    generation: i64,
    row: &SqliteRow,
) -> Result<(Vec<u8>, LogPosition), sqlx::Error> {
    let (id, position, crc): (Vec<u8>, i64, i64) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    sums::check(
        "record_1",
        || Uuid::from_slice(&id).unwrap_or_default().to_string(),
        crc,
        sums::record(generation, &id, position),
    )?;
    Ok((id, LogPosition(position as u64)))
}

pub(super) fn id(row: &SqliteRow, column: usize) -> Result<RecordId, LogError> {
    let bytes: &[u8] = row.try_get(column).map_err(read)?;
    let id = Uuid::from_slice(bytes)
        .map_err(|_| LogError::damaged(FILE, "record_1", "an id has another length"))?;
    Ok(RecordId(id))
}

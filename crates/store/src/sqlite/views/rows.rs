//! Reading rows, each verified with its checksum.

use super::{FILE, generations::damaged_row, list::NEVER_OVER, read, sums, terms::to_text};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId},
    time::Time,
};
use claimledger_ledger::{log::LogError, session_flags::SessionFlags, views::SessionRow};
use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

/// The columns of a row `h` of `session_row` that [`session_row`] reads.
pub(super) const HEAD: &str = "h.name, h.first_occurred, h.first_source, h.first_source_id, \
    h.assessed_to, h.over_at, h.state, h.session, h.generation, h.length, h.crc, h.flags, \
    h.last_occurred, h.span";

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

/// A row of the columns of [`HEAD`].
pub(super) fn session_row(row: &SqliteRow) -> Result<SessionRow, LogError> {
    checked_head(row).map_err(read)
}

pub(super) fn checked_head(row: &SqliteRow) -> Result<SessionRow, sqlx::Error> {
    let (over_at, flags): (i64, i64) = (row.try_get(5)?, row.try_get(11)?);
    let flags = u8::try_from(flags).ok().and_then(SessionFlags::from_bits);
    let head = SessionRow {
        session: SessionId::new(row.try_get::<String, _>(0)?),
        first_occurred: Time::from_micros(row.try_get(1)?),
        first_source: row.try_get(2)?,
        first_source_id: row.try_get(3)?,
        assessed_to: LogSize(row.try_get::<i64, _>(4)? as u64),
        over_at: Some(over_at).filter(|over| *over != NEVER_OVER).map(Time::from_micros),
        last_occurred: Time::from_micros(row.try_get(12)?),
        flags: flags.ok_or_else(|| damaged_row("session_row", "a flag is not one of ours"))?,
        state: row.try_get(6)?,
    };
    let (session, generation, crc): (i64, i64, i64) =
        (row.try_get(7)?, row.try_get(8)?, row.try_get(10)?);
    let ends = [over_at, row.try_get(9)?, row.try_get(13)?];
    sums::check(
        "session_row",
        || head.session.to_string(),
        crc,
        sums::head(session, generation, &head, ends),
    )?;
    Ok(head)
}

pub(super) fn id(row: &SqliteRow, column: usize) -> Result<RecordId, LogError> {
    let bytes: &[u8] = row.try_get(column).map_err(read)?;
    let id = Uuid::from_slice(bytes)
        .map_err(|_| LogError::damaged(FILE, "record_1", "an id has another length"))?;
    Ok(RecordId(id))
}

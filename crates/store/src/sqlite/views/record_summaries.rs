//! The summaries of sessions' records, in parts ([`RecordSummaries`]).

use super::{MAX_SELECT_IDS, read, rows::term_number, sums, terms::TermKey};
use claimledger_facts::ids::{LogPosition, SessionId};
use claimledger_ledger::{log::LogError, record_summaries::RecordSummaries};
use sqlx::{AssertSqlSafe, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use std::collections::{BTreeMap, HashMap};

/// Maximum parts of one session: a slot is the session's number times this, plus the part's number.
const MAX_PARTS: i64 = 1_048_576;

/// The summaries that a batch adds, by the number of the session.
pub(super) type Added<'b> = BTreeMap<i64, Vec<(LogPosition, &'b [u8])>>;

/// A part that a batch changes.
pub(super) struct Changed {
    pub(super) slot: i64,
    pub(super) part: RecordSummaries,
    /// Whether the part is new.
    pub(super) new: bool,
}

/// The parts that a batch changes. Sessions with a number from `new` on have no part yet.
pub(super) async fn changed(
    connection: &mut SqliteConnection,
    added: Added<'_>,
    new: i64,
) -> Result<Vec<Changed>, sqlx::Error> {
    let before: Vec<i64> = added.range(..new).map(|(number, _)| *number).collect();
    let mut last = last_of_each(connection, &before).await?;
    let mut changed = Vec::with_capacity(added.len());
    for (number, summaries) in added {
        let found = last.remove(&number);
        let mut new = found.is_none();
        let (mut slot, mut part) =
            found.unwrap_or((number * MAX_PARTS, RecordSummaries::default()));
        for (position, summary) in summaries {
            if !part.push(position, summary).map_err(too_much)? {
                changed.push(Changed { slot, part: std::mem::take(&mut part), new });
                (slot, new) = (slot + 1, true);
                if slot % MAX_PARTS == 0 {
                    return Err(too_much(LogError::unavailable(
                        "a session has more records than can be kept of it",
                    )));
                }
                part.push(position, summary).map_err(too_much)?;
            }
        }
        changed.push(Changed { slot, part, new });
    }
    Ok(changed)
}

/// The last part of each session, with its slot.
async fn last_of_each(
    connection: &mut SqliteConnection,
    numbers: &[i64],
) -> Result<HashMap<i64, (i64, RecordSummaries)>, sqlx::Error> {
    let mut last = HashMap::with_capacity(numbers.len());
    for some in numbers.chunks(MAX_SELECT_IDS) {
        // Padded with the last to a power of two, so that few statements are prepared and reused.
        let asked = some.len().next_power_of_two();
        let sql = format!(
            "WITH asked (number) AS (VALUES (?){})
             SELECT a.number, b.slot, b.brief, b.crc FROM asked a CROSS JOIN record_summary b
             ON b.slot = (SELECT max(l.slot) FROM record_summary l WHERE {})",
            ",(?)".repeat(asked - 1),
            is_of("l", "a")
        );
        let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
        let query = some
            .iter()
            .chain(padding)
            .fold(sqlx::query(AssertSqlSafe(sql)), |query, number| query.bind(*number));
        for row in query.fetch_all(&mut *connection).await? {
            last.insert(row.try_get(0)?, part(&row, 1)?);
        }
    }
    Ok(last)
}

/// Slot and part, of the columns `slot, brief, crc` from this column on.
pub(super) fn part(row: &SqliteRow, column: usize) -> Result<(i64, RecordSummaries), sqlx::Error> {
    let (slot, bytes, crc): (i64, Vec<u8>, i64) =
        (row.try_get(column)?, row.try_get(column + 1)?, row.try_get(column + 2)?);
    sums::check("record_summary", || format!("slot {slot}"), crc, sums::summary(slot, &bytes))?;
    Ok((slot, RecordSummaries::from_bytes(bytes)))
}

/// The parts of each of these sessions, in the order of `sessions`.
pub(super) async fn of_each(
    readers: &SqlitePool,
    generation: i64,
    sessions: &[SessionId],
) -> Result<Vec<Vec<RecordSummaries>>, LogError> {
    let mut found: HashMap<Vec<u8>, Vec<RecordSummaries>> = HashMap::with_capacity(sessions.len());
    for some in sessions.chunks(MAX_SELECT_IDS) {
        let asked = some.len().next_power_of_two();
        let sql = format!(
            "SELECT t.term, t.number, t.crc, b.slot, b.brief, b.crc FROM term_1 t \
             LEFT JOIN record_summary b ON {}
             WHERE t.generation = ? AND t.term IN (?{}) ORDER BY t.term, b.slot",
            is_of("b", "t"),
            ",?".repeat(asked - 1)
        );
        let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
        let query = sqlx::query(AssertSqlSafe(sql)).bind(generation);
        let query = some.iter().chain(padding).fold(query, |query, session| {
            query.bind(TermKey::of_session(session.as_str()).into_bytes())
        });
        for row in query.fetch_all(readers).await.map_err(read)? {
            let term: &[u8] = row.try_get(0).map_err(read)?;
            let number = term_number(generation, term, &row, 1).map_err(read)?;
            if row.try_get::<Option<i64>, _>(3).map_err(read)?.is_none() {
                continue;
            }
            let (slot, part) = part(&row, 3).map_err(read)?;
            let parts = found.entry(term.to_vec()).or_default();
            // Parts are numbered without gaps: a gap or a wrong number is damage.
            if slot != number * MAX_PARTS + parts.len() as i64 {
                return Err(LogError::damaged(
                    super::FILE,
                    format!("record_summary, slot {slot}"),
                    "a part of the session before it is gone",
                ));
            }
            parts.push(part);
        }
    }
    // `sessions` may have duplicates.
    Ok(sessions
        .iter()
        .map(|session| {
            found.get(TermKey::of_session(session.as_str()).as_slice()).cloned().unwrap_or_default()
        })
        .collect())
}

/// The columns that [`to_text`] reads: of a session's term `t` and a part `b`.
pub(super) const COLUMNS: &str = "substr(t.term, 2), b.slot, b.brief, b.crc";

/// Every part of a generation. Terms are ordered by kind, and sessions are the first kind.
pub(super) const DUMP: &str = "SELECT substr(t.term, 2), b.slot, b.brief, b.crc
    FROM term_1 t CROSS JOIN record_summary b ON b.slot BETWEEN t.number * 1048576 \
    AND t.number * 1048576 + 1048575
    WHERE t.generation = ? AND t.term < x'02' ORDER BY t.term, b.slot";

/// The number of parts of a generation.
pub(super) const COUNT: &str = "SELECT count(*)
    FROM term_1 t CROSS JOIN record_summary b ON b.slot BETWEEN t.number * 1048576 \
    AND t.number * 1048576 + 1048575
    WHERE t.generation = ? AND t.term < x'02'";

/// Parts that generation ?1 has and generation ?2 lacks.
pub(super) const ONLY: &str = "FROM term_1 t LEFT JOIN term_1 o ON o.generation = ?2 \
    AND o.term = t.term
    CROSS JOIN record_summary b ON b.slot BETWEEN t.number * 1048576 AND t.number * 1048576 + \
     1048575
    LEFT JOIN record_summary c ON c.slot = o.number * 1048576 + b.slot - t.number * 1048576 \
    AND c.brief = b.brief
    WHERE t.generation = ?1 AND t.term < x'02' AND c.slot IS NULL";

/// Formats a row as in a dump.
pub(super) fn to_text(row: &SqliteRow) -> Result<String, LogError> {
    let session: Vec<u8> = row.try_get(0).map_err(read)?;
    let (slot, part) = part(row, 1).map_err(read)?;
    Ok(part.to_text(&String::from_utf8_lossy(&session), (slot % MAX_PARTS).unsigned_abs()))
}

/// The condition that a part `b` is one of the session of the term `t`.
pub(super) fn is_of(b: &str, t: &str) -> String {
    format!(
        "{b}.slot BETWEEN {t}.number * {MAX_PARTS} AND {t}.number * {MAX_PARTS} + {MAX_PARTS} - 1"
    )
}

fn too_much(error: LogError) -> sqlx::Error {
    sqlx::Error::Encode(Box::new(error))
}

//! The positions of terms.

use super::{
    MAX_SELECT_IDS, SqliteViews,
    generations::{self, GenerationRow},
    limit, read,
    rows::term_number,
    sums,
    terms::{TermKey, to_text},
};
use claimledger_facts::ids::{LogPosition, TenantId};
use claimledger_ledger::{log::LogError, views::Term};
use sqlx::{AssertSqlSafe, Row, sqlite::SqliteRow};
use std::collections::HashMap;

/// A term with all its positions up to ?1 in one row, for [`postings`], because a row costs more
/// than the numbers in it.
pub(super) const POSTINGS: &str = "SELECT t.term, t.number, t.crc,
    (SELECT group_concat(p.position) FROM (SELECT position FROM posting_1 WHERE term = t.number \
    AND position <= ?1 ORDER BY position) p),
    (SELECT sum(crc) FROM posting_1 WHERE term = t.number AND position <= ?1)
    FROM term_1 t";

/// The positions of a row of [`POSTINGS`], verified with the sum of their checksums.
pub(super) fn postings(generation: i64, row: &SqliteRow) -> Result<Vec<LogPosition>, sqlx::Error> {
    let term: &[u8] = row.try_get(0)?;
    let number = term_number(generation, term, row, 1)?;
    let (text, sum): (Option<&str>, Option<i64>) = (row.try_get(3)?, row.try_get(4)?);
    let (mut positions, mut computed) = (Vec::new(), 0);
    for position in text.unwrap_or_default().split_terminator(',') {
        let position: i64 = position
            .parse()
            .map_err(|_| generations::damaged_row("posting_1", "a position is no number"))?;
        computed += sums::posting(number, position);
        positions.push(LogPosition(position as u64));
    }
    sums::check("posting_1", || to_text(term), sum.unwrap_or_default(), computed)?;
    Ok(positions)
}

/// The positions of a term.
pub(super) async fn positions_of(
    views: &SqliteViews,
    tenant: &TenantId,
    term: &Term,
    from: LogPosition,
    known_at: LogPosition,
    max: usize,
) -> Result<Vec<LogPosition>, LogError> {
    let _reading = views.reading().await;
    let Some(GenerationRow { number: generation, .. }) = views.checkpoint(tenant).await? else {
        return Ok(Vec::new());
    };
    // Joins the term's row to verify its number too: a wrong one would give the positions of
    // another term, or none.
    let sql = "SELECT t.number, t.crc, p.position, p.crc FROM term_1 t
               LEFT JOIN posting_1 p ON p.term = t.number AND p.position BETWEEN ? AND ?
               WHERE t.generation = ? AND t.term = ? ORDER BY p.position LIMIT ?";
    let position = |position: LogPosition| i64::try_from(position.0).unwrap_or(i64::MAX);
    let key = TermKey::of(term);
    let query = sqlx::query(sql)
        .bind(position(from))
        .bind(position(known_at))
        .bind(generation)
        .bind(key.as_slice())
        .bind(limit(max));
    let rows = query.fetch_all(&views.shared.readers).await.map_err(read)?;
    let mut positions = Vec::with_capacity(rows.len());
    for row in &rows {
        let number = term_number(generation, key.as_slice(), row, 0).map_err(read)?;
        if let Some(position) = row.try_get::<Option<i64>, _>(2).map_err(read)? {
            let crc = row.try_get(3).map_err(read)?;
            sums::check(
                "posting_1",
                || format!("{} {position}", to_text(key.as_slice())),
                crc,
                sums::posting(number, position),
            )
            .map_err(read)?;
            positions.push(LogPosition(position as u64));
        }
    }
    Ok(positions)
}

/// The positions of each of these terms.
pub(super) async fn positions_of_each(
    views: &SqliteViews,
    tenant: &TenantId,
    terms: &[Term],
    known_at: LogPosition,
) -> Result<Vec<Vec<LogPosition>>, LogError> {
    let _reading = views.reading().await;
    let Some(GenerationRow { number, .. }) = views.checkpoint(tenant).await? else {
        return Ok(vec![Vec::new(); terms.len()]);
    };
    let known_at = i64::try_from(known_at.0).unwrap_or(i64::MAX);
    let mut found: HashMap<Vec<u8>, Vec<LogPosition>> = HashMap::with_capacity(terms.len());
    for some in terms.chunks(MAX_SELECT_IDS) {
        let asked = some.len().next_power_of_two();
        // The driver numbers unnumbered parameters separately, so each has a number.
        let numbers: Vec<_> = (3..3 + asked).map(|number| format!("?{number}")).collect();
        let sql =
            format!("{POSTINGS} WHERE t.generation = ?2 AND t.term IN ({})", numbers.join(","));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(known_at).bind(number);
        let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
        let query = some
            .iter()
            .chain(padding)
            .fold(query, |query, term| query.bind(TermKey::of(term).into_bytes()));
        for row in query.fetch_all(&views.shared.readers).await.map_err(read)? {
            let positions = postings(number, &row).map_err(read)?;
            found.insert(row.try_get(0).map_err(read)?, positions);
        }
    }
    // `terms` may have duplicates.
    Ok(terms
        .iter()
        .map(|term| found.get(TermKey::of(term).as_slice()).cloned().unwrap_or_default())
        .collect())
}

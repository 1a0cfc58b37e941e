//! Lists of sessions: the choice of the query plan.
//!
//! Few sessions of a term are fetched and sorted. Many are scanned in the order of the list, with a
//! look-up of the term for each. Sessions active at an instant are searched in one range of start
//! times per length: a session that lasted less than an hour began less than an hour before.
//! Sessions with a fact at or after an instant are searched in the same way, by the time from the
//! first fact to the last. Sessions with a flag have an index of their own, in the order of the
//! list.

use super::{
    SqliteViews,
    generations::GenerationRow,
    limit, read,
    session_row::{
        Column, MAX_LENGTH, MIN_LENGTH, OPEN_END_LENGTH, SELECTED, checked, session_row,
    },
    sums,
    terms::TermKey,
};
use claimledger_facts::{
    ids::{LogSize, SessionId, TenantId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    session_flags::{SessionFlag, SessionFlags},
    views::{RowFilter, SessionRow, SortKey, Term, TermKind},
};
use sqlx::{AssertSqlSafe, Row, SqlitePool, sqlite::SqliteRow};
use std::fmt::Write;

/// Maximum sessions of a term that are fetched and sorted; with more, the list is scanned in order
/// with a look-up of the term for each session.
const MAX_SORTED_SESSIONS: i64 = 4096;
/// The first parameter of the terms after the first.
const FIRST_TERM: usize = 12;

/// The sessions that carry all of these terms.
pub(super) async fn sessions_with(
    views: &SqliteViews,
    tenant: &TenantId,
    terms: &[Term],
    filter: Option<RowFilter>,
    after: Option<&SortKey>,
    max: usize,
) -> Result<Vec<SessionRow>, LogError> {
    let _reading = views.reading().await;
    let Some(GenerationRow { number, .. }) = views.checkpoint(tenant).await? else {
        return Ok(Vec::new());
    };
    let (mut only, mut carried) = (Vec::new(), Vec::new());
    for term in terms {
        let Some(found) = views.term(number, &TermKey::of(term)).await? else {
            return Ok(Vec::new());
        };
        match term.kind {
            TermKind::Session => only.push(found),
            _ => carried.push((views.sessions_of(found, MAX_SORTED_SESSIONS).await?, found)),
        }
    }
    carried.sort_unstable();
    let few = carried.first().is_some_and(|(sessions, _)| *sessions < MAX_SORTED_SESSIONS);
    let plan = match filter {
        _ if !only.is_empty() => Plan::Only,
        _ if few => Plan::Few,
        Some(filter) if views.changed_since(number, filter.size).await? < MAX_SORTED_SESSIONS => {
            views.plan_of(number, filter).await?
        }
        _ => Plan::InOrder,
    };
    let list = List { only: &only, carried: &carried, plan, filter, after };
    list.rows(&views.shared.readers, number, max).await
}

/// How many sessions' records carry a term, up to `max`.
pub(super) async fn count_with(
    views: &SqliteViews,
    tenant: &TenantId,
    term: &Term,
    max: usize,
) -> Result<usize, LogError> {
    let _reading = views.reading().await;
    let Some(GenerationRow { number, .. }) = views.checkpoint(tenant).await? else { return Ok(0) };
    let Some(found) = views.term(number, &TermKey::of(term)).await? else { return Ok(0) };
    let count = views.sessions_of(found, limit(max)).await?;
    Ok(usize::try_from(count).unwrap_or(max))
}

/// The row of one session.
pub(super) async fn session(
    views: &SqliteViews,
    tenant: &TenantId,
    session: &SessionId,
) -> Result<Option<SessionRow>, LogError> {
    let _reading = views.reading().await;
    let Some(GenerationRow { number: generation, .. }) = views.checkpoint(tenant).await? else {
        return Ok(None);
    };
    let Some(number) = views.term(generation, &TermKey::of_session(session.as_str())).await? else {
        return Ok(None);
    };
    let query = sqlx::query(AssertSqlSafe(format!(
        "SELECT {} FROM session_row h WHERE h.session = ?",
        *SELECTED
    )))
    .bind(number);
    query
        .fetch_optional(&views.shared.readers)
        .await
        .map_err(read)?
        .as_ref()
        .map(session_row)
        .transpose()
}

impl SqliteViews {
    /// The number of rows that were assessed after a size, counted up to the limit that decides the
    /// query plan.
    async fn changed_since(&self, generation: i64, size: LogSize) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM session_row INDEXED BY \
         session_row_by_size WHERE \
                   generation = ? AND assessed_to > ? LIMIT ?)";
        let query = sqlx::query(sql)
            .bind(generation)
            .bind(i64::try_from(size.0).unwrap_or(i64::MAX))
            .bind(MAX_SORTED_SESSIONS);
        query.fetch_one(&self.shared.readers).await.and_then(|row| row.try_get(0)).map_err(read)
    }

    /// The plan for a filter, where few rows were assessed after its size: the flag with the fewest
    /// rows. With many of each, an instant or a last fact is searched instead.
    async fn plan_of(&self, generation: i64, filter: RowFilter) -> Result<Plan, LogError> {
        let mut fewest: Option<(i64, SessionFlag)> = None;
        for flag in filter.flags.iter() {
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 FROM session_row h INDEXED BY {} WHERE \
                 h.generation = ? AND {} LIMIT ?)",
                index_of(flag),
                has(flag)
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(generation).bind(MAX_SORTED_SESSIONS);
            let row = query.fetch_one(&self.shared.readers).await;
            let rows: i64 = row.and_then(|row| row.try_get(0)).map_err(read)?;
            if fewest.is_none_or(|(least, _)| rows < least) {
                fewest = Some((rows, flag));
            }
        }
        let otherwise = match (filter.active_at, filter.last_from) {
            (Some(_), _) => Plan::ByLength,
            (None, Some(_)) => Plan::BySpan,
            (None, None) => Plan::InOrder,
        };
        Ok(match fewest {
            Some((rows, _)) if rows >= MAX_SORTED_SESSIONS && otherwise != Plan::InOrder => {
                otherwise
            }
            Some((_, flag)) => Plan::ByFlag(flag),
            None => otherwise,
        })
    }

    async fn sessions_of(&self, term: i64, max: i64) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM term_session_1 WHERE term = ? LIMIT ?)";
        let row = sqlx::query(sql).bind(term).bind(max).fetch_one(&self.shared.readers).await;
        row.and_then(|row| row.try_get(0)).map_err(read)
    }
}

/// How the rows of a list are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// By the one session that is named.
    Only,
    /// By the first term, which few sessions carry; they are sorted.
    Few,
    /// By the index of a flag, and that of the rows that were assessed after the filter's size.
    ByFlag(SessionFlag),
    /// By one range of start times per length, and the rows assessed after the filter's size.
    ByLength,
    /// The same for the time to a session's last fact, of sessions with a fact at or after an
    /// instant.
    BySpan,
    /// In the order of the list.
    InOrder,
}

/// The index of the rows with a flag.
const fn index_of(flag: SessionFlag) -> &'static str {
    match flag {
        SessionFlag::Differs => "session_row_differs",
        SessionFlag::FalsifiedLater => "session_row_falsified",
        SessionFlag::Outlived => "session_row_outlived",
        SessionFlag::Retracted => "session_row_retracted",
    }
}

/// The condition of that index, as it is written there: SQLite uses it for no other one.
fn has(flag: SessionFlag) -> String {
    format!("h.flags & {} <> 0", flag.bit())
}

/// The parameters of a list, with terms as numbers.
struct List<'a> {
    /// Sessions; if there are any, the list has at most one row.
    only: &'a [i64],
    /// Terms, with the number of sessions that carry each; the rarest first.
    carried: &'a [(i64, i64)],
    plan: Plan,
    filter: Option<RowFilter>,
    after: Option<&'a SortKey>,
}

impl List<'_> {
    async fn rows(
        &self,
        readers: &SqlitePool,
        generation: i64,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError> {
        let key = self.after.map(|key| {
            (
                key.first_occurred.micros(),
                key.first_source.as_str(),
                key.first_source_id.as_str(),
                key.session.as_str(),
            )
        });
        let mut query = sqlx::query(AssertSqlSafe(self.text()))
            .bind(
                self.only
                    .first()
                    .or(self.carried.first().map(|(_, term)| term))
                    .copied()
                    .unwrap_or(0),
            )
            .bind(generation)
            .bind(key.map(|key| key.0))
            .bind(key.map(|key| key.1))
            .bind(key.map(|key| key.2))
            .bind(key.map(|key| key.3))
            .bind(limit(max))
            .bind(self.filter.and_then(|filter| filter.active_at).map(Time::micros))
            .bind(self.filter.map(|filter| i64::try_from(filter.size.0).unwrap_or(i64::MAX)))
            .bind(self.filter.and_then(|filter| filter.last_from).map(Time::micros))
            .bind(self.filter.map(|filter| filter.flags_at.micros()));
        for number in self.only.iter().skip(1).chain(self.carried.iter().map(|(_, term)| term)) {
            query = query.bind(*number);
        }
        query
            .fetch_all(readers)
            .await
            .map_err(read)?
            .iter()
            .map(|row| self.checked(row).map_err(read))
            .collect()
    }

    /// A row, and the rows of `term_session_1` that matched it.
    fn checked(&self, row: &SqliteRow) -> Result<SessionRow, sqlx::Error> {
        let found = checked(row)?;
        let session: i64 = row.try_get(Column::Session.at())?;
        for ((_, term), column) in self.carried.iter().zip(Column::COUNT..) {
            let computed = sums::session(*term, session);
            sums::check(
                "term_session_1",
                || format!("term {term}, session {session}"),
                row.try_get(column)?,
                computed,
            )?;
        }
        Ok(found)
    }

    /// ?1: the first term; ?2: the generation; ?3 to ?6: the sort key to start after; ?7: the
    /// limit; ?8 and ?9: the instant and the size; ?10: the earliest last fact; ?11: T of the
    /// flags; then the other terms.
    fn text(&self) -> String {
        // CROSS JOIN and INDEXED BY force the plan that was chosen here: the planner does not know
        // how many sessions a term has.
        let from = match self.plan {
            Plan::ByLength => return self.text_by_length(),
            Plan::BySpan => return self.text_by_span(),
            Plan::ByFlag(flag) => return self.text_by_flag(flag),
            Plan::Only => "session_row h WHERE h.session = ?1 AND h.generation = ?2",
            Plan::Few => {
                "term_session_1 t CROSS JOIN session_row h ON h.session = t.session WHERE t.term \
                 = ?1 \
                 AND h.generation = ?2"
            }
            Plan::InOrder => {
                "session_row h INDEXED BY session_row_in_order WHERE ?1 IS NOT NULL AND \
                 h.generation = ?2"
            }
        };
        self.branch(from, &format!("{}{}", self.active(), self.others()))
    }

    /// The condition of rows that may be of a session that was active.
    fn active(&self) -> &'static str {
        match self.filter.and_then(|filter| filter.active_at) {
            Some(_) => " AND h.first_occurred <= ?8 AND (h.over_at > ?8 OR h.assessed_to > ?9)",
            None => "",
        }
    }

    /// The conditions of a filter beside the instant.
    fn others(&self) -> String {
        format!("{}{}", self.flagged(), self.reaches())
    }

    /// The condition of rows that may be of a session with a fact at or after an instant.
    fn reaches(&self) -> &'static str {
        match self.filter.and_then(|filter| filter.last_from) {
            Some(_) => " AND (h.last_occurred >= ?10 OR h.assessed_to > ?9)",
            None => "",
        }
    }

    /// The condition of rows that may be of a session with the flags.
    fn flagged(&self) -> String {
        let flags = self.filter.map_or_else(SessionFlags::default, |filter| filter.flags);
        if flags.is_empty() {
            return String::new();
        }
        let bits = flags.bits();
        format!(" AND (h.flags & {bits} = {bits} OR h.last_occurred > ?11 OR h.assessed_to > ?9)")
    }

    fn text_by_length(&self) -> String {
        let mut text = String::new();
        for length in (MIN_LENGTH..=MAX_LENGTH).chain([OPEN_END_LENGTH]) {
            let mut there =
                format!(" AND h.length = {length} AND h.first_occurred <= ?8 AND h.over_at > ?8");
            if length < OPEN_END_LENGTH {
                let _ = write!(there, " AND h.first_occurred > ?8 - {}", 1_u64 << length);
            }
            there.push_str(&self.others());
            let branch = self.branch(
                "session_row h INDEXED BY session_row_by_length WHERE ?1 IS NOT NULL AND \
                 h.generation = ?2",
                &there,
            );
            let _ = write!(text, "SELECT * FROM ({branch}) UNION ALL ");
        }
        self.with_later(text, " AND h.first_occurred <= ?8 AND h.over_at <= ?8")
    }

    fn text_by_span(&self) -> String {
        let others = format!("{}{}", self.active(), self.flagged());
        let text = self.by_span("?10", &others);
        self.with_later(text, &format!(" AND h.last_occurred < ?10{}", self.active()))
    }

    /// One range of the index per span: a session of some span with a fact at or after an instant
    /// began less than that before it.
    fn by_span(&self, last_from: &str, others: &str) -> String {
        let mut text = String::new();
        for span in MIN_LENGTH..=MAX_LENGTH {
            // One lower bound, because SQLite searches the index by one.
            let earliest = format!("{last_from} - {}", (1_u64 << span) - 1);
            let earliest = match self.after {
                Some(_) => format!("max({earliest}, ?3)"),
                None => earliest,
            };
            let there = format!(
                " AND h.span = {span} AND h.first_occurred >= {earliest} AND h.last_occurred >= \
                 {last_from}{others}"
            );
            let branch = self.branch(
                "session_row h INDEXED BY session_row_by_span WHERE ?1 IS NOT NULL AND \
                 h.generation = ?2",
                &there,
            );
            let _ = write!(text, "SELECT * FROM ({branch}) UNION ALL ");
        }
        text
    }

    fn text_by_flag(&self, flag: SessionFlag) -> String {
        let from = format!(
            "session_row h INDEXED BY {} WHERE ?1 IS NOT NULL AND h.generation = ?2 AND {}",
            index_of(flag),
            has(flag)
        );
        let branch = self.branch(&from, &format!("{}{}", self.active(), self.others()));
        let others = format!(" AND NOT ({}){}{}", has(flag), self.active(), self.reaches());
        let settled = self.by_span("?11 + 1", &others);
        let text = format!("SELECT * FROM ({branch}) UNION ALL {settled}");
        let later = format!(" AND NOT ({}) AND h.last_occurred <= ?11{}", has(flag), self.active());
        self.with_later(text, &later)
    }

    /// Adds the rows that were assessed after the size and are in no other branch. Few, or the plan
    /// would not have been chosen.
    fn with_later(&self, mut text: String, there: &str) -> String {
        let branch = self.branch(
            "session_row h INDEXED BY session_row_by_size WHERE h.generation = ?2",
            &format!(" AND h.assessed_to > ?9{there}"),
        );
        // The columns of a compound SELECT by their numbers, from 1 on.
        let order = Column::SORT_KEY.map(|column| (column.at() + 1).to_string()).join(", ");
        let _ = write!(text, "SELECT * FROM ({branch}) ORDER BY {order} LIMIT ?7");
        text
    }

    fn branch(&self, from: &str, there: &str) -> String {
        let others = self.only.len().saturating_sub(1);
        let mut text = format!("SELECT {}", *SELECTED);
        for number in (FIRST_TERM + others..).take(self.carried.len()) {
            let _ = write!(
                text,
                ", (SELECT crc FROM term_session_1 WHERE term = ?{number} AND session = h.session)"
            );
        }
        let _ = write!(text, " FROM {from}{there}");
        if self.after.is_some() {
            text.push_str(
                " AND (h.first_occurred, h.first_source, h.first_source_id, h.name) > \
                           (?3, ?4, ?5, ?6)",
            );
        }
        for number in (FIRST_TERM..).take(others) {
            let _ = write!(text, " AND h.session = ?{number}");
        }
        for number in (FIRST_TERM + others..).take(self.carried.len()) {
            let _ = write!(
                text,
                " AND EXISTS (SELECT 1 FROM term_session_1 WHERE term = ?{number} AND session = \
                 h.session)"
            );
        }
        text.push_str(
            " ORDER BY h.first_occurred, h.first_source, h.first_source_id, h.name LIMIT ?7",
        );
        text
    }
}

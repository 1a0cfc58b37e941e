//! Row-by-row comparison of two generations inside SQLite: both are read in the order of their
//! keys, and only differences are returned.

use super::{
    LogError,
    generations::Both,
    read, record_summaries,
    rows::id,
    session_row::{selected_of, session_row},
    terms::to_text,
};
use async_trait::async_trait;
use claimledger_facts::ids::LogSize;
use claimledger_ledger::generations::{
    Comparison, Counted, Difference, Differences, Place, RowKind,
};
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, sqlite::SqliteRow};

/// Both generations, in one snapshot.
pub(super) struct Pinned {
    pub(super) snapshot: Transaction<'static, Sqlite>,
    pub(super) both: Both,
}

#[async_trait]
impl Comparison for Pinned {
    async fn differences(mut self: Box<Self>, most: usize) -> Result<Differences, LogError> {
        let (live, shadow, covered) =
            (self.both.live.number, self.both.shadow.number, self.both.covered);
        let mut differences =
            Differences { at: LogSize(covered as u64), counts: Vec::new(), first: Vec::new() };
        for kind in RowKind::ALL {
            let (in_live, in_shadow) =
                (self.count(kind, live).await?, self.count(kind, shadow).await?);
            let only_live = self.count_only(kind, live, shadow).await?;
            // Rows are sets: equal counts and no missing row mean that both are equal.
            let only_shadow = if only_live == 0 && in_live == in_shadow {
                0
            } else {
                self.count_only(kind, shadow, live).await?
            };
            differences.counts.push(Counted {
                kind,
                live: in_live,
                shadow: in_shadow,
                only_live,
                only_shadow,
            });
            for (only_in, count, has, lacks) in
                [(Place::Live, only_live, live, shadow), (Place::Shadow, only_shadow, shadow, live)]
            {
                if count > 0 {
                    let rows = self.first(kind, has, lacks, most).await?;
                    differences.first.extend(rows.into_iter().map(|row| Difference {
                        only_in,
                        kind,
                        row,
                    }));
                }
            }
        }
        Ok(differences)
    }
}

impl Pinned {
    async fn count(&mut self, kind: RowKind, generation: i64) -> Result<u64, LogError> {
        let sql = match kind {
            RowKind::Record => "SELECT count(*) FROM record_1 WHERE generation = ?",
            RowKind::Posting => {
                "SELECT count(*) FROM term_1 t CROSS JOIN posting_1 p ON p.term = t.number WHERE \
                 t.generation = ?"
            }
            RowKind::Session => {
                "SELECT count(*) FROM term_1 t CROSS JOIN term_session_1 x ON x.term = t.number \
                 WHERE t.generation = ?"
            }
            RowKind::SessionRow => "SELECT count(*) FROM session_row WHERE generation = ?",
            RowKind::RecordSummary => record_summaries::COUNT,
        };
        let row = sqlx::query(sql).bind(generation).fetch_one(&mut *self.snapshot).await;
        row.and_then(|row| row.try_get::<i64, _>(0)).map(|count| count as u64).map_err(read)
    }

    async fn count_only(&mut self, kind: RowKind, has: i64, lacks: i64) -> Result<u64, LogError> {
        let sql = format!("SELECT count(*) {}", only(kind));
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(has)
            .bind(lacks)
            .fetch_one(&mut *self.snapshot)
            .await;
        row.and_then(|row| row.try_get::<i64, _>(0)).map(|count| count as u64).map_err(read)
    }

    async fn first(
        &mut self,
        kind: RowKind,
        has: i64,
        lacks: i64,
        most: usize,
    ) -> Result<Vec<String>, LogError> {
        let columns = match kind {
            RowKind::Record => "a.id, a.position",
            RowKind::Posting => "t.term, p.position",
            RowKind::Session => "t.term, substr(s.term, 2)",
            RowKind::SessionRow => &selected_of("a"),
            RowKind::RecordSummary => record_summaries::COLUMNS,
        };
        let sql = format!("SELECT {columns} {} ORDER BY 1, 2 LIMIT ?3", only(kind));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(has).bind(lacks).bind(super::limit(most));
        let rows = query.fetch_all(&mut *self.snapshot).await.map_err(read)?;
        rows.iter().map(|row| to_line(kind, row)).collect()
    }
}

/// Rows that generation ?1 has and generation ?2 lacks. Each generation numbers its terms itself,
/// so terms are matched by kind and value.
const fn only(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Record => {
            "FROM record_1 a LEFT JOIN record_1 b ON b.generation = ?2 AND b.id = a.id \
             AND b.position = a.position
             WHERE a.generation = ?1 AND b.id IS NULL"
        }
        RowKind::Posting => {
            "FROM term_1 t LEFT JOIN term_1 o ON o.generation = ?2 AND o.term = t.term \
             CROSS JOIN posting_1 p ON p.term = t.number
             LEFT JOIN posting_1 q ON q.term = o.number AND q.position = p.position
             WHERE t.generation = ?1 AND q.term IS NULL"
        }
        RowKind::Session => {
            "FROM term_1 t LEFT JOIN term_1 o ON o.generation = ?2 AND o.term = t.term \
             CROSS JOIN term_session_1 x ON x.term = t.number
             CROSS JOIN term_1 s ON s.number = x.session LEFT JOIN term_1 os \
             ON os.generation = ?2 AND os.term = s.term
             LEFT JOIN term_session_1 y ON y.term = o.number AND y.session = os.number
             WHERE t.generation = ?1 AND y.term IS NULL"
        }
        RowKind::SessionRow => {
            "FROM session_row a LEFT JOIN session_row b ON b.generation = ?2 \
             AND b.first_occurred = a.first_occurred AND b.first_source = a.first_source
                  AND b.first_source_id = a.first_source_id AND b.name = a.name \
                  AND b.assessed_to = a.assessed_to AND b.over_at = a.over_at
                  AND b.last_occurred = a.last_occurred AND b.flags = a.flags
                  AND b.state = a.state
             WHERE a.generation = ?1 AND b.session IS NULL"
        }
        RowKind::RecordSummary => record_summaries::ONLY,
    }
}

/// Formats a row as in a dump.
fn to_line(kind: RowKind, row: &SqliteRow) -> Result<String, LogError> {
    let word = kind.as_str();
    Ok(match kind {
        RowKind::Record => {
            format!("{word} {} #{}", id(row, 0)?, row.try_get::<i64, _>(1).map_err(read)?)
        }
        RowKind::Posting => format!(
            "{word} {} #{}",
            to_text(row.try_get(0).map_err(read)?),
            row.try_get::<i64, _>(1).map_err(read)?
        ),
        RowKind::Session => {
            let session: Vec<u8> = row.try_get(1).map_err(read)?;
            format!(
                "{word} {} {}",
                to_text(row.try_get(0).map_err(read)?),
                String::from_utf8_lossy(&session)
            )
        }
        RowKind::SessionRow => session_row(row)?.to_text(),
        RowKind::RecordSummary => record_summaries::to_text(row)?,
    })
}

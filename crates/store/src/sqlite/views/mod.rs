//! The read models: queries, and access to the generations.

mod apply;
mod check;
mod compare;
mod generations;
mod list;
mod record_summaries;
mod sums;
mod sweep;
mod terms;

use super::{
    OpenError,
    connect::{Database, Files, check_pages},
    failure::{Poison, read_failed},
    owner::Owner,
    recover::{Recover, check_free_space, keep_trying, reopen},
};
use apply::{Applied, Writer};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    time::Time,
};
use claimledger_ledger::{
    generations::{Comparison, Generations, MadeBy, Place},
    index::{Looked, RecordIndex},
    log::LogError,
    record_summaries::RecordSummaries,
    views::{ActiveAt, Carried, IndexRow, SessionRow, SortKey, Term, TermKind, Views},
};
use compare::Pinned;
use generations::GenerationRow;
use list::{List, NEVER_OVER};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use std::{collections::HashMap, path::PathBuf, sync::Arc};
use sums::Table;
use terms::{TermKey, to_text};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard};
use uuid::Uuid;

const MIGRATIONS: &[(i64, &str, &str)] =
    &[(1, "views", include_str!("../../../../../migrations/sqlite/views/0001_views.sql"))];

const FILE: &str = "views";
/// The columns of a row `h` of `head_1` that [`session_row`] reads.
const HEAD: &str = "h.name, h.first_occurred, h.first_source, h.first_source_id, h.assessed_to, \
                    h.over_at, h.state, h.session, h.generation, h.length, h.crc";
/// Maximum sessions of a term that are fetched and sorted; with more, the list is scanned in order
/// with a look-up of the term for each session.
const MAX_SORTED_SESSIONS: i64 = 4096;
/// Maximum ids per SELECT.
const MAX_SELECT_IDS: usize = 256;

/// The read models of all tenants, in the file `views`; or through [`Views::shadow`] those that are
/// being built, in the same file.
pub struct SqliteViews {
    shared: Arc<Shared>,
    place: Place,
}

struct Shared {
    writer: Mutex<Writer>,
    readers: SqlitePool,
    /// Shared by reads, and briefly exclusive before rows are deleted, so that a read of several
    /// statements stays in one generation.
    reading: RwLock<()>,
    database: Database,
    poison: Poison,
    /// The file that notes their damage.
    condemned: PathBuf,
    _owner: Arc<Owner>,
}

#[async_trait]
impl Recover for Shared {
    fn poison(&self) -> &Poison {
        &self.poison
    }

    async fn recover(&self) -> Result<(), LogError> {
        check_free_space(FILE, &self.database.path).await?;
        let mut writer = self.writer.lock().await;
        // A failed transaction is rolled back, so the cache of the dictionary is dropped with the
        // connection.
        let database = self.database.clone();
        *writer = Writer::new(
            reopen(FILE, move || async move { database.writer(MIGRATIONS).await }).await?,
        );
        self.poison.recovered(FILE);
        Ok(())
    }
}

impl Shared {
    fn failed(self: &Arc<Self>, error: sqlx::Error) -> LogError {
        let error = self.poison.failed(FILE, error);
        keep_trying(self);
        error
    }
}

impl SqliteViews {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        let database = files.views();
        let condemned = files.views_damaged();
        if let Ok(what) = std::fs::read_to_string(&condemned) {
            return Err(database.corrupt(what.trim_end().to_owned()));
        }
        let mut connection = database.writer(MIGRATIONS).await?;
        if database.is_small() {
            check::all(&mut connection).await.map_err(|error| database.refused(error))?;
        }
        Ok(Self::of(database, condemned, connection, Poison::default(), owner))
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(
        files: &Files,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Result<Self, OpenError> {
        let condemned = files.views_damaged();
        if let Ok(what) = std::fs::read_to_string(&condemned) {
            return Err(files.views().corrupt(what.trim_end().to_owned()));
        }
        let (database, mut connection) = files.views().for_reading(MIGRATIONS).await?;
        if database.is_small() {
            check::all(&mut connection).await.map_err(|error| database.refused(error))?;
        }
        Ok(Self::of(database, condemned, connection, Poison::read_only(FILE, why), owner))
    }

    /// For a read-only directory with unreadable read models: every query fails.
    pub(super) async fn unreadable(
        files: &Files,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Result<Self, OpenError> {
        let database = files.views();
        let nothing = SqliteConnection::connect("sqlite::memory:")
            .await
            .map_err(|error| database.failed(error))?;
        Ok(Self::of(database, files.views_damaged(), nothing, Poison::read_only(FILE, why), owner))
    }

    fn of(
        database: Database,
        condemned: PathBuf,
        connection: SqliteConnection,
        poison: Poison,
        owner: &Arc<Owner>,
    ) -> Self {
        let (writer, readers) = (Mutex::new(Writer::new(connection)), database.readers());
        let shared = Shared {
            writer,
            readers,
            reading: RwLock::default(),
            database,
            poison,
            condemned,
            _owner: Arc::clone(owner),
        };
        Self { shared: Arc::new(shared), place: Place::Live }
    }

    /// Prevents the deletion of rows that a read may need, until it is dropped.
    async fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.shared.reading.read().await
    }

    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<GenerationRow>, LogError> {
        checkpoint(&mut *self.shared.readers.acquire().await.map_err(read)?, tenant, self.place)
            .await
            .map_err(read)
    }

    /// The number of a term; none: no record carries it.
    async fn term(&self, generation: i64, term: &TermKey) -> Result<Option<i64>, LogError> {
        let query = sqlx::query("SELECT number, crc FROM term_1 WHERE generation = ? AND term = ?")
            .bind(generation)
            .bind(term.as_slice());
        let row = query.fetch_optional(&self.shared.readers).await.map_err(read)?;
        row.map(|row| term_number(generation, term.as_slice(), &row, 0).map_err(read)).transpose()
    }

    /// The number of rows that were assessed after a size, counted up to the limit that decides the
    /// query plan.
    async fn changed_since(&self, generation: i64, size: LogSize) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM head_1 INDEXED BY head_1_by_size WHERE \
                   generation = ? AND assessed_to > ? LIMIT ?)";
        let query = sqlx::query(sql)
            .bind(generation)
            .bind(i64::try_from(size.0).unwrap_or(i64::MAX))
            .bind(MAX_SORTED_SESSIONS);
        query.fetch_one(&self.shared.readers).await.and_then(|row| row.try_get(0)).map_err(read)
    }

    async fn sessions_of(&self, term: i64) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM term_session_1 WHERE term = ? LIMIT ?)";
        let row = sqlx::query(sql)
            .bind(term)
            .bind(MAX_SORTED_SESSIONS)
            .fetch_one(&self.shared.readers)
            .await;
        row.and_then(|row| row.try_get(0)).map_err(read)
    }
}

async fn checkpoint(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    place: Place,
) -> Result<Option<GenerationRow>, sqlx::Error> {
    generations::at(connection, tenant, place).await
}

/// A number of the dictionary, verified with its checksum; both start at this column.
fn term_number(
    generation: i64,
    term: &[u8],
    row: &SqliteRow,
    column: usize,
) -> Result<i64, sqlx::Error> {
    let (number, crc): (i64, i64) = (row.try_get(column)?, row.try_get(column + 1)?);
    sums::check("term_1", || to_text(term), crc, sums::term(generation, term, number))?;
    Ok(number)
}

/// The stored code of a place.
const fn place_code(place: Place) -> i64 {
    match place {
        Place::Live => 0,
        Place::Shadow => 1,
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

/// Id and position, of the columns `id, position, crc`.
fn record(generation: i64, row: &SqliteRow) -> Result<(Vec<u8>, LogPosition), sqlx::Error> {
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

/// A term with all its positions up to ?1 in one row, for [`postings`], because a row costs more
/// than the numbers in it.
const POSTINGS: &str = "SELECT t.term, t.number, t.crc,
    (SELECT group_concat(p.position) FROM (SELECT position FROM posting_1 WHERE term = t.number \
    AND position <= ?1 ORDER BY position) p),
    (SELECT sum(crc) FROM posting_1 WHERE term = t.number AND position <= ?1)
    FROM term_1 t";

/// The positions of a row of [`POSTINGS`], verified with the sum of their checksums.
fn postings(generation: i64, row: &SqliteRow) -> Result<Vec<LogPosition>, sqlx::Error> {
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

#[async_trait]
impl RecordIndex for SqliteViews {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(
            self.checkpoint(tenant).await?.map_or(0, |checkpoint| checkpoint.covered as u64),
        ))
    }

    async fn positions(
        &self,
        tenant: &TenantId,
        ids: &[RecordId],
    ) -> Result<Vec<Option<LogPosition>>, LogError> {
        Ok(self.look_up(tenant, ids, &[]).await?.positions)
    }

    async fn revisions(
        &self,
        tenant: &TenantId,
        sessions: &[SessionId],
    ) -> Result<Vec<u64>, LogError> {
        Ok(self.look_up(tenant, &[], sessions).await?.revisions)
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

#[async_trait]
impl Views for SqliteViews {
    async fn apply(
        &self,
        tenant: &TenantId,
        from: LogSize,
        rows: &[IndexRow],
        session_rows: &[SessionRow],
    ) -> Result<(), LogError> {
        self.shared.poison.check()?;
        match self
            .shared
            .writer
            .lock()
            .await
            .apply(tenant, self.place, from, rows, session_rows)
            .await
        {
            Ok(Applied::Written) => Ok(()),
            Ok(Applied::NotThere(covered)) => Err(LogError::unavailable(format!(
                "the read models are at {covered}, not {}",
                from.0
            ))),
            Ok(Applied::NotBegun) => Err(LogError::unavailable("no generation is being built")),
            Err(error) => Err(self.shared.failed(error)),
        }
    }

    async fn positions_of(
        &self,
        tenant: &TenantId,
        term: &Term,
        from: LogPosition,
        known_at: LogPosition,
        max: usize,
    ) -> Result<Vec<LogPosition>, LogError> {
        let _reading = self.reading().await;
        let Some(GenerationRow { number: generation, .. }) = self.checkpoint(tenant).await? else {
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
        let rows = query.fetch_all(&self.shared.readers).await.map_err(read)?;
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

    async fn positions_of_each(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        known_at: LogPosition,
    ) -> Result<Vec<Vec<LogPosition>>, LogError> {
        let _reading = self.reading().await;
        let Some(GenerationRow { number, .. }) = self.checkpoint(tenant).await? else {
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
            for row in query.fetch_all(&self.shared.readers).await.map_err(read)? {
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

    async fn summaries_of_each(
        &self,
        tenant: &TenantId,
        sessions: &[SessionId],
    ) -> Result<Vec<Vec<RecordSummaries>>, LogError> {
        let _reading = self.reading().await;
        let Some(GenerationRow { number, .. }) = self.checkpoint(tenant).await? else {
            return Ok(vec![Vec::new(); sessions.len()]);
        };
        record_summaries::of_each(&self.shared.readers, number, sessions).await
    }

    async fn sessions_with(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        active_at: Option<ActiveAt>,
        after: Option<&SortKey>,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError> {
        let _reading = self.reading().await;
        let Some(GenerationRow { number, .. }) = self.checkpoint(tenant).await? else {
            return Ok(Vec::new());
        };
        let (mut only, mut carried) = (Vec::new(), Vec::new());
        for term in terms {
            let Some(found) = self.term(number, &TermKey::of(term)).await? else {
                return Ok(Vec::new());
            };
            match term.kind {
                TermKind::Session => only.push(found),
                _ => carried.push((self.sessions_of(found).await?, found)),
            }
        }
        carried.sort_unstable();
        let few = carried.first().is_some_and(|(sessions, _)| *sessions < MAX_SORTED_SESSIONS);
        let by_length = match active_at {
            Some(active_at) if only.is_empty() && !few => {
                self.changed_since(number, active_at.size).await? < MAX_SORTED_SESSIONS
            }
            _ => false,
        };
        let list = List { only: &only, carried: &carried, few, active_at, by_length, after };
        list.rows(&self.shared.readers, number, max).await
    }

    async fn values_of(
        &self,
        tenant: &TenantId,
        kind: TermKind,
        carried: Carried,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<String>, LogError> {
        let often = match carried {
            Carried::Once => "",
            Carried::ByTwoRecords => {
                " AND EXISTS (SELECT 1 FROM posting_1 p WHERE p.term = t.number LIMIT 1 OFFSET 1)"
            }
            Carried::ByTwoSessions => {
                " AND EXISTS (SELECT 1 FROM term_session_1 s WHERE s.term = t.number LIMIT 1 \
                 OFFSET 1)"
            }
        };
        let _reading = self.reading().await;
        let Some(GenerationRow { number, .. }) = self.checkpoint(tenant).await? else {
            return Ok(Vec::new());
        };
        // The terms of a kind are adjacent, before those of the next kind.
        let sql = format!(
            "SELECT t.term, t.number, t.crc FROM term_1 t
             WHERE t.generation = ? AND t.term >= ? AND t.term > ? AND t.term < ?{often} ORDER BY \
             t.term LIMIT ?"
        );
        let (first, next) = ([kind.code()], [kind.code() + 1]);
        let after = after.map_or_else(Vec::new, |after| {
            TermKey::of(&Term { kind, value: after.to_owned() }).into_bytes()
        });
        let query = sqlx::query(AssertSqlSafe(sql)).bind(number);
        let query = query.bind(first.as_slice()).bind(after).bind(next.as_slice()).bind(limit(max));
        let rows = query.fetch_all(&self.shared.readers).await.map_err(read)?;
        let value = |row: &SqliteRow| {
            let term: &[u8] = row.try_get(0)?;
            term_number(number, term, row, 1)?;
            Ok(String::from_utf8_lossy(&term[1..]).into_owned())
        };
        rows.iter().map(value).collect::<Result<_, _>>().map_err(read)
    }

    async fn session_row(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, LogError> {
        let _reading = self.reading().await;
        let Some(GenerationRow { number: generation, .. }) = self.checkpoint(tenant).await? else {
            return Ok(None);
        };
        let Some(number) = self.term(generation, &TermKey::of_session(session.as_str())).await?
        else {
            return Ok(None);
        };
        let query =
            sqlx::query(AssertSqlSafe(format!("SELECT {HEAD} FROM head_1 h WHERE h.session = ?")))
                .bind(number);
        query
            .fetch_optional(&self.shared.readers)
            .await
            .map_err(read)?
            .as_ref()
            .map(session_row)
            .transpose()
    }

    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError> {
        Ok(self
            .checkpoint(tenant)
            .await?
            .map_or(0, |checkpoint| checkpoint.tallies.rows(Table::Head)))
    }

    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.shared.poison.check()?;
        let mut writer = self.shared.writer.lock().await;
        drop(self.shared.reading.write().await);
        writer.forget();
        sweep::all(writer.connection(), tenant).await.map_err(|error| self.shared.failed(error))
    }

    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError> {
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        let Some(checkpoint) = checkpoint(&mut snapshot, tenant, self.place).await.map_err(read)?
        else {
            return Ok(vec!["covered 0".to_owned()]);
        };
        let mut lines = vec![format!("covered {}", checkpoint.covered)];
        let mut rows = async |sql: &'static str| {
            sqlx::query(sql).bind(checkpoint.number).fetch_all(&mut *snapshot).await.map_err(read)
        };
        for row in
            rows("SELECT id, position FROM record_1 WHERE generation = ? ORDER BY id").await?
        {
            lines.push(format!(
                "record {} #{}",
                id(&row, 0)?,
                row.try_get::<i64, _>(1).map_err(read)?
            ));
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
        let session_rows = "SELECT name, first_occurred, first_source, first_source_id, \
            assessed_to, over_at, state, session, generation, length, crc
                     FROM head_1 WHERE generation = ? ORDER BY name";
        for row in rows(session_rows).await? {
            lines.push(session_row(&row)?.to_text());
        }
        for row in rows(record_summaries::DUMP).await? {
            lines.push(record_summaries::to_text(&row)?);
        }
        Ok(lines)
    }

    fn shadow(&self) -> Arc<dyn Views> {
        Arc::new(Self { shared: Arc::clone(&self.shared), place: Place::Shadow })
    }

    async fn check(&self) -> Result<(), LogError> {
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        check_pages(&mut snapshot).await.map_err(read)?;
        check::all(&mut snapshot).await.map_err(read)
    }

    fn condemn(&self, what: Option<&str>) {
        let done = match what {
            Some(what) => std::fs::write(&self.shared.condemned, what),
            None if self.shared.condemned.exists() => std::fs::remove_file(&self.shared.condemned),
            None => Ok(()),
        };
        // Best effort: without the file the next process detects the damage itself.
        if let Err(error) = done {
            tracing::warn!(%error, "whether the read models are damaged could not be written down");
        }
    }

    async fn generations(&self, tenant: &TenantId) -> Result<Generations, LogError> {
        generations::all(&mut *self.shared.readers.acquire().await.map_err(read)?, tenant)
            .await
            .map_err(read)
    }

    async fn begin(
        &self,
        tenant: &TenantId,
        place: Place,
        made_by: &MadeBy,
    ) -> Result<(), LogError> {
        self.write(async |connection| {
            generations::begin_or_relabel(connection, tenant, place, made_by).await
        })
        .await
    }

    async fn abandon_shadow(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.write(async |connection| generations::abandon_shadow(connection, tenant).await).await
    }

    async fn compare(&self, tenant: &TenantId) -> Result<Box<dyn Comparison>, LogError> {
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        // The first statement fixes what the snapshot shows.
        let both =
            generations::both(&mut snapshot, tenant).await.map_err(read)?.ok_or_else(not_two)?;
        Ok(Box::new(Pinned { snapshot, both }))
    }

    async fn switch(&self, tenant: &TenantId, at: LogSize, report: &str) -> Result<(), LogError> {
        let done = self
            .write(async |connection| generations::switch(connection, tenant, at, report).await)
            .await?;
        if done { Ok(()) } else { Err(not_two()) }
    }

    async fn sweep(&self, tenant: &TenantId) -> Result<bool, LogError> {
        let Some(generation) = sweep::next(&self.shared.readers, tenant).await.map_err(read)?
        else {
            return Ok(false);
        };
        // Once this is locked, reads that began before the generation was retired have ended; later
        // ones do not see it.
        drop(self.shared.reading.write().await);
        self.write(async |connection| sweep::some(connection, generation).await).await?;
        Ok(true)
    }
}

impl SqliteViews {
    /// Runs a write on the write connection. It must not write terms.
    async fn write<T>(
        &self,
        run: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, LogError> {
        self.shared.poison.check()?;
        run(self.shared.writer.lock().await.connection())
            .await
            .map_err(|error| self.shared.failed(error))
    }
}

fn not_two() -> LogError {
    LogError::unavailable("there are not two generations of the read models at one size")
}

/// A row of the columns of [`HEAD`].
fn session_row(row: &SqliteRow) -> Result<SessionRow, LogError> {
    checked_head(row).map_err(read)
}

fn checked_head(row: &SqliteRow) -> Result<SessionRow, sqlx::Error> {
    let over_at: i64 = row.try_get(5)?;
    let head = SessionRow {
        session: SessionId::new(row.try_get::<String, _>(0)?),
        first_occurred: Time::from_micros(row.try_get(1)?),
        first_source: row.try_get(2)?,
        first_source_id: row.try_get(3)?,
        assessed_to: LogSize(row.try_get::<i64, _>(4)? as u64),
        over_at: Some(over_at).filter(|over| *over != NEVER_OVER).map(Time::from_micros),
        state: row.try_get(6)?,
    };
    let (session, generation, bits, crc): (i64, i64, i64, i64) =
        (row.try_get(7)?, row.try_get(8)?, row.try_get(9)?, row.try_get(10)?);
    sums::check(
        "head_1",
        || head.session.to_string(),
        crc,
        sums::head(session, generation, &head, over_at, bits),
    )?;
    Ok(head)
}

fn id(row: &SqliteRow, column: usize) -> Result<RecordId, LogError> {
    let bytes: &[u8] = row.try_get(column).map_err(read)?;
    let id = Uuid::from_slice(bytes)
        .map_err(|_| LogError::damaged(FILE, "record_1", "an id has another length"))?;
    Ok(RecordId(id))
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

fn read(error: sqlx::Error) -> LogError {
    read_failed(FILE, error)
}

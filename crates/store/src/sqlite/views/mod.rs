//! The read models: what they are asked.

mod apply;
mod briefs;
mod compare;
mod generations;
mod list;
mod sweep;
mod terms;

use super::{
    OpenError,
    connect::Files,
    failure::{Poison, read_failed},
    owner::Owner,
};
use apply::{Applied, Writer};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    time::Time,
};
use claimledger_ledger::{
    briefs::Briefs,
    generations::{Comparison, Generations, MadeBy, Place},
    index::{Looked, RecordIndex},
    log::LogError,
    views::{ActiveAt, Carried, HeadKey, HeadRow, IndexRow, Term, TermKind, Views},
};
use compare::Pinned;
use list::{List, NEVER_OVER};
use sqlx::{AssertSqlSafe, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use std::{collections::HashMap, sync::Arc};
use terms::{TermKey, to_text};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard};
use uuid::Uuid;

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "views", include_str!("../../../../../migrations/sqlite/views/0001_views.sql")),
    (2, "generations", include_str!("../../../../../migrations/sqlite/views/0002_generations.sql")),
    (3, "over", include_str!("../../../../../migrations/sqlite/views/0003_over.sql")),
    (4, "briefs", include_str!("../../../../../migrations/sqlite/views/0004_briefs.sql")),
];

const FILE: &str = "views";
const HEAD: &str = "SELECT h.name, h.first_occurred, h.first_source, h.first_source_id, h.assessed_to, h.over_at, h.state FROM";
/// A term with fewer sessions is answered by sorting them; one with more, by walking the list in order and looking whether a session carries it.
const FEW_SESSIONS: i64 = 4096;
/// Ids of one statement.
const IDS: usize = 256;

/// The read models of all tenants, in the file `views`; or through [`Views::shadow`] those that are being built, in the same file.
pub struct SqliteViews {
    shared: Arc<Shared>,
    place: Place,
}

struct Shared {
    writer: Mutex<Writer>,
    readers: SqlitePool,
    /// Held by each read while it lasts, and for a moment by whoever throws rows away: a read of several statements ends in the generation that it began in.
    reading: RwLock<()>,
    poison: Poison,
    _owner: Arc<Owner>,
}

impl SqliteViews {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        let database = files.views();
        let writer = Mutex::new(Writer::new(database.writer(MIGRATIONS).await?));
        let readers = database.readers();
        let shared = Shared { writer, readers, reading: RwLock::default(), poison: Poison::default(), _owner: Arc::clone(owner) };
        Ok(Self { shared: Arc::new(shared), place: Place::Live })
    }

    /// Until it is dropped no rows are thrown away that a read may need.
    async fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.shared.reading.read().await
    }

    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<Checkpoint>, LogError> {
        checkpoint(&mut *self.shared.readers.acquire().await.map_err(read)?, tenant, self.place).await.map_err(read)
    }

    /// The number of a term; none: no record carries it.
    async fn term(&self, generation: i64, term: &TermKey) -> Result<Option<i64>, LogError> {
        let query = sqlx::query("SELECT number FROM term_1 WHERE generation = ? AND term = ?").bind(generation).bind(term.as_slice());
        query.fetch_optional(&self.shared.readers).await.and_then(|row| row.map(|row| row.try_get(0)).transpose()).map_err(read)
    }

    /// How many rows say more than was known at a size; so many that it does not matter how many, at most.
    async fn changed_since(&self, generation: i64, size: LogSize) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM head_1 INDEXED BY head_1_by_size WHERE generation = ? AND assessed_to > ? LIMIT ?)";
        let query = sqlx::query(sql).bind(generation).bind(i64::try_from(size.0).unwrap_or(i64::MAX)).bind(FEW_SESSIONS);
        query.fetch_one(&self.shared.readers).await.and_then(|row| row.try_get(0)).map_err(read)
    }

    async fn sessions_of(&self, term: i64) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM term_session_1 WHERE term = ? LIMIT ?)";
        let row = sqlx::query(sql).bind(term).bind(FEW_SESSIONS).fetch_one(&self.shared.readers).await;
        row.and_then(|row| row.try_get(0)).map_err(read)
    }
}

#[derive(Clone, Copy, Debug)]
struct Checkpoint {
    number: i64,
    covered: i64,
    sessions: i64,
}

async fn checkpoint(connection: &mut SqliteConnection, tenant: &TenantId, place: Place) -> Result<Option<Checkpoint>, sqlx::Error> {
    let query = sqlx::query("SELECT number, covered, sessions FROM generation WHERE tenant = ? AND place = ?");
    let query = query.bind(tenant.as_str()).bind(place_code(place));
    let row = query.fetch_optional(connection).await?;
    row.map(|row| Ok(Checkpoint { number: row.try_get(0)?, covered: row.try_get(1)?, sessions: row.try_get(2)? })).transpose()
}

/// A place, as the tables hold it.
const fn place_code(place: Place) -> i64 {
    match place {
        Place::Live => 0,
        Place::Shadow => 1,
    }
}

async fn positions(connection: &mut SqliteConnection, generation: i64, ids: &[RecordId]) -> Result<Vec<Option<LogPosition>>, sqlx::Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(IDS) {
        // Padded with the last id to a power of two: few texts are prepared, and often used.
        let asked = some.len().next_power_of_two();
        let mut sql = "SELECT id, position FROM record_1 WHERE generation = ? AND id IN (?".to_owned();
        sql.extend(std::iter::repeat_n(",?", asked - 1));
        sql.push(')');
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(generation);
        for id in some.iter().chain(std::iter::repeat_n(&some[some.len() - 1], asked - some.len())) {
            query = query.bind(id.0.as_bytes().as_slice());
        }
        for row in query.fetch_all(&mut *connection).await? {
            found.insert(row.try_get::<Vec<u8>, _>(0)?, LogPosition(row.try_get::<i64, _>(1)? as u64));
        }
    }
    Ok(ids.iter().map(|id| found.get(id.0.as_bytes().as_slice()).copied()).collect())
}

async fn revision(connection: &mut SqliteConnection, generation: i64, session: &SessionId) -> Result<u64, sqlx::Error> {
    let sql = "SELECT count(*) FROM posting_1 WHERE term = (SELECT number FROM term_1 WHERE generation = ? AND term = ?)";
    let query = sqlx::query(sql).bind(generation).bind(TermKey::of_session(session.as_str()).into_bytes());
    Ok(query.fetch_one(connection).await?.try_get::<i64, _>(0)? as u64)
}

#[async_trait]
impl RecordIndex for SqliteViews {
    async fn covered(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(self.checkpoint(tenant).await?.map_or(0, |checkpoint| checkpoint.covered as u64)))
    }

    async fn positions(&self, tenant: &TenantId, ids: &[RecordId]) -> Result<Vec<Option<LogPosition>>, LogError> {
        Ok(self.look_up(tenant, ids, &[]).await?.positions)
    }

    async fn revisions(&self, tenant: &TenantId, sessions: &[SessionId]) -> Result<Vec<u64>, LogError> {
        Ok(self.look_up(tenant, &[], sessions).await?.revisions)
    }

    async fn look_up(&self, tenant: &TenantId, ids: &[RecordId], sessions: &[SessionId]) -> Result<Looked, LogError> {
        // One transaction is one snapshot.
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        let Some(checkpoint) = checkpoint(&mut snapshot, tenant, self.place).await.map_err(read)? else {
            return Ok(Looked { covered: LogSize(0), positions: vec![None; ids.len()], revisions: vec![0; sessions.len()] });
        };
        let positions = positions(&mut snapshot, checkpoint.number, ids).await.map_err(read)?;
        let mut revisions = Vec::with_capacity(sessions.len());
        for session in sessions {
            revisions.push(revision(&mut snapshot, checkpoint.number, session).await.map_err(read)?);
        }
        snapshot.commit().await.map_err(read)?;
        Ok(Looked { covered: LogSize(checkpoint.covered as u64), positions, revisions })
    }

    async fn ids_after(&self, tenant: &TenantId, after: Option<RecordId>, max: usize) -> Result<Option<Vec<RecordId>>, LogError> {
        let _reading = self.reading().await;
        let Some(checkpoint) = self.checkpoint(tenant).await? else { return Ok(Some(Vec::new())) };
        let after = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
        let query = sqlx::query("SELECT id FROM record_1 WHERE generation = ? AND id > ? ORDER BY id LIMIT ?");
        let rows = query.bind(checkpoint.number).bind(after).bind(limit(max)).fetch_all(&self.shared.readers).await.map_err(read)?;
        rows.iter().map(|row| id(row, 0)).collect::<Result<_, _>>().map(Some)
    }
}

#[async_trait]
impl Views for SqliteViews {
    async fn apply(&self, tenant: &TenantId, from: LogSize, rows: &[IndexRow], heads: &[HeadRow]) -> Result<(), LogError> {
        self.shared.poison.check(FILE)?;
        match self.shared.writer.lock().await.apply(tenant, self.place, from, rows, heads).await {
            Ok(Applied::Written) => Ok(()),
            Ok(Applied::NotThere(covered)) => Err(LogError::unavailable(format!("the read models are at {covered}, not {}", from.0))),
            Ok(Applied::NotBegun) => Err(LogError::unavailable("no generation is being built")),
            Err(error) => Err(self.shared.poison.failed(FILE, error)),
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
        let sql = "SELECT position FROM posting_1
                   WHERE term = (SELECT number FROM term_1
                                 WHERE generation = (SELECT number FROM generation WHERE tenant = ? AND place = ?) AND term = ?)
                     AND position BETWEEN ? AND ? ORDER BY position LIMIT ?";
        let position = |position: LogPosition| i64::try_from(position.0).unwrap_or(i64::MAX);
        let query = sqlx::query(sql)
            .bind(tenant.as_str())
            .bind(place_code(self.place))
            .bind(TermKey::of(term).into_bytes())
            .bind(position(from))
            .bind(position(known_at))
            .bind(limit(max));
        let rows = query.fetch_all(&self.shared.readers).await.map_err(read)?;
        rows.iter().map(|row| Ok(LogPosition(row.try_get::<i64, _>(0).map_err(read)? as u64))).collect()
    }

    async fn positions_of_each(&self, tenant: &TenantId, terms: &[Term], known_at: LogPosition) -> Result<Vec<Vec<LogPosition>>, LogError> {
        let _reading = self.reading().await;
        let Some(Checkpoint { number, .. }) = self.checkpoint(tenant).await? else { return Ok(vec![Vec::new(); terms.len()]) };
        let known_at = i64::try_from(known_at.0).unwrap_or(i64::MAX);
        let mut found: HashMap<Vec<u8>, Vec<LogPosition>> = HashMap::with_capacity(terms.len());
        for some in terms.chunks(IDS) {
            // One row a term: a row costs more than the numbers in it.
            let asked = some.len().next_power_of_two();
            let sql = format!(
                "SELECT t.term, (SELECT group_concat(p.position) FROM (SELECT position FROM posting_1 WHERE term = t.number AND position <= ?
                                                                       ORDER BY position) p)
                 FROM term_1 t WHERE t.generation = ? AND t.term IN (?{})",
                ",?".repeat(asked - 1)
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(known_at).bind(number);
            let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
            let query = some.iter().chain(padding).fold(query, |query, term| query.bind(TermKey::of(term).into_bytes()));
            for row in query.fetch_all(&self.shared.readers).await.map_err(read)? {
                let numbers: Option<&str> = row.try_get(1).map_err(read)?;
                let numbers = numbers.unwrap_or_default().split_terminator(',').map(|number| number.parse().map(LogPosition));
                let numbers = numbers.collect::<Result<_, _>>().map_err(|_| damaged())?;
                found.insert(row.try_get(0).map_err(read)?, numbers);
            }
        }
        // A term may be asked twice.
        Ok(terms.iter().map(|term| found.get(TermKey::of(term).as_slice()).cloned().unwrap_or_default()).collect())
    }

    async fn briefs_of_each(&self, tenant: &TenantId, sessions: &[SessionId]) -> Result<Vec<Vec<Briefs>>, LogError> {
        let _reading = self.reading().await;
        briefs::of_each(&self.shared.readers, (tenant, self.place), sessions).await
    }

    async fn sessions_with(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        active_at: Option<ActiveAt>,
        after: Option<&HeadKey>,
        max: usize,
    ) -> Result<Vec<HeadRow>, LogError> {
        let _reading = self.reading().await;
        let Some(Checkpoint { number, .. }) = self.checkpoint(tenant).await? else { return Ok(Vec::new()) };
        let (mut only, mut carried) = (Vec::new(), Vec::new());
        for term in terms {
            let Some(found) = self.term(number, &TermKey::of(term)).await? else { return Ok(Vec::new()) };
            match term.kind {
                TermKind::Session => only.push(found),
                _ => carried.push((self.sessions_of(found).await?, found)),
            }
        }
        carried.sort_unstable();
        let few = carried.first().is_some_and(|(sessions, _)| *sessions < FEW_SESSIONS);
        let by_length = match active_at {
            Some(active_at) if only.is_empty() && !few => self.changed_since(number, active_at.size).await? < FEW_SESSIONS,
            _ => false,
        };
        let list = List { only: &only, carried: &carried, few, active_at, by_length, after };
        list.rows(&self.shared.readers, number, max).await
    }

    async fn values_of(&self, tenant: &TenantId, kind: TermKind, carried: Carried, after: Option<&str>, max: usize) -> Result<Vec<String>, LogError> {
        let often = match carried {
            Carried::Once => "",
            Carried::ByTwoRecords => " AND EXISTS (SELECT 1 FROM posting_1 p WHERE p.term = t.number LIMIT 1 OFFSET 1)",
            Carried::ByTwoSessions => " AND EXISTS (SELECT 1 FROM term_session_1 s WHERE s.term = t.number LIMIT 1 OFFSET 1)",
        };
        // A kind's terms stand together, below those of the next kind.
        let sql = format!(
            "SELECT t.term FROM term_1 t WHERE t.generation = (SELECT number FROM generation WHERE tenant = ? AND place = ?)
               AND t.term >= ? AND t.term > ? AND t.term < ?{often} ORDER BY t.term LIMIT ?"
        );
        let (first, next) = ([kind.code()], [kind.code() + 1]);
        let after = after.map_or_else(Vec::new, |after| TermKey::of(&Term { kind, value: after.to_owned() }).into_bytes());
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(place_code(self.place));
        let query = query.bind(first.as_slice()).bind(after).bind(next.as_slice()).bind(limit(max));
        let rows = query.fetch_all(&self.shared.readers).await.map_err(read)?;
        let value = |row: &SqliteRow| row.try_get::<Vec<u8>, _>(0).map(|term| String::from_utf8_lossy(&term[1..]).into_owned()).map_err(read);
        rows.iter().map(value).collect()
    }

    async fn head_row(&self, tenant: &TenantId, session: &SessionId) -> Result<Option<HeadRow>, LogError> {
        let sql = format!(
            "{HEAD} head_1 h WHERE h.session =
               (SELECT number FROM term_1
                WHERE generation = (SELECT number FROM generation WHERE tenant = ? AND place = ?) AND term = ?)"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(place_code(self.place));
        let query = query.bind(TermKey::of_session(session.as_str()).into_bytes());
        query.fetch_optional(&self.shared.readers).await.map_err(read)?.as_ref().map(head_row).transpose()
    }

    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError> {
        Ok(self.checkpoint(tenant).await?.map_or(0, |checkpoint| checkpoint.sessions as u64))
    }

    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.shared.poison.check(FILE)?;
        let mut writer = self.shared.writer.lock().await;
        drop(self.shared.reading.write().await);
        writer.forget();
        sweep::all(writer.connection(), tenant).await.map_err(|error| self.shared.poison.failed(FILE, error))
    }

    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError> {
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        let Some(checkpoint) = checkpoint(&mut snapshot, tenant, self.place).await.map_err(read)? else { return Ok(vec!["covered 0".to_owned()]) };
        let mut lines = vec![format!("covered {}", checkpoint.covered)];
        let mut rows = async |sql: &'static str| sqlx::query(sql).bind(checkpoint.number).fetch_all(&mut *snapshot).await.map_err(read);
        for row in rows("SELECT id, position FROM record_1 WHERE generation = ? ORDER BY id").await? {
            lines.push(format!("record {} #{}", id(&row, 0)?, row.try_get::<i64, _>(1).map_err(read)?));
        }
        let postings = "SELECT t.term, p.position FROM term_1 t JOIN posting_1 p ON p.term = t.number WHERE t.generation = ? ORDER BY 1, 2";
        for row in rows(postings).await? {
            lines.push(format!("posting {} #{}", to_text(row.try_get(0).map_err(read)?), row.try_get::<i64, _>(1).map_err(read)?));
        }
        let sessions =
            "SELECT t.term, substr(s.term, 2) FROM term_1 t JOIN term_session_1 x ON x.term = t.number JOIN term_1 s ON s.number = x.session
                        WHERE t.generation = ? ORDER BY 1, 2";
        for row in rows(sessions).await? {
            let session: Vec<u8> = row.try_get(1).map_err(read)?;
            lines.push(format!("session {} {}", to_text(row.try_get(0).map_err(read)?), String::from_utf8_lossy(&session)));
        }
        let heads =
            "SELECT name, first_occurred, first_source, first_source_id, assessed_to, over_at, state FROM head_1 WHERE generation = ? ORDER BY name";
        for row in rows(heads).await? {
            lines.push(head_row(&row)?.to_text());
        }
        for row in rows(briefs::DUMP).await? {
            lines.push(briefs::to_text(&row)?);
        }
        Ok(lines)
    }

    fn shadow(&self) -> Arc<dyn Views> {
        Arc::new(Self { shared: Arc::clone(&self.shared), place: Place::Shadow })
    }

    async fn generations(&self, tenant: &TenantId) -> Result<Generations, LogError> {
        generations::all(&mut *self.shared.readers.acquire().await.map_err(read)?, tenant).await.map_err(read)
    }

    async fn begin(&self, tenant: &TenantId, place: Place, made_by: &MadeBy) -> Result<(), LogError> {
        self.write(async |connection| generations::begin_or_relabel(connection, tenant, place, made_by).await).await
    }

    async fn abandon_shadow(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.write(async |connection| generations::abandon_shadow(connection, tenant).await).await
    }

    async fn compare(&self, tenant: &TenantId) -> Result<Box<dyn Comparison>, LogError> {
        let mut snapshot = self.shared.readers.begin().await.map_err(read)?;
        // The first statement fixes what the snapshot shows.
        let both = generations::both(&mut snapshot, tenant).await.map_err(read)?.ok_or_else(not_two)?;
        Ok(Box::new(Pinned { snapshot, both }))
    }

    async fn switch(&self, tenant: &TenantId, at: LogSize, report: &str) -> Result<(), LogError> {
        let done = self.write(async |connection| generations::switch(connection, tenant, at, report).await).await?;
        if done { Ok(()) } else { Err(not_two()) }
    }

    async fn sweep(&self, tenant: &TenantId) -> Result<bool, LogError> {
        let Some(generation) = sweep::next(&self.shared.readers, tenant).await.map_err(read)? else { return Ok(false) };
        // Reads that began before it went out of use are over when this is held; those that begin now do not see it.
        drop(self.shared.reading.write().await);
        self.write(async |connection| sweep::some(connection, generation).await).await?;
        Ok(true)
    }
}

impl SqliteViews {
    /// Runs something that writes on the one connection that does, which must not write terms.
    async fn write<T>(&self, run: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>) -> Result<T, LogError> {
        self.shared.poison.check(FILE)?;
        run(self.shared.writer.lock().await.connection()).await.map_err(|error| self.shared.poison.failed(FILE, error))
    }
}

fn not_two() -> LogError {
    LogError::unavailable("there are not two generations of the read models at one size")
}

fn head_row(row: &SqliteRow) -> Result<HeadRow, LogError> {
    Ok(HeadRow {
        session: SessionId::new(row.try_get::<String, _>(0).map_err(read)?),
        first_occurred: Time::from_micros(row.try_get(1).map_err(read)?),
        first_source: row.try_get(2).map_err(read)?,
        first_source_id: row.try_get(3).map_err(read)?,
        assessed_to: LogSize(row.try_get::<i64, _>(4).map_err(read)? as u64),
        over_at: Some(row.try_get(5).map_err(read)?).filter(|over| *over != NEVER_OVER).map(Time::from_micros),
        state: row.try_get(6).map_err(read)?,
    })
}

fn id(row: &SqliteRow, column: usize) -> Result<RecordId, LogError> {
    let bytes: &[u8] = row.try_get(column).map_err(read)?;
    let id = Uuid::from_slice(bytes).map_err(|_| damaged())?;
    Ok(RecordId(id))
}

fn damaged() -> LogError {
    LogError::unavailable("the file `views` is damaged: rebuild it")
}

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

fn read(error: sqlx::Error) -> LogError {
    read_failed(FILE, LogPosition(0), error)
}

//! The log: one row for the head of each tenant, which an append compares and moves in the
//! statement that inserts the records.

use super::{
    changes::{Changes, Watcher},
    connect::{Database, read, transact},
    failure::{Failure, classify, records_failed},
};
use crate::columns::{
    Columns, MAX_READ_BYTES, MAX_SELECT_POSITIONS, MAX_SELECT_ROWS, Part, arrange, check_dense,
    damaged, removals,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use claimledger_ledger::log::{
    AppendFailure, Log, LogError, MAX_APPEND_ENTRIES, Stopped, check_append, no_record,
};
use parking_lot::Mutex;
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::watch;

/// Attempts to resolve an append that neither wrote nor met another size: its tenant is new.
const MAX_TRIES: u32 = 3;

/// One log of each tenant: the records, or the accesses.
///
/// An append is one statement, which is its own transaction and one round trip: no other writer
/// waits for a client between its lock and its commit.
pub struct PostgresLog {
    database: Database,
    sql: Sql,
    changes: Arc<Changes>,
    /// Its tasks go on while either log is used.
    _watcher: Arc<Watcher>,
    /// The largest size of each log that this process acknowledged or read. A database that has
    /// fewer records lost some, as after a switch to a standby that lagged behind.
    known: Mutex<HashMap<TenantId, u64>>,
}

/// The statements on the tables of one log.
struct Sql {
    /// The name of the log: `log` or `access`.
    name: &'static str,
    head: String,
    begin: String,
    append: String,
    tenants: String,
}

impl Sql {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            head: format!("SELECT size FROM {name}_head WHERE name = $1"),
            begin: format!("INSERT INTO {name}_head (name) VALUES ($1) ON CONFLICT DO NOTHING"),
            // A writer that waits for the row of the head compares its new size: of two appends at
            // one size, the second inserts nothing.
            append: format!(
                "WITH head AS (UPDATE {name}_head SET size = size + $3 WHERE name = $1 AND size = \
                 $2 RETURNING number) INSERT INTO {name}_entry (tenant, position, id, header, \
                 leaf, personal_removed, original_removed, facts, personal, original) SELECT \
                 head.number, $2 + e.n - 1, e.id, e.header, e.leaf, e.personal_removed, \
                 e.original_removed, e.facts, e.personal, e.original FROM head, \
                 unnest($4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], \
                 $9::bytea[], $10::bytea[], $11::bytea[]) WITH ORDINALITY AS e (id, header, leaf, \
                 personal_removed, original_removed, facts, personal, original, n) ORDER BY e.n"
            ),
            tenants: format!("SELECT name FROM {name}_head WHERE size > 0 ORDER BY name"),
        }
    }

    /// Rows from a position on, with the size of the log in the last column: one snapshot of both.
    fn range<P: Part>(&self) -> String {
        let (name, columns) = (self.name, P::COLUMNS);
        format!(
            "SELECT e.*, h.size FROM {name}_head h LEFT JOIN LATERAL (SELECT position, {columns} \
             FROM {name}_entry WHERE tenant = h.number AND position >= $2 AND position < $3 ORDER \
             BY position LIMIT {MAX_SELECT_ROWS}) e ON true WHERE h.name = $1 ORDER BY e.position"
        )
    }

    fn at<P: Part>(&self) -> String {
        let (name, columns) = (self.name, P::COLUMNS);
        format!(
            "SELECT e.*, h.size FROM {name}_head h LEFT JOIN LATERAL (SELECT position, {columns} \
             FROM {name}_entry WHERE tenant = h.number AND position = ANY($2)) e ON true WHERE \
             h.name = $1"
        )
    }

    /// Binds the tenant, the positions and the reason.
    fn remove(&self, bodies: &[BodyKind]) -> String {
        let (name, set) = (self.name, removals(bodies, |_| "$3".to_owned()));
        format!(
            "UPDATE {name}_entry SET {set} FROM {name}_head h WHERE h.name = $1 AND tenant = \
             h.number AND position = ANY($2)"
        )
    }
}

impl Columns for PgRow {
    fn bytes(&self, at: usize) -> Result<Option<&[u8]>, sqlx::Error> {
        self.try_get(at)
    }
}

fn stored(number: u64) -> Result<i64, LogError> {
    i64::try_from(number)
        .map_err(|_| LogError::unavailable("a tenant's log takes no more than 2^40 records"))
}

/// A position for a condition: all beyond the largest are the same.
fn bounded(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

impl PostgresLog {
    /// The log of the records.
    pub(super) fn records(database: &Database, watcher: &Arc<Watcher>) -> Self {
        Self::new("log", database, &watcher.records, watcher)
    }

    /// The access log.
    pub(super) fn access(database: &Database, watcher: &Arc<Watcher>) -> Self {
        Self::new("access", database, &watcher.access, watcher)
    }

    fn new(
        name: &'static str,
        database: &Database,
        changes: &Arc<Changes>,
        watcher: &Arc<Watcher>,
    ) -> Self {
        Self {
            database: database.clone(),
            sql: Sql::new(name),
            changes: Arc::clone(changes),
            _watcher: Arc::clone(watcher),
            known: Mutex::default(),
        }
    }

    /// Notes the size that the database has.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] if it had more records before.
    fn seen(&self, tenant: &TenantId, asked_when_known: u64, size: u64) -> Result<(), LogError> {
        if size < asked_when_known {
            let what = format!(
                "the database has {size} records where {asked_when_known} were acknowledged"
            );
            return Err(LogError::Corrupt { position: LogPosition(size), what });
        }
        let mut known = self.known.lock();
        let known = known.entry(tenant.clone()).or_default();
        *known = (*known).max(size);
        Ok(())
    }

    /// The size that was known before a question is asked.
    fn known(&self, tenant: &TenantId) -> u64 {
        self.known.lock().get(tenant).copied().unwrap_or(0)
    }

    /// The size; none: the tenant has no head.
    async fn size(&self, tenant: &TenantId) -> Result<Option<u64>, LogError> {
        let known = self.known(tenant);
        let row = read!(self.database, async |connection| {
            sqlx::query(AssertSqlSafe(self.sql.head.as_str()))
                .bind(tenant.as_str().as_bytes())
                .fetch_optional(connection)
                .await?
                .map(|row| row.try_get::<i64, _>(0))
                .transpose()
        });
        let size = row.map_err(|error| self.failed(LogPosition(0), error))?;
        let size = size.map(|size| size as u64);
        self.seen(tenant, known, size.unwrap_or(0))?;
        Ok(size)
    }

    fn failed(&self, position: LogPosition, error: sqlx::Error) -> LogError {
        match classify(&error) {
            Failure::Corrupt => records_failed(self.sql.name, position, error),
            _ => self.database.failed(self.sql.name, error),
        }
    }

    /// Makes the head of a new tenant.
    async fn begin(&self, tenant: &TenantId) -> Result<(), LogError> {
        let done = self.database.run(async |connection| {
            let insert = sqlx::query(AssertSqlSafe(self.sql.begin.as_str()));
            insert.bind(tenant.as_str().as_bytes()).execute(connection).await
        });
        done.await.map(drop).map_err(|error| self.failed(LogPosition(0), error))
    }

    /// One append. False: the log has another size, and nothing was written.
    async fn insert(
        &self,
        tenant: &TenantId,
        expected: u64,
        entries: &[Entry],
    ) -> Result<bool, LogError> {
        let size = stored(expected)?;
        let column = |of: fn(&Entry) -> &[u8]| entries.iter().map(of).collect::<Vec<_>>();
        let body = |of: fn(&Entry) -> Option<&[u8]>| entries.iter().map(of).collect::<Vec<_>>();
        let reason = |of: fn(&Entry) -> Option<&Removal>| {
            entries.iter().map(|entry| of(entry).map(Removal::encode)).collect::<Vec<_>>()
        };
        let written = self.database.run(async |connection| {
            sqlx::query(AssertSqlSafe(self.sql.append.as_str()))
                .bind(tenant.as_str().as_bytes())
                .bind(size)
                .bind(entries.len() as i64)
                .bind(column(|entry| entry.header.id.0.as_bytes()))
                .bind(column(|entry| &entry.header.bytes))
                .bind(column(|entry| &entry.header.leaf.0))
                .bind(reason(|entry| entry.personal.removal()))
                .bind(reason(|entry| entry.original.removal()))
                .bind(column(|entry| &entry.facts))
                .bind(body(|entry| entry.personal.bytes()))
                .bind(body(|entry| entry.original.bytes()))
                .execute(connection)
                .await
        });
        match written.await {
            Ok(done) => Ok(done.rows_affected() > 0),
            Err(error) if classify(&error) == Failure::Constraint => {
                // Something else changed the log: a record has this position or id already, or the
                // one before it is missing.
                let what =
                    format!("an append at size {expected} was refused by the tables: {error}");
                tracing::error!(what, "something else writes to the log");
                Err(LogError::Corrupt { position: LogPosition(expected), what })
            }
            Err(error) => Err(self.failed(LogPosition(expected), error)),
        }
    }

    async fn range<P: Part>(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<P>, LogError> {
        let (mut next, mut read, mut bytes) = (from.0, Vec::new(), 0);
        let until = from.0.saturating_add(max as u64);
        let sql: Arc<str> = self.sql.range::<P>().into();
        while next < until && bytes < MAX_READ_BYTES {
            let asked = (until - next).min(MAX_SELECT_ROWS as u64);
            let known = self.known(tenant);
            let rows = read!(self.database, async |connection| {
                sqlx::query(AssertSqlSafe(Arc::clone(&sql)))
                    .bind(tenant.as_str().as_bytes())
                    .bind(bounded(next))
                    .bind(bounded(next.saturating_add(asked)))
                    .fetch_all(connection)
                    .await
            });
            let rows = rows.map_err(|error| self.failed(LogPosition(next), error))?;
            let (size, some) = parts::<P>(&rows)?;
            self.seen(tenant, known, size)?;
            check_dense(next, &some)?;
            let there = size.saturating_sub(next).min(asked);
            if (some.len() as u64) < there {
                return Err(no_record(LogPosition(next + some.len() as u64)));
            }
            for (_, part) in some {
                bytes += part.size();
                read.push(part);
            }
            if there < asked {
                break;
            }
            next += there;
        }
        Ok(read)
    }

    async fn at<P: Part>(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<P>, LogError> {
        let mut read = Vec::with_capacity(positions.len());
        let sql: Arc<str> = self.sql.at::<P>().into();
        for some in positions.chunks(MAX_SELECT_POSITIONS) {
            let asked: Vec<_> = some.iter().map(|position| bounded(position.0)).collect();
            let known = self.known(tenant);
            let rows = read!(self.database, async |connection| {
                sqlx::query(AssertSqlSafe(Arc::clone(&sql)))
                    .bind(tenant.as_str().as_bytes())
                    .bind(asked.as_slice())
                    .fetch_all(connection)
                    .await
            });
            let rows = rows.map_err(|error| self.failed(some[0], error))?;
            let (size, rows) = parts::<P>(&rows)?;
            self.seen(tenant, known, size)?;
            if let Some(position) = some.iter().find(|position| position.0 >= size) {
                return Err(no_record(*position));
            }
            arrange(some, rows, &mut read)?;
        }
        Ok(read)
    }
}

/// The size of the log, and the rows.
fn parts<P: Part>(rows: &[PgRow]) -> Result<(u64, Vec<(LogPosition, P)>), LogError> {
    let unread = |_| damaged(LogPosition(0), "log_entry.position or log_head.size does not read");
    let Some(first) = rows.first() else { return Ok((0, Vec::new())) };
    let size: i64 = first.try_get(first.len() - 1).map_err(unread)?;
    let mut some = Vec::with_capacity(rows.len());
    for row in rows {
        // NULL: the head alone.
        let Some(position) = row.try_get::<Option<i64>, _>(0).map_err(unread)? else { continue };
        let position = LogPosition(position as u64);
        some.push((position, P::read(position, row)?));
    }
    Ok((size as u64, some))
}

#[async_trait]
impl Log for PostgresLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        check_append(entries)?;
        // A log that lost records may have the expected size again.
        let has_more = self.known(tenant) > expected.0;
        for _ in 0..MAX_TRIES {
            if !entries.is_empty() && !has_more && self.insert(tenant, expected.0, entries).await? {
                let after = expected.0 + entries.len() as u64;
                self.seen(tenant, 0, after)?;
                self.database.written();
                self.changes.appended();
                return Ok(LogSize(after));
            }
            let size = self.size(tenant).await?;
            if size.unwrap_or(0) != expected.0 {
                return Err(AppendFailure::Conflict { size: LogSize(size.unwrap_or(0)) });
            }
            if entries.is_empty() {
                return Ok(expected);
            }
            if size.is_none() {
                self.begin(tenant).await?;
            }
        }
        Err(LogError::unavailable("other writers were first each time").into())
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        self.range(tenant, from, max).await
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        self.at(tenant, positions).await
    }

    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.range(tenant, from, max).await
    }

    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.at(tenant, positions).await
    }

    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        if positions.len() > MAX_APPEND_ENTRIES {
            return Err(LogError::TooLarge);
        }
        let size = self.size(tenant).await?.unwrap_or(0);
        if let Some(position) = positions.iter().find(|position| position.0 >= size) {
            return Err(no_record(*position));
        }
        if positions.is_empty() || bodies.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = positions.iter().map(|position| bounded(position.0)).collect();
        let (sql, reason): (Arc<str>, _) = (self.sql.remove(bodies).into(), removal.encode());
        let done = transact!(self.database, async |connection| {
            sqlx::query(AssertSqlSafe(Arc::clone(&sql)))
                .bind(tenant.as_str().as_bytes())
                .bind(asked.as_slice())
                .bind(reason.as_slice())
                .execute(connection)
                .await
        });
        done.map_err(|error| self.failed(positions[0], error))?;
        self.database.written();
        Ok(())
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(self.size(tenant).await?.unwrap_or(0)))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        let rows = read!(self.database, async |connection| {
            sqlx::query(AssertSqlSafe(self.sql.tenants.as_str())).fetch_all(connection).await
        });
        let rows = rows.map_err(|error| self.failed(LogPosition(0), error))?;
        rows.iter()
            .map(|row| super::text(row, 0).map(TenantId::new))
            .collect::<Result<_, _>>()
            .map_err(|error| self.database.failed(self.sql.name, error))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn stopped(&self) -> Option<Stopped> {
        self.database.stopped()
    }
}

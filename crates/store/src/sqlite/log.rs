//! The log: one writer, a few readers, and checkpoints beside the commits.

use super::{
    OpenError,
    connect::{Database, Files, LOG_PAGE},
    failure::{Failure, Poison, classify, records_failed},
    owner::Owner,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, TenantId},
    record::{Entry, leaf_hash},
};
use claimledger_ledger::log::{AppendFailure, Log, LogError, check_append};
use sqlx::{AssertSqlSafe, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "log", include_str!("../../../../migrations/sqlite/log/0001_log.sql")),
    (2, "anchor", include_str!("../../../../migrations/sqlite/log/0002_anchor.sql")),
];

const FILE: &str = "log";
const POSITION_BITS: u32 = 40;
/// Rows of one INSERT: more would only make the texts longer that are kept prepared.
const ROWS: usize = 64;
/// Positions of one SELECT.
const READ_AT: usize = 256;
/// Rows of one SELECT, and about how many bytes a read gives at once.
const READ_ROWS: usize = 128;
const READ_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of new records after which the write-ahead log is brought into the file.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// With so many an append waits for the checkpoint that is running: a disk that is slower than the appends must not let the write-ahead log grow for ever.
const MAX_UNSAVED_BYTES: u64 = 4 * CHECKPOINT_BYTES;
/// Below so many bytes the rest of a checkpoint is done while the writer waits: it takes about as long as a commit.
const LAST_BYTES: u64 = 512 * 1024;
/// The logs of all tenants, in the file `log`.
pub struct SqliteLog {
    inner: Arc<Inner>,
    readers: SqlitePool,
    _owner: Arc<Owner>,
}

struct Inner {
    writer: Mutex<Writer>,
    /// Where each log ends: changed with the writer held, once the commit is durable.
    heads: RwLock<BTreeMap<TenantId, Head>>,
    /// An append was dropped on its way: the writer's transaction and `heads` are not to be trusted before they are looked at.
    abandoned: AtomicBool,
    poison: Poison,
    changes: watch::Sender<u64>,
    database: Database,
    /// Bytes that went into the write-ahead log since it was last begun anew.
    unsaved: AtomicU64,
    /// Held while a checkpoint is running.
    saving: Arc<Mutex<()>>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    number: i64,
    size: u64,
}

struct Writer {
    connection: SqliteConnection,
    /// The text of an append of so many records.
    texts: HashMap<usize, Arc<str>>,
}

/// Says that an append was dropped, unless it is told that it ended.
struct OnItsWay<'a> {
    abandoned: &'a AtomicBool,
    ended: bool,
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.abandoned.store(true, Ordering::SeqCst);
        }
    }
}

impl SqliteLog {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        let database = files.log();
        let mut connection = database.writer(MIGRATIONS).await?;
        let heads = checked_heads(&mut connection, &database).await?;
        if move_anchors(&mut connection, &heads).await.map_err(|error| database.refused(error))? {
            database.bring_in(&mut connection).await?;
        }
        let inner = Inner {
            writer: Mutex::new(Writer { connection, texts: HashMap::new() }),
            heads: RwLock::new(heads),
            abandoned: AtomicBool::new(false),
            poison: Poison::default(),
            changes: watch::Sender::new(0),
            database: database.clone(),
            unsaved: AtomicU64::new(0),
            saving: Arc::default(),
        };
        Ok(Self { inner: Arc::new(inner), readers: database.readers(), _owner: Arc::clone(owner) })
    }

    /// Whether no tenant has a record.
    pub(super) fn is_empty(&self) -> bool {
        self.inner.heads().values().all(|head| head.size == 0)
    }

    async fn entries(&self, number: i64, sql: String, keys: &[i64]) -> Result<Vec<(LogPosition, Entry)>, LogError> {
        let first = LogPosition(position_of(number, keys.first().copied().unwrap_or_default()));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for key in keys {
            query = query.bind(*key);
        }
        let rows = query.fetch_all(&self.readers).await.map_err(|error| records_failed(FILE, first, error))?;
        rows.iter().map(|row| entry(number, row)).collect()
    }
}

impl Inner {
    fn heads(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<TenantId, Head>> {
        self.heads.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_head(&self, tenant: &TenantId, head: Head) {
        self.heads.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), head);
    }

    async fn head_of(&self, tenant: &TenantId) -> Result<Option<Head>, LogError> {
        if self.abandoned.load(Ordering::SeqCst) {
            let mut writer = self.writer.lock().await;
            self.settle(&mut writer).await?;
        }
        Ok(self.heads().get(tenant).copied())
    }

    /// Finds out what became of an append that was dropped.
    async fn settle(&self, writer: &mut Writer) -> Result<(), LogError> {
        // Once the storage has failed, what was acknowledged goes on being read, and nothing else is looked at.
        if !self.abandoned.load(Ordering::SeqCst) || self.poison.check(FILE).is_err() {
            return Ok(());
        }
        // The connection runs one statement after the other: what was on its way is done when this is. With nothing open it fails, and that is well.
        let _ = sqlx::query("ROLLBACK").execute(&mut writer.connection).await;
        let heads = heads(&mut writer.connection).await.map_err(|error| self.poison.failed(FILE, error))?;
        *self.heads.write().unwrap_or_else(PoisonError::into_inner) = heads;
        self.abandoned.store(false, Ordering::SeqCst);
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// The tenant's number and size; a new tenant gets a number.
    async fn head_to_write(&self, writer: &mut Writer, tenant: &TenantId) -> Result<Head, LogError> {
        if let Some(head) = self.heads().get(tenant).copied() {
            return Ok(head);
        }
        // Not RETURNING: who asks for one row leaves the statement at that row, and never hears that the commit after it failed.
        let insert = sqlx::query("INSERT INTO log_tenant (name) VALUES (?)").bind(tenant.as_str());
        let number = insert.execute(&mut writer.connection).await.map_err(|error| self.poison.failed(FILE, error))?.last_insert_rowid();
        let head = Head { number, size: 0 };
        self.set_head(tenant, head);
        Ok(head)
    }

    async fn append(self: &Arc<Self>, tenant: &TenantId, expected: LogSize, entries: &[Entry]) -> Result<LogSize, AppendFailure> {
        check_append(entries)?;
        self.poison.check(FILE)?;
        if self.unsaved.load(Ordering::SeqCst) >= MAX_UNSAVED_BYTES {
            drop(self.saving.lock().await);
        }
        let mut writer = self.writer.lock().await;
        self.settle(&mut writer).await?;
        self.poison.check(FILE)?;
        let size = self.heads().get(tenant).map_or(0, |head| head.size);
        if size != expected.0 {
            return Err(AppendFailure::Conflict { size: LogSize(size) });
        }
        if entries.is_empty() {
            return Ok(expected);
        }
        let after = size + entries.len() as u64;
        if after >> POSITION_BITS != 0 {
            return Err(LogError::unavailable("a tenant's log takes no more than 2^40 records").into());
        }
        let mut on_its_way = OnItsWay { abandoned: &self.abandoned, ended: false };
        let head = self.head_to_write(&mut writer, tenant).await?;
        if let Err(error) = writer.write(head, entries).await {
            let _ = sqlx::query("ROLLBACK").execute(&mut writer.connection).await;
            if classify(&error) == Failure::Constraint {
                // The log does not end where this process left it: a record stands there already, or the one before it is gone.
                let what = format!("an append at size {size} was refused by the tables: {error}");
                self.poison.poison(FILE, &what);
                on_its_way.ended = true;
                return Err(LogError::Corrupt { position: LogPosition(size), what }.into());
            }
            // Whether it was written is looked up before anything else is.
            return Err(self.poison.failed(FILE, error).into());
        }
        on_its_way.ended = true;
        self.set_head(tenant, Head { size: after, ..head });
        drop(writer);
        self.changes.send_modify(|count| *count += 1);
        // Roughly: beside the records, a commit writes the page that the last records left room in.
        let bytes = entries.iter().map(|entry| entry.size() as u64 + 128).sum::<u64>() + u64::from(LOG_PAGE);
        self.count_unsaved(bytes);
        Ok(LogSize(after))
    }

    fn count_unsaved(self: &Arc<Self>, bytes: u64) {
        let unsaved = self.unsaved.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if unsaved < CHECKPOINT_BYTES {
            return;
        }
        let Ok(saving) = Arc::clone(&self.saving).try_lock_owned() else { return };
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = inner.save().await {
                tracing::error!(%error, "a checkpoint of the log failed");
            }
            drop(saving);
        });
    }

    /// Brings the write-ahead log into the file, beside the commits: each pass takes what came in during the one before. The last and small one is done
    /// while the writer waits, so that the next commit begins the write-ahead log anew.
    async fn save(&self) -> Result<(), LogError> {
        let mut connection = self
            .database
            .connect()
            .await
            .map_err(|error| LogError::Unavailable { reason: "no connection for a checkpoint".to_owned(), source: Some(Box::new(error)) })?;
        for _ in 0..8 {
            let before = self.unsaved.load(Ordering::SeqCst);
            self.checkpoint(&mut connection).await?;
            if self.unsaved.load(Ordering::SeqCst) - before < LAST_BYTES {
                break;
            }
        }
        let mut writer = self.writer.lock().await;
        self.settle(&mut writer).await?;
        self.poison.check(FILE)?;
        let heads = self.heads().clone();
        move_anchors(&mut writer.connection, &heads).await.map_err(|error| self.poison.failed(FILE, error))?;
        self.checkpoint(&mut connection).await?;
        self.unsaved.store(0, Ordering::SeqCst);
        Ok(())
    }

    async fn checkpoint(&self, connection: &mut SqliteConnection) -> Result<(), LogError> {
        self.poison.check(FILE)?;
        // A failed fsync of a checkpoint is as grave as one of a commit.
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await.map_err(|error| self.poison.failed(FILE, error))?;
        Ok(())
    }
}

impl Writer {
    /// One transaction in one round trip to the connection's thread.
    async fn write(&mut self, head: Head, entries: &[Entry]) -> Result<(), sqlx::Error> {
        let text = self.texts.entry(entries.len()).or_insert_with(|| text(entries.len()).into());
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
        for (entry, position) in entries.iter().zip(head.size..) {
            query = query
                .bind(key(head.number, position))
                .bind(entry.id.0.as_bytes().as_slice())
                .bind(entry.header.as_slice())
                .bind(leaf_hash(&entry.header).0.as_slice())
                .bind(entry.facts.as_slice())
                .bind(entry.personal.as_slice())
                .bind(entry.original.as_slice());
        }
        query.execute(&mut self.connection).await.map(|_| ())
    }
}

/// A few records are one statement, which is a transaction by itself: each further statement would wake up whoever waits once more.
fn text(rows: usize) -> String {
    let mut inserts = (0..rows.div_ceil(ROWS)).map(|n| {
        let mut text = "INSERT INTO log_entry (key, id, header, leaf, facts, personal, original) VALUES (?,?,?,?,?,?,?)".to_owned();
        text.extend(std::iter::repeat_n(",(?,?,?,?,?,?,?)", (rows - n * ROWS).min(ROWS) - 1));
        text
    });
    if rows <= ROWS {
        return inserts.next().unwrap_or_default();
    }
    let inserts: Vec<_> = inserts.collect();
    format!("BEGIN IMMEDIATE;\n{};\nCOMMIT", inserts.join(";\n"))
}

fn key(number: i64, position: u64) -> i64 {
    (number << POSITION_BITS) | position as i64
}

fn position_of(number: i64, key: i64) -> u64 {
    (key - (number << POSITION_BITS)) as u64
}

const COLUMNS: &str = "SELECT key, id, header, leaf, facts, personal, original FROM log_entry";

fn entry(number: i64, row: &SqliteRow) -> Result<(LogPosition, Entry), LogError> {
    let damaged = |position, what: &str| LogError::Corrupt { position, what: what.to_owned() };
    let key: i64 = row.try_get(0).map_err(|_| damaged(LogPosition(0), "log_entry.key does not read"))?;
    let position = LogPosition(position_of(number, key));
    // By number, in the order of COLUMNS: looking a name up takes longer than reading what it names.
    let blob = |at: usize, column: &str| row.try_get::<&[u8], _>(at).map_err(|_| damaged(position, &format!("log_entry.{column} does not read")));
    let id = Uuid::from_slice(blob(1, "id")?).map_err(|_| damaged(position, "log_entry.id has another length"))?;
    let header = blob(2, "header")?;
    if leaf_hash(header).0.as_slice() != blob(3, "leaf")? {
        return Err(damaged(position, "the header's hash is not the leaf that was stored with it"));
    }
    let owned = |at, column| blob(at, column).map(<[u8]>::to_vec);
    let entry = Entry {
        id: RecordId(id),
        header: header.to_vec(),
        facts: owned(4, "facts")?,
        personal: owned(5, "personal")?,
        original: owned(6, "original")?,
    };
    Ok((position, entry))
}

/// Where each log ends.
async fn heads(connection: &mut SqliteConnection) -> Result<BTreeMap<TenantId, Head>, sqlx::Error> {
    Ok(ends(connection).await?.into_iter().map(|end| (end.tenant, Head { number: end.number, size: end.size })).collect())
}

struct End {
    tenant: TenantId,
    number: i64,
    first: Option<u64>,
    size: u64,
    anchor: u64,
}

async fn ends(connection: &mut SqliteConnection) -> Result<Vec<End>, sqlx::Error> {
    let keys = "FROM log_entry WHERE key >= number << 40 AND key < (number + 1) << 40";
    let sql = format!("SELECT name, number, size, (SELECT min(key) {keys}), (SELECT max(key) {keys}) FROM log_tenant");
    let end = |row: &SqliteRow| {
        let number: i64 = row.try_get(1)?;
        let position = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(|key| position_of(number, key)));
        Ok(End {
            tenant: TenantId::new(row.try_get::<String, _>(0)?),
            number,
            first: position(3)?,
            size: position(4)?.map_or(0, |last| last + 1),
            anchor: row.try_get::<i64, _>(2)? as u64,
        })
    };
    sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?.iter().map(end).collect()
}

/// The heads, each compared with its anchor. Short: the whole log is checked by reading it.
async fn checked_heads(connection: &mut SqliteConnection, database: &Database) -> Result<BTreeMap<TenantId, Head>, OpenError> {
    let ends = ends(connection).await.map_err(|error| database.refused(error))?;
    for End { tenant, first, size, anchor, .. } in &ends {
        if first.is_some_and(|first| first != 0) {
            return Err(database.corrupt(format!("the log of tenant {tenant} does not begin at #0")));
        }
        if size < anchor {
            return Err(database.corrupt(format!("the log of tenant {tenant} had {anchor} records, and the last one is the {size}th now")));
        }
    }
    let last = ends.iter().map(|end| end.number).max().unwrap_or(0);
    let stray = sqlx::query("SELECT max(key) FROM log_entry").fetch_one(connection).await.and_then(|row| row.try_get::<Option<i64>, _>(0));
    if stray.map_err(|error| database.refused(error))?.is_some_and(|key| key >> POSITION_BITS > last) {
        return Err(database.corrupt("there are records of a tenant that has no head"));
    }
    Ok(ends.into_iter().map(|end| (end.tenant, Head { number: end.number, size: end.size })).collect())
}

/// Moves the anchors to the heads; true if one moved.
async fn move_anchors(connection: &mut SqliteConnection, heads: &BTreeMap<TenantId, Head>) -> Result<bool, sqlx::Error> {
    let mut moved = false;
    for head in heads.values() {
        let update = sqlx::query("UPDATE log_tenant SET size = ? WHERE number = ? AND size < ?");
        let size = head.size as i64;
        moved |= update.bind(size).bind(head.number).bind(size).execute(&mut *connection).await?.rows_affected() > 0;
    }
    Ok(moved)
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(&self, tenant: &TenantId, expected: LogSize, entries: &[Entry]) -> Result<LogSize, AppendFailure> {
        self.inner.append(tenant, expected, entries).await
    }

    async fn read(&self, tenant: &TenantId, from: LogPosition, max: usize) -> Result<Vec<Entry>, LogError> {
        let Some(head) = self.inner.head_of(tenant).await? else { return Ok(Vec::new()) };
        let (mut next, mut entries, mut bytes) = (from.0, Vec::new(), 0);
        let until = head.size.min(from.0.saturating_add(max as u64));
        while next < until && bytes < READ_BYTES {
            let rows = (until - next).min(READ_ROWS as u64);
            let sql = format!("{COLUMNS} WHERE key >= ? AND key < ? ORDER BY key");
            let some = self.entries(head.number, sql, &[key(head.number, next), key(head.number, next + rows)]).await?;
            if some.len() as u64 != rows {
                return Err(LogError::Corrupt { position: LogPosition(next), what: format!("{} of {rows} records are there", some.len()) });
            }
            for (_, entry) in some {
                bytes += entry.size();
                entries.push(entry);
            }
            next += rows;
        }
        Ok(entries)
    }

    async fn read_at(&self, tenant: &TenantId, positions: &[LogPosition]) -> Result<Vec<Entry>, LogError> {
        let head = self.inner.head_of(tenant).await?.unwrap_or(Head { number: 0, size: 0 });
        let missing = |position: LogPosition| LogError::Corrupt { position, what: "no record is there".to_owned() };
        if let Some(position) = positions.iter().find(|position| position.0 >= head.size) {
            return Err(missing(*position));
        }
        let mut entries = Vec::with_capacity(positions.len());
        for some in positions.chunks(READ_AT) {
            // Padded with the last to a power of two: few texts are prepared, and often used.
            let asked = some.len().next_power_of_two();
            let padding = std::iter::repeat_n(&some[some.len() - 1], asked - some.len());
            let keys: Vec<_> = some.iter().chain(padding).map(|position| key(head.number, position.0)).collect();
            let mut sql = format!("{COLUMNS} WHERE key IN (?");
            sql.extend(std::iter::repeat_n(",?", asked - 1));
            let _ = write!(sql, ")");
            let mut found: HashMap<_, _> = self.entries(head.number, sql, &keys).await?.into_iter().collect();
            let repeated = found.len() < some.len();
            for position in some {
                let entry = if repeated { found.get(position).cloned() } else { found.remove(position) };
                entries.push(entry.ok_or_else(|| missing(*position))?);
            }
        }
        Ok(entries)
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(self.inner.head_of(tenant).await?.map_or(0, |head| head.size)))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(self.inner.heads().iter().filter(|(_, head)| head.size > 0).map(|(tenant, _)| tenant.clone()).collect())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }
}

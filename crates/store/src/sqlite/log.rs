//! The log: one writer, a few readers, and checkpoints in the background.

use super::{
    OpenError,
    connect::{Database, LOG_PAGE_BYTES},
    failure::{Failure, Poison, classify},
    heads::{Head, checked_heads, heads, move_anchors},
    log_rows::{POSITION_BITS, insert, key, remove},
    owner::Owner,
    recover::{Recover, check_free_space, keep_trying, reopen},
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use claimledger_ledger::log::{
    AppendFailure, Log, LogError, MAX_APPEND_ENTRIES, Stopped, check_append, no_record,
};
use parking_lot::RwLock;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, SqlitePool};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Mutex, watch};

const MIGRATIONS: &[(i64, &str, &str)] =
    &[(1, "log", include_str!("../../../../migrations/sqlite/log/0001_log.sql"))];

/// Bytes in the write-ahead log after which a background checkpoint starts.
const CHECKPOINT_BYTES: u64 = 16 * 1024 * 1024;
/// Maximum bytes in the write-ahead log; past it appends wait for the running checkpoint, so that
/// it does not grow without bound on a disk that is slower than the appends.
const MAX_UNSAVED_BYTES: u64 = 4 * CHECKPOINT_BYTES;
/// Maximum bytes that the final pass of a checkpoint writes while the writer waits: it takes about
/// as long as a commit.
const MAX_FINAL_PASS_BYTES: u64 = 512 * 1024;

/// One log of each tenant: the records in the file `log`, or the accesses in the file `access`.
pub struct SqliteLog {
    inner: Arc<Inner>,
    readers: SqlitePool,
    _owner: Arc<Owner>,
}

struct Inner {
    /// The name of the file.
    file: &'static str,
    writer: Mutex<Writer>,
    /// The head of each log: changed while the writer is locked, once the commit is durable.
    heads: RwLock<BTreeMap<TenantId, Head>>,
    /// The caller dropped an append in progress: the writer's transaction and `heads` are unknown
    /// until [`Self::settle`] reads them.
    abandoned: AtomicBool,
    poison: Poison,
    changes: watch::Sender<u64>,
    database: Database,
    /// Bytes written to the write-ahead log since it was last reset.
    unsaved: AtomicU64,
    /// Held while a checkpoint is running.
    checkpointing: Arc<Mutex<()>>,
}

struct Writer {
    /// None while the file is reopened: it is poisoned then, so that writes are refused earlier.
    connection: Option<SqliteConnection>,
    /// SQL of an append, by its number of records.
    texts: HashMap<usize, Arc<str>>,
}

/// Marks an append as abandoned when it is dropped before it ended.
struct InFlight<'a> {
    abandoned: &'a AtomicBool,
    ended: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.abandoned.store(true, Ordering::SeqCst);
        }
    }
}

impl SqliteLog {
    pub(super) async fn open(
        file: &'static str,
        database: Database,
        owner: &Arc<Owner>,
    ) -> Result<Self, OpenError> {
        let (connection, heads) = begin(&database).await?;
        Ok(Self::of(file, database, Some(connection), heads, Poison::default(), owner))
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(
        file: &'static str,
        database: Database,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Result<Self, OpenError> {
        let (database, mut connection) = database.for_reading(MIGRATIONS).await?;
        let heads = checked_heads(&mut connection, &database).await?;
        Ok(Self::of(file, database, None, heads, Poison::read_only(file, why), owner))
    }

    fn of(
        file: &'static str,
        database: Database,
        connection: Option<SqliteConnection>,
        heads: BTreeMap<TenantId, Head>,
        poison: Poison,
        owner: &Arc<Owner>,
    ) -> Self {
        let inner = Inner {
            file,
            writer: Mutex::new(Writer { connection, texts: HashMap::new() }),
            heads: RwLock::new(heads),
            abandoned: AtomicBool::new(false),
            poison,
            changes: watch::Sender::new(0),
            database: database.clone(),
            unsaved: AtomicU64::new(0),
            checkpointing: Arc::default(),
        };
        Self { inner: Arc::new(inner), readers: database.readers(), _owner: Arc::clone(owner) }
    }

    pub(super) async fn head_of(&self, tenant: &TenantId) -> Result<Option<Head>, LogError> {
        self.inner.head_of(tenant).await
    }

    pub(super) fn file(&self) -> &'static str {
        self.inner.file
    }

    pub(super) const fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Whether no tenant has a record.
    pub(super) fn is_empty(&self) -> bool {
        self.inner.heads.read().values().all(|head| head.size == 0)
    }
}

/// Opens the file for writing: at startup, and again after the storage has failed. When it returns,
/// everything committed is on the disk, and the heads are those of the file.
async fn begin(
    database: &Database,
) -> Result<(SqliteConnection, BTreeMap<TenantId, Head>), OpenError> {
    let mut connection = database.writer(MIGRATIONS).await?;
    let heads = checked_heads(&mut connection, database).await?;
    if move_anchors(&mut connection, &heads).await.map_err(|error| database.refused(error))? {
        database.checkpoint_all(&mut connection).await?;
    }
    Ok((connection, heads))
}

#[async_trait]
impl Recover for Inner {
    fn poison(&self) -> &Poison {
        &self.poison
    }

    async fn recover(&self) -> Result<(), LogError> {
        check_free_space(self.file, &self.database.path).await?;
        // A running checkpoint has its own connection; it must end before the file is reopened.
        let _checkpointing = self.checkpointing.lock().await;
        let mut writer = self.writer.lock().await;
        if let Some(connection) = writer.connection.take() {
            // An open transaction was never acknowledged.
            let _ = connection.close().await;
        }
        let database = self.database.clone();
        let (connection, heads) =
            reopen(self.file, move || async move { begin(&database).await }).await?;
        let lost = self.heads.read().iter().find_map(|(tenant, known)| {
            let found = heads.get(tenant).map_or(0, |head| head.size);
            (found < known.size).then_some((found, known.size))
        });
        if let Some((found, known)) = lost {
            // Invariant: nothing is acknowledged on top of a log that lost what was acknowledged.
            self.poison.poison(
                self.file,
                "a log in it ends before a record that was acknowledged: restore it from a backup",
            );
            let what = format!("the file holds {found} records where {known} were acknowledged");
            return Err(LogError::Corrupt { position: LogPosition(found), what });
        }
        writer.connection = Some(connection);
        // An append with an unknown outcome may be in the file: the next append then conflicts,
        // because the log is longer than expected.
        *self.heads.write() = heads;
        self.abandoned.store(false, Ordering::SeqCst);
        self.unsaved.store(0, Ordering::SeqCst);
        self.poison.recovered(self.file);
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }
}

impl Inner {
    /// The error for a failed statement. If the storage has failed, starts the task that reopens
    /// the file.
    fn failed(self: &Arc<Self>, error: sqlx::Error) -> LogError {
        let error = self.poison.failed(self.file, error);
        keep_trying(self);
        error
    }

    fn set_head(&self, tenant: &TenantId, head: Head) {
        self.heads.write().insert(tenant.clone(), head);
    }

    async fn head_of(self: &Arc<Self>, tenant: &TenantId) -> Result<Option<Head>, LogError> {
        if self.abandoned.load(Ordering::SeqCst) {
            let mut writer = self.writer.lock().await;
            self.settle(&mut writer).await?;
        }
        Ok(self.heads.read().get(tenant).copied())
    }

    /// Determines the outcome of an abandoned append.
    async fn settle(self: &Arc<Self>, writer: &mut Writer) -> Result<(), LogError> {
        // After a failure of the storage only acknowledged records are readable, so that `heads`
        // must stay as it is.
        if !self.abandoned.load(Ordering::SeqCst) || self.poison.check().is_err() {
            return Ok(());
        }
        // The connection runs statements in sequence, so the abandoned one ends before this.
        // Without an open transaction it fails, which is harmless.
        let connection = writer.connection()?;
        let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
        let heads = heads(connection).await.map_err(|error| self.failed(error))?;
        *self.heads.write() = heads;
        self.abandoned.store(false, Ordering::SeqCst);
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// The tenant's number and size; a new tenant gets a number.
    async fn head_to_write(
        self: &Arc<Self>,
        writer: &mut Writer,
        tenant: &TenantId,
    ) -> Result<Head, LogError> {
        if let Some(head) = self.heads.read().get(tenant).copied() {
            return Ok(head);
        }
        // No RETURNING: fetching one row leaves the statement unfinished at that row, and a failure
        // of the commit after it would go unnoticed.
        let insert = sqlx::query("INSERT INTO log_tenant (name) VALUES (?)").bind(tenant.as_str());
        let number = insert
            .execute(writer.connection()?)
            .await
            .map_err(|error| self.failed(error))?
            .last_insert_rowid();
        let head = Head { number, size: 0 };
        self.set_head(tenant, head);
        Ok(head)
    }

    async fn append(
        self: &Arc<Self>,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        check_append(entries)?;
        self.poison.check()?;
        if self.unsaved.load(Ordering::SeqCst) >= MAX_UNSAVED_BYTES {
            drop(self.checkpointing.lock().await);
        }
        let mut writer = self.writer.lock().await;
        self.settle(&mut writer).await?;
        self.poison.check()?;
        let size = self.heads.read().get(tenant).map_or(0, |head| head.size);
        if size != expected.0 {
            return Err(AppendFailure::Conflict { size: LogSize(size) });
        }
        if entries.is_empty() {
            return Ok(expected);
        }
        let after = size + entries.len() as u64;
        if after >> POSITION_BITS != 0 {
            return Err(
                LogError::unavailable("a tenant's log takes no more than 2^40 records").into()
            );
        }
        let mut in_flight = InFlight { abandoned: &self.abandoned, ended: false };
        let head = self.head_to_write(&mut writer, tenant).await?;
        if let Err(error) = writer.write(head, entries).await? {
            if let Ok(connection) = writer.connection() {
                let _ = sqlx::query("ROLLBACK").execute(connection).await;
            }
            if classify(&error) == Failure::Constraint {
                // Another program changed the log: a record has this position already, or the one
                // before it is missing.
                let what = format!("an append at size {size} was refused by the tables: {error}");
                tracing::error!(what, "something else writes to the log");
                self.poison.poison(
                    self.file,
                    "its tables refused an append, so something else writes to it",
                );
                in_flight.ended = true;
                return Err(LogError::Corrupt { position: LogPosition(size), what }.into());
            }
            // The outcome is unknown: the next call reads it first (`abandoned`).
            return Err(self.failed(error).into());
        }
        in_flight.ended = true;
        self.set_head(tenant, Head { size: after, ..head });
        drop(writer);
        self.changes.send_modify(|count| *count += 1);
        // An estimate: a commit also writes the last page of the commit before, which had room
        // left.
        let bytes = entries.iter().map(|entry| entry.size() as u64 + 128).sum::<u64>()
            + u64::from(LOG_PAGE_BYTES);
        self.count_unsaved(bytes);
        Ok(LogSize(after))
    }

    /// One statement, which is its own transaction: a caller that stops waiting leaves no
    /// transaction open.
    async fn remove_bodies(
        self: &Arc<Self>,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        if positions.len() > MAX_APPEND_ENTRIES {
            return Err(LogError::TooLarge);
        }
        self.poison.check()?;
        let mut writer = self.writer.lock().await;
        self.settle(&mut writer).await?;
        let head = self.heads.read().get(tenant).copied().unwrap_or(Head { number: 0, size: 0 });
        if let Some(position) = positions.iter().find(|position| position.0 >= head.size) {
            return Err(no_record(*position));
        }
        if positions.is_empty() || bodies.is_empty() {
            return Ok(());
        }
        let removed = removal.encode();
        let mut query = sqlx::query(AssertSqlSafe(remove(bodies, positions.len())));
        for _ in bodies {
            query = query.bind(removed.as_slice());
        }
        for position in positions {
            query = query.bind(key(head.number, position.0));
        }
        let done = query.persistent(false).execute(writer.connection()?).await;
        done.map_err(|error| self.failed(error))?;
        drop(writer);
        // Overwritten pages of bodies go through the write-ahead log too.
        self.count_unsaved(positions.len() as u64 * u64::from(LOG_PAGE_BYTES));
        Ok(())
    }

    fn count_unsaved(self: &Arc<Self>, bytes: u64) {
        let unsaved = self.unsaved.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if unsaved < CHECKPOINT_BYTES {
            return;
        }
        let Ok(checkpointing) = Arc::clone(&self.checkpointing).try_lock_owned() else { return };
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = inner.checkpoint_in_background().await {
                tracing::error!(%error, "a checkpoint of the log failed");
            }
            drop(checkpointing);
        });
    }

    /// Checkpoints the write-ahead log into the file while commits continue: each pass writes what
    /// was committed during the one before. The final pass is small and blocks the writer, so that
    /// the next commit restarts the write-ahead log at its beginning.
    async fn checkpoint_in_background(self: &Arc<Self>) -> Result<(), LogError> {
        let mut connection =
            self.database.connect().await.map_err(|error| LogError::Unavailable {
                reason: "no connection for a checkpoint".to_owned(),
                source: Some(Box::new(error)),
            })?;
        for _ in 0..8 {
            let before = self.unsaved.load(Ordering::SeqCst);
            self.checkpoint(&mut connection).await?;
            if self.unsaved.load(Ordering::SeqCst) - before < MAX_FINAL_PASS_BYTES {
                break;
            }
        }
        let mut writer = self.writer.lock().await;
        self.settle(&mut writer).await?;
        self.poison.check()?;
        let heads = self.heads.read().clone();
        move_anchors(writer.connection()?, &heads).await.map_err(|error| self.failed(error))?;
        self.checkpoint(&mut connection).await?;
        self.unsaved.store(0, Ordering::SeqCst);
        Ok(())
    }

    async fn checkpoint(
        self: &Arc<Self>,
        connection: &mut SqliteConnection,
    ) -> Result<(), LogError> {
        self.poison.check()?;
        // A failed fsync of a checkpoint loses data like one of a commit: it must poison the file.
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(connection)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }
}

impl Writer {
    /// One transaction in one round trip to the connection's thread.
    async fn write(
        &mut self,
        head: Head,
        entries: &[Entry],
    ) -> Result<Result<(), sqlx::Error>, LogError> {
        let text = self.texts.entry(entries.len()).or_insert_with(|| insert(entries.len()).into());
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
        for (entry, position) in entries.iter().zip(head.size..) {
            query = query
                .bind(key(head.number, position))
                .bind(entry.header.id.0.as_bytes().as_slice())
                .bind(entry.header.bytes.as_slice())
                .bind(entry.header.leaf.0.as_slice())
                .bind(entry.personal.removal().map(Removal::encode))
                .bind(entry.original.removal().map(Removal::encode))
                .bind(entry.facts.as_slice())
                .bind(entry.personal.bytes())
                .bind(entry.original.bytes());
        }
        Ok(query.execute(self.connection()?).await.map(|_| ()))
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, LogError> {
        self.connection.as_mut().ok_or_else(|| LogError::unavailable("the file is being reopened"))
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        self.inner.append(tenant, expected, entries).await
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
        self.inner.remove_bodies(tenant, positions, bodies, removal).await
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        Ok(LogSize(self.inner.head_of(tenant).await?.map_or(0, |head| head.size)))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        Ok(self
            .inner
            .heads
            .read()
            .iter()
            .filter(|(_, head)| head.size > 0)
            .map(|(tenant, _)| tenant.clone())
            .collect())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    fn stopped(&self) -> Option<Stopped> {
        self.inner.poison.stopped()
    }
}

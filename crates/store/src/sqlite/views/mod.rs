//! The read models: queries, and access to the generations.

mod apply;
mod check;
mod compare;
mod copy;
mod dump;
mod generations;
mod index;
mod list;
mod open;
mod postings;
mod record_summaries;
mod rows;
mod session_row;
mod sums;
mod sweep;
mod terms;

pub use copy::{load_views, save_views};

use super::{
    connect::Database,
    failure::{Poison, read_failed},
    integrity::check_pages,
    owner::Owner,
};
use apply::{Applied, Writer};
use async_trait::async_trait;
use claimledger_facts::ids::{LogPosition, LogSize, SessionId, TenantId};
use claimledger_ledger::{
    generations::{Comparison, Generations, MadeBy, Place},
    log::LogError,
    record_summaries::RecordSummaries,
    views::{Carried, IndexRow, RowFilter, SessionRow, SortKey, Term, TermKind, Views},
};
use compare::Pinned;
use generations::GenerationRow;
use sqlx::{SqliteConnection, SqlitePool};
use std::{path::PathBuf, sync::Arc};
use sums::Table;
use tokio::sync::{Mutex, RwLock, RwLockReadGuard};

const FILE: &str = "views";
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

impl SqliteViews {
    /// Prevents the deletion of rows that a read may need, until it is dropped.
    async fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.shared.reading.read().await
    }

    async fn checkpoint(&self, tenant: &TenantId) -> Result<Option<GenerationRow>, LogError> {
        checkpoint(&mut *self.shared.readers.acquire().await.map_err(read)?, tenant, self.place)
            .await
            .map_err(read)
    }
}

async fn checkpoint(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    place: Place,
) -> Result<Option<GenerationRow>, sqlx::Error> {
    generations::at(connection, tenant, place).await
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
        postings::positions_of(self, tenant, term, from, known_at, max).await
    }

    async fn positions_of_each(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        known_at: LogPosition,
    ) -> Result<Vec<Vec<LogPosition>>, LogError> {
        postings::positions_of_each(self, tenant, terms, known_at).await
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
        filter: Option<RowFilter>,
        after: Option<&SortKey>,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError> {
        list::sessions_with(self, tenant, terms, filter, after, max).await
    }

    async fn count_with(
        &self,
        tenant: &TenantId,
        term: &Term,
        max: usize,
    ) -> Result<usize, LogError> {
        list::count_with(self, tenant, term, max).await
    }

    async fn values_of(
        &self,
        tenant: &TenantId,
        kind: TermKind,
        carried: Carried,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<String>, LogError> {
        terms::values_of(self, tenant, kind, carried, after, max).await
    }

    async fn session_row(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, LogError> {
        list::session(self, tenant, session).await
    }

    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError> {
        Ok(self
            .checkpoint(tenant)
            .await?
            .map_or(0, |checkpoint| checkpoint.tallies.rows(Table::SessionRow)))
    }

    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError> {
        self.shared.poison.check()?;
        let mut writer = self.shared.writer.lock().await;
        drop(self.shared.reading.write().await);
        writer.forget();
        sweep::all(writer.connection(), tenant).await.map_err(|error| self.shared.failed(error))
    }

    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError> {
        dump::dump(self, tenant).await
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

fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

fn read(error: sqlx::Error) -> LogError {
    read_failed(FILE, error)
}

//! Adds records to the read models. One transaction per batch writes the index rows, the session
//! rows of every session that the batch affects, and the checkpoint. Applying a batch twice has no
//! further effect, so after a crash the projector simply continues from the checkpoint.
//!
//! While many records wait, three batches are in the pipeline: one is read and decoded, one is
//! assessed, one is written. The assessment sees the records before its batch, whether or not they
//! are written yet ([`PendingRecords`]).

use crate::{
    model::{record_summary::RecordSummary, terms::terms_of},
    projection::{
        late::{Late, MAX_LATE},
        projector::Projector,
        session_rows::{self, SessionRows},
    },
    read::{
        load_session,
        pending::PendingRecords,
        reader::{Reader, decode},
    },
};
use claimledger_domain::{history::is_held, model::Known};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{Digest32, Entry},
};
use claimledger_ledger::{
    log::{Log, LogError},
    views::{IndexRow, SessionRow, Term},
};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::task::AbortOnDropHandle;

/// Maximum batch size while appends are in progress: short transactions delay them less.
const MAX_BATCH_DURING_APPENDS: usize = 500;

/// Records of the first batch. A process that ends within a batch loses the work on it, so batches
/// are as large as what is lost is little.
const FIRST_BATCH: usize = 1_000;
/// No batch is made smaller than this: each has costs of its own.
const LEAST_BATCH: usize = 250;
/// A batch that took less is followed by one of twice its size.
const QUICK_BATCH: Duration = Duration::from_secs(2);
/// A batch that took more is followed by one of half its size.
const SLOW_BATCH: Duration = Duration::from_secs(8);

/// The number of records in a batch, by the time that batches take.
pub(crate) struct Pace(AtomicUsize);

impl Default for Pace {
    fn default() -> Self {
        Self(AtomicUsize::new(FIRST_BATCH))
    }
}

impl Pace {
    fn records(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A batch of this size took this long.
    fn took(&self, records: usize, time: Duration) {
        let now = self.records();
        let next = if time > SLOW_BATCH {
            (records / 2).max(LEAST_BATCH).min(now)
        } else if time < QUICK_BATCH && records >= now {
            now.saturating_mul(2)
        } else {
            now
        };
        self.0.store(next, Ordering::Relaxed);
    }
}

/// Records with their leaves, terms and encoded summaries, in log order.
type Decoded = Vec<(RecordSummary, Digest32, Vec<Term>, Vec<u8>)>;

/// First position, number of records, and the task that reads and decodes them. Records are
/// immutable, so the result does not become stale.
pub(crate) type Next = Mutex<Option<Stage>>;
type Stage = (LogPosition, usize, AbortOnDropHandle<Result<Decoded, LogError>>);

/// A batch with its rows, ready to be written.
struct PreparedBatch {
    pending: Arc<PendingRecords>,
    rows: Vec<IndexRow>,
    session_rows: Vec<SessionRow>,
    /// Number of records in the read models after this batch.
    size: u64,
}

impl Projector {
    /// Applies the next batch, and further ones while each is full and no append is in progress.
    /// For the live generation the caller holds `updating`.
    pub(crate) async fn batches(
        &self,
        from: LogPosition,
        head: u64,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), LogError> {
        let mut at = from;
        let mut before: Option<PreparedBatch> = None;
        loop {
            let (want, large, began) = (self.want(at, head), self.max_batch(), Instant::now());
            let (written, wait) = oneshot::channel();
            let pending = before.as_ref().map(|batch| Arc::clone(&batch.pending));
            let write = async {
                if let Some(batch) = &before {
                    self.write(batch).await?;
                }
                // Fails if preparing the next batch failed first: then nothing waits for this one.
                let _ = written.send(());
                Ok::<_, LogError>(())
            };
            let (batch, wrote) = tokio::join!(self.prepare(at, want, head, pending, wait), write);
            wrote?;
            if let Some(batch) = &before {
                self.publish(batch);
            }
            before = batch?;
            let Some(batch) = &before else { return Ok(()) };
            at = LogPosition(batch.size);
            progress(at.0, head);
            self.pace.took(want, began.elapsed());
            if want < large || self.want(at, head) < self.max_batch() {
                break;
            }
        }
        if let Some(batch) = &before {
            self.write(batch).await?;
            self.publish(batch);
        }
        Ok(())
    }

    /// Maximum records per batch.
    fn max_batch(&self) -> usize {
        self.tenant.progress.batch_records.min(self.pace.records())
    }

    /// Number of records in the next batch.
    fn want(&self, from: LogPosition, head: u64) -> usize {
        let most = if self.tenant.appends.are_under_way() {
            MAX_BATCH_DURING_APPENDS.min(self.max_batch())
        } else {
            self.max_batch()
        };
        usize::try_from(head.saturating_sub(from.0)).unwrap_or(most).min(most)
    }

    /// Reads the next batch and prepares its rows; none if there are no records. The previous batch
    /// may not be written yet; `written` completes when it is.
    async fn prepare(
        &self,
        from: LogPosition,
        want: usize,
        head: u64,
        before: Option<Arc<PendingRecords>>,
        written: oneshot::Receiver<()>,
    ) -> Result<Option<PreparedBatch>, LogError> {
        let tenant = &self.tenant;
        let mut pending = PendingRecords::new(from);
        let mut rows = Vec::with_capacity(want);
        for (record, leaf, mut terms, summary) in self.decoded(from, want, head).await? {
            terms.extend(tenant.knowledge.sources.first_of(&record.reference));
            pending.push(Arc::new(record), &terms);
            let reference = &pending.records()[rows.len()].reference;
            let (position, id) = (reference.position, reference.id);
            rows.push(IndexRow { position, id, leaf, terms, summary });
        }
        let pending = Arc::new(pending);
        let Some(last) = pending.records().last().map(|record| record.reference.position) else {
            return Ok(None);
        };

        let config = self.learn(&pending);
        let (folded, records) = self
            .shadow
            .as_ref()
            .map_or((&tenant.progress.folded, &tenant.knowledge.records), |shadow| {
                (&shadow.folded, &shadow.records)
            });
        for record in pending.records() {
            records.put(record.reference.position, record);
        }

        let unwritten: Vec<_> = before.into_iter().chain([Arc::clone(&pending)]).collect();
        let summaries = self.shadow.is_some() || tenant.progress.in_use().current;
        let reader = Reader {
            pending: &unwritten,
            recent: &folded.recent,
            cache: records,
            summaries,
            ..tenant.reader(&*self.log, &*self.views)
        };
        let touched = session_rows::touched(
            &reader,
            tenant.knowledge.first_of_kind.at(last),
            pending.records(),
            last,
        )
        .await?;
        let (history, config_index) = tenant.knowledge.config();
        let mut session_rows = SessionRows::new(
            reader,
            tenant.knowledge.first_of_kind.at(last),
            history,
            config_index,
            last,
        );
        session_rows.assess(touched).await?;
        if !config.is_empty() {
            written
                .await
                .map_err(|_| LogError::unavailable("the previous batch could not be written"))?;
            let history = tenant.knowledge.history();
            let late = Late::of(
                &config,
                history.at(last),
                folded.latest_session_fact(),
                (&self.views, &tenant.id),
            );
            self.assess_late(&mut session_rows, late, from).await?;
        }
        let size = last.0 + 1;
        self.remember_reordered(&mut session_rows);
        folded.seen_session_fact(session_rows.latest());
        Ok(Some(PreparedBatch { rows, session_rows: session_rows.take_rows(), size, pending }))
    }

    /// Adds what the records say of the whole tenant to what is known of it, and returns their
    /// configuration.
    fn learn(&self, pending: &PendingRecords) -> Vec<Known> {
        let config: Vec<Known> = pending
            .records()
            .iter()
            .flat_map(|record| {
                load_session::known(record, record.variant, |fact| is_held(&fact.data))
            })
            .collect();
        // The history may be ahead of the read models, because every answer cuts it at its K. A
        // shadow generation is behind the live one, so it has nothing to add.
        if self.shadow.is_none() {
            if !config.is_empty() {
                self.tenant.knowledge.learn(config.iter().cloned());
            }
            for record in pending.records() {
                self.tenant.recorded(record.reference.recorded_at);
                self.tenant.knowledge.first_of_kind.note(record);
            }
        }
        config
    }

    /// Late configuration may change sessions that no record of this batch names. Their rows are
    /// written before the checkpoint moves: if the process stops in between, the batch is applied
    /// again, and so are they. One chunk is written while the next one is assessed.
    async fn assess_late(
        &self,
        session_rows: &mut SessionRows<'_>,
        mut late: Late,
        from: LogPosition,
    ) -> Result<(), LogError> {
        let mut writing: Option<AbortOnDropHandle<Result<(), LogError>>> = None;
        while let Some(sessions) = late.next().await? {
            session_rows.assess(sessions).await?;
            if session_rows.len() >= MAX_LATE {
                self.remember_reordered(session_rows);
                if let Some(written) = writing.take() {
                    written.await.map_err(join_error)??;
                }
                let (views, tenant, rows) =
                    (Arc::clone(&self.views), self.tenant.id.clone(), session_rows.take_rows());
                let write = async move { views.apply(&tenant, LogSize(from.0), &[], &rows).await };
                writing = Some(AbortOnDropHandle::new(tokio::spawn(write)));
                self.yield_to_appends().await;
            }
        }
        match writing {
            Some(written) => written.await.map_err(join_error)?,
            None => Ok(()),
        }
    }

    /// Done before the rows are written: a page that is read in between finds the session at both
    /// places, and returns it once.
    fn remember_reordered(&self, session_rows: &mut SessionRows<'_>) {
        for (size, session, to) in session_rows.take_reordered() {
            if self.shadow.is_none() {
                self.tenant.progress.reordered.push(size.0, session, to);
            }
        }
    }

    async fn write(&self, batch: &PreparedBatch) -> Result<(), LogError> {
        self.views
            .apply(
                &self.tenant.id,
                LogSize(batch.pending.from().0),
                &batch.rows,
                &batch.session_rows,
            )
            .await
    }

    /// Publishes that a batch is written. Called when no assessment is running that began before
    /// the write.
    fn publish(&self, batch: &PreparedBatch) {
        let folded =
            self.shadow.as_ref().map_or(&self.tenant.progress.folded, |shadow| &shadow.folded);
        folded.recent.advance(&batch.pending);
        if self.shadow.is_none() {
            self.tenant.progress.assessed.send_replace(batch.size);
        }
    }

    /// The next records, decoded. If another full batch waits behind them, starts to decode it.
    async fn decoded(
        &self,
        from: LogPosition,
        want: usize,
        head: u64,
    ) -> Result<Decoded, LogError> {
        // Results for another range are dropped: they may be large.
        let begun = self.next.lock().take().filter(|(at, count, _)| (*at, *count) == (from, want));
        let records = match begun {
            Some((_, _, task)) => task.await.map_err(join_error)??,
            None => decode_range(Arc::clone(&self.log), self.tenant.id.clone(), from, want).await?,
        };
        let after = LogPosition(from.0 + want as u64);
        let large = self.max_batch();
        if want == large && head.saturating_sub(after.0) >= large as u64 {
            let task = tokio::spawn(decode_range(
                Arc::clone(&self.log),
                self.tenant.id.clone(),
                after,
                large,
            ));
            *self.next.lock() = Some((after, large, AbortOnDropHandle::new(task)));
        }
        Ok(records)
    }
}

/// Reads and decodes up to `want` records; fewer at the end of the log.
async fn decode_range(
    log: Arc<dyn Log>,
    tenant: TenantId,
    from: LogPosition,
    want: usize,
) -> Result<Decoded, LogError> {
    let mut records = Vec::with_capacity(want);
    while records.len() < want {
        let next = LogPosition(from.0 + records.len() as u64);
        let entries = log.read(&tenant, next, want - records.len()).await?;
        if entries.is_empty() {
            break;
        }
        records.extend(decode_all(&tenant, next, entries).await?);
    }
    Ok(records)
}

/// Decodes on a blocking thread.
async fn decode_all(
    tenant: &TenantId,
    from: LogPosition,
    entries: Vec<Entry>,
) -> Result<Decoded, LogError> {
    let tenant = tenant.clone();
    let work = move || {
        let positions = (from.0..).map(LogPosition);
        entries
            .iter()
            .zip(positions)
            .map(|(entry, position)| {
                let record = decode(&tenant, position, entry)?;
                let terms = terms_of(&record);
                // Only records of sessions get a summary; the others are read from the log.
                let summary = if record.statement.sessions().next().is_some() {
                    record.encode()
                } else {
                    Ok(Vec::new())
                };
                let summary = summary.map_err(|error| LogError::Corrupt {
                    position,
                    what: format!("the summary cannot be encoded: {error}"),
                })?;
                Ok((record, entry.header.leaf, terms, summary))
            })
            .collect::<Result<Vec<_>, LogError>>()
    };
    tokio::task::spawn_blocking(work).await.map_err(join_error)?
}

fn join_error(error: tokio::task::JoinError) -> LogError {
    LogError::Unavailable {
        reason: "decoding was cancelled".to_owned(),
        source: Some(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Options, testing::*};
    use claimledger_ledger::views::Views;

    fn nothing_before() -> oneshot::Receiver<()> {
        let (written, wait) = oneshot::channel();
        written.send(()).unwrap();
        wait
    }

    #[test]
    fn batches_grow_while_they_are_quick_and_shrink_where_they_are_slow() {
        let pace = Pace::default();
        let after = |records, secs| {
            pace.took(records, Duration::from_secs(secs));
            pace.records()
        };
        assert_eq!(pace.records(), 1_000);
        assert_eq!(after(1_000, 1), 2_000);
        assert_eq!(after(500, 1), 2_000, "fewer than it may have say nothing");
        assert_eq!(after(2_000, 5), 2_000);
        assert_eq!(after(2_000, 9), 1_000);
        assert_eq!(after(300, 9), 250);
        assert_eq!(after(250, 60), 250);
    }

    #[tokio::test]
    async fn late_configuration_reaches_sessions_that_are_still_being_written() {
        let (world, app) = acme().await;
        app.settled_status(&owner("acme")).await.unwrap();
        app.close().await;
        world.views.reset(&tenant("acme")).await.unwrap();
        let app = world.open_with(Options { follow: false, ..Options::default() }).await;
        let tenant = app.0.tenant(&tenant("acme")).await.unwrap();
        let projector = Projector::live(&app.0.log, &app.0.views, &tenant);

        let head = app.0.log.head(&tenant.id).await.unwrap().0;
        let all = projector
            .prepare(LogPosition(0), head as usize, head, None, nothing_before())
            .await
            .unwrap()
            .unwrap();
        let retraction = all
            .pending
            .records()
            .iter()
            .find(|record| record.statement.kind == "trust.retracted")
            .unwrap();
        assert_eq!(retraction.statement.sessions().count(), 0, "it names no session");
        let at = retraction.reference.position;

        let before = projector
            .prepare(LogPosition(0), at.0 as usize, head, None, nothing_before())
            .await
            .unwrap()
            .unwrap();
        let (written, wait) = oneshot::channel();
        let write = async {
            // Slow enough that everything else runs first.
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            projector.write(&before).await.unwrap();
            let _ = written.send(());
        };
        let (batch, ()) = tokio::join!(
            projector.prepare(at, 1, head, Some(Arc::clone(&before.pending)), wait),
            write
        );
        let reached: Vec<_> = batch
            .unwrap()
            .unwrap()
            .session_rows
            .into_iter()
            .map(|row| row.session.as_str().to_owned())
            .collect();
        assert_eq!(reached, ["S5"]);
    }
}

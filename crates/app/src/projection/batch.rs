//! Taking records into the read models. One transaction a batch writes the index rows, the head
//! rows of every session that the batch touches, and the checkpoint. Delivering a batch twice
//! changes nothing, so a crash anywhere in between is made good by going on.
//!
//! Where much is waiting, three batches are on their way at once: one is read and decoded, one is
//! assessed, one is written. What is assessed sees those before it, written or not ([`Ahead`]).

use crate::{
    model::{record_summary::RecordSummary, terms::terms_of},
    projection::{
        projector::Projector,
        session_rows::{self, Late, SessionRows},
    },
    read::{
        load_session,
        pending::PendingRecords,
        reader::{Reader, decode},
    },
};
use claimledger_domain::history::is_config;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::Entry,
};
use claimledger_ledger::{
    log::{Log, LogError},
    views::{IndexRow, SessionRow, Term},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

/// While appends are on their way, steps are shorter.
const BATCH_BESIDE_APPENDS: usize = 500;

/// Records with their terms and their bytes in brief, in order.
type Decoded = Vec<(RecordSummary, Vec<Term>, Vec<u8>)>;

/// From where on, how many, and the task that reads and decodes them. Records do not change, so
/// what it gives holds whenever it is taken.
pub(crate) type Next = Mutex<Option<Stage>>;
type Stage = (LogPosition, usize, AbortOnDropHandle<Result<Decoded, LogError>>);

/// A batch with its rows, to be written.
struct Made {
    pending: Arc<PendingRecords>,
    rows: Vec<IndexRow>,
    session_rows: Vec<SessionRow>,
    /// The size of the log that it leads to.
    size: u64,
}

impl Projector {
    /// Takes in the next batch; and those behind it, as long as each is a large one and nobody
    /// appends. Whoever moves the live generation holds `moving`.
    pub(crate) async fn batches(
        &self,
        from: LogPosition,
        head: u64,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), LogError> {
        let mut at = from;
        let mut before: Option<Made> = None;
        loop {
            let want = self.want(at, head);
            let (written, wait) = oneshot::channel();
            let pending = before.as_ref().map(|made| Arc::clone(&made.pending));
            let write = async {
                if let Some(made) = &before {
                    self.write(made).await?;
                }
                // Whoever does not wait for it has gone without.
                let _ = written.send(());
                Ok::<_, LogError>(())
            };
            let (made, wrote) = tokio::join!(self.make(at, want, head, pending, wait), write);
            wrote?;
            if let Some(made) = &before {
                self.settle(made);
            }
            before = made?;
            let Some(made) = &before else { return Ok(()) };
            at = LogPosition(made.size);
            progress(at.0, head);
            if want < self.large() || self.want(at, head) < self.large() {
                break;
            }
        }
        if let Some(made) = &before {
            self.write(made).await?;
            self.settle(made);
        }
        Ok(())
    }

    /// How many records a batch takes when many wait.
    fn large(&self) -> usize {
        self.tenant.progress.batch_records
    }

    /// How many records the next batch takes.
    fn want(&self, from: LogPosition, head: u64) -> usize {
        let most = if self.tenant.appends.are_under_way() {
            BATCH_BESIDE_APPENDS.min(self.large())
        } else {
            self.large()
        };
        usize::try_from(head.saturating_sub(from.0)).unwrap_or(most).min(most)
    }

    /// Reads the next batch and makes its rows; none: there is nothing. The batch before it may not
    /// be written yet; `written` says when it is.
    async fn make(
        &self,
        from: LogPosition,
        want: usize,
        head: u64,
        before: Option<Arc<PendingRecords>>,
        written: oneshot::Receiver<()>,
    ) -> Result<Option<Made>, LogError> {
        let tenant = &self.tenant;
        let mut pending = PendingRecords::new(from);
        let mut rows = Vec::with_capacity(want);
        for (record, mut terms, summary) in self.decoded(from, want, head).await? {
            terms.extend(tenant.knowledge.sources.first_of(&record.reference));
            pending.push(Arc::new(record), &terms);
            let reference = &pending.records()[rows.len()].reference;
            rows.push(IndexRow { position: reference.position, id: reference.id, terms, summary });
        }
        let pending = Arc::new(pending);
        let Some(last) = pending.records().last().map(|record| record.reference.position) else {
            return Ok(None);
        };

        // The history may know more than the read models: every answer cuts it at its K. A
        // generation that is built is behind the live one, so it has nothing to add.
        let config: Vec<_> = pending
            .records()
            .iter()
            .flat_map(|record| {
                load_session::known(record, record.variant, |fact| is_config(&fact.data))
            })
            .collect();
        if self.beside.is_none() {
            if !config.is_empty() {
                tenant.knowledge.learn(config.iter().cloned());
            }
            for record in pending.records() {
                tenant.recorded(record.reference.recorded_at);
                tenant.knowledge.first_of_kind.note(record);
            }
        }
        let (folded, records) = self
            .beside
            .as_ref()
            .map_or((&tenant.progress.folded, &tenant.knowledge.records), |beside| {
                (&beside.folded, &beside.records)
            });
        for record in pending.records() {
            records.put(record.reference.position, record);
        }

        let unwritten: Vec<_> = before.into_iter().chain([Arc::clone(&pending)]).collect();
        let summaries = self.beside.is_some() || tenant.progress.in_use().current;
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
                .map_err(|_| LogError::unavailable("the batch before could not be written"))?;
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
        self.remember_moves(&mut session_rows);
        folded.seen_session_fact(session_rows.latest());
        Ok(Some(Made { rows, session_rows: session_rows.take_rows(), size, pending }))
    }

    /// Configuration that came late may change sessions that no record of this batch names. They
    /// are written before the checkpoint moves: if we stop in between, the batch is taken in again
    /// and so are they. One chunk is written while the next one is assessed.
    async fn assess_late(
        &self,
        session_rows: &mut SessionRows<'_>,
        mut late: Late,
        from: LogPosition,
    ) -> Result<(), LogError> {
        let mut writing: Option<AbortOnDropHandle<Result<(), LogError>>> = None;
        while let Some(sessions) = late.next().await? {
            session_rows.assess(sessions).await?;
            if session_rows.len() >= session_rows::CHUNK {
                self.remember_moves(session_rows);
                if let Some(written) = writing.take() {
                    written.await.map_err(cut_off)??;
                }
                let (views, tenant, rows) =
                    (Arc::clone(&self.views), self.tenant.id.clone(), session_rows.take_rows());
                let write = async move { views.apply(&tenant, LogSize(from.0), &[], &rows).await };
                writing = Some(AbortOnDropHandle::new(tokio::spawn(write)));
                self.yield_to_appends().await;
            }
        }
        match writing {
            Some(written) => written.await.map_err(cut_off)?,
            None => Ok(()),
        }
    }

    /// Before rows move: a page that looks in between finds a session in both places, and shows it
    /// once.
    fn remember_moves(&self, session_rows: &mut SessionRows<'_>) {
        for (size, session, to) in session_rows.take_moved() {
            if self.beside.is_none() {
                self.tenant.progress.reordered.push(size.0, session, to);
            }
        }
    }

    async fn write(&self, made: &Made) -> Result<(), LogError> {
        self.views
            .apply(&self.tenant.id, LogSize(made.pending.from().0), &made.rows, &made.session_rows)
            .await
    }

    /// A batch is written, and nothing is being assessed that was begun before it was.
    fn settle(&self, made: &Made) {
        let folded =
            self.beside.as_ref().map_or(&self.tenant.progress.folded, |beside| &beside.folded);
        folded.recent.advance(&made.pending);
        if self.beside.is_none() {
            self.tenant.progress.assessed.send_replace(made.size);
        }
    }

    /// The next records, decoded. Where as many again are waiting behind them, those are begun.
    async fn decoded(
        &self,
        from: LogPosition,
        want: usize,
        head: u64,
    ) -> Result<Decoded, LogError> {
        // What is not asked for now is not kept: it may be large.
        let begun = self.lock_next().take().filter(|(at, count, _)| (*at, *count) == (from, want));
        let records = match begun {
            Some((_, _, task)) => task.await.map_err(cut_off)??,
            None => decode_range(Arc::clone(&self.log), self.tenant.id.clone(), from, want).await?,
        };
        let after = LogPosition(from.0 + want as u64);
        let large = self.large();
        if want == large && head.saturating_sub(after.0) >= large as u64 {
            let task = tokio::spawn(decode_range(
                Arc::clone(&self.log),
                self.tenant.id.clone(),
                after,
                large,
            ));
            *self.lock_next() = Some((after, large, AbortOnDropHandle::new(task)));
        }
        Ok(records)
    }

    fn lock_next(&self) -> MutexGuard<'_, Option<Stage>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and decodes so many records; fewer where the log ends before.
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

/// Decodes off the runtime's threads.
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
                // Kept for sessions; a record of none is read from the log.
                let summary = if record.statement.sessions().next().is_some() {
                    record.encode()
                } else {
                    Ok(Vec::new())
                };
                let summary = summary.map_err(|error| LogError::Corrupt {
                    position,
                    what: format!("the record is not put in brief: {error}"),
                })?;
                Ok((record, terms, summary))
            })
            .collect::<Result<Vec<_>, LogError>>()
    };
    tokio::task::spawn_blocking(work).await.map_err(cut_off)?
}

fn cut_off(error: tokio::task::JoinError) -> LogError {
    LogError::Unavailable {
        reason: "decoding was cut off".to_owned(),
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

    #[tokio::test]
    async fn late_configuration_reaches_sessions_that_are_still_being_written() {
        let (world, app) = acme().await;
        app.settled_status(&owner("acme")).await.unwrap();
        app.close().await;
        world.views.reset(&tenant("acme")).await.unwrap();
        let app = world.open_with(Options { follow: false, ..Options::default() }).await;
        let tenant = app.0.tenant(&tenant("acme")).await.unwrap();
        let runner = Projector::live(&app.0.log, &app.0.views, &tenant);

        let head = app.0.log.head(&tenant.id).await.unwrap().0;
        let all = runner
            .make(LogPosition(0), head as usize, head, None, nothing_before())
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

        let before = runner
            .make(LogPosition(0), at.0 as usize, head, None, nothing_before())
            .await
            .unwrap()
            .unwrap();
        let (written, wait) = oneshot::channel();
        let write = async {
            // As slow as can be: everything else comes first.
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            runner.write(&before).await.unwrap();
            let _ = written.send(());
        };
        let (made, ()) =
            tokio::join!(runner.make(at, 1, head, Some(Arc::clone(&before.pending)), wait), write);
        let reached: Vec<_> = made
            .unwrap()
            .unwrap()
            .session_rows
            .into_iter()
            .map(|row| row.session.as_str().to_owned())
            .collect();
        assert_eq!(reached, ["S5"]);
    }
}

//! The projector: follows a tenant's log and updates its read models in batches (`batch.rs`). It
//! yields to appends.
//!
//! The same type fills a shadow generation (`rebuild`), which never gets ahead of the live one.
//!
//! A record that cannot be decoded stops the projector at its position; it is never skipped. After
//! a failure the projector retries with increasing delays, because the cause may be temporary.

use crate::{
    app::App,
    model::{
        answer::Status,
        query::{Query, WholeLog},
        question::{AskError, Caller},
    },
    projection::{
        batch::{Next, Pace},
        rules,
    },
    read::record_cache::RecordCache,
    tenant::{Folded, Tenant, another_log},
};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::{
    log::{Log, LogError},
    nodes::Nodes,
    views::Views,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Maximum records by which the read models may lag while appends are saturated; beyond it the
/// projector no longer yields. The sequencer caches the ids of this number of records.
const MAX_LAG: u64 = 500_000;
/// Maximum time to wait for appends in progress, while reads wait for the read models: it is
/// cheaper to apply their records in the same transaction.
const MAX_WAIT_WITH_READERS: Duration = Duration::from_millis(8);
/// The same while no read waits: large transactions cost much less per record.
const MAX_WAIT_IDLE: Duration = Duration::from_millis(250);
/// The same while questions are asked: a large batch would take the processor from them.
const MAX_WAIT_WITH_QUESTIONS: Duration = Duration::from_millis(50);
/// Interval of polling, because notifications are best effort.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Delay after the first failure; doubled after each further one.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(500);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);
/// Maximum delay if a record cannot be decoded: files on disk rarely change.
const MAX_RETRY_DELAY_OF_DAMAGE: Duration = Duration::from_secs(60);

/// Updates one generation of a tenant's read models.
pub(crate) struct Projector {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) views: Arc<dyn Views>,
    pub(crate) tenant: Arc<Tenant>,
    /// State of the shadow generation; none: this updates the live one.
    pub(crate) shadow: Option<ShadowState>,
    /// The following batch, read and decoded while the current one is assessed and written. Only
    /// used far behind the log.
    pub(crate) next: Next,
    /// How many records a batch may have by the time that the last ones took.
    pub(crate) pace: Pace,
}

/// State of a shadow generation that must be separate from that of the live one.
#[derive(Default)]
pub(crate) struct ShadowState {
    pub(crate) folded: Folded,
    /// A cache of its own: reading the whole log would evict what questions need from the tenant's.
    pub(crate) records: RecordCache,
}

/// Runs until cancelled.
///
/// Where other processes write the log, it may be replaced by an older copy that has grown since:
/// what was folded is compared with it before more is.
pub(crate) async fn run(projector: Projector, nodes: Nodes, stop: CancellationToken) {
    let mut changes = projector.log.changes();
    let mut retry = FIRST_RETRY_DELAY;
    loop {
        changes.mark_unchanged();
        let done = tokio::select! {
            done = projector.check_and_catch_up(nodes) => done,
            () = stop.cancelled() => return,
        };
        if done.is_ok() {
            retry = FIRST_RETRY_DELAY;
            projector.tenant.projection_recovered();
        }
        match done {
            Ok(_)
                if !projector.tenant.knowledge.rules_recorded.load(Ordering::Relaxed)
                    && projector.log.stopped().is_none() =>
            {
                record_rules(&projector.tenant, &*projector.log, &*projector.views).await
            }
            Ok(_) => match projector.views.sweep(&projector.tenant.id).await {
                Ok(true) => {
                    projector.yield_to_appends().await;
                    if stop.is_cancelled() {
                        return;
                    }
                    continue;
                }
                // A read-only ledger does not delete rows either.
                Ok(false) | Err(LogError::Stopped { .. }) => {}
                Err(error) => {
                    tracing::warn!(tenant = %projector.tenant.id,
                        error = &error as &dyn std::error::Error,
                        "unused rows will be deleted later");
                }
            },
            Err(error @ (LogError::Corrupt { .. } | LogError::Damaged { .. })) => {
                if projector.tenant.progress.stopped().is_none() {
                    tracing::error!(tenant = %projector.tenant.id, %error, "the projection is \
                        stopped by damage");
                }
                projector.tenant.report_damage(&*projector.views, &error);
                projector.tenant.progress.stop(Some(&error));
                // A rebuild replaces damaged rows soon, but a damaged record needs its file to be
                // restored.
                let longest = if matches!(error, LogError::Corrupt { .. }) {
                    MAX_RETRY_DELAY_OF_DAMAGE
                } else {
                    MAX_RETRY_DELAY
                };
                if !wait_to_retry(&mut retry, longest, &stop).await {
                    return;
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(tenant = %projector.tenant.id,
                    error = &error as &dyn std::error::Error,
                    "the projection failed and will retry");
                projector.tenant.projection_failed(&error);
                // Not woken by appends: each attempt reads and assesses a whole batch.
                if !wait_to_retry(&mut retry, MAX_RETRY_DELAY, &stop).await {
                    return;
                }
                continue;
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Waits before the next attempt, and doubles the delay; false: cancelled.
async fn wait_to_retry(wait: &mut Duration, longest: Duration, stop: &CancellationToken) -> bool {
    let now = *wait;
    *wait = (now * 2).min(longest);
    tokio::select! {
        () = tokio::time::sleep(now) => true,
        () = stop.cancelled() => false,
    }
}

/// Ensures that the log names the rules in force. A failure is only logged, and the projector
/// repeats the attempt, because a log that rejects appends can still be read.
pub(crate) async fn record_rules(tenant: &Tenant, log: &dyn Log, views: &dyn Views) {
    match rules::activate(tenant, log, views).await {
        Ok(recorded) => tenant.knowledge.rules_recorded.store(recorded, Ordering::Relaxed),
        Err(error) => {
            tracing::warn!(tenant = %tenant.id, error = &error as &dyn std::error::Error,
                "the change of rules will be recorded later")
        }
    }
}

impl Projector {
    /// A projector of the live generation.
    pub(crate) fn live(log: &Arc<dyn Log>, views: &Arc<dyn Views>, tenant: &Arc<Tenant>) -> Self {
        Self {
            log: Arc::clone(log),
            views: Arc::clone(views),
            tenant: Arc::clone(tenant),
            shadow: None,
            next: Next::default(),
            pace: Pace::default(),
        }
    }

    async fn check_and_catch_up(&self, nodes: Nodes) -> Result<u64, LogError> {
        if nodes.are_many() {
            another_log::check_views(&*self.log, &*self.views, &self.tenant.id).await?;
        }
        self.catch_up(|_, _| {}).await
    }

    /// Applies all records up to the head. Returns the number of records in the read models.
    pub(crate) async fn catch_up(
        &self,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<u64, LogError> {
        loop {
            self.yield_to_appends().await;
            let began = Instant::now();
            let updating = self.tenant.progress.updating.lock().await;
            let from = self.views.covered(&self.tenant.id).await?.0;
            let head = self.log.head(&self.tenant.id).await?.0;
            progress(from, head);
            if from >= head {
                self.tenant.progress.assessed.send_replace(from);
                return Ok(from);
            }
            self.batches(LogPosition(from), head, &mut progress).await?;
            drop(updating);
            self.throttle(began.elapsed()).await;
        }
    }

    /// Waits for appends in progress, for longer if no read waits for the read models.
    pub(crate) async fn yield_to_appends(&self) {
        let began = Instant::now();
        self.wait_for_no_append(|| {
            let most = match (
                self.tenant.progress.assessed.receiver_count(),
                self.tenant.progress.had_question_within(POLL_INTERVAL),
            ) {
                (0, false) => MAX_WAIT_IDLE,
                (0, true) => MAX_WAIT_WITH_QUESTIONS,
                _ => MAX_WAIT_WITH_READERS,
            };
            began.elapsed() < most
        })
        .await;
    }

    /// Leaves most of the processor to appends while they are in progress, unless the lag is too
    /// large.
    pub(crate) async fn throttle(&self, worked: Duration) {
        let lag = async {
            self.log
                .head(&self.tenant.id)
                .await
                .map_or(MAX_LAG, |head| head.0.saturating_sub(self.tenant.progress.assessed_to()))
        };
        if self.tenant.appends.are_under_way() && lag.await < MAX_LAG {
            let (began, most) = (Instant::now(), (worked * 3).min(POLL_INTERVAL));
            self.wait_for_no_append(|| began.elapsed() < most).await;
        }
    }

    /// Waits until no append is in progress and none began for a millisecond, because a single
    /// client always leaves a gap between two requests. Stops when `while_` returns false.
    async fn wait_for_no_append(&self, while_: impl Fn() -> bool) {
        let mut before = None;
        loop {
            let begun = self.tenant.appends.begun();
            if (!self.tenant.appends.are_under_way() && before == Some(begun)) || !while_() {
                return;
            }
            before = Some(begun);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl App {
    /// Waits, without a timeout, until the read models contain everything that is in the log now,
    /// and returns the status. Does not wait for a projection that is stopped by damage.
    ///
    /// # Errors
    /// If the log cannot be read or is corrupt.
    pub async fn settled_status(&self, caller: &Caller) -> Result<Status, AskError> {
        self.settle(caller, |_, _| {}).await?;
        self.status(caller).await
    }

    /// The same without the status. `progress` gets the number of records in the read models, and
    /// that in the log.
    ///
    /// # Errors
    /// See [`Self::settled_status`].
    pub async fn settle(
        &self,
        caller: &Caller,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let head = self.0.log.head(&tenant.id).await?.0;
        let mut assessed = tenant.progress.assessed.subscribe();
        loop {
            let reached = *assessed.borrow_and_update();
            progress(reached.min(head), head);
            if reached >= head {
                return Ok(());
            }
            if let Some(error) = tenant.progress.stopped() {
                return Err(error.into());
            }
            if tenant.is_projection_failing() {
                return Ok(());
            }
            // A stopped projector sends no notification, so poll as well.
            let _ = tokio::time::timeout(Duration::from_millis(200), assessed.changed()).await;
        }
    }

    /// Every row of the read models as text, in a fixed order, to compare rebuilds.
    ///
    /// # Errors
    /// If the caller may not read, or the read models cannot be read.
    pub async fn dump_views(&self, caller: &Caller) -> Result<Vec<String>, AskError> {
        self.disclose(caller, Query::Dump).await?;
        let rows = self.0.views.dump(&caller.tenant).await?;
        self.0.record_disclosure(caller, Query::Dump, None, &WholeLog).await?;
        Ok(rows)
    }
}

//! The projector: follows a tenant's log and keeps its read models, a batch after the other
//! (`batch.rs`), and gives way to appends.
//!
//! The same runner folds a generation that is being built beside the live one (`rebuild`); it never
//! goes further than the live one is.
//!
//! A record that does not decode holds the runner at its position; it is never skipped. Whatever
//! fails is tried again, less and less often: what caused it may go away.

use crate::{
    app::App,
    model::{
        answer::Status,
        query::Query,
        question::{AskError, Caller},
    },
    projection::{batch::Next, rules},
    read::record_cache::RecordCache,
    tenant::{Folded, Tenant},
};
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::{
    log::{Log, LogError},
    views::Views,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// While appends run flat out the read models may fall behind by so many records; then they no
/// longer give way. The sequencer remembers the ids of that many.
const MAX_LAG: u64 = 500_000;
/// How long to wait for an append that is on its way: it is cheaper to take its record in the same
/// transaction.
const GATHER: Duration = Duration::from_millis(8);
/// The same while nobody waits for the read models: many records in one transaction cost much less
/// each.
const HOLD: Duration = Duration::from_millis(250);
/// The same while somebody asks: a large step would keep the answers waiting for the processor.
const HOLD_WHILE_ASKED: Duration = Duration::from_millis(50);
/// Wake-ups are best effort, so look now and then.
const LOOK: Duration = Duration::from_secs(1);
/// The wait after a failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(5);
/// The same where a record does not decode: what is on the disk seldom changes.
const LONGEST_RETRY_OF_DAMAGE: Duration = Duration::from_secs(60);

/// Moves one generation of a tenant's read models.
pub(crate) struct Projector {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) views: Arc<dyn Views>,
    pub(crate) tenant: Arc<Tenant>,
    /// What it knows of a generation that is being built; none: it moves the live one.
    pub(crate) beside: Option<Beside>,
    /// The batch after this one, while it is far behind: read and decoded while this one is
    /// assessed and written.
    pub(crate) next: Next,
}

/// A generation that is being built: what of it must not be mixed with the live one's.
#[derive(Default)]
pub(crate) struct Beside {
    pub(crate) folded: Folded,
    /// Reads keep what they need in the tenant's cache; a whole log would push it out.
    pub(crate) records: RecordCache,
}

/// Follows until told to stop.
pub(crate) async fn run(projector: Projector, stop: CancellationToken) {
    let mut changes = projector.log.changes();
    let mut retry = FIRST_RETRY;
    loop {
        changes.mark_unchanged();
        let done = tokio::select! {
            done = projector.catch_up(|_, _| {}) => done,
            () = stop.cancelled() => return,
        };
        if done.is_ok() {
            retry = FIRST_RETRY;
            projector.tenant.goes_on();
        }
        match done {
            Ok(_)
                if !projector.tenant.knowledge.rules_said.load(Ordering::Relaxed)
                    && projector.log.stopped().is_none() =>
            {
                say_rules(&projector.tenant, &*projector.log, &*projector.views).await
            }
            Ok(_) => match projector.views.sweep(&projector.tenant.id).await {
                Ok(true) => {
                    projector.yield_to_appends().await;
                    if stop.is_cancelled() {
                        return;
                    }
                    continue;
                }
                // Nothing is thrown away where nothing is written.
                Ok(false) | Err(LogError::Stopped { .. }) => {}
                Err(error) => {
                    tracing::warn!(tenant = %projector.tenant.id,
                        error = &error as &dyn std::error::Error,
                        "rows out of use will be thrown away later");
                }
            },
            Err(error @ (LogError::Corrupt { .. } | LogError::Damaged { .. })) => {
                if projector.tenant.progress.stopped().is_none() {
                    tracing::error!(tenant = %projector.tenant.id, %error, "the read models stop \
                        here");
                }
                projector.tenant.noticed(&*projector.views, &error);
                projector.tenant.progress.stop(Some(&error));
                // A rebuild puts other rows in the place of damaged ones; a damaged record comes
                // back with its file.
                let longest = if matches!(error, LogError::Corrupt { .. }) {
                    LONGEST_RETRY_OF_DAMAGE
                } else {
                    LONGEST_RETRY
                };
                if !wait_to_retry(&mut retry, longest, &stop).await {
                    return;
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(tenant = %projector.tenant.id, error = &error as &dyn std::error::Error,
                    "the read models will try again");
                projector.tenant.projection_failed(&error);
                // Appends wake nobody up here: each attempt reads and assesses a batch again.
                if !wait_to_retry(&mut retry, LONGEST_RETRY, &stop).await {
                    return;
                }
                continue;
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Waits before the next attempt, and doubles the wait after it; false: told to stop.
async fn wait_to_retry(wait: &mut Duration, longest: Duration, stop: &CancellationToken) -> bool {
    let now = *wait;
    *wait = (now * 2).min(longest);
    tokio::select! {
        () = tokio::time::sleep(now) => true,
        () = stop.cancelled() => false,
    }
}

/// Sees to it that the log says which rules are in force. A log that takes nothing now can still be
/// asked, so this is tried again.
pub(crate) async fn say_rules(tenant: &Tenant, log: &dyn Log, views: &dyn Views) {
    match rules::activate(tenant, log, views).await {
        Ok(said) => tenant.knowledge.rules_said.store(said, Ordering::Relaxed),
        Err(error) => {
            tracing::warn!(tenant = %tenant.id, error = &error as &dyn std::error::Error,
                "that other rules are in force is said later")
        }
    }
}

impl Projector {
    /// Moves the live generation.
    pub(crate) fn live(log: &Arc<dyn Log>, views: &Arc<dyn Views>, tenant: &Arc<Tenant>) -> Self {
        Self {
            log: Arc::clone(log),
            views: Arc::clone(views),
            tenant: Arc::clone(tenant),
            beside: None,
            next: Next::default(),
        }
    }

    /// Takes in everything up to the head. Returns how many records are in.
    pub(crate) async fn catch_up(
        &self,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<u64, LogError> {
        loop {
            self.yield_to_appends().await;
            let began = Instant::now();
            let moving = self.tenant.progress.moving.lock().await;
            let from = self.views.covered(&self.tenant.id).await?.0;
            let head = self.log.head(&self.tenant.id).await?.0;
            progress(from, head);
            if from >= head {
                self.tenant.progress.assessed.send_replace(from);
                return Ok(from);
            }
            self.batches(LogPosition(from), head, &mut progress).await?;
            drop(moving);
            self.throttle(began.elapsed()).await;
        }
    }

    /// Lets appends that are on their way finish first: for a moment, or for longer as long as
    /// nobody waits for the read models.
    pub(crate) async fn yield_to_appends(&self) {
        let began = Instant::now();
        self.wait_for_calm(|| {
            let most = match (
                self.tenant.progress.assessed.receiver_count(),
                self.tenant.progress.was_asked_within(LOOK),
            ) {
                (0, false) => HOLD,
                (0, true) => HOLD_WHILE_ASKED,
                _ => GATHER,
            };
            began.elapsed() < most
        })
        .await;
    }

    /// Leaves most of the machine to appends while they run flat out, unless the read models are
    /// too far behind.
    pub(crate) async fn throttle(&self, worked: Duration) {
        let lag = async {
            self.log
                .head(&self.tenant.id)
                .await
                .map_or(MAX_LAG, |head| head.0.saturating_sub(self.tenant.progress.assessed_to()))
        };
        if self.tenant.appends.are_under_way() && lag.await < MAX_LAG {
            let (began, most) = (Instant::now(), (worked * 3).min(LOOK));
            self.wait_for_calm(|| began.elapsed() < most).await;
        }
    }

    /// Waits until no append is on its way and none has begun for a millisecond: between two
    /// requests of one client there is always a moment in which none is. Goes on only `while_` that
    /// is true.
    async fn wait_for_calm(&self, while_: impl Fn() -> bool) {
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
    /// Waits until the read models have everything that is in the log now, however long that takes,
    /// and says where they stand. Read models that do not move are not waited for.
    ///
    /// # Errors
    /// If the log cannot be read, or is corrupt.
    pub async fn settled_status(&self, caller: &Caller) -> Result<Status, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let head = self.0.log.head(&tenant.id).await?.0;
        let mut assessed = tenant.progress.assessed.subscribe();
        while *assessed.borrow_and_update() < head {
            if let Some(error) = tenant.progress.stopped() {
                return Err(error.into());
            }
            if tenant.stands_still() {
                break;
            }
            // A runner that stops moves nothing, so look again now and then.
            let _ = tokio::time::timeout(Duration::from_millis(200), assessed.changed()).await;
        }
        self.status(caller).await
    }

    /// Every row of the read models as text, in a fixed order: for comparing a rebuild.
    ///
    /// # Errors
    /// If the caller may not read, or the views cannot be read.
    pub async fn dump_views(&self, caller: &Caller) -> Result<Vec<String>, AskError> {
        self.disclose(caller, Query::Dump)?;
        Ok(self.0.views.dump(&caller.tenant).await?)
    }
}

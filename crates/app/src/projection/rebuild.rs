//! Builds a shadow generation of the read models, compares it with the live one, and switches.
//! Meanwhile the live generation follows the log and answers questions. If the process stops before
//! the switch, nothing has changed.

use crate::{
    app::App,
    model::{
        question::Caller,
        rebuild::{RebuildError, RebuildReport, RebuildState},
    },
    projection::{
        batch::{Next, Pace},
        projector::{Projector, ShadowState},
    },
    tenant::{Folded, Tenant},
};
use claimledger_domain::RULES;
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    vocabulary::Role,
};
use claimledger_ledger::{
    generations::{Comparison, Differences, MadeBy, Place},
    log::{Log, LogError},
    views::Views,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Maximum differences reported for each kind and side.
const MAX_DIFFERENCES: usize = 5;
/// Maximum records that remain to be applied while updates of the live generation are blocked.
const MAX_REMAINING: u64 = 1_000;
/// Delay after a failure.
const RETRY_DELAY: Duration = Duration::from_secs(1);

impl App {
    /// Rebuilds the read models of the caller's tenant from the log as a shadow generation,
    /// compares it with the live one, and switches. Requires the role operate. `progress` receives
    /// the number of records applied, and the total. Questions are answered from the live
    /// generation meanwhile.
    ///
    /// If the rows differ although the same code made both, it does not switch unless `replace` is
    /// set.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn rebuild(
        &self,
        caller: &Caller,
        replace: bool,
        progress: impl FnMut(u64, u64),
    ) -> Result<RebuildReport, RebuildError> {
        operates(caller)?;
        self.writable()?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let _rebuilding =
            tenant.progress.rebuilding.try_lock().map_err(|_| RebuildError::UnderWay)?;
        if !self.0.options.follow {
            Projector::live(&self.0.log, &self.0.views, &tenant).catch_up(|_, _| {}).await?;
        }
        match Build::begin(&self.0.log, &self.0.views, &tenant, false)
            .await?
            .finish(replace, progress)
            .await
        {
            Ok(report) => Ok(report.for_caller(caller)),
            Err(RebuildError::Differs(report)) => {
                Err(RebuildError::Differs(Box::new(report.for_caller(caller))))
            }
            Err(other) => Err(other),
        }
    }

    /// The same in the background: [`App::rebuild_state`] reports the progress.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn start_rebuild(&self, caller: &Caller, replace: bool) -> Result<(), RebuildError> {
        operates(caller)?;
        self.writable()?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let rebuilding = Arc::clone(&tenant.progress.rebuilding)
            .try_lock_owned()
            .map_err(|_| RebuildError::UnderWay)?;
        let (log, views, stop) =
            (Arc::clone(&self.0.log), Arc::clone(&self.0.views), self.0.stop.clone());
        tenant.progress.set_rebuild_state(RebuildState::Running {
            done: 0,
            of: tenant.progress.assessed_to(),
        });
        self.0.runners.spawn(async move {
            let _rebuilding = rebuilding;
            let build = async {
                let running = |done, of| {
                    tenant.progress.set_rebuild_state(RebuildState::Running { done, of })
                };
                Build::begin(&log, &views, &tenant, false).await?.finish(replace, running).await
            };
            tokio::select! {
                done = build => tenant.progress.set_rebuild_state(RebuildState::after(&done)),
                () = stop.cancelled() => {}
            }
        });
        Ok(())
    }

    /// State of the rebuild that was started last. Requires the role operate.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn rebuild_state(&self, caller: &Caller) -> Result<RebuildState, RebuildError> {
        operates(caller)?;
        Ok(self.0.tenant(&caller.tenant).await?.progress.rebuild_state().for_caller(caller))
    }

    /// Report of the rebuild that made the live read models; none: they are the first. Requires the
    /// role operate or read.
    ///
    /// # Errors
    /// If the caller's roles do not allow it, or the read models cannot be read.
    pub async fn last_rebuild(
        &self,
        caller: &Caller,
    ) -> Result<Option<RebuildReport>, RebuildError> {
        if ![Role::Operate, Role::Read, Role::Investigate].iter().any(|role| caller.has(*role)) {
            return Err(RebuildError::Forbidden { needs: Role::Operate });
        }
        let live = self.0.views.generations(&caller.tenant).await?.live;
        let report = live
            .and_then(|live| live.report)
            .and_then(|text| serde_json::from_str::<RebuildReport>(&text).ok());
        Ok(report.map(|report| report.for_caller(caller)))
    }
}

fn operates(caller: &Caller) -> Result<(), RebuildError> {
    if caller.has(Role::Operate) {
        Ok(())
    } else {
        Err(RebuildError::Forbidden { needs: Role::Operate })
    }
}

/// Rebuilds read models that another version of the program made, and switches even if rows differ.
/// Retries until done or cancelled.
pub(crate) async fn renew(
    log: Arc<dyn Log>,
    views: Arc<dyn Views>,
    tenant: Arc<Tenant>,
    stop: CancellationToken,
) {
    loop {
        let once = async {
            let _rebuilding = tenant.progress.rebuilding.lock().await;
            if tenant.progress.in_use().current {
                return Ok(None);
            }
            Build::begin(&log, &views, &tenant, true).await?.finish(true, |_, _| {}).await.map(Some)
        };
        let done = tokio::select! {
            done = once => done,
            () = stop.cancelled() => return,
        };
        match done {
            Ok(report) => {
                if let Some(report) = report {
                    tracing::info!(tenant = %tenant.id, equal = report.equal, "the read models of \
                        this version are live");
                }
                return;
            }
            Err(error) => {
                tracing::warn!(tenant = %tenant.id, error = &error as &dyn std::error::Error,
                    "the rebuild failed and will be retried")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_DELAY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Rebuilds damaged read models of a tenant.
pub(crate) async fn heal(
    log: &Arc<dyn Log>,
    views: &Arc<dyn Views>,
    tenant: &Arc<Tenant>,
) -> Result<RebuildReport, RebuildError> {
    let _rebuilding = tenant.progress.rebuilding.lock().await;
    Build::begin(log, views, tenant, false).await?.finish(false, |_, _| {}).await
}

/// A rebuild in progress. The owner holds the tenant's `rebuilding`.
struct Build<'a> {
    views: &'a Arc<dyn Views>,
    tenant: &'a Arc<Tenant>,
    projector: Projector,
    shadow: Arc<dyn Views>,
}

impl<'a> Build<'a> {
    /// Starts a rebuild; with `resume`, continues an interrupted one if this version of the program
    /// started it.
    async fn begin(
        log: &Arc<dyn Log>,
        views: &'a Arc<dyn Views>,
        tenant: &'a Arc<Tenant>,
        resume: bool,
    ) -> Result<Self, LogError> {
        let now = MadeBy::now(RULES);
        let interrupted = views
            .generations(&tenant.id)
            .await?
            .shadow
            .filter(|interrupted| resume && interrupted.made_by == now);
        if interrupted.is_none() {
            views.begin(&tenant.id, Place::Shadow, &now).await?;
        }
        let shadow = views.shadow();
        let folded = Folded::at(interrupted.map_or(0, |interrupted| interrupted.covered.0));
        let projector = Projector {
            log: Arc::clone(log),
            views: Arc::clone(&shadow),
            tenant: Arc::clone(tenant),
            shadow: Some(ShadowState { folded, ..ShadowState::default() }),
            next: Next::default(),
            pace: Pace::default(),
        };
        Ok(Self { views, tenant, projector, shadow })
    }

    /// Fills the shadow generation, compares, and switches if the rows are equal, another version
    /// made the old ones, the old ones are damaged, or `replace` is set.
    async fn finish(
        self,
        replace: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<RebuildReport, RebuildError> {
        let done = self.try_finish(replace, &mut progress).await;
        if let Err(RebuildError::Differs(_)) = &done {
            self.views.abandon_shadow(&self.tenant.id).await?;
        }
        done
    }

    async fn try_finish(
        &self,
        replace: bool,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<RebuildReport, RebuildError> {
        let id = &self.tenant.id;
        self.catch_up_nearly(progress).await?;
        let pinned = self.pin().await?;
        let (differences, mut healed) = match pinned.differences(MAX_DIFFERENCES).await {
            Ok(differences) if differences.is_empty() => (differences, None),
            // The difference may be due to damage. The check includes the shadow generation, which
            // must be intact.
            Ok(differences) => (differences, self.views.check().await.err()),
            Err(error) => (
                Differences {
                    at: self.shadow.covered(id).await?,
                    counts: Vec::new(),
                    first: Vec::new(),
                },
                Some(error),
            ),
        };
        if healed.as_ref().is_some_and(|error| !error.is_damage()) {
            return Err(healed
                .take()
                .unwrap_or_else(|| LogError::unavailable("the rows could not be checked"))
                .into());
        }
        let both = self.views.generations(id).await?;
        let (Some(old), Some(new)) = (both.live, both.shadow) else {
            return Err(LogError::unavailable("the shadow generation was deleted").into());
        };
        let mut report = RebuildReport::of(differences, &old, &new);
        report.healed = healed.map(|error| error.to_string());
        report.equal &= report.healed.is_none();
        if !report.equal && !replace && report.healed.is_none() && old.made_by == new.made_by {
            tracing::error!(tenant = %id, at = report.at, "the live rows differ from those built \
                from the log; they stay live");
            return Err(RebuildError::Differs(Box::new(report)));
        }
        // Since the comparison, both generations can only have changed by new records.
        self.catch_up_nearly(progress).await?;
        report.switched = true;
        let text = serde_json::to_string(&report).unwrap_or_default();
        let _updating = self.tenant.progress.updating.lock().await;
        let size = self.catch_up().await?;
        progress(size, size);
        self.views.switch(id, LogSize(size), &text).await?;
        if let Some(shadow) = &self.projector.shadow {
            self.tenant.progress.switched(new.made_by, &shadow.folded);
        }
        if report.healed.is_some() && self.views.check().await.is_ok() {
            self.views.condemn(None);
            self.tenant.health.mended("views");
            self.tenant.progress.stop(None);
        }
        Ok(report)
    }

    /// Applies records until few remain.
    async fn catch_up_nearly(&self, progress: &mut impl FnMut(u64, u64)) -> Result<(), LogError> {
        loop {
            if let Some(error) = self.tenant.progress.stopped() {
                return Err(error);
            }
            let (from, to) =
                (self.shadow.covered(&self.tenant.id).await?.0, self.tenant.progress.assessed_to());
            progress(from, to);
            if from + MAX_REMAINING > to && !self.is_behind_the_log(to).await? {
                return Ok(());
            }
            if from == to {
                // The live generation is behind the log itself.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            self.projector.yield_to_appends().await;
            let began = Instant::now();
            self.projector.batches(LogPosition(from), to, progress).await?;
            self.projector.throttle(began.elapsed()).await;
        }
    }

    /// Whether the live generation is far behind the log: then it advances in large batches, and
    /// would soon be far ahead again.
    async fn is_behind_the_log(&self, live: u64) -> Result<bool, LogError> {
        Ok(self.projector.log.head(&self.tenant.id).await?.0 > live + 10 * MAX_REMAINING)
    }

    /// Applies the remaining records, and pins both generations at the same position.
    async fn pin(&self) -> Result<Box<dyn Comparison>, LogError> {
        let _updating = self.tenant.progress.updating.lock().await;
        self.catch_up().await?;
        self.views.compare(&self.tenant.id).await
    }

    /// Applies all records that the live generation contains. The caller holds `updating`.
    async fn catch_up(&self) -> Result<u64, LogError> {
        loop {
            let (from, to) = (
                self.shadow.covered(&self.tenant.id).await?.0,
                self.views.covered(&self.tenant.id).await?.0,
            );
            if from >= to {
                return Ok(to);
            }
            self.projector.batches(LogPosition(from), to, &mut |_, _| {}).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Options, testing::*};

    #[tokio::test]
    async fn an_interrupted_rebuild_resumes() {
        let (world, app) = acme().await;
        app.settled_status(&owner("acme")).await.unwrap();
        let good = app.dump_views(&owner("acme")).await.unwrap();
        app.close().await;
        let id = tenant("acme");
        world.views.begin(&id, Place::Live, &MadeBy::now("r0")).await.unwrap();
        let still = world.open_with(Options { follow: false, ..Options::default() }).await;
        let inner = &still.0;
        let tenant = inner.tenant(&id).await.unwrap();
        let build = Build::begin(&inner.log, &inner.views, &tenant, true).await.unwrap();
        build.projector.batches(LogPosition(0), 40, &mut |_, _| {}).await.unwrap();
        assert_eq!(
            tenant.progress.assessed_to(),
            83,
            "the shadow does not change the live generation"
        );
        let number = world.views.generations(&id).await.unwrap().shadow.unwrap().number;
        drop(build);
        still.close().await;

        let app = world.open_with(Options { follow: false, ..Options::default() }).await;
        let tenant = app.0.tenant(&id).await.unwrap();
        let build = Build::begin(&app.0.log, &app.0.views, &tenant, true).await.unwrap();
        let mut seen = Vec::new();
        let report = build.finish(true, |done, of| seen.push((done, of))).await.unwrap();
        assert_eq!((report.new.generation, seen[0], report.switched), (number, (40, 83), true));
        assert_eq!(app.dump_views(&owner("acme")).await.unwrap(), good);
        assert!(tenant.progress.in_use().current);
    }
}

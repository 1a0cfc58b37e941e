//! Building a generation of the read models beside the live one, comparing the two, and switching
//! once. The live one follows the log and is asked all the while; if we stop anywhere before the
//! switch, it is as if nothing had been begun.

use crate::{
    app::App,
    model::{
        question::Caller,
        rebuild::{RebuildError, RebuildReport, RebuildState},
    },
    projection::{
        batch::Next,
        projector::{Beside, Projector},
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

/// So many differences of each kind and side are named.
const NAMED: usize = 5;
/// A generation that is so near to the live one takes the rest while the live one waits for it.
const NEAR: u64 = 1_000;
/// When to look again after a failure.
const AGAIN: Duration = Duration::from_secs(1);

impl App {
    /// Makes the read models of the caller's tenant anew from the log, beside those that are asked,
    /// compares the two, and switches: role operate. `progress` is told how many records are in,
    /// and of how many. Meanwhile everything is answered as before.
    ///
    /// If the rows differ although the same code made both, nothing is switched; with `replace` it
    /// is.
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

    /// The same, not waited for: [`App::rebuild_state`] says how it goes.
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

    /// How the rebuild goes that was started last: role operate.
    ///
    /// # Errors
    /// See [`RebuildError`].
    pub async fn rebuild_state(&self, caller: &Caller) -> Result<RebuildState, RebuildError> {
        operates(caller)?;
        Ok(self.0.tenant(&caller.tenant).await?.progress.rebuild_state().for_caller(caller))
    }

    /// What the switch found that put the read models in place which are asked now; none: they are
    /// the first. Role operate, or whoever may read.
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

/// Brings rows that another program made to what this one would make, beside them, and switches
/// whatever differs: it tries until it is done, or told to stop.
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
                    tracing::info!(tenant = %tenant.id, equal = report.equal, "read models of this \
                        program are in place");
                }
                return;
            }
            Err(error) => {
                tracing::warn!(tenant = %tenant.id, error = &error as &dyn std::error::Error,
                    "the read models are made anew later")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Makes the read models of a tenant anew because they are damaged.
pub(crate) async fn heal(
    log: &Arc<dyn Log>,
    views: &Arc<dyn Views>,
    tenant: &Arc<Tenant>,
) -> Result<RebuildReport, RebuildError> {
    let _rebuilding = tenant.progress.rebuilding.lock().await;
    Build::begin(log, views, tenant, false).await?.finish(false, |_, _| {}).await
}

/// A generation on its way. Whoever has it holds the tenant's `rebuilding`.
struct Build<'a> {
    views: &'a Arc<dyn Views>,
    tenant: &'a Arc<Tenant>,
    runner: Projector,
    beside: Arc<dyn Views>,
}

impl<'a> Build<'a> {
    /// Begins one; or, with `resume`, goes on with one that was cut off, if this program made it.
    async fn begin(
        log: &Arc<dyn Log>,
        views: &'a Arc<dyn Views>,
        tenant: &'a Arc<Tenant>,
        resume: bool,
    ) -> Result<Self, LogError> {
        let now = MadeBy::now(RULES);
        let left = views
            .generations(&tenant.id)
            .await?
            .shadow
            .filter(|left| resume && left.made_by == now);
        if left.is_none() {
            views.begin(&tenant.id, Place::Shadow, &now).await?;
        }
        let beside = views.shadow();
        let folded = Folded::at(left.map_or(0, |left| left.covered.0));
        let runner = Projector {
            log: Arc::clone(log),
            views: Arc::clone(&beside),
            tenant: Arc::clone(tenant),
            beside: Some(Beside { folded, ..Beside::default() }),
            next: Next::default(),
        };
        Ok(Self { views, tenant, runner, beside })
    }

    /// Folds, compares, and switches if the rows are equal, or another program made the old ones,
    /// or it shall be so whatever they are.
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
        self.come_near(progress).await?;
        let pinned = self.pin().await?;
        let (differences, mut healed) = match pinned.differences(NAMED).await {
            Ok(differences) if differences.is_empty() => (differences, None),
            // Rows that differ may be damaged ones: those of the new generation are checked too,
            // and must not be.
            Ok(differences) => (differences, self.views.check().await.err()),
            Err(error) => (
                Differences {
                    at: self.beside.covered(id).await?,
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
            return Err(LogError::unavailable("the generation that was being built is gone").into());
        };
        let mut report = RebuildReport::of(differences, &old, &new);
        report.healed = healed.map(|error| error.to_string());
        report.equal &= report.healed.is_none();
        if !report.equal && !replace && report.healed.is_none() && old.made_by == new.made_by {
            tracing::error!(tenant = %id, at = report.at, "the rows that are asked are not those \
                that the log gives: the old ones stay in place");
            return Err(RebuildError::Differs(Box::new(report)));
        }
        // Both have moved since only by what the log got since.
        self.come_near(progress).await?;
        report.switched = true;
        let text = serde_json::to_string(&report).unwrap_or_default();
        let _moving = self.tenant.progress.moving.lock().await;
        let size = self.catch_up().await?;
        progress(size, size);
        self.views.switch(id, LogSize(size), &text).await?;
        if let Some(beside) = &self.runner.beside {
            self.tenant.progress.switched(new.made_by, &beside.folded);
        }
        if report.healed.is_some() && self.views.check().await.is_ok() {
            self.views.condemn(None);
            self.tenant.health.mended("views");
            self.tenant.progress.stop(None);
        }
        Ok(report)
    }

    /// Folds until little is left to the live one.
    async fn come_near(&self, progress: &mut impl FnMut(u64, u64)) -> Result<(), LogError> {
        loop {
            if let Some(error) = self.tenant.progress.stopped() {
                return Err(error);
            }
            let (from, to) =
                (self.beside.covered(&self.tenant.id).await?.0, self.tenant.progress.assessed_to());
            progress(from, to);
            if from + NEAR > to && !self.is_behind_the_log(to).await? {
                return Ok(());
            }
            if from == to {
                // The live one is being folded itself.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            self.runner.yield_to_appends().await;
            let began = Instant::now();
            self.runner.batches(LogPosition(from), to, progress).await?;
            self.runner.throttle(began.elapsed()).await;
        }
    }

    /// Whether the live generation is far behind the log: then it moves on in large steps, and
    /// would soon be far ahead again.
    async fn is_behind_the_log(&self, live: u64) -> Result<bool, LogError> {
        Ok(self.runner.log.head(&self.tenant.id).await?.0 > live + 10 * NEAR)
    }

    /// Takes the rest, and pins both as they are then.
    async fn pin(&self) -> Result<Box<dyn Comparison>, LogError> {
        let _moving = self.tenant.progress.moving.lock().await;
        self.catch_up().await?;
        self.views.compare(&self.tenant.id).await
    }

    /// Takes everything that the live generation has. Whoever says so holds `moving`.
    async fn catch_up(&self) -> Result<u64, LogError> {
        loop {
            let (from, to) = (
                self.beside.covered(&self.tenant.id).await?.0,
                self.views.covered(&self.tenant.id).await?.0,
            );
            if from >= to {
                return Ok(to);
            }
            self.runner.batches(LogPosition(from), to, &mut |_, _| {}).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Options, testing::*};

    #[tokio::test]
    async fn what_the_program_needs_goes_on_where_it_was_cut_off() {
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
        build.runner.batches(LogPosition(0), 40, &mut |_, _| {}).await.unwrap();
        assert_eq!(tenant.progress.assessed_to(), 83, "what is built moves nothing that is asked");
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

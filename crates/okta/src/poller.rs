//! The poller of one source: rounds of reading the log and looking at the configuration.

use crate::{
    client::{Answer, Client},
    error::ApiError,
    intake::{Intake, IntakeError},
    progress::{Failure, Kept, Progress, Waiting},
    source::{Source, SourceError, Sources},
    window::Clocks,
};
use claimledger_facts::{ids::SourceId, time::Time};
use reqwest::Url;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Maximum number of looks that a round makes after the end of the log, because an event says that
/// something changed.
const MAX_LOOKS_FOR_CHANGE: usize = 1;

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// Okta gave no answer that can be used.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The ledger takes nothing.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The progress was not read or written.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// The poller of one source.
pub struct Poller {
    pub(crate) id: SourceId,
    pub(crate) source: Source,
    pub(crate) client: Client,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) kept: Kept,
    /// The first round of a process that stays looks at the configuration, whenever that was done.
    pub(crate) look_at_start: bool,
    /// The pages that were read in this round.
    pub(crate) pages: BTreeSet<Url>,
    /// How many requests of this look had no answer in time.
    pub(crate) late_in_look: usize,
    /// What the answers of this look say of the clocks.
    pub(crate) clocks_in_look: Clocks,
}

impl Poller {
    /// Makes a poller. Nothing is sent.
    #[must_use]
    pub fn new(
        id: SourceId,
        source: Source,
        client: Client,
        intake: Arc<dyn Intake>,
        sources: Sources,
    ) -> Self {
        let kept = Kept::new(&sources, &id);
        Self {
            id,
            source,
            client,
            intake,
            kept,
            look_at_start: false,
            pages: BTreeSet::new(),
            late_in_look: 0,
            clocks_in_look: Clocks::default(),
        }
    }

    /// One round: a look at the configuration if it is due, and the log to its end. `page` is
    /// called after each page. What went wrong is stored, and returned.
    ///
    /// # Errors
    /// See [`PollError`].
    pub async fn round(
        &mut self,
        page: &mut (dyn FnMut(&Progress) + Send),
    ) -> Result<(), PollError> {
        self.round_before(page, None).await
    }

    /// A round, and the pause before the next one where it fails; none: there is no next one.
    async fn round_before(
        &mut self,
        page: &mut (dyn FnMut(&Progress) + Send),
        pause: Option<Duration>,
    ) -> Result<(), PollError> {
        self.kept.reload().await?;
        self.kept.progress.waiting = None;
        if self.kept.progress.last_answer.is_none() {
            self.kept.progress.round_began = Some(self.client.now());
            self.kept.save().await?;
        }
        let outcome = self.all(page).await;
        let now = self.client.now();
        let progress = &mut self.kept.progress;
        match &outcome {
            Ok(()) if progress.failure.is_none() => return Ok(()),
            Ok(()) => progress.failure = None,
            Err(error) => {
                let times = progress.failure.as_ref().map_or(0, |failure| failure.times) + 1;
                let micros = |pause: Duration| i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                // No request is sent before the rate limit allows it.
                let wait = self.client.rate_wait().unwrap_or_default();
                let next_attempt = pause.map(|pause| {
                    Time::from_micros(now.micros().saturating_add(micros(pause.max(wait))))
                });
                progress.waiting = None;
                let why = error.to_string();
                progress.failure = Some(Failure { at: now, why, times, next_attempt });
            }
        }
        let saved = self.kept.save().await;
        outcome.and(saved.map_err(PollError::from))
    }

    async fn all(&mut self, page: &mut (dyn FnMut(&Progress) + Send)) -> Result<(), PollError> {
        let mut began = None;
        self.pages.clear();
        let mut looks_for_change = 0;
        loop {
            if self.look_is_due() {
                self.look().await?;
            }
            let caught_up = self.read_page(&mut began).await?;
            page(&self.kept.progress);
            if !caught_up {
                continue;
            }
            // A look that takes longer than its interval is due again when it ends, and one for
            // what is saved all the time too: the next round does it.
            let is_wanted = self.kept.progress.look_wanted && self.look_is_due();
            if !is_wanted || looks_for_change == MAX_LOOKS_FOR_CHANGE {
                return Ok(());
            }
            looks_for_change += 1;
        }
    }

    /// One answer, whatever its body is. A wait for the rate limit is stored before it begins, so
    /// that `source status` can say why nothing is asked.
    ///
    /// # Errors
    /// The last failure.
    pub(crate) async fn ask(
        &mut self,
        url: &Url,
        permission: &'static str,
    ) -> Result<Answer, PollError> {
        let mut waits = 0;
        loop {
            if let Some(wait) = self.client.rate_wait() {
                let until = self.client.now().plus_secs(wait.as_secs() + 1);
                let why = "the rate limit of the org is used up".to_owned();
                self.kept.progress.waiting = Some(Waiting { until, why });
                self.kept.save().await?;
                tokio::time::sleep(wait).await;
                self.kept.progress.waiting = None;
            }
            match self.client.ask(url, permission).await {
                Err(ApiError::Throttled { .. }) if waits + 1 < self.client.attempts() => waits += 1,
                answer => return Ok(answer?),
            }
        }
    }

    /// The same, of which the body is whole.
    ///
    /// # Errors
    /// The last failure.
    pub(crate) async fn get(
        &mut self,
        url: &Url,
        permission: &'static str,
    ) -> Result<Answer, PollError> {
        let answer = self.ask(url, permission).await?;
        answer.flaw.clone().map_or(Ok(answer), |flaw| Err(flaw.into()))
    }

    /// Polls until it is stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        self.look_at_start = true;
        let mut failures = 0;
        loop {
            let wait = self.client.pause(failures + 1);
            let mut unwatched = |_: &Progress| {};
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.round_before(&mut unwatched, Some(wait)) => outcome,
            };
            let pause = match outcome {
                Ok(()) => {
                    failures = 0;
                    self.source.interval.duration()
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(source = %self.id, %error, failures, "polling failed");
                    wait
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

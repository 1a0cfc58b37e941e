//! The poller of one source: rounds of reading the log and looking at the configuration.

use crate::{
    client::Client,
    error::ApiError,
    intake::{Intake, IntakeError},
    progress::{Failure, Kept, Progress},
    source::{Source, SourceError, Sources},
};
use claimledger_facts::{ids::SourceId, time::Time};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

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
        Self { id, source, client, intake, kept, look_at_start: false }
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
        let outcome = self.all(page).await;
        let now = self.client.now();
        let progress = &mut self.kept.progress;
        match &outcome {
            Ok(()) if progress.failure.is_none() => return Ok(()),
            Ok(()) => progress.failure = None,
            Err(error) => {
                let times = progress.failure.as_ref().map_or(0, |failure| failure.times) + 1;
                let micros = |pause: Duration| i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                let next_attempt = pause
                    .map(|pause| Time::from_micros(now.micros().saturating_add(micros(pause))));
                let why = error.to_string();
                progress.failure = Some(Failure { at: now, why, times, next_attempt });
            }
        }
        let saved = self.kept.save().await;
        outcome.and(saved.map_err(PollError::from))
    }

    async fn all(&mut self, page: &mut (dyn FnMut(&Progress) + Send)) -> Result<(), PollError> {
        let mut began = None;
        loop {
            if self.look_is_due() {
                self.look().await?;
            }
            let caught_up = self.read_page(&mut began).await?;
            page(&self.kept.progress);
            if caught_up && !self.look_is_due() {
                return Ok(());
            }
        }
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

//! Reads that run in the background of another task.

use crate::app::Inner;
use claimledger_ledger::log::LogError;
use std::future::Future;
use tokio_util::task::AbortOnDropHandle;

/// A read that runs as its own task, because it may hold a connection that other reads wait for.
/// Dropping it cancels it.
pub(super) struct BackgroundRead<T>(AbortOnDropHandle<Result<T, LogError>>);

impl<T: Send + 'static> BackgroundRead<T> {
    pub(super) fn begin(
        inner: &Inner,
        read: impl Future<Output = Result<T, LogError>> + Send + 'static,
    ) -> Self {
        Self(AbortOnDropHandle::new(inner.runners.spawn(read)))
    }

    /// Waits for the result.
    pub(super) async fn wait(self) -> Result<T, LogError> {
        self.0.await.map_err(|error| LogError::Unavailable {
            reason: "a read was cancelled".to_owned(),
            source: Some(Box::new(error)),
        })?
    }
}

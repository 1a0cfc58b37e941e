//! A read that is on its way while something else is done.

use crate::app::Inner;
use claimledger_ledger::log::LogError;
use std::future::Future;
use tokio_util::task::AbortOnDropHandle;

/// A read that was begun, as a task of its own: it may hold what others wait for, so it must go on
/// whatever whoever began it waits for. Dropped, it ends.
pub(super) struct BackgroundRead<T>(AbortOnDropHandle<Result<T, LogError>>);

impl<T: Send + 'static> BackgroundRead<T> {
    pub(super) fn begin(
        inner: &Inner,
        read: impl Future<Output = Result<T, LogError>> + Send + 'static,
    ) -> Self {
        Self(AbortOnDropHandle::new(inner.runners.spawn(read)))
    }

    /// Waits for what it gives.
    pub(super) async fn wait(self) -> Result<T, LogError> {
        self.0.await.map_err(|error| LogError::Unavailable {
            reason: "a read was cut off".to_owned(),
            source: Some(Box::new(error)),
        })?
    }
}

//! Whether an IdP could be deactivated, deleted or no longer trusted, or a feature switched off.

use crate::{
    app::App,
    model::{
        answer::{Answer, Guarded},
        query::Query,
        question::{AskError, Asking, Caller, window_until},
    },
};
use claimledger_domain::guard::{GuardedChange, guard};
use claimledger_facts::time::Time;
use std::collections::BTreeSet;

impl App {
    /// Whether a change is allowed at T and by which condition, and what the same change would have
    /// done in a window: who would have been locked out, and which policies could not be met. A
    /// window that is not named ends at T and begins 7 days before its end.
    ///
    /// # Errors
    /// See [`AskError`]. A window with more than one answer goes through is no error: the verdict
    /// is given, and why the window was not rehearsed.
    pub async fn guard(
        &self,
        caller: &Caller,
        change: &GuardedChange,
        window: (Option<Time>, Option<Time>),
        asking: &Asking,
    ) -> Result<Answer<Guarded>, AskError> {
        let view = self.ask(caller, Query::Guard, asking).await?;
        let (from, to) = window_until(window, view.cut.at);
        let supposed = change.over(from, to);
        let barrier = view.barrier_of_rehearsal(&supposed).await?;
        // The verdict does not wait for a window that is small enough.
        let rehearsed = match view.rehearse(supposed, from, to).await {
            Ok(rehearsed) => Ok(rehearsed),
            Err(error @ AskError::TooMany { .. }) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        let nothing = BTreeSet::new();
        let named = rehearsed.as_ref().map_or(&nothing, |rehearsed| &rehearsed.policies);
        let guard = guard(view.history.at(view.cut.known_at), change, view.cut.at, named);
        view.answer_with(Guarded { guard, window: (from, to), rehearsed }, barrier).await
    }
}

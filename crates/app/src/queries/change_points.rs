//! The records that changed what a page shows of a session: up to K, and after it.

use super::View;
use crate::{
    app::App,
    model::{
        answer::{Answer, SessionChangePoints},
        query::Query,
        question::{AskError, Asking, Caller},
    },
    read::load_session::Gathered,
};
use claimledger_domain::belief::{self, ChangePoints, Draw, Nearest};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};

impl App {
    /// The records that changed the answer about a session at T, each as known at it: those up to
    /// K, which are final, and those known since. If there are too many to evaluate, those nearest
    /// to K are used, and the answer contains the number of the others. None: the session is
    /// unknown at K. `draw` says what is shown around the session: a record that changes that alone
    /// is one of them too.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn change_points(
        &self,
        caller: &Caller,
        session: &SessionId,
        asking: &Asking,
        draw: Draw,
    ) -> Result<Answer<Option<SessionChangePoints>>, AskError> {
        let view = self.ask(caller, Query::ChangePoints, asking).await?;
        let (at, known_at) = (view.cut.at, view.cut.known_at);
        let head = LogPosition(view.tenant.progress.assessed_to().saturating_sub(1)).max(known_at);
        let Some(gathered) = view.gathered(session, known_at, None).await? else {
            return view.answer(None).await;
        };
        let first = gathered.positions.first().copied().unwrap_or_default();
        // The position before the first record of the session, where nothing of it is known.
        let start = LogPosition(first.0.saturating_sub(1));
        let until = view.between(session, &gathered, at, (start, known_at), (Nearest::After, draw));
        let later = if head == known_at {
            ChangePoints::default()
        } else {
            let gathered = view.gathered(session, head, None).await?.unwrap_or_default();
            view.between(session, &gathered, at, (known_at, head), (Nearest::Before, draw))
        };
        view.answer(Some(SessionChangePoints { session: session.clone(), until, later })).await
    }
}

impl View<'_> {
    fn between(
        &self,
        session: &SessionId,
        gathered: &Gathered,
        at: Time,
        (before, after): (LogPosition, LogPosition),
        (nearest, draw): (Nearest, Draw),
    ) -> ChangePoints {
        belief::change_points(
            belief::Beliefs {
                session,
                facts: &gathered.facts,
                history: &self.history,
                at,
                before,
                after,
            },
            nearest,
            draw,
        )
    }
}

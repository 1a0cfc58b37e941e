//! Which records changed what a session's answer says: up to K, and after it.

use super::View;
use crate::{
    app::{App, Disclosure},
    model::{
        answer::{Answer, SessionStops},
        question::{AskError, Asking, Caller},
    },
    read::load_session::{self, Gathered},
};
use claimledger_domain::belief::{self, Nearest, Stops};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};

impl App {
    /// The records that changed what is said of a session at T, each as known at it: those up to K,
    /// which are the same for ever, and those that are known since. Where there are more than can
    /// be tried, those nearest to K are, and the answer says how many were not. None: nothing of it
    /// is known at K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn stops(
        &self,
        caller: &Caller,
        session: &SessionId,
        asking: &Asking,
    ) -> Result<Answer<Option<SessionStops>>, AskError> {
        self.disclose(caller, Disclosure::Sessions)?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        let (at, known_at) = (pinned.cut.at, pinned.cut.known_at);
        let head = LogPosition(tenant.assessed_to().saturating_sub(1)).max(known_at);
        let view = View::new(&self.0, &tenant, pinned.cut);
        let reader = tenant.reader(&*self.0.log, &*self.0.views);
        let Some(gathered) = load_session::session(&reader, view.traits, session, known_at).await?
        else {
            return self.0.answer(&tenant, &pinned, None).await;
        };
        let first = gathered.positions.first().copied().unwrap_or_default();
        // The record before the first one of the session: nothing of it is known there.
        let start = LogPosition(first.0.saturating_sub(1));
        let until = view.between(session, &gathered, at, (start, known_at), Nearest::After);
        let later = if head == known_at {
            Stops::default()
        } else {
            let traits = tenant.first_of_kind.at(head);
            let gathered =
                load_session::session(&reader, traits, session, head).await?.unwrap_or_default();
            view.between(session, &gathered, at, (known_at, head), Nearest::Before)
        };
        self.0.answer(&tenant, &pinned, Some(SessionStops { until, later })).await
    }
}

impl View<'_> {
    fn between(
        &self,
        session: &SessionId,
        gathered: &Gathered,
        at: Time,
        (before, after): (LogPosition, LogPosition),
        nearest: Nearest,
    ) -> Stops {
        belief::stops(
            belief::Beliefs {
                session,
                facts: &gathered.facts,
                history: &self.history,
                at,
                before,
                after,
            },
            nearest,
        )
    }
}

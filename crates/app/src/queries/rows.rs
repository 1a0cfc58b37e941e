//! Lists as streams: every row at one cut, in bounded memory.
//!
//! A stream reads one page at a time. The first page pins T and K, and its cursors contain both,
//! so each row is returned once in spite of concurrent appends, and an interrupted stream resumes
//! after the cursor of the last row that arrived.

use super::MAX_PAGE;
use crate::{
    app::App,
    model::{
        answer::{Answer, DecisionHit, Page, SessionHit},
        question::{AskError, Asking, Caller, DecisionFilter, SessionFilter},
    },
};
use claimledger_domain::{
    model::SessionState,
    timeline::{self, ClockOrder},
};
use claimledger_facts::ids::SessionId;
use std::pin::Pin;

type Fetched<T> = Pin<Box<dyn Future<Output = Result<Answer<Page<T>>, AskError>> + Send>>;
type Fetch<T> = Box<dyn Fn(u32, Option<String>) -> Fetched<T> + Send + Sync>;

/// The rows of a list, in its order.
pub struct Rows<T> {
    fetch: Fetch<T>,
    page_rows: u32,
    after: Option<String>,
    ended: bool,
}

impl<T> Rows<T> {
    fn new<F>(
        after: Option<&str>,
        fetch: impl Fn(u32, Option<String>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Answer<Page<T>>, AskError>> + Send + 'static,
    {
        Self {
            fetch: Box::new(move |rows, after| Box::pin(fetch(rows, after))),
            page_rows: MAX_PAGE,
            after: after.map(str::to_owned),
            ended: false,
        }
    }

    /// Sets the rows per page, at most 500.
    #[must_use]
    pub fn page_rows(self, page_rows: u32) -> Self {
        Self { page_rows: page_rows.clamp(1, MAX_PAGE), ..self }
    }

    /// The next rows, each with the cursor after which a new stream resumes; none at the end. The
    /// first call always returns an answer, with or without rows, so that the cut and the
    /// completeness of an empty list are known.
    ///
    /// # Errors
    /// See [`AskError`]. The stream does not advance, and the call may be repeated.
    pub async fn next(&mut self) -> Result<Option<Answer<Page<T>>>, AskError> {
        if self.ended {
            return Ok(None);
        }
        let answer = (self.fetch)(self.page_rows, self.after.clone()).await?;
        self.after = answer.value.cursors.last().cloned().or(self.after.take());
        self.ended = !answer.value.has_next;
        Ok(Some(answer))
    }
}

impl App {
    /// Every session of a list: see [`App::sessions`].
    #[must_use]
    pub fn session_rows(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        asking: &Asking,
        after: Option<&str>,
    ) -> Rows<SessionHit> {
        let asked = (self.clone(), caller.clone(), filter.clone(), *asking);
        Rows::new(after, move |rows, after| {
            let (app, caller, filter, asking) = asked.clone();
            async move { app.sessions(&caller, &filter, &asking, rows, after.as_deref()).await }
        })
    }

    /// The same without trees of reasons in the sessions: see [`App::sessions_state_only`].
    #[must_use]
    pub fn session_state_rows(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        asking: &Asking,
        after: Option<&str>,
    ) -> Rows<SessionHit<SessionState>> {
        let asked = (self.clone(), caller.clone(), filter.clone(), *asking);
        Rows::new(after, move |rows, after| {
            let (app, caller, filter, asking) = asked.clone();
            async move {
                app.sessions_state_only(&caller, &filter, &asking, rows, after.as_deref()).await
            }
        })
    }

    /// Every row of a timeline: see [`App::timeline`].
    #[must_use]
    pub fn timeline_rows(
        &self,
        caller: &Caller,
        session: &SessionId,
        order: ClockOrder,
        asking: &Asking,
        after: Option<&str>,
    ) -> Rows<timeline::Row> {
        let asked = (self.clone(), caller.clone(), session.clone(), *asking);
        Rows::new(after, move |rows, after| {
            let (app, caller, session, asking) = asked.clone();
            async move {
                let answer =
                    app.timeline(&caller, &session, order, &asking, rows, after.as_deref());
                Ok(answer.await?.map(|timeline| timeline.page))
            }
        })
    }

    /// Every decision of a list: see [`App::decisions`].
    #[must_use]
    pub fn decision_rows(
        &self,
        caller: &Caller,
        filter: &DecisionFilter,
        asking: &Asking,
        after: Option<&str>,
    ) -> Rows<DecisionHit> {
        let asked = (self.clone(), caller.clone(), filter.clone(), *asking);
        Rows::new(after, move |rows, after| {
            let (app, caller, filter, asking) = asked.clone();
            async move { app.decisions(&caller, &filter, &asking, rows, after.as_deref()).await }
        })
    }
}

//! The single entry point of reads.
//!
//! [`App::ask`] checks the caller's role, pins the cut and returns a [`View`]. Only a view makes an
//! [`Answer`], and it passes what the answer discloses to [`Inner::record_disclosure`]. Reads
//! without a cut (a record, labels) call [`App::disclose`] and the same recorder.

use crate::{
    app::{App, Inner, cut::Pinned},
    model::{
        access::{Reason, Request},
        answer::Answer,
        cursor::{Cursor, Question},
        query::{Disclosed, Discloses, Query},
        question::{AskError, Asking, Caller},
    },
    read::{
        load_session::{self, Gathered, Traits},
        prefetch::Prefetched,
        reader::Reader,
    },
    tenant::Tenant,
};
use claimledger_domain::{
    RULES,
    assess::assess,
    completeness::{Barrier, absence},
    explain::explain,
    history::History,
    model::{Cut, Explained, SessionState},
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    vocabulary::Surface,
};
use claimledger_ledger::{generations::VIEWS_VERSION, log::LogError, views::SortKey};
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

/// A session at a cut, and the facts that it was assessed from.
pub(crate) struct Assessed {
    pub(crate) state: SessionState,
    pub(crate) gathered: Gathered,
}

/// The sessions and people that a question names. They are disclosed by any answer, even an empty
/// one: whether there is something to list says something of them.
#[derive(Default)]
struct About {
    sessions: BTreeSet<SessionId>,
    subjects: BTreeSet<Pseudonym>,
}

/// An answer, and whom and what was asked about.
struct Answering<'a, T>(&'a T, &'a Mutex<About>);

impl<T: Discloses> Discloses for Answering<'_, T> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        let Self(value, about) = self;
        value.add_to(disclosed);
        let about = about.lock();
        disclosed.sessions.extend(about.sessions.iter().cloned());
        disclosed.subjects.extend(about.subjects.iter().cloned());
    }
}

/// One question of one caller: a tenant at a cut, with its configuration.
pub(crate) struct View<'a> {
    pub(crate) inner: &'a Arc<Inner>,
    pub(crate) tenant: Arc<Tenant>,
    caller: &'a Caller,
    query: Query,
    /// Whom and what it asks about.
    about: Mutex<About>,
    pub(crate) pinned: Pinned,
    /// The cut of [`Self::pinned`].
    pub(crate) cut: Cut,
    pub(crate) history: Arc<History>,
    pub(crate) traits: Traits,
    /// Whether this build would write the same state into session rows and the same summaries. If
    /// not, they are not used.
    pub(crate) rows_current: bool,
}

impl App {
    /// Checks that the caller may ask this question, and pins T and K.
    ///
    /// # Errors
    /// If a role is missing, the cut cannot be pinned, or the log cannot be read.
    pub(crate) async fn ask<'a>(
        &'a self,
        caller: &'a Caller,
        query: Query,
        asking: &Asking,
    ) -> Result<View<'a>, AskError> {
        self.disclose(caller, query).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let pinned = self.0.pin(&tenant, caller, asking).await?;
        Ok(View::new(&self.0, tenant, caller, query, pinned))
    }

    /// The same for a page of a list: continues after a cursor, at the cursor's cut.
    ///
    /// # Errors
    /// As [`Self::ask`]; or the cursor belongs to another question or tenant, or was altered.
    pub(crate) async fn ask_page<'a>(
        &'a self,
        caller: &'a Caller,
        query: Query,
        asking: &Asking,
        question: Question,
        after: Option<&str>,
    ) -> Result<(View<'a>, Option<Cursor>), AskError> {
        let Some(text) = after else {
            return Ok((self.ask(caller, query, asking).await?, None));
        };
        self.disclose(caller, query).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let head = LogPosition(tenant.progress.assessed_to().saturating_sub(1));
        let cursor = tenant.identity.cursor_key.open(text, question, RULES, head, asking)?;
        let pinned = self
            .0
            .pin_at(&tenant, caller, cursor.at, cursor.known_at, cursor.known_at_time, asking.after)
            .await?;
        Ok((View::new(&self.0, tenant, caller, query, pinned), Some(cursor)))
    }

    /// Checks that the caller has the role that a question requires. The result does not depend on
    /// whether the requested thing exists.
    ///
    /// # Errors
    /// If a role is missing.
    pub(crate) async fn disclose(&self, caller: &Caller, query: Query) -> Result<(), AskError> {
        let missing = query.missing_role(|role| caller.has(role));
        tracing::debug!(tenant = %caller.tenant, credential = %caller.credential, ?query,
            allowed = missing.is_none(), "read");
        let Some(needs) = missing else { return Ok(()) };
        let refused = Disclosed { refused: Some(needs), ..Disclosed::of(query, None) };
        self.0.write_access(caller, refused).await?;
        Err(AskError::Forbidden { needs })
    }

    /// Writes what the questions of a caller's request have disclosed so far, as one entry of the
    /// access log. Its answer may be given out once this returns. What it discloses from now on is
    /// written at once.
    ///
    /// # Errors
    /// If it cannot be written: then the answer must not be given out.
    pub async fn record_request(&self, request: &Request) -> Result<(), LogError> {
        let Some((caller, disclosed)) = request.end_gathering() else { return Ok(()) };
        self.0.write_entry(&caller, request, disclosed).await
    }

    /// Number of answers since the start, of all tenants.
    #[must_use]
    pub fn disclosures(&self) -> u64 {
        self.0.disclosures.load(Ordering::Relaxed)
    }
}

impl Inner {
    /// Records what is disclosed, before it is returned: in the request of the caller while that
    /// gathers, otherwise in the access log.
    ///
    /// # Errors
    /// If it cannot be recorded: then it must not be returned.
    pub(crate) async fn record_disclosure(
        &self,
        caller: &Caller,
        query: Query,
        cut: Option<Cut>,
        value: &impl Discloses,
    ) -> Result<(), LogError> {
        self.disclosures.fetch_add(1, Ordering::Relaxed);
        if !query.discloses_records() {
            return Ok(());
        }
        let mut disclosed = Disclosed::of(query, cut.map(|cut| (cut.at, cut.known_at, RULES)));
        disclosed.names = matches!(query, Query::Labels | Query::Sealed);
        value.add_to(&mut disclosed);
        self.write_access(caller, disclosed).await
    }

    async fn write_access(&self, caller: &Caller, disclosed: Disclosed) -> Result<(), LogError> {
        if let Some(request) = caller.request() {
            let Some(disclosed) = request.gather(caller, disclosed) else { return Ok(()) };
            return self.write_entry(caller, request, disclosed).await;
        }
        let request = Request::in_parts(Surface::Cli, Reason::default());
        self.write_entry(caller, &request, disclosed).await
    }

    /// Writes an entry of the access log.
    pub(crate) async fn write_entry(
        &self,
        caller: &Caller,
        request: &Request,
        disclosed: Disclosed,
    ) -> Result<(), LogError> {
        let tenant = self.tenant(&caller.tenant).await?;
        let written = tenant.identity.access.write(caller, request, disclosed).await;
        written.inspect_err(|error| tenant.report_damage(&*self.views, error))
    }
}

impl<T> Answer<T> {
    /// The cut of this answer, with a value that other answers at the same cut gave.
    #[must_use]
    pub fn with<U>(self, value: U) -> Answer<U> {
        self.map(|_| value)
    }

    /// With a part of the value. What the whole discloses was recorded.
    pub(crate) fn map<U>(self, part: impl FnOnce(T) -> U) -> Answer<U> {
        let Self { value, answered, completeness, absence, status } = self;
        Answer { value: part(value), answered, completeness, absence, status }
    }
}

impl<'a> View<'a> {
    /// A view at a cut that is pinned already; use [`App::ask`] to pin one.
    pub(crate) fn new(
        inner: &'a Arc<Inner>,
        tenant: Arc<Tenant>,
        caller: &'a Caller,
        query: Query,
        pinned: Pinned,
    ) -> Self {
        // Read before any row: if another generation becomes live meanwhile, the next question uses
        // it.
        let rows_current = tenant.progress.in_use().current;
        Self {
            inner,
            caller,
            query,
            about: Mutex::default(),
            cut: pinned.cut,
            history: tenant.knowledge.history(),
            traits: tenant.knowledge.first_of_kind.at(pinned.cut.known_at),
            rows_current,
            tenant,
            pinned,
        }
    }

    /// The facts of a session by any of its ids, as known at a position; none: nothing is known.
    pub(crate) async fn gathered(
        &self,
        id: &SessionId,
        known_at: LogPosition,
        prefetched: Option<&Prefetched>,
    ) -> Result<Option<Gathered>, LogError> {
        let traits = if known_at == self.cut.known_at {
            self.traits
        } else {
            self.tenant.knowledge.first_of_kind.at(known_at)
        };
        let reader = Reader { prefetched, ..self.reader() };
        load_session::session(&reader, traits, id, known_at).await
    }

    /// A session by any of its ids; none: nothing of it is known at K.
    pub(crate) async fn session(
        &self,
        id: &SessionId,
        prefetched: Option<&Prefetched>,
    ) -> Result<Option<Assessed>, LogError> {
        let Some(gathered) = self.gathered(id, self.cut.known_at, prefetched).await? else {
            return Ok(None);
        };
        Ok(assess(&gathered.facts, &self.history, self.cut)
            .map(|state| Assessed { state, gathered }))
    }

    /// The same with reasons.
    pub(crate) async fn explained(&self, id: &SessionId) -> Result<Option<Explained>, LogError> {
        let gathered = self.gathered(id, self.cut.known_at, None).await?;
        Ok(gathered.and_then(|gathered| self.explain(&gathered)))
    }

    /// Why a session is as it is.
    pub(crate) fn explain(&self, gathered: &Gathered) -> Option<Explained> {
        explain(&gathered.facts, &self.history, self.cut)
    }

    /// A reader of the tenant's records.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            summaries: self.rows_current,
            ..self.tenant.reader(&*self.inner.log, &*self.inner.views)
        }
    }

    /// A cursor that continues a list at this cut, after a session or one of its decisions.
    pub(crate) fn cursor_after(
        &self,
        question: Question,
        session: SortKey,
        decision: Option<LogPosition>,
    ) -> String {
        self.tenant.identity.cursor_key.seal(&Cursor {
            question,
            at: self.cut.at,
            known_at: self.cut.known_at,
            known_at_time: self.pinned.known_at_time,
            rules: RULES.to_owned(),
            views: VIEWS_VERSION.to_owned(),
            session,
            decision,
        })
    }

    /// Notes a session that the question names, by the id that it has at K.
    pub(crate) fn is_about_session(&self, id: &SessionId) {
        self.about.lock().sessions.insert(id.clone());
    }

    /// Notes the people that the question names, those of them that exist.
    pub(crate) async fn is_about_people(&self, people: &[Pseudonym]) -> Result<(), LogError> {
        let known = self.tenant.identity.keyring.existing(people).await?;
        self.about.lock().subjects.extend(known);
        Ok(())
    }

    /// Builds the answer: the value with its cut, completeness and status.
    pub(crate) async fn answer<T: Discloses>(&self, value: T) -> Result<Answer<T>, AskError> {
        self.answer_with(value, None).await
    }

    /// The same if a barrier may prevent the question from being answered.
    pub(crate) async fn answer_with<T: Discloses>(
        &self,
        value: T,
        barrier: Option<Barrier>,
    ) -> Result<Answer<T>, AskError> {
        let cut = Some(self.cut);
        let answering = Answering(&value, &self.about);
        self.inner.record_disclosure(self.caller, self.query, cut, &answering).await?;
        let completeness = self.tenant.knowledge.completeness(self.cut.known_at);
        let answered = self.pinned.answered(&self.tenant);
        let absence = absence(&answered.completeness, barrier.as_ref(), self.pinned.behind);
        let status = self.inner.status_of(&self.tenant).await?;
        Ok(Answer { value, answered, completeness, absence, status })
    }
}

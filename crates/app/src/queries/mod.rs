//! The reads. Each passes `App::disclose`, pins its cut, and answers for exactly that cut.

mod background_read;
mod barrier;
mod belief;
mod candidates;
mod chain;
mod claims;
mod completeness;
mod configuration;
mod decision;
mod decisions;
mod dependants;
mod find;
mod find_sealed;
mod first_seen;
mod held_under;
mod labels;
mod outlived;
mod record;
mod rehearse;
mod reused;
mod session;
mod session_scan;
mod sessions;
mod sources;
mod status;
mod stops;
mod timeline;
mod why;

use crate::{
    app::{Inner, cut::Pinned},
    model::{
        answer::{Answer, Gap, Problem, SourceCompleteness, Status},
        health::{Cause, Health, Part},
        question::AskError,
    },
    read::{
        load_session::{self, Gathered, Traits},
        prefetch::Fetched,
        reader::Reader,
    },
    tenant::Tenant,
};
use claimledger_domain::{
    assess::{assess, assess_in_brief},
    completeness::{Barrier, absence},
    history::History,
    model::{Cut, SessionState},
};
use claimledger_facts::{ids::SessionId, time::Time};
use claimledger_ledger::{
    clock::{ClockGuard, ClockTrouble},
    log::LogError,
};
use std::sync::Arc;

/// A page has at most so many rows.
pub(crate) const MAX_PAGE: u32 = 500;

/// A session at a cut, with what it was assessed from.
pub(crate) struct Assessed {
    pub(crate) state: SessionState,
    pub(crate) gathered: Gathered,
}

/// One question's view of a tenant: a cut, and the configuration known then.
pub(crate) struct View<'a> {
    pub(crate) inner: &'a Arc<Inner>,
    pub(crate) tenant: &'a Arc<Tenant>,
    pub(crate) cut: Cut,
    pub(crate) history: Arc<History>,
    pub(crate) traits: Traits,
    /// Whether what head rows say of their sessions is believed, and what is kept of sessions'
    /// records is whole.
    pub(crate) believes_rows: bool,
}

impl<'a> View<'a> {
    pub(crate) fn new(inner: &'a Arc<Inner>, tenant: &'a Arc<Tenant>, cut: Cut) -> Self {
        // Before any row is read: a generation that is put in place meanwhile is believed by the
        // next question.
        let believes_rows = tenant.in_use().current;
        Self {
            inner,
            tenant,
            cut,
            history: tenant.history(),
            traits: tenant.first_of_kind.at(cut.known_at),
            believes_rows,
        }
    }

    /// A session by any of its ids; none: nothing of it is known at K.
    pub(crate) async fn session(&self, id: &SessionId) -> Result<Option<Assessed>, LogError> {
        let Some(gathered) =
            load_session::session(&self.reader(), self.traits, id, self.cut.known_at).await?
        else {
            return Ok(None);
        };
        Ok(assess(&gathered.facts, &self.history, self.cut)
            .map(|state| Assessed { state, gathered }))
    }

    /// The same without reasons, where records were fetched already.
    pub(crate) async fn session_in_brief(
        &self,
        id: &SessionId,
        fetched: Option<&Fetched>,
    ) -> Result<Option<Assessed>, LogError> {
        let reader = Reader { fetched, ..self.reader() };
        let Some(gathered) =
            load_session::session(&reader, self.traits, id, self.cut.known_at).await?
        else {
            return Ok(None);
        };
        Ok(assess_in_brief(&gathered.facts, &self.history, self.cut)
            .map(|state| Assessed { state, gathered }))
    }

    /// The same session, with reasons.
    pub(crate) fn in_full(&self, assessed: Assessed) -> Assessed {
        match assess(&assessed.gathered.facts, &self.history, self.cut) {
            Some(state) => Assessed { state, ..assessed },
            None => assessed,
        }
    }

    /// Reads the tenant's records.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            briefs: self.believes_rows,
            ..self.tenant.reader(&*self.inner.log, &*self.inner.views)
        }
    }
}

impl Inner {
    /// Puts beside a value what every answer carries.
    pub(crate) async fn answer<T>(
        &self,
        tenant: &Tenant,
        pinned: &Pinned,
        value: T,
    ) -> Result<Answer<T>, AskError> {
        self.answer_with(tenant, pinned, value, None).await
    }

    /// The same where something may stand in the way of the question itself.
    pub(crate) async fn answer_with<T>(
        &self,
        tenant: &Tenant,
        pinned: &Pinned,
        value: T,
        barrier: Option<Barrier>,
    ) -> Result<Answer<T>, AskError> {
        let completeness = tenant
            .completeness(pinned.cut.known_at)
            .into_iter()
            .map(|source| SourceCompleteness {
                source: source.source,
                heard_until: source.heard_until,
                basis: source.basis,
                gaps: source
                    .gaps
                    .into_iter()
                    .map(|gap| Gap { from: gap.from, until: gap.until, backfilled: gap.backfilled })
                    .collect(),
            })
            .collect();
        let answered = pinned.answered(tenant);
        let absence = absence(&answered.completeness, barrier.as_ref(), pinned.behind);
        Ok(Answer { value, answered, completeness, absence, status: self.status_of(tenant).await? })
    }

    pub(crate) async fn status_of(&self, tenant: &Tenant) -> Result<Status, LogError> {
        let assessed_to = tenant.assessed_to();
        let head = self.log.head(&tenant.id).await?.0;
        Ok(Status {
            assessed_to,
            head,
            views: tenant.in_use().name(),
            problems: self.problems_of(tenant),
        })
    }

    /// What does not work of a tenant, and what is odd about the clock that its records are stamped
    /// with.
    fn problems_of(&self, tenant: &Tenant) -> Vec<Problem> {
        let mut problems = self.health_of(tenant).problems();
        let now = self.guard.believed_now();
        problems.extend(self.clock_troubles(tenant).into_iter().map(|trouble| {
            let why = if self.guard.refuses(&trouble) {
                ClockGuard::refusal(&trouble)
            } else {
                trouble.why()
            };
            let since = if let ClockTrouble::Accepted(jump) = trouble { jump.found } else { now };
            Problem { part: Part::Clock, cause: Cause { why, since } }
        }));
        problems
    }

    /// A rehearsal's clock is its input's.
    fn clock_troubles(&self, tenant: &Tenant) -> Vec<ClockTrouble> {
        if tenant.rehearsal { Vec::new() } else { self.guard.troubles(tenant.last_recorded()) }
    }

    /// What does not work of a tenant. Log and keys belong to all of them.
    pub(crate) fn health_of(&self, tenant: &Tenant) -> Health {
        let cause = self.log.stopped().or_else(|| self.keys.stopped()).map(|stopped| {
            let lasted = i64::try_from(stopped.lasted.as_micros()).unwrap_or(i64::MAX);
            Cause {
                why: stopped.why,
                since: Time::from_micros(self.clock.now().micros().saturating_sub(lasted)),
            }
        });
        let refused = || {
            let trouble = self
                .clock_troubles(tenant)
                .into_iter()
                .find(|trouble| self.guard.refuses(trouble))?;
            Some(Cause {
                why: ClockGuard::public_refusal(&trouble),
                since: self.guard.believed_now(),
            })
        };
        Health { log: cause.or_else(refused), ..tenant.health.health() }
    }
}

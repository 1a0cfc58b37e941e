//! The feed of session changes, record by record, which can be resumed after any change.
//!
//! The feed is derived from the log, in the order of positions: for each record the sessions that
//! it names, and the sessions whose answer it changed indirectly (by the end of an IdP session,
//! late configuration or a late falsifier). The feed is not stored, so it can neither lose nor
//! repeat a change: all clients read the same changes after the same cursor. The changes of a
//! record depend only on the log up to that record.
//!
//! Changes are computed on demand; there is no queue.

mod candidates;
mod place;
mod watched;

pub use claimledger_domain::changed::Changed;
pub use watched::{NewRecords, Watched};

use crate::{
    app::{App, ask::View, cut::Pinned},
    model::{
        answer::{Answer, SessionChange},
        query::Query,
        question::{AskError, Asking, Caller},
        record_summary::RecordSummary,
    },
    read::{
        load_session::{self, Gathered, Traits},
        reader::Reader,
    },
    tenant::Tenant,
};
use candidates::{Candidate, Candidates};
use claimledger_domain::{
    assess::assess,
    belief::{Draw, Drawn, redrawn},
    changed::{Reading, changed},
    explain::explain,
    history::History,
    model::{Cut, Explained},
};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use claimledger_ledger::log::LogError;
use place::{Hit, Place};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// Interval of polling, because notifications are best effort.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The feed of one subscriber.
pub struct Changes {
    app: App,
    caller: Caller,
    tenant: Arc<Tenant>,
    /// All changes up to here were returned.
    place: Place,
    /// Records below this size were in the log when the subscription began.
    began: u64,
    /// Position in the current record; none: at its start, or after [`Self::place`].
    candidates: Option<Candidates>,
    /// The only session of interest; none: all.
    only: Option<Only>,
}

/// One session of the feed.
#[derive(Clone)]
struct Only {
    session: SessionId,
    /// The T of its answer: a record that does not change that answer is left out. None: the
    /// answer goes on with the log.
    at: Option<Time>,
    /// What its page shows beside it: a record that changes that alone is a change too.
    draw: Draw,
}

impl App {
    /// The feed of changes after a cursor, or from now.
    ///
    /// # Errors
    /// If the caller may not read, the cursor is invalid ([`AskError::Restart`]), or the log cannot
    /// be read.
    pub async fn session_changes(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<Changes, AskError> {
        self.disclose(caller, Query::SessionChanges).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let began = self.0.log.head(&tenant.id).await?.0;
        let place = match after {
            Some(text) => Place::open(&tenant.identity.cursor_key, text)
                .filter(|place| place.position.0 < began)
                .ok_or(AskError::Restart)?,
            // Does not underflow: a ledger always has its first record.
            None => Place::after(LogPosition(began.saturating_sub(1))),
        };
        Ok(Changes {
            app: self.clone(),
            caller: caller.clone(),
            tenant,
            place,
            began,
            candidates: None,
            only: None,
        })
    }

    /// The cursor whose next change is the first after K.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn changes_cursor(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<String>, AskError> {
        let view = self.ask(caller, Query::SessionChanges, asking).await?;
        let cursor = Place::after(view.cut.known_at).seal(&view.tenant.identity.cursor_key);
        view.answer(cursor).await
    }
}

impl Changes {
    /// Waits for the next change, without a timeout. If the future is dropped, the next call
    /// computes the same change again.
    ///
    /// # Errors
    /// If the log or the read models cannot be read. The same cursor may succeed later.
    pub async fn next(&mut self) -> Result<Answer<SessionChange>, AskError> {
        loop {
            let position = self.place.next_position();
            let rebuilds = self.tenant.progress.rebuilds();
            self.wait_for(position).await?;
            let candidates = match self.candidates.take() {
                Some(candidates) => candidates,
                None => self.candidates_at(position).await?,
            };
            let (found, candidates) = self.next_at(position, candidates).await?;
            if self.tenant.progress.rebuilds() != rebuilds {
                // Another generation became live meanwhile, so the reads may be inconsistent.
                continue;
            }
            let Some((hit, change)) = found else {
                self.place = Place::after(position);
                continue;
            };
            self.app.disclose(&self.caller, Query::SessionChanges).await?;
            let place = Place { position, hit: Some(hit) };
            let answer = self.answer(change, &place).await?;
            self.place = place;
            self.candidates = Some(candidates);
            return Ok(answer);
        }
    }

    /// Waits until the read models contain a position.
    async fn wait_for(&self, position: LogPosition) -> Result<(), AskError> {
        let mut assessed = self.tenant.progress.assessed.subscribe();
        while *assessed.borrow_and_update() <= position.0 {
            if let Some(error) = self.tenant.progress.stopped() {
                return Err(error.into());
            }
            let _ = tokio::time::timeout(POLL_INTERVAL, assessed.changed()).await;
        }
        Ok(())
    }

    async fn candidates_at(&self, position: LogPosition) -> Result<Candidates, LogError> {
        let reader = self.reader();
        Candidates::at(&reader, &self.tenant, position, self.place.hit_at(position)).await
    }

    /// The next session that the record at a position changed; none: no further session.
    async fn next_at(
        &self,
        position: LogPosition,
        mut candidates: Candidates,
    ) -> Result<(Option<(Hit, Change)>, Candidates), LogError> {
        let reader = self.reader();
        let traits = self.tenant.knowledge.first_of_kind.at(position);
        let history = self.tenant.knowledge.history();
        while let Some(candidate) = candidates.next(&reader).await? {
            let Some(gathered) =
                load_session::session(&reader, traits, &candidate.session, position).await?
            else {
                continue;
            };
            if !candidates.accepts(&candidate, &gathered)
                || self.only.as_ref().is_some_and(|only| !gathered.ids.contains(&only.session))
            {
                continue;
            }
            let detector = ChangeDetector {
                reader: &reader,
                traits,
                history: &history,
                position,
                record: candidates.record(),
                only: self.only.as_ref(),
            };
            if let Some(change) = detector.change(&candidate, &gathered).await? {
                return Ok((Some((candidate.hit, change)), candidates));
            }
        }
        let found = self.redrawn_at(&reader, &candidates, position).await?;
        Ok((found, candidates))
    }

    /// The one session, where the record changes only what its page shows beside it: a key that is
    /// retired after the session's last claim is no candidate, and ends a lane.
    async fn redrawn_at(
        &self,
        reader: &Reader<'_>,
        candidates: &Candidates,
        position: LogPosition,
    ) -> Result<Option<(Hit, Change)>, LogError> {
        let Some(only) = &self.only else { return Ok(None) };
        if self.place.hit_at(position).is_some() || !candidates.may_redraw() {
            return Ok(None);
        }
        let traits = self.tenant.knowledge.first_of_kind.at(position);
        let found = load_session::session(reader, traits, &only.session, position).await?;
        let Some(gathered) = found else { return Ok(None) };
        let history = self.tenant.knowledge.history();
        let detector = ChangeDetector {
            reader,
            traits,
            history: &history,
            position,
            record: candidates.record(),
            only: Some(only),
        };
        let candidate = Candidate { hit: Hit::last(position), session: only.session.clone() };
        let change = detector.change(&candidate, &gathered).await?;
        Ok(change.map(|change| (candidate.hit, change)))
    }

    async fn answer(
        &self,
        change: Change,
        place: &Place,
    ) -> Result<Answer<SessionChange>, AskError> {
        let Change { session, state, changed, record, at } = change;
        let pinned = Pinned {
            cut: Cut { at, known_at: place.position },
            recorded_at: record.reference.recorded_at,
            known_at_time: None,
            provisional: false,
            behind: None,
        };
        let change = SessionChange {
            cursor: place.seal(&self.tenant.identity.cursor_key),
            session,
            record: record.reference.clone(),
            changed,
            state: state.map(Arc::new),
            replayed: place.position.0 < self.began,
        };
        let tenant = Arc::clone(&self.tenant);
        View::new(&self.app.0, tenant, &self.caller, Query::SessionChanges, pinned)
            .answer(change)
            .await
    }

    fn reader(&self) -> Reader<'_> {
        self.tenant.reader(&*self.app.0.log, &*self.app.0.views)
    }
}

/// A session that a record changed.
struct Change {
    /// Its name as known at the record.
    session: SessionId,
    /// Its state as known at the record; none: no record of the session was understood.
    state: Option<Explained>,
    changed: Vec<Changed>,
    record: Arc<RecordSummary>,
    /// T of the state.
    at: Time,
}

/// Compares sessions before and after a record.
struct ChangeDetector<'a> {
    reader: &'a Reader<'a>,
    traits: Traits,
    history: &'a History,
    position: LogPosition,
    record: &'a Arc<RecordSummary>,
    /// The only answer that is compared. Without its T: at the end of time, and when it was
    /// recorded.
    only: Option<&'a Only>,
}

impl ChangeDetector<'_> {
    /// The changes of a session; none: the record does not name it, and nothing differs.
    async fn change(
        &self,
        candidate: &Candidate,
        gathered: &Gathered,
    ) -> Result<Option<Change>, LogError> {
        let reference = &self.record.reference;
        // T is the time it was recorded; or when it occurred, if the source's clock is ahead.
        let recorded =
            reference.recorded_at.max(reference.occurred.to.unwrap_or(reference.occurred.from));
        let pinned = self.only.and_then(|only| only.at);
        let (at, end) = (pinned.unwrap_or(recorded), pinned.unwrap_or(Time::MAX));
        let after =
            |time| assess(&gathered.facts, self.history, Cut { at: time, known_at: self.position });
        let mut before = (Vec::new(), Vec::new());
        let all_earlier = self.before(gathered).await?;
        for earlier in &all_earlier {
            let earlier = earlier.as_ref().unwrap_or(gathered);
            if let Some(known_at) = self.position.0.checked_sub(1).map(LogPosition) {
                let state = |time| assess(&earlier.facts, self.history, Cut { at: time, known_at });
                before.0.extend(state(end));
                before.1.extend(state(at));
            }
        }
        let whole = after(end);
        let state = explain(&gathered.facts, self.history, Cut { at, known_at: self.position });
        let whole: Vec<_> = whole.iter().collect();
        let then: Vec<_> = state.iter().map(|explained| &explained.state).collect();
        let before: (Vec<_>, Vec<_>) = (before.0.iter().collect(), before.1.iter().collect());
        let was = Reading { whole: &before.0, then: &before.1 };
        let mut changed = changed(was, Reading { whole: &whole, then: &then });
        let is_redrawn = || {
            let earlier = all_earlier.iter().map(|earlier| earlier.as_ref().unwrap_or(gathered));
            self.is_redrawn(earlier, state.as_ref(), at)
        };
        // Where only what is drawn around it differs, nothing of the session is named as changed.
        if changed.is_empty() && !is_redrawn() {
            if !candidate.is_named() || pinned.is_some() {
                return Ok(None);
            }
            // The record names the session, but nothing could be read from it.
            changed.push(Changed::Records);
        }
        let session = state
            .as_ref()
            .map_or_else(|| candidate.session.clone(), |explained| explained.state.id.clone());
        Ok(Some(Change { session, state, changed, record: Arc::clone(self.record), at }))
    }

    /// Whether the page of the only session shows something else beside it since the record.
    fn is_redrawn<'g>(
        &self,
        earlier: impl Iterator<Item = &'g Gathered>,
        state: Option<&Explained>,
        at: Time,
    ) -> bool {
        let known_before = self.position.0.checked_sub(1).map(LogPosition);
        let (Some(only), Some(known_at)) = (self.only, known_before) else { return false };
        let before = Cut { at, known_at };
        let was: Vec<Drawn> = earlier
            .filter_map(|gathered| explain(&gathered.facts, self.history, before))
            .flat_map(|explained| (only.draw)(&explained, before))
            .collect();
        let now = Cut { at, known_at: self.position };
        let is = state.map_or_else(Vec::new, |explained| (only.draw)(explained, now));
        !redrawn(&was, &is).is_empty()
    }

    /// The facts of the session's ids as known before the record: one session, or several that the
    /// record joins. An entry is none if the facts are those of now: an assessment ignores facts
    /// after its K.
    async fn before(&self, gathered: &Gathered) -> Result<Vec<Option<Gathered>>, LogError> {
        let Some(known_at) = self.position.0.checked_sub(1).map(LogPosition) else {
            return Ok(Vec::new());
        };
        if !self.traits.links() && !self.record.variant {
            return Ok(vec![None]);
        }
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for id in &gathered.ids {
            if seen.contains(id) {
                continue;
            }
            if let Some(earlier) =
                load_session::session(self.reader, self.traits, id, known_at).await?
            {
                seen.extend(earlier.ids.iter().cloned());
                all.push(Some(earlier));
            }
        }
        Ok(all)
    }
}

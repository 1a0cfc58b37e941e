//! Evaluates sessions for questions about all sessions: each once, at the cut, up to a limit. The
//! read models find candidates; the domain decides what is true at (T, K). An answer is complete or
//! refused: beyond a limit it is an error with the number.

use super::{View, narrowed::Narrowed};
use crate::{
    model::{question::AskError, record_summary::RecordSummary, terms::term},
    projection::session_rows::{self, Summary},
    read::{
        load_session::{self, Gathered},
        prefetch::Prefetched,
        reader::Reader,
    },
};
use claimledger_domain::claims_seen::{self, SessionSeen};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, SessionId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    session_flags::SessionFlags,
    views::{Carried, RowFilter, SessionRow, SortKey, Term, TermKind},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Session rows of the first query for a term, because few may be needed; doubled with each query.
const FIRST_ROWS_PER_QUERY: usize = 8;
/// Maximum session rows per query.
const ROWS_PER_QUERY: usize = 256;
/// Sessions that are loaded together at first; doubled each time.
const FIRST_SESSIONS_PER_FETCH: usize = 2;
/// Maximum sessions that are loaded together.
const SESSIONS_PER_FETCH: usize = 64;
/// Maximum session rows per query if all rows are needed.
const ALL_ROWS_PER_QUERY: usize = 1_000;
/// Maximum session rows read, as a multiple of the maximum sessions evaluated.
const MAX_ROWS_PER_SESSION: u64 = 10;
/// Maximum term values per query.
const VALUES_PER_QUERY: usize = 1_000;
/// A term with fewer records at K is answered from these records; otherwise from its session rows,
/// in the order in which the sessions began.
const MIN_ROW_RECORDS: usize = 64;

/// The sessions that one question evaluates.
pub(super) struct Candidates<'v> {
    view: &'v View<'v>,
    limit: u64,
    evaluated: u64,
    listed: u64,
    seen: HashMap<SessionId, Arc<SessionSeen>>,
    prefetched: Prefetched,
}

impl<'v> Candidates<'v> {
    pub(super) fn new(view: &'v View<'v>) -> Self {
        Self {
            view,
            limit: view.inner.options.most_candidates,
            evaluated: 0,
            listed: 0,
            seen: HashMap::new(),
            prefetched: Prefetched::default(),
        }
    }

    /// The claims of a session, by any of its ids; loaded once.
    pub(super) async fn seen(&mut self, id: &SessionId) -> Result<Arc<SessionSeen>, AskError> {
        if let Some(seen) = self.seen.get(id) {
            return Ok(Arc::clone(seen));
        }
        let gathered = self.gathered(id).await?.unwrap_or_default();
        let seen = Arc::new(claims_seen::seen(&gathered.facts, &self.view.history, self.view.cut));
        self.seen.insert(id.clone(), Arc::clone(&seen));
        for alias in gathered.ids {
            self.seen.insert(alias, Arc::clone(&seen));
        }
        Ok(seen)
    }

    /// Loads a session; counts towards the limit.
    pub(super) async fn gathered(&mut self, id: &SessionId) -> Result<Option<Gathered>, AskError> {
        if self.evaluated >= self.limit {
            return Err(AskError::TooMany {
                what: "sessions or more to evaluate",
                found: self.evaluated + 1,
                limit: self.limit,
            });
        }
        self.evaluated += 1;
        // A question may evaluate thousands and must not block a runtime thread.
        tokio::task::yield_now().await;
        let reader = Reader { prefetched: Some(&self.prefetched), ..self.view.reader() };
        Ok(load_session::session(&reader, self.view.traits, id, self.view.cut.known_at).await?)
    }

    /// Prefetches sessions that will be evaluated next, as far as the limit allows.
    pub(super) async fn fetch(
        &mut self,
        sessions: impl IntoIterator<Item = &SessionId>,
    ) -> Result<(), LogError> {
        let left = usize::try_from(self.limit - self.evaluated).unwrap_or(usize::MAX);
        let some: Vec<_> = sessions
            .into_iter()
            .filter(|id| !self.seen.contains_key(*id))
            .take(left)
            .cloned()
            .collect();
        self.prefetched =
            Prefetched::read(&self.view.reader(), self.view.traits, &some, self.view.cut.known_at)
                .await?;
        Ok(())
    }

    /// The values of a kind of term that occur at least this often at the head.
    pub(super) async fn values(
        &self,
        kind: TermKind,
        carried: Carried,
    ) -> Result<Vec<String>, AskError> {
        let mut values: Vec<String> = Vec::new();
        loop {
            let after = values.last().map(String::as_str);
            let page = self
                .view
                .inner
                .views
                .values_of(&self.view.tenant.id, kind, carried, after, VALUES_PER_QUERY)
                .await?;
            let whole = page.len() < VALUES_PER_QUERY;
            values.extend(page);
            if values.len() as u64 > self.limit {
                return Err(AskError::TooMany {
                    what: "values or more to evaluate",
                    found: values.len() as u64,
                    limit: self.limit,
                });
            }
            if whole {
                return Ok(values);
            }
        }
    }

    /// The keys of each IdP that any record names. The empty key stands for claims of the IdP that
    /// name none.
    pub(super) async fn keys(&self) -> Result<Vec<(IdpId, KeyId, Term)>, AskError> {
        let idps = self.values(TermKind::Idp, Carried::Once).await?;
        let mut keys = Vec::new();
        for value in self.values(TermKind::Key, Carried::Once).await? {
            // Ids may contain a slash, so every split of the value is a candidate.
            for idp in &idps {
                if let Some(key) =
                    value.strip_prefix(idp.as_str()).and_then(|rest| rest.strip_prefix('/'))
                {
                    keys.push((
                        IdpId::new(idp.as_str()),
                        KeyId::new(key),
                        term(TermKind::Key, value.as_str()),
                    ));
                }
            }
        }
        Ok(keys)
    }

    /// Sessions named by the records with a term, as known at K.
    pub(super) async fn named_by(&self, term: &Term) -> Result<BTreeSet<SessionId>, AskError> {
        let mut sessions = BTreeSet::new();
        for record in self.records(term).await? {
            sessions.extend(record.statement.sessions().cloned());
        }
        Ok(sessions)
    }

    /// The records with a term, as known at K.
    pub(super) async fn records(&self, term: &Term) -> Result<Vec<Arc<RecordSummary>>, AskError> {
        let reader = self.view.reader();
        let positions = reader.positions(term, self.view.cut.known_at).await?;
        let (found, limit) = (positions.len() as u64, self.limit * MAX_ROWS_PER_SESSION);
        if found > limit {
            return Err(AskError::TooMany { what: "records to read", found, limit });
        }
        Ok(reader.records(&positions).await?)
    }

    /// Evaluates the sessions of a term that begin before T, in the order in which they began,
    /// until one begins after the time that `each` returned.
    pub(super) async fn until(
        &mut self,
        term: &Term,
        mut each: impl FnMut(&SessionSeen) -> Option<Time>,
    ) -> Result<(), AskError> {
        let (view, at) = (self.view, self.view.cut.at);
        let few = view
            .inner
            .views
            .positions_of(&view.tenant.id, term, LogPosition(0), view.cut.known_at, MIN_ROW_RECORDS)
            .await?;
        if few.len() < MIN_ROW_RECORDS {
            let named = self.named_by(term).await?;
            self.fetch(&named).await?;
            for id in named {
                each(&*self.seen(&id).await?);
            }
            return Ok(());
        }
        let (mut late, mut max) = (at, FIRST_ROWS_PER_QUERY);
        let mut together = FIRST_SESSIONS_PER_FETCH;
        let mut after: Option<SortKey> = None;
        loop {
            let rows = self.rows(term, None, after.as_ref(), max).await?;
            let whole = rows.len() < max;
            max = (max * 2).min(ROWS_PER_QUERY);
            after = rows.last().map(SessionRow::key).or(after);
            // The row also holds at K if no later record changed the session.
            let holds = |row: &SessionRow| row.assessed_to.0 <= view.cut.known_at.0 + 1;
            let mut left = rows.as_slice();
            while let Some((row, rest)) = left.split_first() {
                // The facts of a session, and so its claims, are not earlier than its sort key.
                if row.first_occurred > late {
                    return self.passed(after.as_ref(), each).await;
                }
                let is_late =
                    |row: &SessionRow| holds(row) && session_rows::is_claimed_after(row, late);
                if !is_late(row) {
                    if !self.seen.contains_key(&row.session) && !self.prefetched.has(&row.session) {
                        let next = left.iter().filter(|row| !is_late(row)).take(together);
                        let next: Vec<_> = next.map(|row| row.session.clone()).collect();
                        self.fetch(&next).await?;
                        together = (together * 2).min(SESSIONS_PER_FETCH);
                    }
                    late = each(&*self.seen(&row.session).await?).unwrap_or(at).min(at);
                }
                left = rest;
            }
            if whole {
                return self.passed(after.as_ref(), each).await;
            }
        }
    }

    /// Ids of the sessions of a term that began by `upto`, except those that `skip` excludes by
    /// their row.
    pub(super) async fn ids_with(
        &mut self,
        term: &Term,
        upto: Time,
        skip: impl Fn(&Summary) -> bool,
    ) -> Result<Vec<SessionId>, AskError> {
        Ok(self.ids_within(term, (Time::MIN, upto), skip, u64::MAX).await?.unwrap_or_default())
    }

    /// Ids of the sessions that begin by T and may have these flags, by their rows. None: the rows
    /// do not say so, or more sessions than the limit may have them.
    pub(super) async fn ids_flagged(
        &self,
        flags: SessionFlags,
    ) -> Result<Option<Vec<SessionId>>, LogError> {
        let (view, mut ids, mut after) = (self.view, Vec::new(), None::<SortKey>);
        if !view.rows_current {
            return Ok(None);
        }
        let filter = Narrowed { flags, ..Narrowed::default() }.filter(view);
        let (views, tenant) = (&view.inner.views, &view.tenant.id);
        loop {
            let rows = views
                .sessions_with(tenant, &[], filter, after.as_ref(), ALL_ROWS_PER_QUERY)
                .await?;
            let whole = rows.len() < ALL_ROWS_PER_QUERY;
            after = rows.last().map(SessionRow::key).or(after);
            let begun = rows.into_iter().take_while(|row| row.first_occurred <= view.cut.at);
            ids.extend(begun.map(|row| row.session));
            if ids.len() as u64 > self.limit {
                return Ok(None);
            }
            if whole || after.as_ref().is_some_and(|after| after.first_occurred > view.cut.at) {
                break;
            }
        }
        if let Some(read) = &after {
            ids.extend(self.moved_before(read));
        }
        Ok(Some(ids))
    }

    /// Whether no more sessions than this carry these terms, at the head. No row is read.
    pub(super) async fn has_few(&self, terms: &[Term], most: u64) -> Result<bool, LogError> {
        let (views, tenant) = (&self.view.inner.views, &self.view.tenant.id);
        let (most, mut count) = (usize::try_from(most).unwrap_or(usize::MAX), 0_usize);
        for term in terms {
            count =
                count.saturating_add(views.count_with(tenant, term, most.saturating_add(1)).await?);
        }
        Ok(count <= most)
    }

    /// Session rows that this question has read.
    pub(super) const fn rows_read(&self) -> u64 {
        self.listed
    }

    /// As [`Self::ids_with`], of sessions with a fact at or after `from`; none: this question
    /// would have read more than `most` session rows with it.
    pub(super) async fn ids_within(
        &mut self,
        term: &Term,
        (from, upto): (Time, Time),
        skip: impl Fn(&Summary) -> bool,
        most: u64,
    ) -> Result<Option<Vec<SessionId>>, AskError> {
        let (view, mut ids, mut after) = (self.view, Vec::new(), None::<SortKey>);
        let last_from = (from > Time::MIN).then_some(from);
        let filter = Narrowed { last_from, ..Narrowed::default() }.filter(view);
        loop {
            if self.listed >= most {
                return Ok(None);
            }
            let rows = self.rows(term, filter, after.as_ref(), ALL_ROWS_PER_QUERY).await?;
            let whole = rows.len() < ALL_ROWS_PER_QUERY;
            after = rows.last().map(SessionRow::key).or(after);
            self.listed += rows.len() as u64;
            if self.listed > self.limit * MAX_ROWS_PER_SESSION {
                return Err(AskError::TooMany {
                    what: "session rows or more to read",
                    found: self.listed,
                    limit: self.limit * MAX_ROWS_PER_SESSION,
                });
            }
            for row in rows {
                if row.first_occurred > upto {
                    break;
                }
                // The row is about the head. It also holds at K if no later record changed the
                // session.
                let excluded = row.assessed_to.0 <= view.cut.known_at.0 + 1
                    && (row.last_occurred < from
                        || serde_json::from_slice(&row.state).is_ok_and(|row| skip(&row)));
                if !excluded {
                    ids.push(row.session);
                }
            }
            if whole || after.as_ref().is_some_and(|after| after.first_occurred > upto) {
                break;
            }
        }
        if let Some(read) = &after {
            ids.extend(self.moved_before(read));
        }
        Ok(Some(ids))
    }

    /// The next session rows of a term, in list order.
    async fn rows(
        &self,
        term: &Term,
        filter: Option<RowFilter>,
        after: Option<&SortKey>,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError> {
        let (views, tenant) = (&self.view.inner.views, &self.view.tenant.id);
        views.sessions_with(tenant, std::slice::from_ref(term), filter, after, max).await
    }

    /// Sessions that moved before the current row during the iteration.
    async fn passed(
        &mut self,
        read: Option<&SortKey>,
        mut each: impl FnMut(&SessionSeen) -> Option<Time>,
    ) -> Result<(), AskError> {
        let Some(read) = read else { return Ok(()) };
        for id in self.moved_before(read) {
            each(&*self.seen(&id).await?);
        }
        Ok(())
    }

    /// Sessions that records after K moved to this row or before it.
    fn moved_before(&self, read: &SortKey) -> Vec<SessionId> {
        let size = self.view.cut.known_at.0 + 1;
        self.view.tenant.progress.reordered.passed(size, read).remembered()
    }
}

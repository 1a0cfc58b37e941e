//! Looking at sessions for a question about all of them: each once, at the cut, and no more of them
//! than a limit. The read models name candidates; what is so at (T, K), the domain says. An answer
//! is whole or refused: a limit reached is an error that names it.

use super::View;
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
    views::{Carried, SessionRow, SortKey, Term, TermKind},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// So many session rows are read at once.
const ROWS: usize = 64;
/// So many session rows are read at once where all are wanted.
const LIST: usize = 1_000;
/// So many times as many session rows are looked through as sessions are looked at.
const LISTED: u64 = 10;
/// So many values of terms are read at once.
const VALUES: usize = 1_000;
/// A term with fewer records at K is answered by their sessions; one with more by its sessions in
/// the order they began.
const FEW: usize = 64;

/// What one question has looked at.
pub(super) struct Candidates<'v> {
    view: &'v View<'v>,
    limit: u64,
    looked: u64,
    listed: u64,
    seen: HashMap<SessionId, Arc<SessionSeen>>,
    prefetched: Prefetched,
}

impl<'v> Candidates<'v> {
    pub(super) fn new(view: &'v View<'v>) -> Self {
        Self {
            view,
            limit: view.inner.options.most_candidates,
            looked: 0,
            listed: 0,
            seen: HashMap::new(),
            prefetched: Prefetched::default(),
        }
    }

    /// What a session shows, by any of its ids; gathered once, however often it is asked.
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

    /// Gathers a session; counts towards the limit.
    pub(super) async fn gathered(&mut self, id: &SessionId) -> Result<Option<Gathered>, AskError> {
        if self.looked >= self.limit {
            return Err(AskError::TooMany {
                what: "sessions or more to look at",
                found: self.looked + 1,
                limit: self.limit,
            });
        }
        self.looked += 1;
        // A question that looks at thousands must not keep a thread of the runtime from everybody
        // else.
        tokio::task::yield_now().await;
        let reader = Reader { prefetched: Some(&self.prefetched), ..self.view.reader() };
        Ok(load_session::session(&reader, self.view.traits, id, self.view.cut.known_at).await?)
    }

    /// Reads at once what some sessions are made of that will be looked at next, as far as the
    /// limit allows.
    pub(super) async fn fetch(
        &mut self,
        sessions: impl IntoIterator<Item = &SessionId>,
    ) -> Result<(), LogError> {
        let left = usize::try_from(self.limit - self.looked).unwrap_or(usize::MAX);
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

    /// Values of a kind of term that are carried so often at the head.
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
                .values_of(&self.view.tenant.id, kind, carried, after, VALUES)
                .await?;
            let whole = page.len() < VALUES;
            values.extend(page);
            if values.len() as u64 > self.limit {
                return Err(AskError::TooMany {
                    what: "values or more to look at",
                    found: values.len() as u64,
                    limit: self.limit,
                });
            }
            if whole {
                return Ok(values);
            }
        }
    }

    /// Keys of each IdP that any record names, and for each IdP whether there may be claims that
    /// name none (the key is then empty).
    pub(super) async fn keys(&self) -> Result<Vec<(IdpId, KeyId, Term)>, AskError> {
        let idps = self.values(TermKind::Idp, Carried::Once).await?;
        let mut keys = Vec::new();
        for value in self.values(TermKind::Key, Carried::Once).await? {
            // Ids may hold a slash themselves: every way to cut the value is a candidate.
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

    /// Sessions that the records with a term name, as known at K.
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
        let (found, limit) = (positions.len() as u64, self.limit * LISTED);
        if found > limit {
            return Err(AskError::TooMany { what: "records to look through", found, limit });
        }
        Ok(reader.records(&positions).await?)
    }

    /// Goes through the sessions of a term until one begins after what `each` says is late enough:
    /// those before T, in the order they began.
    pub(super) async fn until(
        &mut self,
        term: &Term,
        mut each: impl FnMut(&SessionSeen) -> Option<Time>,
    ) -> Result<(), AskError> {
        let (view, at) = (self.view, self.view.cut.at);
        let few = view
            .inner
            .views
            .positions_of(&view.tenant.id, term, LogPosition(0), view.cut.known_at, FEW)
            .await?;
        if few.len() < FEW {
            let named = self.named_by(term).await?;
            self.fetch(&named).await?;
            for id in named {
                each(&*self.seen(&id).await?);
            }
            return Ok(());
        }
        let mut late = at;
        let mut after: Option<SortKey> = None;
        loop {
            let rows = view
                .inner
                .views
                .sessions_with(
                    &view.tenant.id,
                    std::slice::from_ref(term),
                    None,
                    after.as_ref(),
                    ROWS,
                )
                .await?;
            let whole = rows.len() < ROWS;
            after = rows.last().map(SessionRow::key).or(after);
            self.fetch(rows.iter().map(|row| &row.session)).await?;
            for row in rows {
                // A session's facts, and so its claims, come no earlier than its place in the
                // order.
                if row.first_occurred > late {
                    return self.passed(after.as_ref(), each).await;
                }
                late = each(&*self.seen(&row.session).await?).unwrap_or(at).min(at);
            }
            if whole {
                return self.passed(after.as_ref(), each).await;
            }
        }
    }

    /// Ids of the sessions of a term that have begun by `upto`, but for those of which nothing can
    /// come by what their row says, and when their last fact occurred.
    pub(super) async fn ids_with(
        &mut self,
        term: &Term,
        upto: Time,
        skip: impl Fn(&Summary, Time) -> bool,
    ) -> Result<Vec<SessionId>, AskError> {
        let (view, mut ids, mut after) = (self.view, Vec::new(), None::<SortKey>);
        loop {
            let rows = view
                .inner
                .views
                .sessions_with(
                    &view.tenant.id,
                    std::slice::from_ref(term),
                    None,
                    after.as_ref(),
                    LIST,
                )
                .await?;
            let whole = rows.len() < LIST;
            after = rows.last().map(SessionRow::key).or(after);
            self.listed += rows.len() as u64;
            if self.listed > self.limit * LISTED {
                return Err(AskError::TooMany {
                    what: "sessions or more to look through",
                    found: self.listed,
                    limit: self.limit * LISTED,
                });
            }
            for row in rows {
                if row.first_occurred > upto {
                    break;
                }
                // What the row says of the head holds at K too, if nothing came after K that
                // changed it.
                let of_no_use = row.assessed_to.0 <= view.cut.known_at.0 + 1
                    && session_rows::last_of(&row).is_some_and(|last| {
                        serde_json::from_slice(&row.state).is_ok_and(|summary| skip(&summary, last))
                    });
                if !of_no_use {
                    ids.push(row.session);
                }
            }
            if whole || after.as_ref().is_some_and(|after| after.first_occurred > upto) {
                break;
            }
        }
        if let Some(read) = &after {
            ids.extend(
                view.tenant.progress.reordered.passed(view.cut.known_at.0 + 1, read).remembered(),
            );
        }
        Ok(ids)
    }

    /// Sessions that moved past what was read, while we read.
    async fn passed(
        &mut self,
        read: Option<&SortKey>,
        mut each: impl FnMut(&SessionSeen) -> Option<Time>,
    ) -> Result<(), AskError> {
        let Some(read) = read else { return Ok(()) };
        for id in self
            .view
            .tenant
            .progress
            .reordered
            .passed(self.view.cut.known_at.0 + 1, read)
            .remembered()
        {
            each(&*self.seen(&id).await?);
        }
        Ok(())
    }
}

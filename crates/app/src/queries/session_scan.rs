//! Scans sessions in list order, as that order was at K.
//!
//! Session rows are ordered as known at the head. If the first fact of a session arrived after K,
//! its row is further forward than it was at K, never further back. Therefore an assessed session
//! is held back until no remaining row can precede it at K, and a page after a cursor also visits
//! the sessions that have moved before the cursor since K.

use super::{Assessed, View, background_read::BackgroundRead, narrowed::Narrowed};
use crate::{
    projection::session_rows::{self, Summary},
    read::{
        load_session,
        prefetch::{MAX_SESSIONS, Prefetched},
        reader::Reader,
        reordered,
    },
};
use claimledger_domain::assess::assess;
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    views::{RowFilter, SessionRow, SortKey, Term},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// Session rows per query, at first.
const ROWS_PER_QUERY: usize = 200;
/// Session rows per query in a long scan.
const MAX_ROWS_PER_QUERY: usize = 1_000;
/// Maximum background reads: one is awaited while the next is running.
const MAX_BACKGROUND_READS: usize = 2;
/// Sessions prefetched at first; doubled with each query up to [`MAX_SESSIONS`].
const FIRST_PREFETCH: usize = 8;
/// Records read per query to find sessions that moved.
const RECORDS_PER_QUERY: usize = 1_000;

/// Iterates over the sessions with all terms of at least one set, in list order at K.
pub(super) struct SessionScan<'v> {
    view: &'v View<'v>,
    streams: Vec<Stream>,
    filter: Option<RowFilter>,
    /// Assessed sessions that are held back.
    ready: BTreeMap<SortKey, Assessed>,
    /// Only sessions after this key are returned; also the one at it, if `inclusive`.
    after: Option<SortKey>,
    inclusive: bool,
    seen: BTreeSet<SessionId>,
    /// Number of sessions to prefetch next.
    prefetch: usize,
}

/// The session rows with all terms of one set.
struct Stream {
    terms: Vec<Term>,
    /// The key of the last row read.
    read: Option<SortKey>,
    rows: VecDeque<SessionRow>,
    whole: bool,
    /// Records of the sessions of the next rows.
    prefetched: Arc<Prefetched>,
    /// In a long scan: the rows after `rows`, read in the background.
    next_rows: Option<BackgroundRead<Vec<SessionRow>>>,
    /// In a long scan: sessions of the next rows, assessed without reasons in the background, in
    /// order.
    background: VecDeque<(BTreeSet<SessionId>, BackgroundRead<AssessedSessions>)>,
    /// Results of these that are not used yet.
    assessed: AssessedSessions,
}

/// Sessions assessed without reasons; none: not a session at K.
type AssessedSessions = HashMap<SessionId, Option<Assessed>>;

impl<'v> SessionScan<'v> {
    /// Starts at the beginning, or after a key; at the key, if `inclusive`. Terms and `narrowed`
    /// only reduce the candidates: the caller must check the results.
    pub(super) async fn new(
        view: &'v View<'v>,
        any_of: Vec<Vec<Term>>,
        narrowed: Narrowed,
        after: Option<SortKey>,
        inclusive: bool,
    ) -> Result<Self, LogError> {
        // A session row has only the terms of its own id. With links a session may have a term
        // under another id, so terms cannot be used to reduce the candidates.
        let any_of = if view.traits.links() { vec![Vec::new()] } else { any_of };
        let stream = |terms| Stream {
            terms,
            read: after.clone(),
            rows: VecDeque::new(),
            whole: false,
            prefetched: Arc::default(),
            next_rows: None,
            background: VecDeque::new(),
            assessed: AssessedSessions::new(),
        };
        let streams = any_of.into_iter().map(stream).collect();
        let mut scan = Self {
            view,
            streams,
            filter: narrowed.filter(view),
            ready: BTreeMap::new(),
            after: after.clone(),
            inclusive,
            seen: BTreeSet::new(),
            prefetch: FIRST_PREFETCH,
        };
        if let Some(after) = after {
            if inclusive {
                scan.visit(SessionId::new(after.session.clone()), None).await?;
            }
            for session in passed(view, &after).await? {
                scan.visit(session, None).await?;
            }
        }
        Ok(scan)
    }

    /// The next session with its sort key, assessed without reasons. `skip` excludes rows by their
    /// state column and the time of their last fact.
    pub(super) async fn next(
        &mut self,
        skip: impl Fn(&Summary, Time) -> bool,
    ) -> Result<Option<(SortKey, Assessed)>, LogError> {
        loop {
            self.fill(&skip).await?;
            let first = self
                .streams
                .iter_mut()
                .filter(|stream| !stream.rows.is_empty())
                .min_by_key(|stream| stream.rows.front().map(SessionRow::key));
            let Some(first) = first else { return Ok(self.ready.pop_first()) };
            let Some(row) = first.rows.pop_front() else { continue };
            if self.ready.first_key_value().is_some_and(|(ready, _)| *ready < row.key()) {
                first.rows.push_front(row);
                return Ok(self.ready.pop_first());
            }
            if self.seen.contains(&row.session) {
                continue;
            }
            if self.prefetch == MAX_SESSIONS && !first.prefetched.has(&row.session) {
                first.assess_next(self.view, &row.session, &self.seen);
                if let Some(assessed) = first.take_assessed(&row.session).await? {
                    self.seen.insert(row.session.clone());
                    self.keep(&row.session, assessed);
                    continue;
                }
            }
            if !first.prefetched.has(&row.session) {
                // Few at first, because a page may not need more.
                let some = first.sessions(&row, self.prefetch, &self.seen);
                first.prefetched = Arc::new(
                    Prefetched::read(
                        &self.view.reader(),
                        self.view.traits,
                        &some,
                        self.view.cut.known_at,
                    )
                    .await?,
                );
                self.prefetch = (self.prefetch * 2).min(MAX_SESSIONS);
            }
            let prefetched = Arc::clone(&first.prefetched);
            self.visit(row.session, Some(&prefetched)).await?;
        }
    }

    /// Reads the next rows of each stream that has none left.
    async fn fill(&mut self, skip: impl Fn(&Summary, Time) -> bool) -> Result<(), LogError> {
        let (view, mut furthest) = (self.view, None);
        for stream in &mut self.streams {
            while stream.rows.is_empty() && !stream.whole {
                let before = stream.read.clone();
                let rows = match stream.next_rows.take() {
                    Some(begun) => begun.wait().await?,
                    None => {
                        view.inner
                            .views
                            .sessions_with(
                                &view.tenant.id,
                                &stream.terms,
                                self.filter,
                                before.as_ref(),
                                ROWS_PER_QUERY,
                            )
                            .await?
                    }
                };
                // A row after the first that begins after T also begins after T, and at K too,
                // where first facts were not earlier.
                stream.whole = rows.last().is_none_or(|row| row.first_occurred > view.cut.at);
                stream.read = rows.last().map(SessionRow::key).or(stream.read.take());
                if self.prefetch == MAX_SESSIONS && !stream.whole {
                    stream.next_rows = Some(list_in_background(
                        view,
                        stream.terms.clone(),
                        self.filter,
                        stream.read.clone(),
                    ));
                }
                stream.rows = rows.into_iter().filter(|row| !can_skip(view, row, &skip)).collect();
                furthest = furthest.max(before);
            }
        }
        // A session may have moved before the rows read meanwhile. Moves are remembered before rows
        // are written, so it is found here.
        if let Some(read) = furthest {
            for session in self
                .view
                .tenant
                .progress
                .reordered
                .passed(self.view.cut.known_at.0 + 1, &read)
                .remembered()
            {
                self.visit(session, None).await?;
            }
        }
        Ok(())
    }

    /// Assesses a session, and keeps it if this id is its name at K and it belongs on the page.
    async fn visit(
        &mut self,
        id: SessionId,
        prefetched: Option<&Prefetched>,
    ) -> Result<(), LogError> {
        if !self.seen.insert(id.clone()) {
            return Ok(());
        }
        // A scan may visit thousands and must not block a runtime thread.
        tokio::task::yield_now().await;
        let assessed = self.view.session(&id, prefetched).await?;
        self.keep(&id, assessed);
        Ok(())
    }

    fn keep(&mut self, id: &SessionId, assessed: Option<Assessed>) {
        let Some(assessed) = assessed.filter(|assessed| assessed.state.id == *id) else { return };
        let Some(key) = session_rows::key_of(id, &assessed.gathered.records) else { return };
        let belongs = match &self.after {
            None => true,
            Some(after) => key > *after || (self.inclusive && key == *after),
        };
        if belongs {
            self.ready.insert(key, assessed);
        }
    }
}

/// Sessions that are before the cursor now and may have been after it at K.
async fn passed(view: &View<'_>, after: &SortKey) -> Result<Vec<SessionId>, LogError> {
    let size = view.cut.known_at.0 + 1;
    let tenant = view.tenant.clone();
    match tenant.progress.reordered.passed(size, after) {
        reordered::Passed::Known(sessions) => Ok(sessions),
        reordered::Passed::Since { since, mut sessions } => {
            // Older moves are not remembered: visit every session named by a record since then.
            let mut from = size;
            while from < since {
                let max = usize::try_from(since - from)
                    .unwrap_or(RECORDS_PER_QUERY)
                    .min(RECORDS_PER_QUERY);
                let positions: Vec<_> = (from..from + max as u64).map(LogPosition).collect();
                let reader = tenant.reader(&*view.inner.log, &*view.inner.views);
                for record in reader.records(&positions).await? {
                    sessions.extend(record.statement.sessions().cloned());
                }
                from += max as u64;
            }
            Ok(sessions)
        }
    }
}

impl Stream {
    /// The session of a row, and those of the next rows that were not visited, up to a number.
    fn sessions(
        &self,
        row: &SessionRow,
        count: usize,
        seen: &BTreeSet<SessionId>,
    ) -> Vec<SessionId> {
        let more = self
            .rows
            .iter()
            .map(|row| &row.session)
            .filter(|session| !seen.contains(session))
            .take(count - 1);
        std::iter::once(&row.session).chain(more).cloned().collect()
    }

    /// Starts background assessments of the next sessions, from this one, unless they are running.
    fn assess_next(&mut self, view: &View<'_>, session: &SessionId, seen: &BTreeSet<SessionId>) {
        while self.background.len() < MAX_BACKGROUND_READS {
            let next = std::iter::once(session).chain(self.rows.iter().map(|row| &row.session));
            let begun = |id: &SessionId| {
                self.assessed.contains_key(id)
                    || self.background.iter().any(|(sessions, _)| sessions.contains(id))
            };
            let some: BTreeSet<SessionId> = next
                .filter(|id| !begun(id) && !seen.contains(*id))
                .take(MAX_SESSIONS)
                .cloned()
                .collect();
            if some.is_empty() {
                return;
            }
            let begun = assess_in_background(view, some.iter().cloned().collect());
            self.background.push_back((some, begun));
        }
    }

    /// The result of a background assessment; none: it was not started.
    async fn take_assessed(
        &mut self,
        session: &SessionId,
    ) -> Result<Option<Option<Assessed>>, LogError> {
        while !self.assessed.contains_key(session)
            && self.background.iter().any(|(sessions, _)| sessions.contains(session))
        {
            let Some((_, begun)) = self.background.pop_front() else { break };
            self.assessed.extend(begun.wait().await?);
        }
        Ok(self.assessed.remove(session))
    }
}

/// Reads the next rows of a list in the background.
fn list_in_background(
    view: &View<'_>,
    terms: Vec<Term>,
    filter: Option<RowFilter>,
    after: Option<SortKey>,
) -> BackgroundRead<Vec<SessionRow>> {
    let (views, tenant) = (Arc::clone(&view.inner.views), view.tenant.id.clone());
    BackgroundRead::begin(view.inner, async move {
        views.sessions_with(&tenant, &terms, filter, after.as_ref(), MAX_ROWS_PER_QUERY).await
    })
}

/// Loads and assesses sessions in the background, without reasons.
fn assess_in_background(
    view: &View<'_>,
    sessions: Vec<SessionId>,
) -> BackgroundRead<AssessedSessions> {
    let (log, views, tenant) =
        (Arc::clone(&view.inner.log), Arc::clone(&view.inner.views), Arc::clone(&view.tenant));
    let (summaries, traits, history, cut) =
        (view.rows_current, view.traits, Arc::clone(&view.history), view.cut);
    BackgroundRead::begin(view.inner, async move {
        let reader = Reader { summaries, ..tenant.reader(&*log, &*views) };
        let prefetched = Prefetched::read(&reader, traits, &sessions, cut.known_at).await?;
        let reader = Reader { prefetched: Some(&prefetched), ..reader };
        let mut results = AssessedSessions::with_capacity(sessions.len());
        // Sessions that exceed the limit of the prefetch are left to the caller.
        for session in sessions.into_iter().filter(|session| prefetched.has(session)) {
            tokio::task::yield_now().await;
            let gathered = load_session::session(&reader, traits, &session, cut.known_at).await?;
            let assessed = gathered.and_then(|gathered| {
                let state = assess(&gathered.facts, &history, cut)?;
                Some(Assessed { state, gathered })
            });
            results.insert(session, assessed);
        }
        Ok(results)
    })
}

/// Whether a row can be skipped. The row is about the head; it also holds at K if no later record
/// changed the session.
fn can_skip(view: &View<'_>, row: &SessionRow, skip: impl Fn(&Summary, Time) -> bool) -> bool {
    view.rows_current
        && row.assessed_to.0 <= view.cut.known_at.0 + 1
        && match serde_json::from_slice::<Summary>(&row.state) {
            Ok(Summary::Alias { .. } | Summary::NotUnderstood { .. }) => true,
            Ok(state @ Summary::State { .. }) => skip(&state, row.last_occurred),
            Err(_) => false,
        }
}

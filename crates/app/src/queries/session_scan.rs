//! Going through sessions in the order of lists, as that order was at K.
//!
//! Session rows give candidates in the order of the head. A session's first fact may have come late,
//! after K: then it stands further forward now than it stood at K, never further back. So a session
//! that was assessed is held until no row that could come before it is left; and a page that goes
//! on after a cursor looks at sessions too that have moved past the cursor since.

use super::{Assessed, View, background_read::BackgroundRead};
use crate::{
    projection::session_rows::{self, Summary},
    read::{
        load_session,
        prefetch::{AT_ONCE, Prefetched},
        reader::Reader,
        reordered,
    },
};
use claimledger_domain::assess::assess;
use claimledger_facts::{
    ids::{LogPosition, LogSize, SessionId},
    time::Time,
};
use claimledger_ledger::{
    log::LogError,
    views::{ActiveAt, SessionRow, SortKey, Term},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// So many rows are read at once.
const ROWS: usize = 200;
/// So many where very many are gone through.
const DEEP_ROWS: usize = 1_000;
/// So often some sessions are looked at beside: one is waited for while the other is under way.
const BESIDE: usize = 2;
/// So many sessions are read at once in the beginning.
const FIRST_STEP: usize = 8;
/// So many records are read at once to find sessions that moved.
const RECORDS: usize = 1_000;

/// Sessions with all terms of any one of some sets, in the order of lists at K.
pub(super) struct SessionScan<'v> {
    view: &'v View<'v>,
    streams: Vec<Stream>,
    active_at: Option<ActiveAt>,
    /// Assessed, and waiting for their turn.
    ready: BTreeMap<SortKey, Assessed>,
    /// Sessions not behind this one are not shown; the one at it is, if `inclusive`.
    after: Option<SortKey>,
    inclusive: bool,
    seen: BTreeSet<SessionId>,
    /// So many sessions are read at once.
    step: usize,
}

/// The session rows with all terms of one set.
struct Stream {
    terms: Vec<Term>,
    /// The last row that was read.
    read: Option<SortKey>,
    rows: VecDeque<SessionRow>,
    whole: bool,
    /// What the sessions of the next rows are made of.
    prefetched: Arc<Prefetched>,
    /// Where very many are gone through: rows behind those, read while these are looked at.
    next_rows: Option<BackgroundRead<Vec<SessionRow>>>,
    /// Likewise sessions of the next rows, assessed in brief: some at a time, in order.
    beside: VecDeque<(BTreeSet<SessionId>, BackgroundRead<Looked>)>,
    /// What came of that and was not asked for yet.
    looked: Looked,
}

/// Sessions assessed in brief; none: not a session at K.
type Looked = HashMap<SessionId, Option<Assessed>>;

impl<'v> SessionScan<'v> {
    /// From the beginning, or after a session; or from that session on, if `inclusive`. Terms, and
    /// an instant at which sessions are to be active, only narrow: what is found is still to be
    /// judged.
    pub(super) async fn new(
        view: &'v View<'v>,
        any_of: Vec<Vec<Term>>,
        active_at: Option<Time>,
        after: Option<SortKey>,
        inclusive: bool,
    ) -> Result<Self, LogError> {
        let active_at = active_at
            .filter(|_| view.believes_rows)
            .map(|at| ActiveAt { at, size: LogSize(view.cut.known_at.0.saturating_add(1)) });
        // A session row carries the terms of its own id alone. Where links join ids, a session may
        // carry a term under another of them.
        let any_of = if view.traits.links() { vec![Vec::new()] } else { any_of };
        let stream = |terms| Stream {
            terms,
            read: after.clone(),
            rows: VecDeque::new(),
            whole: false,
            prefetched: Arc::default(),
            next_rows: None,
            beside: VecDeque::new(),
            looked: Looked::new(),
        };
        let streams = any_of.into_iter().map(stream).collect();
        let mut scan = Self {
            view,
            streams,
            active_at,
            ready: BTreeMap::new(),
            after: after.clone(),
            inclusive,
            seen: BTreeSet::new(),
            step: FIRST_STEP,
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

    /// The next session, with its place, assessed in brief. `skip` says that a row cannot be one of
    /// those wanted, by what it says of the head.
    pub(super) async fn next(
        &mut self,
        skip: impl Fn(&Summary) -> bool,
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
            if self.step == AT_ONCE && !first.prefetched.has(&row.session) {
                first.look_beside(self.view, &row.session, &self.seen);
                if let Some(assessed) = first.take_looked(&row.session).await? {
                    self.seen.insert(row.session.clone());
                    self.keep(&row.session, assessed);
                    continue;
                }
            }
            if !first.prefetched.has(&row.session) {
                // Few at first, as a page may need no more; then more and more at once.
                let some = first.sessions(&row, self.step, &self.seen);
                first.prefetched = Arc::new(
                    Prefetched::read(
                        &self.view.reader(),
                        self.view.traits,
                        &some,
                        self.view.cut.known_at,
                    )
                    .await?,
                );
                self.step = (self.step * 2).min(AT_ONCE);
            }
            let prefetched = Arc::clone(&first.prefetched);
            self.visit(row.session, Some(&prefetched)).await?;
        }
    }

    /// Reads on where there is nothing left to look at.
    async fn fill(&mut self, skip: impl Fn(&Summary) -> bool) -> Result<(), LogError> {
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
                                self.active_at,
                                before.as_ref(),
                                ROWS,
                            )
                            .await?
                    }
                };
                // Whoever comes behind the first that begins after T begins after T, at K too: a
                // first fact was no earlier then.
                stream.whole = rows.last().is_none_or(|row| row.first_occurred > view.cut.at);
                stream.read = rows.last().map(SessionRow::key).or(stream.read.take());
                if self.step == AT_ONCE && !stream.whole {
                    stream.next_rows = Some(list_beside(
                        view,
                        stream.terms.clone(),
                        self.active_at,
                        stream.read.clone(),
                    ));
                }
                stream.rows =
                    rows.into_iter().filter(|row| !is_of_no_use(view, row, &skip)).collect();
                furthest = furthest.max(before);
            }
        }
        // A session may have moved past what was read, while we read. Moves are remembered before
        // rows move, so it is found here.
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

    /// Assesses a session, and keeps it if it is one at K under this very name and belongs to the
    /// page.
    async fn visit(
        &mut self,
        id: SessionId,
        prefetched: Option<&Prefetched>,
    ) -> Result<(), LogError> {
        if !self.seen.insert(id.clone()) {
            return Ok(());
        }
        // A question that looks at thousands must not keep a thread of the runtime from everybody
        // else.
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

/// Sessions that stand before the cursor now and may have stood behind it at K.
async fn passed(view: &View<'_>, after: &SortKey) -> Result<Vec<SessionId>, LogError> {
    let size = view.cut.known_at.0 + 1;
    let tenant = view.tenant.clone();
    match tenant.progress.reordered.passed(size, after) {
        reordered::Passed::Known(sessions) => Ok(sessions),
        reordered::Passed::Since { since, mut sessions } => {
            // Moves that far back are not remembered: every session that was spoken of since then
            // is looked at.
            let mut from = size;
            while from < since {
                let max = usize::try_from(since - from).unwrap_or(RECORDS).min(RECORDS);
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
    /// The session of a row that was taken and those of the next rows, so many that were not looked
    /// at.
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

    /// Begins to look at the next sessions, this one first, as far as that is not begun.
    fn look_beside(&mut self, view: &View<'_>, session: &SessionId, seen: &BTreeSet<SessionId>) {
        while self.beside.len() < BESIDE {
            let next = std::iter::once(session).chain(self.rows.iter().map(|row| &row.session));
            let begun = |id: &SessionId| {
                self.looked.contains_key(id)
                    || self.beside.iter().any(|(sessions, _)| sessions.contains(id))
            };
            let some: BTreeSet<SessionId> = next
                .filter(|id| !begun(id) && !seen.contains(*id))
                .take(AT_ONCE)
                .cloned()
                .collect();
            if some.is_empty() {
                return;
            }
            let begun = look_beside(view, some.iter().cloned().collect());
            self.beside.push_back((some, begun));
        }
    }

    /// What came of looking at a session beside; none: that was not begun.
    async fn take_looked(
        &mut self,
        session: &SessionId,
    ) -> Result<Option<Option<Assessed>>, LogError> {
        while !self.looked.contains_key(session)
            && self.beside.iter().any(|(sessions, _)| sessions.contains(session))
        {
            let Some((_, begun)) = self.beside.pop_front() else { break };
            self.looked.extend(begun.wait().await?);
        }
        Ok(self.looked.remove(session))
    }
}

/// Begins to read the next rows of a list.
fn list_beside(
    view: &View<'_>,
    terms: Vec<Term>,
    active_at: Option<ActiveAt>,
    after: Option<SortKey>,
) -> BackgroundRead<Vec<SessionRow>> {
    let (views, tenant) = (Arc::clone(&view.inner.views), view.tenant.id.clone());
    BackgroundRead::begin(view.inner, async move {
        views.sessions_with(&tenant, &terms, active_at, after.as_ref(), DEEP_ROWS).await
    })
}

/// Begins to read some sessions and to assess them in brief.
fn look_beside(view: &View<'_>, sessions: Vec<SessionId>) -> BackgroundRead<Looked> {
    let (log, views, tenant) =
        (Arc::clone(&view.inner.log), Arc::clone(&view.inner.views), Arc::clone(&view.tenant));
    let (summaries, traits, history, cut) =
        (view.believes_rows, view.traits, Arc::clone(&view.history), view.cut);
    BackgroundRead::begin(view.inner, async move {
        let reader = Reader { summaries, ..tenant.reader(&*log, &*views) };
        let prefetched = Prefetched::read(&reader, traits, &sessions, cut.known_at).await?;
        let reader = Reader { prefetched: Some(&prefetched), ..reader };
        let mut looked = Looked::with_capacity(sessions.len());
        // What was too much to read at once is looked at by itself.
        for session in sessions.into_iter().filter(|session| prefetched.has(session)) {
            tokio::task::yield_now().await;
            let gathered = load_session::session(&reader, traits, &session, cut.known_at).await?;
            let assessed = gathered.and_then(|gathered| {
                let state = assess(&gathered.facts, &history, cut)?;
                Some(Assessed { state, gathered })
            });
            looked.insert(session, assessed);
        }
        Ok(looked)
    })
}

/// Whether nothing can come of a row. What it says holds at K too, if nothing that could have
/// changed it came after K.
fn is_of_no_use(view: &View<'_>, row: &SessionRow, skip: impl Fn(&Summary) -> bool) -> bool {
    view.believes_rows
        && row.assessed_to.0 <= view.cut.known_at.0 + 1
        && match serde_json::from_slice::<Summary>(&row.state) {
            Ok(Summary::Alias { .. } | Summary::NotUnderstood { .. }) => true,
            Ok(state @ Summary::State { .. }) => skip(&state),
            Err(_) => false,
        }
}

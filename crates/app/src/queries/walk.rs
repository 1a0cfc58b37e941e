//! Going through sessions in the order of lists, as that order was at K.
//!
//! Head rows give candidates in the order of the head. A session's first fact may have come late, after K: then it stands further forward now than it
//! stood at K, never further back. So a session that was assessed is held until no row that could come before it is left; and a page that goes on after a
//! cursor looks at sessions too that have moved past the cursor since.

use super::{Assessed, View};
use crate::{
    heads::{self, Summary},
    moved,
};
use claimledger_facts::ids::{LogPosition, SessionId};
use claimledger_ledger::{
    log::LogError,
    views::{HeadKey, HeadRow, Term},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many rows are read at once.
const ROWS: usize = 200;
/// So many records are read at once to find sessions that moved.
const RECORDS: usize = 1_000;

/// Sessions with all terms of any one of some sets, in the order of lists at K.
pub(super) struct Walk<'v> {
    view: &'v View<'v>,
    streams: Vec<Stream>,
    /// Assessed, and waiting for their turn.
    ready: BTreeMap<HeadKey, Assessed>,
    /// Sessions not behind this one are not shown; the one at it is, if `inclusive`.
    after: Option<HeadKey>,
    inclusive: bool,
    seen: BTreeSet<SessionId>,
}

/// The head rows with all terms of one set.
struct Stream {
    terms: Vec<Term>,
    /// The last row that was read.
    read: Option<HeadKey>,
    rows: VecDeque<HeadRow>,
    whole: bool,
}

impl<'v> Walk<'v> {
    /// From the beginning, or after a session; or from that session on, if `inclusive`. Terms only narrow: what is found is still to be judged.
    pub(super) async fn new(view: &'v View<'v>, any_of: Vec<Vec<Term>>, after: Option<HeadKey>, inclusive: bool) -> Result<Self, LogError> {
        // A head row carries the terms of its own id alone. Where links join ids, a session may carry a term under another of them.
        let any_of = if view.traits.links() { vec![Vec::new()] } else { any_of };
        let stream = |terms| Stream { terms, read: after.clone(), rows: VecDeque::new(), whole: false };
        let streams = any_of.into_iter().map(stream).collect();
        let mut walk = Self { view, streams, ready: BTreeMap::new(), after: after.clone(), inclusive, seen: BTreeSet::new() };
        if let Some(after) = after {
            if inclusive {
                walk.look_at(SessionId::new(after.session.clone())).await?;
            }
            for session in walk.passed(&after).await? {
                walk.look_at(session).await?;
            }
        }
        Ok(walk)
    }

    /// The next session, with its place. `skip` says that a row cannot be one of those wanted, by what it says of the head.
    pub(super) async fn next(&mut self, skip: impl Fn(&Summary) -> bool) -> Result<Option<(HeadKey, Assessed)>, LogError> {
        loop {
            self.fill().await?;
            let first = self.streams.iter_mut().filter(|stream| !stream.rows.is_empty()).min_by_key(|stream| stream.rows.front().map(HeadRow::key));
            let Some(first) = first else { return Ok(self.ready.pop_first()) };
            let Some(row) = first.rows.pop_front() else { continue };
            if self.ready.first_key_value().is_some_and(|(ready, _)| *ready < row.key()) {
                first.rows.push_front(row);
                return Ok(self.ready.pop_first());
            }
            if !self.is_of_no_use(&row, &skip) {
                self.look_at(row.session).await?;
            }
        }
    }

    /// Reads on where there is nothing left to look at.
    async fn fill(&mut self) -> Result<(), LogError> {
        let mut furthest = None;
        for stream in self.streams.iter_mut().filter(|stream| stream.rows.is_empty() && !stream.whole) {
            let before = stream.read.clone();
            stream.rows = self.view.inner.views.sessions_with(&self.view.tenant.id, &stream.terms, before.as_ref(), ROWS).await?.into();
            stream.whole = stream.rows.is_empty();
            stream.read = stream.rows.back().map(HeadRow::key).or(stream.read.take());
            furthest = furthest.max(before);
        }
        // A session may have moved past what was read, while we read. Moves are remembered before rows move, so it is found here.
        if let Some(read) = furthest {
            for session in self.view.tenant.moved.passed(self.view.cut.known_at.0 + 1, &read).remembered() {
                self.look_at(session).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing can come of a row. What it says holds at K too, if nothing that could have changed it came after K.
    fn is_of_no_use(&self, row: &HeadRow, skip: impl Fn(&Summary) -> bool) -> bool {
        self.view.believes_rows
            && row.assessed_to.0 <= self.view.cut.known_at.0 + 1
            && match serde_json::from_slice::<Summary>(&row.state) {
                Ok(Summary::Alias { .. } | Summary::NotUnderstood { .. }) => true,
                Ok(state @ Summary::State { .. }) => skip(&state),
                Err(_) => false,
            }
    }

    /// Assesses a session, and keeps it if it is one at K under this very name and belongs to the page.
    async fn look_at(&mut self, id: SessionId) -> Result<(), LogError> {
        if !self.seen.insert(id.clone()) {
            return Ok(());
        }
        let Some(assessed) = self.view.session(&id).await? else { return Ok(()) };
        if assessed.state.id != id {
            return Ok(());
        }
        let Some(key) = heads::key_of(&id, &assessed.gathered.records) else { return Ok(()) };
        let belongs = match &self.after {
            None => true,
            Some(after) => key > *after || (self.inclusive && key == *after),
        };
        if belongs {
            self.ready.insert(key, assessed);
        }
        Ok(())
    }

    /// Sessions that stand before the cursor now and may have stood behind it at K.
    async fn passed(&self, after: &HeadKey) -> Result<Vec<SessionId>, LogError> {
        let size = self.view.cut.known_at.0 + 1;
        let tenant = self.view.tenant;
        match tenant.moved.passed(size, after) {
            moved::Passed::Known(sessions) => Ok(sessions),
            moved::Passed::Since { since, mut sessions } => {
                // Moves that far back are not remembered: every session that was spoken of since then is looked at.
                let mut from = size;
                while from < since {
                    let max = usize::try_from(since - from).unwrap_or(RECORDS).min(RECORDS);
                    let positions: Vec<_> = (from..from + max as u64).map(LogPosition).collect();
                    let reader = tenant.reader(&*self.view.inner.log, &*self.view.inner.views);
                    for record in reader.records(&positions).await? {
                        sessions.extend(record.statement.sessions().cloned());
                    }
                    from += max as u64;
                }
                Ok(sessions)
            }
        }
    }
}

//! Sessions that some records name, in list order at K: for questions whose candidates are known
//! records, where a scan of all session rows would find few.

use super::{Assessed, View};
use crate::{
    projection::session_rows,
    read::prefetch::{MAX_SESSIONS, Prefetched},
};
use claimledger_facts::ids::{LogPosition, SessionId};
use claimledger_ledger::{log::LogError, views::SortKey};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Records read per query.
const RECORDS_PER_QUERY: usize = 500;

/// Iterates over sessions in list order. Keeps the keys of all in memory, and the records of a few.
pub(super) struct ListedSessions<'v> {
    view: &'v View<'v>,
    left: VecDeque<(SortKey, SessionId)>,
    prefetched: Prefetched,
}

impl<'v> ListedSessions<'v> {
    /// The sessions that these records name, by their names at K; after a key, if there is one.
    pub(super) async fn of_records(
        view: &'v View<'v>,
        positions: &BTreeSet<LogPosition>,
        after: Option<SortKey>,
    ) -> Result<Self, LogError> {
        let positions: Vec<LogPosition> = positions.iter().copied().collect();
        let mut ids = BTreeSet::new();
        for some in positions.chunks(RECORDS_PER_QUERY) {
            for record in view.reader().records(some).await? {
                ids.extend(record.statement.sessions().cloned());
            }
        }
        let mut keys = BTreeMap::new();
        let ids: Vec<SessionId> = ids.into_iter().collect();
        for some in ids.chunks(MAX_SESSIONS) {
            let prefetched = prefetch(view, some).await?;
            for id in some {
                // There may be thousands, which must not block a runtime thread.
                tokio::task::yield_now().await;
                if let Some(Assessed { state, gathered }) =
                    view.session(id, Some(&prefetched)).await?
                    && let Some(key) = session_rows::key_of(&state.id, &gathered.records)
                    && after.as_ref().is_none_or(|after| key > *after)
                {
                    keys.insert(key, state.id);
                }
            }
        }
        Ok(Self { view, left: keys.into_iter().collect(), prefetched: Prefetched::default() })
    }

    /// The next session with its sort key, assessed without reasons.
    pub(super) async fn next(&mut self) -> Result<Option<(SortKey, Assessed)>, LogError> {
        while let Some((key, id)) = self.left.pop_front() {
            if !self.prefetched.has(&id) {
                let next = self.left.iter().map(|(_, id)| id).take(MAX_SESSIONS - 1);
                let some: Vec<SessionId> = std::iter::once(&id).chain(next).cloned().collect();
                self.prefetched = prefetch(self.view, &some).await?;
            }
            if let Some(assessed) = self.view.session(&id, Some(&self.prefetched)).await? {
                return Ok(Some((key, assessed)));
            }
        }
        Ok(None)
    }
}

async fn prefetch(view: &View<'_>, some: &[SessionId]) -> Result<Prefetched, LogError> {
    Prefetched::read(&view.reader(), view.traits, some, view.cut.known_at).await
}

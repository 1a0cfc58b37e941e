//! Reads records by term and position: the read models find them, the log has them. Decoded records
//! are cached.

use crate::{
    model::{record_summary::RecordSummary, terms::term},
    read::{
        pending::PendingRecords,
        prefetch::Prefetched,
        record_cache::{RecentTerms, RecordCache},
    },
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    record::{CorruptRecord, Entry, Record},
};
use claimledger_ledger::{
    log::{Log, LogError},
    record_summaries::RecordSummaries,
    views::{Term, TermKind, Views},
};
use std::{collections::HashMap, sync::Arc};

/// Records decoded before yielding to other tasks, about 10 µs each.
const DECODED_PER_YIELD: usize = 32;
/// Maximum positions per query to the read models.
const MAX_POSITIONS: usize = 5_000;

/// Reads one tenant's records.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) log: &'a dyn Log,
    pub(crate) views: &'a dyn Views,
    pub(crate) cache: &'a RecordCache,
    /// The projector's cache of positions by term.
    pub(crate) recent: &'a RecentTerms,
    /// Records that are not in the read models yet, or are being written there: consecutive batches
    /// in order.
    pub(crate) pending: &'a [Arc<PendingRecords>],
    /// Records loaded for several sessions in advance.
    pub(crate) prefetched: Option<&'a Prefetched>,
    /// Whether summaries of all records of sessions can be read from the read models.
    pub(crate) summaries: bool,
}

impl Reader<'_> {
    /// Positions of the records with this term, up to `known_at` inclusive, ascending.
    pub(crate) async fn positions(
        &self,
        term: &Term,
        known_at: LogPosition,
    ) -> Result<Vec<LogPosition>, LogError> {
        if let Some(positions) =
            self.prefetched.and_then(|prefetched| prefetched.positions(term, known_at))
        {
            return Ok(positions.to_vec());
        }
        if let Some(cached) = self.cached(term, known_at) {
            return Ok(cached);
        }
        let mut all = Vec::new();
        let mut from = LogPosition(0);
        loop {
            let page =
                self.views.positions_of(self.tenant, term, from, known_at, MAX_POSITIONS).await?;
            let whole = page.len() < MAX_POSITIONS;
            if let Some(last) = page.last() {
                from = LogPosition(last.0 + 1);
            }
            all.extend(page);
            if whole {
                break;
            }
        }
        Ok(self.completed(term, known_at, all))
    }

    /// The records that name a session, up to `known_at` inclusive, ascending.
    pub(crate) async fn records_of(
        &self,
        session: &SessionId,
        known_at: LogPosition,
    ) -> Result<Vec<Arc<RecordSummary>>, LogError> {
        if let Some(records) =
            self.prefetched.and_then(|prefetched| prefetched.records_of(session, known_at))
        {
            return Ok(records.to_vec());
        }
        if self.summaries {
            return Ok(self
                .records_of_each(std::slice::from_ref(session), known_at, usize::MAX)
                .await?
                .into_iter()
                .flatten()
                .collect());
        }
        self.records(&self.positions(&term(TermKind::Session, session.as_str()), known_at).await?)
            .await
    }

    /// The same for several sessions with one query. Returns the records of the first sessions
    /// only, until these have about `most` records; at least one session is included.
    pub(crate) async fn records_of_each(
        &self,
        sessions: &[SessionId],
        known_at: LogPosition,
        most: usize,
    ) -> Result<Vec<Vec<Arc<RecordSummary>>>, LogError> {
        let terms: Vec<_> =
            sessions.iter().map(|session| term(TermKind::Session, session.as_str())).collect();
        if !self.summaries {
            let mut found = self.positions_of_each(&terms, known_at).await?;
            let mut records = 0;
            let full = found.iter().position(|positions| {
                records += positions.len();
                records >= most
            });
            found.truncate(full.map_or(found.len(), |full| full + 1));
            return self.records_at_each(&found).await;
        }
        // Served from the projector's cache, if possible.
        let cached: Vec<_> = terms.iter().map(|term| self.cached(term, known_at)).collect();
        let missing: Vec<_> = sessions
            .iter()
            .zip(&cached)
            .filter(|(_, cached)| cached.is_none())
            .map(|(session, _)| session.clone())
            .collect();
        let mut read = if missing.is_empty() {
            Vec::new()
        } else {
            self.views.summaries_of_each(self.tenant, &missing).await?
        }
        .into_iter();
        let mut from_cache = self
            .records_at_each(&cached.iter().flatten().cloned().collect::<Vec<_>>())
            .await?
            .into_iter();
        let mut all = Vec::with_capacity(sessions.len());
        let mut left = most;
        for (term, cached) in terms.iter().zip(cached) {
            let records = match cached {
                Some(_) => from_cache.next().unwrap_or_default(),
                None => self.with_pending(
                    term,
                    read_summaries(&read.next().unwrap_or_default(), self.below_pending(known_at))
                        .await?,
                    known_at,
                ),
            };
            left = left.saturating_sub(records.len());
            all.push(records);
            if left == 0 {
                break;
            }
        }
        Ok(all)
    }

    /// The last position to read from the read models. Pending records may have been written
    /// meanwhile, and must not be returned twice.
    fn below_pending(&self, known_at: LogPosition) -> Option<LogPosition> {
        match self.pending.first() {
            Some(first) => LogSize(first.from().0.min(known_at.0.saturating_add(1))).last(),
            None => Some(known_at),
        }
    }

    /// The records of a session in the read models, followed by those that are pending.
    fn with_pending(
        &self,
        term: &Term,
        mut records: Vec<Arc<RecordSummary>>,
        known_at: LogPosition,
    ) -> Vec<Arc<RecordSummary>> {
        let mut pending = self.pending_positions(term, known_at).peekable();
        // The projector is likely to need this session again in one of the next batches.
        if let Some(first) = self.pending.first()
            && pending.peek().is_some()
        {
            let positions: Vec<_> =
                records.iter().map(|record| record.reference.position).collect();
            self.recent.put(first.from().0, term, &positions);
            for record in &records {
                self.cache.put(record.reference.position, record);
            }
        }
        records.extend(
            pending.filter_map(|position| {
                self.pending.iter().find_map(|pending| pending.get(position))
            }),
        );
        records
    }

    /// The records at each of several lists of positions.
    async fn records_at_each(
        &self,
        found: &[Vec<LogPosition>],
    ) -> Result<Vec<Vec<Arc<RecordSummary>>>, LogError> {
        let mut all: Vec<LogPosition> = found.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let read: HashMap<_, _> = all.iter().copied().zip(self.records(&all).await?).collect();
        Ok(found
            .iter()
            .map(|positions| {
                positions.iter().filter_map(|position| read.get(position).cloned()).collect()
            })
            .collect())
    }

    /// Positions of the records with each of several terms, with one query.
    pub(crate) async fn positions_of_each(
        &self,
        terms: &[Term],
        known_at: LogPosition,
    ) -> Result<Vec<Vec<LogPosition>>, LogError> {
        let mut found: Vec<_> = terms.iter().map(|term| self.cached(term, known_at)).collect();
        let missing: Vec<Term> = terms
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(term, _)| term.clone())
            .collect();
        if !missing.is_empty() {
            let read = self.views.positions_of_each(self.tenant, &missing, known_at).await?;
            for ((term, read), slot) in
                missing.iter().zip(read).zip(found.iter_mut().filter(|found| found.is_none()))
            {
                *slot = Some(self.completed(term, known_at, read));
            }
        }
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Positions from the projector's cache, followed by those that are pending.
    fn cached(&self, term: &Term, known_at: LogPosition) -> Option<Vec<LogPosition>> {
        let first = self.pending.first()?;
        let mut cached = self.recent.get(first.from().0, term)?;
        cached.extend(self.pending_positions(term, known_at));
        Some(cached)
    }

    /// Positions from the read models, followed by those that are pending.
    fn completed(
        &self,
        term: &Term,
        known_at: LogPosition,
        mut all: Vec<LogPosition>,
    ) -> Vec<LogPosition> {
        if let Some(first) = self.pending.first() {
            all.retain(|position| position.0 < first.from().0);
            self.recent.put(first.from().0, term, &all);
            all.extend(self.pending_positions(term, known_at));
        }
        all
    }

    fn pending_positions(
        &self,
        term: &Term,
        known_at: LogPosition,
    ) -> impl Iterator<Item = LogPosition> {
        self.pending.iter().flat_map(move |pending| pending.positions(term, known_at))
    }

    /// Whether any record up to `known_at` has this term.
    pub(crate) async fn any(&self, term: &Term, known_at: LogPosition) -> Result<bool, LogError> {
        if self.pending_positions(term, known_at).next().is_some() {
            return Ok(true);
        }
        Ok(!self
            .views
            .positions_of(self.tenant, term, LogPosition(0), known_at, 1)
            .await?
            .is_empty())
    }

    /// Where the record with this id is, if it is known up to `known_at`.
    pub(crate) async fn position(
        &self,
        id: RecordId,
        known_at: LogPosition,
    ) -> Result<Option<LogPosition>, LogError> {
        let pending = self.pending.iter().find_map(|pending| pending.position(id));
        let found = match pending {
            Some(position) => Some(position),
            None => self.views.positions(self.tenant, &[id]).await?.into_iter().next().flatten(),
        };
        Ok(found.filter(|position| *position <= known_at))
    }

    /// The records at these positions, in the given order.
    pub(crate) async fn records(
        &self,
        positions: &[LogPosition],
    ) -> Result<Vec<Arc<RecordSummary>>, LogError> {
        let mut found: Vec<Option<Arc<RecordSummary>>> =
            positions.iter().map(|position| self.loaded(*position)).collect();
        let missing: Vec<LogPosition> =
            positions.iter().zip(&found).filter(|(_, f)| f.is_none()).map(|(p, _)| *p).collect();
        if missing.is_empty() {
            return Ok(found.into_iter().flatten().collect());
        }
        let entries = self.log.read_at(self.tenant, &missing).await?;
        let mut read = HashMap::with_capacity(missing.len());
        for (n, (position, entry)) in missing.iter().zip(&entries).enumerate() {
            // Decoding is CPU-bound and must not block a runtime thread.
            if n % DECODED_PER_YIELD == DECODED_PER_YIELD - 1 {
                tokio::task::yield_now().await;
            }
            let record = Arc::new(decode(self.tenant, *position, entry)?);
            self.cache.put(*position, &record);
            read.insert(*position, record);
        }
        for (position, slot) in positions.iter().zip(&mut found) {
            if slot.is_none() {
                *slot = read.get(position).cloned();
            }
        }
        let records: Vec<_> = found.into_iter().flatten().collect();
        if records.len() == positions.len() {
            return Ok(records);
        }
        let position = missing.get(entries.len()).copied().unwrap_or_default();
        Err(LogError::Corrupt {
            position,
            what: "the read models name a position that the log does not have".to_owned(),
        })
    }

    fn loaded(&self, position: LogPosition) -> Option<Arc<RecordSummary>> {
        let prefetched = self.prefetched.and_then(|prefetched| prefetched.record(position));
        prefetched
            .or_else(|| self.pending.iter().find_map(|pending| pending.get(position)))
            .or_else(|| self.cache.get(position))
    }
}

/// Decodes the summaries of a session up to a position.
async fn read_summaries(
    parts: &[RecordSummaries],
    upto: Option<LogPosition>,
) -> Result<Vec<Arc<RecordSummary>>, LogError> {
    let mut records: Vec<Arc<RecordSummary>> = Vec::new();
    let Some(upto) = upto else { return Ok(records) };
    for found in parts.iter().flat_map(RecordSummaries::iter) {
        let (position, bytes) = found?;
        if position > upto {
            break;
        }
        if records.len() % DECODED_PER_YIELD == DECODED_PER_YIELD - 1 {
            tokio::task::yield_now().await;
        }
        let record = RecordSummary::decode(position, bytes, records.last().map(|record| &**record));
        let damaged = |error: CorruptRecord| {
            LogError::damaged("views", format!("the summary of record {position}"), error.what)
        };
        records.push(Arc::new(record.map_err(damaged)?));
    }
    Ok(records)
}

/// Decodes an entry as a summary; an error contains the position.
pub(crate) fn decode(
    tenant: &TenantId,
    position: LogPosition,
    entry: &Entry,
) -> Result<RecordSummary, LogError> {
    decode_record(tenant, position, entry).map(RecordSummary::from)
}

/// Decodes an entry and verifies it against its commitments.
pub(crate) fn decode_record(
    tenant: &TenantId,
    position: LogPosition,
    entry: &Entry,
) -> Result<Record, LogError> {
    let record =
        entry.decode().map_err(|error| LogError::Corrupt { position, what: error.what })?;
    if record.header.tenant != *tenant || record.header.position != position {
        return Err(LogError::Corrupt {
            position,
            what: "the header is of another tenant or position".to_owned(),
        });
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[tokio::test]
    async fn sessions_up_to_a_record_limit_are_equal_from_summaries_and_from_the_log() {
        let (_world, app) = acme().await;
        let size = app.settled_status(&owner("acme")).await.unwrap().head;
        let tenant = app.0.tenant(&tenant("acme")).await.unwrap();
        let sessions: Vec<_> = ["S1", "none", "S2", "S3", "S1"].map(SessionId::from).into();
        for known_at in (0..size).map(LogPosition) {
            let from_log = tenant.reader(&*app.0.log, &*app.0.views);
            let from_summaries = Reader { summaries: true, ..from_log };
            let all =
                from_summaries.records_of_each(&sessions, known_at, usize::MAX).await.unwrap();
            let mut of_log =
                from_log.records_of_each(&sessions, known_at, usize::MAX).await.unwrap();
            // Summaries leave out what records are found by.
            for record in of_log.iter_mut().flatten() {
                let names = &mut Arc::make_mut(record).statement.correlation;
                names.retain(|name, _| !claimledger_facts::statement::is_sealed_index(name));
            }
            assert_eq!(of_log, all, "as known at {known_at}");
            assert_eq!(all.len(), sessions.len());
            for most in 0..20 {
                let some = from_summaries.records_of_each(&sessions, known_at, most).await.unwrap();
                let before = all[..some.len() - 1].iter().map(Vec::len).sum::<usize>();
                assert!(
                    some[..] == all[..some.len()] && (some.len() == 1 || before < most),
                    "{most} as known at {known_at}"
                );
                assert!(
                    some.len() == all.len() || before + some[some.len() - 1].len() >= most,
                    "no fewer than fit"
                );
                let of_log =
                    from_log.records_of_each(&sessions, known_at, most.max(1)).await.unwrap();
                assert_eq!(
                    of_log.len(),
                    from_summaries
                        .records_of_each(&sessions, known_at, most.max(1))
                        .await
                        .unwrap()
                        .len(),
                    "{most} as known at {known_at}"
                );
            }
        }
        assert!(in_order(&tenant, &app, &sessions[0]).await > 2, "S1 has records");
    }

    async fn in_order(
        tenant: &crate::tenant::Tenant,
        app: &crate::app::App,
        session: &SessionId,
    ) -> usize {
        let reader = Reader { summaries: true, ..tenant.reader(&*app.0.log, &*app.0.views) };
        let records = reader.records_of(session, LogPosition(u64::MAX >> 1)).await.unwrap();
        assert!(records.is_sorted_by(|a, b| a.reference.position < b.reference.position));
        records.len()
    }
}

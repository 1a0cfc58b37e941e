//! The sequencer's state: overlay and filter of the durable log, and on top of them the records
//! that are decided but not durable yet.

use super::{LedgerKind, MAX_LAG, SequencerConfig, filter::Filter, overlay::Overlay};
use crate::{
    clock::ClockTrouble,
    log::{ANOTHER_LOG, LogError, MAX_APPEND_ENTRIES, no_record},
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId},
    record::{CorruptRecord, Digest32, Header, StoredHeader},
    time::Time,
};
use std::collections::HashMap;
use tokio::sync::oneshot;

/// Ids per page of the background scan of the index.
const SCAN_PAGE_IDS: usize = 4096;
/// Records after which the index's checkpoint is read again.
const REFRESH_EVERY_RECORDS: usize = 16 * 1024;
/// Lag of the index from which opening does not read the missing records, but the first append
/// does: meanwhile the projector indexes them.
const FAR_BEHIND_RECORDS: u64 = 16 * 1024;
/// Maximum headers per read of digests.
const MAX_HEADERS_PER_READ: usize = 64;

/// A record that is in the log or pending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) position: LogPosition,
    pub(crate) digest: Digest32,
    pub(crate) recorded_at: Time,
}

pub(crate) struct State {
    pub(crate) config: SequencerConfig,
    overlay: Overlay,
    filter: Filter,
    /// The running scan of the ids that were in the index at the start; none: the filter is
    /// complete.
    scan: Option<oneshot::Receiver<Option<Filter>>>,
    /// The index cannot list its ids, so every new id is looked up.
    ask_always: bool,
    /// The overlay's length when the index's checkpoint was last read.
    refreshed_at: usize,
    /// The recorded time of the last durable record.
    durable_time: Time,
    /// The leaf of the last durable record: shows that the log is still the one that was read.
    durable_leaf: Option<Digest32>,
    /// False after a conflict with another writer: the log must be read before the next decision.
    pub(crate) caught_up: bool,
    /// The index was far behind the log at opening, and nothing was appended since.
    far_behind: bool,

    /// Decided but not durable: ids, revisions, and the size and the last recorded time after them.
    pub(crate) pending: HashMap<RecordId, Found>,
    pub(crate) pending_sessions: HashMap<SessionId, u64>,
    pub(crate) size: u64,
    pub(crate) last_time: Time,
}

impl State {
    pub(crate) async fn open(config: SequencerConfig) -> Result<Self, LogError> {
        let mut state = Self {
            overlay: Overlay::starting_at(0),
            filter: Filter::new(),
            scan: None,
            ask_always: false,
            refreshed_at: 0,
            durable_time: Time::MIN,
            durable_leaf: None,
            caught_up: false,
            far_behind: false,
            pending: HashMap::new(),
            pending_sessions: HashMap::new(),
            size: 0,
            last_time: Time::MIN,
            config,
        };
        state.far_behind = state.begin_at_index().await? >= FAR_BEHIND_RECORDS;
        if !state.far_behind {
            state.catch_up().await?;
        }
        Ok(state)
    }

    /// Starts at the index's checkpoint, without reading. Returns the lag behind the log in
    /// records.
    async fn begin_at_index(&mut self) -> Result<u64, LogError> {
        let SequencerConfig { index, log, tenant, .. } = &self.config;
        let covered = index.covered(tenant).await?;
        let head = log.head(tenant).await?;
        if covered > head {
            let what = format!(
                "the read models hold {} records and the log {}: the log is not the one they were \
                 made from",
                covered.0, head.0
            );
            return Err(LogError::Corrupt { position: LogPosition(head.0), what });
        }
        self.overlay = Overlay::starting_at(covered.0);
        self.refreshed_at = 0;
        if let Some(last) = covered.last() {
            let headers = log.headers_at(tenant, &[last]).await?;
            self.durable_time = header_at(headers.first(), last)?.recorded_at;
            self.durable_leaf = headers.first().map(|header| header.leaf);
            self.start_scan();
        }
        Ok(head.0 - covered.0)
    }

    /// The size of the durable log, as far as it has been read.
    pub(crate) fn durable(&self) -> u64 {
        self.overlay.end()
    }

    /// Reads the records of other writers. Nothing may be pending.
    pub(crate) async fn catch_up(&mut self) -> Result<(), LogError> {
        self.forget_pending();
        self.caught_up = false;
        if self.far_behind {
            // Records that were indexed since need not be read.
            self.begin_at_index().await?;
            self.far_behind = false;
        }
        self.check_last_record().await?;
        loop {
            let head = self.config.log.head(&self.config.tenant).await?;
            if head.0 < self.durable() {
                let what = format!(
                    "the log has {} records where {} were known to be durable",
                    head.0,
                    self.durable()
                );
                return Err(LogError::Corrupt { position: LogPosition(head.0), what });
            }
            if head.0 == self.durable() {
                break;
            }
            self.read_on(head.0).await?;
        }
        self.forget_pending();
        self.caught_up = true;
        Ok(())
    }

    /// Refuses a log whose last known record is another one: it was replaced under this process,
    /// and what is in the overlay is not of it.
    async fn check_last_record(&self) -> Result<(), LogError> {
        let (Some(last), Some(leaf)) = (LogSize(self.durable()).last(), self.durable_leaf) else {
            return Ok(());
        };
        let headers = self.config.log.headers(&self.config.tenant, last, 1).await?;
        match headers.first() {
            Some(header) if header.leaf != leaf => {
                Err(LogError::Corrupt { position: last, what: ANOTHER_LOG.to_owned() })
            }
            // A log that ends before it is refused by its size.
            _ => Ok(()),
        }
    }

    /// Reads one page at the overlay's end, and nothing past `until`, because an append of this
    /// sequencer may be in progress there.
    async fn read_on(&mut self, until: u64) -> Result<(), LogError> {
        self.make_room().await?;
        let from = LogPosition(self.overlay.end());
        let max = usize::try_from(until.saturating_sub(from.0))
            .unwrap_or(usize::MAX)
            .min(MAX_APPEND_ENTRIES);
        let entries = self.config.log.read(&self.config.tenant, from, max).await?;
        if entries.is_empty() {
            return Err(LogError::Corrupt {
                position: from,
                what: "the log ends before its head".to_owned(),
            });
        }
        for entry in &entries {
            let position = LogPosition(self.overlay.end());
            let record = entry.decode().map_err(|error| corrupt(position, &error))?;
            if record.header.position != position {
                return Err(LogError::Corrupt {
                    position,
                    what: format!("the record says that it is at {}", record.header.position),
                });
            }
            self.durable_time = self.durable_time.max(record.header.recorded_at);
            self.durable_leaf = Some(entry.header.leaf);
            self.filter.insert(record.header.id);
            self.overlay.push(record.header.id, record.statement.sessions().map(SessionId::as_str));
        }
        Ok(())
    }

    /// Keeps the overlay within its bound: it shrinks as the read models catch up. If they do not,
    /// appends are refused.
    pub(crate) async fn make_room(&mut self) -> Result<(), LogError> {
        if self.overlay.len() >= self.refreshed_at + REFRESH_EVERY_RECORDS
            || self.overlay.len() >= MAX_LAG
        {
            let covered = self.config.index.covered(&self.config.tenant).await?;
            self.index_is_at(covered).await?;
            self.refreshed_at = self.overlay.len();
        }
        if self.overlay.len() >= MAX_LAG {
            return Err(LogError::unavailable(format!(
                "the read models are {} records behind: wait for them",
                self.overlay.len()
            )));
        }
        Ok(())
    }

    /// Applies the index's checkpoint to the overlay. False if rows of the index were deleted: then
    /// they were read from the log, and the caller must repeat its query.
    async fn index_is_at(&mut self, covered: LogSize) -> Result<bool, LogError> {
        if covered.0 >= self.overlay.base() {
            self.overlay.drop_below(covered.0.min(self.overlay.end()));
            return Ok(true);
        }
        let (end, size, time) = (self.overlay.end(), self.size, self.last_time);
        tracing::info!(
            from = covered.0,
            to = end,
            "the read models are being rebuilt: reading the log again"
        );
        if end - covered.0 >= MAX_LAG as u64 {
            return Err(LogError::unavailable(format!(
                "the read models are {} records behind: wait for them",
                end - covered.0
            )));
        }
        self.overlay = Overlay::starting_at(covered.0);
        self.refreshed_at = 0;
        if self.scan.is_some() {
            self.start_scan();
        }
        while self.overlay.end() < end {
            Box::pin(self.read_on(end)).await?;
        }
        (self.size, self.last_time) = (size, time);
        Ok(false)
    }

    /// Reads the ids of the index into a filter, in the background. Until it completes, each new id
    /// is looked up.
    fn start_scan(&mut self) {
        let (done, scan) = oneshot::channel();
        let (index, tenant) = (self.config.index.clone(), self.config.tenant.clone());
        self.scan = Some(scan);
        tokio::spawn(async move {
            let (mut filter, mut after) = (Filter::new(), None);
            let complete = loop {
                match index.ids_after(&tenant, after, SCAN_PAGE_IDS).await {
                    Ok(Some(ids)) => {
                        ids.iter().for_each(|id| filter.insert(*id));
                        match ids.last() {
                            Some(last) => after = Some(*last),
                            None => break Some(filter),
                        }
                    }
                    Ok(None) => break None,
                    Err(error) => {
                        tracing::warn!(%error, "ids of the read models could not be read: each new \
                            id is looked up instead");
                        break None;
                    }
                }
            };
            // Fails only if the sequencer has ended.
            let _ = done.send(complete);
        });
    }

    fn is_new(&mut self, id: RecordId) -> bool {
        if let Some(scan) = &mut self.scan {
            match scan.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return false,
                Ok(Some(filter)) => self.filter.merge(filter),
                Ok(None) | Err(oneshot::error::TryRecvError::Closed) => self.ask_always = true,
            }
            self.scan = None;
        }
        !self.ask_always && !self.filter.may_contain(id)
    }

    /// The record in the log, or pending, with each of these ids.
    pub(crate) async fn find(&mut self, ids: &[RecordId]) -> Result<Vec<Option<Found>>, LogError> {
        loop {
            let mut found = vec![None; ids.len()];
            let (mut ask, mut read) = (Vec::new(), Vec::new());
            for (slot, id) in ids.iter().enumerate() {
                if let Some(pending) = self.pending.get(id) {
                    found[slot] = Some(*pending);
                } else if let Some(position) = self.overlay.position(id) {
                    read.push((slot, position));
                } else if !self.is_new(*id) {
                    ask.push(slot);
                }
            }
            if !ask.is_empty() {
                let asked: Vec<_> = ask.iter().map(|slot| ids[*slot]).collect();
                let looked = self.config.index.look_up(&self.config.tenant, &asked, &[]).await?;
                if !self.index_is_at(looked.covered).await? {
                    continue;
                }
                read.extend(
                    ask.iter()
                        .zip(looked.positions)
                        .filter_map(|(slot, position)| position.map(|position| (*slot, position))),
                );
            }
            for some in read.chunks(MAX_HEADERS_PER_READ) {
                let positions: Vec<_> = some.iter().map(|(_, position)| *position).collect();
                let headers = self.config.log.headers_at(&self.config.tenant, &positions).await?;
                for (n, (slot, position)) in some.iter().enumerate() {
                    let header = header_at(headers.get(n), *position)?;
                    if header.id != ids[*slot] {
                        return Err(LogError::Corrupt {
                            position: *position,
                            what: format!(
                                "record {} was expected there, not {}",
                                ids[*slot], header.id
                            ),
                        });
                    }
                    found[*slot] = Some(Found {
                        position: *position,
                        digest: header.content_digest,
                        recorded_at: header.recorded_at,
                    });
                }
            }
            return Ok(found);
        }
    }

    /// The number of records that name a session id, including pending ones.
    pub(crate) async fn revision(&mut self, session: &SessionId) -> Result<u64, LogError> {
        loop {
            let looked = self
                .config
                .index
                .look_up(&self.config.tenant, &[], std::slice::from_ref(session))
                .await?;
            if self.index_is_at(looked.covered).await? {
                let pending = self.pending_sessions.get(session).copied().unwrap_or(0);
                return Ok(looked.revisions.first().copied().unwrap_or(0)
                    + self.overlay.count(session.as_str())
                    + pending);
            }
        }
    }

    /// The recorded time of a record, and whether the record asserts it; or why that is refused.
    pub(crate) fn stamp(
        &self,
        occurred: Time,
        asserted: Option<Time>,
    ) -> Result<(Time, bool), NotStamped> {
        match (self.config.kind, asserted) {
            (LedgerKind::Live, None) => {
                let now = self.config.clock.stamp(self.last_time).map_err(NotStamped::Clock)?;
                Ok((now.max(self.last_time), false))
            }
            (LedgerKind::Live, Some(_)) => Err(NotStamped::Asserted(NOT_HERE.to_owned())),
            (LedgerKind::Rehearsal | LedgerKind::AsRecorded, None) => {
                Ok((occurred.max(self.last_time), true))
            }
            (LedgerKind::Rehearsal | LedgerKind::AsRecorded, Some(time))
                if time < self.last_time =>
            {
                Err(NotStamped::Asserted(format!(
                    "recorded_at {time} is before {}, when the last record was recorded",
                    self.last_time
                )))
            }
            (LedgerKind::Rehearsal | LedgerKind::AsRecorded, Some(time)) => Ok((time, true)),
        }
    }

    /// Marks pending records as durable.
    pub(crate) fn settle(&mut self, rows: Vec<(RecordId, Vec<SessionId>)>, last: Option<Digest32>) {
        self.durable_leaf = last.or(self.durable_leaf);
        for (id, sessions) in rows {
            if let Some(found) = self.pending.remove(&id) {
                self.durable_time = self.durable_time.max(found.recorded_at);
            }
            for session in &sessions {
                self.release(session);
            }
            self.filter.insert(id);
            self.overlay.push(id, sessions.iter().map(SessionId::as_str));
        }
    }

    /// Uncounts one pending record of a session.
    pub(crate) fn release(&mut self, session: &SessionId) {
        if let Some(count) = self.pending_sessions.get_mut(session) {
            *count -= 1;
            if *count == 0 {
                self.pending_sessions.remove(session);
            }
        }
    }

    /// Drops everything that is not durable.
    pub(crate) fn forget_pending(&mut self) {
        self.pending.clear();
        self.pending_sessions.clear();
        self.size = self.overlay.end();
        self.last_time = self.durable_time;
    }
}

/// Why a record cannot be stamped.
#[derive(Debug)]
pub(crate) enum NotStamped {
    /// The record asserts a time that is not allowed.
    Asserted(String),
    /// The ledger's clock is not trusted.
    Clock(ClockTrouble),
}

pub(crate) const NOT_HERE: &str = "recorded_at is taken by rehearsal ledgers and migrations only";

fn header_at(header: Option<&StoredHeader>, position: LogPosition) -> Result<Header, LogError> {
    let header = header.ok_or_else(|| no_record(position))?;
    header.decode().map_err(|error| corrupt(position, &error))
}

fn corrupt(position: LogPosition, error: &CorruptRecord) -> LogError {
    LogError::Corrupt { position, what: error.what.clone() }
}

//! What reads and appends of a log share: its streams, and what was read of them.

use crate::{
    codec::{decode_entry, decode_header, event_id},
    connection::Deadline,
    removals::Removals,
    streams::{Streams, corrupt},
    tenants::{Names, Registry, check_record},
};
use claimledger_facts::{
    ids::{LogPosition, TenantId},
    record::{CorruptRecord, Entry, StoredHeader},
};
use claimledger_ledger::log::{LogError, no_record};
use eventstore::RecordedEvent;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// Maximum requests of one call that are in progress at once.
const MAX_CONCURRENT_READS: usize = 16;
/// Maximum positions between two requested ones that are read with them in one request.
const MAX_GAP: u64 = 4;

pub(crate) struct Inner {
    pub(crate) streams: Streams,
    pub(crate) names: Names,
    pub(crate) registry: Registry,
    pub(crate) removals: Removals,
    pub(crate) changes: watch::Sender<u64>,
    deadline: Duration,
}

/// What a read gives of an event.
pub(crate) trait Part: Clone + Send + 'static {
    fn of(data: &[u8]) -> Result<Self, CorruptRecord>;
    fn header(&self) -> &StoredHeader;
}

impl Part for Entry {
    fn of(data: &[u8]) -> Result<Self, CorruptRecord> {
        decode_entry(data)
    }

    fn header(&self) -> &StoredHeader {
        &self.header
    }
}

impl Part for StoredHeader {
    fn of(data: &[u8]) -> Result<Self, CorruptRecord> {
        decode_header(data)
    }

    fn header(&self) -> &StoredHeader {
        self
    }
}

fn part<P: Part>(name: &str, event: &RecordedEvent) -> Result<P, LogError> {
    check_record(name, event)?;
    let part = P::of(&event.data).map_err(|error| corrupt(name, event.revision, &error.what))?;
    if event.id != event_id(&part.header().leaf) {
        let what = "the event's id does not follow from the record's leaf";
        return Err(corrupt(name, event.revision, what));
    }
    Ok(part)
}

/// Runs calls for items, a few at once, and gives their results in any order.
pub(crate) async fn each<I, T, F>(items: Vec<I>, call: impl Fn(I) -> F) -> Result<Vec<T>, LogError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, LogError>> + Send + 'static,
{
    let mut results = Vec::with_capacity(items.len());
    let mut running = JoinSet::new();
    let mut items = items.into_iter();
    loop {
        while running.len() < MAX_CONCURRENT_READS
            && let Some(item) = items.next()
        {
            running.spawn(call(item));
        }
        match running.join_next().await {
            Some(Ok(result)) => results.push(result?),
            Some(Err(_)) => return Err(LogError::unavailable("a read of KurrentDB was stopped")),
            None => return Ok(results),
        }
    }
}

impl Inner {
    pub(crate) fn new(streams: Streams, prefix: &str, deadline: Duration) -> Self {
        Self {
            streams,
            names: Names::new(prefix),
            registry: Registry::default(),
            removals: Removals::default(),
            changes: watch::Sender::new(0),
            deadline,
        }
    }

    /// The deadline of a call that begins now.
    pub(crate) fn until(&self) -> Deadline {
        Deadline::after(self.deadline)
    }

    pub(crate) async fn range<P: Part>(
        &self,
        tenant: &TenantId,
        from: u64,
        max: usize,
        deadline: Deadline,
    ) -> Result<Vec<P>, LogError> {
        let name = self.names.log(tenant);
        let events = self.streams.read(&name, from, max, deadline).await?;
        events.iter().map(|event| part(&name, event)).collect()
    }

    pub(crate) async fn read_removals(
        &self,
        tenant: &TenantId,
        deadline: Deadline,
    ) -> Result<(), LogError> {
        self.removals.read(&self.streams, &self.names.removals(tenant), tenant, deadline).await
    }

    /// Each of these positions once.
    pub(crate) async fn at<P: Part>(
        self: &Arc<Self>,
        tenant: &TenantId,
        positions: &[LogPosition],
        deadline: Deadline,
    ) -> Result<BTreeMap<u64, P>, LogError> {
        let mut sorted: Vec<u64> = positions.iter().map(|position| position.0).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let ranges = sorted.chunk_by(|a, b| b - a <= MAX_GAP).map(<[u64]>::to_vec).collect();
        let found = each(ranges, |wanted: Vec<u64>| {
            let (inner, tenant) = (Arc::clone(self), tenant.clone());
            async move { inner.contiguous::<P>(&tenant, &wanted, deadline).await }
        });
        let mut found: BTreeMap<u64, P> = found.await?.into_iter().flatten().collect();
        found.retain(|position, _| sorted.binary_search(position).is_ok());
        match sorted.iter().find(|position| !found.contains_key(position)) {
            Some(position) => Err(no_record(LogPosition(*position))),
            None => Ok(found),
        }
    }

    /// The records from the first of these positions to the last, as far as they are there.
    async fn contiguous<P: Part>(
        &self,
        tenant: &TenantId,
        wanted: &[u64],
        deadline: Deadline,
    ) -> Result<Vec<(u64, P)>, LogError> {
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else {
            return Ok(Vec::new());
        };
        let (mut next, mut found) = (*first, Vec::new());
        while next <= *last {
            let max = usize::try_from(last - next).unwrap_or(usize::MAX).saturating_add(1);
            let some = self.range(tenant, next, max, deadline).await?;
            if some.is_empty() {
                break;
            }
            let from = next;
            next += some.len() as u64;
            found.extend(some.into_iter().zip(from..).map(|(part, position)| (position, part)));
        }
        Ok(found)
    }

    /// Before the first record of a tenant: registers it, and protects the stream. A crash between
    /// these leaves a registered tenant without a log, and the next first append repeats them.
    pub(crate) async fn open_tenant(
        &self,
        tenant: &TenantId,
        deadline: Deadline,
    ) -> Result<(), LogError> {
        let registry = self.names.registry();
        self.registry.register(&self.streams, &registry, tenant, deadline).await?;
        self.streams.prepare(&self.names.log(tenant), deadline).await
    }
}

//! Removed bodies. KurrentDB cannot delete from the middle of a stream, so a removal is an event of
//! a companion stream, folded over what is read: a removed body reads as removed on every node.
//!
//! Its bytes stay on the server. Erasure and retention destroy the key that they are sealed under.

use crate::{
    codec::{REMOVAL, decode_removal, encode_removal, event_id_at},
    connection::Deadline,
    requests::NewEvent,
    streams::{Streams, corrupt},
    tenants::check_kind,
};
use claimledger_facts::{
    ids::{LogPosition, TenantId},
    record::{BodyKind, Entry, Removal},
};
use claimledger_ledger::log::{AppendFailure, LogError};
use eventstore::RecordedEvent;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};

/// Maximum removals that lost to another one, before the call fails.
const MAX_LOST: u32 = 100;

/// The removals of all tenants, as far as they were read.
#[derive(Default)]
pub(crate) struct Removals(Mutex<HashMap<TenantId, Removed>>);

#[derive(Default)]
struct Removed {
    /// Events read.
    size: u64,
    /// In the order in which they were stated: the first of a body is the one that counts.
    by_position: BTreeMap<u64, Vec<(BodyKind, Removal)>>,
}

impl Removals {
    fn size(&self, tenant: &TenantId) -> u64 {
        self.0.lock().get(tenant).map_or(0, |removed| removed.size)
    }

    /// Reads what was removed since the last call, by any node.
    pub(crate) async fn read(
        &self,
        streams: &Streams,
        name: &str,
        tenant: &TenantId,
        deadline: Deadline,
    ) -> Result<(), LogError> {
        let until = streams.size(name, deadline).await?;
        loop {
            let from = self.size(tenant);
            if from >= until {
                return Ok(());
            }
            for event in streams.read(name, from, usize::MAX, deadline).await? {
                self.add(name, tenant, &event)?;
            }
        }
    }

    fn add(&self, name: &str, tenant: &TenantId, event: &RecordedEvent) -> Result<(), LogError> {
        check_kind(name, event, REMOVAL)?;
        let (positions, bodies, removal) = decode_removal(&event.data)
            .map_err(|error| corrupt(name, event.revision, &error.what))?;
        let mut tenants = self.0.lock();
        let removed = tenants.entry(tenant.clone()).or_default();
        // Two reads at once may bring the same event.
        if event.revision == removed.size {
            removed.size += 1;
            for position in positions {
                let list = removed.by_position.entry(position.0).or_default();
                for body in &bodies {
                    if !list.iter().any(|(other, _)| other == body) {
                        list.push((*body, removal.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Applies them to a record that was read.
    pub(crate) fn apply(&self, tenant: &TenantId, position: u64, entry: &mut Entry) {
        let tenants = self.0.lock();
        let removed = tenants.get(tenant).and_then(|removed| removed.by_position.get(&position));
        for (body, removal) in removed.into_iter().flatten() {
            entry.remove(&[*body], removal);
        }
    }

    /// States a removal. The positions are in the log.
    pub(crate) async fn state(
        &self,
        (streams, name, tenant): (&Streams, &str, &TenantId),
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
        deadline: Deadline,
    ) -> Result<(), LogError> {
        let data = encode_removal(positions, bodies, removal);
        for _ in 0..MAX_LOST {
            self.read(streams, name, tenant, deadline).await?;
            let size = self.size(tenant);
            if size == 0 {
                streams.prepare(name, deadline).await?;
            }
            let event = NewEvent {
                id: event_id_at(size, &data),
                kind: REMOVAL,
                data: data.clone().into(),
                metadata: b"{}".as_slice().into(),
            };
            match streams.append(name, size, &[event], deadline).await {
                Ok(_) => return self.read(streams, name, tenant, deadline).await,
                Err(AppendFailure::Conflict { .. }) => {}
                Err(AppendFailure::Log(error)) => return Err(error),
            }
        }
        Err(LogError::unavailable("other nodes were first to remove bodies"))
    }
}

//! Names of streams, and the registry of tenants.
//!
//! A tenant is registered before its stream is created. So every stream's tenant is in the
//! registry; a tenant in it whose stream has no event has no log.

use crate::{
    codec::{RECORD, TENANT, decode_tenant, encode_tenant, event_id_at},
    connection::Deadline,
    requests::NewEvent,
    streams::{Streams, corrupt},
};
use claimledger_facts::ids::TenantId;
use claimledger_ledger::log::{AppendFailure, LogError};
use eventstore::RecordedEvent;
use parking_lot::Mutex;
use std::collections::BTreeSet;

/// Maximum registrations that lost to another one, before the append fails.
const MAX_LOST: u32 = 100;

/// The names of the streams of one kind of log.
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The stream of a tenant's log.
    pub(crate) fn log(&self, tenant: &TenantId) -> String {
        format!("{}-{}", self.prefix, encoded(tenant))
    }

    /// The stream of the removals of bodies from a tenant's log.
    pub(crate) fn removals(&self, tenant: &TenantId) -> String {
        format!("{}_removed-{}", self.prefix, encoded(tenant))
    }

    /// The stream of registered tenants.
    pub(crate) fn registry(&self) -> String {
        format!("{}_tenants", self.prefix)
    }
}

/// A tenant's name with bytes beside letters, digits, dot, hyphen and underscore as `%XX`: no two
/// names give one stream, and each is readable in KurrentDB's own pages.
fn encoded(tenant: &TenantId) -> String {
    let one = |byte: u8| match byte {
        b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    tenant.as_str().bytes().map(one).collect()
}

/// The registered tenants, as far as they were read.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Registered>);

#[derive(Default)]
struct Registered {
    size: u64,
    tenants: BTreeSet<TenantId>,
}

impl Registry {
    /// Reads what other nodes registered.
    pub(crate) async fn read(
        &self,
        streams: &Streams,
        name: &str,
        deadline: Deadline,
    ) -> Result<BTreeSet<TenantId>, LogError> {
        let until = streams.size(name, deadline).await?;
        loop {
            let from = self.0.lock().size;
            if from >= until {
                return Ok(self.0.lock().tenants.clone());
            }
            for event in streams.read(name, from, usize::MAX, deadline).await? {
                self.add(name, &event)?;
            }
        }
    }

    fn add(&self, name: &str, event: &RecordedEvent) -> Result<(), LogError> {
        let tenant = check_kind(name, event, TENANT).and_then(|()| {
            decode_tenant(&event.data).map_err(|error| corrupt(name, event.revision, &error.what))
        })?;
        let mut registered = self.0.lock();
        if event.revision == registered.size {
            registered.size += 1;
            registered.tenants.insert(tenant);
        }
        Ok(())
    }

    /// Registers a tenant, unless it is registered.
    pub(crate) async fn register(
        &self,
        streams: &Streams,
        name: &str,
        tenant: &TenantId,
        deadline: Deadline,
    ) -> Result<(), LogError> {
        let data = encode_tenant(tenant);
        for _ in 0..MAX_LOST {
            if self.read(streams, name, deadline).await?.contains(tenant) {
                return Ok(());
            }
            let size = self.0.lock().size;
            if size == 0 {
                streams.prepare(name, deadline).await?;
            }
            let event = NewEvent {
                id: event_id_at(size, &data),
                kind: TENANT,
                data: data.clone().into(),
                metadata: b"{}".as_slice().into(),
            };
            match streams.append(name, size, &[event], deadline).await {
                Ok(_) => return Ok(()),
                Err(AppendFailure::Conflict { .. }) => {}
                Err(AppendFailure::Log(error)) => return Err(error),
            }
        }
        Err(LogError::unavailable("other nodes were first to register their tenants"))
    }
}

/// Whether an event is of the expected type; an unknown one was written by something else.
pub(crate) fn check_kind(name: &str, event: &RecordedEvent, kind: &str) -> Result<(), LogError> {
    if event.event_type == kind {
        return Ok(());
    }
    let what = format!(
        "an event of type {:?}, where this version reads {:?}: a later version or another program \
         wrote it",
        event.event_type, kind
    );
    Err(corrupt(name, event.revision, &what))
}

/// The same, of records.
pub(crate) fn check_record(name: &str, event: &RecordedEvent) -> Result<(), LogError> {
    check_kind(name, event, RECORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tenants_share_a_stream() {
        let names =
            ["acme", "Acme", "acme ", "ac", "acme\u{0}x", "ä", "a\u{308}", "a%20", "a ", ""];
        let tenants = names.map(TenantId::from);
        let ledger = Names::new("ledger");
        let mut streams: BTreeSet<String> = BTreeSet::from([ledger.registry()]);
        for tenant in &tenants {
            streams.insert(ledger.log(tenant));
            streams.insert(ledger.removals(tenant));
            streams.insert(Names::new("access").log(tenant));
        }
        assert_eq!(streams.len(), 1 + 3 * names.len());
        assert!(streams.contains("ledger-acme") && streams.contains("ledger-acme%20"));
        assert!(streams.iter().all(|name| name.is_ascii()));
    }
}

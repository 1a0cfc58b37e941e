//! The log of each tenant, on streams of KurrentDB.

use crate::{
    codec::{RECORD, encode_entry, event_id, metadata},
    connection::Connection,
    failure::Failure,
    inner::{Inner, Part, each},
    options::{KurrentOptions, OptionsError},
    requests::NewEvent,
    streams::Streams,
    wake_up,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, StoredHeader},
};
use claimledger_ledger::log::{
    AppendFailure, Log, LogError, MAX_APPEND_ENTRIES, check_append, no_record,
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;

/// A log on KurrentDB, for one kind of records.
pub struct KurrentLog {
    inner: Arc<Inner>,
}

/// Why no connection was made. No message contains a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The options cannot be used.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The server cannot be used: its version, TLS, or the credentials.
    #[error("KurrentDB cannot be used: {0}")]
    Refused(String),
    /// The server does not answer; it may later.
    #[error("{0}")]
    Unreachable(String),
}

impl KurrentLog {
    /// Connects, and checks the version of the server and the credentials.
    ///
    /// # Errors
    /// If the options or the server cannot be used, or the server did not answer within
    /// [`KurrentOptions::deadline`].
    pub async fn connect(options: KurrentOptions) -> Result<Self, ConnectError> {
        let target = options.target()?;
        let streams = Streams::new(Connection::new(target, options.attempt_timeout));
        let inner = Arc::new(Inner::new(streams, &options.prefix, options.deadline));
        // Any read shows whether the credentials are accepted.
        let found = inner.streams.last(&inner.names.registry(), inner.until()).await;
        found.map_err(|failure| match failure {
            Failure::Refused(why) => ConnectError::Refused(why),
            other => ConnectError::Unreachable(other.to_log_error().to_string()),
        })?;
        wake_up::start(Arc::downgrade(&inner), options.poll_interval);
        Ok(Self { inner })
    }

    /// The version of the server that answers now.
    ///
    /// # Errors
    /// If none answers within [`KurrentOptions::deadline`], or it is refused.
    pub async fn server_version(&self) -> Result<String, LogError> {
        let found = self.inner.streams.connection.session(self.inner.until()).await;
        let (major, minor, patch) = found.map_err(|failure| failure.to_log_error())?.version;
        Ok(format!("{major}.{minor}.{patch}"))
    }
}

#[async_trait]
impl Log for KurrentLog {
    async fn append(
        &self,
        tenant: &TenantId,
        expected: LogSize,
        entries: &[Entry],
    ) -> Result<LogSize, AppendFailure> {
        check_append(entries)?;
        let (inner, deadline) = (&self.inner, self.inner.until());
        let name = inner.names.log(tenant);
        if expected == LogSize(0) && !entries.is_empty() && inner.streams.known_size(&name) == 0 {
            let size = inner.streams.size(&name, deadline).await?;
            if size > 0 {
                return Err(AppendFailure::Conflict { size: LogSize(size) });
            }
            inner.open_tenant(tenant, deadline).await?;
        }
        let event = |entry: &Entry| NewEvent {
            id: event_id(&entry.header.leaf),
            kind: RECORD,
            data: encode_entry(entry),
            metadata: metadata(entry),
        };
        let events: Vec<_> = entries.iter().map(event).collect();
        let size = inner.streams.append(&name, expected.0, &events, deadline).await?;
        if !events.is_empty() {
            inner.changes.send_modify(|count| *count += 1);
        }
        Ok(LogSize(size))
    }

    async fn read(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<Entry>, LogError> {
        let (inner, deadline) = (&self.inner, self.inner.until());
        let (mut read, ()) = tokio::try_join!(
            inner.range::<Entry>(tenant, from.0, max, deadline),
            inner.read_removals(tenant, deadline)
        )?;
        for (entry, position) in read.iter_mut().zip(from.0..) {
            inner.removals.apply(tenant, position, entry);
        }
        Ok(read)
    }

    async fn read_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<Entry>, LogError> {
        let (inner, deadline) = (&self.inner, self.inner.until());
        let (mut found, ()) = tokio::try_join!(
            inner.at::<Entry>(tenant, positions, deadline),
            inner.read_removals(tenant, deadline)
        )?;
        for (position, entry) in &mut found {
            inner.removals.apply(tenant, *position, entry);
        }
        in_order(&found, positions)
    }

    async fn headers(
        &self,
        tenant: &TenantId,
        from: LogPosition,
        max: usize,
    ) -> Result<Vec<StoredHeader>, LogError> {
        self.inner.range(tenant, from.0, max, self.inner.until()).await
    }

    async fn headers_at(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
    ) -> Result<Vec<StoredHeader>, LogError> {
        let found = self.inner.at(tenant, positions, self.inner.until()).await?;
        in_order(&found, positions)
    }

    async fn remove_bodies(
        &self,
        tenant: &TenantId,
        positions: &[LogPosition],
        bodies: &[BodyKind],
        removal: &Removal,
    ) -> Result<(), LogError> {
        if positions.len() > MAX_APPEND_ENTRIES {
            return Err(LogError::TooLarge);
        }
        let (inner, deadline) = (&self.inner, self.inner.until());
        let size = inner.streams.size(&inner.names.log(tenant), deadline).await?;
        if let Some(position) = positions.iter().find(|position| position.0 >= size) {
            return Err(no_record(*position));
        }
        if positions.is_empty() || bodies.is_empty() {
            return Ok(());
        }
        let stream = inner.names.removals(tenant);
        let place = (&inner.streams, stream.as_str(), tenant);
        inner.removals.state(place, positions, bodies, removal, deadline).await
    }

    async fn head(&self, tenant: &TenantId) -> Result<LogSize, LogError> {
        let name = self.inner.names.log(tenant);
        self.inner.streams.size(&name, self.inner.until()).await.map(LogSize)
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        let deadline = self.inner.until();
        let registry = self.inner.names.registry();
        let registered = self.inner.registry.read(&self.inner.streams, &registry, deadline).await?;
        let found = each(registered.into_iter().collect(), |tenant: TenantId| {
            let inner = Arc::clone(&self.inner);
            async move {
                let name = inner.names.log(&tenant);
                let is_there = inner.streams.known_size(&name) > 0
                    || inner.streams.size(&name, deadline).await? > 0;
                Ok(is_there.then_some(tenant))
            }
        });
        let mut tenants: Vec<_> = found.await?.into_iter().flatten().collect();
        tenants.sort();
        Ok(tenants)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }
}

fn in_order<P: Part>(
    found: &BTreeMap<u64, P>,
    positions: &[LogPosition],
) -> Result<Vec<P>, LogError> {
    let one = |position: &LogPosition| {
        found.get(&position.0).cloned().ok_or_else(|| no_record(*position))
    };
    positions.iter().map(one).collect()
}

//! The lease of one duty, as one node sees it.

use super::{EXPIRES_AFTER, HELD_FOR, HeldUntil, STATE_PREFIX, is_conflict};
use crate::state::{StateError, StateStore};
use claimledger_facts::{ids::TenantId, random::Random};
use std::sync::Arc;
use tokio::time::Instant;
use uuid::Builder;

/// A lease in the state store.
pub struct Lease {
    state: Arc<dyn StateStore>,
    tenant: TenantId,
    key: String,
    /// The value while this node holds it: a name that no other lease of any process has.
    holder: String,
    /// The version that this node wrote last; none: not held, or the outcome is unknown.
    own: Option<u64>,
    held_until: HeldUntil,
    /// The version of another holder, and when it was seen first.
    seen: Option<(u64, Instant)>,
}

impl Lease {
    /// The lease of a duty of a tenant. Nothing is read or written yet.
    #[must_use]
    pub fn new(
        state: Arc<dyn StateStore>,
        random: &dyn Random,
        tenant: &TenantId,
        duty: &str,
    ) -> Self {
        let mut name = [0; 16];
        random.fill(&mut name);
        Self {
            state,
            tenant: tenant.clone(),
            key: format!("{STATE_PREFIX}{duty}"),
            holder: Builder::from_random_bytes(name).into_uuid().to_string(),
            own: None,
            held_until: None,
            seen: None,
        }
    }

    /// The key in the state store.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Until when this node relies on the lease; none: it does not hold it.
    #[must_use]
    pub const fn held_until(&self) -> HeldUntil {
        self.held_until
    }

    /// Renews the lease if this node holds it; else reads it, and takes it if it is free or
    /// expired. May be cancelled: the next step reads the outcome.
    ///
    /// # Errors
    /// See [`StateError`]. A lease that was held is relied on until its time has passed.
    pub async fn step(&mut self) -> Result<(), StateError> {
        if let Some(version) = self.own.take()
            && self.write(version).await?
        {
            return Ok(());
        }
        let found = self.state.load(&self.tenant, &self.key).await?;
        let now = Instant::now();
        let expected = match found {
            None => 0,
            // A write of this node had an unknown outcome.
            Some(found) if found.value == self.holder.as_bytes() => found.version,
            Some(found) => {
                self.held_until = None;
                let since = match self.seen {
                    Some((version, since)) if version == found.version => since,
                    _ => now,
                };
                self.seen = Some((found.version, since));
                if now.duration_since(since) < EXPIRES_AFTER {
                    return Ok(());
                }
                found.version
            }
        };
        self.write(expected).await.map(drop)
    }

    /// Writes the lease over a version. False: another node wrote first.
    async fn write(&mut self, expected: u64) -> Result<bool, StateError> {
        // Before the write: others count from a moment after it.
        let began = Instant::now();
        let written = self.state.store(&self.tenant, &self.key, expected, self.holder.as_bytes());
        match written.await {
            Ok(version) => {
                (self.own, self.held_until) = (Some(version), Some(began + HELD_FOR));
                Ok(true)
            }
            Err(error) if is_conflict(&error) => {
                self.held_until = None;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the lease back if this node holds it, so that another node takes it at once.
    ///
    /// # Errors
    /// See [`StateError`]. The lease expires then.
    pub async fn release(&mut self) -> Result<(), StateError> {
        (self.own, self.held_until) = (None, None);
        let found = self.state.load(&self.tenant, &self.key).await?;
        let Some(found) = found.filter(|found| found.value == self.holder.as_bytes()) else {
            return Ok(());
        };
        match self.state.remove(&self.tenant, &self.key, found.version).await {
            Err(error) if !is_conflict(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

//! The ledger as seen by its endpoints: opening it, its tenants, and access. Questions are in
//! `queries`, appends in `intake`.

pub(crate) mod ask;
pub(crate) mod credentials;
pub(crate) mod cut;
mod known;
pub(crate) mod nodes;
mod status;

pub use credentials::Credential;
pub use nodes::UseGuard;

pub use crate::tenant::parts::{AccessParts, Anchors, Options, Parts, ProofParts};
pub use claimledger_ledger::nodes::Nodes;

use crate::{access::page_sessions::PageSessions, model::question::Caller, tenant::Tenant};
use claimledger_facts::{
    ids::{LogSize, TenantId},
    record::Digest32,
    time::Time,
};
use claimledger_ledger::{clock::ClockGuard, log::LogError};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, atomic::AtomicU64},
};
use tokio::{sync::OnceCell, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A ledger. Cheap to clone; the projector stops when the last clone is dropped.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    /// The clock that records are stamped with.
    pub(crate) guard: Arc<ClockGuard>,
    pub(crate) pages: PageSessions,
    /// Number of answers since the start.
    disclosures: AtomicU64,
    pub(crate) revocations: nodes::Revocations,
    pub(crate) authenticated: Mutex<HashMap<Digest32, (Caller, Instant)>>,
    tenants: Mutex<HashMap<TenantId, Arc<OnceCell<Arc<Tenant>>>>>,
    /// Starts the background tasks of a tenant. Set by the composition, so that this module does
    /// not depend on the projection.
    start_tenant: StartTenant,
    pub(crate) stop: CancellationToken,
    pub(crate) runners: TaskTracker,
}

/// Starts the background tasks of an open tenant.
pub(crate) type StartTenant = for<'a> fn(&'a Inner, &'a Arc<Tenant>) -> Starting<'a>;
pub(crate) type Starting<'a> = Pin<Box<dyn Future<Output = Result<(), LogError>> + Send + 'a>>;

impl std::ops::Deref for Inner {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The labels of a person. They are not part of a pinned answer, and require the role investigate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The login.
    pub login: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// Whether the key under which both were sealed is destroyed.
    pub key_destroyed: bool,
}

impl App {
    /// The tenants, in bytewise order.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.0.log.tenants().await
    }

    /// The time by the clock that records are stamped with: for what a page says of itself.
    #[must_use]
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Why the ledger is read-only; none: it accepts writes.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        self.0.options.read_only.as_deref()
    }

    /// # Errors
    /// If the ledger is read-only.
    pub(crate) fn writable(&self) -> Result<(), LogError> {
        self.read_only().map_or(Ok(()), |why| Err(LogError::stopped(why)))
    }

    /// Stops the projector, and waits until it has written its current batch.
    pub async fn close(self) {
        self.0.stop.cancel();
        self.0.runners.close();
        self.0.runners.wait().await;
    }
}

impl Inner {
    pub(crate) fn new(parts: Parts, start_tenant: StartTenant) -> Self {
        Self {
            guard: Arc::new(ClockGuard::new(Arc::clone(&parts.clock), parts.options.clock)),
            parts,
            pages: PageSessions::default(),
            disclosures: AtomicU64::new(0),
            revocations: nodes::Revocations::default(),
            authenticated: Mutex::default(),
            tenants: Mutex::default(),
            start_tenant,
            stop: CancellationToken::new(),
            runners: TaskTracker::new(),
        }
    }

    /// The tenant of a credential.
    pub(crate) async fn tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, LogError> {
        let open = self.tenants.lock().get(id).and_then(|cell| cell.get().cloned());
        match open {
            Some(tenant) => Ok(tenant),
            None => self.open_tenant(id).await,
        }
    }

    /// Every tenant that is open.
    pub(crate) fn opened(&self) -> Vec<Arc<Tenant>> {
        let tenants = self.tenants.lock();
        tenants.values().filter_map(|cell| cell.get().cloned()).collect()
    }

    pub(crate) async fn open_tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, LogError> {
        // Only tenants that exist get an entry, so that requests with invented names use no memory.
        if self.log.head(id).await? == LogSize(0) {
            return Err(LogError::unavailable("there is no such tenant"));
        }
        let cell = Arc::clone(self.tenants.lock().entry(id.clone()).or_default());
        let tenant = cell
            .get_or_try_init(|| async {
                let tenant = Tenant::open(&self.parts, &self.guard, id, self.options.batch_records)
                    .await?
                    .ok_or_else(|| {
                        LogError::damaged(
                            "keys",
                            format!("tenant_key, {id}"),
                            "the log has this tenant, but its keys are missing, as after a copy \
                             that was not completed",
                        )
                    })?;
                let tenant = Arc::new(tenant);
                (self.start_tenant)(self, &tenant).await?;
                Ok::<_, LogError>(tenant)
            })
            .await?;
        Ok(Arc::clone(tenant))
    }
}

//! What a ledger of several nodes does beside one of a single node: duties, tenants that other
//! nodes created, and credentials that they revoked (`docs/decisions/0050`).

use crate::{
    access::credential_mac,
    app::{App, Inner},
    model::{
        proof::LogKind,
        question::{Caller, OWNER},
    },
};
use claimledger_facts::ids::{SourceId, TenantId};
use claimledger_ledger::{
    duty::{Held, Lease, keep},
    log::LogError,
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Interval at which tenants are listed, and revocations are looked for. A credential that another
/// node revoked works for no longer than this and the duration of one read.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// A credential: its tenant and its public id.
type CredentialId = (TenantId, String);

/// Credentials on which something rests that is not authenticated again by itself, and how often.
type InUse = Arc<Mutex<HashMap<CredentialId, usize>>>;

/// What must be noticed of revocations beside page sessions.
#[derive(Default)]
pub(crate) struct Revocations {
    /// Number of revoked credentials and ended page sessions.
    pub(crate) count: watch::Sender<u64>,
    /// Credentials of open subscriptions.
    in_use: InUse,
}

/// Keeps a credential in use until it is dropped.
#[derive(Debug)]
pub struct UseGuard {
    all: InUse,
    credential: CredentialId,
}

impl Drop for UseGuard {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        if let Some(count) = all.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.credential);
            }
        }
    }
}

impl App {
    /// Marks the caller's credential as in use by something that lasts, such as a subscription.
    /// While it is, [`App::revocations`] also notifies when another node revokes it.
    #[must_use]
    pub fn keep_in_use(&self, caller: &Caller) -> UseGuard {
        let credential = (caller.tenant.clone(), caller.credential.clone());
        *self.0.revocations.in_use.lock().entry(credential.clone()).or_default() += 1;
        UseGuard { all: Arc::clone(&self.0.revocations.in_use), credential }
    }

    /// The duty of polling a source of the caller's tenant. Drop it before [`App::close`], which
    /// waits until it is given back.
    #[must_use]
    pub fn duty_of_polling(&self, caller: &Caller, source: &SourceId) -> Held {
        self.0.duty(&caller.tenant, &format!("poll/{source}"))
    }

    /// Whether other processes write the same ledger.
    #[must_use]
    pub fn has_other_nodes(&self) -> bool {
        self.0.options.nodes.are_many()
    }
}

impl Inner {
    /// The duty of signing checkpoints of a log and writing them to anchors.
    pub(crate) fn duty_of_signing(&self, tenant: &TenantId, kind: LogKind) -> Held {
        self.duty(
            tenant,
            match kind {
                LogKind::Records => "sign/records",
                LogKind::Access => "sign/access",
            },
        )
    }

    fn duty(&self, tenant: &TenantId, name: &str) -> Held {
        if !self.options.nodes.are_many() {
            return Held::always();
        }
        let lease = Lease::new(Arc::clone(&self.state), &*self.random, tenant, name);
        let (held, keeping) = keep(lease);
        self.runners.spawn(keeping);
        held
    }

    /// Ends what rests on a revoked credential.
    pub(crate) fn forget_credential(&self, tenant: &TenantId, credential: &str) {
        let gone = |caller: &Caller| caller.tenant == *tenant && caller.credential == credential;
        self.authenticated.lock().retain(|_, (cached, _)| !gone(cached));
        self.pages.forget(gone);
        self.revocations.count.send_modify(|count| *count += 1);
    }

    /// Credentials with open subscriptions, page sessions or sign-in codes, by tenant.
    fn credentials_in_use(&self) -> BTreeMap<TenantId, BTreeSet<String>> {
        let mut all: BTreeMap<TenantId, BTreeSet<String>> = BTreeMap::new();
        let open = self.revocations.in_use.lock().keys().cloned().collect::<Vec<_>>();
        for (tenant, credential) in open.into_iter().chain(self.pages.credentials()) {
            all.entry(tenant).or_default().insert(credential);
        }
        all
    }

    /// Ends what rests on credentials that another node revoked. It is repeated while something
    /// rests on one, because a request may have read the credential before it was revoked.
    async fn end_revoked(&self) -> Result<(), LogError> {
        for (tenant, in_use) in self.credentials_in_use() {
            let rows = self.keys.credentials(&tenant).await?;
            let keys = self.tenant(&tenant).await?.identity.keys.clone();
            // A row that was removed, or altered by hand, is no credential either.
            let valid: HashSet<&str> = rows
                .iter()
                .filter(|row| row.revoked_at.is_none() && credential_mac::check(&keys, row).is_ok())
                .map(|row| row.credential.as_str())
                .collect();
            for credential in in_use {
                if credential != OWNER && !valid.contains(credential.as_str()) {
                    self.forget_credential(&tenant, &credential);
                }
            }
        }
        Ok(())
    }
}

/// Opens tenants that other nodes created. One that cannot be opened is tried again, and stops
/// nothing else.
pub(crate) async fn open_new_tenants(app: Weak<Inner>, stop: CancellationToken) {
    let mut failing = HashSet::new();
    while waited(&stop).await {
        let Some(app) = app.upgrade() else { return };
        let tenants = match app.log.tenants().await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "the tenants could not be listed");
                continue;
            }
        };
        for tenant in tenants {
            let opened = tokio::select! {
                opened = app.tenant(&tenant) => opened,
                () = stop.cancelled() => return,
            };
            match opened {
                Ok(_) => drop(failing.remove(&tenant)),
                Err(error) if failing.insert(tenant.clone()) => {
                    tracing::error!(%tenant, %error, "a new tenant is not opened");
                }
                Err(_) => {}
            }
        }
    }
}

/// Ends what rests on credentials that other nodes revoked. Nothing is read while nothing is open.
pub(crate) async fn end_what_others_revoked(app: Weak<Inner>, stop: CancellationToken) {
    while waited(&stop).await {
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = app.end_revoked().await {
            tracing::warn!(%error, "revoked credentials could not be looked for");
        }
    }
}

/// Waits for the next poll; false: stopped.
async fn waited(stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(POLL_INTERVAL) => true,
        () = stop.cancelled() => false,
    }
}

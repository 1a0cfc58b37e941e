//! The composition: opens a ledger with its tenants, starts the background tasks, and creates
//! tenants.

use crate::{
    app::{App, Inner, nodes},
    model::proof::LogKind,
    projection::{
        projector::{self, Projector},
        rebuild, scrub,
    },
    tenant::{
        Tenant, access_log, deliveries,
        own_records::OwnRecords,
        parts::{Parts, cannot_unwrap},
    },
    tree::{
        another_log,
        follower::{self, Follower},
    },
};
use claimledger_domain::RULES;
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, LogSize, TenantId},
    record::FORMAT,
    seal::TenantKeys,
    time::Time,
    types::ledger::LedgerOpened,
    vocabulary::Role,
};
use claimledger_ledger::{
    clock::ClockGuard,
    keys::TenantKeysRow,
    log::{AppendFailure, LogError},
};
use std::sync::Arc;

/// Why a tenant was not created.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A tenant with this name exists.
    #[error("tenant {tenant} exists already")]
    Exists {
        /// Its name.
        tenant: TenantId,
    },
    /// The name is invalid. The allowed form is the one that every engine can store.
    #[error(
        "a tenant's name has 1 to 64 of the characters a-z, 0-9, - and _, and begins with a letter \
         or digit"
    )]
    Name,
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
}

impl App {
    /// Opens the ledger and every tenant in it. Starts the projectors as tasks of the current
    /// runtime.
    ///
    /// # Errors
    /// If an engine cannot be read, the keys of a tenant cannot be unwrapped, or a log does not
    /// start with the record that opens a ledger.
    pub async fn open(parts: Parts) -> Result<Self, LogError> {
        let app = Self(Arc::new(Inner::new(parts, |inner, tenant| Box::pin(start(inner, tenant)))));
        for tenant in app.0.log.tenants().await? {
            app.0.open_tenant(&tenant).await.inspect_err(|error| {
                tracing::error!(%tenant, %error, "the ledger is not opened");
            })?;
        }
        if app.0.options.nodes.are_many() {
            let (of, stop) = (Arc::downgrade(&app.0), &app.0.stop);
            app.0.runners.spawn(nodes::open_new_tenants(of.clone(), stop.clone()));
            app.0.runners.spawn(nodes::end_what_others_revoked(of, stop.clone()));
        }
        if app.0.options.scrub {
            app.0.runners.spawn(scrub::run(Arc::downgrade(&app.0), app.0.stop.clone()));
        }
        Ok(app)
    }

    /// Creates a tenant: its keys, the first record of its log, and an operator credential with all
    /// roles. The token is returned here and cannot be shown again. The first record of a rehearsal
    /// is recorded at `now`, or at the Unix epoch so that input of any date may follow; otherwise
    /// at the time of the clock. If the process stops before the first record is written, the
    /// tenant can be created again.
    ///
    /// # Errors
    /// If the tenant exists, the name is invalid, or an engine fails.
    pub async fn init_tenant(
        &self,
        tenant: &TenantId,
        rehearsal: bool,
        now: Option<Time>,
    ) -> Result<String, InitError> {
        if !is_tenant_name(tenant.as_str()) {
            return Err(InitError::Name);
        }
        let parts = &self.0.parts;
        if parts.log.head(tenant).await? > LogSize(0) {
            return Err(InitError::Exists { tenant: tenant.clone() });
        }
        // Keys first: if the process stops before the first record, the next attempt reuses them.
        let keys = match parts.keys.tenant(tenant).await? {
            Some(row) => TenantKeys::unwrap(&parts.master, tenant, &row.wrapped)
                .map_err(|_| cannot_unwrap(tenant))?,
            None => {
                let keys = TenantKeys::generate(&*parts.random);
                let wrapped = keys.wrap(&parts.master, tenant, &*parts.random);
                parts.keys.add_tenant(&TenantKeysRow { tenant: tenant.clone(), wrapped }).await?;
                keys
            }
        };
        let token = self.add_credential(tenant, &keys, "operator-", Role::ALL).await?.1;
        let recorded_at = match rehearsal {
            true => now.unwrap_or(Time::EPOCH),
            false => self
                .0
                .guard
                .stamp(Time::MIN)
                .map_err(|trouble| LogError::stopped(ClockGuard::refusal(&trouble)))?,
        };
        let own = OwnRecords {
            tenant: tenant.clone(),
            keys,
            random: Arc::clone(&parts.random),
            clock: Arc::clone(&parts.clock),
            last_recorded: None,
        };
        let opened = LedgerOpened {
            tenant: tenant.clone(),
            format: FORMAT,
            rehearsal,
            rules: RULES.to_owned(),
            roles: Role::ALL.to_vec(),
        };
        let sealed =
            own.seal("opened", FactData::LedgerOpened(opened), recorded_at).map_err(|refusal| {
                LogError::unavailable(format!("cannot seal the first record: {refusal}"))
            })?;
        let entry = sealed.finish(LogPosition(0), recorded_at, rehearsal, false);
        match parts.log.append(tenant, LogSize(0), &[entry]).await {
            Ok(_) => {}
            Err(AppendFailure::Conflict { .. }) => {
                return Err(InitError::Exists { tenant: tenant.clone() });
            }
            Err(AppendFailure::Log(error)) => return Err(error.into()),
        }
        self.0.open_tenant(tenant).await?;
        Ok(token)
    }
}

/// Starts the background tasks of a tenant.
async fn start(inner: &Inner, tenant: &Arc<Tenant>) -> Result<(), LogError> {
    let mut followers = Vec::new();
    if inner.options.keep_tree {
        for kind in LogKind::ALL {
            another_log::discard_tree(&inner.parts, tenant, kind).await?;
            let duty = || inner.duty_of_signing(&tenant.id, kind);
            followers.push(Follower::open(&inner.parts, tenant, kind, duty).await?);
        }
    }
    if inner.options.read_only.is_none() {
        projector::record_rules(tenant, &*inner.log, &*inner.views).await;
        inner.runners.spawn(deliveries::run(Arc::clone(tenant), inner.stop.clone()));
    }
    if inner.options.follow {
        inner.runners.spawn(projector::run(
            Projector::live(&inner.log, &inner.views, tenant),
            inner.options.nodes,
            inner.stop.clone(),
        ));
        if !tenant.progress.in_use().current {
            let (log, views) = (Arc::clone(&inner.log), Arc::clone(&inner.views));
            inner.runners.spawn(rebuild::renew(log, views, Arc::clone(tenant), inner.stop.clone()));
        }
        if inner.options.read_only.is_none() {
            for follower in followers {
                inner.runners.spawn(follower::run(follower, inner.stop.clone()));
            }
            inner.runners.spawn(access_log::run_index(Arc::clone(tenant), inner.stop.clone()));
        }
    }
    Ok(())
}

fn is_tenant_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

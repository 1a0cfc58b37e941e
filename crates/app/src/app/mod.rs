//! The ledger, as its doors see it: opening it, its tenants, and who may do what. The reads are in
//! `queries`, taking in is in `ingest`.

pub(crate) mod credentials;
pub(crate) mod cut;

use crate::{
    access::page_sessions::PageSessions,
    model::question::{AskError, Caller},
    projection::{
        projector::{self, Runner},
        rebuild, scrub,
    },
    tenant::{Tenant, own_records::OwnRecords},
};
use claimledger_domain::RULES;
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, LogSize, TenantId},
    random::Random,
    record::{Digest32, FORMAT},
    seal::{MasterKey, TenantKeys},
    time::Time,
    types::ledger::LedgerOpened,
    vocabulary::Role,
};
use claimledger_ledger::{
    clock::{Clock, ClockGuard, ClockSettings},
    keys::{KeyStore, TenantKeysRow},
    log::{AppendFailure, Log, LogError},
    views::Views,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    sync::{OnceCell, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What the ledger is made of. The program picks the engines.
pub struct Parts {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The key store.
    pub keys: Arc<dyn KeyStore>,
    /// The read models.
    pub views: Arc<dyn Views>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What the tenants' keys are wrapped by.
    pub master: MasterKey,
    /// How it runs.
    pub options: Options,
    /// What must live as long as the ledger does: the engine's hold on its directory.
    pub engine: Box<dyn std::any::Any + Send + Sync>,
}

/// How a ledger runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the read models follow the log. Off: only [`App::rebuild`] moves them.
    pub follow: bool,
    /// A question about all sessions looks at so many of them at most, and is refused past it.
    pub most_candidates: u64,
    /// So many records go into the read models in one transaction when those are far behind the
    /// log.
    pub batch_records: usize,
    /// Whether everything that is stored is read again in the background, to find damage before
    /// somebody asks for it. See `scrub`.
    pub scrub: bool,
    /// How the clock is guarded.
    pub clock: ClockSettings,
    /// Why nothing is written; none: the engines take writes.
    pub read_only: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            follow: true,
            most_candidates: 20_000,
            batch_records: 10_000,
            scrub: false,
            clock: ClockSettings::default(),
            read_only: None,
        }
    }
}

/// The ledger, as its doors see it. Cheap to clone; the view runner ends when the last clone is
/// dropped.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    /// The clock that records are stamped with.
    pub(crate) guard: Arc<ClockGuard>,
    pub(crate) pages: PageSessions,
    /// Counts what was taken back: credentials, page sessions.
    pub(crate) revocations: watch::Sender<u64>,
    pub(crate) authenticated: Mutex<HashMap<Digest32, (Caller, Instant)>>,
    tenants: Mutex<HashMap<TenantId, Arc<OnceCell<Arc<Tenant>>>>>,
    pub(crate) stop: CancellationToken,
    pub(crate) runners: TaskTracker,
}

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

/// What a person is called: beside the pinned answer, and only for the role investigate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The login.
    pub login: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// What a read discloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disclosure {
    /// What sessions rest on, under pseudonyms.
    Sessions,
    /// Decisions, likewise.
    Decisions,
    /// An explanation.
    Why,
    /// What was trusted and asked for.
    Configuration,
    /// Where a text appears.
    Find,
    /// What was heard of each source.
    Completeness,
    /// A record's header and facts.
    Record,
    /// What records changed of sessions, as it is recorded.
    Changes,
    /// What was sealed: the original, labels and indicators.
    Sealed,
}

/// Why a tenant was not made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is one of this name.
    #[error("tenant {tenant} exists already")]
    Exists {
        /// Its name.
        tenant: TenantId,
    },
    /// The name has a form that not every engine takes.
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
    /// Opens the ledger, and every tenant that is in it. The read models follow from here on, in
    /// tasks of the runtime that this is called in.
    ///
    /// # Errors
    /// If an engine cannot be read, a tenant's keys do not open, or a log does not begin as a
    /// ledger does.
    pub async fn open(parts: Parts) -> Result<Self, LogError> {
        let guard = Arc::new(ClockGuard::new(Arc::clone(&parts.clock), parts.options.clock));
        let app = Self(Arc::new(Inner {
            parts,
            guard,
            pages: PageSessions::default(),
            revocations: watch::Sender::default(),
            authenticated: Mutex::default(),
            tenants: Mutex::default(),
            stop: CancellationToken::new(),
            runners: TaskTracker::new(),
        }));
        for tenant in app.0.log.tenants().await? {
            app.0.open_tenant(&tenant).await?;
        }
        if app.0.options.scrub {
            app.0.runners.spawn(scrub::run(Arc::downgrade(&app.0), app.0.stop.clone()));
        }
        Ok(app)
    }

    /// Makes a tenant: its keys, the record that opens its log, and a credential of its operator
    /// with all roles, whose token is returned and shown only here. A rehearsal's first record is
    /// recorded at `now`, or at the Unix epoch so that input of any date may follow; otherwise the
    /// clock's time is taken. A tenant whose making was cut off before its first record can be made
    /// again.
    ///
    /// # Errors
    /// If there is such a tenant, the name does not do, or an engine fails.
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
        // Keys first. If we stop before the first record, the next attempt finds them.
        let keys = match parts.keys.tenant(tenant).await? {
            Some(row) => TenantKeys::unwrap(&parts.master, tenant, &row.wrapped)
                .map_err(|_| keys_do_not_open(tenant))?,
            None => {
                let keys = TenantKeys::generate(&*parts.random);
                let wrapped = keys.wrap(&parts.master, tenant, &*parts.random);
                parts.keys.add_tenant(&TenantKeysRow { tenant: tenant.clone(), wrapped }).await?;
                keys
            }
        };
        let token = self.add_credential(tenant, "operator-", Role::ALL, None).await?.1;
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
                LogError::unavailable(format!("the first record could not be sealed: {refusal}"))
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

    /// The tenants, bytewise.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        self.0.log.tenants().await
    }

    /// Why nothing is written; none: the ledger takes writes.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        self.0.options.read_only.as_deref()
    }

    /// # Errors
    /// If nothing is written.
    pub(crate) fn writable(&self) -> Result<(), LogError> {
        self.read_only().map_or(Ok(()), |why| Err(LogError::stopped(why)))
    }

    /// Ends the view runner, and waits until it has put down what it has in hand.
    pub async fn close(self) {
        self.0.stop.cancel();
        self.0.runners.close();
        self.0.runners.wait().await;
    }

    /// The one function that every read passes before it discloses anything. Here it is decided
    /// whether the caller's roles allow it, alike whether or not the thing exists; and here an
    /// access log would be written. There is none yet: who read what is **not recorded**.
    pub(crate) fn disclose(&self, caller: &Caller, what: Disclosure) -> Result<(), AskError> {
        let (allowed, needs) = match what {
            Disclosure::Sessions
            | Disclosure::Decisions
            | Disclosure::Why
            | Disclosure::Configuration
            | Disclosure::Find
            | Disclosure::Completeness
            | Disclosure::Changes
            | Disclosure::Record => {
                (caller.has(Role::Read) || caller.has(Role::Investigate), Role::Read)
            }
            Disclosure::Sealed => (caller.has(Role::Investigate), Role::Investigate),
        };
        tracing::debug!(tenant = %caller.tenant, credential = %caller.credential, ?what, allowed,
            "read");
        if allowed { Ok(()) } else { Err(AskError::Forbidden { needs }) }
    }
}

impl Inner {
    /// A tenant that a credential names.
    pub(crate) async fn tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, LogError> {
        let open = self
            .tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .and_then(|cell| cell.get().cloned());
        match open {
            Some(tenant) => Ok(tenant),
            None => self.open_tenant(id).await,
        }
    }

    /// Every tenant that is open.
    pub(crate) fn opened(&self) -> Vec<Arc<Tenant>> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.values().filter_map(|cell| cell.get().cloned()).collect()
    }

    async fn open_tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, LogError> {
        // Only tenants that exist get a place, so that made-up names take no memory.
        if self.log.head(id).await? == LogSize(0) {
            return Err(LogError::unavailable("there is no such tenant"));
        }
        let cell = Arc::clone(
            self.tenants
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(id.clone())
                .or_default(),
        );
        let tenant = cell
            .get_or_try_init(|| async {
                let tenant = Tenant::open(&self.parts, &self.guard, id, self.options.batch_records)
                    .await?
                    .ok_or_else(|| {
                        LogError::damaged(
                            "keys",
                            format!("tenant_key, {id}"),
                            "the log has this tenant, and its keys are not there",
                        )
                    })?;
                let tenant = Arc::new(tenant);
                if self.options.read_only.is_none() {
                    projector::say_rules(&tenant, &*self.log, &*self.views).await;
                }
                if self.options.follow {
                    self.runners.spawn(projector::follow(
                        Runner::live(&self.log, &self.views, &tenant),
                        self.stop.clone(),
                    ));
                    if !tenant.in_use().current {
                        let (log, views) = (Arc::clone(&self.log), Arc::clone(&self.views));
                        self.runners.spawn(rebuild::renew(
                            log,
                            views,
                            Arc::clone(&tenant),
                            self.stop.clone(),
                        ));
                    }
                }
                Ok::<_, LogError>(tenant)
            })
            .await?;
        Ok(Arc::clone(tenant))
    }
}

/// A tenant's wrapped keys that do not open. Which of the two files is damaged cannot be told.
pub(crate) fn keys_do_not_open(tenant: &TenantId) -> LogError {
    let what = "they do not open with this master key: it is not the one that wrapped them, or one \
                of the two files was altered";
    LogError::damaged("master.key", format!("tenant_key, {tenant} in the file `keys`"), what)
}

fn is_tenant_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

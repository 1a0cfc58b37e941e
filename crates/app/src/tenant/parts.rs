//! The engines that a ledger is composed of, and its options.

use claimledger_facts::{ids::TenantId, random::Random, seal::MasterKey};
use claimledger_ledger::{
    clock::{Clock, ClockSettings},
    keys::KeyStore,
    log::{Log, LogError},
    views::Views,
};
use std::sync::Arc;

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

/// A tenant's wrapped keys that do not open. Which of the two files is damaged cannot be told.
pub(crate) fn keys_do_not_open(tenant: &TenantId) -> LogError {
    let what = "they do not open with this master key: it is not the one that wrapped them, or one \
                of the two files was altered";
    LogError::damaged("master.key", format!("tenant_key, {tenant} in the file `keys`"), what)
}

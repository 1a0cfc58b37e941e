//! The engines and options of a ledger.

use crate::model::proof::LogKind;
use claimledger_facts::{ids::TenantId, random::Random, seal::MasterKey};
use claimledger_ledger::{
    access::AccessIndex,
    clock::{Clock, ClockSettings},
    keys::KeyStore,
    log::{Log, LogError},
    nodes::Nodes,
    state::StateStore,
    tree::{Anchor, CheckpointStore, TileStore},
    views::Views,
};
use std::sync::Arc;

/// What a ledger is composed of. The program chooses the engines.
pub struct Parts {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The key store.
    pub keys: Arc<dyn KeyStore>,
    /// What sources keep between two runs.
    pub state: Arc<dyn StateStore>,
    /// What proofs of the log are made from.
    pub proofs: ProofParts,
    /// The access logs.
    pub access: AccessParts,
    /// The read models.
    pub views: Arc<dyn Views>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The key that wraps the keys of tenants.
    pub master: MasterKey,
    /// The options.
    pub options: Options,
    /// A value that lives as long as the ledger: the engine's lock on its directory.
    pub engine: Box<dyn std::any::Any + Send + Sync>,
}

/// Where it is written who was shown what.
#[derive(Clone)]
pub struct AccessParts {
    /// The logs.
    pub log: Arc<dyn Log>,
    /// Their index.
    pub index: Arc<dyn AccessIndex>,
}

/// What proofs of the logs are made from.
#[derive(Clone)]
pub struct ProofParts {
    /// The Merkle trees.
    pub tiles: Arc<dyn TileStore>,
    /// The last signed checkpoint of each log.
    pub checkpoints: Arc<dyn CheckpointStore>,
}

/// Where checkpoints are written to, and what the logs are compared with at a start.
#[derive(Clone, Default)]
pub struct Anchors(pub Vec<Arc<dyn Anchor>>);

impl std::fmt::Debug for Anchors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|anchor| anchor.name())).finish()
    }
}

/// Options of a ledger.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the projector runs. If not, only `App::rebuild` changes the read models.
    pub follow: bool,
    /// Maximum sessions that a question about all sessions evaluates; more are an error.
    pub most_candidates: u64,
    /// Maximum records per transaction while the read models are far behind the log.
    pub batch_records: usize,
    /// Whether stored data is checked in the background, so that damage is found before a question
    /// needs the data. See `scrub`.
    pub scrub: bool,
    /// How jumps of the clock are handled.
    pub clock: ClockSettings,
    /// Whether trees are kept and checkpoints signed, and a log that is not the one that was signed
    /// is refused. Without it such a log can be opened, to verify it.
    pub keep_tree: bool,
    /// The anchors of the checkpoints.
    pub anchors: Anchors,
    /// Whether it is recorded who was shown what. Only measurements do without.
    pub access_log: bool,
    /// Why the ledger is read-only; none: it accepts writes.
    pub read_only: Option<String>,
    /// How many processes write the same log, keys and states.
    pub nodes: Nodes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            follow: true,
            most_candidates: 20_000,
            batch_records: 10_000,
            scrub: false,
            keep_tree: true,
            access_log: true,
            anchors: Anchors::default(),
            clock: ClockSettings::default(),
            read_only: None,
            nodes: Nodes::One,
        }
    }
}

impl Parts {
    /// One of the logs of all tenants.
    pub(crate) fn log_of(&self, kind: LogKind) -> &Arc<dyn Log> {
        match kind {
            LogKind::Records => &self.log,
            LogKind::Access => &self.access.log,
        }
    }
}

/// The error for wrapped keys that the master key does not open. Which of the two files is damaged
/// cannot be determined.
pub(crate) fn cannot_unwrap(tenant: &TenantId) -> LogError {
    let what = "this master key does not unwrap them: it is another key, or one of the two files \
                was altered";
    LogError::damaged("master.key", format!("tenant_key, {tenant} in the file `keys`"), what)
}

//! Answers about the log itself: checkpoints and proofs. They depend on neither T nor K.

use claimledger_facts::{ids::LogPosition, record::Digest32};

/// One of the logs of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogKind {
    /// The records.
    #[default]
    Records,
    /// Who was shown which of them.
    Access,
}

impl LogKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Records, Self::Access];
}

/// A signed checkpoint of a log, and what a verifier needs to believe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointView {
    /// The origin of the log: its name in checkpoints.
    pub origin: String,
    /// The public key of the log (C2SP signed-note, vkey).
    pub verifier_key: String,
    /// The number of records that it covers.
    pub size: u64,
    /// The root hash.
    pub root: Digest32,
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
}

/// The proof that a record is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordProof {
    /// Its position.
    pub position: LogPosition,
    /// The bytes of its header: the entry of the log.
    pub header: Vec<u8>,
    /// Its leaf hash.
    pub leaf: Digest32,
    /// The proof as a file (C2SP tlog-proof), with the header as its extra data.
    pub file: String,
    /// The checkpoint that it leads to.
    pub checkpoint: CheckpointView,
}

/// Whether a log was only appended to between two checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyView {
    /// The checkpoint that was saved.
    pub old: CheckpointView,
    /// The last checkpoint.
    pub new: CheckpointView,
    /// The consistency proof of RFC 9162.
    pub proof: Vec<Digest32>,
    /// Why the saved one is not of the beginning of the log; none: it is.
    pub broken: Option<String>,
}

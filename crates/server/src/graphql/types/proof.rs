//! Checkpoints and proofs of the log.

use crate::graphql::scalars::Position;
use async_graphql::SimpleObject;
use claimledger_app::model::proof::{self, CheckpointView, ConsistencyView};
use claimledger_facts::ids::LogPosition;

/// A signed checkpoint of the log.
#[derive(SimpleObject)]
pub(crate) struct Checkpoint {
    /// The origin of the log: its name in checkpoints.
    origin: String,
    /// The public key that verifies it (C2SP signed-note, vkey).
    verifier_key: String,
    /// The number of records that it covers.
    size: Position,
    /// The root hash, in hexadecimal.
    root: String,
    /// The signed note (C2SP tlog-checkpoint).
    note: String,
}

impl From<&CheckpointView> for Checkpoint {
    fn from(view: &CheckpointView) -> Self {
        Self {
            origin: view.origin.clone(),
            verifier_key: view.verifier_key.clone(),
            size: LogPosition(view.size).into(),
            root: view.root.to_string(),
            note: view.note.clone(),
        }
    }
}

/// The proof that a record is in the log: `leafHash` leads to the root of the checkpoint.
#[derive(SimpleObject)]
pub(crate) struct Proof {
    /// The proof as a file, with the header of the record as its extra data (C2SP tlog-proof).
    file: String,
    /// The checkpoint that it leads to.
    checkpoint: Checkpoint,
}

impl From<&proof::RecordProof> for Proof {
    fn from(proof: &proof::RecordProof) -> Self {
        Self { file: proof.file.clone(), checkpoint: (&proof.checkpoint).into() }
    }
}

/// Whether the log was only appended to between two checkpoints.
#[derive(SimpleObject)]
pub(crate) struct Consistency {
    /// Whether it was.
    holds: bool,
    /// Why it was not; null: it was.
    broken: Option<String>,
    /// The checkpoint that was saved.
    old: Checkpoint,
    /// The last checkpoint.
    new: Checkpoint,
    /// The hashes of the consistency proof (RFC 9162, 2.1.4), in hexadecimal.
    proof: Vec<String>,
}

impl From<&ConsistencyView> for Consistency {
    fn from(view: &ConsistencyView) -> Self {
        Self {
            holds: view.broken.is_none(),
            broken: view.broken.clone(),
            old: (&view.old).into(),
            new: (&view.new).into(),
            proof: view.proof.iter().map(ToString::to_string).collect(),
        }
    }
}

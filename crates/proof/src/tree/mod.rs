//! The Merkle tree of RFC 9162: hashes, heads, and proofs.

mod consistency;
mod inclusion;
mod shape;

pub use consistency::ConsistencyProof;
pub use inclusion::InclusionProof;
pub(crate) use shape::{Node, consistency_ranges, inclusion_ranges, nodes};

use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::Digest32,
};
use sha2::{Digest, Sha256};

/// Maximum size of a tree. Other implementations count in signed 64-bit numbers.
pub const MAX_SIZE: LogSize = LogSize(i64::MAX as u64);

/// The root of a tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Digest32 = Digest32([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// What a checkpoint states of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: LogSize,
    /// The root hash.
    pub root: Digest32,
}

impl TreeHead {
    /// The head of a tree without leaves.
    pub const EMPTY: Self = Self { size: LogSize(0), root: EMPTY_ROOT };
}

/// Why there is no such tree, or no such leaf in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// The leaf is not in a tree of this size.
    #[error("leaf {position} is outside of a tree of {} leaves", size.0)]
    Outside {
        /// The leaf.
        position: LogPosition,
        /// The tree's size.
        size: LogSize,
    },
    /// The newer tree is smaller than the older one.
    #[error("a tree of {} leaves cannot have shrunk to {}", old.0, new.0)]
    Shrunk {
        /// The older size.
        old: LogSize,
        /// The newer size.
        new: LogSize,
    },
    /// Larger than [`MAX_SIZE`].
    #[error("a tree cannot have {} leaves", size.0)]
    TooLarge {
        /// The size.
        size: LogSize,
    },
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such tree or leaf.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// Too few or too many hashes for trees of these sizes.
    #[error("the proof has {hashes} hashes, which does not fit the size of the tree")]
    Length {
        /// The number of hashes.
        hashes: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to another root hash")]
    Root,
    /// The hashes lead to another root of the older tree.
    #[error("the proof leads to another root hash of the older tree")]
    OldRoot,
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`. The hash of a leaf is
/// [`claimledger_facts::record::leaf_hash`].
#[must_use]
pub fn node_hash(left: &Digest32, right: &Digest32) -> Digest32 {
    // One update of one block boundary: this runs once for each record of a log.
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Digest32(Sha256::digest(bytes).into())
}

/// The root over hashes of complete subtrees of one height, of which the last may be smaller.
pub(crate) fn root_over(hashes: &[Digest32]) -> Digest32 {
    match hashes {
        [] => EMPTY_ROOT,
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(shape::split(hashes.len() as u64) as usize);
            node_hash(&root_over(left), &root_over(right))
        }
    }
}

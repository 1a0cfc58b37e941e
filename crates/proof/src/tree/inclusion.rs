//! That a leaf is in a tree.

use super::{ProofError, SizeError, TreeHead, node_hash, shape::Climb};
use claimledger_facts::{ids::LogPosition, record::Digest32};

/// The hashes beside the path from a leaf to the root, the leaf's sibling first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof(pub Vec<Digest32>);

impl InclusionProof {
    /// Verifies that a leaf is at a position of a tree (RFC 9162, 2.1.3.2).
    ///
    /// The proof does not bind the tree's size: take the head from a signed checkpoint.
    ///
    /// # Errors
    /// If it is not shown.
    pub fn verify(
        &self,
        leaf: &Digest32,
        position: LogPosition,
        head: &TreeHead,
    ) -> Result<(), ProofError> {
        let Some(last) = head.size.last().filter(|last| position <= *last) else {
            return Err(SizeError::Outside { position, size: head.size }.into());
        };
        let length = ProofError::Length { hashes: self.0.len() };
        let mut climb = Climb::from_leaf(position.0, last.0);
        let mut hash = *leaf;
        for sibling in &self.0 {
            let is_left = climb.step().ok_or(length)?;
            hash = if is_left { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
        }
        match (climb.is_at_root(), hash == head.root) {
            (false, _) => Err(length),
            (true, false) => Err(ProofError::Root),
            (true, true) => Ok(()),
        }
    }
}

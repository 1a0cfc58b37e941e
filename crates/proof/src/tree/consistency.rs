//! That a tree is an earlier one with leaves appended.

use super::{EMPTY_ROOT, ProofError, SizeError, TreeHead, node_hash, shape::Climb};
use claimledger_facts::record::Digest32;

/// The hashes from which both roots follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof(pub Vec<Digest32>);

impl ConsistencyProof {
    /// Verifies that the first leaves of the newer tree are those of the older one (RFC 9162,
    /// 2.1.4.2). The proof has no hashes where the sizes are equal or the older tree is empty.
    ///
    /// # Errors
    /// If it is not shown.
    pub fn verify(&self, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
        if old.size > new.size {
            return Err(SizeError::Shrunk { old: old.size, new: new.size }.into());
        }
        let length = ProofError::Length { hashes: self.0.len() };
        let Some(last_old) = old.size.last().filter(|_| old.size != new.size) else {
            return self.verify_trivial(old, new);
        };
        // Where the older tree is complete, it is itself the first subtree of the proof.
        let whole = old.size.0.is_power_of_two().then_some(&old.root);
        let mut hashes = whole.into_iter().chain(&self.0);
        let Some(first) = hashes.next().filter(|_| !self.0.is_empty()) else {
            return Err(length);
        };
        let mut climb = Climb::from_subtree_of(last_old.0, new.size.0 - 1);
        let (mut old_hash, mut new_hash) = (*first, *first);
        for sibling in hashes {
            if climb.step().ok_or(length)? {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            } else {
                new_hash = node_hash(&new_hash, sibling);
            }
        }
        if !climb.is_at_root() {
            return Err(length);
        }
        if old_hash != old.root {
            return Err(ProofError::OldRoot);
        }
        if new_hash == new.root { Ok(()) } else { Err(ProofError::Root) }
    }

    fn verify_trivial(&self, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
        if !self.0.is_empty() {
            return Err(ProofError::Length { hashes: self.0.len() });
        }
        if old.size.0 == 0 && old.root != EMPTY_ROOT {
            return Err(ProofError::OldRoot);
        }
        if old.size == new.size && old.root != new.root {
            return Err(ProofError::Root);
        }
        Ok(())
    }
}

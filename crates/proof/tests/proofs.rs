//! What a proof must not show, with the reason that is given.

use crate::support::{StoredLog, leaf};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::Digest32,
};
use claimledger_proof::tree::{
    ConsistencyProof, EMPTY_ROOT, InclusionProof, ProofError, SizeError, TreeHead, node_hash,
};

fn length(hashes: usize) -> Result<(), ProofError> {
    Err(ProofError::Length { hashes })
}

#[test]
fn a_node_of_the_tree_is_not_a_leaf() {
    let log = StoredLog::of_size(8);
    let (head, tiles) = (log.tree.head(), log.set());
    let verify = |proof: &[Digest32], leaf: &Digest32, position| {
        InclusionProof(proof.to_vec()).verify(leaf, LogPosition(position), &head)
    };
    let path = tiles.inclusion_proof(LogPosition(0), head.size).unwrap().0;
    assert_eq!(verify(&path, &leaf(0), 0), Ok(()));
    assert_eq!(verify(&[], &head.root, 0), length(0), "the root itself");
    let parent = node_hash(&leaf(0), &leaf(1));
    assert_eq!(verify(&path[1..], &parent, 0), length(2), "the parent of two leaves");
    let longer = [&[leaf(9)], &path[..]].concat();
    assert_eq!(verify(&longer, &leaf(0), 0), length(4));
    assert_eq!(verify(&path, &leaf(1), 0), Err(ProofError::Root));
    let outside = SizeError::Outside { position: LogPosition(8), size: head.size };
    assert_eq!(verify(&path, &leaf(0), 8), Err(ProofError::Size(outside)));
    let none = InclusionProof(Vec::new()).verify(&EMPTY_ROOT, LogPosition(0), &TreeHead::EMPTY);
    let outside = SizeError::Outside { position: LogPosition(0), size: LogSize(0) };
    assert_eq!(none, Err(ProofError::Size(outside)));
}

#[test]
fn heads_that_need_no_proof_are_compared_all_the_same() {
    let head = StoredLog::of_size(8).tree.head();
    let other = TreeHead { root: leaf(0), ..head };
    let no_leaves = TreeHead { size: LogSize(0), root: leaf(0) };
    let none = ConsistencyProof(Vec::new());
    assert_eq!(none.verify(&head, &head), Ok(()));
    assert_eq!(none.verify(&TreeHead::EMPTY, &head), Ok(()));
    assert_eq!(none.verify(&TreeHead::EMPTY, &TreeHead::EMPTY), Ok(()));
    assert_eq!(none.verify(&other, &head), Err(ProofError::Root));
    assert_eq!(none.verify(&no_leaves, &head), Err(ProofError::OldRoot));
    assert_eq!(none.verify(&no_leaves, &no_leaves), Err(ProofError::OldRoot));
    let some = ConsistencyProof(vec![leaf(0)]);
    assert_eq!(some.verify(&head, &head), length(1));
    assert_eq!(some.verify(&TreeHead::EMPTY, &head), length(1));
}

#[test]
fn a_tree_neither_shrinks_nor_grows_without_proof() {
    let (small, large) = (StoredLog::of_size(4), StoredLog::of_size(7));
    let (old, new) = (small.tree.head(), large.tree.head());
    let proof = large.set().consistency_proof(old.size, new.size).unwrap();
    assert_eq!(proof.verify(&old, &new), Ok(()));
    let shrunk = SizeError::Shrunk { old: new.size, new: old.size };
    assert_eq!(proof.verify(&new, &old), Err(ProofError::Size(shrunk)));
    assert_eq!(ConsistencyProof(Vec::new()).verify(&old, &new), length(0));
    let longer = ConsistencyProof([&proof.0[..], &[leaf(9)]].concat());
    assert_eq!(longer.verify(&old, &new), length(2));
    let of_old = ConsistencyProof(vec![old.root]);
    assert_eq!(of_old.verify(&old, &new), Err(ProofError::Root));
    // A tree of which no leaf is in the new one: the proof is right for the new root alone.
    let other = TreeHead { size: LogSize(3), root: leaf(9) };
    let proof = large.set().consistency_proof(other.size, new.size).unwrap();
    assert_eq!(proof.verify(&other, &new), Err(ProofError::OldRoot));
    assert_eq!(ConsistencyProof(proof.0[..1].to_vec()).verify(&other, &new), length(1));
}

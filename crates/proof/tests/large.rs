//! Trees around the third level of tiles, and one of a million leaves.

use crate::support::{Naive, Rng, StoredLog, leaf};
use claimledger_facts::ids::{LogPosition, LogSize};
use claimledger_proof::{
    tiles::{TileSet, TreeQuery},
    tree::TreeHead,
};

/// All sizes here are below it.
fn naive(most: u64) -> Naive {
    Naive::new((0..most).map(leaf).collect())
}

fn head_of(naive: &Naive, size: u64) -> TreeHead {
    TreeHead { size: LogSize(size), root: naive.mth(0, size as usize) }
}

#[test]
fn every_proof_verifies_where_the_third_level_begins() {
    let naive = naive(65_537);
    let mut log = StoredLog::default();
    for size in 65_535..=65_537 {
        log.grow_to(size);
        let (head, tiles) = (log.tree.head(), log.set());
        assert_eq!(head, head_of(&naive, size));
        for index in 0..size {
            let proof = tiles.inclusion_proof(LogPosition(index), head.size).unwrap();
            assert_eq!(proof.verify(&leaf(index), LogPosition(index), &head), Ok(()), "{index}");
            let old = head_of(&naive, index + 1);
            let proof = tiles.consistency_proof(old.size, head.size).unwrap();
            assert_eq!(proof.verify(&old, &head), Ok(()), "{} to {size}", index + 1);
        }
    }
}

#[test]
fn sampled_proofs_verify_in_a_tree_of_a_million_leaves() {
    const SIZE: u64 = 1_000_000;
    let naive = naive(SIZE);
    let log = StoredLog::of_size(SIZE);
    let (head, mut rng) = (log.tree.head(), Rng(1));
    assert_eq!(head, head_of(&naive, SIZE));
    let edges = [0, 1, 255, 256, 65_535, 65_536, 983_039, 983_040, 999_935, 999_936, 999_999];
    let sampled: Vec<u64> =
        edges.into_iter().chain((0..500).map(|_| rng.number() % SIZE)).collect();
    for index in sampled {
        let position = LogPosition(index);
        let query = TreeQuery::Inclusion { position, size: head.size };
        let tiles = TileSet::load(&log, &[query]).unwrap();
        let proof = tiles.inclusion_proof(position, head.size).unwrap();
        assert_eq!(proof.0, naive.path(index as usize, 0, SIZE as usize), "{index}");
        assert_eq!(proof.verify(&leaf(index), position, &head), Ok(()), "{index}");

        let old = head_of(&naive, index + 1);
        let query = TreeQuery::Consistency { old: old.size, new: head.size };
        let tiles = TileSet::load(&log, &[query]).unwrap();
        let proof = tiles.consistency_proof(old.size, head.size).unwrap();
        assert_eq!(proof.0, naive.proof(index as usize + 1, SIZE as usize), "{}", index + 1);
        assert_eq!(proof.verify(&old, &head), Ok(()), "{}", index + 1);
    }
}

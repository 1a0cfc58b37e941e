//! Every proof of every tree of up to 1,100 leaves: more than four tiles, and a second level.

use crate::support::{Naive, StoredLog, entry, leaf};
use claimledger_facts::ids::{LogPosition, LogSize};
use claimledger_proof::{
    tiles::{TileSet, TreeQuery},
    tree::{EMPTY_ROOT, TreeHead},
};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

const MAX: u64 = 1_100;

fn naive() -> Naive {
    Naive::new((0..MAX).map(leaf).collect())
}

/// Whether this one of many is also asked of the tiles that it says it needs, and of nothing else.
fn is_sampled(a: u64, b: u64) -> bool {
    (a * 31 + b).is_multiple_of(101)
}

#[test]
fn every_root_is_that_of_the_definition() {
    let naive = naive();
    let mut log = StoredLog::default();
    let mut other = MemoryBackedTree::<Sha256, String>::new();
    for size in 0..=MAX {
        log.grow_to(size);
        let head = TreeHead { size: LogSize(size), root: naive.mth(0, size as usize) };
        assert_eq!(log.tree.head(), head, "appended to {size}");
        let tiles = TileSet::load(&log, &[TreeQuery::Root { size: LogSize(size) }]).unwrap();
        assert_eq!(tiles.head(LogSize(size)), Ok(head), "from the tiles of {size}");
        if size > 0 {
            other.push(entry(size - 1));
            assert_eq!(other.root().as_bytes().as_slice(), head.root.0);
        }
    }
    assert_eq!(naive.mth(0, 0), EMPTY_ROOT);
}

#[test]
fn every_inclusion_proof_is_that_of_the_definition_and_verifies() {
    let naive = naive();
    let mut log = StoredLog::default();
    let mut other = MemoryBackedTree::<Sha256, String>::new();
    let mut proofs = 0;
    for size in 1..=MAX {
        log.grow_to(size);
        other.push(entry(size - 1));
        let (head, tiles) = (log.tree.head(), log.set());
        for index in 0..size {
            let position = LogPosition(index);
            let proof = tiles.inclusion_proof(position, head.size).unwrap();
            assert_eq!(proof.0, naive.path(index as usize, 0, size as usize), "{index} of {size}");
            assert_eq!(proof.verify(&leaf(index), position, &head), Ok(()), "{index} of {size}");
            let theirs = other.prove_inclusion(index as usize);
            assert!(proof.0.iter().map(|hash| hash.0).eq(theirs.as_bytes().chunks(32)));
            if is_sampled(size, index) {
                let query = TreeQuery::Inclusion { position, size: head.size };
                let needed = TileSet::load(&log, &[query]).unwrap();
                assert_eq!(needed.inclusion_proof(position, head.size), Ok(proof));
            }
            proofs += 1;
        }
    }
    assert_eq!(proofs, MAX * (MAX + 1) / 2);
}

#[test]
fn every_consistency_proof_is_that_of_the_definition_and_verifies() {
    let naive = naive();
    let heads: Vec<TreeHead> = (0..=MAX)
        .map(|size| TreeHead { size: LogSize(size), root: naive.mth(0, size as usize) })
        .collect();
    let mut log = StoredLog::default();
    let mut other = MemoryBackedTree::<Sha256, String>::new();
    let mut proofs = 0;
    for new in &heads {
        let size = new.size.0;
        log.grow_to(size);
        if size > 0 {
            other.push(entry(size - 1));
        }
        let tiles = log.set();
        for old in &heads[..=size as usize] {
            let place = format!("{} to {size}", old.size.0);
            let proof = tiles.consistency_proof(old.size, new.size).unwrap();
            if old.size.0 > 0 {
                assert_eq!(proof.0, naive.proof(old.size.0 as usize, size as usize), "{place}");
                let added = (size - old.size.0) as usize;
                if added > 0 {
                    let theirs = other.prove_consistency(added);
                    assert!(proof.0.iter().map(|hash| hash.0).eq(theirs.as_bytes().chunks(32)));
                }
            } else {
                assert_eq!(proof.0, [], "{place}");
            }
            assert_eq!(proof.verify(old, new), Ok(()), "{place}");
            if is_sampled(size, old.size.0) {
                let query = TreeQuery::Consistency { old: old.size, new: new.size };
                let needed = TileSet::load(&log, &[query]).unwrap();
                assert_eq!(needed.consistency_proof(old.size, new.size), Ok(proof));
            }
            proofs += 1;
        }
    }
    assert_eq!(proofs, (MAX + 1) * (MAX + 2) / 2);
}

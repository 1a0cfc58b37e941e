//! 10,000 mutations of each of proofs, checkpoints, notes and files: none is accepted, none panics.

use crate::support::{Rng, StoredLog, leaf, signing_key, trusted};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::Digest32,
};
use claimledger_proof::{
    note::SignedNote,
    tiles::TileSet,
    tlog_proof::TlogProof,
    tree::{ConsistencyProof, InclusionProof, TreeHead},
};

const MUTATIONS: usize = 10_000;
const MAX: u64 = 1_100;

struct Trees {
    tiles: TileSet,
    heads: Vec<TreeHead>,
}

fn trees() -> Trees {
    let mut log = StoredLog::default();
    let mut heads = vec![log.tree.head()];
    for size in 1..=MAX {
        log.grow_to(size);
        heads.push(log.tree.head());
    }
    Trees { tiles: log.set(), heads }
}

fn flip(rng: &mut Rng, hash: &mut Digest32) {
    let bit = rng.below(256);
    hash.0[bit / 8] ^= 1 << (bit % 8);
}

/// Another list of hashes.
fn mutate_hashes(rng: &mut Rng, hashes: &mut Vec<Digest32>) {
    let before = hashes.clone();
    while *hashes == before {
        let (at, other) = (rng.below(hashes.len() + 1), rng.below(hashes.len() + 1));
        match rng.below(6) {
            0 => hashes.insert(at, leaf(rng.number())),
            1 if !hashes.is_empty() => hashes.insert(at, hashes[other % hashes.len()]),
            2 if at < hashes.len() => drop(hashes.remove(at)),
            3 if at < hashes.len() && other < hashes.len() => hashes.swap(at, other),
            4 => hashes.truncate(at),
            _ if at < hashes.len() => flip(rng, &mut hashes[at]),
            _ => {}
        }
    }
}

/// Another number up to a limit.
fn another(rng: &mut Rng, than: u64, most: u64) -> u64 {
    (than + 1 + rng.number() % most) % (most + 1)
}

#[test]
fn mutated_inclusion_proofs_are_rejected() {
    let (Trees { tiles, heads }, mut rng, mut accepted) = (trees(), Rng(3), 0);
    for _ in 0..MUTATIONS {
        let mut head = heads[1 + rng.below(MAX as usize)];
        let mut position = LogPosition(rng.number() % head.size.0);
        let mut leaf_hash = leaf(position.0);
        let mut proof = tiles.inclusion_proof(position, head.size).unwrap();
        assert_eq!(proof.verify(&leaf_hash, position, &head), Ok(()));
        match rng.below(4) {
            0 => flip(&mut rng, &mut leaf_hash),
            1 => flip(&mut rng, &mut head.root),
            2 => position = LogPosition(another(&mut rng, position.0, head.size.0)),
            _ => mutate_hashes(&mut rng, &mut proof.0),
        }
        accepted += usize::from(proof.verify(&leaf_hash, position, &head).is_ok());
    }
    assert_eq!(accepted, 0);
}

#[test]
fn mutated_consistency_proofs_are_rejected() {
    let (Trees { tiles, heads }, mut rng, mut accepted) = (trees(), Rng(4), 0);
    for _ in 0..MUTATIONS {
        let mut new = heads[1 + rng.below(MAX as usize)];
        let mut old = heads[1 + rng.below(new.size.0 as usize)];
        let mut proof = tiles.consistency_proof(old.size, new.size).unwrap();
        assert_eq!(proof.verify(&old, &new), Ok(()));
        match rng.below(5) {
            0 => flip(&mut rng, &mut old.root),
            1 => flip(&mut rng, &mut new.root),
            2 => old.size = LogSize(another(&mut rng, old.size.0, new.size.0)),
            3 => std::mem::swap(&mut old, &mut new),
            _ => mutate_hashes(&mut rng, &mut proof.0),
        }
        if old == new {
            flip(&mut rng, &mut new.root); // The swap of a head with itself.
        }
        accepted += usize::from(proof.verify(&old, &new).is_ok());
    }
    assert_eq!(accepted, 0);
}

/// Numbers that no log has, and lists of any length.
#[test]
fn invented_proofs_are_rejected() {
    let (mut rng, mut accepted) = (Rng(5), 0);
    for _ in 0..MUTATIONS {
        let shift = rng.below(64);
        let size = |rng: &mut Rng| LogSize(rng.number() >> shift);
        let old = TreeHead { size: size(&mut rng), root: leaf(rng.number()) };
        let new = TreeHead { size: size(&mut rng), root: leaf(rng.number()) };
        let length = rng.below(70);
        let hashes: Vec<_> = (0..length).map(|_| leaf(rng.number())).collect();
        let position = LogPosition(old.size.0);
        let proof = InclusionProof(hashes.clone());
        accepted += usize::from(proof.verify(&leaf(rng.number()), position, &new).is_ok());
        accepted += usize::from(ConsistencyProof(hashes).verify(&old, &new).is_ok());
    }
    assert_eq!(accepted, 0);
}

/// Other bytes. Lines are repeated only in front of the signature: the same signature twice is as
/// good as once.
pub(crate) fn mutate_bytes(rng: &mut Rng, file: &str) -> Vec<u8> {
    let signature = file.lines().count() - 1;
    loop {
        let mut bytes = file.as_bytes().to_vec();
        let (at, other) = (rng.below(bytes.len()), rng.below(bytes.len()));
        let mut lines: Vec<&str> = file.split_inclusive('\n').collect();
        let (line, next) = (rng.below(lines.len()), rng.below(lines.len()));
        match rng.below(9) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.number() as u8,
            2 => bytes.insert(at, rng.number() as u8),
            3 => bytes.insert(at, b"\n 0+=A"[rng.below(6)]),
            4 => drop(bytes.remove(at)),
            5 => bytes.truncate(at),
            6 => bytes.swap(at, other),
            7 => {
                lines.swap(line, next);
                bytes = lines.concat().into_bytes();
            }
            _ if line < signature => {
                lines.insert(next, lines[line]);
                bytes = lines.concat().into_bytes();
            }
            _ => {
                lines.remove(line);
                bytes = lines.concat().into_bytes();
            }
        }
        if bytes != file.as_bytes() {
            return bytes;
        }
    }
}

/// The number of mutations of these files that are accepted.
fn accepted(seed: u64, files: &[String], accepts: impl Fn(usize, &[u8]) -> bool) -> usize {
    let mut rng = Rng(seed);
    for (index, file) in files.iter().enumerate() {
        assert!(accepts(index, file.as_bytes()), "unmutated: {file}");
    }
    let mutations = (0..MUTATIONS).filter(|number| {
        let index = number % files.len();
        accepts(index, &mutate_bytes(&mut rng, &files[index]))
    });
    mutations.count()
}

#[test]
fn mutated_notes_are_rejected() {
    let key = signing_key(1);
    let keys = [key.verifier().clone()];
    let texts = ["a\n", "\n", "a\n\nb\n\n", "\u{2014} a b\nc\n", "\u{e8}\n\n\n"];
    let sign = |text: &&str| SignedNote::sign(*text, &[&key]).unwrap().to_string();
    let notes: Vec<String> = texts.iter().map(sign).collect();
    let verifies =
        |_, note: &[u8]| SignedNote::parse(note).is_ok_and(|note| note.verify(&keys).is_ok());
    assert_eq!(accepted(6, &notes, verifies), 0);
}

#[test]
fn mutated_checkpoints_are_rejected() {
    let key = signing_key(1);
    let log = trusted(&[&key]);
    let sizes = [0, 1, 9, 256, 1_100];
    let checkpoints: Vec<String> =
        sizes.iter().map(|size| StoredLog::of_size(*size).sign(&[&key]).to_string()).collect();
    let opens = |_, note: &[u8]| SignedNote::parse(note).is_ok_and(|note| log.open(&note).is_ok());
    assert_eq!(accepted(7, &checkpoints, opens), 0);
}

#[test]
fn mutated_proof_files_are_rejected() {
    let key = signing_key(1);
    let log = trusted(&[&key]);
    let places = [(1, 0), (2, 1), (9, 8), (700, 0), (700, 699), (1_100, 300)];
    let files: Vec<String> = places
        .iter()
        .map(|(size, position)| StoredLog::of_size(*size).prove(*position, &key).to_string())
        .collect();
    let verifies = |index: usize, file: &[u8]| {
        let leaf = leaf(places[index].1);
        TlogProof::parse(file).is_ok_and(|proof| proof.verify(&leaf, &log).is_ok())
    };
    assert_eq!(accepted(8, &files, verifies), 0);
}

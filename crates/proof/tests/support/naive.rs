//! `MTH`, `PATH` and `PROOF` of RFC 9162, 2.1, recursively and by nothing else than the text there.

use claimledger_facts::record::Digest32;
use sha2::{Digest, Sha256};
use std::{cell::RefCell, collections::HashMap};

/// Leaf hashes, and what was computed of them.
pub(crate) struct Naive {
    leaves: Vec<Digest32>,
    known: RefCell<HashMap<(usize, usize), Digest32>>,
}

/// The largest power of two smaller than `n`.
fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

impl Naive {
    pub(crate) fn new(leaves: Vec<Digest32>) -> Self {
        Self { leaves, known: RefCell::default() }
    }

    /// `MTH(D[from:to])`.
    pub(crate) fn mth(&self, from: usize, to: usize) -> Digest32 {
        match to - from {
            0 => return Digest32(Sha256::digest([]).into()),
            1 => return self.leaves[from],
            _ => {}
        }
        if let Some(hash) = self.known.borrow().get(&(from, to)) {
            return *hash;
        }
        let middle = from + k(to - from);
        let mut hash = Sha256::new();
        hash.update([1]);
        hash.update(self.mth(from, middle).0);
        hash.update(self.mth(middle, to).0);
        let hash = Digest32(hash.finalize().into());
        self.known.borrow_mut().insert((from, to), hash);
        hash
    }

    /// `PATH(m, D[from:to])`, where `m` counts from `from`.
    pub(crate) fn path(&self, m: usize, from: usize, to: usize) -> Vec<Digest32> {
        if to - from == 1 {
            return Vec::new();
        }
        let k = k(to - from);
        let (mut path, last) = if m < k {
            (self.path(m, from, from + k), self.mth(from + k, to))
        } else {
            (self.path(m - k, from + k, to), self.mth(from, from + k))
        };
        path.push(last);
        path
    }

    /// `PROOF(m, D[0:to])`.
    pub(crate) fn proof(&self, m: usize, to: usize) -> Vec<Digest32> {
        self.subproof(m, 0, to, true)
    }

    fn subproof(&self, m: usize, from: usize, to: usize, b: bool) -> Vec<Digest32> {
        if m == to - from {
            return if b { Vec::new() } else { vec![self.mth(from, to)] };
        }
        let k = k(to - from);
        let (mut proof, last) = if m <= k {
            (self.subproof(m, from, from + k, b), self.mth(from + k, to))
        } else {
            (self.subproof(m - k, from + k, to, false), self.mth(from, from + k))
        };
        proof.push(last);
        proof
    }
}

//! A log whose tiles are kept in memory, each under its path.

use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::{Digest32, leaf_hash},
};
use claimledger_proof::{
    checkpoint::{Checkpoint, TrustedLog},
    note::{SignedNote, SigningKey},
    tiles::{StoredTile, Tile, TileReader, TileSet, TreeBuilder, TreeQuery},
    tlog_proof::TlogProof,
};
use std::collections::HashMap;

pub(crate) const ORIGIN: &str = "log.example/t/1";

/// What the judges take the entries of a test log to be, too.
pub(crate) fn entry(position: u64) -> String {
    format!("entry {position}")
}

pub(crate) fn leaf(position: u64) -> Digest32 {
    leaf_hash(entry(position).as_bytes())
}

pub(crate) fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, [seed; 32].into()).unwrap()
}

pub(crate) fn trusted(keys: &[&SigningKey]) -> TrustedLog {
    let keys = keys.iter().map(|key| key.verifier().clone()).collect();
    TrustedLog::new(ORIGIN, keys).unwrap()
}

#[derive(Default)]
pub(crate) struct StoredLog {
    pub(crate) tree: TreeBuilder,
    pub(crate) tiles: HashMap<Tile, Vec<u8>>,
}

impl StoredLog {
    /// A log of [`entry`]s, stored once at its end.
    pub(crate) fn of_size(size: u64) -> Self {
        let mut log = Self::default();
        log.grow_to(size);
        log
    }

    /// Appends, and stores full tiles and those that are partial at the end.
    pub(crate) fn grow_to(&mut self, size: u64) {
        let leaves: Vec<Digest32> = (self.tree.size().0..size).map(leaf).collect();
        let full = self.tree.append(&leaves).unwrap();
        for StoredTile { tile, bytes } in full.into_iter().chain(self.tree.partial_tiles()) {
            self.tiles.insert(tile, bytes);
        }
    }

    pub(crate) fn size(&self) -> LogSize {
        self.tree.size()
    }

    /// All tiles of the tree as it is.
    pub(crate) fn set(&self) -> TileSet {
        let mut set = TileSet::default();
        for tile in Tile::all(self.size()) {
            set.insert(tile, &self.tiles[&tile]).unwrap();
        }
        set
    }

    pub(crate) fn sign(&self, keys: &[&SigningKey]) -> SignedNote {
        Checkpoint::new(ORIGIN, self.tree.head()).unwrap().sign(keys).unwrap()
    }

    pub(crate) fn prove(&self, position: u64, key: &SigningKey) -> TlogProof {
        let (leaf, position) = (leaf(position), LogPosition(position));
        let query = TreeQuery::Inclusion { position, size: self.size() };
        let tiles = TileSet::load(self, &[query]).unwrap();
        TlogProof::make(&tiles, &leaf, position, self.sign(&[key]), &trusted(&[key])).unwrap()
    }
}

impl TileReader for StoredLog {
    type Error = String;

    fn read_tile(&self, tile: Tile) -> Result<Vec<u8>, String> {
        self.tiles.get(&tile).cloned().ok_or_else(|| format!("{tile} is not stored"))
    }
}

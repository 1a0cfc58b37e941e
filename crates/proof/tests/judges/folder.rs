//! A log as a folder of files, as it would be published.

use crate::support::{StoredLog, entry, signing_key};
use claimledger_facts::ids::LogSize;
use claimledger_proof::{
    note::SigningKey,
    tiles::{Bundle, Resource, Tile, TileSet, TreeQuery, encode_bundle},
};
use data_encoding::BASE64;
use std::{fs, path::Path};
use tempfile::TempDir;

pub(super) struct Folder {
    dir: TempDir,
    pub(super) key: SigningKey,
    pub(super) tiles: usize,
    pub(super) consistency_proofs: usize,
    pub(super) proof_files: usize,
}

impl Folder {
    /// A log that was published at each of these sizes, with a consistency proof for each pair and
    /// proof files for some entries of each.
    pub(super) fn write(sizes: &[u64]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = signing_key(9);
        let mut folder = Self { dir, key, tiles: 0, consistency_proofs: 0, proof_files: 0 };
        let mut log = StoredLog::default();
        for size in sizes {
            log.grow_to(*size);
            folder.publish(&log);
            for old in sizes.iter().take_while(|old| *old <= size) {
                let (old_size, new_size) = (LogSize(*old), log.size());
                let query = TreeQuery::Consistency { old: old_size, new: new_size };
                let tiles = TileSet::load(&log, &[query]).unwrap();
                let proof = tiles.consistency_proof(old_size, new_size).unwrap();
                let lines: Vec<String> =
                    proof.0.iter().map(|hash| BASE64.encode(&hash.0)).collect();
                folder.file(&format!("consistency/{old}-{size}"), lines.join("\n"));
                folder.consistency_proofs += 1;
            }
            for position in [0, size / 3, size / 2, size - 1] {
                let path = format!("proofs/{size}-{position}.tlog-proof");
                folder.proof_files += usize::from(!folder.path().join(&path).exists());
                folder.file(&path, log.prove(position, &folder.key).to_string());
            }
        }
        folder.tiles = log.tiles.len();
        folder
    }

    fn publish(&self, log: &StoredLog) {
        for tile in Tile::all(log.size()) {
            self.file(&Resource::Tile(tile).to_string(), &log.tiles[&tile]);
        }
        for bundle in Bundle::all(log.size()) {
            let first = bundle.index * 256;
            let entries = (first..first + u64::from(bundle.width)).map(entry);
            self.file(&bundle.to_string(), encode_bundle(entries).unwrap());
        }
        let signed = log.sign(&[&self.key]).to_string();
        self.file(&format!("checkpoints/{}", log.size().0), &signed);
        self.file(&Resource::Checkpoint.to_string(), signed);
    }

    fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn vkey(&self) -> String {
        self.key.verifier().to_string()
    }

    /// One bit of a file, flipped and flipped back around an action.
    pub(super) fn with_flipped<T>(&self, path: &str, act: impl FnOnce() -> T) -> T {
        let path = self.path().join(path);
        let bytes = fs::read(&path).unwrap();
        let mut damaged = bytes.clone();
        // Of base64 the upper half of an alphabet becomes the lower, and stays base64.
        let at = damaged.iter().rposition(|byte| byte.is_ascii_uppercase()).unwrap_or(11);
        damaged[at] ^= 0x20;
        fs::write(&path, damaged).unwrap();
        let result = act();
        fs::write(&path, bytes).unwrap();
        result
    }
}

/// Around the first levels of tiles, and powers of two.
pub(super) const SMALL: [u64; 14] = [1, 2, 3, 4, 7, 8, 9, 100, 255, 256, 257, 511, 512, 700];

/// Where the third level of tiles begins.
pub(super) const LARGE: [u64; 5] = [1, 65_000, 65_535, 65_536, 65_537];

/// A tree whose proofs have 20 hashes.
pub(super) const MILLION: [u64; 2] = [999_999, 1_000_000];

/// One file of each kind.
pub(super) const DAMAGED: [&str; 6] = [
    "checkpoint",
    "tile/0/002.p/188",
    "tile/1/000.p/2",
    "tile/entries/001",
    "consistency/257-700",
    "proofs/700-350.tlog-proof",
];

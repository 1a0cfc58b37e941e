//! Appends leaves, and says which tiles are to be stored.

use super::{TILE_WIDTH, Tile, TileError, TileSet, query::partial_tiles};
use crate::tree::{EMPTY_ROOT, MAX_SIZE, SizeError, TreeHead, root_over};
use claimledger_facts::{ids::LogSize, record::Digest32};

/// A tile with its hashes, as it is stored and served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTile {
    /// Which.
    pub tile: Tile,
    /// Its hashes, one after the other.
    pub bytes: Vec<u8>,
}

impl StoredTile {
    fn new(level: usize, index: u64, hashes: &[Digest32]) -> Self {
        let bytes = hashes.iter().flat_map(|hash| hash.0).collect();
        let tile = Tile { level: level as u8, index, width: hashes.len() as u16 };
        Self { tile, bytes }
    }
}

/// The right edge of a growing tree: the hashes of each level that do not fill a tile yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeBuilder {
    size: u64,
    /// From level 0, each shorter than a tile.
    partial: Vec<Vec<Digest32>>,
}

impl TreeBuilder {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues a stored tree from the tiles of [`super::TreeQuery::Root`].
    ///
    /// # Errors
    /// If a tile is missing, or the tiles are not those of this head.
    pub fn resume(head: &TreeHead, tiles: &TileSet) -> Result<Self, TileError> {
        if head.size > MAX_SIZE {
            return Err(SizeError::TooLarge { size: head.size }.into());
        }
        let mut partial = Vec::new();
        for tile in partial_tiles(head.size) {
            partial.push(tile.map_or(Ok(Vec::new()), |tile| tiles.row(tile))?);
        }
        // Levels that the tree does not have yet.
        partial.truncate(partial.iter().rposition(|row| !row.is_empty()).map_or(0, |top| top + 1));
        let builder = Self { size: head.size.0, partial };
        if builder.head() == *head { Ok(builder) } else { Err(TileError::Root { size: head.size }) }
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> LogSize {
        LogSize(self.size)
    }

    /// The head of the tree as it is.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        // What is right of a level's full subtrees is smaller than any of them: it is hashed like
        // one more of them, at the end.
        let mut right: Option<Digest32> = None;
        for level in &self.partial {
            let hashes: Vec<Digest32> = level.iter().copied().chain(right).collect();
            right = (!hashes.is_empty()).then(|| root_over(&hashes));
        }
        TreeHead { size: self.size(), root: right.unwrap_or(EMPTY_ROOT) }
    }

    /// Appends leaf hashes, and returns the tiles that became full. Store them, and
    /// [`Self::partial_tiles`], before a checkpoint of the new size is published.
    ///
    /// # Errors
    /// If the tree would become larger than [`MAX_SIZE`]; nothing is appended then.
    pub fn append(&mut self, leaves: &[Digest32]) -> Result<Vec<StoredTile>, TileError> {
        let size = LogSize(self.size.saturating_add(leaves.len() as u64));
        if size > MAX_SIZE {
            return Err(SizeError::TooLarge { size }.into());
        }
        let mut full = Vec::new();
        for leaf in leaves {
            self.push(*leaf, &mut full);
        }
        Ok(full)
    }

    fn push(&mut self, leaf: Digest32, full: &mut Vec<StoredTile>) {
        self.size += 1;
        let (mut hash, mut hashes) = (leaf, self.size);
        for level in 0.. {
            if level == self.partial.len() {
                self.partial.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            self.partial[level].push(hash);
            if self.partial[level].len() < usize::from(TILE_WIDTH) {
                return;
            }
            hashes /= u64::from(TILE_WIDTH);
            full.push(StoredTile::new(level, hashes - 1, &self.partial[level]));
            hash = root_over(&self.partial[level]);
            self.partial[level].clear();
        }
    }

    /// The partial tiles of the tree as it is. Later ones replace them.
    #[must_use]
    pub fn partial_tiles(&self) -> Vec<StoredTile> {
        let levels = self.partial.iter().enumerate().zip(partial_tiles(self.size()));
        let tiles = levels.filter_map(|((level, hashes), tile)| {
            Some(StoredTile::new(level, tile?.index, hashes))
        });
        tiles.collect()
    }
}

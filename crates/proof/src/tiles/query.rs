//! Which tiles an answer is computed from.

use super::{
    TILE_HEIGHT, Tile, TileError,
    path::{MAX_LEVEL, hashes_of},
};
use crate::tree::{MAX_SIZE, Node, SizeError, consistency_ranges, inclusion_ranges, nodes};
use claimledger_facts::ids::{LogPosition, LogSize};
use std::{collections::BTreeSet, ops::Range};

/// A question to a tree of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeQuery {
    /// Its root. It is computed from the partial tiles alone, as is the state of a
    /// [`super::TreeBuilder`].
    Root {
        /// The tree's size.
        size: LogSize,
    },
    /// That a leaf is in it.
    Inclusion {
        /// The leaf.
        position: LogPosition,
        /// The tree's size.
        size: LogSize,
    },
    /// That an older tree is its beginning.
    Consistency {
        /// The older size.
        old: LogSize,
        /// The tree's size.
        new: LogSize,
    },
}

/// Where a tile has the hash of a complete subtree, or the hashes from which it follows.
pub(super) struct Place {
    pub(super) level: u8,
    pub(super) index: u64,
    /// Levels of the tree between the tile's hashes and the subtree.
    pub(super) rise: u8,
    /// The subtree's index among those of its height in the tile.
    pub(super) offset: usize,
}

impl Place {
    pub(super) fn of(node: Node) -> Self {
        let (level, rise) = (node.height / TILE_HEIGHT, node.height % TILE_HEIGHT);
        let in_tile = TILE_HEIGHT - rise;
        let offset = node.index & ((1 << in_tile) - 1);
        Self { level, index: node.index >> in_tile, rise, offset: offset as usize }
    }
}

impl TreeQuery {
    /// The size of the tree.
    #[must_use]
    pub fn size(self) -> LogSize {
        match self {
            Self::Root { size }
            | Self::Inclusion { size, .. }
            | Self::Consistency { new: size, .. } => size,
        }
    }

    /// The ranges of leaves whose hashes are the answer.
    pub(super) fn ranges(self) -> Result<Vec<Range<u64>>, TileError> {
        let size = self.size();
        if size > MAX_SIZE {
            return Err(SizeError::TooLarge { size }.into());
        }
        match self {
            Self::Root { .. } => Ok(std::iter::once(0..size.0).collect()),
            Self::Inclusion { position, .. } if position.0 >= size.0 => {
                Err(SizeError::Outside { position, size }.into())
            }
            Self::Inclusion { position, .. } => Ok(inclusion_ranges(position.0, size.0)),
            Self::Consistency { old, new } if old > new => {
                Err(SizeError::Shrunk { old, new }.into())
            }
            Self::Consistency { old, .. } => Ok(consistency_ranges(old.0, size.0)),
        }
    }

    /// The tiles that are needed, each as wide as it is in the tree. A reader may give a wider one.
    ///
    /// # Errors
    /// If a tree of this size cannot answer.
    pub fn tiles(self) -> Result<BTreeSet<Tile>, TileError> {
        let size = self.size();
        let places = self.ranges()?.into_iter().flat_map(nodes).map(Place::of);
        Ok(places.filter_map(|place| Tile::of_tree(place.level, place.index, size)).collect())
    }
}

/// The partial tile of each level of a tree, from level 0; `None` where the level ends with a full
/// tile.
pub(super) fn partial_tiles(size: LogSize) -> impl Iterator<Item = Option<Tile>> {
    (0..=MAX_LEVEL).map(move |level| {
        let index = hashes_of(level, size.0) >> TILE_HEIGHT;
        Tile::of_tree(level, index, size)
    })
}

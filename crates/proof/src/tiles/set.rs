//! Tiles in memory, and what is computed from them.

use super::{HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Tile, TreeQuery, query::Place};
use crate::tree::{
    ConsistencyProof, EMPTY_ROOT, InclusionProof, Node, SizeError, TreeHead, node_hash, nodes,
};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::Digest32,
};
use std::{collections::BTreeMap, ops::Range};

/// Where a host keeps its tiles.
///
/// A host that reads without blocking does not implement it: it reads [`TreeQuery::tiles`] in its
/// own way, and gives them to [`TileSet::insert`].
pub trait TileReader {
    /// Why a tile could not be read.
    type Error;

    /// The hashes of a tile, one after the other: as many as it is wide, or more if the stored tile
    /// has become wider since.
    ///
    /// # Errors
    /// If it could not be read.
    fn read_tile(&self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

/// Why tiles give no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// A tile that is needed was not inserted, or is not wide enough.
    #[error("{0} is needed and was not loaded")]
    Missing(Tile),
    /// Stored bytes that are not the hashes of this tile.
    #[error("{tile} was read as {bytes} bytes, which are not its hashes")]
    Length {
        /// The tile.
        tile: Tile,
        /// The number of bytes.
        bytes: usize,
    },
    /// There is no such tree or leaf.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// The stored tiles are those of another tree.
    #[error("the stored tiles have another root hash than the head at {} leaves", size.0)]
    Root {
        /// The tree's size.
        size: LogSize,
    },
}

/// Why a reader's tiles give no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// A tile could not be read.
    #[error("{tile} could not be read")]
    Reader {
        /// The tile.
        tile: Tile,
        /// Why.
        #[source]
        source: E,
    },
    /// What was read gives no answer.
    #[error(transparent)]
    Tile(#[from] TileError),
}

/// A tile's hashes, and above them those of the complete subtrees within it.
type Rows = Vec<Vec<Digest32>>;

/// Tiles that were loaded. It may serve trees of several sizes, since a full tile never changes and
/// a partial one only grows.
#[derive(Clone, Debug, Default)]
pub struct TileSet {
    tiles: BTreeMap<(u8, u64), Rows>,
}

impl TileSet {
    /// A set with everything that these questions need.
    ///
    /// # Errors
    /// If a tile could not be read or is damaged, or a tree of this size cannot answer.
    pub fn load<R: TileReader>(
        reader: &R,
        queries: &[TreeQuery],
    ) -> Result<Self, ReadError<R::Error>> {
        let mut set = Self::default();
        for query in queries {
            for tile in query.tiles()? {
                if set.width(tile) < usize::from(tile.width) {
                    let read = reader.read_tile(tile);
                    let bytes = read.map_err(|source| ReadError::Reader { tile, source })?;
                    set.insert(tile, &bytes)?;
                }
            }
        }
        Ok(set)
    }

    fn width(&self, tile: Tile) -> usize {
        self.tiles.get(&(tile.level, tile.index)).map_or(0, |rows| rows[0].len())
    }

    /// Adds a tile: as many hashes as it is wide, or more. A narrower one than is there is left
    /// out.
    ///
    /// # Errors
    /// If the bytes are not hashes, too few or too many.
    pub fn insert(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), TileError> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        let widths = usize::from(tile.width.max(1))..=usize::from(TILE_WIDTH);
        if !rest.is_empty() || !widths.contains(&hashes.len()) {
            return Err(TileError::Length { tile, bytes: bytes.len() });
        }
        if self.width(tile) >= hashes.len() {
            return Ok(());
        }
        let mut rows: Rows = vec![hashes.iter().map(|hash| Digest32(*hash)).collect()];
        // The hash of a whole tile is in the tile above it.
        for below in 0..usize::from(TILE_HEIGHT) - 1 {
            let pairs = rows[below].as_chunks::<2>().0.iter();
            let row = pairs.map(|[left, right]| node_hash(left, right)).collect();
            rows.push(row);
        }
        self.tiles.insert((tile.level, tile.index), rows);
        Ok(())
    }

    /// The hashes of a tile, as many as it is wide.
    pub(super) fn row(&self, tile: Tile) -> Result<Vec<Digest32>, TileError> {
        let rows = self.tiles.get(&(tile.level, tile.index));
        let row = rows.and_then(|rows| rows[0].get(..usize::from(tile.width)));
        row.map(<[Digest32]>::to_vec).ok_or(TileError::Missing(tile))
    }

    /// The hash of a complete subtree.
    fn node(&self, node: Node, size: LogSize) -> Result<Digest32, TileError> {
        let place = Place::of(node);
        let rows = self.tiles.get(&(place.level, place.index));
        let row = rows.and_then(|rows| rows.get(usize::from(place.rise)));
        row.and_then(|row| row.get(place.offset)).copied().ok_or_else(|| {
            let tile = Tile::of_tree(place.level, place.index, size);
            tile.map_or(SizeError::TooLarge { size }.into(), TileError::Missing)
        })
    }

    /// `MTH(D[range])` of RFC 9162, 2.1.1.
    fn hash(&self, range: Range<u64>, size: LogSize) -> Result<Digest32, TileError> {
        let nodes: Vec<Node> = nodes(range).collect();
        let mut from_the_right = nodes.into_iter().rev().map(|node| self.node(node, size));
        let Some(last) = from_the_right.next() else { return Ok(EMPTY_ROOT) };
        from_the_right.try_fold(last?, |right, left| Ok(node_hash(&left?, &right)))
    }

    fn hashes(&self, query: TreeQuery) -> Result<Vec<Digest32>, TileError> {
        query.ranges()?.into_iter().map(|range| self.hash(range, query.size())).collect()
    }

    /// The head of a tree of this size: [`TreeQuery::Root`].
    ///
    /// # Errors
    /// If a tile is missing.
    pub fn head(&self, size: LogSize) -> Result<TreeHead, TileError> {
        let root = self.hashes(TreeQuery::Root { size })?;
        Ok(TreeHead { size, root: root[0] })
    }

    /// A proof that a leaf is in a tree of this size: [`TreeQuery::Inclusion`].
    ///
    /// # Errors
    /// If a tile is missing, or the tree does not have the leaf.
    pub fn inclusion_proof(
        &self,
        position: LogPosition,
        size: LogSize,
    ) -> Result<InclusionProof, TileError> {
        self.hashes(TreeQuery::Inclusion { position, size }).map(InclusionProof)
    }

    /// A proof that a tree is the beginning of a newer one: [`TreeQuery::Consistency`].
    ///
    /// # Errors
    /// If a tile is missing, or the newer tree is smaller.
    pub fn consistency_proof(
        &self,
        old: LogSize,
        new: LogSize,
    ) -> Result<ConsistencyProof, TileError> {
        self.hashes(TreeQuery::Consistency { old, new }).map(ConsistencyProof)
    }
}

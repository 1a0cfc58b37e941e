//! The tree in tiles, as C2SP tlog-tiles lays it out: 256 hashes of one level in a row.

mod builder;
mod bundle;
mod path;
mod query;
mod set;

pub use builder::{StoredTile, TreeBuilder};
pub use bundle::{BundleError, MAX_ENTRY_BYTES, decode_bundle, encode_bundle};
pub use path::{Bundle, MAX_LEVEL, PathError, Resource, Tile};
pub use query::TreeQuery;
pub use set::{ReadError, TileError, TileReader, TileSet};

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;

/// Levels of the tree that a tile spans.
const TILE_HEIGHT: u8 = 8;

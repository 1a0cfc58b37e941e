//! Tiles, bundles of entries, and their paths.

use super::{TILE_HEIGHT, TILE_WIDTH};
use crate::text;
use claimledger_facts::ids::LogSize;
use std::{fmt, str::FromStr};

/// The highest level of a tree of [`crate::tree::MAX_SIZE`].
pub const MAX_LEVEL: u8 = 7;

/// A row of up to 256 hashes: those of leaves at level 0, above it those of full tiles below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// From 0 to [`MAX_LEVEL`].
    pub level: u8,
    /// Its index in the level.
    pub index: u64,
    /// The number of hashes, from 1 to [`TILE_WIDTH`].
    pub width: u16,
}

/// A row of up to 256 entries of the log: those whose hashes the tile of the same index has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle {
    /// Its index.
    pub index: u64,
    /// The number of entries, from 1 to [`TILE_WIDTH`].
    pub width: u16,
}

/// What a tiled log publishes, each under a path of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// `checkpoint`: the signed tree head.
    Checkpoint,
    /// `tile/<L>/<N>[.p/<W>]`.
    Tile(Tile),
    /// `tile/entries/<N>[.p/<W>]`.
    Bundle(Bundle),
}

/// A path that names no resource, or does not spell it in its one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a checkpoint, tile or bundle of entries")]
pub struct PathError;

/// The number of hashes that a level has in a tree of this size.
pub(super) fn hashes_of(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// The width in a row of `items`; `None` behind its end.
fn width_at(index: u64, items: u64) -> Option<u16> {
    let before = index.checked_mul(u64::from(TILE_WIDTH))?;
    let width = items.checked_sub(before)?.min(u64::from(TILE_WIDTH)) as u16;
    (width > 0).then_some(width)
}

impl Tile {
    /// A tile as wide as it is in a tree of this size; `None` if such a tree does not have it.
    #[must_use]
    pub fn of_tree(level: u8, index: u64, size: LogSize) -> Option<Self> {
        let width = width_at(index, hashes_of(level, size.0))?;
        Some(Self { level, index, width })
    }

    /// All tiles of a tree, level by level.
    pub fn all(size: LogSize) -> impl Iterator<Item = Self> {
        (0..=MAX_LEVEL).flat_map(move |level| {
            let tiles = hashes_of(level, size.0).div_ceil(u64::from(TILE_WIDTH));
            (0..tiles).filter_map(move |index| Self::of_tree(level, index, size))
        })
    }

    /// Whether it has all its hashes, and so never changes.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }
}

impl Bundle {
    /// A bundle as wide as it is in a log of this size; `None` if such a log does not have it.
    #[must_use]
    pub fn of_tree(index: u64, size: LogSize) -> Option<Self> {
        width_at(index, size.0).map(|width| Self { index, width })
    }

    /// All bundles of a log.
    pub fn all(size: LogSize) -> impl Iterator<Item = Self> {
        let bundles = size.0.div_ceil(u64::from(TILE_WIDTH));
        (0..bundles).filter_map(move |index| Self::of_tree(index, size))
    }
}

/// Writes an index in groups of three digits, and the width of what is partial.
fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut group = 1;
    while index / group >= 1000 {
        group *= 1000;
    }
    while group > 1 {
        write!(f, "x{:03}/", index / group % 1000)?;
        group /= 1000;
    }
    write!(f, "{:03}", index % 1000)?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Tile(tile) => fmt::Display::fmt(tile, f),
            Self::Bundle(bundle) => fmt::Display::fmt(bundle, f),
        }
    }
}

impl FromStr for Resource {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let resource = read(path).ok_or(PathError)?;
        // One spelling only: whatever it writes otherwise is refused, such as a leading `x000/`.
        if resource.to_string() == path { Ok(resource) } else { Err(PathError) }
    }
}

/// Lenient about spelling: the caller compares with the one spelling afterwards.
fn read(path: &str) -> Option<Resource> {
    if path == "checkpoint" {
        return Some(Resource::Checkpoint);
    }
    let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let (groups, width) = match place.split_once(".p/") {
        Some((groups, width)) => (groups, text::decimal(width)?),
        None => (place, u64::from(TILE_WIDTH)),
    };
    let width = u16::try_from(width).ok().filter(|width| (1..=TILE_WIDTH).contains(width))?;
    let mut index: u64 = 0;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let number = Some(digits).filter(|digits| digits.len() == 3)?.parse::<u16>().ok()?;
        index = index.checked_mul(1000)?.checked_add(u64::from(number))?;
    }
    if level == "entries" {
        return Some(Resource::Bundle(Bundle { index, width }));
    }
    let level = text::decimal(level).filter(|level| *level <= u64::from(MAX_LEVEL))? as u8;
    Some(Resource::Tile(Tile { level, index, width }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_written_in_groups_of_three_digits() {
        for (tile, path) in [
            ((0, 0, 256), "tile/0/000"),
            ((0, 999, 256), "tile/0/999"),
            ((1, 1000, 1), "tile/1/x001/000.p/1"),
            ((7, 1_234_067, 255), "tile/7/x001/x234/067.p/255"),
            ((0, i64::MAX as u64, 256), "tile/0/x009/x223/x372/x036/x854/x775/807"),
        ] {
            let (level, index, width) = tile;
            let tile = Tile { level, index, width };
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(Resource::Tile(tile)));
            let bundle = path.replacen(&format!("tile/{level}"), "tile/entries", 1);
            assert_eq!(Bundle { index, width }.to_string(), bundle);
            assert_eq!(bundle.parse(), Ok(Resource::Bundle(Bundle { index, width })));
        }
        assert_eq!("checkpoint".parse(), Ok(Resource::Checkpoint));
    }

    #[test]
    fn another_spelling_is_no_path() {
        for path in [
            "",
            "/checkpoint",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/8/000",
            "tile/-1/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/+01",
            "tile/0/x000/000",
            "tile/0/x001",
            "tile/0/001/000",
            "tile/0/x001/x000",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/257",
            "tile/0/000.p/",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/../000",
            "tile/entries",
            "tile/data/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/٠٠٠",
        ] {
            assert_eq!(path.parse::<Resource>(), Err(PathError), "{path}");
        }
    }

    /// The examples of C2SP tlog-tiles.
    #[test]
    fn a_tree_has_the_tiles_of_the_specification() {
        let rows = |size, level| {
            let tiles = Tile::all(LogSize(size)).filter(|tile| tile.level == level);
            let (full, partial): (Vec<_>, Vec<_>) = tiles.partition(|tile| tile.is_full());
            (full.len(), partial.iter().map(|tile| tile.width).collect::<Vec<_>>())
        };
        assert_eq!(rows(70_000, 0), (273, vec![112]));
        assert_eq!(rows(70_000, 1), (1, vec![17]));
        assert_eq!(rows(70_000, 2), (0, vec![1]));
        assert_eq!(rows(70_000, 3), (0, vec![]));
        assert_eq!((rows(256, 0), rows(256, 1)), ((1, vec![]), (0, vec![1])));
        assert_eq!(Tile::all(LogSize(0)).count(), 0);
        assert_eq!(Bundle::all(LogSize(70_000)).count(), 274);
        assert_eq!(Bundle::all(LogSize(70_000)).last(), Some(Bundle { index: 273, width: 112 }));
        assert_eq!(Bundle::of_tree(0, LogSize(0)), None);
        assert_eq!(Bundle::of_tree(1, LogSize(256)), None);
        assert_eq!(Tile::of_tree(0, u64::MAX, LogSize(u64::MAX)), None);
        assert_eq!(Tile::of_tree(u8::MAX, 0, LogSize(u64::MAX)), None);
    }
}
